#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Whose work an IPI is: what was at work at the send, whom it hit, how many calls an interrupt ran.
. "$(dirname "$0")/../lib.sh"
py() { python3 "$ROOT/tests/cli/whose.py" "$@"; }
DATA=$ROOT/tests/data

if command -v trace-cmd >/dev/null; then
	# Not amd64-6.1, whose sends are told by probes.
	ok "senders and contexts are those of the flags that trace-cmd shows" py contexts "$IPITRACE" \
		"$DATA"/{report,demo}.dat "$DATA"/rows/{amd64-66cpu,arm64-6.1,arm64-6.12}.dat
else
	skip "senders and contexts are those of the flags that trace-cmd shows" "no trace-cmd"
fi
ok "rows by context, victim, depth, wakee, waker and idle are sums of lines" py rows "$IPITRACE" "$DATA"/{report,demo,wakes}.dat \
	"$DATA"/rows/*.dat
ok "a task has what it sent itself, in rows and by filters" py senders "$IPITRACE" "$DATA"/{report,demo}.dat \
	"$DATA"/rows/amd64-66cpu.dat

exits 0 "rows by caller and context" "$IPITRACE" report --by caller,context --csv -f caller,context,sends "$DATA/report.dat"
is "$(grep rcu_core "$OUT")" "rcu_core+0x31f,softirq,2" "  rcu_core sends in a softirq"
exits 0 "rows by task" "$IPITRACE" report --by comm,caller --csv -f comm,pid,process,caller,sends "$DATA/report.dat"
is "$(grep rcu_core "$OUT")" "<softirq>,,<softirq>,rcu_core+0x31f,2" "  and is not charged to what it interrupted"
exits 0 "rows by victim" "$IPITRACE" report --by victim --csv -f victim,sends,target_hits -n 1 "$DATA/report.dat"
is "$(tail -1 "$OUT")" "membarrier,,200" "  have no sends"
exits 0 "folded stacks" "$IPITRACE" export --folded "$DATA/report.dat"
like "$(cat "$OUT")" "<softirq>;.*rcu_core" "  have a root of their own for softirqs"

# Who started whom, and groups: live/test_family has a recording that knows them; here facts are added to one.
py knows "$DATA/report.dat" "$TMP/knows.dat"
ok "--children, --cgroup and --by cgroup are what their tasks sent" py groups "$IPITRACE" "$TMP/knows.dat"
for cmd in report list 'export --folded' 'diff /dev/fd/9'; do
	# shellcheck disable=SC2086 # words
	exits 0 "${cmd%% *}: a group that is not there" "$IPITRACE" ${cmd/'/dev/fd/9'/$TMP/knows.dat} --cgroup '/sh,/shh' "$TMP/knows.dat"
	like "$(cat "$ERR")" "^ipitrace: --cgroup: '/shh' matches nothing in (the recording|$TMP/knows.dat)\$" "  is named"
	like "$(cat "$ERR")" "^hint: near it are /sh" "  with what is near"
	unlike "$(cat "$ERR")" "'/sh' matches nothing" "  and no other"
done
exits 0 "--children of one that is not there" "$IPITRACE" report --children -p 9671,12345 "$TMP/knows.dat"
like "$(cat "$ERR")" "^ipitrace: --pid: 12345 sent nothing in the recording$" "  is named"
unlike "$(cat "$ERR")" "9671 sent nothing" "  and no other"
exits 0 "a task that nobody saw begin" "$IPITRACE" report --children "$TMP/knows.dat"
is "$(cat "$ERR")" "ipitrace: 50 IPIs are left out, for it is not known where their senders belong: wakeup-9678" "  is named"
exits 1 "--children where nobody knows" "$IPITRACE" report -p 1 --children "$DATA/report.dat"
is "$(cat "$ERR")" "ipitrace: report: --children: the recording does not know which process started which
hint: those of trace-cmd and of earlier versions do not: record again" "  says so"
exits 1 "--cgroup likewise" "$IPITRACE" list --cgroup / "$DATA/report.dat"
like "$(cat "$ERR")" "--cgroup: the recording does not know the control groups of tasks" "  says so"
exits 0 "--by cgroup there" "$IPITRACE" report --by cgroup --csv -f cgroup,target_hits "$DATA/report.dat"
is "$(cat "$ERR")" "ipitrace: the recording does not know control groups: --by cgroup tells none apart
hint: recordings of ipitrace since version 0.2 do, of machines that tell (not in a pid namespace)" "  says so"
done_testing
