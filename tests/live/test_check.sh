#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# check: it sees what an example sends, and fails; a limit lets it pass, with all
# evidence; without evidence it knows nothing, and says why.
. "$(dirname "$0")/../lib.sh"
need_live 2
live_lock

SNAP="$ROOT/tests/live/tracefs-snapshot"
"$SNAP" >"$TMP/before"
json_is() { json_check "$OUT" "$@"; }

# --- what is sent is seen ---
n=2000
(umask 0 && : >"$TMP/j.xml")
exits 4 "an example that sends" "$IPITRACE" check -C 1 --json --junit "$TMP/j.xml" -- "$EXAMPLES/membarrier" -n $n -c 0 -t 1
is "$(stat -c %a "$TMP/j.xml")" 600 "  a verdict is for its owner alone"
sent=$(cat "$ERR")
json_is "d['schema'] == 'ipitrace-check/1' and d['verdict'] == 'failed' and d['cpus'] == '1'" "  failed"
least=$((n - $(kv maybe_skipped "$sent")))
json_is "$least <= sum(o['hits'] for o in d['offenders'] if o['func'] == 'ipi_mb' and o['comm'] == 'membarrier') <= $n" \
	"  as many membarriers as were sent ($least to $n)"
json_is "all(o['caller'].startswith('membarrier_private_expedited') and o['class'] == 'call_function_single' and o['target'] == 1
	and o['pid'] > 0 for o in d['offenders'] if o['func'] == 'ipi_mb')" "  by whom, as what, where"
json_is "sum(o['hits'] for o in d['offenders']) == d['hits']" "  every hit has an offender"
json_is "all(0 < o['first_ns'] <= o['last_ns'] and o['last_ns'] - o['first_ns'] <= d['duration_ns'] and
	o['worst_ns'] <= o['stolen_ns'] for o in d['offenders'])" "  times make sense"
json_is "d['workload_status'] == 0 and d['max'] == {'count': 0}" "  the workload's status"
json_is "d['evidence']['own_hits'] == 0" "  ipitrace left the CPU alone"
# The readings of /proc/interrupts are a moment outside of the watch, and one comes between an entry and its count at the most.
json_is "all(0 <= l['low'] <= l['traced'] + 1 and l['traced'] <= l['high'] + 1 for l in d['evidence']['interrupts'].values()) and
	abs(sum(l['traced'] for l in d['evidence']['interrupts'].values() if l['low']) - d['hits']) <= 2" "  /proc/interrupts counted the same"
json_is "d['other_interrupts'] and all(o['name'] and o['cpu'] == 1 and o['count'] > 0 for o in d['other_interrupts'])" \
	"  and what else there was"
if [ "$(uname -m)" = x86_64 ]; then
	json_is "not {'RES', 'CAL', 'TLB', 'IWI'} & {o['name'] for o in d['other_interrupts']} and
		[o for o in d['other_interrupts'] if o['name'] == 'LOC' and o['what'] == 'Local timer interrupts']" "  the timer, no IPIs"
fi
ok "JUnit" python3 -c '
import sys, xml.etree.ElementTree as e
s = e.parse(sys.argv[1]).getroot()
assert s.tag == "testsuite" and s.get("failures") == "1" and s.get("errors") == "0", s.attrib
assert s.find("testcase/failure") is not None' "$TMP/j.xml"
exits 0 "started on the CPU that is watched" taskset -c 1 "$IPITRACE" check -C 1 --max 1000000 --json -o "$TMP/c.json" -- \
	grep Cpus_allowed_list /proc/self/status
is "$(cut -f 2 "$OUT")" 1 "  the workload runs where it was meant to"
# Long enough for a tick of that CPU's timer.
exits 4 "as text" "$IPITRACE" check -C 1 -- sh -c "\"\$EXAMPLES/wakeup\" -n 200; timeout 0.2 taskset -c 1 sh -c 'while :; do :; done'; :"
like "$(cat "$OUT")" '^failed: CPU 1: [1-9][0-9]* IPIs in .*, at most 0$' "  one sentence"
like "$(cat "$OUT")" '^CALLER +FUNCTION +CLASS ' "  and a table"
like "$(cat "$OUT")" '^not by IPIs: CPU 1: [A-Z0-9]+ [1-9][0-9]* \(' "  and a hint at other interrupts"

# --- a limit ---
chmod 755 "$TMP" && mkdir -m 777 "$TMP/user"
exits 0 "a limit that is not reached" env SUDO_UID=65534 SUDO_GID=65534 "$IPITRACE" check -C 1 -d 300ms --max 1000000 --json \
	--junit "$TMP/user/j.xml" -o "$TMP/user/c.json"
