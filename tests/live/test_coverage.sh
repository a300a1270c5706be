#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Events that somebody else takes away are missed: /proc/interrupts counted them. Exit 3, in record and report.
# And nobody else is accused.
. "$(dirname "$0")/../lib.sh"
need_live 2
live_lock

ipis=("$EXAMPLES/membarrier" -n 300 -c 0 -t 1)
missing='/proc/interrupts counted at least [0-9]+ function call interrupts, [0-9]+ (are in the recording|were traced): events are missing'

# The workload switches the recorder's instance off. The live lock makes it the only one.
cat >"$TMP/tamper" <<-'EOF'
	for i in /sys/kernel/tracing/instances/ipitrace-*; do
		case $i in *-exits) ;; *) echo 0 >"$i/tracing_on" || exit 99 ;; esac
	done
	"${@:2}" >/dev/null
	exit "$1"
EOF
tamper() { "$IPITRACE" record "${@:2}" -o "$TMP/t.dat" -- bash "$TMP/tamper" "$1" "${ipis[@]}"; }

exits 3 "recording of a tracer that somebody switched off" tamper 0
like "$(cat "$ERR")" "ipitrace: $missing" "record says what is missing"
like "$(cat "$ERR")" 'record: the recording is incomplete' "and that it is incomplete"
exits 3 "its report" "$IPITRACE" report "$TMP/t.dat"
like "$(cat "$ERR")" "ipitrace: $missing" "report repeats it"
like "$(cat "$OUT")" "note: incomplete: $missing" "in the report, too"
exits 3 "its report as JSON" "$IPITRACE" report --json "$TMP/t.dat"
json_check "$OUT" 'd["trace"]["incomplete"] and len(d["trace"]["reasons"]) >= 1 and d["trace"]["lost_events"] == 0' \
	"JSON has the reasons"
exits 7 "the workload's own status comes first" tamper 7
exits 3 "unless --strict says otherwise" tamper 7 --strict
exits 7 "--strict changes nothing else" "$IPITRACE" record --strict -q -o "$TMP/t.dat" -- sh -c 'exit 7'

# Whole recordings: each line holds, whatever is recorded.
whole() {
	exits 0 "$1" "$IPITRACE" record -q -o "$TMP/w.dat" "${@:2}"
	exits 0 "$1: its report" "$IPITRACE" report --json "$TMP/w.dat"
	json_check "$OUT" 'not d["trace"]["incomplete"] and d["trace"]["reasons"] == []' "$1: no reasons"
	json_check "$OUT" 'all(c["low"] <= c["traced"] <= c["high"] and c["ok"] for c in d["coverage"])' \
		"$1: what was counted was recorded"
}
for i in 1 2 3; do
	whole "idle $i" -d 100ms
	whole "membarrier $i" -- "$EXAMPLES/membarrier" -n 1000 -c 0 -t 1
	whole "TLB shootdowns $i" -- "$EXAMPLES/tlb" -n 300 -c 0 -t 1
done
whole "CPU 1" -C 1 -- "${ipis[@]}"
whole "reschedules" --class reschedule -- "${ipis[@]}"
done_testing
