#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 4000
#
# A host of virtual machines, emulated SVM: report --kvm against what the virtual machines know.
exec "$(dirname "$0")/kvm-row" amd64-6.12-kvm