is "$(stat -c %u "$TMP/user/j.xml" "$TMP/user/c.json" | tr '\n' ,)" 65534,65534, "  under sudo the files are the invoking user's"
cp "$TMP/user/c.json" "$OUT" && cp "$TMP/user/j.xml" "$TMP/j.xml"
json_is "d['verdict'] == 'passed' and d['reasons'] == [] and d['workload_status'] is None" "  passed"
json_is "d['evidence']['self_test'] and d['evidence']['tracing_intact'] and d['evidence']['lost_events'] == 0" "  with all evidence"
json_is "250000000 < d['duration_ns']" "  over the time that was asked for"
ok "  JUnit" grep -q 'failures="0" errors="0"' "$TMP/j.xml"
exits 0 "--progress" "$IPITRACE" check -C 1 -d 700ms --max 1000000 --progress 200ms -o "$TMP/c.txt"
like "$(cat "$ERR")" '^ipitrace: [2-6][0-9][0-9]ms, [0-9]+ IPIs? on CPU 1$' "  after how long, also below a second"
exits 0 "a rate" "$IPITRACE" check -C 1 -d 300ms --max 1000000/s --json
json_is "d['max'] == {'per_s': 1000000}" "  as given"
exits 0 "callers that are allowed" "$IPITRACE" check -C 1 --allow '*' --max 100000 --json -- "$EXAMPLES/wakeup" -n 100
json_is "d['allowed_hits'] > 0 and all(o['allowed'] for o in d['offenders'] if o['caller'])" "  are listed"
exits 0 "every CPU, ipitrace's own among them" "$IPITRACE" check -C online -d 300ms --max 1000000 --json
json_is "d['evidence']['self_test']" "  self-test on each"

# --- unknown ---
exits 3 "events lost: unknown" "$IPITRACE" check -C 1 -m 4K --max 100000000 --json -- "$EXAMPLES/wakeup" -n 20000
json_is "d['verdict'] == 'unknown' and any('lost' in r for r in d['reasons'])" "  says why"
"$IPITRACE" check -C 1 -d 20s --max 100000000 --json --junit "$TMP/j.xml" >"$OUT" 2>"$ERR" </dev/null &
pid=$!
wait_recording $pid
sleep 0.5
echo 0 >"$(instance_of $pid)/tracing_on"
sleep 0.2
kill -INT $pid
wait $pid
is $? 3 "somebody switches tracing off: unknown"
json_is "d['verdict'] == 'unknown' and not d['evidence']['tracing_intact'] and d['reasons']" "  says why"
ok "  JUnit" grep -q 'failures="0" errors="1"' "$TMP/j.xml"

# --- usage ---
exits 2 "which CPUs?" "$IPITRACE" check -d 100ms
exits 2 "CPUs that are not there" "$IPITRACE" check -C 4000 -d 100ms
if [ -z "$(cat /sys/devices/system/cpu/isolated)" ]; then
	exits 2 "isolated: none" "$IPITRACE" check -C isolated -d 100ms
	like "$(cat "$ERR")" '^hint: this machine has none now; name CPUs by number' "  says so"
fi
exits 1 "JUnit that cannot be written: at once, not after the watch" timeout 10 "$IPITRACE" check -C 1 --junit "$TMP/no/such"
exits 2 "results and JUnit in one file" "$IPITRACE" check -C 1 -d 100ms -o "$TMP/one" --junit "$TMP/../${TMP##*/}/one"
ok "  neither is made" test ! -e "$TMP/one"
for bad in some 5/m 5/s/ /s -1; do
	exits 2 "--max $bad" "$IPITRACE" check -C 1 --max="$bad"
done
exits 2 "--max of more than 64 bits" "$IPITRACE" check -C 1 --max 18446744073709551616/s
like "$(cat "$ERR")" 'number too large$' "  is called too large"
exits 127 "a workload that does not exist" "$IPITRACE" check -C 1 -- ./no-such-program
exits 0 "its status does not matter" "$IPITRACE" check -C 1 --max 1000000 --json -- sh -c 'exit 7'
json_is "d['workload_status'] == 7" "  but is there"
exits 0 "as text" "$IPITRACE" check -C 1 --max 1000000 --junit "$TMP/j.xml" -- sh -c 'exit 7'
like "$(cat "$OUT")" '^workload: its exit status was 7$' "  too"
like "$(cat "$TMP/j.xml")" '^workload: its exit status was 7$' "  and in JUnit"
exits 2 "JUnit on standard output" timeout 10 "$IPITRACE" check -C 1 -d 100ms --junit -
"$SNAP" >"$TMP/after"
ok "tracefs as before" diff "$TMP/before" "$TMP/after"
done_testing
