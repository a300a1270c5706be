#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 600
#
# Other recordings beside ours, in this or other namespaces: none touches one
# that lives, and what one leaves behind goes with the next.
. "$(dirname "$0")/../lib.sh"
need_live 2
live_lock

I=/sys/kernel/tracing/instances
ours() { (cd $I && ls -d ipitrace-[0-9]* 2>/dev/null); }
# wait_for SECONDS CMD...: until CMD succeeds.
wait_for() {
	local tries=$(($1 * 20))
	shift
	while ((tries-- > 0)); do
		"$@" && return 0
		sleep 0.05
	done
	return 1
}
instances() { [ "$(ours | grep -cv -- -exits)" -eq "$1" ]; }
unshare -p -f --mount-proc true 2>/dev/null && namespaces=yes || namespaces=

is "$(ours)" "" "no instance of ours is there to begin with"

# --- a living one, and a run that cannot see its process ---
"$IPITRACE" record -q -d 5s -o "$TMP/long.dat" 2>"$TMP/long.err" &
long=$!
ok "the long recording began" wait_recording $long
if [ -n "$namespaces" ]; then
	exits 0 "a short one in another pid namespace" unshare -p -f --mount-proc "$IPITRACE" record -d 300ms -o "$TMP/short.dat"
	unlike "$(cat "$ERR")" 'removed|cannot remove' "it takes nothing for left behind"
	is "$(cat "$(instance_of $long)"/tracing_on)" 1 "the long one still records"
	is "$(cat "$(instance_of $long)"/events/csd/csd_queue_cpu/enable 2>/dev/null || echo 1)" 1 "its events, too"
	# Root of a user namespace may trace or not, by the mount's owner.
	unshare -U -r "$IPITRACE" record -q -d 300ms -o "$TMP/user.dat" >/dev/null 2>"$ERR"
	note "in a user namespace: exit $? $(cat "$ERR")"
	unlike "$(cat "$ERR")" 'removed|cannot remove' "one in a user namespace takes nothing for left behind"
	ok "the long one still records" wait_recording $long
else
	skip "a short one in another pid namespace" "namespaces cannot be made"
fi
wait $long
is $? 0 "the long one ends well"
is "$(ours)" "" "and leaves nothing"

# --- equal pids ---
if [ -n "$namespaces" ]; then
	for n in 1 2 3; do
		unshare -p -f --mount-proc "$IPITRACE" record -q -d 2s -o "$TMP/equal$n.dat" 2>"$TMP/equal$n.err" &
		pids[n]=$!
	done
	ok "three of equal pid record at once" wait_for 10 instances 3
	for n in 1 2 3; do
		wait "${pids[n]}"
		is $? 0 "number $n ends well" || note "$(cat "$TMP/equal$n.err")"
		exits 0 "number $n can be reported" "$IPITRACE" report -i "$TMP/equal$n.dat" --json
	done
	is "$(ours)" "" "and they leave nothing"
else
	skip "three of equal pid record at once" "namespaces cannot be made"
fi

# --- the lock decides, whatever the name ---
# Held from the moment it is there, as far as a shell can: a run elsewhere may just be cleaning up.
sh -c "until mkdir -p $I/ipitrace-4000001 && exec 9<$I/ipitrace-4000001 && flock -n 9; do :; done
	echo >'$TMP/held'; exec sleep 60" &
holder=$!
ok "a neighbour holds its lock" wait_for 10 test -e "$TMP/held"
exits 0 "a run beside it" "$IPITRACE" record -q -o "$TMP/beside.dat" -- true
ok "leaves it alone" test -d $I/ipitrace-4000001
kill $holder
wait $holder 2>/dev/null
exits 0 "a run after its end" "$IPITRACE" record -o "$TMP/after.dat" -- true
like "$(cat "$ERR")" 'removed tracefs instance ipitrace-4000001, left by an earlier run' "removes it, and says so"

# --- one that is just being made was not left behind ---
if "${CC:-gcc}" -O1 -shared -fPIC -o "$TMP/shim.so" "$ROOT/tests/live/shim.c" -ldl; then
	SHIM_MKDIR=300 LD_PRELOAD="$TMP/shim.so" "$IPITRACE" record -o "$TMP/slow.dat" -- true 2>"$TMP/slow.err" &
	slow=$!
	ok "one has a directory, and no lock yet" wait_for 10 instances 1
	exits 0 "another begins meanwhile" "$IPITRACE" record -o "$TMP/quick.dat" -- true
	unlike "$(cat "$ERR")" 'removed|cannot remove' "takes nothing for left behind" || note "$(cat "$ERR")"
	wait $slow
	is $? 0 "the first ends well" || note "$(cat "$TMP/slow.err")"
	is "$(ours)" "" "and they leave nothing"
else
	skip "one that is just being made was not left behind" "no compiler for the shim"
fi

# --- several cleaners at once ---
for n in 1 2 3 4 5 6; do mkdir $I/ipitrace-400001$n; done
for n in 1 2 3 4; do
	"$IPITRACE" record -o "$TMP/clean$n.dat" -- true 2>"$TMP/clean$n.err" &
	pids[n]=$!
done
bad=0
for n in 1 2 3 4; do wait "${pids[n]}" || bad=$((bad + 1)); done
is $bad 0 "four cleaners at once do not hinder each other"
is "$(cat "$TMP"/clean[1-4].err | grep -c 'removed tracefs instance')" 6 "each of six is removed once"
unlike "$(cat "$TMP"/clean[1-4].err)" 'cannot remove' "none twice"
is "$(ours)" "" "none is left"

# --- twelve at once ---
for n in $(seq 12); do
	"$IPITRACE" record -q -m 1M -o "$TMP/twelve$n.dat" -- sleep 0.5 2>"$TMP/twelve$n.err" &
	pids[n]=$!
done
bad=0
for n in $(seq 12); do
	wait "${pids[n]}" || bad=$((bad + 1))
	[ -s "$TMP/twelve$n.dat" ] || bad=$((bad + 1))
done
is $bad 0 "twelve recordings at once all succeed" || note "$(cat "$TMP"/twelve*.err)"
is "$(ours)" "" "and leave nothing"

# --- kill -9, forty times ---
left=0
for n in $(seq 40); do
	"$IPITRACE" record -q -m 1M -o "$TMP/killed.dat" 2>/dev/null &
	victim=$!
	sleep "0.0$((n % 7 + 1))$((n % 10))"
	kill -9 $victim
	wait $victim 2>/dev/null
	[ -n "$(ours)" ] && left=$((left + 1))
done
note "of 40 that were killed, $left times something was left before the next run"
[ $left -gt 0 ]; is $? 0 "some were killed when it hurts"
exits 0 "one more run" "$IPITRACE" record -q -o "$TMP/last.dat" -- true
is "$(ours)" "" "leaves nothing of all of them"
[ -e "$TMP/killed.dat" ]; is $? 1 "none of them left a file"
done_testing
