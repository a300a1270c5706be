#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# report on a terminal: nothing is cut without a mark, whatever the width; the
# verdict; colour and pager, as git has them.
. "$(dirname "$0")/../lib.sh"
cd "$TMP" || exit 1
F=$DATA/demo.dat
python3 -c 'import pty; pty.openpty()' 2>/dev/null || skip_all "no pseudo-terminal here"
export TERM=xterm LESS='' NO_COLOR='' PAGER='' IPITRACE_PAGER=''
unset LESS NO_COLOR PAGER IPITRACE_PAGER

# on COLUMNS ARGS...: report's text on a terminal of that width, its status in $status.
on() {
	local columns=$1
	shift
	python3 "$ROOT/tests/cli/terminal.py" "$columns" 200 '' env IPITRACE_PAGER=cat "$IPITRACE" report "$@" >shown
	status=$?
}
plain() { sed 's/\x1b\[[0-9;]*m//g' "${1:-shown}"; }
# Lines of the text that are wider, with the mark of UTF-8 as one letter.
wider() { plain | python3 -c 'import sys
for line in sys.stdin.buffer.read().decode().splitlines():
    if len(line) > int(sys.argv[1]): print(line)' "$1"; }

for f in "$F" "$DATA/rows/amd64-66cpu.dat" "$DATA/rows/arm64-6.1.dat"; do
	bad=
	for args in "80" "80 --by stack" "80 --by caller,callsite,func,comm" "80 -f caller,stack" "80 --by caller,source,target" \
		"80 --hist delivery" "80 --matrix count" "80 --over-time 50ms" "200 --by caller,callsite,func,comm,stack" "200 --matrix p99"; do
		# shellcheck disable=SC2086
		on $args "$f"
		wide=$(wider "${args%% *}")
		[ $status -eq 0 ] && [ -z "$wide" ] && [ -s shown ] || bad+="$args: $status $wide"$'\n'
	done
	is "$bad" "" "$(basename "$f"): nothing is wider than a terminal of 80 or 200 columns"
done

# Of a host's machines the stages are what one looks for: they go below.
K=$DATA/kvm
for args in "--kvm $K/x2_hlt_sync.dat.gz" "--kvm=class,kick,source,target $K/xa_hlt_sync.dat.gz" \
	"--guest $K/joined_sync_guest.dat.gz $K/joined_sync.dat.gz" \
	"--kvm=caller,func,comm,kick,source,target --guest $K/joined_sync_guest.dat.gz $K/joined_sync.dat.gz"; do
	# shellcheck disable=SC2086
	on 80 $args
	is "$status $(wider 80)" "0 " "80 columns: ${args//$K\//}"
	like "$(plain)" ' ACCEPT +WAKE +RUNQ INJECT +ENTRY' "  with its stages"
done
like "$(plain)" '^CALLER .* TARGET +IPIS .*P50 +P99' "  below what they are of"
like "$(plain)" '^ +EXIT ACCEPT +WAKE RUNQ INJECT ENTRY HANDLER$' "  under a header of their own"
on 200 --guest "$K/joined_sync_guest.dat.gz" "$K/joined_sync.dat.gz"
like "$(plain)" '^CALLER .* MAX +EXIT ACCEPT +WAKE RUNQ INJECT ENTRY HANDLER$' "200 columns: on one line"

# What gives way, and how it is seen.
on 80 "$F"
like "$(plain)" '^CALLER +FUNCTION +.*HITS .*P50 +P99 +MAX$' "80 columns: what matters most"
unlike "$(plain)" ' CLASS' "  the class gives way first"
like "$(plain)" '^membarrier_private_expedited\+0x20e ipi_mb ' "  names are whole where they can be"
like "$(plain)" '^\([0-9]+ columns* doe*s* not fit this terminal' "  what is left out is counted"
like "$(plain)" '^audit: matched .*0 coalesced, 0$' "  lines wrap at words"
like "$(plain)" '^  unsolicited, 0 lost events$' "  and go on indented"
on 80 --by caller,callsite,func,comm "$F"
like "$(plain)" '^membar~0x20e membar~\+0x20e ipi_mb ' "names are shortened in the middle, and marked"
LC_ALL=C.UTF-8 on 80 --by caller,callsite,func,comm "$F"
like "$(plain)" $'^membar\xe2\x80\xa60x20e membar\xe2\x80\xa6' "  with one letter of UTF-8 where there is that"
on 60 --by caller,callsite,func,comm -f caller,callsite,func,comm,target_hits "$F"
like "$(plain)" '^anon_p~\+0x39a .* 592$' "columns that were asked for stay, numbers are never cut"
on 60 --hist delivery --by caller,callsite,func "$F"
like "$(plain)" '^membarrier_pr~edited\+0x20e membarrier_pr~edited\+0x20e ipi_mb$' "heading of a histogram: each name is shortened"
on 80 --over-time 50ms --by caller,callsite,func "$F"
like "$(plain)" '^membar~0x20e membar~0x20e ipi_mb +476 ' "  as in the rows over time"
on 80 -f p50,max "$F"
like "$(plain)" '^CALLER +FUNCTION +P50 +MAX$' "columns without a name: the keys of the rows are in front"
is "$("$IPITRACE" report --csv -f p50,max "$F" | sed -n '/^[^#]/{p;q}')" "delivery_p50_ns,delivery_max_ns" "  not for programs"
# Where nothing tells what arrived, its columns go before those that tell something.
gzip -dc "$DATA/rows/ppc64el-7.3.dat.gz" >sends.dat
on 80 sends.dat
like "$(plain)" '^CALLER +FUNCTION +SENDS HITS CALLS$' "columns that hold nothing give way before those that hold something"
like "$(plain)" '^\([0-9]+ columns* doe*s* not fit this terminal' "  and are counted"
on 240 sends.dat
like "$(plain)" '^CALLER .* DELIV COAL .* P50 +P90 .* MAX-AT ' "  not where there is room"
on 60 -f caller,p50,p99,calls,queue_p50 --by caller sends.dat
like "$(plain)" '^CALLER +P50 +P99 +CALLS +QUEUE-50$' "  nor where they were asked for"
on 220 "$F"
like "$(plain)" '^CALLER +FUNCTION +CLASS +SENDS .* WAIT-SUM$' "220 columns: all there is"
unlike "$(plain)" 'do not fit' "  nothing is left out"
is "$(plain | sed '$d' | sed '$d')" "$("$IPITRACE" report "$F")" "  the same as in a pipe, but for the verdict"

# A list leaves columns out, and says how many; those that only --sort brings are none of them.
listed() { python3 "$ROOT/tests/cli/terminal.py" "$1" 200 '' env IPITRACE_PAGER=cat "$IPITRACE" list --slowest 2 "$DATA/wakes.dat" >shown; }
header() { "$IPITRACE" list "$DATA/wakes.dat" | head -n 1 | wc -w; }
for columns in 60 80 95 120; do
	listed $columns
	is "$(wider $columns)" "" "a list on $columns columns is no wider"
	is "$(plain | tr '\n' ' ' | sed -n 's/.*(\([0-9]*\) columns* doe*s* not fit .*/\1/p')" "$(($(header) - $(plain | head -n 1 | wc -w)))" \
		"  what is left out is counted"
done
listed 200
unlike "$(plain)" 'do not fit' "  nothing is left out on 200"

# Help, too.
wide=
while read -r args; do
	# shellcheck disable=SC2086
	python3 "$ROOT/tests/cli/terminal.py" 80 400 '' env IPITRACE_PAGER=cat "$IPITRACE" $args >shown
	wide+=$(wider 80)
done < <(printf '%s\n' help probe 'help report columns' 'help report plumbing' 'help report kvm' 'help list columns' \
	'help record groups' 'help stat columns' 'help top columns' 'help merge columns'; "$IPITRACE" --list-options | sed 's/\t.*/ --help/')
is "$wide" "" "help and probe are no wider than a terminal of 80 columns"
python3 "$ROOT/tests/cli/terminal.py" 80 400 '' env IPITRACE_PAGER=cat "$IPITRACE" diff "$DATA/demo.dat" "$DATA/report.dat" >shown
is "$(wider 80)" "" "nor is diff"
like "$("$IPITRACE" help report columns)" '^caller .* first frame of the sender.s stack outside the plumbing$' \
	"in a pipe a column is a line"
on 200 "$F"

# The verdict.
is "$(plain | tail -n 1)" "All 3,145 IPIs accounted for." "the verdict"
unlike "$("$IPITRACE" report "$F")" 'accounted' "  not in a pipe"
sentence() { on 200 "$@"; plain | awk -v RS= 'END { print }' | grep -v '^ipitrace:\|^hint:'; }
like "$(sentence --func ipi_mb "$F")" '^All 476 IPIs that pass the filter accounted for\.$' "  behind a filter"
like "$(sentence --comm nobody "$F")" '^No IPI passes the filter\.$' "  of nothing"
head -c $(($(stat -c %s "$F") - 300000)) "$F" >cut.dat
like "$(sentence cut.dat)" '^Not everything is accounted for: the file is cut, events are missing, nobody knows how many' "  of a part"
on 200 cut.dat
is $status 3 "    exit 3"
grep -q $'\033\[1;31m' shown; is $? 0 "    it stands out"
python3 - "$DATA/report.dat" <<-'PY'
	import sys
	d = open(sys.argv[1], "rb").read()
	open("counts.dat", "wb").write(d.replace(b"ipi_send_", b"xxx_send_").replace(b"csd_", b"xsd_"))
	r = d.replace(b"reschedule_e", b"xxschedule_e").replace(b"call_function_", b"xxxx_function_").replace(b"irq_work_e", b"xxx_work_e")
	open("sends.dat", "wb").write(r.replace(b"x86_platform_ipi_e", b"xxx_platform_ipi_e"))
PY
like "$(sentence counts.dat)" '^418 interrupts were received; who sent them was not recorded\.$' "  without sends"
like "$(sentence sends.dat)" '(^418 IPIs were sent; whether they arrived was not recorded|^Not everything)' "  without receptions"
for f in both ipi-and-queue; do
	zcat "$DATA/cases/$f.dat.gz" >$f.dat
	like "$(sentence $f.dat)" '^(All 40 IPIs accounted for|5 IPIs were sent; whether they arrived was not recorded)\.$' "  of $f"
done

zcat "$DATA/cases/one-class.dat.gz" >one-class.dat
like "$(sentence one-class.dat)" '^Not everything is accounted for: 3 IPIs are of classes of which no interrupt was recorded\.$' "  of one-class"
like "$(sentence --class reschedule one-class.dat)" '^Not everything .*: 3 IPIs are of' "    behind a filter"
like "$(sentence --class call_function_single one-class.dat)" '^All 5 IPIs that pass the filter accounted for\.$' "    of the class that is known"

# Colour.
coloured() { grep -q $'\033\[' shown && echo yes || echo no; }
on 80 --by stack "$F"; is "$(coloured)" yes "colour on a terminal"
NO_COLOR=1 on 80 --by stack "$F"; is "$(coloured)" no "  not with NO_COLOR"
NO_COLOR=1 on 80 --by stack --color always "$F"; is "$(coloured)" yes "  but with --color always"
on 80 --by stack --color=never "$F"; is "$(coloured)" no "  not with --color=never"
TERM=dumb on 80 --by stack "$F"; is "$(coloured)" no "  not on a dumb terminal"
"$IPITRACE" report --by stack "$F" >shown; is "$(coloured)" no "  not in a pipe"
"$IPITRACE" report --by stack --color always "$F" >shown; is "$(coloured)" yes "  but with --color always"
exits 2 "--color nonsense" "$IPITRACE" report --color x "$F"
on 80 --json "$F"; is "$(coloured)" no "never in JSON"

# Pager: on a terminal with a height.
height=24
paged() { python3 "$ROOT/tests/cli/terminal.py" 80 $height "$1" env "${@:2}" >shown; status=$?; }
mark='sed s/^/paged:/'
paged '' IPITRACE_PAGER="$mark" "$IPITRACE" report "$F"
is "$status $(grep -vc '^paged:' shown)" "0 0" "IPITRACE_PAGER gets all of it"
paged '' PAGER="$mark" "$IPITRACE" report "$F"
like "$(cat shown)" '^paged:totals: ' "PAGER"
paged '' PAGER=false IPITRACE_PAGER="$mark" "$IPITRACE" report "$F"
like "$(cat shown)" '^paged:totals: ' "  gives way to IPITRACE_PAGER"
paged '' PAGER="$mark" IPITRACE_PAGER= "$IPITRACE" report "$F"
like "$(cat shown)" '^totals: ' "  an empty one is none"
paged '' PAGER="$mark" "$IPITRACE" report --no-pager "$F"
like "$(cat shown)" '^totals: ' "  --no-pager"
paged '' PAGER="$mark" "$IPITRACE" report --json "$F"
like "$(cat shown)" '^  "schema"' "  nor for JSON"
paged '' PAGER=/nonexistent/pager "$IPITRACE" report "$F"
like "$status $(cat shown)" '^0 ' "a pager that is not there: none"
like "$(cat shown)" '^totals: ' "  all is printed"
paged '' PAGER='head -n 1' "$IPITRACE" report --by caller,callsite,stack "$F"
is "$status $(wc -l <shown)" "0 1" "a user who leaves early is no error"
paged '' PAGER='cat >&2; sleep 0.5; echo later' "$IPITRACE" report cut.dat
is "$status" 3 "the status is report's own"
is "$(grep -n '^later$\|^ipitrace: ' shown | cut -d: -f2 | paste -sd' ')" "later ipitrace" "  what is to be said comes after the pager"
# shellcheck disable=SC2016 # the pager's shell expands it
paged '' PAGER='cat; echo "$LESS"' "$IPITRACE" report "$F"
is "$(tail -n 1 shown)" FRX "LESS is FRX"
# shellcheck disable=SC2016
paged '' LESS=M PAGER='cat; echo "$LESS"' "$IPITRACE" report "$F"
is "$(tail -n 1 shown)" M "  unless it is set"
if command -v less >/dev/null; then
	paged q "$IPITRACE" report "$F"
	is $status 0 "less, left with q"
	height=60
	paged '' "$IPITRACE" report -n 1 --by class -C 1 -f class,target_hits "$F"
	is "$status" 0 "  which is not there for what fits"
else
	note "no less here"
fi
done_testing
