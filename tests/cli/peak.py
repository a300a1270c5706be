# SPDX-License-Identifier: GPL-2.0-only
"""peak.py CMD...: runs it; prints the most memory that it had, in kB, and how many bytes it wrote. Fails if it does."""
import os
import subprocess
import sys

child = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
written = 0
while True:
    data = os.read(child.stdout.fileno(), 1 << 20)
    if not data:
        break
    written += len(data)
_, status, usage = os.wait4(child.pid, 0)
print(usage.ru_maxrss, written)
sys.exit(status != 0)
