// SPDX-License-Identifier: GPL-2.0-only
/*
 * capture/userstack-perf.c - perf's records into those of our files.
 *
 * The layout of a record is in include/uapi/linux/perf_event.h; the raw part of
 * a sample is what the trace has of the event, too (include/trace/perf.h).
 */
#include <asm/perf_regs.h>
#include <linux/perf_event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/compiler.h"
#include "base/err.h"
#include "capture/userstack-priv.h"

/* --- registers --- */

#if defined(__x86_64__)
#define PERF_PC PERF_REG_X86_IP
#define PERF_SP PERF_REG_X86_SP
/* By DWARF's number: System V ABI, AMD64 supplement, figure 3.36. */
static const uint8_t dwarf_regs[] = {
	PERF_REG_X86_AX,  PERF_REG_X86_DX,  PERF_REG_X86_CX,  PERF_REG_X86_BX,	PERF_REG_X86_SI,  PERF_REG_X86_DI,
	PERF_REG_X86_BP,  PERF_REG_X86_SP,  PERF_REG_X86_R8,  PERF_REG_X86_R9,	PERF_REG_X86_R10, PERF_REG_X86_R11,
	PERF_REG_X86_R12, PERF_REG_X86_R13, PERF_REG_X86_R14, PERF_REG_X86_R15, PERF_REG_X86_IP,
};
#elif defined(__aarch64__)
#define PERF_PC PERF_REG_ARM64_PC
#define PERF_SP PERF_REG_ARM64_SP
/* DWARF for the Arm 64-bit architecture, 4.1: x0 to x30, sp. */
static const uint8_t dwarf_regs[] = {
	0,  1,	2,  3,	4,  5,	6,  7,	8,  9,	10, 11, 12, 13, 14, 15,
	16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, PERF_REG_ARM64_SP,
};
#else
#define PERF_PC 0
#define PERF_SP 0
#define NO_REGS
static const uint8_t dwarf_regs[] = { 0 };
#endif

uint64_t us_regs_mask(enum userstack_mode mode)
{
	uint64_t mask = 0;

	(void)mode; /* where no registers are known */
#ifndef NO_REGS
	mask = 1ULL << PERF_PC | 1ULL << PERF_SP;
	for (size_t i = 0; mode == USERSTACK_DWARF && i < ARRAY_SIZE(dwarf_regs); i++)
		mask |= 1ULL << dwarf_regs[i];
#endif
	return mask;
}

/* A register among those of the mask, which come in order of their numbers. */
static uint64_t reg_value(const uint64_t *values, uint64_t mask, unsigned int reg)
{
	return values[__builtin_popcountll(mask & ((1ULL << reg) - 1))];
}

/* --- samples --- */

/* What is left of a record. Numbers beyond its end are 0. */
struct in {
	const char *p, *end;
};

static const void *take(struct in *in, size_t len)
{
	const void *p = in->p;

	if ((size_t)(in->end - in->p) < len) {
		in->p = in->end;
		return NULL;
	}
	in->p += len;
	return p;
}

static uint32_t take32(struct in *in)
{
	const void *p = take(in, 4);
	uint32_t v = 0;

	if (p)
		memcpy(&v, p, sizeof(v));
	return v;
}

static uint64_t take64(struct in *in)
{
	const void *p = take(in, 8);
	uint64_t v = 0;

	if (p)
		memcpy(&v, p, sizeof(v));
	return v;
}

static uint64_t field(const char *raw, size_t len, uint32_t offset, size_t size)
{
	uint64_t v64;
	uint32_t v32;

	if (!raw || offset == FIELD_NONE || offset + size > len)
		return 0;
	if (size == 8) {
		memcpy(&v64, raw + offset, sizeof(v64));
		return v64;
	}
	memcpy(&v32, raw + offset, sizeof(v32));
	return v32;
}

