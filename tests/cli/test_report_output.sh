#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What report prints and how it exits: text, CSV, other formats of the same
# recording, damaged and hostile files, wrong usage.
. "$(dirname "$0")/../lib.sh"
F=$DATA/report.dat

# --- text ---
exits 0 "text report" "$IPITRACE" report "$F"
is "$(cat "$ERR")" "" "nothing on stderr"
text=$(cat "$OUT")
like "$(head -1 "$OUT")" '^.*report\.dat: Linux 6\.18.* x86_64, 2 CPUs, 22\.3ms, 2399 events$' "header line"
like "$(sed -n 2p "$OUT")" "^recorded on vm: ipitrace record -o s\.dat -- sh -c 'build/examples/membarrier -n 200 .*-n 50'$" "  who recorded it, and where"
like "$text" '^membarrier_private_expedited\+0x[0-9a-f]+ +ipi_mb +call_function_single +200 +200 +200 +0 +0 +200 ' "a row"
like "$("$IPITRACE" report --by stack "$F")" '^    membarrier_private_expedited\+0x[0-9a-f]+$' "--by stack: one frame a line"
unlike "$("$IPITRACE" report --by stack "$F")" '^ +smp_call_function_many_cond' "  without the plumbing"
like "$("$IPITRACE" report --by stack --csv "$F")" 'smp_call_function_many_cond\+0x[0-9a-f]+ < membarrier' "  all of it is in CSV"
like "$text" '^anon_pipe_write\+0x[0-9a-f]+ +- +reschedule +98 ' "a reschedule has no function"
unlike "$text" '^own:' "no own line where nothing is ipitrace's own"
like "$("$IPITRACE" report "$ROOT/tests/data/demo.dat")" '^own: 1 send, 1 hit, 0 calls by ipitrace itself' "own line"
is "$(tail -3 "$OUT" | head -2)" "tier: exact, clock: mono
audit: matched 418/418 (311 exact, 107 fifo), 0 ambiguous, 0 coalesced, 0 unsolicited, 0 lost events" "tier, clock, audit"
like "$(tail -1 "$OUT")" '^coverage of /proc/interrupts: .*RES 107 traced of 107, CAL 311 traced of 310\.\.311, TLB 105 traced of 105$' \
	"coverage is the last line"
unlike "$text" $'\xc2|\033' "the C locale gets ASCII, a pipe no colour"
like "$(LC_ALL=C.UTF-8 "$IPITRACE" report "$F")" $'[0-9]\xc2\xb5s' "a UTF-8 locale gets a micro sign"
"$IPITRACE" report -n 2 "$F" >"$OUT"
is "$(grep -c 'call_function_single\|reschedule  ' "$OUT")/$(grep -c '^(12 more rows)$' "$OUT")" "3/1" "-n: two rows, the rest is counted"
is "$("$IPITRACE" report -n 13 "$F" | grep -c '^(1 more row)$')" 1 "-n: one row is singular"
like "$("$IPITRACE" report --over-time 1s "$F")" '^\(1 bin of 1\.00s, ' "--over-time: so is one bin"
is "$("$IPITRACE" report -n 1 -f func,sends "$F" | sed -n 4,5p | tr -s ' ')" "FUNCTION SENDS
ipi_mb 200" "--fields: only these"
like "$("$IPITRACE" report -f +delivery_min "$F" | sed -n 4p)" 'CALLER .* HITS .* MIN$' "--fields +: besides the usual ones"
like "$("$IPITRACE" report --sort caller "$F" | sed -n 5p)" '^__read_end_io' "--sort by name"
like "$("$IPITRACE" report --sort delivery_max -f caller,delivery_max "$F" | sed -n 5p)" '^membarrier_private_expedited.* 32\.1us' "--sort by a number: largest first"

