#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""text2dat.py TRACE FORMATS OUT.dat: a host's text trace of KVM as a trace.dat (v6), with those events that report --kvm reads.

FORMATS is a directory with the events' format files, as they were on that host; those of sched and ipi are written here, as
Linux 6.12 has them. Stamps are ticks of x86-tsc. What the text has not (whole addresses, priorities) becomes 0.
"""
import os
import re
import struct
import sys

COMMON = """\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;
\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;
\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;
\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;

"""
SCHED_SWITCH = "char prev_comm[16]:8:16:0|pid_t prev_pid:24:4:1|int prev_prio:28:4:1|long prev_state:32:8:1|" \
	"char next_comm[16]:40:16:0|pid_t next_pid:56:4:1|int next_prio:60:4:1"
SCHED_WAKING = "char comm[16]:8:16:0|pid_t pid:24:4:1|int prio:28:4:1|int target_cpu:32:4:1"
IPI_SEND = "unsigned int cpu:8:4:0|void * callsite:16:8:0|void * callback:24:8:0"
PLAIN = { "sched_switch": ("sched", 372, SCHED_SWITCH), "sched_waking": ("sched", 375, SCHED_WAKING),
	  "ipi_send_cpu": ("ipi", 354, IPI_SEND) }
KVM = "exit entry apic_ipi apic_accept_irq inj_virq eoi msr mmio vcpu_wakeup halt_poll_ns write_tsc_offset".split()
STATES = { "R": 0, "S": 1, "D": 2, "T": 4, "t": 8, "X": 16, "Z": 32, "P": 64, "I": 128 }


def plain_format(name, number, fields):
	lines = "".join("\tfield:%s;\toffset:%s;\tsize:%s;\tsigned:%s;\n" % tuple(f.rsplit(":", 3)) for f in fields.split("|"))
	return f'name: {name}\nID: {number}\nformat:\n{COMMON}{lines}\nprint fmt: "x"\n'


class Event:
	"""One event's format: packs fields by name."""

	def __init__(self, text):
		self.text = text
		self.number = int(re.search(r"^ID: (\d+)", text, re.M)[1])
		self.fields = { m[1]: (int(m[2]), int(m[3])) for m in
				re.finditer(r"field:[^;]*?(\w+)(?:\[\d+\])?;\s*offset:(\d+);\s*size:(\d+);", text) }
		self.size = max(o + s for o, s in self.fields.values())

	def pack(self, flags, pid, values):
		out = bytearray(self.size + 3 & ~3)
		values = dict(values, common_type=self.number, common_flags=flags, common_pid=pid)
		for name, val in values.items():
			off, size = self.fields[name]
			val = val.encode()[:size - 1] if isinstance(val, str) else (val & (1 << 8 * size) - 1).to_bytes(size, "little")
			out[off:off + len(val)] = val
		return bytes(out)


def fields_of(name, text, reasons):
	def num(pattern, base=10):
		m = re.search(pattern, text)
		return int(m[1], base) if m else 0
	if name == "kvm_exit":
		return dict(vcpu_id=num(r"vcpu (\d+)"), exit_reason=reasons[re.search(r"reason (\S+)", text)[1]], isa=2,
			    guest_rip=num(r"rip 0x(\w+)", 16), info1=num(r"info1 0x(\w+)", 16), info2=num(r"info2 0x(\w+)", 16),
			    intr_info=num(r"intr_info 0x(\w+)", 16))
	if name == "kvm_entry":
		return dict(vcpu_id=num(r"vcpu (\d+)"), rip=num(r"rip 0x(\w+)", 16), immediate_exit=int("immediate" in text))
	if name == "kvm_apic_ipi":
		bits = { "Fixed": 0, "LowPrio": 1 << 8, "SMI": 2 << 8, "NMI": 4 << 8, "INIT": 5 << 8, "SIPI": 6 << 8, "physical": 0,
			 "logical": 1 << 11, "assert": 1 << 14, "de-assert": 0, "level": 1 << 15, "edge": 0, "dst": 0,
			 "self": 1 << 18, "all": 2 << 18, "all-but-self": 3 << 18 }
		icr = num(r"vec (\d+)") | sum(bits[w] for w in re.search(r"\((.*)\)", text)[1].split("|"))
		return dict(icr_low=icr, dest_id=num(r"dst (\w+)", 16))
	if name == "kvm_apic_accept_irq":
		modes = { "Fixed": 0, "LowPrio": 1, "SMI": 2, "NMI": 4, "INIT": 5, "SIPI": 6, "ExtINT": 7 }
		mode, trigger = re.search(r"\((\w+)\|(\w+)\)", text).groups()
		return dict(apicid=num(r"apicid (\w+)", 16), vec=num(r"vec (\d+)"), dm=modes[mode] << 8, tm=int(trigger == "level") << 15)
	if name == "kvm_inj_virq":
		return dict(vector=num(r"0x(\w+)", 16), soft=int("Soft" in text), reinjected=int("reinjected" in text))
	if name == "kvm_eoi":
		return dict(apicid=num(r"apicid (\w+)", 16), vector=num(r"vector (-?\d+)"))
	if name == "kvm_msr":
		return dict(write=int("msr_write" in text), ecx=num(r"msr_\w+ (\w+)", 16), data=num(r"= 0x(\w+)", 16),
			    exception=int("#GP" in text))
	if name == "kvm_mmio":
		kinds = { "unsatisfied-read": 0, "read": 1, "write": 2 }
		return dict(type=kinds[text.split()[1]], len=num(r"len (\d+)"), gpa=num(r"gpa 0x(\w+)", 16), val=num(r"val 0x(\w+)", 16))
	if name == "kvm_vcpu_wakeup":
		return dict(ns=num(r"time (\d+)"), waited=int(text.startswith("wait")), valid=int("invalid" not in text))
	if name == "kvm_halt_poll_ns":
		return dict(vcpu_id=num(r"vcpu (\d+)"), grow=int("(grow" in text), new=num(r"halt_poll_ns (\d+)"),
			    old=num(r"\(\w+ (\d+)\)"))
	if name == "kvm_write_tsc_offset":
		return dict(vcpu_id=num(r"vcpu=(\d+)"), previous_tsc_offset=num(r"prev=(\d+)"), next_tsc_offset=num(r"next=(\d+)"))
	if name == "sched_switch":
		state = re.search(r"prev_state=(\S+)", text)[1]
		return dict(prev_comm=re.search(r"prev_comm=(.*) prev_pid", text)[1], prev_pid=num(r"prev_pid=(\d+)"),
			    prev_state=sum(STATES[c] for c in state.rstrip("+")) | (256 if "+" in state else 0),
			    next_comm=re.search(r"next_comm=(.*) next_pid", text)[1], next_pid=num(r"next_pid=(\d+)"))
	if name == "sched_waking":
		return dict(comm=re.search(r"comm=(.*) pid=", text)[1], pid=num(r"pid=(\d+)"), target_cpu=num(r"target_cpu=(\d+)"))
	return dict(cpu=num(r"cpu=(\d+)"), callback=0 if "callback=0x0" in text else 1)


