// SPDX-License-Identifier: GPL-2.0-only
/*
 * decode/symtab.c - kernel symbols: address to name, name to range, plumbing or not.
 *
 * kallsyms has more than 100,000 lines and a report asks for a few dozen
 * addresses: parsing makes one flat array of offsets into the text, and names
 * are copied out only when asked for.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "decode/symtab.h"

/* No kernel function is larger; an address further from the last symbol is in none. */
#define MAX_FUNC_SIZE (1u << 20)

#define PLUMB_UNKNOWN 0
#define PLUMB_NO      1
#define PLUMB_YES     2

struct sym {
	uint64_t addr;
	uint32_t name; /* offset in the text */
	uint16_t name_len;
	uint8_t plumbing;
	bool module; /* "[module]" follows the name */
};

struct symtab {
	const char *text;
	size_t len;
	struct sym *syms; /* by address; equal addresses in the order of the text */
	size_t nr;
	char **names; /* copies, made at first use */
	char **modules;
	bool parsed, usable;
};

/*
 * A machine's plumbing between who wants an IPI and the event that tells of
 * it. What is listed here never is "the caller". Sorted; names without the
 * compiler's suffixes (.isra.0, .constprop.0, .part.0, .cold).
 */
static const char *const plumbing[] = {
	"__common_interrupt",
	"__cpu_stop_queue_work",
	"__flush_tlb_multi",
	"__ftrace_trace_stack",
	"__ipi_send_mask",
	"__irq_work_queue_local",
	"__kprobe_trace_func",
	"__resched_curr",
	"__smp_call_single_queue",
	"__ttwu_queue_wakelist",
	"__wake_up",
	"__wake_up_common",
	"__wake_up_common_lock",
	"__wake_up_locked",
	"__wake_up_locked_key",
	"__wake_up_on_current_cpu",
	"__wake_up_sync",
	"__wake_up_sync_key",
	"activate_task",
	"aggr_pre_handler",
	"arch_irq_work_raise",
	"arch_send_call_function_ipi_mask",
	"arch_send_call_function_single_ipi",
	"arch_smp_send_reschedule",
	"arch_tlbbatch_flush",
	"asm_exc_int3",
	"autoremove_wake_function",
	"brk_handler",
	"call_break_hook",
	"call_function_single_prep_ipi",
	"check_preempt_curr",
	"check_preempt_wakeup",
	"check_preempt_wakeup_fair",
	"complete",
	"complete_all",
	"complete_with_flags",
	"cpu_stop_queue_two_works",
	"cpu_stop_queue_work",
	"default_send_IPI_single_phys",
	"default_wake_function",
	"dequeue_entities",
	"dequeue_task",
	"dequeue_task_fair",
	"do_debug_exception",
	"do_el1_brk64",
	"do_int3",
	"el1_brk64",
	"el1_dbg",
	"el1h_64_sync",
	"el1h_64_sync_handler",
	"enqueue_entity",
	"enqueue_task",
	"enqueue_task_dl",
	"enqueue_task_fair",
	"enqueue_task_rt",
	"entity_tick",
	"ep_autoremove_wake_function",
	"event_triggers_post_call",
	"exc_int3",
	"flush_tlb_all",
	"flush_tlb_kernel_range",
	"flush_tlb_mm_range",
	"flush_tlb_multi",
	"flush_tlb_others",
	"generic_exec_single",
	"hyperv_flush_tlb_multi",
	"ipi_mux_send_mask",
	"irq_work_queue",
	"irq_work_queue_on",
	"irq_work_raise",
	"kick_process",
	"kvm_flush_tlb_multi",
	"kvm_flush_tlb_others",
	"move_queued_task",
	"native_flush_tlb_multi",
	"native_flush_tlb_others",
	"native_send_call_func_ipi",
	"native_send_call_func_single_ipi",
	"native_smp_send_reschedule",
	"on_each_cpu",
	"on_each_cpu_cond",
	"on_each_cpu_cond_mask",
	"on_each_cpu_mask",
	"opt_pre_handler",
	"place_entity",
	"pollwake",
	"queue_stop_cpus_work",
	"resched_cpu",
	"resched_curr",
	"resched_curr_lazy",
	"resched_task",
	"reweight_entity",
	"reweight_task_fair",
	"scheduler_ipi",
	"send_call_function_single_ipi",
	"send_ipi_mask",
	"send_ipi_message",
	"send_ipi_single",
	"smp_call_function",
	"smp_call_function_any",
	"smp_call_function_many",
	"smp_call_function_many_cond",
	"smp_call_function_single",
	"smp_call_function_single_async",
	"smp_call_on_cpu",
	"smp_cross_call",
	"smp_send_reschedule",
	"stack_trace_save",
	"stacktrace_trigger",
	"stop_one_cpu_nowait",
	"swake_up_all",
	"swake_up_all_locked",
	"swake_up_locked",
	"swake_up_one",
	"tlb_finish_mmu",
	"tlb_flush_mmu",
	"tlb_flush_mmu_tlbonly",
	"trace_event_buffer_commit",
	"try_to_unmap_flush",
	"try_to_unmap_flush_dirty",
	"try_to_wake_up",
	"ttwu_do_activate",
	"ttwu_do_wakeup",
	"ttwu_queue",
	"ttwu_queue_cond",
	"ttwu_queue_wakelist",
	"ttwu_runnable",
	"update_cfs_group",
	"update_curr",
	"update_curr_common",
	"wake_bit_function",
	"wake_page_function",
	"wake_up_if_idle",
	"wake_up_nohz_cpu",
	"wake_up_process",
	"wake_up_q",
	"wake_up_state",
	"wakeup_preempt",
	"woken_wake_function",
	"xen_flush_tlb_multi",
};

