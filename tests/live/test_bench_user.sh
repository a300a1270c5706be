#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# ipitrace bench --user on this machine: what it says was sent is what it was
# asked to send; the JSON contract; --trace against the very same run.
. "$(dirname "$0")/../lib.sh"
need_live 2
live_lock
N=2000 REPS=3
calls_of() { awk -v cpu="$1" '$1 == "CAL:" { print $(cpu + 2) }' /proc/interrupts; }

exits 0 "the default modes, as JSON" "$IPITRACE" bench --user -n $N --repeat $REPS --json
is "$(cat "$ERR")" "" "asked for --user: nothing to say on stderr"
cp "$OUT" "$TMP/a.json"
json_check "$TMP/a.json" 'd["schema"] == "ipitrace-bench/1" and d["backend"] == "membarrier"' "schema and backend"
json_check "$TMP/a.json" '[r["mode"] for r in rows] == ["dry-run", "self", "single", "broadcast"]' "the rows of the table"
json_check "$TMP/a.json" 'all(r["sends"] == '$((N * REPS))' for r in rows if r["mode"] != "self")' "n sent == n reported"
json_check "$TMP/a.json" 'all(r["hits"] == r["sends"] * max(r["targets"], 1) for r in rows)' "hits are sends times targets"
json_check "$TMP/a.json" 'all(r["accepted"] + r["no_irq"] + r["unconfirmed"] == r["sends"] for r in rows if r["mode"] in ("single", "broadcast"))' \
	"every sample is either good or rejected"
json_check "$TMP/a.json" 'all(r["interrupts"] == r["accepted"] * r["targets"] and 0 < r["ran_ns"] <= r["total_ns"] and
	r["rate_per_s"] == r["interrupts"] * 10**9 // r["ran_ns"] for r in rows if r["mode"] in ("single", "broadcast"))' \
	"the rate is of sends that interrupted, over the time that the sender ran"
json_check "$TMP/a.json" 'rows[0]["interrupts"] == 0 and rows[0]["rate_per_s"] is None' "a dry run interrupts nobody"
json_check "$TMP/a.json" 'all(len(r["repetitions"]) == '$REPS' and sum(x["sends"] for x in r["repetitions"]) == r["sends"]
	and sum(x["ipi_ns"] for x in r["repetitions"]) == r["ipi_ns"] for r in rows if not r["reason"])' "repetitions add up"
json_check "$TMP/a.json" 'rows[1]["reason"].startswith("membarrier never") and rows[1]["round_trip_ns"] is None and rows[1]["measured"] is None' \
	"self is impossible, says why, and has no figures"
json_check "$TMP/a.json" 'all((lambda x: x["min"] <= x["p50"] <= x["p90"] <= x["p99"] <= x["p999"] <= x["max"] and x["min"] > 0)(r["round_trip_ns"])
	for r in rows if r["mode"] in ("single", "broadcast"))' "percentiles are in order"
json_check "$TMP/a.json" 'rows[0]["ipi_ns"] == 0 and rows[0]["round_trip_ns"]["p50"] * 2 < rows[2]["round_trip_ns"]["p50"]' \
	"a dry run has no IPI time and is far shorter than an IPI"
json_check "$TMP/a.json" 'all(isinstance(v, str) and v for v in d["environment"].values()) and
	{"kernel", "cpu", "microcode", "hypervisor", "interrupt_controller", "idle_driver", "idle_param", "idle_governor", "governor",
	 "clocksource", "numa_nodes", "isolated", "halt_poll_ns", "load", "steal"} <= set(d["environment"])' "the environment is complete, unknown or not"
json_check "$TMP/a.json" 'd["environment"]["kernel"].startswith("'"$(uname -r)"'")' "the kernel is this one"
json_check "$TMP/a.json" 'd["trace"] is None' "no trace was asked for"
json_check "$TMP/a.json" 'd["partial"] is False and all(x["partial"] is False for r in rows for x in r["repetitions"])' "nothing is partial"

# A machine that has other work: two tasks on the sender's CPU and one on the target's that never sleep. What the kernel
# counts of the interrupts themselves is no less than what bench says it caused.
hogs=()
for cpu in 0 0 1; do
	taskset -c $cpu sh -c 'while :; do :; done' &
	hogs+=($!)
