#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# N TLB shootdowns by madvise and by munmap: every flush_tlb_func call is found.
. "$(dirname "$0")/../lib.sh"
need_live 2
[ "$(uname -m)" = x86_64 ] || skip_all "TLB shootdowns are IPIs on x86 only"
grep -qw invlpgb /proc/cpuinfo && grep -q 1 /sys/kernel/mm/invlpgb 2>/dev/null && skip_all "INVLPGB: no IPIs"
live_lock

n=10000
for mode in madvise munmap; do
	before=$(irq_count TLB)
	record_report $mode -- nice -n -20 "$EXAMPLES/tlb" -n $n -c 0 -t 1 -m $mode -o "$TMP/ops" || continue
	after=$(irq_count TLB)
	sent=$(cat "$TMP/$mode.sent")
	least=$((n - $(kv maybe_skipped "$sent")))
	json=$TMP/$mode.json
	# The example's own: 0 -> 1, flush_tlb_func. Its start and end flush a few times more, and so may others.
	exits 0 "$mode: report of its own" "$IPITRACE" report -i "$TMP/$mode.dat" --comm tlb --func flush_tlb_func \
		--by source,target,func --json
	cp "$OUT" "$TMP/$mode.own.json"
	exits 0 "$mode: list" "$IPITRACE" list --json --comm tlb --source-cpus 0 "$TMP/$mode.dat"
	cp "$OUT" "$TMP/$mode.lines"
	ok "$mode: its waits lie within the round trips that it measured" \
		python3 "$ROOT/tests/live/waits.py" "$TMP/ops" flush_tlb_func $((least * 99 / 100)) <"$TMP/$mode.lines"
	note "$(cat "$TMP/ok.out")"
	extra=$((n / 100))
	mine='[r for r in rows if r["func"] == "flush_tlb_func" and r["source"] == 0 and r["target"] == 1]'
	json_check "$json" "d['trace']['lost_events'] == 0" "$mode: no event lost"
	json_check "$json" "$CONSERVES" "$mode: conservation laws hold"
	no_unsolicited "$mode"
	json_check "$json" "t.get('ambiguous_calls', 0) == 0" "$mode: no ambiguous call"
	json_check "$TMP/$mode.own.json" "$least <= sum(r['calls'] for r in $mine) <= $((n + extra))" \
		"$mode: flush_tlb_func calls are as many as were sent (at least $least of $n)"
	json_check "$TMP/$mode.own.json" "all(r['sends'] + r['elided'] == r['calls'] for r in $mine)" \
		"$mode: every call was sent or elided"
	json_check "$TMP/$mode.own.json" "all(r['delivered'] + r['coalesced'] == r['target_hits'] for r in $mine)" \
		"$mode: every hit arrived"
	json_check "$json" "not [r for r in rows if r['func'] == 'flush_tlb_func' and
		(r['caller'] or '').startswith(('on_each_cpu', 'smp_call_function', 'generic_exec_single'))]" \
		"$mode: callers are not the plumbing that the event names"
	json_check "$json" "sum(r['calls'] for r in rows if r['func'] == 'flush_tlb_func') <= $((after - before)) + $extra" \
		"$mode: /proc/interrupts has as many TLB shootdowns"
done

# The view of it, with the kernel's own events: what it counts is what the example did.
n=2000
record_report with --with tlb -- nice -n -20 "$EXAMPLES/tlb" -n $n -c 0 -t 1 -m munmap -p 3
sent=$(cat "$TMP/with.sent")
least=$((n - $(kv maybe_skipped "$sent")))
exits 0 "report --tlb" "$IPITRACE" report -i "$TMP/with.dat" --tlb --json
cp "$OUT" "$TMP/view.json"
mine='[r for r in rows if (r["process"] or "").startswith("tlb[")]'
json_check "$TMP/view.json" "$least <= sum(r['tlb']['flushes'] for r in $mine) <= $((n + n / 50))" \
	"flushes of the example: at least $least of $n"
json_check "$TMP/view.json" "$n <= sum(r['tlb']['flushes'] + r['tlb']['unsent'] for r in $mine) <= $((n + n / 10))" \
	"  and with those that needed no IPI all $n"
json_check "$TMP/view.json" "sum(r['tlb']['reasons']['remote_send_ipi'] for r in $mine) == sum(r['tlb']['flushes'] + r['tlb']['unsent'] for r in $mine)" \
	"  as many as the kernel says"
json_check "$TMP/view.json" "max(r['tlb']['pages']['p50'] for r in $mine if r['tlb']['flushes'] > $n / 2) == 3" "  of 3 pages each"
json_check "$TMP/view.json" "all(r['tlb']['cpus']['max'] == 1 for r in $mine if r['tlb']['flushes'])" "  each of one CPU"
json_check "$TMP/view.json" "sum(r['tlb']['wait_ns']['count'] for r in $mine if r['tlb']['wait_ns']) > $n / 2" "  whose waits are known"
json_check "$TMP/view.json" "sum(r['tlb']['wait_ns']['sum'] for r in $mine if r['tlb']['wait_ns']) < $(kv elapsed_ns "$sent") * 2" \
	"  and no longer than the example took"
json_check "$TMP/view.json" "t['sends'] + t['elided'] == sum(r['calls'] for r in rows) + d['own']['calls'] or d['trace']['cpus'] > 2" \
	"  every call was sent or elided"
done_testing
