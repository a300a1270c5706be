#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Prometheus as a client, and worse clients.

query URL EXPRESSION		values, one a line, sorted
poll URL EXPRESSION VALUE	until it is at least that; prints it; 1 after 30 s
get URL [ACCEPT]		the type, and the text
alike FILE REPORT...		a file of metrics against reports by class, by target and by caller,func
agree URL MATCHER FILE		what Prometheus has of the metrics in a file
hostile ADDR:PORT		all that clients should not do; prints what came of it
"""
import collections
import json
import re
import socket
import sys
import time
import urllib.parse
import urllib.request


def ask(url, expression):
    data = urllib.parse.urlencode({"query": expression})
    with urllib.request.urlopen(f"{url}/api/v1/query?{data}", timeout=30) as answer:
        return json.load(answer)["data"]["result"]


def query(url, expression):
    for value in sorted(r["value"][1] for r in ask(url, expression)):
        print(value)


def poll(url, expression, value):
    got = "nothing"
    for _ in range(300):
        try:
            got = [r["value"][1] for r in ask(url, expression)]
        except OSError as e:
            got = e
        if isinstance(got, list) and len(got) == 1 and float(got[0]) >= float(value):
            print(got[0])
            return 0
        time.sleep(0.1)
    print(got)
    return 1


def get(url, accept=None):
    request = urllib.request.Request(url, headers={"Accept": accept} if accept else {})
    with urllib.request.urlopen(request, timeout=30) as answer:
        print(answer.headers["Content-Type"])
        sys.stdout.write(answer.read().decode())


LINE = re.compile(r'(\w+)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


def parse(path):
    """{(name, frozenset of labels): value}"""
    metrics = {}
    for line in open(path):
        if line.startswith("#"):
            continue
        name, labels, value = LINE.match(line).groups()
        key = name, frozenset(LABEL.findall(labels or ""))
        assert key not in metrics, f"twice: {line}"
        metrics[key] = float(value)
    return metrics


COUNTS = {"sends": "sends", "hits": "target_hits", "delivered": "delivered", "coalesced": "coalesced", "calls": "calls",
          "calls_run": "calls_run", "elided": "elided", "lost_hits": "lost", "ambiguous": "ambiguous",
          "waits_unknown": "waits_unknown"}
DISTS = {"delivery": "delivery_ns", "queue": "queue_ns", "function": "func_ns", "handler": "handler_ns", "wait": "wait_ns"}


def expected(report, prefix, keys):
    """The metrics of the rows of a report: {key: value}, without those that are 0."""
    want = collections.Counter()
    for row in report["rows"]:
        label = frozenset((k, re.sub(r"\+0x[0-9a-f]+", "", str(row[k] or "" if k != "target" else row[k]))) for k in keys)
        for name, column in COUNTS.items():
            want[f"ipitrace_{prefix}{name}_total", label] += row[column] or 0
        for name, column in DISTS.items():
            dist = row[column]
            if not dist:
                continue
            base = f"ipitrace_{prefix}{name}_seconds"
            want[f"{base}_sum", label] += dist["sum"]
            want[f"{base}_total", label] += dist["sum"]
            want[f"{base}_count", label] += dist["count"]
            for low, count in dist["buckets"]:
                want[f"{base}_low", label, low] += count
    return want


def compare(metrics, want, prefix, keys, wrong):
    nr = 0
    for (name, labels), value in metrics.items():
        le = dict(labels).get("le")
        plain = frozenset(p for p in labels if p[0] != "le")
        if {k for k, _ in plain} != set(keys) or not name.startswith(f"ipitrace_{prefix}") or "unsolicited" in name or \
                "interrupts" in name:
            continue
        nr += 1
        if le:
            base = name[:-len("_bucket")]
            should = sum(n for k, n in want.items() if len(k) == 3 and k[:2] == (f"{base}_low", plain) and
                         k[2] < float(le) * 1e9 - 1e-6)
        else:
            should = want[name, plain] / (1e9 if name.endswith(("seconds_sum", "seconds_total")) else 1)
        if abs(value - should) > 1e-9 * max(1, should):
            wrong.append(f"{name} {dict(labels)}: {value}, not {should}")
    # The other way round: what the report has is there.
    for key, value in want.items():
        if len(key) == 2 and value and key[0].endswith("_count") and key[0] in {n for n, _ in metrics} and key not in metrics:
            wrong.append(f"{key} is missing")
    return nr


def alike(path, *reports):
    metrics, wrong, nr = parse(path), [], 0
    kinds = ("", ("class",)), ("target_", ("target",)), ("caller_", ("caller", "func"))
    for (prefix, keys), report in zip(kinds, reports):
        r = json.load(open(report))
        n = compare(metrics, expected(r, prefix, keys), prefix, keys, wrong)
        if n < 10:
            wrong.append(f"by {keys}: {n} only")
        nr += n
    t = json.load(open(reports[0]))
    own = metrics["ipitrace_own_hits_total", frozenset()]
    hits = sum(v for (name, _), v in metrics.items() if name == "ipitrace_hits_total")
    if hits + own != t["totals"]["target_hits"]:
        wrong.append(f"{hits} + {own} hits of {t['totals']['target_hits']}")
    for name, value in (("unsolicited", t["totals"]["unsolicited"]), ("lost_events", t["trace"]["lost_events"])):
        if metrics[f"ipitrace_{name}_total", frozenset()] != value:
            wrong.append(f"{name}: not {value}")
    print(f"{nr} samples")
    for line in wrong[:20]:
        print(line)
    return bool(wrong)


def agree(url, matcher, path):
    want, wrong = parse(path), []
    got = {}
    for r in ask(url, '{__name__=~"ipitrace_.*",%s}' % matcher):
        labels = {k: v for k, v in r["metric"].items() if k not in ("__name__", "instance", "job")}
        got[r["metric"]["__name__"], frozenset(labels.items())] = float(r["value"][1])
    for (name, labels), value in want.items():
        key = name, frozenset((k, v) for k, v in labels if v)
        if got.get(key) != value:
            wrong.append(f"{name} {dict(labels)}: {got.get(key)}, not {value}")
    print(f"{len(want)} samples, {len(got)} there")
    for line in wrong[:20]:
        print(line)
    return bool(wrong) or len(want) != len(got)


def send(address, data):
    """What comes back, up to the end; None: it was cut off."""
    s = socket.create_connection(address, timeout=30)
    got = b""
    try:
        s.sendall(data)
        while chunk := s.recv(65536):
            got += chunk
    except OSError:
        return None if not got else got.decode(errors="replace")
    finally:
        s.close()
    return got.decode(errors="replace")


def hostile(where):
    host, port = where.rsplit(":", 1)
    address = host, int(port)
    held = [socket.create_connection(address, timeout=30) for _ in range(100)]
    for i, s in enumerate(held):
        try:
            s.sendall(b"GET /metrics HTTP/1.1\r\nX-Slow: " if i % 2 else b"")
        except OSError:
            pass  # had its time already
    for name, data in (("garbage", bytes(range(256)) * 8 + b"\r\n\r\n"), ("a huge header", b"GET /metrics HTTP/1.1\r\nX: " + b"y" * 300000 + b"\r\n\r\n"),
                       ("many headers", b"GET /metrics HTTP/1.1\r\n" + b"X: y\r\n" * 50000 + b"\r\n"),
                       ("a long path", b"GET /" + b"m" * 100000 + b" HTTP/1.1\r\n\r\n")):
        got = send(address, data)
        print(f"{name}: {'answered ' + got.split()[1] if got and got.startswith('HTTP') else 'cut off'}")
    for method, path in ("POST", "/metrics"), ("GET", "/etc/passwd"), ("GET", "/"), ("HEAD", "/metrics"):
        got = send(address, f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello".encode())
        print(f"{method} {path}: {got.split()[1]}")
    # One that asks and reads nothing; then all of these while it is asked as usual.
    held.append(socket.create_connection(address, timeout=30))
    held[-1].setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    held[-1].sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 20)
    for _ in range(3):
        got = send(address, b"GET /metrics HTTP/1.0\r\n\r\n")
        print(f"GET /metrics beside them: {got.split()[1] if got else 'cut off'}")


sys.exit({"query": query, "poll": poll, "get": get, "alike": alike, "agree": agree, "hostile": hostile}[sys.argv[1]](*sys.argv[2:]))
