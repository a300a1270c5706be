#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A number that three tasks have one after the other, while it is recorded: each has its own name, process and parent. What
# the first and the last say that they sent is the oracle; the one between them sends nothing of the kind.
. "$(dirname "$0")/../lib.sh"
need_live 2
last=/proc/sys/kernel/ns_last_pid
[ -w $last ] || skip_all "no say in the next task's number (CONFIG_CHECKPOINT_RESTORE)"
live_lock

cd "$TMP" || exit 1
cp "$EXAMPLES/membarrier" first
cp "$EXAMPLES/membarrier" third
cat >workload <<'END'
#!/bin/bash
"$PWD/first" -n 300 -c 0 -t 1 >first.sent &
p=$!
wait $p
echo $p >number
# again COMMAND...: by a task of that number, however many others are given one meanwhile.
again() {
	for ((try = 0; try < 2000; try++)); do
		echo $((p - 1)) >/proc/sys/kernel/ns_last_pid
		( [ "$BASHPID" = $p ] && exec "$@"; exit 111 ) &
		wait $!
		[ $? = 111 ] || return 0
	done
	return 1
}
again sleep 0.05 || exit 1
again "$PWD/third" -n 200 -c 0 -t 1 >third.sent
END
chmod 755 workload
"$IPITRACE" record -o a.dat -- ./workload 2>rec.err || { grep -q . third.sent || skip_all "the number was not to be had again"; }
p=$(cat number)
note "number $p"

"$IPITRACE" list --json --kind hit --func ipi_mb a.dat >list.json 2>/dev/null
for name in first third; do
	ok "$name: its own, all of them" python3 - $name "$p" $name.sent <<'END'
import json, sys
name, number, sent = sys.argv[1], int(sys.argv[2]), open(sys.argv[3]).read()
hits = [d for d in map(json.loads, open("list.json")) if d["comm"] == name]
said = dict(w.split("=") for w in sent.split() if "=" in w)
assert {(d["pid"], d["tgid"]) for d in hits} == {(number, number)}, {(d["pid"], d["tgid"]) for d in hits}
assert int(said["calls"]) - int(said["maybe_skipped"]) <= len(hits) <= int(said["calls"]), (len(hits), said)
END
done
nr() { "$IPITRACE" report --json "$@" a.dat 2>/dev/null | json_get /dev/stdin 't["target_hits"]'; }
first=$(grep -c '"comm":"first"' list.json) third=$(grep -c '"comm":"third"' list.json)
is "$(nr --func ipi_mb --comm first) $(nr --func ipi_mb --comm third)" "$first $third" "filters know them by their names"
is "$(nr --func ipi_mb -p "$p")" $((first + third)) "  and both by their number"
is "$(nr --func ipi_mb --children)" $((first + third)) "  and as what the workload started"
"$IPITRACE" report --json --by process --func ipi_mb a.dat >r.json 2>/dev/null
is "$(json_get r.json '" ".join(sorted("%s=%d" % (r["process"], r["target_hits"]) for r in d["rows"] if (r["process"] or "").endswith("['"$p"']")))')" \
	"first[$p]=$first third[$p]=$third" "rows of two processes"
"$IPITRACE" report --by comm,pid --func ipi_mb a.dat >r.txt 2>/dev/null
like "$(cat r.txt)" "first +$p .*" "a table of numbers"
"$IPITRACE" report --html p.html --by comm,pid --func ipi_mb a.dat 2>/dev/null
ok "a page has that number of both, in rows and of single IPIs" python3 - "$p" <<'END'
import json, re, sys
page = json.loads(re.search(r'id="data">\n(.*?)</script>', open("p.html", encoding="utf-8").read(), re.S)[1])["page"]
row = {c["id"]: i for i, c in enumerate(page["columns"])}
line = {k: i for i, (k, _) in enumerate(page["lines"]["keys"])}
want = {(name, int(sys.argv[1])) for name in ("first", "third")}
assert want == {r for r in ((r[row["comm"]], r[row["pid"]]) for r in page["rows"]) if r[0] in ("first", "third")}
assert want == {s for s in ((page["strings"][l[line["comm"]]], l[line["pid"]]) for l in page["lines"]["lines"]) if s[0] in ("first", "third")}
END
ok "a timeline has both" "$IPITRACE" export --chrome -o t.json a.dat
ok "  under their names, apart" python3 - "$p" <<'END'
import json, re, sys
names = {}
for e in json.load(open("t.json"))["traceEvents"]:
    if e.get("name") == "thread_name":
        names.setdefault(e["args"]["name"], set()).add(e["tid"])
assert int(sys.argv[1]) in names["first"], names
third = [n for n in names if re.fullmatch(rf"third \({sys.argv[1]}, had by [0-9]+ before\)", n)]
assert len(third) == 1 and len(names[third[0]]) == 1 and not names[third[0]] & names["first"], names
END
done_testing
