#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# report --tlb: a recording with tlb_flush events against a script of its own over
# what trace-cmd prints of it; and what is said where no IPI tells of flushes.
. "$(dirname "$0")/../lib.sh"
F=$DATA/tlb.dat

tlb_json() { "$IPITRACE" report --tlb --json "$@" >"$TMP/t.json" 2>"$ERR"; }

# --- known numbers ---

exits 0 "report --tlb" "$IPITRACE" report --tlb "$F"
cp "$OUT" "$TMP/text"
like "$(cat "$TMP/text")" '^PROCESS +CALLER +FLUSHES CPUS CPUS-MAX IPIS WAIT-50 WAIT-MAX STOLEN PAGES-50 NO-IPI LOCAL$' "its columns"
like "$(cat "$TMP/text")" '^tlb\[32230\] +do_madvise\+0xee +60 +1\.0 +1 +60 +9\.66us +11\.4us +69\.0us +2 +0 +60$' "  who flushes"
like "$(cat "$TMP/text")" '^python3\[32178\] +- +0 +- +- +0 +- +- +- +1 +3 +3$' "  and whose flushes found nobody to ask"
like "$(cat "$TMP/text")" '^flushes: 61 = 61 of processes$' "  what for"
like "$(cat "$TMP/text")" '^waits: 61 known, together 605us, 0 not known$' "  who waited"
like "$(cat "$TMP/text")" '^note: this guest of KVM leaves CPUs out' "  and what no IPI tells"
tlb_json "$F"
json_check "$TMP/t.json" "d['trace']['filters'] == 'TLB work' and d['by'] == ['process', 'caller']" "a part of the recording, by process and caller"
json_check "$TMP/t.json" "d['tlb_view']['without_ipi'] == ['lazy', 'kvm'] and d['tlb_view']['without_ipi_known']" "  ways without an IPI"
json_check "$TMP/t.json" "sum(r['tlb']['flushes'] for r in d['rows']) == d['tlb_view']['tlb']['flushes'] == d['totals']['sends']" "  rows add up"
json_check "$TMP/t.json" "all(sum(r['tlb']['reasons'][k] for r in d['rows']) == v for k, v in d['tlb_view']['tlb']['reasons'].items())" "  and so do reasons"
json_check "$TMP/t.json" "d['totals']['interrupts'] == d['totals']['delivered'] == 61 and d['totals']['unsolicited'] == 0" "  totals are of TLB work"

# --- the same from other text ---

if command -v trace-cmd >/dev/null && trace-cmd report "$F" >"$TMP/trace" 2>/dev/null; then
	exits 0 "an independent script agrees" python3 "$ROOT/tests/cli/tlb.py" "$TMP/trace" "$TMP/t.json"
else
	skip "an independent script agrees" "no trace-cmd"
fi
"$IPITRACE" report --tlb --csv "$F" >"$TMP/csv" 2>"$ERR"
exits 0 "CSV and JSON agree" python3 - "$TMP/csv" "$TMP/t.json" <<'PY'
import csv, json, sys
rows = list(csv.DictReader(open(sys.argv[1])))
d = json.load(open(sys.argv[2]))
assert len(rows) == len(d["rows"]) == 5
for c, j in zip(rows, d["rows"]):
    t = j["tlb"]
    assert (c["process"], c["caller"]) == (j["process"], j["caller"] or "")
    assert int(c["flushes"]) == t["flushes"] and int(c["unsent"]) == t["unsent"]
    assert int(c["sent"]) == t["reasons"]["remote_send_ipi"]
    assert int(c["local"]) == t["reasons"]["local_mm_shootdown"] + t["reasons"]["local_shootdown"]
    assert c["wait_sum_ns"] == (str(t["wait_ns"]["sum"]) if t["wait_ns"] else "")
    assert c["stolen_ns"] == (str(t["stolen_ns"]) if t["stolen_ns"] is not None else "")
PY

# --- the man page shows it as it is ---

sed -n '/^\$ ipitrace report --tlb --by comm tests/,/^\.EE/p' "$ROOT/docs/ipitrace-tlb.1" | sed '1d;/^[$.]/d;s/\\-/-/g' >"$TMP/shown"
"$IPITRACE" report --tlb --by comm "$F" 2>"$ERR" | sed -n 4,13p >"$OUT"
ok "the man page shows the output of its example" diff "$TMP/shown" "$OUT"

# --- filters and keys ---

tlb_json --comm tlb "$F"
json_check "$TMP/t.json" "[r['process'] for r in d['rows']] == ['tlb[32230]'] * 3 and d['tlb_view']['tlb']['unsent'] == 0" "a filter is of events as well"
json_check "$TMP/t.json" "d['trace']['filters'] == 'comm tlb, TLB work'" "  both are named"
tlb_json --by func "$F"
json_check "$TMP/t.json" "d['rows'][0]['func'] == 'flush_tlb_func' and d['rows'][0]['tlb']['flushes'] == 61" "by another key"
for key in target victim depth wakee waker idle slowest; do
	exits 2 "not by $key, which is of one target" "$IPITRACE" report --tlb --by "caller,$key" "$F"
	like "$(cat "$ERR")" "several targets: --by $key does not go with it" "  and says so"
