#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""guest.py LOG OUT.dat [DRIFT_PPM OFFSET | shift OFFSET | id NUMBER]: what record would have in the guest that wrote LOG, a trace.dat (v6) of clock x86-tsc.

A line of LOG is an IPI of CPU 0 to CPU 1: number, TSC before the send, behind it, in the handler (0: there was none of its
own), received so far. Each is an ipi_send_cpu of the class call_function_single, from one of two callers by turns; each
handler an irq_vectors:call_function_single_entry, which lasts 100 ticks. With DRIFT_PPM the clock is mono, in ns as if a
tick were one, runs by so much faster, and began at OFFSET. With "shift" the file has an option TIME_SHIFT as of trace-cmd's
agent, with OFFSET to be added for the host's clock. With "id" it has an option TRACEID.
"""
import struct
import sys
from text2dat import Event, pages_of, plain_format

TEXT = 0xffffffff81000100
REASON = 0xffffffff82000000  # arm64: where the kernel has the text "Function call interrupts"
ONE = ("ipi_send_cpu", "ipi", 354, "unsigned int cpu:8:4:0|void * callsite:16:8:0|void * callback:24:8:0")
MASK = ("ipi_send_cpumask", "ipi", 353, "__data_loc cpumask_t cpumask:8:4:0|void * callsite:16:8:0|void * callback:24:8:0")
# How it sends, and what tells of the handler: to one CPU; to several; to several where it is of arm64.
WAYS = {
	"single": (ONE, ("call_function_single_entry", "irq_vectors", 120, "int vector:8:4:1"),
		   ("call_function_single_exit", "irq_vectors", 119, "int vector:8:4:1"), dict(vector=251)),
	"mask": (MASK, ("call_function_entry", "irq_vectors", 122, "int vector:8:4:1"),
		 ("call_function_exit", "irq_vectors", 121, "int vector:8:4:1"), dict(vector=252)),
	"arm64": (MASK, ("ipi_entry", "ipi", 120, "const char * reason:8:8:0"),
		  ("ipi_exit", "ipi", 119, "const char * reason:8:8:0"), dict(reason=REASON)),
}


class Guest:
	"""What is to be in its recording, by CPU. Callers take turns."""

	def __init__(self, callers=("first_caller", "second_caller"), way="single"):
		self.names, self.way = [*callers, "remote_func", "behind"], way
		self.rows = WAYS[way][:3]
		self.events = [Event(plain_format(name, number, fields)) for name, _, number, fields in self.rows]
		self.cpus = {}

	@staticmethod
	def addr(i):
		return TEXT + i * 0x100

	def send(self, at, cpu, targets, number):
		nr, event, mask = len(self.names) - 2, self.events[0], b""
		values = dict(callsite=self.addr(number % nr) + 0x20, callback=self.addr(nr))
		if "cpu" in event.fields:
			values["cpu"], = targets
		else:
			mask = struct.pack("<Q", sum(1 << t for t in targets))
			values["cpumask"] = len(mask) << 16 | event.size
		self.cpus.setdefault(cpu, []).append((at, event.pack(1, 1000, values) + mask))

	def handler(self, at, cpu):
		for event, ts in zip(self.events[1:], (at, at + 100)):
			self.cpus.setdefault(cpu, []).append((ts, event.pack(9, 0, WAYS[self.way][3])))

	def write(self, out, clock, shift=None, number=None):
		symbols = "".join(f"{self.addr(i):016x} T {name}\n" for i, name in enumerate(self.names))
		options = [(4, clock.encode() + b"\0")]
		if shift is not None:
			options.append((12, struct.pack("<QII", 0x1234, 0, 2) + 2 * struct.pack("<IQQqqQQ", 2, 1, 2, shift, shift, 1, 1)))
		if number is not None:
			options.append((11, struct.pack("<Q", number)))
		write(out, self, symbols, b"".join(struct.pack("<HI", i, len(data)) + data for i, data in options))


def main():
	log, out = sys.argv[1:3]
	words = { sys.argv[3]: int(sys.argv[4]) } if sys.argv[3:4] in (["shift"], ["id"]) else {}
	ppm, offset = (float(sys.argv[3]), int(sys.argv[4])) if len(sys.argv) > 4 and not words else (0, 0)
	stamp = lambda t: t + offset + int(t * ppm / 1e6)
	guest = Guest()
	for i, line in enumerate(open(log)):
		number, send, sent, handler, received = map(int, line.split())
		guest.send(stamp(send), 0, [1], i)
		if handler:
			guest.handler(stamp(handler), 1)
	guest.write(out, "[mono]" if ppm else "local global [x86-tsc]", words.get("shift"), words.get("id"))


def write(out, guest, symbols, options):
	cpus = guest.cpus
	blob = lambda text, size: struct.pack({ 4: "<I", 8: "<Q" }[size], len(text)) + text.encode()
	head = "\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n\tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;\n" \
		"\tfield: int overwrite;\toffset:8;\tsize:1;\tsigned:1;\n\tfield: char data;\toffset:16;\tsize:4080;\tsigned:1;\n"
	data = b"\x17\x08\x44tracing6\0" + bytes([0, 8]) + struct.pack("<I", 4096)
	data += b"header_page\0" + blob(head, 8) + b"header_event\0" + blob("# compressed entry header\n", 8) + struct.pack("<I", 0)
	data += struct.pack("<I", 2)
	for system in ("ipi", "irq_vectors"):
		texts = [event.text for event, row in zip(guest.events, guest.rows) if row[1] == system]
		data += system.encode() + b"\0" + struct.pack("<I", len(texts)) + b"".join(blob(t, 8) for t in texts)
	data += blob(symbols, 4) + blob(f'0x{REASON:x} : "Function call interrupts"\n' if guest.way == "arm64" else "", 4) + blob("1000 sender\n", 8)
	data += struct.pack("<I", len(cpus)) + b"options  \0"
	data += options + struct.pack("<H", 0) + b"flyrecord\0"
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
