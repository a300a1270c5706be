#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Columns and filters are rows of tables: whatever row there is, it must be
# seen everywhere that the table is meant to drive. UPDATE=1 writes the table
# of columns into the man page.
. "$(dirname "$0")/../lib.sh"
F=$DATA/report.dat
cd "$TMP" || exit 1

# --- columns ---
exits 0 "report --help columns" "$IPITRACE" report --help columns
cp "$OUT" listed
exits 0 "help report columns" "$IPITRACE" help report columns
ok "  says the same" cmp "$OUT" listed
# name|header|json|unit|meaning
sed '1,/^NAME /d; s/   *\([^ ]\)/|\1/g' listed >columns
nr=$(wc -l <columns)
[ "$nr" -ge 60 ]
is $? 0 "$nr columns"
is "$(awk -F '|' 'NF != 5' columns)" "" "each with five fields"
is "$(cut -d'|' -f1 columns | sort | uniq -d)$(cut -d'|' -f3 columns | sort | uniq -d)" "" "no name, no JSON key twice"
is "$(cut -d'|' -f2 columns | sort | uniq -d)" "" "no header twice"

# And slowest, which leaves nothing in the rows but multicasts.
by=caller,callsite,func,class,source,target,comm,pid,process,stack,ufunc,context,cgroup,victim,depth,wakee,waker,idle
by_all=$by,slowest
"$IPITRACE" report --by $by --json "$F" >all.json
"$IPITRACE" report --by $by --csv "$F" >all.csv
text='' sort='' page=''
man=$(MANWIDTH=200 man -E ascii -l "$ROOT/docs/ipitrace-report.1" 2>/dev/null | col -bx)
while IFS='|' read -r name header _; do
	got=$("$IPITRACE" report --by $by -f "$name" "$F" 2>/dev/null | sed -n 4p | tr -s " ")
	[[ " $got " == *" $header "* ]] || text+=" $name"
	"$IPITRACE" report --by $by --sort "$name" --csv "$F" >"sorted.$name" 2>/dev/null || sort+=" $name"
	grep -Eq "^ *$name +$header +" <<<"$man" || page+=" $name"
done <columns
is "$text" "" "text: --fields shows each under its header"
is "$sort" "" "--sort takes each"
is "$page" "" "ipitrace-report(1) has each"

# Every cell of CSV is in JSON under its key, and --sort puts its column in order.
everywhere() {
	python3 - <<-'PY'
	import csv, json
	columns = [line.rstrip("\n").split("|") for line in open("columns")]
	rows = json.load(open("all.json"))["rows"]
	cells = list(csv.DictReader(open("all.csv")))
	assert len(rows) == len(cells) > 5
	assert len(cells[0]) == len(columns), "a CSV column that is not in the list"
	known = set()
	for name, header, path, unit, meaning in columns:
	    csv_name = name + ("_ns" if unit == "ns" else "")
	    assert csv_name in cells[0], csv_name
	    known.add(path)
	    for row, cell in zip(rows, cells):
	        *above, key = path.split(".")
	        for a in above:
	            row = row[a]
	        if row is None:
	            assert cell[csv_name] in ("", "0"), (name, cell[csv_name])
	            continue
	        got = row[key]
	        if isinstance(got, list):
	            got = " < ".join(got)
	        assert cell[csv_name] == ("" if got is None else str(got)), (name, got, cell[csv_name])
	    values = [r[csv_name] for r in csv.DictReader(open("sorted." + name))]
	    there = [v for v in values if v != ""]
	    assert values[:len(there)] == there, name + ": what does not exist comes last"
	    if unit in ("name", "names"):
	        assert there == sorted(there), name
	    else:
	        assert there == sorted(there, key=int, reverse=unit != "number"), name
	for row in rows:
	    for k, v in row.items():
	        paths = {k} if not isinstance(v, dict) else {k + "." + s for s in v}
	        assert v is None or paths - {k + ".buckets"} <= known, paths - known
	PY
}
ok "CSV and JSON have each and nothing else; --sort orders by each" everywhere

keys=$("$IPITRACE" report --by nonsense "$F" 2>&1 | sed -n 's/^hint: keys: //p')
is "$keys" "${by_all//,/, }" "the keys of --by"
like "$("$IPITRACE" --list-options report | tr '\n' ' ')" "one row per: $keys " "  are those of its help"
is "$(head -n "$(tr ',' '\n' <<<"$by_all" | wc -l)" columns | cut -d'|' -f1 | paste -sd,)" "$by_all" "  and the first columns"

# The table in the man page, as tbl(1) wants it: in a block what may have to be filled.
man_table() {
	awk -F '|' '{ printf length($5) < 39 ? "%s@%s@%s@%s\n" : "%s@%s@%s@T{\n%s\nT}\n", $1, $2, $4, $5 }' columns
}
page=$ROOT/docs/ipitrace-report.1
begin='^\.\\" Columns: from the program' end='^\.\\" End of columns'
if [ -n "${UPDATE:-}" ]; then
	man_table >table
	sed -e "/$begin/,/$end/{/$begin/{p;r table
	}; /$end/p; d}" "$page" >new && cp new "$page"
fi
is "$(sed -n "/$begin/,/$end/p" "$page" | sed '1d;$d')" "$(man_table)" "the man page's table is the program's (UPDATE=1 writes it)"

# --- filters: unit/test_filter has their values, their tests of spans and the facts ---
filters_of() { "$IPITRACE" --list-options "$1" | awk -F '\t' -v OFS='|' '$4 == "Filters" { print $2, $3, $1, $5 }'; }
filters_of report >filters
[ "$(wc -l <filters)" -ge 7 ]
is $? 0 "$(wc -l <filters) filters"
is "$(filters_of record)" "$(cat filters)" "record has the same as report"
pid=$(json_get all.json 'rows[0]["pid"]')
bad=
while IFS='|' read -r option arg _; do
	# What this recording cannot tell; live/test_family has it.
	[[ $option != --c[hg]* ]] || continue
	case $arg in
	LIST) value=1 ;;
	NAMES) value=reschedule ;;
	GLOBS) value='[fm]*' ;;
	PIDS | TIDS) value=$pid ;;
	*) value=2 ;;
	esac
	"$IPITRACE" report --json --by $by "$option" "$value" "$F" >some.json 2>some.err || bad+=" $option:$(head -1 some.err)"
	[ "$(json_get some.json 'd["trace"]["filtered"] and 0 < t["target_hits"] and
		t["target_hits"] == sum(r["target_hits"] for r in rows) + d["own"]["target_hits"]')" = True ] || bad+=" $option"
	[ "$(json_get some.json 't["target_hits"]')" -lt "$(json_get all.json 't["target_hits"]')" ] || bad+=" $option:all"
done <filters
is "$bad" "" "each filters a report"

# A recording keeps the symbols of the functions that a reader asks for by name.
grep -rhoE 'symtab_range\([^"]*"[a-z_]+"' "$ROOT/tracer" | grep -o '"[a-z_]*"' | sort -u >asked
grep -oE '^[[:space:]]+"[a-z_]+",$' "$ROOT/tracer/decode/kallsyms.c" | tr -d '\t,' | sort -u >kept
is "$(comm -23 asked kept)" "" "symbols that are asked for by name are kept: $(wc -l <asked)"
[ "$(wc -l <asked)" -gt 4 ]
is $? 0 "  which are some"
done_testing
