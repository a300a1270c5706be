#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The page of "report --html", without and with a browser.

data PAGE REPORT SCHEMA		what is in it: by its schema, and against "report --json" of the same recording
look PAGE REPORT DIR NAME	a browser: numbers, sorting, filters, window, matrix, theme, keys; pictures into DIR
wide PAGE REPORT DIR		one of many CPUs
claims DIR (PAGE REPORT)...	a browser: that what pages say of themselves is so, be they of a window, of a part or of nothing
shortbin PAGE			prints a window of the recording that ends in a bin of 2 us with a hit in it
hostile PAGE MARK		names that are HTML and script are text, and nothing else
Each prints what does not hold, and nothing where all does.
"""
import json
import re
import sys

from browser import Driver
from jsonschema_small import faults

UNTIMED_NS = 2 ** 62
UNITS = {"ns": 1, "µs": 1e3, "ms": 1e6, "s": 1e9}
bad = []


def check(held, what):
    if not held:
        bad.append(what)


def same(got, want, what):
    check(got == want, f"{what}: {got!r}, want {want!r}")


def data_of(path):
    text = open(path, encoding="utf-8").read()
    found = re.search(r'<script type="application/json" id="data">\n(.*?)</script>', text, re.S)
    return text, found.group(1)


# --- what is in it ---

def bucket_low(bucket, bits):
    if bits is None or bucket < 1 << bits:
        return bucket if bits is not None else 0
    shift = (bucket >> bits) - 1
    return (bucket - (shift << bits)) << shift


def cells(cube, ns):
    for a, b, *_, flat in cube["cells"]:
        at = 0
        for i in range(0, len(flat), 3):
            at += flat[i]
            yield (a, b, at, flat[i + 1], flat[i + 2]) if ns else (a, b, at, flat[i + 2], flat[i + 1])


def pairs_of(report):
    """Hits by source and target, of a report with --matrix count."""
    m = report["matrix"]
    return {(source, target): n for source, line in zip(m["sources"], m["cells"]) for target, n in zip(m["targets"], line) if n}


def data(page_path, report_path, schema_path):
    text, raw = data_of(page_path)
    report = json.load(open(report_path))
    both = json.loads(raw)
    page = both["page"]
    rows = report["rows"]
    for fault in faults(both, json.load(open(schema_path))):
        check(False, f"schema: {fault}")

    # Nothing in the data can end it, or open something.
    check(not re.search("[<>&\u2028\u2029]", raw), "the data hold a character that HTML or script reads")
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text).group(1)
    check(policy.startswith("default-src 'none'; script-src 'sha256-") and "unsafe" not in policy, f"policy: {policy}")
    check(not re.search(r"(?:src|href)\s*=\s*[\"']?(?!data:,)[a-z]+:", re.sub(r"<script>.*?</script>", "", text, flags=re.S)),
          "the page refers to something outside")

    for key in ("trace", "totals", "interrupts_by_class", "coverage", "by", "rows_total"):
        same(both["report"][key], report[key], key)
    ids = [c["id"] for c in page["columns"]]
    hits = ids.index("target_hits")
    same([r[hits] for r in page["rows"]], [r["target_hits"] for r in rows], "hits of the rows")
    for column, dist, key in (("delivery_p50", "delivery_ns", "p50"), ("delivery_p99", "delivery_ns", "p99"),
                              ("wait_p99", "wait_ns", "p99"), ("handler_sum", "handler_ns", "sum")):
        same([r[ids.index(column)] for r in page["rows"]], [r[dist][key] if r[dist] else None for r in rows], column)

    # Cells add up to the rows: in all, by row, by target and by process.
    nr = len(rows)
    own = report["own"]
    want = [r["target_hits"] or 0 for r in rows] + [0, own["target_hits"] or 0, report["totals"]["unsolicited"] or 0]
    stolen = [r["handler_ns"]["sum"] if r["handler_ns"] else 0 for r in rows]
    for name, ns in (("targets", True), ("tasks", True), ("delivery", False)):
        got, took, timed = [0] * (nr + 3), [0] * (nr + 3), [0] * (nr + 3)
        for row, _, _, n, extra in cells(page[name], ns):
            got[row] += n
            if ns:
                took[row] += extra
            elif bucket_low(extra, page[name]["bucket_bits"]) < UNTIMED_NS:
                timed[row] += n
        same(got[:nr + 2], want[:nr + 2], f"hits in {name}")
        if name == "targets":
            check(report["totals"]["unsolicited"] is None or got[nr + 2] == want[nr + 2], f"{got[nr + 2]} unsolicited in targets, want {want[nr + 2]}")
        if ns:
            same(took[:nr], stolen, f"stolen in {name}")
        elif page[name]["bucket_bits"] is not None:
            same(timed[:nr], [r["delivery_ns"]["count"] if r["delivery_ns"] else 0 for r in rows], "deliveries")
    pairs = {}
    for source, target, _, n, _ in cells(page["matrix"], False):
        pairs[source, target] = pairs.get((source, target), 0) + n
    same(sum(pairs.values()), report["totals"]["target_hits"] or 0, "hits in the matrix")
    if page["matrix"]["cpus_each"] == 1:
        same(pairs, pairs_of(report), "the matrix")

    # Flows have the same, told apart in another way: by row and process, and who hits whom.
    by_row, by_task, flows = [0] * (nr + 3), {}, {}
    others = page["flow_names"].index([None, None]) if [None, None] in page["flow_names"] else None
    for flow, source, target, flat in page["flows"]["cells"]:
        n = sum(flat[2::3])
        row, task = page["flow_names"][flow]
        flows[source, target] = flows.get((source, target), 0) + n
        if flow != others:
            by_row[row] += n
            by_task[task] = by_task.get(task, 0) + n
    if others is None:
        same(by_row[:nr + 2], want[:nr + 2], "hits in flows")
        if not page["tasks"]["merged"]:
            tasks = {}
            for _, task, _, n, _ in cells(page["tasks"], True):
                tasks[task] = tasks.get(task, 0) + n
            same(by_task, tasks, "hits of processes in flows")
    if page["matrix"]["cpus_each"] == page["flows"]["cpus_each"]:
        same(flows, pairs, "who hits whom in flows")

    # Each distribution has its samples, in buckets that hold those of the report.
    for row, dists in zip(rows, page["distributions"]):
        for name, flat in dists.items():
            whole = row[f"{name}_ns"]
            same(sum(flat[1::2]) if flat else 0, whole["count"] if whole else 0, f"samples of {name}")
    reach = (report["trace"]["window"] or report["trace"])["duration_ns"]
    for name in ("delivery", "targets", "tasks", "matrix"):
        check(page["timeless"] or not reach or 256 * page[name]["bin_ns"] >= reach, f"bins of {name} end before the recording")
    lines = page["lines"]
    at = {k: i for i, (k, _) in enumerate(lines["keys"])}
    for line in lines["lines"]:
        row, names = line[at["row"]], page["columns"]
        if row is None or row >= nr:
            continue
        for c, value in zip(names, page["rows"][row]):
            if c["key"] and c["id"] in at:
                have = line[at[c["id"]]]
                have = page["strings"][have] if have is not None and c["unit"] == "name" else have
                check(have == value or c["id"] == "comm", f"a line of row {row}: {c['id']} {have!r}, want {value!r}")
    if lines["length_ns"] == lines["period_ns"] and not lines["cut"]:
        kind = [k for k, _ in lines["keys"]].index("kind")
        same(sum(page["strings"][line[kind]] == "hit" for line in lines["lines"]), report["totals"]["target_hits"] or 0,
             "single IPIs")
    same(sum(s[1] for s in page["stacks"]) + page["stacks_missing"], report["totals"]["target_hits"] or 0, "hits of the stacks")


# --- with a browser ---

def number(text):
    return int(re.sub(r"\D", "", text))


def time_text(ns):
    """As the page has it: three digits."""
    for unit in ("ns", "µs", "ms"):
        if ns < 999.5:
            break
        ns /= 1000
    else:
        unit = "s"
    return f"{ns:.0f}\u202f{unit}" if unit == "ns" else f"{ns:.{2 if ns < 9.995 else 1 if ns < 99.95 else 0}f}\u202f{unit}"


def column_of(d, name):
    """Of every row that is shown: [its number, its text]."""
    return d.run("return [...document.querySelectorAll('#rows tr[data-row]')].map(r =>"
                 "[Number(r.dataset.row), r.querySelector(`td[data-column=\"${arguments[0]}\"]`).firstChild.data])", name)


def shown_hits(d):
    return sum(number(text) for _, text in column_of(d, "target_hits"))


def opened(path):
    d = Driver()
    d.open(path)
    d.size(1280, 900)
    same(d.run("return document.documentElement.dataset.ready"), "yes", "the page is ready")
    return d


def closed(d, path):
    for line in d.console():
        check(False, f"console: {line}")
    asked = {u for u in d.requests() if not u.startswith("data:")}
    check(len(asked) == 1 and all(u.startswith("file:///") for u in asked), f"asked for {asked}")
    d.close()


def pictures(d, where, name):
    for width in (1280, 420):
        d.size(width, 900)
        same(d.run(CUT, width), [], f"{name}, {width} pixels")
        for theme in ("light", "dark"):
            while d.run("return document.getElementById('theme').dataset.mode") != theme:
                d.run("document.getElementById('theme').click()")
            d.screenshot(f"{where}/{name}-{width}-{theme}.png")
            wide = d.run("return document.documentElement.scrollWidth")
            check(wide <= width, f"{name}: {wide} pixels wide on a screen of {width}")
    printed(d, name)
    d.size(1280, 900)


# Of all that is laid out: what is cut off by the screen or the paper, and what lies on something else of the same kind.
CUT = """
const out = [], seen = (e) => e.getClientRects().length > 0, name = (e) => `${e.tagName} ${e.textContent.slice(0, 30)}`;
for (const e of document.querySelectorAll('.tile, #rows td, #rows th, #totals td, #totals th, .badge'))
    if (seen(e) && (e.getBoundingClientRect().right > arguments[0] + 1 || e.getBoundingClientRect().left < -1)) out.push(`${name(e)} is cut`);
