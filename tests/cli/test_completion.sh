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
exits 0 "  by their beginnings, a value behind a blank" "$IPITRACE" --no-p --col always report --by stack "$DATA/report.dat"
like "$(cat "$OUT")" $'\033\\[2m' "  take effect"
exits 2 "  without the value" "$IPITRACE" --color
exits 2 "  with one that is none" "$IPITRACE" --color nonsense list
exits 2 "help on what a command has no help on" "$IPITRACE" help list nonsense
is "$(cat "$ERR")" "ipitrace: list has no help on 'nonsense'
hint: 'ipitrace help list' lists its options; there is help on: columns" "  one line and a hint"
exits 2 "  likewise" "$IPITRACE" list --help nonsense
like "$(cat "$ERR")" "list has no help on 'nonsense'" "  says so"
exits 2 "help on two things" "$IPITRACE" help list columns nonsense
exits 0 "--version" "$IPITRACE" --version
like "$(cat "$OUT")" '^ipitrace [0-9]' "  name and number"
exits 0 "help" "$IPITRACE" help
help=$(cat "$OUT")
"$IPITRACE" --list-options | cut -f1 >commands
for cmd in record report stat top check; do
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
	( . "$ROOT/docs/completion/bash/ipitrace"
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
is "$(completed report --kvm = vm,p)" "vm,path " "  of a report of virtual machines"
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
is "$(completed record --user-stack =)" "dwarf fp " "  what user stacks are taken by"
is "$(completed list --outcome delivered,)" "delivered,coalesced delivered,in_flight delivered,lost delivered,run delivered,unknown " \
	"what a list has not yet"
is "$(completed help list '')" "columns " "what there is help on"
is "$(completed report --help '')" "columns kvm plumbing " "  likewise"
is "$(completed help diff '')" " " "  nothing"
is "$(completed help rec)" "record " "  a command"
is "$(completed --)" "--color --help --no-pager --version " "options without a command"
is "$(completed --no-pager -)" "--color --help --no-pager --version -V -h " "  behind another"
is "$(completed --color =)" "always auto never " "  and the words that its value can be"
is "$(completed --color = a)" "always auto " "  what they begin with"
is "$(completed --version =)" " " "  nothing where there is none"
is "$(completed --color never li)" "list " "a command behind an option with its value"
is "$(completed --color n)" "never " "  and the value"
is "$(completed export --folded =)" "count stolen wait " "  of a value that may be left out"
is "$(completed report --matrix p)" "p50 p99 " "  of a matrix"
is "$(completed report --hist q)" "queue " "  of a histogram"
is "$(completed record --stack c)" "calls " "  of record"
like " $(completed report --pid $$)" " $$ " "a process"
is "$(completed export --folded = st)" "stolen " "  and what it begins with"
is "$(completed report --input = so)" "some.dat " "a file behind a ="
is "$(completed record -- ls so)" "some.dat " "a file for a workload"
like " $(completed record -- bas) " " bash " "a workload"
is "$(completed help rep)" "report " "a command to be helped with"
is "$(completed probe '')" " " "nothing where nothing can stand"
is "$(completed nonsense '')" " " "nor behind what is no command"
is "$(completed report - | wc -w)" "$("$IPITRACE" --list-options report | awk -F '\t' '{ n += ($1 != "-") + ($2 != "-") } END { print n }')" \
	"every option of report is offered"

# bash itself, without the program in PATH: the one that is typed is asked.
mkdir bin && ln -s "$IPITRACE" bin/ipitrace
if command -v script >/dev/null; then
	printf '. %q\n' "$ROOT/docs/completion/bash/ipitrace" >bashrc
	# shellcheck disable=SC2088 # it is typed so
	for program in bin/ipitrace "$TMP/bin/ipitrace" '~/bin/ipitrace'; do
		printf '%s lis\t --he\t >answer\nexit\n' "$program" |
			HOME=$TMP script -qec 'bash --noprofile --rcfile bashrc -i' /dev/null >bash.out 2>&1
		ok "bash: $program" grep -q '^Usage: ipitrace list' answer
		rm -f answer
	done
else
	skip "bash, by a path" "no script"
fi

# The same by real shells of the other kinds: the line that is typed, and what is offered.
cat >cases <<'CASES'
ipitrace rec|record
ipitrace report --js|--json
ipitrace report --class !irq_work,res|!irq_work,reschedule
ipitrace report --by func,sou|func,source
ipitrace report --by call|caller callsite
ipitrace record --with sched,id|sched,idle
ipitrace report -i so|some.dat
ipitrace report --input=so|some.dat
ipitrace report so|some.dat
ipitrace export --folded=|--folded=count --folded=stolen --folded=wait
ipitrace report --color=n|--color=never
ipitrace --color=never report --js|--json
ipitrace report --top 1|
ipitrace bench --state i|idle irqs-off
ipitrace --no|--no-pager
ipitrace --color=n|--color=never
bin/ipitrace rec|record
~/bin/ipitrace rec|record
ipitrace record -- ipitr|ipitrace
ipitrace record -- ls so|some.dat
CASES
export PATH=$TMP/bin:$PATH HOME=$TMP TERM=dumb ANSWERS=$TMP/answers COMPLETION=$ROOT/docs/completion
# compare SHELL: the answers, a line a case, what is offered separated by blanks.
compare() {
	local line want got
	exec 4<answers
	while IFS='|' read -r line want; do
		read -r got <&4
		# fish names the option again, zsh does not.
		is "${got#--input=}" "$want" "$1: $line"
	done <cases
	exec 4<&-
}

if command -v fish >/dev/null; then
	cat >complete.fish <<'FISH'
set -p fish_complete_path $COMPLETION/fish
while read -l -d '|' line want
    set -l got (complete -C $line | string replace -r '\t.*' '' | sort)
    echo "$got"
end
FISH
	fish --no-config complete.fish <cases >answers 2>fish.err
	is "$(cat fish.err)" "" "fish: no error"
	compare fish
else
	skip "fish" "no fish"
fi

# zsh completes in its line editor only, and that wants a terminal. What compadd is told is what a user sees.
if command -v zsh >/dev/null && command -v script >/dev/null; then
	cat >.zshrc <<'ZSH'
fpath=($COMPLETION/zsh $fpath)
autoload -Uz compinit && compinit -u -D
compadd() {
	local -a got
	if [[ " ${(j: :)@} " != *" -"[OAD]" "* ]]; then
		builtin compadd -O got "$@"
		seen+=($got)
	fi
	builtin compadd "$@"
}
zle-line-init() {
	local line
	while IFS='|' read -r line _ <&5; do
		typeset -gaU seen=()
		BUFFER=$line CURSOR=$#line
		zle complete-word
		print -r -- ${(o)seen} >>$ANSWERS
	done
	BUFFER=exit
	zle accept-line
}
zle -N zle-line-init
ZSH
	: >answers
	ZDOTDIR=$TMP script -qec 'zsh -d -i 5<cases' /dev/null </dev/null >zsh.out 2>&1
	compare zsh
else
	skip "zsh" "no zsh, or no script"
fi
done_testing
