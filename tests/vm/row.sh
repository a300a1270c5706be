# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What tests that boot a row of the lab share; behind tests/lib.sh.
LAB=$ROOT/tests/vm

# boot_row ROW [GUEST-TEST...]: the guest's results become ours, what it sent over the files port lies in $TMP/files.
boot_row() {
	local row=$1 line status
	shift
	"$LAB/run" "$row" ${1:+--} "$@" >"$TMP/run.tap" 2>"$TMP/run.err"
	status=$?
	guest_time=$(sed -n '$s/^# //p' "$TMP/run.tap")
	say_times() { echo "# $SECONDS s in all; $guest_time"; }
	at_exit say_times
	if grep -q '^1\.\.0 # SKIP' "$TMP/run.tap"; then
		cat "$TMP/run.tap"
		exit 0
	fi
	# Numbered on.
	while IFS= read -r line; do
		case $line in
		'ok '[0-9]*) pass "${line#ok * - }" ;;
		'not ok '[0-9]*) not_ok "${line#not ok * - }" ;;
		1..[0-9]*) ;;
		*) echo "$line" ;;
		esac
	done <"$TMP/run.tap"
	is "$status" 0 "the guest's tests pass"
	[ -s "$TMP/run.err" ] && note "$(tail -n 5 "$TMP/run.err")"
	mkdir "$TMP/files"
	tar -xf "$BUILD/vm/$row/files.tar" -C "$TMP/files" 2>/dev/null
}