for (const e of document.querySelectorAll('.badge')) {
    const cell = e.closest('td').getBoundingClientRect(), box = e.getBoundingClientRect();
    if (seen(e) && (box.right > cell.right + 1 || e.scrollWidth > e.clientWidth + 1)) out.push(`${name(e)} is cut by its cell`);
}
for (const e of document.querySelectorAll('.scroll:has(> table)'))
    if (seen(e) && e.scrollWidth > e.clientWidth + 1) out.push(`${name(e)} is ${e.scrollWidth - e.clientWidth} pixels too wide`);
for (const svg of document.querySelectorAll('svg')) {
    const box = svg.getBoundingClientRect(), texts = [...svg.querySelectorAll('text')].filter(seen).map((t) => [t, t.getBoundingClientRect()]);
    texts.forEach(([t, a], i) => {
        if (a.left < box.left - 1 || a.right > box.right + 1) out.push(`${name(t)} is clipped`);
        texts.slice(i + 1).forEach(([u, b]) => {
            if (a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 3 && b.top < a.bottom - 3) out.push(`${name(t)} lies on ${name(u)}`);
        });
    });
}
return out"""


def printed(d, name):
    """As on paper: white, without controls, nothing cut."""
    d.run("dispatchEvent(new Event('beforeprint'))")
    d.devtools("Emulation.setEmulatedMedia", media="print")
    d.size(1032, 718)	# A4, landscape, within its margins
    same(d.run("return getComputedStyle(document.body).backgroundColor"), "rgb(255, 255, 255)", f"{name}: paper is white")
    here = d.run("return ['.tile', '#totals tr', '#rows tr[data-row]', '#theme', '#search', '.choice', '.tip', '#zoom', '#whole', '.chip span'].map(s =>"
                 "[...document.querySelectorAll(s)].filter(e => e.getClientRects().length).length)")
    check(here[0] + here[1] > 0 and here[2] > 0, f"{name}: totals and rows are printed: {here}")
    same(here[3:], [0] * 7, f"{name}: controls are not")
    same(d.run(CUT, 1032), [], f"{name}: printed")
    same(d.run("return [...document.querySelectorAll('.hint')].filter(e => e.getClientRects().length).map(e => e.textContent)"), [], f"{name}: what a mouse does")
    check("Drag to" not in d.run("return document.getElementById('page').innerText"), f"{name}: dragging is printed")
    narrow = d.run("return [...document.querySelectorAll('.timebox > *, .lanebox > *')].filter(e => e.getBoundingClientRect().width < 0.98 * e.closest('main').clientWidth)"
                   ".map(e => `${e.getAttribute('class')} ${e.getBoundingClientRect().width}`)")
    same(narrow, [], f"{name}: what fills the paper")
    # The first of them, and the sum of the others.
    hits = d.run("return [...document.querySelectorAll('.facet')].map(f => [...f.querySelectorAll('.num')].filter(e => e.getClientRects().length).map(e => e.textContent))")
    same(len({sum(number(t) for t in nums) for nums in hits}), 1 if hits else 0, f"{name}: processes and targets have the same sum: {hits}")
    d.devtools("Emulation.setEmulatedMedia", media="")
    d.run("dispatchEvent(new Event('afterprint'))")
    same(d.run("return document.getElementById('theme').dataset.mode"), "dark", f"{name}: the theme is what it was")


def tabbed(d, name):
    """Every control can be reached by Tab, and shows it."""
    want = d.run("document.activeElement.blur(); scrollTo(0, 0); window.reached = new Map();"
                 "window.note = (e) => { const s = getComputedStyle(e.target); reached.set(e.target, s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2); };"
                 "addEventListener('focusin', note);"
                 "window.controls = [...document.querySelectorAll('button, input, [tabindex]')].filter(e => e.tabIndex >= 0 && !e.disabled && e.getClientRects().length);"
                 "return controls.length")
    d.keys(*["\ue004"] * (want + 2))
    got = d.run("removeEventListener('focusin', note); return controls.map(e => reached.has(e) ? reached.get(e) ? '' : `${e.outerHTML.slice(0, 90)} does not show the focus` :"
                "`${e.outerHTML.slice(0, 90)} is not reached`).filter(Boolean)")
    same(got, [], f"{name}: {want} controls by Tab")
    clicked = d.run("return [...document.querySelectorAll('main *')].filter(e => getComputedStyle(e).cursor === 'pointer' && e.getClientRects().length &&"
                    "!e.closest('button, input, label, [tabindex], canvas.strip')).map(e => e.outerHTML.slice(0, 90))")
    same(clicked, [], f"{name}: nothing is for the mouse alone")


def numbers(d, report):
    for key in ("sends", "target_hits", "delivered", "coalesced", "in_flight", "lost", "interrupts", "unsolicited", "calls", "elided"):
        want = report["totals"][key]
        got = d.run("return [...document.querySelectorAll('[data-total]')].filter(e => e.dataset.total === arguments[0])"
                    ".map(e => e.textContent)", key)
        same({number(t) if want is not None else t for t in got}, {want if want is not None else "–"}, f"total {key}")
    rows = report["rows"]
    same({row: number(text) for row, text in column_of(d, "target_hits")}, {i: r["target_hits"] for i, r in enumerate(rows)}, "hits")
    for column, dist, key in (("delivery_p50", "delivery_ns", "p50"), ("delivery_p99", "delivery_ns", "p99"),
                              ("delivery_max", "delivery_ns", "max"), ("handler_sum", "handler_ns", "sum")):
        same(dict(column_of(d, column)), {i: time_text(r[dist][key]) if r[dist] else "–" for i, r in enumerate(rows)}, column)


def sorting(d, report):
    values = [r["delivery_ns"]["p99"] if r["delivery_ns"] else None for r in report["rows"]]
    for down in (True, False):
        d.click('#rows th[data-column="delivery_p99"] button')
        order = [values[i] for i, _ in column_of(d, "delivery_p99")]
        have = [v for v in order if v is not None]
        same(order, sorted(have, reverse=down) + [None] * (len(order) - len(have)), "sorted by p99")
        same(d.run("return document.querySelector('#rows th[aria-sort]').getAttribute('aria-sort')"),
             "descending" if down else "ascending", "aria-sort")
    d.click('#rows th[data-column="target_hits"] button')
    same(d.run("return document.activeElement.dataset.key"), "sort target_hits", "the heading keeps the focus")
    heads = d.run("return [...document.querySelectorAll('#rows th')].map(e => e.textContent).filter(t => /p\\d|[Mm]ax/.test(t))")
    same([h for h in heads if not re.match("Delivery |Wait ", h)], [], "of what percentiles are")
    units = {re.sub(r"[\d.,\u202f]", "", t) for t in d.run("return [...document.querySelectorAll('.timebox .y.axis .tick text')].map(t => t.textContent)")}
    same(len(units - {""}), 1, f"units of an axis: {units}")


def followed(d, hits, what):
    """Who hits whom, and the lanes, are of what rows are of: hits in all; returns the lines that are drawn."""
    same(number(text_of(d, "#matrix-note").split(" hit")[0]), hits, f"who hits whom, {what}")
    d.run("document.querySelector('.lanebox').focus()")
    drawn = d.run("return [...document.querySelectorAll('#lanes path.flight')].map(e => e.__data__)")
    check(drawn or not hits, f"lanes, {what}")
    return drawn


def filters(d, report):
    rows = report["rows"]
    func = next(r["func"] for r in rows if r["func"])
    d.type("#search", func[:6])
    want = sum(r["target_hits"] for r in rows if any(func[:6] in str(r[k]) for k in ("caller", "func", "class")))
    same(shown_hits(d), want, f"searched for {func[:6]}")
    d.run("const s = document.getElementById('search'); s.value = ''; s.dispatchEvent(new Event('input'))")
    index = next(i for i, r in enumerate(rows) if r["func"])
    d.run("document.querySelector(`#rows tr[data-row='${arguments[0]}']`).querySelectorAll('button.name')[1].click()", index)
    same(shown_hits(d), sum(r["target_hits"] for r in rows if r["func"] == func), f"filtered by {func}")
    drawn = followed(d, shown_hits(d), f"by {func}")
    same({line["func"] for line in drawn}, {func}, "functions in the lanes")
    d.click(".chip")
    key = f"name func {index}"
    for want in (key, key):
        d.run("[...document.querySelectorAll('#rows button.name')].find(b => b.dataset.key === arguments[0]).focus()", key)
        d.keys("\ue007")
        same(d.run("return document.activeElement.dataset.key"), want, "a name keeps the focus")
    # By a target, against the report of it.
    target = d.run("const b = document.querySelectorAll('.facet')[1].querySelector('button'); b.click(); return Number(b.dataset.value)")
    want = sum(n for (_, t), n in pairs_of(report).items() if t == target)
    own = report["own"]["target_hits"]
    check(want - own <= shown_hits(d) <= want, f"filtered by target {target}: {shown_hits(d)}, want {want} less own ones")
    drawn = followed(d, want, f"by target {target}")
    same({line["target"] for line in drawn}, {target}, "targets in the lanes")
    check(all(t.startswith("≈") or t == "–" for _, t in column_of(d, "delivery_p50")), "latencies by target are marked")
    check(any(t.startswith("≈") for _, t in column_of(d, "delivery_p50")), "and there")
    d.click(".chip")
    d.run("document.querySelector('.facet button').click()")
    check(0 < shown_hits(d) < sum(r["target_hits"] for r in rows), "filtered by a process")
    task = d.run("return document.querySelector('.facet button[aria-pressed=\"true\"]').dataset.value")
    drawn = followed(d, shown_hits(d), "by a process")
    same({line["task"] for line in drawn}, {int(task)}, "processes in the lanes")
    facet = d.run("return document.querySelectorAll('.facet h3')[1].textContent")
    check("of all processes" in text_of(d, "#time-note") and "of all processes" in facet, "what can't follow a process says so")
    d.click(".chip")
    same(shown_hits(d), sum(r["target_hits"] for r in rows), "without a filter")


def axis_ns(d):
    """Where the chart over time has its ticks."""
    texts = d.run("return [...document.querySelectorAll('.timebox .x.axis .tick text')].map(t => t.textContent)")
    units = {"s": 1e9, "ms": 1e6, "µs": 1e3, "ns": 1}
    found = [re.fullmatch(r"([0-9.]+)\W*(s|ms|µs|ns)", t) for t in texts if t != "0"]
    return [float(m[1]) * units[m[2]] for m in found]


def window(d, page, report):
    d.drag(".timebox svg", 0.6, 0.8, 0.4)
    text = d.run("return document.getElementById('window').textContent")
    check("…" in text, f"a window is chosen: {text}")
    chips = d.run("return [...document.querySelectorAll('.chip')].map(c => c.textContent)")
    check(len(chips) == 1 and chips[0].startswith("Time"), f"and said: {chips}")
    # Whatever the window is, rows have what the cells of its bins have.
    bins = d.run("return [...document.querySelectorAll('.brush .selection')].map(e => [Number(e.getAttribute('x')), "
                 "Number(e.getAttribute('width'))])[0].concat(Number(document.querySelector('.timebox svg').getAttribute('width')))")
    left, right = 60, bins[2] - 22
    bin_ns = page["targets"]["bin_ns"]
    duration = min(report["trace"]["duration_ns"], 256 * bin_ns)
    first = round((bins[0] - left) / (right - left) * duration / bin_ns)
    last = round((bins[0] + bins[1] - left) / (right - left) * duration / bin_ns)
    want = sum(n for row, _, at, n, _ in cells(page["targets"], True) if first <= at < last and row < len(report["rows"]))
    same(shown_hits(d), want, f"hits of bins {first} to {last}")
    check(want < sum(r["target_hits"] for r in report["rows"]), "a part of them")
    latencies = [t for _, t in column_of(d, "delivery_p50")]
    check(latencies and all(t.startswith("≈") or t == "–" for t in latencies), f"latencies of a window are marked: {latencies}")
    # The chart shows the window alone, and a window of that is chosen as before.
    begun = text.split(" …")[0]
    d.click("#zoom")
    same(d.run("return document.getElementById('zoom').disabled"), True, "there is nothing more to zoom into")
    same(d.run("return [...document.querySelectorAll('.brush .selection')].filter(e => e.style.display !== 'none').length"), 0, "no frame around all")
    same(shown_hits(d), want, "hits, zoomed in")
    # Chosen away, it is all that is shown, in the chart as well.
    d.click(".chip")
    check(max(axis_ns(d)) > last * bin_ns and shown_hits(d) > want, "without the window the chart shows all")
    same(d.run("return ['zoom', 'whole'].map(id => document.getElementById(id).disabled)"), [True, True], "nothing to zoom into, nor out of")
    d.drag(".timebox svg", 0.6, 0.8, 0.4)
    d.click("#zoom")
    near = axis_ns(d)
    check(first * bin_ns <= min(near) and max(near) <= last * bin_ns, f"ticks {near} lie in bins {first} to {last}")
    d.drag(".timebox svg", 0.06, 0.5, 0.4)
    inner = d.run("return document.getElementById('window').textContent")
    same(inner.split(" …")[0], begun, "the first half begins where the window did")
    check(0 < shown_hits(d) < want, f"{inner}: a part of the part")
    # What a window does not tell sorts nothing.
    d.click("#whole")
    d.click('#rows th[data-column="sends"] button')
    d.drag(".timebox svg", 0.6, 0.8, 0.4)
    same(d.run("return [...document.querySelectorAll('#rows th[aria-sort]')].map(e => e.dataset.column)"), ["target_hits"], "sorted by what a window has")
    hits = [number(t) for _, t in column_of(d, "target_hits")]
    same(hits, sorted(hits, reverse=True), "and it is")
    d.click("#whole")
    d.click('#rows th[data-column="target_hits"] button')
    # By keys.
    d.drag(".timebox svg", 0.6, 0.8, 0.4)
    d.run("document.querySelector('.timebox').focus()")
    d.keys("+")
    check(shown_hits(d) <= want, "+ makes the window smaller")
    d.keys("\ue007")
    same(d.run("return document.getElementById('zoom').disabled"), True, "Enter zooms in")
    d.keys("\ue00c")
    same(shown_hits(d), sum(r["target_hits"] for r in report["rows"]), "Escape: the whole recording")


def details(d, page, trace):
    d.run("document.querySelector('#rows tr[data-row]').focus()")
    d.keys("\ue015", "\ue007", "\ue00c")
    same(d.run("return [document.querySelectorAll('tr.detail').length, document.activeElement.tagName]"), [0, "TR"], "Escape closes it, and goes back")
    d.keys("\ue007", "\ue004", "\ue00c")
    same(d.run("return [document.querySelectorAll('tr.detail').length, document.activeElement.tagName]"), [0, "TR"], "from within as well")
    d.keys("\ue007")
    row = d.run("return [...document.querySelectorAll('#rows tr[aria-expanded=\"true\"]')].map(r => Number(r.dataset.row))")
    same(len(row), 1, "Enter opens a row")
    same(d.run("return document.activeElement.dataset.row"), str(row[0]), "which keeps the focus")
    drawn = d.run("return [document.querySelectorAll('.detail .hist').length, document.querySelectorAll('.detail .hbar').length,"
                  "document.querySelectorAll('.detail .frame').length, document.querySelectorAll('.detail .slowest tbody tr').length]")
    check(drawn[0] >= 1 and drawn[1] >= 2, f"histograms: {drawn}")
    same(drawn[3], len(page["lines"]["slowest"][row[0]]), "the slowest")
    if any(len(s) > 3 and s[0] == row[0] for s in page["stacks"]):
        check(drawn[2] > 2, f"stacks: {drawn}")
    d.click(".detail .slowest button")
    life = d.run("return document.querySelector('.life').textContent")
    check("handler entry" in life and "delivery" in life, f"the life of one: {life}")
    at = {k: i for i, (k, _) in enumerate(page["lines"]["keys"])}
    slow = page["lines"]["slowest"][row[0]][0]
    begin = trace["start_ns"] + min(slow[at[k]] for k in ("send_ns", "queue_ns", "entry_ns") if slow[at[k]] is not None)
    check(f"{begin // 10 ** 9}.{begin // 1000 % 10 ** 6:06}" in life, f"the life of one begins at {begin}: {life}")
    d.keys("n")
    check(d.run("return document.querySelector('.life').textContent") != life, "n goes to the next")


def lanes(d, page, report):
    drawn = d.run("return ['circle.send', 'path.flight', 'rect.handler', 'path.point'].map(s => document.querySelectorAll(`#lanes ${s}`).length)")
    check(drawn[1] > 0 and drawn[2] > 0, f"lanes: {drawn}")
    check(drawn[0] == drawn[1] >= drawn[3], f"an arrow from each send: {drawn}")
    # What is dragged is not pointed at: from one IPI's handler to beyond it.
    share = d.run("const b = document.querySelector('.lanebox').getBoundingClientRect(), r = document.querySelectorAll('#lanes rect.handler')[3].getBoundingClientRect();"
                  "return [(r.left + r.width / 2 - b.left) / b.width, (r.top + r.height / 2 - b.top) / b.height]")
    before = text_of(d, "#lanes-shown")
    d.drag(".lanebox", share[0], share[0] - 0.1, share[1])
    check(text_of(d, "#lanes-shown") != before, "dragging moves the lanes")
    same(d.run("return document.querySelectorAll('#lanes .chosen').length"), 0, "and chooses none")


def matrix(d, report):
    for value in ("p50", "p99", "count"):
        d.click(f'#matrix button[data-value="{value}"]')
        same(d.run("return document.querySelector('#matrix button[aria-pressed=\"true\"]').dataset.value"), value, "cells")
    d.run("document.querySelector('canvas.matrix').focus()")
    d.keys("\ue015")
    text = d.run("return document.getElementById('cell').textContent")
    check("CPU 0 → CPU 0" in text, f"keys go through the matrix: {text}")
    d.keys("\ue014")
    text = d.run("return document.getElementById('cell').textContent")
    want = pairs_of(report).get((0, 1))
    check(text.startswith("CPU 0 → CPU 1: ") and (want is None or number(text.split(":")[1].split(" hits")[0]) == want),
          f"and tell: {text}, want {want}")
    d.keys("\ue00c")


def look(page_path, report_path, where, name):
    report = json.load(open(report_path))
    page = json.loads(data_of(page_path)[1])["page"]
    d = opened(page_path)
    try:
        numbers(d, report)
        sorting(d, report)
        filters(d, report)
        window(d, page, report)
        lanes(d, page, report)
        matrix(d, report)
        details(d, page, report["trace"])
        colours = set()
        for _ in range(2):
            d.click("#theme")
            colours.add(d.run("return getComputedStyle(document.body).backgroundColor"))
        same(len(colours), 2, "light and dark")
        tabbed(d, name)
        pictures(d, where, name)
    finally:
        closed(d, page_path)


def text_of(d, where):
    return d.run("const e = document.querySelector(arguments[0]); return e && e.textContent", where)


def plain_words(d, path):
    """One of something is not many; numbers are as in the verdict."""
    text = d.run("return [document.getElementById('page').innerText].concat([...document.querySelectorAll('[title]')].map(e => e.title)).join('\\n')")
    wrong = re.findall(r"(?<![\d.,–…-])1 (?:CPUs|hits|rows|events|interrupts|calls|IPIs|sends|runs|values)\b(?! = )", text)
    foot = d.run("return [...document.querySelectorAll('.foot')].map(e => e.innerText).join()")
    wrong = [w for w in wrong if w not in foot]
    same(wrong, [], f"{path}: one is not many")
    same(re.findall("\\d\u202f\\d", text), [], f"{path}: numbers")


def last_bin(d, path, report, page):
    """The rate of a shorter bin at the end is of its own length, but at least half a bin's."""
    whole, bin_ns = (report["trace"]["window"] or report["trace"])["duration_ns"], page["targets"]["bin_ns"]
    hits = {}
    for row, _, at, n, _ in cells(page["targets"], True):
        if row < len(page["rows"]) + 2:
            hits[at] = hits.get(at, 0) + n
    if not hits or not whole or page["timeless"] or report["totals"]["target_hits"] is None:
        return
    if d.run("return document.querySelector('.timebox svg') === null"):
        return
    rates = {at: n / max(bin_ns / 2, min((at + 1) * bin_ns, whole) - at * bin_ns) * 1e9 for at, n in hits.items()}
    bands = d.run("return [...document.querySelectorAll('path.band')].map(e => e.getAttribute('d'))")
    top = d.run("return [...document.querySelectorAll('.y.axis .tick')].map(t =>"
                "[t.textContent, Number(t.getAttribute('transform').match(/,([\\d.]+)/)[1])])")
    high = min(float(y) for band in bands for y in re.findall(r"[ML][\d.]+,([\d.]+)", band))
    scale = {"": 1, "k": 1e3, "M": 1e6}
    ticks = [(float(t[1].replace(",", "")) * scale[t[2] or ""], y) for t, y in
             ((re.match(r"([\d.,]+)\u202f?([kM]?)/s", t), y) for t, y in top) if t]
    (v0, y0), (v1, y1) = ticks[0], ticks[-1]
    drawn = v0 + (y0 - high) * (v1 - v0) / (y0 - y1)
    want = max(rates.values())
    if not report["totals"]["unsolicited"]: # they are stacked on the others
        check(abs(drawn - want) <= 0.02 * want + (v1 - v0) / 60, f"{path}: the highest rate is drawn at {drawn:.0f}/s, want {want:.0f}")


