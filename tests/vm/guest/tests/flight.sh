#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# The flight recorder against the module: an interrupt that is held up, and a handler that is slow, trip, are named, and are in
# the file that is written.
# shellcheck source=../lib.sh
. /lab/lib.sh
command -v ipitrace >/dev/null || skip_all "ipitrace was not built for this guest"
[ "$ROW_TIER" = exact ] || skip_all "no csd events: nothing says how long a function took"
[ "$ROW_CPUS" -ge 2 ] || skip_all "one CPU sends no IPIs"
[ "$ROW_ARCH $ROW_CPUS" = "amd64 4" ] || skip_all "one row is enough"
cd /tmp || exit 1

# trips NAME CONDITION SAYS WORKLOAD...
trips() {
	name=$1 condition=$2 says=$3
	shift 3
	rm -f f.dat
	ipitrace record --flight 2s -m 2M --stop-on "$condition" -o f.dat -- "$@" >out 2>err
	grep '^ipitrace: ' err | sed 's/^/# /'
	ok "$name: trips, and is named" grep -Eq "^ipitrace: tripped: .* CPU 0 -> 1 .*$says" err
	# shellcheck disable=SC2016 # the inner shell's
	ok "$name: it is in the file" sh -c 'ipitrace list --where "$1" f.dat | grep -q "0>1 .*exact"' - "$condition"
	ok "$name: which is whole" ipitrace report f.dat
}
trips "5 ms without interrupts" "delivery > 4ms && func =~ ipitrace_bench_handler*" \
	"function ipitrace_bench_handler.*: delivery ([4-9]|[1-9][0-9]+)\.[0-9]+ms func" provoke single irqs-off 0 1 20 5000000
trips "a handler of 2 ms" "func > 1ms && func =~ ipitrace_bench_handler*" \
	"function ipitrace_bench_handler.*: func_time ([2-9]|[1-9][0-9]+)\.[0-9]+ms func" \
	ipitrace bench -n 20 --repeat 1 --modes single --senders 0 --targets 1 --handler-ns 2000000
done_testing
