#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# "ipitrace probe": what it says is what the kernel has, and nothing in tracefs changes.
. "$(dirname "$0")/../lib.sh"
need_live
live_lock
T=/sys/kernel/tracing

state() {
	ls $T/instances
	cat $T/kprobe_events $T/dynamic_events $T/tracing_on $T/trace_clock $T/events/enable $T/error_log 2>/dev/null
	cat $T/events/ipi/*/filter $T/events/irq_vectors/*/filter $T/events/csd/*/filter 2>/dev/null
	grep tracefs /proc/mounts
}
before=$(state)
exits 0 "probe" "$IPITRACE" probe
cp "$OUT" "$TMP/text"
is "$(cat "$ERR")" "" "and says nothing on stderr"
exits 0 "probe --json" "$IPITRACE" probe --json
cp "$OUT" "$TMP/json"
is "$(state)" "$before" "tracefs is as it was"

json_check "$TMP/json" "d['schema'] == 'ipitrace-probe/1'" "schema"
json_check "$TMP/json" "d['kernel'] == '$(uname -r)' and d['arch'] == '$(uname -m)'" "kernel"
json_check "$TMP/json" "d['cpus_online'] == $(getconf _NPROCESSORS_ONLN)" "CPUs"
json_check "$TMP/json" "d['access']['root'] and d['access']['tracefs'] and d['access']['instances']" "access"
json_check "$TMP/json" "all((e['state'] in ('present', 'mute')) ==
	__import__('os').path.exists('$T/events/' + e['name'].replace(':', '/') + '/format')
	for e in d['events'] if ':' in e['name'])" "an event is present where its format file is"
json_check "$TMP/json" "[e for e in d['events'] if e['role'] == 'reception']" "receptions are listed"
json_check "$TMP/json" "all(e['cost'] for e in d['events'] if e['state'] == 'missing')" "what is missing has its cost"
json_check "$TMP/json" "(d['tier'] == 'exact') == (d['raise'] is None)" "what would raise the tier, unless it is the highest"
json_check "$TMP/json" "d['clock']['used'] == 'mono' and 'mono' in d['clock']['available'].split()" "clock"
json_check "$TMP/json" "d['clock']['clocksource'] == open('/sys/devices/system/clocksource/clocksource0/current_clocksource').read().strip()" "clocksource"
json_check "$TMP/json" "d['buffers']['subbuf_bytes'] >= 4096 and d['buffers']['per_cpu_bytes'] >= 1 << 20" "buffers"
json_check "$TMP/json" "d['kvm'] and (d['kvm'][0]['state'] == 'present') == __import__('os').path.exists('$T/events/kvm/kvm_exit/format')" "events of KVM"
json_check "$TMP/json" "all(l['state'] != 'missing' or l['cost'] for l in d['kvm'])" "what is invisible says why"
like "$(cat "$TMP/text")" '^virtual machines [(]record --kvm[)]:$' "the text has them, too"
like "$(cat "$TMP/text")" "^tier: $(json_get "$TMP/json" 'd["tier"]'):" "the text names the same tier"

# The recording of this kernel has the tier that probe promises.
exits 0 "record" "$IPITRACE" record -o "$TMP/t.dat" -- sleep 0.2
exits 0 "report" "$IPITRACE" report -i "$TMP/t.dat" --json
is "$(json_get "$OUT" 'd["trace"]["tier"]')" "$(json_get "$TMP/json" 'd["tier"]')" "a recording has the tier that probe promises"

# Without root nothing can be recorded; probe says that, and what would help.
cp "$IPITRACE" "$TMP/ipitrace"
chmod 755 "$TMP" "$TMP/ipitrace"
exits 1 "probe without root exits 1" setpriv --reuid=65534 --regid=65534 --clear-groups "$TMP/ipitrace" probe --json
cp "$OUT" "$TMP/user"
json_check "$TMP/user" "d['tier'] == 'none' and d['problem'] == 'not root' and d['raise'] == 'run as root'" "and says why"
json_check "$TMP/user" "all(e['state'] == 'unknown' for e in d['events'])" "without guessing what it cannot see"
seen="[d['access']['kprobe_events'], d['access']['stack_trigger'], d['access']['counts'], d['clock']['synchronised'], d['buffers']['subbuf_settable']]"
json_check "$TMP/user" "$seen == [None] * 5" "  null, that is"
json_check "$TMP/json" "all(type(v) is bool for v in $seen)" "  and true or false where it can"
for user in user json; do
	json_check "$TMP/$user" "all(f['text'] == f['text'].strip() for f in d['filters'])" "no blank behind a filter"
	json_check "$TMP/$user" "d['clock']['clocksources'].split(' ') == d['clock']['clocksources'].split()" "no blank behind the clock sources"
done
setpriv --reuid=65534 --regid=65534 --clear-groups "$TMP/ipitrace" probe >"$TMP/user.txt"
like "$(tr -s '\n ' ' ' <"$TMP/user.txt")" "kprobe events cannot be seen" "the text says so, too"
is "$(grep -n ' $' "$TMP/user.txt")" "" "  without blanks at the end of a line"

# Where tracefs is not mounted, probe mounts it for itself alone.
if unshare -m sh -c "umount -a -t tracefs && ! grep -q tracefs /proc/mounts" 2>/dev/null; then
	unshare -m sh -c "umount -a -t tracefs; '$IPITRACE' probe --json >'$TMP/unmounted'; grep tracefs /proc/mounts" >"$TMP/mounts"
	is "$(cat "$TMP/mounts")" "" "tracefs, not mounted, is not mounted afterwards"
	json_check "$TMP/unmounted" "not d['access']['tracefs_mounted'] and d['tier'] == '$(json_get "$TMP/json" 'd["tier"]')'" \
		"and is seen all the same"
else
	skip "tracefs not mounted" "it cannot be unmounted here"
fi
is "$(state)" "$before" "tracefs is as it was, at last"
done_testing
