// SPDX-License-Identifier: GPL-2.0-only
/*
 * decode/rare.c - events of other architectures and older kernels, wake-ups.
 *
 * arm64 and its kind tell of one interrupt twice: irq_handler_entry (number)
 * holds ipi_entry (reason). The outer pair makes the event, the inner one gives
 * its class. Either may be switched off.
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/compiler.h"
#include "base/tlb.h"
#include "decode/event.h"
#include "decode/walk.h"

static bool raise_decode(struct decoder *d, struct cursor *c, struct ipi_event *ev)
{
	const struct ev_desc *desc = c->desc;
	struct level_state *level = &c->level[ipi_event_level(ev)];
	struct look look;

	if (level->drop_raise) {
		level->drop_raise--;
		return false;
	}
	ev->type = IPI_EV_SEND_MASK;
	ev->class = formats_reason_class(&d->plan.fmt, load_long(d, c->rec + desc->off[FLD_REASON]));
	if (!event_mask(d, c, desc->off[FLD_MASK], ev))
		return event_damaged(c);
	if (ipi_class_is_call(ev->class)) {
		ev->func = d->plan.fmt.generic_call;
		call_name(level, ev);
	}
	look_ahead(d, c, ev, false, &look);
	stack_attach(d, c, &look, ev);
	return true;
}

/* The name in an irq_handler_entry; *len is 0 if there is none. */
static const char *irq_name(const struct decoder *d, const struct ev_desc *desc, const uint8_t *rec, uint32_t rec_len,
			    uint32_t *len)
{
	uint32_t loc;

	*len = 0;
	if (desc->op != OP_HANDLER_ENTRY || desc->off[FLD_NAME] == FLD_NONE)
		return "";
	loc = load32(rec + desc->off[FLD_NAME], d->plan.swap);
	if ((loc & 0xffff) + (loc >> 16) > rec_len)
		return "";
	*len = (uint32_t)strnlen((const char *)rec + (loc & 0xffff), loc >> 16);
	return (const char *)rec + (loc & 0xffff);
}

/* --- IPIs that are told apart by their number only: which is the first? --- */

#define NO_IRQ UINT32_MAX

/* The irq of an unnamed IPI that this record enters; else as before, or none if it left it. */
static uint32_t irq_entered(const struct decoder *d, const struct ev_desc *desc, const uint8_t *rec, uint32_t rec_len,
			    uint32_t before)
{
	const char *name;
	uint32_t len;

	if (desc->op == OP_HANDLER_EXIT)
		return NO_IRQ;
	if (desc->op != OP_HANDLER_ENTRY)
		return before;
	name = irq_name(d, desc, rec, rec_len, &len);
	return formats_irq_unnamed(name, len) ? load32(rec + desc->off[FLD_IRQ], d->plan.swap) : NO_IRQ;
}

/*
 * The irq in whose handler a call's function ran, in the rest of a CPU's page:
 * that is the call IPI. Functions without a csd are the CPU's own.
 */
static uint32_t call_irq(const struct decoder *d, const struct cursor *c)
{
	const struct formats *f = &d->plan.fmt;
	uint32_t irq = NO_IRQ;
	const uint8_t *p = c->pos;
	struct rec r;

	if (c->head == HEAD_RECORD)
		irq = irq_entered(d, c->desc, c->rec, c->rec_len, irq);
	while (p && p < c->end) {
		enum rec_kind kind = rec_parse(p, c->end, d->plan.swap, d->plan.meta.big_endian, &r);
		const struct ev_desc *desc;
		uint32_t id;

		if (kind == REC_BAD || kind == REC_PAGE_END)
			break;
		p = r.next;
		if (kind != REC_EVENT || r.len < f->common_len)
			continue;
		id = load16(r.data + f->off_type, d->plan.swap);
		desc = &f->desc[id < f->nr_desc ? id : 0];
		if (desc->op == OP_SKIP || r.len < desc->min_len)
			continue;
		if (desc->op == OP_FUNC_ENTRY && irq != NO_IRQ && load_long(d, r.data + desc->off[FLD_CSD]))
			return irq;
		irq = irq_entered(d, desc, r.data, r.len, irq);
	}
	return NO_IRQ;
}

