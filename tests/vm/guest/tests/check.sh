#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# check on a CPU that the kernel was told to keep free (isolcpus=, nohz_full=): nobody touches it, unless told to,
# and then exactly so often; and whoever tampers with the tracing gets no verdict.
# shellcheck source=../lib.sh
. /lab/lib.sh
T=/sys/kernel/tracing
cpu=$(cat /sys/devices/system/cpu/isolated)
[ -n "$cpu" ] || skip_all "this row isolates no CPU"
cd /tmp || exit 1

# check STATUS NAME ARGS...
check() {
	want=$1 name=$2
	shift 2
	ipitrace check --json "$@" >c.json 2>c.err </dev/null
	is $? "$want" "$name"
}
has() { grep -q "^  *\"$1\": $2,*\$" c.json; }

all=$(printf %x $(((1 << ROW_CPUS) - 1))) # whom nobody tells, is kept off isolated CPUs
# Who isolates a CPU moves from it what lets itself be moved: kcompactd, once on a CPU of its node, wakes twice a second there.
others=$(printf %x $((((1 << ROW_CPUS) - 1) & ~(1 << cpu))))
for task in /proc/[0-9]*; do
	taskset -p "$others" "${task#/proc/}" >/dev/null 2>&1
done

# What is left of loading the module and of booting may come late, and from 6.12 on the kernel's own servant of
# fair tasks has a timer on each CPU (switching it off at work makes 6.12 warn): one second of ten without any IPI.
for _ in 1 2 3 4 5 6 7 8 9 10; do
	ipitrace check --json -C isolated -d 1s >c.json 2>c.err </dev/null && break
	grep -A 4 '"caller"' c.json | sed 's/^/# /'
done
ok "-C isolated: left alone, passed" has verdict '"passed"'
ok "the verdict is of CPU $cpu" has cpus "\"$cpu\""
ok "without a hit" has hits 0
ok "by all evidence" sh -c 'grep -q "\"self_test\": true" c.json && grep -q "\"own_hits\": 0" c.json && grep -q "\"tracing_intact\": true" c.json'

n=50
# A call that finds another one queued, of the kernel's own, sends no IPI of its own: how many were such ones, a recording of the same time
# knows.
ipitrace record -q -o c.dat -- ipitrace check --json -C nohz_full -- taskset "$all" membarrier -n $n -c 0 -t "$cpu" >c.json 2>c.err </dev/null
status=$?
grep '^sent:' c.err | sed 's,^,# ,'; grep -q '^sent:' c.err || sed 's/^/# /' c.err
skipped=$(sed -n 's/.*maybe_skipped=\([0-9]*\).*/\1/p' c.err)
hits=$(awk -F '[:,]' '/"func"/ { f = $2 ~ /"ipi_mb"/ } /"hits"/ && f { s += $2; f = 0 } END { print s + 0 }' c.json)
elided=$(ipitrace report --csv --by func --func ipi_mb -f elided c.dat 2>/dev/null | tail -n 1)
is "$status" 4 "-C nohz_full: what an example sends there"
ok "is seen: $n sent, $skipped of them perhaps not, $hits seen, $elided without an IPI" test "$hits" -le $n -a $((hits + elided)) -ge $((n - skipped))
ok "failed" has verdict '"failed"'
ok "ipitrace itself kept off" sh -c 'grep -q "\"own_hits\": 0" c.json'

check 0 "an example that sends to others, and a few for the kernel's own" -C isolated --max 5 -- membarrier -n $n -c 0 -t 1
ok "  none of them is the example's" sh -c '! grep -q ipi_mb c.json'

ipitrace check --json -C isolated --max 1000000 -d 60s >c.json 2>c.err </dev/null &
pid=$!
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	[ "$(cat $T/instances/ipitrace-$pid.????????/tracing_on 2>/dev/null)" = 1 ] && break
	sleep 1
done
sleep 1
echo 0 >"$(echo $T/instances/ipitrace-$pid.????????/tracing_on)"
kill -INT $pid
wait $pid
is $? 3 "somebody switches tracing off: unknown"
ok "is the verdict" has verdict '"unknown"'
is "$(ls $T/instances)" "" "nothing is left in tracefs"
done_testing
