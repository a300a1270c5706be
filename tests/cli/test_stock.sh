#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Recordings by Debian's own trace-cmd on arm64, armhf (32 bits) and riscv64 (tests/data/README.md), against what was sent, as the
# module and examples/membarrier said, and against what trace-cmd finds in them.
. "$(dirname "$0")/../lib.sh"
cd "$TMP" || exit 1

# file arch version clock function | its sends and hits, all of which arrived | sends hits interrupts calls of all | queued before it began
while read -r name arch version clock func sends hits all_sends all_hits interrupts calls before; do
	[ -n "$name" ] || continue
	gzip -dc "$DATA/stock/$name.dat.gz" >"$name".dat
	exits 0 "$name: report" "$IPITRACE" report --json "$name".dat || continue
	is "$(json_get "$OUT" '" ".join(str(d["trace"][k]) for k in ("arch", "tier", "cpus", "clock", "lost_events"))')" \
		"$arch exact 4 $clock 0" "$name: architecture, tier, CPUs, clock, nothing lost"
	json_check "$OUT" "$CONSERVES" "$name: conservation laws hold"
	is "$(json_get "$OUT" "' '.join(str(sum(r[k] for r in rows if (r['func'] or '').startswith('$func')))
		for k in ('sends', 'target_hits', 'delivered', 'calls'))")" "$sends $hits $hits $hits" \
		"$name: $func: what was sent, and all arrived and ran"
	json_check "$OUT" "t['ambiguous'] == t['coalesced'] == t['lost'] == 0 and t['unsolicited'] == $before" \
		"$name: nothing has two readings"
	is "$(json_get "$OUT" '" ".join(str(t[k]) for k in ("sends", "target_hits", "interrupts", "calls"))')" \
		"$all_sends $all_hits $interrupts $calls" "$name: totals"
	if [ "$clock" = local ]; then
		json_check "$OUT" "not any(r['delivery_ns'] or r['queue_ns'] for r in rows) and any(r['func_ns'] for r in rows)" \
			"$name: no times between CPUs by clocks of their own"
	fi
	command -v trace-cmd >/dev/null || { skip "$name: as trace-cmd has it" "no trace-cmd"; continue; }
	like "$(trace-cmd dump --options "$name".dat 2>/dev/null | grep -A1 'Option VERSION')" "$version" \
		"$name: by trace-cmd $version"
	trace-cmd report "$name".dat >text 2>/dev/null
	is "$(grep -c ': csd_queue_cpu:' text) $(grep -cE ': ipi_send_cpu(mask)?:' text)" "$calls $all_sends" \
		"$name: trace-cmd finds so many calls and sends"
	[ "$clock" = local ] || ok "$name: every hit is that of trace-cmd report" python3 "$ROOT/tests/cli/list.py" hits "$IPITRACE" "$name".dat
done <<'FILES'
arm64-3.1.6-calls aarch64 3\.1\.6 mono ipitrace_bench_handler 40 40 69 69 69 65 0
arm64-3.1.6-membarrier aarch64 3\.1\.6 mono ipi_mb 20 60 41 81 82 73 1
arm64-3.1.6-local aarch64 3\.1\.6 local ipi_mb 20 60 42 82 82 72 0
armhf-3.3.1-calls armv7l 3\.3\.1 mono ipitrace_bench_handler 40 40 71 71 71 68 0
armhf-3.3.1-membarrier armv7l 3\.3\.1 mono ipi_mb 20 60 53 93 93 86 0
riscv64-3.3.1-calls riscv64 3\.3\.1 mono ipitrace_bench_handler 40 40 57 57 57 55 0
riscv64-3.3.1-local riscv64 3\.3\.1 local ipi_mb 20 60 59 99 99 95 0
riscv64-3.4-calls riscv64 3\.4 mono ipitrace_bench_handler 40 40 61 61 60 59 0
riscv64-3.4-membarrier riscv64 3\.4 mono ipi_mb 20 60 54 94 94 89 0
FILES

# Its stack trigger is enough for callers.
for name in arm64-3.1.6 armhf-3.3.1 riscv64-3.4; do
	exits 0 "$name: by caller" "$IPITRACE" report --json --func ipi_mb "$name"-membarrier.dat
	json_check "$OUT" "[r['caller'].split('+')[0] for r in rows] == ['membarrier_private_expedited']" "$name: the caller by stacks"
done
done_testing
