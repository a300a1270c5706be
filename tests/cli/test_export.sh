#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# export: folded stacks add up to the report of the same recording, and are
# what flame graph tools take.
. "$(dirname "$0")/../lib.sh"
cd "$TMP" || exit 1

# folded NAME: checks NAME.count and NAME.stolen against NAME.json, the report by caller, comm and stack.
folded() {
	python3 - "$1" <<-'PY'
	import collections, json, re, sys
	# As flamegraph.pl reads a line.
	LINE = re.compile(r"^(.*)\s+?(\d+(?:\.\d*)?)$")

	def read(what):
	    got = {}
	    for line in open(sys.argv[1] + "." + what):
	        stack, value = LINE.match(line.rstrip("\n")).groups()
	        assert not re.search(r"\s", stack), line
	        assert all(stack.split(";")), line
	        assert stack not in got, line
	        got[stack] = int(value)
	    assert list(got) == sorted(got)
	    return got

	def by(key, rows, value):
	    sums = collections.Counter()
	    for row in rows:
	        sums[key(row)] += value(row)
	    return {k: v for k, v in sums.items() if v}

	d = json.load(open(sys.argv[1] + ".json"))
	t, rows, own = d["totals"], d["rows"], d["own"]
	count, stolen = read("count"), read("stolen") if d["trace"]["tier"] != "sends" else None
	assert sum(count.values()) == t["target_hits"], (sum(count.values()), t["target_hits"])
	owns = {k: v for k, v in count.items() if k.split(";")[1:2] == ["[own]"]}
	assert sum(owns.values()) == own["target_hits"]
	others = [(k.split(";"), v) for k, v in count.items() if k not in owns]
	comm = lambda row: row["comm"].replace(" ", "_").replace(";", ":")
	assert by(lambda o: o[0][0], others, lambda o: o[1]) == by(comm, rows, lambda r: r["target_hits"])
	# The last frame is the caller, or the call site where there is none.
	def caller(row):
	    name = row["caller"] or row["callsite"] or "[no stack]"
	    return re.sub(r"\+0x[0-9a-f]+", "", name).replace(" ", "_")
	assert by(lambda o: o[0][-1], others, lambda o: o[1]) == by(caller, rows, lambda r: r["target_hits"])
	if d["totals"]["waits"]:
	    waits = lambda r: (r["wait_ns"] or {"sum": 0})["sum"]
	    wait = [(k.split(";"), v) for k, v in read("wait").items()]
	    assert sum(v for _, v in wait) == sum(waits(r) for r in rows + [own])
	    wait = [(k, v) for k, v in wait if k[1:2] != ["[own]"]]
	    assert by(lambda o: o[0][0], wait, lambda o: o[1]) == by(comm, rows, waits)
	    assert by(lambda o: o[0][-1], wait, lambda o: o[1]) == by(caller, rows, waits)
	if stolen:
	    ns = lambda h: h["sum"] if h else 0
	    known = sum(v for k, v in stolen.items() if not k.startswith("[ambiguous]"))
	    want = sum(ns(r["handler_ns"]) for r in rows) + ns(own["handler_ns"]) + sum(ns(h) for h in d["unsolicited_handler_ns"].values())
	    assert known == want, (known, want)
	    assert bool(t["ambiguous"]) >= any(k.startswith("[ambiguous]") for k in stolen)
	PY
}

