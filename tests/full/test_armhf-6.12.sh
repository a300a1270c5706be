#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 4000
#
# A kernel and programs of 32 bits: longs, pointers and pages' heads of 4 bytes, recorded there and read here.
exec "$(dirname "$0")/../vm/trace-row" armhf-6.12 machine prims workloads
