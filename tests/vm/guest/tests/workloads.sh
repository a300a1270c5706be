#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The workloads of examples/ under "ipitrace record"; recordings, reports and
# what was sent go to the host over the files port, where tests/vm/trace-row
# compares them. Here: exit codes, and that nothing is left in tracefs.
# shellcheck source=../lib.sh
. /lab/lib.sh
T=/sys/kernel/tracing
D=/tmp/trace
mkdir -p $D
cd $D || exit 1
N=${N:-200}
last=$((ROW_CPUS - 1))
targets=1-$last
# Many emulated CPUs share one thread: few targets, but on both sides of a mask word's end.
[ "$ROW_CPUS" -gt 8 ] && N=20 targets=1,$((ROW_CPUS / 2)),62-$last

# record NAME ARGS... -- WORKLOAD
record() {
	what=$1
	shift
	ipitrace record -o "$what.dat" "$@" >"$what.sent" 2>"$what.log" </dev/null
	status=$?
	tap_nr=$((tap_nr + 1))
	if [ $status -eq 0 ]; then
		echo "ok $tap_nr - record $what"
	else
		tap_failed=$((tap_failed + 1))
		echo "not ok $tap_nr - record $what"
		echo "#   exit $status"
		sed 's/^/#   /' "$what.log" | tail -n 8
		return
	fi
	ok "report $what" sh -c "ipitrace report -i $what.dat --json >$what.json"
	ipitrace report -i "$what.dat" >"$what.txt" 2>&1
}

left_behind() { ls $T/instances; grep -o 'ipitrace[^ ]*' $T/kprobe_events 2>/dev/null; }

cp /lab/row row
ok "probe" sh -c "ipitrace probe --json >probe.json"
ipitrace probe >probe.txt 2>&1
grep -E 'RES|CAL|TLB|IWI|IPI' /proc/interrupts >interrupts.before
if [ "$ROW_CPUS" = 1 ]; then
	record alone -- sleep 0.3
else
	record single -- membarrier -n "$N" -c 0 -t 1
	record many -- membarrier -n "$N" -c 0 -t "$targets"
	# Small enough to ship: tests/data/README.md.
	record sample -- membarrier -n $((N / 5)) -c 0 -t "$targets"
	record nostack --no-stack -- membarrier -n "$N" -c 0 -t 1
	record target -C "$last" -- membarrier -n "$N" -c 0 -t "$targets"
	# What is beside the IPIs: whom they wake, whom they hit, in which idle state.
	beside='--with sched,idle -e sched:sched_switch,sched:sched_migrate_task'
	# shellcheck disable=SC2086 # several words
	record idle $beside -- wakeup -n "$N" -c 0 -t 1
	# shellcheck disable=SC2086
	record busy --with work $beside -- wakeup -b -n "$N" -c 0 -t 1
	[ "$ROW_ARCH" = amd64 ] && record tlb -- tlb -n $((N / 2)) -c 0 -t "$targets"
	# Who in user space: tests/live/culprit.c, which has ended when the recording is saved.
	if [ "$ROW_ARCH" != amd64 ] && [ "$ROW_ARCH" != arm64 ]; then
		skip "user stacks" "ipitrace takes them on x86 and arm64 only"
	elif [ "$ROW_CPUS" -le 8 ]; then
		record user-omit --user-stack -- omit 30
		record user-direct --user-stack -- direct 30
		record user-frame --user-stack -- frame 30
		record user-fp --user-stack=fp -- frame 30
	else
		skip "user stacks" "on $ROW_CPUS emulated CPUs the culprit would wait for its other thread for minutes"
	fi
	# Whose work: a tree of processes and threads, two of them in a control group.
	if [ "$ROW_CPUS" -le 8 ]; then
		group=-
		mkdir /tmp/cgroup && mount -t cgroup2 none /tmp/cgroup && mkdir /tmp/cgroup/lab && group=/tmp/cgroup/lab
		record family -- family 20 "$group"
		umount /tmp/cgroup 2>/dev/null
	fi
	# CPUs that go and come while recording; then one that is missing from the beginning.
	C=/sys/devices/system/cpu/cpu
	record hotplug -- sh -c "membarrier -n 20 -c 0 -t $last && echo 0 >$C$last/online &&
		membarrier -n 20 -c 0 -t 1 && echo 1 >$C$last/online && membarrier -n 20 -c 0 -t $last"
	echo 0 >${C}1/online
	record sparse -- membarrier -n 20 -c 0 -t "$last"
	echo 1 >${C}1/online
fi
is "$(left_behind)" "" "nothing is left in tracefs"

# A run that is killed leaves its probes and its instance; the next one removes them and says so.
ipitrace record -o killed.dat -- sleep 60 2>/dev/null &
pid=$!
# Not while it makes its instance: 6.1 warns when a kill interrupts the allocation of buffers.
for _ in 1 2 3 4 5 6 7 8 9 10; do
	sleep 1
	[ "$(cat $T/instances/ipitrace-$pid.????????/tracing_on 2>/dev/null)" = 1 ] && break
done
kill -9 $pid
# shellcheck disable=SC2046 # may be several
kill $(pidof sleep) 2>/dev/null
record after -- sleep 0.2
is "$(left_behind)" "" "the run after a killed one cleans up"
is "$(grep -c 'left by an earlier run' after.log | sed 's/^[1-9][0-9]*$/yes/')" yes "and says so"
rm -f killed.dat .killed* after.dat

for port in /sys/class/virtio-ports/*; do
	[ "$(cat "$port/name")" = ipitrace.files ] || continue
	cd /tmp && ok "files reach the host" sh -c "tar -cf - trace >/dev/${port##*/}"
done
done_testing
