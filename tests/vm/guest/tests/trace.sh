#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# ipitrace against the module: what was recorded is what was sent. Fan-out,
# coalescing in windows with interrupts off, forced latency, each primitive.
# shellcheck source=../lib.sh
. /lab/lib.sh
command -v ipitrace >/dev/null || skip_all "ipitrace was not built for this guest"
[ -d /sys/kernel/tracing/events/csd ] || skip_all "no csd events: not the exact tier"
cd /tmp || exit 1

# t KEY: from the report's totals; row KEY: the first row's value
t() { sed -n '/^  "totals"/,/}/s/^ *"'"$1"'": \([0-9]*\).*/\1/p' report.json; }
# dist NAME KEY: of the first row's distribution
dist() { sed -n '/^  "rows"/,$p' report.json | sed -n '/"'"$1"'": {/,/}/s/^ *"'"$2"'": \([0-9]*\).*/\1/p' | head -n 1; }
# sent KEY: what the module says
sent() { sed -n "s/^sent: .*\b$1=\([0-9]*\).*/\1/p" sent; }

# traced FILTER-OPTION GLOB PROVOKE-ARGS...
traced() {
	opt=$1 glob=$2
	shift 2
	what="$1 $2 $3>$4"
	senders=$(echo "$3" | tr ',' '\n' | wc -l)
	ok "$what: recorded" sh -c "ipitrace record -m 4M -o t.dat -- provoke $* >sent 2>err || { cat err sent; false; }"
	ok "$what: reported" sh -c "ipitrace report -i t.dat --json $opt '$glob' >report.json"
	is "$(t lost)" 0 "$what: nothing lost"
}

# Each call is there once, ran, and had an IPI of its own or rode on another's.
calls_agree() {
	is "$(t calls)/$(t calls_run)" "$(sent hits)/$(sent hits)" "$what: calls and runs are the module's $(sent hits)"
	# Whether a sender's last call sent is known by what its CPU does next, which may lie beyond the recording.
	known=$(($(t target_hits) + $(t elided)))
	ok "$what: each was sent ($(t target_hits)) or elided ($(t elided)), a sender's last perhaps" \
		test $known -le "$(sent hits)" -a $known -ge $(($(sent hits) - senders))
	is "$(($(t delivered) + $(t coalesced) + $(t in_flight)))" "$(t target_hits)" "$what: each hit is accounted for"
}

traced --func 'ipitrace_bench_mask_handler*' many busy 0 1,2,3 100
calls_agree
is "$(t sends)" "$(sent sends)" "fan-out: one send for three targets"
is "$(sent no_irq)" 0 "fan-out: three busy targets, three interrupts"

traced --func 'ipitrace_bench_handler*' single busy 0 1 100
calls_agree
traced --func 'ipitrace_bench_handler*' single idle 3 0,1,2 99
calls_agree
traced --func 'ipitrace_bench_handler*' async busy 1 2,3 100
calls_agree
traced --func 'ipitrace_bench_mask_handler*' broadcast idle 2 - 50
calls_agree
traced --func 'ipitrace_bench_lock_handler*' broadcast-lock idle 0,2 - 50
calls_agree

traced --func 'ipitrace_bench_handler*' storm irqs-off 0,1,3 2 320 1000000 16
calls_agree
ok "storm: 20 windows, coalesced calls ($(sent coalesced) of $(sent hits))" test "$(sent windows)" -eq 20 -a "$(sent coalesced)" -gt 0
# Whoever found the queue empty sent; the module counted the interrupts in which calls ran.
ok "storm: $(t target_hits) IPIs for $(sent interrupts) interrupts" \
	test "$(t target_hits)" -le "$(sent interrupts)" -a "$(t target_hits)" -gt 0

traced --func 'ipitrace_bench_handler*' single irqs-off 0 1 50 5000000
calls_agree
ok "5 ms without interrupts: the module measures $(sent min_ns) ns at least" test "$(sent min_ns)" -ge 5000000
# The tracer's clock starts a little after the module's: with the send event.
ok "5 ms without interrupts: so does the tracer, p50 $(dist delivery_ns p50) ns" test "$(dist delivery_ns p50)" -ge 4000000

traced --callsite 'ipitrace_bench_reschedule*' reschedule busy 0 1 100
ok "reschedule: every kick that was due was sent ($(t sends) of $(sent sends), $(sent undecided) undecided)" \
	test "$(t sends)" -le "$(sent sends)" -a "$(t sends)" -ge $(($(sent sends) - $(sent undecided)))
is "$(($(t delivered) + $(t coalesced)))" "$(t sends)" "reschedule: and arrived"
if [ "$ROW_ARCH" = amd64 ]; then
	traced --callsite 'ipitrace_bench_reschedule_raw*' reschedule-raw idle 0 1,2 100
	is "$(t sends)" "$(sent sends)" "reschedule-raw: every one was sent"
	is "$(($(t delivered) + $(t coalesced)))" "$(sent sends)" "reschedule-raw: and arrived"
fi
traced --callsite 'ipitrace_bench_wakeup*' wakeup busy 0 1 50
# A target that is about to reschedule anyway needs no IPI, and no event says so: seldom.
woken=$(($(t sends) + $(t elided)))
ok "wakeup: every one was sent or elided ($woken of $(sent sends))" \
	test $woken -le "$(sent sends)" -a $woken -ge "$(($(sent sends) * 9 / 10))"
traced --callsite 'ipitrace_bench_irq_work*' irq-work idle 1 - 50
is "$(t sends)" "$(sent sends)" "irq-work: every one was sent to oneself"
done_testing
