#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 4000
#
# Debian 12's own kernel: no IPI events but receptions, probes stand in: tier paired.
exec "$(dirname "$0")/trace-row" amd64-6.1 machine prims rthog workloads
