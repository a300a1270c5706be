#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What KernelShark's library makes of a recording: every entry as "task-pid event: info".

	kshark.py LIBRARY... FILE

The last of the libraries is libkshark; those before it are what it is linked with.
"""
import ctypes
import sys

*libraries, path = sys.argv[1:]
for name in libraries:
    ks = ctypes.CDLL(name, mode=ctypes.RTLD_GLOBAL)
ks.kshark_load_entries.restype = ctypes.c_ssize_t
libc = ctypes.CDLL(None)
libc.free.argtypes = [ctypes.c_void_p]


def text(call, entry):
    call.restype = ctypes.c_void_p  # the caller's to free
    got = call(ctypes.c_void_p(entry))
    value = ctypes.string_at(got).decode() if got else "-"
    libc.free(got)
    return value


context = ctypes.c_void_p()
if not ks.kshark_instance(ctypes.byref(context)):
    sys.exit("no context")
stream = ks.kshark_open(context, path.encode())
if stream < 0:
    sys.exit("kshark_open: %d" % stream)
rows = ctypes.POINTER(ctypes.c_void_p)()
nr = ks.kshark_load_entries(context, stream, ctypes.byref(rows))
if nr < 0:
    sys.exit("kshark_load_entries: %d" % nr)
for i in range(nr):
    row = rows[i]
    print("%s-%d %s: %s" % (text(ks.kshark_get_task, row), ks.kshark_get_pid(ctypes.c_void_p(row)),
                            text(ks.kshark_get_event_name, row), text(ks.kshark_get_info, row).replace("\n", " ")))