# On a terminal columns give way before names do; nothing is wider than the terminal.
# The lines of a report on a terminal of $1 columns.
tty() { script -qec "stty cols $1; '$IPITRACE' report $2 '$F'" /dev/null </dev/null | tr -d '\r'; }
if script -qec true /dev/null </dev/null >/dev/null 2>&1; then
	for cols in 80 120 150; do
		table=$(tty $cols "-n 5" | sed -n '/^CALLER/,/^(/p' | grep -v '^(')
		is "$(awk -v w=$cols 'length($0) > w' <<<"$table" | wc -l)/$(wc -l <<<"$table")" "0/6" \
			"a terminal of $cols columns"
		like "$table" '^CALLER .* HITS .* MAX( |$)' "  what matters most stays"
	done
	stacks=$(TERM=xterm tty 80 "--no-pager --by stack")
	is "$(awk -v w=80 '{ gsub(/\033\[[0-9;]*m/, "") } length($0) > w' <<<"$stacks")" "" "  stacks at 80"
	like "$stacks" '^    membarrier_private_expedited\+0x[0-9a-f]+$' "  one frame a line"
	like "$stacks" $'^    \033\\[2msmp_call_function_many_cond\\+0x[0-9a-f]+\033\\[m$' "  plumbing is faint"
	like "$(TERM=dumb tty 80 "--by stack")" '^\(frames of the plumbing are left out' "  or left out, where there is no colour"
	unlike "$(TERM=dumb tty 80 "--by stack")" $'\033|^ +smp_call_function_many_cond' "  and none of it is there"
	like "$(tty 120 "")" '^membarrier_private_expedited\+0x[0-9a-f]+ ' "  whole names at 120"
	like "$(tty 120 "")" '^\([0-9]+ columns* doe*s* not fit this terminal' "  and it says what is missing"
	unlike "$(tty 250 "")" 'do not fit' "  nothing is missing at 250"
else
	skip "terminals" "script(1) is missing or gets no pseudo-terminal here"
fi

# --- files ---
cd "$TMP" || exit 1
exits 1 "no recording here" "$IPITRACE" report
like "$(cat "$ERR")" '^hint: ' "  with a hint"
cp "$F" trace.dat
exits 0 "trace.dat is found" "$IPITRACE" report
cp "$DATA/report-v7.dat" ipitrace.dat
exits 0 "ipitrace.dat comes first" "$IPITRACE" report --json
json_check "$OUT" 'd["trace"]["file"] == "ipitrace.dat" and d["trace"]["file_version"] == 7' "  and it is the one of version 7"
json_check "$OUT" 't["delivered"] == 418 and t["own_sends"] == 0 and d["trace"]["foreign"] and d["coverage"] == []' \
	"a file without our facts: same counts, nobody's own, no coverage"
# As trace-cmd would have made it: no facts, and its own name among the tasks' (one byte longer: another's is cut).
foreign() {
	python3 - "$DATA/demo.dat" "$1" "$2" <<-'PY'
	import re, struct, sys
	d = open(sys.argv[1], "rb").read()
	facts = struct.unpack("<Q", d[-16:-8])[0]
	own = re.search(rb"^own_pids (.*)$", d[-24 - facts:-24], re.M).group(1).split()
	d = d[:-24 - facts].replace(b"ipitrace 0.1", b"somebody 0.1", 1)
	for pid in own:
	    d, n = re.subn(rb"\n%s ipitrace\n" % pid, b"\n%s %s\n" % (pid, sys.argv[3].encode()), d, 1)
	    if n and len(sys.argv[3]) > len("ipitrace"):
	        d = d.replace(b" hackbench\n", b" hackbenc\n", 1)
	open(sys.argv[2], "wb").write(d)
	PY
}
foreign tc.dat trace-cmd
exits 0 "a file of trace-cmd's" "$IPITRACE" report tc.dat
like "$(cat "$OUT")" '^own: 1 send, 1 hit, 0 calls by the recorder \(trace-cmd\)' "its own IPIs are the recorder's"
foreign nobody.dat somebody
exits 0 "a file of nobody known" "$IPITRACE" report nobody.dat
unlike "$(cat "$OUT")" '^own:' "nothing in it is anybody's own"
is "$("$IPITRACE" report --csv --func ipi_mb ipitrace.dat)" "$("$IPITRACE" report --csv --func ipi_mb "$F")" \
	"version 6 and compressed version 7 report the same"
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
	chmod 755 "$TMP"
	exits 0 "needs no root" setpriv --reuid 65534 --regid 65534 --clear-groups "$IPITRACE" report trace.dat
else
	skip "needs no root" "not root, or no setpriv"
fi

