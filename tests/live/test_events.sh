#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 300
#
# Events that the user asks for beside those of IPIs: all of them are in the
# file, trace-cmd reads them, reports count them, and what tells of IPIs is as
# it is without them.
. "$(dirname "$0")/../lib.sh"
need_live 2
command -v trace-cmd >/dev/null || skip_all "no trace-cmd"
live_lock

# counts NAME: "EVENT COUNT" lines of $TMP/NAME.dat, by trace-cmd; no stacks.
counts() { trace-cmd report -i "$TMP/$1.dat" 2>/dev/null | sed -En 's/^.*\] *([^ ]+ +)?[0-9]+\.[0-9]+: +([a-z_0-9]+):.*/\2/p' | sort | uniq -c | awk '{ print $2, $1 }'; }
other() { json_get "$TMP/$1.json" 'd["trace"]["other_events"]'; }

record_report plain -- "$EXAMPLES/membarrier" -n 500
is "$(other plain)" 0 "without -e there are no other events"

# A list of -e: a pattern, a name, a whole system, and one that is recorded anyway.
IPITRACE_DEBUG=session record_report some --stack=sends -e 'sched:sched_s*,sched/sched_migrate_task' -e timer -e ipi:ipi_send_cpu,csd \
	-- "$EXAMPLES/membarrier" -n 500
counts some >"$TMP/some.counts"
for ev in sched_stat_runtime sched_migrate_task sched_switch timer_start hrtimer_start; do
	ok "$ev is in the file" grep -q "^$ev [1-9]" "$TMP/some.counts"
done
unlike "$(cat "$TMP/some.counts")" '^sched_(wakeup|process_exec) ' "what no pattern matches is not"
# Whose timer sends is asked of timer_expire_*: ipitrace reads these itself.
want=$(awk '$1 !~ /^timer_expire_(entry|exit)$/ && /^(sched_(s[a-z_]*|migrate_task)|h?r?timer_[a-z_]*|tick_stop|itimer_[a-z]*) / { n += $2 } END { print n + 0 }' "$TMP/some.counts")
is "$(other some)" "$want" "the report counts them as trace-cmd does"
like "$("$IPITRACE" report "$TMP/some.dat")" "events and $want of other kinds" "the text has them, too"
json_check "$TMP/some.json" "$CONSERVES" "totals are consistent"
least=$((500 - $(kv maybe_skipped "$(cat "$TMP/some.sent")")))
json_check "$TMP/some.json" 't["calls"] >= '$least' and t["ambiguous"] == 0 and d["trace"]["lost_events"] == 0 and d["trace"]["tier"] == "exact"' \
	"every call is there"
"$IPITRACE" report --by stack --func ipi_mb --json "$TMP/some.dat" >"$TMP/stacks.json"
json_check "$TMP/stacks.json" 'sum(r["calls"] for r in rows) >= '$least' and all(len(r["stack"]) > 2 for r in rows)' "and has its stack"

# What is recorded anyway keeps its filter, and is enabled once.
IPITRACE_DEBUG=session "$IPITRACE" record -C 1 --class call_function_single -e 'ipi:*' -e 'sched:sched_w*' -d 200ms -o "$TMP/f.dat" >"$OUT" 2>"$ERR"
is $? 0 "with filters: exit 0"
is "$(grep -c 'events/ipi/ipi_send_cpu/enable <- 1' "$ERR")" 1 "an event of IPIs is enabled once"
like "$(cat "$ERR")" 'events/ipi/ipi_send_cpu/filter <- .*CPUS\{1\}' "with its filter"
unlike "$(cat "$ERR")" 'events/sched/sched_waking/filter' "another event has none"

# A group by its name; the same event twice is one.
"$IPITRACE" record --with sched,idle -e power:cpu_idle -d 200ms -o "$TMP/g.dat" >"$OUT" 2>"$ERR"
is $? 0 "groups: exit 0"
trace-cmd dump --events -i "$TMP/g.dat" >"$TMP/g.formats" 2>/dev/null
for ev in sched_waking sched_wakeup sched_wakeup_new cpu_idle; do
	is "$(grep -c "^name: $ev$" "$TMP/g.formats")" 1 "$ev has its format, once"
done

# One of them switched off by another process: the file is not what was asked for.
"$IPITRACE" record -e sched:sched_switch -d 1s -o "$TMP/t.dat" >"$OUT" 2>"$ERR" </dev/null &
pid=$!
wait_recording $pid
sleep 0.3
echo 0 >"$(instance_of $pid)/events/sched/sched_switch/enable"
wait $pid
is $? 3 "switched off meanwhile: exit 3"
like "$(cat "$ERR")" 'events/sched/sched_switch/enable was changed' "it is named"

# Lost events: the hint names what fills the buffers.
"$IPITRACE" record -m 4K -e '*:*' -d 300ms -o "$TMP/l.dat" >"$OUT" 2>"$ERR"
if [ $? -eq 3 ]; then
	like "$(cat "$ERR")" '^hint: a bigger buffer.*fewer other events' "lost events: the hint names other events"
else
	skip "lost events: the hint names other events" "nothing was lost"
fi
exits 3 "and the report says what is missing" "$IPITRACE" report --json "$TMP/l.dat"
is "$(find /sys/kernel/tracing/instances -maxdepth 1 -name 'ipitrace-[0-9]*')" "" "nothing is left behind"
done_testing