def tier_words(d, path, page, told):
    """What was not recorded is not offered, and why; a first view has more than one where there are more."""
    at = {k: i for i, (k, _) in enumerate(page["lines"]["keys"])}
    hits = [line for line in page["lines"]["lines"] if page["strings"][line[at["kind"]]] == "hit"]
    delivered = any(n and bucket_low(bucket, page["delivery"]["bucket_bits"]) < UNTIMED_NS for _, _, _, n, bucket in cells(page["delivery"], False))
    offered = d.run("return ['p50', 'p99'].map(v => document.querySelector(`#matrix button[data-value=${v}]`)).filter(Boolean).map(b => [!b.disabled, b.title !== ''])")
    check(all(o == ([True, False] if delivered else [False, True]) for o in offered), f"{path}: deliveries are {delivered}, offered: {offered}")
    # Of interrupts whose sender nobody knows it is in no row, and in no sum where they may be hits.
    rows = len(page["rows"]) + (2 if told is None else 3)
    stolen = any(ns for row, _, _, _, ns in cells(page["targets"], True) if row < rows)
    same(d.run("const b = document.querySelector('#time button[data-value=stolen]'); return b === null || !b.disabled"), stolen or page["timeless"], f"{path}: stolen time")
    if offered:
        same("read off buckets" in text_of(d, "#matrix .about"), delivered, f"{path}: deliveries of the matrix")
    if hits and text_of(d, ".lanebox") is not None:
        same("handler's entry" in text_of(d, "#lanes .about"), any(h[at["entry_ns"]] is not None for h in hits), f"{path}: where arrows end")
        said = text_of(d, "#lanes-shown")
        want = re.match(r"([\d,]+) of ([\d,]+) hits?\b", said)
        check(want and (number(want[1]) > 1 or number(want[2]) == 1), f"{path}: what is drawn first: {said}")


