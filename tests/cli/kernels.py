#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""README.md's table of kernels, out of what "ipitrace probe --json" said in the lab.

kernels.py table DIR ROWS      of every ROW.json in DIR; ROWS is tests/vm/rows, which knows whose kernel it is
kernels.py line FILE           what the table says of one, but whose it is
kernels.py update README DIR ROWS   the table in README.md, between its two marks
"""
import json
import os
import re
import sys

BEGIN, END = "<!-- kernels: begin -->\n", "<!-- kernels: end -->\n"
SUITES = {"bullseye": "Debian 11", "bookworm": "Debian 12", "bookworm-backports": "Debian 12 backports", "trixie": "Debian 13",
          "trixie-backports": "Debian 13 backports", "sid": "Debian sid", "experimental": "Debian experimental"}


def lacks(probe):
    """What is missing, or has a stand-in, once each: by what it costs."""
    said = []
    for what in probe["events"] + probe["filters"]:
        if what["state"] in ("missing", "stood in") and what["cost"]:
            text = what["cost"].replace(";", ",")
            if "role" in what:
                text = "%s events: %s" % (what["role"], text)
            if text not in said:
                said.append(text)
    if any(e["state"] == "stood in" and e["role"] == "stand-in for call" for e in probe["events"]):
        said.append("kprobes name the functions of calls")
    if probe["access"]["stack_trigger"] is False:
        said.append("no stacks: call sites, no callers")
    if probe["clock"]["synchronised"] is False:
        said.append("the clocks of CPUs may differ")
    if probe["raise"]:
        said.append("more with " + probe["raise"])
    return said


def line(probe):
    """Of a series: the table outlives an update of the package."""
    kernel = re.match(r"\d+\.\d+", probe["kernel"]).group() + "".join(
        " " + f for f in ("rt", "16k") if re.search(r"-%s\b" % f, probe["kernel"]))
    return " | ".join([kernel, probe["arch"], probe["tier"], probe["problem"] or probe["claims"],
                       "; ".join(lacks(probe)) or "nothing"])


def origin(row, rows):
    for text in open(rows):
        words = text.split("#")[0].replace(",", " ").split()
        if words and words[0] == row:
            return " or ".join(SUITES[w] for w in words if w in SUITES)
    return "-"


def order(entry):
    probe = entry[1]
    return probe["arch"] != "x86_64", probe["arch"], [int(n) for n in re.findall(r"\d+", probe["kernel"])[:2]], probe["kernel"]


def table(directory, rows):
    probes = [(f[:-5], json.load(open(os.path.join(directory, f)))) for f in os.listdir(directory) if f.endswith(".json")]
    out = ["| kernel | of | architecture | tier | which allows to claim | what is missing there |", "| --- | --- | --- | --- | --- | --- |"]
    for row, probe in sorted(probes, key=order):
        kernel, rest = line(probe).split(" | ", 1)
        out.append("| %s | %s | %s |" % (kernel, origin(row, rows), rest))
    return "\n".join(out) + "\n"


def update(readme, directory, rows):
    text = open(readme).read()
    before, rest = text.split(BEGIN)
    open(readme, "w").write(before + BEGIN + table(directory, rows) + END + rest.split(END)[1])


def main():
    how, *args = sys.argv[1:]
    if how == "table":
        sys.stdout.write(table(*args))
    elif how == "line":
        print(line(json.load(open(args[0]))))
    elif how == "update":
        update(*args)


main()
