#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# README.md's table of kernels is what the lab's probes said (tests/data/probes,
# which each row of the lab compares with what it says now). UPDATE=1 writes it.
. "$(dirname "$0")/../lib.sh"
kernels() { "$ROOT/tests/cli/kernels.py" "$@"; }

[ -z "${UPDATE:-}" ] || kernels update "$ROOT/README.md" "$DATA/probes" "$ROOT/tests/vm/rows"
table=$(kernels table "$DATA/probes" "$ROOT/tests/vm/rows")
is "$(sed -n '/^<!-- kernels: begin -->$/,/^<!-- kernels: end -->$/{/^<!--/d; p}' "$ROOT/README.md")" "$table" \
	"README.md has what the probes said"
is "$(grep -c '^| [0-9]' <<<"$table")" "$(find "$DATA/probes" -name '*.json' | wc -l)" "a line a probe"
for file in "$DATA"/probes/*.json; do
	name=${file##*/} name=${name%.json}
	is "$(json_get "$file" 'd["tier"]')" "$(awk -v n="$name" '$1 == n { print $NF }' "$ROOT/tests/vm/rows")" \
		"$name: the tier is the one that the lab insists on"
done
# What is missing is said: of a kernel that lacks what all of these have.
python3 - "$DATA/probes/amd64-6.12.json" >"$TMP/poor.json" <<'PY'
import json, sys
d = json.load(open(sys.argv[1]))
for e in d["events"]:
    if e["name"].startswith("csd:"):
        e.update(state="missing", cost="no queue latency; no function time")
d.update(tier="paired", claims="less")
d["raise"] = "Linux 6.5"
d["access"]["stack_trigger"] = False
json.dump(d, sys.stdout)
PY
is "$(kernels line "$TMP/poor.json")" \
	"6.12 | x86_64 | paired | less | call events: no queue latency, no function time; no stacks: call sites, no callers; more with Linux 6.5" \
	"a line says what is missing, once, and what it costs"
done_testing
