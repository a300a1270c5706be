#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# export --perfetto|--chrome --guest: a host and its guest on one timeline, by what report --kvm --guest and list tell of them.
. "$(dirname "$0")/../lib.sh"
cd "$TMP" || exit 1
K=$DATA/kvm

# holds FORMAT NAME OPTIONS OFFSET: the timeline of NAME.dat and NAME_guest.dat is what others tell of both.
holds() {
	local format=$1 name=$2 guest="$2_guest.dat$3"
	"$IPITRACE" report --kvm=caller,kick --json --guest "$guest" "$name.dat" >report.json || return 1
	"$IPITRACE" list --json "$name.dat" >host.json 2>/dev/null && "$IPITRACE" list --json "${name}_guest.dat" >guest.json || return 1
	"$IPITRACE" export "--$format" --guest "$guest" "$name.dat" >"joined.$format" || return 1
	python3 "$ROOT/tests/cli/timeline_guest.py" "$format" "joined.$format" report.json host.json guest.json "$4" >"counts.$format"
}

for name in joined_sync joined_masked; do
	for f in $name ${name}_guest; do
		ok "$f: ns" python3 "$K/clocked.py" "$K/$f.dat.gz" "$f.dat" mono
	done
done
for format in perfetto chrome; do
	ok "$format: clocks are apart, nobody knows how much" holds $format joined_sync "" -
	json_check counts.$format "d == {'ipis': 200, 'stages': 636, 'whole': 200, 'sends': 289, 'handlers': 200}" "  every IPI from send to handler"
	ok "$format: the offset is given" holds $format joined_sync ,offset=-76082969508 -76082969508
	json_check counts.$format "d['whole'] == 200" "  as many"
	ok "$format: most have no interrupt of their own" holds $format joined_masked "" -
	json_check counts.$format "d['ipis'] == 200 and d['whole'] == 46" "  and their flows end where they were accepted"
done
# The guest recorded less than the host, and the other way round.
awk 'NR > 50 && NR <= 150 && NR % 5' "$K/x2_hlt_sync.log" >part.log
python3 "$K/guest.py" part.log part.dat
gzip -k part.dat
cp joined_sync.dat part_joined.dat
ok "a guest that recorded less" python3 "$K/clocked.py" part.dat.gz part_joined_guest.dat mono
for format in perfetto chrome; do
	ok "$format: is there, with what the host alone has" holds $format part_joined ,offset=-76082969508 -76082969508
	json_check counts.$format "d['ipis'] == 200 and 0 < d['whole'] < 100" "  arrows for those that both have"
done
# Stamps of the TSC on both sides, and the host's file says what ns are: half as many.
for f in joined_sync joined_sync_guest; do
	python3 "$K/clocked.py" "$K/$f.dat.gz" "tsc${f#joined_sync}.dat" 1073741824 31 5000
done
for format in perfetto chrome; do
	ok "$format: ticks that become ns" holds $format tsc "" -38041484754
	json_check counts.$format "d['whole'] == 200" "  with the offset that the host knows"
	zcat "$K/joined_sync_guest.dat.gz" >plain.dat
	"$IPITRACE" export --$format --guest plain.dat tsc.dat >plain
	ok "  a guest whose file does not say what a tick is: the same by the host's" cmp plain joined.$format
	ok "  by causes and effects" holds $format tsc ,offset=unknown -
	json_check counts.$format "d['whole'] == 200" "  as well"
done

# The error of the times is in the file, as report has it.
"$IPITRACE" report --json --guest joined_sync_guest.dat joined_sync.dat >report.json
exits 0 "JSON" "$IPITRACE" export --chrome --guest joined_sync_guest.dat -o joined.json joined_sync.dat
ok "  says how far times of the guest may be off" python3 - joined.json report.json <<'PY'
import json, sys
events, guest = json.load(open(sys.argv[1]))["traceEvents"], json.load(open(sys.argv[2]))["guest"]
error = [e["args"]["error_ns"] for e in events if e.get("cat") == "join"]
assert error == [(guest["width"] + 1) // 2] and error[0] > 1000, error
assert all(e["args"]["error_ns"] <= error[0] for e in events if "guest's IPI" in e.get("cat", ""))
PY
is "$(stat -c %a joined.json)" 600 "  for its owner alone"
if command -v protoc >/dev/null; then
	"$IPITRACE" export --perfetto --guest joined_sync_guest.dat joined_sync.dat |
		python3 "$ROOT/tests/cli/timeline.py" packets - |
		protoc --decode=perfetto.protos.Trace --proto_path="$ROOT/tests/cli" perfetto_trace.proto >decoded
	is "$(grep -cE '^ *[0-9]+(:| \{)' decoded)" 0 "perfetto: no field is unknown to the published schema"
	is "$(grep 'trusted_packet_sequence_id' decoded | sort -u | wc -l)" 3 "  three sequences"
else
	skip "perfetto: no field is unknown to the published schema" "no protoc"
fi

# What it is not for, in words.
exits 2 "not for lists" "$IPITRACE" export --ndjson --guest joined_sync_guest.dat joined_sync.dat
like "$(cat "$ERR")" '^ipitrace: export: --guest: --perfetto and --chrome only, not --ndjson$' "  says so"
exits 2 "no filters" "$IPITRACE" export --chrome --guest joined_sync_guest.dat -C 1 joined_sync.dat
exits 2 "no window" "$IPITRACE" export --chrome --guest joined_sync_guest.dat --from +1ms joined_sync.dat
like "$(cat "$ERR")" '^ipitrace: export: --guest: both recordings are drawn as a whole: no filter, no window$' "  says so"
exits 2 "not by a pipe" "$IPITRACE" export --chrome --guest joined_sync_guest.dat - <joined_sync.dat
exits 1 "recordings that have nothing in common" "$IPITRACE" export --chrome --guest joined_masked_guest.dat -o none.json joined_sync.dat
ok "  leave no file" test ! -e none.json
exits 2 "two guests" "$IPITRACE" export --chrome --guest joined_sync_guest.dat,pid=1 --guest part.dat,pid=2 joined_sync.dat
like "$(cat "$ERR")" '^ipitrace: export: --guest: one guest a timeline$' "  says so"
exits 1 "a clock that counts ticks" "$IPITRACE" export --chrome --guest "$K/joined_sync_guest.dat.gz" "$K/joined_sync.dat.gz"
like "$(cat "$ERR")" 'clock x86-tsc does not count ns: there is no timeline' "  has none"
exits 3 "a wrong offset" "$IPITRACE" export --chrome --guest joined_sync_guest.dat,offset=-76092969508 joined_sync.dat
like "$(cat "$ERR")" 'what was counted contradicts itself: the known offset is one that causes and effects allow' "  is found out"
done_testing
