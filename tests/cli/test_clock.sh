#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Clocks that cannot tell: counts stay, times between CPUs are withheld and the
# report says why; clocks that are apart betray themselves by impossible spans.
. "$(dirname "$0")/../lib.sh"

# The same recording under another clock: its option holds the line of trace_clock, as long with other brackets.
python3 - "$DATA/report.dat" "$TMP" <<'PY'
import struct, sys
data = open(sys.argv[1], "rb").read()
at = data.index(b"local global ")
line = data[at:data.index(b"\0", at)]
names = line.replace(b"[", b"").replace(b"]", b"").rstrip(b"\n").split(b" ")
assert b"[mono]" in line
for clock in ("local", "x86-tsc", "global"):
    new = b" ".join(b"[" + n + b"]" if n == clock.encode() else n for n in names)
    new = new.ljust(len(line), b"\n")[:len(line)]
    open("%s/%s.dat" % (sys.argv[2], clock), "wb").write(data[:at] + new + data[at + len(line):])
# CPU 1 is behind: every sub-buffer begins with its time. Skew is told from calls queued before the recording
# only after a while, so each stream gets an empty sub-buffer from long before.
fly = data.index(b"flyrecord\0") + 10
cpus, = struct.unpack_from("<I", data, data.index(b"options  \0") - 4)
table = [struct.unpack_from("<QQ", data, fly + 16 * i) for i in range(cpus)]
start = min(struct.unpack_from("<Q", data, o)[0] for o, n in table if n)
head, body = bytearray(data[:fly]), bytearray()
at = (fly + 16 * cpus + 4095) & ~4095
for i, (o, n) in enumerate(table):
    piece = bytearray(data[o:o + n])
    for page in range(0, n, 4096):
        t, = struct.unpack_from("<Q", piece, page)
        struct.pack_into("<Q", piece, page, t - 13000 * (i == 1))
    empty = struct.pack("<QQII", start - 15 * 10**9, 8, 30, 0).ljust(4096, b"\0")
    head += struct.pack("<QQ", at + len(body), len(empty) + n)
    body += empty + piece
tail = data[max(o + n for o, n in table):]
open(sys.argv[2] + "/skewed.dat", "wb").write(bytes(head).ljust(at, b"\0") + body + tail)
PY
is "$?" 0 "recordings with other clocks are made" || done_testing

report() { exits 0 "$1: report" "$IPITRACE" report -i "$2" --json && cp "$OUT" "$TMP/$1.json"; }
report mono "$DATA/report.dat"
json_check "$TMP/mono.json" "d['trace']['clock_synchronised'] and d['trace']['skew_ns'] is None" "mono: one clock for all CPUs"
json_check "$TMP/mono.json" "any(r['delivery_ns'] for r in rows)" "mono: latencies"
counts='[t[k] for k in ("sends", "target_hits", "delivered", "coalesced", "interrupts", "unsolicited", "calls", "calls_run")]'
for clock in local global x86-tsc; do
	report $clock "$TMP/$clock.dat"
	json_check "$TMP/$clock.json" "d['trace']['clock'] == '$clock'" "$clock: named"
	json_check "$TMP/$clock.json" "$CONSERVES" "$clock: conservation laws hold"
	is "$(json_get "$TMP/$clock.json" "$counts")" "$(json_get "$TMP/mono.json" "$counts")" "$clock: counts are those of mono"
done
json_check "$TMP/global.json" "d['trace']['clock_synchronised'] and any(r['delivery_ns'] for r in rows)" "global: one clock for all CPUs"
json_check "$TMP/local.json" "not d['trace']['clock_synchronised']" "local: each CPU's own"
json_check "$TMP/local.json" "all(r['delivery_ns'] is None and r['queue_ns'] is None for r in rows)" \
	"local: times between CPUs are withheld"
json_check "$TMP/local.json" "any(r['handler_ns'] for r in rows) and any(r['func_ns'] for r in rows)" \
	"local: times on one CPU are not"
json_check "$TMP/x86-tsc.json" "all(r[k] is None for r in rows for k in ('delivery_ns', 'queue_ns', 'func_ns', 'handler_ns'))" \
	"x86-tsc: cycles are no ns"
exits 0 "local: text" "$IPITRACE" report -i "$TMP/local.dat"
like "$(cat "$OUT")" '^note: clock local .*withheld' "local: the text says why"
exits 0 "x86-tsc: text" "$IPITRACE" report -i "$TMP/x86-tsc.dat"
like "$(cat "$OUT")" '^note: clock x86-tsc .*withheld' "x86-tsc: the text says why"

# Sends of which none is known to have arrived keep their times, by as many clocks as there are senders.
gzip -dc "$DATA/cases/only-ipi.dat.gz" >"$TMP/sends.dat"
python3 - "$TMP/sends.dat" "$TMP/sends-local.dat" <<-'PY'
	import re, sys
	data = open(sys.argv[1], "rb").read()
	line = re.search(rb"local global [^\0]*|\[local\] global [^\0]*", data).group()
	new = line.replace(b"[mono]", b"mono").replace(b"local", b"[local]", 1)
	assert b"[mono]" in line and len(new) == len(line)
	open(sys.argv[2], "wb").write(data.replace(line, new, 1))
PY
exits 0 "sends alone over time" "$IPITRACE" report --over-time 1ms "$TMP/sends.dat"
exits 1 "  not under clock local" "$IPITRACE" report --over-time 1ms "$TMP/sends-local.dat"
for of in "sends false" "sends-local true"; do
	exits 0 "  a page: ${of% *}" "$IPITRACE" report --html "$TMP/page.html" "$TMP/${of% *}.dat"
	is "$(grep -o '"timeless":[a-z]*' "$TMP/page.html")" "\"timeless\":${of#* }" "    its chart over time"
done
report sends-local "$TMP/sends-local.dat"
json_check "$TMP/sends-local.json" "t['sends'] > 0 and t['delivered'] is None" "  none is known to have arrived"

report skewed "$TMP/skewed.dat"
json_check "$TMP/skewed.json" "$CONSERVES" "skewed: conservation laws hold"
json_check "$TMP/skewed.json" "t['negative'] > 0 and 0 < d['trace']['skew_ns'] <= 13000" \
	"skewed: the skew is bounded from below by impossible spans, never overstated"
json_check "$TMP/skewed.json" "all(v['min'] < 1 << 62 for r in rows for v in r.values() if isinstance(v, dict))" \
	"skewed: no time wraps"
exits 0 "skewed: text" "$IPITRACE" report -i "$TMP/skewed.dat"
like "$(cat "$OUT")" '^note: the clock of CPU 1 is behind that of CPU 0 by [0-9]+ ns' "skewed: the text says which CPU is behind"
done_testing
