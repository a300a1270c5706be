// SPDX-License-Identifier: GPL-2.0-only
/*
 * decode/formats.c - event formats to descriptors, once.
 *
 * What an event means is decided by its name, where its fields are by its
 * format. An event whose fields are not as expected is skipped, not guessed.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/mem.h"
#include "decode/fields.h"
#include "decode/priv.h"

struct field_spec {
	const char *name; /* NULL = none */
	uint8_t size;	  /* 0 = the recorder's pointer */
	bool optional;
};

/* The fields by kind; a field that is said to be optional may be missing in some of its events. */
/* clang-format off: a table */
static const struct field_spec fields[NR_OPS][NR_FLD] = {
	[OP_SEND_CPU] = { { "cpu", 4, false }, { "callsite", 0, false }, { "callback", 0, false } },
	[OP_SEND_MASK] = { { "cpumask", 4, false }, { "callsite", 0, false }, { "callback", 0, false } },
	[OP_RAISE] = { [FLD_MASK] = { "target_cpus", 4, false }, [FLD_REASON] = { "reason", 0, false } },
	[OP_QUEUE] = { { "cpu", 4, false }, { "callsite", 0, false }, { "func", 0, false }, { "csd", 0, false } },
	[OP_FUNC_ENTRY] = { [FLD_FUNC] = { "func", 0, false }, [FLD_CSD] = { "csd", 0, false } },
	[OP_FUNC_EXIT] = { [FLD_FUNC] = { "func", 0, false }, [FLD_CSD] = { "csd", 0, false } },
	[OP_IPI_ENTRY] = { [FLD_REASON] = { "reason", 0, false } },
	[OP_IPI_EXIT] = { [FLD_REASON] = { "reason", 0, false } },
	[OP_HANDLER_ENTRY] = { [FLD_IRQ] = { "irq", 4, false }, [FLD_NAME] = { "name", 4, false } },
	[OP_HANDLER_EXIT] = { [FLD_IRQ] = { "irq", 4, false } },
	[OP_WAKE] = { { "cpu", 4, false } },
	[OP_WAKING] = { { "target_cpu", 4, false }, [FLD_PID] = { "pid", 4, false } },
	[OP_WOKEN] = { { "target_cpu", 4, false }, [FLD_PID] = { "pid", 4, false } },
	[OP_WOKEN_NEW] = { { "target_cpu", 4, false }, [FLD_PID] = { "pid", 4, false } },
	[OP_IDLE] = { { "cpu_id", 4, false }, [FLD_STATE] = { "state", 4, false } },
	[OP_VECTOR_CPU] = { { "cpu", 4, false }, [FLD_VECTOR] = { "vector", 4, false } },
	[OP_VECTOR_MASK] = { { "ncpus", 4, false }, [FLD_VECTOR] = { "vector", 4, false } },
	[OP_TLB_FLUSH] = { [FLD_REASON] = { "reason", 4, false }, [FLD_PAGES] = { "pages", 0, false } },
	[OP_TLB_CALL] = { { "ncpus", 4, false }, [FLD_ADDR] = { "addr", 0, false }, [FLD_END] = { "end", 0, false } },
	[OP_WORK] = { [FLD_FUNC] = { "function", 0, false } },
	[OP_TIMER] = { [FLD_FUNC] = { "function", 0, false } },
	[OP_PROBE_SEND] = { { "cpu", 4, false }, { "ra", 8, true } },
	[OP_PROBE_MASK] = { { "m0", 8, false }, { "ra", 8, true } },
	[OP_PROBE_CALL] = { { "cpu", 4, true }, [FLD_FLAGS] = { "fl", 4, true }, [FLD_FUNC] = { "func", 8, true } },
};
/* clang-format on */

static bool text_has(const char *text, size_t len, const char *part)
{
	size_t nr = strlen(part);

	for (size_t at = 0; at + nr <= len; at++)
		if (!strncasecmp(text + at, part, nr))
			return true;
	return false;
}

