#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What report shows instead of its table: histograms, the matrix of CPUs, rates
# over time. Whatever is shown adds up to the report of the same recording.
. "$(dirname "$0")/../lib.sh"
cd "$TMP" || exit 1
F=$DATA/demo.dat

# adds_up FILE: every view of it, in every format, against its report.
adds_up() {
	python3 - "$1" <<-'PY'
	import csv, json, os, re, subprocess, sys
	def run(*args):
	    p = subprocess.run([os.environ["IPITRACE"], "report", *args, sys.argv[1]], capture_output=True, text=True)
	    assert p.returncode in (0, 3), (args, p.stderr)
	    return p.stdout
	d = json.loads(run("--json"))
	t, rows = d["totals"], d["rows"]

	# matrix
	m = json.loads(run("--json", "--matrix", "count"))
	assert m["rows"] == rows and m["totals"] == t and m["own"] == d["own"], "a matrix changes nothing else"
	m = m["matrix"]
	assert sum(map(sum, m["cells"])) == t["target_hits"]
	assert len(m["cells"]) == len(m["sources"]) and all(len(c) == len(m["targets"]) for c in m["cells"])
	lines = list(csv.reader(run("--csv", "--matrix", "count").splitlines()))
	assert [int(x) for x in lines[0][1:]] == m["targets"] and lines[0][0] == "source"
	assert [[int(x) for x in line] for line in lines[1:]] == [[s] + c for s, c in zip(m["sources"], m["cells"])]
	text = run("--matrix", "count")
	if t["target_hits"]:
	    cells = [re.findall(r"\S+", line) for line in re.search(r"^ *FROM.TO.*?^ *TOTAL[^\n]*", text, re.M | re.S).group().splitlines()]
	    assert cells[-1][-1] == str(t["target_hits"]), cells[-1]
	    n = lambda x: 0 if x == "." else int(x)
	    assert sum(n(x) for line in cells[1:-1] for x in line[1:-1]) == t["target_hits"]
	    assert all(sum(map(n, line[1:-1])) == n(line[-1]) for line in cells[1:])
	pairs = {(r["source"], r["target"]): r for r in json.loads(run("--json", "--by", "source,target"))["rows"]}
	if not d["own"]["target_hits"]:
	    for value in ("p50", "p99", "max"):
	        m = json.loads(run("--json", "--matrix", value))["matrix"]
	        for s, line in zip(m["sources"], m["cells"]):
	            for to, cell in zip(m["targets"], line):
	                want = pairs.get((s, to), {"delivery_ns": None})["delivery_ns"]
	                assert cell == (want and want[value]), (value, s, to, cell, want)

	# histograms: every bucket of every row
	for dist in ("delivery", "queue", "func", "handler"):
	    got = {}
	    for r in csv.DictReader(run("--csv", "--hist", dist).splitlines()):
	        got.setdefault((r.get("caller", r.get("callsite")), r["func"]), []).append([int(r["low_ns"]), int(r["count"])])
	    key = "caller" if d["trace"]["stacks"] else "callsite"
	    want = {(r[key] or "", r["func"] or ""): r[dist + "_ns"]["buckets"] for r in rows if r[dist + "_ns"]}
	    assert got == want, dist
	    bars = [int(n) for n in re.findall(r"^ +[0-9.]+\S+ \.\. +\S+ +(\d+) \|", run("--hist", dist), re.M)]
	    assert sum(bars) == sum(r[dist + "_ns"]["count"] for r in rows if r[dist + "_ns"]), dist

	# over time
	if not d["trace"]["clock_synchronised"]:
	    return_code = subprocess.run([os.environ["IPITRACE"], "report", "--over-time", "10ms", sys.argv[1]], capture_output=True).returncode
	    assert return_code == 1 or not t["target_hits"]
	    sys.exit(0)
	o = json.loads(run("--json", "--over-time", "10ms"))
	assert o["bin_ns"] == 10**7 and (o["nr_bins"] - 1) * 10**7 <= d["trace"]["duration_ns"]
	for r in o["rows"] + [o["own"]]:
	    assert len(r["over_time"]) == o["nr_bins"] and sum(r["over_time"]) == r["target_hits"], r["over_time"]
	    r.pop("over_time")
	assert o["rows"] == rows and o["own"] == d["own"]
	sums = {}
	for r in csv.DictReader(run("--csv", "--over-time", "10ms").splitlines()):
	    sums[r["begin_ns"]] = sums.get(r["begin_ns"], 0) + int(r["target_hits"])
	    end = min(int(r["begin_ns"]) + 10**7, o["bins_to_ns"])
	    assert int(r["length_ns"]) == max(end - int(r["begin_ns"]), 0), r
	assert sum(sums.values()) == t["target_hits"] - d["own"]["target_hits"]
	if rows:
	    assert min(map(int, sums)) == d["trace"]["start_ns"] and len(sums) == o["nr_bins"]
	    assert o["bins_to_ns"] - o["bins_from_ns"] == d["trace"]["duration_ns"]
	PY
}
nr=0
mkdir unpacked
for f in "$DATA"/cases/{both,quiet-start,counter,uptime,two-instances,only-ipi}.dat.gz; do
	zcat "$f" >"unpacked/$(basename "$f" .gz)"
