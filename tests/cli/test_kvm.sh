#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# report --kvm: formats agree with each other, and what does not go with it is refused.
. "$(dirname "$0")/../lib.sh"
F=$DATA/kvm/x2_hlt_sync.dat.gz

exits 0 "report --kvm" "$IPITRACE" report --kvm "$F"
cp "$OUT" "$TMP/text"
like "$(cat "$TMP/text")" '^PATH CLASS +KICK +IPIS COAL +P50 +P99 +MAX ACCEPT +WAKE +RUNQ INJECT +ENTRY$' "its columns"
like "$(cat "$TMP/text")" '^msr +vector 225 polling +182 +0 +121k .* - +- +93\.7k 8\.38k$' "  a target that is polled for has neither WAKE nor RUNQ"
like "$(cat "$TMP/text")" '^msr +vector 225 woken +18 +0 ' "  and those that slept"
like "$(cat "$TMP/text")" '^hlt +200 +500M +2\.50M +313M +63%$' "  exits, with the part that is of IPIs"
like "$(cat "$TMP/text")" '^IPIs: 200 of 200 sends = 200 delivered$' "  outcomes"
like "$(cat "$TMP/text")" '^halts: 200 = 182 polled and won [+] 18 slept [+] 0 whose event was there already; idle before an event 187M, wake-up after it 313M;' "  halts are split"
like "$(cat "$TMP/text")" '^laws: 9 of 9 hold$' "  laws"
like "$(cat "$TMP/text")" '^note: times are ticks of x86-tsc' "  and what times are"

for name in x2_hlt_sync x2_poll_async x2_masked_async xa_hlt_sync; do
	f=$DATA/kvm/$name.dat.gz
	"$IPITRACE" report --kvm=source,target,kick --json "$f" >"$TMP/t.json" 2>"$ERR"
	"$IPITRACE" report --kvm=source,target,kick --csv "$f" >"$TMP/t.csv" 2>>"$ERR"
	exits 0 "$name: JSON is whole, and CSV agrees" python3 - "$TMP/t.json" "$TMP/t.csv" <<'PY'
import csv, json, sys
d, rows = json.load(open(sys.argv[1])), list(csv.DictReader(open(sys.argv[2])))
assert d["schema"] == "ipitrace-kvm/1" and d["unit"] == "ticks" and not d["incomplete"] and d["by"] == ["source", "target", "kick"]
assert len(d["vms"]) == 1 and all(l["held"] is not False for l in d["laws"])
vm = d["vms"][0]
assert vm["sends"] == sum(r["ipis"] for r in d["rows"]) == 200
assert {k: sum(r["outcomes"][k] for r in d["rows"]) for k in vm["outcomes"]} == vm["outcomes"]
h = vm["halts"]
assert h["polled"] + h["slept"] + h["pending"] == h["count"]
assert h["idle"] + h["wakeup"] + h["untold_time"] == sum(e["time"] for e in vm["exits"] if e["reason"] == "hlt")
for r, c in zip(d["rows"], rows):
    t, stages = r["total"], [s for s in r["stages"].values() if s]
    assert list(r["stages"])[::6] == ["send_exit", "entry_handler"] and r["stages"]["send_exit"] is r["stages"]["entry_handler"] is None
    assert sum(s["sum"] for s in stages) == (t["sum"] if t else 0)
    assert int(c["ipis"]) == r["ipis"] and int(c["coalesced"]) == r["outcomes"]["coalesced"]
    assert c["total_p50_ticks"] == (str(t["p50"]) if t else "")
    assert c["runq_max_ticks"] == (str(r["stages"]["runq"]["max"]) if r["stages"]["runq"] else "")
assert len(rows) == len(d["rows"])
PY
done

# An accept that is told before an injection and marked as pending behind it: of 200 IPIs the guest took 199.
if command -v trace-cmd >/dev/null; then
	zcat "$DATA/kvm/x2_poll_async.dat.gz" >"$TMP/windows.dat"
	is "$(trace-cmd report -t -R "$TMP/windows.dat" 2>/dev/null | python3 "$DATA/kvm/naive.py")" "198 2 1" \
		"one window: 198 delivered, 2 coalesced, and an injection without a cause"
	exits 0 "two windows" "$IPITRACE" report --kvm --json "$TMP/windows.dat"
	json_check "$OUT" "[d['vms'][0]['outcomes'][k] for k in ('delivered', 'coalesced')] + [d['vms'][0]['unsolicited']] == [199, 1, 0]" "  what the guest took"
else
	skip "one window" "no trace-cmd"
fi

exits 0 "--top" "$IPITRACE" report --kvm --json --top 1 "$F"
json_check "$OUT" "len(d['rows']) == 1 and d['rows_total'] == 2" "  JSON tells of how many rows"
exits 0 "report --help kvm" "$IPITRACE" report --help kvm
like "$(cat "$OUT")" '^kick +KICK +what the target did: running, ' "  has the keys"
like "$(cat "$OUT")" '^ +RUNQ +until that thread has a CPU$' "  and the columns"

