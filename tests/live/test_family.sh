#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Who is whose child, and in which control group: a tree of processes of which each says who it was, one before the
# recording and one in it. The raw lines of a thread are the oracle of every set of them.
. "$(dirname "$0")/../lib.sh"
need_live 2
command -v "${CC:-gcc}" >/dev/null || skip_all "no compiler for the tree"
"${CC:-gcc}" -O2 -D_GNU_SOURCE -o "$TMP/family" "$(dirname "$0")/family.c" -lpthread || skip_all "the tree cannot be built"
live_lock

# A group in version 2, where it is mounted and ours to change.
cgroup=- below=-
v2=$(findmnt -nt cgroup2 -o TARGET 2>/dev/null | head -1)
if [ -n "$v2" ] && mkdir "$v2/ipitrace-test.$$" 2>/dev/null; then
	cgroup=$v2/ipitrace-test.$$
	below=$cgroup/below
	mkdir "$below"
	at_exit "rmdir $below $cgroup"
fi
path=/${cgroup#"$v2/"}

n=60
"$TMP/family" $n "$cgroup" "$TMP/go" >"$TMP/before" &
before=$!
sleep 0.3
cat >"$TMP/workload" <<END
#!/bin/bash
touch "$TMP/go"
"$TMP/family" $n "$below" >"$TMP/within"
END
chmod 755 "$TMP/workload"
exits 0 "record both" "$IPITRACE" record -o "$TMP/f.dat" -- bash -c "\"$TMP/workload\"; while kill -0 $before 2>/dev/null; do sleep 0.02; done"
wait $before
is "$(cat "$TMP/before" "$TMP/within" | wc -l)" 8 "eight threads sent"

# raw FILE NAME...: membarriers by those threads, as their lines say.
lines_of() { "$IPITRACE" list --json --kind hit --func ipi_mb "$1" >"$TMP/lines" 2>/dev/null; }
lines_of "$TMP/f.dat"
raw() {
	local file=$1 name sum=0
	shift
	for name; do
		sum=$((sum + $(grep -c "\"pid\":$(awk -v n="$name" '$1 == n { print $3 }' "$TMP/$file")," "$TMP/lines")))
	done
	echo $sum
}
hits() { "$IPITRACE" report -i "$TMP/f.dat" --json --func ipi_mb "$@" 2>>"$TMP/said" | json_get /dev/stdin 't["target_hits"]'; }
: >"$TMP/said"
all="main child grandchild orphan"
# shellcheck disable=SC2086 # words
within=$(raw within $all) before_all=$(raw before $all)
is "$((within > 0 && within <= 4 * n && before_all > 0 && before_all <= 4 * n))" 1 "they sent $within and $before_all of $((4 * n)) each"

is "$(hits --children)" "$within" "--children: the workload's whole tree, orphans among them"
is "$(hits --children -p '!1')" "$(($(hits) - $(hits --children -p 1)))" "  !: the rest"
pid=$(awk '$1 == "child" { print $2 }' "$TMP/within")
is "$(hits --children -p "$pid")" "$(raw within child grandchild)" "-p PID --children: a process and what it started"
is "$(hits -p "$pid")" "$(raw within child)" "  without --children it alone"
pid=$(awk '$1 == "main" { print $2 }' "$TMP/before")
is "$(hits --children -p "$pid")" "$(raw before main child grandchild)" \
	"of one that was there before: but whose parent was gone by then is nobody's child"
exits 0 "a recording filtered by it" "$IPITRACE" record -q --children -o "$TMP/g.dat" -- \
	bash -c "exec '$TMP/family' $n >'$TMP/filtered'"
hits=$("$IPITRACE" report --json --func ipi_mb "$TMP/g.dat" 2>/dev/null | json_get /dev/stdin 't["target_hits"]')
lines_of "$TMP/g.dat"
# Who waits behind another spinner hits nobody: how many is the scheduler's choice, that all four are there is not.
# shellcheck disable=SC2086 # words
is "$hits $((hits <= 4 * n))" "$(raw filtered $all) 1" "  has $hits of $((4 * n)), all by those four"
for name in $all; do
	ok "  $name among them" test "$(raw filtered "$name")" -gt 0
done
lines_of "$TMP/f.dat"
exits 2 "without a workload there are no children of it" "$IPITRACE" record --children -d 10ms -o "$TMP/no.dat"
like "$(cat "$ERR")" "hint: name processes: -p PID --children" "  and says what to do"
exits 0 "stat" "$IPITRACE" stat --children --func ipi_mb --by comm --json -o "$TMP/stat.json" -- "$TMP/family" $n
hits=$(json_get "$TMP/stat.json" 't["target_hits"]')
is "$((hits > 0 && hits <= 4 * n))" 1 "  has $hits of $((4 * n))"

if [ "$cgroup" = - ]; then
	skip "control groups" "no version 2 that we may change"
else
	is "$(hits --cgroup "$path")" "$(($(raw before child grandchild) + $(raw within child grandchild)))" \
		"--cgroup: a group and those below it; from the start, moved there, and born there"
	is "$(hits --cgroup "$path/below")" "$(raw within child grandchild)" "  one below"
	is "$(hits --cgroup "$path/*")" "$(raw within child grandchild)" "  by a pattern"
	is "$(($(hits --cgroup "$path") + $(hits --cgroup "!$path")))" "$(hits)" "  !: all others"
	"$IPITRACE" report -i "$TMP/f.dat" --by cgroup --func ipi_mb --json >"$TMP/by.json" 2>>"$TMP/said"
	is "$(json_get "$TMP/by.json" "[r['target_hits'] for r in rows if r['cgroup'] == '$path/below']")" \
		"[$(raw within child grandchild)]" "--by cgroup"
	json_check "$TMP/by.json" "sum(r['target_hits'] for r in rows) == t['target_hits'] and sum(r['sends'] for r in rows) == t['sends']" \
		"  its rows sum to the totals"
	is "$(grep -c "\"cgroup\":\"$path/below\"" "$TMP/lines")" "$(raw within child grandchild)" "list knows it"
	exits 0 "stat --cgroup" "$IPITRACE" stat --cgroup "$path" --func ipi_mb --by comm --json -o "$TMP/stat.json" -- \
		"$TMP/family" $n "$cgroup"
	hits=$(json_get "$TMP/stat.json" 't["target_hits"]')
	is "$((hits > 0 && hits <= 2 * n))" 1 "  has $hits of $((2 * n))"
fi
is "$(grep -v "nothing in the recording\|hint: near\|hint: nothing\|hint: 'ipitrace report --by" "$TMP/said")" "" "every sender was placed"
done_testing