def matrix_words(d, path, report, page):
    """Own hits are told; the scale begins at the least cell; a row's label is in its middle; lines are explained."""
    note = text_of(d, "#matrix-note")
    if note is None:
        return
    own, pairs = report["own"]["target_hits"], pairs_of(report)
    same(re.findall(r"([\d,]+) of them ipitrace's own", note), [str(own)] if own and sum(pairs.values()) > 1 else [], f"{path}: {note}")
    if page["matrix"]["cpus_each"] == 1 and pairs:
        same([number(t) for t in d.run("return [...document.querySelectorAll('#matrix .scale span:not(.ramp)')].map(e => e.textContent)")],
             [min(pairs.values()), max(pairs.values())], f"{path}: the scale")
    drawn = d.run("const p = CanvasRenderingContext2D.prototype, fill = p.fillText, line = p.moveTo, out = [0, []];"
                  "p.fillText = function (t, x, y) { if (this.canvas.className === 'matrix' && this.textAlign === 'right') out[1].push(y); return fill.apply(this, arguments); };"
                  "p.moveTo = function () { out[0] += this.canvas.className === 'matrix'; return line.apply(this, arguments); };"
                  "dispatchEvent(new Event('resize')); p.fillText = fill; p.moveTo = line;"
                  "return out.concat(parseFloat(document.querySelector('canvas.matrix').style.height))")
    lines, labels, height = drawn
    if len(labels) > 1:
        apart = labels[1] - labels[0]
        check(abs(labels[0] - 30 - apart / 2) < 0.6 or apart * len(labels) > height - 34 + 0.5, f"{path}: labels at {labels[:3]}, {apart} apart")
    same(text_of(d, "#matrix-borders") != "", lines > 0, f"{path}: lines between caches and nodes")


