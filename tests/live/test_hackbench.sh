#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# hackbench, a load that nobody tuned: the conservation laws hold and nothing is
# unsolicited. The same for the other examples.
. "$(dirname "$0")/../lib.sh"
need_live 2
live_lock

check() {
	local name=$1
	json_check "$TMP/$name.json" "d['trace']['lost_events'] == 0" "$name: no event lost"
	json_check "$TMP/$name.json" "$CONSERVES" "$name: conservation laws hold"
	no_unsolicited "$name"
	json_check "$TMP/$name.json" "t['lost'] == 0 and t['calls_lost'] == 0" "$name: nothing lost in matching"
	json_check "$TMP/$name.json" "t['sends'] > 10 and t['interrupts'] > 10" "$name: there is something to match"
	# Some at the very end may still be on their way, or have run in an idle loop without an event.
	json_check "$TMP/$name.json" "t['in_flight'] <= 4 and t['calls_in_flight'] <= 16" "$name: nothing remains open"
	note "$name: $(json_get "$TMP/$name.json" \
		'"hits %d = delivered %d + coalesced %d + in flight %d; calls %d; ambiguous %d" % (t["target_hits"],
		t["delivered"], t["coalesced"], t["in_flight"], t["calls"], t["ambiguous"])')"
}

if command -v hackbench >/dev/null; then
	for mode in "" -P -T; do
		# shellcheck disable=SC2086 # no argument where empty
		record_report "hackbench$mode" -- hackbench $mode -g 2 -l 500 && check "hackbench$mode"
	done
else
	skip "hackbench" "rt-tests is not installed"
fi
for args in "pipe" "futex" "pipe -b"; do
	# shellcheck disable=SC2086 # words
	record_report "wakeup-${args// /}" -- "$EXAMPLES/wakeup" -n 5000 -m $args && check "wakeup-${args// /}"
done
record_report reclaim -- "$EXAMPLES/reclaim" && check reclaim
json_check "$TMP/wakeup-pipe.json" "t['calls'] + t['interrupts'] + t['elided'] > 5000" \
	"wake-ups across CPUs show as calls, reschedules or elided"
done_testing
