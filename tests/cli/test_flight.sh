#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A flight recorder's file on any machine: what report, list and trace-cmd make of its window; conditions that know the rate and how long a
# function ran.
. "$(dirname "$0")/../lib.sh"

F=$DATA/flight.dat
start_ns() { sed -n 's/^ *"start_ns": \([0-9]*\),$/\1/p' "$1" | head -n 1; }
exits 0 "report" "$IPITRACE" report "$F"
like "$(cat "$OUT")" "^note: a flight recorder's, window of [0-9.]+ms from [0-9.]+, 1 interrupt sent before the window$" \
	"  says what it is of, and what is not of it"
like "$(cat "$OUT")" '^audit: .* 0 unsolicited, 0 lost events$' "  what was sent before the window is not unsolicited, and what was overwritten not lost"
unlike "$(cat "$OUT")" 'coverage|MISMATCH|incomplete' "  nothing is held against it that is of another time"
exits 0 "report --json" "$IPITRACE" report --json "$F"
cp "$OUT" "$TMP/r.json"
json_check "$TMP/r.json" "d['trace']['flight'] == {'before_window': 1}" "  has it, too"
json_check "$TMP/r.json" "d['trace']['duration_ns'] == d['trace']['end_ns'] - d['trace']['start_ns'] > 0" "  the window is the time"
json_check "$TMP/r.json" "$CONSERVES" "  conservation laws hold"
"$IPITRACE" list --json "$F" >"$TMP/l.json" 2>"$ERR"
is "$(grep -c '"kind":"irq"' "$TMP/l.json")" 0 "list: nor is it a line"
(printf '['; sed '$!s/$/,/' "$TMP/l.json"; printf ']') >"$TMP/all.json"
json_check "$TMP/all.json" "all($(start_ns "$TMP/r.json") <= (x['queue_ns'] or x['send_ns'] or x['entry_ns']) for x in d)" \
	"  nothing begins before the window"
"$IPITRACE" report --json "$DATA/demo.dat" >"$TMP/d.json"
json_check "$TMP/d.json" "d['trace']['flight'] is None" "any other recording is none"

# --- conditions ---
"$IPITRACE" list --json "$DATA/demo.dat" >"$TMP/l.json" 2>"$ERR"
for over in 100 10000 30000; do
	is "$("$IPITRACE" list --json --where "rate > $over" "$DATA/demo.dat" 2>"$ERR" | wc -l)" \
		"$("$ROOT/tests/cli/flight.py" rate "$TMP/l.json" "$(start_ns "$TMP/d.json")" $over)" "rate > $over: as many lines as the stamps say"
done
is "$("$IPITRACE" list --where 'func > 1us' --json "$DATA/demo.dat" 2>"$ERR")" \
	"$("$IPITRACE" list --where 'func_ns > 1us' --json "$DATA/demo.dat" 2>"$ERR")" "func > 1us is the time of the function"
exits 2 "a text has no order but by its time" "$IPITRACE" list --where 'comm > 1us' "$DATA/demo.dat"
done_testing
