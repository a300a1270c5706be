#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# --from, --to, --around: windows that follow each other add up to the whole,
# lines and reports of one window agree, and what is not in the recording is an error.
. "$(dirname "$0")/../lib.sh"
cd "$TMP" || exit 1
cp "$DATA/demo.dat" .
report() { "$IPITRACE" report "$@"; }
py() { python3 "$ROOT/tests/cli/list.py" "$@"; }

# --- everything and the whole, of every recording whose clock counts ns ---
# Of clocks that are not in step: those of another tool, and one with losses, under another name of its clock.
python3 - "$DATA/rows/amd64-66cpu.dat" lossy-local.dat <<-'PY'
import sys
data = open(sys.argv[1], "rb").read()
at = data.index(b"local global ")
line = data[at:data.index(b"\0", at)]
new = line.replace(b"[mono]", b"mono").replace(b"local", b"[local]", 1)
assert b"[mono]" in line and len(new) == len(line)
open(sys.argv[2], "wb").write(data.replace(line, new, 1))
PY
is $? 0 "a recording under clock local"
ok "a window over everything is the whole" python3 - "$IPITRACE" "$DATA" lossy-local.dat <<-'PY'
import json, pathlib, subprocess, sys
def report(f, *more):
    out = subprocess.run([sys.argv[1], "report", "--json", *more, f], capture_output=True, text=True)
    return json.loads(out.stdout) if out.returncode in (0, 3) else None
nr = clocks = 0
for f in sorted(p for p in pathlib.Path(sys.argv[2]).rglob("*.dat*") if p.suffix in (".dat", ".gz")) + sys.argv[3:]:
    whole = report(f)
    if not whole or whole["trace"]["duration_ns"] is None:
        continue
    for window in ("--from", "+0s"), ("--to", f"{whole['trace']['end_ns'] + 1}ns"):
        part = report(f, *window)
        for key, value in whole["totals"].items():
            assert key in ("empty_interrupts", "calls_unqueued", "calls_unqueued_untraced") or part["totals"][key] == value, (f, window, key, value, part["totals"][key])
        assert part["rows"] == whole["rows"] and part["own"] == whole["own"], (f, window)
    ids = {json.loads(line)["send_id"] for line in subprocess.run([sys.argv[1], "list", "--json", "--from", "+0s", f],
           capture_output=True, text=True).stdout.splitlines()} - {None}
    assert not ids or len(ids) + whole["totals"]["sends_to_nobody"] == whole["totals"]["sends"], (f, len(ids), whole["totals"]["sends"])
    nr += 1
    clocks += not whole["trace"]["clock_synchronised"]
assert nr > 40 and clocks >= 3, (nr, clocks)
PY

# --- parts and the whole: of ours, with losses, of paired and counted interrupts, of another tool ---
for f in "$DATA/demo.dat" "$DATA/report-v7.dat" "$DATA"/rows/*.dat "$DATA"/cases/{libtraceevent-null8,no-ipi-fmtkept,two-instances}.dat.gz "$DATA"/stock/*-local.dat.gz lossy-local.dat; do
	ok "${f##*/}: three windows are the whole" python3 - "$IPITRACE" "$f" <<-'PY'
	import json, subprocess, sys
	def report(*more):
	    out = subprocess.run([sys.argv[1], "report", "--json", *more, sys.argv[2]], capture_output=True, text=True)
	    assert out.returncode in (0, 3), (more, out.stderr)
	    return json.loads(out.stdout)
	whole = report()
	start, end = whole["trace"]["start_ns"], whole["trace"]["end_ns"]
	assert whole["trace"]["window"] is None
	a, b = start + (end - start) // 3, start + (end - start) // 2
	parts = [report("--to", f"{a}ns"), report("--from", f"{a}ns", "--to", f"{b}ns"), report("--from", f"{b}ns")]
	of_all = ("events", "calls_unqueued", "calls_unqueued_untraced", "exits_unentered", "empty_interrupts")
	for key, value in whole["totals"].items():
	    if key not in of_all and value is not None:
	        assert sum(p["totals"][key] for p in parts) == value, (key, value, [p["totals"][key] for p in parts])
	for p in parts:
	    t, w = p["totals"], p["trace"]["window"]
	    assert t["interrupts"] == (t["delivered"] or 0) + t["unsolicited"], t
	    assert w["duration_ns"] == w["to_ns"] - w["from_ns"]
	    assert (w["sends_per_s"] is None) == (t["sends"] is None), w
	    assert t["sends"] is None or abs(w["sends_per_s"] * w["duration_ns"] / 1e9 - t["sends"]) < 1e-3, w
	assert [p["trace"]["window"]["from_ns"] for p in parts] == [start, a, b]
	assert [p["trace"]["window"]["to_ns"] for p in parts] == [a, b, end]
	PY
