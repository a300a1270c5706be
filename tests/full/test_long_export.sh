#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 3600
#
# Timelines of 10 million events take no more memory than those of 1 million, and have all of them.
. "$(dirname "$0")/../lib.sh"
EVENTS=${EVENTS:-10000000}
WHERE=${WHERE:-$BUILD} # /tmp may be memory
cd "$WHERE" || exit 1

at_exit "rm -f '$WHERE/long-export.dat'"
ok "recordings can be simulated" make -s -C "$ROOT" B="$BUILD" "$BUILD/perf/simulate"
for nr in $((EVENTS / 10)) "$EVENTS"; do
	"$BUILD/perf/simulate" "$DATA/rows/amd64-66cpu.dat" long-export.dat 8 "$nr" none
	for format in perfetto chrome; do
		python3 "$ROOT/tests/cli/peak.py" "$IPITRACE" export "--$format" long-export.dat >"$TMP/$format.$nr"
		is $? 0 "$format, $nr events: $(cat "$TMP/$format.$nr") (kB of memory, bytes)"
	done
	# Each call is six events, and its send an arrow to its interrupt.
	is "$("$IPITRACE" export --chrome long-export.dat | grep -c '"ph":"f"')" $((nr / 6)) "  an arrow for every call"
done
for format in perfetto chrome; do
	read -r short _ <"$TMP/$format.$((EVENTS / 10))"
	read -r long _ <"$TMP/$format.$EVENTS"
	ok "$format: $long kB for all of it, $short for a tenth" [ "$long" -le $((short + 4096)) ]
done
done_testing
