#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# ipitrace list: its lines add up to the report, in all and in every row; calls
# are those that trace-cmd shows; what is chosen is what was asked for.
. "$(dirname "$0")/../lib.sh"
cd "$TMP" || exit 1
cp "$DATA/demo.dat" "$DATA/report.dat" .
list() { "$IPITRACE" list "$@"; }
py() { python3 "$ROOT/tests/cli/list.py" "$@"; }

# --- sums ---
for f in "$DATA"/*.dat "$DATA"/rows/*.dat "$DATA"/cases/*.gz; do
	ok "${f##*/}: lines add up to the report" py sums "$IPITRACE" "$f"
done
for filter in '--class reschedule' '-C 1' '--source-cpus 0' '--func flush_tlb_func' '--comm wakeup'; do
	# shellcheck disable=SC2086 # option and value
	ok "also behind $filter" py sums "$IPITRACE" demo.dat -- $filter
done

# A multicast whose targets were gone when it was sent is a send, and no line.
python3 - "$DATA/rows/amd64-66cpu.dat" <<-'PY' >nobody.dat
	import re, sys
	data = open(sys.argv[1], "rb").read()
	number = int(re.search(rb"name: ipi_send_cpumask\nID: (\d+)\n", data).group(1)).to_bytes(2, "little")
	at = re.search(re.escape(number) + rb".{6}\x20\0\x10\0.{20}", data, re.S).end()
	sys.stdout.buffer.write(data[:at] + bytes(16) + data[at + 16:])
PY
for option in '' '--class call_function' '--by target' '--by victim' '-C 1'; do
	# shellcheck disable=SC2086 # option and value, or none
	[[ $option == --by* ]] || ok "a multicast to nobody${option:+, $option}" py sums "$IPITRACE" nobody.dat -- $option
	# shellcheck disable=SC2086
	is "$("$IPITRACE" report --json $option nobody.dat 2>/dev/null | sed -n 's/.*"sends_to_nobody": \([0-9]*\).*/\1/p')" \
		"$([[ $option == -C* ]] && echo 0 || echo 1)" "  is a send${option:+, $option}"
done
like "$("$IPITRACE" report nobody.dat 2>/dev/null)" '^totals: [0-9]+ sends \(1 to no CPU\), ' "  which the report says"
like "$("$IPITRACE" report nobody.dat 2>/dev/null)" '^calls: .* elided, [1-9][0-9]* not known to be either sent or elided' \
	"  and that the path of its calls is not known"

# --- rows by every key ---
for f in "$DATA"/{demo,wakes}.dat \
	"$DATA"/{rows/ppc64el-7.3,cases/user-stacks,cases/libtraceevent-null8,cases/rt-idle-drain}.dat.gz; do
	ok "${f##*/}: lines add up to the rows by every key" py keys "$IPITRACE" "$f"
done

# Where no event tells which IPIs arrive nobody knows which interrupt has a send.
gzip -dc "$DATA/rows/ppc64el-7.3.dat.gz" >ppc64el.dat
"$IPITRACE" report --json ppc64el.dat >ppc64el.json 2>/dev/null
is "$(list --kind irq ppc64el.dat | sed 1d | grep -c ' unknown *$') $(list --kind irq ppc64el.dat | grep -c unsolicited)" \
	"$(json_get ppc64el.json 't["interrupts"]') 0" "ppc64el: no interrupt is called unsolicited"
is "$(list --json --kind irq --outcome unknown ppc64el.dat | wc -l)" "$(json_get ppc64el.json 't["interrupts"]')" "  nor chosen as that"

# --- an independent reading of the same file ---
ok "report.dat: exact calls are those of trace-cmd report" py calls "$IPITRACE" report.dat
ok "demo.dat: exact calls are those of trace-cmd report" py calls "$IPITRACE" demo.dat
# Every send to every target is a line, and no other; where one send and one interrupt leave no choice, they are matched.
gzip -dc "$DATA/rows/riscv64-7.2.dat.gz" >riscv64.dat
for f in "$DATA"/{demo,report,wakes,tlb}.dat "$DATA"/rows/{arm64-6.12,amd64-66cpu}.dat riscv64.dat; do
	ok "${f##*/}: every hit is that of trace-cmd report" py hits "$IPITRACE" "$f"
