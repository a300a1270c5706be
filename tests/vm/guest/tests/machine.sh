#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The guest is what its row says: CPUs, nodes, kernel; the module left nothing
# behind; nothing in the kernel log is a warning.
# shellcheck source=../lib.sh
. /lab/lib.sh

is "$(grep -c '^processor' /proc/cpuinfo)" "$ROW_CPUS" "all $ROW_CPUS CPUs are online"
is "$(printf '%s\n' /sys/devices/system/node/node[0-9]* | wc -l)" "$ROW_NODES" "$ROW_NODES NUMA nodes"
is "$(uname -r)" "$ROW_RELEASE" "the kernel is the row's"
is "$(stat -c %a /dev/ipitrace_bench)" 600 "the device is root's alone"
ok "no thread of the module is left" sh -c "! ps | grep '[i]pib_'"
is "$(cat /sys/module/ipitrace_bench/refcnt)" 0 "nobody holds the module"
ok "no warning in the kernel log" sh -c "! dmesg | grep -E 'WARNING:|BUG:|Call Trace:'"
# 512 is W: "a warning was issued", whatever its text.
is "$(($(cat /proc/sys/kernel/tainted) & 512))" 0 "the kernel has warned of nothing"
# Names of the plumbing without a condition: which of them this kernel lacks. Some kernel has each, if not this one.
ipitrace report --help plumbing | awk -v release="$(uname -r)" '
	FNR == NR { sub(/\..*/, "", $3); if ($2 ~ /^[tTwW]$/) there[$3] = 1; next }
	{ gsub(/   */, "|"); split($0, f, "|") }
	f[4] !~ /^[^ ]+\.[chS]: / || f[3] != "-" { next }
	{ nr++; if (!(f[1] in there)) { lacks++; names = names " " f[1] } }
	END { print "# " release " lacks " lacks + 0 " of " nr " names of plumbing:" names; exit lacks * 2 > nr }' /proc/kallsyms - >/tmp/lacks
is $? 0 "this kernel has most of the plumbing"
cat /tmp/lacks
done_testing
