#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 4000
#
# A CPU that the kernel was told to keep free, of 4: check sees nothing there, or just what is sent.
IPITRACE_VM_APPEND="isolcpus=2 nohz_full=2" exec "$(dirname "$0")/../vm/run" amd64-6.12 -- check
