#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Records in a guest of the lab by Debian's own trace-cmd for its architecture what
# examples/membarrier and the module's provoke say that they sent: README.md.
#
#	tests/data/stock.sh ROW SUITE DIR		trace-cmd and its libraries are SUITE's
set -eu
. "$(dirname "$0")/../vm/lab.sh"
lab_row "$1"
suite=$2 out=$3
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
mkdir "$tmp/debs" "$tmp/root"

lab_lock
lab_apt_setup "$suite"
packages=
for package in trace-cmd libtraceevent1 libtracefs1 libzstd1 zlib1g libc6; do
	packages+=" $package:$ROW_ARCH"
done
# shellcheck disable=SC2086 # several names
lab_download "$tmp/debs" $packages
exec 8>&-
mkdir -p "$tmp/root/lab/tests" "$tmp/root/usr/bin" "$tmp/root/stock"
for deb in "$tmp/debs"/*.deb; do
	dpkg-deb -x "$deb" "$tmp/root/stock"
done
rm -rf "$tmp/root/stock"/{usr/share,etc,var}
loader=$(cd "$tmp/root" && find stock -name 'ld-linux*' | head -n 1)
cat >"$tmp/root/usr/bin/trace-cmd" <<END
#!/bin/sh
exec /$loader --library-path "\$(echo /stock/lib/*-linux-gnu* /stock/usr/lib/*-linux-gnu* | tr ' ' :)" /stock/usr/bin/trace-cmd "\$@"
END
cat >"$tmp/root/lab/tests/stock.sh" <<'END'
#!/bin/sh
. /lab/lib.sh
mkdir /tmp/trace && cd /tmp/trace || exit 1
uname -r >release
events='-e csd -e ipi -e irq:irq_handler_entry -e irq:irq_handler_exit -e sched:sched_wake_idle_without_ipi'
# Stacks by a trigger, as its manual has it.
ok "calls" sh -c "trace-cmd record -C mono -o calls.dat $events provoke single idle 0 1 40 >calls.sent 2>calls.log"
ok "membarriers" sh -c "trace-cmd record -C mono -o mb.dat $events -e ipi:ipi_send_cpu -R stacktrace \
	-e ipi:ipi_send_cpumask -R stacktrace membarrier -n 20 -c 0 -t 1-3 >mb.sent 2>mb.log"
ok "its default clock" sh -c "trace-cmd record -o local.dat $events membarrier -n 20 -c 0 -t 1-3 >local.sent 2>local.log"
cat /proc/interrupts >interrupts
for port in /sys/class/virtio-ports/*; do
	[ "$(cat "$port/name")" = ipitrace.files ] || continue
	cd /tmp && ok "files reach the host" sh -c "tar -cf - trace >/dev/${port##*/}"
done
done_testing
END
chmod +x "$tmp/root/usr/bin/trace-cmd" "$tmp/root/lab/tests/stock.sh"
IPITRACE_VM_EXTRA=$tmp/root "$LAB/run" "$ROW" -- stock >"$tmp/tap" || { cat "$tmp/tap"; exit 1; }
tar -xf "$OUT_DIR/files.tar" -C "$tmp"
mkdir -p "$out"
cp "$tmp"/trace/* "$out"