# --- CSV says what JSON says ---
"$IPITRACE" report --csv "$F" >x.csv
"$IPITRACE" report --json "$F" >x.json
same() {
	python3 - <<-'PY'
	import csv, json
	rows = list(csv.DictReader(open("x.csv")))
	want = json.load(open("x.json"))["rows"]
	assert len(rows) == len(want)
	for got, row in zip(rows, want):
	    flat = {}
	    for k, v in row.items():
	        if k.endswith("_ns") or k == "fanout":
	            for s in "count min mean p50 p90 p99 p999 max max_at max_cpu sum".split():
	                unit = "" if s in ("count", "max_cpu") or k == "fanout" and s != "max_at" else "_ns"
	                flat[k.removesuffix("_ns") + "_" + s + unit] = 0 if v is None and s == "count" else None if v is None else v[s + "_ns" if s == "max_at" else s]
	        else:
	            flat[k] = v
	    assert set(got) == set(flat), set(got) ^ set(flat)
	    for k in flat:
	        assert got[k] == ("" if flat[k] is None else str(flat[k])), (k, got[k], flat[k])
	PY
}
ok "CSV and JSON agree in every cell" same

# --- usage ---
for bad in "-C 9-1" "-C x" "-C 0-999" "--class x" "--by x" "--by caller,caller" "--sort x" "-f x" "-n 0" "-n x" \
	"--json --csv" "--nonsense" "a b" "-p -1" "-p 1,x" "--comm a,!b" "-C 1,!0" "-C isolated" "-C !online"; do
	# shellcheck disable=SC2086
	exits 2 "usage: $bad" "$IPITRACE" report $bad trace.dat
	like "$(head -1 "$ERR")" '^ipitrace: report: ' "  says what"
	is "$(wc -c <"$OUT")" 0 "  nothing on stdout"
done
exits 1 "not there" "$IPITRACE" report nowhere.dat
exits 1 "not a recording" "$IPITRACE" report "$IPITRACE"
exits 1 "a directory" "$IPITRACE" report .
: >empty.dat
exits 1 "an empty file" "$IPITRACE" report empty.dat
exits 0 "--help" "$IPITRACE" report --help
# shellcheck disable=SC2016 # expanded by the inner shell
exits 1 "a full disk under the report is a failure" sh -c '"$IPITRACE" report trace.dat >/dev/full'

# --- filters that cannot have been meant ---
exits 0 "a function that nothing runs" "$IPITRACE" report --func ipi_m -C 0 "$F"
is "$(cat "$ERR")" "ipitrace: --func: 'ipi_m' matches nothing in the recording
hint: near it are ipi_mb" "  what was meant is named"
exits 0 "one of two names" "$IPITRACE" report --comm 'membarrier,WAKE*up' "$F"
is "$(cat "$ERR")" "ipitrace: --comm: 'WAKE*up' matches nothing in the recording
hint: near it are wakeup" "  it is said of that one"
exits 0 "a call site that is nowhere" "$IPITRACE" report --callsite '!zzzz*' "$F"
is "$(cat "$ERR")" "ipitrace: --callsite: 'zzzz*' matches nothing in the recording
hint: nothing is near it; 'ipitrace report --by callsite' shows what there is" "  nothing is near"
exits 0 "names that are there" "$IPITRACE" report --func 'ipi_*,flush_tlb_func' --comm '!membarrier' "$F"
is "$(cat "$ERR")" "" "  nothing is said, though no IPI passes all filters"
gzip -dc "$DATA/cases/only-ipi.dat.gz" >stackless.dat
exits 0 "callers without stacks" "$IPITRACE" report --by caller,func --callsite '*' stackless.dat
is "$(cat "$ERR")" "ipitrace: the recording has no stacks: --callsite only knows call sites, not callers
hint: 'trace-cmd record -T' records them
ipitrace: the recording has no stacks: --by caller is by call site
hint: 'trace-cmd record -T' records them" "  are no callers, which is said"
exits 0 "stacks without stacks" "$IPITRACE" report --by stack stackless.dat
like "$(cat "$ERR")" '^ipitrace: the recording has no stacks: --by stack tells none apart$' "  are said not to be there"
exits 0 "rows as usual" "$IPITRACE" report stackless.dat
is "$(cat "$ERR")" "" "  are by call site, and it is not said that nobody asked"

