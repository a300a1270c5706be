#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 4000
#
# s390x, big-endian: every IPI comes as "EXT", as clock and devices do; tier sends. The module is loaded and no more:
# QEMU before 8 emulates addresses more than 2 GB away wrongly, as those of a module's variables of a CPU are.
exec "$(dirname "$0")/../vm/trace-row" s390x-newest machine workloads
