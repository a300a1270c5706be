#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""A process whose second thread sends membarriers from CPU 0 to its first, which is busy on CPU 1. Prints both numbers."""
import ctypes
import hashlib
import os
import platform
import threading
import time

nr = {"x86_64": 324, "aarch64": 283}[platform.machine()]	# membarrier
libc = ctypes.CDLL(None)
libc.syscall(nr, 16, 0, 0)	# REGISTER_PRIVATE_EXPEDITED
done = threading.Event()

def send():
    os.sched_setaffinity(0, {0})
    for _ in range(40):
        libc.syscall(nr, 8, 0, 0)	# PRIVATE_EXPEDITED
        time.sleep(0.005)
    done.set()

thread = threading.Thread(target=send)
os.sched_setaffinity(0, {1})
thread.start()
print(os.getpid(), thread.native_id)
data = bytes(8 << 20)
while not done.is_set():	# runs beside the other thread: hashing needs no interpreter
    hashlib.sha256(data)