exits 0 "-p of a recording that knows no processes" "$IPITRACE" report -p 1 "$F"
is "$(cat "$ERR")" "ipitrace: --pid: 1 sent nothing in the recording
hint: 'ipitrace report --by pid' shows what there is
ipitrace: the recording does not know processes: --pid is that thread only, as --tid" "  is a thread, and says so"
"$IPITRACE" report --by process --csv -f process,sends "$F" >f.csv 2>"$ERR"
is "$(cat f.csv)" "process,sends
,413
<softirq>,4
<hardirq>,1" "  which are no rows either"
is "$(cat "$ERR")" "ipitrace: the recording does not know processes: --by process tells none apart
hint: recordings of ipitrace since version 0.2 do, of machines that tell (not in a pid namespace)" "  and it says so"
exits 0 "--tid of it" "$IPITRACE" report --tid 1 "$F"
is "$(cat "$ERR")" "ipitrace: --tid: 1 sent nothing in the recording
hint: 'ipitrace report --by pid' shows what there is" "  is what was asked for"
exits 0 "-p of a thread" "$IPITRACE" list -p 2841,2839 "$DATA/wakes.dat"
is "$(cat "$ERR")" "ipitrace: --pid: 2841 sent nothing in the recording
hint: it is a thread of process 2839: --tid 2841, or -p 2839" "  is told from the process"
exits 0 "--tid of it" "$IPITRACE" export --folded --tid 2841 "$DATA/wakes.dat"
is "$(cat "$ERR")" "" "  has sent"
exits 2 "--tid that is no number" "$IPITRACE" report --tid x "$F"
is "$(cat "$ERR")" "ipitrace: report: --tid: 'x': not a thread number
hint: like 1234, or 1,2,3; !1,2 leaves them out; names are for --comm" "  says what it is not"

# --- files that are not as they should be; the helper changes bytes of a copy ---
# Offsets of the per-CPU data follow the word flyrecord: pairs of offset and size.
edit() {
	python3 - "$F" "$1" "$2" <<-'PY'
	import struct, sys
	data = bytearray(open(sys.argv[1], "rb").read())
	fly = data.index(b"flyrecord\0") + 10
	cpu = [struct.unpack_from("<QQ", data, fly + 16 * i) for i in range(2)]
	what = sys.argv[3]
	page = cpu[1][0] + cpu[1][1] - 4096	# the last page of CPU 1, which has room
	if what in ("gap", "gap7"):
	    commit, = struct.unpack_from("<Q", data, page + 8)
	    flags = 1 << 31
	    if what == "gap7":
	        flags |= 1 << 30
	        assert commit + 16 + 8 <= 4096, commit
	        struct.pack_into("<Q", data, page + 16 + commit, 7)
	    struct.pack_into("<Q", data, page + 8, commit | flags)
	elif what == "foreign":
	    data = data.replace(b"ipi_send_", b"xxx_send_").replace(b"csd_", b"xsd_")
	    data = data.replace(b"reschedule_e", b"xxschedule_e").replace(b"call_function_", b"xxxx_function_")
	    data = data.replace(b"irq_work_e", b"xxx_work_e").replace(b"x86_platform_ipi_e", b"xxx_platform_ipi_e").replace(b"sched_wake_idle", b"xxxxx_wake_idle")
	elif what == "counts":
	    data = data.replace(b"ipi_send_", b"xxx_send_").replace(b"csd_", b"xsd_")
	elif what == "paired":
	    data = data.replace(b"csd_", b"xsd_")
	elif what == "hostile":
	    assert b" membarrier\n" in data
	    data = data.replace(b" membarrier\n", b" \x1b[31m\xff\"\\,a\n")
	    # In the facts \n is a newline; a fact that no one uses makes room for a filter.
	    assert b"cmdline ipitrace record -o" in data and b"workload_status 0\n" in data
	    data = data.replace(b"cmdline ipitrace record -o", b"cmdline \x1b]0;x\x07\\n record -o")
	    data = data.replace(b"workload_status 0\n", b"filter_comm *[!\x1b]\n")
	    at, check = data.index(b"facts 1\n"), 0xcbf29ce484222325	# FNV-1a of the facts
	    for byte in data[at:-24]:
	        check = (check ^ byte) * 0x100000001b3 % 2**64
	    struct.pack_into("<Q", data, len(data) - 8, check)
	open(sys.argv[2], "wb").write(data)
	PY
}
edit gap.dat gap
exits 3 "a gap of unknown size: exit code 3" "$IPITRACE" report --json gap.dat
like "$(cat "$ERR")" '^ipitrace: report: events are missing, nobody knows how many$' "  and a line on stderr"
json_check "$OUT" 'd["trace"]["lost_events"] is None' "  lost_events is null, not a number"
json_check "$OUT" 't["target_hits"] == t["delivered"] + t["coalesced"] + t["in_flight"] + t["lost"]
	and t["interrupts"] == t["delivered"] + t["unsolicited"]' "  conserved"