def claim(d, path, report, page):
    trace, totals = report["trace"], report["totals"]
    window, hits = trace["window"], totals["target_hits"]

    # What hits a target is counted once, and is a hit where there are any.
    d.run("const m = document.querySelectorAll('.facet')[1].querySelector('.more'); if (!m.hidden) m.click()")
    nums = d.run("return [...document.querySelectorAll('.facet')[1].querySelectorAll('.num')].map(e => e.textContent)")
    same(sum(number(t) for t in nums), totals["interrupts"] or 0 if hits is None else hits, f"{path}: targets")
    legend = text_of(d, "#time .legend") or ""
    check(("sender not known" in legend) == bool(totals["unsolicited"]), f"{path}: unsolicited {totals['unsolicited']}, legend {legend}")

    # The axis is that of the recording or its window.
    if not page["timeless"] and trace["duration_ns"]:
        said = text_of(d, "#window")
        check(said.startswith(f"all of {time_text((window or trace)['duration_ns'])}"), f"{path}: {said}")
        same("of this window; it begins +" in said, window is not None, f"{path}: {said}")
    if window:
        check(256 * page["targets"]["bin_ns"] <= 4 * window["duration_ns"] or page["targets"]["bin_ns"] == 65536, f"{path}: bins of a window")
        same(text_of(d, "#whole"), "Whole window", f"{path}: the button")

    had = d.run("return [...document.querySelectorAll('.sampling li')].map(e => e.textContent)")
    for words in ("Over time: bins", "Who hits whom: bins", "Single IPIs: all"):
        same(any(t.startswith(words) for t in had), not page["timeless"] and trace["duration_ns"] is not None, f"{path}: {words}: {had}")
    d.run("document.querySelectorAll('#rows tr[data-row]').forEach((r, i) => i || r.click())")
    opened_row = text_of(d, "#rows .detail") or text_of(d, "#rows .details")
    check(opened_row is None or opened_row.strip(), f"{path}: a row that is open says something")
    d.run("document.querySelectorAll('#rows tr[data-row]').forEach((r, i) => i || r.click())")

    tier_words(d, path, page, 0 if hits is None else totals["unsolicited"])
    matrix_words(d, path, report, page)
    plain_words(d, path)
    last_bin(d, path, report, page)

    # Only what is known to have arrived is a reason to be reassured.
    verdict = d.run("return document.getElementById('verdict').className.split(' ').pop()")
    same(verdict, "bad" if not page["good"] else "good" if hits and totals["delivered"] is not None else "neutral", f"{path}: verdict")
    about = text_of(d, "#totals .about")
    whole = not trace["lost_events"] and trace["lost_events"] is not None and not trace["incomplete"]
    check("every event" not in about or whole, f"{path}: {about}")
    same("passes the filter" in about, trace["filtered"], f"{path}: {about}")
    same("of the whole recording" in about.lower(), window is None and not trace["filtered"], f"{path}: {about}")
    if hits == 0:
        for part in ("#matrix .about", "#lanes .about"):
            check(text_of(d, part).startswith("Nothing passes the filter" if trace["filtered"] else "No IPI was sent"), f"{path}: {text_of(d, part)}")
    marks = text_of(d, "#lanes .marks")
    if marks:
        same("arrival not recorded" in marks, hits is not None and totals["delivered"] is None, f"{path}: {marks}")
        same("sends were not recorded" in text_of(d, "#lanes .about"), hits is None, f"{path}: what is drawn")
    if report["by"] == ["stack"]:
        ids = [c["id"] for c in page["columns"]]
        callers = {row[ids.index("caller")] for row in page["rows"] if row[ids.index("stack")] is not None}
        names = d.run("return [...document.querySelectorAll('#rows button.name')].filter(b => b.dataset.key.startsWith('name stack')).map(b => b.textContent)")
        same({n.split(" < ")[0] for n in names}, callers, f"{path}: stacks begin with callers")
        check(max(len(t) for t in d.run("return [...document.querySelectorAll('#time .legend li')].map(e => e.textContent)")) <= 80, f"{path}: the legend is short")


