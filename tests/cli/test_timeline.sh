#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# export as a timeline: what a viewer makes of the file is the recording that
# list and report tell of, hit by hit; cut, filtered, damaged or hostile, too.
. "$(dirname "$0")/../lib.sh"
cd "$TMP" || exit 1
FORMATS="chrome perfetto"

# holds FORMAT FILE FILTER...: the three outputs are of one recording; counts are in counts.FORMAT.
holds() {
	local format=$1 f=$2 status
	shift 2
	"$IPITRACE" list --json "$@" "$f" >list.json 2>/dev/null
	status=$?
	"$IPITRACE" report --json "$@" "$f" >report.json 2>/dev/null
	"$IPITRACE" export "--$format" "$@" "$f" >"timeline.$format" 2>export.err || [ $? -eq "$status" ] || return 1
	python3 "$ROOT/tests/cli/timeline.py" "$format" "timeline.$format" list.json report.json >"counts.$format"
}

for f in "$DATA"/*.dat "$DATA"/rows/*.dat "$DATA"/rows/{ppc64el,riscv64}*.gz \
	"$DATA"/cases/{csd-only,hyperv,libtraceevent-null8,no-ipi-fmtkept,one-class,only-ipi,rt-idle-drain,s390x,two-instances}.dat.gz; do
	for format in $FORMATS; do
		ok "$format: ${f#"$DATA"/}" holds "$format" "$f"
	done
done
for format in $FORMATS; do
	ok "$format: the demo once more" holds "$format" "$DATA/demo.dat"
	json_check counts."$format" "d['flows'] > 3000 and d['interrupt'] == 3145 and d['wait'] == 961" "  has what it has"
	for filter in "-C 1" "--source-cpus 0 --class reschedule" "--func flush_tlb_func" "--comm membarrier" "--from +20ms --to +150ms" \
		"--from +10us --to +20us"; do
		# shellcheck disable=SC2086
		ok "  $filter" holds "$format" "$DATA/demo.dat" $filter
	done
	head -c $(($(stat -c %s "$DATA/report.dat") - 30000)) "$DATA/report.dat" >cut.dat
	ok "  a part of a file" holds "$format" cut.dat
	exits 3 "  exit 3" "$IPITRACE" export --"$format" -o "cut.$format" cut.dat
	ok "  and the file" cmp "cut.$format" timeline."$format"
	"$IPITRACE" export --"$format" --threads 1 "$DATA/demo.dat" >one
	"$IPITRACE" export --"$format" --threads 3 "$DATA/demo.dat" >three
	ok "  the same with one thread and with three" cmp one three
	# Names are hostile: quotes, control characters, bytes that are no UTF-8, markup.
	python3 - "$DATA/report.dat" hostile.dat <<-'PY'
		import sys
		data = open(sys.argv[1], "rb").read()
		for old, new in ((b" membarrier\n", b" \"}],\\<b>\xff;\n"), (b"ipi_mb\n", b"<&\"\\\xc3\x28\n")):
		    assert old in data and len(old) >= len(new)
		    data = data.replace(old, new.replace(b"\n", b"x" * (len(old) - len(new)) + b"\n"))
		open(sys.argv[2], "wb").write(data)
	PY
	ok "  hostile names" holds "$format" hostile.dat
	for clock in minlen.dat.gz counter.dat.gz; do
		exits 1 "  a clock that has no timeline: $clock" "$IPITRACE" export --"$format" "$DATA/cases/$clock"
		is "$(cat "$OUT")" "" "  nothing is printed"
	done
	exits 1 "  a full disk" sh -c "'$IPITRACE' export --$format '$DATA/demo.dat' >/dev/full"
	like "$(cat "$ERR")" 'cannot write to standard output: No space left on device$' "  is said"
	exits 1 "  a full disk, -o" "$IPITRACE" export --"$format" -o /dev/full "$DATA/demo.dat"
	"$IPITRACE" export --"$format" "$DATA/demo.dat" 2>pipe.err | head -c 1000 >/dev/null
	is "${PIPESTATUS[0]}" 141 "  a reader that goes away ends it by SIGPIPE"
	exits 0 "  nothing passes: still a file" "$IPITRACE" export --"$format" --comm nobody "$DATA/demo.dat"
	is "$("$IPITRACE" list --json --comm nobody "$DATA/demo.dat" 2>/dev/null)" "" "  of nothing"
done

# Memory does not grow with the recording: peaks of one, and of one that is ten times as long.
ok "recordings can be simulated" make -s -C "$ROOT" B="$BUILD" "$BUILD/perf/simulate"
for format in $FORMATS; do
	for nr in 60000 600000; do
		"$BUILD/perf/simulate" "$DATA/rows/amd64-66cpu.dat" sim.dat 8 $nr none
		python3 "$ROOT/tests/cli/peak.py" "$IPITRACE" export "--$format" --threads 1 sim.dat >peak.$nr || echo failed >peak.$nr
	done
	read -r short small <peak.60000
	read -r long large <peak.600000
	ok "$format: $large bytes in $long kB, $small bytes in $short kB" \
		[ $((long <= short + 4096 && large > 9 * small)) = 1 ]
done
# Masks of the kernel may be empty: report counts those sends, and there is nothing that could be drawn of them.
zcat "$DATA/rows/amd64-5.10.dat.gz" >empty.dat
sends=$("$IPITRACE" report --json empty.dat | sed -n 's/^ *"sends": \([0-9]*\),/\1/p' | head -n 1)
exits 0 "chrome: sends to no CPU" "$IPITRACE" export --chrome empty.dat
drawn=$(grep -o '"ph":"B"[^{]*"cat":"send[,"]' "$OUT" | wc -l)
is "$(cat "$ERR")" "ipitrace: export: $((sends - drawn)) sends are left out: to no CPU" "  are counted: $drawn of $sends are drawn"
"$IPITRACE" export --perfetto empty.dat 2>"$ERR" >"$OUT"
is "$(cat "$ERR")" "ipitrace: export: $((sends - drawn)) sends are left out: to no CPU" "  perfetto says the same"
exits 2 "two formats" "$IPITRACE" export --chrome --ndjson "$DATA/demo.dat"

# As the format's document has events, in an object that any parser of JSON reads.
"$IPITRACE" export --chrome "$DATA/demo.dat" >demo.json
ok "chrome: every event has the members that its phase asks for" python3 - demo.json <<'PY'
import json, sys
d, last = json.load(open(sys.argv[1])), {}
assert set(d) == {"displayTimeUnit", "otherData", "traceEvents"}
MEMBERS = {"M": {"args": dict}, "B": {"ts": float, "cat": str, "args": dict}, "E": {"ts": float}, "C": {"ts": float, "args": dict},
           "s": {"ts": float, "cat": str, "id": int}, "f": {"ts": float, "cat": str, "id": int, "bp": str}}
for e in d["traceEvents"]:
    want = dict(MEMBERS[e["ph"]], name=str, ph=str, pid=int, tid=int)
    if e["ph"] == "B":
        last[e["pid"], e["tid"]] = e
    # Speedscope takes the end of what has no length only with the arguments of its begin.
    b = last.get((e["pid"], e["tid"]))
    if e["ph"] == "E" and (b["ts"], b["name"]) == (e["ts"], e["name"]):
        want["args"] = dict
        assert e["args"] == b["args"], e
    assert {k: type(v) for k, v in e.items()} == want, (e, want)
assert {e["ph"] for e in d["traceEvents"]} == set(MEMBERS)
PY

# The same by somebody else's decoder and the published schema: what that does not have would be a number in place of a name.
if command -v protoc >/dev/null; then
	"$IPITRACE" export --perfetto "$DATA/demo.dat" >demo.pftrace
	python3 "$ROOT/tests/cli/timeline.py" packets - <demo.pftrace >demo.packets
	ok "perfetto: protoc decodes it by the published schema" \
		sh -c "protoc --decode=perfetto.protos.Trace --proto_path='$ROOT/tests/cli' perfetto_trace.proto <demo.pftrace >packed"
	is "$(grep -c '^  compressed_packets: ' packed)" "$(grep -c '^packet {' packed)" "  all packets are compressed ones"
	ok "  and what is in these" \
		sh -c "protoc --decode=perfetto.protos.Trace --proto_path='$ROOT/tests/cli' perfetto_trace.proto <demo.packets >decoded"
	is "$(grep -cE '^ *[0-9]+(:| \{)' decoded)" 0 "  no field is unknown to it"
	is "$(grep -c 'type: TYPE_SLICE_BEGIN' decoded)" "$(grep -c '"ph":"B"' demo.json)" "  slices are those of --chrome"
	is "$(grep -c 'type: TYPE_COUNTER' decoded)" "$(grep -c '"ph":"C"' demo.json)" "  and counters"
else
	skip "perfetto: protoc decodes it by the published schema" "no protoc"
fi
exits 2 "perfetto: not to a terminal" script -qec "'$IPITRACE' export --perfetto '$DATA/demo.dat'" /dev/null
like "$(cat "$OUT")" 'a terminal cannot show that' "  says so"
done_testing