/* Which tracepoint it was, and what the trace has of it, too. False: none of ours. */
static bool take_raw(const struct userstack *u, struct us_sample *s, struct in *in)
{
	size_t len = take32(in);
	const char *raw = take(in, len);
	uint16_t type;

	if (!raw || len < 8)
		return false;
	memcpy(&type, raw, sizeof(type));
	for (unsigned int i = 0; i < u->nr_events; i++) {
		const struct us_event *ev = &u->events[i];

		if (ev->id != type)
			continue;
		s->at = (uint8_t)ev->at;
		s->trace_pid = (int32_t)field(raw, len, 4, 4);
		s->callsite = field(raw, len, ev->callsite, sizeof(long));
		s->target = ev->target == FIELD_NONE ? UINT32_MAX : (uint32_t)field(raw, len, ev->target, 4);
		return true;
	}
	return false;
}

static void take_regs(const struct userstack *u, struct us_sample *s, uint64_t *regs, struct in *in)
{
	uint64_t mask = us_regs_mask(u->config.mode), abi = take64(in);
	uint64_t values[64] = { 0 };

	if (abi == PERF_SAMPLE_REGS_ABI_NONE)
		return;
	for (int i = 0; i < __builtin_popcountll(mask); i++)
		values[i] = take64(in);
	s->flags |= abi == PERF_SAMPLE_REGS_ABI_64 ? US_USER : US_USER | US_COMPAT;
	s->pc = reg_value(values, mask, PERF_PC);
	s->sp = reg_value(values, mask, PERF_SP);
	if (u->config.mode != USERSTACK_DWARF || s->flags & US_COMPAT)
		return;
	s->nr_regs = ARRAY_SIZE(dwarf_regs);
	for (size_t i = 0; i < ARRAY_SIZE(dwarf_regs); i++)
		regs[i] = reg_value(values, mask, dwarf_regs[i]);
}

/* Loops send from one place: then the stack is what it was, and is kept once. */
static bool same_stack(struct us_cpu *c, const struct us_sample *s, const void *stack)
{
	if (c->stack_len == s->stack_len && c->stack_sp == s->sp && c->stack_tid == s->tid &&
	    !memcmp(c->stack, stack, s->stack_len))
		return true;
	memcpy(c->stack, stack, s->stack_len);
	c->stack_len = s->stack_len;
	c->stack_sp = s->sp;
	c->stack_tid = s->tid;
	return false;
}

static const void *take_stack(struct us_sample *s, struct in *in)
{
	uint64_t room = take64(in);
	const void *stack = room ? take(in, room) : NULL;
	uint64_t dyn = stack ? take64(in) : 0;

	if (dyn > room || s->flags & US_COMPAT)
		dyn = 0;
	s->stack_len = (uint32_t)dyn;
	return stack;
}

int us_take_sample(struct userstack *u, struct us_cpu *c, const struct perf_event_header *h, struct err *err)
{
	struct in in = { (const char *)(h + 1), (const char *)h + h->size };
	uint64_t regs[USERSTACK_NR_REGS] = { 0 };
	struct us_sample s = { 0 };
	const char *chain = NULL;
	const void *stack = NULL;
	size_t pad;

	s.pid = (int32_t)take32(&in);
	s.tid = (int32_t)take32(&in);
	s.ts_ns = take64(&in);
	take64(&in); /* the CPU, which is this ring's */
	if (u->config.mode == USERSTACK_FP) {
		s.nr_chain = (uint32_t)take64(&in);
		chain = take(&in, (size_t)s.nr_chain * 8);
	}
	if (!take_raw(u, &s, &in))
		return 0;
	c->nr_samples++;
	take_regs(u, &s, regs, &in);
	if (u->config.mode == USERSTACK_DWARF)
		stack = take_stack(&s, &in);
	if (!chain)
		s.nr_chain = 0;
	if (s.stack_len && same_stack(c, &s, stack))
		s.flags |= US_SAME_STACK;
	s.len = (uint32_t)(sizeof(s) + s.nr_regs * 8u + s.nr_chain * 8u);
	if (!(s.flags & US_SAME_STACK))
		s.len += (s.stack_len + 7) & ~7u;
	pad = (8 - s.stack_len % 8) % 8;
	if (us_file_put(&c->samples, &s, sizeof(s), err) || us_file_put(&c->samples, regs, s.nr_regs * 8u, err) ||
	    us_file_put(&c->samples, chain, s.nr_chain * 8u, err))
		return -1;
	if (!s.stack_len || s.flags & US_SAME_STACK)
		return 0;
	return us_file_put(&c->samples, stack, s.stack_len, err) ||
			       us_file_put(&c->samples, "\0\0\0\0\0\0\0", pad, err) ?
		       -1 :
		       0;
}

