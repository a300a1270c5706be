#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Who was waited for longest, counted once more from the text of trace-cmd report -t.

slowest.py TRACE.txt REPORT.json: knows neither ipitrace's decoder nor its matcher. A
multicast is an ipi_send_cpumask and what its task queued right before it on its
CPU; its sender waits from behind the stack of that send to the last exit of
the functions. The report is --by slowest, of a recording of ipi_mb and flush_tlb_func.
"""
import collections
import json
import re
import sys

EVENT = re.compile(r"\s*(.+)-(\d+)\s+\[(\d+)\]\s+(?:\S+\s+)?(\d+)\.(\d{9}): (\w+):\s+(.*)")
WAITED = ("ipi_mb", "flush_tlb_func")

queued = collections.defaultdict(list)  # by sending CPU and task
stackless = {}                          # multicasts whose stack is still to come
open_calls, victims, ops = {}, {}, []


def field(rest, name):
    return re.search(rf"\b{name}=([^ ,]+)", rest).group(1)


for text in open(sys.argv[1], errors="replace"):
    m = EVENT.match(text)
    if not m:
        continue
    comm, pid, cpu, sec, frac, event, rest = m.groups()
    who, cpu, ns = (int(cpu), int(pid)), int(cpu), int(sec) * 10**9 + int(frac)
    if event == "csd_queue_cpu":
        queued[who].append((int(field(rest, "cpu")), field(rest, "csd"), field(rest, "func")))
    elif event == "ipi_send_cpumask":
        calls = queued.pop(who, [])
        if len(calls) < 2 or calls[0][2] not in WAITED:
            continue
        op = {"from": ns, "open": len(calls), "fanout": len(calls), "done": []}
        ops.append(op)
        stackless[who] = op
        open_calls.update({(target, csd): op for target, csd, _ in calls})
    elif event == "ipi_send_cpu":
        queued.pop(who, None)
    elif event == "kernel_stack" and who in stackless:
        stackless.pop(who)["from"] = ns
    elif event == "csd_function_entry":
        victims[cpu] = "<idle>" if int(pid) == 0 else comm.strip()
    elif event == "csd_function_exit" and (cpu, field(rest, "csd")) in open_calls:
        op = open_calls.pop((cpu, field(rest, "csd")))
        op["done"].append((ns, cpu, victims[cpu]))

want = collections.defaultdict(list)
for op in ops:
    assert len(op["done"]) == op["fanout"], "a function that did not end"
    ns, cpu, victim = max(op["done"])
    want[cpu, victim].append((ns - op["from"], op["fanout"]))
got = {(r["slowest"], r["victim"]): r for r in json.load(open(sys.argv[2]))["rows"]}
assert want and set(want) == set(got), (want, list(got))
for key, of in want.items():
    r = got[key]
    assert r["calls"] == len(of), (key, r["calls"], of)
    assert r["wait_ns"]["sum"] == sum(ns for ns, _ in of) and r["wait_ns"]["max"] == max(of)[0], (key, r["wait_ns"], of)
    assert r["fanout"]["sum"] == sum(n for _, n in of), (key, r["fanout"], of)
print(f"{len(ops)} multicasts, slowest: " + ", ".join(f"CPU {cpu} ({victim}) {len(of)}" for (cpu, victim), of in want.items()))
