#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The flight recorder: a file has every IPI of its window and nothing older; what trips is named, and in the file; files that
# cannot be written cost nothing; nothing that was overwritten is called lost, and tracefs is as before.
. "$(dirname "$0")/../lib.sh"
need_live 2
live_lock

SNAP="$ROOT/tests/live/tracefs-snapshot"
"$SNAP" >"$TMP/before"
M="$EXAMPLES/membarrier"
cd "$TMP" || exit 1

# flight OPTIONS...: in the background, once it records; its messages are in $TMP/f.err, its pid is $pid.
flight() {
	"$IPITRACE" record --flight "$@" 2>f.err </dev/null &
	pid=$!
	at_exit "kill -9 $pid 2>/dev/null"
	for ((i = 0; i < 400; i++)); do
		grep -q 'keeping the last' f.err && break
		sleep 0.05
	done
	sleep 0.1
}
# A file that was asked for is there as soon as it has its name.
ask() {
	kill -USR1 "$pid"
	for ((i = 0; i < 400; i++)); do
		[ -s "$1" ] && break
		sleep 0.05
	done
}
ends() {
	kill -INT "$pid"
	wait "$pid"
	is $? "$1" "$2" || note "$(cat f.err)"
}
nr_of() { "$IPITRACE" list --json --func ipi_mb "$1" 2>/dev/null | wc -l; }

# --- unread: in the kernel's buffers ---
# Far more than they hold, then asked in the middle of it, with an ordinary recording beside.
"$IPITRACE" record -q -o beside.dat -- sleep 600 2>o.err &
beside=$!
at_exit "kill -9 $beside 2>/dev/null"
flight 256K -o a.dat
"$M" -n 20000 -c 0 -t 1 >sent &
load=$!
for ((i = 0; i < 2000; i++)); do # until it has run for a tenth of a second
	[ "$(awk '{ print $14 + $15 }' /proc/$load/stat 2>/dev/null || echo 10)" -lt 10 ] || break
	sleep 0.05
done
ask a.dat.1
wait $load
sleep 0.2
"$M" -n 300 -c 0 -t 1 >sent
kill -INT $beside
ask a.dat.2
ends 0 "unread: done"
wait $beside
exits 0 "a file asked for in the middle of it: report" "$IPITRACE" report --json a.dat.1
cp "$OUT" r.json
json_check r.json "$CONSERVES" "  conservation laws hold"
json_check r.json "d['trace']['flight'] is not None and d['trace']['lost_events'] == 0 and not d['trace']['incomplete']" \
	"  it is a window, and nothing in it is called lost"
json_check r.json "not d['coverage']" "  /proc/interrupts, of another time, is not held against it"
json_check r.json "t['calls'] > 0 and d['trace']['flight']['before_window'] <= 8" "  it has a part of the load"
"$IPITRACE" list --json a.dat.1 >f.json 2>/dev/null
"$IPITRACE" list --json beside.dat >o.json 2>/dev/null
ok "  every IPI of the load in the window is in it: as in a recording made beside" "$ROOT/tests/cli/flight.py" same f.json o.json membarrier
ok "  trace-cmd reads it" trace-cmd report -i a.dat.1
unlike "$(trace-cmd report -i a.dat.1 2>/dev/null)" 'LOST|MISSED' "  and finds no gap"
exits 0 "the second file" "$IPITRACE" report --json a.dat.2
"$IPITRACE" list --json a.dat.2 >f.json 2>/dev/null
ok "  windows may overlap, and each is whole" "$ROOT/tests/cli/flight.py" same f.json o.json membarrier
ok "the end wrote the file itself" test -s a.dat
# Who asks for the end while a file is on its way gets it when that is written, not with the next look at what goes on, once a second.
end_of() { "$IPITRACE" report --json "$1" 2>/dev/null | python3 -c 'import json, sys; print(json.load(sys.stdin)["trace"]["end_ns"])'; }
soonest=1000000
for _ in 1 2 3; do # a machine that is paused is late, too
	rm -f t.dat*
	flight -o t.dat
	kill -USR1 "$pid"
	sleep 0.003
	ends 0 "an end that is asked for right behind a file"
	later=$((($(end_of t.dat) - $(end_of t.dat.1)) / 1000000))
	[ $later -lt $soonest ] && soonest=$later
	[ $soonest -lt 800 ] && break
done
ok "  comes then: $soonest ms later" test $soonest -lt 800

