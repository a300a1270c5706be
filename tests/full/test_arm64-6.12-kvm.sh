#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 7200
#
# A host of virtual machines of arm64, by EL2: SGIs, whose targets a probe tells, and WFI.
exec "$(dirname "$0")/../vm/kvm-row" arm64-6.12-kvm
