#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A filtered recording reports exactly the rows that an unfiltered one does
# under the same filter of report. Both are made at once of one workload: the
# filtered recorder is itself the workload of the unfiltered one.
. "$(dirname "$0")/../lib.sh"
need_live 2
live_lock

cat >"$TMP/workload" <<'END'
#!/bin/sh
"$EXAMPLES/membarrier" -n 500 -c 0 -t 1
"$EXAMPLES/membarrier" -n 300 -c 1 -t 0
"$EXAMPLES/tlb" -n 200
"$EXAMPLES/wakeup" -n 500
END
chmod 755 "$TMP" "$TMP/workload"

# All that a row counts. The two buffers stamp the same event a little apart, so times are not compared; nor how many
# wake-ups have one: of a list that ran as a whole, those that were for sure queued before its interrupt came.
rows='sorted((str(r["func"]), r["class"], r["source"], r["target"], str(r["callsite"]), r["sends"], r["target_hits"],
	r["delivered"], r["coalesced"], r["calls"], r["calls_run"], r["exact"], r["fifo"], r["ambiguous"],
	(r["delivery_ns"] or {}).get("count"), (r["handler_ns"] or {}).get("count"),
	r["func"] != "sched_ttwu_pending" and (r["queue_ns"] or {}).get("count"))
	for r in rows)'
by=callsite,func,class,source,target

# same NAME: what $TMP/some.json and $TMP/all.json have. That a call needed no IPI is known as soon as its CPU does something
# else that is recorded: at the end of a recording of less that may be missing, and then the call is one whose path is not known.
same() {
	is "$(json_get "$TMP/some.json" "$rows")" "$(json_get "$TMP/all.json" "$rows")" "$1"
	ok "  and as many calls were elided" python3 - "$TMP/some.json" "$TMP/all.json" <<-'PY'
		import json, sys
		some, every = (json.load(open(f)) for f in sys.argv[1:])
		key = lambda r: (r["func"], r["class"], r["source"], r["target"], r["callsite"])
		less = {key(r): r["elided"] for r in every["rows"]}
		for r in some["rows"]:
		    less[key(r)] -= r["elided"]
		unknown = some["totals"]["path_unknown"] - every["totals"]["path_unknown"]
		assert all(n >= 0 for n in less.values()) and sum(less.values()) == unknown, (unknown, {k: n for k, n in less.items() if n})
	PY
}

# check NAME FILTER...
checked=
check() {
	local name=$1 w n
	shift
	checked+="$1 "
	if ! "$IPITRACE" record --no-stack -o "$TMP/all.dat" -- \
		"$IPITRACE" record --no-stack "$@" -o "$TMP/some.dat" -- "$TMP/workload" >"$OUT" 2>"$ERR" </dev/null; then
		not_ok "$name: both record"
		note "$(tail -n 5 "$ERR")"
		return
	fi
	for w in membarrier tlb wakeup; do
		[ "$1" != --comm ] || [ "$2" = $w ] || [[ $2 == !* && $2 != *$w* ]] || continue
		"$IPITRACE" report -i "$TMP/some.dat" --comm $w --by $by --json >"$TMP/some.json" 2>/dev/null
		"$IPITRACE" report -i "$TMP/all.dat" "$@" --comm $w --by $by --json >"$TMP/all.json" 2>/dev/null
		same "$name: the same rows for $w"
	done
	"$IPITRACE" report -i "$TMP/some.dat" --by $by --json >"$TMP/some.json" 2>/dev/null
	n=$(json_get "$TMP/some.json" 't["target_hits"]')
	is "$((n > 0))" 1 "$name: something passes the filter ($n hits)"
}

