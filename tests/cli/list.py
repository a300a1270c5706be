# SPDX-License-Identifier: GPL-2.0-only
"""What test_list.sh asks of the lines of ipitrace list --json.

sums IPITRACE FILE... [-- FILTER...]	they add up to the report, in all, and row by row
keys IPITRACE FILE...			so they do to the rows by every key
calls IPITRACE FILE			exact calls are those that trace-cmd report shows
hits IPITRACE FILE			so are all sends and interrupts, whatever their class
schema SCHEMA < LINES			every line is as the schema says
slowest IPITRACE FILE COLUMN KEY N	--slowest N is the head of what all lines sorted are
"""
import collections
import json
import re
import subprocess
import sys

KEYS = """kind own outcome how class source target send_id caller callsite func pid tgid comm victim_pid victim_comm
victim_context queue_ns send_ns sent_ns entry_ns run_ns done_ns exit_ns delivery_ns func_ns handler_ns wait_ns
has_call""".split()
OUTCOMES = ("delivered", "coalesced", "in_flight", "lost")


def run(*cmd):
    done = subprocess.run(cmd, capture_output=True, text=True)
    return done.returncode, done.stdout


def list_lines(ipitrace, path, *more):
    code, out = run(ipitrace, "list", "--json", *more, path)
    return code, [json.loads(line) for line in out.splitlines()]


def begin(line):
    return next((line[k] for k in ("send_ns", "queue_ns", "entry_ns") if line[k] is not None), None)


def check_line(line, last):
    assert list(line)[:len(KEYS)] == KEYS, list(line)
    for key, later, earlier in (("delivery_ns", "entry_ns", "sent_ns"), ("func_ns", "done_ns", "run_ns"),
                                ("handler_ns", "exit_ns", "entry_ns"), ("queue_latency_ns", "run_ns", "queue_ns")):
        if line[key] is not None:
            assert line[key] == line[later] - line[earlier], (key, line)
    at = begin(line)
    assert at is None or at >= last, ("order", last, line)
    return last if at is None else at


def number(lines, **wanted):
    return sum(all(line[k] == v for k, v in wanted.items()) for line in lines)


def check_totals(t, lines):
    of = collections.defaultdict(list)
    for line in lines:
        of[line["kind"]].append(line)
    hits, calls = of["hit"], of["call"]
    want = {"target_hits": len(hits), "sends": len({line["send_id"] for line in hits}) + (t["sends_to_nobody"] or 0),
            "own_sends": len({line["send_id"] for line in hits if line["own"]}),
            "unsolicited": len(of["irq"]), "wakes": len(of["wake"]), "calls": number(hits, has_call=True) + len(calls),
            "calls_sent": number(hits, has_call=True), "riders": number(calls, path="rider"), "polled": number(calls, path="polled"),
            "path_unknown": number(calls, path="unknown")}
    if t["elided"] is None:  # so are all ways, and a line says that of every call
        want["path_unknown"] = None
    else:
        elided = t["elided"] - (t["wakes"] or 0)
        assert t["calls"] == t["calls_sent"] + elided + t["path_unknown"], t
        if t["riders"] is None:  # by which of two ways is not known, so no line tells
            want["path_unknown"] -= elided
        else:
            assert elided == t["riders"] + t["polled"], t
    waits = [line["wait_ns"] for line in lines if line["wait_ns"] is not None]
    assert all(line["kind"] == "call" or line["has_call"] for line in lines if line["wait_ns"] is not None)
    assert len(waits) == (t["waits"] or 0), (len(waits), t["waits"])
    if t["delivered"] is None:
        assert number(hits, outcome="unknown") == len(hits)
    else:
        want |= {o: number(hits, outcome=o) for o in OUTCOMES}
        want |= {h: number(hits, how=h) for h in ("exact", "fifo", "ambiguous")}
        want["outcome_unknown"] = number(hits, outcome="unknown")
    if t["unsolicited"] is None:  # of all kinds, not of IPIs alone
        want["unsolicited"] = None
    if t["calls"] is None:
        assert not calls and not number(hits, has_call=True)
        want["calls"] = None
    elif t["calls_run"] is None:
        assert number(calls, outcome="unknown") == len(calls)
    # What no event can prove is null, and has no lines.
    want = {k: None if t[k] is None and not v else v for k, v in want.items()}
    got = {k: t[k] for k in want}
    assert got == want, ("report", got, "list", want)