done
before=$(calls_of 1)
exits 0 "on a busy machine" "$IPITRACE" bench --user -n 3000 --repeat 2 --modes dry-run,single --senders 0 --targets 1 --json
after=$(calls_of 1)
kill "${hogs[@]}"
wait "${hogs[@]}" 2>/dev/null
json_check "$OUT" 'any("machine is busy" in w for w in d["warnings"])' "is warned of"
json_check "$OUT" 'float(d["environment"]["load"].split("; ")[1].split()[0]) >= 1' "the environment says how busy"
json_check "$OUT" 'rows[1]["ran_ns"] < rows[1]["total_ns"] and any("kept from running" in w for w in rows[1]["warnings"])' \
	"the sender did not run all of its time, and that is warned of"
json_check "$OUT" 'rows[1]["unconfirmed"] and not rows[1]["no_irq"] and not any("never happened" in w for w in rows[1]["warnings"]) and
	any(w.startswith("whether %d interrupt" % rows[1]["unconfirmed"]) for w in rows[1]["warnings"])' \
	"of what came while the target may have been away nobody knows whether it interrupted: not that it did not"
json_check "$OUT" "0 < rows[1]['interrupts'] <= $((after - before))" "no more interrupts than CPU 1 counted"

exits 0 "as text" "$IPITRACE" bench --user -n 500 --repeat 2
for title in Dry-run 'Normal IPI' 'Broadcast IPI'; do
	like "$(cat "$OUT")" "^$title .*round-trip +[0-9]+" "$title has figures"
done
like "$(cat "$OUT")" '^Self-IPI +- +-' "Self-IPI has none"
like "$(cat "$OUT")" '^clocksource +[a-z]' "the environment follows"
if python3 -c 'import pty; pty.openpty()' 2>/dev/null; then
	# shellcheck disable=SC2016 # the shell on the terminal expands it
	exits 0 "on a terminal of 80 columns" python3 "$ROOT/tests/cli/terminal.py" 80 50 '' sh -c '"$0" bench --user -n 200 --repeat 2 2>/dev/null' "$IPITRACE"
	is "$(awk 'length > 80' "$OUT")" "" "  no line is wider"
	like "$(cat "$OUT")" '^MODE +PATH +IPIS +MEASURED +P50 .*P99 +MAX ' "  what matters most is there"
	like "$(cat "$OUT")" '^\([0-9]+ columns* doe*s* not fit this terminal; --json has them\)$' "  and what is not is counted"
fi

exits 0 "pairs" "$IPITRACE" bench --user -n 200 --repeat 2 --modes single --pairs --json
nr=$(getconf _NPROCESSORS_ONLN)
json_check "$OUT" "len(rows) == $nr * ($nr - 1) and len({(r['source'], r['target']) for r in rows}) == len(rows)" \
	"a row for every ordered pair"
exits 0 "one repetition" "$IPITRACE" bench --user -n 200 --repeat 1 --modes single --json
json_check "$OUT" 'any("one repetition" in w for w in rows[0]["warnings"]) and any("too few" in w for w in rows[0]["warnings"])' \
	"weak figures are warned of"

exits 0 "a chosen sender and target" "$IPITRACE" bench --user -n 200 --modes single --senders 1 --targets 0 --json
json_check "$OUT" 'rows[0]["source"] == 1 and rows[0]["target"] == 0' "are the ones used"

# Where no module can be loaded it is the default, and one line says so.
if [ ! -e /proc/modules ]; then
	exits 0 "no modules: falls back" "$IPITRACE" bench -n 200 --repeat 1 --modes single --json
	like "$(cat "$ERR")" 'membarrier from user space' "and says so"
	is "$(wc -l <"$ERR")" 1 "in one line"
	exits 1 "what only the module does" "$IPITRACE" bench -n 10 --modes storm
	like "$(cat "$ERR")" '^hint: ' "fails with a hint"
else
	skip "falls back without modules" "this kernel has them"
fi

# The tracer's own validation: every membarrier is in the trace, from the right CPU to the right CPU.
before=$(ls /sys/kernel/tracing/instances)
exits 0 "--trace agrees" "$IPITRACE" bench --user -n $N --repeat 2 --modes single,broadcast --trace --json
json_check "$OUT" 'len(d["trace"]) == 2 and all(t["mismatched"] == 0 and t["lost_events"] == 0
	and t["matched"] == t["sent"] and t["sent"] + t["undecided"] == '$N' * r["targets"]
	for t, r in zip(d["trace"], rows))' "every IPI sent was matched"
