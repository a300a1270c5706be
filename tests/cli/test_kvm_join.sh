#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# report --kvm --guest: hosts' recordings joined with what their guests logged themselves, by the known offset and without.
. "$(dirname "$0")/../lib.sh"
K=$DATA/kvm

for name in sync:x2_hlt_sync masked:x2_masked_async; do
	f=$K/joined_${name%:*}
	for how in "" ,offset=unknown; do
		"$IPITRACE" report --kvm=caller,kick --guest "${f}_guest.dat.gz$how" --json "$f.dat.gz" >"$TMP/t.json" 2>"$ERR"
		"$IPITRACE" report --kvm=caller,kick --guest "${f}_guest.dat.gz$how" --csv "$f.dat.gz" >"$TMP/t.csv" 2>>"$ERR"
		exits 0 "${name%:*}$how: all IPIs, by the guest's own log" python3 - "$TMP/t.json" "$TMP/t.csv" "$K/${name#*:}.log" "$how" <<'PY'
import csv, json, sys
d, rows = json.load(open(sys.argv[1])), list(csv.DictReader(open(sys.argv[2])))
log = [list(map(int, l.split())) for l in open(sys.argv[3])]
g = d["guest"]
assert d["tier"] == "host+guest" and not d["incomplete"] and all(l["held"] is not False for l in d["laws"])
assert g["joined"] == len(log) == 200
assert all(g[k] == 0 for k in ("uncertain", "host_only", "guest_uncertain", "guest_only", "host_outside", "guest_outside", "no_class", "handlers_missing"))
assert sum(r["total"]["count"] for r in d["rows"] if r["total"]) == sum(l[3] != 0 for l in log)
# Who sent: by turns, and each has the handlers that its guest saw; from send to handler by one clock, so that it is exact. Where
# several share a handler, the log has it with the last of them, and the host with the first.
for i, name in enumerate(("first_caller+0x20", "second_caller+0x20")):
    assert sum(r["ipis"] for r in d["rows"] if r["caller"] == name) == 100
    if any(l[3] == 0 for l in log):
        continue
    mine = [r for r in d["rows"] if r["caller"] == name]
    times = [l[3] - l[1] for l in log[i::2] if l[3]]
    assert sum(r["ipis"] for r in mine) == 100
    assert sum(r["outcomes"]["delivered"] for r in mine) == len(times)
    totals = [r["total"] for r in mine if r["total"]]
    assert sum(t["count"] for t in totals) == len(times)
    # Either end is rounded.
    assert abs(sum(t["sum"] for t in totals) - sum(times)) <= 2 * len(times), (totals, sum(times))
    assert abs(max(t["max"] for t in totals) - max(times)) <= 2
for r, c in zip(d["rows"], rows):
    stages = [s for s in r["stages"].values() if s]
    assert sum(s["sum"] for s in stages) == (r["total"]["sum"] if r["total"] else 0)
    assert c["caller"] == r["caller"] and int(c["ipis"]) == r["ipis"]
    for key in ("send_exit", "entry_handler"):
        s = r["stages"][key]
        if not s:
            continue
        assert s["resolution"] == g["width"] or g["width"] > 0
        # No stage that is shorter than the clocks are uncertain.
        assert all(s[k] is None or s[k] >= s["resolution"] for k in ("min", "p50", "p90", "p99", "max"))
        assert c[key + "_p50_ticks"] == ("" if s["p50"] is None else str(s["p50"]))
if sys.argv[4]:
    assert not g["offset_known"] and g["offset_from"] is None and 0 < g["width"] < 200000
else:
    assert g["offset_known"] and g["offset_from"] == "kvm_write_tsc_offset" and g["width"] == 0
    assert all(s["p50"] > 0 for r in d["rows"] for s in (r["stages"]["send_exit"],) if s)
PY
	done
done

