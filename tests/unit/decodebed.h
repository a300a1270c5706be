/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * decodebed.h - a decoder over hand-built pages, for the decoder's tests.
 */
#ifndef IPITRACE_TESTS_UNIT_DECODEBED_H
#define IPITRACE_TESTS_UNIT_DECODEBED_H

#include "base/compiler.h"
#include "base/err.h"
#include "pagebuf.h"
#include "tap.h"

enum {
	ID_STACK = 4,
	ID_MASK = 353,
	ID_SEND = 354,
	ID_WAKE = 355,
	ID_QUEUE = 529,
	ID_FENTRY = 528,
	ID_FEXIT = 527,
	ID_RES_IN = 155,
	ID_RES_OUT = 154,
	ID_SINGLE_IN = 151,
	ID_SINGLE_OUT = 150,
	ID_RAISE = 224,
	ID_IPI_IN = 226,
	ID_IPI_OUT = 225,
	ID_IRQ_IN = 100,
	ID_IRQ_OUT = 101,
	ID_OTHER = 300,
	ID_P_RESCHED = 1001,
	ID_P_SINGLE = 1002,
	ID_P_MASK = 1003,
	ID_P_QUEUE = 1004,
	ID_HV_ONE = 1005,
	ID_HV_MASK = 1006,
};

#define GENERIC	     0xffffffff81441290ULL
#define TTWU	     0xffffffff813a84a0ULL
#define IRQ_QUEUE_ON 0xffffffff814ca610ULL
#define ADDR(x)	     (0xffffffff81000000ULL + (x))

static const char bed_kallsyms[] = "ffffffff813a84a0 T sched_ttwu_pending\n"
				   "ffffffff813a8600 T after_ttwu\n"
				   "ffffffff81441290 T generic_smp_call_function_single_interrupt\n"
				   "ffffffff814413c0 T __smp_call_single_queue\n"
				   "ffffffff814ca610 T irq_work_queue_on\n"
				   "ffffffff814ca700 T irq_work_needs_cpu\n";

struct bed {
	struct pb b;
	struct pb_formats f;
	struct symtab *sym;
	struct decoder *d;
	struct ipi_event ev[4096];
	int nr;
	unsigned int nr_cpus;
	bool no_sym;
	uint32_t max_stacks;
	bool one_stack;
	const char *const *known; /* callers whose sends have no stacks */
	unsigned int nr_known;
	const char *printk, *interrupts;
	const char *more_kallsyms; /* behind bed_kallsyms; NULL = none */
	char kallsyms[2048];
	struct err err;
};

static inline void bed_format(struct bed *t, const char *system, const char *name, unsigned int id, const char *fields)
{
	pb_format(&t->f, &t->b.m, system, name, id, fields);
}

static inline void bed_common(struct bed *t)
{
	bed_format(t, "ftrace", "kernel_stack", ID_STACK, "size:4 caller:m");
	bed_format(t, "ftrace", "other", ID_OTHER, "x:4");
}

static inline void bed_sends(struct bed *t)
{
	bed_format(t, "ipi", "ipi_send_cpumask", ID_MASK, "cpumask:d callsite:p callback:p");
	bed_format(t, "ipi", "ipi_send_cpu", ID_SEND, "cpu:4 callsite:p callback:p");
	bed_format(t, "sched", "sched_wake_idle_without_ipi", ID_WAKE, "cpu:4");
}

static inline void bed_csd(struct bed *t)
{
	bed_format(t, "csd", "csd_queue_cpu", ID_QUEUE, "cpu:4 callsite:p func:p csd:p");
	bed_format(t, "csd", "csd_function_entry", ID_FENTRY, "func:p csd:p");
	bed_format(t, "csd", "csd_function_exit", ID_FEXIT, "func:p csd:p");
}

static inline void bed_vectors(struct bed *t)
{
	bed_format(t, "irq_vectors", "reschedule_entry", ID_RES_IN, "vector:4");
	bed_format(t, "irq_vectors", "reschedule_exit", ID_RES_OUT, "vector:4");
	bed_format(t, "irq_vectors", "call_function_single_entry", ID_SINGLE_IN, "vector:4");
	bed_format(t, "irq_vectors", "call_function_single_exit", ID_SINGLE_OUT, "vector:4");
}

static inline void bed_arm(struct bed *t)
{
	bed_format(t, "ipi", "ipi_raise", ID_RAISE, "target_cpus:d reason:p");
	bed_format(t, "ipi", "ipi_entry", ID_IPI_IN, "reason:p");
	bed_format(t, "ipi", "ipi_exit", ID_IPI_OUT, "reason:p");
	bed_format(t, "irq", "irq_handler_entry", ID_IRQ_IN, "irq:4 name:d");
	bed_format(t, "irq", "irq_handler_exit", ID_IRQ_OUT, "irq:4 ret:4");
}

static inline struct bed *bed_new(bool big, unsigned int longs)
{
	struct bed *t = calloc(1, sizeof(*t));

	t->b.m.big = big;
	t->b.m.longs = longs;
	t->nr_cpus = 2;
	bed_common(t);
	return t;
}

static inline struct bed *bed_x86(bool big, unsigned int longs)
{
	struct bed *t = bed_new(big, longs);

	bed_sends(t);
	bed_csd(t);
	bed_vectors(t);
	return t;
}

