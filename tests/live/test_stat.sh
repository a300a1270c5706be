#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# stat against report of the very pages that stat read: every number, row and
# bucket, of three kinds of load, by several keys; intervals add up; where
# results go; exit status; ways out, after which tracefs is as it was.
. "$(dirname "$0")/../lib.sh"
need_live 2
live_lock

SNAP="$ROOT/tests/live/tracefs-snapshot"
"$SNAP" >"$TMP/before"
unchanged() {
	"$SNAP" >"$TMP/after"
	ok "$1: tracefs as before" diff "$TMP/before" "$TMP/after"
}
# The machine may be too busy to be exact; that is for the tests of record to judge. Here both tell of the same pages.
done_or_incomplete() { [ "$1" -eq 0 ] || [ "$1" -eq 3 ]; }
# same NAME KEYS WORKLOAD...
same() {
	local name=$1 by=$2 status
	shift 2
	"$IPITRACE" stat --by "$by" --json -o "$TMP/s.json" --save "$TMP/s.dat" -- "$@" >"$TMP/s.out" 2>"$ERR" </dev/null
	status=$?
	ok "$name by $by: stat" done_or_incomplete $status || note "$(tail -n 5 "$ERR")"
	"$IPITRACE" report --by "$by" --json "$TMP/s.dat" >"$TMP/r.json" 2>"$ERR"
	is $? $status "  report has the same exit status"
	ok "  every number is report's" "$ROOT/tests/live/stat.py" same "$TMP/s.json" "$TMP/r.json"
}
same membarriers caller,func "$EXAMPLES/membarrier" -n 5000 -c 0 -t 1
like "$(cat "$TMP/s.out")" '^sent: membarrier calls=5000' "-o: the workload keeps its standard output"
sent=$(cat "$TMP/s.out")
json_check "$TMP/s.json" "$((5000 - $(kv maybe_skipped "$sent"))) <= sum(r['calls'] for r in rows if r['func'] == 'ipi_mb') <= 5000" \
	"the membarriers that were sent are there"
json_check "$TMP/s.json" "$CONSERVES" "conservation laws hold"
json_check "$TMP/s.json" "d['totals']['waits'] > 0" "how long senders waited is known"
same munmaps func,comm,pid "$EXAMPLES/tlb" -n 2000
same hackbench source,target,class hackbench -l 100
same "wake-ups" stack,process "$EXAMPLES/wakeup" -n 2000

# --- intervals ---
"$IPITRACE" stat -I 100ms --json -o "$TMP/i.json" --save "$TMP/i.dat" -- "$EXAMPLES/tlb" -n 20000 >"$OUT" 2>"$ERR" </dev/null
ok "-I: stat" done_or_incomplete $?
"$IPITRACE" report --json "$TMP/i.dat" >"$TMP/r.json" 2>"$ERR"
ok "-I: intervals join, and add up to the report's totals, rows and buckets" \
	"$ROOT/tests/live/stat.py" sums "$TMP/i.json" "$TMP/r.json"
exits 0 "-I as text" "$IPITRACE" stat -I 100ms -d 350ms
like "$(cat "$OUT")" '^[0-9]+\.[0-9]{6}, 100ms: [0-9]+ sends?, [0-9]+ hits?, [0-9]+ interrupts?, 0 lost events$' "  a line of each"
is "$(grep -Ec 'interrupts?, 0 lost events$' "$OUT")" 4 "  three and what is left"
# An idle machine's first ones may have nothing at all.
"$IPITRACE" stat -I 10ms -d 100ms --json -o "$TMP/idle.json" >"$OUT" 2>"$ERR" </dev/null
ok "-I where little is sent" done_or_incomplete $?
ok "  intervals join" "$ROOT/tests/live/stat.py" join "$TMP/idle.json" 9
exits 0 "-I as CSV" "$IPITRACE" stat -I 100ms -d 350ms --csv -f func,sends
is "$(grep -c start_ns "$OUT")" 1 "  names of columns once"
is "$(grep -Evc '^(start_ns,end_ns,func,sends|[0-9]+,[0-9]+,[a-z_0-9.]*,[0-9]+)$' "$OUT")" 0 "  from when to when in front"