/*
 * Descriptions of /proc/interrupts, reasons of ipi_raise, names of irq actions
 * (Xen, powerpc); CLASS_NONE if the text names no IPI.
 */
static unsigned int class_of_text(const char *text, size_t len)
{
	static const struct {
		const char *part;
		uint8_t class;
	} parts[] = {
		{ "resched", IPI_CLASS_RESCHEDULE },
		{ "single function call", IPI_CLASS_CALL_SINGLE },
		{ "callfuncsingle", IPI_CLASS_CALL_SINGLE },
		{ "function call", IPI_CLASS_CALL },
		{ "call function", IPI_CLASS_CALL },
		{ "callfunc", IPI_CLASS_CALL },
		{ "crash", IPI_CLASS_CRASH_STOP },
		{ "cpu stop", IPI_CLASS_CPU_STOP },
		{ "timer broadcast", IPI_CLASS_TIMER },
		{ "tick-broadcast", IPI_CLASS_TIMER },
		{ "irq work", IPI_CLASS_IRQ_WORK },
		{ "irqwork", IPI_CLASS_IRQ_WORK },
		{ "wake-up", IPI_CLASS_WAKEUP },
		{ "wakeup", IPI_CLASS_WAKEUP },
		{ "backtrace", IPI_CLASS_BACKTRACE },
		{ "kgdb", IPI_CLASS_KGDB },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(parts); i++)
		if (text_has(text, len, parts[i].part))
			return parts[i].class;
	return CLASS_NONE;
}

unsigned int formats_reason_class(const struct formats *f, uint64_t reason)
{
	for (unsigned int i = 0; i < f->nr_reasons; i++)
		if (f->reasons[i].addr == reason)
			return f->reasons[i].class;
	return IPI_CLASS_OTHER;
}

/* Lines 0xaddr : "Rescheduling interrupts". */
static void reasons_init(struct formats *f, const char *text)
{
	while (text && *text) {
		const char *eol = strchrnul(text, '\n');
		char *end;
		uint64_t addr = strtoull(text, &end, 16);
		const char *quote = end > text && end < eol ? memchr(end, '"', eol - end) : NULL;

		if (quote) {
			unsigned int class = class_of_text(quote, eol - quote);

			/* trace_printk formats share the file: only texts of IPIs count. */
			if (class != CLASS_NONE) {
				f->reasons = xrealloc(f->reasons, (f->nr_reasons + 1) * sizeof(*f->reasons));
				f->reasons[f->nr_reasons].addr = addr;
				f->reasons[f->nr_reasons++].class = class;
			}
		}
		text = *eol ? eol + 1 : eol;
	}
}

/*
 * /proc/interrupts hides the irq numbers of IPIs ("IPI0: ... Rescheduling
 * interrupts"). They are allocated in one block. Where it begins is told by the
 * recorder ("IRQ2: IPI", capture/interrupts.c), or by events: an ipi_entry, a
 * call's function inside a handler. Else the first gap of that length among the
 * numbers shown is taken.
 */
static void irq_lines_init(struct formats *f, const char *text)
{
	bool used[1024] = { false };
	unsigned int base, nr = 0;

	while (text && *text) {
		const char *eol = strchrnul(text, '\n');
		const char *at = text;
		unsigned long n;
		char *end;

		while (*at == ' ')
			at++;
		if (!strncmp(at, "IRQ", 3) && isdigit((unsigned char)at[3])) {
			f->irq_base = (unsigned int)strtoul(at + 3, NULL, 10);
			f->irq_base_told = true;
		}
		n = strtoul(!strncmp(at, "IPI", 3) ? at + 3 : at, &end, 10);
		if (*end == ':' && end > at && isdigit((unsigned char)*at) && n < ARRAY_SIZE(used)) {
			used[n] = true;
		} else if (*end == ':' && !strncmp(at, "IPI", 3) && end > at + 3 && n < ARRAY_SIZE(f->irq_lines)) {
			unsigned int class = class_of_text(end, eol - end);

			f->irq_lines[n] = class == CLASS_NONE ? IPI_CLASS_OTHER : class;
			if (n >= f->nr_irq_lines)
				f->nr_irq_lines = (unsigned int)n + 1;
		}
		text = *eol ? eol + 1 : eol;
	}
	if (f->irq_base_told)
		return;
	for (base = 1; f->nr_irq_lines && base < ARRAY_SIZE(used); base++) {
		nr = used[base] ? 0 : nr + 1;
		if (nr == f->nr_irq_lines)
			break;
	}
	f->irq_base = nr ? base + 1 - nr : 0;
}