/* --- side-band --- */

int us_put_side(struct us_file *f, struct us_side *s, const char *text, struct err *err)
{
	size_t len = strlen(text) + 1, pad = (8 - len % 8) % 8;

	s->len = (uint32_t)(sizeof(*s) + len + pad);
	return us_file_put(f, s, sizeof(*s), err) || us_file_put(f, text, len, err) ||
			       us_file_put(f, "\0\0\0\0\0\0\0", pad, err) ?
		       -1 :
		       0;
}

/* sample_id_all: TID, TIME, CPU stand at the end. */
static uint64_t side_time(const struct perf_event_header *h)
{
	uint64_t ts = 0;

	if (h->size >= sizeof(*h) + 24)
		memcpy(&ts, (const char *)h + h->size - 16, sizeof(ts));
	return ts;
}

static const char *take_map(struct us_side *s, const struct perf_event_header *h, struct in *in)
{
	s->type = USERSTACK_MAP;
	s->pid = (int32_t)take32(in);
	take32(in);
	s->addr = take64(in);
	s->map_len = take64(in);
	s->offset = take64(in);
	if (h->misc & PERF_RECORD_MISC_MMAP_BUILD_ID) {
		const uint8_t *id = take(in, 24);

		s->build_id_len = id ? id[0] : 0;
		if (s->build_id_len > 20)
			s->build_id_len = 0;
		if (id)
			memcpy(s->build_id, id + 4, s->build_id_len);
	} else {
		s->dev_major = take32(in);
		s->dev_minor = take32(in);
		s->ino = take64(in);
		take64(in); /* generation */
	}
	take64(in); /* protection, flags */
	return memchr(in->p, '\0', (size_t)(in->end - in->p)) ? in->p : NULL;
}

/* A process, or a thread: then it is its own parent. */
static void take_task(struct us_side *s, enum userstack_side_type type, struct in *in)
{
	s->type = type;
	s->pid = (int32_t)take32(in);
	s->parent = (int32_t)take32(in);
}

int us_take_side(struct us_cpu *c, const struct perf_event_header *h, struct err *err)
{
	struct in in = { (const char *)(h + 1), (const char *)h + h->size };
	struct us_side s = { .ts_ns = side_time(h) };
	const char *text = "";

	switch (h->type) {
	case PERF_RECORD_LOST:
		take64(&in);
		c->side_lost += take64(&in);
		return 0;
	case PERF_RECORD_MMAP2:
		text = take_map(&s, h, &in);
		break;
	case PERF_RECORD_COMM:
		if (!(h->misc & PERF_RECORD_MISC_COMM_EXEC))
			return 0;
		s.type = USERSTACK_EXEC;
		s.pid = (int32_t)take32(&in);
		break;
	case PERF_RECORD_FORK:
		take_task(&s, USERSTACK_FORK, &in);
		break;
	case PERF_RECORD_EXIT:
		take_task(&s, USERSTACK_EXIT, &in);
		break;
	default:
		return 0;
	}
	return text ? us_put_side(&c->side, &s, text, err) : 0;
}
