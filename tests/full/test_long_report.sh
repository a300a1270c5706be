#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 3600
#
# A recording of 10 GB is reported, with no more memory than one of a hundredth
# of that, and nothing of it is missing.
. "$(dirname "$0")/../lib.sh"
cd "$TMP" || exit 1
EVENTS=${EVENTS:-360000000} # some 28 bytes each
WHERE=${WHERE:-$BUILD}	    # /tmp may be memory

at_exit "rm -f '$WHERE/long-report.dat'"
ok "recordings can be simulated" make -s -C "$ROOT" B="$BUILD" "$BUILD/perf/simulate"
for nr in $((EVENTS / 100)) "$EVENTS"; do
	(cd "$WHERE" && "$BUILD/perf/simulate" "$DATA/rows/amd64-66cpu.dat" long-report.dat 8 "$nr" none)
	note "$nr events, $(stat -c %s "$WHERE/long-report.dat") bytes"
	for t in 1 2; do
		/usr/bin/env python3 - "$IPITRACE" "$WHERE/long-report.dat" $t "$nr" <<-'P' >>peaks
			import json, os, subprocess, sys
			c = subprocess.Popen([sys.argv[1], "report", "--json", "--threads", sys.argv[3], sys.argv[2]], stdout=subprocess.PIPE)
			d = json.load(c.stdout)
			_, status, usage = os.wait4(c.pid, 0)
			calls = int(sys.argv[4]) // 6
			right = status == 0 and d["trace"]["events"] == 6 * calls and d["totals"]["delivered"] == d["totals"]["calls_run"] == calls
			print(sys.argv[4], sys.argv[3], "right" if right else "wrong", usage.ru_maxrss)
		P
	done
done
note "$(cat peaks)"
is "$(grep -c right peaks)" 4 "every call of all is delivered, by one thread and by two"
for t in 1 2; do
	short=$(awk -v t=$t '$2 == t { print $4; exit }' peaks) long=$(awk -v t=$t '$2 == t { m = $4 } END { print m }' peaks)
	ok "$t threads: $long kB for all of it, $short for a hundredth" [ "$long" -le $((short + 4096)) ]
done
done_testing