/*
 * Devices choose the names of their irqs freely ("wakeup"), so only the forms
 * that IPIs have count: Xen's "resched3", powerpc's "ipi reschedule", riscv's
 * "Rescheduling interrupts".
 */
static unsigned int class_of_irq_name(const char *name, size_t len)
{
	static const char *const xen[] = { "resched", "callfunc", "callfuncsingle", "irqwork" };
	static const char tail[] = " interrupts";
	size_t stem = len;

	if (len > 4 && !memcmp(name, "ipi ", 4))
		return class_of_text(name, len);
	if (len > strlen(tail) && !memcmp(name + len - strlen(tail), tail, strlen(tail)))
		return class_of_text(name, len);
	while (stem && isdigit((unsigned char)name[stem - 1]))
		stem--;
	for (unsigned int i = 0; stem < len && i < ARRAY_SIZE(xen); i++)
		if (stem == strlen(xen[i]) && !memcmp(name, xen[i], stem))
			return class_of_text(name, len);
	return CLASS_NONE;
}

bool formats_irq_unnamed(const char *name, size_t len)
{
	return len >= 3 && !memcmp(name, "IPI", 3);
}

unsigned int formats_irq_class(const struct formats *f, uint8_t *memo, unsigned int base, uint32_t irq,
			       const char *name, size_t len)
{
	unsigned int class = class_of_irq_name(name, len);

	if (class == CLASS_NONE && formats_irq_unnamed(name, len)) {
		class = IPI_CLASS_OTHER;
		if (irq >= base && irq - base < f->nr_irq_lines)
			class = f->irq_lines[irq - base];
	}
	if (class == CLASS_NONE)
		class = IRQ_NOT_IPI;
	if (irq < NR_IRQ_MEMO)
		memo[irq] = class;
	return class;
}

void formats_irq_learn(uint8_t *memo, uint32_t irq, unsigned int class)
{
	if (irq < NR_IRQ_MEMO)
		memo[irq] = class;
}

/* m0, m1, ... of a probe, one after the other: the whole mask. */
static unsigned int probe_mask_len(const struct format_fields *event, unsigned int off)
{
	unsigned int len = 0;
	char name[16];

	for (unsigned int i = 0; i < 1024; i++) {
		const struct format_field *field;

		snprintf(name, sizeof(name), "m%u", i);
		field = format_field_find(event, name);
		if (!field || field->size != 8 || field->offset != off + len)
			break;
		len += 8;
	}
	return len;
}

/* False if the fields are not as expected. */
static bool desc_fields(struct ev_desc *desc, const struct kevent *kev, const struct format_fields *event,
			unsigned int long_size)
{
	for (unsigned int i = 0; i < NR_FLD; i++) {
		const struct field_spec *want = &fields[kev->op][i];
		const struct format_field *field;
		unsigned int size = want->size ? want->size : long_size;

		desc->off[i] = FLD_NONE;
		if (!want->name || (kev->op == OP_PROBE_SEND && i == FLD_CPU && kev->target == TARGET_SELF))
			continue;
		field = format_field_find(event, want->name);
		if (!field && want->optional)
			continue;
		if (!field || field->size != size)
			return false;
		desc->off[i] = (uint16_t)field->offset;
		if (field->offset + field->size > desc->min_len)
			desc->min_len = (uint16_t)(field->offset + field->size);
	}
	if (kev->op == OP_PROBE_MASK) {
		desc->mask_len = (uint16_t)probe_mask_len(event, desc->off[FLD_MASK]);
		if (desc->off[FLD_MASK] + desc->mask_len > desc->min_len)
			desc->min_len = (uint16_t)(desc->off[FLD_MASK] + desc->mask_len);
	}
	return true;
}