/* The machinery of tracing itself, whatever the event is called. */
static const char *const plumbing_prefixes[] = {
	"__traceiter_",
	"arch_ftrace_",
	"arch_rethook_",
	"arch_stack_walk",
	"bpf_trampoline_",
	"do_perf_trace_",
	"do_trace_event_raw_event_",
	"event_trigger",
	"fprobe_",
	"ftrace_",
	"kprobe_",
	"kretprobe_",
	"optimized_callback",
	"perf_trace_",
	"stack_trace_",
	"stacktrace_",
	"trace_call_",
	"trace_event_",
	"wakeup_preempt_",
};

struct symtab *symtab_new(const char *kallsyms, size_t len)
{
	struct symtab *s = xcalloc(1, sizeof(*s));

	s->text = kallsyms;
	s->len = kallsyms ? len : 0;
	/* Offsets are 32 bits wide; a kernel's text is some MB. */
	if (s->len > UINT32_MAX)
		s->len = UINT32_MAX;
	return s;
}

void symtab_free(struct symtab *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->nr; i++) {
		if (s->names)
			free(s->names[i]);
		if (s->modules)
			free(s->modules[i]);
	}
	free(s->names);
	free(s->modules);
	free(s->syms);
	free(s);
}

static inline int hex_digit(char c)
{
	unsigned int digit = (unsigned char)c - (unsigned int)'0';

	if (digit <= 9)
		return (int)digit;
	digit = (unsigned char)c - (unsigned int)'a';
	return digit < 6 ? (int)digit + 10 : -1;
}

static bool is_text(char type)
{
	return type == 't' || type == 'T' || type == 'w' || type == 'W';
}

/*
 * More than half of a kernel's lines are data, or padding in front of a
 * function: on 64-bit machines both show at fixed places, before anything of
 * the line is parsed. Precondition: the line has these places.
 */
static inline bool line_unwanted(const char *line)
{
	return line[16] == ' ' && line[18] == ' ' &&
	       (!is_text(line[17]) || (line[19] == '_' && !memcmp(line + 19, "__pfx_", 6)));
}

/*
 * Labels of the compiler and marks of ARM's and RISC-V's assemblers ("$d",
 * "$x.12", ".L0") lie at and inside functions, and are none; the kernel itself
 * skips them, see is_mapping_symbol() in include/linux/module_symbol.h.
 */
