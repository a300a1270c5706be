#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# top: --batch adds up to the report of the very pages that it read; in tmux keys
# are sent and the screen is read, at 80x24 and 200x50; the terminal and tracefs
# are given back on every way out.
. "$(dirname "$0")/../lib.sh"
need_live 2
live_lock

SNAP="$ROOT/tests/live/tracefs-snapshot"
"$SNAP" >"$TMP/before"
unchanged() {
	"$SNAP" >"$TMP/after"
	ok "$1: tracefs as before" diff "$TMP/before" "$TMP/after"
}
done_or_incomplete() { [ "$1" -eq 0 ] || [ "$1" -eq 3 ]; }

# --- text ---
"$IPITRACE" top --batch -d 100ms --by func -f func,target_hits,rate -o "$TMP/t.txt" --save "$TMP/t.dat" -- \
	"$EXAMPLES/membarrier" -n 20000 -c 0 -t 1 >"$TMP/t.out" 2>"$ERR" </dev/null
status=$?
ok "--batch" done_or_incomplete $status || note "$(tail -n 5 "$ERR")"
like "$(cat "$TMP/t.out")" '^sent: membarrier calls=20000' "  -o: the workload keeps its standard output"
"$IPITRACE" report --by func --json "$TMP/t.dat" >"$TMP/r.json" 2>"$ERR"
is $? $status "  report of what was read has the same exit status"
adds_up() {
	python3 - "$TMP/t.txt" "$TMP/r.json" <<-'PY'
	import json, re, sys
	report = json.load(open(sys.argv[2]))
	want = {(r["func"] or "-"): r["target_hits"] for r in report["rows"] if r["target_hits"]}
	got, intervals, after, begin = {}, 0, None, None
	units = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1}
	for block in open(sys.argv[1]).read().split("\n\n"):
	    if not block.strip():
	        continue
	    lines = block.splitlines()
	    end, length, unit, whole, whole_unit = re.match(
	        r"ipitrace top ([0-9.]+), ([0-9.]+)([a-zµ]+) of ([0-9.]+)([a-zµ]+),", lines[0]).groups()
	    end, length, whole = float(end), float(length) * units[unit], float(whole) * units[whole_unit]
	    intervals += 1
	    seconds = end - after if after else None
	    begin = end - length if begin is None else begin
	    assert abs(whole - (end - begin)) <= 0.006 * whole, (lines[0], begin)
	    after = end
	    if lines[4].startswith("no IPI"):
	        continue
	    assert lines[4].split() == ["FUNCTION", "HITS", "HITS/s"], lines[4]
	    for line in lines[5:]:
	        func, hits, rate = line.split()
	        if hits == "0":
	            continue
	        got[func] = got.get(func, 0) + int(hits)
	        if seconds:
	            assert abs(float(rate) - int(hits) / seconds) <= 0.006 * float(rate) + 0.01, (line, seconds)
	assert intervals >= 2, intervals
	assert got == want, (got, want)
	PY
}
ok "  hits of all intervals are the report's, row by row; rates are by the true length" adds_up
exits 0 "where little is sent" "$IPITRACE" top --batch -d 100ms -n 8
lengths() {
	sed -n 's/^ipitrace top \([0-9.]*\), \([0-9.]*\)ms of .*/\1 \2/p' "$OUT" |
		awk 'NR > 1 && (($1 - before) * 1000 - $2) ^ 2 > 1 { bad++ } { before = $1 } END { exit NR < 8 || bad }'
}
ok "  intervals are as long as they say" lengths || note "$(grep '^ipitrace top' "$OUT")"
# One that is short has taken no more of a CPU than there is: what it takes to end counts, and so does how long that is.
exits 0 "a workload that ends at once" "$IPITRACE" top --batch -- true
own=$(sed -n 's/.*; own: \([0-9]*\)[.0-9]*% CPU, .*/\1/p' "$OUT")
ok "  ipitrace itself takes less than one CPU: ${own:-?}%" test "${own:-1000}" -le 101
exits 0 "--where" "$IPITRACE" top --batch -n 1 -d 300ms --where 'target == 1' --by target,func -- "$EXAMPLES/membarrier" -n 100000 -c 0 -t 1
is "$(sed -n '/^TARGET/,/^$/p' "$OUT" | awk 'NR > 1 && NF && $1 != 1')" "" "  no other target"
like "$(cat "$OUT")" '^ *1 ipi_mb ' "  those of it are there"
like "$(cat "$OUT")" '^by target,func, sorted by rate; only target == 1$' "  and the condition is said"
like "$(cat "$OUT")" ' hits, - sends, ' "  sends are no lines of their own"
exits 0 "--where that nothing is like" "$IPITRACE" top --batch -n 1 -d 300ms --where 'comm == no-such-task' -- "$EXAMPLES/wakeup" -n 100000
like "$(cat "$ERR")" "^ipitrace: --where: no comm that it was asked of matches 'no-such-task'$" "  says so"
exits 2 "no terminal" "$IPITRACE" top
like "$(cat "$ERR")" '^hint: .*--batch' "  the hint names --batch"
exits 2 "a condition that is wrong" "$IPITRACE" top --batch --where 'delivry > 1us'
exits 2 "results and recording in one file" "$IPITRACE" top --batch -n 1 -d 100ms -o "$TMP/one" --save "$TMP/one"
exits 7 "the workload's status" "$IPITRACE" top --batch -o "$TMP/x" -- sh -c 'exit 7'
exits 127 "a workload that does not exist" "$IPITRACE" top --batch -- ./no-such-program
unchanged "text"

