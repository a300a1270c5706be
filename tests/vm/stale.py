# SPDX-License-Identifier: GPL-2.0-only
"""stale.py <LINES: of what "list --json" prints, each interrupt without a send that was
not pending when the trace began. Pending is one of a class on a CPU, and it is the first
there: what interrupts later was sent later."""
import json, sys

first = {}
alone = []
for line in map(json.loads, sys.stdin):
    key = line["target"], line["class"]
    if line["kind"] == "irq":
        alone.append((line["entry_ns"], key, line))
    if line["entry_ns"] is not None:
        first[key] = min(first.get(key, line["entry_ns"]), line["entry_ns"])
for entry_ns, key, line in sorted(alone, key=lambda a: a[0]):
    if entry_ns > first[key]:
        print(json.dumps(line))
