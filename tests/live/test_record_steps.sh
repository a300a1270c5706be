#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Trouble at every step of a recording: no memory, a signal, two signals. Each
# time tracefs is as before, the file is either whole or not there, nothing
# else is left, and the exit status is a documented one.
. "$(dirname "$0")/../lib.sh"
need_live 1
command -v "${CC:-gcc}" >/dev/null || skip_all "no compiler for the shim"
live_lock
"${CC:-gcc}" -O1 -shared -fPIC -o "$TMP/shim.so" "$(dirname "$0")/shim.c" -ldl || skip_all "the shim cannot be built"
mkdir "$TMP/out"
cd "$TMP/out" || exit 1
INSTANCES=/sys/kernel/tracing/instances

# run ENV...: one short recording with the shim; status in $status, what is wrong with its traces in $bad.
run() {
	local left
	timeout -s KILL 20 env "$@" LD_PRELOAD="$TMP/shim.so" "$IPITRACE" record -q -d 30ms -o f.dat >"$OUT" 2>"$ERR" </dev/null
	status=$?
	bad=
	left=$(find $INSTANCES -maxdepth 1 -name 'ipitrace-*' -printf '%f ')
	[ -z "$left" ] || bad+="instances $left; "
	for left in $left; do rmdir "$INSTANCES/$left" 2>/dev/null; done
	left=$(find . -mindepth 1 ! -name f.dat -printf '%f ')
	[ -z "$left" ] || bad+="files $left; "
	if [ -e f.dat ]; then
		[ "$(tail -c 24 f.dat | head -c 8)" = IPITFACT ] || bad+="a file that is not whole; "
		[ "$(stat -c %a f.dat)" = 600 ] || bad+="mode $(stat -c %a f.dat); "
	elif [ $status -eq 0 ] || [ $status -eq 3 ]; then
		bad+="exit $status without a file; "
	fi
	rm -rf ./f.dat ./.ipitrace-*
}

# steps NAME LAST HOW-MANY ALLOWED-STATUS ENV...: NR in ENV is the number of the step.
steps() {
	local name=$1 last=$2 many=$3 allowed=$4 n all="" seen="" i
	shift 4
	for ((i = 0; i < many; i++)); do
		n=$((1 + i * last / many))
		run "${@//NR/$n}"
		[[ $status =~ ^($allowed)$ ]] || bad+="exit $status: $(head -n 1 "$ERR"); "
		[ -z "$bad" ] || all+="step $n: $bad"$'\n'
		[[ " $seen " == *" $status "* ]] || seen+=" $status"
	done
	is "$all" "" "$name: $many of $last steps, exits$seen"
}

run SHIM_COUNT="$TMP/count"
is "$status$bad" 0 "without trouble"
read -r allocations calls <"$TMP/count"
ok "the shim has counted $allocations allocations, $calls calls" test "$allocations" -gt 100 -a "$calls" -gt 30

# Libraries may crash where they get no memory: tracefs is as before all the same.
steps "no memory" "$allocations" 36 '0|1|134|139' SHIM_MALLOC=NR
# Before the signals are caught nothing exists, and one ends the program: 128 + its number.
steps "SIGTERM" "$calls" 14 '0|143' SHIM_CALL=NR SHIM_SIGNAL=15
steps "SIGQUIT" "$calls" 5 '0|131' SHIM_CALL=NR SHIM_SIGNAL=3
steps "SIGXCPU" "$calls" 4 '0|152' SHIM_CALL=NR SHIM_SIGNAL=24
steps "two SIGTERM" "$calls" 14 '0|1|143' SHIM_CALL=NR SHIM_SIGNAL=15 SHIM_TWICE=1
run SHIM_NO_TMPFILE=1 SHIM_COUNT="$TMP/count"
is "$status$bad" 0 "a filesystem without unnamed files"
read -r allocations calls <"$TMP/count"
steps "no unnamed files, no memory" "$allocations" 12 '0|1|134|139' SHIM_NO_TMPFILE=1 SHIM_MALLOC=NR
steps "no unnamed files, two SIGTERM" "$calls" 10 '0|1|143' SHIM_NO_TMPFILE=1 SHIM_CALL=NR SHIM_SIGNAL=15 SHIM_TWICE=1

# A limit on memory, from too little for the program to enough.
all=
for mb in 16 20 24 32 40 60; do
	(ulimit -v $((mb * 1024)) && exec "$IPITRACE" record -q -o f.dat -- true) >"$OUT" 2>"$ERR"
	status=$?
	[[ $status =~ ^(0|125|127)$ ]] && [ -z "$(find $INSTANCES -maxdepth 1 -name 'ipitrace-*')" ] &&
		{ [ $status -ne 0 ] || [ -e f.dat ]; } && [ -z "$(find . -mindepth 1 ! -name f.dat)" ] ||
		all+="$mb MB: exit $status"$'\n'
	rm -f f.dat
done
is "$all" "" "ulimit -v, 16 to 60 MB"
done_testing
