#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A newcomer's first half hour, on a clean Debian 12: make demo, make check.
exec "$(dirname "$0")/newcomer" bookworm
