# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
#
# bash completion of ipitrace: source it, or install it as
# /usr/share/bash-completion/completions/ipitrace. Commands and options come
# from the program itself (--list-options), so that they are always its own.
_ipitrace() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} at=1 cmd arg words='' joined=''
	# Options in front of the command; "--color=never" comes as three words.
	while [[ $at -lt $COMP_CWORD && ${COMP_WORDS[at]} == --* ]]; do
		[ "${COMP_WORDS[at + 1]}" = = ] && at=$((at + 2))
		at=$((at + 1))
	done
	cmd=${COMP_WORDS[at]}
	COMPREPLY=()
	# "--option=value" comes as three words.
	if [ "$cur" = = ]; then
		cur='' joined=1
	elif [ "$prev" = = ] && [ "$COMP_CWORD" -gt 2 ]; then
		prev=${COMP_WORDS[COMP_CWORD - 2]} joined=1
	fi
	if [ "$COMP_CWORD" -eq $at ]; then
		words="help $("${COMP_WORDS[0]}" --list-options 2>/dev/null | cut -f1)"
	elif [ "$cmd" = help ]; then
		words=$("${COMP_WORDS[0]}" --list-options 2>/dev/null | cut -f1)
	else
		# What the option before the cursor takes, "-" for nothing.
		arg=$("${COMP_WORDS[0]}" --list-options "$cmd" 2>/dev/null |
			awk -F '\t' -v o="$prev" '$1 == o || $2 == o { print $3 }')
		# A value that may be left out is never the next word.
		if [ "${arg:0:2}" = '[=' ]; then
			[ -n "$joined" ] && arg=${arg:2:-1} || arg=-
		fi
		case $arg in
		*'|'*)	words=${arg//|/ } ;;
		FILE)	;;
		LIST)	words='isolated nohz_full housekeeping online' ;;
		NAMES)	words='reschedule call_function_single call_function irq_work' ;;
		GROUPS)	words=$("${COMP_WORDS[0]}" help record groups 2>/dev/null | awk '{ print $1 }') ;;
		KINDS)	words='hit call irq wake' ;;
		OUTCOMES) words='delivered coalesced in_flight lost run unknown' ;;
		MODES)	words='all dry-run self single async many broadcast broadcast-lock kick-all irq-work reschedule reschedule-raw wakeup storm' ;;
		TARGETS) words='any sibling llc node other-node others' ;;
		STATE)	words='idle busy irqs-off' ;;
		WAYS)	words='exact fifo ambiguous' ;;
		WHICH)	words='delivery queue func handler wait' ;;
		PIDS)	words=$(printf '%s\n' /proc/[0-9]* | cut -d/ -f3) ;;
		KEYS | COLUMN | COLUMNS)
			words=$("${COMP_WORDS[0]}" help report columns 2>/dev/null | awk 'seen { print $1 } /^NAME / { seen = 1 }')
			# Keys are the columns in front of the first count.
			[ "$arg" = KEYS ] && words=${words%%sends*}
			;;
		'' | -)
			[[ $cur == -* ]] && words=$("${COMP_WORDS[0]}" --list-options "$cmd" 2>/dev/null |
				awk -F '\t' '{ print $1; print $2 }' | grep '^-.')
			;;
		*)	return ;;
		esac
	fi
	if [ -n "$words" ]; then
		# Of a list, its last item.
		local before=
		[[ ${arg-} =~ ^(LIST|NAMES|PIDS|KEYS|COLUMNS|KINDS|OUTCOMES|WAYS|GROUPS|MODES)$ ]] && before=${cur%"${cur##*[,!+]}"}
		mapfile -t COMPREPLY < <(compgen -P "$before" -W "$words" -- "${cur#"$before"}")
	else
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
	fi
}
complete -o filenames -F _ipitrace ipitrace
