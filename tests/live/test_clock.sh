#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# record --clock x86-tsc: the file has ticks and how they become ns of CLOCK_MONOTONIC; reports, and trace-cmd, show those.
. "$(dirname "$0")/../lib.sh"
need_live
grep -qw x86-tsc /sys/kernel/tracing/trace_clock || skip_all "no trace clock x86-tsc: another architecture, or no TSC"
live_lock

now() { python3 -c 'import time; print(time.clock_gettime_ns(time.CLOCK_MONOTONIC))'; }
before=$(now)
exits 0 "record" "$IPITRACE" record -q --clock x86-tsc --compress none -o "$TMP/tsc.dat" -- "$EXAMPLES/membarrier" -n 2000
after=$(now)
exits 0 "report" "$IPITRACE" report --json -i "$TMP/tsc.dat"
cp "$OUT" "$TMP/report.json"
json_check "$TMP/report.json" "d['trace']['clock'] == 'x86-tsc'" "its clock"
json_check "$TMP/report.json" "$before <= d['trace']['start_ns'] < d['trace']['end_ns'] <= $after" "its times are those of CLOCK_MONOTONIC"
json_check "$TMP/report.json" "0 < d['trace']['duration_ns'] <= $after - $before" "and so is how long it took"
json_check "$TMP/report.json" "d['totals']['delivered'] and sum(r['delivery_ns']['count'] for r in d['rows'] if r['delivery_ns'])" \
	"delivery has a time"
exits 0 "list" "$IPITRACE" list --json -i "$TMP/tsc.dat"
cp "$OUT" "$TMP/list.json"
exits 0 "all stamps of it, in order" python3 - "$TMP/list.json" "$before" "$after" <<'PY'
import json, sys
before, after = map(int, sys.argv[2:])
lines = [json.loads(l) for l in open(sys.argv[1])]
assert len(lines) > 100
for l in lines:
    times = [l[k] for k in ("send_ns", "entry_ns", "exit_ns") if l[k] is not None]
    assert times == sorted(times) and all(before <= t <= after for t in times), l
PY
if command -v trace-cmd >/dev/null; then
	exits 0 "trace-cmd reads it" trace-cmd report -t -i "$TMP/tsc.dat"
	cp "$OUT" "$TMP/text"
	# It converts ticks as the file says, but leaves out the offset: between any two stamps there is as much time. From
	# version 3.2 on flags stand in front of the time.
	exits 0 "and shows the same times" python3 - "$TMP/text" "$TMP/list.json" <<'PY'
import json, re, sys
theirs = {int(m[1].replace(".", "")) for m in re.finditer(r"\] +(?:[^ ]{5} +)?(\d+\.\d{9}): ", open(sys.argv[1]).read())}
ours = sorted({l["send_ns"] for l in map(json.loads, open(sys.argv[2])) if l["send_ns"] is not None})
assert len(ours) > 100 and len(theirs) > len(ours), "no stamps in ns"
def all_there(shift):
    return all({o + shift - 1, o + shift, o + shift + 1} & theirs for o in ours)
assert any(all_there(t - ours[0]) for t in theirs), "no shift brings all sends among the stamps of trace-cmd"
PY
else
	skip "trace-cmd reads it" "no trace-cmd"
fi
exits 2 "not with a flight recorder" "$IPITRACE" record --clock x86-tsc --flight
like "$(cat "$ERR")" 'exclude each other' "  and says so"
exits 2 "not with user stacks" "$IPITRACE" record --clock x86-tsc --user-stack -d 1ms
exits 2 "no other clock" "$IPITRACE" record --clock local -d 1ms
like "$(cat "$ERR")" 'mono or x86-tsc' "  and says which there are"
done_testing