done

# --- schema ---
exits 0 "--schema" "$IPITRACE" list --schema
cp "$OUT" schema.json
for f in "$DATA"/*.dat "$DATA"/rows/*.dat "$DATA"/cases/{only-ipi,user-stacks}.dat.gz; do
	list --json --stacks "$f" >lines 2>/dev/null
	ok "${f##*/}: lines are as the schema says" py schema schema.json <lines
done

# --- what is chosen ---
for sort in delivery:delivery_ns queue:queue_latency_ns func:func_ns handler:handler_ns wait:wait_ns; do
	ok "--slowest by ${sort%:*}" py slowest "$IPITRACE" demo.dat "${sort%:*}" "${sort#*:}" 10
done
ok "--slowest of more than there are" py slowest "$IPITRACE" demo.dat delivery delivery_ns 1000000

list --json demo.dat >all
# chosen OPTIONS PYTHON-CONDITION NAME: the options give the lines of all that fulfil the condition.
chosen() {
	# shellcheck disable=SC2086 # options and values
	list --json $1 demo.dat >got
	python3 - "$2" >want <<-'PY'
	import json, sys
	for text in open("all"):
	    l = json.loads(text)
	    if eval(sys.argv[1]):
	        print(text, end="")
	PY
	[ -s want ] && cmp -s got want
	verdict $? "$3 ($(wc -l <want) lines)" "$(wc -l <got) lines" "$(wc -l <want) lines"
}
chosen '--kind hit' 'l["kind"] == "hit"' "--kind"
chosen '--kind call,irq,wake' 'l["kind"] != "hit"' "several kinds"
chosen '--how fifo' 'l["how"] == "fifo"' "--how"
chosen '--outcome run,coalesced' 'l["outcome"] in ("run", "coalesced")' "--outcome"
chosen '--min 20us' '(l["delivery_ns"] or 0) >= 20000' "--min"
chosen '--max 20us --sort queue' 'l["queue_latency_ns"] is not None and l["queue_latency_ns"] <= 20000' "--max of another"
chosen '--sort handler --min 1us --max 2us' '1000 <= (l["handler_ns"] or 0) <= 2000' "both"
chosen '--sort wait --min 20us' '(l["wait_ns"] or 0) >= 20000' "by wait"
is "$(list --outcome unknown --json "$DATA/cases/only-ipi.dat.gz" | wc -l)" 5 "--outcome unknown: no event could have shown it"
chosen '--kind call --outcome run' 'l["kind"] == "call" and l["outcome"] == "run"' "two choices"

# where CONDITION PYTHON-CONDITION
where() {
	list --json --where "$1" demo.dat >got
	python3 - "$2" >want <<-'PY'
	import json, sys, fnmatch
	for text in open("all"):
	    l = json.loads(text)
	    if eval(sys.argv[1], dict(l, klass=l["class"], fnmatch=fnmatch.fnmatch)):
	        print(text, end="")
	PY
	[ -s want ] && cmp -s got want
	verdict $? "--where '$1' ($(wc -l <want) lines)" "$(wc -l <got) lines" "$(wc -l <want) lines"
}
where 'wait > 15us' '(wait_ns or 0) > 15000'
where 'delivery>20us && target in 1-7' 'delivery_ns is not None and delivery_ns > 20000 and 1 <= target <= 7'
where "func == flush_tlb_func || comm =~ 'wake*' && !has_call" \
	'func == "flush_tlb_func" or fnmatch(comm or "", "wake*") and not has_call'
where 'kind == call && path != rider' 'kind == "call" and path != "rider"'
where 'pid == victim_pid || own' 'pid is not None and pid == victim_pid or own'
where 'queue > 10us && queue < 0.02ms' '10000 < (queue_latency_ns or 0) < 20000'
where "caller =~ '*+0x*' && class in reschedule,irq_work" '"+0x" in (caller or "") and klass in ("reschedule", "irq_work")'
exits 2 "--where with a name that is none" "$IPITRACE" list --where 'delivry > 1us' demo.dat
is "$(cat "$ERR")" "ipitrace: list: --where: 'delivry' at place 1: expected the name of a column
hint: did you mean delivery?" "  says where, and what may have been meant"

