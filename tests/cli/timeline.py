#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""timeline.py FORMAT FILE LIST REPORT, or packets -: is this timeline the recording that 'list --json' and 'report --json' tell of?

Knows nothing of how it was made: reads the file by its public format, builds slices from begins and ends, and looks for
every hit, call, interrupt and wake-up of the list in it, for nothing else, and for each flow at the points that the list
names. Prints what there is, as JSON: counts by category.
"""
import collections
import json
import re
import sys
import zlib

RATE_NS = 10000000


class Slice:
    def __init__(self, track, begin, name, categories, args):
        self.track, self.begin, self.name, self.categories, self.args = track, begin, name, categories, args
        self.end = None
        self.depth = 0
        self.flows, self.ends = [], []
        self.inside = None

    def __repr__(self):
        return "%s %s on %s at %d" % (self.categories, self.name, self.track, self.begin)


def need(what, *why):
    if not what:
        raise AssertionError(" ".join(map(str, why)))


class Timeline:
    """What a viewer makes of it."""

    def __init__(self, parts=1):
        self.slices, self.counters, self.open, self.names, self.groups = [], collections.defaultdict(list), {}, {}, {}
        self.now, self.parts = 0, parts

    def at(self, ns):
        """In each part it goes on."""
        if ns < self.now:
            self.parts -= 1
        need(self.parts, "time goes back", self.now, ns)
        self.now = ns

    def begin(self, track, ns, name, categories, args):
        self.at(ns)
        s = Slice(track, ns, name, categories, args)
        stack = self.open.setdefault(track, [])
        s.depth = len(stack)
        s.inside = stack[-1] if stack else None
        stack.append(s)
        self.slices.append(s)
        return s

    def end(self, track, ns):
        self.at(ns)
        need(self.open.get(track), "an end without a begin on", track)
        s = self.open[track].pop()
        s.end = ns
        need(s.inside is None or s.inside.begin <= s.begin, s)

    def counter(self, name, ns, value):
        self.at(ns)
        self.counters[name].append((ns, value))

    def finish(self):
        need(not any(self.open.values()), "slices without an end", self.open)
        self.by = collections.defaultdict(list)
        for s in self.slices:
            self.by[s.categories[0]].append(s)


def us(text):
    """Decimals of us as ns: floats would round them."""
    whole, part = text.split(".")
    need(len(part) == 3, text)
    return int(whole) * 1000 + int(part)


def chrome(path, parts=1):
    t = Timeline(parts)
    d = json.load(open(path), parse_float=str)
    need(d["displayTimeUnit"] == "ns")
    names, processes = {}, {}
    for e in d["traceEvents"]:
        at, ph = (e["pid"], e["tid"]), e["ph"]
        if ph == "M":
            if e["name"] == "thread_name":
                need(at not in names, "two names of", at)
                names[at] = e["args"]["name"]
            elif e["name"] == "process_name":
                processes[e["pid"]] = e["args"]["name"]
            continue
        ns = us(e["ts"])
        if ph == "B":
            need(at in names, "a slice on a track without a name", e)
            t.begin(at, ns, e["name"], e["cat"].split(","), e["args"])
        elif ph == "E":
            need(t.open.get(at) and t.open[at][-1].name == e["name"], "ends what is not open", e)
            t.end(at, ns)
        elif ph == "C":
            need(e["pid"] in processes)
            t.counter(e["name"], ns, e["args"]["value"])
        else:
            need(ph in "stf" and t.open[at], "a flow outside of all slices", e)
            need(t.open[at][-1].begin == ns and (ph == "s" or e["bp"] == "e"), e)
            (t.open[at][-1].ends if ph == "f" else t.open[at][-1].flows).append(e["id"])
    t.names, t.groups = names, {at: processes.get(at[0]) for at in names}
    t.finish()
    return t


# --- Perfetto: numbers of protos/perfetto/trace/perfetto_trace.proto of https://github.com/google/perfetto ---

VARINT, FIXED64, BYTES = 0, 1, 2
INTERNED = {"iid": (1, VARINT), "text": (2, str)}
CLOCK = {"clock_id": (1, VARINT), "timestamp": (2, VARINT), "is_incremental": (3, VARINT)}
ANNOTATION = {"name_iid": (1, VARINT), "bool_value": (2, VARINT), "uint_value": (3, VARINT), "string_value_iid": (17, VARINT)}
EVENT = {"category_iids": (3, [VARINT]), "debug_annotations": (4, [ANNOTATION]), "type": (9, VARINT), "name_iid": (10, VARINT),
         "track_uuid": (11, VARINT), "counter_value": (30, VARINT), "flow_ids": (47, [FIXED64]),
         "terminating_flow_ids": (48, [FIXED64])}
PROCESS = {"pid": (1, VARINT), "process_name": (6, str)}
THREAD = {"pid": (1, VARINT), "tid": (2, VARINT), "thread_name": (5, str)}
TRACK = {"uuid": (1, VARINT), "name": (2, str), "process": (3, PROCESS), "thread": (4, THREAD), "parent_uuid": (5, VARINT),
         "counter": (8, {"unit_name": (6, str)}), "child_ordering": (11, VARINT), "sibling_order_rank": (12, VARINT),
         "description": (14, str)}
DICTS = {"event_categories": (1, [INTERNED]), "event_names": (2, [INTERNED]), "debug_annotation_names": (3, [INTERNED]),
         "debug_annotation_string_values": (29, [INTERNED])}
PACKET = {"clock_snapshot": (6, {"clocks": (1, [CLOCK]), "primary_trace_clock": (2, VARINT)}), "timestamp": (8, VARINT),
          "trusted_packet_sequence_id": (10, VARINT), "track_event": (11, EVENT), "interned_data": (12, DICTS),
          "sequence_flags": (13, VARINT), "trace_packet_defaults": (59, {"timestamp_clock_id": (58, VARINT)}),
          "track_descriptor": (60, TRACK), "first_packet_on_sequence": (87, VARINT)}
PACKED = {"compressed_packets": (50, bytes)}
CLEARED, NEEDS = 1, 2
STEPS = 64
MAX_PACKED = 512 * 1024  # trace_packet.proto of compressed_packets


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7f) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def message(data, at, end, schema, by_number={}):
    """The wire format; a field that the schema has not, or of another type, is an error."""
    if id(schema) not in by_number:
        by_number[id(schema)] = {number: (name, kind) for name, (number, kind) in schema.items()}
    fields, got = by_number[id(schema)], {}
    while at < end:
        tag, at = varint(data, at)
        need(tag >> 3 in fields, "no such field", tag >> 3, schema)
        name, kind = fields[tag >> 3]
        many = isinstance(kind, list)
        kind = kind[0] if many else kind
        want = kind if kind in (VARINT, FIXED64) else BYTES
        need(tag & 7 == want, "wire type of", name, tag & 7)
        if want == VARINT:
            value, at = varint(data, at)
        elif want == FIXED64:
            value, at = int.from_bytes(data[at:at + 8], "little"), at + 8
        else:
            size, at = varint(data, at)
            need(at + size <= end, name, "is longer than its message")
            value = data[at:at + size].decode("utf-8") if kind is str else data[at:at + size] if kind is bytes else \
                message(data, at, at + size, kind)
            at += size
        if many:
            got.setdefault(name, []).append(value)
        else:
            need(name not in got, name, "twice")
            got[name] = value
    need(at == end)
    return got


class Sequence:
    """Incremental state: numbers stand for texts that were sent since it was cleared."""

    def __init__(self):
        self.valid, self.known, self.ever, self.clears, self.now = False, {}, {}, 0, None

    def take(self, packet):
        flags = packet.get("sequence_flags", 0)
        if flags & CLEARED:
            self.valid, self.known = True, {}
            self.clears += 1
            need("trace_packet_defaults" in packet, "defaults are not sent again")
            self.clock = packet["trace_packet_defaults"]["timestamp_clock_id"]
            need(self.clock == STEPS, "clock", self.clock)
            self.now = None  # until it is tied to the trace's again
        # trace_packet.proto, of trace_packet_defaults: all that follow.
        need(flags in (CLEARED, NEEDS) and self.valid, "a packet that does not say whether it needs the state", packet)
        if "timestamp" in packet or "interned_data" in packet:
            need(flags & NEEDS, "a packet that clears the state and needs it", packet)
            need(self.now is not None, "time of a clock that is not tied to the trace's")
            self.now += packet.get("timestamp", 0)
        for kind, entries in packet.get("interned_data", {}).items():
            for e in entries:
                need(e["iid"] > 0 and self.ever.setdefault((kind, e["iid"]), e["text"]) == e["text"], "number used again", e)
                need((kind, e["iid"]) not in self.known, "sent twice", e)
                self.known[kind, e["iid"]] = e["text"]

    def text(self, kind, iid):
        need((kind, iid) in self.known, "a number without a text", kind, iid)
        return self.known[kind, iid]


def unpacked(data):
    for outer in message(data, 0, len(data), {"packet": (1, [PACKED])}).get("packet", []):
        packed = outer["compressed_packets"]
        need(len(packed) + 16 < MAX_PACKED, "too large", len(packed))
        yield zlib.decompress(packed)


def packets(path):
    """Of all that are compressed together, in order; nothing else is in the file."""
    data = open(path, "rb").read()
    for inner in unpacked(data):
        yield from message(inner, 0, len(inner), {"packet": (1, [PACKET])})["packet"]


def perfetto(path, parts=1):
    t, state, tracks, threads, primary, part = Timeline(parts), Sequence(), {}, set(), None, 1
    for packet in packets(path):
        if packet["trusted_packet_sequence_id"] == part + 1 and part < parts:
            part, state, t.now = part + 1, Sequence(), 0
        need(packet["trusted_packet_sequence_id"] == part, "sequence", packet)
        need(packet.get("first_packet_on_sequence", 0) == (state.clears == 0 and "trace_packet_defaults" in packet))
        state.take(packet)
        if "clock_snapshot" in packet:
            snapshot = packet["clock_snapshot"]
            clocks = {c["clock_id"]: c for c in snapshot["clocks"]}
            need(primary in (None, snapshot["primary_trace_clock"]), "another clock", snapshot)
            primary = snapshot["primary_trace_clock"]
            need(set(clocks) == {primary, STEPS} and clocks[STEPS]["is_incremental"] == 1 and
                 "is_incremental" not in clocks[primary], clocks)
            need(clocks[STEPS]["timestamp"] == clocks[primary]["timestamp"] == t.now, "clocks are apart", clocks, t.now)
            need(state.now is None, "the clock is set again")
            state.now = t.now
        if "track_descriptor" in packet:
            d = packet["track_descriptor"]
            need(d["uuid"] not in tracks, "a track twice")
            need(d.get("parent_uuid", d["uuid"]) in list(tracks) + [d["uuid"]], "parent comes late")
            if "thread" in d:
                need(d["thread"]["tid"] not in threads, "a thread twice")
                threads.add(d["thread"]["tid"])
            tracks[d["uuid"]] = d
            need("counter" not in d or d["counter"].get("unit_name") and d.get("description"), "a counter of what?", d)
            t.groups[d["uuid"]] = t.groups.get(d.get("parent_uuid")) or t.names.get(d.get("parent_uuid"))
            t.names[d["uuid"]] = d.get("name") or d.get("thread", {}).get("thread_name") or d["process"]["process_name"]
        if "track_event" not in packet:
            continue
        e, ns = packet["track_event"], state.now
        need("timestamp" in packet, "an event without a time")
        d = tracks[e["track_uuid"]]
        need(("counter" in d) == (e["type"] == 4) and "process" not in d and not ("child_ordering" in d), e, d)
        if e["type"] == 1:
            s = t.begin(e["track_uuid"], ns, state.text("event_names", e["name_iid"]),
                        [state.text("event_categories", i) for i in e["category_iids"]], {})
            for a in e.get("debug_annotations", []):
                key = state.text("debug_annotation_names", a["name_iid"])
                need(key not in s.args, "twice", key)
                s.args[key] = a["uint_value"] if "uint_value" in a else bool(a["bool_value"]) if "bool_value" in a else \
                    state.text("debug_annotation_string_values", a["string_value_iid"])
            s.flows, s.ends = e.get("flow_ids", []), e.get("terminating_flow_ids", [])
        elif e["type"] == 2:
            t.end(e["track_uuid"], ns)
        else:
            t.counter(t.names[e["track_uuid"]], ns, e["counter_value"])
    t.clears = state.clears
    t.finish()
    return t


def same(what, got, want):
    got, want = collections.Counter(got), collections.Counter(want)
    need(got == want, "%s: not in the list: %s; not in the timeline: %s" % (what, list((got - want).items())[:3],
                                                                            list((want - got).items())[:3]))


def cpu_of(t, s):
    m = re.match(r"CPU (\d+)(, beside)*$", t.names[s.track])
    need(m, s, "is on no CPU's track but", t.names[s.track])
    return int(m.group(1))


def check_flows(t, hits, calls):
    """Each begins once and ends once, at the points that the list has."""
    begins, ends = {}, {}
    for s in t.slices:
        for f in s.flows:
            need(f not in begins, "flow begins twice", f)
            begins[f] = s
        for f in s.ends:
            need(f not in ends, "flow ends twice", f)
            ends[f] = s
    need(set(begins) == set(ends), "flows with one end", list(set(begins) ^ set(ends))[:5])
    got = []
    for f, s in begins.items():
        e = ends[f]
        need(s.begin <= e.begin, "a flow back in time", s, e)
        need(s.categories[0] in ("send", "call"), s)
        need(e.categories[0] in ("interrupt", "function"), e)
        got.append((s.args.get("send_id"), s.begin, e.categories[0], cpu_of(t, e), e.begin))
    want = []
    for d in hits:
        arrives = d["outcome"] in ("delivered", "coalesced") and d["entry_ns"] is not None and d["entry_ns"] >= d["send_ns"]
        if arrives:
            want.append((d["send_id"], d["send_ns"], "interrupt", d["target"], d["entry_ns"]))
        inside = arrives and d["run_ns"] is not None and d["entry_ns"] <= d["run_ns"] <= (d["exit_ns"] or d["run_ns"])
        if d["run_ns"] is not None and not inside and d["run_ns"] >= d["send_ns"]:
            want.append((d["send_id"], d["send_ns"], "function", d["target"], d["run_ns"]))
    want += [(None, d["queue_ns"], "function", d["target"], d["run_ns"]) for d in calls
             if d["run_ns"] is not None and d["run_ns"] >= d["queue_ns"]]
    same("flows", got, want)
    return len(got)


def check_received(t, hits, calls, irqs):
    got = [(cpu_of(t, s), s.begin, s.end, "unsolicited" in s.categories, s.args.get("how") == "ambiguous")
           for s in t.by["interrupt"] if "not shown" not in s.categories]
    handler = lambda d, unsolicited: (d["target"], d["entry_ns"], max(d["exit_ns"] or 0, d["entry_ns"]), unsolicited,
                                      d["how"] == "ambiguous")
    same("interrupts", got, [handler(d, False) for d in hits if d["outcome"] == "delivered" and
                             d["entry_ns"] is not None and d["entry_ns"] >= d["send_ns"]] +
         [handler(d, d["outcome"] is None) for d in irqs])
    same("functions", [(cpu_of(t, s), s.begin, s.end, s.name) for s in t.by["function"]],
         [(d["target"], d["run_ns"], max(d["done_ns"] or 0, d["run_ns"]), d["func"] or d["class"]) for d in hits + calls
          if d["run_ns"] is not None and (d["kind"] == "hit" or d["run_ns"] >= d["queue_ns"])])
    # A function that an interrupt ran is in it.
    handlers = {(cpu_of(t, s), s.begin): s for s in t.by["interrupt"]}
    for s in t.by["function"]:
        need(s.inside is None or s.inside.end >= s.end, s)
    inside = {(d["target"], d["run_ns"]): (d["target"], d["entry_ns"]) for d in hits
              if d["outcome"] == "delivered" and d["run_ns"] is not None and d["exit_ns"] is not None and
              d["entry_ns"] <= d["run_ns"] <= (d["done_ns"] or d["run_ns"]) <= d["exit_ns"]}
    for s in t.by["function"]:
        at = inside.get((cpu_of(t, s), s.begin))
        if at and "beside" not in t.names[s.track]:
            need(s.inside, s, "is in no handler")
            top = s
            while top.inside:
                top = top.inside
            need(handlers.get(at) is top, s, "is not in its handler", at)


def check_sent(t, hits, calls, wakes):
    sends = collections.defaultdict(list)
    for d in hits:
        sends[d["send_id"]].append(d)
    got = []
    for s in t.by["send"]:
        ds = sends[s.args["send_id"]]
        need(ds, s, "is none")
        outcomes = collections.Counter(d["outcome"] for d in ds)
        if len(ds) == 1:
            need(s.args["outcome"] == ds[0]["outcome"] and s.args["target"] == ds[0]["target"], s, s.args)
            need(s.args.get("how") == ds[0]["how"], s, s.args, ds[0]["how"])
            marked = ds[0]["outcome"] if ds[0]["outcome"] in ("coalesced", "in_flight", "lost") else None
            need((marked in s.categories) == (marked is not None), s)
            need(("ambiguous" in s.categories) == (ds[0]["how"] == "ambiguous"), s)
        else:
            need(s.args["hits"] == len(ds) and all(s.args.get(k, 0) == outcomes[k] for k in
                 ("delivered", "coalesced", "in_flight", "lost", "unknown")), s, s.args, outcomes)
        need(("own" in s.categories) == ds[0]["own"], s)
        need(s.args.get("caller") == ds[0]["caller"] and s.args.get("func") == ds[0]["func"], s, s.args)
        need(s.end == max(ds[0]["sent_ns"], ds[0]["send_ns"]), s, s.end, ds[0]["sent_ns"])
        if ds[0]["context"] == "task":
            need(t.names[s.track].split(", beside")[0] == ds[0]["comm"], t.names[s.track], ds[0]["comm"])
        else:
            need(re.search(r"(CPU |swapper/)%d\b" % ds[0]["source"], t.names[s.track]), t.names[s.track])
        got.append((s.args["send_id"], s.begin))
    same("sends", got, [(i, ds[0]["send_ns"]) for i, ds in sends.items()])
    same("calls", [(s.args["target"], s.begin, s.name) for s in t.by["call"]],
         [(d["target"], d["queue_ns"], d["func"] or d["callsite"] or d["class"]) for d in calls])
    same("wake-ups", [(s.args["target"], s.begin) for s in t.by["wake"]], [(d["target"], d["queue_ns"]) for d in wakes])
    same("waits", [(s.end - s.begin, s.end) for s in t.by["wait"]],
         [(d["wait_ns"], max(d["done_ns"], (d["sent_ns"] or d["queue_ns"]) + d["wait_ns"])) for d in hits + calls
          if d["wait_ns"] is not None])


def check_counters(t, hits):
    """Both follow from the slices."""
    changes, arrivals = collections.defaultdict(collections.Counter), collections.defaultdict(collections.Counter)
    for d in hits:
        arrives = d["outcome"] in ("delivered", "coalesced") and d["entry_ns"] is not None and d["entry_ns"] >= d["send_ns"]
        if arrives:
            changes[d["target"]][d["entry_ns"]] -= 1
        if arrives or d["outcome"] == "in_flight":
            changes[d["target"]][d["send_ns"]] += 1
    for s in t.by["interrupt"]:
        if "not shown" not in s.categories:
            arrivals[cpu_of(t, s)][s.begin // RATE_NS] += 1
    for cpu, by_time in changes.items():
        value, want = 0, []
        for ns in sorted(by_time):
            value += by_time[ns]
            want.append((ns, value))
        need(t.counters["CPU %d pending" % cpu] == want, "pending of CPU", cpu)
    for cpu, steps in arrivals.items():
        samples, value = dict(t.counters["CPU %d interrupts/s" % cpu]), 0
        for step in range(min(steps), max(steps) + 1):
            value = samples.get((step + 1) * RATE_NS, value)
            need(value == steps[step] * (10 ** 9 // RATE_NS), "rate of CPU", cpu, "at", step * RATE_NS, value, steps[step])
    need(len(t.counters) == len(changes) + len(arrivals), sorted(t.counters))


def check_totals(t, d, hits, calls):
    totals, count = d["totals"], lambda c: len(t.by[c])
    same("totals", [("interrupts", len([s for s in t.by["interrupt"] if "not shown" not in s.categories])),
                    ("unsolicited", sum("unsolicited" in s.categories for s in t.by["interrupt"])),
                    ("ambiguous", sum(s.args.get("how") == "ambiguous" for s in t.by["interrupt"])),
                    ("local_calls", count("local function")), ("waits", count("wait"))],
         [(k, totals[k] if totals[k] is not None else len(t.by["interrupt"]) if k == "interrupts" else n) for k, n in
          (("interrupts", 0), ("unsolicited", 0), ("ambiguous", 0), ("local_calls", count("local function")), ("waits", 0))])
    if totals["sends"] is not None:
        need(count("send") == len({h["send_id"] for h in hits}), count("send"))
    # Some calls run without a function entry of their own.
    if totals["calls_run"] is not None:
        need(count("function") <= totals["calls_run"], "functions", count("function"), totals["calls_run"])


def main():
    if sys.argv[1] == "packets":
        # As a trace is that nobody compressed: traces behind each other are one.
        for inner in unpacked(sys.stdin.buffer.read()):
            sys.stdout.buffer.write(inner)
        return
    form, path, listed, reported = sys.argv[1:5]
    lines = [json.loads(line) for line in open(listed)]
    kinds = collections.defaultdict(list)
    for d in lines:
        kinds[d["kind"]].append(d)
    hits, calls, irqs, wakes = (kinds[k] for k in ("hit", "call", "irq", "wake"))
    t = READERS[form](path)
    flows = check_flows(t, hits, calls)
    check_received(t, hits, calls, irqs)
    check_sent(t, hits, calls, wakes)
    check_counters(t, hits)
    check_totals(t, json.load(open(reported)), hits, calls)
    counts = {c: len(s) for c, s in t.by.items()}
    counts["flows"] = flows
    for c in ("coalesced", "ambiguous", "in_flight", "lost", "own", "not shown"):
        counts[c] = sum(c in s.categories[1:] for s in t.slices)
    counts["beside"] = sum("beside" in n for n in t.names.values())
    counts["clears"] = getattr(t, "clears", 0)
    print(json.dumps(counts))


READERS = {"chrome": chrome, "perfetto": perfetto}

if __name__ == "__main__":
    main()