F=$K/joined_sync.dat.gz G=$K/joined_sync_guest.dat.gz
exits 0 "text" "$IPITRACE" report --kvm --guest "$G" "$F"
cp "$OUT" "$TMP/text"
like "$(cat "$TMP/text")" '^CALLER +FUNC +KICK +IPIS COAL ALONE +P50 +P99 +MAX +EXIT +ACCEPT +WAKE +RUNQ +INJECT +ENTRY +HANDLER$' "its columns"
like "$(cat "$TMP/text")" '^first_caller[+]0x20 +- +polling +93 +0 +0 ' "  a caller of the guest"
like "$(cat "$TMP/text")" '^joined: 200 IPIs of both$' "  what was joined"
like "$(cat "$TMP/text")" "^clocks: the guest's offset is known [(]kvm_write_tsc_offset[)], and causes and effects allow it$" "  and how"
# Of a guest that recorded less of it: rows and the whole agree on what was not joined.
awk 'NR > 50 && NR <= 150 && NR % 5' "$K/x2_hlt_sync.log" >"$TMP/part.log"
exits 0 "a guest's recording of some of the IPIs" python3 "$K/guest.py" "$TMP/part.log" "$TMP/part.dat"
exits 0 "  is joined" "$IPITRACE" report --json --guest "$TMP/part.dat" "$F"
json_check "$OUT" "sum(r['host_only'] for r in d['rows']) == sum(d['guest'][k] for k in ('host_only', 'uncertain', 'host_outside', 'no_class')) == 200 - d['guest']['joined'] and d['guest']['host_outside'] >= 99 and d['guest']['uncertain'] and d['guest']['joined']" "  and rows have of the host alone what the whole has"
json_check "$OUT" "d['guest']['guest_only'] == 0 and d['guest']['guest_uncertain'] + d['guest']['joined'] == 80" "  and none is said to be the guest's alone"
# Of one that is cut, what is behind is missing, and may be the other one's.
zcat "$G" | head -c 6144 >"$TMP/cut.dat"
exits 3 "a guest's recording that is cut" "$IPITRACE" report --json --guest "$TMP/cut.dat" "$F"
json_check "$OUT" "d['guest']['joined'] > 50 and d['guest']['guest_only'] == 0 and d['guest']['guest_uncertain'] == 2" "  is joined, but for those of which it is not certain"
zcat "$F" | head -c 60000 >"$TMP/cut.dat"
exits 1 "a host's recording that is cut" "$IPITRACE" report --guest "$G,offset=unknown" "$TMP/cut.dat"
like "$(cat "$ERR")" "^hint: $TMP/cut.dat is cut: copy it again, or record again\$" "  says why nothing is joined"
# Of one that lacks handlers: what the host knows of these IPIs stays.
awk 'NR > 150 { $4 = 0 } { print }' "$K/x2_hlt_sync.log" >"$TMP/part.log"
python3 "$K/guest.py" "$TMP/part.log" "$TMP/part.dat"
exits 0 "a guest's recording without the last 50 handlers" "$IPITRACE" report --json --guest "$TMP/part.dat" "$F"
json_check "$OUT" "d['guest']['joined'] == 200 and d['guest']['handlers_missing'] == 50" "  is joined"
json_check "$OUT" "{s: sum(r['stages'][s]['count'] for r in rows if r['stages'][s]) for s in ('send_exit', 'exit_accept', 'inject_entry', 'entry_handler')} ==
	{'send_exit': 200, 'exit_accept': 200, 'inject_entry': 200, 'entry_handler': 150}" "  and lacks the last stage of them"
json_check "$OUT" "sum(r['total']['count'] for r in rows if r['total']) == 150" "  and the total"
exits 0 "both by a pipe, packed or not" bash -c "'$IPITRACE' report --json --guest <(zcat '$G') - <'$F'"
json_check "$OUT" "d['guest']['joined'] == 200 and d['guest']['offset_known']" "  are joined"
exits 0 "--guest alone is enough" "$IPITRACE" report --guest "$G,offset=unknown" "$F"
like "$(cat "$OUT")" "^clocks: by causes and effects, the guest's offset is within [0-9.]+k$" "  the error is told"
like "$(cat "$OUT")" '^first_caller.* polling .* <[0-9.]+k .* <[0-9.]+k$' "  and stages that are shorter are not"

