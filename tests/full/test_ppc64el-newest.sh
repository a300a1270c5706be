#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 4000
#
# ppc64el: every IPI comes as "IPI-0".
exec "$(dirname "$0")/../vm/trace-row" ppc64el-newest machine load prims workloads