def count_rows(lines, key):
    """key of a line -> counts and times, as the rows of a report have them."""
    counts, times = collections.Counter(), collections.defaultdict(list)
    for line in lines:
        if line["own"] or line["kind"] == "irq":
            continue
        row = key(line)
        hit = line["kind"] == "hit"
        counts[row, "target_hits"] += hit
        counts[row, "delivered"] += hit and line["outcome"] == "delivered"
        counts[row, "calls"] += line["kind"] == "call" or bool(line["has_call"])
        counts[row, "elided"] += line["kind"] == "wake" or line["path"] in ("rider", "polled")
        for c in OUTCOMES[1:]:
            counts[row, c] += hit and line["outcome"] == c
        for c in ("exact", "fifo", "ambiguous"):
            counts[row, c] += hit and line["how"] == c
        if line["wait_ns"] is not None:
            times[row, "wait_ns"].append(line["wait_ns"])
        if hit and line["outcome"] == "delivered" and line["how"] != "ambiguous":
            for name in ("delivery_ns", "handler_ns"):
                if line[name] is not None:
                    times[row, name].append(line[name])
    return counts, times


COUNTS = ("target_hits", "delivered", "calls", "elided", *OUTCOMES[1:], "exact", "fifo", "ambiguous")


def check_rows(d, lines, key, key_of_row=None, elsewhere=0):
    """elsewhere: so many calls may be in another row than their hit."""
    counts, times = count_rows(lines, key)
    away = 0
    hits, seen = 0, set()
    for r in d["rows"]:
        row = (key_of_row or key)(r)
        assert row not in seen, ("twice", row)
        seen.add(row)
        hits += counts[row, "target_hits"]
        for c in COUNTS:
            if c == "calls" and elsewhere:
                away += abs((r[c] or 0) - counts[row, c])
                continue
            assert r[c] is None or r[c] == counts[row, c], (row, c, r[c], counts[row, c])
        for c in ("delivery_ns", "handler_ns", "wait_ns")[:2 if elsewhere else 3]:
            ns, h = times[row, c], r[c]
            want = (0, None, None, 0) if h is None else (h["count"], h["min"], h["max"], h["sum"])
            assert (len(ns), min(ns, default=None), max(ns, default=None), sum(ns)) == want, (row, c, ns, want)
    assert hits == sum(n for (_, c), n in counts.items() if c == "target_hits"), "hits in no row"
    lost = [row for (row, _), n in counts.items() if n and row not in seen]
    assert not lost, ("in no row", lost[:3])
    assert away <= 2 * elsewhere, (away, elsewhere)


def sums(ipitrace, *files):
    files, more = list(files), []
    if "--" in files:
        files, more = files[:files.index("--")], files[files.index("--") + 1:]
    for path in files:
        code, out = run(ipitrace, "report", "--json", *more, path)
        got, lines = list_lines(ipitrace, path, *more)
        assert got == code, (path, "report exits", code, "list exits", got)
        if code not in (0, 3):
            assert not lines, path
            continue
        d, last = json.loads(out), 0
        for line in lines:
            last = check_line(line, last)
        check_totals(d["totals"], lines)
        who = "caller" if d["trace"]["stacks"] else "callsite"
        check_rows(d, lines, lambda x, who=who: (x[who], x["func"]))
        print(path.split("/")[-1], len(lines))


# --- rows by every key ---

def sender(line, of_task):
    """What is known of a task is not so of the interrupt that it was sent from."""
    return of_task if line["context"] in ("task", "idle") else f"<{line['context']}>"


