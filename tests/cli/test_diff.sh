#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# ipitrace diff: a recording with itself, numbers against an independent
# computation over report --json, what is refused, limits and exit statuses.
# unit/test_diff has the statistics: how often A/A pairs say "changed".
. "$(dirname "$0")/../lib.sh"
R=$DATA/report.dat
D=$DATA/demo.dat
cd "$TMP" || exit 1

# --- a recording with itself ---
for f in "$R" "$D" "$DATA"/rows/*.dat; do
	exits 0 "${f##*/} with itself" "$IPITRACE" diff --json "$f" "$f"
	json_check "$OUT" 'd["schema"] == "ipitrace-diff/1" and d["verdict"] == "no_significant_change" and d["observed"] == "slices"
		and all(v["a"] == v["b"] and not v["significant"] and (v["ratio"] in (1, None)) and (v["low"] is None or v["low"] <= 1)
		and (v["high"] is None or v["high"] >= 1) for r in [t] + rows for v in r.values() if isinstance(v, dict))
		and len(rows) > 1 and all(r["status"] == "both" for r in rows)' "  is all the same"
done
exits 0 "as text" "$IPITRACE" diff --fail-on 'hits/s>+0%' "$R" "$R"
is "$(head -n 1 "$OUT")" "NO SIGNIFICANT CHANGE" "  the verdict comes first"
like "$(cat "$OUT")" '^limit hits/s>\+0%: not exceeded$' "  no limit is exceeded"

# --- what one side does not know is no change ---
zcat "$DATA/rows/s390x-7.3.dat.gz" >deaf.dat
zcat "$DATA/rows/ppc64el-7.3.dat.gz" >half.dat
for f in deaf half; do "$IPITRACE" report --json $f.dat >$f.json 2>/dev/null; done
for pair in "deaf.dat half.dat" "deaf.json half.json" "deaf.json deaf.json : half.json half.json"; do
	# shellcheck disable=SC2086 # words of it
	exits 3 "handlers are not known of $pair" "$IPITRACE" diff --json --fail-on 'stolen/s>+10%' $pair
	json_check "$OUT" 't["stolen_ns_per_s"]["a"] is None and t["stolen_ns_per_s"]["b"] > 0 and not t["stolen_ns_per_s"]["significant"]
		and all(r["stolen_ns_per_s"] is None or r["stolen_ns_per_s"]["a"] is None and r["stolen_ns_per_s"]["b"] is None for r in rows)' "  so there is no change of their time"
	json_check "$OUT" 'd["fail_on"] and not any(l["tripped"] or l["judged"] for l in d["fail_on"])' "  and no limit of it is judged"
done
exits 0 "as text" "$IPITRACE" diff deaf.dat half.dat
like "$(cat "$OUT")" '^  stolen/s +- +968[µu]s *$' "  it has no value"
zcat "$DATA/rows/amd64-5.10.dat.gz" >paired.dat
exits 0 "rows of hits that are not known to arrive" "$IPITRACE" diff --json --by comm half.dat paired.dat --force
json_check "$OUT" 't["stolen_ns_per_s"]["a"] > 0 and len(rows) > 1 and all(r["stolen_ns_per_s"] is None or r["stolen_ns_per_s"]["a"] is None for r in rows)' \
	"  took a time that is not known, either"

# --- a second opinion: from reports' JSON, by other means ---
for f in report demo; do
	"$IPITRACE" report --json "$DATA/$f.dat" >$f.json 2>/dev/null
done
ok "the intervals of two recordings are those computed from their lines" python3 "$ROOT/tests/cli/intervals.py" "$IPITRACE" "$R" "$D"
cat >opinion.py <<'PY'
import collections, json, math, re, sys
def name(s):
    if s is None: return None
    if s.startswith("0x"): return "?"
    return re.sub(r"\+0x[0-9a-f]+", "", s)
