# SPDX-License-Identifier: GPL-2.0-only
"""waits.py OPERATIONS FUNC LEAST < LINES: the waits of a workload lie within the round trips that it measured.

OPERATIONS: what an example wrote by -o, its own clock. LINES: list --json of its sends. Of FUNC at least LEAST waits are
to be known. Each lies within one operation, from its send to its end, and the waits of an operation do not exceed it.
"""
import bisect
import json
import sys

ops = [tuple(map(int, line.split())) for line in open(sys.argv[1])]
starts = [start for start, _ in ops]
func, least = sys.argv[2], int(sys.argv[3])
inside, waited = {}, []
for line in map(json.loads, sys.stdin):
    if line["wait_ns"] is None or line["func"] != func:
        continue
    end = line["done_ns"]
    begin = end - line["wait_ns"]
    if end < ops[0][0] or begin > ops[-1][1]:  # before the first operation, or behind the last
        continue
    # A target that takes calls from its queue without an interrupt may be done while the sender's stack is taken.
    assert line["queue_ns"] <= end and (not line["sent_ns"] or line["sent_ns"] <= end or not line["wait_ns"]), line
    i = bisect.bisect_right(starts, begin) - 1
    assert i >= 0 and ops[i][0] <= line["queue_ns"] and end <= ops[i][1], (ops[i], line)
    inside[i] = inside.get(i, 0) + line["wait_ns"]
    waited.append(line["wait_ns"])
took = [end - start for start, end in ops]
assert len(waited) >= least, (len(waited), least)
assert all(ns <= took[i] for i, ns in inside.items())
assert max(waited, default=0) <= max(took) and sum(waited) <= sum(took)
print(f"{len(waited)} waits in {len(ops)} operations: {sum(waited)} of {sum(took)} ns, longest {max(waited, default=0)} of {max(took)} ns")
