#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 4000
#
# The module and the tools on Debian's 6.12, 4 CPUs, 2 NUMA nodes: tier exact.
exec "$(dirname "$0")/trace-row" amd64-6.12
