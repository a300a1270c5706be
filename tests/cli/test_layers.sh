#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The boundaries between the layers, held by what files include and by the
# symbols that objects call; and the limits on size that keep files readable.
. "$(dirname "$0")/../lib.sh"
cd "$ROOT" || exit 1

# What each folder of tracer/ may reach, also through the headers that it includes.
# A folder that is not here belongs to no layer. docs/architecture.md says why.
declare -A may_reach=(
	[base]='base'
	[match]='base match'
	[decode]='base decode'
	[file]='base file'
	[capture]='base capture'
	[unwind]='base unwind'
	[kvm]='base match decode file report kvm'
	[record]='base decode capture file unwind record'
	[report]='base match decode file report'
	[render]='base match report kvm render'
	[live]='base match decode file capture unwind record report live'
	[serve]='base serve'
	[bench]='base match decode file capture record report render bench'
	[cmds]='base match decode file capture record report kvm render live serve bench cmds'
	[.]='base cmds'
)

# Libraries that each folder may use: headers, symbols.
declare -A may_include=(
	[capture]='tracefs'
	# It walks events/ftrace: a path, no more.
	[record]='tracefs'
	[unwind]='libdw|libdwfl|libdwelf|libelf|gelf|dwarf'
	[file]='zstd|zlib|xxhash'
	[bench]='libkmod'
	# One file: render/perfetto.c.
	[render]='protobuf-c|zlib'
	[serve]='microhttpd'
	# One file: cmds/tui.c.
	[cmds]='n?curses|term'
)
declare -A may_call=(
	# One file: base/library.c.
	[base]='dlopen|dlsym'
	[capture]='tracefs_'
	[record]='tracefs_(tracing_dir|get_tracing_file|put_tracing_file|event_systems|system_events)'
	[unwind]='dwfl_|dwelf_|dwarf_|elf_|gelf_'
	[file]='ZSTD_|XXH3_|inflate|uncompress'
	[render]='pf__|protobuf_c_|compress'
	[cmds]='initscr|newterm|endwin|setupterm|w[a-z]+'
)
LIBRARIES='tracefs|traceevent|event-parse|kbuffer|trace-seq|zstd|zlib|xxhash|libkmod|libdw|libdwfl|libdwelf|libelf|gelf|dwarf|microhttpd|ncurses|curses|term|protobuf-c'
CALLS='(pf__|protobuf_c|dwfl|dwelf|dwarf|elf|gelf|tep|kbuffer|trace_seq|tracefs|ZSTD|kmod|MHD)_.*|dlopen|dlsym|inflate.*|uncompress|compress2|compressBound|XXH.*|initscr|newterm|endwin|setupterm|wgetch|wrefresh|waddn?str'

# Each look at the tree is one process over all of it: there are hundreds of files.
mapfile -t tracer < <(find tracer -name '*.[ch]' | sort)
mapfile -t headers < <(find tracer tests -name '*.h' | sort)
mapfile -t tracer_c < <(printf '%s\n' "${tracer[@]}" | grep '\.c$')