# The true offset, as the host's event has it, and one that cannot be.
exits 0 "the offset as an option" "$IPITRACE" report --json --guest "$G,offset=-76082969508" "$F"
json_check "$OUT" "d['guest']['joined'] == 200 and d['guest']['offset_from'] == 'given'" "  is the same"
exits 3 "a wrong one" "$IPITRACE" report --guest "$G,offset=-76092969508" "$F"
like "$(cat "$OUT")" 'law broken: the known offset is one that causes and effects allow' "  is found out"
# Files that are not its guest's: by the known offset no IPI is of both, and none may seem to be.
exits 0 "the recording of another machine" python3 "$K/guest.py" "$K/xa_hlt_sync.log" "$TMP/other.dat"
for g in "$K/joined_masked_guest.dat.gz" "$K/joined_masked_guest.dat.gz,offset=0" "$TMP/other.dat"; do
	exits 1 "not its guest: ${g##*/}" "$IPITRACE" report --json --guest "$g" "$F"
	like "$(cat "$ERR")" '^ipitrace: report: .*joined_sync.dat.gz and .*: no IPI is of both, from send to handler$' "  no IPI is of both"
	like "$(cat "$ERR")" '^hint: are they of the same machine and the same time[?]$' "  and what to ask oneself"
	is "$(cat "$OUT")" "" "  nothing is reported"
done
# Moved so that it was made at the same time, some do fit by chance.
while read -r by fits; do
	awk -v by="$by" '{ for (i = 2; i <= 4; i++) if ($i) $i = sprintf("%.0f", $i + by) } 1' "$K/xa_hlt_sync.log" >"$TMP/chance.log"
	python3 "$K/guest.py" "$TMP/chance.log" "$TMP/chance.dat"
	exits 1 "by chance, moved by $by" "$IPITRACE" report --guest "$TMP/chance.dat" "$F"
	like "$(cat "$ERR")" ": of $fits fit\$" "  hardly any are of both"
done <<-'EOF'
	207313032 200 IPIs that both could have, [0-9]+
	357313032 [0-9]+ IPIs that both could have, 2
	507313032 81 IPIs that both could have, [0-9]+
EOF
exits 1 "  without the offset as well" "$IPITRACE" report --guest "$K/joined_masked_guest.dat.gz,offset=unknown" "$F"
exits 1 "the two swapped" "$IPITRACE" report --guest "$F" "$G"
like "$(cat "$ERR")" "^ipitrace: report: .*_guest.dat.gz: no exits of virtual machines in this file\$" "  which has no exits"
like "$(cat "$ERR")" "^hint: is it the guest's[?] --guest GUEST HOST, " "  and is asked whether it is the guest's"
for g in "$F" "$K/joined_masked.dat.gz"; do
	exits 1 "a host's file: ${g##*/}" "$IPITRACE" report --guest "$g" "$F"
	like "$(cat "$ERR")" "^ipitrace: report: .*${g##*/}: has kvm_exit: it is a host's recording, not one of a guest\$" "  is refused by name"
done
# As trace-cmd's agent has it in the guest's file. A host without kvm_write_tsc_offset: the text of the joined one, without these.
exits 0 "a guest's file of trace-cmd's agent" python3 "$K/guest.py" "$K/x2_hlt_sync.log" "$TMP/shift.dat" shift 76082969508
zcat "$F" >"$TMP/host.dat"
exits 0 "  and a host that does not know the offset" python3 - "$TMP/host.dat" <<'PY'
import sys
data = bytearray(open(sys.argv[1], "rb").read())
data[:] = data.replace(b"name: kvm_write_tsc_offset", b"name: kvm_write_tsc_nothing"[:26])
open(sys.argv[1], "wb").write(data)
PY
exits 0 "  are joined" "$IPITRACE" report --json --guest "$TMP/shift.dat" "$TMP/host.dat"
json_check "$OUT" "d['guest']['joined'] == 200 and d['guest']['offset_from'] == \"trace-cmd's TIME_SHIFT\" and d['guest']['width'] == 0" "  by its offset"
exits 0 "  without it as well" "$IPITRACE" report --json --guest "$TMP/shift.dat,offset=unknown" "$TMP/host.dat"
json_check "$OUT" "d['guest']['joined'] == 200 and not d['guest']['offset_known'] and d['guest']['width']" "  by causality"