def victim(line):
    return "<softirq>" if line["victim_context"] == "softirq" else line["victim_comm"]


def ran_inside(line):
    """Where the end of the interrupt is not recorded it may be that."""
    if line["entry_ns"] is None or line["run_ns"] is None:
        return False
    return line["entry_ns"] <= line["run_ns"] <= (line["exit_ns"] or line["run_ns"])


# What stands for a key in a line, and in a row, where that is not the column of its name.
OF_LINE = {
    "comm": lambda x: sender(x, x["comm"]),
    "pid": lambda x: sender(x, x["pid"]),
    "process": lambda x: sender(x, x["tgid"]),
    "cgroup": lambda x: sender(x, x["cgroup"]),
    "victim": victim,
    "stack": lambda x: tuple((x["stack"] or []) + (x["user_stack"] or [])),
}
OF_ROW = {
    "pid": lambda x: x["comm"] if x["pid"] is None else x["pid"],
    "process": lambda x: int(m.group(1)) if (m := re.search(r"\[(\d+)\]$", x["process"] or "")) else x["process"],
    "stack": lambda x: tuple(x["stack"] or ()),
}


def keys(ipitrace, *files):
    """All that --by knows, but slowest, whose rows are of multicasts: see test_waits.sh."""
    told = subprocess.run((ipitrace, "report", "--by", "?"), capture_output=True, text=True).stderr
    known = re.search("keys: (.*)", told).group(1).split(", ")
    known.remove("slowest")
    for path in files:
        lines = list_lines(ipitrace, path, "--stacks")[1]
        # What another interrupt ran, or none, before that of its send came: the row is of who ran it.
        away = sum(bool(x["has_call"]) and not ran_inside(x) for x in lines)
        for key in known:
            d = json.loads(run(ipitrace, "report", "--json", "--by", key, path)[1])
            try:
                check_rows(d, lines, OF_LINE.get(key, lambda x: x[key]), OF_ROW.get(key, lambda x: x[key]),
                           away if key in ("victim", "depth") else 0)
            except AssertionError as e:
                raise AssertionError((path, key, *e.args))
        print(path.split("/")[-1], len(known), "keys,", away, "calls ran elsewhere")


# --- trace-cmd's own words ---

# Newer ones show flags, too: "d..2.".
EVENT = re.compile(r"^\s*(.*)-(\d+)\s+\[(\d+)\]\s+(?:\S{3,8}\s+)?(\d+)\.(\d{9}): (\S+):\s+(.*)$")


def texts(path):
    _, out = run("trace-cmd", "report", "-N", "-t", path)
    for text in out.splitlines():
        m = EVENT.match(text)
        if m:
            comm, pid, cpu, s, ns, name, rest = m.groups()
            yield comm, int(pid), int(cpu), int(s) * 10**9 + int(ns), name, rest


def events(path):
    for *event, rest in texts(path):
        yield *event, dict(re.findall(r"(\w+)=([^ ,]+)", rest))


# Of the functions in the shipped recordings those that their senders wait for.
WAITED = ("flush_tlb_func", "ipi_mb", "do_sync_core")


