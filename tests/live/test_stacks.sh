#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Stacks where they tell something: the default leaves them out at the call sites of known callers and nowhere else,
# by trace-cmd's reading of the file; rows, lines and folded stacks say where one is missing by choice.
. "$(dirname "$0")/../lib.sh"
need_live 2
command -v trace-cmd >/dev/null || skip_all "no trace-cmd"
live_lock
cd "$TMP" || exit 1
# Of membarrier's sends and all others: how many there are, and how many have a stack right behind.
cat >count.py <<'END'
import re, sys
sends, stacks, last = {True: 0, False: 0}, {True: 0, False: 0}, {}
for line in sys.stdin:
    m = re.match(r" *(.*-\d+) +\[(\d+)\] +(?:[^ ]+ +)?[0-9.]+: (\w+): +(.*)", line)
    if not m:
        continue
    task, cpu, event, args = m.groups()
    if event == "kernel_stack":
        if (cpu, task) in last:
            stacks[last.pop((cpu, task))] += 1
    elif event in ("ipi_send_cpu", "ipi_send_cpumask"):
        known = "callsite=membarrier_" in args
        sends[known] += 1
        last[cpu, task] = known
    else:
        last.pop((cpu, task), None)
print(sends[True], stacks[True], sends[False], stacks[False])
END
# What the file holds: $known $with of membarrier's, $others $their of the rest. The kernel drops a stack now and then.
take() {
	"$IPITRACE" record -q -o s.dat "$@" -- sh -c "$EXAMPLES/tlb -n 300; $EXAMPLES/membarrier -n 300" >/dev/null 2>err
	is "$?" 0 "record $*"
	read -r known with others their < <(trace-cmd report -i s.dat 2>/dev/null | python3 count.py)
	note "$known of membarrier, $with with a stack; $others others, $their with"
	ok "  both sent" [ "$known" -gt 100 -a "$others" -gt 100 ]
}
all() { [ "$1" -ge $(($2 - $2 / 100 - 2)) ]; }

take
is "$with" 0 "no stack of membarrier"
ok "the others have theirs" all "$their" "$others"
"$IPITRACE" report --json s.dat >s.json
json_check s.json "sum(r['sends'] for r in rows if (r['caller'] or '').startswith('membarrier_private_expedited+0x')) == $known" \
	"its row names the caller"
json_check s.json "all(r['caller'] for r in rows) and any('madvise' in r['caller'] for r in rows)" "so do the others"
is "$("$IPITRACE" report --by caller --json s.dat 2>&1 >/dev/null)" "" "nothing is said to be without stacks"
"$IPITRACE" report --by stack,func --func ipi_mb --json s.dat >s.json
json_check s.json "[(len(r['stack']), r['stack'][1], r['sends']) for r in rows] == [(2, '[stack left out]', $known)]" \
	"by stack: the call site, and that the rest is left out"
like "$("$IPITRACE" report --by stack,func --func ipi_mb s.dat)" '^ +\[stack left out\]$' "  the text, too"
like "$("$IPITRACE" export --folded s.dat 2>/dev/null)" "^membarrier;\[stack_left_out\];membarrier_private_expedited $known$" "folded"
like "$("$IPITRACE" list --stacks --func ipi_mb --slowest 1 s.dat)" '^ +\[stack left out\]$' "list --stacks"
# Only membarrier: no stack is in the file, and yet it is no recording without.
"$IPITRACE" record -q -o m.dat -- "$EXAMPLES/membarrier" -n 50 >/dev/null 2>&1
"$IPITRACE" report --by stack --func ipi_mb m.dat >m.txt 2>m.err
is "$(cat m.err)" "" "a recording of nobody else: nothing to complain of"
"$IPITRACE" stat --by stack --func ipi_mb -o m.txt -- "$EXAMPLES/membarrier" -n 50 >/dev/null 2>m.err
like "$(cat m.txt)" '^ +\[stack left out\]$' "stat says it, too"

for how in sends all; do
	take --stack=$how
	ok "all have one" all $((with + their)) $((known + others))
done
unlike "$("$IPITRACE" export --folded s.dat 2>/dev/null)" 'left_out' "nothing is left out"
take --stack=none
is "$with $their" "0 0" "none has one"
exits 2 "no such stacks" "$IPITRACE" record --stack=some -- true
like "$(cat "$ERR")" "'some': not one of auto, sends, calls, none" "  says what there is"

if "${CC:-gcc}" -O1 -shared -fPIC -o shim.so "$ROOT/tests/live/shim.c" -ldl; then
	export IPITRACE_DEBUG=session
	LD_PRELOAD=$PWD/shim.so SHIM_PLAIN=1 "$IPITRACE" record -o p.dat -- "$EXAMPLES/membarrier" -n 50 >/dev/null 2>err
	is "$?" 0 "a kernel whose filters know no functions"
	like "$(cat err)" 'ipi_send_cpu/trigger <- stacktrace$' "every send has a stack"
	"$IPITRACE" report --by stack,func --func ipi_mb --json p.dat >p.json
	json_check p.json "rows and all(len(r['stack']) > 2 for r in rows)" "membarrier's, too"
else
	skip "a kernel whose filters know no functions" "no compiler for the shim"
fi
done_testing
