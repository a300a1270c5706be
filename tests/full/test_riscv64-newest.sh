#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 4000
#
# riscv64: IPIs are interrupts with names.
exec "$(dirname "$0")/../vm/trace-row" riscv64-newest machine load prims trace bench_trace workloads
