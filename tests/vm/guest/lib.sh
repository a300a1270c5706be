# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-only
# For shell tests in the guest (busybox sh): TAP, and the facts of the row.
# shellcheck source=/dev/null # tests/vm/run writes it
. /lab/row
tap_nr=0
tap_failed=0

# ok NAME CMD...: passes if CMD does.
ok() {
	name=$1
	shift
	tap_nr=$((tap_nr + 1))
	if "$@" >/tmp/ok.out 2>&1; then
		echo "ok $tap_nr - $name"
	else
		tap_failed=$((tap_failed + 1))
		echo "not ok $tap_nr - $name"
		sed 's/^/# /' /tmp/ok.out | tail -n 30
	fi
}

# is GOT WANT NAME
is() {
	tap_nr=$((tap_nr + 1))
	if [ "$1" = "$2" ]; then
		echo "ok $tap_nr - $3"
	else
		tap_failed=$((tap_failed + 1))
		echo "not ok $tap_nr - $3"
		echo "#   got:  $1"
		echo "#   want: $2"
	fi
}

skip() { tap_nr=$((tap_nr + 1)); echo "ok $tap_nr - $1 # SKIP $2"; }
skip_all() { echo "1..0 # SKIP $*"; exit 0; }

done_testing() {
	echo "1..$tap_nr"
	[ $tap_failed -eq 0 ] && [ $tap_nr -gt 0 ]
	exit $?
}
