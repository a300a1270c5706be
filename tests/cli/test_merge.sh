#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# ipitrace merge: one report is itself, sums are those of an independent
# computation, the order and what was merged before make no difference (nor do
# reports that know different things), a thousand hosts, and what does not add.
. "$(dirname "$0")/../lib.sh"
cd "$TMP" || exit 1
merge() { "$IPITRACE" merge "$@"; }

# --- one report: what is said of one recording stays ---
cat >alike.py <<'PY'
import json, sys
one, merged = (json.load(open(f)) for f in sys.argv[1:3])
gone = {"trace": {"start_ns", "end_ns", "file", "file_version", "window", "reasons"}}
assert merged["trace"]["start_ns"] is None and merged["trace"]["file"] is None
assert [s["host"] for s in merged["merged"]] == [one["trace"]["host"]] and merged["merged"][0]["reasons"] == one["trace"]["reasons"]
assert set(merged) - set(one) == {"merged"} and not set(one) - set(merged), set(one) ^ set(merged)
for key in one:
    if not isinstance(one[key], dict):
        same = sorted(map(str, one[key])) == sorted(map(str, merged[key])) if isinstance(one[key], list) else one[key] == merged[key]
        assert same, (key, one[key], merged[key])
        continue
    assert set(one[key]) == set(merged[key]), (key, set(one[key]) ^ set(merged[key]))
    for k in set(one[key]) - gone.get(key, set()):
        assert one[key][k] == merged[key][k], "merge loses %s.%s: %s, not %s (the tables of report/merge-read.c)" % (key, k, merged[key][k], one[key][k])
PY
for f in "$DATA"/report.dat "$DATA"/demo.dat "$DATA"/flight.dat "$DATA"/report-v7.dat "$DATA"/rows/*.dat "$DATA"/cases/two-instances.dat.gz; do
	"$IPITRACE" report --json "$f" >one.json 2>/dev/null
	merge --json one.json >merged.json 2>/dev/null
	ok "${f##*/}: the sum of one report is that report" python3 alike.py one.json merged.json
done
"$IPITRACE" report --json --by class,target --from +2ms --to +12ms "$DATA/report.dat" >one.json
merge --json one.json >merged.json
ok "a window, by other keys: likewise" python3 alike.py one.json merged.json
for keys in victim,depth context wakee,waker idle,class; do
	"$IPITRACE" report --json --by $keys "$DATA/wakes.dat" >one.json
	merge --json one.json >again.json
	ok "by $keys: likewise" python3 alike.py one.json again.json
done
json_check merged.json 'd["trace"]["window"]["duration_ns"] == 10000000 and d["trace"]["window"]["from_ns"] is None' "  with its length, and rates"

# --- hosts: made of two recordings, of two kernels ---
for f in report demo; do "$IPITRACE" report --json "$DATA/$f.dat" >$f.json; done
cat >hosts.py <<'PY'
import copy, json, random, sys
random.seed(int(sys.argv[1]))
base = [json.load(open(f)) for f in ("report.json", "demo.json")]
for i in range(int(sys.argv[1])):
    d = copy.deepcopy(base[i % 2])
    d["trace"].update(host="host%04d" % i, kernel="6.18.%d" % (i % int(sys.argv[2])), date="2026-11-29T12:00:%02d" % (i % 60))
    d["trace"]["lost_events"] = int(i % 7 == 5)
    if i % 3 == 0:
        d["rows"].pop(random.randrange(len(d["rows"])))
        d["rows_total"] -= 1
    if i % 4 == 1:
        for r in d["rows"]: r["callsite"] = r["callsite"] and r["callsite"].replace("+0x", "+0x1")
    json.dump(d, open("h%04d.json" % i, "w"))
