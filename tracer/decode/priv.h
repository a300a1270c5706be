/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * decode/priv.h - what the files of the decoder share; no one else includes it.
 *
 *	decode/fields.c	  format texts -> fields
 *	decode/formats.c  event formats -> descriptors by event id, classes by name
 *	decode/page.c	  sub-buffers -> records of interest, one cursor a CPU
 *	decode/native.c   the inner loop for the usual kind of recording
 *	decode/wakes.c	  for which task a wake-up's send is
 *	decode/works.c	  whose work or timer runs
 *	decode/stacks.c	  stack records -> interned stacks
 *	decode/decode.c	  records -> struct ipi_event, merged by time
 *	decode/records.c  records of a table of events -> their fields, merged by time
 */
#ifndef IPITRACE_DECODE_PRIV_H
#define IPITRACE_DECODE_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/compiler.h"
#include "base/err.h"
#include "decode/decode.h"

/* Roles of the fields of a descriptor. */
enum decode_field { FLD_CPU, FLD_CALLSITE, FLD_FUNC, FLD_CSD, NR_FLD };
/* The same places under other names, for other kinds of events. */
#define FLD_MASK   FLD_CPU
#define FLD_IRQ	   FLD_CPU
#define FLD_REASON FLD_FUNC
#define FLD_NAME   FLD_CSD
#define FLD_VECTOR FLD_FUNC
#define FLD_PID	   FLD_FUNC /* of the woken task */
#define FLD_STATE  FLD_FUNC
#define FLD_FLAGS  FLD_CALLSITE /* PROBE_CALL: csd flags */
#define FLD_ADDR   FLD_FUNC
#define FLD_PAGES  FLD_CSD
#define FLD_END	   FLD_CSD
#define FLD_NONE   UINT16_MAX

struct ev_desc {
	uint8_t op; /* enum kevent_op */
	uint8_t class;
	uint8_t rank;	      /* at equal times: 0 = cause, 1 = effect */
	uint16_t min_len;     /* end of the last field used */
	uint16_t off[NR_FLD]; /* FLD_NONE = the event has no such field */
	uint16_t mask_len;    /* PROBE_MASK: bytes of m0, m1, ... */
};

#define CLASS_NONE 0xff

struct reason {
	uint64_t addr;
	uint8_t class;
};

#define NR_IRQ_MEMO 4096 /* irqs of IPIs are low; higher ones are compared by name each time */

/* What formats, symbols and texts say once and for all. */
struct formats {
	struct ev_desc *desc; /* by event id; slot 0 = unknown events */
	unsigned int nr_desc;
	unsigned int off_type, off_flags, off_pid, common_len;
	unsigned int stack_size_off, stack_caller_off;
	uint32_t ops; /* kinds of events that there are, OP_BIT(enum kevent_op); mute ones left out */
	bool has_raise, has_ipi_entry;
	bool has_single_vector; /* x86: single and mask calls have vectors of their own */
	bool x86;
	bool has_wakes;	   /* sched_waking and sched_wakeup are there: decode/wakes.c */
	bool has_works;	   /* works or timers tell when they run: decode/works.c */
	bool pseudo_sends; /* 6.4: ipi_send_* also tell of queued calls */
	struct reason *reasons;
	unsigned int nr_reasons;
	uint64_t generic_call; /* generic_smp_call_function_single_interrupt; 0 = unknown */
	uint64_t ttwu_pending;
	uint64_t wake_new_start, wake_new_end; /* wake_up_new_task */
	uint64_t irqwork_start, irqwork_end;   /* irq_work_queue_on */
	uint8_t irq_lines[32];		       /* classes of IPI0, IPI1, ... of /proc/interrupts */
	unsigned int nr_irq_lines;
	unsigned int irq_base; /* irq number of IPI0 */
	bool irq_base_told;    /* by the recording; else a guess */
};
#define IRQ_UNKNOWN 0xff
#define IRQ_NOT_IPI 0xfe

void formats_init(struct formats *f, const struct decode_meta *meta);
void formats_free(struct formats *f);
struct format_fields;
/* "name: ipi_send_cpu\nID: 354\n": enough for events that are only counted. */
bool formats_head(const struct event_format *format, char *name, size_t size, unsigned int *id);
/* Common fields are the same for all events of a kernel; the first format tells. */
bool formats_common(struct formats *f, const struct format_fields *event);
/* Of an event id; it is there from then on. */
struct ev_desc *formats_slot(struct formats *f, unsigned int id);
unsigned int formats_reason_class(const struct formats *f, uint64_t reason);
/* Class of an irq by number (base: of IPI0) and, at first sight, by name; IRQ_NOT_IPI. */
unsigned int formats_irq_class(const struct formats *f, uint8_t *memo, unsigned int base, uint32_t irq,
			       const char *name, size_t len);