/* What one function shows, on whatever CPU, is true for all; false: none does yet. */
static bool prove_irq_base(struct decoder *d)
{
	const struct formats *f = &d->plan.fmt;
	unsigned int call = 0;

	while (call < f->nr_irq_lines && f->irq_lines[call] != IPI_CLASS_CALL)
		call++;
	for (unsigned int i = 0; i < d->src.nr_cpus; i++) {
		uint32_t irq = call_irq(d, &d->cursors[i]);

		if (irq == NO_IRQ || irq < call)
			continue;
		d->irq_base = irq - call;
		d->irq_base_known = true;
		return true;
	}
	return false;
}

static uint8_t irq_class(struct decoder *d, struct cursor *c)
{
	uint32_t irq = load32(c->rec + c->desc->off[FLD_IRQ], d->plan.swap);
	const char *name;
	uint32_t len;

	if (irq < NR_IRQ_MEMO && d->irq_memo[irq] != IRQ_UNKNOWN)
		return d->irq_memo[irq];
	name = irq_name(d, c->desc, c->rec, c->rec_len, &len);
	if (!d->irq_base_known && formats_irq_unnamed(name, len) && !prove_irq_base(d))
		return IPI_CLASS_OTHER;
	/* An exit has no name: without its entry it stays unknown. */
	return len ? (uint8_t)formats_irq_class(&d->plan.fmt, d->irq_memo, d->irq_base, irq, name, len) : IRQ_NOT_IPI;
}

static bool handler_entry(struct decoder *d, struct cursor *c, struct ipi_event *ev)
{
	uint32_t irq = load32(c->rec + c->desc->off[FLD_IRQ], d->plan.swap);
	uint8_t class = irq_class(d, c);
	struct look look;

	if (class == IRQ_NOT_IPI)
		return false;
	if (d->plan.fmt.has_ipi_entry && look_next(d, c, &look) && d->plan.fmt.desc[look.next_id].op == OP_IPI_ENTRY) {
		const struct ev_desc *inner = &d->plan.fmt.desc[look.next_id];
		uint64_t reason = load_long(d, look.next + inner->off[FLD_REASON]);

		class = formats_reason_class(&d->plan.fmt, reason);
		formats_irq_learn(d->irq_memo, irq, class);
	}
	ev->type = IPI_EV_IRQ_ENTRY;
	ev->class = class;
	c->open_irq = class;
	return true;
}

static bool handler_exit(struct decoder *d, struct cursor *c, struct ipi_event *ev)
{
	uint32_t irq = load32(c->rec + c->desc->off[FLD_IRQ], d->plan.swap);
	uint8_t class = irq_class(d, c);

	/* That of an IPI of which nothing but its entry is known yet. */
	if (class == IRQ_NOT_IPI && c->open_irq == IPI_CLASS_OTHER && irq < NR_IRQ_MEMO &&
	    d->irq_memo[irq] == IRQ_UNKNOWN)
		class = IPI_CLASS_OTHER;
	if (class == IRQ_NOT_IPI)
		return false;
	ev->type = IPI_EV_IRQ_EXIT;
	ev->class = c->open_irq != CLASS_NONE ? c->open_irq : class;
	c->open_irq = CLASS_NONE;
	return true;
}

static bool ipi_entry_exit(struct decoder *d, struct cursor *c, struct ipi_event *ev, bool entry)
{
	const struct ev_desc *desc = c->desc;
	struct look look;

	if (c->open_irq != CLASS_NONE) {
		if (entry)
			return false;
		/* The outer exit ends the interrupt, if it was recorded at all. */
		if (look_next(d, c, &look) && d->plan.fmt.desc[look.next_id].op == OP_HANDLER_EXIT)
			return false;
		c->open_irq = CLASS_NONE;
	}
	ev->type = entry ? IPI_EV_IRQ_ENTRY : IPI_EV_IRQ_EXIT;
	ev->class = formats_reason_class(&d->plan.fmt, load_long(d, c->rec + desc->off[FLD_REASON]));
	return true;
}

/* --- kprobes that stand in for send events on older kernels; arguments are 64 bits wide --- */