# By time: what was long before is not in it, what was sent since is, to the last one.
flight 900ms -o b.dat
"$M" -n 20000 -c 0 -t 1 >/dev/null
sleep 1.2
for ((try = 1; try <= 20; try++)); do # until a machine that others use, too, takes less than the window for it
	begin=${EPOCHREALTIME/./}
	sent=$("$M" -n 400 -c 0 -t 1)
	ask b.dat.$try
	took_us=$((${EPOCHREALTIME/./} - begin))
	[ $took_us -lt 850000 ] && break
	sleep 1.2
done
ends 0 "by time: done"
nr=$(nr_of b.dat.$try)
ok "  the last 400 are in the file, and nothing of those before: $nr (try $try)" \
	test "$nr" -ge $((400 - $(kv maybe_skipped "$sent"))) -a "$nr" -le 400
"$IPITRACE" report --json b.dat.$try >r.json 2>/dev/null
json_check r.json "d['trace']['duration_ns'] <= 900000000" "  its window is no longer than was asked for"

# --- matched: what trips ---
# Half of them are like that: on a machine that is busy now and quiet later there may be no one above the p99 of before, nor
# above the p50 of minutes ago.
for ((try = 1; try <= 10; try++)); do
	"$IPITRACE" record -q -o p.dat -- "$M" -n 2000 -c 0 -t 1 >sent 2>o.err
	p50=$("$IPITRACE" report --json --by func --func ipi_mb p.dat 2>/dev/null |
		python3 -c 'import json, sys; print(*[int(r["delivery_ns"]["p50"]) for r in json.load(sys.stdin)["rows"] if r["delivery_ns"]["p50"]])')
	[ "$p50" ] && break
done
condition="delivery > ${p50}ns && func == ipi_mb"
exits 0 "--stop-on: done, and the workload was told to end" \
	timeout 300 "$IPITRACE" record --flight 1s --stop-on "$condition" -o c.dat -- "$M" -n 10000000 -c 0 -t 1 ||
	note "$condition: $(cat "$ERR")"
like "$(cat "$ERR")" "^ipitrace: tripped: [0-9.]+ CPU 0 -> 1 call_function_single by membarrier[^ ]* \(membarrier-[0-9]+\), function ipi_mb: delivery [0-9.]+.s func ipi_mb$" \
	"  what tripped is named"
is "$(grep -c tripped "$ERR")" 1 "  once"
at=$(sed -n 's/^ipitrace: tripped: \([0-9.]*\) .*/\1/p' "$ERR")
"$IPITRACE" list --where "$condition" --json c.dat 2>/dev/null | head -n 1 >first.json
is "$(python3 -c 'import json; n = json.load(open("first.json"))["send_ns"]; q = json.load(open("first.json"))["queue_ns"]; print(" ".join("%d.%06d" % (t // 10**9, t // 1000 % 10**6) for t in (n, q or n)))' |
	tr ' ' '\n' | sort -u | grep -cx "$at")" 1 "  and is the first in the file that list finds by the same condition"
exits 0 "  report of it" "$IPITRACE" report c.dat
like "$(cat "$OUT")" "note: a flight recorder's, window of" "  says that it is a window"

# Files are written while the load goes on: what happens meanwhile waits in the kernel's buffers, or the exit status were 3.
# shellcheck disable=SC2016 # the command's to expand
exits 0 "--trips 3, each with a command: nothing is lost while files are written" timeout 300 "$IPITRACE" record --flight 4M --stop-on "$condition" --trips 3 \
	--on-trip 'echo "$1 $IPITRACE_FILE ${IPITRACE_TRIP%% *}" >>trips' -o d.dat -- "$M" -n 10000000 -c 0 -t 1
is "$(cut -d' ' -f 1,2 trips)" "$(printf 'd.dat.%d d.dat.%d\n' 1 1 2 2 3 3)" "  three files, named to the command"
is "$(cut -d' ' -f 3 trips)" "$(sed -n 's/^ipitrace: tripped: \([0-9.]*\) .*/\1/p' "$ERR")" "  and what tripped"
ok "  no fourth, and none without a number" test ! -e d.dat.4 -a ! -e d.dat
for i in 1 2 3; do
	exits 0 "  report of file $i" "$IPITRACE" report d.dat.$i
done
# A storm trips once, however many files there are room for; the next one does again.
cat >storms <<-EOF
	"$M" -n 20000 -c 0 -t 1
	sleep 0.5
	"$M" -n 4000 -c 0 -t 1
	sleep 0.2
