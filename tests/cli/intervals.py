#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The intervals of `ipitrace diff` of two single recordings, from `list --json` and by other means.

intervals.py IPITRACE A B: of hits and delivered, totals and every row, as the
manual says: slices of time, alone, in pairs and in fours, their slow part as if
from run to run, never less than Poisson's variance, Fieller's theorem, and the
widest of the three.
"""
import collections
import json
import math
import re
import subprocess
import sys

SLICES = 32
FIRST_WIDTH = 1024


def run(ipitrace, *args):
    out = subprocess.run([ipitrace, *args], capture_output=True, text=True)
    assert out.returncode in (0, 3), (args, out.stderr)
    return out.stdout


def name(text):
    if text is None or text.startswith("0x"):
        return text and "?"
    return re.sub(r"(?<=.)\.(isra\.|constprop\.|part\.|cold|llvm\.)[^ ]*", "", re.sub(r"\+0x[0-9a-f]+", "", text))


def quantile(df, cache={}):
    """t of which Student's distribution has 2.5 % above, by integration."""
    if df not in cache:
        norm = math.exp(math.lgamma((df + 1) / 2) - math.lgamma(df / 2)) / math.sqrt(df * math.pi)
        t, area, step = 0, 0, 1e-3
        while area < .475:
            last = step * norm * (1 + (t + step / 2) ** 2 / df) ** (-(df + 1) / 2)
            area += last
            t += step
        cache[df] = t - step * (area - .475) / last
    return cache[df]


class Side:
    def __init__(self, ipitrace, path):
        trace = json.loads(run(ipitrace, "report", "--json", path))["trace"]
        self.begin, self.end = trace["start_ns"], trace["end_ns"]
        self.seconds = (self.end - self.begin) / 1e9
        lines = [json.loads(line) for line in run(ipitrace, "list", "--json", path).splitlines()]
        hits = [line for line in lines if line["kind"] == "hit"]
        last = max([self.end] + [h["send_ns"] for h in hits])
        # The first one begins when tracing was on for sure; what was recorded right before that is in it, too.
        on = re.search(rb"^on_ns (\d+)$", open(path, "rb").read(), re.M)
        on = int(on.group(1)) if on else self.begin
        width = FIRST_WIDTH
        while (last - on) // width >= SLICES:
            width *= 2
        self.nr = (self.end - on) // width + 1
        edges = [self.begin] + [on + i * width for i in range(1, self.nr)] + [self.end]
        self.exposure = [(b - a) / 1e9 for a, b in zip(edges, edges[1:])]
        self.counts = collections.defaultdict(lambda: [0] * self.nr)
        for h in hits:
            at = max(0, (h["send_ns"] - on) // width)
            for key in ["totals"] + ([] if h["own"] else [(name(h["caller"]), name(h["func"]))]):
                self.counts["hits_per_s", key][at] += 1
                if h["outcome"] == "delivered":
                    self.counts["delivered_per_s", key][at] += 1

    def levels(self, metric, key):
        """(value, [(variance, freedom)]) of slices alone, in pairs, in fours."""
        counts = self.counts[metric, key]
        value = sum(counts) / self.seconds
        out = []
        for width in 1, 2, 4:
            x, w = [], []
            for at in range(0, self.nr, width):
                w.append(sum(self.exposure[at:at + width]))
                x.append(sum(counts[at:at + width]) / w[-1] if w[-1] else 0)
            total, squares = sum(w), sum(v * v for v in w)
            n = total * total / squares
            spread = sum((b * (a - value)) ** 2 for a, b in zip(x, w))
            out.append([n / (n - 1) * spread / total ** 2 if n > 1 else 0, n - 1])
        slow = max(0, out[-1][0] - out[0][0]) * (out[-1][1] + 1)
        least = value / self.seconds
        return value, [(max(v + slow, least), freedom) for v, freedom in out]


def fieller(a, b, va, vb, fa, fb):
    ratio = b / a
    w = ratio ** 2 * va
    t = quantile((w + vb) ** 2 / (w * w / fa + vb * vb / fb) if w + vb else fa + fb)
    square, linear, constant = a * a - t * t * va, a * b, b * b - t * t * vb
    root = math.sqrt(max(0, linear ** 2 - square * constant))
    if square > 0:
        return max(0, (linear - root) / square), (linear + root) / square
    return max(0, (linear - root) / square if constant > 0 and square < 0 else 0), math.inf


def same(x, y):
    return x == y or abs(x - y) <= 2e-3 * max(abs(x), abs(y), 1e-3)


def main():
    ipitrace, *paths = sys.argv[1:]
    diff = json.loads(run(ipitrace, "diff", "--json", *paths))
    sides = [Side(ipitrace, p) for p in paths]
    nr = 0
    for row in diff["rows"] + [dict(diff["totals"], caller=None)]:
        key = (row["caller"], row["func"]) if "func" in row else "totals"
        for metric in "hits_per_s", "delivered_per_s":
            got = row[metric]
            if not got or not got["a"] or got["low"] is None:
                continue
            (a, la), (b, lb) = (s.levels(metric, key) for s in sides)
            assert same(a, got["a"]) and same(b, got["b"]), (key, metric, a, b, got)
            each = [fieller(a, b, va, vb, fa, fb) for (va, fa), (vb, fb) in zip(la, lb)]
            low, high = min(e[0] for e in each), max(e[1] for e in each)
            assert same(low, got["low"]), (key, metric, low, high, got)
            assert same(high, math.inf if got["high"] is None else got["high"]), (key, metric, low, high, got)
            nr += 1
    print(nr, "intervals")
    assert nr >= 10, nr


main()