static inline bool is_label(const char *name, const char *end)
{
	if (name[0] == '$')
		return true;
	return end - name > 1 && ((name[0] == '.' && name[1] == 'L') || (name[0] == 'L' && name[1] == '0'));
}

/* "ffffffff81001260 T name\t[module]"; false where it is no function. */
static bool parse_line(const struct symtab *s, const char *line, const char *eol, struct sym *sym)
{
	const char *at = line, *name;
	uint64_t addr = 0;
	int digit;

	if (eol - line > 16 + 3 + 6 && line_unwanted(line))
		return false;
	while (at < eol && (digit = hex_digit(*at)) >= 0) {
		addr = addr << 4 | (unsigned int)digit;
		at++;
	}
	if (at == line || eol - at < 4 || at[0] != ' ' || at[2] != ' ' || !is_text(at[1]))
		return false;
	name = at += 3;
	while (at < eol && *at != '\t' && *at != ' ')
		at++;
	if (at == name || at - name > UINT16_MAX)
		return false;
	/* Padding in front of a function, not a function. */
	if ((at - name > 6 && !memcmp(name, "__pfx_", 6)) || is_label(name, at))
		return false;
	sym->addr = addr;
	sym->name = (uint32_t)(name - s->text);
	sym->name_len = (uint16_t)(at - name);
	sym->plumbing = PLUMB_UNKNOWN;
	sym->module = at + 1 < eol && at[1] == '[';
	return true;
}

static int sym_compare(const void *a, const void *b)
{
	const struct sym *x = a, *y = b;

	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	/* The kernel lists the best of several names first. */
	return x->name < y->name ? -1 : x->name > y->name;
}

static void parse(struct symtab *s)
{
	const char *line = s->text, *end;
	size_t room = s->len / 40 + 16;
	bool sorted = true;

	s->parsed = true;
	if (!s->len)
		return;
	end = line + s->len;
	s->syms = xmalloc(room * sizeof(*s->syms));
	while (line < end) {
		const char *eol = memchr(line, '\n', (size_t)(end - line));

		if (!eol)
			eol = end;
		if (s->nr == room) {
			room *= 2;
			s->syms = xrealloc(s->syms, room * sizeof(*s->syms));
		}
		if (parse_line(s, line, eol, &s->syms[s->nr])) {
			s->usable |= s->syms[s->nr].addr != 0;
			if (s->nr && s->syms[s->nr].addr < s->syms[s->nr - 1].addr)
				sorted = false;
			s->nr++;
		}
		line = eol + 1;
	}
	/* Modules follow the kernel, in no order. */
	if (!sorted)
		qsort(s->syms, s->nr, sizeof(*s->syms), sym_compare);
}

static void parse_once(const struct symtab *s)
{
	/* To the caller the table is constant, parsed or not. */
	if (!s->parsed)
		parse((struct symtab *)s);
}

/* End of symbol i: where the next function starts. */
static uint64_t sym_end(const struct symtab *s, size_t i)
{
	uint64_t addr = s->syms[i].addr, end = addr + MAX_FUNC_SIZE;

	/* The last bytes of the address space. */
	if (end < addr)
		end = UINT64_MAX;
	for (size_t next = i + 1; next < s->nr; next++)
		if (s->syms[next].addr > addr)
			return s->syms[next].addr < end ? s->syms[next].addr : end;
	return end;
}

bool symtab_range(const struct symtab *s, const char *name, uint64_t *start, uint64_t *end)
{
	size_t len = strlen(name);

	parse_once(s);
	if (!s->usable)
		return false;
	for (size_t i = 0; i < s->nr; i++) {
		if (s->syms[i].name_len != len || memcmp(s->text + s->syms[i].name, name, len))
			continue;
		*start = s->syms[i].addr;
		*end = sym_end(s, i);
		return true;
	}
	return false;
}