# --- filters ---
exits 0 "-C 1" "$IPITRACE" stat -C 1 --by target --json --save "$TMP/c.dat" -- "$EXAMPLES/wakeup" -n 500
cp "$OUT" "$TMP/s.json"
json_check "$TMP/s.json" "[r['target'] for r in rows] == [1]" "  that target only"
like "$(cat "$ERR")" '^sent: ' "results on standard output: the workload's output is on standard error"
"$IPITRACE" report --by target --json "$TMP/c.dat" >"$TMP/r.json" 2>"$ERR"
ok "  and every number is report's" "$ROOT/tests/live/stat.py" same "$TMP/s.json" "$TMP/r.json"
exits 0 "--func" "$IPITRACE" stat --func 'flush_tlb*' --json -- "$EXAMPLES/tlb" -n 500
cp "$OUT" "$TMP/s.json"
json_check "$TMP/s.json" "{r['func'] for r in rows} == {'flush_tlb_func'}" "  that function only"
unchanged "measured"

exits 0 "a filter that nothing passes" "$IPITRACE" stat --comm no-such-task -- "$EXAMPLES/wakeup" -n 200
like "$(cat "$ERR")" "^ipitrace: --comm: 'no-such-task' matches nothing in the measurement$" "  is told of"
like "$(cat "$ERR")" "'ipitrace stat --by comm' shows what there is$" "  and not sent to a recording that there is not"

# --- exit status ---
(umask 0 && : >"$TMP/x")
exits 7 "the workload's status" "$IPITRACE" stat -o "$TMP/x" -- sh -c 'exit 7'
is "$(stat -c %a "$TMP/x")" 600 "  results are for their owner alone, also in a file that was there"
exits 127 "a workload that does not exist" "$IPITRACE" stat -- ./no-such-program
exits 127 "the same with metrics" "$IPITRACE" stat --prometheus "$TMP/m.prom" -- ./no-such-program
is "$(grep -E '^ipitrace_(up|incomplete) ' "$TMP/m.prom")" $'ipitrace_up 0\nipitrace_incomplete 1' "  the file says that nothing goes on"
exits 126 "one that is not executable" "$IPITRACE" stat -- "$TMP/before"
exits 2 "two formats" "$IPITRACE" stat --json --csv
exits 2 "an unknown column: at once, not after measuring" timeout 10 "$IPITRACE" stat -f nonsense
like "$(cat "$ERR")" '^hint: .*--help columns lists them$' "  says what lists them"
exits 2 "an interval too short" "$IPITRACE" stat -I 1ms
like "$(cat "$ERR")" "'1ms': must be at least 10ms$" "  in the units of options"
exits 2 "results and recording in one file" "$IPITRACE" stat -d 100ms -o "$TMP/one" --save "$TMP/one"
exits 1 "no standard output" sh -c "'$IPITRACE' stat -d 10ms --save '$TMP/c.dat' >&-"
like "$(cat "$ERR")" '^hint: is it closed' "  asks whether it is closed"
exits 0 "  the recording is whole" "$IPITRACE" report "$TMP/c.dat"
exits 1 "results that cannot be written" "$IPITRACE" stat -o "$TMP/no/such/dir"
exits 1 "a file that cannot be kept" "$IPITRACE" stat --save "$TMP/no/such/dir" -d 100ms
unlike "$(cat "$ERR")" '-o FILE' "  is not the one of -o"
exits 2 "pages on standard output" "$IPITRACE" stat --save - -d 100ms
unlike "$(cat "$ERR")" '-o FILE' "  not told of -o, which is another file"
exits 0 "-d ends a workload" timeout 20 "$IPITRACE" stat -d 300ms -o "$TMP/x" -- sleep 60
"$IPITRACE" stat -d 2s -I 100ms 2>"$ERR" | head -n 1 >"$OUT"
is "${PIPESTATUS[0]}" 1 "a reader that goes away ends it"
is "$(grep -c '^ipitrace:' "$ERR")" 1 "  which is said once"
for with in "-C 1" "-I 1s" "--csv" "--by func" "--listen localhost:0" "--callers 5"; do
	# shellcheck disable=SC2086 # several words
	exits 2 "--counts does not go with $with" "$IPITRACE" stat --counts $with -d 100ms
