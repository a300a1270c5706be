#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 4000
#
# arm64, GICv3: ipi_send_* and ipi_raise tell of one IPI: tier exact.
exec "$(dirname "$0")/trace-row" arm64-6.12 machine prims trace bench_trace workloads