done
for f in "$DATA"/*.dat "$DATA"/rows/*.dat unpacked/*.dat; do
	ok "views of $(basename "$f")" adds_up "$f"
	nr=$((nr + 1))
done
[ $nr -ge 13 ]
is $? 0 "$nr recordings"

# --- histograms ---
is "$("$IPITRACE" report --hist delivery --func ipi_mb "$F" | sed -n 4,10p)" "send to handler entry, by powers of two:

membarrier_private_expedited+0x20e ipi_mb
  476 samples, p50 9.28us, p99 12.7us, max 44.0us
    8.19us ..  16.4us         472 |########################################
    16.4us ..  32.8us           3 |.
    32.8us ..  65.5us           1 |." "a histogram"
is "$("$IPITRACE" report --hist delivery_p99 --csv "$F")" "$("$IPITRACE" report --hist delivery --csv "$F")" "any column names its distribution"
like "$("$IPITRACE" report --hist queue --class reschedule "$F")" '^  no samples$' "no samples"
is "$("$IPITRACE" report --hist handler -n 3 "$F" | grep -c ' samples, p50 ')" 3 "-n: the first rows"
like "$("$IPITRACE" report --hist handler -n 3 "$F")" '^audit: matched 3145/3145' "the trust is below"
exits 3 "of a recording that is cut" sh -c "head -c 200000 '$F' | '$IPITRACE' report --hist delivery -"
exits 2 "  not of a count" "$IPITRACE" report --hist sends "$F"
exits 2 "  of nonsense" "$IPITRACE" report --hist x "$F"

# --- matrix ---
is "$("$IPITRACE" report --matrix count "$F" | sed -n 4,8p)" "target hits, from row to column, own ones among them:
FROM\\TO    0    1 TOTAL
      0    . 2037  2037
      1 1108    .  1108
  TOTAL 1108 2037  3145" "a matrix"
like "$("$IPITRACE" report --matrix count "$DATA/rows/amd64-66cpu.dat")" '^\([0-9]+ of 66 CPUs sent or were hit\)$' "only CPUs that have something"
exits 2 "  of nonsense" "$IPITRACE" report --matrix x "$F"
exits 2 "  with --by" "$IPITRACE" report --matrix count --by func "$F"
exits 2 "  with another view" "$IPITRACE" report --matrix count --hist delivery "$F"
exits 2 "  with --fields" "$IPITRACE" report --matrix count -f sends "$F"
like "$("$IPITRACE" report --matrix count --comm nobody "$F")" '^no IPI passes the filter$' "  of nothing"
like "$("$IPITRACE" list --comm nobody "$F" 2>&1)" '^no IPI passes the filter; tier: ' "  as a list says, too"

# --- over time ---
text=$("$IPITRACE" report --over-time 100ms "$F")
like "$text" '^ROW +HITS PEAK/s OVER TIME$' "rates over time"
like "$text" '^anon_pipe_write\+0x39a +1139 +[0-9]+ +[.:=+*%#-]+' "  a row"
like "$text" '^\(16 bins of 100ms, each character 100ms;' "  what a character is"
like "$(LC_ALL=C.UTF-8 "$IPITRACE" report --over-time 100ms "$F")" $'\xe2\x96\x88' "  blocks where the locale has them"
# The rate of a shorter bin is by its own length, but at least by half of a whole one's: by the lines of the list.
peaks() {
	"$IPITRACE" report --by class --over-time "$@" "$F" >text || return 1
	"$IPITRACE" report --by class --json --over-time "$@" "$F" >json
	python3 - <<-'PY'
	import json, os, subprocess
	d, text = json.load(open("json")), open("text").read().splitlines()
	got = {f[0]: int(f[2]) for f in (line.split() for line in text) if len(f) > 2 and f[1].isdigit() and f[2].isdigit()}
	lines = subprocess.run([os.environ["IPITRACE"], "list", "--json", "--kind", "hit", os.environ["F"]], capture_output=True).stdout
	sends = [l for l in map(json.loads, lines.splitlines()) if not l["own"]]
	start, size, begin, end = d["trace"]["start_ns"], d["bin_ns"], d["bins_from_ns"], d["bins_to_ns"]
	short = 0
	for name, peak in got.items():
	    rates = []
	    for n in range(d["nr_bins"]):
	        low, high = max(start + n * size, begin), min(start + (n + 1) * size, end)
	        hits = sum(l["class"] == name and low <= l["send_ns"] < high for l in sends) if high > low else 0
	        rates.append(hits * 1e9 / max(high - low, size / 2))
	        short += high - low < size
	    assert peak == float("%.0f" % max(rates)), (name, peak, rates)
	assert got and short, (got, short)
	PY
}
export F
ok "  the highest rate, where the last bin is shorter" peaks 1200ms
ok "  where all is one bin" peaks 1h
ok "  in a window" peaks 200ms --from +0.25s --to +0.7s
exits 1 "  too many bins" "$IPITRACE" report --over-time 1ns "$F"
like "$(cat "$ERR")" 'these are too many bins' "  says so"
exits 2 "  no time" "$IPITRACE" report --over-time 0 "$F"
exits 2 "  nor by what no hit has" "$IPITRACE" report --over-time 10ms --by slowest "$F"

# --- on a terminal ---
if script -qec true /dev/null </dev/null >/dev/null 2>&1; then
	for view in "--hist delivery" "--matrix count" "--matrix p99" "--over-time 10ms"; do
		script -qec "stty cols 80; '$IPITRACE' report --no-pager $view '$DATA/rows/amd64-66cpu.dat'" /dev/null </dev/null | tr -d '\r' >tty.out
		is "$(awk '{ gsub(/\033\[[0-9;]*m/, "") } length($0) > 80' tty.out)" "" "$view at 80 columns"
	done
else
	skip "terminals" "script(1) is missing or gets no pseudo-terminal here"
fi
done_testing
