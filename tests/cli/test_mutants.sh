#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The matcher's tests are worth something only if they fail when the matcher is
# wrong: tests/mutate breaks it in each of its ways, and a test has to notice.
. "$(dirname "$0")/../lib.sh"
cd "$ROOT" || exit 1

"$ROOT/tests/mutate" >"$OUT" 2>"$ERR"
status=$?
note "$(cat "$ERR")"
killed=0
while IFS= read -r line; do
	case $line in
	killed*)
		pass "$line"
		killed=$((killed + 1))
		;;
	*)
		not_ok "$line"
		;;
	esac
done <"$OUT"
is "$status" 0 "tests/mutate is content"
is "$killed" "$("$ROOT/tests/mutate" --list | wc -l)" "every way to break the matcher was noticed"
done_testing