def expected(path):
    """Calls whose send is the next event of their CPU, and whose function ran in a handler: send time -> line."""
    before, queued, handler, running, out = {}, collections.defaultdict(list), {}, {}, {}
    for comm, pid, cpu, ns, name, f in events(path):
        last, before[cpu] = before.get(cpu), (name, ns, f)
        if name == "csd_queue_cpu":
            call = {"queue_ns": ns, "source": cpu, "target": int(f["cpu"]), "func": f["func"], "pid": pid,
                    "comm": comm, "callsite": f["callsite"]}
            if f["func"] == "sched_ttwu_pending":  # of a batch only the head shows; a task is not queued twice
                queued[call["target"], f["csd"]].clear()
            queued[call["target"], f["csd"]].append(call)
            before[cpu] = (name, ns, f, call)
        elif name == "ipi_send_cpu" and last and last[0] == "csd_queue_cpu" and last[2]["cpu"] == f["cpu"]:
            last[3].update(send_ns=ns, sent_ns=ns)
            before[cpu] = (name, ns, f, last[3])
        elif name == "kernel_stack" and last and last[0] == "ipi_send_cpu" and len(last) == 4:
            last[3]["sent_ns"] = ns
        elif name.startswith("call_function") and name.endswith("_entry"):
            handler[cpu] = {"entry_ns": ns, "victim_pid": pid, "victim_comm": comm, "calls": []}
        elif name.startswith("call_function") and name.endswith("_exit") and cpu in handler:
            h = handler.pop(cpu)
            for call in h.pop("calls"):
                call.update(h, exit_ns=ns)
                if "send_ns" in call and "done_ns" in call:
                    call["wait_ns"] = call["done_ns"] - call["sent_ns"] if call["func"] in WAITED else None
                    out[call["send_ns"]] = call
        elif name == "csd_function_entry" and f["csd"] != "(nil)" and queued[cpu, f["csd"]]:
            running[cpu] = queued[cpu, f["csd"]].pop(0)
            running[cpu]["run_ns"] = ns
            if cpu in handler:
                handler[cpu]["calls"].append(running[cpu])
        elif name == "csd_function_exit" and cpu in running and f["csd"] != "(nil)":
            running.pop(cpu)["done_ns"] = ns
    return out


def calls(ipitrace, path):
    want = expected(path)
    got = [line for line in list_lines(ipitrace, path, "--how", "exact", "--kind", "hit")[1]]
    missing = waits = 0
    for line in got:
        call = want.get(line["send_ns"])
        missing += call is None
        waits += line["wait_ns"] is not None
        for key, value in (call or {}).items():
            assert line[key] == value, (key, value, line)
    # A few come in the middle of something else, or share their handler with an earlier one.
    assert len(got) > 100 and missing * 20 < len(got) and waits * 2 > len(got), (len(got), missing, waits)
    print(len(got) - missing, "of", len(got))


# --- every send and every interrupt, by a matcher of its own over what trace-cmd says ---

X86 = ("reschedule", "call_function", "call_function_single", "irq_work")


def cpus_of(text):
    for part in text.split(","):
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)


def class_of_send(name, text, x86):
    callback = re.search(r"callback=(\S+)", text).group(1)
    if callback == "0x0":
        return "reschedule"
    if not callback.startswith("generic_smp_call_function"):
        return "irq_work"
    return "call_function" + "_single" * (name == "ipi_send_cpu") if x86 else "call"


def class_of_reason(text):
    kinds = (("Resched", "reschedule"), ("Function call", "call"), ("IRQ work", "irq_work"))
    return next((kind for part, kind in kinds if part in text), None)


def class_of_interrupt(name, text, x86):
    """(class, is it the entry) of an event of reception; class None: another event, or another interrupt."""
    what, _, end = name.rpartition("_")
    if end not in ("entry", "exit"):
        return None, False
    if x86:
        return what if what in X86 else None, end == "entry"
    # riscv64's come as irqs of that name, arm64's tell themselves.
    return class_of_reason(text) if what == "ipi" or name == "irq_handler_entry" else None, end == "entry"


class Wire:
    """IPIs of one class to one CPU. While several are under way nobody knows which interrupt answers which."""

    def __init__(self):
        self.pending, self.several = [], False

    def send(self, hit):
        # Requests that were merged never get an interrupt of their own.
        if self.pending and hit["at"] - self.pending[-1]["at"] > 1000000:
            self.pending = []
        self.several = bool(self.pending)
        self.pending.append(hit)

    def entry(self, at, loose):
        """The hit that this interrupt is for, if that is certain."""
        if not self.pending:
            loose.append(at)
            return None
        hit = self.pending.pop(0)
        if self.several:
            self.several = bool(self.pending)
            return None
        hit["entry_ns"] = at
        return hit


