#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 4000
#
# Debian 11's kernel: no events of sends and calls, probes stand in: tier paired.
exec "$(dirname "$0")/../vm/trace-row" amd64-5.10 machine prims rthog workloads
