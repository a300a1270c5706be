#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# However a recording ends, tracefs is as it was before, no file is left that
# looks complete and is not, no temporary file, no process; and the exit status
# is the documented one.
. "$(dirname "$0")/../lib.sh"
need_live 1
live_lock

SNAP="$ROOT/tests/live/tracefs-snapshot"
D=$TMP/out
mkdir "$D"
cd "$D" || exit 1

"$SNAP" >"$TMP/before"
# unchanged NAME: tracefs, and nothing in the output directory but the files named.
unchanged() {
	local name=$1
	shift
	"$SNAP" >"$TMP/after"
	ok "$name: tracefs as before" diff "$TMP/before" "$TMP/after"
	is "$(find "$D" -mindepth 1 -printf '%f\n' | sort | tr '\n' ' ')" "${*:+$* }" "$name: files left"
	rm -rf "${D:?}"/* "$D"/.[!.]*
}
# A recording of ours that ran to its end: trailer with facts.
complete() { tail -c 24 "$1" | head -c 8; }

# --- ends of the workload ---
exits 0 "success" "$IPITRACE" record -- hackbench -l 20
is "$(complete ipitrace.dat)" IPITFACT "default name, complete"
like "$(cat "$ERR")" '^ipitrace: [1-9][0-9]* events, 0 lost, [0-9.]+ [kM]B in ipitrace.dat$' "summary"
is "$(sed -n 's/.* \([0-9.]* kB\) in .*/\1/p' "$ERR")" "$(awk "BEGIN { printf \"%.1f kB\", $(stat -c %s ipitrace.dat) / 1e3 }")" "  and the file's true size"
is "$(sed -n 's/^ipitrace: \([0-9]*\) events, .*/\1/p' "$ERR")" "$("$IPITRACE" report --json ipitrace.dat |
	python3 -c 'import json, sys; print(json.load(sys.stdin)["trace"]["events"])')" "  as many events as the report has"
unchanged success ipitrace.dat
exits 7 "the workload's exit status" "$IPITRACE" record -o f.dat -- sh -c 'exit 7'
is "$(complete f.dat)" IPITFACT "a failing workload is recorded, too"
unchanged "failing workload" f.dat
exits 137 "a workload killed by SIGKILL: 128 + 9" "$IPITRACE" record -o f.dat -- sh -c 'kill -9 $$'
unchanged "killed workload" f.dat
exits 127 "a workload that does not exist" "$IPITRACE" record -o f.dat -- ./no-such-program
like "$(head -n 1 "$ERR")" "no-such-program.*No such file" "says which"
unchanged "missing workload"
touch "$TMP/not-executable"
exits 126 "a workload that is not executable" "$IPITRACE" record -o f.dat -- "$TMP/not-executable"
unchanged "workload not executable"

# --- time ---
t0=$(date +%s%N)
exits 0 "-d 300ms without a workload" "$IPITRACE" record -d 300ms -o f.dat
ms=$((($(date +%s%N) - t0) / 1000000))
ok "-d: took $ms ms, at least 300" test $ms -ge 300
ok "-d: took $ms ms, less than 5000" test $ms -lt 5000
unchanged "-d" f.dat
exits 0 "-d ends a workload that goes on" timeout 20 "$IPITRACE" record -d 300ms -o f.dat -- sleep 60
unchanged "-d with workload" f.dat
exits 5 "-d: a workload that ended by itself keeps its status" "$IPITRACE" record -d 20s -o f.dat -- sh -c 'exit 5'
rm -f f.dat

# --- signals ---
# record in the background until it traces, then signal it; status in $status.
signalled() {
	local sig=$1
	shift
	"$IPITRACE" record -o f.dat "$@" >"$OUT" 2>"$ERR" </dev/null &
	pid=$!
	wait_recording $pid
	sleep 0.3
	kill "-$sig" $pid
	wait $pid
	status=$?
}
for sig in INT TERM HUP; do
	signalled $sig
	is $status 0 "SIG$sig without a workload: recorded, exit 0"
	is "$(complete f.dat)" IPITFACT "SIG$sig: the file is complete"
	unchanged "SIG$sig" f.dat
