#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The file: trace-cmd reads it without a warning, with symbols, and finds every
# event that the ring buffer counted; it belongs to the user behind sudo; the
# facts say how it was made; filters reach the kernel, stacks follow their sends.
# timeout: 300
. "$(dirname "$0")/../lib.sh"
need_live 2
live_lock
cd "$TMP" || exit 1
fact() { tail -c 65536 "$1" | LC_ALL=C grep -a "^$2 " | tail -n 1 | cut -d' ' -f2-; }
SENDS="ipi_send_cpu|ipi_send_cpumask|sched_wake_idle_without_ipi"
# tc FILE; count EVENT: how often trace-cmd finds it
# stackless EVENTS: how many of them have no stack, if more than can be explained: tracing may end between an
# event and its stack, once on each CPU, and the kernel drops a stack now and then (2 of 1,716 were seen).
# Negative: stacks that belong to no event. By default membarriers, of whoever else runs here, get none.
stackless() {
	local all n
	all=$(grep -E " ($1): " tc.out | grep -Evc "callsite=${2:-nothing}")
	n=$((all - $(count kernel_stack)))
	[ $n -ge 0 ] && [ $n -le $(($(getconf _NPROCESSORS_ONLN) + all / 100)) ] && n=0
	echo $n
}
tc() { trace-cmd report -i "$1" 2>"$TMP/tc.err" >"$TMP/tc.out"; }
count() { grep -Ec "\[[0-9]+\] +([^ ]+ +)?[0-9.]+: $1: " "$TMP/tc.out"; }

exits 0 "record" "$IPITRACE" record -o f.dat -- hackbench -l 50
if command -v trace-cmd >/dev/null; then
	ok "trace-cmd report" tc f.dat
	is "$(cat tc.err)" "" "trace-cmd report has nothing to complain of"
	is "$(grep -c '^CPU [0-9]* is empty' tc.out)" 0 "every CPU has data"
	nr=0
	for entries in $(fact f.dat entries); do
		is "$(grep -Ec "\[00$nr\] +([^ ]+ +)?[0-9]+\.[0-9]+: " tc.out)" "$entries" \
			"CPU $nr: trace-cmd finds all $entries events that the kernel counted"
		nr=$((nr + 1))
	done
	is $nr "$(fact f.dat cpus)" "a count for every CPU"
	for ev in ipi_send_cpu csd_queue_cpu csd_function_entry call_function_single_entry reschedule_exit kernel_stack; do
		ok "$ev is there" test "$(count $ev)" -gt 0
	done
	like "$(grep -m1 ' ipi_send_cpu: ' tc.out)" 'callsite=[a-z_][a-zA-Z0-9_.]*\+0x' "call sites have names"
	like "$(grep -m1 ' csd_queue_cpu: ' tc.out)" 'func=[a-z_]' "functions have names"
	like "$(grep -m1 -A2 'kernel_stack:' tc.out)" '=> [a-z_]+ ' "frames of stacks have names"
	# The file keeps few of the kernel's symbols: they name every frame as all of them do.
	python3 - tc.out >wrong 2>&1 <<-'END'
		import bisect, collections, re, sys
		names = collections.defaultdict(set)
		for line in open('/proc/kallsyms'):
		    word = line.split()
		    names[int(word[0], 16)].add(word[2])
		addrs = sorted(names)
		frames = set(re.findall(r'^=> (\S+) .*\(([0-9a-f]+)\)$', open(sys.argv[1]).read(), re.M))
		for name, addr in frames:
		    if name not in names[addrs[bisect.bisect(addrs, int(addr, 16)) - 1]]:
		        print(name, addr)
		print(len(frames) > 20)
	END
	is "$(cat wrong)" True "they are those of /proc/kallsyms"
	ok "tasks have names: hackbench" grep -q '^ *hackbench-[0-9]' tc.out
	is "$(grep -Ec '^ *<\.\.\.>-[0-9]' tc.out)" 0 "no task without a name"
	is "$(stackless "$SENDS" membarrier_)" 0 "a stack with every send and every wake-up without an IPI"
	like "$(trace-cmd dump --options -i f.dat 2>/dev/null)" '\[mono\]' "the clock is in the file"
	like "$(trace-cmd report --stat -i f.dat 2>/dev/null)" 'entries: ' "so are the counters"
