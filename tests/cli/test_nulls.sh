#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What no event in a recording can prove is null: every column and total, by tier.
. "$(dirname "$0")/../lib.sh"
command -v trace-cmd >/dev/null || skip_all "no trace-cmd"

for name in csd-only only-ipi ipi-and-queue ipi-csd no-ipi-fmtkept hyperv one-class s390x uptime two-instances arm64-7.2; do
	gzip -dc "$DATA/cases/$name.dat.gz" >"$TMP/$name.dat"
done
for f in "$TMP"/*.dat "$DATA"/rows/*.dat "$DATA"/{wakes,tlb}.dat; do
	ok "$(basename "$f"): what cannot be known is null, and only that" python3 "$ROOT/tests/cli/nulls.py" "$IPITRACE" "$f"
done
done_testing