# As record --kvm reads it in debugfs: VM, virtual CPU, its value in four readings. The facts are ipitrace's, behind the data.
# Offset and ratio are those of all readings but the last one, where others may be given.
told() {
	python3 - "$TMP/host.dat" "$TMP/told.dat" "$@" <<'PY'
import struct, sys
src, dst, offset, ratio = sys.argv[1:5]
last, last_ratio = (sys.argv[5:] + [offset, ratio])[:2] if len(sys.argv) == 7 else (offset, ratio)
lines = ["kvm on"]
for snap in range(4):
    lines.append(f"kvm {snap} vm/300-11 tgid 300")
    for vcpu in range(2):
        lines.append(f"kvm {snap} vcpu/300-11/{vcpu} tsc-offset {last if snap == 3 else offset}")
        lines.append(f"kvm {snap} vcpu/300-11/{vcpu} tsc-scaling-ratio {last_ratio if snap == 3 else ratio}")
text = ("\n".join(lines) + "\n").encode()
check = 0xcbf29ce484222325
for byte in text:
    check = (check ^ byte) * 0x100000001b3 % 2**64
open(dst, "wb").write(open(src, "rb").read() + text + b"IPITFACT" + struct.pack("<QQ", len(text), check))
PY
}
told -76082969508 4294967296
"$IPITRACE" report --json --guest "$G" "$TMP/told.dat" >"$OUT" 2>"$ERR"
json_check "$OUT" "d['guest']['joined'] == 200 and d['guest']['offset_from'] == 'debugfs' and d['guest']['width'] == 0" "an offset that debugfs had"
told -76082969508 4294967296 -76082969500 4294967296
"$IPITRACE" report --json --guest "$G" "$TMP/told.dat" >"$OUT" 2>"$ERR"
json_check "$OUT" "d['guest']['joined'] == 200 and not d['guest']['offset_known']" "  that changed meanwhile is none"
# A TSC that is scaled: the same run, had the guest's counted at another rate; 32 bits behind the point (SVM), or 48 (VMX).
"$IPITRACE" report --json --guest "$G" "$F" >"$TMP/unscaled.json" 2>"$ERR"
for ratio in 5000000000 140737488355329; do
	python3 - "$K/x2_hlt_sync.log" "$ratio" >"$TMP/scaled.log" <<'PY'
import sys
ratio, point = int(sys.argv[2]), 48 if int(sys.argv[2]) >> 40 else 32
for line in open(sys.argv[1]):
    number, *stamps, received = map(int, line.split())
    print(number, *(t and ((t + 76082969508) * ratio >> point) - 1000 for t in stamps), received)
PY
	exits 0 "a TSC that is scaled by $ratio" python3 "$K/guest.py" "$TMP/scaled.log" "$TMP/scaled.dat"
	told -1000 "$ratio"
	exits 0 "  is joined" "$IPITRACE" report --json --guest "$TMP/scaled.dat" "$TMP/told.dat"
	cp "$OUT" "$TMP/scaled.json"
	json_check "$TMP/scaled.json" "d['guest']['joined'] == 200 and d['guest']['offset_from'] == 'debugfs' and d['guest']['width'] == 0" "  by its offset"
	# Each stamp is rounded once.
	exits 0 "  and takes as long" python3 - "$TMP/scaled.json" "$TMP/unscaled.json" <<'PY'
import json, sys
scaled, plain = ({s: sum(r["stages"][s]["sum"] for r in json.load(open(f))["rows"] if r["stages"][s])
                  for s in ("send_exit", "inject_entry", "entry_handler")} for f in sys.argv[1:])
assert all(plain.values()) and all(abs(scaled[s] - plain[s]) <= 400 for s in plain), (scaled, plain)
PY
	exits 0 "  without the offset as well" "$IPITRACE" report --json --guest "$TMP/scaled.dat,offset=unknown" "$TMP/told.dat"
	json_check "$OUT" "d['guest']['joined'] == 200 and not d['guest']['offset_known'] and 0 < d['guest']['width'] < 200000" "  by causality"
	exits 1 "  and without the ratio not at all" "$IPITRACE" report --json --guest "$TMP/scaled.dat" "$TMP/host.dat"
done
told -1000 5000000000 -1000 5000000001
exits 1 "a ratio that changed meanwhile" "$IPITRACE" report --json --guest "$TMP/scaled.dat" "$TMP/told.dat"
like "$(cat "$ERR")" '^ipitrace: report: .*told.dat: the TSC of virtual machine [0-9]+ is not scaled in one way$' "  is refused, with the reason"

