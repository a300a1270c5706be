#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Default settings lose nothing at the highest rate of IPIs that two CPUs can
# send each other. The rate that was achieved is stated: hypervisors limit it.
. "$(dirname "$0")/../lib.sh"
need_live 2
live_lock

rate() {
	local name=$1
	json_check "$TMP/$name.json" "d['trace']['lost_events'] == 0" "$name: no event lost with default settings"
	json_check "$TMP/$name.json" "$CONSERVES" "$name: conservation laws hold"
	json_check "$TMP/$name.json" "t['sends'] >= $2" "$name: at least $2 sends"
	note "$name: $(python3 -c 'import json, sys
d = json.load(open(sys.argv[1])); ns = float(sys.argv[2]) / 1e9
print("%d IPIs/s, %d events/s over %.2f s" % (d["totals"]["sends"] / ns, d["trace"]["events"] / ns, ns))' \
		"$TMP/$name.json" "$(kv elapsed_ns "$(cat "$TMP/$name.sent")")")"
}

# A CPU that runs something else is not shot at: on a busy machine sends are fewer than the example's calls.
# Both CPUs shoot at each other: neither waits idly for the other.
record_report both -- "$EXAMPLES/tlb" -b -n 300000 -c 0 -t 1 && rate both 30000
record_report one -- "$EXAMPLES/membarrier" -n 300000 -c 0 -t 1 && rate one 200000
record_report no-stack --no-stack -- "$EXAMPLES/tlb" -b -n 300000 -c 0 -t 1 && rate no-stack 30000
done_testing