def wires(path):
    """(send, target) -> what is known of the hit; interrupts that nobody sent for."""
    lines = list(texts(path))
    x86 = any(name == "reschedule_entry" or name.startswith("call_function") for *_, name, _ in lines)
    wire, hits, loose, inside, irq_at = collections.defaultdict(Wire), {}, [], {}, {}
    for *_, cpu, at, name, text in lines:
        if name in ("ipi_send_cpu", "ipi_send_cpumask"):
            kind = class_of_send(name, text, x86)
            for target in cpus_of(re.search(r"cpu(?:mask)?=(\S+)", text).group(1)):
                hits[at, target] = {"source": cpu, "class": kind if x86 else None, "at": at}
                wire[target, kind].send(hits[at, target])
            continue
        if name == "irq_handler_entry":
            irq_at[cpu] = at
        kind, begins = class_of_interrupt(name, text, x86)
        if kind and begins:
            # arm64 tells which IPI it is inside of the interrupt.
            inside[cpu] = wire[cpu, kind].entry(at if x86 else irq_at[cpu], loose)
        elif (kind if x86 else name == "irq_handler_exit") and inside.get(cpu):
            inside.pop(cpu)["exit_ns"] = at
    return hits, loose, [hit for w in wire.values() for hit in w.pending if not w.several]


def hits(ipitrace, path):
    want, loose, open_ = wires(path)
    lines = list_lines(ipitrace, path)[1]
    got = {(line["send_ns"], line["target"]): line for line in lines if line["kind"] == "hit"}
    assert got.keys() == want.keys(), (len(got), len(want), sorted(got.keys() ^ want.keys())[:4])
    irqs = {line["entry_ns"] for line in lines if line["kind"] == "irq"}
    alone = 0
    for key, hit in want.items():
        line = got[key]
        assert line["source"] == hit["source"] and hit["class"] in (None, line["class"]), (hit, line)
        # Where there is an interrupt more than sends, which it is needs more thought than is here.
        if "entry_ns" not in hit or any(abs(at - hit["at"]) < 100000 for at in irqs):
            continue
        alone += 1
        assert line["outcome"] == "delivered" and line["entry_ns"] == hit["entry_ns"], (hit, line)
        assert "exit_ns" not in hit or line["exit_ns"] == hit["exit_ns"], (hit, line)
    for hit in open_:
        assert all(line["outcome"] == "in_flight" for key, line in got.items() if want[key] is hit), hit
    strange = [at for at in loose if at not in irqs and not any(abs(at - irq) < 100000 for irq in irqs)]
    assert not strange, strange[:4]
    assert alone >= len(want) * 0.9, (alone, len(want))
    print(len(want), "hits,", alone, "with one send,", len(loose), "interrupts without")


# --- the rest ---

TYPES = {"string": str, "integer": int, "boolean": bool, "array": list, "null": type(None)}


def conforms(value, schema):
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if not any(type(value) is TYPES[t] for t in types):
        return False
    if "enum" in schema and value not in schema["enum"]:
        return False
    if isinstance(value, list):
        return all(conforms(v, schema["items"]) for v in value)
    return not ("minimum" in schema and value is not None and value < schema["minimum"])


def schema(path):
    s = json.load(open(path))
    assert s["$id"] == "ipitrace-list/1" and s["required"][:len(KEYS)] == KEYS
    nr = 0
    for text in sys.stdin:
        line = json.loads(text)
        assert not set(s["required"]) - set(line), line
        for key, value in line.items():
            assert conforms(value, s["properties"][key]), (key, value)
        nr += 1
    print(nr)


def slowest(ipitrace, path, column, key, n):
    every = [line for line in list_lines(ipitrace, path)[1] if line[key] is not None]
    every.sort(key=lambda line: -line[key])
    got = list_lines(ipitrace, path, "--slowest", n, "--sort", column)[1]
    assert got == every[:int(n)], ([line[key] for line in got], [line[key] for line in every[:int(n)]])
    print(len(got))


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
