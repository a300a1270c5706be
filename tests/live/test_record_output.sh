#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Where a recording goes, and where it must not: streams, links, pipes,
# sticky directories, the device links of the machine; what cannot be written
# is refused before the workload runs. And what runs beside it: progress, the
# workload's screen, workloads that do not end.
. "$(dirname "$0")/../lib.sh"
need_live 1
live_lock
chmod 711 "$TMP"
mkdir "$TMP/out"
cd "$TMP/out" || exit 1
whole() { [ "$(tail -c 24 "$1" | head -c 8)" = IPITFACT ]; }
record() { "$IPITRACE" record -q "$@" </dev/null; }
# refused STATUS REGEX NAME ARGS...: before the workload runs.
refused() {
	local status=$1 regex=$2 name=$3
	shift 3
	exits "$status" "$name: exit $status" "$IPITRACE" record "$@" -- touch "$TMP/ran"
	like "$(head -n 1 "$ERR")" "^ipitrace: record: .*$regex" "$name: says why"
	ok "$name: the workload has not run" test ! -e "$TMP/ran"
	rm -f "$TMP/ran"
}

# --- streams ---
record -o - -- echo hello >f 2>err
ok "-o - >f: whole" whole f
like "$(cat err)" '^hello$' "the workload's standard output goes to standard error"
record -o - -- echo hello 2>err | cat >f
ok "-o - | cat: whole" whole f
is "$("$IPITRACE" report -i f --json 2>&1 | head -c 1)" "{" "report reads it"
echo before >f
record -o - -- true >>f 2>/dev/null
is "$(head -n 1 f),$(whole f && echo whole)" before,whole "-o - >>f: behind what is there"
mkfifo pipe
(sleep 1; exec timeout 10 cat pipe >f) &
record -o pipe -- echo hello >out
wait $!
ok "a pipe whose reader comes late: whole" whole f
is "$(cat out)" hello "standard output stays the workload's"
# More than a pipe holds.
"$IPITRACE" record -q --compress none -o - -- sh -c "'$EXAMPLES/membarrier' -n 5000 >/dev/null" 2>err | head -c 100 >/dev/null
like "${PIPESTATUS[0]} $(head -n 1 err)" '^125 .*Broken pipe' "a reader that goes away: exit 125, as it runs a workload"
wait
rm -rf ./*
if command -v script >/dev/null; then
	script -qec "'$IPITRACE' record -o - -- touch '$TMP/ran'; echo status \$?" /dev/null >"$OUT" </dev/null
	like "$(cat "$OUT")" "terminal" "a terminal is refused"
	like "$(cat "$OUT")" "status 2" "with exit 2"
	ok "the workload has not run" test ! -e "$TMP/ran"
	rm -rf "$TMP/ran"
	script -qec "'$IPITRACE' record -o f.dat -- sleep 2.2" /dev/null >"$OUT" </dev/null
	unlike "$(cat "$OUT")" $'\r.*lost.*\e' "no progress on the workload's screen"
	script -qec "'$IPITRACE' record --progress -o f.dat -- sleep 2.2" /dev/null >"$OUT" </dev/null
	like "$(cat "$OUT")" $'\r.*lost.*\e' "--progress: it was asked for"
fi
exits 2 "standard error is where messages go" "$IPITRACE" record -d 100ms -o /dev/stderr
like "$(cat "$ERR")" '^ipitrace: record: cannot write /dev/stderr: standard error is the same' "  says so"
"$IPITRACE" record -d 100ms -o - >both 2>&1
is "$? $(grep -c . both)" "2 2" "  also where it is the same file as standard output"
exits 0 "record -d" "$IPITRACE" record -d 100ms -o f.dat
like "$(head -n 1 "$ERR")" "recording .* into $TMP/out/f.dat; Ctrl-C stops" "the first line: where, and that Ctrl-C stops"
like "$(head -n 1 "$ERR")" "recording for 100ms into" "  and how long, as -d has it"
exits 0 "record -d of next to nothing" "$IPITRACE" record -d 1500ns -o f.dat
like "$(head -n 1 "$ERR")" "recording for 1500ns into" "  is not rounded"
exits 0 "a hostile name" "$IPITRACE" record -d 100ms -o $'a\e[31mb'
unlike "$(cat "$ERR")" $'\e' "is made harmless"
rm -rf ./*

# --- the device links of the machine: only in a /dev of our own, because a fault here would harm it ---
outside=$(readlink /dev/stdout)
if unshare -m true 2>/dev/null; then
	mkdir "$TMP/dev"
	# shellcheck disable=SC2016 # the inner shell's
	# shellcheck disable=SC2016 # expanded by the inner shell
	unshare -m --propagation private sh -c '
		mount -t tmpfs none "$1" && mknod -m 666 "$1/null" c 1 3 && ln -s /proc/self/fd/1 "$1/stdout" &&
		touch "$1/ours" && mount --bind "$1" /dev && [ -e /dev/ours ] || exit 99
		"$2" record -q -d 100ms -o /dev/stdout >f
		echo "status $?"; [ -L /dev/stdout ] && echo "a link"' sh "$TMP/dev" "$IPITRACE" >"$OUT" 2>"$ERR" </dev/null
	is "$(tr '\n' ' ' <"$OUT")" "status 0 a link " "-o /dev/stdout leaves the link of /dev alone"
	ok "-o /dev/stdout >f: f is whole" whole f
else
	skip "-o /dev/stdout" "no mount namespaces"
fi
is "$(readlink /dev/stdout)" "$outside" "this machine's /dev is as it was"
rm -rf ./*

# --- files ---
mkdir sub
ln -s sub/real link
touch sub/real
chmod 644 sub/real
ok "through a link" record -o link -- true
ok "the link stays" test -L link
is "$(stat -c %a sub/real)" 600 "its file is there, mode 0600 whatever it was"
refused 2 "empty" "an empty name" -o ''
refused 125 "directory" "a directory" -o sub
refused 125 "directory" "a name that only a directory can have" -o new/
refused 125 "Not a directory" "a file as a directory" -o sub/real/f.dat
refused 125 "levels of symbolic links" "links in a circle" -o "$(ln -s circle circle; echo circle)"
touch mounted
if mount --bind mounted mounted 2>/dev/null; then
	at_exit "umount $TMP/out/mounted 2>/dev/null"
	refused 125 "mounted" "a file that something is mounted on" -o mounted
	umount mounted
fi
# shellcheck disable=SC2016 # the inner shell's
exits 0 "temporary names that somebody has guessed" sh -c '
	for i in $(seq 0 99); do : >.ipitrace-$$-$i; done; : >f.dat; exec "$1" record -q -d 100ms -o f.dat' sh "$IPITRACE"
rm -rf ./* ./.ipitrace-*

# --- a sticky directory that everybody may write to ---
mkdir sticky secret
chmod 1777 sticky
chmod 700 secret
ln -s ../secret/f.dat sticky/link && ln -s ../secret sticky/dir && mkfifo sticky/pipe
ln -s ../secret/mine.dat sticky/mine
chown -h 65534:65534 sticky/link sticky/dir sticky/pipe
refused 125 "another user" "another user's link" -o sticky/link
refused 125 "another user" "another user's link on the way" -o sticky/dir/f.dat
refused 125 "another user" "another user's pipe" -o sticky/pipe
is "$(ls secret)" "" "nothing was put behind the links"
ok "one's own link" record -o sticky/mine -- true
is "$(ls secret)" mine.dat "is followed"
rm -f secret/* sticky/*
if command -v setpriv >/dev/null; then
	echo precious >secret/victim
	# shellcheck disable=SC2016 # expanded by the inner shell
	setpriv --reuid=65534 --regid=65534 --clear-groups sh -c '
		cd "$1" && while :; do
			ln -sfn ../secret/victim x; rm -f x; touch x; rm -f x; mkfifo x; rm -f x; ln -sfn ../secret/new x
			rm -f x; ln -sfn ../secret d; rm -f d; mkdir d; rm -rf d
		done' sh "$TMP/out/sticky" >/dev/null 2>&1 &
	racer=$!
	at_exit "kill $racer 2>/dev/null"
	bad=
	for i in 1 2 3 4 5 6 7 8; do
		rm -f sticky/x
		timeout -s KILL 10 "$IPITRACE" record -q -d 20ms -o sticky/x >/dev/null 2>"$ERR" </dev/null
		status=$?
		[ $status -le 1 ] || bad+="exit $status "
		timeout -s KILL 10 "$IPITRACE" record -q -d 20ms -o sticky/d/y >/dev/null 2>"$ERR" </dev/null
		status=$?
		[ $status -le 1 ] || bad+="exit $status "
	done
	ok "the racer has raced to the end" kill $racer
	wait $racer 2>/dev/null
	is "$bad" "" "races in a sticky directory: recorded or refused"
	is "$(ls secret),$(cat secret/victim)" victim,precious "nothing was written behind a link"
	is "$(find sticky -name '.ipitrace*')" "" "and nothing else is left"
fi
rm -rf ./*

# --- full disks ---
mkdir small
if mount -t tmpfs -o size=16k none small 2>/dev/null; then
	at_exit "umount -l $TMP/out/small 2>/dev/null"
	TMPDIR=$TMP/out/small exits 125 "no room for a stream's data" "$IPITRACE" record --compress none -o - -- true
	is "$(wc -c <"$OUT")" 0 "nothing of it was written"
	echo before >small/f
	"$IPITRACE" record --compress none -q -d 100ms -o - >>small/f 2>"$ERR" </dev/null
	is "$?,$(cat small/f)" 1,before "a file on a full disk as standard output: what was written is taken back"
	umount small
fi

# --- workloads ---
exits 0 "a workload that is stopped when its time is over" timeout -s KILL 30 "$IPITRACE" record -d 300ms -o f.dat -- \
	sh -c 'kill -STOP $$'
exits 137 "one that is deaf is killed" timeout -s KILL 30 "$IPITRACE" record -d 300ms -o f.dat -- \
	sh -c 'trap "" TERM; exec sleep 60'
like "$(cat "$ERR")" "did not end within 5 s after SIGTERM: killed" "which is said"
ok "and the file is there" whole f.dat
exits 0 "a daemon" "$IPITRACE" record -o f.dat -- sh -c 'setsid sleep 30 & exit 0'
like "$(cat "$ERR")" 'left 1 process running \(sleep\); --wait-all' "is said"
t0=$(date +%s%N)
exits 0 "--wait-all" timeout -s KILL 30 "$IPITRACE" record --wait-all -o f.dat -- sh -c 'setsid sleep 1.5 & exit 0'
ms=$((($(date +%s%N) - t0) / 1000000))
ok "--wait-all: took $ms ms, at least 1500" test $ms -ge 1500
t0=$(date +%s%N)
# shellcheck disable=SC2046 # many arguments are the point
exits 0 "120,000 arguments" timeout -s KILL 60 "$IPITRACE" record -q -o f.dat -- true $(seq 120000)
ms=$((($(date +%s%N) - t0) / 1000000))
ok "120,000 arguments: took $ms ms, less than 10 s" test $ms -lt 10000
exits 0 "an argument with a quote" "$IPITRACE" record -q -o f.dat -- true "it's"
like "$(tail -c 65536 f.dat | LC_ALL=C grep -a '^cmdline ')" "'it'" "is quoted"
is "$(find . -name '.ipitrace*')" "" "no temporary file"
done_testing
