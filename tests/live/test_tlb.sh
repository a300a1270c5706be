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
	record_report $mode -- nice -n -20 "$EXAMPLES/tlb" -n $n -c 0 -t 1 -m $mode || continue
	after=$(irq_count TLB)
	sent=$(cat "$TMP/$mode.sent")
	least=$((n - $(kv maybe_skipped "$sent")))
	json=$TMP/$mode.json
	# The example's own: 0 -> 1, flush_tlb_func. Its start and end flush a few times more, and so may others.
	exits 0 "$mode: report of its own" "$IPITRACE" report -i "$TMP/$mode.dat" --comm tlb --func flush_tlb_func \
		--by source,target,func --json
	cp "$OUT" "$TMP/$mode.own.json"
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
done_testing
