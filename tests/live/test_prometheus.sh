#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Metrics against the real Prometheus and node_exporter, on loopback: what its own
# queries return is what was sent, and every sample is the report's of the same pages.
# Clients that misbehave take nothing from it. Both are unpacked, not installed.
. "$(dirname "$0")/../lib.sh"
need_live 2
HELP=$ROOT/tests/live/prometheus.py
unpacked() { "$ROOT/tests/unpack" "$@" 2>"$ERR"; }
{ prometheus=$(unpacked prometheus prometheus) && promtool=$(unpacked promtool promtool) &&
	exporter=$(unpacked prometheus-node-exporter prometheus-node-exporter); } || skip_all "$(tail -n 1 "$ERR")"
live_lock

# --- refusals ---
exits 2 "a file that node_exporter would not read" "$IPITRACE" stat --prometheus "$TMP/metrics.txt"
exits 1 "a directory that is not there" "$IPITRACE" stat --prometheus "$TMP/no/x.prom" -d 100ms
like "$(cat "$ERR")" 'hint: the directory is node_exporter' "  with advice"
exits 2 "metrics and recording in one file" "$IPITRACE" stat --save "$TMP/one.prom" --prometheus "$TMP/one.prom" -d 100ms
exits 2 "--callers without metrics" "$IPITRACE" stat --callers 5 -d 100ms
for address in nonsense:1 127.0.0.1:99999 '[::1' 127.0.0.1:x; do
	exits 2 "an address that is none: $address" "$IPITRACE" stat --listen "$address" -d 100ms
	case $address in
	127.*) like "$(cat "$ERR")" "'${address#*:}' is no port" "  the port is what is wrong" ;;
	*) like "$(cat "$ERR")" 'not an address' "  the address is what is wrong" ;;
	esac
done
exits 0 "everybody, where asked to" "$IPITRACE" stat --listen 0.0.0.0:0 -d 100ms
like "$(cat "$ERR")" 'warning: other machines can read it' "  says what that means"

# --- everything at once ---
mkdir "$TMP/textfile"
cat >"$TMP/load" <<'SH'
until [ -e "$TMP/go" ]; do sleep 0.1; done
"$EXAMPLES/membarrier" -n 1000 -c 0 -t 1 >"$TMP/sent"
until [ -e "$TMP/stop" ]; do sleep 0.1; done
SH
"$IPITRACE" stat --listen 127.0.0.1:0 --callers 1000 --prometheus "$TMP/textfile/ipitrace.prom" -I 500ms --save "$TMP/p.dat" -- \
	bash "$TMP/load" >"$OUT" 2>"$TMP/stat.err" </dev/null &
stat=$!
pids=()
end_all() {
	touch "$TMP/stop" "$TMP/go"
	kill "${pids[@]}" "$stat" 2>/dev/null
	wait
}
at_exit end_all
listening() { # PATTERN FILE: what it says where it listens
	local i
	for ((i = 0; i < 300; i++)); do
		sed -n "s/.*$1.*127\.0\.0\.1:\([1-9][0-9]*\).*/127.0.0.1:\1/p" "$2" | grep -m 1 . && return
		sleep 0.1
	done
	echo nowhere
}
at=$(listening "serving" "$TMP/stat.err")
"$exporter" --collector.disable-defaults --collector.textfile --collector.textfile.directory="$TMP/textfile" \
	--web.listen-address=127.0.0.1:0 >"$TMP/node.log" 2>&1 &
pids+=($!)
node=$(listening 'Listening on' "$TMP/node.log")
cat >"$TMP/prometheus.yml" <<YML
global: {scrape_interval: 1s}
scrape_configs:
  - {job_name: ipitrace, static_configs: [{targets: ["$at"]}]}
  - {job_name: node, static_configs: [{targets: ["$node"]}]}
YML
"$prometheus" --config.file="$TMP/prometheus.yml" --storage.tsdb.path="$TMP/tsdb" --web.listen-address=127.0.0.1:0 \
	>"$TMP/prometheus.log" 2>&1 &
pids+=($!)
url=http://$(listening 'Listening on' "$TMP/prometheus.log")
ok "Prometheus finds the server" "$HELP" poll "$url" 'up{job="ipitrace"}' 1
hits='ipitrace_caller_calls_total{job="ipitrace",func="ipi_mb"}'
touch "$TMP/go"
"$HELP" hostile "$at" >"$TMP/hostile" 2>"$ERR"
is $? 0 "hostile clients" || note "$(tail -n 5 "$ERR")"
is "$(grep -c 'beside them: 200' "$TMP/hostile")" 3 "  and others are served beside them"
for line in 'garbage: ' 'a huge header: ' 'POST /metrics: 405' 'GET /etc/passwd: 404' 'HEAD /metrics: 200'; do
	like "$(cat "$TMP/hostile")" "$line" "  $line"