done
exits 2 "not with another view" "$IPITRACE" report --tlb --matrix count "$F"
for fields in sends flushes; do
	exits 2 "nor with --fields $fields" "$IPITRACE" report --tlb -f $fields "$F"
	like "$(cat "$ERR")" "^ipitrace: report: --tlb shows columns of its own: --fields does not" "  and says why"
done
exits 2 "its columns are not those of other views" "$IPITRACE" report --sort flushes "$F"
like "$(cat "$ERR")" "'flushes' is a column of --tlb" "  and says so"
for args in "--tlb --sort=" --sort= --fields=; do
	# shellcheck disable=SC2086 # words
	exits 2 "$args" "$IPITRACE" report $args "$DATA/tlb.dat"
	like "$(cat "$ERR")" "'': unknown column
hint: --help columns lists them" "  is no column"
done

# --- order: by any column, the largest first ---

exits 0 "rows are sorted by every column of CSV" python3 - "$IPITRACE" "$F" <<'PY'
import csv, subprocess, sys
def rows(*more):
    out = subprocess.run([sys.argv[1], "report", "--tlb", "--csv", *more, sys.argv[2]], capture_output=True, text=True, check=True)
    return list(csv.DictReader(out.stdout.splitlines()))
for name in list(rows()[0])[2:]:
    values = [int(r[name]) if r[name] else -1 for r in rows("--sort", name)]
    assert values == sorted(values, reverse=True), (name, values)
for heading, name in (("FLUSHES", "flushes"), ("no-ipi", "unsent"), ("Local", "local"), ("WAIT-50", "wait_p50_ns")):
    assert rows("--sort", heading) == rows("--sort", name), heading
PY

# --- behind a filter that none passes ---

"$IPITRACE" report --tlb --comm nobody "$F" >"$OUT" 2>"$ERR"
like "$(cat "$OUT")" '^no IPI that was sent to flush a TLB passes the filter$' "behind a filter nobody says that none was sent"
unlike "$(cat "$OUT")" 'none of tlb_flush' "  nor that no events were recorded"

# --- who flushes for another process runs the function itself, for nothing ---

tlb_json "$DATA/cases/tlb-own-wrong.dat.gz"
json_check "$TMP/t.json" "d['tlb_view']['tlb']['reasons']['remote_wrong_cpu'] == 4 and d['tlb_view']['tlb']['own_wrong_cpu'] == 3" \
	"the own CPU that runs another process is no target"
json_check "$TMP/t.json" "[(r['tlb']['reasons']['remote_wrong_cpu'], r['tlb']['own_wrong_cpu']) for r in rows] == [(4, 3)]" "  and is its flush's"
like "$("$IPITRACE" report --tlb "$DATA/cases/tlb-own-wrong.dat.gz")" ', 1 where the process no longer ran; 3 of the own CPU, which ran another process$' \
	"  in the text, too"
exits 1 "a report of TLB work is not compared with one of everything" bash -c \
	"'$IPITRACE' report --json '$F' >'$TMP/all.json' && '$IPITRACE' report --tlb --json '$F' >'$TMP/part.json' && '$IPITRACE' diff '$TMP/all.json' '$TMP/part.json'"

# --- without events, without flushes by IPI, without calls ---

like "$("$IPITRACE" report --tlb "$DATA/demo.dat")" '^events: none of tlb_flush, which' "no events are recorded: said"
like "$("$IPITRACE" report --tlb "$DATA/demo.dat")" '^note: the recording does not say whether the CPU' "  nor what the machine can do"
tlb_json "$DATA/demo.dat"
json_check "$TMP/t.json" "d['tlb_view']['tlb']['reasons'] is None and d['rows'][0]['tlb']['unsent'] is None" "  null, not 0"
like "$("$IPITRACE" report --tlb "$DATA/rows/arm64-6.12.dat")" '^note: this architecture broadcasts flushes by instruction \(TLBI\).*: a 0 here says nothing of flushes$' "arm64: 0 says nothing"
like "$("$IPITRACE" report --tlb "$DATA/rows/arm64-6.12.dat")" '^no IPI was sent to flush a TLB$' "  and there is no row"
tlb_json "$DATA/rows/amd64-6.1.dat"
json_check "$TMP/t.json" "d['tlb_view']['by_sends'] and d['tlb_view']['tlb']['cpus']['sum'] == 74 and d['tlb_view']['tlb']['flushes'] == 27 == d['tlb_view']['tlb']['wait_unknown']" "without events of calls a send is a flush"
tlb_json "$DATA/rows/amd64-66cpu.dat"
json_check "$TMP/t.json" "d['tlb_view']['tlb']['flushes'] == 1 and d['tlb_view']['tlb']['cpus']['max'] == 7" "a multicast is one flush"
done_testing