# Beside each other: each figure is what the reports have.
A=$F B=$DATA/kvm/xa_hlt_sync.dat.gz
exits 0 "diff --kvm" "$IPITRACE" diff --kvm "$A" "$B"
like "$(cat "$OUT")" '^latency P50 +122368 +276480 2[.]26$' "latency"
like "$(cat "$OUT")" '^host CPUs burnt +[0-9.]+ +[0-9.]+ [0-9.]+$' "  and what it costs"
"$IPITRACE" diff --kvm --json "$A" "$B" >"$TMP/diff.json" 2>"$ERR"
for f in "$A" "$B"; do
	"$IPITRACE" report --kvm=vm --json "$f"
done >"$TMP/both.json" 2>>"$ERR"
exits 0 "  are the reports' figures" python3 - "$TMP/diff.json" "$TMP/both.json" <<'PY'
import json, sys
d = json.load(open(sys.argv[1]))
text, decoder, reports = open(sys.argv[2]).read(), json.JSONDecoder(), []
while text.strip():
    r, end = decoder.raw_decode(text.lstrip())
    reports.append(r)
    text = text.lstrip()[end:]
assert d["schema"] == "ipitrace-kvm-diff/1" and d["unit"] == "ticks" and len(reports) == 2
fig = {f["figure"]: f for f in d["figures"]}
for side, r in zip("ab", reports):
    v = {k: f[side] for k, f in fig.items()}
    vm, row, span = r["vms"][0], r["rows"][0], r["duration"]
    h = vm["halts"]
    assert (v["total_p50"], v["total_p99"], v["total_max"]) == tuple(row["total"][k] for k in ("p50", "p99", "max"))
    assert v["run_inject_p50"] == row["stages"]["run_inject"]["p50"] and v["send_exit_p50"] is None
    # Whatever targets did is in one of the shares: each is rounded down.
    shares = [v[k] for k in ("running", "polling", "woken", "preempted", "none", "halted", "kick_unknown")]
    assert 1000 - len(shares) < sum(shares) <= 1000, shares
    assert v["cpus_polling"] == (h["poll_won"] + h["poll_in_vain"]) * 1000 // span
    assert v["cpus_in_vain"] == h["poll_in_vain"] * 1000 // span
    # Exits take what the reasons say; those that end within the recording are all but one or two.
    assert v["cpus_host"] <= sum(e["time"] for e in vm["exits"]) * 1000 // span
    assert v["cpus_polling"] <= v["cpus_host"]
    assert abs(v["cpus"] - v["cpus_guest"] - v["cpus_host"]) <= 1 and v["cpus"] <= vm["vcpus"] * 1000
    assert v["ipis_per_s"] is None
    assert d["sides"][side] == {k: r[k] for k in ("tier", "guest", "incomplete", "laws", "notes")} and r["notes"]
PY
zcat "$B" | head -c 150000 >"$TMP/half.dat"
exits 3 "diff --kvm of one that is cut" "$IPITRACE" diff --kvm --json "$A" "$TMP/half.dat"
json_check "$OUT" "not d['sides']['a']['incomplete'] and d['sides']['b']['incomplete']" "  says which"
# Where nothing tells whether a halted target's thread slept, that is a share of its own.
zcat "$F" | sed 's/name: kvm_vcpu_wakeup$/name: kvm_vcpu_wakeu_/' >"$TMP/untold.dat"
exits 0 "diff --kvm of one that does not know how targets were halted" "$IPITRACE" diff --kvm "$A" "$TMP/untold.dat"
like "$(cat "$OUT")" '^  halted, polling or asleep +0[.]0% +91[.]0% +-$' "  has a row for them"
like "$(cat "$OUT")" '^  not known +0[.]0% +0[.]0% +-$' "  and for those of whom nothing is known"
exits 2 "diff --kvm of three" "$IPITRACE" diff --kvm "$A" : "$B" "$B"
exits 2 "diff --kvm with rows" "$IPITRACE" diff --kvm --by func "$A" "$B"
exits 2 "diff --kvm with one guest" "$IPITRACE" diff --guest "$DATA/kvm/joined_sync_guest.dat.gz" "$A" "$B"
like "$(cat "$ERR")" "^hint: 'ipitrace diff --guest GUEST-A --guest GUEST-B A B'\$" "  and how it is with two"
exits 0 "diff --kvm of joined ones" "$IPITRACE" diff --json --guest "$DATA/kvm/joined_sync_guest.dat.gz" --guest "$DATA/kvm/joined_masked_guest.dat.gz" \
	"$DATA/kvm/joined_sync.dat.gz" "$DATA/kvm/joined_masked.dat.gz"
json_check "$OUT" "all(f['a'] and f['b'] for f in d['figures'] if f['figure'] in ('send_exit_p50', 'entry_handler_p50', 'total_p50'))" "  from the send to the handler"
json_check "$OUT" "all(d['sides'][s]['tier'] == 'host+guest' and d['sides'][s]['guest']['joined'] == 200 and d['sides'][s]['guest']['offset_known'] and not d['sides'][s]['incomplete'] for s in 'ab')" "  each side says what it was joined with"
exits 1 "  their guests mixed up" "$IPITRACE" diff --json --guest "$DATA/kvm/joined_masked_guest.dat.gz" --guest "$DATA/kvm/joined_sync_guest.dat.gz" \
	"$DATA/kvm/joined_sync.dat.gz" "$DATA/kvm/joined_masked.dat.gz"