# --- text ---
exits 0 "text" "$IPITRACE" list report.dat
is "$(sed -n 2p "$OUT" | tr -s ' ')" " 4459.504103 0>1 reschedule migration_cpu_stop+0x2ec - migration/0-18 kernel-doc-9668 14.4us - 771ns fifo" "  a line"
is "$(tail -n 1 "$OUT")" "418 lines; tier: exact, clock: mono" "  and how many"
exits 0 "--stacks" "$IPITRACE" list --stacks --slowest 1 --kind hit report.dat
like "$(cat "$OUT")" '^ {16}do_syscall_64\+0x' "  frames below the line"
for width in 80 200; do
	script -qec "stty cols $width; IPITRACE_PAGER='' '$IPITRACE' list demo.dat" /dev/null </dev/null >wide 2>&1
	is "$(LC_ALL=C.UTF-8 awk -v w=$width '{ sub(/\r$/, "") } length($0) > w' wide | head -n 3)" "" "no line is wider than $width columns"
	is "$(grep '[^[:cntrl:]]' wide | grep -Evc 'columns? do(es)? not fit')" 3157 "  and none is missing"
done
exits 0 "CSV" "$IPITRACE" list --csv --stacks report.dat
ok "  is what JSON is" python3 - "$OUT" <<-'PY'
	import csv, json, subprocess, sys, os
	rows = list(csv.DictReader(open(sys.argv[1])))
	out = subprocess.run([os.environ["IPITRACE"], "list", "--json", "--stacks", "report.dat"], capture_output=True, text=True)
	lines = [json.loads(l) for l in out.stdout.splitlines()]
	assert len(rows) == len(lines) == 418
	for row, line in zip(rows, lines):
	    assert list(row) == list(line)
	    for key, value in line.items():
	        text = {None: "", True: "1", False: "0"}.get(value if not isinstance(value, list) else 2, str(value))
	        text = " < ".join(value) if isinstance(value, list) else text
	        assert row[key].removeprefix("'") == text, (key, row[key], value)
PY

# --- user frames ---
U=$DATA/cases/user-stacks.dat.gz
list --json --stacks "$U" >users
is "$(python3 - users <<-'PY'
	import collections, json, sys
	lines = [json.loads(l) for l in open(sys.argv[1])]
	assert all(l["ufunc"] is None for l in lines if not l["user_stack"])
	assert all(l["ufunc"] in l["user_stack"] for l in lines if l["user_stack"])
	assert all(l["stack"] for l in lines if l["kind"] == "hit")
	print(*sorted(collections.Counter((l["func"], l["ufunc"]) for l in lines if "culprit" in (l["ufunc"] or "")).items()))
	PY
)" "(('flush_tlb_func', 'culprit_unmaps+0x54'), 12) (('ipi_mb', 'culprit_barriers+0x3f'), 12)" "the user functions, as in the report"
like "$(cat users)" '"user_stack":\["__munmap\+0x7","culprit_unmaps\+0x54","main\+0x80",' "  their stacks, innermost first"
is "$(list --json --where "ufunc =~ 'culprit_b*'" "$U" | wc -l)" 12 "  and --where asks for them"
exits 0 "text" "$IPITRACE" list --stacks --where "ufunc =~ 'culprit_u*'" "$U"
like "$(head -n 1 "$OUT")" ' USER-FUNC ' "  has a column of them"
is "$(sed -n '17,19p' "$OUT" | tr -s ' ' ' ')" " entry_SYSCALL_64_after_hwframe+0x76
 __munmap+0x7
 culprit_unmaps+0x54" "  and their frames below the kernel's"
unlike "$(list demo.dat | head -n 1)" USER-FUNC "no such column where none were recorded"
exits 0 "CSV" "$IPITRACE" list --csv --stacks "$U"
like "$(cat "$OUT")" ',__munmap\+0x7 < culprit_unmaps\+0x54 < main\+0x80' "  with them"

