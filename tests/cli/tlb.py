#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What report --tlb counts, counted once more from the text of trace-cmd report.

tlb.py TRACE.txt REPORT.json: knows neither ipitrace's decoder nor its matcher. A
flush is a csd_queue_cpu of flush_tlb_func behind a remote IPI send of its task
on its CPU; it is done when the function of that csd is. Recordings of 2 CPUs, where
each flush has one target.
"""
import collections
import json
import re
import sys

LINE = re.compile(r"\s*(.+)-(\d+)\s+\[(\d+)\]\s+(?:\S+\s+)?(\d+)\.(\d+): (\w+):\s+(.*)")

sends, targets, waits = [], [], []
local = collections.Counter()
of_task = collections.defaultdict(lambda: collections.Counter())
open_send, queued, running = {}, {}, {}
flushes = unsent = 0


def close(cpu):
    """The send on this CPU that nothing followed."""
    global unsent
    if open_send.pop(cpu, None):
        unsent += 1


for text in open(sys.argv[1], errors="replace"):
    m = LINE.match(text)
    if not m:
        continue
    comm, pid, cpu, sec, frac, event, rest = m.groups()
    cpu, pid = int(cpu), int(pid)
    if event == "tlb_flush":
        pages = int(re.search(r"pages=(-?\d+)", rest).group(1))
        reason = int(re.search(r"\((\d+)\)", rest).group(1))
        if reason == 4:
            close(cpu)
            open_send[cpu] = pid
            sends.append(pages)
            of_task[pid]["sent"] += 1
        elif reason in (2, 3):
            local[reason] += 1
            of_task[pid]["local"] += 1
        elif reason in (1, 5):
            assert running.get(cpu), "an event on a target outside of the function"
            targets.append((reason, pages))
    elif event == "csd_queue_cpu" and "func=flush_tlb_func" in rest:
        assert open_send.pop(cpu, None) == pid, "a call without a send of its task"
        flushes += 1
        of_task[pid]["flushes"] += 1
        queued[rest.split("csd=")[1].strip()] = pid
    elif event == "csd_function_entry" and "func=flush_tlb_func" in rest:
        csd = rest.split("csd=")[1].strip()
        running[cpu] = queued.pop(csd, None)
    elif event == "csd_function_exit":
        running[cpu] = None
for cpu in list(open_send):
    close(cpu)

d = json.load(open(sys.argv[2]))
t = d["tlb_view"]["tlb"]
r = t["reasons"]
assert flushes == t["flushes"] > 0, (flushes, t["flushes"])
assert not queued, "functions that did not run"
assert len(sends) == r["remote_send_ipi"], (len(sends), r)
assert unsent == t["unsent"], (unsent, t["unsent"])
assert local[2] == r["local_shootdown"] and local[3] == r["local_mm_shootdown"], (local, r)
assert sum(x == 1 for x, _ in targets) == r["remote_shootdown"], (targets, r)
assert sum(x == 5 for x, _ in targets) == r["remote_wrong_cpu"], (targets, r)
assert sum(p == -1 for p in sends) == t["pages_all"]
assert sum(p for p in sends if p >= 0) == t["pages"]["sum"]
by_pid = collections.defaultdict(lambda: collections.Counter())
for row in d["rows"]:
    pid = int(re.search(r"\[(\d+)\]$", row["process"]).group(1))
    by_pid[pid]["flushes"] += row["tlb"]["flushes"]
    by_pid[pid]["sent"] += row["tlb"]["reasons"]["remote_send_ipi"]
    by_pid[pid]["local"] += row["tlb"]["reasons"]["local_mm_shootdown"] + row["tlb"]["reasons"]["local_shootdown"]
for pid, want in of_task.items():
    for key in ("flushes", "sent", "local"):
        assert by_pid[pid][key] == want[key], (pid, key, by_pid[pid], want)
print(f"{flushes} flushes, {len(sends)} sends, {unsent} unsent, {sum(local.values())} local, {len(targets)} on targets")
