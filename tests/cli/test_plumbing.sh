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
# name|kind|file|where|why
sed '/^$/d; /:$/d; /^NAME/d; s/   *\([^ ]\)/|\1/g' list |
	sed -E 's/([^|]*)\|([^ |]+\.[chS]): (.*)/\2|\1|\3/; t; s/([^|]*)\|([^|]*)$/-|\1|\2/' >rows
is "$(awk -F '|' 'NF != 5 || $5 == ""' rows)" "" "each with a kind, a file, kernels and a reason"
is "$(cut -d'|' -f1 rows | sort | uniq -d)" "" "none twice"
known='inlined|never|PREEMPT_RT|x86|arm|arm64|riscv64|powerpc|s390x|loongarch|xen|hyperv|kvm(_intel|_amd)?|[0-9]+\.[0-9]+-|-[0-9]+\.[0-9]+|-'
is "$(cut -d'|' -f4 rows | tr ' ' '\n' | grep -Evx "$known")" "" "kernels are named as the list says"
# What users saw as callers, which no kernel engineer would name.
is "$(for name in __smp_call_function_single smp_call_function smp_call_function_any ep_poll_callback folio_wake_bit wake_up_bit \
	smp_text_poke_batch_finish __send_signal_locked complete_signal signal_wake_up_state kick_pool ptep_clear_flush pmdp_huge_clear_flush \
	pmdp_invalidate pmdp_collapse_flush rcuwait_wake_up rwsem_wake __mutex_unlock_slowpath task_work_add kthread_queue_work \
	tlb_remove_table kvm_vcpu_kick kvm_make_all_cpus_request kvm_irq_delivery_to_apic __apic_accept_irq process_one_work irq_work_run_list call_timer_fn \
	folio_unlock unlock_page unlock_buffer folio_end_read folio_end_writeback percpu_up_write __local_bh_enable; do
	cut -d'|' -f1 rows | grep -qx "$name" || echo "$name"
done)" "" "each that users saw is there"
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

# --- whose work it is that has left the stack by calling last of all ---
# By the text of trace-cmd: the work that the task had begun, of each send that complete() was asked for by process_one_work().
gzip -dc "$DATA/works.dat.gz" >works.dat
works() {
	trace-cmd report works.dat 2>/dev/null | awk '
		/^=> / { if ($2 == "process_one_work" && before == "complete" && sends[who]) n[open[who]]++; before = $2; next }
		{ match($0, /-[0-9]+ +\[/); who = substr($0, RSTART + 1, RLENGTH - 3) + 0; before = "" }
		/ workqueue_execute_start: / { open[who] = $NF }
		/ workqueue_execute_end: / { open[who] = "" }
		!/ kernel_stack: / { sends[who] = / ipi_send_cpu: / }
		END { for (work in n) print work "+0x1," n[work] }'
}
if command -v trace-cmd >/dev/null; then
	is "$("$IPITRACE" report --csv --by caller -f caller,sends works.dat | grep -E 'process_one_work|\+0x1,')" "$(works)" \
		"a work that ends in complete() is the caller: $(works)"
	like "$(works)" '^wq_barrier_func\+0x1,4$' "  which is that of flush_work()"
else
	skip "a work that ends in complete()" "no trace-cmd"
fi

# --- a user's own ---
exits 2 "names from -" "$IPITRACE" report --plumbing - "$F"
is "$(head -n 1 "$ERR")" "ipitrace: report: --plumbing: - stands for a recording from standard input, not for names" "  says why not"
exits 0 "  the hint's way" "$IPITRACE" report --plumbing /dev/stdin "$F" <<<do_madvise
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
exits 0 "  all of its names are there" "$IPITRACE" report --plumbing mine "$F"
unlike "$(cat "$ERR")" 'plumbing' "  of which nothing is said"
printf '%s\nno_such_function_x\n!%s\nnot_there_either_*\n%s*\n' "$caller" "${caller%?}" "${caller%?}" >odd
exits 0 "names that no symbol has" "$IPITRACE" report --plumbing odd "$F"
is "$(grep -c '^ipitrace: ' "$ERR") $(grep '^ipitrace: ' "$ERR")" \
	"1 ipitrace: --plumbing: not among the recording's symbols: no_such_function_x, ${caller%?}, not_there_either_*" "  are told in one line"
like "$(cat "$ERR")" "^hint: near .*$caller" "  with what is near"
exits 0 "diff takes it" "$IPITRACE" diff --plumbing mine "$F" "$F"
exits 1 "a file that is not there" "$IPITRACE" report --plumbing nosuch "$F"
echo 'two words' >bad
exits 1 "a line that is no name" "$IPITRACE" report --plumbing bad "$F"
like "$(cat "$ERR")" "^ipitrace: report: --plumbing: bad:1: 'two words': no name of a function" "  is told, and where"
like "$(cat "$ERR")" '^hint: ' "  and what there could be"
done_testing