check "-C 1" -C 1
json_check "$TMP/some.json" "all(r['target'] == 1 for r in rows)" "-C 1: no row has another target"
check "-C 0" -C 0
check "--source-cpus 1" --source-cpus 1
check "--class call_function_single" --class call_function_single
check "--class reschedule" --class reschedule
json_check "$TMP/some.json" "t['calls'] == 0 and all(r['class'] == 'reschedule' for r in rows)" "--class reschedule: no call"
check "--callsite membarrier*" --callsite 'membarrier*'
check "--func flush_tlb_func" --func flush_tlb_func
check "-C !0" -C '!0'
json_check "$TMP/some.json" "all(r['target'] != 0 for r in rows)" "-C !0: no row has this target"
check "--class !reschedule,irq_work" --class '!reschedule,irq_work'
json_check "$TMP/some.json" "t['calls'] and all(r['class'] not in ('reschedule', 'irq_work') for r in rows)" "  no row has these classes"
check "--comm !wakeup,tlb,ipitrace*" --comm '!wakeup,tlb,ipitrace*'
json_check "$TMP/some.json" "t['sends'] >= 800 * 0.5" "  the rest is there"
exits 2 "a filter that contradicts the recording's" "$IPITRACE" report -i "$TMP/some.dat" --comm tlb,wakeup
like "$(cat "$ERR")" "--comm tlb,wakeup: the recording was made with --comm !wakeup,tlb,ipitrace\*, the rest is not in it" "  says so"
check "--comm membarrier" --comm membarrier
json_check "$TMP/some.json" "t['sends'] >= 800 * 0.5" "--comm membarrier: its sends are there"

"$IPITRACE" report -i "$TMP/all.dat" --comm membarrier --by pid --json >"$TMP/pid.json" 2>/dev/null
pid=$(json_get "$TMP/pid.json" 'rows[0]["pid"]')
"$IPITRACE" report -i "$TMP/some.dat" -p "$pid" --by $by --json >"$TMP/some.json" 2>/dev/null
"$IPITRACE" report -i "$TMP/all.dat" -p "$pid" --by $by --json >"$TMP/all.json" 2>/dev/null
same "-p $pid: the same rows"

# A process is all of its threads, though they began while recording: here a second thread sends, the first never does.
exits 0 "record a thread that sends" "$IPITRACE" record -o "$TMP/mt.dat" -- python3 "$ROOT/tests/live/threads.py"
read -r pid tid <"$OUT"
hits() { "$IPITRACE" report -i "$TMP/mt.dat" --json "$@" 2>>"$ERR" | json_get /dev/stdin 't["target_hits"]'; }
n=$(hits --tid "$tid" --func ipi_mb)
is "$((n > 0))" 1 "thread $tid of process $pid: $n membarriers"
is "$(hits -p "$pid" --func ipi_mb)" "$n" "  are the process's"
unlike "$(cat "$ERR")" "does not know processes" "  which the recording knows"
is "$(hits --tid "$pid" --func ipi_mb)" 0 "  and none of its first thread's"
is "$(hits -p "$tid" --func ipi_mb)" 0 "  nor of a process of the thread's number"
is "$(($(hits -p "$pid") + $(hits -p "!$pid")))" "$(hits)" "  and all others are the rest"
"$IPITRACE" report -i "$TMP/mt.dat" --by process --json >"$TMP/mt.json" 2>"$ERR"
is "$(cat "$ERR")" "" "--by process: nothing to say"
is "$(json_get "$TMP/mt.json" "[r['target_hits'] for r in rows if r['process'] == 'python3[$pid]']")" "[$(hits -p "$pid")]" \
	"  the process is one row, with what its threads have"
is "$("$IPITRACE" list --json --kind hit --where "tgid == $pid && context == task" "$TMP/mt.dat" 2>>"$ERR" | wc -l)" "$(hits -p "$pid")" \
	"  list knows it, too, whatever interrupts sent meanwhile"
exits 0 "record all but a process" "$IPITRACE" record -o "$TMP/mt.dat" --pid '!1' -- python3 "$ROOT/tests/live/threads.py"
is "$(tail -c 65536 "$TMP/mt.dat" | LC_ALL=C grep -a '^filter_process ')" "filter_process !1" "a filter of processes is in the facts"

# live/test_family has --children and --cgroup. A filter that nobody tries here is a filter that nobody knows to be right.
missing=
while IFS=$'\t' read -r short long _ group _; do
	[ "$group" != Filters ] || [[ " $checked -p --tid --children --cgroup " == *" $long "* || " $checked -p " == *" $short "* ]] || missing+=" $long"
done < <("$IPITRACE" --list-options record)
is "$missing" "" "every filter of record was tried"
done_testing
