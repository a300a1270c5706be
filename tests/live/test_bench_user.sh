#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# ipitrace bench --user on this machine: what it says was sent is what it was
# asked to send; the JSON contract; --trace against the very same run.
. "$(dirname "$0")/../lib.sh"
need_live 2
live_lock
N=2000 REPS=3

exits 0 "the default modes, as JSON" "$IPITRACE" bench --user -n $N --repeat $REPS --json
is "$(cat "$ERR")" "" "asked for --user: nothing to say on stderr"
cp "$OUT" "$TMP/a.json"
json_check "$TMP/a.json" 'd["schema"] == "ipitrace-bench/1" and d["backend"] == "membarrier"' "schema and backend"
json_check "$TMP/a.json" '[r["mode"] for r in rows] == ["dry-run", "self", "single", "broadcast"]' "the rows of the table"
json_check "$TMP/a.json" 'all(r["sends"] == '$((N * REPS))' for r in rows if r["mode"] != "self")' "n sent == n reported"
json_check "$TMP/a.json" 'all(r["hits"] == r["sends"] * max(r["targets"], 1) for r in rows)' "hits are sends times targets"
json_check "$TMP/a.json" 'all(r["accepted"] + r["no_irq"] == r["sends"] for r in rows if r["mode"] in ("single", "broadcast"))' \
	"every sample is either good or rejected"
json_check "$TMP/a.json" 'all(len(r["repetitions"]) == '$REPS' and sum(x["sends"] for x in r["repetitions"]) == r["sends"]
	and sum(x["ipi_ns"] for x in r["repetitions"]) == r["ipi_ns"] for r in rows if not r["reason"])' "repetitions add up"
json_check "$TMP/a.json" 'rows[1]["reason"].startswith("membarrier never") and rows[1]["round_trip_ns"] is None and rows[1]["measured"] is None' \
	"self is impossible, says why, and has no figures"
json_check "$TMP/a.json" 'all((lambda x: x["min"] <= x["p50"] <= x["p90"] <= x["p99"] <= x["p999"] <= x["max"] and x["min"] > 0)(r["round_trip_ns"])
	for r in rows if r["mode"] in ("single", "broadcast"))' "percentiles are in order"
json_check "$TMP/a.json" 'rows[0]["ipi_ns"] == 0 and rows[0]["round_trip_ns"]["p50"] * 2 < rows[2]["round_trip_ns"]["p50"]' \
	"a dry run has no IPI time and is far shorter than an IPI"
json_check "$TMP/a.json" 'all(isinstance(v, str) and v for v in d["environment"].values()) and
	{"kernel", "cpu", "microcode", "hypervisor", "interrupt_controller", "idle_driver", "idle_param", "governor",
	 "clocksource", "numa_nodes", "isolated", "halt_poll_ns"} <= set(d["environment"])' "the environment is complete, unknown or not"
json_check "$TMP/a.json" 'd["environment"]["kernel"].startswith("'"$(uname -r)"'")' "the kernel is this one"
json_check "$TMP/a.json" 'd["trace"] is None' "no trace was asked for"

exits 0 "as text" "$IPITRACE" bench --user -n 500 --repeat 2
for title in Dry-run 'Normal IPI' 'Broadcast IPI'; do
	like "$(cat "$OUT")" "^$title .*round-trip +[0-9]+" "$title has figures"
done
like "$(cat "$OUT")" '^Self-IPI +- +-' "Self-IPI has none"
like "$(cat "$OUT")" '^clocksource +[a-z]' "the environment follows"
if python3 -c 'import pty; pty.openpty()' 2>/dev/null; then
	exits 0 "on a terminal of 80 columns" python3 "$ROOT/tests/cli/terminal.py" 80 50 '' "$IPITRACE" bench --user -n 200 --repeat 2
	is "$(awk 'length > 80' "$OUT")" "" "  no line is wider"
	like "$(cat "$OUT")" '^MODE +PATH +IPIS +MEASURED +P50 .*P99 +MAX ' "  what matters most is there"
	like "$(cat "$OUT")" '^\([0-9]+ columns do not fit this terminal; --json has them\)$' "  and what is not is counted"
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

# Ctrl-C while recording: everything is given back.
"$IPITRACE" bench --user -n 4000000 --repeat 1 --modes single --trace >"$OUT" 2>"$ERR" &
pid=$!
sleep 0.5
kill -INT $pid
wait $pid
is $? 1 "interrupted: exit 1"
like "$(cat "$ERR")" 'interrupted' "and says so"
is "$(ls /sys/kernel/tracing/instances)" "$before" "interrupted: no instance is left behind"
done_testing
