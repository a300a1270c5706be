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
#include "decode/event.h"

static bool raise_decode(struct decoder *d, struct cursor *c, struct ipi_event *ev)
{
	const struct ev_desc *desc = c->desc;
	struct level_state *level = &c->level[flags_level(ev->flags)];
	struct look look;

	if (level->drop_raise) {
		level->drop_raise = false;
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

static uint8_t irq_class(struct decoder *d, struct cursor *c, bool entry)
{
	const struct ev_desc *desc = c->desc;
	uint32_t irq = load32(c->rec + desc->off[FLD_IRQ], d->plan.swap);
	const char *name = "";
	uint32_t len = 0;

	if (irq < NR_IRQ_MEMO && d->irq_memo[irq] != IRQ_UNKNOWN)
		return d->irq_memo[irq];
	if (entry && desc->off[FLD_NAME] != FLD_NONE) {
		uint32_t loc = load32(c->rec + desc->off[FLD_NAME], d->plan.swap);

		if ((loc & 0xffff) + (loc >> 16) <= c->rec_len) {
			name = (const char *)c->rec + (loc & 0xffff);
			len = strnlen(name, loc >> 16);
		}
	}
	/* An exit has no name: without its entry it stays unknown. */
	return len ? formats_irq_class(&d->plan.fmt, d->irq_memo, irq, name, len) : IRQ_NOT_IPI;
}

static bool handler_entry(struct decoder *d, struct cursor *c, struct ipi_event *ev)
{
	uint32_t irq = load32(c->rec + c->desc->off[FLD_IRQ], d->plan.swap);
	uint8_t class = irq_class(d, c, true);
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
	uint8_t class = irq_class(d, c, false);

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
	struct level_state *level = &c->level[flags_level(ev->flags)];
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
	struct level_state *level = &c->level[flags_level(ev->flags)];
	struct look look;

	ev->type = mask ? IPI_EV_SEND_MASK : IPI_EV_SEND_CPU;
	ev->class = desc->class;
	if (desc->off[FLD_CALLSITE] != FLD_NONE)
		ev->callsite = load64(c->rec + desc->off[FLD_CALLSITE], d->plan.swap);
	if (mask) {
		uint64_t *words = mask_alloc(d, desc->mask_len / 8);

		for (unsigned int i = 0; i < desc->mask_len / 8u; i++)
			words[i] = load64(c->rec + desc->off[FLD_MASK] + i * 8, d->plan.swap);
		ev->mask = words;
		ev->mask_words = desc->mask_len / 8;
	} else {
		/* irq_work is raised on the own CPU only. */
		ev->target = desc->off[FLD_CPU] == FLD_NONE ? ev->cpu :
							      load32(c->rec + desc->off[FLD_CPU], d->plan.swap);
	}
	if (ipi_class_is_call(ev->class)) {
		ev->func = f->generic_call;
		call_name(level, ev);
	}
	look_ahead(d, c, ev, f->has_raise && !f->x86, &look);
	if (look.raise)
		level->drop_raise = true;
	stack_attach(d, c, &look, ev);
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
	ev->class = vector_class(load32(c->rec + desc->off[FLD_VECTOR], d->plan.swap));
	if (ipi_class_is_call(ev->class)) {
		ev->func = d->plan.fmt.generic_call;
		call_name(&c->level[flags_level(ev->flags)], ev);
	}
	look_ahead(d, c, ev, false, &look);
	stack_attach(d, c, &look, ev);
	return true;
}

/* __send_ipi_mask() tells how many, not whom: no hit can be made of it. */
static bool vector_blind(struct decoder *d, struct cursor *c)
{
	d->stats.blind_sends++;
	d->stats.blind_hits += load32(c->rec + c->desc->off[FLD_CPU], d->plan.swap);
	return false;
}

bool event_decode_rare(struct decoder *d, struct cursor *c, struct ipi_event *ev)
{
	const struct ev_desc *desc = c->desc;
	struct look look;

	switch (desc->op) {
	case OP_WAKE:
		ev->type = IPI_EV_WAKE_NO_IPI;
		ev->target = load32(c->rec + desc->off[FLD_CPU], d->plan.swap);
		look_ahead(d, c, ev, false, &look);
		stack_attach(d, c, &look, ev);
		return true;
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
