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

# A terminal of 80 columns.
if command -v script >/dev/null; then
	TERM=dumb script -qec "stty cols 80; '$IPITRACE' report --kvm --no-pager '$F'" /dev/null </dev/null 2>/dev/null | tr -d '\r' >"$TMP/narrow"
	is "$(awk 'length > 80' "$TMP/narrow")" "" "80 columns are enough"
	like "$(cat "$TMP/narrow")" '^PATH CLASS +KICK .*ENTRY' "  with the last stage"
fi

for opts in "--by func" "--matrix count" "--tlb" "--sort calls" "--from +1s" "--comm x" "-f calls"; do
	# shellcheck disable=SC2086 # two words
	exits 2 "not with $opts" "$IPITRACE" report --kvm $opts "$F"
	like "$(cat "$ERR")" '^ipitrace: report: --kvm and .* exclude each other$' "  and says so"
done
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

"$IPITRACE" help record groups >"$OUT" 2>"$ERR"
like "$(cat "$OUT")" '^kvm +virtual machines on their host' "record --with kvm"
done_testing
