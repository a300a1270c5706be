#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""two.py A.dat B.dat OUT.dat [ID ID]: two hosts' recordings of one VM each as that of one host which ran the one and then the other.

Of text2dat.py's, whose formats are the same; the threads have different numbers. CPUs of B are behind those of A. As ipitrace
has it the file knows processes: 303 of the threads 303, 306 and 307, 351 of 351, 354 and 355. With two numbers it is as
trace-cmd has it, whose agents recorded the guests "one" and "other", in files of these ids: options GUEST, and no processes.
"""
import gzip
import struct
import sys


def read(path):
	return (gzip.open if path.endswith(".gz") else open)(path, "rb").read()


def parts(data):
	"""Where its head ends, and the pages of each CPU."""
	at = data.index(b"flyrecord\0") + 10
	cpus = struct.unpack_from("<I", data, data.index(b"options  \0") - 4)[0]
	return at, [data[o:o + n] for o, n in struct.iter_unpack("<QQ", data[at:at + 16 * cpus])]


a, b = read(sys.argv[1]), read(sys.argv[2])
head, mine = parts(a)
_, others = parts(b)
streams = mine + others
cpus = a.index(b"options  \0") - 4
options = b""
for name, number, tasks in zip(("one", "other"), sys.argv[4:], ((306, 307), (354, 355))):
	guest = name.encode() + b"\0" + struct.pack("<QI", int(number), len(tasks))
	guest += b"".join(struct.pack("<II", cpu, task) for cpu, task in enumerate(tasks))
	options += struct.pack("<HI", 13, len(guest)) + guest
data = a[:cpus] + struct.pack("<I", len(streams)) + b"options  \0" + options + a[cpus + 14:head]
at, table = len(data) + 16 * len(streams) + 4095 & ~4095, b""
for s in streams:
	table += struct.pack("<QQ", at, len(s))
	at += len(s)
data = (data + table).ljust(len(data) + len(table) + 4095 & ~4095, b"\0") + b"".join(streams)
tasks = " ".join(f"{tid} {tgid}" for tgid, tids in ((303, (303, 306, 307)), (351, (351, 354, 355))) for tid in tids)
facts = f"tgids {tasks}\n".encode()
check = 0xcbf29ce484222325
for byte in facts:
	check = (check ^ byte) * 0x100000001b3 % 2**64
if sys.argv[4:]:
	open(sys.argv[3], "wb").write(data)
	sys.exit()
open(sys.argv[3], "wb").write(data + facts + b"IPITFACT" + struct.pack("<QQ", len(facts), check))
