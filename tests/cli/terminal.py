# SPDX-License-Identifier: GPL-2.0-only
"""terminal.py COLUMNS ROWS KEYS CMD...: runs CMD on a terminal of that size, prints
what it shows, and exits as it does. KEYS are typed once it has been quiet for
a second; what is not over after 5 min, ten times what any takes on a loaded
machine, has hung: 124."""
import fcntl, os, pty, select, struct, sys, termios, time

columns, rows, keys = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3].encode()
pid, fd = pty.fork()
if pid == 0:
    fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    os.execvp(sys.argv[4], sys.argv[4:])
end = time.monotonic() + 300
shown = b""
while time.monotonic() < end:
    if not select.select([fd], [], [], 1)[0]:
        if keys:
            os.write(fd, keys)
            keys = b""
        continue
    try:
        data = os.read(fd, 65536)
    except OSError:
        data = b""
    if not data:
        break
    shown += data
else:
    os.kill(pid, 9)
status = os.waitpid(pid, 0)[1]
sys.stdout.buffer.write(shown.replace(b"\r\n", b"\n"))
sys.exit(os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 124)
