# SPDX-License-Identifier: GPL-2.0-only
"""What test_whose.sh asks: whose work is an IPI, by the report and by others.

contexts IPITRACE FILE...	sends by task and context are those that the flags in trace-cmd report tell
rows IPITRACE FILE...		rows by context, victim and depth are what the lines of ipitrace list sum to
knows IN OUT			report.dat, as if it knew processes, who started them, and their groups
groups IPITRACE FILE		filters and rows of these are what the tasks' own lines sum to
senders IPITRACE FILE...	rows of tasks have what they sent themselves, and so do filters of them
"""
import collections
import json
import re
import struct
import subprocess
import sys


def run(*cmd):
    done = subprocess.run(cmd, capture_output=True, text=True)
    assert done.returncode in (0, 3), (cmd, done.stderr)
    return done.stdout


def report(ipitrace, path, *more):
    return json.loads(run(ipitrace, "report", "--json", *more, path))


def lines_of(ipitrace, path, *more):
    return [json.loads(line) for line in run(ipitrace, "list", "--json", *more, path).splitlines()]


# Of the latency format: "comm-pid cpu", then irqs-off, need-resched, and h, H, s, z or Z.
EVENT = re.compile(r"^.*-(\d+)\s+(\d+)(.)(.)([.hHszZ])\S*\s+(\d+\.\d{9}): (\w+):\s+(.*)$")
CONTEXT = {"h": "hardirq", "H": "hardirq", "s": "softirq", "z": "nmi", "Z": "nmi"}


def told(path):
    """(pid, context) of every send event; where there are ipi_raise, which arm64 has besides, of those."""
    sends = collections.defaultdict(collections.Counter)
    for text in run("trace-cmd", "report", "-N", "-t", "-l", path).splitlines():
        m = EVENT.match(text)
        if m and m[7] in ("ipi_send_cpu", "ipi_send_cpumask", "ipi_raise"):
            pid = int(m[1])
            sends[m[7] == "ipi_raise"][pid, CONTEXT.get(m[5], "task" if pid else "idle")] += 1
    return sends[True] or sends[False]


def contexts(ipitrace, *files):
    for path in files:
        want, got, seen = told(path), collections.Counter(), set()
        for line in lines_of(ipitrace, path, "--kind", "hit"):
            if line["send_id"] not in seen:
                got[line["pid"], line["context"]] += 1
            seen.add(line["send_id"])
        assert got == want and want, (path, got - want, want - got)
        print(path.split("/")[-1], dict(collections.Counter(c for (_, c), n in want.items() for _ in range(n))))


def victim(line):
    return {None: None, "softirq": "<softirq>"}.get(line["victim_context"], line["victim_comm"])


def summed(lines, key):
    """The key's value -> hits and delivered, of lines that are in a row."""
    rows = collections.defaultdict(lambda: [0, 0])
    for line in lines:
        if not line["own"] and line["kind"] == "hit":
            rows[key(line)][0] += 1
            rows[key(line)][1] += line["outcome"] == "delivered"
    return dict(rows)


def reported(d, *keys):
    rows = {}
    for r in d["rows"]:
        if r["target_hits"]:
            key = tuple(r[k] for k in keys) if len(keys) > 1 else r[keys[0]]
            assert key not in rows, ("twice", key)
            rows[key] = [r["target_hits"], r["delivered"] or 0]
    return rows


def check_sums(path, d):
    t, own = d["totals"], d["own"]
    for c in ("target_hits", "delivered", "coalesced", "in_flight", "lost", "calls", "calls_run", "elided"):
        rows = [r[c] for r in d["rows"]]
        if None not in rows and None not in (t[c], own[c]):
            assert sum(rows) + own[c] == t[c], (path, d["by"], c, sum(rows), own[c], t[c])
    if None in (t["calls_run"], t["elided"]) or d["by"] != ["depth"]:
        return
    # Interrupts of depth N ran N functions each; calls that were queued before the start or in a gap are among them.
    for r in d["rows"]:
        if r["depth"] is not None and not t["unsolicited"] and not own["calls"]:
            assert r["calls_run"] <= r["depth"] * r["delivered"], (path, r["depth"], r["calls_run"], r["delivered"])


def rows(ipitrace, *files):
    for path in files:
        lines = lines_of(ipitrace, path)
        for key, of in (("context", lambda line: line["context"]), ("victim", victim),
                        ("depth", lambda line: line["depth"]), ("wakee", lambda line: line["wakee"]),
                        ("waker", lambda line: line["waker"]), ("idle", lambda line: line["idle"])):
            d = report(ipitrace, path, "--by", key)
            want, got = summed(lines, of), reported(d, key)
            assert got == want, (path, key, got, want)
            check_sums(path, d)
            assert all((r["sends"] is None) == (key != "context") for r in d["rows"]), (path, key)
        print(path.split("/")[-1], len(lines))


