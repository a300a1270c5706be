#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# ipitrace bench without measuring: bad options, hints, exit codes; --compare of
# two made-up results with figures worked out by hand.
. "$(dirname "$0")/../lib.sh"

# result FILE BACKEND SENDERS P50...: one row "single", repetitions of these medians; as of version 0.1, or with STEP=NS.
# PARTIAL="P50...": these were interrupted.
result() {
	python3 - "$@" <<-'PY'
		import json, os, sys
		step = {"p50_step_ns": int(os.environ["STEP"]), "partial": False} if "STEP" in os.environ else {}
		partial = os.environ.get("PARTIAL", "").split()
		path, backend, senders, p50 = sys.argv[1], sys.argv[2], int(sys.argv[3]), [int(x) for x in sys.argv[4:]]
		dist = {"count": 1000, "min": 1, "mean": 5, "p50": sorted(p50)[len(p50) // 2], "p90": 9, "p99": 9, "p999": 9, "max": 9}
		json.dump({"schema": "ipitrace-bench/1", "backend": backend, "iterations": 1000, "repeat": len(p50), "senders": senders,
			"pace_ns": 0, "handler_ns": 0, "irqs_off_ns": 0, "environment": {}, "rows": [
			{"mode": "single", "state": "busy", "source": 0, "target": 1, "relation": "same-llc", "measured": "round-trip",
			 "round_trip_ns": dist, "delivery_ns": None, "repetitions": [dict({"p50_ns": x}, **step, **({"partial": True} if str(x) in partial else {})) for x in p50]}], "trace": None},
			open(path, "w"))
	PY
}
result "$TMP/a.json" membarrier 1 90 100 110
result "$TMP/b.json" membarrier 1 180 200 220
result "$TMP/c.json" membarrier 1 200
result "$TMP/module.json" module 1 100 100
result "$TMP/two.json" membarrier 2 100 100

exits 0 "compare" "$IPITRACE" bench --compare "$TMP/a.json" "$TMP/b.json"
like "$(cat "$OUT")" '^single busy 0>1 same-llc +round-trip +100 +200 +2\.000 +0\.463 +slower' "2.000 +- 0.463, as worked out by hand"
like "$(cat "$OUT")" "delta method, Student's t" "the method is stated"
exits 0 "the other way round" "$IPITRACE" bench --compare "$TMP/b.json" "$TMP/a.json"
like "$(cat "$OUT")" ' 0\.500 +0\.116 +faster' "is the inverse"
exits 0 "against itself" "$IPITRACE" bench --compare "$TMP/a.json" "$TMP/a.json"
like "$(cat "$OUT")" ' 1\.000 +0\.227 +no difference shown' "shows no difference"
exits 0 "compare as JSON" "$IPITRACE" bench --compare --json "$TMP/a.json" "$TMP/b.json"
json_check "$OUT" 'd["schema"] == "ipitrace-bench-compare/1" and rows[0]["ratio_ppm"] == 2000000 and
	463310 <= rows[0]["error_ppm"] <= 463330 and rows[0]["differs"] is True' "the same in millionths"
exits 0 "one repetition" "$IPITRACE" bench --compare --json "$TMP/a.json" "$TMP/c.json"
json_check "$OUT" 'rows[0]["ratio_ppm"] == 2000000 and rows[0]["error_ppm"] is None and rows[0]["differs"] is False' \
	"no uncertainty known, nothing claimed"

# What was interrupted may be of other conditions, and is no observation.
PARTIAL="500" result "$TMP/cut-one.json" membarrier 1 180 200 220 500
exits 0 "a repetition that was interrupted" "$IPITRACE" bench --compare "$TMP/a.json" "$TMP/cut-one.json"
like "$(cat "$OUT")" ' +100 +200 +2\.000 +0\.463 +slower' "  is left out"
PARTIAL="180 200" result "$TMP/cut-all.json" membarrier 1 180 200
exits 0 "all of them" "$IPITRACE" bench --compare "$TMP/a.json" "$TMP/cut-all.json"
like "$(cat "$OUT")" ' +100 +unknown +unknown +unknown +unknown: needs the medians of at least 2' "  leave nothing, and no figure"
exits 0 "as JSON" "$IPITRACE" bench --compare --json "$TMP/a.json" "$TMP/cut-all.json"
json_check "$OUT" 'rows[0]["a_median_ns"] == 100 and rows[0]["b_median_ns"] is rows[0]["ratio_ppm"] is rows[0]["error_ppm"] is None' \
	"  null"

# A repetition without a good sample has no median: null, and 0 in files of before 0.2.
for none in null 0; do
	sed "s/\"p50_ns\": 500/\"p50_ns\": $none/" "$TMP/cut-one.json" | sed 's/, "partial": true//' >"$TMP/none.json"
	exits 0 "a median that is $none" "$IPITRACE" bench --compare "$TMP/a.json" "$TMP/none.json"
	like "$(cat "$OUT")" ' +100 +200 +2\.000 +0\.463 +slower' "  is left out"
done
sed 's/"p50_ns": 500/"p50_ns": "500"/' "$TMP/cut-one.json" >"$TMP/none.json"
exits 1 "a median that is none" "$IPITRACE" bench --compare "$TMP/a.json" "$TMP/none.json"
like "$(cat "$ERR")" 'row 1 is damaged' "  is damage"

# What only one has, or was measured of another time, is not left out without a word.
python3 - "$TMP" <<-'PY'
	import json, sys
	a, b = (json.load(open(f"{sys.argv[1]}/{x}.json")) for x in "ab")
	row = a["rows"][0]
	a["rows"] += [dict(row, mode="many"), dict(row, mode="async"), dict(row, mode="self", round_trip_ns=None)]
	b["rows"] += [dict(row, mode="async", measured="delivery", delivery_ns=row["round_trip_ns"])]
	json.dump(a, open(f"{sys.argv[1]}/more.json", "w"))
	json.dump(b, open(f"{sys.argv[1]}/other.json", "w"))
	b["rows"] += [dict(row, target=x) for x in range(2, 20)]
	json.dump(b, open(f"{sys.argv[1]}/many.json", "w"))
PY
exits 0 "rows that only one has" "$IPITRACE" bench --compare "$TMP/more.json" "$TMP/other.json"
is "$(grep -c '^single .* slower$' "$OUT")" 1 "  what both have is compared"
like "$(cat "$OUT")" '^only in A, so not compared: many busy 0>1 same-llc \(round-trip\), async busy 0>1 same-llc \(round-trip\)$' "  the others are named"
like "$(cat "$OUT")" '^only in B, so not compared: async busy 0>1 same-llc \(delivery\)$' "  of both"
exits 0 "as JSON" "$IPITRACE" bench --compare --json "$TMP/more.json" "$TMP/other.json"
json_check "$OUT" '[x["key"].split()[0] for x in d["only_a"]] == ["many", "async"] and [x["measured"] for x in d["only_b"]] == ["delivery"]' "  too"
like "$("$IPITRACE" bench --compare "$TMP/a.json" "$TMP/many.json")" '^only in B, .* and 11 more \(--json has them\)$' "of many the first eight"
if python3 -c 'import pty; pty.openpty()' 2>/dev/null; then
	exits 0 "on a terminal of 80 columns" python3 "$ROOT/tests/cli/terminal.py" 80 50 '' "$IPITRACE" bench --compare "$TMP/more.json" "$TMP/other.json"
	is "$(awk 'length > 80' "$OUT")" "" "  no line is wider"
fi
# What is in the columns is what JSON calls so: not the medians of all samples, a_p50_ns.
like "$("$IPITRACE" bench --compare "$TMP/a.json" "$TMP/b.json")" '^MODE .*A MEDIAN ns +B MEDIAN ns' "the columns are a_median_ns and b_median_ns"
# No figure that does not fit its unit: it was 0.000, and no difference.
sed 's/"p50_ns": [0-9]*/"p50_ns": 18000000000000000000/g' "$TMP/a.json" >"$TMP/far-off.json"
exits 0 "medians of 570 years" "$IPITRACE" bench --compare "$TMP/a.json" "$TMP/far-off.json"
like "$(cat "$OUT")" ' +unknown +unknown +unknown: the medians are too coarse, or too far apart$' "  have no ratio that could be told"

# The buckets around 10,560 ns are 128 ns wide.
result "$TMP/bucket.json" membarrier 1 10560 10560 10560
result "$TMP/next.json" membarrier 1 10688 10688 10688
result "$TMP/far.json" membarrier 1 10944 10944 10944
exits 0 "medians one bucket apart" "$IPITRACE" bench --compare "$TMP/bucket.json" "$TMP/next.json"
like "$(cat "$OUT")" ' 1\.012 +0\.012 +no difference shown' "show no difference"
like "$("$IPITRACE" bench --compare "$TMP/next.json" "$TMP/bucket.json")" ' 0\.988 +0\.012 +no difference shown' "nor the other way round"
like "$("$IPITRACE" bench --compare "$TMP/bucket.json" "$TMP/far.json")" ' 1\.036 +0\.012 +slower' "three apart do"
# Now medians are those of the samples, and say how finely these were measured.
STEP=1 result "$TMP/exact.json" membarrier 1 10560 10560 10560
STEP=1 result "$TMP/slower.json" membarrier 1 10688 10688 10688
like "$("$IPITRACE" bench --compare "$TMP/exact.json" "$TMP/slower.json")" ' 1\.012 +0\.000 +slower' "of medians to the nanosecond they do"
STEP=128 result "$TMP/coarse.json" membarrier 1 10688 10688 10688
like "$("$IPITRACE" bench --compare "$TMP/exact.json" "$TMP/coarse.json")" ' 1\.012 +0\.006 +slower' "half a step of the clock is uncertain"
like "$("$IPITRACE" bench --compare "$TMP/coarse.json" "$TMP/bucket.json")" ' 0\.988 +0\.012 +no difference shown' "of either"

exits 1 "different backends" "$IPITRACE" bench --compare "$TMP/a.json" "$TMP/module.json"
like "$(cat "$ERR")" 'not comparable: one was measured by membarrier, the other by module' "are refused"
exits 1 "different senders" "$IPITRACE" bench --compare "$TMP/a.json" "$TMP/two.json"
like "$(cat "$ERR")" 'not comparable: the number of senders differs' "are refused"
exits 2 "one file" "$IPITRACE" bench --compare "$TMP/a.json"
exits 1 "no such file" "$IPITRACE" bench --compare "$TMP/a.json" "$TMP/nothing"
like "$(cat "$ERR")" 'nothing: No such file' "is named"

# Damaged files: every prefix is refused, and none crashes.
bad=0 size=$(stat -c %s "$TMP/a.json")
for ((i = 0; i < size; i += 7)); do
	head -c $i "$TMP/a.json" >"$TMP/cut.json"
	"$IPITRACE" bench --compare "$TMP/cut.json" "$TMP/b.json" >/dev/null 2>&1
	[ $? -eq 1 ] || bad=$((bad + 1))
done
is $bad 0 "a file cut anywhere is refused"
i=0
for text in '[]' '{}' '{"schema": "ipitrace-bench/1"}' '{"schema": "ipitrace-bench/2", "rows": []}' '{"a": 1,}' '{"a" 1}' '"x' \
	'{"a": 1.5}' "$(printf '[%.0s' {1..100})" '{"schema": "ipitrace-bench/1", "rows": [{}]}' 'nul' '{"a": "\x"}' '1 2' \
	'{"a": 99999999999999999999999}'; do
	echo "$text" >"$TMP/bad.json"
	i=$((i + 1))
	exits 1 "damaged file $i" "$IPITRACE" bench --compare "$TMP/bad.json" "$TMP/b.json"
	like "$(cat "$ERR")" "^hint: results are made by 'ipitrace bench --json >FILE'" "  what would be one"
done

refuse() {
	local name=$1 pattern=$2
	shift 2
	exits 2 "$name" "$IPITRACE" bench "$@"
	like "$(cat "$ERR")" "$pattern" "$name: says so"
}
refuse "unknown mode" "'nonsense': unknown mode" --modes single,nonsense
like "$(cat "$ERR")" '^hint: modes: dry-run self single .*storm' "and lists the modes"
refuse "empty mode" "'': unknown mode" --modes ''
refuse "unknown state" 'not one of idle, busy, irqs-off' --state asleep
refuse "no sends" 'must be at least 1' -n 0
refuse "too many sends" 'must be at most' -n 100000000
refuse "no repetition" 'must be at least 1' --repeat 0
refuse "too long off" 'must be at most 10000000' --irqs-off-ns 10000001
refuse "operand" "unexpected argument 'x'" x
refuse "user and module" 'exclude each other' --user --module x.ko
refuse "storm in user space" 'storm needs the module' --user --modes storm
refuse "idle in user space" '--state needs the module' --user --state idle
refuse "handler in user space" '--handler-ns needs the module' --user --handler-ns 5
refuse "no such CPU" 'CPU' --user --senders 100000
exits 1 "module that is not there" "$IPITRACE" bench --module "$TMP/no.ko" -n 1
like "$(cat "$ERR")" '^hint: ' "a hint"
exits 0 "help" "$IPITRACE" bench --help
done_testing
