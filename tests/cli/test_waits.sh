#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Who waited, and for whom: rows of a report against the lines of a list.
. "$(dirname "$0")/../lib.sh"
cd "$TMP" || exit 1

# slowest FILE: rows by slowest target are what the lines of its multicasts say, each by the last to be done.
slowest() {
	"$IPITRACE" list --json "$1" >lines 2>/dev/null
	"$IPITRACE" report --json --by slowest "$1" >slowest.json 2>/dev/null
	"$IPITRACE" report --json "$1" >all.json 2>/dev/null
	python3 - <<-'PY'
	import collections, json
	sends = collections.defaultdict(list)
	for line in map(json.loads, open("lines")):
	    if line["kind"] == "hit":
	        sends[line["send_id"]].append(line)
	want, longest = collections.Counter(), collections.Counter()
	for hits in sends.values():
	    if len(hits) < 2 or hits[0]["own"] or not any(h["wait_ns"] is not None for h in hits):
	        continue
	    last = max(hits, key=lambda h: h["done_ns"])
	    assert last["wait_ns"] == last["done_ns"] - last["sent_ns"], last
	    assert all(h["wait_ns"] is None for h in hits if h is not last), hits
	    victim = None if last["victim_context"] is None else last["victim_comm"]
	    want[last["target"], victim] += 1
	    longest[last["target"], victim] = max(longest[last["target"], victim], last["wait_ns"])
	d, all = json.load(open("slowest.json")), json.load(open("all.json"))
	rows = {(r["slowest"], r["victim"]): r for r in d["rows"]}
	assert len(rows) == len(d["rows"]) and want
	assert {k: r["calls"] for k, r in rows.items()} == want, (rows, want)
	for key, r in rows.items():
	    assert r["wait_ns"]["count"] == r["fanout"]["count"] == r["calls"] and r["wait_ns"]["max"] == longest[key]
	    assert r["fanout"]["min"] >= 2 and r["sends"] is None and r["target_hits"] is None
	assert d["totals"] == all["totals"]
	assert all["totals"]["waits"] == sum(r["wait_ns"]["count"] for r in all["rows"] + [all["own"]] if r["wait_ns"])
	assert all["totals"]["waits_unknown"] == sum(r["waits_unknown"] for r in all["rows"] + [all["own"]])
	assert sum(r["fanout"]["count"] for r in all["rows"] if r["fanout"]) >= sum(want.values())
	PY
}
nr=0
for f in "$DATA"/rows/{amd64-66cpu,amd64-6.12,arm64-6.12}.dat; do
	[ -e "$f" ] || continue
	"$IPITRACE" report --csv --by slowest -f calls "$f" 2>/dev/null | grep -q '^[1-9]' || continue
	ok "$(basename "$f"): rows by slowest target are the lines of its multicasts" slowest "$f"
	nr=$((nr + 1))
done
[ $nr -gt 0 ]
is $? 0 "$nr recordings have multicasts that were waited for"

exits 0 "the slowest target and what it was doing" "$IPITRACE" report --by slowest "$DATA/rows/amd64-66cpu.dat"
like "$(cat "$OUT")" '^SLOWEST VICTIM +CALLS WAIT-50 ' "  in columns of their own"
like "$(cat "$OUT")" '^ +65 membarrier +4 ' "  the last CPU of the mask, four times"
if command -v trace-cmd >/dev/null && trace-cmd report -t "$DATA/rows/amd64-66cpu.dat" >text 2>/dev/null; then
	"$IPITRACE" report --json --by slowest "$DATA/rows/amd64-66cpu.dat" >slowest.json
	exits 0 "  an independent script counts the same, to the nanosecond" python3 "$ROOT/tests/cli/slowest.py" text slowest.json
else
	skip "  an independent script counts the same" "no trace-cmd"
fi
exits 0 "by caller, too" "$IPITRACE" report --by caller,slowest --csv -f caller,slowest,calls "$DATA/rows/amd64-66cpu.dat"
like "$(cat "$OUT")" '^membarrier_private_expedited\+0x1f7,65,4$' "  each"
exits 0 "no multicasts" "$IPITRACE" report --by slowest "$DATA/demo.dat"
like "$(cat "$OUT")" '^no multicast is known to have been waited for$' "  says so"
like "$(cat "$OUT")" '^waits: how long the sender waited is known of 961, not known of 0$' "  and the totals are those of all"
done_testing
