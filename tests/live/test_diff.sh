#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# diff of real runs: the same work is no change, twice as much is one; queued,
# sent and delivered as the example shows them.
. "$(dirname "$0")/../lib.sh"
need_live 2
[ "$(uname -m)" = x86_64 ] || skip_all "TLB shootdowns are IPIs on x86 only"
grep -qw invlpgb /proc/cpuinfo && grep -q 1 /sys/kernel/mm/invlpgb 2>/dev/null && skip_all "INVLPGB: no IPIs"
live_lock
cd "$TMP" || exit 1

# run NAME N: N shootdowns
run() { "$IPITRACE" record -o "$1.dat" -- "$EXAMPLES/tlb" -n "$2" -c 0 -t 1 >"$1.sent" 2>"$1.log" </dev/null; }
for i in 1 2 3; do
	exits 0 "run $i, A" run a$i 1500
	exits 0 "run $i, the same" run s$i 1500
	exits 0 "run $i, twice as much" run b$i 3000
done
flush='[r for r in rows if r["func"] == "flush_tlb_func" and r["caller"] in ("do_madvise", "zap_page_range_single", "zap_page_range_single_batched")]'
# By units of work: one run is one. How fast it went is the machine's business.
exits 0 "the same work" "$IPITRACE" diff --json --per 1 --comm tlb --fail-on 'hits/unit>+30%' a?.dat : s?.dat
json_check "$OUT" "d['observed'] == 'runs' and not any(r['hits_per_unit']['significant'] or r['calls_per_unit']['significant'] for r in $flush)" \
	"  as many hits and calls"
exits 4 "twice as much work" "$IPITRACE" diff --json --per 1 --comm tlb --fail-on 'hits/unit>+30%' a?.dat : b?.dat
json_check "$OUT" "d['verdict'] == 'changed' and [1.7 < r['hits_per_unit']['ratio'] < 2.3 and r['hits_per_unit']['low'] > 1.3 for r in $flush][:1] == [True]" \
	"  is a change, and what it is"
exits 0 "  for each unit it is none" "$IPITRACE" diff --json --per 1500:3000 --comm tlb --fail-on 'hits/unit>+30%' a?.dat : b?.dat
ok "intervals of two runs are those computed from their lines" python3 "$ROOT/tests/cli/intervals.py" "$IPITRACE" a1.dat b1.dat
# The same numbers as those of the reports.
for f in a1 b1; do "$IPITRACE" report --json --comm tlb $f.dat >$f.json; done
exits 0 "recordings" "$IPITRACE" diff --json --comm tlb a1.dat b1.dat
cp "$OUT" dat.json
exits 0 "their reports" "$IPITRACE" diff --json a1.json b1.json
cp "$OUT" json.json
same() {
	python3 - <<-'PY'
	import json
	def values(f):
	    d = json.load(open(f))
	    return {(r.get("caller"), r.get("func"), k, s): r[k][s] for r in d["rows"] + [d["totals"]] for k in r if isinstance(r[k], dict)
	            for s in ("a", "b", "ratio")}
	assert values("dat.json") == values("json.json") and len(values("dat.json")) > 20
	PY
}
ok "  have the same values" same

exits 0 "examples/reclaim-diff" "$ROOT/examples/reclaim-diff" 2 32 --json
json_check "$OUT" 'd["schema"] == "ipitrace-diff/1" and d["observed"] == "runs" and len(d["a"]["runs"]) == 2 and
	t["calls_per_unit"]["b"] < t["calls_per_unit"]["a"] / 4 and t["hits_per_unit"]["b"] < t["hits_per_unit"]["a"] / 4 and
	t["delivered_per_unit"]["b"] < t["delivered_per_unit"]["a"] / 4' "  one CPU queues, sends and delivers far less"
done_testing
