#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# How large files are on disk: what a recording of next to nothing has, and what
# each IPI adds to that, with stacks and without, of a load that nobody tuned and
# of one that sends the same again and again. The bounds are what the default,
# --compress fast, takes today, and a third: they are to fall, never to rise. Of
# next to nothing 14 kB were measured; other machines have more CPUs and tasks, and are interrupted meanwhile.
. "$(dirname "$0")/../lib.sh"
need_live 2
live_lock
cd "$TMP" || exit 1

exits 0 "a recording of next to nothing" "$IPITRACE" record -o floor.dat -- true
floor=$(stat -c %s floor.dat)
ok "is of $floor bytes, 100,000 at most" test "$floor" -le 100000

# small NAME MOST RECORD-OPTION WORKLOAD... N
# How many IPIs a load sends is the scheduler's choice: N doubles until there are enough to divide by.
small() {
	local name=$1 most=$2 option=$3 n=${*: -1} hits=0 size
	shift 3
	for _ in 1 2 3 4 5 6; do
		[ "$hits" -lt 2000 ] || break
		exits 0 "record $option: $name, $n" "$IPITRACE" record "$option" -o s.dat -- "${@:1:$#-1}" "$n"
		"$IPITRACE" report --json s.dat >s.json
		hits=$(json_get s.json "d['totals']['target_hits']")
		n=$((n * 2))
	done
	size=$(stat -c %s s.dat)
	ok "  there are enough to tell: $hits IPIs" test "$hits" -ge 2000
	ok "  each took $(awk -v s="$size" -v f="$floor" -v h="$hits" 'BEGIN { printf "%.1f", (s - f) / h }') bytes, $most at most" \
		test $((size - floor)) -le $((hits * most))
	json_check s.json "d['trace']['lost_events'] == 0" "  and all are there"
}
if command -v hackbench >/dev/null; then
	small hackbench 36 --stack=sends hackbench -g 2 -l 1000
	small hackbench 26 --no-stack hackbench -g 2 -l 1000
else
	skip "hackbench" "rt-tests is not installed"
fi
small membarrier 36 --stack=sends "$EXAMPLES/membarrier" -n 20000
small membarrier 26 --no-stack "$EXAMPLES/membarrier" -n 20000
done_testing
