#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A clean Debian 12: building, installing, packages.
exec "$(dirname "$0")/debian" bookworm
