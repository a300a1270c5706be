#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# timeout: 3600
#
# The module builds without a warning, the kernel's extra ones (W=1) included, for every kernel of the lab: series,
# flavours (RT, pages of 16 KB) and architectures, each by the compiler that built it where this machine's is older.
set -u
. "$(dirname "$0")/../lib.sh"
. "$ROOT/tests/vm/lab.sh"
[ "$HOST_ARCH" = amd64 ] || skip_all "the lab runs on amd64 machines, this is $HOST_ARCH"

while IFS= read -r row; do
	lab_row "$row" || { not_ok "row $row"; continue; }
	OUT_DIR=$BUILD/vm/$ROW
	{ lab_row_lock && lab_lock; } || exit 1
	lab_fetch 2>"$TMP/err"
	fetched=$?
	exec 8>&-
	if [ $fetched -ne 0 ]; then
		skip "$row" "$(tail -n 1 "$TMP/err")"
		continue
	fi
	release=$(cat "$KERNEL_DIR/release")
	rm -f "$OUT_DIR"/module/*.o "$OUT_DIR"/module/*.ko
	if ! lab_module 2>"$TMP/err"; then
		not_ok "$row: builds for $release"
		note "$(tail -n 5 "$TMP/err")"
		continue
	fi
	is "$(grep ': warning:' "$OUT_DIR/module.log")" "" "$row: builds for $release without a warning"
	is "$(tr '\0' '\n' <"$MODULE" | sed -n 's/^vermagic=\([^ ]*\).*/\1/p')" "$release" "$row: and is that kernel's"
done < <(lab_rows)
done_testing
