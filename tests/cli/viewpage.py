#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The view of a page is in its address: loaded again, or mailed, it is the same; an address from anybody does no harm.

report PAGE COPY	COPY: the same page elsewhere
diff PAGE COPY		of "diff --html"
keys PAGE NR DIR	a page whose rows have so many keys: nothing lies beside the screen; pictures into DIR
Each prints what does not hold, and nothing where all does.
"""
import os
import time

from page import CUT, check, closed, finish, opened, same, text_of

# All that a reader sees of a view, but for what is drawn on a canvas: of these there is what is said of it.
SEEN = """
const texts = (css) => [...document.querySelectorAll(css)].map((e) => e.innerText);
return { theme: document.documentElement.dataset.theme || "", paper: getComputedStyle(document.body).backgroundColor,
    pressed: [...document.querySelectorAll("[aria-pressed=true]")].map((e) => e.textContent), rows: texts("#rows tr"),
    sorted: [...document.querySelectorAll("th[aria-sort]")].map((e) => `${e.dataset.column} ${e.getAttribute("aria-sort")}`),
    search: document.getElementById("search").value, only: [...document.querySelectorAll("#only")].map((e) => e.checked),
    said: texts(".count, .note:not(.address), .chip, #time .tick, .facet h3, .life"), lanes: texts("#lanes .cpu"),
    arrows: [...document.querySelectorAll("#lanes path.flight")].map((e) => e.getAttribute("class")) };"""

# Addresses that nobody's page makes. Where a part is as it could be, the second says what of the view it changes.
HOSTILE = [
    ("#only.__proto__=x&only.constructor=y&__proto__=z&constructor=", None),
    ("#sort=__proto__&theme=toString&cells=constructor&chart=__proto__&measure=__proto__&rows=valueOf", None),
    ("#theme=dark%22%20onload%3Downed%3D1&process=%3Cscript%3Eowned%3D1%3C%2Fscript%3E&only.caller=javascript%3Aowned%3D1", None),
    ("#time=-5-9&chart-time=0-1", None),
    ("#time=99999999999999999999-1&ipis=5-1&ipi=18446744073709551616-0", None),
    ("#time=1e3-2e3&row=0x1&target=1.5", None),
    ("#row=999999999999999&target=999999999999999&ipis=999999999999998-999999999999999", None),
    ("#%E0%A4%A=1&search=%FF%FE&=&==&&&%00=%00", None),
    ("#" + "&".join("only.caller=x" for _ in range(20000)), None),
    ("#search=" + "a" * 5000, None),
    ("#javascript:owned=1", None),
    ("#rows", None),
    ("#<img src=x onerror=owned=1>", None),
    ("#search=%3Cimg%20src%3Dx%20onerror%3Downed%3D1%3E%3Ciframe%3E", "search"),
    ("#search=%E2%80%AE%00%0A%F0%9F%92%A3", "search"),
]


def wait_for(d, *parts):
    """Until the address has all of these, which comes a moment after the view."""
    for _ in range(200):
        have = d.run("return location.hash")
        if all(p in have for p in parts):
            return have
        time.sleep(0.1)
    check(False, f"the address {have} has not {[p for p in parts if p not in have]}")
    return have


def view_of_report(d):
    d.run("[...document.querySelectorAll('#rows button.name')].find(b => b.dataset.key.startsWith('name func ')).click()")
    d.drag(".timebox svg", 0.3, 0.9, 0.4)
    d.click("#zoom")
    d.drag(".timebox svg", 0.2, 0.8, 0.4)
    d.type("#search", "call")
    d.run("document.querySelectorAll('.facet')[1].querySelector('button').click()")
    d.click('#rows th[data-column="delivery_p99"] button')
    d.click('#time button[data-value="stolen"]')
    d.click('#matrix button[data-value="p99"]')
    d.run("document.querySelector('#rows tr[data-row]').click(); document.querySelector('.lanebox').focus()")
    d.keys("+", "n")
    d.click("#theme")
    return wait_for(d, "time=", "chart-time=", "only.func=", "target=", "search=call", "sort=-delivery_p99", "row=", "chart=stolen", "cells=p99",
                    "ipis=", "ipi=", "theme=light")


def view_of_diff(d):
    d.click("#rows button[data-value='delivery_p50_ns']")
    if d.run("return document.getElementById('only').checked"):
        d.click("#only")
    d.type("#search", "flush_tlb")
    d.run("document.querySelector('#rows tr[data-row]').click()")
    d.click("#theme")
    return wait_for(d, "measure=delivery_p50_ns", "search=flush_tlb", "row=", "theme=light")


def seen(d):
    same(d.run("return document.documentElement.dataset.ready"), "yes", "the page is ready")
    return d.run(SEEN)


def differs(got, want, what):
    for key in want:
        same(got[key], want[key], f"{what}: {key}")


def follows(d, page_path, copy_path, choose):
    same(d.run("return location.hash"), "", "as a page begins, its address has nothing")
    begin = seen(d)
    address = choose(d)
    view = seen(d)
    check(sum(view[k] != begin[k] for k in begin) >= 4, "the view is another")
    d.reload()
    differs(seen(d), view, "loaded again")
    same(text_of(d, ".address"), "", "nothing is missing")
    d.open(copy_path, address)
    differs(seen(d), view, "mailed")
    d.run("location.hash = ''")
    differs(until(d, begin), begin, "without the view")
    d.run("location.hash = arguments[0]", address)
    differs(until(d, view), view, "given to a page that is open")
    same(d.run("return location.hash"), address, "which stays its address")
    return begin


def until(d, want):
    """What is seen, once it is what is wanted: the event of an address comes later than its change."""
    for _ in range(100):
        got = seen(d)
        if got == want:
            break
        time.sleep(0.1)
    return got


def harmless(d, path, begin, addresses):
    elements = "return ['img', 'iframe', 'script', 'style', 'form', 'a[href]', '[onerror]', '[onload]'].map(s => document.querySelectorAll(s).length)"
    want = d.run(elements)
    for fragment, changes in addresses:
        d.blank() # else it would be the same page, given another address
        d.open(path, fragment)
        what = f"{fragment[:70]} ({len(fragment)})"
        got = seen(d)
        same(d.run(elements), want, f"{what}: elements")
        same(d.run("return typeof window.owned"), "undefined", f"{what}: nothing ran")
        note = text_of(d, ".address")
        same(d.run("return document.querySelector('.address').hidden"), note == "", f"{what}: the note")
        check(not any(w in note for w in ("owned", "x,", "img", "javascript", "proto")), f"{what}: the note repeats it: {note}")
        if changes is None:
            # A word alone is a place of the page.
            same(note.startswith("▲ The address asks for a view that this page does not have"), "=" in fragment, f"{what}: {note}")
            differs(got, begin, what)
        else:
            check(got[changes] != begin[changes], f"{what}: {changes}")


def report(page_path, copy_path):
    d = opened(page_path)
    try:
        begin = follows(d, page_path, copy_path, view_of_report)
        harmless(d, page_path, begin, HOSTILE)
        # Single IPIs that nobody chose are the same ones for who is given the address.
        for choose in ("document.querySelectorAll('.facet')[1].querySelector('button').click()",
                       "document.querySelectorAll('.facet')[0].querySelector('button').click()"):
            d.blank()
            d.open(page_path)
            d.run(choose)
            shown, address = text_of(d, "#lanes-shown"), wait_for(d, "=")
            d.reload()
            same(text_of(d, "#lanes-shown"), shown, f"single IPIs at {address}")
        d.open(page_path, "#process=no-such-task&time=0-1000&only.func=no_such_function")
        note = text_of(d, ".address")
        check("its only.func, process are left out" in note, f"what the page does not have is said: {note}")
        check("…" in text_of(d, "#window"), "what it has is shown")
    finally:
        done(d, page_path, copy_path)


def diff(page_path, copy_path):
    d = opened(page_path)
    try:
        harmless(d, page_path, follows(d, page_path, copy_path, view_of_diff), HOSTILE[::3])
    finally:
        done(d, page_path, copy_path)


def done(d, *paths):
    """Nothing but these pages was asked for."""
    for line in d.console():
        check(False, f"console: {line}")
    asked = {u.split("#")[0] for u in d.requests() if not u.startswith("data:")} - {"about:blank"}
    same(asked, {"file://" + os.path.abspath(p) for p in paths}, "asked for")
    d.close()


def keys(page_path, nr, where):
    d = opened(page_path)
    try:
        for width in (1280, 1000, 700, 420):
            d.size(width, 900)
            same(d.run(CUT, width), [], f"{nr} keys, {width} pixels")
            check(d.run("return document.documentElement.scrollWidth") <= width, f"{width} pixels")
            lines = d.run("return document.querySelector('table.rows').classList.contains('two-lines')")
            if width == 1280:
                same(lines, True, "rows take two lines")
            if not lines or width < 641:
                continue
            apart = d.run("const row = document.querySelector('#rows tr[data-row]'), heads = [...document.querySelectorAll('table.rows > thead th')];"
                          "return heads.map((h, i) => [h.getBoundingClientRect(), row.children[i].getBoundingClientRect(), h.dataset.column])"
                          ".filter(([h, c]) => Math.abs(h.left - c.left) > 1 || Math.abs(h.right - c.right) > 1).map((x) => x[2])")
            same(apart, [], f"{width} pixels: cells are below their headings")
            tops = d.run("return [...document.querySelectorAll('#rows tr[data-row]')].map(r => new Set([...r.children].map(c => Math.round(c.getBoundingClientRect().top))).size)")
            same(max(tops), 2, f"{width} pixels: two lines")
            if width == 1280:
                d.run("document.querySelector('#rows tr[data-row]').click()")
                same(d.run(CUT, width), [], "with a row open")
                d.screenshot(f"{where}/keys-{width}.png")
        same(d.run("return [...document.querySelectorAll('table.rows > thead th.key')].length"), int(nr), "keys")
    finally:
        closed(d, page_path)


if __name__ == "__main__":
    finish({"report": report, "diff": diff, "keys": keys})