/* It names the function of the send that follows at this level; such kernels have no csd events. */
static bool probe_call(struct decoder *d, struct cursor *c, const struct ipi_event *ev)
{
	const struct ev_desc *desc = c->desc;
	struct level_state *level = &c->level[ipi_event_level(ev)];
	uint32_t cpu = CALL_ANY_CPU;
	uint64_t func = 0;

	if (desc->off[FLD_CPU] != FLD_NONE)
		cpu = load32(c->rec + desc->off[FLD_CPU], d->plan.swap);
	if (desc->off[FLD_FUNC] != FLD_NONE)
		func = load64(c->rec + desc->off[FLD_FUNC], d->plan.swap);
	/* csd type TTWU: there is no function in it, whatever stands there. */
	if (desc->off[FLD_FLAGS] != FLD_NONE && (load32(c->rec + desc->off[FLD_FLAGS], d->plan.swap) & 0xf0) == 0x30)
		func = d->plan.fmt.ttwu_pending;
	/* A call to its own CPU runs at once, and no send follows. */
	if (cpu != ev->cpu)
		call_note(level, func, cpu);
	return false;
}

static bool probe_send(struct decoder *d, struct cursor *c, struct ipi_event *ev, bool mask)
{
	const struct ev_desc *desc = c->desc;
	const struct formats *f = &d->plan.fmt;
	struct level_state *level = &c->level[ipi_event_level(ev)];
	struct look look;

	ev->type = mask ? IPI_EV_SEND_MASK : IPI_EV_SEND_CPU;
	ev->class = desc->class;
	if (desc->off[FLD_CALLSITE] != FLD_NONE)
		ev->callsite = load64(c->rec + desc->off[FLD_CALLSITE], d->plan.swap);
	if (mask) {
		uint64_t *words = mask_alloc(d, desc->mask_len / 8);

		for (unsigned int i = 0; i < desc->mask_len / 8u; i++)
			words[i] = load64(c->rec + desc->off[FLD_MASK] + i * 8, d->plan.swap);
		if (!is_cpu_mask(words, desc->mask_len / 8))
			return event_damaged(c);
		ev->mask = words;
		ev->mask_words = desc->mask_len / 8;
	} else {
		/* irq_work is raised on the own CPU only. */
		ev->target = desc->off[FLD_CPU] == FLD_NONE ? ev->cpu :
							      load32(c->rec + desc->off[FLD_CPU], d->plan.swap);
		if (!is_cpu(ev->target))
			return event_damaged(c);
	}
	if (ipi_class_is_call(ev->class)) {
		ev->func = f->generic_call;
		call_name(level, ev);
	}
	look_ahead(d, c, ev, f->has_raise && !f->x86, &look);
	if (look.raise)
		level->drop_raise++;
	stack_attach(d, c, &look, ev);
	if (f->has_wakes)
		wake_join(d, c, ev);
	return true;
}

/* --- Hyper-V, where the kernel has no other send events (Linux before 6.5): arch/x86/include/asm/trace/hyperv.h --- */

/* arch/x86/include/asm/irq_vectors.h */
static unsigned int vector_class(uint32_t vector)
{
	switch (vector) {
	case 0xfd:
		return IPI_CLASS_RESCHEDULE;
	case 0xfc:
		return IPI_CLASS_CALL;
	case 0xfb:
		return IPI_CLASS_CALL_SINGLE;
	case 0xf7:
		return IPI_CLASS_PLATFORM;
	case 0xf6:
		return IPI_CLASS_IRQ_WORK;
	default:
		return IPI_CLASS_OTHER;
	}
}

/* Each IPI is told of once, before the hypercall (arch/x86/hyperv/hv_apic.c: __send_ipi_one()). */
static bool vector_send(struct decoder *d, struct cursor *c, struct ipi_event *ev)
{
	const struct ev_desc *desc = c->desc;
	struct look look;

	ev->type = IPI_EV_SEND_CPU;
	ev->target = load32(c->rec + desc->off[FLD_CPU], d->plan.swap);
	if (!is_cpu(ev->target))
		return event_damaged(c);
	ev->class = vector_class(load32(c->rec + desc->off[FLD_VECTOR], d->plan.swap));
	if (ipi_class_is_call(ev->class)) {
		ev->func = d->plan.fmt.generic_call;
		call_name(&c->level[ipi_event_level(ev)], ev);
	}
	look_ahead(d, c, ev, false, &look);
	stack_attach(d, c, &look, ev);
	if (d->plan.fmt.has_wakes)
		wake_join(d, c, ev);
	return true;
}