done
signalled INT -- sleep 60
is $status 130 "SIGINT ends the workload: its status, 128 + 2"
is "$(complete f.dat)" IPITFACT "SIGINT with workload: the file is complete"
unchanged "SIGINT with workload" f.dat
signalled TERM -- sleep 60
is $status 143 "SIGTERM ends the workload: its status, 128 + 15"
unchanged "SIGTERM with workload" f.dat
is "$(pgrep -P $pid | wc -l)" 0 "no child left"
# shellcheck disable=SC2016 # the inner shell's
signalled INT -- sh -c 'trap "exit 9" INT; while :; do sleep 0.1; done'
is $status 9 "a workload that handles the signal: its exit status"
unchanged "handled SIGINT" f.dat

# Signals that can only be died of: by the same signal, and nothing is left.
for sig in ABRT SEGV BUS; do
	signalled $sig -d 20s
	is $status $((128 + $(kill -l $sig))) "SIG$sig: the exit status"
	unchanged "SIG$sig"
done

# A second signal: kills the workload that does not listen.
"$IPITRACE" record -o f.dat -- sh -c 'trap "" INT TERM; exec sleep 30' 2>"$ERR" &
pid=$!
sleep 1
kill -INT $pid
sleep 0.7
kill -INT $pid
wait $pid
is $? 137 "a second SIGINT kills a deaf workload"
unchanged "second SIGINT" f.dat

# --- somebody holds the instance open at the end: the recording is saved all the same ---
"$IPITRACE" record -d 1s -o f.dat >"$OUT" 2>"$ERR" &
pid=$!
wait_recording $pid
exec 8<"$(instance_of $pid)/trace"
wait $pid
is $? 0 "a busy instance at the end: exit 0"
is "$(complete f.dat)" IPITFACT "busy instance: the file is complete"
like "$(cat "$ERR")" "^ipitrace: warning: .*ipitrace-$pid\\.[0-9a-f]{8}: Device or resource busy" "busy instance: a warning"
exec 8<&-
"$IPITRACE" record -q -o f.dat -- true 2>/dev/null
unchanged "busy instance, after the next run" f.dat

# --- kill -9, then the next run ---
"$IPITRACE" record -o f.dat >"$OUT" 2>"$ERR" &
pid=$!
wait_recording $pid
kill -9 $pid
wait $pid 2>/dev/null
ok "kill -9 leaves the instance" test -d "$(instance_of $pid)"
is "$(find "$D" -mindepth 1)" "" "kill -9 leaves no file"
exits 0 "the next run" "$IPITRACE" record -o f.dat -- true
like "$(cat "$ERR")" "removed tracefs instance ipitrace-$pid\\." "cleans up and says so"
unchanged "after kill -9" f.dat

# --- a full disk ---
mkdir "$TMP/small"
if mount -t tmpfs -o size=4k none "$TMP/small" 2>/dev/null; then
	at_exit "umount -l $TMP/small"
	exits 125 "full disk, with a workload" "$IPITRACE" record -o "$TMP/small/f.dat" -- hackbench -l 200
	like "$(cat "$ERR")" "No space left on device" "full disk: says so"
	is "$(find "$TMP/small" -mindepth 1)" "" "full disk: no file"
	unchanged "full disk"
	exits 1 "full disk, without a workload" timeout 30 "$IPITRACE" record -d 200ms -o "$TMP/small/f.dat"
	is "$(find "$TMP/small" -mindepth 1)" "" "full disk: no file"
	unchanged "full disk without workload"
else
	skip "full disk" "no tmpfs can be mounted"
fi
# Without room for the pages, but with enough for all else.
exits 125 "file size limit" bash -c "ulimit -f 64; exec '$IPITRACE' record -o f.dat -- hackbench -l 200"
unchanged "file size limit"
done_testing
