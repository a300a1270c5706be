#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 4000
#
# s390x, big-endian: every IPI comes as "EXT", as clock and devices do; tier sends.
exec "$(dirname "$0")/../vm/trace-row" s390x-newest machine load prims workloads