def pages_of(records):
	pages, data, begin, now = [], b"", 0, 0

	def close():
		if data:
			pages.append((struct.pack("<QQ", begin, len(data)) + data).ljust(4096, b"\0"))
	for ts, payload in records:
		if not data or len(data) + len(payload) + 16 > 4080:
			close()
			data, begin, now = b"", ts, ts
		delta = ts - now
		if delta >> 27:
			data += struct.pack("<II", (delta & 0x7ffffff) << 5 | 30, delta >> 27)
			delta = 0
		data += struct.pack("<I", delta << 5 | len(payload) // 4) + payload
		now = ts
	close()
	return b"".join(pages)


def main():
	trace, formats, out = sys.argv[1:]
	events = { name: Event(plain_format(name, number, fields)) for name, (_, number, fields) in PLAIN.items() }
	for name in KVM:
		text = open(os.path.join(formats, "kvm_" + name)).read()
		if name != "exit":
			text = re.sub(r"print fmt: .*", 'print fmt: "x"', text)
		events["kvm_" + name] = Event(text)
	svm = events["kvm_exit"].text.split("__print_symbolic", 2)[2]
	reasons = { m[2]: eval(m[1]) for m in re.finditer(r'\{ (0x\w+(?: \+ \d+)?), "(\w+)" \}', svm) }
	cpus, comms = {}, {}
	for line in open(trace):
		m = re.match(r"\s*(.+)-(\d+)\s+\[(\d+)\]\s+(\S{5})\s+(\d+): (\w+): (.*)", line)
		if not m or m[6] not in events:
			continue
		comm, pid, cpu, bits, ts, name, text = m.groups()
		comms[int(pid)] = comm
		flags = (1 if bits[0] == "d" else 0) | (4 if bits[1] in "nN" else 0) | (8 if bits[2] in "hH" else 0) | \
			(16 if bits[2] in "sH" else 0)
		payload = events[name].pack(flags, int(pid), fields_of(name, text, reasons))
		cpus.setdefault(int(cpu), []).append((int(ts), payload))
	blob = lambda text, size: struct.pack({ 4: "<I", 8: "<Q" }[size], len(text)) + text.encode()
	head = "\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n\tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;\n" \
		"\tfield: int overwrite;\toffset:8;\tsize:1;\tsigned:1;\n\tfield: char data;\toffset:16;\tsize:4080;\tsigned:1;\n"
	data = b"\x17\x08\x44tracing6\0" + bytes([0, 8]) + struct.pack("<I", 4096)
	data += b"header_page\0" + blob(head, 8) + b"header_event\0" + blob("# compressed entry header\n", 8) + struct.pack("<I", 0)
	systems = { "ipi": [], "kvm": [], "sched": [] }
	for name, event in events.items():
		systems[PLAIN[name][0] if name in PLAIN else "kvm"].append(event.text)
	data += struct.pack("<I", len(systems))
	for system, texts in systems.items():
		data += system.encode() + b"\0" + struct.pack("<I", len(texts)) + b"".join(blob(t, 8) for t in texts)
	data += blob("", 4) + blob("", 4) + blob("".join(f"{p} {c}\n" for p, c in sorted(comms.items())), 8)
	data += struct.pack("<I", len(cpus)) + b"options  \0"
	clock = b"local global [x86-tsc]\0"
	data += struct.pack("<HI", 4, len(clock)) + clock + struct.pack("<H", 0) + b"flyrecord\0"
	streams = [pages_of(cpus[cpu]) for cpu in sorted(cpus)]
	at = len(data) + 16 * len(streams) + 4095 & ~4095
	table = b""
	for stream in streams:
		table += struct.pack("<QQ", at, len(stream))
		at += len(stream)
	data = (data + table).ljust(len(data) + len(table) + 4095 & ~4095, b"\0") + b"".join(streams)
	open(out, "wb").write(data)


if __name__ == "__main__":
	main()
