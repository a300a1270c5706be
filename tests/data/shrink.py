#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Make a recording small enough to ship: shrink.py IN.dat OUT.dat

Most of a short trace.dat is /proc/kallsyms. Keeps only symbols
that an address in the event data points into, and the symbol after each, so
that ranges stay right; and those that ipitrace looks up by name. Everything
else is copied byte by byte; the list of sections behind it is written anew.
Of version 7, packed by zstd as trace-cmd does, the symbols' section keeps its
length, so that nothing moves: behind what is kept come zeros, for gzip.
"""
import bisect
import ctypes
import struct
import sys


# decode/formats.c: what stands for others or tells the architecture.
BY_NAME = {b"generic_smp_call_function_single_interrupt", b"sched_ttwu_pending",
           b"irq_work_queue_on", b"sysvec_call_function_single", b"wake_up_new_task",
           b"flush_tlb_func", b"mm_free_global_asid"}


class Reader:
    def __init__(self, data):
        self.data, self.at, self.out = data, 0, bytearray()

    def take(self, n):
        piece = self.data[self.at:self.at + n]
        if len(piece) != n:
            sys.exit("shrink: the file ends too early")
        self.at += n
        return piece

    def copy(self, n):
        piece = self.take(n)
        self.out += piece
        return piece

    def string(self):
        return self.copy(self.data.index(b"\0", self.at) + 1 - self.at)

    def block(self, fmt):
        """Size and content, copied."""
        self.copy(struct.unpack(fmt, self.copy(struct.calcsize(fmt)))[0])


def addresses(data, starts):
    """Whatever looks like a kernel address at a record's alignment."""
    if starts[-1] < 1 << 32:
        low = min((a for a in starts if a), default=0)
        yield from (v for v in struct.unpack_from("<%dI" % (len(data) // 4), data) if low <= v <= starts[-1])
        return
    for offset in (0, 4):
        n = (len(data) - offset) // 8
        for v in struct.unpack_from("<%dQ" % n, data, offset):
            if v >> 47 == 0x1ffff:
                yield v


def is_label(line):
    """Of the compiler or the assembler, in a function: decode/kallsyms.c."""
    return line.split()[2].startswith((b"$", b".L", b"L0"))


def prune(kallsyms, data):
    lines = [line for line in kallsyms.splitlines(keepends=True) if not is_label(line)]
    order = sorted((int(line.split()[0], 16), i) for i, line in enumerate(lines))
    starts = [a for a, _ in order]
    keep = set()
    named = {a for a, i in order if lines[i].split()[2] in BY_NAME}
    for v in named | set(addresses(data, starts)):
        k = bisect.bisect_right(starts, v) - 1
        if k < 0:
            continue
        # All names of that address, and the next address: it ends the range.
        lo = bisect.bisect_left(starts, starts[k])
        following = bisect.bisect_right(starts, starts[k])
        keep.update(i for _, i in order[lo:following + 1])
    # The plumbing is recognised by name, whether or not an address lies in it.
    return b"".join(line for i, line in enumerate(lines) if i in keep)


def section_moved(line, kallsyms, cut, streams, end, by):
    """Offset and length of the section of a line, "sum NAME OFFSET LENGTH XXH3", in the new file."""
    _, name, off, size, _ = line.split()
    off, size = int(off), int(size)
    if name.startswith("cpu"):
        return streams[int(name[3:])]
    if off >= end:
        return off + by, size
    return (off - cut, size) if off > kallsyms else (off, size - cut if off + size > kallsyms else size)


def tail_moved(out, tail, *how):
    """What is behind the data: sections, the facts with the sums of all, a footer."""
    magic, size, _ = struct.unpack("<8sQQ", tail[-24:]) if len(tail) >= 24 else (b"", 0, 0)
    if magic != b"IPITFACT":
        return tail
    text, out, lines = tail[-24 - size:-24].decode(), out + tail[:-24 - size], []
    xxh3 = ctypes.CDLL("libxxhash.so.0").XXH3_64bits
    xxh3.argtypes, xxh3.restype = (ctypes.c_char_p, ctypes.c_size_t), ctypes.c_uint64
    for line in text.splitlines():
        if line.startswith("sum "):
            off, size = section_moved(line, *how)
            line = "sum %s %d %d %016x" % (line.split()[1], off, size, xxh3(bytes(out[off:off + size]), size))
        lines.append(line + "\n")
    text = "".join(lines).encode()
    check = 0xcbf29ce484222325
    for c in text:
        check = (check ^ c) * 0x100000001b3 & 0xffffffffffffffff
    return tail[:-24 - int(struct.unpack("<Q", tail[-16:-8])[0])] + text + struct.pack("<8sQQ", magic, len(text), check)


def zstd(function, data, size):
    lib = ctypes.CDLL("libzstd.so.1")
    out = ctypes.create_string_buffer(size)
    for name in ("ZSTD_decompress", "ZSTD_compress"):
        getattr(lib, name).restype = ctypes.c_size_t
    level = (19,) if function == "ZSTD_compress" else ()
    n = getattr(lib, function)(out, ctypes.c_size_t(size), data, ctypes.c_size_t(len(data)), *level)
    if lib.ZSTD_isError(ctypes.c_size_t(n)):
        sys.exit("shrink: %s fails" % function)
    return out.raw[:n]


def chunk(data, at):
    """What is packed at this place, and where the next piece begins."""
    packed, plain = struct.unpack_from("<II", data, at)
    return zstd("ZSTD_decompress", data[at + 8:at + 8 + packed], plain), at + 8 + packed


def options7(data, at):
    """Of version 7: id and content of each option."""
    while at:
        at += 16
        while True:
            number, size = struct.unpack_from("<HI", data, at)
            if not number:
                at = struct.unpack_from("<Q", data, at + 6)[0]
                break
            yield number, data[at + 6:at + 6 + size]
            at += 6 + size


def streams7(data, option):
    """The events of the CPUs of a buffer's option, unpacked."""
    at = 8
    for _ in ("name", "clock"):
        at = option.index(b"\0", at) + 1
    for i in range(struct.unpack_from("<II", option, at)[1]):
        _, offset, size = struct.unpack_from("<IQQ", option, at + 8 + 20 * i)
        if not size:
            continue
        chunks, offset = struct.unpack_from("<I", data, offset)[0], offset + 4
        for _ in range(chunks):
            plain, offset = chunk(data, offset)
            yield plain


def shrink7(data, dst):
    at = 12 + 2 + 4
    for _ in ("compression", "its version"):
        at = data.index(b"\0", at) + 1
    options = list(options7(data, struct.unpack_from("<Q", data, at)[0]))
    pieces = b"".join(piece for number, o in options if number == 3 for piece in streams7(data, o))
    at = struct.unpack("<Q", next(o for number, o in options if number == 19))[0]
    room = struct.unpack_from("<Q", data, at + 8)[0]
    plain, _ = chunk(data, at + 16)
    kept = prune(plain[4:], pieces)
    kept = struct.pack("<I", len(kept)) + kept
    packed = zstd("ZSTD_compress", kept, len(kept) + 1024)
    packed = struct.pack("<II", len(packed), len(kept)) + packed
    with open(dst, "wb") as f:
        f.write(data[:at + 16] + packed + b"\0" * (room - len(packed)) + data[at + 16 + room:])


def main(src, dst):
    r = Reader(open(src, "rb").read())
    if r.data[:12] == b"\x17\x08\x44tracing7\0":
        return shrink7(r.data, dst)
    if r.copy(10) != b"\x17\x08\x44tracing" or r.string() != b"6\0" or r.copy(1) != b"\0":
        sys.exit("shrink: not a little-endian trace.dat of version 6")
    r.copy(1)
    page = struct.unpack("<I", r.copy(4))[0]
    for _ in ("header_page", "header_event"):
        r.string()
        r.block("<Q")
    for _ in range(struct.unpack("<I", r.copy(4))[0]):
        r.block("<Q")
    for _ in range(struct.unpack("<I", r.copy(4))[0]):
        r.string()
        for _ in range(struct.unpack("<I", r.copy(4))[0]):
            r.block("<Q")
    kallsyms = r.take(struct.unpack("<I", r.take(4))[0])
    kallsyms_at = len(r.out)
    r.block("<I")
    r.block("<Q")
    cpus = struct.unpack("<I", r.copy(4))[0]
    section = r.copy(10)
    if section == b"options  \0":
        while struct.unpack("<H", r.copy(2))[0]:
            r.block("<I")
        section = r.copy(10)
    if section != b"flyrecord\0":
        sys.exit("shrink: no event data")
    table = [struct.unpack("<QQ", r.take(16)) for _ in range(cpus)]
    pieces = [r.data[o:o + n] for o, n in table]
    end = max([o + n for o, n in table if n] or [r.at + 16 * cpus])
    tail = r.data[end:]

    kept = prune(kallsyms, b"".join(pieces))
    r.out[kallsyms_at:kallsyms_at] = struct.pack("<I", len(kept)) + kept
    at = len(r.out) + 16 * cpus
    body, streams = bytearray(), []
    for piece in pieces:
        pad = -(at + len(body)) % page
        body += b"\0" * pad
        r.out += struct.pack("<QQ", at + len(body), len(piece))
        streams.append((at + len(body), len(piece)))
        body += piece
    r.out += body
    tail = tail_moved(r.out, tail, kallsyms_at, len(kallsyms) - len(kept), streams, end, len(r.out) - end)
    with open(dst, "wb") as f:
        f.write(r.out + tail)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
