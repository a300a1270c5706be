#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Events are lost on purpose: too small a buffer. The loss is shown for each
# CPU, with the cure; exit status 3; the report knows of it and still adds up.
. "$(dirname "$0")/../lib.sh"
need_live 2
live_lock

exits 3 "record with a tiny buffer exits 3" "$IPITRACE" record -m 8K -o "$TMP/l.dat" -- \
	"$EXAMPLES/tlb" -b -n 200000 -c 0 -t 1
cp "$ERR" "$TMP/l.log"
like "$(cat "$TMP/l.log")" '[Cc][Pp][Uu] ?[01].*[0-9]+' "the loss is shown for a CPU"
like "$(cat "$TMP/l.log")" 'lost' "it says lost"
like "$(cat "$TMP/l.log")" '^hint: .*(-m|--buffer)' "the hint names the cure"
exits 3 "report of it exits 3" "$IPITRACE" report -i "$TMP/l.dat" --json
cp "$OUT" "$TMP/l.json"
json_check "$TMP/l.json" "d['trace']['lost_events'] is None or d['trace']['lost_events'] > 0" "lost_events says so"
json_check "$TMP/l.json" "$CONSERVES" "conservation laws hold across gaps"
json_check "$TMP/l.json" "t['sends'] > 0" "what was not lost is reported"
exits 3 "text report exits 3" "$IPITRACE" report -i "$TMP/l.dat"
like "$(cat "$OUT" "$ERR")" '[1-9][0-9]* (events )?lost|lost.*[1-9]|unknown number' "the text report says so, too"

# The cure cures.
exits 0 "the same with the default buffer loses nothing" "$IPITRACE" record -o "$TMP/ok.dat" -- \
	"$EXAMPLES/tlb" -b -n 200000 -c 0 -t 1
done_testing
