#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The boundaries between the layers, held by what files include and by the
# symbols that objects call; and the limits on size that keep files readable.
. "$(dirname "$0")/../lib.sh"
cd "$ROOT" || exit 1

# Which layer a file of tracer/ belongs to.
layer_of() {
	case ${1##*/} in
	util.[ch] | hist.[ch] | filter.[ch] | event.h)	echo base ;;
	session*.[ch] | spool*.[ch] | probe-*.[ch])	echo session ;;
	comms*.[ch])					echo comms ;;
	record-meta.[ch])				echo meta ;;
	datfile*.[ch] | dat-*.[ch])			echo datfile ;;
	decode*.[ch])					echo decode ;;
	symtab*.[ch])					echo symtab ;;
	facts*.[ch])					echo facts ;;
	match*.[ch])					echo match ;;
	agg*.[ch])					echo agg ;;
	render*.[ch])					echo render ;;
	bench*.[ch] | kmod*.[ch])			echo bench ;;
	main.c | cmd*.[ch] | opts.[ch] | report*.[ch] | record*.[ch] | workload*.[ch] | analysis*.[ch])
							echo command ;;
	*)						echo none ;;
	esac
}

# Project headers that each layer may include besides its own (extended regex).
may_include() {
	case $1 in
	base)	 echo 'util\.h|event\.h|filter\.h|hist\.h' ;;
	session) echo 'util\.h|event\.h|filter\.h|session.*\.h|spool\.h|probe-.*\.h' ;;
	datfile) echo 'util\.h|datfile.*\.h|dat-.*\.h' ;;
	decode)	 echo 'util\.h|event\.h|symtab\.h|decode.*\.h' ;;
	symtab)	 echo 'util\.h|symtab.*\.h' ;;
	comms)	 echo 'util\.h|comms\.h|session\.h' ;;
	meta)	 echo 'util\.h|comms\.h|session\.h|datfile\.h|record-meta\.h' ;;
	facts)	 echo 'util\.h|event\.h|filter\.h|facts.*\.h' ;;
	match)	 echo 'util\.h|event\.h|match.*\.h' ;;
	agg)	 echo 'util\.h|event\.h|filter\.h|hist\.h|match\.h|agg.*\.h' ;;
	render)	 echo 'util\.h|hist\.h|report\.h|render.*\.h' ;;
	*)	 echo '.*' ;;
	esac
}

# Library headers that each layer may include: who knows which library.
may_use() {
	case $1 in
	session | meta) echo 'tracefs' ;;
	decode)	 echo 'event-parse|kbuffer|trace-seq' ;;
	datfile) echo 'zstd' ;;
	render)	 echo 'libsmartcols' ;;
	bench)	 echo 'libkmod' ;;
	*)	 echo 'nothing' ;;
	esac
}

bad=
for f in tracer/*.[ch]; do
	layer=$(layer_of "$f")
	if [ "$layer" = none ]; then
		bad+="$f belongs to no layer of this test"$'\n'
		continue
	fi
	while read -r header; do
		grep -Eqx "$(may_include "$layer")" <<<"${header##*/}" ||
			bad+="$f ($layer) includes $header"$'\n'
	done < <(sed -n 's/^#[ \t]*include[ \t]*"\([^"]*\)".*/\1/p' "$f")
	while read -r header; do
		lib=$(grep -Eo '^(tracefs|traceevent|event-parse|kbuffer|trace-seq|zstd|libsmartcols|libkmod)' \
			<<<"${header##*/}") || continue
		grep -Eqx "$(may_use "$layer")" <<<"$lib" || bad+="$f ($layer) uses $header"$'\n'
	done < <(sed -n 's/^#[ \t]*include[ \t]*<\([^>]*\)>.*/\1/p' "$f")
done
is "$bad" "" "includes follow the layers"