/* All IPIs are named like this one on riscv before 6.18 and arm64: the number tells which it is. */
bool formats_irq_unnamed(const char *name, size_t len);
/* ipi_entry told the class of this irq: exact from now on. */
void formats_irq_learn(uint8_t *memo, uint32_t irq, unsigned int class);

/* --- stacks --- */

struct stacks;
struct stacks *stacks_new(uint32_t max); /* 0 = no limit */
void stacks_free(struct stacks *s);
uint32_t stacks_intern(struct stacks *s, const uint64_t *addrs, unsigned int nr, struct within within, bool left_out);
/* Where the recorder's known callers are; and to a send that has no stack, if it is theirs, what stands for one. */
void known_find(struct decoder *d);
void known_attach(struct decoder *d, struct ipi_event *ev);
uint64_t stacks_dropped(const struct stacks *s);
const struct ipi_stack *stacks_get(const struct stacks *s, uint32_t id);
uint32_t stacks_nr(const struct stacks *s);

/* --- works: by the worker, which may sleep in one and go on elsewhere --- */

struct works;
void works_free(struct works *w);
/* What the task runs from now on; 0 = nothing. *wp: made at the first use. */
void works_note(struct works **wp, int32_t pid, uint64_t func);
/* Events are missing, of whatever CPU: nobody knows what any of them runs. */
void works_forget(struct works *w);
uint64_t works_open(const struct works *w, int32_t pid);

/* --- pages --- */

enum cursor_head {
	HEAD_RECORD, /* rec, rec_len, desc, ts are those of a record of ours */
	HEAD_START,  /* begin of the stream */
	HEAD_GAP,    /* events are missing from here to the HEAD_LOST that follows */
	HEAD_LOST,   /* lost is set */
	HEAD_END,    /* no more data */
	HEAD_LATER,  /* none yet */
};

struct sub_buffer {
	const uint8_t *data, *end;
	uint64_t ts;
	uint64_t lost; /* events lost before it; 0 = none */
	bool cut;      /* commit says more than there is: damaged or truncated */
	bool valid;
};

/* What a level has left open; see decode/decode.c. */
struct level_state {
	uint8_t drop_raise; /* so many ipi_raise to come were already told by their sends */
	uint64_t call_func; /* function of the send to come, 0 = not known */
	uint32_t call_cpu;  /* its target, or CALL_ANY_CPU */
	/* Of the last wake-up: decode/wakes.c. */
	int32_t waker;	   /* the task at work, not the one that an interrupt may wake for */
	int32_t waking;	   /* being woken; 0 = none */
	int32_t queued;	   /* its call was queued, but not sent yet; 0 = none */
	int32_t fresh;	   /* a new task that was woken last; 0 = none */
	uint32_t wake_cpu; /* of the last two */
};

#define CALL_ANY_CPU UINT32_MAX

struct cursor {
	const uint8_t *pos, *end; /* behind the head record */
	uint64_t ts;
	uint64_t key;		    /* ts and rank of the head, for the merge */
	const struct ev_desc *desc; /* of the head record */
	uint32_t rec_len;
	const uint8_t *rec; /* not next to desc: the compiler would keep the two in one vector register */
	enum cursor_head head;
	uint32_t cpu;
	unsigned int idx;
	bool started, ended;
	bool end_told; /* nothing comes behind the HEAD_LOST at the end of all streams */
	bool give_up;  /* the record just decoded is damaged: so is the rest of the page */
	uint64_t lost;
	uint64_t lost_ahead; /* HEAD_GAP was told; HEAD_LOST is to tell of these when the next page begins; 0 = none */
	struct sub_buffer ahead; /* page after this one, when looked at already */
	bool ahead_known;
	uint8_t open_irq;   /* class of the irq_handler_entry not yet left, or CLASS_NONE */
	uint64_t open_func; /* of the csd_function_entry not yet left */
	/* Of the timer_expire_entry not yet left; a task's that another interrupts does not count there. */
	uint64_t open_timer;
	int32_t timer_pid;
	struct within last_within;
	uint32_t last_stack;
	uint32_t last_stack_len;
	uint64_t last_stack_raw[32];
	struct level_state level[IPI_NR_LEVELS];
};

struct mask_block {
	struct mask_block *next;
	size_t nr, used;
	uint64_t words[];
};

/* What decoder_open() found out, and nothing changes: whoever decodes may share it. */
struct decode_plan {
	struct decode_meta meta;
	struct formats fmt;
	bool native; /* this machine's byte order, 64-bit longs, usual common fields */
	bool plain;  /* and each send is told of once: decode/native.c */
	bool swap;
	unsigned int long_size, data_off;
};

/*
 * The plan; the state of each CPU (cursors); what is learned from events, on
 * whatever CPU; and the merge.
 */
