#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 600
#
# Another process turns a knob of the recording's instance, each of them in
# turn: record says which and exits 3, and so does report. One that nobody
# touches is complete.
. "$(dirname "$0")/../lib.sh"
need_live 2
live_lock

# tamper NAME REGEX COMMAND: COMMAND runs in the instance while it records.
tamper() {
	local name=$1 want=$2 command=$3 pid status
	"$IPITRACE" record -o "$TMP/t.dat" >"$OUT" 2>"$ERR" </dev/null &
	pid=$!
	wait_recording $pid || not_ok "$name: recording began"
	sleep 0.2
	(cd "$(instance_of $pid)" && bash -c "$command") 2>"$TMP/tamper.err" ||
		note "$name: cannot be done here: $(cat "$TMP/tamper.err")"
	kill -INT $pid
	wait $pid
	status=$?
	if [ -s "$TMP/tamper.err" ]; then
		skip "$name is noticed" "this kernel refuses it: $(head -n 1 "$TMP/tamper.err")"
		return
	fi
	is $status 3 "$name: record exits 3" || note "$(cat "$ERR")"
	like "$(cat "$ERR")" "$want" "$name: it says what was changed"
	exits 3 "$name: report exits 3" "$IPITRACE" report -i "$TMP/t.dat" --json
	like "$(cat "$ERR")" "$want" "$name: report repeats it"
}

tamper "tracing_on" 'tracing_on was switched off' 'echo 0 >tracing_on'
tamper "all events" "events/\\*/\\*/enable was changed by another process: from '1.*' to '0.*' \\([0-9]+ events\\)" 'echo 0 >events/enable'
is "$(grep -c 'another process' "$ERR")" 1 "all events: in one line" || note "$(cat "$ERR")"
tamper "a group" "events/csd/\\*/enable was changed by another process: from '1.*' to '0.*' \\([0-9]+ events\\)" 'echo 0 >events/csd/enable'
is "$(grep -c 'another process' "$ERR")" 1 "a group: in one line" || note "$(cat "$ERR")"
# Within a second, between two looks at the counts.
tamper "one event, and back" 'events/csd/csd_queue_cpu/enable was written by another process' \
	'echo 0 >events/csd/csd_queue_cpu/enable; echo 1 >events/csd/csd_queue_cpu/enable'
tamper "a group, and back" 'events/csd/enable was written by another process' 'echo 0 >events/csd/enable; echo 1 >events/csd/enable'
tamper "tracing_on, and back" 'tracing_on was written by another process' 'echo 0 >tracing_on; echo 1 >tracing_on'
tamper "one event" 'events/csd/csd_queue_cpu/enable was changed' 'echo 0 >events/csd/csd_queue_cpu/enable'
tamper "a filter" 'events/ipi/ipi_send_cpu/filter was changed' 'echo "cpu == 77" >events/ipi/ipi_send_cpu/filter'
tamper "a trigger" 'events/ipi/ipi_send_cpu/trigger was changed' 'echo "!stacktrace" >>events/ipi/ipi_send_cpu/trigger'
tamper "tracing_cpumask" 'tracing_cpumask was changed' 'echo 1 >tracing_cpumask'
tamper "set_event_pid" 'set_event_pid was changed' 'echo $$ >set_event_pid'
tamper "set_event_notrace_pid" 'set_event_notrace_pid was changed' 'echo $$ >set_event_notrace_pid'
tamper "the clock" "trace_clock was changed.*'mono' to 'global'" 'echo global >trace_clock'
tamper "the buffer's size" 'buffer_size_kb was changed' 'echo 100 >buffer_size_kb'
tamper "one CPU's buffer" "per_cpu/cpu1/buffer_size_kb was changed by another process: from '[0-9]+' to '1[0-9][0-9]'" \
	'echo 100 >per_cpu/cpu1/buffer_size_kb'
tamper "overwrite mode" 'options/overwrite was changed' 'echo 0 >options/overwrite'
# It shows in the counts, which are looked at every second.
# Or of what was read before they count no more, though it is in the recording.
tamper "emptying it" 'the buffer was emptied|another process emptied, read or changed them' 'sleep 1.5; : >trace; sleep 1.5'
# What coverage does not judge, and no glance sees, the counts of the ring buffers and of the file tell: no damaged file.
tamper "reading from it" 'ring buffers counted [0-9]+ records, [0-9]+ are in the recording' \
	'timeout 0.3 cat trace_pipe >/dev/null; :'
unlike "$(cat "$ERR")" 'damaged' "reading from it: the file is not called damaged"

exits 0 "untouched: record exits 0" "$IPITRACE" record -o "$TMP/ok.dat" -- "$EXAMPLES/membarrier" -n 2000
unlike "$(cat "$ERR")" 'changed|emptied|switched' "untouched: nothing to say"
exits 0 "untouched: report exits 0" "$IPITRACE" report -i "$TMP/ok.dat"

# With a workload its own status comes first; --strict wants a complete recording.
strict() {
	"$IPITRACE" record "$@" -o "$TMP/s.dat" -- sh -c 'sleep 3; exit 7' >"$OUT" 2>"$ERR" </dev/null &
	local pid=$!
	wait_recording $pid
	echo 0 >"$(instance_of $pid)/tracing_on"
	wait $pid
}
strict
is $? 7 "tampered with beside a workload that fails: the workload's status"
like "$(cat "$ERR")" 'tracing_on was switched off' "and it is said"
strict --strict
is $? 3 "with --strict: 3"
is "$(find /sys/kernel/tracing/instances -maxdepth 1 -name 'ipitrace-[0-9]*')" "" "nothing is left behind"
done_testing
