#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What no event in a recording can prove is null, everywhere: nulls.py IPITRACE FILE...

Which events a file has is asked of trace-cmd: in a recording of ipitrace those
whose formats it has, since it enables what it writes, else those that occur.
"""
import csv
import json
import re
import subprocess
import sys

VECTORS = {f"{v}_entry" for v in ("reschedule", "call_function", "call_function_single", "irq_work", "x86_platform_ipi")}
NEEDS = {  # one of each group
    "S": {"ipi_send_cpu", "ipi_send_cpumask", "ipi_raise", "resched", "single", "mask", "irqw", "hyperv_send_ipi_one"},
    "Q": {"csd_queue_cpu"},
    "F": {"csd_function_entry"},
    "R": VECTORS | {"irq_handler_entry", "ipi_entry"},
    "W": {"sched_wake_idle_without_ipi"},
}
TOTALS = {
    "sends": "S", "target_hits": "S", "outcome_unknown": "S", "own_sends": "S",
    "delivered": "SR", "coalesced": "SR", "in_flight": "SR", "lost": "SR", "exact": "SR", "fifo": "SR", "ambiguous": "SR",
    "interrupts": "R", "unsolicited": "R", "unsolicited_in_gap": "R", "unsolicited_at_start": "R",
    "calls": "Q", "calls_run": "QF", "calls_in_flight": "QF", "calls_lost": "QF", "ambiguous_calls": "QF",
    "calls_unqueued": "QF", "calls_unqueued_untraced": "QF", "empty_interrupts": "QF", "local_calls": "F",
    "elided": "QS", "riders": "QSW", "polled": "QSW", "wakes": "W", "waits": "QFS", "waits_unknown": "QFS",
    "sends_to_nobody": "S", "calls_sent": "QS", "path_unknown": "QS",
    "negative": "", "exits_unentered": "",  # of what was recorded
}
ROWS = {k: TOTALS[k] for k in ("sends", "target_hits", "delivered", "coalesced", "in_flight", "lost", "exact", "fifo", "ambiguous",
                               "elided", "calls", "calls_run", "calls_in_flight", "calls_lost", "waits_unknown")} | {
    "delivery_ns": "SR", "handler_ns": "SR", "queue_ns": "QF", "func_ns": "QF", "wait_ns": "QFS", "depth": "QFR",
    "slowest": "QFS", "fanout": "QFS"}
LIST = {"send_id": "S", "send_ns": "S", "sent_ns": "S", "has_call": "SQ", "entry_ns": "R", "exit_ns": "R", "run_ns": "F", "done_ns": "F",
        "delivery_ns": "SR", "handler_ns": "R", "func_ns": "F", "queue_latency_ns": "QF", "wait_ns": "QFS", "depth": "QFR",
        "victim_pid": "R", "victim_comm": "R", "victim_context": "R"}
WINDOW = {"sends_per_s": "S", "target_hits_per_s": "S", "calls_per_s": "Q", "interrupts_per_s": "R"}


def run(*cmd):
    return subprocess.run(cmd, capture_output=True, text=True, errors="replace").stdout


def events(path, ours):
    if ours:
        return set(re.findall(r"^name: (\w+)", run("trace-cmd", "dump", "--events", "-i", path), re.M))
    return set(re.findall(r"\[\d+\] .*?[\d.]+: (?:\w+:)?(\w+):", run("trace-cmd", "report", "-t", path)))


def check(ipitrace, path):
    d = json.loads(run(ipitrace, "report", "--json", path))
    have = {n for n, names in NEEDS.items() if names & events(path, not d["trace"]["foreign"])}
    # Where one interrupt is for all IPIs, none tells of any.
    if path.rsplit("/", 1)[-1].startswith(("s390x", "ppc64")):
        have -= {"R"}
    # Of wake-ups without an IPI, which are rare, the format has to do.
    have |= {"W"} if NEEDS["W"] & events(path, True) else set()

    def lacks(needs):
        return set(needs) - have

    assert set(d["totals"]) == set(TOTALS), set(d["totals"]) ^ set(TOTALS)
    for key, needs in TOTALS.items():
        assert (d["totals"][key] is None) == bool(lacks(needs)), (key, d["totals"][key], "lacks", lacks(needs))
    for row in d["rows"] + [d["own"]]:
        for key, needs in ROWS.items():
            assert row.get(key) is None or not lacks(needs), (key, row[key], "lacks", lacks(needs))
        for key in ("sends", "target_hits", "calls", "calls_run", "elided", "waits_unknown"):
            assert row[key] is not None or lacks(ROWS[key]), (key, "null, though it is known")
    for key, number in d["interrupts_by_class"].items():
        assert number is None or "R" in have, (key, number)
    for text in run(ipitrace, "list", "--json", path).splitlines():
        line = json.loads(text)
        for key, needs in LIST.items():
            assert line[key] is None or line[key] is False or not lacks(needs), (key, line)
        assert line["kind"] != "hit" or (line["has_call"] is None) == ("Q" not in have), line
        assert line["outcome"] in (None, "unknown") or line["kind"] != "hit" or "R" in have, line
        assert line["outcome"] in (None, "unknown") or line["kind"] != "call" or "F" in have, line
        assert line["path"] in (None, "unknown") or {"S", "W"} <= have, line
    head, *lines = run(ipitrace, "report", "--csv", path).splitlines()
    for cells in csv.DictReader([head, *lines]):
        for key, needs in ROWS.items():
            assert not cells.get(key.replace("_ns", "_p50_ns")) and not cells.get(key) or not lacks(needs), (key, cells)
    if d["trace"]["duration_ns"] is not None:
        window = json.loads(run(ipitrace, "report", "--json", "--from", "+0ns", path))["trace"]["window"]
        for key, needs in WINDOW.items():
            assert window[key] is None or not lacks(needs), (key, window)
    # Runs of calls that nobody is known to have queued, and local ones, which nobody sends.
    for part, unknown in ((("--from", "+0ns"), "Q"), (("--target-cpus", "0-4095"), "Q"), (("--comm", "*"), "QF"), (("--func", "*"), "QF"),
                          (("--source-cpus", "0-4095"), "QF")):
        text = run(ipitrace, "report", "--json", *part, path)
        if not text:
            continue  # no such times or names are in it
        totals = json.loads(text)["totals"]
        assert totals["calls_unqueued"] is totals["calls_unqueued_untraced"] is None, part
        assert totals["local_calls"] == (None if "F" in unknown else d["totals"]["local_calls"]), (part, totals["local_calls"])
        calls = re.search("^calls:.*", run(ipitrace, "report", *part, path), re.M).group()
        assert "queued before" not in calls and "recorded nothing" not in calls and ("F" not in unknown or " local" not in calls), calls
    return have


for f in sys.argv[2:]:
    try:
        print("#", f.rsplit("/", 1)[-1], "has", " ".join(sorted(check(sys.argv[1], f))))
    except (AssertionError, json.JSONDecodeError) as e:
        sys.exit(f"{f}: {e}")