/* __send_ipi_mask() tells how many, not whom: no hit can be made of it. */
static bool vector_blind(struct decoder *d, struct cursor *c)
{
	d->stats.blind_sends++;
	d->stats.blind_hits += load32(c->rec + c->desc->off[FLD_CPU], d->plan.swap);
	return false;
}

/*
 * TLB_FLUSH_ALL is -1UL, of the recorder's size (arch/x86/include/asm/tlbflush.h).
 * Reasons: enum tlb_flush_reason of include/linux/mm_types.h, up to 5.16 of mm.h.
 */
static bool tlb_flush(struct decoder *d, struct cursor *c, struct ipi_event *ev)
{
	const struct ev_desc *desc = c->desc;
	uint32_t reason = load32(c->rec + desc->off[FLD_REASON], d->plan.swap);

	ev->type = IPI_EV_TLB;
	ev->class = reason < TLB_BY_HYPERCALL ? (uint8_t)reason : TLB_NR_REASONS;
	ev->csd = load_long(d, c->rec + desc->off[FLD_PAGES]);
	if (d->plan.long_size == 4 && ev->csd == UINT32_MAX)
		ev->csd = TLB_PAGES_ALL;
	return true;
}

/* hyperv_flush_tlb_multi(), xen_flush_tlb_multi(): addresses of pages of 4 kB, end TLB_FLUSH_ALL for everything. */
static bool tlb_call(struct decoder *d, struct cursor *c, struct ipi_event *ev)
{
	const struct ev_desc *desc = c->desc;
	uint64_t from = load_long(d, c->rec + desc->off[FLD_ADDR]), to = load_long(d, c->rec + desc->off[FLD_END]);
	bool all = to == (d->plan.long_size == 4 ? UINT32_MAX : UINT64_MAX) || to < from;

	ev->type = IPI_EV_TLB;
	ev->class = TLB_BY_HYPERCALL;
	ev->func = load32(c->rec + desc->off[FLD_CPU], d->plan.swap);
	ev->csd = all ? TLB_PAGES_ALL : (to - from) >> 12;
	return true;
}

bool event_decode_rare(struct decoder *d, struct cursor *c, struct ipi_event *ev)
{
	const struct ev_desc *desc = c->desc;
	struct look look;

	switch (desc->op) {
	case OP_WAKE:
		ev->type = IPI_EV_WAKE_NO_IPI;
		ev->target = load32(c->rec + desc->off[FLD_CPU], d->plan.swap);
		if (!is_cpu(ev->target))
			return event_damaged(c);
		look_ahead(d, c, ev, false, &look);
		stack_attach(d, c, &look, ev);
		if (d->plan.fmt.has_wakes)
			wake_join(d, c, ev);
		return true;
	case OP_WAKING:
	case OP_WOKEN:
	case OP_WOKEN_NEW:
		wake_note(d, c, ev);
		return false;
	case OP_IDLE:
		ev->type = IPI_EV_IDLE;
		ev->target = load32(c->rec + desc->off[FLD_STATE], d->plan.swap);
		return load32(c->rec + desc->off[FLD_CPU], d->plan.swap) == ev->cpu;
	case OP_WORK:
	case OP_WORK_END:
	case OP_TIMER:
	case OP_TIMER_END:
		work_note(d, c, ev);
		return false;
	case OP_RAISE:
		return raise_decode(d, c, ev);
	case OP_HANDLER_ENTRY:
		return handler_entry(d, c, ev);
	case OP_HANDLER_EXIT:
		return handler_exit(d, c, ev);
	case OP_IPI_ENTRY:
		return ipi_entry_exit(d, c, ev, true);
	case OP_IPI_EXIT:
		return ipi_entry_exit(d, c, ev, false);
	case OP_VECTOR_CPU:
		return vector_send(d, c, ev);
	case OP_VECTOR_MASK:
		return vector_blind(d, c);
	case OP_TLB_FLUSH:
		return tlb_flush(d, c, ev);
	case OP_TLB_CALL:
		return tlb_call(d, c, ev);
	case OP_PROBE_CALL:
		return probe_call(d, c, ev);
	case OP_PROBE_SEND:
		return probe_send(d, c, ev, false);
	case OP_PROBE_MASK:
		return probe_send(d, c, ev, true);
	default:
		return false;
	}
}