json_check "$OUT" 'all(t["sent"] > '$N' // 2 for t in d["trace"])' "and most could be decided"
note "$(json_get "$OUT" '[(t["title"], t["sent"], t["matched"], t["mismatched"], t["plain_p50_ns"], t["traced_p50_ns"]) for t in d["trace"]]')"
is "$(ls /sys/kernel/tracing/instances)" "$before" "no instance is left behind"

# What it costs shows in one run of several: the machine may be slower for a while just when nothing is traced.
json_check "$OUT" 'all(t["plain_p50_ns"] > 0 and t["traced_p50_ns"] > 0 for t in d["trace"])' "how long it takes without tracing and with it"
costs() { json_get "$OUT" 'all(t["plain_p50_ns"] < t["traced_p50_ns"] for t in d["trace"])'; }
for ((i = 0; i < 20 && $(costs | grep -c True) == 0; i++)); do
	"$IPITRACE" bench --user -n $N --repeat 2 --modes single,broadcast --trace --json >"$OUT" 2>"$ERR"
done
is "$(costs)" True "tracing costs something ($i more runs)"

# What it costs is measured as record does it, stacks and all.
"$IPITRACE" bench --user -n 20000 --repeat 1 --modes single --trace >/dev/null 2>&1 &
pid=$!
triggers=''
while kill -0 $pid 2>/dev/null && [ -z "$triggers" ]; do
	triggers=$(cat /sys/kernel/tracing/instances/ipitrace-$pid*/events/ipi/ipi_send_cpu/trigger 2>/dev/null | grep -v '^#')
done
wait $pid
like "$triggers" '^stacktrace' "bench's tracer takes stacks with sends, as record does by default"

# Ctrl-C: what was measured until then, said to be partial, the documented status, everything given back.
# interrupt SECONDS ARGS...: so long after what sends is there; in status, OUT, ERR
interrupt() {
	local after=$1 pid
	shift
	"$IPITRACE" bench --user "$@" >"$OUT" 2>"$ERR" &
	pid=$!
	while kill -0 $pid 2>/dev/null && ! pgrep -P $pid >/dev/null && [ "$(find /proc/$pid/task -mindepth 1 -maxdepth 1 2>/dev/null | wc -l)" -lt 2 ]; do
		sleep 0.1
	done
	sleep "$after"
	kill -INT $pid
	wait $pid
	status=$?
}
interrupt 2 -n 300000 --pace 1ms --repeat 1 --modes single --json
is $status 130 "interrupted: 128 + SIGINT"
like "$(cat "$ERR")" 'interrupted: the result is partial' "and says so"
json_check "$OUT" 'd["partial"] is True and any("interrupted after 0 of 1 runs" in w for w in d["warnings"])' "so does the result"
json_check "$OUT" 'rows[0]["repetitions"][0]["partial"] is True and 0 < rows[0]["sends"] < 300000 and rows[0]["round_trip_ns"]["p50"] > 0' \
	"what was measured until then is there"
interrupt 2 -n 300000 --pace 1ms --repeat 1 --modes dry-run,single
like "$(cat "$OUT")" '^warning: interrupted after [01] of 2 runs: the result is partial' "in the text, too"
before=$(ls /sys/kernel/tracing/instances)
interrupt 0.7 -n 3000000 --repeat 1 --modes single --trace
is $status 130 "interrupted with --trace: the same"
is "$(ls /sys/kernel/tracing/instances)" "$before" "no instance is left behind"
is "$(grep -c '^trace:' "$OUT")" 0 "nothing is said about a trace that was not compared"
if python3 -c 'import pty; pty.openpty()' 2>/dev/null; then
	python3 - "$IPITRACE" >"$TMP/tty" <<-'PY'
		import os, pty, sys
		def read(fd):
		    return os.read(fd, 1024)
		pty.spawn([sys.argv[1], "bench", "--user", "-n", "100", "--repeat", "2", "--modes", "dry-run,single"], read, lambda fd: b"")
	PY
	like "$(tr '\r' '\n' <"$TMP/tty")" 'ipitrace: bench: run 4 of 4: single, repetition 2 of 2' "a terminal sees how far it is"
fi
"$IPITRACE" bench --user -n 100 --repeat 2 --modes dry-run,single >/dev/null 2>"$ERR"
is "$(cat "$ERR")" "" "a file does not"
done_testing
