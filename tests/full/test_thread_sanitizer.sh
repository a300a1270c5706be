#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 3600
#
# All that reads a recording, built with ThreadSanitizer, by several threads:
# no access to memory of another thread that is not ordered.
. "$(dirname "$0")/../lib.sh"
cd "$(dirname "$0")/../.." || exit 1

exits 0 "it builds" make -s -j2 B="$TMP/tsan" CFLAGS='-O1 -g -fsanitize=thread' WARN= "$TMP/tsan/ipitrace"
export TSAN_OPTIONS=exitcode=66
races=0 nr=0
for f in "$DATA"/*.dat "$DATA"/*/*.dat "$DATA"/*/*.dat.gz; do
	for what in "report --json" "list --stacks" "export --folded"; do
		for t in 2 4; do
			nr=$((nr + 1))
			# shellcheck disable=SC2086 # words
			"$TMP/tsan/ipitrace" $what --threads $t "$f" >/dev/null 2>"$TMP/said"
			if grep -q 'WARNING: ThreadSanitizer' "$TMP/said"; then
				races=$((races + 1))
				sed 's/^/# /' "$TMP/said" | head -30
			fi
		done
	done
done
is "$races" 0 "$nr runs without a race"
done_testing
