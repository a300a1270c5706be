#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The page of "diff --html", without and with a browser.

data PAGE DIFF SCHEMA		what is in it: by its schema, and against "diff --json" of the same
look PAGE DIFF DIR NAME		a browser: totals, rows, intervals, distributions, keys; pictures into DIR
Each prints what does not hold, and nothing where all does.
"""
import json
import re

from jsonschema_small import faults
from page import check, closed, data_of, finish, opened, pictures, same, tabbed, text_of, time_text


def data(page_path, diff_path, schema_path):
    raw = data_of(page_path)[1]
    both = json.loads(raw)
    for fault in faults(both, json.load(open(schema_path))):
        check(False, f"schema: {fault}")
    check(not re.search("[<>&\u2028\u2029]", raw), "the data hold a character that HTML or script reads")
    same(both["diff"], json.load(open(diff_path)), "the comparison")
    for row, dists in zip(both["diff"]["rows"], both["page"]["distributions"]):
        for side in "ab":
            flat = dists[side]["delivery"]
            value = row["delivery_p50_ns"] and row["delivery_p50_ns"][side]
            same(flat is None, value is None, f"{row['caller']} {row['func']}: a distribution of {side}, where there is a median {value}")
            if flat is None:
                continue
            want, at = (sum(flat[1::2]) + 1) // 2, 0
            for low, n in zip(flat[::2], flat[1::2]):
                at += n
                if at >= want:
                    break
            check(low * 0.98 <= value <= low * 1.15 + 1, f"the median {value} is in the bucket of {low}")


def paired(d, diff):
    """Both sides of a distribution have the same axes, and the percentiles that were compared."""
    row = diff["rows"][d.run("return Number(document.querySelector('#rows tr[aria-expanded=\"true\"]').dataset.row)")]
    for figure in d.run("return [...document.querySelectorAll('.pairs figure')].map(f => [f.querySelector('strong').textContent,"
                        "[...f.querySelectorAll('svg')].map(s => [[...s.querySelectorAll('.tick')].map(t => t.textContent + t.getAttribute('transform')),"
                        "s.getBoundingClientRect().left, s.getAttribute('aria-label')])])"):
        name, sides = figure
        if len(sides) < 2:
            continue
        same(sides[0][:2], sides[1][:2], f"axes of {name}")
        check(len(sides[0][0]) > 0, f"{name} has ticks")
        for side, (_, _, label) in zip("ab", sides):
            for p in ("p50", "p99"):
                compared = row.get(f"{name}_{p}_ns")
                if compared and compared[side] is not None:
                    check(f"{p} {time_text(compared[side])}" in label, f"{name} of {side}: {label}, want {p} {time_text(compared[side])}")
                else:
                    check(f"{p} ≈" in label, f"{name} of {side}: {label} is marked")


def look(page_path, diff_path, where, name):
    diff = json.load(open(diff_path))
    d = opened(page_path)
    try:
        metrics = json.loads(data_of(page_path)[1])["page"]["metrics"]

        def significant(row):
            return [m["key"] for m in metrics if row[m["key"]] and row[m["key"]]["significant"]]

        changed = [i for i, r in enumerate(diff["rows"]) if significant(r)]
        verdict = d.run("return document.getElementById('verdict').textContent")
        caveat = json.loads(data_of(page_path)[1])["page"]["caveat"]
        same(caveat is None, diff["observed"] != "slices", "what one run a side could not show")
        same((text_of(d, "#caveat") or "").lower(), f"{caveat}.".lower() if caveat else "", "is said")
        if diff["verdict"] == "no_significant_change":
            same(d.run("return document.getElementById('verdict').className"), f"verdict {'neutral' if caveat else 'good'}", "is no reason to be reassured")
        check({"changed": "Changed", "no_significant_change": "No significant", "not_decided": "Not decided"}[diff["verdict"]] in verdict, verdict)
        got = d.run("return [...document.querySelectorAll('#totals tbody tr')].map(r => [r.dataset.metric, "
                    "r.querySelector('strong') !== null, r.querySelector('svg').getAttribute('aria-label')])")
        same([m for m, s, _ in got if s], significant(diff["totals"]), "totals that changed")
        same([m for m, _, _ in got], [m["key"] for m in metrics if diff["totals"][m["key"]]], "totals")
        for m, _, label in got:
            v = diff["totals"][m]
            check(v["ratio"] is None or "95 % interval" in label, f"an interval: {label}")
        ns = [m["key"] for m in metrics if m["kind"] == "time" and diff["totals"][m["key"]]]
        for key in ns:
            cells = d.run("return [...document.querySelectorAll(`#totals tr[data-metric='${arguments[0]}'] td`)].slice(0, 2).map(c => c.textContent)", key)
            same(cells, [time_text(diff["totals"][key][s]) for s in "ab"], key)
        shown = "return [...document.querySelectorAll('#rows tr[data-row]')].map(r => Number(r.dataset.row))"
        same(d.run(shown), changed or list(range(len(diff["rows"]))), "rows to begin with")
        if changed:
            d.click("#only")
        same(d.run(shown), list(range(len(diff["rows"]))), "all rows")
        d.type("#search", "flush_tlb")
        same(d.run(shown), [i for i, r in enumerate(diff["rows"]) if "flush_tlb" in f"{r['caller']} {r['func']}"], "searched")
        d.run("document.querySelector('#rows tr[data-row]').focus()")
        d.keys("\ue007")
        drawn = d.run("return [document.querySelectorAll('.detail .metrics tbody tr').length, document.querySelectorAll('.detail .hist').length]")
        check(drawn[0] >= 4 and drawn[1] >= 2, f"what a row has: {drawn}")
        paired(d, diff)
        for m in metrics:
            d.click(f"#rows button[data-value='{m['key']}']")
        if changed:
            tabbed(d, name)
        pictures(d, where, name)
    finally:
        closed(d, page_path)


if __name__ == "__main__":
    finish({"data": data, "look": look})
