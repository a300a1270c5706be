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
POLL=/sys/module/kvm/parameters/halt_poll_ns
# An exit of arm64 costs several times as much.
N=200
[ "$ROW_ARCH" = amd64 ] || N=60

# scenario NAME VMM-OPTIONS...: on the CPUs of the mask $cpus, if it is set.
scenario() {
	what=$1
	shift
	# shellcheck disable=SC2086 # several words, or none
	ipitrace record --kvm -o "$what.dat" -- ${cpus:+taskset $cpus} vmm "$@" -o "$what.log" >"$what.sent" 2>"$what.err" </dev/null
	status=$?
	is $status 0 "record $what"
	if [ $status -ne 0 ]; then
		sed 's/^/# /' "$what.err" | tail -n 8
		return
	fi
	ok "report $what" sh -c "ipitrace report --kvm=path,class,kick,source,target -i $what.dat --json >$what.json"
	ipitrace report --kvm -i "$what.dat" >"$what.txt" 2>&1
}

# paths PATH...: what each can do.
paths() {
	for path; do
		scenario "$path-halt" -p "$path" -w halt -n $N
		scenario "$path-many" -p "$path" -w halt -n 60 -t 3
	done
	scenario poll -w poll -n $N
	scenario async -w poll -n $N -a -g 100
	scenario masked -w masked -n $N -a -g 100
	scenario many-async -w halt -n 60 -t 3 -a -g 100
	# Sender and target take turns on one CPU of the host.
	cpus=1
	scenario preempted -w poll -n 20
	cpus=
	# Far apart, so that the target sleeps, or the host polls for it all the time.
	before=$(cat $POLL)
	echo 0 >$POLL
	scenario slept -w halt -n 50 -g 1200000
	echo 20000000 >$POLL
	scenario polled -w halt -n 50 -g 1200000
	echo "$before" >$POLL
}

ok "virtual machines can be hosted" test -c /dev/kvm
cp /lab/row row
case $ROW_ARCH in
amd64) paths x2apic xapic hypercall ;;
arm64) paths sysreg ;;
esac

for port in /sys/class/virtio-ports/*; do
	[ "$(cat "$port/name")" = ipitrace.files ] || continue
	cd /tmp && ok "files reach the host" sh -c "tar -cf - kvm >/dev/${port##*/}"
done
done_testing
