#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The front: commands, help, unknown words; and that completion offers what
# the program itself lists.
. "$(dirname "$0")/../lib.sh"
cd "$TMP" || exit 1

exits 2 "no command" "$IPITRACE"
is "$(cat "$ERR")" "ipitrace: no command given
hint: 'ipitrace help' lists the commands" "  one line and a hint"
exits 2 "unknown command" "$IPITRACE" nonsense
exits 2 "mistyped command" "$IPITRACE" reprot
like "$(cat "$ERR")" "^hint: did you mean report\?$" "  says what may have been meant"
exits 2 "unknown option" "$IPITRACE" --nonsense
exits 0 "options of all commands in front" "$IPITRACE" --no-pager --color=always report --by stack "$DATA/report.dat"
like "$(cat "$OUT")" $'\033\\[2m' "  take effect"
exits 0 "  of a command that needs none of them" "$IPITRACE" --no-pager export --folded "$DATA/report.dat"
exits 2 "  without a command" "$IPITRACE" --no-pager
like "$(cat "$ERR")" '^ipitrace: no command given$' "  says so"
exits 2 "  before an unknown one" "$IPITRACE" --color=never reprot
like "$(cat "$ERR")" "^hint: did you mean report\?$" "  says what may have been meant"
exits 2 "help of an unknown command" "$IPITRACE" help nonsense
exits 2 "help on what a command has no help on" "$IPITRACE" help list nonsense
is "$(cat "$ERR")" "ipitrace: list has no help on 'nonsense'
hint: 'ipitrace help list' lists its options" "  one line and a hint"
exits 0 "--version" "$IPITRACE" --version
like "$(cat "$OUT")" '^ipitrace [0-9]' "  name and number"
exits 0 "help" "$IPITRACE" help
help=$(cat "$OUT")
"$IPITRACE" --list-options | cut -f1 >commands
for cmd in record report stat check; do
	ok "command $cmd" grep -qx "$cmd" commands
done
while read -r cmd; do
	like "$help" "^  $cmd " "help names $cmd"
	exits 0 "help $cmd" "$IPITRACE" help "$cmd"
	cp "$OUT" help.txt
	exits 0 "$cmd --help" "$IPITRACE" "$cmd" --help
	ok "  says the same" cmp -s "$OUT" help.txt
	exits 2 "$cmd: unknown option" "$IPITRACE" "$cmd" --nonsense
	like "$(cat "$ERR")" "^ipitrace: $cmd: unknown option --nonsense" "  says so"
	missing=
	while IFS=$'\t' read -r short long _; do
		[ "$long" = - ] || grep -qe "$long" help.txt || missing+=" $long"
		[ "$short" = - ] || grep -qe "$short" help.txt || missing+=" $short"
	done < <("$IPITRACE" --list-options "$cmd")
	is "$missing" "" "  every listed option is in the help"
done <commands

# completed WORDS...: what completion offers for the last one.
completed() {
	# shellcheck disable=SC1091 # ours
	( . "$ROOT/docs/ipitrace.bash"
	COMP_WORDS=("$IPITRACE" "$@"); COMP_CWORD=$#; COMPREPLY=()
	_ipitrace
	printf '%s\n' "${COMPREPLY[@]}" | sort | tr '\n' ' ' )
}
is "$(completed rec)" "record " "completes a command"
is "$(completed report --js)" "--json " "an option"
is "$(completed report --class res)" "reschedule " "a class"
is "$(completed report --class '!irq_work,res')" "!irq_work,reschedule " "the next of a list"
is "$(completed report --by func,sou)" "func,source " "the next key"
is "$(completed report --by call)" "caller callsite " "a key"
is "$(completed record --with sched,id)" "sched,idle " "the next group of events"
is "$(completed report --sort call)" "caller calls calls_in_flight calls_lost calls_run callsite " "a column"
is "$(completed list --kind hit,i)" "hit,irq " "the last item of a list"
is "$(completed list --sort h)" "handler " "a time"
is "$(completed bench --modes self,kick)" "self,kick-all " "a mode of bench"
is "$(completed bench --targets l)" "llc " "  its targets"
is "$(completed bench --state i)" "idle irqs-off " "  and their state"
for word in $("$IPITRACE" bench --help | tr -s ' \n' ' ' | sed 's/.*also \(async[^;]*\);.*/\1/; s/,//g'); do
	is "$(completed bench --modes "$word" | grep -o "^$word ")" "$word " "  $word"
done
is "$(completed --no-pager rec)" "record " "a command behind options for all"
is "$(completed --color = never report --js)" "--json " "  and its options"
touch some.dat
is "$(completed report -i so)" "some.dat " "a file after -i"
is "$(completed report so)" "some.dat " "a file as operand"
is "$(completed report --top 1)" " " "nothing for a number"
is "$(completed export --folded some)" "some.dat " "a file behind an option whose value may be left out"
is "$(completed report --color a)" "always auto " "the words that a value can be"
is "$(completed report --color = n)" "never " "  behind a ="
is "$(completed export --folded =)" "count stolen wait " "  of a value that may be left out"
is "$(completed report --matrix p)" "p50 p99 " "  of a matrix"
is "$(completed report --hist q)" "queue " "  of a histogram"
is "$(completed record --stack c)" "calls " "  of record"
like " $(completed report --pid $$)" " $$ " "a process"
is "$(completed report - | wc -w)" "$("$IPITRACE" --list-options report | awk -F '\t' '{ n += ($1 != "-") + ($2 != "-") } END { print n }')" \
	"every option of report is offered"
done_testing