# The host's own IPIs of that file have no times, as its clock tells none: each has its line all the same.
exits 0 "the host's own IPIs" "$IPITRACE" report --json "$F"
hits=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["totals"]["target_hits"])' "$OUT")
exits 0 "  one by one" "$IPITRACE" list --json --kind hit "$F"
is "$hits $(grep -c . "$OUT")" "89 89" "  are as many as the report counts"

exits 2 "no such VM" "$IPITRACE" report --guest "$G,pid=4711" "$F"
like "$(cat "$ERR")" '4711 is no virtual machine of it' "  and says so"
exits 2 "no such part" "$IPITRACE" report --guest "$G,offset=x" "$F"
like "$(cat "$ERR")" '^ipitrace: report: --guest: offset=x: no whole number$' "  and says so"
like "$(cat "$ERR")" "^hint: .*tsc-offset has it; or 'unknown'\$" "  and where it is to be had"
for offset in "" " 5" +5 - 0x10 5- 1e9 18446744073709551616 -9223372036854775809 99999999999999999999999; do
	exits 2 "offset '$offset'" "$IPITRACE" report --guest "$G,offset=$offset" "$F"
	like "$(cat "$ERR")" '^ipitrace: report: --guest: offset=(.*: no whole number|.*: more than 64 bits| what[?])$' "  is none"
done
exits 2 "an offset that is unknown as well" "$IPITRACE" report --guest "$G,offset=5,offset=unknown" "$F"
# -76082969508, as events of KVM have it.
exits 0 "an offset without a sign" "$IPITRACE" report --json --guest "$G,offset=18446743997626582108" "$F"
json_check "$OUT" "d['guest']['joined'] == 200 and d['guest']['offset_from'] == 'given' and d['guests'] == [d['guest']]" "  is the same one"

# Several machines on one host: each guest with its own, whether that is said or not.
M=$K/joined_masked_guest.dat.gz
exits 0 "two virtual machines" python3 "$K/two.py" "$F" "$K/joined_masked.dat.gz" "$TMP/two.dat"
for how in "$G $M" "$M $G" "$G,pid=303 $M" "$G,pid=303 $M,pid=351" "$G,offset=unknown $M,pid=351"; do
	# shellcheck disable=SC2086 # two of them
	set -- $how
	exits 0 "${how//$K\//}" "$IPITRACE" report --json --kvm=vm,caller --guest "$1" --guest "$2" "$TMP/two.dat"
	json_check "$OUT" "d['guest'] is None and {(g['vm'], g['joined']) for g in d['guests']} == {(303, 200), (351, 200)}" "  each has its own"
	json_check "$OUT" "{(r['vm'], r['caller'], r['ipis'], r['host_only']) for r in d['rows']} == {(v, c + '+0x20', 100, 0) for v in (303, 351) for c in ('first_caller', 'second_caller')}" "  with its callers"
	json_check "$OUT" "all(l['held'] is not False for l in d['laws']) and {l['vm'] for l in d['laws'] if l['name'] == 'joined_host'} == {303, 351}" "  and its laws"
done
# The joined report of one VM is the same, whether another one was there or not.
"$IPITRACE" report --json --kvm=caller,kick --guest "$M" "$K/joined_masked.dat.gz" >"$TMP/one.json" 2>"$ERR"
"$IPITRACE" report --json --kvm=caller,kick --guest "$M" "$TMP/two.dat" >"$TMP/of.json" 2>>"$ERR"
is "$(python3 -c 'import json, sys; a, b = (json.load(open(f))["rows"] for f in sys.argv[1:]); print(len(a), a == b)' "$TMP/one.json" "$TMP/of.json")" \
	"4 True" "one of two machines: as if it were the only one"
