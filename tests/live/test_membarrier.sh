#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# N membarriers from one CPU to a spinner on another: every one is found, with
# its caller and function, delivered to that CPU and no other; the kernel's own
# counters agree.
. "$(dirname "$0")/../lib.sh"
need_live 2
live_lock

n=10000
before=$(irq_count CAL)
record_report mb -- nice -n -20 "$EXAMPLES/membarrier" -n $n -c 0 -t 1 -o "$TMP/mb.ops" || done_testing
after=$(irq_count CAL)

sent=$(cat "$TMP/mb.sent")
skipped=$(kv maybe_skipped "$sent")
is "$(kv calls "$sent")" $n "the example sent $n membarriers"
least=$((n - skipped))
note "between $least and $n calls expected"
if [ "$skipped" -lt $((n / 2)) ]; then
	pass "the spinner ran most of the time"
else
	skip "the spinner ran most of the time" "absent for up to $skipped of $n calls: machine too busy to be exact"
fi

mine='[r for r in rows if (r["caller"] or "").startswith("membarrier_private_expedited")]'
json_check "$TMP/mb.json" "d['trace']['lost_events'] == 0" "no event lost"
json_check "$TMP/mb.json" "d['trace']['tier'] == 'exact'" "tier exact"
json_check "$TMP/mb.json" "$CONSERVES" "conservation laws hold"
no_unsolicited "mb"
json_check "$TMP/mb.json" "t.get('ambiguous_calls', 0) == 0" "no ambiguous call"
json_check "$TMP/mb.json" "t['lost'] == 0 and t['calls_lost'] == 0" "nothing lost in matching"
json_check "$TMP/mb.json" "len($mine) == 1" "one row is membarrier_private_expedited's"
json_check "$TMP/mb.json" "all(r['func'] == 'ipi_mb' for r in $mine)" "its function is ipi_mb"
json_check "$TMP/mb.json" "$least <= sum(r['calls'] for r in $mine) <= $n" "its calls are as many as were sent"
json_check "$TMP/mb.json" "all(r['sends'] + r['elided'] == r['calls'] for r in $mine)" "every call was sent or elided"
json_check "$TMP/mb.json" "all(r['sends'] == r['target_hits'] for r in $mine)" "one target hit a send"
json_check "$TMP/mb.json" "all(r['delivered'] + r['coalesced'] == r['target_hits'] for r in $mine)" \
	"every hit arrived"
json_check "$TMP/mb.json" "all(r['elided'] * 100 <= r['calls'] for r in $mine)" \
	"elided calls are few: the spinner does not idle"
json_check "$TMP/mb.json" "all(r['delivery_ns']['count'] > 0.9 * r['sends'] and
	0 < r['delivery_ns']['min'] <= r['delivery_ns']['p50'] <= r['delivery_ns']['p99'] <= r['delivery_ns']['max']
	for r in $mine)" "latencies are there and in order"
# The sender waits for its call: no delivery of the typical call can take longer than the round trip.
json_check "$TMP/mb.json" "all(r['delivery_ns']['p50'] <= $(kv p50_ns "$sent") for r in $mine)" \
	"typical delivery is shorter than the round trip that the sender measured"
# Each wait is a part of a round trip, by the sender's own clock.
exits 0 "list" "$IPITRACE" list --json --comm membarrier "$TMP/mb.dat"
cp "$OUT" "$TMP/mb.lines"
ok "its waits lie within the round trips that it measured" \
	python3 "$ROOT/tests/live/waits.py" "$TMP/mb.ops" ipi_mb $((least * 99 / 100)) <"$TMP/mb.lines"
note "$(cat "$TMP/ok.out")"
json_check "$TMP/mb.json" "all(r['wait_ns']['count'] + r['waits_unknown'] == r['calls'] and
	r['wait_ns']['max'] <= $(kv max_ns "$sent") for r in $mine)" "its row has them, too"
exits 0 "report --by source,target,func" "$IPITRACE" report -i "$TMP/mb.dat" --by source,target,func --json
cp "$OUT" "$TMP/by.json"
json_check "$TMP/by.json" "[(r['source'], r['target']) for r in rows if r['func'] == 'ipi_mb'] == [(0, 1)]" \
	"from CPU 0 to CPU 1 only"

# This window holds the recording's, so it counts at least what was traced.
json_check "$TMP/mb.json" "$least <= d['interrupts_by_class']['call_function_single'] +
	d['interrupts_by_class']['call_function'] <= $((after - before))" "/proc/interrupts has no fewer CAL than traced"
exits 0 "text report" "$IPITRACE" report -i "$TMP/mb.dat"
like "$(cat "$OUT")" '/proc/interrupts' "the report states its coverage against /proc/interrupts"
unlike "$(cat "$OUT")" 'MISMATCH' "and it agrees"
done_testing