def open_ends(d, path, page):
    """An interrupt whose exit was not recorded is drawn, open to the right."""
    at = {k: i for i, (k, _) in enumerate(page["lines"]["keys"])}
    if not 0 < len(page["lines"]["lines"]) < 500 or text_of(d, ".lanebox") is None:
        return
    d.run("const b = document.querySelector('.lanebox');"
          "for (let i = 0; i < 40; i++) b.dispatchEvent(new KeyboardEvent('keydown', { key: '-' }))")
    want = sum(line[at["entry_ns"]] is not None and line[at["exit_ns"]] is None and page["strings"][line[at["kind"]]] != "call"
               for line in page["lines"]["lines"])
    same(d.run("return document.querySelectorAll('#lanes path.handler.open').length"), want, f"{path}: open ends")
    check(("open to the right" in text_of(d, "#lanes .marks")) >= (want > 0), f"{path}: the legend of open ends")


# Lanes of what is brushed end where that does.
def brushed(d, path, page, trace):
    if not page["lines"]["lines"] or not d.run("return document.querySelector('.timebox svg') !== null"):
        return
    if trace["duration_ns"] <= page["targets"]["bin_ns"]: # nothing to choose from
        return
    for first, last in ((0.3, 0.6), (0.7, 0.75)):
        d.drag(".timebox svg", first, last, 0.4)
        chosen = text_of(d, "#window")
        end = re.search(r"… \d+(?:\.(\d+))?\u202f(\w+)", chosen)
        digit_ns = UNITS[end[2]] / 10 ** len(end[1] or "")
        at = re.search(r"in ([\d.]+)\u202f(\w+) from ([\d.]+)\u202f(\w+)", text_of(d, "#lanes-shown"))
        length = float(at[1]) * UNITS[at[2]]
        check(float(at[3]) * UNITS[at[4]] + length <= float(end[0][2:].split("\u202f")[0]) * UNITS[end[2]] + digit_ns + 0.02 * length, f"{path}: {at[0]}, of {chosen}")