def width(low): return 1 if low < 128 else 1 << low.bit_length() - 7
def percentile(d, p):
    rank, seen = math.ceil(p * d["count"]), 0
    if rank <= 1: return d["min"]
    if rank >= d["count"]: return d["max"]
    for low, n in sorted(d["buckets"].items()):
        seen += n
        if seen >= rank: return min(max(low + width(low) // 2, d["min"]), d["max"])
def dist(ds):
    ds = [d for d in ds if d]
    if not ds: return None
    buckets = collections.Counter()
    for d in ds:
        for low, n in d["buckets"]: buckets[low] += n
    return {"count": sum(d["count"] for d in ds), "sum": sum(d["sum"] for d in ds), "min": min(d["min"] for d in ds),
            "max": max(d["max"] for d in ds), "buckets": buckets}
def values(rows, seconds, extra=[]):
    delivery, handler = dist([r["delivery_ns"] for r in rows]), dist([r["handler_ns"] for r in rows] + extra)
    v = {k + "_per_s": sum(r[c] for r in rows) / seconds for k, c in
         (("hits", "target_hits"), ("delivered", "delivered"), ("calls", "calls"), ("elided", "elided"))}
    v["stolen_ns_per_s"] = handler["sum"] / seconds if handler else 0
    v["delivery_p50_ns"] = percentile(delivery, .5) if delivery else None
    v["delivery_p99_ns"] = percentile(delivery, .99) if delivery else None
    v["handler_p50_ns"] = percentile(handler, .5) if handler else None
    return v
def side(paths):
    groups, every, extra, seconds = collections.defaultdict(list), [], [], 0
    for p in paths:
        d = json.load(open(p))
        seconds += (d["trace"]["window"] or d["trace"])["duration_ns"] / 1e9
        for r in d["rows"]: groups[names(r)].append(r)
        every += d["rows"] + [d["own"]]
        extra += d["unsolicited_handler_ns"].values()
    v = {k: values(g, seconds) for k, g in groups.items()}
    v["totals"] = values(every, seconds, extra)
    return v, values([], seconds)
def names(r): return tuple(name(r[k]) if k in ("caller", "callsite", "func") else r[k] for k in diff["by"])
def same(x, y): return x is y or (x is not None and y is not None and abs(x - y) <= 1e-8 * max(abs(x), abs(y)))
diff = json.load(open(sys.argv[1]))
(a, no_a), (b, no_b) = side(sys.argv[2].split(",")), side(sys.argv[3].split(","))
got = {names(r): r for r in diff["rows"]}
assert set(got) == (set(a) | set(b)) - {"totals"}, set(got) ^ (set(a) | set(b))
got["totals"] = diff["totals"]
nr = 0
for k, row in got.items():
    if k != "totals":
        assert row["status"] == ("both" if k in a and k in b else "new" if k in b else "vanished"), k
    for m in a.get(k) or b[k]:
        x, y, v = a.get(k, no_a)[m], b.get(k, no_b)[m], row[m]
        if v is None:
            assert x is None and y is None, (k, m)
            continue
        nr += 1
        assert same(v["a"], x) and same(v["b"], y), (k, m, v, x, y)
        assert same(v["ratio"], y / x if x and y is not None else None), (k, m, v)
        assert v["low"] is None or v["low"] <= v["ratio"] * (1 + 1e-9), (k, m, v)
        assert v["high"] is None or v["high"] >= v["ratio"] * (1 - 1e-9), (k, m, v)
assert nr > 20, nr
PY
exits 0 "two recordings" "$IPITRACE" diff --json "$R" "$D"
cp "$OUT" recordings.json
ok "  rates, percentiles and ratios are those computed from their reports" python3 opinion.py recordings.json report.json demo.json
json_check recordings.json 'd["could_show"] is None' "  of which none that one run a side shows"
is "$("$IPITRACE" diff "$R" "$D" | sed -n 2p | cut -c -62)" "with one run a side: these vary so much that no change of the " "  and the text says so"
like "$("$IPITRACE" diff "$D" "$D" | sed -n '1,2p' | tr '\n' ' ')" '^NO SIGNIFICANT CHANGE .* would show: of them the verdict says nothing, only of what else was tested' \
	"  and what its verdict is of then"
json_check recordings.json 'any(r["status"] == "new" for r in rows) and any(r["status"] == "vanished" for r in rows) and
	all(r["hits_per_s"]["ratio"] is None and r["hits_per_s"]["low"] is None for r in rows if r["status"] == "new")' \
	"  with new rows and vanished ones, which have no ratio or 0"
exits 0 "two reports" "$IPITRACE" diff --json report.json demo.json
cp "$OUT" reports.json
ok "  so are those" python3 opinion.py reports.json report.json demo.json
json_check reports.json 'd["could_show"] is None and d["verdict"] == "not_decided" and d["reason"] and d["observed"] == "nothing" and
	all(v["low"] is None and not v["significant"] for r in [t] + rows for v in r.values() if isinstance(v, dict))' \
	"  of which nothing can be said for sure"
exits 0 "  which the text says" "$IPITRACE" diff report.json demo.json
is "$(head -n 1 "$OUT")" "NOT DECIDED: a single report does not tell how much its side varies" "  first of all"
exits 0 "a report with itself" "$IPITRACE" diff --json --fail-on 'hits/s>+0%' report.json report.json
json_check "$OUT" 'd["verdict"] == "no_significant_change" and d["reason"] is None and d["fail_on"][0]["judged"] and not d["fail_on"][0]["tripped"]' \
	"  is no change, whatever it varies"
exits 0 "  as text" "$IPITRACE" diff report.json report.json
is "$(head -n 1 "$OUT")" "NO SIGNIFICANT CHANGE" "  says the same"
exits 0 "two recordings with a colon" "$IPITRACE" diff --json "$R" : "$D"
ok "  are the same two" cmp -s "$OUT" recordings.json
# Names and numbers that mean the same in every run.
for keys in victim depth,class context idle wakee,waker cgroup source,target; do
	for f in demo wakes; do "$IPITRACE" report --json --by $keys "$DATA/$f.dat" >$f-by.json 2>/dev/null; done
	exits 0 "recordings by $keys" "$IPITRACE" diff --json --by $keys "$D" "$DATA/wakes.dat"
	cp "$OUT" by.json
	ok "  have the numbers of their reports" python3 opinion.py by.json demo-by.json wakes-by.json
	exits 0 "  so have" "$IPITRACE" diff --json demo-by.json wakes-by.json
	ok "    the reports" python3 opinion.py "$OUT" demo-by.json wakes-by.json
done
exits 0 "rows by what was not recorded" "$IPITRACE" diff --by wakee "$D" "$DATA/wakes.dat"
like "$(cat "$ERR")" "^ipitrace: $D has no wake-ups: --by wakee tells none apart\$" "  are said to be none, and of which file"
exits 0 "a pattern that one of them has not" "$IPITRACE" diff --comm wakeup,dd "$D" "$DATA/wakes.dat"
like "$(cat "$ERR")" "^ipitrace: --comm: 'dd' matches nothing in $DATA/wakes.dat\$" "  is named, with the file"

# --- windows: rates by their length, recordings and reports alike ---
for f in report demo; do
	"$IPITRACE" report --json --from +2ms --to +12ms "$DATA/$f.dat" >$f-window.json 2>/dev/null
done
exits 0 "windows of recordings" "$IPITRACE" diff --json --from +2ms --to +12ms "$R" "$D"
cp "$OUT" windows.json
ok "  numbers of the windows" python3 opinion.py windows.json report-window.json demo-window.json
json_check windows.json 'all(r["window"]["duration_ns"] == 10000000 < r["duration_ns"] and r["slices"] > 16 for s in ("a", "b") for r in d[s]["runs"])' \
	"  which are named"
exits 0 "windows of reports" "$IPITRACE" diff --json report-window.json demo-window.json
cp "$OUT" reports.json
ok "  the same numbers" python3 opinion.py reports.json report-window.json demo-window.json
json_check reports.json '[r["window"] for s in ("a", "b") for r in d[s]["runs"]] == '"$(python3 -c '
import json
print([r["window"] for s in ("a", "b") for r in json.load(open("windows.json"))[s]["runs"]])')" "  the same windows"
"$IPITRACE" report --json --from +2ms --to +9ms "$R" >report-window.json
exits 0 "a window whose rates are no integers" "$IPITRACE" diff --json report-window.json report-window.json
exits 0 "a window as text" "$IPITRACE" diff --around +5ms+-1ms "$R" "$D"
like "$(cat "$OUT")" '^A: .*report.dat \(2.00ms of 22.3ms' "  says of how much"
exits 0 "a window with itself" "$IPITRACE" diff --json --from -3ms "$R" "$R"
json_check "$OUT" 'd["verdict"] == "no_significant_change" and all(v["a"] == v["b"] for r in [t] + rows for v in r.values() if isinstance(v, dict))' "  is all the same"
exits 1 "a window and a whole" "$IPITRACE" diff report.json demo-window.json
like "$(cat "$ERR")" '^ipitrace: diff: not comparable: a window of demo-window.json, but all of report.json' "  says so"
exits 0 "  --force" "$IPITRACE" diff --force report.json demo-window.json
exits 2 "a window of a report" "$IPITRACE" diff --from +1s report.json demo.json
exits 1 "a window in which nothing was recorded" "$IPITRACE" diff --from +1h "$R" "$D"

# --- runs: made of one report, with what is known of them ---
# vary FILE HITS CALLS...: like report.json, but so many hits and calls (per cent) of flush_tlb_func
cat >vary.py <<'PY'
import json, sys
d = json.load(open("report.json"))
out, hits, calls = sys.argv[1], float(sys.argv[2]) / 100, float(sys.argv[3]) / 100
for r in d["rows"]:
    r["caller"] = r["caller"] and r["caller"].replace("+0x", "+0x" + out.split(".")[0][-1])
    if r["func"] == "flush_tlb_func":
        for k in ("sends", "target_hits", "delivered"): r[k] = round(r[k] * hits)
        r["calls"], r["elided"] = round(r["calls"] * calls), max(0, round(r["calls"] * calls) - r["target_hits"])
json.dump(d, open(out, "w"))
PY
i=0
for pair in '9800 9800' '10000 10000' '10300 10300' '10100 10000'; do
	i=$((i + 1))
	# shellcheck disable=SC2086 # two words
	python3 vary.py a$i.json $pair
	# As in the patch that sends no IPI to a queue that is not empty: as much queued, 88 % less sent.
	python3 vary.py b$i.json $((1200 + i % 2 * 40)) "${pair#* }"
done
exits 0 "several reports a side" "$IPITRACE" diff --json a1.json a2.json a3.json a4.json : b1.json b2.json b3.json b4.json
cp "$OUT" runs.json
ok "  numbers of all runs together" python3 opinion.py runs.json a1.json,a2.json,a3.json,a4.json b1.json,b2.json,b3.json,b4.json
json_check runs.json 'd["verdict"] == "changed" and d["observed"] == "runs" and
	[(r["func"], r["hits_per_s"]["significant"], r["delivered_per_s"]["significant"], r["calls_per_s"]["significant"]) for r in rows
	 if any(isinstance(v, dict) and v["significant"] for v in r.values())] == 2 * [("flush_tlb_func", True, True, False)] and rows[0]["caller"] == "do_madvise" and
	.11 < rows[0]["hits_per_s"]["low"] < .125 < rows[0]["hits_per_s"]["high"] < .14' "  queued as before, sent and delivered 88 % less"
# The interval of the largest row's hits, from the four runs by Fieller's theorem; the quantile by integration.
fieller() {
	python3 - <<-'PY'
	import json, math
	def counts(side):
	    out = []
	    for i in range(1, 5):
	        d = json.load(open(f"{side}{i}.json"))
	        out.append(sum(r["target_hits"] for r in d["rows"] if r["caller"].startswith("do_madvise")) / (d["trace"]["duration_ns"] / 1e9))
	    return out
	def mean(x): return sum(x) / len(x)
	seconds = 4 * json.load(open("a1.json"))["trace"]["duration_ns"] / 1e9
	def variance(x):
	    spread = sum((v - mean(x)) ** 2 for v in x) / 3 / 4
	    return max(spread, mean(x) / seconds)    # never less than Poisson's
	def quantile(df):
	    norm = math.exp(math.lgamma((df + 1) / 2) - math.lgamma(df / 2)) / math.sqrt(df * math.pi)
	    t, area, step = 0, 0, 1e-4
	    while area < .475:
	        area += step * norm * (1 + (t + step / 2) ** 2 / df) ** (-(df + 1) / 2)
	        t += step
	    return t
	a, b = counts("a"), counts("b")
	ma, mb, va, vb = mean(a), mean(b), variance(a), variance(b)
	w = (mb / ma) ** 2 * va
	t = quantile((w + vb) ** 2 / (w * w / 3 + vb * vb / 3))
	q, l, c = ma * ma - t * t * va, ma * mb, mb * mb - t * t * vb
	want = [(l - s * math.sqrt(l * l - q * c)) / q for s in (1, -1)]
	row = [r for r in json.load(open("runs.json"))["rows"] if r["caller"] == "do_madvise"]
	got = [row[0]["hits_per_s"][k] for k in ("low", "high")]
	assert all(abs(g - w) < 1e-3 * w for g, w in zip(got, want)), (got, want)
	PY
}
ok "  with the interval that Fieller's theorem gives" fieller
exits 0 "the same runs" "$IPITRACE" diff --json a1.json a3.json : a2.json a4.json
json_check "$OUT" 'd["verdict"] == "no_significant_change"' "  are no change"
exits 0 "as text" "$IPITRACE" diff a1.json a2.json a3.json : b1.json b2.json b3.json
like "$(head -n 1 "$OUT")" '^CHANGED: ' "  the verdict"
like "$(cat "$OUT")" '^\* hits/s +[0-9.]+ +[0-9.]+ +-8[78]\.[0-9]% +-[0-9.]+% \.\. -8[0-9.]+%$' "  and what changed, marked"
ok "  with a line for each value" [ "$(grep -Ec '^[* ] [a-z_0-9/]+ .*%' "$OUT")" -gt 12 ]
is "$(grep -E '^[* ] [a-z_0-9/]+ ' "$OUT" | grep -Ec '.{81}')" 0 "  values fit 80 columns"

# --- limits ---
A='a1.json a2.json a3.json a4.json' B='b1.json b2.json b3.json b4.json'
limit() { # STATUS LIMIT NAME [OPTIONS]
	# shellcheck disable=SC2086 # words
	exits "$1" "--fail-on '$2': $3" "$IPITRACE" diff --fail-on "$2" ${4:-} $A : $B
}
limit 4 'hits/s<-50%' "less than a limit allows"
like "$(cat "$OUT")" 'limit hits/s<-50%: EXCEEDED by the totals and 2 rows \(first: .*flush_tlb_func\)' "  which row"
limit 0 'hits/s<-90%' "not as little as that"
exits 4 "a limit may be surer than the verdict" "$IPITRACE" diff --force --by class --fail-on 'hits/s>+10%' \
	"$DATA/rows/ppc64el-7.3.dat.gz" "$DATA/rows/amd64-66cpu.dat"
like "$(cat "$OUT")" '^NO SIGNIFICANT CHANGE' "  which is another"
like "$(cat "$OUT")" '^limit hits/s>\+10%: EXCEEDED by the totals, no single row$' "  no row is none"
like "$(cat "$OUT")" '^a limit asks of one column and one direction, the verdict of all' "  and says how that can be"
limit 0 'hits/s>+10%' "the other way"
limit 0 'calls/s<-5%' "another column"
limit 4 'ELIDED/s>0%' "any case, no sign, from nothing to something"
exits 4 "several limits, one exceeded" "$IPITRACE" diff --fail-on 'calls/s>+10%' --fail-on 'hits/s<-10%' a1.json a2.json a3.json : b1.json b2.json b3.json
exits 3 "a limit that nobody can judge" "$IPITRACE" diff --fail-on 'hits/s>+10%' report.json demo.json
like "$(cat "$ERR")" '^ipitrace: diff: --fail-on hits/s>\+10% cannot be judged: ' "  is no success"
is "$(grep -c '^limit ' "$OUT")" "$(grep -c '^limit hits/s>+10%: CANNOT BE JUDGED$' "$OUT")" "  and the text says so, too"
exits 3 "  in JSON" "$IPITRACE" diff --json --fail-on 'HITS/S>+10%' report.json demo.json
json_check "$OUT" 'd["verdict"] == "not_decided" and [(l["limit"], l["judged"], l["tripped"]) for l in d["fail_on"]] == [("HITS/S>+10%", False, False)]' "  likewise"
exits 3 "a limit of what was not measured" "$IPITRACE" diff --fail-on 'delivery_p99>+10%' --comm nobody "$R" "$R"
for bad in hits 'hits>+10%' 'hits/s+10%' 'hits/s>10' 'hits/s<10%' 'hits/s>-5%' 'nonsense/s>+1%' 'delivery_p50/s>+1%' 'hits/s>+%' 'hits/unit>+10%' ''; do
	exits 2 "not a limit: '$bad'" "$IPITRACE" diff --fail-on "$bad" report.json demo.json
done

# --- units of work ---
# shellcheck disable=SC2086 # words
exits 4 "--per" "$IPITRACE" diff --json --per 100:300 --fail-on 'hits/unit<-10%' $A : $B
json_check "$OUT" 'abs(t["calls_per_unit"]["ratio"] - 1 / 3) < 1e-6 and "hits_per_s" not in t and d["a"]["units"] == 100' "  counts by them"
for bad in 0 x 1:0 1: :1 -1 1:2:3; do
	exits 2 "--per $bad" "$IPITRACE" diff --per "$bad" report.json demo.json
done

exits 0 "--margin" "$IPITRACE" diff --json --margin 10% "$R" "$D"
json_check "$OUT" 'd["margin"] == 1.1' "  is that"
json_check recordings.json 'd["margin"] == 1.5' "  else 50 % with one run a side"
json_check runs.json 'd["margin"] == 1' "  and none with several"
exits 2 "--margin x" "$IPITRACE" diff --margin x "$R" "$D"

# --- what is not compared ---
sed 's/"tier": "exact"/"tier": "paired"/' report.json >tier.json
sed 's/"filters": null/"filters": "target_cpus 1"/' report.json >filters.json
sed 's/"duration_ns": [0-9]*/"duration_ns": null/; s/"clock": "mono"/"clock": "counter"/' report.json >clock.json
"$IPITRACE" report --json --by func "$R" >by.json
"$IPITRACE" report --json --by pid "$R" >pid.json
"$IPITRACE" report --json -n 2 "$R" >top.json
for what in tier filters; do
	exits 1 "another $what" "$IPITRACE" diff report.json $what.json
	like "$(cat "$ERR")" "^ipitrace: diff: not comparable: .*$what" "  says so"
	exits 0 "  --force" "$IPITRACE" diff --force report.json $what.json
	like "$(cat "$OUT")" "^forced: .*$what" "  and is told"
done
exits 1 "no seconds" "$IPITRACE" diff --force report.json clock.json
exits 1 "  nor ns" "$IPITRACE" diff --per 1 report.json clock.json
exits 0 "  by units and force" "$IPITRACE" diff --per 1 --force report.json clock.json
exits 1 "other keys" "$IPITRACE" diff --force report.json by.json
like "$(cat "$ERR")" "not comparable: rows are by caller in report.json, by func in by.json" "  says which"
exits 1 "keys of no use" "$IPITRACE" diff pid.json pid.json
is "$(cat "$ERR")" "ipitrace: diff: pid.json: rows by pid cannot be joined
hint: tasks have other numbers in every run; comm joins them by name" "  says why"
for key in pid process stack slowest; do
	exits 2 "--by $key" "$IPITRACE" diff --by $key "$R" "$D"
	like "$(cat "$ERR")" "^ipitrace: diff: --by: rows by $key cannot be joined" "  says so"
done
exits 1 "a part of a report" "$IPITRACE" diff report.json top.json
exits 1 "a filtered recording" "$IPITRACE" diff "$R" filters.json
exits 0 "  filtered alike" "$IPITRACE" diff --json -C 1 "$R" "$D"
json_check "$OUT" 'all(r["filters"] == "target_cpus 1" for s in ("a", "b") for r in d[s]["runs"])' "  is told"
exits 2 "a report cannot be filtered" "$IPITRACE" diff -C 1 report.json demo.json
exits 0 "rows by other keys" "$IPITRACE" diff --json --by class,target "$R" "$D"
json_check "$OUT" 'd["by"] == ["class", "target"] and {r["target"] for r in rows} == {0, 1} and all("caller" in r and r["caller"] is None for r in rows)' "  have them"
echo '{}' >empty.json
exits 1 "JSON that is no report" "$IPITRACE" diff empty.json report.json
sed 's/"buckets"/"bouquets"/' report.json >old.json
exits 1 "a report without buckets" "$IPITRACE" diff old.json report.json
exits 1 "no such file" "$IPITRACE" diff nonesuch.dat "$R"
unlike "$(cat "$ERR")" " -i" "  the hint is of what diff takes"
for args in "$R" ": $R" "$R :" "$R $D $R" "$R : $D : $R"; do
	# shellcheck disable=SC2086 # words
	exits 2 "sides: ${args//$DATA\//}" "$IPITRACE" diff $args
done
sed 's/"lost_events": 0/"lost_events": 5/' report.json >lost.json
exits 3 "an incomplete run" "$IPITRACE" diff report.json lost.json
like "$(cat "$ERR")" "^ipitrace: diff: lost.json is incomplete" "  says which"

# --- names of files, and what a file says of its machine, are anybody's words ---
release=$(sed -n 's/^[^:]*: Linux \([^ ]*\) .*/\1/p' < <("$IPITRACE" report "$R"))
hostile=$'e\e[31m.dat'
python3 - "$R" "$hostile" "$release" <<-'PY'
	import os, sys
	data, release = open(sys.argv[1], "rb").read(), sys.argv[3].encode()
	assert release in data
	open(sys.argv[2], "wb").write(data.replace(release, b"\x1b" + release[1:]))
PY
exits 0 "a hostile name and release" "$IPITRACE" diff "$hostile" "$hostile"
like "$(cat "$OUT")" "^A: e[?]\[31m.dat \(22.3ms, [?]${release:1}" "  are made harmless"
unlike "$(cat "$OUT" "$ERR")" $'\e' "  everywhere"
zcat "$DATA/kvm/x2_hlt_sync.dat.gz" >"$hostile"
for cmd in "report --kvm" "diff --kvm $hostile"; do
	# shellcheck disable=SC2086 # words of it
	exits 0 "${cmd%% --*} --kvm" "$IPITRACE" $cmd "$hostile"
	like "$(cat "$OUT")" "e[?]\[31m.dat" "  names it"
	unlike "$(cat "$OUT" "$ERR")" $'\e' "  harmlessly"
done
done_testing