exits 0 "text" "$IPITRACE" report --guest "$G" --guest "$M" "$TMP/two.dat"
like "$(cat "$OUT")" '^clocks: VM 351: the guest.s offset is known [(]kvm_write_tsc_offset[)]' "  says which is whose"
exits 1 "the guest of another one" "$IPITRACE" report --guest "$G,pid=351" "$TMP/two.dat"
exits 1 "the only one that is left is not its own" "$IPITRACE" report --guest "$G" --guest "$TMP/other.dat" "$TMP/two.dat"
exits 2 "one that fits none" "$IPITRACE" report --guest "$TMP/other.dat" "$TMP/two.dat"
like "$(cat "$ERR")" 'several virtual machines: of which is .*other.dat[?] It fits none$' "  and says so"
like "$(cat "$ERR")" '^hint: --guest .*,pid=PID, of these: 303, 351$' "  and which there are"
exits 2 "two of one machine" "$IPITRACE" report --guest "$G" --guest "$TMP/part.dat" "$F"
like "$(cat "$ERR")" 'both are of the same virtual machine$' "  are refused"
exits 2 "one file twice" "$IPITRACE" report --guest "$G" --guest "$G" "$TMP/two.dat"
exits 2 "one process twice" "$IPITRACE" report --guest "$G,pid=303" --guest "$M,pid=303" "$TMP/two.dat"
# As trace-cmd has it: no processes, but its agents' files are named by their ids, and each guest's threads.
exits 0 "two machines whose agents were recorded" python3 "$K/two.py" "$F" "$K/joined_masked.dat.gz" "$TMP/agents.dat" 71 72
exits 0 "  their guests" python3 "$K/guest.py" "$K/x2_hlt_sync.log" "$TMP/one.dat" id 71
python3 "$K/guest.py" "$K/x2_masked_async.log" "$TMP/other.dat" id 72
exits 0 "  are told apart by their threads" "$IPITRACE" report --kvm=vm,source,target --json "$TMP/agents.dat"
json_check "$OUT" "[(v['vm'], v['comm'], v['vcpus'], v['sends']) for v in d['vms']] == [(306, 'one', 2, 200), (354, 'other', 2, 200)]" "  by name"
json_check "$OUT" "{(r['vm'], r['ipis']) for r in rows} == {(306, 200), (354, 200)} and all(l['held'] is not False for l in d['laws'])" "  with rows of their own"
for how in "one other" "other one"; do
	# shellcheck disable=SC2086 # two of them
	set -- $how
	exits 0 "  joined, $how" "$IPITRACE" report --json --kvm=vm --guest "$TMP/$1.dat" --guest "$TMP/$2.dat" "$TMP/agents.dat"
	json_check "$OUT" "{(g['vm'], g['file'].split('/')[-1], g['joined']) for g in d['guests']} == {(306, 'one.dat', 200), (354, 'other.dat', 200)}" "  each with its own"
done
# The ids decide, not who fits.
python3 "$K/guest.py" "$K/x2_hlt_sync.log" "$TMP/wrong.dat" id 72
exits 1 "  one that bears another's id" "$IPITRACE" report --guest "$TMP/wrong.dat" "$TMP/agents.dat"
like "$(cat "$ERR")" ': no offset of the clocks brings their IPIs together$' "  is not looked for elsewhere"
like "$(cat "$ERR")" "^hint: .* Then a known offset joins them: --guest $TMP/wrong.dat,offset=TICKS\$" "  and how it would be joined"
python3 "$K/clocked.py" "$K/joined_masked_guest.dat.gz" "$TMP/mono.dat" mono
exits 1 "  one that fits in many ways" "$IPITRACE" report --guest "$TMP/mono.dat" "$K/joined_mono.dat.gz"
like "$(cat "$ERR")" ': their IPIs fit by more than one offset of the clocks$' "  is not taken for any"
like "$(cat "$ERR")" "^hint: .*: on x86 record --clock x86-tsc on both, else --guest $TMP/mono.dat,offset=NS\$" "  and how it would be"
python3 "$K/two.py" "$F" "$K/joined_masked.dat.gz" "$TMP/agent.dat" 71
exits 1 "  of one alone" "$IPITRACE" report --guest "$TMP/other.dat,pid=306" "$TMP/agent.dat"
exits 0 "  the other one is without a number" "$IPITRACE" report --kvm=vm --json "$TMP/agent.dat"
json_check "$OUT" "[(v['vm'], v['sends']) for v in d['vms']] == [(306, 200), (None, 200)]" "  and not the same"
exits 1 "  and -p has nothing to go by" "$IPITRACE" report --kvm -p 306 "$TMP/agents.dat"
exits 1 "no such file" "$IPITRACE" report --guest "$TMP/none.dat" "$F"
exits 1 "a guest without IPIs of that host" "$IPITRACE" report --guest "$DATA/demo.dat" "$F"
like "$(cat "$ERR")" '^hint: .*--clock x86-tsc' "  and which clock to take"
done_testing