# Sets folder, of a file of tracer/.
folder_of() {
	folder=${1#tracer/}
	case $folder in
	*/*) folder=${folder%%/*} ;;
	*) folder=. ;;
	esac
}

# FILE...: each, and what it includes, directly or through a header, whatever the conditions.
includes() {
	python3 - "$@" <<'PY'
import os, re, sys
direct = {}
def includes(path):
    if path not in direct:
        direct[path] = set()
        for name in re.findall(r"^[ \t]*#[ \t]*include[ \t]*(.*)", open(path).read(), re.M):
            name = re.match(r'["<](.*?)[">]', name).group(1)  # no macro
            found = [os.path.normpath(f"{folder}/{name}") for folder in (os.path.dirname(path), "include", "tracer")]
            direct[path].update([f for f in found if os.path.isfile(f)][:1])
    return direct[path]
for path in sys.argv[1:]:
    seen, new = {path}, [path]
    while new:
        more = includes(new.pop()) - seen
        seen |= more
        new += more
    print(path, *sorted(seen - {path}))
PY
}

bad='' private=''
nr=0
while read -r f included; do
	nr=$((nr + 1))
	folder_of "$f"
	own=$folder
	if [ -z "${may_reach[$own]:-}" ]; then
		bad+="$f is in a folder that is no layer of this test"$'\n'
		continue
	fi
	for header in $included; do
		[[ $header == tracer/*.h ]] || continue
		folder_of "$header"
		[[ " ${may_reach[$own]} " == *" $folder "* ]] || bad+="$f reaches $header"$'\n'
		[[ $header != *priv.h || $folder = "$own" ]] || private+="$f reaches $header"$'\n'
	done
done < <(includes "${tracer[@]}")
while IFS=: read -r f header; do
	header=${header#*<} header=${header%%>*} header=${header##*/}
	folder_of "$f"
	[[ ${header%.h} =~ ^(${may_include[$folder]:-nothing})$ ]] || bad+="$f uses <$header>"$'\n'
done < <(grep -E "^#[ 	]*include[ 	]*<([^>]*/)?($LIBRARIES)(\.h)?>" "${tracer[@]}")
is "$bad" "" "no layer reaches up, directly or through a header"
is "$private" "" "private headers stay in their folder"
is "$nr" "${#tracer[@]}" "every file was looked at"

# A guard that two headers share silently hides one of them: it is the path, so that it is unique.
bad=$(awk '
	FNR == 1 { guard = FILENAME; sub(/^tracer\//, "", guard); gsub(/[^a-zA-Z0-9]/, "_", guard); guard = "IPITRACE_" toupper(guard) }
	$0 == "#ifndef " guard || $0 == "#define " guard { lines[FILENAME]++ }
	END { for (i = 1; i < ARGC; i++) if (lines[ARGV[i]] != 2) print ARGV[i] " is not guarded by its path" }' "${headers[@]}")
is "$bad" "" "include guards are named after the path"

# What objects call. nm sees it whatever macro or header hides the call.
# Only commands and renderers print, only commands exit; allocators stop the program, as documented.
denied_to() {
	case $1 in
	tracer/base/mem.c) deny='printf|puts|putchar|stdout' ;;
	tracer/main.c | tracer/cmds/* | tracer/render/* | tracer/base/opts-help.c | tracer/record/record.c | tracer/capture/workload.c | tracer/bench/print.c)
		deny=nothing ;;
	*) deny='printf|vprintf|puts|putchar|perror|stdout|stderr|exit|abort|err|errx|warn|warnx' ;;
	esac
	case $1 in
	tracer/match/*) deny+='|open|open64|fopen|fopen64|read|write|fprintf|clock_gettime|gettimeofday|time|getenv|usleep|nanosleep' ;;
	tracer/report/agg*) deny+='|open|open64|fopen|fopen64|read|write|fprintf|clock_gettime|gettimeofday|getenv' ;;
	esac
}
bad=
objects=()
for f in "${tracer_c[@]}"; do
	o=$BUILD/obj/${f#tracer/}
	o=${o%.c}.o
	if [ -e "$o" ]; then objects+=("$o"); else bad+="$o is not built"$'\n'; fi
done
nr=0 file=
while read -r symbol; do
	[ -n "$symbol" ] || continue
	if [[ $symbol == "$BUILD"/obj/*.o: ]]; then
		nr=$((nr + 1))
		file=tracer/${symbol#"$BUILD/obj/"}
		file=${file%.o:}.c
		denied_to "$file"
		folder_of "$file"
		continue
	fi
	symbol=${symbol##* } symbol=${symbol%%@*}
	if [[ $symbol =~ ^($deny)$ ]] || [[ $symbol =~ ^($CALLS)$ && ! $symbol =~ ^(${may_call[$folder]:-nothing}) ]]; then
		bad+="$file must not use $symbol"$'\n'
	fi
done < <(nm -u "${objects[@]}")
is "$bad" "" "libraries, printing and exiting stay where they belong"
is "$nr" "${#tracer_c[@]}" "every object was looked at"

# Sources that are ours: tracked or about to be.
mapfile -t files < <(find tracer tests examples module include .ci docs -type f \
	\( -name '*.[ch]' -o -name '*.sh' -o -name '*.py' -o -name '*.1' -o -path tests/run -o -path tests/deps -o -path tests/lint -o -path tests/fuzz/run -o -path tests/fuzz/seeds \
	-o -path tests/bench -o -path examples/demo -o -path .ci/run \) ! -name '*.mod.c' 2>/dev/null; echo Makefile)
long=$(awk '{ lines[FILENAME] = FNR } END { for (f in lines) if (lines[f] > 800) print f ": " lines[f] " lines" }' "${files[@]}")
unmarked=$(awk 'FNR <= 5 && /SPDX-License-Identifier: GPL-2\.0/ { marked[FILENAME] }
	END { for (i = 1; i < ARGC; i++) if (!(ARGV[i] in marked)) print ARGV[i] }' "${files[@]}")
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
# "1 sends": what follows a number asks base/text.h how it ends.
is "$(grep -nE '%(llu|u|zu|" PRIu64 ") (more )?(sends|records|samples|IPIs|events|calls|hits|interrupts|lines|rows|reports|columns)\>[^=]' "${tracer[@]}")" "" \
	"no number is taken for many where it may be one"

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