EOF
storm='rate > 200 && func == ipi_mb'
exits 0 "rate: two storms" timeout 300 "$IPITRACE" record --wait-all --flight 16M --stop-on "$storm" --trips 9 -o s.dat -- sh storms
sed -n 's/^ipitrace: tripped: \([0-9.]*\) .*/\1/p' "$ERR" >trips
ok "  each trips" test "$(wc -l <trips)" -ge 2 || note "$(cat "$ERR")"
# A machine that is busy makes more than two of them.
nr=1
while read -r trip; do
	"$IPITRACE" list --json --where "$storm" s.dat.$nr >f.json 2>o.err
	[ $nr = 1 ] || ok "  trip $nr is of another storm than what was before" "$ROOT/tests/cli/flight.py" apart "$trip" f.json
	nr=$((nr + 1))
done <trips
# All that the recorder itself sends, for instance while it writes a file, is no reason to write one.
exits 0 "its own" "$IPITRACE" record --flight --stop-on own --trips 9 -d 300ms -o own.dat --on-trip true
like "$(cat "$ERR")" 'nothing tripped' "  never trip"
exits 0 "nothing trips" "$IPITRACE" record --flight --stop-on 'func > 1h' -d 200ms -o e.dat
like "$(cat "$ERR")" 'nothing tripped' "  which is said"
ok "  and no file written" test ! -e e.dat
exits 0 "nothing can trip" "$IPITRACE" record --flight --func 'no_such*' --stop-on 'delivery > 10s' -o e.dat -- "$EXAMPLES/wakeup" -n 100
like "$(cat "$ERR")" "^ipitrace: --func: 'no_such\*' matches nothing in the measurement" "  is told of: the filter"
exits 0 "nor with a condition" "$IPITRACE" record --flight --stop-on 'comm =~ no-such-task' -o e.dat -- "$EXAMPLES/wakeup" -n 100
like "$(cat "$ERR")" "^ipitrace: --stop-on: no comm that it was asked of matches 'no-such-task'$" "  nor the condition"

# --- trouble ---
mkdir full
mount -t tmpfs -o size=4k none full && at_exit "umount $TMP/full"
flight 32M -o full/f.dat --on-trip true # that much: on a busy machine the next try may come seconds later
sent=$("$M" -n 500 -c 0 -t 1)
kill -USR1 "$pid"
for ((i = 0; i < 400; i++)); do
	grep -q 'cannot write' f.err && break
	sleep 0.05
done
like "$(cat f.err)" 'cannot write full/f.dat.1: No space left' "no room: said, and it goes on"
mount -o remount,size=64M full
ask full/f.dat.1
ends 1 "  exit status 1 in the end"
ok "  what could not be written is in the next file" test "$(nr_of full/f.dat.1)" -ge $((500 - $(kv maybe_skipped "$sent"))) || note "$(cat f.err)"
exits 1 "a directory that is not there: at once" "$IPITRACE" record --flight -o no/such/f.dat
exits 2 "--stop-on alone" "$IPITRACE" record --stop-on 'func > 1ms'
exits 2 "--trips without a condition" "$IPITRACE" record --flight --trips 2
exits 2 "a slip in a size is no workload" "$IPITRACE" record --flight 5x
like "$(cat "$ERR")" "^ipitrace: record: --flight: '5x': neither a time nor a size" "  says so"
exits 1 "more than there is" "$IPITRACE" record --flight 99999G -d 100ms -o h.dat
like "$(cat "$ERR")" 'hint: .*--flight SIZE' "  names its own option, too"
exits 2 "a bad condition" "$IPITRACE" record --flight --stop-on 'fnc > 1ms'
exits 2 "standard output" "$IPITRACE" record --flight -o -
exits 7 "the workload's status" "$IPITRACE" record --flight 1s -o g.dat -- sh -c 'exit 7'
flight -o h.dat
kill -9 "$pid"
wait "$pid" 2>/dev/null
exits 0 "killed: the next run" "$IPITRACE" record --flight=64M,1s -d 100ms -o h.dat
like "$(cat "$ERR")" 'removed tracefs instance ipitrace-.*, left by an earlier run' "  cleans up"
"$SNAP" >"$TMP/after"
ok "tracefs as before" diff "$TMP/before" "$TMP/after"
done_testing