# --- a screen ---
command -v tmux >/dev/null || { skip "a screen" "no tmux"; done_testing; }
export TERM=xterm
T=(tmux -L "ipitrace-test-$$" -f /dev/null)
at_exit "tmux -L ipitrace-test-$$ kill-server 2>/dev/null"
# The server ends with its last session, and one that begins meanwhile has none ("server exited unexpectedly").
"${T[@]}" new-session -d -s keep sleep 3600
shown() { "${T[@]}" capture-pane -p -t top 2>/dev/null; }
keys() { "${T[@]}" send-keys -t top "$@"; }
# sees REGEX NAME: soon.
sees() {
	local i
	for ((i = 0; i < 2000; i++)); do
		shown >"$TMP/screen"
		grep -Eq -- "$1" "$TMP/screen" && { pass "$2"; return 0; }
		sleep 0.05
	done
	not_ok "$2"
	note "  want: /$1/"
	note "$(cat "$TMP/screen")"
	done_testing # what follows would only wait
}
misses() {
	shown >"$TMP/screen"
	! grep -Eq -- "$1" "$TMP/screen"
	verdict $? "$2" "$(cat "$TMP/screen")" "not /$1/"
}
# In a shell of its own, which says how it ended and whether the terminal is as it was.
cat >"$TMP/shell" <<-EOF
	stty -g >"$TMP/stty.before"
	"\$@"
	echo "exit \$?" >"$TMP/status"
	stty -g >"$TMP/stty.after"
	echo "given back"
	read -r _
EOF
on_screen() {
	local size=$1
	shift
	rm -f "$TMP/status"
	"${T[@]}" new-session -d -s top -x "${size%x*}" -y "${size#*x}" bash "$TMP/shell" "$@"
}
gone() {
	local i
	for ((i = 0; i < 2000; i++)); do
		[ -s "$TMP/status" ] && break
		sleep 0.05
	done
	is "$(cat "$TMP/status")" "exit $1" "$2: exit $1"
	sees '^given back' "  the shell's screen is back"
	ok "  the terminal is as it was" diff "$TMP/stty.before" "$TMP/stty.after"
	"${T[@]}" kill-session -t top 2>/dev/null
}
busy=("$EXAMPLES/membarrier" -n 20000000 -c 0 -t 1)

