#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Every fuzz target over its corpus, over what once crashed it, and over changed
# copies of both, under ASan and UBSan. The changes are the same in every run;
# "make fuzz" looks further.
# timeout: 900
. "$(dirname "$0")/../lib.sh"

for source in "$ROOT"/tests/fuzz/*.c; do
	target=$(basename "$source" .c)
	[ "$target" = replay ] && continue
	"$ROOT/tests/fuzz/seeds" "$target" "$TMP/$target"
	mapfile -t files < <(find "$TMP/$target" "$ROOT/tests/fuzz/regressions/$target" -type f 2>/dev/null | sort)
	changes=500
	# The whole way to a report takes its time.
	case $target in
	report) changes=20 ;;
	kvm) changes=100 ;;
	esac
	if timeout 300 "$BUILD/asan/fuzz/$target" -m $changes "${files[@]}" >"$OUT" 2>"$ERR"; then
		is "$(cat "$OUT")" "$((${#files[@]} * (changes + 1))) runs" "$target: ${#files[@]} files, $changes changes of each"
	else
		not_ok "$target: $(grep '^run:' "$ERR" | tail -n 1)"
		grep -v '^run:' "$ERR" | head -n 30 | sed 's/^/# /'
	fi
done
done_testing
