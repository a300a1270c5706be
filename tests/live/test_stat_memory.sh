#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Memory does not grow with time: stat under load, of tasks that come and go,
# too. The workload looks at its parent, which is ipitrace, round by round; the
# test is bounded by what is sent, not by time. MEMORY_SECONDS=N: by that, and of
# MEMORY_COMMAND=check: its memory.
. "$(dirname "$0")/../lib.sh"
need_live 2
live_lock

export MEMORY_SECONDS=${MEMORY_SECONDS:-}
cat >"$TMP/load" <<'SH'
for ((i = 0; MEMORY_SECONDS ? SECONDS < MEMORY_SECONDS || i < 9 : i < 9; i++)); do
	"$EXAMPLES/tlb" -n 5000 >/dev/null
	"$EXAMPLES/wakeup" -n 2000 >/dev/null
	for ((j = 0; j < 50; j++)); do /bin/true; done
	awk '/^VmRSS:/ { print $2 }' /proc/$PPID/status >>"$TMP/rss"
done
SH
case ${MEMORY_COMMAND:-stat} in
stat) measure=(stat -I 500ms --json) least=10000 ;;
check) measure=(check -C 1 --max 1000000000 --progress 1m --json) least=1000 ;;
esac
"$IPITRACE" "${measure[@]}" -o "$TMP/s.json" -- bash "$TMP/load" >"$OUT" 2>"$ERR" </dev/null
status=$?
rounds=$(wc -l <"$TMP/rss")
ok "measured" test $status -eq 0 -o $status -eq 3
events=$(python3 -c 'import json, sys; print(sum(d["hits"] if "hits" in d else d["trace"]["events"] for d in map(json.loads, \
	open(sys.argv[1]) if sys.argv[2] == "stat" else [open(sys.argv[1]).read()])))' "$TMP/s.json" "${measure[0]}")
ok "$events events in $rounds rounds" test "$rounds" -ge 9 -a "$events" -gt $((rounds * least))
# The first third brings what there is to know: symbols, stacks, rows, pages of a burst.
early=$(head -n $((rounds / 3)) "$TMP/rss" | sort -n | tail -n 1)
late=$(tail -n $((rounds / 3)) "$TMP/rss" | sort -n | tail -n 1)
note "$early kB in the first third, $late kB in the last"
ok "no more than 4 MB on top of that" test $((late - early)) -le 4096
ok "and no more than 200 MB in all" test "$late" -le 204800
done_testing
