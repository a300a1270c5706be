#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# This guest hosts virtual machines: each scenario of vmm under "ipitrace record --kvm". What was recorded, and
# what the virtual machine knows, go to the host over the files port, where tests/vm/kvm-row compares them.
# shellcheck source=../lib.sh
. /lab/lib.sh
D=/tmp/kvm
mkdir -p $D
cd $D || exit 1
POLL=/sys/module/kvm/parameters/halt_poll_ns
cpus='' clock=''
# An exit of arm64 costs several times as much.
N=200
[ "$ROW_ARCH" = amd64 ] || N=60

# Of what hangs, where it does: for who reads the log.
say_stacks() {
	sleep 900
	for task in /proc/[0-9]*/task/*; do
		comm=$(cat "$task/comm")
		case $comm in
		ipitrace | vmm | CPU*) echo "# $what, $comm ${task##*/}: $(cut -d ' ' -f 2 "$task/stack" | head -n 8 | tr '\n' ' ')" ;;
		esac
	done
}

# scenario NAME VMM-OPTIONS...: on the CPUs of the mask $cpus, by the clock $clock, if they are set.
scenario() {
	what=$1
	shift
	say_stacks &
	watch=$!
	# shellcheck disable=SC2086 # several words, or none
	ipitrace record --kvm ${clock:+--clock $clock} -o "$what.dat" -- ${cpus:+taskset $cpus} vmm "$@" -o "$what.log" >"$what.sent" 2>"$what.err" </dev/null
	status=$?
	kill $watch
	is $status 0 "record $what"
	if [ $status -ne 0 ]; then
		sed 's/^/# /' "$what.err" | tail -n 8
		return
	fi
	ok "report $what" sh -c "ipitrace report --kvm=path,class,kick,source,target -i $what.dat --json >$what.json"
	ipitrace report --kvm -i "$what.dat" >"$what.txt" 2>&1
}

# paths PATH...: what each can do.
paths() {
	for path; do
		scenario "$path-halt" -p "$path" -w halt -n $N
		scenario "$path-many" -p "$path" -w halt -n 60 -t 3
	done
	scenario poll -w poll -n $N
	scenario async -w poll -n $N -a -g 100
	scenario masked -w masked -n $N -a -g 100
	scenario many-async -w halt -n 60 -t 3 -a -g 100
	# Sender and target take turns on one CPU of the host.
	cpus=1
	scenario preempted -w poll -n 20
	cpus=
	# Far apart, so that the target sleeps, or the host polls for it all the time.
	before=$(cat $POLL)
	echo 0 >$POLL
	scenario slept -w halt -n 50 -g 1200000
	echo 20000000 >$POLL
	scenario polled -w halt -n 50 -g 1200000
	echo "$before" >$POLL
}

# Two virtual machines at once, of which one is recorded, from before it runs until after it did: so what the kernel counts
# of it is what was recorded, to the last exit.
chosen() {
	mkfifo one other
	vmm -w halt -k -o chosen.log <one >chosen.sent &
	pid=$!
	vmm -w halt -k -o other.vmm <other >other.sent &
	exec 4>one 5>other
	# Both are there once their threads have names.
	while [ "$(cat /proc/[0-9]*/task/*/comm 2>/dev/null | grep -c '^CPU [01]/KVM$')" -lt 4 ]; do sleep 0.2; done
	ipitrace record --kvm -p $pid -o chosen.dat -- sh -c \
		'echo >&4; echo >&5; while ! [ -s chosen.sent ] || ! [ -s other.sent ]; do sleep 0.2; done' 2>chosen.err </dev/null
	status=$?
	is $status 0 "record chosen"
	[ $status -eq 0 ] || sed 's/^/# /' chosen.err
	echo >&4
	echo >&5
	exec 4>&- 5>&-
	wait
	rm one other
	ok "report chosen" sh -c "ipitrace report --kvm=path,class,kick,source,target -i chosen.dat --json >chosen.json"
	ipitrace report --kvm -i chosen.dat >chosen.txt 2>&1
	sed 's/^/# /' chosen.txt
}

# The probe that tells whom SGIs are for goes with the recording, or with the next one.
probe() {
	events=/sys/kernel/tracing/kprobe_events
	is "$(cat $events)" "" "no probe is left"
	ipitrace record --kvm -o killed.dat >/dev/null 2>&1 &
	while ! grep -q vgic_v3_dispatch_sgi $events; do sleep 0.2; done
	kill -9 $!
	wait $!
	ok "the probe of a recorder that was killed is left" grep -q vgic_v3_dispatch_sgi $events
	ipitrace record --kvm -d 0.1s -o after.dat >/dev/null 2>&1
	is "$(cat $events)" "" "  until the next one"
	rm -f after.dat
}

ok "virtual machines can be hosted" test -c /dev/kvm
cp /lab/row row
case $ROW_ARCH in
amd64)
	paths x2apic xapic hypercall
	# Beside a device that interrupts the target, which runs on a CPU of its own.
	scenario device -w poll -n $N -d 60
	# A timer that wakes who sleeps, elsewhere than where it was set: of such halts the log knows nothing.
	scenario timer -w timer -n 20 -g 100000000
	mv timer.log timer.guest
	# Stamps are the counter that the guest's are.
	clock=x86-tsc
	scenario ticks -w halt -n 60 -t 3
	clock=
	;;
arm64) paths sysreg ;;
esac
chosen
[ "$ROW_ARCH" != arm64 ] || probe

for port in /sys/class/virtio-ports/*; do
	[ "$(cat "$port/name")" = ipitrace.files ] || continue
	cd /tmp && ok "files reach the host" sh -c "tar -cf - kvm >/dev/${port##*/}"
done
done_testing
