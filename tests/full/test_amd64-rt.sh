#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 4000
#
# PREEMPT_RT: interrupts in threads, calls that the idle loop drains.
exec "$(dirname "$0")/../vm/trace-row" amd64-rt
