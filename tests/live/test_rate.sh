#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Default settings lose nothing at the highest rate of IPIs that two CPUs can
# send each other. The rate that was achieved is stated: hypervisors limit it.
. "$(dirname "$0")/../lib.sh"
need_live 2
live_lock

# What came from senders that the kernel does not record is no loss: one recording is enough.
rate() {
	local name=$1 least
	shift
	exits 0 "$name: record exits 0" "$IPITRACE" record -o "$TMP/$name.dat" "$@"
	cp "$OUT" "$TMP/$name.sent"
	"$IPITRACE" report -i "$TMP/$name.dat" --json >"$TMP/$name.json" 2>"$ERR"
	is $? 0 "$name: report --json exits 0" || note "$(tail -n 5 "$ERR")"
	json_check "$TMP/$name.json" "d['trace']['lost_events'] == 0" "$name: no event lost with default settings"
	json_check "$TMP/$name.json" "$CONSERVES" "$name: conservation laws hold"
	# Of CPUs that shoot at each other the example does not know how often one was away.
	least=$(kv maybe_skipped "$(cat "$TMP/$name.sent")")
	[ "$least" = unknown ] && least=1 || least=$(($(kv calls "$(cat "$TMP/$name.sent")") - least))
	json_check "$TMP/$name.json" "t['sends'] >= $least" "$name: at least $least sends"
	note "$name: $(python3 -c 'import json, sys
d = json.load(open(sys.argv[1])); ns = float(sys.argv[2]) / 1e9
print("%d IPIs/s, %d events/s over %.2f s" % (d["totals"]["sends"] / ns, d["trace"]["events"] / ns, ns))' \
		"$TMP/$name.json" "$(kv elapsed_ns "$(cat "$TMP/$name.sent")")")"
}

# A CPU that runs something else is not shot at: on a busy machine sends are fewer than the example's calls.
# Both CPUs shoot at each other: neither waits idly for the other.
rate both -- "$EXAMPLES/tlb" -b -n 300000 -c 0 -t 1
rate one -- "$EXAMPLES/membarrier" -n 300000 -c 0 -t 1
rate no-stack --no-stack -- "$EXAMPLES/tlb" -b -n 300000 -c 0 -t 1
done_testing
