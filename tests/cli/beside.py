#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""
What ipitrace list says of a recording's wake-ups, victims and idle states, against the same file as
trace-cmd report prints it: by rules of this script's own, which look from the other side.

	beside.py wakes|victims|idle IPITRACE FILE [AT-LEAST]

wakes: a queued wake-up is the one whose sched_wakeup the target itself records while it runs the call; a
reschedule's wakee runs next on the CPU that the reschedule went to, unless it is moved; and a reschedule
without a wakee was sent in no wake-up.
victims: whom an interrupt hit is who was switched in last on that CPU, by sched_switch. Some machines record
no events of some tasks, the idle one among them: where the next switch is not from that task, one is missing
in between, and nothing is decided.
idle: the last cpu_idle of the target before the send.
AT-LEAST: so many lines must have been decided.
"""
import bisect
import json
import re
import subprocess
import sys
from collections import defaultdict

LINE = re.compile(r"^\s*(.*)-(\d+)\s+\[(\d+)\]\s+(?:\S+\s+)?(\d+)\.(\d{9}): +(\w+): +(.*)$")


def events(path, wanted):
    """(ns, cpu, pid, name, text) as trace-cmd has them, in order."""
    out = subprocess.run(["trace-cmd", "report", "-t", "-i", path], capture_output=True, text=True, errors="replace")
    for text in out.stdout.splitlines():
        m = LINE.match(text)
        if m and m[6] in wanted:
            yield int(m[4]) * 10**9 + int(m[5]), int(m[3]), int(m[2]), m[6], m[7]


def number(text, key):
    m = re.search(r"\b" + key + r"=(-?\d+)", text)
    return int(m[1]) if m else None


def woken(text):
    """sched_waking and its kind: pid and target_cpu, in either way that trace-cmd prints them."""
    m = re.match(r"(.*):(\d+) \[-?\d+\](?:.*CPU:(\d+))?", text)
    if m:
        return int(m[2]), int(m[3] or 0)
    return number(text, "pid"), number(text, "target_cpu")


def switched(text):
    """From which task to which."""
    m = re.match(r".*:(\d+) \[-?\d+\] \S+ ==> .*:(\d+) \[", text)
    return (int(m[1]), int(m[2])) if m else (number(text, "prev_pid"), number(text, "next_pid"))


def lines(ipitrace, path):
    out = subprocess.run([ipitrace, "list", "--json", path], capture_output=True, text=True, check=True)
    return [json.loads(text) for text in out.stdout.splitlines()]


def last_before(log, ns):
    at = bisect.bisect_right(log, (ns, float("inf"))) - 1
    return log[at] if at >= 0 else None


def check_wakes(ipitrace, path):
    wakeups, runs, moves = defaultdict(list), defaultdict(list), defaultdict(list)
    sends, open_wake, in_wake = {}, {}, {}
    names = {"sched_waking", "sched_wakeup", "sched_wakeup_new", "sched_switch", "sched_migrate_task", "ipi_send_cpu"}
    for ns, cpu, pid, name, text in events(path, names):
        if name == "sched_waking":
            open_wake[cpu] = (pid, woken(text)[0])
            sends.pop(cpu, None)
        elif name == "sched_wakeup":
            who, where = woken(text)
            wakeups[cpu].append((ns, who))
            if open_wake.get(cpu) == (pid, who):
                for send in sends.pop(cpu, []):
                    in_wake[cpu, send] = (who, where)
            open_wake.pop(cpu, None)
            sends.pop(cpu, None)
        elif name == "sched_switch":
            for who in switched(text):
                runs[who].append((ns, cpu))
            open_wake.pop(cpu, None)
            sends.pop(cpu, None)
        elif name == "sched_migrate_task":
            moves[number(text, "pid") or woken(text)[0]].append(ns)
        elif name == "ipi_send_cpu":
            sends.setdefault(cpu, []).append(ns)

    decided = bad = 0
    for l in lines(ipitrace, path):
        wrong = None
        if l["func"] == "sched_ttwu_pending" and l["wakee"] is not None and l["done_ns"] is not None:
            log = wakeups[l["target"]]
            at = bisect.bisect_left(log, (l["run_ns"], -1))
            inside = {who for ns, who in log[at:at + 64] if ns <= l["done_ns"]}
            if l["wakee_pid"] not in inside:
                wrong = "the target woke %s" % inside
            decided += 1
        elif l["class"] == "reschedule" and l["wakee"] is None and l["source"] is not None:
            if (l["source"], l["send_ns"]) in in_wake:
                wrong = "was sent in a wake-up of %d" % in_wake[l["source"], l["send_ns"]][0]
            decided += 1
        elif l["class"] == "reschedule" and l["wakee"] is not None and l["send_ns"] is not None:
            who, begin = l["wakee_pid"], l["send_ns"]
            at = bisect.bisect_right(runs[who], (begin, -1))
            if at == len(runs[who]):
                continue  # the recording ended before it ran
            ns, cpu = runs[who][at]
            moved = bisect.bisect_right(moves[who], begin)
            if moved < len(moves[who]) and moves[who][moved] <= ns:
                continue
            if cpu != l["target"]:
                wrong = "it ran next on CPU %d" % cpu
            decided += 1
        if wrong:
            print("%s: wakee %s-%s: %s" % (l["send_ns"], l["wakee"], l["wakee_pid"], wrong))
            bad += 1
    return decided, bad


def check_victims(ipitrace, path):
    switches = defaultdict(list)
    for ns, cpu, _, _, text in events(path, {"sched_switch"}):
        switches[cpu].append((ns, *switched(text)))
    decided = bad = 0
    for l in lines(ipitrace, path):
        if l["victim_pid"] is None:
            continue
        log = switches[l["target"]]
        # A rider, and a polled call, have no interrupt of their own: who was hit ran when they did.
        when = l["run_ns"] if l["entry_ns"] is None else l["entry_ns"]
        at = bisect.bisect_right(log, (when, float("inf"))) - 1
        # Between two switches that belong together; what is before the first, or behind the last, nobody knows.
        if at < 0 or at + 1 == len(log) or log[at + 1][1] != log[at][2]:
            continue
        decided += 1
        if log[at][2] != l["victim_pid"]:
            print("%d: CPU %d: hit %d, but %d runs since %d" % (when, l["target"], l["victim_pid"], log[at][2], log[at][0]))
            bad += 1
    return decided, bad


def check_idle(ipitrace, path):
    states = defaultdict(list)
    for ns, cpu, _, _, text in events(path, {"cpu_idle"}):
        states[cpu].append((ns, number(text, "state")))
    decided = bad = 0
    for l in lines(ipitrace, path):
        begin = l["queue_ns"] if l["kind"] in ("call", "wake") else l["send_ns"]
        if begin is None:
            continue
        last = last_before(states[l["target"]], begin)
        want = None
        if last:
            want = "awake" if last[1] in (4294967295, -1) else "state%d" % last[1]
        decided += want is not None
        if l["idle"] != want:
            print("%d: CPU %d: %s, want %s" % (begin, l["target"], l["idle"], want))
            bad += 1
    return decided, bad


def main():
    what, ipitrace, path = sys.argv[1:4]
    least = int(sys.argv[4]) if len(sys.argv) > 4 else 1
    decided, bad = {"wakes": check_wakes, "victims": check_victims, "idle": check_idle}[what](ipitrace, path)
    print("%s: %d decided, %d wrong" % (what, decided, bad))
    return bad > 0 or decided < least


sys.exit(main())
