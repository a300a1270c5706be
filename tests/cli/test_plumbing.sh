#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Functions that are no callers: the list, what this kernel has of it, and a user's own.
. "$(dirname "$0")/../lib.sh"
F=$DATA/demo.dat
cd "$TMP" || exit 1

# --- the list ---
exits 0 "report --help plumbing" "$IPITRACE" report --help plumbing
cp "$OUT" list
sed 's/   *\([^ ]\)/|\1/g' list >rows # name|kind|file|where|why
is "$(awk -F '|' 'NF != 5' rows)" "" "each with a kind, a file, kernels and a reason"
is "$(cut -d'|' -f1 rows | sort | uniq -d)" "" "none twice"
known='inlined|never|PREEMPT_RT|x86|arm64|riscv64|powerpc|s390x|loongarch|xen|hyperv|kvm(_intel|_amd)?|[0-9]+\.[0-9]+-|-[0-9]+\.[0-9]+|-'
is "$(cut -d'|' -f4 rows | tr ' ' '\n' | grep -Evx "$known")" "" "kernels are named as the list says"
# Which of it this kernel lacks; tests/vm has more kernels.
lacks() { # KALLSYMS: names without a condition that it does not have
	awk -F '|' '$3 != "-" && $4 == "-" { print $1 }' rows | sort -u >wanted
	awk '$2 ~ /^[tTwW]$/ { sub(/\..*/, "", $3); print $3 }' "$1" | sort -u >there
	comm -23 wanted there
}
if [ -r /proc/kallsyms ]; then
	lacks /proc/kallsyms >lacking
	note "$(uname -r) lacks $(wc -l <lacking) of $(wc -l <wanted): $(tr '\n' ' ' <lacking)"
	[ "$(wc -l <lacking)" -lt $(($(wc -l <wanted) / 2)) ]
	is $? 0 "this kernel has most of it"
else
	skip "this kernel has most of it" "no /proc/kallsyms"
fi

# --- a user's own ---
callers() { "$IPITRACE" report --csv --by caller -f caller,sends "$@" "$F" | sed '1d; s/+0x[0-9a-f]*//'; }
callers >usual
caller=$(sort -t, -k2,2nr usual | head -1 | cut -d, -f1)
printf '# mine\n%s\n' "$caller" >mine
callers --plumbing mine >own
is "$(grep -c "^$caller," own)" 0 "--plumbing: $caller is no caller any more"
total() { awk -F, '{ n += $2 } END { print n }' "$1"; }
is "$(total own)" "$(total usual)" "  its sends are others'"
echo '!try_to_wake_up' >wakes
callers --plumbing wakes >own
like "$(cat own)" '^try_to_wake_up,' "!NAME is a caller"
callers --plumbing mine --plumbing wakes >both
is "$(grep -c "^$caller," both)" 0 "twice: both count"
with=$("$IPITRACE" list --csv "$F" | grep -c ",$caller+") without=$("$IPITRACE" list --csv --plumbing mine "$F" | grep -c ",$caller+")
[ "$with" -gt 0 ] && [ "$without" -eq 0 ]
is $? 0 "list: of $with lines with it none is left"
unlike "$("$IPITRACE" export --folded --plumbing mine "$F" | sed 's/ [0-9]*$//')" ";$caller\$" "export: no stack ends in it"
exits 0 "diff takes it" "$IPITRACE" diff --plumbing mine "$F" "$F"
exits 1 "a file that is not there" "$IPITRACE" report --plumbing nosuch "$F"
echo 'two words' >bad
exits 1 "a line that is no name" "$IPITRACE" report --plumbing bad "$F"
like "$(cat "$ERR")" "^ipitrace: report: --plumbing: bad:1: 'two words': no name of a function" "  is told, and where"
like "$(cat "$ERR")" '^hint: ' "  and what there could be"
done_testing