like "$("$IPITRACE" report gap.dat 2>/dev/null)" '^audit: .*, an unknown number of lost events' "  the audit says so"
edit gap7.dat gap7
exits 3 "a gap of known size: exit code 3" "$IPITRACE" report --json gap7.dat
json_check "$OUT" 'd["trace"]["lost_events"] == 7' "  lost_events is the number"
like "$("$IPITRACE" report gap7.dat 2>/dev/null)" '^audit: .*, 7 lost events' "  the audit has it"
edit none.dat foreign
exits 1 "no IPI events in the file" "$IPITRACE" report none.dat
like "$(cat "$ERR")" 'no IPI events' "  says so"
like "$(cat "$ERR")" '^hint: ' "  with a hint"

# The tiers, by taking away what they need.
edit counts.dat counts
exits 0 "reception events only" "$IPITRACE" report --json counts.dat
json_check "$OUT" 'd["trace"]["tier"] == "counts" and rows == [] and t["interrupts"] == t["unsolicited"] == 418
	and d["interrupts_by_class"]["reschedule"] == 107' "  tier counts: interrupts, no senders"
json_check "$OUT" 'd["unsolicited_handler_ns"]["call_function_single"]["count"] == 311
	and d["unsolicited_handler_ns"]["call_function"] is None' "  their handler times"
json_check x.json 'd["unsolicited_handler_ns"]["call_function_single"] is None' "  which the whole recording has in rows"
text=$("$IPITRACE" report counts.dat)
like "$text" '^no senders: ' "  text says why there are no rows"
like "$text" '^unsolicited: 107 reschedule, handler p50 [0-9]+ns, max ' "  and what arrived"
like "$text" '^tier: counts' "  and the tier"
edit paired.dat paired
exits 0 "sends and receptions, no csd events" "$IPITRACE" report --json paired.dat
json_check "$OUT" 'd["trace"]["tier"] == "paired" and t["delivered"] == t["fifo"] == 418 and t["exact"] == 0
	and t["calls"] is None' "  tier paired: all by order, no calls"

edit hostile.dat hostile
"$IPITRACE" report --by comm hostile.dat >h.txt
"$IPITRACE" report --by comm --csv hostile.dat >h.csv
"$IPITRACE" report --by comm --json hostile.dat >h.json
is "$(cat h.txt h.csv h.json | tr -d '\n' | tr -cd '\000-\037\177-\377' | wc -c)" 0 "a hostile task name brings no control character"
like "$(sed -n 2p h.txt)" '^recorded on vm: .\]0;x.. record -o s.dat' "  nor does a command line"
json_check h.json 'd["trace"]["command"].startswith("?]0;x?? record -o s.dat") and d["trace"]["recorded_filters"] == "comm *[!?]"' \
	"  and it is what JSON has"
json_check h.json '"?[31m?\"\\,a" in [r["comm"] for r in rows]' "  JSON escapes what is left"
ok "  CSV quotes it" grep -qF '"?[31m?""\,a"' h.csv
# A task may be called like a formula of a spreadsheet.
sed 's/ membarrier$/ =embarrier/' "$F" >formula.dat
"$IPITRACE" report --by comm --csv -f comm formula.dat >f.csv
ok "CSV makes text of a formula" grep -qx "'=embarrier" f.csv
"$IPITRACE" report --by comm --raw-csv -f comm formula.dat >f.csv
ok "  but not --raw-csv" grep -qx "=embarrier" f.csv
sed 's/=embarrier/@em,"rrier/g' formula.dat >quoted.dat
cells() { "$IPITRACE" "$@" quoted.dat 2>/dev/null | python3 -c 'import csv, sys; print(sorted({len(r) for r in csv.reader(sys.stdin)}))'; }
is "$(cells report --csv --by comm -f comm,hits)" "[2]" "  nor is such a text split at a comma of its own"
like "$(cells list --csv)" "^\\[[0-9]+\\]$" "  nor by list"
like "$("$IPITRACE" report --csv --by comm -f comm quoted.dat 2>/dev/null)" "^\"'@em,\"\"rrier\"$" "  the apostrophe is within the quotation marks"