def claims(where, *pairs):
    d = Driver()
    try:
        for path, report_path in zip(pairs[::2], pairs[1::2]):
            d.open(path)
            d.size(1280, 900)
            same(d.run("return document.documentElement.dataset.ready"), "yes", f"{path} is ready")
            page = json.loads(data_of(path)[1])["page"]
            report = json.load(open(report_path))
            claim(d, path, report, page)
            d.screenshot(f"{where}/{path.removesuffix('.html')}.png")
            open_ends(d, path, page)
            brushed(d, path, page, report["trace"])
        for line in d.console():
            check(False, f"console: {line}")
    finally:
        d.close()


def wide(page_path, report_path, where):
    report = json.load(open(report_path))
    d = opened(page_path)
    try:
        same(number(d.run("return document.querySelector('[data-total=\"target_hits\"]').textContent")),
             report["totals"]["target_hits"], "hits")
        box = d.run("const r = document.querySelector('canvas.matrix').getBoundingClientRect(); return [r.width, r.height]")
        check(box[0] >= 2 * report["trace"]["cpus"] and box[1] >= 2 * report["trace"]["cpus"], f"the matrix has room for all: {box}")
        d.run("document.querySelector('canvas.matrix').focus()")
        d.keys(*["\ue015"] * 4, *["\ue014"] * 4)
        text = d.run("return document.getElementById('cell').textContent")
        want = pairs_of(report).get((3, 4))
        check(want and text.startswith("CPU 3 → CPU 4: ") and number(text.split(":")[1].split(" hits")[0]) == want, f"a cell: {text}, want {want}")
        pictures(d, where, "wide")
    finally:
        closed(d, page_path)