PY
cat >sum.py <<'PY'
import collections, glob, json, math, re, sys
got = json.load(open(sys.argv[1]))
ins = [json.load(open(f)) for f in sorted(glob.glob(sys.argv[2]))]
strip = len({d["trace"]["kernel"] for d in ins}) > 1
def name(s): return re.sub(r"\+0x[0-9a-f]+", "", s) if s and strip else s
def width(low): return 1 if low < 128 else 1 << low.bit_length() - 7
def dist(ds):
    ds = [d for d in ds if d]
    if not ds: return None
    buckets = collections.Counter()
    for d in ds:
        for low, n in d["buckets"]: buckets[low] += n
    out = {"count": sum(d["count"] for d in ds), "sum": sum(d["sum"] for d in ds), "min": min(d["min"] for d in ds),
           "max": max(d["max"] for d in ds), "buckets": [[k, buckets[k]] for k in sorted(buckets)]}
    out["mean"] = out["sum"] // out["count"]
    for key, p in ("p50", .5), ("p90", .9), ("p99", .99), ("p999", .999):
        rank, seen = math.ceil(p * out["count"]), 0
        for low, n in out["buckets"]:
            seen += n
            if seen >= rank: break
        out[key] = out["min"] if rank <= 1 else out["max"] if rank >= out["count"] else min(max(low + width(low) // 2, out["min"]), out["max"])
    return out
def total(xs): return None if None in xs else sum(xs)
for k, v in got["totals"].items():
    assert v == total([d["totals"][k] for d in ins]), (k, v)
for k in "cpus", "events", "lost_events", "duration_ns", "records":
    assert got["trace"][k] == sum(d["trace"][k] for d in ins), k
rows = collections.defaultdict(list)
for d in ins:
    for r in d["rows"]: rows[name(r["caller"]), name(r["func"])].append(r)
assert len(got["rows"]) == len(rows) == got["rows_total"]
for r in got["rows"] + [got["own"]]:
    of = [d["own"] for d in ins] if r is got["own"] else rows[r["caller"], r["func"]]
    for k, v in r.items():
        if k in ("source", "target", "pid", "depth"): assert v == (of[0][k] if len({o[k] for o in of}) == 1 else None), (k, v)
        elif isinstance(of[0].get(k), int): assert v == total([o[k] for o in of]), (k, v)
        if k.endswith("_ns"):
            want = dist([o[k] for o in of])
            assert (v is None) == (want is None), k
            assert v is None or all(v[x] == want[x] for x in want), (k, v, want)
hits = [r["target_hits"] for r in got["rows"]]
assert hits == sorted(hits, reverse=True)
assert [s["host"] for s in got["merged"]] == sorted(d["trace"]["host"] for d in ins)
PY
python3 hosts.py 12 1
exits 3 "twelve hosts, one of which lost events" merge --json h00??.json
cp "$OUT" all.json
like "$(cat "$ERR")" '^ipitrace: merge: 1 of 12 reports is incomplete, the first of them of host0005$' "  says which"
ok "  counts, distributions and percentiles are those of an independent computation" python3 sum.py all.json 'h00??.json'
json_check all.json 'd["trace"]["kernel"] == "6.18.0" and d["trace"]["host"] is None and any("+0x" in r["caller"] for r in rows if r["caller"])' \
	"  names are whole with one kernel"
python3 hosts.py 13 3
merge --json h00??.json >all.json 2>/dev/null
ok "thirteen of three kernels, likewise" python3 sum.py all.json 'h00??.json'
json_check all.json 'd["trace"]["kernel"] is None and not any("+0x" in (r["caller"] or "") for r in rows)' "  names without offsets"

# --- merges of merges ---
same() { # NAME GROUP...: merges of these, merged
	local name=$1 i=0 parts=()
	shift
	for group in "$@"; do
		i=$((i + 1))
		# shellcheck disable=SC2086 # files
		merge --json $group >part$i.json 2>/dev/null
		parts+=("part$i.json")
	done
	merge --json "${parts[@]}" >again.json 2>/dev/null
	ok "$name: the same, byte for byte" cmp again.json all.json
}
same "the other way round" "$(ls -r h00??.json)"
same "three groups" "$(ls h000[0-4].json)" h0005.json "$(ls h000[6-9].json h001?.json)"
same "in another order" "h0007.json h0003.json h0012.json" "h0000.json h0011.json h0001.json" "$(ls h000[24568].json h0009.json h0010.json)"
merge --json h000[0-5].json 2>/dev/null | merge --json - h000[6-9].json h001?.json >again.json 2>/dev/null
ok "through a pipe: the same" cmp again.json all.json

# --- recordings that do not know the same ---
mkdir recordings
for f in "$DATA"/*.dat "$DATA"/*.dat.gz "$DATA"/rows/*.dat "$DATA"/rows/*.dat.gz "$DATA"/cases/*.dat.gz; do
	name=${f#"$DATA/"}
	"$IPITRACE" report --json "$f" >"recordings/${name//\//-}.json" 2>/dev/null
	case $? in 0 | 3) ;; *) rm "recordings/${name//\//-}.json" ;; esac
done
ok "reports of most recordings of the tests" [ "$(find recordings -name '*.json' | wc -l)" -gt 40 ]
cat >steps.py <<'PY'
import json, random, subprocess, sys
# The sum of reports is the same at once, in two steps, and in another order.
tool, files = sys.argv[1], sys.argv[2:]
def merge(out, *ins):
    done = subprocess.run([tool, "merge", "--json", *ins], stdout=open(out, "w"), stderr=subprocess.PIPE, text=True)
    if done.returncode == 1 and "cannot be merged" in done.stderr:
        done = subprocess.run([tool, "merge", "--json", "--force", *ins], stdout=open(out, "w"), stderr=subprocess.PIPE, text=True)
    assert done.returncode in (0, 3), (ins, done.stderr)
    return open(out).read()
def text(*ins):
    return subprocess.run([tool, "merge", "--force", *ins], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
# Null where one of them is, and then what the others have, as at least that much.
def known(merged, ins):
    for of in "totals", "interrupts_by_class":
        least = merged.get("at_least", {of: {}})[of]
        for key, got in merged[of].items():
            all = [d[of].get(key, 0) for d in ins]
            some = [n for n in all if n is not None]
            assert got == (None if None in all else sum(all)), (of, key, got, all)
            assert least.get(key) == (sum(some) if some and None in all else None), ("at least", of, key, all)
def check(ins):
    once = merge("once.json", *ins)
    known(json.loads(once), [json.load(open(f)) for f in ins])
    said = text(*ins)
    assert merge("turned.json", *reversed(ins)) == once, ("another order", ins)
    for at in {1, len(ins) // 2, len(ins) - 1}:
        merge("first.json", *ins[:at])
        merge("second.json", *ins[at:])
        assert merge("two.json", "first.json", "second.json") == once, ("two steps", ins[:at], ins[at:])
        assert merge("two.json", *ins[at:], "first.json") == once, ("into a merge", ins[:at], ins[at:])
    assert text("first.json", "second.json") == said, ("as text", ins)
# Only rows by the same keys add.
groups = {}
for file in files:
    groups.setdefault(tuple(json.load(open(file))["by"]), []).append(file)
random.seed(1)
for left in groups.values():
    random.shuffle(left)
    check(left)
    # Each with two others, so that what only few know decides, too.
    for i in range(len(left)):
        check([left[i], left[(i + 1) % len(left)], left[(i + 3) % len(left)]])
PY
ok "  merged at once, in two steps and in another order: the same, byte for byte" python3 steps.py "$IPITRACE" recordings/*.json
exits 0 "one that knows what arrived, one that does not" merge --force recordings/demo.dat.json recordings/rows-s390x-7.3.dat.gz.json
like "$(cat "$OUT")" '^totals: 3212 sends, 3284 hits = 3145 delivered \+ 0 coalesced \+ 0 in flight \+ 0 lost \+ 139 not known ' "  what is known stays"
like "$(cat "$OUT")" '^interrupts: reschedule at least 2148, call_function_single at least 997$' "  interrupts, too"
like "$(cat "$OUT")" '^note: some of the reports do not tell which of the hits arrived, which interrupts were IPIs' "  says what some do not tell"
like "$(cat "$OUT")" '^audit: matched at least 3145/3145 ' "  as much as was matched is at least that"
merge --json --force recordings/demo.dat.json recordings/rows-s390x-7.3.dat.gz.json >both.json 2>/dev/null
json_check both.json 't["delivered"] is None and t["outcome_unknown"] == 139 and d["at_least"]["totals"]["delivered"] == 3145 and "sends" not in d["at_least"]["totals"]' \
	"  JSON: null, and at least"
json_check both.json 'any(r["delivered"] for r in rows) and not any(r["delivered"] for r in rows if r["class"] is None)' "  rows of one report alone stay as they were"
exits 0 "a flight recorder's window beside another recording" merge recordings/flight.dat.json recordings/demo.dat.json
like "$(cat "$OUT")" '^note: windows of flight recorders are among them, 1 interrupt sent before its window$' "  is said"
one=recordings/cases-amd64-7.3.dat.gz.json two=recordings/cases-stack-queue.dat.gz.json three=recordings/cases-arm64-7.2.dat.gz.json
merge --json $one $two >both.json 2>/dev/null
json_check both.json 't["riders"] is None and t["calls_sent"] == 134 + 5' "three riders of one, not known of another: calls sent are the sum"
merge --json both.json $three >again.json 2>/dev/null
json_check again.json 't["calls_sent"] == 134 + 5 + 89' "  and with a third"
merge --json recordings/rows-arm64-6.1.dat.json recordings/rows-amd64-6.1.dat.json >both.json 2>/dev/null
json_check both.json '(lambda names: len(names) > 4 and names == sorted(names))([c["name"] for c in d["coverage"]])' \
	"lines of /proc/interrupts are by their names"

# --- what comes of it can be read ---
exits 3 "diff of a merge" "$IPITRACE" diff --json all.json all.json
json_check "$OUT" 'all(v["a"] == v["b"] for v in t.values() if v)' "  is all the same"
json_check all.json 'd["trace"]["duration_ns"] == sum(s["duration_ns"] for s in d["merged"])' "rates are by the time of all together"
exits 3 "as text" merge h00??.json
like "$(cat "$OUT")" '^13 reports: Linux \(several releases\) x86_64, 26 CPUs, ' "  says of what"
like "$(cat "$OUT")" '^hosts: host0000, host0001, .*host0009 and 3 more$' "  names the hosts"
exits 3 "as CSV" merge --csv --fields caller,hits,p99 --sort p99 -n 2 h00??.json
is "$(wc -l <"$OUT") $(head -n 1 "$OUT")" "3 caller,target_hits,delivery_p99_ns" "  has the columns and rows that were asked for"

# --- a thousand hosts ---
rm h*.json
python3 hosts.py 1000 1
rss() { python3 -c '
import resource, subprocess, sys
with open(sys.argv[1], "w") as out:
    subprocess.run(sys.argv[2:], stdout=out, stderr=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)' "$@"; }
ten=$(rss ten.json "$IPITRACE" merge --json h000?.json)
thousand=$(rss all.json "$IPITRACE" merge --json h????.json)
ok "a thousand hosts" python3 sum.py all.json 'h????.json'
ok "  in the memory of ten ($ten and $thousand kB)" [ "$thousand" -lt $((ten + 4000)) ]
same "  in groups of a hundred" "$(ls h0[0-4]*.json)" "$(ls h0[5-9]*.json)"

# --- what does not add ---
sed 's/"tier": "exact"/"tier": "paired"/' report.json >tier.json
sed 's/"filters": null/"filters": "target_cpus 1"/' report.json >filters.json
"$IPITRACE" report --json --from +2ms "$DATA/report.dat" >window.json
for what in tier filters window; do
	exits 1 "another $what" merge report.json $what.json
	like "$(cat "$ERR")" "^ipitrace: merge: cannot be merged: $what.json: .*$what" "  says so"
	exits 0 "  --force" merge --json --force report.json $what.json
	like "$(cat "$ERR")" "^ipitrace: forced: $what.json: .*$what" "  says so, too"
done
json_check "$OUT" 'd["trace"]["window"]["duration_ns"] < d["trace"]["duration_ns"]' "  with its own time"
"$IPITRACE" report --json --by pid "$DATA/report.dat" >pid.json
"$IPITRACE" report --json --by func "$DATA/report.dat" >func.json
"$IPITRACE" report --json -n 2 "$DATA/report.dat" >top.json
echo '{"schema": "ipitrace-report/1"}' >empty.json
for bad in pid func top empty; do
	exits 1 "$bad.json" merge --force report.json $bad.json
done
exits 1 "rows by numbers of tasks" merge pid.json
is "$(cat "$ERR")" "ipitrace: merge: pid.json: rows by pid cannot be joined
hint: tasks have other numbers in every run; comm joins them by name" "  says why, and what can"
exits 1 "no JSON" merge "$DATA/report.dat"
exits 1 "no such file" merge report.json nonesuch.json
exits 2 "no file" merge
exits 2 "two formats" merge --json --csv report.json
exits 0 "a report alone" merge report.json
like "$(head -n 1 "$OUT")" "^1 report: Linux" "  is one"
exits 0 "the same report twice" merge report.json report.json
is "$(cat "$ERR")" "ipitrace: the same recording seems to be in it twice: of vm, without a date, but all its numbers are equal" \
	"  is told by its numbers where it has no date"
sed 's/"date": null/"date": "2026-11-29T12:00:00+00:00"/' report.json >dated.json
exits 0 "  with one" merge dated.json dated.json
like "$(cat "$ERR")" '^ipitrace: the same recording seems to be in it twice: of vm, 2026-11-29T12:00:00\+00:00$' "  it is said"
python3 -c 'import json, sys
d = json.load(open("report.json"))
for key in "calls_sent", "path_unknown", "sends_to_nobody":
    del d["totals"][key]
json.dump(d, open("earlier.json", "w"))'
exits 0 "with one of an ipitrace that did not know a total yet" merge --json earlier.json demo.json
json_check "$OUT" 't["calls_sent"] is t["path_unknown"] is t["sends_to_nobody"] is None and t["sends"] > 418 and t["elided"] == 10' \
	"  that total is not known, and all others are"
sed 's/"target_hits": *[0-9]*/"target_hits":-3/' report.json >negative.json
exits 1 "a number below zero" merge negative.json
like "$(head -n 1 "$ERR")" 'negative.json: JSON, but none of ipitrace: a number below zero at byte [0-9]+' "  is JSON, and no count"
# shellcheck disable=SC2016 # the inner shell expands it
ok "standard input that is no JSON" sh -c 'echo nonsense | "$IPITRACE" merge - 2>said; grep -q "standard input: not JSON" said'
done_testing