nr=0
for f in "$DATA"/*.dat "$DATA"/rows/*.dat; do
	name=$(basename "$f" .dat)
	"$IPITRACE" report --by comm,caller,callsite,stack --json "$f" >"$name.json" 2>/dev/null
	status=$?
	exits $status "export --folded of $name" "$IPITRACE" export --folded "$f"
	cp "$OUT" "$name.count"
	exits $status "  =stolen" "$IPITRACE" export --folded=stolen "$f"
	cp "$OUT" "$name.stolen"
	[ "$(json_get "$name.json" 't["waits"] is None')" = True ] && status=1
	exits $status "  =wait" "$IPITRACE" export --folded=wait "$f"
	cp "$OUT" "$name.wait"
	ok "  adds up to its report" folded "$name"
	nr=$((nr + 1))
done
[ $nr -ge 7 ]
is $? 0 "$nr recordings"
like "$(cat demo.count)" '^membarrier;entry_SYSCALL_64_after_hwframe;do_syscall_64;__x64_sys_membarrier;membarrier_private_expedited 476$' \
	"a stack, outermost first"
like "$(cat demo.count)" '^ipitrace;\[own\];.*;anon_pipe_write 1$' "own sends are marked"
unlike "$(cat demo.count)" '(__wake_up|try_to_wake_up|smp_call_function|generic_exec|resched_curr|__flush_tlb|ftrace)[a-z_]* [0-9]+$' \
	"no plumbing behind the caller"
echo '!ep_poll_callback' >polls
like "$("$IPITRACE" export --folded --plumbing polls "$DATA/demo.dat")" ';sock_def_write_space;__wake_up_sync_key;__wake_up_common;ep_poll_callback 3$' \
	"in front of it what was interrupted, or called, is whole"
is "$("$IPITRACE" export --folded=count -i "$DATA/demo.dat" | md5sum)" "$(md5sum <demo.count)" "count is the default; -i"
# flamegraph.pl itself: a frame for each function of each stack, as wide as what is under it.
drawn() {
	python3 - "$1" <<-'PY'
	import collections, re, sys, xml.etree.ElementTree as tree
	want, have = collections.Counter(), collections.Counter()
	for line in open(sys.argv[1] + ".count"):
	    stack, value = line.rsplit(" ", 1)
	    # It writes (b) where a name has <b>.
	    for frame in ["all"] + stack.translate({60: "(", 62: ")"}).split(";"):
	        want[frame] += int(value)
	for title in tree.parse(sys.argv[1] + ".svg").iter("{http://www.w3.org/2000/svg}title"):
	    name, value = re.match(r"(.*) \(([\d,]+) hits, ", title.text).groups()
	    have[name] += int(value.replace(",", ""))
	assert have == want, (list((have - want).items())[:5], list((want - have).items())[:5])
	PY
}
if ! perl -Mopen=:std,:utf8 -MGetopt::Long -e1 2>/dev/null; then
	skip "flamegraph.pl" "no perl with its modules"
elif flamegraph=$("$ROOT/tests/unpack" libdevel-nytprof-perl flamegraph.pl 2>"$ERR"); then
	sed 's/ membarrier$/ <b>"\&x\x27>yz/' "$DATA/report.dat" >markup.dat
	"$IPITRACE" export --folded markup.dat >markup.count 2>"$ERR"
	like "$(cat markup.count)" '^<b>' "a task's name that is markup stays as it is"
	for name in demo report markup; do
		perl "$flamegraph" --countname hits --minwidth 0 "$name.count" >"$name.svg" 2>"$ERR"
		is "$?$(cat "$ERR")" 0 "flamegraph.pl takes $name"
		ok "  all of it" drawn "$name"
	done
else
	skip "flamegraph.pl" "$(tail -n 1 "$ERR")"
fi

# What an option names is for its owner alone, whatever the umask is, and the mode of a file that is replaced.
umask 0
for what in "export --folded -o" "export --csv -o" "report --html"; do
	: >mode.out
	# shellcheck disable=SC2086
	exits 0 "$what FILE" "$IPITRACE" $what mode.out "$DATA/demo.dat"
	is "$(stat -c %a mode.out)" 600 "  is for its owner alone"
done
exits 0 "diff --html FILE" "$IPITRACE" diff --html mode.diff "$DATA/demo.dat" "$DATA/demo.dat"
is "$(stat -c %a mode.diff)" 600 "  is for its owner alone"
umask 022

# Filters as report has them, names as they come.
is "$("$IPITRACE" export --folded --func ipi_mb "$DATA/demo.dat" | awk '{ n += $NF } END { print n }')" \
	"$("$IPITRACE" report --json --func ipi_mb "$DATA/demo.dat" | python3 -c 'import json, sys; print(json.load(sys.stdin)["totals"]["target_hits"])')" \
	"behind a filter, the same sum"
exits 0 "nothing passes" "$IPITRACE" export --folded --comm nobody "$DATA/demo.dat"
is "$(cat "$OUT")" "" "  nothing is printed"
sed 's/ membarrier$/ mem;ba rie/' "$DATA/report.dat" >odd.dat
like "$("$IPITRACE" export --folded odd.dat 2>/dev/null)" '^mem:ba_rie;.* 200$' "a task's name holds neither ; nor blank"

# Stacks that are not there.
sed 's/\bkernel_stack\b/kernel_xtack/' "$DATA/report.dat" >nostack.dat
like "$("$IPITRACE" export --folded nostack.dat 2>/dev/null)" '^membarrier;\[no_stack\];membarrier_private_expedited 200$' \
	"a sender without a stack has its call site"
python3 - "$DATA/report.dat" counts.dat <<-'PY'
	import sys
	data = open(sys.argv[1], "rb").read()
	open(sys.argv[2], "wb").write(data.replace(b"ipi_send_", b"xxx_send_").replace(b"csd_", b"xsd_"))
PY
exits 1 "no sends" "$IPITRACE" export --folded counts.dat
like "$(cat "$ERR")" 'counts.dat has no send events: there is nobody to charge$' "  says so"
like "$(cat "$ERR")" "^hint: 'ipitrace report' shows the interrupts\$" "  and what there is"
exits 1 "nor any interrupts" "$IPITRACE" export --folded "$DATA/cases/csd-only.dat.gz"
like "$(cat "$ERR")" "^hint: 'ipitrace report' shows what is known of it\$" "  of which the hint says nothing"
exits 1 "interrupts that nobody can be charged with" "$IPITRACE" export --folded=stolen "$DATA/rows/ppc64el-7.3.dat.gz"
like "$(cat "$ERR")" "this kernel's events do not tell which IPIs arrive: who stole is not known\$" \
	"  are not said to be missing"

# The lines of list.
for format in json csv; do
	"$IPITRACE" list --$format "$DATA/demo.dat" >list.out
	exits 0 "as list --$format" "$IPITRACE" export --"${format/json/ndjson}" "$DATA/demo.dat"
	ok "  the same" cmp "$OUT" list.out
done
exits 2 "two formats" "$IPITRACE" export --folded --csv "$DATA/demo.dat"

# Output.
exits 0 "-o FILE" "$IPITRACE" export --folded -o out.folded "$DATA/demo.dat"
is "$(cat "$OUT")" "" "  nothing on standard output"
ok "  the same" cmp out.folded demo.count
ok "-o -" cmp <("$IPITRACE" export --folded -o - "$DATA/demo.dat") demo.count
exits 1 "  a directory" "$IPITRACE" export --folded -o . "$DATA/demo.dat"
unlike "$(cat "$ERR")" 'record' "  the error is not one of record's"
# An export under the recording's own name, by whatever path, would be the end of the recording.
cp "$DATA/report.dat" own.dat
ln -s own.dat link.dat
for name in own.dat link.dat; do
	exits 2 "  the recording itself, as $name" "$IPITRACE" export --folded -o "$name" own.dat
	like "$(cat "$ERR")" "^ipitrace: export: --output: $name is the recording itself\$" "  says so"
done
exits 2 "  the recording itself, as standard input" sh -c "'$IPITRACE' export --csv -o own.dat - <own.dat"
ok "  and leaves it as it was" cmp own.dat "$DATA/report.dat"
exits 1 "  a recording that is none leaves no file" "$IPITRACE" export --folded -o none.folded "$IPITRACE"
ok "  none" test ! -e none.folded
exits 1 "  a full disk" sh -c "'$IPITRACE' export --folded '$DATA/demo.dat' >/dev/full"
# The damaged recording of which a part is there.
head -c $(($(stat -c %s "$DATA/report.dat") - 30000)) "$DATA/report.dat" >cut.dat
exits 3 "a part of a recording: exit 3" "$IPITRACE" export --folded -o cut.folded cut.dat
like "$(cat "$ERR")" '^ipitrace: export: the file is cut: it ends before its data does' "  and why"
ok "  and what there is" test -s cut.folded

# Usage.
for bad in "" "--folded=x" "--folded=" "--folded --nonsense" "--folded a b"; do
	# shellcheck disable=SC2086
	exits 2 "usage: $bad" "$IPITRACE" export $bad
done
# Of synchronous calls that this recording has, none shows how long it was waited for.
exits 1 "who waited is known of nobody" "$IPITRACE" export --folded=wait "$DATA/cases/arm64-7.2.dat.gz"
like "$(cat "$ERR")" 'known of none, not known of [0-9]+$' "  an empty output would say that none did"
is "$(wc -c <"$OUT")" 0 "  nor is there any"
for left in "flight.dat 1 wait is left out: how long it took" "cases/rt-idle-drain.dat.gz 200 waits are left out: how long they took"; do
	exits 0 "some of them are not known: ${left%% *}" "$IPITRACE" export --folded=wait "$DATA/${left%% *}"
	is "$(cat "$ERR")" "ipitrace: export: ${left#* } is not known" "  says so"
done
exits 1 "who waited is not known without functions" "$IPITRACE" export --folded=wait "$DATA/cases/only-ipi.dat.gz"
like "$(cat "$ERR")" 'who waited is not known$' "  says so"
done_testing