static inline int bed_open(struct bed *t)
{
	struct page_source src = { .next = pb_next, .cut = pb_cut, .ctx = &t->b, .nr_cpus = t->nr_cpus };
	struct decode_meta meta = {
		.big_endian = t->b.m.big,
		.long_size = t->b.m.longs,
		.formats = t->f.f,
		.nr_formats = t->f.nr,
		.printk_formats = t->printk,
		.interrupts = t->interrupts,
		.max_stacks = t->max_stacks,
		.one_stack = t->one_stack,
		.known = t->known,
		.nr_known = t->nr_known,
	};

	int len = snprintf(t->kallsyms, sizeof(t->kallsyms), "%s%s", bed_kallsyms,
			   t->more_kallsyms ? t->more_kallsyms : "");

	t->sym = symtab_new(t->kallsyms, (size_t)len);
	meta.symtab = t->no_sym ? NULL : t->sym;
	return decoder_open(&t->d, &meta, &src, &t->err);
}

/* Everything at once, in batches of the given size (masks live only in one batch). */
static inline int bed_run(struct bed *t, unsigned int batch)
{
	int nr;

	if (bed_open(t))
		return -1;
	while ((unsigned int)t->nr + batch <= ARRAY_SIZE(t->ev) &&
	       (nr = decoder_read(t->d, t->ev + t->nr, batch, NULL, &t->err)) != 0) {
		if (nr < 0)
			return -1;
		t->nr += nr;
	}
	return t->nr;
}

static inline void bed_free(struct bed *t)
{
	decoder_close(t->d);
	symtab_free(t->sym);
	pb_formats_free(&t->f);
	pb_free(&t->b);
	free(t);
}

/* --- records --- */

static inline void rec_send(struct bed *t, uint32_t delta, unsigned int flags, int pid, uint32_t cpu, uint64_t site,
			    uint64_t callback)
{
	struct pb_rec r = pb_rec(&t->b, ID_SEND, flags, pid);

	pb_field(&t->b, &r, cpu, 4);
	pb_field(&t->b, &r, site, t->b.m.longs);
	pb_field(&t->b, &r, callback, t->b.m.longs);
	pb_event(&t->b, delta, &r);
}

static inline void rec_queue(struct bed *t, uint32_t delta, int pid, uint32_t cpu, uint64_t site, uint64_t func,
			     uint64_t csd)
{
	struct pb_rec r = pb_rec(&t->b, ID_QUEUE, 0, pid);

	pb_field(&t->b, &r, cpu, 4);
	pb_field(&t->b, &r, site, t->b.m.longs);
	pb_field(&t->b, &r, func, t->b.m.longs);
	pb_field(&t->b, &r, csd, t->b.m.longs);
	pb_event(&t->b, delta, &r);
}

static inline void rec_func(struct bed *t, unsigned int id, uint32_t delta, uint64_t func, uint64_t csd)
{
	struct pb_rec r = pb_rec(&t->b, id, IPI_FLAG_HARDIRQ, 0);

	pb_field(&t->b, &r, func, t->b.m.longs);
	pb_field(&t->b, &r, csd, t->b.m.longs);
	pb_event(&t->b, delta, &r);
}

/* An event of one int: vectors, wake_idle, irq_handler_exit. */
static inline void rec_int(struct bed *t, unsigned int id, uint32_t delta, unsigned int flags, int pid, uint32_t val)
{
	struct pb_rec r = pb_rec(&t->b, id, flags, pid);

	pb_field(&t->b, &r, val, 4);
	pb_field(&t->b, &r, 0, 4);
	pb_event(&t->b, delta, &r);
}

/* delta: how long unwinding it took. */
static inline void rec_stack_late(struct bed *t, uint32_t delta, unsigned int flags, int pid, unsigned int nr,
				  uint64_t first)
{
	struct pb_rec r = pb_rec(&t->b, ID_STACK, flags, pid);

	pb_field(&t->b, &r, nr, 4);
	for (unsigned int i = 0; i < nr; i++)
		pb_field(&t->b, &r, first + 16 * i, t->b.m.longs);
	pb_event(&t->b, delta, &r);
}

static inline void rec_stack(struct bed *t, unsigned int flags, int pid, unsigned int nr, uint64_t first)
{
	rec_stack_late(t, 0, flags, pid, nr, first);
}

/* ipi_send_cpumask (callback) or ipi_raise (reason, callsite 0): nr longs of mask. */
static inline void rec_mask(struct bed *t, unsigned int id, unsigned int flags, const uint64_t *longs, unsigned int nr,
			    uint64_t site, uint64_t last)
{
	struct pb_rec r = pb_rec(&t->b, id, flags, 7);
	unsigned int len = nr * t->b.m.longs, loc_at = r.len;

	pb_field(&t->b, &r, 0, 4);
	if (id == ID_MASK)
		pb_field(&t->b, &r, site, t->b.m.longs);
	pb_field(&t->b, &r, last, t->b.m.longs);
	pb_put(&t->b, r.bytes + loc_at, len << 16 | r.len, 4);
	for (unsigned int i = 0; i < nr; i++)
		pb_field(&t->b, &r, longs[i], t->b.m.longs);
	pb_event(&t->b, 1, &r);
}

static inline void rec_reason(struct bed *t, unsigned int id, uint32_t delta, uint64_t reason)
{
	struct pb_rec r = pb_rec(&t->b, id, IPI_FLAG_HARDIRQ, 3);

	pb_field(&t->b, &r, reason, t->b.m.longs);
	pb_event(&t->b, delta, &r);
}

static inline void rec_handler(struct bed *t, uint32_t delta, uint32_t irq, const char *name)
{
	struct pb_rec r = pb_rec(&t->b, ID_IRQ_IN, IPI_FLAG_HARDIRQ, 3);
	unsigned int len = (unsigned int)strlen(name) + 1;

	pb_field(&t->b, &r, irq, 4);
	pb_field(&t->b, &r, len << 16 | 16, 4);
	memcpy(r.bytes + r.len, name, len);
	r.len += len;
	pb_event(&t->b, delta, &r);
}

#endif
