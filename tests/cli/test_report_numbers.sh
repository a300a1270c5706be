#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The report of a recording whose workload said what it sent (tests/data/report.txt):
# exact counts, every sum of latencies computed a second time from what
# trace-cmd prints of the same file, filters and keys that must add up.
. "$(dirname "$0")/../lib.sh"
F=$DATA/report.dat
J=$TMP/report.json

exits 0 "report --json" "$IPITRACE" report --json "$F"
cp "$OUT" "$J"
is "$(cat "$ERR")" "" "nothing on stderr"

json_check "$J" 'd["schema"] == "ipitrace-report/1"' "schema"
json_check "$J" 'set("kernel arch clock tier cpus start_ns end_ns events lost_events".split()) <= set(d["trace"])' \
	"trace: all keys of the contract"
json_check "$J" 'set("""sends target_hits delivered coalesced in_flight lost interrupts unsolicited calls calls_run
	calls_in_flight calls_lost elided local_calls exact fifo ambiguous own_sends""".split()) <= set(t)' \
	"totals: all keys of the contract"
json_check "$J" 'all(set("""caller callsite func class sends target_hits delivered coalesced calls elided delivery_ns
	queue_ns func_ns handler_ns""".split()) <= set(r) for r in rows)' "rows: all keys of the contract"
json_check "$J" 'all(set("count min mean p50 p90 p99 p999 max max_at_ns max_cpu".split()) <= set(r[k])
	for r in rows for k in r if k.endswith("_ns") and r[k] is not None)' "distributions: all keys of the contract"
json_check "$J" 'd["trace"]["tier"] == "exact" and d["trace"]["clock"] == "mono" and d["trace"]["cpus"] == 2
	and d["trace"]["arch"] == "x86_64" and d["trace"]["lost_events"] == 0 and d["trace"]["late_events"] == 0 and d["trace"]["events"] == 2399' "trace"

# What the workloads said they sent.
row='[r for r in rows if r["caller"].startswith("%s") and r["func"] == "%s"][0]'
# shellcheck disable=SC2059 # that is what row is
json_check "$J" "$(printf "$row" membarrier_private_expedited ipi_mb)['delivered'] == 200" "200 membarriers, 200 delivered"
# shellcheck disable=SC2059
json_check "$J" "$(printf "$row" do_madvise flush_tlb_func)['delivered'] == 100" "100 shootdowns, 100 delivered"
json_check "$J" 't["sends"] == 418 and t["target_hits"] == 418 and t["delivered"] == 418 and t["interrupts"] == 418
	and t["unsolicited"] == 0 and t["ambiguous"] == 0 and t["coalesced"] == 0' "sends and interrupts"
json_check "$J" 't["exact"] == 311 and t["fifo"] == 107' "how they were matched"
json_check "$J" 't["calls"] == 311 and t["calls_run"] == 311 and t["local_calls"] == 106' "calls"
json_check "$J" 'd["interrupts_by_class"] == {"reschedule": 107, "call_function_single": 311, "call_function": 0, "irq_work": 0}' \
	"interrupts by class"
# One hit ipitrace's task in mid-timer: hrtimer_wakeup() woke somebody else's.
json_check "$J" 't["own_sends"] == 0 and d["own"]["target_hits"] == 0 and sum(r["sends"] for r in rows) == 418' \
	"what an interrupt sends is not ipitrace's own, whoever was running"
exits 0 "a report with own sends" "$IPITRACE" report --json "$ROOT/tests/data/demo.dat"
json_check "$OUT" 't["own_sends"] == 1 and d["own"]["target_hits"] == 1 and sum(r["sends"] for r in rows) == t["sends"] - 1' \
	"own sends: in the totals, in no row"
json_check "$J" '{c["name"]: c["traced"] for c in d["coverage"]} == {"RES": 107, "CAL": 311, "TLB": 105, "IWI": 0}
	and all(c["ok"] and c["low"] <= c["traced"] <= c["high"] for c in d["coverage"])' "coverage"
json_check "$J" 'rows == sorted(rows, key=lambda r: -r["target_hits"])' "sorted by target hits"
json_check "$J" 'all(r["delivery_ns"] is None or r["delivery_ns"]["min"] <= r["delivery_ns"]["p50"] <= r["delivery_ns"]["p90"]
	<= r["delivery_ns"]["p99"] <= r["delivery_ns"]["p999"] <= r["delivery_ns"]["max"] for r in rows)' "percentiles are in order"
json_check "$J" 'all((r["queue_ns"] is None) == (r["calls"] == 0) for r in rows)' "no calls: queue_ns is null, not zeros"
# Buckets by the scheme that ipitrace-report(1) states; from two reports of parts, added, come the percentiles of the whole.
buckets_add() {
	"$IPITRACE" report --json --by func,target "$F" >"$TMP/parts.json" && "$IPITRACE" report --json --by func "$F" >"$TMP/whole.json" || return 1
	python3 - "$TMP/parts.json" "$TMP/whole.json" <<-'PY'
	import collections, json, math, sys
	parts, whole = (json.load(open(f))["rows"] for f in sys.argv[1:])
	def width(low): return 1 if low < 128 else 1 << low.bit_length() - 7
	def percentile(d, buckets, p):
	    rank, seen = math.ceil(p * d["count"]), 0
	    if rank <= 1: return d["min"]
	    if rank >= d["count"]: return d["max"]
	    for low, n in sorted(buckets.items()):
	        seen += n
	        if seen >= rank: return min(max(low + width(low) // 2, d["min"]), d["max"])
	nr = 0
	for row in whole:
	    for key, d in row.items():
	        if not isinstance(d, dict): continue
	        sums = collections.Counter()
	        mine = [p for p in parts if p["func"] == row["func"] and p[key]]
	        for p in mine:
	            assert sum(n for _, n in p[key]["buckets"]) == p[key]["count"]
	            for low, n in p[key]["buckets"]:
	                assert low % width(low) == 0 and n > 0, (low, n)
	                sums[low] += n
	        nr += len(mine) > 1
	        assert dict(map(tuple, d["buckets"])) == dict(sums), (row["func"], key)
	        assert d["buckets"] == sorted(d["buckets"])
	        for name, p in (("p50", .5), ("p90", .9), ("p99", .99), ("p999", .999)):
	            assert d[name] == percentile(d, sums, p), (row["func"], key, name)
	assert nr > 2, nr
	PY
}
ok "buckets of parts add up to those of the whole, and make its percentiles" buckets_add

# A second opinion: sums per class and target from trace-cmd's text, without any matching.
second_opinion() {
	trace-cmd report -t -i "$F" >"$TMP/text" 2>/dev/null || return 1
	"$IPITRACE" report --json --by class,target "$F" >"$TMP/by.json" || return 1
	python3 - "$TMP/text" "$TMP/by.json" <<-'PY'
	import collections, json, re, sys
	sends, entries, exits = (collections.defaultdict(list) for _ in range(3))
	queued = run = done = 0
	behind = collections.defaultdict(list)  # sends of a CPU whose stacks are still to come
	local = set()
	for line in open(sys.argv[1]):
	    m = re.match(r"\s*.+-(\d+)\s+\[(\d+)\].*?\s(\d+)\.(\d+):\s+(\w+):\s+(.*)", line)
	    if not m:
	        continue
	    cpu, ts, name, rest = int(m[2]), int(m[3]) * 10**9 + int(m[4]), m[5], m[6]
	    assert len(m[4]) == 9, line
	    if name == "ipi_send_cpu":
	        target = int(re.search(r"cpu=(\d+)", rest)[1])
	        kind = "call_function_single" if "generic_smp_call" in rest else "reschedule"
	        behind[cpu].append((kind, target, len(sends[kind, target])))
	        sends[kind, target].append(ts)
	    elif name == "sched_wake_idle_without_ipi":
	        behind[cpu].append(None)
	    elif name == "kernel_stack":
	        # Delivery counts from behind the stack. One of an interrupt comes before that of what it interrupted.
	        send = behind[cpu].pop()
	        if send:
	            sends[send[:2]][send[2]] = ts
	    elif name.endswith("_entry") and not name.startswith("csd"):
	        entries[name[:-6], cpu].append(ts)
	    elif name.endswith("_exit") and not name.startswith("csd"):
	        exits[name[:-5], cpu].append(ts)
	    elif name == "csd_queue_cpu":
	        queued += ts
	    elif name == "csd_function_entry":
	        if re.search(r"csd=(\(nil\)|0x0+\b|0\b|\(null\))", rest):
	            local.add(cpu)
	        else:
	            run += ts
	    elif name == "csd_function_exit":
	        if cpu in local:
	            local.discard(cpu)
	        else:
	            done += ts
	rows = json.load(open(sys.argv[2]))["rows"]
	assert len(rows) == 4, rows
	bad = 0
	for key in entries:
	    got = collections.Counter()
	    for part in [r for r in rows if (r["class"], r["target"]) == key]:
	        got["n"] += part["delivered"]
	        got["delivery"] += part["delivery_ns"]["sum"]
	        got["handler"] += part["handler_ns"]["sum"]
	    want = {"n": len(sends[key]), "delivery": sum(entries[key]) - sum(sends[key]),
	            "handler": sum(exits[key]) - sum(entries[key])}
	    if len(entries[key]) != len(sends[key]) or dict(got) != want:
	        bad += 1
	        print(key, dict(got), want)
	parts = [r for r in rows if r["queue_ns"]]
	for key, want in (("queue_ns", run - queued), ("func_ns", done - run)):
	    got = sum(p[key]["sum"] for p in parts)
	    if got != want:
	        bad += 1
	        print(key, got, want)
	sys.exit(bad)
	PY
}
if command -v trace-cmd >/dev/null; then
	ok "latencies add up to what trace-cmd's text says, to the ns" second_opinion
else
	skip "latencies against trace-cmd" "no trace-cmd"
fi

# Whatever the key, rows and own add up to the totals; whatever the filter, the laws hold.
adds_up() {
	local args
	while read -r args; do
		# shellcheck disable=SC2086
		"$IPITRACE" report --json $args "$F" >"$TMP/x.json" || return 1
		python3 - "$TMP/x.json" <<-'PY' || { echo "with: $args"; return 1; }
		import json, sys
		d = json.load(open(sys.argv[1])); t = d["totals"]
		assert t["target_hits"] == t["delivered"] + t["coalesced"] + t["in_flight"] + t["lost"]
		assert t["interrupts"] == t["delivered"] + t["unsolicited"]
		assert t["calls"] == t["calls_run"] + t["calls_in_flight"] + t["calls_lost"]
		assert t["delivered"] == t["exact"] + t["fifo"] + t["ambiguous"]
		assert t["calls"] == t["calls_sent"] + t["riders"] + t["polled"] + t["path_unknown"]
		assert t["elided"] == t["riders"] + t["polled"] + t["wakes"] and not t["sends_to_nobody"]
		for k in "sends target_hits delivered calls calls_run elided exact fifo".split():
		    assert sum(r[k] for r in d["rows"]) + d["own"][k] == t[k], k
		PY
	done
}
ok "rows add up for every key" adds_up <<-'EOL'
	--by caller
	--by callsite
	--by func
	--by class
	--by source
	--by target
	--by comm
	--by pid
	--by process
	--by process,comm
	--by stack
	--by caller,callsite,func,class,source,target,comm,pid,stack
EOL
ok "conservation holds under every filter" adds_up <<-'EOL'
	-C 0
	-C 1
	--source-cpus 0
	--class reschedule
	--class call_function_single,irq_work
	--callsite membarrier*
	--func flush_tlb_func
	--comm wakeup
	--comm nobody
	--comm !wakeup,membarrier
	-C !0
	--class !reschedule,irq_work
	-p 1
	-C 1 --class reschedule --comm wakeup
EOL
count() { "$IPITRACE" report --json "$@" "$F" | json_get /dev/stdin 't["target_hits"]'; }
is "$(($(count -C 0) + $(count -C 1)))" 418 "target CPUs: two halves make the whole"
is "$(($(count --source-cpus 0) + $(count --source-cpus 1)))" 418 "source CPUs too"
is "$(count --class reschedule)" 107 "--class"
is "$(count --callsite 'membarrier*')" 200 "--callsite matches the caller"
is "$(count --callsite smp_call_function_many_cond)" 0 "--callsite does not match the middle of a stack"
is "$(count --func flush_tlb_func)" 105 "--func"
filters() { "$IPITRACE" report --json "$@" "$F" | json_get /dev/stdin 'd["trace"]["filters"]'; }
is "$(filters)" None "JSON: no filters"
is "$(filters -C 1 --func ipi_mb)" "target_cpus 1, func ipi_mb" "JSON: what was filtered by"
is "$(count --func ipi_mb --comm membarrier -C 1)" 200 "several filters"
# A ! is the rest: of all sends, 418 hits.
for f in "--class reschedule" "--func flush_tlb_func,ipi_mb" "--callsite membarrier*" "--comm wakeup,membarrier" "-C 0" \
	"--source-cpus 1" "--comm nobody"; do
	is "$(($(count "${f% *}" "${f#* }") + $(count "${f% *}" "!${f#* }")))" 418 "$f and all others"
done
is "$(($(count --comm wakeup) + $(count --comm membarrier)))" "$(count --comm 'wakeup,membarrier')" "a list is its items"
is "$(count --comm nobody)" 0 "a filter that nothing passes"
done_testing
