#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 7200
# rests
#
# Half an hour of top under load, with a row a task: what grows by the hour shows.
MEMORY_COMMAND=top MEMORY_SECONDS=${MEMORY_SECONDS:-1800} exec "$(dirname "$0")/../live/test_stat_memory.sh"
