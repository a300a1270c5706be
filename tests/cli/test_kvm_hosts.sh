#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Recordings of the lab's hosts against what the guests logged: a multicast by hypercalls to three that halt, IPIs beside those of a
# device, and SGIs of arm64. tests/vm/kvm-row does the same with each that it boots.
. "$(dirname "$0")/../lib.sh"
. "$ROOT/tests/vm/kvm_checks.sh"
command -v trace-cmd >/dev/null || skip_all "no trace-cmd on this machine"
cp "$DATA"/kvm/hosts/* "$TMP"
cd "$TMP" || exit 1

# Sends by the text of trace-cmd: stacks that the event of a send begins, and of which this function is a part, up to an
# interrupt that came in between. (Its stack is not always right behind a send: an interrupt may have events of its own there.)
sends_of() {
	trace-cmd report "$1" 2>/dev/null | awk -v func="$2" '
		!/^=> / { first = / kernel_stack: / }
		/^=> / && first { sends = $2 ~ /^trace_event_raw_event_ipi_send_cpu/; first = edge = 0 }
		$2 ~ /^(asm_|el1)/ { edge = 1 }
		/^=> / && sends && !edge && $2 == func { n++; sends = 0 }
		END { print n + 0 }'
}

for of in amd64:kvm_pv_send_ipi device:kvm_apic_send_ipi arm64:vgic_v3_dispatch_sgi; do
	n=${of%:*} func=${of#*:}
	exits 0 "$n: report --kvm" "$IPITRACE" report --kvm=path,class,kick,source,target --json -i "$n.dat"
	cp "$OUT" "$n.json"
	check_kvm "$n"
	exits 0 "$n: report" "$IPITRACE" report --json --by caller,comm -i "$n.dat"
	nr=$(sends_of "$n.dat" "$func")
	json_check "$OUT" "[(r['comm'], r['sends']) for r in rows if (r['caller'] or '').startswith('$func+')] == [('CPU 0/KVM', $nr)] and $nr > 50" \
		"$n: guests' IPIs are $func's, all $nr that trace-cmd knows"
	[ "$n" = device ] || continue
	nr=$(sends_of "$n.dat" eventfd_write)
	json_check "$OUT" "[(r['comm'], r['sends']) for r in rows if (r['caller'] or '').startswith('eventfd_write+')] == [('device', $nr)] and $nr > 20" \
		"$n: its own are the device's, all $nr that trace-cmd knows"
	exits 0 "$n: report --kvm in words" "$IPITRACE" report --kvm -i "$n.dat"
	like "$(cat "$OUT")" '^IPIs: 201 of 201 sends = 201 delivered; 60 interrupts of devices and timers beside these$' "  tells what is no IPI"
done
# A guest's timers, which wake it on another CPU of the host than that on which they were set: 75, by the guest's word.
exits 0 "timers: report --kvm" "$IPITRACE" report --kvm --json -i timer.dat
json_check "$OUT" "[(v['sends'], v['outcomes']['delivered'], v['injections'], v['eois'], v['other_accepts'], v['unsolicited']) for v in d['vms']] ==
	[(21, 21, 96, 96, 75, 0)] and not [l for l in d['laws'] if l['held'] is False]" "  each is injected, and none is taken for an IPI"
exits 0 "timers: report" "$IPITRACE" report --json --by caller,comm -i timer.dat
nr=$(sends_of timer.dat apic_timer_fn) ipis=$(sends_of timer.dat kvm_apic_send_ipi)
json_check "$OUT" "[(r['comm'], r['sends']) for r in rows if (r['caller'] or '').startswith('apic_timer_fn+')] == [('<hardirq>', $nr)] and $nr > 20" \
	"  their IPIs are theirs, all $nr that trace-cmd knows"
json_check "$OUT" "[(r['comm'], r['sends']) for r in rows if (r['caller'] or '').startswith('kvm_apic_send_ipi+')] == [('CPU 0/KVM', $ipis)]" \
	"  and the guest's, $ipis, the guest's"
# Timers and work of the host are told apart from these.
exits 0 "the host's own" "$IPITRACE" report --json --by caller,comm -i arm64.dat
json_check "$OUT" "{r['caller'].split('+')[0] for r in rows if r['caller']} >= {'rcu_gp_kthread_wake', 'process_timeout', 'vgic_v3_dispatch_sgi'}" \
	"and what else the host sends has its own callers"
done_testing
