#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 4000
#
# The newest arm64 kernel with pages of 16 KB: sub-buffers are as large.
exec "$(dirname "$0")/../vm/trace-row" arm64-16k machine load prims trace bench_trace workloads
