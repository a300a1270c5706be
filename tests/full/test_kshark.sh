#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 300
# alone
#
# KernelShark's library reads a recording, compressed and not: every event that
# the kernel counted, with the names of tasks and functions that trace-cmd has.
. "$(dirname "$0")/../lib.sh"
need_live 2
live_lock
cd "$TMP" || exit 1
libraries=()
for package in libjson-c5:libjson-c.so.5 libtracecmd1:libtracecmd.so.1 libkshark2:libkshark.so.2; do
	lib=$("$ROOT/tests/unpack" "${package%:*}" "${package#*:}" 2>err) || skip_all "no ${package%:*}: $(tail -n 1 err)"
	libraries+=("$lib")
done
fact() { tail -c 65536 "$1" | LC_ALL=C grep -a "^$2 " | tail -n 1 | cut -d' ' -f2-; }
# by_event: how often each event is there, and each name of a task with it
kshark_tasks() { sed -n 's/^\(.*\)-[0-9]* \([^ ]*\): .*/\1 \2/p' "$1" | sed 's,ftrace/,,; s, [^ ]*/, ,' | sort | uniq -c; }
tracecmd_tasks() { sed -nE 's/^ *(.*)-[0-9]+ +\[[0-9]+\] +[0-9.]+: ([a-z_]+): .*/\1 \2/p' "$1" | sort | uniq -c; }

for how in fast best none; do
	exits 0 "record --compress $how" "$IPITRACE" record --compress $how -o $how.dat -- "$EXAMPLES/membarrier" -n 500
	exits 0 "libkshark reads it" python3 "$ROOT/tests/full/kshark.py" "${libraries[@]}" $how.dat
	cp "$OUT" ks.out
	is "$(cat "$ERR")" "" "  without a complaint"
	is "$(wc -l <ks.out)" "$(($(fact $how.dat entries | tr ' ' +)))" "  every event that the kernel counted"
	trace-cmd report -i $how.dat >tc.out 2>/dev/null
	is "$(kshark_tasks ks.out)" "$(tracecmd_tasks tc.out)" "  of each task and kind as many as trace-cmd finds"
	ok "  tasks have names" grep -q '^membarrier-[0-9]* ' ks.out
	like "$(grep -m1 'ipi_send_cpu: \|ipi_send_cpumask: ' ks.out)" 'callsite=[a-z_][a-zA-Z0-9_.]*\+0x' "  call sites, too"
	like "$(grep -m1 'kernel_stack: ' ks.out)" '=> [a-z_]+ \([0-9a-f]+\)' "  and frames of stacks"
done
done_testing
