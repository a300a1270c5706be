#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What record cannot do it refuses in one line, with the documented exit
# status, before it has touched anything.
. "$(dirname "$0")/../lib.sh"
need_live 1
live_lock
SNAP="$ROOT/tests/live/tracefs-snapshot"
chmod 755 "$TMP"
mkdir "$TMP/out"
cd "$TMP/out" || exit 1
"$SNAP" >"$TMP/before"

# refuses STATUS REGEX NAME ARGS...
refuses() {
	local status=$1 regex=$2 name=$3
	shift 3
	exits "$status" "$name: exit $status" "$IPITRACE" record "$@"
	like "$(head -n 1 "$ERR")" "^ipitrace: record: .*$regex" "$name: says why"
	ok "$name: at most a hint follows" test "$(grep -vc '^hint: ' "$ERR")" -eq 1
	is "$(cat "$OUT")" "" "$name: nothing on stdout"
}
refuses 2 "9-1" "CPU list backwards" -C 9-1
refuses 2 "0-999" "CPUs that do not exist" -C 0-999
refuses 2 "'x'" "no CPU list" -C x
refuses 2 "" "empty CPU list" -C ''
refuses 2 "4096" "source CPU that does not exist" --source-cpus 4096
refuses 2 "nonsense.*unknown class" "unknown class" --class nonsense
refuses 2 "10x" "no duration" -d 10x
refuses 2 "" "duration of nothing" -d 0
refuses 2 "lots" "no size" -m lots
refuses 2 "some" "no kind of stack" --stack some
refuses 2 "--frobnicate" "unknown option" --frobnicate
refuses 2 "-p" "no pid" -p self
refuses 2 "no event 'sched:sched_wakin'" "unknown event" -e sched:sched_wakin
like "$(cat "$ERR")" '^hint: .*sched:sched_waking' "unknown event: the hint names one that is near"
refuses 2 "no event 'skhed'" "unknown system" -e skhed
refuses 2 "no event 'sched:x\*'" "pattern that matches no event" -e 'sched:x*'
refuses 2 "empty" "empty name of an event" -e 'sched:sched_switch,,timer'
refuses 2 "no event 'ftrace:function'" "what is no event that can be enabled" -e ftrace:function
refuses 2 "'shed' is no group" "unknown group" --with idle,shed
like "$(cat "$ERR")" '^hint: did you mean sched' "unknown group: the hint names one that is near"
refuses 1 "no-such-dir" "no such directory" -o "$TMP/no-such-dir/f.dat" -d 100ms
refuses 1 "directory" "output is a directory" -o "$TMP" -d 100ms
refuses 1 "regular" "output is a device" -o /dev/null -d 100ms
refuses 125 "no-such-dir" "no such directory, with a workload" -o "$TMP/no-such-dir/f.dat" -- touch "$TMP/ran"
ok "the workload has not run" test ! -e "$TMP/ran"
ok "/dev/null is still one" test -c /dev/null

# Buffers larger than memory: refused by the kernel, and cleaned up.
refuses 1 "buffer_size_kb" "buffer larger than memory" -m 900G -d 100ms
like "$(cat "$ERR")" '^hint: .*-m' "the hint names the option"

# Without root. The binary may lie where others cannot go.
if command -v setpriv >/dev/null; then
	cp "$IPITRACE" "$TMP/ipitrace" && chmod 755 "$TMP/ipitrace" && chmod 777 "$TMP/out"
	as_nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
	exits 1 "not root: exit 1" "${as_nobody[@]}" "$TMP/ipitrace" record -d 100ms
	like "$(cat "$ERR")" '^hint: .*root' "not root: hint"
	is "$(wc -l <"$ERR")" 2 "not root: one line and a hint"
	exits 125 "not root, with a workload: exit 125" "${as_nobody[@]}" "$TMP/ipitrace" record -- true
	is "$(find "$TMP/out" -mindepth 1)" "" "not root: no file"
else
	skip "not root" "no setpriv"
fi

# A read-only place, which stops root, too.
mkdir "$TMP/ro"
if mount -t tmpfs -o ro none "$TMP/ro" 2>/dev/null; then
	at_exit "umount -l $TMP/ro"
	refuses 1 "Read-only file system" "output on a read-only filesystem" -o "$TMP/ro/f.dat" -d 100ms
else
	skip "read-only filesystem" "no tmpfs can be mounted"
fi

# Without any tracefs: in a mount namespace, hidden behind an empty directory.
if unshare -m true 2>/dev/null; then
	mkdir "$TMP/empty"
	exits 1 "no tracefs: exit 1" unshare -m sh -c '
		umount -l /sys/kernel/tracing 2>/dev/null; umount -l /sys/kernel/debug 2>/dev/null
		mount -t tmpfs -o ro none /sys && exec "$@"' sh "$IPITRACE" record -d 100ms -o "$TMP/out/f.dat"
	like "$(head -n 1 "$ERR")" "tracefs" "no tracefs: says so"
	like "$(cat "$ERR")" "^hint: " "no tracefs: hint"
	# Not mounted, but it can be.
	exits 0 "tracefs not mounted: mounts it" unshare -m sh -c '
		umount -l /sys/kernel/tracing; umount -l /sys/kernel/debug 2>/dev/null
		exec "$@"' sh "$IPITRACE" record -d 100ms -o "$TMP/out/f.dat"
	like "$(cat "$ERR")" "mounted tracefs at /sys/kernel/" "and says so"
	rm -f "$TMP/out/f.dat"
else
	skip "no tracefs" "no mount namespaces"
fi

is "$(find "$TMP/out" -mindepth 1)" "" "no file was left"
"$SNAP" >"$TMP/after"
ok "tracefs as before" diff "$TMP/before" "$TMP/after"
done_testing