like "$(cat "$ERR")" '^hint: are they of the same machine and the same time[?]$' "  are none"
is "$(cat "$OUT")" "" "  and nothing is compared"

# A terminal of 80 columns.
if command -v script >/dev/null; then
	TERM=dumb script -qec "stty cols 80; '$IPITRACE' report --kvm --no-pager '$F'" /dev/null </dev/null 2>/dev/null | tr -d '\r' >"$TMP/narrow"
	is "$(awk 'length > 80' "$TMP/narrow")" "" "80 columns are enough"
	like "$(cat "$TMP/narrow")" '^ +ACCEPT +WAKE +RUNQ INJECT +ENTRY$' "  with all stages, below"
fi

for opts in "--by func" "--matrix count" "--tlb" "--sort calls" "--from +1s" "--comm x" "-f calls"; do
	# shellcheck disable=SC2086 # two words
	exits 2 "not with $opts" "$IPITRACE" report --kvm $opts "$F"
	like "$(cat "$ERR")" '^ipitrace: report: --kvm and .* exclude each other$' "  and says so"
done
like "$("$IPITRACE" report --kvm --by func "$F" 2>&1)" "^hint: rows of virtual machines are by --kvm=KEYS\$" "  and how rows are chosen"
exits 2 "not --children of nobody" "$IPITRACE" report --kvm --children "$F"
like "$(cat "$ERR")" '^hint: name processes: -p PID --children$' "  and says whose they may be"
exits 2 "diff --kvm with --children" "$IPITRACE" diff --kvm --children "$A" "$B"
exits 2 "no such key" "$IPITRACE" report --kvm=victim "$F"
like "$(cat "$ERR")" '^hint: with --kvm: vm, path, class, kick, source, target; with --guest caller, func, comm, too$' "  and says which there are"
exits 2 "the guest's keys without a guest" "$IPITRACE" report --kvm=func "$F"
like "$(cat "$ERR")" '^hint: .*--guest FILE$' "  and how to get them"
exits 1 "a recording without virtual machines" "$IPITRACE" report --kvm "$DATA/demo.dat"
like "$(cat "$ERR")" "^hint: .*'ipitrace record --kvm'" "  and how to make one"

# Its report is none of those that add up.
"$IPITRACE" report --kvm --json "$F" >"$TMP/kvm.json" 2>"$ERR"
for cmd in merge diff; do
	exits 1 "$cmd takes none of them" "$IPITRACE" "$cmd" "$TMP/kvm.json" "$TMP/kvm.json"
	like "$(cat "$ERR")" "^ipitrace: $cmd: .*kvm.json: a report of virtual machines [(]--kvm[)], which has rows of its own$" "  and says what they are"
done

# Cut: what can be read is counted, and the status says that it is a part.
zcat "$F" | head -c 60000 >"$TMP/cut.dat"
exits 3 "a file that is cut" "$IPITRACE" report --kvm --json "$TMP/cut.dat"
json_check "$OUT" "d['incomplete'] and d['vms'][0]['outcomes']['lost'] == 200 and d['vms'][0]['outcomes']['in_flight'] == 0" "  is incomplete: all that the other CPU would tell is lost, not in flight"
like "$(cat "$ERR")" '^ipitrace: report: .*cut.dat: the file is cut: IPIs may be missing$' "  and why"
like "$(cat "$ERR")" '^hint: copy the file again, or record again$' "  and what to do"
# Less than the first exit: that is no recording without virtual machines.
head -c 3000 "$F" >"$TMP/cut.dat.gz"
exits 1 "a file that is cut before the first exit" "$IPITRACE" report --kvm "$TMP/cut.dat.gz"
like "$(cat "$ERR")" '^ipitrace: report: .*cut.dat.gz: the file is cut, and has no exits of virtual machines any more$' "  says that it is cut"
like "$(cat "$ERR")" '^hint: copy the file again, or record again$' "  and what to do"
for name in x2_hlt_sync x2_masked_async; do
	zcat "$DATA/kvm/$name.dat.gz" >"$TMP/whole.dat"
	head -c $(($(stat -c %s "$TMP/whole.dat") * 80 / 100)) "$TMP/whole.dat" >"$TMP/cut.dat"
	exits 3 "$name, cut where one CPU has the rest" "$IPITRACE" report --kvm --json "$TMP/cut.dat"
	json_check "$OUT" "d['vms'][0]['outcomes']['delivered'] > 20 and d['vms'][0]['outcomes']['lost'] > 60 and d['vms'][0]['outcomes']['in_flight'] == 0" "  what it lacks is lost as well"
done

"$IPITRACE" help record groups >"$OUT" 2>"$ERR"
like "$(cat "$OUT")" '^kvm +virtual machines on their host' "record --with kvm"
done_testing
