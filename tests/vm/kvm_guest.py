#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""
kvm_guest.py NAME.log OUT.dat OFFSET | ticks: what "ipitrace record" would have had in the guest that wrote NAME.log, were it Linux.

Of clock mono, in ns as the host has them, and ahead by OFFSET; or with "ticks" of clock x86-tsc, as the guest has them. Each
send has a caller of its own, "send_NUMBER". The last one, whose vector is none of Linux' own, is not there.
"""
import os
import sys

from kvm_truth import Log

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../data/kvm"))
from guest import Guest  # noqa: E402


def main():
    ticks = sys.argv[3] == "ticks"
    log, offset = Log(sys.argv[1], ticks), 0 if ticks else int(sys.argv[3])
    sends = log.sends[:-1]
    guest = Guest(["send_%u" % i for i in range(len(sends))], "arm64" if log.path == "sysreg" else "mask")
    for i in range(len(sends)):
        guest.send(log.sent(i) + offset, 0, range(1, log.targets + 1), i)
    for vcpu, received in log.received.items():
        for r in received:
            if r.vector == log.vector:
                guest.handler(log.stamp(r.at) + offset, vcpu)
    guest.write(sys.argv[2], "[x86-tsc]" if ticks else "[mono]")


main()
