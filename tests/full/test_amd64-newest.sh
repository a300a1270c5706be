#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 4000
#
# The newest kernel that the archive has, of sid or experimental: what users will meet.
exec "$(dirname "$0")/../vm/trace-row" amd64-newest
