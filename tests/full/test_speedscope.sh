#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# speedscope, from the registry that npm is configured for, opens what export writes: totals are those of the report.
. "$(dirname "$0")/../lib.sh"
cd "$TMP" || exit 1

command -v npm >/dev/null || skip_all "no npm"
npm pack --silent speedscope >"$OUT" 2>"$ERR" || skip_all "npm cannot have speedscope: $(head -n 1 "$ERR")"
tar xzf speedscope-*.tgz
note "speedscope $(sed -n 's/^ *"version": "\(.*\)",$/\1/p' package/package.json)"

opens() { timeout 300 node "$ROOT/tests/full/speedscope.mjs" package "$1" >"$OUT" 2>"$ERR"; }

for what in count stolen wait; do
	"$IPITRACE" export --folded=$what "$DATA/demo.dat" >$what.folded
	ok "folded, $what: is imported" opens $what.folded
	json_check "$OUT" "len(d) == 1 and d[0]['total'] == $(awk '{ n += $NF } END { printf "%d", n }' $what.folded) > 0" "  one profile, the same total"
done
is "$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["totals"]["target_hits"])' <("$IPITRACE" report --json "$DATA/demo.dat"))" \
	"$(awk '{ n += $NF } END { print n }' count.folded)" "  which is the report's"
"$IPITRACE" export --chrome "$DATA/demo.dat" >demo.json
ok "trace events: are imported" opens demo.json
# That ends have no arguments it says, and takes them all the same.
slices=$(grep -c '"ph":"B"' demo.json)
complaints=$(grep -c 'Doing nothing instead\|still open at end' "$ERR")
ok "  slices end where they do: $complaints complaints of $slices slices" [ "$complaints" = 0 ]
ok "  a profile for each track, as long as its slices reach" python3 - demo.json "$OUT" <<'PY'
import collections, json, sys
events, got = json.load(open(sys.argv[1]))["traceEvents"], json.load(open(sys.argv[2]))
tracks = collections.defaultdict(list)
for e in events:
    if e["ph"] in "BE":
        tracks[e["pid"], e["tid"]].append(e["ts"])
want = sorted(max(t) - min(t) for t in tracks.values())
have = sorted(p["total"] for p in got)
assert len(have) == len(want) and all(p["unit"] == "microseconds" for p in got), (len(have), len(want))
assert all(abs(h - w) < 0.01 for h, w in zip(have, want)), (have, want)
PY
done_testing