done
hist=/sys/kernel/tracing/events/ipi/ipi_send_cpu/hist
if [ -e $hist ]; then
	exits 0 "--counts" "$IPITRACE" stat --counts -d 100ms
else
	exits 1 "--counts where the kernel has no such tables" "$IPITRACE" stat --counts -d 100ms
	like "$(tail -n 1 "$ERR")" '^hint: (it needs CONFIG_HIST_TRIGGERS|Linux 6.5)' "  says what it needs"
fi
unchanged "failures"

# --- events lost ---
exits 3 "a buffer too small: exit 3" "$IPITRACE" stat -m 8K --json --save "$TMP/l.dat" -- "$EXAMPLES/tlb" -n 20000
cp "$OUT" "$TMP/s.json"
like "$(cat "$ERR")" '^ipitrace: CPU [0-9]+ lost [1-9][0-9]* of [0-9]+ events$' "  says how many on which CPU"
json_check "$TMP/s.json" "d['trace']['lost_events'] > 0 and $CONSERVES" "  so do the results, and the laws hold"
"$IPITRACE" report --json "$TMP/l.dat" >"$TMP/r.json" 2>"$ERR"
ok "  and every number is report's" "$ROOT/tests/live/stat.py" same "$TMP/s.json" "$TMP/r.json"
exits 7 "with a workload of another status" "$IPITRACE" stat -m 8K -o "$TMP/x" -- sh -c "$EXAMPLES/tlb -n 20000; exit 7"
exits 3 "unless --strict" "$IPITRACE" stat --strict -m 8K -o "$TMP/x" -- sh -c "$EXAMPLES/tlb -n 20000; exit 7"

# --- events that come too late ---
# The buffer of CPU 1 looks empty, for longer than a reading may be behind; then all is there that was told nobody in time.
if "${CC:-gcc}" -O1 -shared -fPIC -o "$TMP/shim.so" "$ROOT/tests/live/shim.c" -ldl; then
	late=(env SHIM_LATE=1 LD_PRELOAD="$TMP/shim.so" "$IPITRACE")
	exits 3 "events too late: exit 3" "${late[@]}" stat --json -- sh -c "$EXAMPLES/tlb -n 500 -c 0 -t 1 && sleep 1"
	json_check "$OUT" "d['trace']['late_events'] > 500 and d['trace']['lost_events'] == 0 and $CONSERVES" "  are counted, none is lost"
	like "$(cat "$ERR")" '^ipitrace: .*[1-9][0-9]* events? came too late to be matched$' "  says so"
	exits 3 "nor does check know then" "${late[@]}" check -C 1 --max 1000000 --json -- sh -c "$EXAMPLES/tlb -n 500 -c 0 -t 1 && sleep 1"
	json_check "$OUT" "d['verdict'] == 'unknown' and any('came too late' in r for r in d['reasons'])" "  why"
else
	skip "events too late" "no compiler for the shim"
fi

# --- signals ---
for sig in INT TERM; do
	"$IPITRACE" stat --json >"$OUT" 2>"$ERR" </dev/null &
	pid=$!
	wait_recording $pid
	sleep 0.3
	kill "-$sig" $pid
	wait $pid
	is $? 0 "SIG$sig ends it: exit 0"
	json_check "$OUT" "d['schema'] == 'ipitrace-report/1' and d['interval']['end_ns'] > d['interval']['start_ns']" "  with the results"
done
unchanged "signals"
"$IPITRACE" stat --save "$TMP/k.dat" -- sleep 60 >"$OUT" 2>"$ERR" </dev/null &
pid=$!
wait_recording $pid
child=$(pgrep -P $pid)
kill -9 $pid
wait $pid 2>/dev/null
kill "$child" 2>/dev/null
ok "kill -9: no file" test ! -e "$TMP/k.dat"
exits 0 "the next run" "$IPITRACE" stat -d 100ms
like "$(cat "$ERR")" 'removed tracefs instance ipitrace-.*, left by an earlier run' "  removes what was left, and says so"
unchanged "kill -9"
done_testing
