#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Recordings of the lab's kernels, read on this machine: arm64 and amd64, with
# and without send events, CPU masks of two words. tests/data/README.md says how
# they were made. Exact numbers: a reader or matcher that changes one has changed its mind.
. "$(dirname "$0")/../lib.sh"
R=$DATA/rows

# row arch tier cpus | sends hits delivered coalesced interrupts unsolicited calls | membarriers: sends hits
# The one unsolicited interrupt of 66 CPUs runs a call that was queued before the recording began.
while read -r row arch tier cpus sends hits delivered coalesced interrupts unsolicited calls mb_sends mb_hits; do
	[[ -z $row || $row == '#' ]] && continue
	file=$R/$row.dat
	[ -e "$file" ] || file+=.gz
	exits 0 "$row: report" "$IPITRACE" report -i "$file" --json || continue
	cp "$OUT" "$TMP/$row.json"
	J=$TMP/$row.json
	is "$(json_get "$J" '" ".join(str(d["trace"][k]) for k in ("arch", "tier", "cpus"))')" "$arch $tier $cpus" \
		"$row: architecture, tier, CPUs"
	is "$(json_get "$J" '" ".join(str(t[k]) for k in ("sends", "target_hits", "delivered", "coalesced", "interrupts", "unsolicited", "calls"))')" \
		"$sends $hits $delivered $coalesced $interrupts $unsolicited $calls" "$row: totals"
	if [ "$tier" = sends ]; then
		json_check "$J" "d['trace']['lost_events'] == 0 and all(o[k] is None for o in [t, *rows]
			for k in ('delivered', 'coalesced', 'in_flight', 'lost'))" "$row: nothing lost; what arrived is not claimed"
	else
		json_check "$J" "$CONSERVES" "$row: conservation laws hold"
		# Two that RT's guest took 0.6 ms after the beginning were sent before it.
		json_check "$J" "d['trace']['lost_events'] == 0 and t['lost'] == 0 and
			t['unsolicited'] == t['unsolicited_at_start'] == (2 if '$row' == 'amd64-6.12rt' else t['calls_unqueued'] or 0)" "$row: nothing lost"
		json_check "$J" "t['ambiguous'] == 0" "$row: nothing has two readings"
		json_check "$J" "all(c['ok'] for c in d['coverage']) and d['coverage']" "$row: /proc/interrupts agrees"
	fi
	is "$(json_get "$J" '" ".join(str(sum(r[k] for r in rows if r["func"] == "ipi_mb" and
		r["caller"].startswith("membarrier_private_expedited+"))) for k in ("sends", "target_hits"))')" \
		"$mb_sends $mb_hits" "$row: membarriers by caller and function"
	json_check "$J" "all(r['caller'] and not r['caller'].startswith(('0x', 'kprobe', 'ftrace', 'smp_call', 'generic_exec',
		'on_each_cpu', 'native_', 'arch_send', '__smp_call', 'folio_unlock', '__local_bh_enable', 'rcu_read_unlock')) for r in rows if r['sends'])" \
		"$row: every send has a caller outside the plumbing"
	json_check "$J" "all(r['func'] for r in rows if r['sends'] and r['class'] != 'reschedule')" \
		"$row: every call has a function"
	# The same in version 7, compressed, without what only ipitrace knows.
	if ! command -v trace-cmd >/dev/null; then
		skip "$row: converted" "no trace-cmd"
		continue
	fi
	if [ "$arch" = s390x ]; then
		skip "$row: converted" "trace-cmd writes options of a big-endian file that it cannot read itself"
		continue
	fi
	[[ $file == *.gz ]] && { zcat "$file" >"$TMP/plain.dat"; file=$TMP/plain.dat; }
	exits 0 "$row: trace-cmd converts it" trace-cmd convert -i "$file" -o "$TMP/v7.dat" --compression zstd
	exits 0 "$row: report of that" "$IPITRACE" report -i "$TMP/v7.dat" --json
	if [ "$row" = riscv64-6.12 ]; then
		# All are named "IPI": which number is which only ipitrace's facts tell.
		json_check "$OUT" "d['trace']['tier'] == 'sends' and t['delivered'] is None and t['interrupts'] == $interrupts and
			d['interrupts_by_class']['other'] == $interrupts" "$row: by numbers alone nothing is matched"
		continue
	fi
	counts='{k: v for k, v in t.items() if k != "own_sends"}, d["interrupts_by_class"], d["trace"]["tier"]'
	is "$(json_get "$OUT" "$counts")" "$(json_get "$J" "$counts")" "$row: the same counts"
