#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 4000
#
# A host of virtual machines whose kernel tells of no IPI that it sends: probes stand in.
exec "$(dirname "$0")/../vm/kvm-row" amd64-6.1-kvm
