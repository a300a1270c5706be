#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""guest.py LOG OUT.dat [DRIFT_PPM OFFSET | shift OFFSET]: what record would have in the guest that wrote LOG, a trace.dat (v6) of clock x86-tsc.

A line of LOG is an IPI of CPU 0 to CPU 1: number, TSC before the send, behind it, in the handler (0: there was none of its
own), received so far. Each is an ipi_send_cpu of the class call_function_single, from one of two callers by turns; each
handler an irq_vectors:call_function_single_entry, which lasts 100 ticks. With DRIFT_PPM the clock is mono, in ns as if a
tick were one, runs by so much faster, and began at OFFSET. With "shift" the file has an option TIME_SHIFT as of trace-cmd's
agent, with OFFSET to be added for the host's clock.
"""
import struct
import sys
from text2dat import Event, pages_of, plain_format

CALLERS = { 0xffffffff81000100: "T first_caller", 0xffffffff81000200: "T second_caller" }
FUNC = 0xffffffff81000300
EVENTS = { "ipi_send_cpu": ("ipi", 354, "unsigned int cpu:8:4:0|void * callsite:16:8:0|void * callback:24:8:0"),
	   "call_function_single_entry": ("irq_vectors", 120, "int vector:8:4:1"),
	   "call_function_single_exit": ("irq_vectors", 119, "int vector:8:4:1") }


class Guest:
	"""What is to be in its recording, by CPU."""

	def __init__(self):
		self.events = { name: Event(plain_format(name, number, fields)) for name, (_, number, fields) in EVENTS.items() }
		self.cpus = {}

	def send(self, at, cpu, target, number):
		caller = list(CALLERS)[number % 2] + 0x20
		self.cpus.setdefault(cpu, []).append((at, self.events["ipi_send_cpu"].pack(1, 1000, dict(cpu=target, callsite=caller, callback=FUNC))))

	def handler(self, at, cpu):
		for name, ts in ("entry", at), ("exit", at + 100):
			self.cpus.setdefault(cpu, []).append((ts, self.events["call_function_single_" + name].pack(9, 0, dict(vector=251))))

	def write(self, out, clock, shift=None):
		write(out, self.events, self.cpus, clock, shift)


def main():
	log, out = sys.argv[1:3]
	shift = int(sys.argv[4]) if sys.argv[3:4] == ["shift"] else None
	ppm, offset = (float(sys.argv[3]), int(sys.argv[4])) if len(sys.argv) > 4 and shift is None else (0, 0)
	stamp = lambda t: t + offset + int(t * ppm / 1e6)
	guest = Guest()
	for i, line in enumerate(open(log)):
		number, send, sent, handler, received = map(int, line.split())
		guest.send(stamp(send), 0, 1, i)
		if handler:
			guest.handler(stamp(handler), 1)
	guest.write(out, "[mono]" if ppm else "local global [x86-tsc]", shift)


def write(out, events, cpus, clock, shift):
	blob = lambda text, size: struct.pack({ 4: "<I", 8: "<Q" }[size], len(text)) + text.encode()
	head = "\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n\tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;\n" \
		"\tfield: int overwrite;\toffset:8;\tsize:1;\tsigned:1;\n\tfield: char data;\toffset:16;\tsize:4080;\tsigned:1;\n"
	data = b"\x17\x08\x44tracing6\0" + bytes([0, 8]) + struct.pack("<I", 4096)
	data += b"header_page\0" + blob(head, 8) + b"header_event\0" + blob("# compressed entry header\n", 8) + struct.pack("<I", 0)
	data += struct.pack("<I", 2)
	for system in ("ipi", "irq_vectors"):
		texts = [events[name].text for name, row in EVENTS.items() if row[0] == system]
		data += system.encode() + b"\0" + struct.pack("<I", len(texts)) + b"".join(blob(t, 8) for t in texts)
	symbols = "".join(f"{addr:016x} {name}\n" for addr, name in CALLERS.items()) + f"{FUNC:016x} T remote_func\n" \
		"ffffffff81000400 T behind\n"
	data += blob(symbols, 4) + blob("", 4) + blob("1000 sender\n", 8)
	data += struct.pack("<I", len(cpus)) + b"options  \0"
	clock = clock.encode() + b"\0"
	data += struct.pack("<HI", 4, len(clock)) + clock
	if shift is not None:
		option = struct.pack("<QII", 0x1234, 0, 2) + 2 * struct.pack("<IQQqqQQ", 2, 1, 2, shift, shift, 1, 1)
		data += struct.pack("<HI", 12, len(option)) + option
	data += struct.pack("<H", 0) + b"flyrecord\0"
	streams = [pages_of(sorted(cpus[cpu])) for cpu in sorted(cpus)]
	at = len(data) + 16 * len(streams) + 4095 & ~4095
	table = b""
	for stream in streams:
		table += struct.pack("<QQ", at, len(stream))
		at += len(stream)
	data = (data + table).ljust(len(data) + len(table) + 4095 & ~4095, b"\0") + b"".join(streams)
	open(out, "wb").write(data)


if __name__ == "__main__":
	main()
