#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# IPITRACE_DEBUG: the matcher's decisions and the decoder's events on stderr,
# for a time window, and nothing else changed.
. "$(dirname "$0")/../lib.sh"
F=$DATA/report.dat

"$IPITRACE" report --json "$F" >"$TMP/plain.json"
start=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["trace"]["start_ns"])' "$TMP/plain.json")

IPITRACE_DEBUG=match exits 0 "report with IPITRACE_DEBUG=match" "$IPITRACE" report --json "$F"
is "$(cmp "$OUT" "$TMP/plain.json" 2>&1)" "" "the report is the same"
is "$(grep -c '^match: hit .* delivered' "$ERR")" 418 "a line for each hit"
is "$(grep -c '^match: hit .* delivered exact' "$ERR")" 311 "and how it was decided"
is "$(grep -c '^match: call .* delivered exact sent' "$ERR")" 311 "a line for each call"
is "$(grep -cv '^match: ' "$ERR")" 0 "nothing else"
cp "$ERR" "$TMP/all"

middle=$(sed -n 's/.* send=\([0-9]*\).*/\1/p' "$TMP/all" | sort -n | sed -n 300p)
IPITRACE_DEBUG=match:$start-$middle exits 0 "a window" "$IPITRACE" report "$F"
is "$(wc -l <"$ERR")" "$(grep -c . < <(python3 - "$TMP/all" "$middle" <<'END'
import re, sys
for line in open(sys.argv[1]):
    t = dict(re.findall(r'(\w+)=(\d+)', line))
    begin = next(int(t[k]) for k in ('send', 'queue', 'entry', 'run') if k in t)
    if begin <= int(sys.argv[2]):
        print(line)
END
))" "what began in it, all of it"
IPITRACE_DEBUG=match:-1,decode:-1 exits 0 "an empty window" "$IPITRACE" report "$F"
is "$(cat "$ERR")" "" "has nothing"
IPITRACE_DEBUG=decode exits 0 "decode" "$IPITRACE" report "$F"
is "$(grep -c '^decode: .* start ' "$ERR") $(grep -vc ' start ' "$ERR")" "2 2399" "a line for each event and each stream's start"
IPITRACE_DEBUG=session exits 0 "session" "$IPITRACE" report "$F"
is "$(cat "$ERR")" "" "is nothing to a report"
IPITRACE_DEBUG=nonsense exits 2 "an unknown part" "$IPITRACE" report "$F"
like "$(cat "$ERR")" "IPITRACE_DEBUG" "is refused by name"
done_testing