def hostile(page_path, mark):
    d = opened(page_path)
    try:
        text = d.run("return document.body.textContent")
        check(mark in text, f"{mark} is there, as text")
        d.run("document.querySelectorAll('#rows tr[data-row]').forEach((r, i) => i < 3 && document.querySelectorAll('#rows tr[data-row]')[i].click())")
        same(d.run("return [document.querySelectorAll('img, iframe, object, embed, form').length, typeof window.owned, document.scripts.length]"),
             [0, "undefined", 3], "nothing of it became an element, or ran")
    finally:
        closed(d, page_path)


def shortbin(page_path):
    page = json.loads(data_of(page_path)[1])["page"]
    at = [k for k, _ in page["lines"]["keys"]].index("send_ns")
    sent = sorted(line[at] for line in page["lines"]["lines"] if line[at] and line[at] > 10 ** 8)
    # Nothing else in that bin, or just before.
    for before, ns, after in zip(sent, sent[1:], sent[2:]):
        if ns - before > 10 ** 6 and after > ns + 10 ** 4:
            print(f"--from +{ns + 1000 - 100 * 65536 - 2000}ns --to +{ns + 1000}ns")
            break


def finish(what):
    """Runs it, and says what does not hold."""
    what[sys.argv[1]](*sys.argv[2:])
    for fault in bad:
        print(fault if len(fault) < 2000 else fault[:2000] + " ...")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    finish({"shortbin": shortbin, "data": data, "look": look, "wide": wide, "claims": claims, "hostile": hostile})
