#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""
What "ipitrace report --kvm" says of a virtual machine, and what the host recorded, against the virtual machine's own log.

	kvm_truth.py CHECK NAME		NAME.log of vmm, NAME.raw of "trace-cmd report -t -R", NAME.json of the report;
					for join NAME.known.* and NAME.unknown.*, json of "report --guest"
					and chrome of "export --guest", with the offset and without
	kvm_truth.py ticks NAME		as join, where the clock is the TSC's: without NAME.raw

counts: as many sends, interrupts, halts and coalesced IPIs as the guest logged, by vector and target.
order: send <= exit <= accept <= inject <= entry <= handler, of each IPI; before and behind it what the guest's stamps say.
stages: the report's times of IPIs add up to those between these events, and stages to totals.
halts: the report's halves of halts are those between them, and within what the guest's stamps allow. A halt of arm64 is no
exit if an interrupt is pending, which the guest knows: WFI is trapped only where it would wait (HCR_EL2.TWI, Arm ARM D13).
join: with what the guest would have recorded (kvm_guest.py), whose callers are numbers of sends: each IPI of the host is
joined with the send that it is of, its stages and its total are those of the log and of the host's events, and by causes and
effects alone each is where it is by the true offset, but for the half of what that may be off by.

Stamps of the guest are its counter. Two readings of the host's clock, each between two of its counter, say when that was,
within an interval: an order is violated only if no moment in it obeys.
"""
import bisect
import collections
import decimal
import itertools
import json
import re
import sys

# From version 3.2 on flags stand behind the CPU, or right at it.
LINE = re.compile(r"^\s*.*-(\d+)\s+\[\d+\](?:-0x\w+)?\s+(?:\S+\s+)?(\d+)\.(\d{9}): +(\w+): +(.*)$")
FIELD = re.compile(r"(\w+)=(-?(?:0x[0-9a-f]+|\d+))")
EXIT_HLT = {1: 12, 2: 0x78}  # by isa: VMX, SVM
TRAP, WFI = 2, 1  # arm64: what the exit returns, and the class of its exception
SGI1R = dict(is_write=1, Op0=3, Op1=0, CRn=12, CRm=11, Op2=5)
HC_SEND_IPI = 10
DEVICE_VECTOR = 0x41
REFUSED = re.compile("no offset of the clocks brings their IPIs together|their IPIs fit by more than one offset of the clocks")
STAGES = "send_exit", "exit_accept", "accept_wake", "runq", "run_inject", "inject_entry", "entry_handler"
CLOCK_NS = 10  # The kernel scales the counter by whole numbers, which it changes by one now and then.

Send = collections.namedtuple("Send", "exit accepts entry")
Reception = collections.namedtuple("Reception", "at begun vector halts")
Halt = collections.namedtuple("Halt", "at pending over")


def fail(text, *args):
    sys.exit(text % args)


def same(got, want, what):
    if got != want:
        fail("%s: %s, but %s", what, got, want)


class Log:
    """What the guest knows; stamps as intervals of the host's clock, or with ticks as they are."""

    def __init__(self, path, ticks=False):
        self.ticks = ticks
        self.sends, self.clocks, self.tids, self.offsets, self.device = [], [], {}, {}, (0, 0)
        self.received, self.halts = collections.defaultdict(list), collections.defaultdict(list)
        sends, received, halts = [], [], []
        for line in open(path):
            what, *words = line.split()
            if what == "run":
                self.path, self.wait, self.order = words[:3]
                self.targets, self.vector, self.end = map(int, words[3:])
                continue
            numbers = list(map(int, words))
            if what == "vcpu":
                self.tids[numbers[1]], self.offsets[numbers[0]] = numbers[0], numbers[2]
            elif what == "clock":
                self.clocks.append(numbers)
            elif what == "device":
                self.device = tuple(numbers)
            else:
                {"send": sends, "recv": received, "halt": halts}[what].append(numbers)
        self.sends = [(self.when(0, before), self.when(0, after)) for _, before, after in sends]
        for vcpu, _, at, begun, vector, nr in received:
            self.received[vcpu].append(Reception(self.when(vcpu, at), begun, vector, nr))
        for vcpu, _, at, pending, over in halts:
            self.halts[vcpu].append(Halt(self.when(vcpu, at), pending, self.when(vcpu, over)))

    def when(self, vcpu, stamp):
        """Earliest and latest: the clock was read no earlier than the first stamp, no later than the second."""
        if self.ticks:
            return stamp, stamp
        ticks = stamp - self.offsets[vcpu]
        (before0, after0, ns0), (before1, after1, ns1) = self.clocks
        return (ns0 + (ns1 - ns0) * (ticks - after0) // (after1 - after0) - CLOCK_NS,
                ns0 + (ns1 - ns0) * (ticks - before0) // (before1 - before0) + CLOCK_NS)

    @staticmethod
    def stamp(when):
        """As a recording has it: one number."""
        return (when[0] + when[1]) // 2

    def sent(self, i):
        return self.stamp(self.sends[i][0])

    def tick(self):
        """How long one is."""
        (_, after0, ns0), (_, after1, ns1) = self.clocks
        return (ns1 - ns0) / (after1 - after0)

    def vectors(self):
        """How often each target received each."""
        return {v: collections.Counter(r.vector for r in rs) for v, rs in self.received.items()}

    def vector_of(self, send):
        return self.end if send == len(self.sends) - 1 else self.vector


class Host:
    """What was recorded of the virtual CPUs' threads. An accept of arm64 is the call that sends an SGI to a list of targets."""

    def __init__(self, path, tids):
        self.arm, self.sends, self.halts, self.device = False, [], collections.defaultdict(list), collections.Counter()
        self.accepts, self.injections, self.entries, self.eois, self.wakings, self.exits = (
            collections.defaultdict(list) for _ in range(6))
        exits, accepts, sends = {}, collections.defaultdict(list), set()
        for line in open(path):
            m = LINE.match(line)
            if not m:
                continue
            vcpu, ts, name = tids.get(int(m[1])), int(m[2]) * 10**9 + int(m[3]), m[4]
            if vcpu is None and name != "sched_waking":
                continue
            f = {k: int(v, 16 if v.startswith("0x") else 10) for k, v in FIELD.findall(m[5])}
            if name == "sched_waking":
                self.wakings[tids.get(f["pid"])].append(ts)
            elif name == "kvm_exit":
                exits[vcpu] = ts, (EXIT_HLT.get(f["isa"]) == f["exit_reason"] if "isa" in f else (f["ret"], f["esr_ec"]) == (TRAP, WFI))
                self.exits[vcpu].append(ts)
                accepts[vcpu] = []
            elif name == "kvm_entry":
                if vcpu in sends:
                    self.sends.append(Send(exits[vcpu][0], accepts[vcpu], ts))
                    sends.remove(vcpu)
                elif exits.get(vcpu, (0, False))[1]:
                    self.halts[vcpu].append((exits[vcpu][0], ts))
                self.entries[vcpu].append(ts)
            elif name == "kvm_apic_ipi" or name == "kvm_hypercall" and f["nr"] == HC_SEND_IPI:
                sends.add(vcpu)
            elif name == "kvm_sys_access" and SGI1R.items() <= f.items():
                self.arm = True
                sends.add(vcpu)
            elif name == "kvm_apic_accept_irq":
                accepts[vcpu].append((f["apicid"], f["vec"], ts))
                self.accepts[f["apicid"]].append((ts, f["vec"]))
            elif name == "sgi" and vcpu in sends:
                for target in (i for i in range(16) if f["reg"] >> i & 1):
                    accepts[vcpu].append((target, f["reg"] >> 24 & 15, ts))
                    self.accepts[target].append((ts, f["reg"] >> 24 & 15))
            elif f.get("vector") == DEVICE_VECTOR:
                self.device[name] += not (f.get("soft") or f.get("reinjected"))
            elif name == "kvm_inj_virq" and not f["soft"] and not f["reinjected"]:
                self.injections[vcpu].append((ts, f["vector"]))
            elif name == "kvm_eoi":
                self.eois[f["apicid"]].append((ts, f["vector"]))

    def entry_behind(self, vcpu, ts):
        i = bisect.bisect_left(self.entries[vcpu], ts)
        return self.entries[vcpu][i] if i < len(self.entries[vcpu]) else fail("no entry of %u behind %u", vcpu, ts)

    def deliveries(self, vcpu):
        """Of each interrupt the injection's time and vector. The GIC of arm64 has none: an SGI that is waited for comes by itself."""
        return self.accepts[vcpu] if self.arm else self.injections[vcpu]


def exits_of_halts(log, host, vcpu):
    """Of each halt of the guest the exit and the entry behind it; None: a WFI that was no exit, for a reason."""
    found, exits = [], collections.deque(host.halts[vcpu])
    for i, halt in enumerate(log.halts[vcpu]):
        if not host.arm or exits and halt.at[0] <= exits[0][0] and exits[0][1] <= halt.over[1]:
            if not exits or exits[0][0] < halt.at[0]:
                fail("halt %u of %u: no exit behind it", i, vcpu)
            if halt.pending:
                fail("halt %u of %u exits, though an interrupt was pending", i, vcpu)
            found.append(exits.popleft())
            continue
        # The host's own interrupt may come between, and end it as well.
        if not halt.pending and not any(halt.at[0] <= ts <= halt.over[1] for ts in host.exits[vcpu]):
            fail("halt %u of %u: neither an exit nor an interrupt that was pending", i, vcpu)
        found.append(None)
    if exits:
        fail("%u exits of %u for halts that the guest does not know", len(exits), vcpu)
    return found


def rows_sum(report, what, **keys):
    return sum(what(r) for r in report["rows"] if all(r[k] == v for k, v in keys.items()))


def check_counts(log, host, report):
    vm, = report["vms"]
    sends, hits = len(log.sends), len(log.sends) * log.targets
    received = sum(map(len, log.received.values()))
    same((len(host.sends), vm["sends"]), (sends, sends), "sends")
    same(sum(len(s.accepts) for s in host.sends), hits, "accepts in exits that send")
    same(rows_sum(report, lambda r: r["ipis"]), hits, "IPIs")
    injections = {} if host.arm else log.vectors()
    for what, list_of in ("injections", host.injections), ("EOIs", host.eois):
        same({v: collections.Counter(vector for _, vector in events) for v, events in list_of.items()}, injections, what)
    sent, taken = log.device
    same((vm["other_accepts"], host.device["kvm_inj_virq"], host.device["kvm_eoi"]), (sent, taken, taken), "the device's interrupts")
    nr = 0 if host.arm else received + taken
    same((vm["injections"], vm["eois"], vm["unsolicited"]), (nr, nr, 0), "the report's injections, EOIs and unsolicited")
    # Without injections nothing tells which interrupt an SGI that is not waited for was a part of: then the report says of how many.
    if host.arm and log.order == "async":
        same(sum(vm["outcomes"].values()), hits, "outcomes")
        same({k for k, n in vm["outcomes"].items() if n} - {"delivered", "coalesced"}, set(), "other outcomes")
        for vcpu, vectors in log.vectors().items():
            for vector, n in vectors.items():
                delivered, unsure = (rows_sum(report, what, target=vcpu, vector=vector)
                                     for what in (lambda r: r["outcomes"]["delivered"], lambda r: r["ambiguous"]))
                if not delivered - unsure <= n <= delivered + unsure:
                    fail("vector %u to %u: %u delivered, %u of them not certain, but %u", vector, vcpu, delivered, unsure, n)
    else:
        if not host.arm and log.order == "sync":
            same(vm["ambiguous"], 0, "IPIs of which it is not certain which injection is theirs")
        outcomes = {k: n for k, n in vm["outcomes"].items() if n}
        same(outcomes, {k: n for k, n in (("delivered", received), ("coalesced", hits - received)) if n}, "outcomes")
        for vcpu, vectors in log.vectors().items():
            for vector, n in vectors.items():
                sent = sum(log.vector_of(i) == vector for i in range(sends))
                same((rows_sum(report, lambda r: r["ipis"], target=vcpu, vector=vector),
                      rows_sum(report, lambda r: r["outcomes"]["delivered"], target=vcpu, vector=vector)), (sent, n),
                     "vector %u to %u, sent and delivered" % (vector, vcpu))
    # None of them may pass because it does not apply.
    laws = {"accepts", "injections", "exits", "entries", "order", "stages"}
    laws |= {"x2apic": {"icr_msr"}, "xapic": {"icr_mmio"}}.get(log.path, set()) | ({"halts", "halt_exits"} if log.halts else set())
    same({l["name"] for l in report["laws"] if l["held"] is False}, set(), "broken laws")
    same(laws - {l["name"] for l in report["laws"] if l["held"]}, set(), "laws that do not apply")
    same({r["path"] for r in report["rows"]}, {{"x2apic": "msr", "xapic": "mmio"}.get(log.path, log.path)}, "paths")
    halts = sum(e is not None for vcpu in log.halts for e in exits_of_halts(log, host, vcpu))
    same((sum(map(len, host.halts.values())), vm["halts"]["count"]), (halts, halts), "halts")
    if log.wait != "halt":
        same({r["kick"] for r in report["rows"]} & {"polling", "woken", "halted"}, set(), "kicks of a target that never halts")


def check_target(log, host, vcpu, law):
    accepts, nth = collections.defaultdict(list), collections.Counter()
    for ts, vector in host.accepts[vcpu]:
        accepts[vector].append(ts)
    # Each takes one accept at least; without coalescing just one.
    for i, r in enumerate(log.received[vcpu]):
        accept = accepts[r.vector][nth[r.vector]]
        nth[r.vector] += 1
        law(host.entry_behind(vcpu, accept) <= r.at[1], "accept <= entry <= handler", i)
        law(sum(ts <= r.at[0] for ts, _ in host.accepts[vcpu]) <= r.begun, "accepts before the handler <= sends by then", i)
    nth.clear()
    for i, (r, (inject, vector)) in enumerate(zip(log.received[vcpu], host.injections[vcpu])):
        law(vector == r.vector, "vector of injection == handler's", i)
        law(accepts[vector][nth[vector]] <= inject, "accept <= inject", i)
        nth[vector] += 1
        law(host.entry_behind(vcpu, inject) <= r.at[1], "inject <= entry <= handler", i)
    for i, (r, (eoi, _)) in enumerate(zip(log.received[vcpu], host.eois[vcpu])):
        law(r.at[0] <= eoi, "handler <= EOI", i)


def check_order(log, host, report):
    bad = []

    def law(held, what, i):
        if not held:
            bad.append("%s of %u" % (what, i))
    for i, ((before, after), s) in enumerate(zip(log.sends, host.sends)):
        law(before[0] <= s.exit, "send <= exit", i)
        law(s.entry <= after[1], "entry <= the sender's next instruction", i)
        law(all(s.exit <= ts <= s.entry for _, _, ts in s.accepts), "exit <= accept <= entry", i)
    for vcpu, received in log.received.items():
        # A handler's stamp is older than its look at who has begun to send.
        for i, r in enumerate(received[1:]):
            law(received[i].at[0] <= r.at[1] and received[i].begun <= r.begun, "handlers in order", i)
        check_target(log, host, vcpu, law)
    if bad:
        fail("%u violations: %s", len(bad), ", ".join(bad[:20]))
    print("%u sends, %u receptions" % (len(log.sends), sum(map(len, log.received.values()))))


def pairs(log, host):
    """Of IPIs that are waited for: send, accept, injection, entry."""
    for vcpu, received in log.received.items():
        for i, (s, (inject, _)) in enumerate(zip(host.sends, host.deliveries(vcpu))):
            accept, = (ts for to, _, ts in s.accepts if to == vcpu)
            yield i, vcpu, s.exit, accept, inject, host.entry_behind(vcpu, inject), received[i]


def check_stages(log, host, report):
    for r in report["rows"]:
        total = r["total"] or dict(count=0, sum=0)
        same((total["count"], sum(s["sum"] for s in r["stages"].values() if s)), (r["outcomes"]["delivered"], total["sum"]),
             "totals, and the sum of the stages, of %s to %u" % (r["class"], r["target"]))
    if log.order != "sync":
        if host.arm:
            return
        same(sum(r["total"]["count"] for r in report["rows"] if r["total"]), sum(map(len, log.received.values())), "totals")
        return
    want = collections.Counter()
    for _, _, exit_, accept, inject, entry, _ in pairs(log, host):
        want["total"] += entry - exit_
        want["exit_accept"] += accept - exit_
        want["to_inject"] += inject - accept
        want["inject_entry"] += entry - inject

    def total(*stages):
        return sum(r["stages"][s]["sum"] for r in report["rows"] for s in stages if r["stages"][s])
    got = dict(total=rows_sum(report, lambda r: r["total"]["sum"] if r["total"] else 0), exit_accept=total("exit_accept"),
               to_inject=total("accept_wake", "runq", "run_inject"), inject_entry=total("inject_entry"))
    if host.arm:
        for times in got, want:
            times["inject_entry"] += times.pop("to_inject")
    same(got, dict(want), "times")


def check_halts(log, host, report):
    halts = report["vms"][0]["halts"]
    same(halts["polled"] + halts["slept"] + halts["pending"], halts["count"], "how they ended")
    senders = collections.defaultdict(list)
    for i, s in enumerate(host.sends):
        for target, _, ts in s.accepts:
            senders[target].append((ts, i))
    want, early, unexited = collections.Counter(), 0, 0
    for vcpu in log.halts:
        for i, (halt, exit_) in enumerate(zip(log.halts[vcpu], exits_of_halts(log, host, vcpu))):
            if not exit_:
                unexited += 1
                continue
            since, entry = exit_
            woken = [ts for ts in host.wakings[vcpu] if since < ts < entry]
            accept, send = next((a for a in senders[vcpu] if since < a[0] < entry), (None, None))
            want["time"] += entry - since
            if accept is None:
                # Of what else a thread was woken for nothing but the report tells.
                want["woken" if woken else "untold"] += entry - since
                continue
            idle, wakeup = accept - since, entry - accept
            want["idle"] += idle
            want["wakeup"] += wakeup
            # Who was woken for something else before may have its event there.
            early += accept - min([accept, *woken])
            before, after = log.sends[send]
            handler = next((r.at for r in log.received[vcpu] if r.halts > i), None)
            if not handler:
                fail("halt %u of %u ends with an accept, and with no interrupt", i, vcpu)
            if not (before[0] - since <= idle <= after[1] - halt.at[0] and wakeup <= handler[1] - before[0]):
                fail("halt %u of %u: idle %u, wake-up %u; halt at %s, send at %s to %s, handler at %s", i, vcpu, idle, wakeup,
                     halt.at, before, after, handler)
    told, sure = halts["idle"] + halts["wakeup"], want["idle"] + want["wakeup"]
    same(told + halts["untold_time"], want["time"], "halts' time")
    if not sure <= told <= sure + want["woken"]:
        fail("time of halts whose event is known: %u, but %u, or up to %u more", told, sure, want["woken"])
    if not want["idle"] - early <= halts["idle"] <= want["idle"] + want["woken"]:
        fail("idle: %u, but %u, or up to %u less and %u more", halts["idle"], want["idle"], early, want["woken"])
    print("%u halts, %u of them no exit" % (sum(map(len, log.halts.values())), unexited))


def number_of(caller):
    return int(re.fullmatch(r"send_(\d+)\+0x20", caller)[1])


def joined_ipis(path):
    """By send and target: when its exit was, and what the timeline tells of it."""
    ipis = {}
    with open(path) as f:
        events = json.load(f, parse_float=decimal.Decimal)["traceEvents"]
    for e in events:
        if "guest's IPI" not in e.get("cat", "") or "caller" not in e["args"]:
            continue
        key = number_of(e["args"]["caller"]), e["args"]["target"]
        if key in ipis:
            fail("send %u to %u is joined twice", *key)
        ipis[key] = int(e["ts"] * 1000), e["args"]
    return ipis


def check_known(log, host, report, ipis):
    """The offset is known: every IPI is joined with its own send, and times are exact."""
    g, nr = report["guest"], len(log.sends) - 1
    same(sorted(ipis), [(i, target) for i in range(nr) for target in range(1, log.targets + 1)], "IPIs that are joined")
    same((g["offset_known"], g["width"]), (True, 0), "the offset is known")
    same({k: g[k] for k in ("uncertain", "host_only", "guest_uncertain", "guest_only", "host_outside", "guest_outside", "no_class")},
         dict(uncertain=0, host_only=0, guest_uncertain=0, guest_only=0, host_outside=0, guest_outside=0, no_class=log.targets), "what is not joined")
    for (i, target), (at, args) in ipis.items():
        what = " of send %u to %u" % (i, target)
        if host:
            accept, = (ts for to, _, ts in host.sends[i].accepts if to == target)
            same((at, args["send_exit"], args["exit_accept"]),
                 (host.sends[i].exit, host.sends[i].exit - log.sent(i), accept - host.sends[i].exit), "exit, and times" + what)
        if "total" in args:
            same(sum(args.get(stage, 0) for stage in STAGES), args["total"], "the stages" + what)
        if log.order == "sync":
            took = log.stamp(log.received[target][i].at) - log.sent(i)
            # Of ticks either end is rounded, and how long one is, is known to a millionth.
            took, most = (round(took * log.tick()), 3 + took // 100000) if log.ticks else (took, 0)
            if abs(args["total"] - took) > most:
                fail("%u from send to handler%s, but %u", args["total"], what, took)
    # Which of several that are one interrupt has the handler the two sides may see differently, not how many do. Of arm64's
    # that are not waited for the host does not know how many there are.
    if log.order == "sync" or log.path != "sysreg":
        received = sum(r.vector == log.vector for rs in log.received.values() for r in rs)
        same((sum("total" in args for _, args in ipis.values()), g["handlers_missing"]), (received, 0), "from send to handler")


def check_unknown(report, ipis, known, exact):
    """By causes and effects alone: none is taken for another, and the true offset is among those that are left."""
    g = report["guest"]
    same((g["offset_known"], g["offset_from"], g["joined"]), (False, None, len(ipis)), "by causes and effects")
    for key, (at, _) in ipis.items():
        same(at, exact[key][0], "the exit of send %u to %u" % key)
    true = {(r["caller"], r["target"]): r["stages"]["send_exit"] for r in known["rows"]}
    nr = 0
    for r in report["rows"]:
        got, want = r["stages"]["send_exit"], true.get((r["caller"], r["target"]))
        if r["caller"] is None or not got or not want:
            continue
        nr += 1
        # Each row is of one IPI. Times are in the middle of what is left, rounded.
        if 2 * abs(got["sum"] - want["sum"]) > g["width"] + 2:
            fail("%s: the offset is wrong by %d, and said to be within %u", r["caller"], got["sum"] - want["sum"], g["width"])
    if not nr or not g["width"]:
        fail("%u IPIs are joined, and clocks are within %u", nr, g["width"])


def check_whole(report, offset):
    laws = {l["name"]: l["held"] for l in report["laws"]}
    same({name for name, held in laws.items() if held is False}, set(), "broken laws")
    same((report["tier"], report["incomplete"], laws["offset"]), ("host+guest", False, offset), "the report, and the law of the offset")


def others_fit(log, host):
    """Where sends follow each other evenly, each may as well be the one before or behind: all but a few of them."""
    nr = len(log.sends) - 1
    for k in (k for n in range(1, 4) for k in (-n, n)):
        edges = []
        for i in range(max(0, -k), min(nr, nr - k)):
            least = max(ts - log.stamp(log.received[target][i + k].at) for target, _, ts in host.sends[i].accepts)
            most = host.sends[i].exit - log.sent(i + k)
            if least <= most:
                edges += [(least, 1), (most + 1, -1)]
        if max(itertools.accumulate(step for _, step in sorted(edges))) > nr - 4:
            return True
    return False


def check_join(log, host, name):
    known, exact = load(name + ".known.json"), joined_ipis(name + ".known.chrome")
    with open(name + ".unknown.err") as f:
        refused = REFUSED.search(f.read())
    # The true offset is one of those that causes and effects leave, where these leave any.
    check_whole(known, None if refused else True)
    check_known(log, host, known, exact)
    if refused:
        # A handful of interrupts for all that was sent: these may fit by none, or by several.
        if log.order != "async" and not (host and others_fit(log, host)):
            fail("the join finds none, or several, of which there is one: %s", refused[0])
        print("%u IPIs; %s" % (len(exact), refused[0]))
        return
    unknown, ipis = load(name + ".unknown.json"), joined_ipis(name + ".unknown.chrome")
    check_whole(unknown, None)
    check_unknown(unknown, ipis, known, exact)
    print("%u IPIs, %u of them by causes and effects, within %u ns" % (len(exact), len(ipis), unknown["guest"]["width"]))


def load(path):
    with open(path) as f:
        return json.load(f)


def main():
    check, name = sys.argv[1:]
    log = Log(name + ".log", check == "ticks")
    host = None if log.ticks else Host(name + ".raw", log.tids)
    if check in ("join", "ticks"):
        check_join(log, host, name)
        return
    {"counts": check_counts, "order": check_order, "stages": check_stages, "halts": check_halts}[check](
        log, host, load(name + ".json"))


if __name__ == "__main__":
    main()