else
	skip "trace-cmd report" "no trace-cmd"
fi
# It is compressed; trace-cmd unpacks it to a file of the same report. Without it is another version.
like "$(trace-cmd dump --summary -i f.dat 2>&1)" 'zstd' "trace-cmd: packed by zstd"
ok "  it unpacks the file" trace-cmd convert -i f.dat -o plain.dat --compression none
for f in f plain; do
	"$IPITRACE" report --json $f.dat >$f.json 2>>tc.err
done
# (The conversion does not know our facts: who is ipitrace itself, which thread of which process.)
sums="[d['totals'][k] for k in ('sends', 'target_hits', 'delivered', 'calls_run')]"
is "$(json_get f.json "$sums")" "$(json_get plain.json "$sums")" "  the totals are the same"
json_check f.json "d['totals']['target_hits'] > 0 and not d['trace']['incomplete']" "  there are some, of a whole recording"
ok "  which is much larger" test $(($(stat -c %s f.dat) * 2)) -lt "$(stat -c %s plain.dat)"
exits 0 "record --compress none" "$IPITRACE" record --compress none -o u.dat -- hackbench -l 50
ok "  trace-cmd reads it" tc u.dat
is "$(head -c 12 u.dat | tail -c 2 | tr -d '\0')" 6 "  it is version 6"
is "$(cat tc.err)" "" "  trace-cmd has nothing to complain of"
is "$(grep -Ec '\[00[0-9]\] +([^ ]+ +)?[0-9]+\.[0-9]+: ' tc.out)" "$(($(fact u.dat entries | tr ' ' +)))" "  every event that the kernel counted"
exits 0 "record with a word about how" env IPITRACE_DEBUG=session "$IPITRACE" record -o u.dat -- true
like "$(cat "$ERR")" '^ipitrace: [0-9.]+ s to find its symbols and names, [0-9.]+ s to compress and write it$' "  how long it took to save is stated"
floor=$(stat -c %s u.dat)
ok "  a recording of next to nothing is small: $floor bytes" test "$floor" -le 300000
kept=$(LC_ALL=C tail -c 65536 f.dat | grep -a '^sum symbols ' | cut -d' ' -f4)
ok "symbols that nothing in the file needs are left out: $kept bytes are in it" test "$kept" -lt 100000
is "$(fact f.dat complete)" 1 "facts: complete"
is "$(fact f.dat tier)" exact "facts: tier"
like "$(fact f.dat cmdline)" '^ipitrace record -o f.dat -- hackbench -l 50$' "facts: command line"
is "$(fact f.dat workload_status)" 0 "facts: workload status"
ok "facts: own pids" test "$(fact f.dat own_pids | wc -w)" -ge 2

# A filter for one target: nothing about others is in the file; a stack only with sends that are.
exits 0 "record -C 1" "$IPITRACE" record -C 1 -o c.dat -- hackbench -l 50
"$IPITRACE" report --json c.dat >c.json
json_check c.json "d['trace']['recorded_filters'] == 'target_cpus 1' and d['trace']['host'] == '$(uname -n)' and
	d['trace']['command'] == 'ipitrace record -C 1 -o c.dat -- hackbench -l 50'" "  its report has command, host and filters"
json_check c.json "0 <= $(date +%s) - __import__('calendar').timegm(__import__('time').strptime(d['trace']['date'],
	'%Y-%m-%dT%H:%M:%SZ')) < 600" "  and the date"
like "$("$IPITRACE" report c.dat)" '^with the filters: target_cpus 1$' "  the text, too"
exits 2 "a report of CPU 0 of it" "$IPITRACE" report -C 0 c.dat
like "$(cat "$ERR")" '^ipitrace: report: --target-cpus 0: the recording was made with --target-cpus 1, ' "  is no report of no IPIs"
is "$("$IPITRACE" report --json -C online c.dat | json_get /dev/stdin 'd["rows"]')" "$(json_get c.json 'd["rows"]')" \
	"-C online are the recording's CPUs"