bool formats_common(struct formats *f, const struct format_fields *event)
{
	const struct format_field *type = format_field_find(event, "common_type");
	const struct format_field *flags = format_field_find(event, "common_flags");
	const struct format_field *pid = format_field_find(event, "common_pid");
	unsigned int end = 0;

	if (!type || type->size != 2 || !flags || flags->size != 1 || !pid || pid->size != 4)
		return false;
	f->off_type = type->offset;
	f->off_flags = flags->offset;
	f->off_pid = pid->offset;
	if (f->off_type + 2u > end)
		end = f->off_type + 2;
	if (f->off_flags + 1u > end)
		end = f->off_flags + 1;
	if (f->off_pid + 4u > end)
		end = f->off_pid + 4;
	f->common_len = end;
	return f->off_type < 256 && f->off_flags < 256 && f->off_pid < 256;
}

static bool stack_init(struct formats *f, struct ev_desc *desc, const struct format_fields *event)
{
	const struct format_field *size = format_field_find(event, "size");
	const struct format_field *caller = format_field_find(event, "caller");

	if (!size || size->size != 4 || !caller || size->offset > 256 || caller->offset < size->offset + 4 ||
	    caller->offset > 256)
		return false;
	f->stack_size_off = size->offset;
	f->stack_caller_off = caller->offset;
	desc->min_len = (uint16_t)caller->offset;
	return true;
}

struct ev_desc *formats_slot(struct formats *f, unsigned int id)
{
	if (id >= f->nr_desc) {
		f->desc = xrealloc(f->desc, (id + 1) * sizeof(*f->desc));
		memset(f->desc + f->nr_desc, 0, (id + 1 - f->nr_desc) * sizeof(*f->desc));
		f->nr_desc = id + 1;
	}
	return &f->desc[id];
}

bool formats_head(const struct event_format *format, char *name, size_t size, unsigned int *id)
{
	char head[256];
	char *at, *eol;
	unsigned long val;
	size_t len = format->len < sizeof(head) - 1 ? format->len : sizeof(head) - 1;

	memcpy(head, format->text, len);
	head[len] = '\0';
	if (strncmp(head, "name: ", 6))
		return false;
	eol = strchr(head, '\n');
	if (!eol || (size_t)(eol - head - 6) >= size || strncmp(eol + 1, "ID: ", 4))
		return false;
	memcpy(name, head + 6, eol - head - 6);
	name[eol - head - 6] = '\0';
	val = strtoul(eol + 5, &at, 10);
	if (at == eol + 5 || *at != '\n' || !val || val > UINT16_MAX)
		return false;
	*id = (unsigned int)val;
	return true;
}

/* False if the event is not as expected; desc may be half filled then. */
static bool desc_init(struct formats *f, struct ev_desc *desc, const struct kevent *kev,
		      const struct format_fields *event, unsigned int long_size)
{
	if (!f->common_len && !formats_common(f, event)) {
		f->common_len = 0;
		return false;
	}
	return kev->op == OP_STACK ? stack_init(f, desc, event) : desc_fields(desc, kev, event, long_size);
}

