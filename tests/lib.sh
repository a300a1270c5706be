# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What shell tests share: TAP output, a scratch directory, the live lock.
#
#	. "$(dirname "$0")/../lib.sh"
#	is "$(cmd)" "expected" "name"
#	exits 2 "name" cmd args...	# stdout in $OUT, stderr in $ERR
#	done_testing
#
# $ROOT the tree, $BUILD its build directory, $IPITRACE the binary, $TMP a
# directory of the test's own, removed at exit. Functions that clean up are
# registered by at_exit; they run in reverse order on every way out.

set -u
LC_ALL=C; export LC_ALL
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD=${BUILD:-$ROOT/build}
IPITRACE=${IPITRACE:-$BUILD/ipitrace}
EXAMPLES=${EXAMPLES:-$BUILD/examples}
DATA=$ROOT/tests/data
TMP=$(mktemp -d "${TMPDIR:-/tmp}/ipitrace-test.XXXXXX") || exit 1
export ROOT BUILD IPITRACE EXAMPLES DATA TMP
OUT=$TMP/stdout
ERR=$TMP/stderr

tap_nr=0
tap_failed=0
at_exit_cmds=()

at_exit() { at_exit_cmds+=("$1"); }

run_at_exit() {
	local status=$? i
	trap '' INT TERM HUP
	for ((i = ${#at_exit_cmds[@]} - 1; i >= 0; i--)); do
		eval "${at_exit_cmds[i]}"
	done
	rm -rf "$TMP"
	exit "$status"
}
trap run_at_exit EXIT
trap 'exit 143' TERM
trap 'exit 130' INT
trap 'exit 129' HUP

# shellcheck disable=SC2001 # several lines
note() { sed 's/^/# /' <<<"$*"; }

pass() { tap_nr=$((tap_nr + 1)); echo "ok $tap_nr - $*"; }
not_ok() { tap_nr=$((tap_nr + 1)); tap_failed=$((tap_failed + 1)); echo "not ok $tap_nr - $*"; return 1; }
# skip NAME REASON
skip() { tap_nr=$((tap_nr + 1)); echo "ok $tap_nr - $1 # SKIP $2"; }
# The whole test cannot run here.
skip_all() { echo "1..0 # SKIP $*"; exit 0; }

# ok NAME CMD...: passes if CMD succeeds; its output is shown only if it does not.
# ok NAME: passes; the caller has checked.
ok() {
	local name=$1
	shift
	if [ $# -eq 0 ]; then
		pass "$name"
	elif "$@" >"$TMP/ok.out" 2>&1; then
		pass "$name"
	else
		not_ok "$name"
		note "failed: $*"
		head -n 40 "$TMP/ok.out" | sed 's/^/#   /'
		return 1
	fi
}

# verdict HELD NAME GOT WANT: what is common to the three that follow.
verdict() {
	if [ "$1" -eq 0 ]; then
		pass "$2"
	else
		not_ok "$2"
		note "  got:  $3"
		note "  want: $4"
		return 1
	fi
}

# is GOT WANT NAME
is() {
	[ "$1" = "$2" ]
	verdict $? "$3" "$1" "$2"
}

# like GOT EXTENDED-REGEX NAME
like() {
	grep -Eq -- "$2" <<<"$1"
	verdict $? "$3" "$1" "/$2/"
}

# unlike GOT EXTENDED-REGEX NAME
unlike() {
	! grep -Eq -- "$2" <<<"$1"
	verdict $? "$3" "$1" "not /$2/"
}

# exits STATUS NAME CMD...: stdout in $OUT, stderr in $ERR. Its stdin is empty, but for "python3 -", whose script it is.
exits() {
	local want=$1 name=$2 got
	shift 2
	if [ "$1 ${2:-}" = "python3 -" ]; then
		"$@" >"$OUT" 2>"$ERR"
	else
		"$@" >"$OUT" 2>"$ERR" </dev/null
	fi
	got=$?
	# An error of ours is one line, and one more that helps.
	if [ "$got" -eq "$want" ] && [[ $1 == "$IPITRACE" && $got =~ ^(1|2|125)$ && $(tail -n 1 "$ERR") != hint:* ]]; then
		not_ok "$name: without a hint"
		note "  $(tail -n 1 "$ERR")"
	elif [ "$got" -eq "$want" ]; then
		pass "$name"
	else
		not_ok "$name"
		note "  $*: exit $got, want $want"
		head -n 20 "$ERR" | sed 's/^/#   /'
		return 1
	fi
}

# json_check FILE PYTHON-EXPRESSION NAME: d is the parsed file, t its totals, rows its rows.
json_check() {
	local out
	if out=$(python3 - "$1" "$2" <<-'PY' 2>&1
		import json, sys
		d = json.load(open(sys.argv[1]))
		t = d.get("totals", {}) if isinstance(d, dict) else {}
		rows = d.get("rows", []) if isinstance(d, dict) else []
		if not eval("(" + sys.argv[2] + ")"):
		    print("false for", {k: v for k, v in t.items() if v} or str(d)[:2000])
		    for r in rows[:8]:
		        print("row", {k: v for k, v in r.items() if v and not isinstance(v, dict)})
		    for c in d.get("coverage") or [] if isinstance(d, dict) else []:
		        print("coverage", c)
		    sys.exit(1)
	PY
	); then
		pass "$3"
	else
		not_ok "$3"
		note "  $2"
		head -c 4000 <<<"$out" | sed 's/^/#   /'
		return 1
	fi
}

# json_get FILE PYTHON-EXPRESSION
json_get() {
	python3 -c 'import json, sys
d = json.load(open(sys.argv[1])); t = d.get("totals", {}); rows = d.get("rows", [])
print(eval("(" + sys.argv[2] + ")"))' "$1" "$2"
}

# Recordings of a test that failed stay, beside its log. $tap_name: where its program is not its name.
keep_recordings() {
	local f name=${tap_name:-$(basename "$0" .sh)}
	find "$TMP" -name '*.dat' -size -20M | while read -r f; do
		mkdir -p "$BUILD/test-logs" && cp "$f" "$BUILD/test-logs/$name.${f##*/}"
	done
}

done_testing() {
	[ "$tap_failed" -gt 0 ] && keep_recordings
	echo "1..$tap_nr"
	[ "$tap_failed" -eq 0 ] && [ "$tap_nr" -gt 0 ]
	exit $?
}

# Why live tracing is impossible here; silent and 0 where it is possible.
live_reason() {
	local t=/sys/kernel/tracing
	if [ "$(id -u)" -ne 0 ]; then
		echo "not root"
	elif [ ! -d $t/events ] && ! mount -t tracefs nodev $t 2>/dev/null; then
		echo "no tracefs"
	elif [ ! -w $t/instances ] || ! mkdir $t/instances/ipitrace-test-probe.$$ 2>/dev/null; then
		echo "tracefs instances cannot be made"
	else
		rmdir $t/instances/ipitrace-test-probe.$$
		if [ ! -d $t/events/ipi ] && [ ! -d $t/events/irq_vectors ]; then
			echo "the kernel has no IPI events"
		else
			return 0
		fi
	fi
	return 1
}

# Skip the whole test unless this machine can be traced; NR CPUs must be online.
need_live() {
	local reason
	reason=$(live_reason) || skip_all "$reason"
	[ "$(getconf _NPROCESSORS_ONLN)" -ge "${1:-1}" ] || skip_all "needs $1 CPUs"
}

# The tracefs instance of a recording by process $1, not the one that tells who ended.
instance_of() { find /sys/kernel/tracing/instances -maxdepth 1 -name "ipitrace-$1.????????"; }

# wait_recording PID: until that process records; fails after 30 s.
wait_recording() {
	local i
	for ((i = 0; i < 1500; i++)); do
		[ "$(cat "$(instance_of "$1")/tracing_on" 2>/dev/null)" = 1 ] && return 0
		sleep 0.02
	done
	return 1
}

# One live recording at a time on this machine: others would disturb the counts.
live_lock() {
	[ -n "${IPITRACE_LIVE_LOCKED:-}" ] && return 0
	mkdir -p /run/lock
	exec 9>/run/lock/ipitrace-live.lock || exit 1
	flock 9
	IPITRACE_LIVE_LOCKED=1; export IPITRACE_LIVE_LOCKED
}

# kv KEY LINE...: value of key=value in an example's "sent:" line.
kv() {
	local key=$1
	shift
	sed -n "s/^sent: .*\b$key=\([^ ]*\).*/\1/p" <<<"$*" | tail -n 1
}

# shellcheck disable=SC2034 # used by the tests
# The conservation laws of a report, as a json_check expression.
CONSERVES='t["target_hits"] == t["delivered"] + t["coalesced"] + t["in_flight"] + t["lost"] and
	t["interrupts"] == t["delivered"] + t["unsolicited"] and
	t["delivered"] == t["exact"] + t["fifo"] + t["ambiguous"] and
	(t["calls"] is None or t["calls"] == t["calls_run"] + t["calls_in_flight"] + t["calls_lost"]) and
	sum(d["interrupts_by_class"].values()) == t["interrupts"]'


# Column of /proc/interrupts, all CPUs: irq_count CAL
irq_count() { awk -v n="$1:" '$1 == n { for (i = 2; i <= NF && $i ~ /^[0-9]+$/; i++) s += $i } END { print s + 0 }' /proc/interrupts; }

# record_report NAME RECORD-ARGS... -- WORKLOAD...: $TMP/NAME.dat, .sent, .log, .json; a test of its own.
#
# Interrupts without a send are no fault of the recorder in two cases: an IPI
# was under way when tracing was switched on; or the machine has tasks whose
# events its kernel does not record (seen on guests whose PID 1 is the host's
# agent: its threads never appear as senders, only as interrupted tasks). Both
# are rare and not the workload's, so such a recording is made again; what
# stays unsolicited in every try is for no_unsolicited to judge.
record_report() {
	local name=$1 status try
	shift
	for try in 1 2 3 4 5; do
		"$IPITRACE" record -o "$TMP/$name.dat" "$@" >"$TMP/$name.sent" 2>"$TMP/$name.log" </dev/null
		status=$?
		if [ $status -ne 0 ]; then
			not_ok "$name: record exits 0"
			note "exit $status: $(tail -n 5 "$TMP/$name.log")"
			return 1
		fi
		"$IPITRACE" report -i "$TMP/$name.dat" --json >"$TMP/$name.json" 2>"$TMP/$name.log"
		status=$?
		[ $status -eq 0 ] || break
		[ "$(json_get "$TMP/$name.json" 't["unsolicited"]')" -gt 0 ] || break
		note "$name: try $try has $(json_get "$TMP/$name.json" 't["unsolicited"]') interrupts from untraced senders"
	done
	pass "$name: record exits 0"
	is $status 0 "$name: report --json exits 0" || { note "$(tail -n 5 "$TMP/$name.log")"; return 1; }
	[ -s "$TMP/$name.sent" ] && note "$(tail -n 1 "$TMP/$name.sent")"
	return 0
}

# no_unsolicited NAME: of a recording by record_report. One in a thousand in
# every try is a machine too busy with tasks that its kernel does not record: a
# skip, with that reason. More is a failure.
no_unsolicited() {
	local n all
	n=$(json_get "$TMP/$1.json" 't["unsolicited"]')
	all=$(json_get "$TMP/$1.json" 't["interrupts"]')
	if [ "$n" -gt 0 ] && [ $((n * 1000)) -le "$all" ]; then
		skip "$1: no unsolicited interrupt" "$n of $all came from senders that this kernel does not record, in each of 5 tries"
	else
		is "$n" 0 "$1: no unsolicited interrupt"
	fi
}
