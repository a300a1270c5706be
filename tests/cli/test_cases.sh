#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Files that readers get wrong, each with the right value: tests/data/cases.
. "$(dirname "$0")/../lib.sh"

for f in "$DATA"/cases/*.gz; do
	gzip -dc "$f" >"$TMP/$(basename "${f%.gz}")"
done

# sends NAME N FILE OPTION...: so many sends, all delivered
sends() {
	local name=$1 n=$2
	shift 2
	exits 0 "$name: exit code" "$IPITRACE" report --json "$@"
	json_check "$OUT" "t['sends'] == t['delivered'] == $n and t['calls_run'] == $n" "$name: $n sends"
}

# --- all buffers ---
sends "events in an instance" 50 "$TMP/top-has-other.dat"
sends "events in the second instance" 50 "$TMP/two-instances.dat"
sends "events in two buffers" 40 "$TMP/both.dat"

like "$("$IPITRACE" report "$TMP/both.dat")" "^note: read from several buffers: top, ipis;" "  which it says"
sends "only the top buffer" 30 --buffer top "$TMP/both.dat"
sends "only the instance's" 10 --buffer ipis "$TMP/both.dat"
exits 1 "a buffer that is not there" "$IPITRACE" report --buffer nosuch "$TMP/both.dat"
like "$(cat "$ERR")" "^hint: it has: top, ipis" "  the hint names those that are"

# --- evidence: what was recorded, not what there are formats of ---
# evidence FILE TIER EXPRESSION NAME
evidence() {
	exits 0 "$4: exit code" "$IPITRACE" report --json "$TMP/$1.dat"
	json_check "$OUT" "d['trace']['tier'] == '$2' and ($3)" "$4"
}
arrivals='[t[k] for k in ("delivered", "coalesced", "in_flight", "lost", "exact", "fifo", "ambiguous")]'
runs='[t[k] for k in ("calls_run", "calls_in_flight", "calls_lost")]'
evidence only-ipi sends "t['sends'] == t['target_hits'] == 5 and $arrivals == [None] * 7 and rows[0]['delivered'] is None" "sends only"
evidence ipi-and-queue sends "t['calls'] == 5 and $arrivals == [None] * 7 and $runs == [None] * 3 and rows[0]['func'] == 'ipi_mb'" \
	"sends and queued calls"
evidence ipi-csd sends "$runs == [5, 0, 0] and rows[0]['queue_ns']['p50'] == 5500 and rows[0]['delivery_ns'] is None" \
	"calls and their functions, no receptions"
evidence no-ipi-fmtkept counts "t['elided'] is t['sends'] is None and t['unsolicited'] == 5" "receptions, but no sends"
json_check "$OUT" "t['riders'] is t['polled'] is None" "  nor a rider"
is "$("$IPITRACE" list --csv "$TMP/no-ipi-fmtkept.dat" 2>/dev/null | grep -c rider)" 0 "  nor a line of list"
unlike "$("$IPITRACE" report "$TMP/no-ipi-fmtkept.dat")" 'elided|tier: exact' "  nothing is called elided"
like "$("$IPITRACE" report "$TMP/only-ipi.dat")" '^totals: 5 sends, 5 hits; which arrived is not known' "sends only: the text says so"
evidence one-class exact "[t[k] for k in ('delivered', 'coalesced', 'in_flight', 'lost', 'outcome_unknown')] == [5, 0, 0, 0, 3] and \
	[(r['delivered'], r['in_flight']) for r in rows] == [(5, 0), (None, None)]" "a class of which no interrupt was recorded"
like "$("$IPITRACE" report "$TMP/one-class.dat")" '\+ 3 not known \(no interrupts of their class' "  the text says so"
like "$("$IPITRACE" report "$TMP/only-ipi.dat")" '^calls: not recorded' "sends only: nothing is said of calls"
evidence only-ipi sends "[t[k] for k in ('calls', 'elided')] == [None] * 2 and rows[0]['calls'] is None" "  in JSON, too"
evidence hyperv paired "t['sends'] == t['delivered'] == 6 and d['interrupts_by_class']['call_function'] == t['unsolicited'] == 1" \
	"Hyper-V's sends"
like "$("$IPITRACE" report "$TMP/hyperv.dat")" '^without targets: 1 send to 3 CPUs' "  those without targets are told"
json_check "$OUT" "d['trace']['blind_sends'] == 1 and d['trace']['blind_hits'] == 3" "  and counted"
evidence hyperv-both paired "t['sends'] == t['delivered'] == 6 and rows[0]['callsite'] == 'do_madvise+0x10'" \
	"Hyper-V's sends are not counted beside ipi_send_*"
# IPIs come by one interrupt for all there: our own file has the events, and none of them tells.
for f in s390x ppc64; do
	evidence $f sends "t['sends'] == t['outcome_unknown'] == 76 and $arrivals == [None] * 7 and t['calls_run'] >= 14" \
		"$f: functions ran, no interrupt told so"
	unlike "$("$IPITRACE" report "$TMP/$f.dat")" 'in flight, 76|tier: exact|no reception events' "  nothing is called in flight"
	is "$("$IPITRACE" list --json --kind hit "$TMP/$f.dat" | grep -c '"outcome":"unknown"')" 76 "  list says so, too"
	"$IPITRACE" list --slowest 3 "$TMP/$f.dat" >/dev/null 2>"$ERR"
	like "$(cat "$ERR")" '^ipitrace: no line has a time of delivery to be chosen by: which IPIs arrived, and when, is not known' "  why there are none"
	is "$("$IPITRACE" list --slowest 3 --sort queue "$TMP/$f.dat" 2>&1 >/dev/null)" "" "  by what is known there is nothing to say"
done
json_check "$OUT" "t['interrupts'] == d['interrupts_by_class']['other'] == 76 and \
	d['interrupts_by_class']['call_function'] is None" "ppc64: interrupts of no known class are counted as such"
# Of a file that is cut short, too, before a function ran: an interrupt that is of no class proves no reception.
for f in s390x:50 s390x:65 ppc64:35 riscv-unnamed:60 riscv-unnamed:90 riscv-unnamed:97; do
	head -c $(($(stat -c %s "$TMP/${f%:*}.dat") * ${f#*:} / 100)) "$TMP/${f%:*}.dat" >"$TMP/cut.dat"
	"$IPITRACE" report --json "$TMP/cut.dat" >"$OUT" 2>"$ERR"
	json_check "$OUT" "d['trace']['tier'] == 'sends' and t['outcome_unknown'] == t['target_hits'] and $arrivals == [None] * 7" \
		"${f%:*}, cut at ${f#*:} %: what arrived is not known"
	unlike "$("$IPITRACE" report "$TMP/cut.dat" 2>/dev/null)" '= [0-9]+ delivered|interrupts: none|unsolicited: [0-9]' "  the text says so"
	unlike "$("$IPITRACE" report "$TMP/cut.dat" 2>/dev/null)" 'no reception events' "  and not that nobody recorded any"
done
evidence csd-only sends "t['calls'] == 5 and $arrivals == [None] * 7 and rows[0]['func'] == 'ipi_mb'" "calls only"
like "$("$IPITRACE" report "$TMP/csd-only.dat")" '^totals: sends not recorded$' "  nobody says that none were sent"
evidence only-ipi sends "[t[k] for k in ('calls', 'interrupts', 'unsolicited', 'unsolicited_in_gap', 'elided')] == [None] * 5 and \
	$runs == [None] * 3 and not any(v is not None for v in d['interrupts_by_class'].values())" "sends only: JSON claims no zero"
evidence one-class exact "d['interrupts_by_class']['reschedule'] is None and t['interrupts'] > 0" "nor of a class that was not recorded"
exits 1 "formats without an event" "$IPITRACE" report "$TMP/none-recorded-fmtkept.dat"
like "$(cat "$ERR")" 'no IPI events were recorded' "  are not called quiet"

# --- loss that only the file's own statistics tell of ---
exits 3 "overruns in the file's statistics: exit code" "$IPITRACE" report --json "$TMP/cpustat-overrun.dat"
json_check "$OUT" "d['trace']['lost_events'] == 500 and t['delivered'] == 20" "  are lost events"

# --- names ---
evidence stack-queue exact "len(rows) == 1 and rows[0]['caller'] == 'user_of_ipi+0x20' and rows[0]['sends'] == rows[0]['target_hits'] == 5" \
	"stacks with queued calls only"
evidence ks-arm exact "rows[0]['callsite'] == 'do_madvise+0x10' and rows[0]['func'] == 'ipi_mb'" "mapping symbols are no names"

# --- one call that the idle loop ran taints one interrupt, not all that follow ---
evidence rt-idle-drain exact "[t[k] for k in ('delivered', 'coalesced', 'ambiguous', 'unsolicited')] == [218, 1, 1, 0]" "idle drains on RT"

# --- IPIs that only a number tells apart: a function that ran in a handler shows which ---
evidence riscv-unnamed exact "[t[k] for k in ('delivered', 'in_flight', 'unsolicited')] == [74, 0, 0] and \
	{k: n for k, n in d['interrupts_by_class'].items() if n} == {'reschedule': 1, 'call_function': 13, 'irq_work': 60} and \
	len(d['coverage']) == 3 and all(c['ok'] for c in d['coverage'])" "riscv64 6.12"
# Its symbols are cut down to what is nearest to each address, and that are local labels: of the module's functions, one is left.
json_check "$OUT" "[r['caller'] for r in rows if (r['func'] or '').startswith('ipitrace_bench_irq_work_handler')] == ['0xffffffff01e6ecc8 [ipitrace_bench]']" \
	"  an address behind a label is not in the function before, but in that module"
json_check "$OUT" "not any('+' in r['caller'] and '[' in r['caller'] for r in rows)" "  nor is any other"

# --- newer kernels: who caused it is who called, also where the plumbing was laid anew ---
evidence amd64-7.3 exact "t['delivered'] == t['exact'] + t['fifo'] == 134 and all(c['ok'] for c in d['coverage']) and \
	[(r['sends'], r['target_hits']) for r in rows if r['caller'].startswith('ipitrace_bench_kick_all+')] == [(40, 120)]" "7.3"
json_check "$OUT" "[r['sends'] for r in rows if r['caller'].startswith('do_notify_parent+')] == [1] and \
	not any(r['caller'].startswith(('complete_signal', 'kick_all')) for r in rows)" "  a signal's sender is not complete_signal()"
evidence arm64-7.2 exact "t['delivered'] == 91 and t['exact'] == 89 and all(c['ok'] for c in d['coverage']) and \
	[(r['sends'], r['delivered']) for r in rows if r['caller'].startswith('ipitrace_bench_single+')] == [(60, 60)]" "arm64 7.2"

# --- time ---
# json FILE EXPRESSION NAME
json() {
	exits 0 "$3: exit code" "$IPITRACE" report --json "$TMP/$1.dat"
	json_check "$OUT" "$2" "$3"
}
json quiet-hour "d['trace']['duration_ns'] == 3600 * 10**9" "an hour without IPIs behind them"
json quiet-start "d['trace']['duration_ns'] // 10**9 == 3600" "an hour without IPIs in front of them"
for clock in counter tsc uptime; do
	json $clock "[d['trace'][k] for k in ('start_ns', 'end_ns', 'duration_ns')] == [None] * 3 and \
		not any(r[k] for r in rows for k in ('delivery_ns', 'queue_ns', 'func_ns', 'handler_ns'))" "$clock: nothing in ns"
	like "$("$IPITRACE" report "$TMP/$clock.dat" | head -1)" ", [0-9]+ ticks, " "$clock: ticks in the headline"
done
unlike "$("$IPITRACE" report "$TMP/uptime.dat")" "counts are not affected" "uptime: counts are, and it says so"
for option in "--slowest=2" "--min=1us" "--where=delivery > 1us"; do
	"$IPITRACE" list "$option" "$TMP/uptime.dat" >/dev/null 2>"$ERR"
	like "$(cat "$ERR")" '^ipitrace: no line .*: clock uptime does not count ns$' "uptime: $option cannot choose"
done
# untold FILE WHICH WHY: list says so instead of showing no line without a word
untold() {
	"$IPITRACE" list --slowest 2 --sort "$2" "$TMP/$1.dat" >/dev/null 2>"$ERR"
	is "$(head -n 1 "$ERR")" "ipitrace: no line has a time of $2 to be chosen by: $3" "$1: none by $2"
}
is "$("$IPITRACE" list "$TMP/csd-only.dat" | grep -c ' run *$')" 5 "csd-only: calls that ran are not called unknown"
like "$("$IPITRACE" report "$TMP/minlen.dat" | head -1)" ', 1 CPU, 20ns, 1 event and 1 of other kinds$' "minlen: one of each is one"
# What list gives a time beyond the report is coalesced or ambiguous, and stands out as that.
"$IPITRACE" report --json "$TMP/rt-idle-drain.dat" >"$OUT"
"$IPITRACE" list --json --kind hit --how exact,fifo "$TMP/rt-idle-drain.dat" >"$TMP/timed"
ok "rt-idle-drain: deliveries that are exact or fifo add up to the report's" python3 -c 'import json, sys
d, lines = json.load(open(sys.argv[1])), [json.loads(x) for x in open(sys.argv[2])]
of = [r["delivery_ns"] for r in d["rows"] + [d["own"]] if r["delivery_ns"]]
want = sum(x["sum"] for x in of), sum(x["count"] for x in of)
got = sum(x["delivery_ns"] for x in lines), len(lines)
assert got == want and want[1] == 217, (got, want)' "$OUT" "$TMP/timed"
untold csd-only delivery "sends were not recorded"
like "$(cat "$ERR")" '^hint: --sort queue or --sort func' "  what is known is"
untold csd-only wait "sends were not recorded"
untold csd-only handler "which IPIs arrived, and when, is not known"
untold minlen handler "of none that was asked for are its beginning and its end known"
untold minlen func "when the functions of calls ran, is not known"
untold minlen delivery "clock local has no times between CPUs"
untold counter func "clock counter does not count ns"
is "$("$IPITRACE" list --slowest 2 --sort func "$TMP/csd-only.dat" 2>&1 >/dev/null)" "" "csd-only: by func there is nothing to say"
is "$("$IPITRACE" list --min 1s --sort func "$TMP/csd-only.dat" 2>&1 >/dev/null)" "" "  nor where all are too short"
exits 1 "who waited, by a counter" "$IPITRACE" export --folded=wait "$TMP/counter.dat"
is "$(head -n 1 "$ERR")" "ipitrace: export: clock counter does not count ns: who waited is not known" "  which no CPU's own is to blame for"
"$IPITRACE" list --where "target == 1" "$TMP/uptime.dat" >"$OUT" 2>"$ERR"
is "$(grep -c ' 0>1 ' "$OUT")$(cat "$ERR")" 50 "uptime: what is no time can"
exits 2 "every CPU left out" "$IPITRACE" report -C '!0-1' "$TMP/two-instances.dat"
json tsc2nsec "rows[0]['delivery_ns']['p50'] in (4882, 4883) and d['trace']['start_ns'] == 325520833" "the file's own conversion of the TSC"
json tsoff "d['trace']['start_ns'] == 2 * 10**9 and rows[0]['delivery_ns']['p50'] == 5000" "--ts-offset"
json tsoffneg "d['trace']['start_ns'] == 5 * 10**8" "a --ts-offset below 0"
json date "d['trace']['start_ns'] == (10**9 + 1) * 10**9" "--date"
# The text of uname is one of an offset now.
python3 - "$DATA/report.dat" "$TMP/before0.dat" <<-'END'
	import sys
	data = bytearray(open(sys.argv[1], "rb").read())
	at = data.find(b"Linux ")
	data[at - 6] = 7
	data[at:at + 32] = b"-4459515000000".ljust(32, b"\0")
	open(sys.argv[2], "wb").write(data)
END
exits 1 "a --ts-offset into the recording" "$IPITRACE" report "$TMP/before0.dat"
is "$(cat "$ERR")" "ipitrace: report: by its offset of -4459515000000 ns the recording would begin before time 0
hint: the offset is that of 'trace-cmd record --ts-offset' or '--date'" "  says so"
# The first send is the slowest, or as slow: its time is one of trace-cmd's.
for f in tsc2nsec tsoff tsoffneg date two-instances; do
	at=$("$IPITRACE" report --csv -f queue_max_at "$TMP/$f.dat" | tail -1)
	shown=$("$IPITRACE" report -f queue_max_at "$TMP/$f.dat" | grep -Eom1 '[0-9]+\.[0-9]{6}')
	ok "$f: $shown is found in trace-cmd's report ($at)" \
		grep -q " $shown: csd_queue_cpu" <(trace-cmd report "$TMP/$f.dat" 2>/dev/null)
done

# --- compressed, and from a pipe ---
sends "v7, zlib" 5 "$TMP/v7-zlib.dat"
sends "v7, zstd" 5 "$TMP/v7-zstd.dat"
sends "packed by gzip" 50 "$DATA/cases/two-instances.dat.gz"

# The file in a pipe to a report: piped CODE NAME FILE OPERAND...
piped() {
	local want=$1 name=$2 file=$3
	shift 3
	# shellcheck disable=SC2016 # for the inner shell
	exits "$want" "$name: exit code" bash -c 'cat "$1" | "$2" report --json "${@:3}"' - "$file" "$IPITRACE" "$@"
	[ "$want" -ne 0 ] || json_check "$OUT" "t['sends'] == t['delivered'] == 50" "$name: 50 sends"
}
piped 0 "a pipe" "$TMP/two-instances.dat" -
piped 0 "a pipe, by -i" "$TMP/two-instances.dat" -i -
piped 0 "a pipe by the name of stdin" "$TMP/two-instances.dat" /dev/stdin
piped 0 "gzip in a pipe" "$DATA/cases/two-instances.dat.gz" -
{ head -c 5000 "$TMP/two-instances.dat" | gzip; tail -c +5001 "$TMP/two-instances.dat" | gzip; } >"$TMP/parts.gz"
piped 0 "gzip in two parts" "$TMP/parts.gz" -
head -c 300 "$DATA/cases/two-instances.dat.gz" >"$TMP/cut.gz"
piped 1 "gzip, cut in the metadata" "$TMP/cut.gz" -
like "$(cat "$ERR")" "the file is cut" "gzip, cut in the metadata: says so"
like "$(cat "$ERR")" "^hint: copy the file again, or record again$" "  and what to do"
head -c -1 "$DATA/cases/two-instances.dat.gz" >"$TMP/cut.gz"
exits 3 "gzip, cut at its end" "$IPITRACE" report --json "$TMP/cut.gz"
json_check "$OUT" "t['sends'] == 50 and d['trace']['damaged'] == 'compression'" "  what is there is told"
gzip -c "$DATA/report.dat" | head -c -2000 >"$TMP/cut.gz"
exits 3 "gzip, cut in the data" "$IPITRACE" report --json "$TMP/cut.gz"
json_check "$OUT" "d['trace']['truncated'] and 0 < t['sends'] and d['trace']['lost_events'] is None" "  a part"

# --- a file that lacks its end, by whomever: cut FILE WHAT BYTES... ---
cut() {
	local file=$1 what=$2 bytes
	shift 2
	exits 0 "$what: whole" "$IPITRACE" report "$file"
	for bytes; do
		head -c "-$bytes" "$file" >"$TMP/cut.dat"
		exits 3 "$what, cut by $bytes: exit code" "$IPITRACE" report --json "$TMP/cut.dat"
		json_check "$OUT" "d['trace']['damaged'] or d['trace']['truncated']" "  said in JSON"
		like "$(cat "$ERR")" "the file is (cut|damaged)" "  and in words"
	done
}
# refused FILE WHAT: a half of it cannot be read.
refused() {
	head -c "$(($(stat -c %s "$1") / 2))" "$1" >"$TMP/cut.dat"
	exits 1 "$2, cut in the middle" "$IPITRACE" report "$TMP/cut.dat"
	like "$(cat "$ERR")" "the file is cut: it ends too early, before its options" "  says so"
}
zcat "$DATA/rows/s390x-7.3.dat.gz" >"$TMP/ours7.dat"
cut "$DATA/report.dat" "v6, ours" 1 10 100 1000
cut "$TMP/ours7.dat" "v7, ours" 1 10 100 400 1000
refused "$TMP/ours7.dat" "v7, ours"
cut "$DATA/report-v7.dat" "v7, trace-cmd's" 1 10 100 118
refused "$DATA/report-v7.dat" "v7, trace-cmd's"
for cmd in list diff; do
	head -c -1 "$TMP/ours7.dat" >"$TMP/cut.dat"
	[ $cmd = list ] && operands=("$TMP/cut.dat") || operands=("$TMP/ours7.dat" "$TMP/cut.dat")
	exits 3 "$cmd of v7, cut by 1" "$IPITRACE" $cmd "${operands[@]}"
done
if command -v trace-cmd >/dev/null; then
	ok "trace-cmd converts to v6" trace-cmd convert -i "$DATA/report-v7.dat" -o "$TMP/six.dat" --file-version 6
	cut "$TMP/six.dat" "v6, trace-cmd's" 1 10 100 1000
else
	skip "v6, trace-cmd's" "no trace-cmd"
fi

# One recording behind another is two files in one; the first alone is read, which is said.
two_in_one() {
	cat "$1" "$2" >"$TMP/two.dat"
	exits 3 "$3: one behind another" "$IPITRACE" report "$TMP/two.dat"
	like "$(cat "$ERR")" "its end is not as it was written" "$3: says so"
}
two_in_one "$DATA/report.dat" "$DATA/report.dat" "v6, ours, twice"
two_in_one "$TMP/ours7.dat" "$TMP/ours7.dat" "v7, ours, twice"
two_in_one "$DATA/demo.dat" "$DATA/report.dat" "v6, two of ours"
two_in_one "$DATA/report-v7.dat" "$DATA/report-v7.dat" "v7, trace-cmd's, twice"
two_in_one "$TMP/counter.dat" "$TMP/counter.dat" "v6, trace-cmd's, twice"

# A checksum that does not fit, of a part whose name is changed as well: renamed NAME.
renamed() {
	python3 - "$TMP/ours7.dat" "$TMP/renamed.dat" "$1" <<-'PY'
		import os, re, struct, sys
		data = open(sys.argv[1], "rb").read()
		size = struct.unpack("<Q", data[-16:-8])[0]
		text = re.sub(rb"sum symbols (\d+ \d+) \w+", lambda m: b"sum %s %s 1" % (os.fsencode(sys.argv[3]), m[1]), data[-24 - size : -24])
		check = 0xCBF29CE484222325
		for byte in text:
		    check = (check ^ byte) * 0x100000001B3 % 2**64
		open(sys.argv[2], "wb").write(data[: -24 - size] + text + data[-24:-16] + struct.pack("<QQ", len(text), check))
	PY
	exits 3 "a wrong checksum of ${1//[^a-z]/?}" "$IPITRACE" report "$TMP/renamed.dat"
}
renamed symbols
like "$(cat "$ERR")" "^ipitrace: report: the file is damaged: its symbols are not as they were written$" "  says so"
like "$(cat "$OUT")" "^note: the file is damaged: its symbols are not as they were written; numbers may be wrong$" "  twice"
renamed $'e\e[31m\xff'
like "$(cat "$OUT")" "^note: the file is damaged: its e[?]\[31m[?] is not as it was written" "  shows nothing of the file's own to the terminal"

# A FIFO is waited for, as by any reader, until somebody writes.
mkfifo "$TMP/fifo"
# shellcheck disable=SC2016 # for the inner shell
timeout 60 sh -c 'sleep 1 && cat "$1" >"$2"' - "$DATA/report.dat" "$TMP/fifo" &
exits 0 "a FIFO, before its writer" "$IPITRACE" report "$TMP/fifo"
wait
is "$(tail -n +2 "$OUT")" "$("$IPITRACE" report "$DATA/report.dat" | tail -n +2)" "  the same report"
: >"$TMP/empty"
piped 1 "an empty pipe" "$TMP/empty" -
like "$(cat "$ERR")" "it is empty" "an empty pipe: says so"

# --- damage, and files made to harm: a clear error in little memory ---
small() {
	local want=$1 name=$2
	shift 2
	# shellcheck disable=SC2016 # for the inner shell
	exits "$want" "$name: exit code" bash -c 'ulimit -v 400000; exec "$@"' - "$IPITRACE" report "$@"
}
small 1 "a bomb of sections" "$TMP/v7-zstd-bomb-sections.dat"
like "$(cat "$ERR")" "unpacks to far more" "a bomb of sections: says so"
small 1 "options in a circle" "$TMP/v7-option-loop.dat"
like "$(cat "$ERR")" "in a circle" "options in a circle: says so"
small 1 "formats over and over" "$TMP/v7-formats-quadratic.dat"
like "$(cat "$ERR")" "twice" "formats over and over: says so"
head -c 600M /dev/zero | gzip >"$TMP/zero.gz"
small 1 "a bomb of gzip" "$TMP/zero.gz"
like "$(cat "$ERR")" "unpacks to far more" "a bomb of gzip: says so"
small 3 "a damaged format" "$TMP/libtraceevent-null8.dat"
small 3 "another damaged format" "$TMP/libtraceevent-null-strcmp.dat"
small 0 "fields near the end of 16 bits" "$TMP/minlen.dat"

# A piece by another tool has neither facts nor options; whom it is of, the names of tasks still tell.
if command -v trace-cmd >/dev/null; then
	cd "$TMP" || exit 1
	ok "trace-cmd splits a recording" trace-cmd split -i "$DATA/demo.dat" -o piece.dat -s 2
	# Of a single piece, trace-cmd 3.3 leaves the number out.
	piece=$(find . -name 'piece.dat*')
	exits 0 "  report of the piece" "$IPITRACE" report "$piece"
	like "$(cat "$OUT")" '^note: the file does not say .* by whom it was recorded' "  says what is not known of it"
	like "$(cat "$OUT")" '^own: 1 send, .* by the recorder \(ipitrace or trace-cmd\)' "  and that the recorder was ipitrace"
	unlike "$("$IPITRACE" report "$DATA/demo.dat")" 'note: the file does not say' "  not of the whole"
else
	skip "a piece by trace-cmd split" "no trace-cmd"
fi
done_testing
