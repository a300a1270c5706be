#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 300
#
# What events beside those of IPIs tell: whom a send wakes, in which idle state
# its target was, and whom it hit; against sched_switch, sched_wakeup and
# cpu_idle of the same file as trace-cmd prints them.
. "$(dirname "$0")/../lib.sh"
need_live 2
command -v trace-cmd >/dev/null || skip_all "no trace-cmd"
live_lock
agrees() { python3 "$ROOT/tests/cli/beside.py" "$1" "$IPITRACE" "$TMP/$2.dat" "$3"; }

for mode in "pipe" "futex -b"; do
	n=${mode%% *}
	# shellcheck disable=SC2086 # options
	record_report "$n" --with sched,idle -e sched:sched_switch,sched:sched_migrate_task -- \
		"$EXAMPLES/wakeup" -n 500 -m $mode
	ok "$n: wakees are those that ran, or that the target woke" agrees wakes "$n" 50
	ok "$n: whom an IPI hit is who ran, by sched_switch" agrees victims "$n" 50
	# Machines whose kernel hides the idle task's events have no idle state of any target.
	ok "$n: idle states are those of cpu_idle" agrees idle "$n" 0
	note "$(agrees wakes "$n" 0); $(agrees victims "$n" 0); $(agrees idle "$n" 0)"
	json_check "$TMP/$n.json" 'd["trace"]["wake_ups"]["wakees"] > 0 and d["trace"]["wake_ups"]["calls_unknown"] <= 2' \
		"$n: whom a queued wake-up wakes is known"
	json_check "$TMP/$n.json" "$CONSERVES" "$n: totals are consistent"
done

# Without these events nothing is claimed.
"$IPITRACE" record -o "$TMP/plain.dat" -- "$EXAMPLES/wakeup" -n 50 >/dev/null 2>&1
"$IPITRACE" report --json "$TMP/plain.dat" >"$TMP/plain.json"
json_check "$TMP/plain.json" 'd["trace"]["wake_ups"] is None and d["trace"]["idle_states"] is None' "not recorded: null"
is "$("$IPITRACE" list --json "$TMP/plain.dat" | grep -c '"wakee":"')" 0 "and no line has a wakee"
done_testing
