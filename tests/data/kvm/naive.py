#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""naive.py <RAW: of "trace-cmd report -t -R" of a host's recording, what the rule that first comes to mind makes of it.

An injection takes all that was accepted for its virtual CPU, of its vector, before it. Which is wrong where KVM told of an
accept before the injection, and marked it as pending behind it. Prints "delivered coalesced unsolicited".
"""
import collections
import re
import sys

LINE = re.compile(r"^\s*.*-(\d+)\s+\[\d+\][-\s].*?: +(kvm_\w+): +(.*)$")
FIELD = re.compile(r"(\w+)=(-?(?:0x[0-9a-f]+|\d+))")


def main():
	vcpus, pending, delivered, coalesced, unsolicited = {}, collections.Counter(), 0, 0, 0
	for line in sys.stdin:
		m = LINE.match(line)
		if not m:
			continue
		f = { k: int(v, 0) for k, v in FIELD.findall(m[3]) }
		if m[2] == "kvm_entry" and "vcpu_id" in f:
			vcpus[m[1]] = f["vcpu_id"]
		elif m[2] == "kvm_apic_accept_irq":
			pending[f["apicid"], f["vec"]] += 1
		elif m[2] == "kvm_inj_virq" and not f["soft"] and not f["reinjected"]:
			nr = pending.pop((vcpus.get(m[1]), f["vector"]), 0)
			delivered += nr > 0
			coalesced += max(nr - 1, 0)
			unsolicited += nr == 0
	print(delivered, coalesced, unsolicited)


main()
