#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 4000
#
# arm64 before ipi_send_*: ipi_raise, functions named by probes: tier paired.
exec "$(dirname "$0")/../vm/trace-row" arm64-6.1 machine prims workloads