def sender(line):
    return line["comm"] if line["context"] in ("task", "idle") else "<%s>" % line["context"]


def senders(ipitrace, *files):
    for path in files:
        lines = lines_of(ipitrace, path)
        d = report(ipitrace, path, "--by", "comm")
        assert reported(d, "comm") == summed(lines, sender), path
        d = report(ipitrace, path, "--by", "pid,context")
        want = summed(lines, lambda line: (line["pid"] if sender(line)[0] != "<" or not line["pid"] and
                                           line["context"] == "idle" else None, line["context"]))
        assert reported(d, "pid", "context") == want, (path, reported(d, "pid", "context"), want)
        for (pid, context), (hits, delivered) in want.items():
            if pid:
                got = report(ipitrace, path, "--tid", str(pid))["totals"]
                assert got["target_hits"] - got_own(ipitrace, path, pid) == hits and context == "task", (path, pid, got)
        some = [c for c in summed(lines, sender) if c == "<softirq>"]
        for comm in some:
            got = report(ipitrace, path, "--comm", comm)["totals"]
            assert got["target_hits"] == summed(lines, sender)[comm][0], (path, comm)
        print(path.split("/")[-1], len(want), "senders", "and softirqs" if some else "")


# --- report.dat, and what happened to its tasks ---

# sh started the others; the one thread of each that is not the first is of its number less 1. Nobody saw 9678 begin.
THREADS, PARENTS = {9672: 9671, 9674: 9673}, {1: 0, 2: 0, 18: 2, 9647: 1, 9669: 9647, 9671: 9669, 9673: 9669, 9675: 9669}
TASKS = [18, 9669, 9671, 9672, 9673, 9674, 9675, 9678]
GROUPS = ["/", "/sh", "/sh/mb"]
MOVED = 4459507302246  # when 9671 went from the second to the third
PLACES = [(18, 1, 0), (9669, 2, 0), (9671, 2, 0), (9671, 3, MOVED), (9672, 3, 0), (9673, 2, 0), (9674, 2, 0), (9675, 2, 0)]


def words(numbers):
    return " ".join(str(n) for n in numbers)


def knows(path, out):
    data = open(path, "rb").read()
    magic, old, _ = struct.unpack("<8sQQ", data[-24:])
    known = [t for t in TASKS if t != 9678]
    facts = data[-24 - old:-24].decode() + "".join(line + "\n" for line in [
        "tgids " + words(n for t in known for n in (t, THREADS.get(t, t))),
        "parents " + words(n for pair in sorted(PARENTS.items()) for n in pair), "workload 9669",
        *("cgroup " + g for g in GROUPS), "places " + words(n for p in PLACES for n in p)])
    check = 0xcbf29ce484222325  # FNV-1a
    for byte in facts.encode():
        check = (check ^ byte) * 0x100000001b3 % 2**64
    open(out, "wb").write(data[:-24 - old] + facts.encode() + struct.pack("<8sQQ", magic, len(facts), check))


def group(line):
    if line["context"] not in ("task", "idle"):
        return None
    return next((GROUPS[g - 1] for pid, g, ns in reversed(PLACES) if pid == line["pid"] and ns <= line["send_ns"]), None)


def groups(ipitrace, path):
    lines = [line for line in lines_of(ipitrace, path, "--kind", "hit") if not line["own"]]
    tasks = [line for line in lines if line["context"] == "task"]
    unplaced = sum(line["pid"] == 9678 for line in lines)

    def check(want, *filters):
        got = report(ipitrace, path, *filters)
        assert got["totals"]["target_hits"] - got["own"]["target_hits"] == want and want, (filters, want, got["totals"])

    def of(*pids):
        return sum(line["pid"] in pids for line in tasks)

    tree = of(9669, 9671, 9672, 9673, 9674, 9675)
    check(tree, "--children")
    check(of(9671, 9672), "--children", "-p", "9671")
    check(len(lines) - of(9671, 9672) - unplaced, "--children", "-p", "!9671")
    check(of(9671, 9672) + of(18), "--children", "-p", "9671,2")
    for g in GROUPS:
        inside = sum((group(line) or "?").startswith(g) for line in lines)
        check(inside, "--cgroup", g)
        if g != "/":
            check(len(lines) - inside - unplaced, "--cgroup", "!" + g)
    assert all(line["cgroup"] == group(line) for line in lines), "the lines say another group"
    rows = reported(report(ipitrace, path, "--by", "cgroup"), "cgroup")
    named = collections.Counter(group(line) or (sender(line) if line["context"] != "task" else None) for line in lines)
    assert {k: v[0] for k, v in rows.items()} == named, (rows, named)
    assert named["/sh"] > 100 and named["/sh/mb"] > 100, named
    print(dict(named), unplaced)


def got_own(ipitrace, path, pid):
    return report(ipitrace, path, "--tid", str(pid))["own"]["target_hits"]


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
