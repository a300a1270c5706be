#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# record --kvm: of which threads scheduling is recorded. No virtual machine is needed: a thread is called as QEMU calls
# those of virtual CPUs. What virtual machines do is tested by those of the lab.
. "$(dirname "$0")/../lib.sh"
need_live
live_lock
[ -e /sys/kernel/tracing/events/kvm/kvm_exit/format ] || skip_all "no events of KVM in this kernel"
[ -z "$(find /sys/kernel/debug/kvm -mindepth 1 -maxdepth 1 -type d 2>/dev/null)" ] || skip_all "virtual machines run here"

# vcpu NAME SECONDS: in the background, its process in $vcpu.
mkfifo "$TMP/never"
vcpu() {
	(
		printf '%s' "$1" >/proc/self/comm
		# No process of its own: that would have the name as well.
		read -rt "$2" <>"$TMP/never"
	) &
	vcpu=$!
	while [ "$(cat /proc/$vcpu/comm)" != "$1" ]; do sleep 0.05; done
}
record() { IPITRACE_DEBUG=session "$IPITRACE" record --kvm -o "$TMP/t.dat" "$@" 2>"$ERR" >/dev/null; }
filter() { sed -n "s,.*/events/$1/filter <- ,,p" "$ERR" | tail -n 1; }
facts() { grep -a '^kvm ' "$TMP/t.dat"; }

record -d 0.2s
is $? 0 "nothing runs"
like "$(cat "$ERR")" 'no virtual machine runs yet: the scheduling of all tasks is recorded$' "  which it says"
is "$(filter sched/sched_switch)" "" "  all tasks"
like "$(facts)" '^kvm 0 record sched all$' "  and so says the file"
like "$(cat "$ERR")" '^ipitrace: no virtual machine was found, neither when it began nor when it ended: report --kvm may have nothing to show$' "  and at its end that there was none"
exits 1 "  of which there is nothing to report" "$IPITRACE" report --kvm "$TMP/t.dat"
like "$(cat "$ERR")" 't.dat: recorded with --kvm, but no virtual machine ran$' "  which says why"
unlike "$(cat "$ERR")" 'record --kvm.$' "  and does not tell to do what was done"

vcpu "CPU 7/KVM" 60
record -d 0.2s
is $? 0 "one thread of a virtual CPU"
is "$(filter sched/sched_switch)" "prev_pid == $vcpu || next_pid == $vcpu || prev_comm ~ \"CPU */KVM\" || next_comm ~ \"CPU */KVM\"" "  is recorded, and what QEMU may start"
is "$(filter sched/sched_waking)" "pid == $vcpu || comm ~ \"CPU */KVM\"" "  its wake-ups"
is "$(filter kvm/kvm_exit)" "" "  and KVM's events of all"
is "$(filter kvm/kvm_msr)" "ecx == 0x830 && write == 1" "  of registers those that send"
like "$(facts)" '^kvm 0 record sched threads$' "  and so says the file"
like "$(facts)" "^kvm 3 module/kvm halt_poll_ns $(cat /sys/module/kvm/parameters/halt_poll_ns)$" "  which has the host's parameters"

record -d 0.2s -p $vcpu
is $? 0 "of one process"
is "$(filter kvm/kvm_exit)" "common_pid == $vcpu" "  KVM's events of its threads"
is "$(filter kvm/kvm_msr)" "(ecx == 0x830 && write == 1) && (common_pid == $vcpu)" "  with their own filter"
is "$(filter sched/sched_waking)" "pid == $vcpu" "  its wake-ups alone"
is "$(filter kvm/kvm_apic_accept_irq)" "" "  but accepts of everybody: devices send, too"
record -d 0.2s -p "!$vcpu"
is "$(filter sched/sched_switch)" "" "of none that is left: all tasks"
record -d 0.2s -p $$
is $? 0 "of a process that runs none"
like "$(cat "$ERR")" 'no virtual CPU of -p runs yet' "  which it says"
is "$(filter kvm/kvm_exit)" 'COMM ~ "CPU */KVM"' "  those that QEMU may start"
like "$(cat "$ERR")" '^ipitrace: no virtual machine of -p was found' "  and at its end"
unlike "$(cat "$ERR")" 'there is no such process' "  though the process is there"
exits 1 "  of which there is nothing to report" "$IPITRACE" report --kvm "$TMP/t.dat"
like "$(cat "$ERR")" 't.dat: recorded with --kvm, but no virtual machine of its -p ran$' "  which says of which"
gone=$(sh -c 'echo $$')
record -d 0.2s -p "$gone"
like "$(cat "$ERR")" "-p $gone: there is no such process" "of a process that is gone, which it says"
record -d 0.2s -e sched:sched_switch
is "$(filter sched/sched_switch)" "" "an event by its name is recorded whole"

# One that comes later is found, and the filters follow; that is nobody else's doing.
record -d 60s -- sh -c "printf 'CPU 8/KVM' >/proc/\$\$/comm; for i in \$(seq 100); do
	grep -q \"prev_pid == $vcpu || prev_pid == \$\$ \\|prev_pid == \$\$ || prev_pid == $vcpu \\|prev_pid >= \" /sys/kernel/tracing/instances/ipitrace-*/events/sched/sched_switch/filter && exit 0; sleep 0.2; done; exit 1"
is $? 0 "one that comes later is in the filter"
like "$(facts)" '^kvm 0 thread/[0-9]+ from_ns [1-9][0-9]*$' "  and in the file, with the time from which it is recorded"
is "$(grep -a '^reason' "$TMP/t.dat")" "" "  which no other process did"
kill $vcpu
wait
done_testing