struct decoder {
	struct decode_plan plan;
	struct page_source src;
	uint8_t irq_memo[NR_IRQ_MEMO]; /* class of an irq number */
	unsigned int irq_base;
	bool irq_base_known; /* it need not be proven, or cannot */
	struct stacks *stacks;
	struct {
		uint64_t start, end;
	} * known; /* functions whose call sites have no stacks, by choice */
	unsigned int nr_known;
	uint64_t known_callsite; /* the last one, and what stands for its stack */
	uint32_t known_stack;
	struct works *works; /* or NULL */
	uint64_t *counts;    /* by event id */
	struct cursor *cursors;
	struct cursor **heap; /* all but cur that have a head, least key first */
	unsigned int nr_heap;
	struct cursor *cur;
	uint64_t last_key;		       /* what is above is not complete yet */
	uint64_t settled_ns;		       /* no event before this is given any more */
	struct decode_masks own_masks, *masks; /* masks: of the decoder_read() under way */
	uint16_t *used_ids;		       /* events of use */
	unsigned int nr_used_ids;
	struct decode_caps caps;
	struct decode_stats stats;
	uint64_t stacks_attached;
	struct err *err; /* of the decoder_read() under way */
	bool failed;
};

/* decode/decode.c, the steps of opening: what the recording machine is like; whether that is usual; the first heads. */
int decoder_header(struct decoder *d, struct err *err);
void decoder_set_native(struct decoder *d);
int decoder_start(struct decoder *d, struct err *err);

/* The last time that any stream came to. */
uint64_t decoder_end_ns(const struct decoder *d);
/* Next record of ours, or LOST, or the end, into the cursor's head. */
void cursor_advance(struct decoder *d, struct cursor *c);
/* Looks at the page behind the current one without leaving it. NULL at the end. */
const struct sub_buffer *cursor_ahead(struct decoder *d, struct cursor *c);

/* --- loads: everything recorded is unaligned and maybe of another byte order --- */

static inline uint16_t load16(const void *p, bool swap)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return swap ? __builtin_bswap16(v) : v;
}

static inline uint32_t load32(const void *p, bool swap)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return swap ? __builtin_bswap32(v) : v;
}

static inline uint64_t load64(const void *p, bool swap)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return swap ? __builtin_bswap64(v) : v;
}

static inline uint64_t load_long(const struct decoder *d, const void *p)
{
	return d->plan.long_size == 8 ? load64(p, d->plan.swap) : load32(p, d->plan.swap);
}

/* The place of a head in the merge: by time, then by rank. Never 0, so that there is one before each. */
static inline uint64_t head_key(uint64_t ts, unsigned int rank)
{
	return ts * 2 + rank + 1;
}

/*
 * One record of the ring buffer: u32 {type_len:5, time_delta:27}, array[].
 * REC_EVENT has data and len; REC_TIME only moves the clock.
 */
enum rec_kind { REC_EVENT, REC_TIME, REC_STAMP, REC_PAD, REC_PAGE_END, REC_BAD };

struct rec {
	const uint8_t *data, *next;
	uint32_t len;
	uint64_t delta; /* REC_STAMP: the absolute stamp's 59 bits */
};

/*
 * Precondition: p < end. Never reads at or behind end; a record that does not
 * fit is REC_BAD. Bit fields start at the low end on little-endian machines
 * and at the high end on big-endian ones.
 */
static inline __attribute__((always_inline)) enum rec_kind rec_parse(const uint8_t *p, const uint8_t *end, bool swap,
								     bool big, struct rec *r)
{
	uint32_t head, type, array;
	size_t room = (size_t)(end - p);

	if (unlikely(room < 4))
		return REC_BAD;
	head = load32(p, swap);
	type = big ? head >> 27 : head & 31;
	r->delta = big ? head & 0x7ffffff : head >> 5;
	if (likely(type - 1 < 28)) {
		r->len = type * 4;
		r->data = p + 4;
		r->next = r->data + r->len;
		return likely(room - 4 >= r->len) ? REC_EVENT : REC_BAD;
	}
	if (type == 29 && !r->delta)
		return REC_PAGE_END;
	if (room < 8)
		return REC_BAD;
	array = load32(p + 4, swap);
	switch (type) {
	case 0:
		if (array < 4 || array > room - 4)
			return REC_BAD;
		r->len = array - 4;
		r->data = p + 8;
		r->next = r->data + (((uint64_t)r->len + 3) & ~3ULL);
		if (r->next > end)
			r->next = end;
		return REC_EVENT;
	case 29:
		if (array > room - 4)
			return REC_BAD;
		r->next = p + 4 + array;
		return REC_PAD;
	case 30:
		r->delta += (uint64_t)array << 27;
		r->next = p + 8;
		return REC_TIME;
	default:
		r->delta += (uint64_t)array << 27;
		r->next = p + 8;
		return REC_STAMP;
	}
}

#endif