# --- truncation: a clear error or an honest partial report ---
size=$(stat -c %s "$F")
bad=''
partial=0
for ((at = 0; at < size; at += size / 61)); do
	head -c "$at" "$F" >cut.dat
	timeout 20 "$IPITRACE" report --json cut.dat >cut.json 2>cut.err
	got=$?
	case $got in
	1)	[ -s cut.err ] && [ ! -s cut.json ] || bad+=" $at:quiet" ;;
	3)	partial=$((partial + 1))
		python3 -c 'import json
d = json.load(open("cut.json"))
assert (d["trace"]["truncated"] or d["trace"]["damaged"] in ("end", "trailer")) and d["trace"]["lost_events"] is None' 2>/dev/null || bad+=" $at:dishonest" ;;
	*)	bad+=" $at:$got" ;;
	esac
done
is "$bad" "" "cut anywhere: an error, or a partial report that says so"
[ $partial -gt 0 ]
is $? 0 "  some cuts leave something to report ($partial)"
head -c $((size - 1)) "$F" >cut.dat
like "$("$IPITRACE" report cut.dat)" '^note: what ipitrace knew of this recording is gone' \
	"cut by one byte: all events, and the note that the facts are gone"
# --- one word: incomplete is what exit status 3 says, of whatever is missing ---
ok "incomplete in JSON is exit status 3, merged or not" python3 - "$IPITRACE" "$DATA" <<-'PY'
import json, pathlib, subprocess, sys
ipitrace, data = sys.argv[1], pathlib.Path(sys.argv[2])
demo = (data / "demo.dat").read_bytes()
open("zeroed.dat", "wb").write(demo[:775839] + bytes(4096) + demo[775839 + 4096:])
open("short.dat", "wb").write(demo[:-1])
open("half.dat", "wb").write(demo[:len(demo) // 2])
seen = set()
for f in ["zeroed.dat", "short.dat", "half.dat", data / "demo.dat", data / "flight.dat", *sorted((data / "cases").glob("*.dat.gz"))]:
    whole = subprocess.run([ipitrace, "report", "--json", f], capture_output=True)
    if whole.returncode not in (0, 3):
        continue
    merged = subprocess.run([ipitrace, "merge", "--json", "-"], input=whole.stdout, capture_output=True)
    trace, of_all = json.loads(whole.stdout)["trace"], json.loads(merged.stdout)
    said = [whole.returncode == 3, trace["incomplete"], merged.returncode == 3, of_all["trace"]["incomplete"], of_all["merged"][0]["incomplete"]]
    assert len(set(said)) == 1, (f, said)
    assert said[0] or not (trace["damaged"] or trace["truncated"] or trace["lost_events"]), (f, trace)
    seen |= {k for k in ("damaged", "truncated") if trace[k]} | {str(trace["incomplete"])}
assert seen == {"damaged", "truncated", "True", "False"}, seen
PY
# Interrupts that are of all IPIs alike, and what they hit and ran.
P=$DATA/rows/ppc64el-7.3.dat.gz
like "$("$IPITRACE" report "$P")" '^interrupts: other 157$' "interrupts that tell nothing are recorded"
like "$("$IPITRACE" report --func ipi_mb "$P")" '^interrupts: recorded, but which are of IPIs that pass the filter is not known$' \
	"  and a filter does not unmake them"
for by in victim depth; do
	"$IPITRACE" report --json --by $by "$P" >j.json
	json_check j.json "len(rows) > 2 and all(r['target_hits'] is None for r in rows if r['$by'] is not None)" \
		"  hits by $by are not known to be none"
	json_check j.json "[r['target_hits'] for r in rows if r['$by'] is None] == [156]" "  all are in the row without one"
done

done_testing
