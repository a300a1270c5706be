# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A host's recording of a virtual machine against what its guest logged (kvm_truth.py); behind tests/lib.sh.
# In the working directory lie, for a NAME, NAME.dat, NAME.log of vmm, and NAME.json, its report.
KVM_TRUTH=$ROOT/tests/vm/kvm_truth.py
# The guest's clock is ahead of the host's by so many ns, where it is not the TSC.
KVM_AHEAD=123456789012

# check_kvm_join NAME OFFSET CHECK: with what its guest would have recorded, by the known offset and by causes and effects.
check_kvm_join() {
	local n=$1 offset=$2 how guest
	ok "$n: what its guest would have recorded" python3 "$ROOT/tests/vm/kvm_guest.py" "$n.log" "$n.guest.dat" "${offset:-ticks}" || return
	for how in known unknown; do
		[ $how = known ] || offset=unknown
		guest=$n.guest.dat${offset:+,offset=$offset}
		"$IPITRACE" report --kvm=caller,target --json --guest "$guest" -i "$n.dat" >"$n.$how.json" 2>"$n.$how.err" &&
			"$IPITRACE" export --chrome --guest "$guest" -o "$n.$how.chrome" "$n.dat"
	done
	ok "$n: joined as it was" python3 "$KVM_TRUTH" "$3" "$n" && note "$n: $(cat "$TMP/ok.out")"
}

# Who kicks and wakes virtual CPUs does it for others: an ordinary report names these, and guests' IPIs by who sends them.
check_kvm_callers() {
	local n=$1 kicks senders
	kicks='try_to_wake_up|rcuwait_wake_up|(__)?kvm_vcpu_(kick|wake_up)|__apic_accept_irq|kvm_apic_set_irq|kvm_irq_delivery|'
	kicks+='(svm|vmx)_(complete|deliver)_|__pv_send_ipi|vgic_queue_irq|vgic_v3_queue_sgi|kvm_vgic_inject'
	senders='(kvm_apic_send_ipi|kvm_pv_send_ipi|vgic_v3_dispatch_sgi)[+]'
	exits 0 "$n: who sends IPIs of the host" "$IPITRACE" report --json --by caller,comm -i "$n.dat" || return
	json_check "$OUT" "not [r['caller'] for r in rows if __import__('re').match(r'$kicks', r['caller'] or '')]" "$n: none that does so for others"
	# A target that halts, or runs beside its sender, may need none.
	json_check "$OUT" "(lambda own: sum(r['sends'] for r in own) <= sum(r['ipis'] for r in __import__('json').load(open('$n.json'))['rows']) and
		{r['comm'] for r in own} <= {'CPU 0/KVM'})([r for r in rows if __import__('re').match(r'$senders', r['caller'] or '')])" \
		"$n: guests' are their senders', no more than these sent"
	! grep -q '^device ' "$n.log" || json_check "$OUT" "(lambda own: 0 < sum(r['sends'] for r in own) <= $(awk '/^device / { print $2 }' "$n.log") and
		{r['comm'] for r in own} == {'device'})([r for r in rows if (r['caller'] or '').startswith('eventfd_write+')])" "$n: a device's are the device's"
}

# check_kvm NAME: all of it, of clock mono.
check_kvm() {
	local n=$1 check
	trace-cmd report -t -R -i "$n.dat" >"$n.raw" 2>/dev/null
	for check in counts order stages halts; do
		ok "$n: $check" python3 "$KVM_TRUTH" $check "$n"
	done
	check_kvm_join "$n" $KVM_AHEAD join
	check_kvm_callers "$n"
	! grep -q async "$n.log" ||
		note "$n: one window a delivery would say: delivered, coalesced, unsolicited $(python3 "$DATA/kvm/naive.py" <"$n.raw")"
}
