#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 4000
#
# One CPU: no IPIs between CPUs, and both record and probe say so.
exec "$(dirname "$0")/trace-row" amd64-1cpu machine wide workloads
