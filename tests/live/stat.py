#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What stat says against what report says of the pages that it kept.

same STAT.json REPORT.json		every number, every row
join STAT.ndjson N			N intervals or more join without a gap
sums STAT.ndjson REPORT.json		intervals join without a gap, and add up to the whole
"""
import json
import sys


def differences(a, b, path, found):
    if isinstance(a, dict) and isinstance(b, dict):
        for key in sorted(set(a) | set(b), key=str):
            differences(a.get(key, "missing"), b.get(key, "missing"), f"{path}.{key}", found)
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for i, (x, y) in enumerate(zip(a, b)):
            differences(x, y, f"{path}[{i}]", found)
    elif a != b:
        found.append(f"{path}: {a} {b}")


def same(stat, report):
    a, b = json.load(open(stat)), json.load(open(report))
    found = []
    span = a.pop("interval")
    if span != {"start_ns": a["trace"]["start_ns"], "end_ns": a["trace"]["end_ns"]}:
        found.append(f"interval {span}")
    # Only a file has a name and a version.
    for key in ("file", "file_version"):
        if a["trace"].pop(key) is not None or b["trace"].pop(key) is None:
            found.append(key)
    # One who execs between two sends has two names now, and in the file its last one.
    for rows in a["rows"], b["rows"]:
        for row in rows if "comm" not in a["by"] else []:
            row.pop("comm")
    differences(a, b, "", found)
    if not a["rows"] or not a["totals"]["target_hits"]:
        found.append("nothing was measured")
    return found


COUNTS = ("sends", "target_hits", "delivered", "coalesced", "in_flight", "lost", "exact", "fifo", "ambiguous",
          "calls", "calls_run", "calls_in_flight", "calls_lost", "elided", "waits_unknown")
DISTS = ("delivery_ns", "queue_ns", "func_ns", "handler_ns", "wait_ns")


def add_buckets(into, dist):
    for low, count in (dist or {}).get("buckets", []):
        into[low] = into.get(low, 0) + count


def table(reports):
    """Counts and buckets of all rows, by key."""
    rows = {}
    for report in reports:
        for row in report["rows"]:
            r = rows.setdefault((row["caller"], row["func"]), {})
            for key in COUNTS:
                r[key] = r.get(key, 0) + row[key]
            for key in DISTS:
                add_buckets(r.setdefault(key, {}), row[key])
    return rows


def gaps(parts, at):
    """Between intervals, the first of which begins at at."""
    found = []
    for part in parts:
        if part["interval"]["start_ns"] != at or part["interval"]["end_ns"] <= at:
            found.append(f"a gap before {part['interval']}, at {at}")
        at = part["interval"]["end_ns"]
    return found


def join(stat, nr):
    parts = [json.loads(line) for line in open(stat)]
    found = gaps(parts, parts[0]["interval"]["start_ns"])
    if len(parts) < int(nr):
        found.append(f"{len(parts)} intervals only")
    return found


def sums(stat, report):
    parts = [json.loads(line) for line in open(stat)]
    whole = json.load(open(report))
    found = gaps(parts, whole["trace"]["start_ns"])
    at = parts[-1]["interval"]["end_ns"]
    for part in parts:
        t = part["totals"]
        if t["target_hits"] != t["delivered"] + t["coalesced"] + t["in_flight"] + t["lost"] or \
                t["interrupts"] != t["delivered"] + t["unsolicited"]:
            found.append(f"totals do not add up: {t}")
    if at != whole["trace"]["end_ns"]:
        found.append(f"the last interval ends at {at}, the whole at {whole['trace']['end_ns']}")
    if len(parts) < 3:
        found.append(f"{len(parts)} intervals only")
    for key, value in whole["totals"].items():
        total = sum(part["totals"][key] for part in parts)
        if total != value:
            found.append(f"totals.{key}: {total} {value}")
    for key in ("events", "records", "lost_events", "late_events"):
        total = sum(part["trace"][key] for part in parts)
        if total != whole["trace"][key]:
            found.append(f"trace.{key}: {total} {whole['trace'][key]}")
    differences(table(parts), table([whole]), "rows", found)
    return found


def main():
    found = {"same": same, "join": join, "sums": sums}[sys.argv[1]](*sys.argv[2:])
    for line in found[:20]:
        print(line)
    return bool(found)


sys.exit(main())