# What objects call. nm sees it whatever macro or header hides the call.
calls() { nm -u "$1" 2>/dev/null | awk '{ sub(/@.*/, "", $NF); print $NF }'; }
bad=
nr=0
for f in tracer/*.c; do
	o=$BUILD/obj/$(basename "$f" .c).o
	[ -e "$o" ] || { bad+="$o is not built"$'\n'; continue; }
	nr=$((nr + 1))
	layer=$(layer_of "$f")
	deny='tep_.*|kbuffer_.*|trace_seq_.*|tracefs_.*|scols_.*|ZSTD_.*|kmod_.*'
	case $layer in
	session) deny=${deny/|tracefs_.\*/} ;;
	# It walks events/ftrace: a path, no more.
	meta)	 deny=${deny/|tracefs_.\*/|tracefs_instance_.*|tracefs_event_.*|tracefs_trace_.*} ;;
	decode)	 deny='tracefs_.*|scols_.*|ZSTD_.*|kmod_.*' ;;
	datfile) deny=${deny/|ZSTD_.\*/} ;;
	render)	 deny=${deny/|scols_.\*/} ;;
	bench)	 deny=${deny/|kmod_.\*/} ;;
	esac
	# Only commands and renderers print, only commands exit; util's allocators stop the program, as documented.
	case ${f##*/} in
	main.c | cmd*.c | render*.c | opts.c | report*.c | record*.c | workload*.c) ;;
	util.c)	deny+='|printf|puts|putchar|stdout' ;;
	*)	deny+='|printf|vprintf|puts|putchar|perror|stdout|stderr|exit|abort|err|errx|warn|warnx' ;;
	esac
	case $layer in
	match)	deny+='|open|open64|fopen|fopen64|read|write|fprintf|clock_gettime|gettimeofday|time|getenv|usleep|nanosleep' ;;
	agg)	deny+='|open|open64|fopen|fopen64|read|write|fprintf|clock_gettime|gettimeofday|getenv' ;;
	esac
	found=$(calls "$o" | grep -Ex "$deny" | tr '\n' ' ')
	[ -n "$found" ] && bad+="$f ($layer) must not use: $found"$'\n'
done
is "$bad" "" "libraries, printing and exiting stay where they belong"
[ $nr -gt 5 ]; is $? 0 "objects were looked at ($nr)"

# Sources that are ours: tracked or about to be.
mapfile -t files < <(find tracer tests examples module include .ci docs -type f \
	\( -name '*.[ch]' -o -name '*.sh' -o -name '*.py' -o -name '*.1' -o -path tests/run -o -path tests/deps \
	-o -path tests/bench -o -path examples/demo -o -path .ci/run \) ! -name '*.mod.c' 2>/dev/null; echo Makefile)
long='' unmarked=''
for f in "${files[@]}"; do
	lines=$(wc -l <"$f")
	[ "$lines" -gt 800 ] && long+="$f: $lines lines"$'\n'
	head -n 5 "$f" | grep -q 'SPDX-License-Identifier: GPL-2.0' || unmarked+="$f"$'\n'
done
is "$long" "" "no file is longer than 800 lines (${#files[@]} files)"
is "$unmarked" "" "every file has its SPDX line"

# Kernel style: a function's body is all between "{" and "}" in the first column.
mapfile -t sources < <(printf '%s\n' "${files[@]}" | grep '\.[ch]$')
long=$(awk '
	FNR == 1 { begin = 0 }
	/^{$/ { begin = FNR; name = last }
	/^}$/ { if (begin && FNR - begin - 1 >= 80) print FILENAME ":" begin ": " FNR - begin - 1 " lines: " name; begin = 0 }
	/^[a-zA-Z_].*\(/ { last = $0 }' "${sources[@]}")
is "$long" "" "no function is longer than 80 lines"

spaces=$(grep -nE '^ {8}|[ 	]+$' "${sources[@]}" | head -n 5)
is "$spaces" "" "indentation by tabs, no trailing blanks"

# Where the option tables end up: every option of every command is in its man page.
for cmd in $("$IPITRACE" --list-options | cut -f1); do
	page=docs/ipitrace-$cmd.1
	if [ ! -e "$page" ]; then
		not_ok "man page of $cmd"
		continue
	fi
	text=$(MANWIDTH=200 man -E ascii -l "$page" 2>/dev/null | col -b)
	missing=
	while IFS=$'\t' read -r short long _; do
		[ "$short" != - ] && ! grep -Eq -- "(^|[ ,])-?${short#-}([ ,=]|$)" <<<"$text" && missing+=" -${short#-}"
		[ "$long" != - ] && ! grep -Eq -- "--${long#--}([^a-z-]|$)" <<<"$text" && missing+=" --${long#--}"
	done < <("$IPITRACE" --list-options "$cmd")
	is "$missing" "" "ipitrace-$cmd(1) has every option that the command has"
	# The other way round: no option that does not exist any more.
	stale=
	known=$("$IPITRACE" --list-options "$cmd" | cut -f2 | sed 's/^--//')
	while read -r opt; do
		grep -qx -- "${opt#--}" <<<"$known" || stale+=" $opt"
	done < <(awk '/^OPTIONS/ { in_options = 1; next } /^[A-Z]/ { in_options = 0 }
		in_options && /^ *-/ && match($0, /--[a-z-]+/) { print substr($0, RSTART, RLENGTH) }' <<<"$text" | sort -u)
	is "$stale" "" "ipitrace-$cmd(1) has no option that the command lacks"
	grep -q '^EXIT STATUS' <<<"$text"; is $? 0 "ipitrace-$cmd(1) documents its exit status"
done
for page in docs/*.1; do
	is "$(LC_ALL=C.UTF-8 man --warnings=w -E ascii -l "$page" 2>&1 >/dev/null)" "" "$page formats without a warning"
done
done_testing