done
until [ -s "$TMP/sent" ]; do sleep 0.1; done
sent=$(cat "$TMP/sent")
low=$((1000 - $(kv maybe_skipped "$sent")))
n=$("$HELP" poll "$url" "$hits" "$low")
ok "Prometheus' own query: $n membarriers, of 1000 sent that need $low to 1000" test "${n:-0}" -ge "$low" -a "${n:-0}" -le 1000
"$HELP" get "http://$at/metrics" >"$TMP/plain"
"$HELP" get "http://$at/metrics" 'application/openmetrics-text;version=1.0.0,text/plain;q=0.5' >"$TMP/open"
is "$(head -n 1 "$TMP/plain")" "text/plain; version=0.0.4; charset=utf-8" "the usual format"
like "$(head -n 1 "$TMP/open")" '^application/openmetrics-text; version=1.0.0' "OpenMetrics where it is accepted"
is "$(tail -n 1 "$TMP/open")" "# EOF" "  to its end"
touch "$TMP/stop"
wait "$stat"
status=$?
ok "the measurement ends as any" test $status -eq 0 -o $status -eq 3 || note "$(tail -n 5 "$TMP/stat.err")"
is "$(cat "$OUT")" "" "nothing on standard output but the workload's"

# --- the last file, the report of the same pages, and what Prometheus has of it ---
file=$TMP/textfile/ipitrace.prom
is "$(stat -c %a "$file")" 644 "the collector can read the file"
is "$(ls -A "$TMP/textfile")" ipitrace.prom "nothing else is left"
for text in "$file" "$TMP/plain"; do
	sed '/^text\/plain/d' "$text" >"$TMP/checked"
	exits 0 "promtool check metrics ${text##*/}" bash -c "'$promtool' check metrics <'$TMP/checked'"
	is "$(cat "$OUT" "$ERR")" "" "  has nothing to say"
done
for by in class target caller,func; do
	"$IPITRACE" report --by $by --json "$TMP/p.dat" >"$TMP/$by.json" 2>"$ERR"
done
ok "every sample is the report's" "$HELP" alike "$file" "$TMP/class.json" "$TMP/target.json" "$TMP/caller,func.json"
ok "Prometheus has the last file by node_exporter" "$HELP" poll "$url" '1 - ipitrace_up{job="node"}' 1
ok "  with every sample" "$HELP" agree "$url" 'job="node"' "$file"
p99=$(json_get "$TMP/class.json" 'next(r["delivery_ns"]["p99"] for r in rows if r["class"] == "call_function_single")')
q99=$("$HELP" query "$url" 'histogram_quantile(0.99, ipitrace_delivery_seconds_bucket{job="node",class="call_function_single"}) * 1e9')
# Both are in the same bucket, whose bounds are no more than 1.5 apart; percentiles of a report are within 0.8 %.
ok "histogram_quantile 0.99: $q99 ns, the report says $p99" \
	python3 -c 'import sys; q, p = map(float, sys.argv[1:]); sys.exit(not p / 1.52 <= q <= p * 1.52)' "$q99" "$p99"

# --- what is shipped as an example ---
cd "$ROOT/examples/prometheus" || exit 1
exits 0 "promtool check config" "$promtool" check config prometheus.yml
exits 0 "promtool check rules" "$promtool" check rules ipitrace.rules.yml
exits 0 "promtool test rules: an isolation breach is one, buckets of hosts add" "$promtool" test rules ipitrace.test.yml

# --- the service; its program need not be installed here ---
if command -v systemd-analyze >/dev/null; then
	sed "s,^ExecStart=ipitrace,ExecStart=$IPITRACE," "$ROOT/packaging/ipitrace-stat.service" >"$TMP/ipitrace-stat.service"
	exits 0 "systemd-analyze verify" systemd-analyze verify --man=no "$TMP/ipitrace-stat.service"
	is "$(cat "$OUT" "$ERR")" "" "  has nothing to say"
	"$IPITRACE" stat --help >"$OUT"
	ok "  its option exists" grep -q -- ' --listen ' "$OUT"
else
	skip "systemd-analyze verify" "no systemd here"
fi
done_testing