is "$(fact c.dat filter_target_cpus)" 1 "facts: filter"
is "$(fact c.dat filtered_in_kernel)" 1 "facts: filtered in the kernel"
if tc c.dat; then
	is "$(grep -Ec ' (ipi_send_cpu|csd_queue_cpu|sched_wake_idle_without_ipi): +cpu=0' tc.out)" 0 "nothing sent to CPU 0"
	is "$(grep -Ec '\[000\].*_(entry|exit): ' tc.out)" 0 "nothing received on CPU 0"
	is "$(stackless "$SENDS" membarrier_)" 0 "a stack with every send, none without"
	ok "but sends to CPU 1" grep -Eq ' ipi_send_cpu: +cpu=1 ' tc.out
fi
exits 0 "record --class reschedule" "$IPITRACE" record --class reschedule -o r.dat -- hackbench -l 50
if tc r.dat; then
	ok "reschedules are there" test "$(count reschedule_entry)" -gt 0
	is "$(grep -Ec ': (call_function|irq_work|csd_function)[a-z_]*: |callback=[a-z]' tc.out)" 0 "no other interrupt"
fi
# Which process a thread was of is known of those that began meanwhile, and of those that lived; of those that
# the file is about: whose number is in no event has neither name nor process in it.
cp "$(command -v sleep)" idler
cp "$BUILD/examples/membarrier" before
running=()
stop_running() {
	[ ${#running[@]} -eq 0 ] && return
	kill "${running[@]}"
	wait "${running[@]}" 2>/dev/null
	running=()
}
at_exit stop_running
for ((i = 0; i < 16; i++)); do
	./idler 60 &
	running+=($!)
done
idler=$!
./before -n 20000000 >/dev/null &
before=$!
running+=("$before")
for ((i = 0; i < 200; i++)); do
	[ "$(cat /proc/$before/comm /proc/$idler/comm)" = "before"$'\n'"idler" ] && break
	sleep 0.02
done
exits 0 "record threads" "$IPITRACE" record --compress none -o t.dat -- python3 "$ROOT/tests/live/threads.py"
stop_running
read -r pid tid <"$OUT"
tc t.dat
ok "its second thread is in an event" test "$(grep -Ec "^ *[^ ]*-$tid +\[" tc.out)" -gt 0
like " $(fact t.dat tgids) " " $pid $pid .*$tid $pid " "facts: a thread $tid and its process $pid"
like " $(fact t.dat tgids) " " $before $before " "  and a process that began before"
# A word that is no task's number may look like one: some names too many are kept, never one too few.
is "$(LC_ALL=C grep -aEc "^$before before$" t.dat)" 1 "  its name is there"
kept=$(LC_ALL=C grep -aEc '^[0-9]+ idler$' t.dat)
ok "  of 16 that did nothing most are left out ($kept kept)" test "$kept" -le 8
exits 0 "record --no-stack" "$IPITRACE" record --no-stack -o n.dat -- hackbench -l 20
tc n.dat && is "$(count kernel_stack)" 0 "--no-stack: none"
is "$(fact n.dat stacks)" 0 "facts: no stacks"
exits 0 "record --stack=calls" "$IPITRACE" record --stack=calls -o s.dat -- hackbench -l 20
tc s.dat && is "$(stackless "$SENDS|csd_queue_cpu")" 0 "--stack=calls: with every queued call, too"

# Under sudo: workload and file are the invoking user's.
mkdir "$TMP/user" && chmod 777 "$TMP" "$TMP/user"
# shellcheck disable=SC2016 # expanded by the inner shell
exits 0 "record under sudo" env SUDO_UID=65534 SUDO_GID=65534 "$IPITRACE" record -o "$TMP/user/f.dat" -- \
	sh -c 'id -u; id -g; id -G; echo $HOME'
is "$(sed -n 1p "$OUT"),$(sed -n 2p "$OUT"),$(sed -n 3p "$OUT")" 65534,65534,65534 "the workload runs as the invoking user"
unlike "$(sed -n 4p "$OUT")" '^/root' "with that user's home"
is "$(stat -c %u:%g "$TMP/user/f.dat")" 65534:65534 "the file belongs to the invoking user"

# What is there already is replaced as a whole, and only by a complete file.
echo precious >old.dat
exits 127 "a failing record" "$IPITRACE" record -o old.dat -- ./no-such-program
is "$(cat old.dat)" precious "leaves an old file alone"
exits 0 "a working one" "$IPITRACE" record -o old.dat -- true
is "$(tail -c 24 old.dat | head -c 8)" IPITFACT "replaces it"
done_testing
