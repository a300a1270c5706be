#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Self-validation: the module says what it sent, the tracer what it saw, and
# every IPI of every mode must be the same in both.
# shellcheck source=../lib.sh
. /lab/lib.sh
# Emulated CPUs that spin get in each other's way: few sends where targets are busy.
N=500 BUSY=60
[ "$ROW_CPUS" -gt 8 ] && N=50 BUSY=5

# trace NAME ARGS...: run, show the summary, demand agreement.
trace() {
	name=$1
	shift
	ipitrace bench --repeat 1 --trace "$@" >/tmp/out 2>/tmp/err
	is $? 0 "$name: tracer and module agree"
	grep '^trace:' /tmp/out | sed 's/^/# /'
	sed 's/^/# /' /tmp/err
}

if [ "$ROW_TIER" != exact ]; then
	ipitrace bench -n 100 --repeat 1 --modes single --trace >/tmp/out 2>/tmp/err
	is $? 1 "no csd events: --trace refuses"
	ok "and says why" grep -q "tier '$ROW_TIER' only" /tmp/err
	done_testing
fi
[ "$ROW_CPUS" -ge 2 ] || skip_all "one CPU sends no IPIs"

trace "all modes, idle targets" -n $N --modes all
# arm64 and riscv64 have one vector for all calls, and no reschedule for modules.
modes=12 single=call_function_single
[ "$ROW_ARCH" = amd64 ] || modes=11 single=call_function
is "$(grep -c '^trace: .* sent' /tmp/out)" $modes "every mode but the dry run was traced"
ok "single calls came as $single" grep -q "^trace: Normal IPI: .* [0-9]* ${single}[,;]" /tmp/out
ok "masks came as call_function" grep -q '^trace: Broadcast IPI: .* [0-9]* call_function[,;]' /tmp/out
ok "kicks came as reschedule" grep -q '^trace: Reschedule: .* [0-9]* reschedule' /tmp/out
ok "self work came as irq_work" grep -q '^trace: IRQ work: .* [0-9]* irq_work' /tmp/out
# A thread that shares its CPU may be away when it is kicked: then there is no IPI, and no word of one.
taskset 2 sh -c 'while :; do :; done' &
rival=$!
trace "kicks of a thread that shares its CPU" -n 40 --modes reschedule --state busy --targets 1 --pace 7ms
kill $rival
ok "some found it away or may have, and are not compared" grep -Eq '^trace: Reschedule: .* [1-9][0-9]* not decidable' /tmp/out
ok "the others were compared" grep -Eq '^trace: Reschedule: [1-9][0-9]* IPIs sent, [1-9][0-9]* matched' /tmp/out
trace "busy targets" -n $BUSY --modes single,async,many,broadcast,storm,wakeup --state busy
trace "interrupts off" -n $BUSY --modes single,storm --irqs-off-ns 300000
[ "$ROW_CPUS" -ge 4 ] && {
	trace "several senders" -n $BUSY --modes single,async,storm,broadcast-lock --senders 0,1 --targets 2,3
	trace "several senders broadcast" -n $BUSY --modes broadcast,many,kick-all --senders 0,1,2
}
[ "$ROW_CPUS" -le 8 ] && trace "all pairs" -n 50 --modes single --pairs
done_testing
