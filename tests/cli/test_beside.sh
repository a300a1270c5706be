#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Whom sends wake, and the idle states of their targets, in a recording of the lab: as trace-cmd report tells it, and
# in the rows of reports.
. "$(dirname "$0")/../lib.sh"
W=$DATA/wakes.dat

for what in wakes victims idle; do
	if command -v trace-cmd >/dev/null; then
		ok "$what are those of trace-cmd report" python3 "$ROOT/tests/cli/beside.py" $what "$IPITRACE" "$W" 50
	else
		skip "$what are those of trace-cmd report" "no trace-cmd"
	fi
done
"$IPITRACE" report --json "$W" >"$TMP/w.json"
json_check "$TMP/w.json" "$CONSERVES" "totals are consistent"
json_check "$TMP/w.json" 'd["trace"]["wake_ups"]["calls_unknown"] == 0 and d["trace"]["wake_ups"]["wakees"] > 100' \
	"every queued wake-up has its wakee"
json_check "$TMP/w.json" 'd["trace"]["idle_states"]["known"] > 100' "idle states are known"
json_check "$TMP/w.json" 'd["trace"]["other_events"] > 0' "sched_switch is counted, no more"
exits 0 "lines of one wakee" "$IPITRACE" list --json --where 'wakee == wakeup && idle == state1' "$W"
ok "  there are some" test "$(wc -l <"$OUT")" -ge 20
is "$(grep -vc '"wakee":"wakeup".*"idle":"state1"' "$OUT")" 0 "  and no others"
like "$("$IPITRACE" list "$W" | head -n 1)" 'WAKES.* IDLE' "the text has columns for both"

# Nobody knows it of a recording without these events.
unlike "$("$IPITRACE" list "$DATA/demo.dat" | head -n 1)" 'WAKES|IDLE' "no such columns where they were not recorded"
for key in wakee:sched waker:sched idle:idle; do
	exits 0 "--by ${key%:*} of a recording without" "$IPITRACE" report --by "${key%:*}" --csv "$DATA/demo.dat"
	like "$(cat "$ERR")" "^hint: 'ipitrace record --with ${key#*:}'" "  says how to record it"
	is "$(sed 1d "$OUT" | wc -l)" 1 "  and is one row"
done
done_testing
