#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# This guest hosts virtual machines: each scenario of vmm under "ipitrace record --kvm". What was recorded, and
# what the virtual machine knows, go to the host over the files port, where tests/vm/kvm-row compares them.
# shellcheck source=../lib.sh
. /lab/lib.sh
D=/tmp/kvm
mkdir -p $D
cd $D || exit 1

# scenario NAME VMM-OPTIONS...
scenario() {
	what=$1
	shift
	ipitrace record --kvm -o "$what.dat" -- vmm "$@" -o "$what.log" >"$what.sent" 2>"$what.err" </dev/null
	status=$?
	is $status 0 "record $what"
	if [ $status -ne 0 ]; then
		sed 's/^/# /' "$what.err" | tail -n 8
		return
	fi
	ok "report $what" sh -c "ipitrace report --kvm=path,class,kick,source,target -i $what.dat --json >$what.json"
	ipitrace report --kvm -i "$what.dat" >"$what.txt" 2>&1
}

ok "virtual machines can be hosted" test -c /dev/kvm
cp /lab/row row
if [ "$ROW_ARCH" = amd64 ]; then
	scenario halt -w halt
	scenario poll -w poll
fi

for port in /sys/class/virtio-ports/*; do
	[ "$(cat "$port/name")" = ipitrace.files ] || continue
	cd /tmp && ok "files reach the host" sh -c "tar -cf - kvm >/dev/${port##*/}"
done
done_testing