# --- conditions that cannot have been meant ---
where "comm in sh,'a b',wakeup && CLASS == Reschedule" 'comm in ("sh", "wakeup") and klass == "reschedule"'
exits 2 "a class that is none" "$IPITRACE" list --where 'class == reschedul' demo.dat
is "$(cat "$ERR")" "ipitrace: list: --where: 'reschedul': class is never that
hint: did you mean reschedule?" "  a suggestion"
exits 0 "what was not recorded" "$IPITRACE" list --where 'wakee || idle == awake' demo.dat
is "$(cat "$ERR")" "ipitrace: --where: no line that it was asked of has any wakee
hint: 'ipitrace record --with sched' records it
ipitrace: --where: no line that it was asked of has any idle
hint: 'ipitrace record --with idle' records it" "  is named, with how to record it"
exits 0 "what no line has" "$IPITRACE" list --where "target in 0-1,7 && comm =~ 'zz*' || comm in wakeup,nobody || pid == 4000000" demo.dat
is "$(cat "$ERR")" "ipitrace: --where: no target that it was asked of matches '7'
ipitrace: --where: no comm that it was asked of matches 'zz*'
ipitrace: --where: no comm that it was asked of matches 'nobody'
ipitrace: --where: no pid that it was asked of matches '4000000'" "  is named, and nothing else"
exits 0 "what some have" "$IPITRACE" list --where "target == 1 && comm != nobody && delivery == 1ns" demo.dat
is "$(cat "$ERR")" "" "  is not"
for args in '--min 2ms --max 1ms' '--min 0' '--max 0' '--schema --csv' '--schema demo.dat'; do
	# shellcheck disable=SC2086 # words
	exits 2 "$args" "$IPITRACE" list $args
	is "$(wc -l <"$ERR")" 2 "  one line and a hint"
done
"$IPITRACE" list --json --where 'kind == hit || kind == call' --where 'target == 1' demo.dat >two
"$IPITRACE" list --json --where '(kind == hit || kind == call) && target == 1' demo.dat >one
ok "two conditions: both hold" cmp two one
exits 2 "  the second is at fault" "$IPITRACE" list --where 'target == 1' --where 'targt == 1' demo.dat
like "$(cat "$ERR")" "'targt' at place 1:" "  and the place is in it"
exits 0 "--sort without what it sorts" "$IPITRACE" list --sort wait --kind wake demo.dat
like "$(cat "$ERR")" '^ipitrace: --sort alone sorts nothing' "  is told"
exits 0 "--sort in any case" "$IPITRACE" list --sort DELIVERY --kind HIT --slowest 1 demo.dat
for format in '' --json --csv; do
	# shellcheck disable=SC2086 # none or one
	exits 1 "a window in which nothing was recorded $format" "$IPITRACE" list $format --from +1h demo.dat
	is "$(cat "$OUT")" "" "  is no output"
done
exits 0 "an empty list" "$IPITRACE" list --csv --comm membarrier --max 1ns demo.dat
is "$(wc -l <"$OUT")" 1 "  has its heading"

is "$(list --where 'victim_context == softirq && victim_pid == 0' "$DATA/wakes.dat" | grep -c ' idle/softirq ')" 2 \
	"the idle loop has one name, with a softirq on top of it, too"

# --- where it comes from, and how it ends ---
list --json report.dat >whole
list --json - <report.dat >piped
ok "from a pipe" cmp whole piped
gzip -c report.dat >r.gz
list --json r.gz >packed
ok "packed" cmp whole packed
head -c 200000 report.dat >cut.dat
exits 3 "a file that was cut" "$IPITRACE" list --json cut.dat
[ -s "$OUT" ]
is $? 0 "  lists what there is"
exits 1 "no such file" "$IPITRACE" list none.dat
exits 2 "two formats" "$IPITRACE" list --json --csv demo.dat
exits 2 "unknown kind" "$IPITRACE" list --kind hits demo.dat
like "$(cat "$ERR")" 'did you mean hit\?' "  a suggestion"
exits 2 "unknown outcome" "$IPITRACE" list --outcome nonsense demo.dat
exits 2 "unknown way" "$IPITRACE" list --how exactly demo.dat
exits 2 "--sort by a name" "$IPITRACE" list --sort caller demo.dat
exits 2 "--slowest 0" "$IPITRACE" list --slowest 0 demo.dat
done_testing
