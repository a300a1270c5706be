#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# stat --counts: what the kernel's own tables say against what the module sent.
# shellcheck source=../lib.sh
. /lab/lib.sh
cd /tmp || exit 1
if ! [ -d /sys/kernel/tracing/events/csd ]; then
	ipitrace stat --counts -d 100ms >out 2>err
	is $? 1 "no events to count by: refused"
	ok "and says why" grep -q 'cannot count: it has no event ipi:ipi_send_cpu' err
	ok "as does probe" sh -c "ipitrace probe | grep -q '^  counts of the kernel.s own *missing$'"
	is "$(ls /sys/kernel/tracing/instances)" "" "nothing is left"
	done_testing
fi
if ! [ -e /sys/kernel/tracing/events/ipi/ipi_send_cpu/hist ]; then
	ipitrace stat --counts -d 100ms >out 2>err
	is $? 1 "no tables to count in: refused"
	ok "and says why" grep -q 'cannot count: it has no hist triggers' err
	ok "as does probe" sh -c "ipitrace probe | grep -q '^  counts of the kernel.s own *missing$'"
	is "$(ls /sys/kernel/tracing/instances)" "" "nothing is left"
	done_testing
fi
ok "probe says that it can" sh -c "ipitrace probe | grep -q '^  counts of the kernel.s own *present$'"
[ "$ROW_CPUS" = 4 ] || skip_all "counted on a row of 4 CPUs"
truth() { sed -n "s/^sent: .*$1=\([0-9]*\).*/\1/p" "${2:-out}" | tail -n 1; }
# Counts of rows of a table (its heading begins with $1) that are $2 of the module's; a row's stack counts with it.
module() {
	awk -v table="$1" -v what="$2" '
		function done() { if (on && row ~ what) sum += n; row = "" }
		/^ *[A-Z]+ / { done(); on = $1 == table; next }
		/^$/ { done(); on = 0; next }
		/^ {0,10}[0-9]/ { done(); n = $1 }
		{ row = row " " $0 }
		END { done(); print sum + 0 }' counted
}

ok "single calls to busy CPUs" sh -c 'ipitrace stat --counts -o counted -- provoke single busy 0 1,2 200 >out 2>err'
sed 's/^/# /' counted | head -n 20
is "$(module CALLS ipitrace_bench_handler)" "$(truth sends)" "calls are those that were sent"
is "$(module CALLS '(^| )[12] ipitrace_bench_handler')" "$(truth sends)" "to these targets"
ok "sends are no fewer" [ "$(module SENDS generic_exec_single)" -ge "$(truth sends)" ]
ok "it says what it does not know" grep -q '^not known: targets of multicasts; what became of any' counted

ok "broadcasts" sh -c 'ipitrace stat --counts -o counted -- provoke broadcast busy 0 - 100 >out 2>err'
is "$(module CALLS ipitrace_bench_mask_handler)" "$(truth hits)" "a call to each target"
# Its call site is in what the compiler left of smp_call_function(): since 7.3 that is inline.
ok "multicasts are no fewer than were sent" [ "$(module MULTICASTS '(smp_call|ipitrace_bench_broadcast)')" -ge "$(truth sends)" ]

ok "by stack" sh -c 'ipitrace stat --counts --by stack -o counted -- provoke single busy 0 1,2 200 >out 2>err'
# Its threads are woken, too.
ok "stacks of the module are no fewer than its IPIs" [ "$(module SENDS ipitrace_bench)" -ge "$(truth hits)" ]
is "$(module CALLS ipitrace_bench_handler)" "$(truth sends)" "calls by function, as ever"

ipitrace stat --counts --json -d 200ms >out 2>err
is $? 0 "JSON"
for key in delivered coalesced interrupts unsolicited; do
	ok "what is not known is null: $key" grep -q "\"$key\": null" out
done
ok "nothing was dropped" grep -q '"dropped": 0' out
ipitrace stat --counts --json -n 1 -o one -- provoke single busy 0 1,2 200 >out 2>err
is "$(grep -c '"func"' one)" 1 "-n 1: one row of a table in JSON, as in text"
ipitrace stat --counts -o counted -- sh -c 'exit 7'
is $? 7 "the workload's status"
is "$(ls /sys/kernel/tracing/instances)" "" "nothing is left"
is "$(grep -v '^#' /sys/kernel/tracing/events/ipi/ipi_send_cpu/trigger)" "" "nor at the top of tracefs"
done_testing
