#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""A flight recorder's file against an ordinary recording that was made beside it.

	flight.py same FLIGHT.json ORDINARY.json COMM	every IPI of COMM in the flight's window, and no other
	flight.py apart TRIP LIST.json			none of these lines is of the 100 ms before TRIP, which is in seconds
	flight.py rate LIST.json START_NS OVER		how many lines have a rate above OVER, by the definition in ipitrace-list(1)

Both of the first are lines of `list --json`. Two tracers stamp the same send twice, some us apart, so the sends of one task from one CPU, which are
in order in both, are put side by side: each of the flight's is next to the one at the same distance from the first.
"""
import bisect
import collections
import json
import sys


def sends(path, comm):
    by = collections.defaultdict(list)
    for line in open(path):
        d = json.loads(line)
        # A call that was queued before the window is not known in it.
        if d["class"] != "reschedule" and d["func"] is None:
            continue
        if d["kind"] == "hit" and d["comm"] == comm and d["send_ns"] is not None:
            by[d["pid"], d["source"], d["target"], d["func"], d["class"]].append((d["send_ns"], d["outcome"]))
    return {key: sorted(all_) for key, all_ in by.items()}


def same(flight, ordinary, comm):
    ours, theirs = sends(flight, comm), sends(ordinary, comm)
    total = 0
    for key, hits in ours.items():
        stamps = [at for at, _ in theirs.get(key, [])]
        if len(stamps) < len(hits):
            return f"{key}: {len(hits)} in the window, {len(stamps)} in all"
        shifts = collections.Counter()
        for i, (at, _) in enumerate(hits):
            j = bisect.bisect_left(stamps, at)
            if j and (j == len(stamps) or at - stamps[j - 1] < stamps[j] - at):
                j -= 1
            shifts[j - i] += 1
        shift, nr = shifts.most_common(1)[0]
        if nr < len(hits) * 0.98:
            return f"{key}: something is missing in between: {shifts.most_common(4)}"
        beside = theirs[key][shift : shift + len(hits)]
        # The last may have been under way when the window ended.
        differs = [i for i, (a, b) in enumerate(zip(hits[:-4], beside)) if a[1] != b[1]]
        if len(beside) != len(hits) or differs:
            return f"{key}: outcomes differ at {differs[:4]}"
        total += len(hits)
    if not total:
        return "nothing to compare"
    print(f"{total} hits are the same")


def apart(trip, path):
    trip = int(float(trip) * 1e6)
    lines = [json.loads(line) for line in open(path)]
    begins = [(d["queue_ns"] or d["send_ns"]) // 1000 for d in lines]
    before = [us for us in begins if trip - 99999 < us < trip]
    # What lies around a window's begin makes a difference of a line or two to a rate.
    if len(before) > 3:
        return f"{len(before)} of the same storm before {trip} us, the last {trip - before[-1]} us"


def rate(path, start, over):
    stamps, nr = [], 0
    for line in open(path):
        d = json.loads(line)
        if d["kind"] == "hit":
            stamps.append(d["send_ns"])
        if not stamps or stamps[-1] < int(start) + 100000000:
            continue
        oldest = (stamps[-1] // 1000000 - 99) * 1000000
        hits = len(stamps) - bisect.bisect_left(stamps, oldest)
        nr += hits * 1000000000 // (stamps[-1] - oldest) > int(over)
    print(nr)


if __name__ == "__main__":
    sys.exit({"same": same, "rate": rate, "apart": apart}[sys.argv[1]](*sys.argv[2:]))
