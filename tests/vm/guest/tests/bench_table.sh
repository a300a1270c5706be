#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# ipitrace bench with the module: the seed's table, every mode, the matrix of
# pairs; what it says was sent is what it was asked to send.
# shellcheck source=../lib.sh
. /lab/lib.sh
N=300 REPS=2
[ "$ROW_CPUS" -gt 8 ] && N=50

bench() { ipitrace bench -n "$N" --repeat "$REPS" "$@" >/tmp/out 2>/tmp/err; }

# Numbers of key $2 in the JSON rows of mode $1; rows end with their "repetitions".
of() {
	awk -v mode="\"$1\"," -v key="\"$2\":" '
		$1 == "\"mode\":" { on = $2 == mode }
		$1 == "\"repetitions\":" { on = 0 }
		on && $1 == key { sub(/,$/, "", $2); print $2 }' /tmp/out
}

ok "the default table is measured by the module" bench
ok "nothing had to be said on stderr" [ ! -s /tmp/err ]
sed 's/^/# /' /tmp/out		# for the log: the table of this kernel
for title in Dry-run Self-IPI 'Normal IPI' 'Broadcast IPI'; do
	ok "$title has a row" grep -q "^$title  *[-0-9]" /tmp/out
done
for label in kernel CPU microcode 'NUMA nodes' hypervisor 'idle driver' clocksource; do
	ok "the environment names $label" grep -q "^$label  *[^ ]" /tmp/out
done

ok "the machine is known to be a virtual one" sh -c "grep '^hypervisor' /tmp/out | grep -vq ' none$'"
[ "$ROW_NODES" -ge 2 ] && {
	ok "one IPI to the same node" grep -Eq '^Normal IPI .* (same-node|same-llc|smt-sibling) ' /tmp/out
	ok "  and one to the other" grep -Eq '^Normal IPI .* other-node ' /tmp/out
}

ok "the default table as JSON" bench --json
if [ "$ROW_CPUS" -lt 2 ]; then
	is "$(of self sends)" $((N * REPS)) "one CPU: self calls are measured"
	ok "one CPU: no target for the others, and that is said" grep -q 'no CPU is left as a target' /tmp/out
	done_testing
fi
for mode in dry-run self single broadcast; do
	is "$(of $mode sends | sort -u)" $((N * REPS)) "$mode: every send was made"
done
is "$(of single hits | sort -u)" $((N * REPS)) "single: one IPI a send"
is "$(of single hits | wc -l)" "$ROW_NODES" "  and a row for each node"
is "$(of broadcast hits)" $((N * REPS * (ROW_CPUS - 1))) "broadcast: an IPI for every other CPU a send"
is "$(of self wrong_cpu)" 0 "self: the handler ran where it should"
ok "a median delivery takes time" [ "$(of single p50 | head -n 1)" -gt 0 ]

ok "all modes at once" bench --modes all --json
nr=0
for mode in dry-run self single async many broadcast broadcast-lock kick-all irq-work reschedule wakeup storm; do
	[ "$(of $mode sends)" = $((N * REPS)) ] && nr=$((nr + 1))
done
is "$nr" 12 "12 modes of 12 were measured"
is "$(of storm wrong_cpu)" 0 "storm: no call went astray"

ok "busy targets" bench --modes single,reschedule --state busy --json
is "$(of single no_irq)" 0 "busy targets: every single call was an interrupt"

ok "interrupts off for 300 us" bench --modes single --irqs-off-ns 300000 --json
ok "no delivery was faster than that" [ "$(of single min | head -n 1)" -ge 300000 ]

ok "  of a call that goes to all CPUs as well" bench --modes kick-all --irqs-off-ns 300000 --json
ok "they were off when it was sent" [ "$(of kick-all no_window)" -lt $((N * REPS / 2)) ]

ok "a handler of 50 us" bench --modes single --handler-ns 50000 --json
ok "no round trip was faster than that" [ "$(of single min | tail -n 1)" -ge 50000 ]

if [ "$ROW_CPUS" -ge 4 ]; then
	ok "several senders" bench --modes single --senders 0,1 --targets 2,3 --json
	is "$(of single sends)" $((2 * N * REPS)) "two senders: twice the sends"
	[ "$ROW_NODES" -ge 2 ] && {
		ok "a target on another node" bench --modes single --targets other-node --json
		ok "and it is one" grep -q '"relation": "other-node"' /tmp/out
	}
fi
if [ "$ROW_CPUS" -le 8 ]; then
	ok "the matrix" bench --modes single --pairs --json
	is "$(of single sends | wc -l)" $((ROW_CPUS * (ROW_CPUS - 1))) "a row for every ordered pair"
	ok "the matrix as text" bench --modes single --pairs
	ok "has a row for the last CPU" grep -Eq "^ *$((ROW_CPUS - 1))( +[0-9]+){$((ROW_CPUS - 1))}" /tmp/out
fi

at_work() {
	# Not before it is, which takes a loaded machine's guest longer.
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
		sleep 1
		grep -q '^ipib_' /proc/[0-9]*/comm 2>/dev/null && break
	done
	sleep 1
}

# Ctrl-Z and fg, a debugger, a frozen cgroup: the kernel ends the module's run, of which nobody wants to know.
ipitrace bench -n 40000 --pace 100us --repeat 2 --modes single --targets any --json >/tmp/out 2>/tmp/err &
pid=$!
at_work
kill -STOP $pid
sleep 1
kill -CONT $pid
wait $pid
is $? 0 "stopped and continued: done"
is "$(of single sends)" 80000 "  with all that it was to send"
ok "  and nothing of it is partial" sh -c "! grep '\"partial\": true' /tmp/out"

# Ctrl-C: what the module had done until then is a result.
ipitrace bench -n 100000 --pace 100us --repeat 1 --modes single --json >/tmp/out 2>/tmp/err &
pid=$!
at_work
kill -INT $pid
wait $pid
is $? 130 "interrupted: 128 + SIGINT"
ok "and says that the result is partial" grep -q '^  "partial": true' /tmp/out
sed 's/^/# /' /tmp/err
ok "some sends were made" [ "$(of single sends)" -gt 0 ]
ok "the senders ran in no more than their time" [ "$(of single ran_ns)" -le "$(of single total_ns)" ]

# The module was there already, so bench has no right to unload it. Without it bench brings its own.
ok "bench leaves a module that it did not load" test -e /dev/ipitrace_bench
ok "unload" rmmod ipitrace_bench
ok "bench loads the module" bench --modes single --module /lab/ipitrace_bench.ko
ok "and unloads it" test ! -e /sys/module/ipitrace_bench
ipitrace bench -n 30000 --pace 100us --repeat 1 --modes single --targets any --module /lab/ipitrace_bench.ko --json >/tmp/out 2>/tmp/err &
pid=$!
at_work
exec 9</dev/ipitrace_bench
wait $pid
is $? 1 "somebody else has its device open meanwhile: exit 1"
ok "  that it can't be unloaded is said" grep -q 'cannot unload ipitrace_bench' /tmp/err
is "$(of single sends)" 30000 "  and what was measured is printed"
exec 9<&-
ok "  unload" rmmod ipitrace_bench
ipitrace bench --modes single --module /lab/nothing.ko >/tmp/out 2>/tmp/err
is $? 1 "no such module: exit 1"
ok "no such module: a hint" grep -q '^hint: .*make -C module' /tmp/err
ok "load again" insmod /lab/ipitrace_bench.ko
done_testing
