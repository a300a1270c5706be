#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# However many threads read a recording, what they say of it is the same, byte
# for byte: of every recording that is shipped, on standard error, too.
. "$(dirname "$0")/../lib.sh"
cd "$TMP" || exit 1

# All that a number of threads says of a file.
say() {
	local t=$1 f=$2
	"$IPITRACE" report --threads "$t" --json "$f" 2>&1
	echo "exit $?"
	"$IPITRACE" list --threads "$t" --stacks "$f" 2>&1
	echo "exit $?"
}
nr=0 events=0
for f in "$DATA"/*.dat "$DATA"/*/*.dat "$DATA"/*/*.dat.gz; do
	[ -e "$f" ] || continue
	say 1 "$f" >one
	nr=$((nr + 1))
	events=$((events + $(wc -l <one)))
	for t in 2 3 8; do
		say $t "$f" >many
		cmp -s one many || not+="$t threads: ${f#"$DATA"/}"$'\n'
	done
done
is "${not-}" "" "$nr recordings: report and list are the same with 1, 2, 3 and 8 threads"
ok "  of which there are some" [ "$nr" -ge 50 ]
ok "  and of events as well ($events lines)" [ "$events" -ge 10000 ]

F=$DATA/report.dat
for what in "export --folded" "export --ndjson" "report --tlb --csv" "report --matrix count --csv" "report --hist delivery" \
	"report --over-time 1ms --csv" "report --by stack,victim --csv" "list --slowest 5" "list --csv"; do
	# shellcheck disable=SC2086 # words
	"$IPITRACE" $what --threads 1 "$F" >one 2>&1
	# shellcheck disable=SC2086
	"$IPITRACE" $what --threads 3 "$F" >many 2>&1
	ok "$what" cmp one many
done
"$IPITRACE" diff --json --threads 1 "$F" "$DATA/demo.dat" >one 2>&1
"$IPITRACE" diff --json --threads 2 "$F" "$DATA/demo.dat" >many 2>&1
ok "diff" cmp one many
# Those are short; these are of many batches, from more CPUs than threads.
ok "recordings can be simulated" make -s -C "$ROOT" B="$BUILD" "$BUILD/perf/simulate"
for cpus in 2 64; do
	for how in fast none; do
		"$BUILD/perf/simulate" "$DATA/rows/amd64-66cpu.dat" sim.dat $cpus 60000 $how
		"$IPITRACE" report --json --threads 1 sim.dat >one.json
		json_check one.json "d['trace']['events'] == 60000 and d['totals']['delivered'] == d['totals']['calls_run'] == 10000" \
			"$cpus CPUs, $how: every call is delivered"
		say 1 sim.dat >one
		for t in 2 3 8; do
			say $t sim.dat >many
			ok "  the same with $t threads" cmp one many
		done
	done
done
exits 2 "no thread at all is refused" "$IPITRACE" report --threads 0 "$F"
done_testing
