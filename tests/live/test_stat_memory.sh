#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Memory does not grow with time: stat under load, of tasks that come and go,
# too. The workload looks at its parent, which is ipitrace, round by round.
# MEMORY_SECONDS=N: for so long, at a constant pace, of MEMORY_COMMAND; without
# it half a minute of as much as can be, and nine rounds of it at least.
. "$(dirname "$0")/../lib.sh"
need_live 2
export MEMORY_SECONDS=${MEMORY_SECONDS:-}
# Only memory is asserted of the long runs: others may be traced beside them.
[ "$MEMORY_SECONDS" ] || live_lock

cat >"$TMP/load" <<'SH'
note_memory() { awk '/^VmRSS:/ { print $2 }' /proc/$PPID/status >>"$TMP/rss"; }
tasks() { for ((j = 0; j < $1; j++)); do /bin/true; done; }
if [ "$MEMORY_SECONDS" ]; then
	while [ $SECONDS -lt "$MEMORY_SECONDS" ]; do
		"$EXAMPLES/tlb" -n 600 >/dev/null
		"$EXAMPLES/wakeup" -n 300 >/dev/null
		tasks 10
		sleep 0.2
		note_memory
	done
else
	for ((i = 0; i < 9 || SECONDS < 30; i++)); do
		"$EXAMPLES/tlb" -n 5000 >/dev/null
		"$EXAMPLES/wakeup" -n 2000 >/dev/null
		tasks 50
		note_memory
	done
fi
SH
case ${MEMORY_COMMAND:-stat} in
stat) measure=(stat -I 500ms --json) events='sum(d["trace"]["events"] for d in map(json.loads, f))' ;;
check) measure=(check -C 1 --max 1000000000 --progress 1m --json) events='json.load(f)["hits"]' ;;
top) measure=(top --batch -d 500ms --by "caller,func,comm,pid,target" --rows 5) events='int(sum(float(n) / 2 for n in re.findall("^per s: ([0-9.]+) hits", f.read(), re.M)))' ;;
esac
"$IPITRACE" "${measure[@]}" -o "$TMP/s.out" -- bash "$TMP/load" >"$OUT" 2>"$ERR" </dev/null
status=$?
rounds=$(wc -l <"$TMP/rss")
ok "measured" test $status -eq 0 -o $status -eq 3
events=$(python3 -c 'import json, re, sys; f = open(sys.argv[1]); print('"$events"')' "$TMP/s.out")
ok "$events events in $rounds rounds" test "$rounds" -ge 9 -a "$events" -gt $((rounds * 500))
# The first third brings what there is to know: symbols, stacks, rows, pages of a burst.
early=$(head -n $((rounds / 3)) "$TMP/rss" | sort -n | tail -n 1)
late=$(tail -n $((rounds / 3)) "$TMP/rss" | sort -n | tail -n 1)
note "$early kB in the first third, $late kB in the last"
# All rows that check ever keeps are there then, for it has got the most that it may.
if [ "$MEMORY_SECONDS" ] && [ "$MEMORY_SECONDS" -ge 1800 ] && [ "${measure[0]}" = check ]; then
	json_check "$TMP/s.out" 'len(d["offenders"]) > 10000' "check has as many rows as it may have"
fi
ok "no more than 4 MB on top of that" test $((late - early)) -le 4096
ok "and no more than 200 MB in all" test "$late" -le 204800
done_testing