done <<'ROWS'
amd64-6.1 x86_64 paired 4 96 220 220 0 220 0 None 40 117
arm64-6.1 aarch64 paired 4 67 145 145 0 145 0 None 40 118
arm64-6.12 aarch64 exact 4 69 148 148 0 148 0 138 40 119
amd64-66cpu x86_64 exact 66 58 84 83 0 84 1 79 4 24
amd64-5.10 x86_64 paired 4 74 163 163 0 163 0 None 40 119
amd64-6.12rt x86_64 exact 4 83 161 159 0 161 2 137 40 117
arm64-6.12rt aarch64 exact 4 197 275 275 0 275 0 198 40 118
amd64-7.3 x86_64 exact 4 74 178 177 0 177 0 173 40 118
arm64-7.3-16k aarch64 exact 4 66 145 145 0 145 0 143 40 119
riscv64-6.12 riscv64 exact 4 74 153 153 0 153 0 149 40 119
riscv64-7.2 riscv64 exact 4 60 138 138 0 138 0 134 40 118
ppc64el-7.3 ppc64le sends 4 78 157 None None 157 None 159 40 117
s390x-7.3 s390x sends 4 67 139 None None None None 137 40 112
ROWS

# Cut files: what was sent to a CPU whose data ends before is not known to be on its way, and interrupts that these CPUs
# may have sent are none that nobody sent. Only what is in flight at the end of the whole may be so.
for row in riscv64-7.2 amd64-7.3 amd64-6.1; do
	file=$R/$row.dat
	if [ -e "$file" ]; then cp "$file" "$TMP/whole.dat"; else zcat "$file.gz" >"$TMP/whole.dat"; fi
	for at in 65 80 90; do
		head -c $(($(stat -c %s "$TMP/whole.dat") * at / 100)) "$TMP/whole.dat" >"$TMP/cut.dat"
		exits 3 "$row, cut at $at %: exit code" "$IPITRACE" report --json "$TMP/cut.dat"
		json_check "$OUT" "$CONSERVES" "  conservation laws hold"
		json_check "$OUT" "t['in_flight'] <= $(json_get "$TMP/$row.json" "t['in_flight']") and t['lost'] > 15 and
			d['trace']['lost_events'] is None" "  its hits are lost, not in flight"
		# The first event of all may be an interrupt, before any gap.
		json_check "$OUT" "t['unsolicited'] - t['unsolicited_in_gap'] <= 1" "  their senders may be missing"
	done
done

# The mask of the 66-CPU guest: targets on both sides of the word's end.
exits 0 "66 CPUs: by target" "$IPITRACE" report -i "$R/amd64-66cpu.dat" --json --by target,func --func ipi_mb
is "$(json_get "$OUT" '" ".join(str(r["target"]) for r in sorted(rows, key=lambda r: r["target"]))')" \
	"1 33 62 63 64 65" "66 CPUs: the targets are those asked for"
# Where one interrupt is for all IPIs, each that the kernel counted has a send.
json_check "$TMP/s390x-7.3.json" "[(c['name'], c['low'], c['traced'], c['sent'], c['ok']) for c in d['coverage']] == [('EXC+EMS', 139, 139, True, True)]" \
	"s390x: external calls and emergency signals, and what was sent"
json_check "$TMP/ppc64el-7.3.json" "[(c['name'], c['low'], c['high'], c['traced'], c['sent']) for c in d['coverage']] == [('IPI+DBL', 155, 158, 157, True)]" \
	"powerpc: the interrupt of each node and doorbells, and what was sent"
like "$("$IPITRACE" report "$R/s390x-7.3.dat.gz")" '^coverage of /proc/interrupts: EXC\+EMS 139 sent for 139\.\.144$' "  the text says so"
# Classes are named as the kernel names them, on arm64 by ipi_raise or by the interrupt's number.
json_check "$TMP/arm64-6.1.json" "set(k for k, n in d['interrupts_by_class'].items() if n) <= {'reschedule', 'call_function', 'irq_work'}" \
	"arm64 6.1: classes"
json_check "$TMP/arm64-6.12.json" "set(k for k, n in d['interrupts_by_class'].items() if n) <= {'reschedule', 'call_function', 'irq_work'}" \
	"arm64 6.12: classes"
json_check "$TMP/amd64-6.1.json" "t['empty_interrupts'] is None" "amd64 6.1: without events of calls nobody knows which interrupts had none"
json_check "$TMP/amd64-6.1.json" "d['trace']['stacks']" "amd64 6.1: callers come from the stacks of the probes"
like "$("$IPITRACE" report "$R/amd64-6.1.dat")" '^calls: not recorded$' "amd64 6.1: no csd events, so no number of calls"
done_testing