done
for window in '--from +200ms --to +1s' '--from -300ms' '--around +700ms+-100ms'; do
	# shellcheck disable=SC2086 # option and value
	ok "lines add up to the report: $window" py sums "$IPITRACE" demo.dat -- $window
done
ok "behind a filter as well" py sums "$IPITRACE" demo.dat -- --from +200ms --func flush_tlb_func

# --- points ---
same() {
	local a b
	# shellcheck disable=SC2086 # options and values
	a=$(report --json $1 demo.dat) b=$(report --json $2 demo.dat)
	[ -n "$a" ] && [ "$a" = "$b" ]
	verdict $? "$1 is $2" "$(head -c 300 <<<"$a")" "$(head -c 300 <<<"$b")"
}
start=$(report --json demo.dat | sed -n 's/.*"start_ns": \([0-9]*\),/\1/p')
end=$(report --json demo.dat | sed -n 's/.*"end_ns": \([0-9]*\),/\1/p')
same "--from +250ms" "--from $((start + 250000000))ns"
same "--to -250ms" "--to $((end - 250000000))ns"
same "--around 4304.9+-10ms" "--from 4304.89 --to 4304.91"
same "--around 4304.9±10ms" "--from 4304890000us --to 4304910000us"
# What is printed can be asked for.
"$IPITRACE" list demo.dat | sed -n '100,110p' | while read -r time rest; do
	"$IPITRACE" list --from "$time" --to "$time" demo.dat | grep -q "^ *$time $rest" || echo "$time"
done >missed
is "$(cat missed)" "" "a time as it is printed finds its line"
like "$(report --from +1s demo.dat)" '^window: 4304\.709889 to 4305\.255041, 545ms, [0-9]+ sends/s, [0-9]+ hits/s, [0-9]+ interrupts/s$' "the report names it"
unlike "$(report demo.dat)" '^window:' "not if none was asked for"

# --- of another tool: where it ends is not in the file ---
f=$DATA/cases/two-instances.dat.gz
end=$(report --json "$f" | sed -n 's/.*"end_ns": \([0-9]*\),/\1/p')
is "$("$IPITRACE" list --json --from -1ms "$f")" "$("$IPITRACE" list --json --from "$((end - 1000000))ns" "$f")" "the end of a foreign file"
gzip -dc "$f" >foreign.dat
"$IPITRACE" report --from -1ms - <foreign.dat >"$OUT" 2>"$ERR"
is $? 2 "on standard input it is not known"
like "$(cat "$ERR")" '^hint: give it as a file' "  what to do"
"$IPITRACE" report --from +1us - <foreign.dat >"$OUT" 2>"$ERR"
is $? 0 "  its start is"

# --- errors ---
exits 1 "before the recording" "$IPITRACE" report --to 10 demo.dat
is "$(cat "$OUT")$(head -n 1 "$ERR")" "ipitrace: report: nothing was recorded in this window: the recording is from 4303.709889 to 4305.255041" "  says where it is"
exits 1 "behind it" "$IPITRACE" list --from +1h demo.dat
exits 2 "nothing can be in it" "$IPITRACE" report --from +2s --to +1s demo.dat
exits 2 "no time" "$IPITRACE" report --from yesterday demo.dat
exits 2 "around nothing" "$IPITRACE" report --around 4304.9 demo.dat
exits 1 "a clock that does not count ns" "$IPITRACE" report --from +1s "$DATA/cases/counter.dat.gz"
gzip -dc "$f" >foreign.dat
for format in csv ndjson folded chrome perfetto; do
	for bad in "1 demo.dat --from +1h" "1 foreign.dat --from +1h" "2 demo.dat --from +1s --to +0.5s" "2 foreign.dat --from +1s --to +0.5s"; do
		echo good >kept
		# shellcheck disable=SC2086 # words of it
		exits "${bad%% *}" "export --$format ${bad#* }" "$IPITRACE" export --$format -o kept ${bad#* }
		is "$(cat kept)$(find . -name '.*' -type f)" good "  leaves the file as it was"
		# shellcheck disable=SC2086
		"$IPITRACE" export --$format ${bad#* } 2>"$ERR" >"$OUT"
		is "$? $(stat -c %s "$OUT")" "${bad%% *} 0" "  and writes nothing to standard output"
	done
done
exits 0 "export" "$IPITRACE" export --folded --from +200ms --to +1s demo.dat
is "$(awk '{ s += $NF } END { print s }' "$OUT")" "$(report --json --from +200ms --to +1s demo.dat | sed -n 's/.*"target_hits": \([0-9]*\),/\1/p' | head -n 1)" "  sums to the report"
exits 0 "export of stolen time" "$IPITRACE" export --folded=stolen --from +200ms --to +1s demo.dat
is "$(awk '{ s += $NF } END { print s }' "$OUT")" \
	"$("$IPITRACE" list --raw-csv --from +200ms --to +1s demo.dat | awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "handler_ns") c = i; next } { s += $c } END { print s }')" \
	"  sums to the handlers of the lines"
done_testing
