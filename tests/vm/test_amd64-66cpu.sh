#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 4000
#
# More CPUs than a mask word has bits.
exec "$(dirname "$0")/trace-row" amd64-66cpu machine wide workloads
