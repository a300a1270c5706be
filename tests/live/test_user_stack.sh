#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Who in user space made the IPI: a program that says so by the names of its
# functions, which has ended, and whose process is gone, when the recording is saved.
. "$(dirname "$0")/../lib.sh"
need_live 2
[ "$(uname -m)" = x86_64 ] || skip_all "TLB shootdowns are IPIs on x86 only"
command -v "${CC:-gcc}" >/dev/null || skip_all "no compiler for the culprit"
live_lock

n=300
# culprit NAME CFLAGS...: the program of that name.
culprit() {
	local name=$1
	shift
	"${CC:-gcc}" -O2 -D_GNU_SOURCE "$@" -o "$TMP/$name" "$(dirname "$0")/culprit.c" -lpthread || skip_all "the culprit cannot be built"
}
culprit omit -fomit-frame-pointer
culprit frame -fno-omit-frame-pointer
culprit direct -fomit-frame-pointer -DDIRECT
strip -o "$TMP/stripped" "$TMP/omit"

# recorded NAME ARGS...: $TMP/NAME.json, by user function and caller, of the program of that name.
recorded() {
	local name=$1
	shift
	"$IPITRACE" record -o "$TMP/$name.dat" "$@" -- nice -n -20 "$TMP/$name" $n >"$OUT" 2>"$ERR" </dev/null
	is $? 0 "$name $*: record exits 0" || note "$(tail -n 5 "$ERR")"
	"$IPITRACE" report -i "$TMP/$name.dat" --comm "$name" --by ufunc,caller,func --json >"$TMP/$name.json"
	is $? 0 "$name $*: report exits 0"
}

# Rows of what only the two functions do; the loader and the end of the program unmap, too.
ours='[r for r in rows if (r["ufunc"] or "").startswith("culprit_")]'
barriers='[r for r in rows if r["func"] == "ipi_mb"]'
stacks='d["trace"]["user_stacks"]'

for name in omit frame direct; do
	recorded $name --user-stack
	json_check "$TMP/$name.json" "$barriers and all((r['ufunc'] or '').startswith('culprit_barriers+0x') for r in $barriers)" \
		"$name: every membarrier is culprit_barriers'"
	json_check "$TMP/$name.json" "[r for r in $ours if r['ufunc'].startswith('culprit_unmaps+0x') and
		r['func'] == 'flush_tlb_func']" "$name: shootdowns are culprit_unmaps'"
	json_check "$TMP/$name.json" "all((r['func'] == 'ipi_mb') == r['ufunc'].startswith('culprit_barriers+') for r in $ours
		if r['func'])" "$name: and neither has what the other sent"
	json_check "$TMP/$name.json" "${stacks}['sends'] == sum(${stacks}[k] for k in ('framed', 'by_interrupts', 'no_user_side',
		'by_32_bit', 'unsampled'))" "$name: every send is accounted for"
	json_check "$TMP/$name.json" "${stacks}['unsampled'] <= ${stacks}['lost_samples']" "$name: only lost samples are missing"
	json_check "$TMP/$name.json" "${stacks}['how'] == 'dwarf' and ${stacks}['framed'] > 100" "$name: by dwarf"
done

# What frame pointers cannot tell is not told otherwise: the library's wrapper has none, so its caller is skipped.
recorded frame --user-stack=fp
json_check "$TMP/frame.json" "${stacks}['how'] == 'fp' and $barriers and
	all((r['ufunc'] or '').startswith('main+0x') for r in $barriers)" "fp: the caller of the wrapper's caller"
like "$("$IPITRACE" report -i "$TMP/frame.dat")" 'frame pointers: code without them is missed' "fp: the report says what it misses"

# Where the program makes its system calls itself and has frame pointers they tell all.
culprit framed -fno-omit-frame-pointer -mno-omit-leaf-frame-pointer -DDIRECT
recorded framed --user-stack=fp
json_check "$TMP/framed.json" "$barriers and all((r['ufunc'] or '').startswith('culprit_barriers+0x') for r in $barriers)" \
	"fp: every membarrier is culprit_barriers'"

recorded stripped --user-stack
json_check "$TMP/stripped.json" "$barriers and all((r['ufunc'] or '').startswith('stripped+0x') for r in $barriers)" \
	"without symbols: the file and the offset in it"

# The file that was mapped is not the file that is there now.
"$IPITRACE" record -o "$TMP/gone.dat" --user-stack -- sh -c "cp '$TMP/omit' '$TMP/gone'; nice -n -20 '$TMP/gone' $n; rm '$TMP/gone';
	cp '$TMP/direct' '$TMP/gone'" >"$OUT" 2>"$ERR" </dev/null
is $? 0 "replaced: record exits 0"
"$IPITRACE" report -i "$TMP/gone.dat" --comm gone --by ufunc,func --json >"$TMP/gone.json"
json_check "$TMP/gone.json" "$barriers and not $ours" "replaced: no name is taken from another file"

# Queued calls have stacks of their own; no kernel stacks, no matter.
recorded omit --user-stack=dwarf,2K --stack=calls
json_check "$TMP/omit.json" "$barriers and all((r['ufunc'] or '').startswith('culprit_barriers+0x') for r in $barriers)" \
	"2 kB, with --stack=calls: every membarrier is culprit_barriers'"
recorded omit --user-stack --no-stack
json_check "$TMP/omit.json" "$barriers and all((r['ufunc'] or '').startswith('culprit_barriers+0x') for r in $barriers)" \
	"with --no-stack: every membarrier is culprit_barriers'"

like "$("$IPITRACE" export --folded -i "$TMP/omit.dat")" 'omit;_start;.*;main;culprit_barriers;' "folded: user frames are below"
ok "trace-cmd reads the file" trace-cmd report -i "$TMP/omit.dat"

# Nobody who may not use perf events is left without a recording.
if setpriv --bounding-set -sys_admin,-perfmon --inh-caps -all true 2>/dev/null; then
	exits 1 "without CAP_PERFMON" setpriv --bounding-set -sys_admin,-perfmon --inh-caps -all "$IPITRACE" record -q -d 10ms \
		--user-stack -o "$TMP/no.dat"
	like "$(cat "$ERR")" 'cannot open perf events for user stacks' "it says what was refused"
	like "$(cat "$ERR")" '^hint: .*without --user-stack' "and what is possible"
	ok "no file is left" test ! -e "$TMP/no.dat"
fi
exits 2 "an unknown way" "$IPITRACE" record --user-stack=magic -d 1ms
done_testing
