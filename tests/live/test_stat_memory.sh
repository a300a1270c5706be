#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Memory does not grow with time: stat under load, of tasks that come and go,
# too. The workload looks at its parent, which is ipitrace, round by round; the
# test is bounded by what is sent, not by time. MEMORY_ROUNDS=N: longer.
. "$(dirname "$0")/../lib.sh"
need_live 2
live_lock

rounds=${MEMORY_ROUNDS:-9}
cat >"$TMP/load" <<'SH'
for ((i = 0; i < $1; i++)); do
	"$EXAMPLES/tlb" -n 5000 >/dev/null
	"$EXAMPLES/wakeup" -n 2000 >/dev/null
	for ((j = 0; j < 50; j++)); do /bin/true; done
	awk '/^VmRSS:/ { print $2 }' /proc/$PPID/status >>"$TMP/rss"
done
SH
"$IPITRACE" stat -I 500ms --json -o "$TMP/s.json" -- bash "$TMP/load" "$rounds" >"$OUT" 2>"$ERR" </dev/null
status=$?
ok "measured" test $status -eq 0 -o $status -eq 3
events=$(python3 -c 'import json, sys; print(sum(json.loads(line)["trace"]["events"] for line in open(sys.argv[1])))' "$TMP/s.json")
ok "$events events in $rounds rounds" test "$events" -gt $((rounds * 10000))
is "$(wc -l <"$TMP/rss")" "$rounds" "the workload has looked at its parent each time"
# The first third brings what there is to know: symbols, stacks, rows, pages of a burst.
early=$(head -n $((rounds / 3)) "$TMP/rss" | sort -n | tail -n 1)
late=$(tail -n $((rounds / 3)) "$TMP/rss" | sort -n | tail -n 1)
note "$early kB in the first third, $late kB in the last"
ok "no more than 4 MB on top of that" test $((late - early)) -le 4096
ok "and no more than 200 MB in all" test "$late" -le 204800
done_testing