/* Symbol that holds addr, the first of several names; NULL if none does. */
static struct sym *lookup(const struct symtab *s, uint64_t addr)
{
	size_t low = 0, high;

	parse_once(s);
	if (!s->usable)
		return NULL;
	for (high = s->nr; low < high;) {
		size_t mid = low + (high - low) / 2;

		if (s->syms[mid].addr <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	if (!low)
		return NULL;
	low--;
	if (addr - s->syms[low].addr >= MAX_FUNC_SIZE)
		return NULL;
	while (low && s->syms[low - 1].addr == s->syms[low].addr)
		low--;
	return &s->syms[low];
}

static const char *copy_name(const struct symtab *s, char ***table, size_t i, const char *from, size_t len)
{
	char *copy;

	if (!*table)
		*table = xcalloc(s->nr, sizeof(**table));
	if (!(*table)[i]) {
		copy = xmalloc(len + 1);
		memcpy(copy, from, len);
		copy[len] = '\0';
		(*table)[i] = copy;
	}
	return (*table)[i];
}

static const char *module_of(struct symtab *s, const struct sym *sym)
{
	const char *from = s->text + sym->name + sym->name_len + 2;
	const char *end = from;

	while (end < s->text + s->len && *end != ']' && *end != '\n')
		end++;
	return copy_name(s, &s->modules, (size_t)(sym - s->syms), from, (size_t)(end - from));
}

const char *symtab_name(struct symtab *s, uint64_t addr, uint64_t *offset, const char **module)
{
	const struct sym *sym = lookup(s, addr);

	if (!sym)
		return NULL;
	if (offset)
		*offset = addr - sym->addr;
	if (module)
		*module = sym->module ? module_of(s, sym) : NULL;
	return copy_name(s, &s->names, (size_t)(sym - s->syms), s->text + sym->name, sym->name_len);
}

void symtab_format(struct symtab *s, uint64_t addr, bool return_address, bool with_offset, char *buf, size_t len)
{
	uint64_t back = return_address && addr ? 1 : 0;
	const char *module = NULL, *name;
	uint64_t offset = 0;
	char off[32] = "";

	name = s ? symtab_name(s, addr - back, &offset, &module) : NULL;
	if (!name) {
		snprintf(buf, len, "0x%llx", (unsigned long long)addr);
		return;
	}
	if (with_offset)
		snprintf(off, sizeof(off), "+0x%llx", (unsigned long long)(offset + back));
	snprintf(buf, len, "%s%s%s%s%s", name, off, module ? " [" : "", module ? module : "", module ? "]" : "");
}

struct key {
	const char *name;
	size_t len;
};

static int key_compare(const void *key, const void *entry)
{
	const struct key *k = key;
	const char *name = *(const char *const *)entry;
	size_t len = strlen(name);
	/* A name from a damaged file may hold a NUL: never compared beyond the entry's end. */
	int cmp = memcmp(k->name, name, k->len < len ? k->len : len);

	return cmp ? cmp : k->len < len ? -1 : k->len > len;
}

static bool name_is_plumbing(const char *name, size_t len)
{
	const char *dot = memchr(name, '.', len);
	struct key key = { name, dot && dot > name ? (size_t)(dot - name) : len };

	for (unsigned int i = 0; i < ARRAY_SIZE(plumbing_prefixes); i++) {
		size_t prefix = strlen(plumbing_prefixes[i]);

		if (key.len >= prefix && !memcmp(name, plumbing_prefixes[i], prefix))
			return true;
	}
	return bsearch(&key, plumbing, ARRAY_SIZE(plumbing), sizeof(plumbing[0]), key_compare);
}

bool symtab_is_plumbing(struct symtab *s, uint64_t addr)
{
	struct sym *sym = lookup(s, addr);

	if (!sym)
		return false;
	if (sym->plumbing == PLUMB_UNKNOWN)
		sym->plumbing = name_is_plumbing(s->text + sym->name, sym->name_len) ? PLUMB_YES : PLUMB_NO;
	return sym->plumbing == PLUMB_YES;
}