on_screen 80x24 "$IPITRACE" top -d 200ms -- "${busy[@]}"
sees '^membar.* ipi_mb +[1-9]' "80x24: rows"
cp "$TMP/screen" "$TMP/80x24"
like "$(head -n 1 "$TMP/80x24")" '^ipitrace top [0-9.]+, 20.ms of ' "  the interval"
is "$(awk 'length > 80' "$TMP/80x24")" "" "  nothing wider"
unlike "$(cat "$TMP/80x24")" '^sent:' "  nothing of the workload's"
keys h
sees '^ +Ctrl-L|Ctrl-L +paint' "h: help"
keys h
keys Enter
sees 'send to handler entry:' "Enter: the row's histogram"
sees 'SLOWEST AT' "  its slowest IPIs"
keys NPage NPage NPage
sees 'membarrier|__x64_sys|syscall' "  its sender's stack"
keys Escape
sees 'row 1 of ' "Esc: back"
keys g
sees '^by func, ' "g: by another key"
sees '^FUNCTION +HITS/s' "  its rows"
keys b C-u
keys -l target
keys Enter
sees '^by target, ' "b: by a key that is typed"
sees '^ *1 +[1-9]' "  its rows"
keys f
keys -l 'delivry > 1'
keys Enter
sees 'did you mean delivery' "f: what is wrong is said in place"
keys C-u
keys -l 'target == 1 && delivery > 1ns'
keys Enter
sees '; only target == 1 && delivery > 1ns' "  what is right filters"
keys Space
sees '\[frozen\]' "Space: frozen"
head -n 1 "$TMP/screen" >"$TMP/frozen"
"${T[@]}" resize-window -t top -x 200 -y 50
sees ' HANDLER-50 .*MAX-AT' "resized to 200x50: more columns"
is "$(head -n 1 "$TMP/screen" | cut -c 1-40)" "$(cut -c 1-40 "$TMP/frozen")" "  still of the same time"
cp "$TMP/screen" "$TMP/200x50"
keys Space
sees 'Space freeze' "  thawed"
misses 'frozen' "  it goes on"
"${T[@]}" resize-window -t top -x 30 -y 5
sees '~|…' "resized to 30x5: shortened, with a mark"
keys q
gone 0 "q"
unchanged "q"

on_screen 80x24 "$IPITRACE" top -d 100ms
sees '^by caller,func' "without a workload"
keys C-c
gone 0 "Ctrl-C"
on_screen 80x24 "$IPITRACE" top -d 100ms -- sh -c 'sleep 0.5; kill -SEGV $$'
gone 139 "a workload that crashes"
on_screen 80x24 "$IPITRACE" top -d 100ms
sees '^by caller,func' "once more"
kill -TERM "$(pgrep -P "$("${T[@]}" list-panes -t top -F '#{pane_pid}')" -x ipitrace)"
gone 0 "SIGTERM"
# Terminals with less, as they are on a console or over a line: no colours, no function keys, no letters beyond ASCII.
for term in linux vt100 screen; do
	infocmp $term >/dev/null 2>&1 || { skip "TERM=$term" "not in terminfo here"; continue; }
	on_screen 80x24 env TERM=$term LC_ALL=C LANG=C "$IPITRACE" top -d 100ms -- "${busy[@]}"
	sees '^membar.* ipi_mb +[1-9]' "TERM=$term, no UTF-8: rows"
	is "$(LC_ALL=C grep -c '[^ -~]' "$TMP/screen")" 0 "  of ASCII alone"
	keys Down
	keys Enter
	sees 'send to handler entry:' "  keys"
	keys q
	gone 0 "  q"
done
on_screen 80x24 env TERM=dumb "$IPITRACE" top
sees 'hint: .*--batch' "a dumb terminal: the hint names --batch"
gone 2 "it"
unchanged "ways out"
done_testing
