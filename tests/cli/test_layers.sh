#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The boundaries between the layers, held by what files include and by the
# symbols that objects call; and the limits on size that keep files readable.
. "$(dirname "$0")/../lib.sh"
cd "$ROOT" || exit 1

# What each folder of tracer/ may reach, also through the headers that it includes.
# A folder that is not here belongs to no layer. docs/architecture.md says why.
may_reach() {
	case $1 in
	base)	 echo base ;;
	match)	 echo base match ;;
	decode)	 echo base decode ;;
	file)	 echo base file ;;
	capture) echo base capture ;;
	unwind)	 echo base unwind ;;
	kvm)	 echo base match decode file report kvm ;;
	record)	 echo base decode capture file unwind record ;;
	report)	 echo base match decode file report ;;
	render)	 echo base match report kvm render ;;
	live)	 echo base match decode file capture unwind record report live ;;
	serve)	 echo base serve ;;
	bench)	 echo base match decode file capture record report render bench ;;
	cmds)	 echo base match decode file capture record report kvm render live serve bench cmds ;;
	.)	 echo base cmds ;;
	esac
}

# Libraries that each folder may use: "header|symbols" as extended regular expressions.
may_use() {
	case $1 in
	capture) echo 'tracefs|tracefs_' ;;
	# It walks events/ftrace: a path, no more.
	record)	 echo 'tracefs|tracefs_(tracing_dir|get_tracing_file|put_tracing_file|event_systems|system_events)' ;;
	unwind)	 echo 'libdw|libdwfl|libdwelf|libelf|gelf|dwarf|dwfl_|dwelf_|dwarf_|elf_|gelf_' ;;
	file)	 echo 'zstd|zlib|xxhash|ZSTD_|XXH3_|inflate|uncompress' ;;
	bench)	 echo 'libkmod|kmod_' ;;
	# One file: render/perfetto.c.
	render)	 echo 'protobuf-c|pb-c|pf__|protobuf_c_' ;;
	serve)	 echo 'microhttpd|dlopen|dlsym' ;;
	# One file: cmds/tui.c.
	cmds)	 echo 'n?curses|term|initscr|newterm|endwin|setupterm|w[a-z]+' ;;
	*)	 echo 'nothing' ;;
	esac
}
LIBRARIES='tracefs|traceevent|event-parse|kbuffer|trace-seq|zstd|zlib|xxhash|libkmod|libdw|libdwfl|libdwelf|libelf|gelf|dwarf|microhttpd|ncurses|curses|term|protobuf-c'
CALLS='(pf__|protobuf_c|dwfl|dwelf|dwarf|elf|gelf|tep|kbuffer|trace_seq|tracefs|ZSTD|kmod|MHD)_.*|dlopen|dlsym|inflate.*|uncompress|XXH.*|initscr|newterm|endwin|setupterm|wgetch|wrefresh|waddn?str'

# Sets folder. Called for every header of every file, so it must not fork.
folder_of() {
	folder=${1#tracer/}
	case $folder in
	*/*) folder=${folder%%/*} ;;
	*) folder=. ;;
	esac
}

sources() { find tracer -name "$1" | sort; }

bad='' private=''
while read -r f; do
	folder_of "$f"
	own=$folder
	reach=" $(may_reach "$own") "
	libraries="($(may_use "$own"))(\.h)?"
	if [ "$reach" = "  " ]; then
		bad+="$f is in a folder that is no layer of this test"$'\n'
		continue
	fi
	while read -r header; do
		folder_of "$header"
		[[ $reach == *" $folder "* ]] || bad+="$f reaches $header"$'\n'
		[[ $header != *priv.h || $folder = "$own" ]] || private+="$f reaches $header"$'\n'
	done < <("${CC:-gcc}" -MM -MG -Iinclude -Itracer "$f" | tr -s ' ' '\n' | grep '^tracer/.*\.h$')
	while read -r header; do
		grep -Eqx "$libraries" <<<"${header##*/}" || bad+="$f uses <$header>"$'\n'
	done < <(sed -n 's/^#[ \t]*include[ \t]*<\([^>]*\)>.*/\1/p' "$f" | grep -E "(^|/)($LIBRARIES)(\.h)?$")
done < <(sources '*.[ch]')
is "$bad" "" "no layer reaches up, directly or through a header"
is "$private" "" "private headers stay in their folder"

# A guard that two headers share silently hides one of them: it is the path, so that it is unique.
bad=
while read -r f; do
	guard=${f#tracer/}
	guard=IPITRACE_${guard//[^a-zA-Z0-9]/_}
	[ "$(grep -cx -e "#ifndef ${guard^^}" -e "#define ${guard^^}" "$f")" = 2 ] || bad+="$f is not guarded by ${guard^^}"$'\n'
done < <(find tracer tests -name '*.h' | sort)
is "$bad" "" "include guards are named after the path"

# What objects call. nm sees it whatever macro or header hides the call.
calls() { nm -u "$1" 2>/dev/null | awk '{ sub(/@.*/, "", $NF); print $NF }'; }
# Only commands and renderers print, only commands exit; allocators stop the program, as documented.
may_print() {
	case $1 in
	tracer/main.c | tracer/cmds/* | tracer/render/* | tracer/base/opts-help.c | tracer/record/record.c | tracer/capture/workload.c | tracer/bench/print.c)
		return 0 ;;
	esac
	return 1
}
bad=
nr=0
while read -r f; do
	o=$BUILD/obj/${f#tracer/}
	o=${o%.c}.o
	[ -e "$o" ] || { bad+="$o is not built"$'\n'; continue; }
	nr=$((nr + 1))
	folder_of "$f"
	deny=nothing
	case $f in
	tracer/base/mem.c) deny='printf|puts|putchar|stdout' ;;
	*) may_print "$f" || deny='printf|vprintf|puts|putchar|perror|stdout|stderr|exit|abort|err|errx|warn|warnx' ;;
	esac
	case $f in
	tracer/match/*) deny+='|open|open64|fopen|fopen64|read|write|fprintf|clock_gettime|gettimeofday|time|getenv|usleep|nanosleep' ;;
	tracer/report/agg*) deny+='|open|open64|fopen|fopen64|read|write|fprintf|clock_gettime|gettimeofday|getenv' ;;
	esac
	found=$( (calls "$o" | grep -Ex "$deny"
		  calls "$o" | grep -Ex "$CALLS" | grep -Ev "^($(may_use "$folder"))") | tr '\n' ' ')
	[ -n "$found" ] && bad+="$f must not use: $found"$'\n'
done < <(sources '*.c')
is "$bad" "" "libraries, printing and exiting stay where they belong"
is "$nr" "$(sources '*.c' | wc -l)" "every object was looked at"

# Sources that are ours: tracked or about to be.
mapfile -t files < <(find tracer tests examples module include .ci docs -type f \
	\( -name '*.[ch]' -o -name '*.sh' -o -name '*.py' -o -name '*.1' -o -path tests/run -o -path tests/deps -o -path tests/lint -o -path tests/fuzz/run -o -path tests/fuzz/seeds \
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
	# As wide as the narrowest terminal: groff 1.23 measures tables, too.
	is "$(LC_ALL=C.UTF-8 MANWIDTH=80 man --warnings=w -E ascii -l "$page" 2>&1 >/dev/null)" "" "$page formats without a warning"
done
done_testing
