#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""clocked.py IN.dat.gz OUT.dat mono | MULT SHIFT OFFSET: one of these recordings with a clock that counts ns.

mono: a tick is one, and nobody knows what the clocks of guest and host have in common. Else an option of the file says how
ticks become ns (TSC2NSEC, trace-cmd.dat.v6(5)); another one fills a page, so that pages stay where pages are.
"""
import gzip
import struct
import sys

data = gzip.open(sys.argv[1]).read()
if sys.argv[3] == "mono":
	old, new = b"local global [x86-tsc]\0", b"local globals12 [mono]\0"
	assert len(old) == len(new) and data.count(old) == 1
	data = data.replace(old, new)
else:
	mult, shift, offset = map(int, sys.argv[3:])
	clock = struct.pack("<HIIIQ", 14, 16, mult, shift, offset)
	at = data.index(b"options  \0") + len(b"options  \0")
	options = clock + struct.pack("<HI", 0x7fff, 4096 - len(clock) - 6).ljust(4096 - len(clock), b"\0")
	table = data.index(b"flyrecord\0") + len(b"flyrecord\0")
	cpus = struct.unpack_from("<I", data, at - len(b"options  \0") - 4)[0]
	moved = b"".join(struct.pack("<QQ", from_ + 4096, size) for from_, size in struct.iter_unpack("<QQ", data[table:table + 16 * cpus]))
	data = data[:at] + options + data[at:table] + moved + data[table + 16 * cpus:]
open(sys.argv[2], "wb").write(data)