static void format_add(struct formats *f, const struct event_format *format, unsigned int long_size)
{
	const struct kevent *kev;
	struct format_fields event;
	struct ev_desc *desc;
	char name[128];
	unsigned int id;
	bool good;

	if (!formats_head(format, name, sizeof(name), &id))
		return;
	desc = formats_slot(f, id);
	kev = kevent_find(format->system, name);
	if (!kev || desc->op != OP_SKIP || !format_fields_parse(&event, format->text, format->len))
		return;
	good = desc_init(f, desc, kev, &event, long_size);
	format_fields_free(&event);
	if (!good) {
		memset(desc, 0, sizeof(*desc));
		return;
	}
	desc->class = kev->class;
	desc->op = kev->op;
	desc->rank = desc->op >= OP_FUNC_ENTRY && desc->op <= OP_HANDLER_EXIT;
	f->ops |= OP_BIT(kev->op);
	f->has_single_vector |= kev->op == OP_IRQ_ENTRY && kev->class == IPI_CLASS_CALL_SINGLE;
}

static void ops_drop(struct formats *f, enum kevent_op first, enum kevent_op last)
{
	for (unsigned int id = 0; id < f->nr_desc; id++)
		if (f->desc[id].op >= first && f->desc[id].op <= last)
			f->desc[id].op = OP_SKIP;
}

/* Which of several witnesses of one thing is heard. */
static void formats_settle(struct formats *f, const struct symtab *sym)
{
	uint64_t end;

	f->x86 = f->ops & OP_BIT(OP_IRQ_ENTRY);
	if (sym) {
		symtab_range(sym, "generic_smp_call_function_single_interrupt", &f->generic_call, &end);
		symtab_range(sym, "sched_ttwu_pending", &f->ttwu_pending, &end);
		symtab_range(sym, "wake_up_new_task", &f->wake_new_start, &f->wake_new_end);
		symtab_range(sym, "irq_work_queue_on", &f->irqwork_start, &f->irqwork_end);
		/* In a file without reception events, the handlers of the vectors tell the architecture. */
		if (symtab_range(sym, "sysvec_call_function_single", &(uint64_t){ 0 }, &end))
			f->x86 = f->has_single_vector = true;
	}
	/* Real send events make the probes superfluous. */
	if (f->ops & (OP_BIT(OP_SEND_CPU) | OP_BIT(OP_SEND_MASK)))
		ops_drop(f, OP_PROBE_SEND, OP_PROBE_CALL);
	f->ops = kevents_heard(f->x86 ? f->ops & ~OPS_GENERIC : f->ops);
	if (!(f->ops & OPS_VECTOR_SENDS))
		ops_drop(f, OP_VECTOR_CPU, OP_VECTOR_MASK);
	f->has_raise = f->ops & OP_BIT(OP_RAISE);
	f->has_ipi_entry = f->ops & OP_BIT(OP_IPI_ENTRY);
	f->has_wakes = f->ops & OP_BIT(OP_WAKING) && f->ops & OP_BIT(OP_WOKEN);
	f->has_works = f->ops & OPS_WORKS;
	f->pseudo_sends = !(f->ops & OP_BIT(OP_QUEUE));
	if (!f->has_single_vector)
		for (unsigned int id = 0; id < f->nr_desc; id++)
			if (f->desc[id].op == OP_PROBE_SEND && f->desc[id].class == IPI_CLASS_CALL_SINGLE)
				f->desc[id].class = IPI_CLASS_CALL;
}

void formats_init(struct formats *f, const struct decode_meta *meta)
{
	formats_slot(f, 0);
	for (unsigned int i = 0; i < meta->nr_formats; i++)
		format_add(f, &meta->formats[i], meta->long_size);
	if (!f->common_len) {
		/* None of our events is there; the records are walked and counted all the same. */
		f->off_flags = 2;
		f->off_pid = 4;
		f->common_len = 8;
	}
	reasons_init(f, meta->printk_formats);
	irq_lines_init(f, meta->interrupts);
	formats_settle(f, meta->symtab);
}

void formats_free(struct formats *f)
{
	free(f->reasons);
	free(f->desc);
}
