#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""timeline_guest.py FORMAT FILE KVM_REPORT HOST_LIST GUEST_LIST OFFSET: is this the timeline of a host and its guest?

KVM_REPORT is 'report --kvm=caller,kick --guest --json' of both, the lists are 'list --json' of each. OFFSET: of the guest's
clock less the host's, or "-" where it is not known. Every IPI of the report is there with its stages, and a flow leads from
the guest's send through it to the guest's handler; both recordings are there as a whole. Prints what there is, as JSON.
"""
import collections
import json
import sys

import timeline
from timeline import need, same

HOST_STAGES = ("exit_accept", "accept_wake", "runq", "run_inject", "inject_entry")
GUEST_STAGES = ("send_exit", "entry_handler")


def check_stages(ipis, stages):
    """Stages of an IPI follow each other without a gap, from its begin to its end, and are in its args."""
    inside = collections.defaultdict(list)
    for s in stages:
        need(s.inside is not None and s.inside.categories[0] == "guest's IPI", s, "is in no IPI")
        inside[id(s.inside)].append(s)
    for s in ipis:
        at = s.begin
        for stage in inside[id(s)]:
            need(stage.begin == at and stage.end - stage.begin == s.args[stage.name], s, stage)
            at = stage.end
        need(at == s.end, s, "has time that is in no stage")
        need({stage.name for stage in inside[id(s)]} == set(s.args) & set(HOST_STAGES), s, s.args)
        if "total" in s.args and all(k in s.args for k in GUEST_STAGES):
            need(s.args["total"] == sum(s.args[k] for k in HOST_STAGES + GUEST_STAGES if k in s.args), s, s.args)


def check_rows(ipis, report):
    rows = collections.defaultdict(list)
    for s in ipis:
        rows[s.args.get("caller"), s.args["kick"]].append(s)
    need(set(rows) == {(r["caller"], r["kick"]) for r in report["rows"]}, "rows", rows.keys())
    for r in report["rows"]:
        mine = rows[r["caller"], r["kick"]]
        need(len(mine) == r["ipis"], r)
        need(sum("host only" in s.categories for s in mine) == r["host_only"], r)
        same("outcomes", collections.Counter(s.args["outcome"] for s in mine), {k: n for k, n in r["outcomes"].items() if n})
        whole = [s for s in mine if "total" in s.args]
        delivered = [s for s in mine if s.args["outcome"] == "delivered"]
        need((r["total"] or {"count": 0, "sum": 0})["count"] == len(whole), r, len(whole))
        need((r["total"] or {"sum": 0})["sum"] == sum(s.args["total"] for s in whole), r)
        for key in HOST_STAGES + (() if report["guest"]["width"] else GUEST_STAGES):
            got = [s.args[key] for s in delivered if key in s.args]
            want = r["stages"][key] or {"count": 0, "sum": 0}
            need((len(got), sum(got)) == (want["count"], want["sum"]), key, got, want)


def check_join(joins, guest):
    need(len(joins) == 1, joins)
    a = joins[0].args
    for key in ("joined", "uncertain", "host_only", "guest_uncertain", "guest_only", "host_outside", "guest_outside", "no_class",
                "handlers_missing", "drift_ppm"):
        need(a[key] == guest[key], key, a, guest)
    need((a["offset_known"] == "yes") == guest["offset_known"] and a.get("offset_from") == guest["offset_from"], a)
    need(a["error_ns"] == (guest["width"] + 1) // 2, a, guest["width"])


def is_guests(t, s):
    return (t.groups[s.track] or "").startswith("guest: ")


def check_flows(t, ipis):
    """Returns how many lead all the way."""
    at = collections.defaultdict(list)
    for s in t.slices:
        for f in s.flows:
            at[f].append((s, False))
        for f in s.ends:
            at[f].append((s, True))
    through = {f for s in ipis for f in s.flows + s.ends}
    whole = 0
    for f, ends in at.items():
        ends.sort(key=lambda x: x[0].begin)
        slices = [s for s, _ in ends]
        need([last for _, last in ends] == [False] * (len(ends) - 1) + [True], "flow", f, ends)
        if f not in through:
            need(len(ends) == 2 and is_guests(t, slices[0]) == is_guests(t, slices[1]), "flow", f, ends)
            continue
        send, ipi = slices[:2]
        need(send.categories[0] == "send" and is_guests(t, send) and ipi.categories[0] == "guest's IPI", f, ends)
        need(send.args["send_id"] == ipi.args["send_id"] and send.args["target"] == ipi.args["target"], send.args, ipi.args)
        if "send_exit" in ipi.args:
            need(ipi.begin - ipi.args["send_exit"] in range(send.begin, send.end + 1), send, ipi)
        if len(slices) == 2:
            continue
        handler = slices[2]
        need(len(slices) == 3 and handler.categories[0] == "interrupt" and is_guests(t, handler), f, ends)
        need(timeline.cpu_of(t, handler) == ipi.args["target"] and handler.begin >= ipi.end, ipi, handler)
        if "entry_handler" in ipi.args:
            need(handler.begin == ipi.end + ipi.args["entry_handler"], ipi, handler)
        whole += 1
    return whole


def check_recording(t, slices, lines, offset):
    """The slices of one of both, by its list; offset None: it is not known."""
    hits = [d for d in lines if d["kind"] == "hit"]
    shift = offset or 0
    sends = [s for s in slices if s.categories[0] == "send"]
    irqs = [s for s in slices if s.categories[0] == "interrupt"]
    received = [d for d in hits if d["outcome"] == "delivered"] + [d for d in lines if d["kind"] == "irq"]
    if offset is None:
        need([s.args["send_id"] for s in sends] == sorted({d["send_id"] for d in hits}), "sends")
        received.sort(key=lambda d: d["entry_ns"])
        need(len(irqs) == len(received), "handlers", len(irqs), len(received))
        for s, d in zip(irqs, received):
            # Each as long as it was, but for the drift that is reckoned with, and rounding.
            long = d["exit_ns"] - d["entry_ns"]
            need(timeline.cpu_of(t, s) == d["target"] and abs(s.end - s.begin - long) <= 1 + long // 1000, s, d)
        return
    same("sends", [(s.args["send_id"], s.begin) for s in sends], {(d["send_id"], d["send_ns"] - shift) for d in hits})
    same("handlers", [(timeline.cpu_of(t, s), s.begin, s.end) for s in irqs],
         [(d["target"], d["entry_ns"] - shift, d["exit_ns"] - shift) for d in received])


def main():
    form, path, reported, host, guest, offset = sys.argv[1:7]
    report = json.load(open(reported))
    lists = [[json.loads(line) for line in open(f)] for f in (host, guest)]
    t = timeline.READERS[form](path, 3)
    ipis = t.by["guest's IPI"]
    rest = [s for s in t.slices if s.categories[0] not in ("guest's IPI", "stage", "join")]
    check_stages(ipis, t.by["stage"])
    check_rows(ipis, report)
    check_join(t.by["join"], report["guest"])
    whole = check_flows(t, ipis)
    need(len([s for s in ipis if "send_id" in s.args]) == report["guest"]["joined"], "joined")
    check_recording(t, [s for s in rest if not is_guests(t, s)], lists[0], 0)
    check_recording(t, [s for s in rest if is_guests(t, s)], lists[1], None if offset == "-" else int(offset))
    print(json.dumps({"ipis": len(ipis), "stages": len(t.by["stage"]), "whole": whole, "sends": len(t.by["send"]),
                      "handlers": len(t.by["interrupt"])}))


if __name__ == "__main__":
    main()
