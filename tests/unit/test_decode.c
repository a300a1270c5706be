// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_decode.c - pages, times, losses, masks, stacks, order: bytes in, events out.
 */
#include "base/compiler.h"
#include "decodebed.h"

static const struct pb_machine machines[] = { { false, 8 }, { true, 8 }, { false, 4 }, { true, 4 } };

static uint64_t ptr(const struct bed *t, uint64_t val)
{
	return t->b.m.longs == 8 ? val : (uint32_t)val;
}

/* One call and its interrupt on two CPUs, the same whatever recorded it. */
static void test_machines(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(machines); i++) {
		const struct pb_machine *m = &machines[i];
		struct bed *t = bed_x86(m->big, m->longs);
		const char *what = m->big ? "big-endian" : "little-endian";
		/* Addresses of 32-bit machines are short; the test's symbols are not. */
		uint64_t generic = m->longs == 8 ? GENERIC : 0xc0001000;

		t->no_sym = m->longs == 4;
		pb_page(&t->b, 0, 1000);
		rec_queue(t, 0, 42, 1, ADDR(0x33), ADDR(0x100), ADDR(0x200));
		rec_send(t, 10, IPI_FLAG_IRQS_OFF, 42, 1, ADDR(0x33), generic);
		pb_page(&t->b, 1, 1015);
		rec_int(t, ID_SINGLE_IN, 0, IPI_FLAG_HARDIRQ, 0, 251);
		rec_func(t, ID_FENTRY, 5, ADDR(0x100), ADDR(0x200));
		rec_func(t, ID_FEXIT, 5, ADDR(0x100), ADDR(0x200));
		rec_int(t, ID_SINGLE_OUT, 5, IPI_FLAG_HARDIRQ, 0, 251);
		is_u64(bed_run(t, 3), 8, "%s, longs of %u: 6 events and 2 starts", what, m->longs);
		is_u64(t->ev[0].type, IPI_EV_CPU_START, "start of CPU 0");
		is_u64(t->ev[1].type, IPI_EV_QUEUE, "queue");
		is_u64(t->ev[1].ts_ns, 1000, "time of the page");
		is_u64(t->ev[1].csd, ptr(t, ADDR(0x200)), "csd");
		is_u64(t->ev[1].func, ptr(t, ADDR(0x100)), "function");
		is_u64(t->ev[1].callsite, ptr(t, ADDR(0x33)), "call site");
		is_u64(t->ev[1].target, 1, "target");
		is_u64((uint64_t)t->ev[1].pid, 42, "pid");
		is_u64(t->ev[2].type, IPI_EV_SEND_CPU, "send");
		is_u64(t->ev[2].class, IPI_CLASS_CALL_SINGLE, "its class");
		is_u64(t->ev[2].flags, IPI_FLAG_IRQS_OFF, "its flags");
		is_u64(t->ev[2].ts_ns, 1010, "its time");
		is_u64(t->ev[3].type, IPI_EV_CPU_START, "start of CPU 1");
		is_u64(t->ev[4].type, IPI_EV_IRQ_ENTRY, "entry");
		is_u64(t->ev[4].cpu, 1, "on CPU 1");
		is_u64(t->ev[7].type, IPI_EV_IRQ_EXIT, "exit");
		is_u64(t->ev[7].ts_ns, 1030, "deltas add up");
		is_u64(decoder_caps(t->d)->evidence.tier, TIER_EXACT, "tier exact");
		bed_free(t);
	}
}

static void test_times(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(machines); i++) {
		struct bed *t = bed_x86(machines[i].big, machines[i].longs);

		pb_page(&t->b, 0, (3ULL << 59) + 5000);
		rec_int(t, ID_RES_IN, 0, 8, 0, 253);
		pb_extend(&t->b, 5ULL << 30);
		rec_int(t, ID_RES_OUT, 7, 8, 0, 253);
		pb_padding(&t->b, 100, 24);
		rec_int(t, ID_RES_IN, 1, 8, 0, 253);
		pb_stamp(&t->b, 5000 + (6ULL << 30));
		rec_int(t, ID_RES_OUT, 0, 8, 0, 253);
		pb_stamp(&t->b, 4000);
		rec_int(t, ID_RES_IN, 2, 8, 0, 253);
		pb_head(&t->b, 29, 0);
		pb_word(&t->b, 0xdeadbeef, 4);
		is_u64(bed_run(t, 64), 6, "events between time records, machine %u", i);
		is_u64(t->ev[1].ts_ns - (3ULL << 59), 5000, "page time");
		is_u64(t->ev[2].ts_ns - t->ev[1].ts_ns, (5ULL << 30) + 7, "time extend");
		is_u64(t->ev[3].ts_ns - t->ev[2].ts_ns, 101, "padding moves the clock");
		is_u64(t->ev[4].ts_ns, (3ULL << 59) + 5000 + (6ULL << 30), "absolute, top bits from the page");
		is_u64(t->ev[5].ts_ns, t->ev[4].ts_ns + 2, "an absolute stamp never goes back");
		is_u64(decoder_stats(t->d)->bad_pages, 0, "no damage");
		bed_free(t);
	}
}

static void test_lost(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(machines); i++) {
		struct bed *t = bed_x86(machines[i].big, machines[i].longs);
		struct pb_page *page;

		t->nr_cpus = 1;
		pb_page(&t->b, 0, 100);
		rec_int(t, ID_RES_IN, 0, 8, 0, 253);
		pb_page(&t->b, 0, 200);
		rec_int(t, ID_RES_OUT, 0, 8, 0, 253);
		pb_lost(&t->b, 4300);
		pb_page(&t->b, 0, 300);
		rec_int(t, ID_RES_IN, 0, 8, 0, 253);
		pb_lost(&t->b, -1);
		/* Stored, says the flag, but the page has no room behind its data. */
		pb_page(&t->b, 0, 400);
		rec_int(t, ID_RES_OUT, 0, 8, 0, 253);
		pb_lost(&t->b, 7);
		page = pb_cur(&t->b);
		page->size = page->len + t->b.m.longs - 1;
		/* More than a machine has ever recorded: the sum of some would begin at 0 again. */
		pb_page(&t->b, 0, 500);
		rec_int(t, ID_RES_IN, 0, 8, 0, 253);
		pb_lost(&t->b, 1ll << 62);
		is_u64(bed_run(t, 5), 14, "5 events, a start, begin and end of 4 losses, machine %u", i);
		is_u64(t->ev[2].type, IPI_EV_GAP, "a gap begins");
		is_u64(t->ev[2].ts_ns, 100, "behind the last event before it");
		is_u64(t->ev[3].type, IPI_EV_LOST, "loss in band");
		is_u64(t->ev[3].lost, 4300, "with its number");
		is_u64(t->ev[3].ts_ns, 200, "at the time of the page");
		is_u64(t->ev[6].lost, IPI_LOST_UNKNOWN, "unknown where not stored");
		is_u64(t->ev[9].lost, IPI_LOST_UNKNOWN, "unknown where there was no room");
		is_u64(t->ev[10].type, IPI_EV_IRQ_EXIT, "the event behind the loss");
		is_u64(t->ev[12].lost, IPI_LOST_UNKNOWN, "unknown where it cannot be");
		bed_free(t);
	}
}

/* What a cut file does not have of a CPU is a gap up to the end of all, of a CPU without any data from their begin. */
static void test_cut(void)
{
	static const struct {
		unsigned int cpu, type;
		uint64_t ts_ns;
	} want[] = {
		{ 0, IPI_EV_CPU_START, 100 }, { 2, IPI_EV_GAP, 100 },	    { 0, IPI_EV_IRQ_ENTRY, 101 },
		{ 0, IPI_EV_GAP, 101 },	      { 1, IPI_EV_CPU_START, 300 }, { 1, IPI_EV_IRQ_ENTRY, 301 },
		{ 0, IPI_EV_LOST, 301 },      { 2, IPI_EV_LOST, 301 },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(machines); i++) {
		struct bed *t = bed_x86(machines[i].big, machines[i].longs);

		t->nr_cpus = 3;
		t->b.cut = 1 << 0 | 1 << 2;
		pb_page(&t->b, 0, 100);
		rec_int(t, ID_RES_IN, 1, 8, 0, 253);
		pb_page(&t->b, 1, 300);
		rec_int(t, ID_RES_IN, 1, 8, 0, 253);
		is_u64(bed_run(t, 3), ARRAY_SIZE(want), "streams 0 and 2 are cut, machine %u", i);
		for (unsigned int j = 0; j < ARRAY_SIZE(want); j++) {
			is_u64(t->ev[j].cpu, want[j].cpu, "CPU of event %u", j);
			is_u64(t->ev[j].type, want[j].type, "what it is");
			is_u64(t->ev[j].ts_ns, want[j].ts_ns, "when");
		}
		is_u64(t->ev[6].lost, IPI_LOST_UNKNOWN, "nobody knows how many");
		bed_free(t);
	}
}

static void test_bad_pages(void)
{
	struct bed *t = bed_x86(false, 8);
	struct pb_page *page;

	t->nr_cpus = 1;
	pb_page(&t->b, 0, 100); /* empty */
	pb_page(&t->b, 0, 200);
	rec_int(t, ID_RES_IN, 0, 8, 0, 253);
	pb_head(&t->b, 28, 5);	/* longer than the page's data */
	pb_page(&t->b, 0, 150); /* earlier than the one before */
	rec_int(t, ID_RES_IN, 0, 8, 0, 253);
	pb_page(&t->b, 0, 300); /* shorter than its commit says */
	rec_int(t, ID_RES_OUT, 0, 8, 0, 253);
	rec_int(t, ID_RES_IN, 1, 8, 0, 253);
	page = pb_cur(&t->b);
	page->size = page->len - 4;
	pb_page(&t->b, 0, 400); /* shorter than a header */
	pb_cur(&t->b)->size = 11;
	pb_page(&t->b, 0, 500);
	rec_int(t, ID_RES_OUT, 3, 8, 0, 253);
	is_u64(bed_run(t, 64), 8, "good parts of bad pages");
	is_u64(decoder_stats(t->d)->bad_pages, 4, "four bad pages");
	is_u64(t->ev[1].ts_ns, 200, "first part of a damaged page");
	is_u64(t->ev[2].type, IPI_EV_GAP, "then a gap");
	is_u64(t->ev[2].ts_ns, 200, "from there");
	is_u64(t->ev[3].type, IPI_EV_LOST, "to the next page that is good, over one that goes back");
	is_u64(t->ev[3].lost, IPI_LOST_UNKNOWN, "of unknown size");
	is_u64(t->ev[3].ts_ns, 300, "where that begins");
	is_u64(t->ev[4].ts_ns, 300, "first part of a cut page");
	is_u64(t->ev[7].ts_ns, 503, "behind the damage");
	bed_free(t);

	t = bed_x86(false, 8);
	t->b.fail_at_end = true;
	pb_page(&t->b, 0, 1);
	rec_int(t, ID_RES_IN, 0, 8, 0, 253);
	ok(bed_run(t, 64) == -1 && t->err.code, "damage in the source is an error");
	bed_free(t);
}

static void test_masks(void)
{
	static const struct {
		uint64_t longs[4];
		unsigned int nr;
	} masks[] = {
		{ { 0 }, 0 },
		{ { 0 }, 1 },
		{ { 4 }, 1 },
		{ { UINT32_MAX }, 1 },
		{ { 0x80000001, 0x80000001, 1 }, 3 },
		{ { 0, 0, 0, 0x80000000 }, 4 },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(machines) * ARRAY_SIZE(masks); i++) {
		const struct pb_machine *m = &machines[i / ARRAY_SIZE(masks)];
		unsigned int which = i % ARRAY_SIZE(masks), bits = m->longs * 8, same = 0;
		struct bed *t = bed_x86(m->big, m->longs);

		t->no_sym = true;
		pb_page(&t->b, 0, 100);
		rec_mask(t, ID_MASK, 0, masks[which].longs, masks[which].nr, ADDR(1), ADDR(2));
		bed_run(t, 64);
		is_u64(t->ev[1].type, IPI_EV_SEND_MASK, "mask %u, machine %u", which, i / 6);
		is_u64(t->ev[1].class, IPI_CLASS_CALL, "its class");
		for (unsigned int cpu = 0; cpu < masks[which].nr * bits; cpu++)
			same += (masks[which].longs[cpu / bits] >> cpu % bits & 1) ==
				(t->ev[1].mask[cpu / 64] >> cpu % 64 & 1);
		is_u64(same, masks[which].nr * bits, "every bit at its CPU");
		is_u64(t->ev[1].mask_words, (masks[which].nr * m->longs + 7) / 8, "words");
		bed_free(t);
	}
}

static void test_mask_damage(void)
{
	struct bed *t = bed_x86(false, 8);
	struct pb_rec r = pb_rec(&t->b, ID_MASK, 0, 1);

	pb_page(&t->b, 0, 100);
	pb_field(&t->b, &r, 64u << 16 | 32, 4); /* 64 bytes at 32, and there are 8 */
	pb_field(&t->b, &r, 1, 8);
	pb_field(&t->b, &r, 2, 8);
	pb_field(&t->b, &r, 3, 8);
	pb_event(&t->b, 0, &r);
	rec_int(t, ID_RES_IN, 0, 8, 0, 253);
	is_u64(bed_run(t, 64), 3, "a mask that leaves its record");
	is_u64(t->ev[1].type, IPI_EV_GAP, "is damage");
	is_u64(t->ev[2].type, IPI_EV_LOST, "to the end of the stream");
	is_u64(decoder_stats(t->d)->bad_pages, 1, "and counted");
	bed_free(t);
}

static void test_stacks(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(machines); i++) {
		struct bed *t = bed_x86(machines[i].big, machines[i].longs);
		const struct ipi_stack *stack;

		pb_page(&t->b, 0, 100);
		rec_send(t, 0, 0, 7, 1, ADDR(1), 0); /* 1: at once */
		rec_stack(t, 0, 7, 5, ADDR(0x1000));
		rec_send(t, 1, 0, 7, 1, ADDR(1), 0);		    /* 2: behind an interrupt */
		rec_int(t, ID_RES_IN, 1, IPI_FLAG_HARDIRQ, 7, 253); /* 3 */
		rec_send(t, 1, IPI_FLAG_HARDIRQ, 7, 1, ADDR(2), 0); /* 4: within it */
		rec_stack(t, IPI_FLAG_HARDIRQ, 7, 40, ADDR(0x2000));
		rec_int(t, ID_RES_OUT, 1, IPI_FLAG_HARDIRQ, 7, 253); /* 5 */
		rec_stack(t, 0, 7, 5, ADDR(0x1000));
		rec_send(t, 1, 0, 7, 1, ADDR(1), 0); /* 6: none, another task's follows */
		rec_stack(t, 0, 8, 3, ADDR(0x3000));
		rec_send(t, 1, 0, 7, 1, ADDR(1), 0); /* 7: none, an event comes first */
		rec_int(t, ID_OTHER, 0, 0, 7, 0);
		rec_stack(t, 0, 7, 3, ADDR(0x3000));
		rec_send(t, 1, 0, 7, 1, ADDR(1), 0); /* 8: on the next page */
		pb_page(&t->b, 0, 200);
		rec_stack(t, 0, 7, 5, ADDR(0x1000));
		rec_send(t, 1, 0, 7, 1, ADDR(1), 0); /* 9: the next page has a gap */
		pb_page(&t->b, 0, 300);
		rec_stack(t, 0, 7, 5, ADDR(0x1000));
		pb_lost(&t->b, 3);
		rec_send(t, 1, 0, 7, 1, ADDR(1), 0); /* 11: its commit woke the reader */
		pb_lost(&t->b, 3);
		rec_send(t, 1, 0, 7, 0, ADDR(4), ADDR(5)); /* 12: by this */
		pb_lost(&t->b, 3);
		rec_stack(t, 0, 7, 2, ADDR(0x4000));
		pb_lost(&t->b, 3);
		rec_stack(t, 0, 7, 5, ADDR(0x1000));
		pb_lost(&t->b, 3);
		is_u64(bed_run(t, 2), 14, "events among stacks, machine %u", i);
		is_u64(t->ev[1].stack, 1, "the first stack");
		stack = decoder_stack(t->d, 1);
		is_u64(stack->nr, 5, "its frames");
		is_u64(stack->addrs[4], ptr(t, ADDR(0x1040)), "the outermost");
		is_u64(t->ev[2].stack, 1, "behind a nested interrupt, equal to the first");
		is_u64(t->ev[4].stack, 2, "of the nested send");
		is_u64(decoder_stack(t->d, 2)->nr, 40, "40 frames");
		is_u64(t->ev[6].stack, IPI_STACK_NONE, "another task's stack is not taken");
		is_u64(t->ev[7].stack, IPI_STACK_NONE, "another event's stack is not taken");
		is_u64(t->ev[8].stack, 1, "on the next page");
		is_u64(t->ev[9].stack, IPI_STACK_NONE, "not across a gap");
		is_u64(t->ev[12].stack, 1, "behind the send of its own wake-up");
		is_u64(t->ev[13].stack, 3, "and that one's");
		is_u64(decoder_nr_stacks(t->d), 3, "three different ones");
		is_u64(decoder_stats(t->d)->stacks, 6, "six attached");
		ok(!decoder_stack(t->d, 0) && !decoder_stack(t->d, 4), "no other ids");
		bed_free(t);
	}
}

/* For a tracer that runs for days: equal stacks are found, different ones are counted and left. */
static void test_stack_limit(void)
{
	struct bed *t = bed_x86(false, 8);

	t->max_stacks = 2;
	pb_page(&t->b, 0, 100);
	for (unsigned int i = 0; i < 3; i++) {
		rec_send(t, 1, 0, 7, 1, ADDR(1), 0);
		rec_stack(t, 0, 7, 3, ADDR(0x1000 * (1 + i)));
	}
	rec_send(t, 1, 0, 7, 1, ADDR(1), 0);
	rec_stack(t, 0, 7, 3, ADDR(0x1000));
	is_u64(bed_run(t, 64), 5, "events with more stacks than are kept");
	is_u64(t->ev[2].stack, 2, "the last one that is kept");
	is_u64(t->ev[3].stack, IPI_STACK_NONE, "one too many");
	ok(t->ev[3].sent_ns, "which still says when its send went on");
	is_u64(t->ev[4].stack, 1, "an equal one is found");
	is_u64(decoder_nr_stacks(t->d), 2, "two are kept");
	is_u64(decoder_stats(t->d)->stacks_dropped, 1, "one is not");
	bed_free(t);
}

/* Of a known caller there is the call site in place of a stack, and nobody else's is made up. */
static void test_known_callers(void)
{
	static const char *const known[] = { "not_in_this_kernel", "sched_ttwu_pending" };
	const uint64_t sent[] = { TTWU + 8, TTWU + 0x15f, TTWU + 0x160, TTWU - 1, TTWU + 8, ADDR(1) };

	for (unsigned int told = 0; told < 2; told++) {
		struct bed *t = bed_x86(false, 8);
		const struct ipi_stack *stack;

		t->known = known;
		t->nr_known = told ? ARRAY_SIZE(known) : 0;
		pb_page(&t->b, 0, 100);
		for (unsigned int i = 0; i < ARRAY_SIZE(sent); i++)
			rec_send(t, 1, 0, 7, 1, sent[i], 0);
		rec_stack(t, 0, 7, 3, ADDR(0x1000));
		rec_queue(t, 0, 7, 1, TTWU + 8, ADDR(0x100), ADDR(0x200));
		is_u64(bed_run(t, 64), 8, "sends of known callers");
		stack = decoder_stack(t->d, t->ev[1].stack);
		ok(!!stack == told, "one that has none");
		if (stack)
			ok(stack->left_out && stack->nr == 1 && stack->addrs[0] == TTWU + 8,
			   "its call site, by choice");
		is_u64(t->ev[1].sent_ns, 0, "no stack was unwound");
		ok(!!t->ev[2].stack == told, "from the last byte of the function");
		is_u64(t->ev[3].stack, IPI_STACK_NONE, "the next function is another one");
		is_u64(t->ev[4].stack, IPI_STACK_NONE, "and so is the one before");
		is_u64(t->ev[5].stack, t->ev[1].stack, "equal ones are one");
		stack = decoder_stack(t->d, t->ev[6].stack);
		ok(stack && !stack->left_out && stack->nr == 3, "an unknown caller has its stack");
		is_u64(t->ev[7].stack, IPI_STACK_NONE, "a queued call is no send");
		is_u64(decoder_stats(t->d)->stacks, 1, "one stack");
		is_u64(decoder_stats(t->d)->stacks_left_out, told ? 3 : 0, "three left out, if it is said");
		bed_free(t);
	}
}

/* The stamp of an event's last stack, over all that may stand between the two; of the first where there is no other. */
static void stack_stamps(bool one)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(machines); i++) {
		struct bed *t = bed_x86(machines[i].big, machines[i].longs);

		t->nr_cpus = 1;
		t->one_stack = one;
		pb_page(&t->b, 0, 100);
		rec_send(t, 1, 0, 7, 1, ADDR(1), 0); /* 1: 101 */
		rec_stack_late(t, 5, 0, 7, 5, ADDR(0x1000));
		rec_send(t, 1, 0, 7, 1, ADDR(1), 0); /* 2: 107, an interrupt comes between */
		rec_int(t, ID_RES_IN, 1, IPI_FLAG_HARDIRQ, 7, 253);
		rec_send(t, 1, IPI_FLAG_HARDIRQ, 7, 1, ADDR(2), 0); /* 4: 109 */
		rec_stack_late(t, 2, IPI_FLAG_HARDIRQ, 7, 4, ADDR(0x2000));
		rec_int(t, ID_RES_OUT, 1, IPI_FLAG_HARDIRQ, 7, 253);
		rec_stack_late(t, 3, 0, 7, 5, ADDR(0x1000)); /* 115 */
		rec_send(t, 1, 0, 7, 1, ADDR(1), 0);	     /* 6: 116, a long time */
		pb_extend(&t->b, 1ULL << 30);
		rec_stack_late(t, 4, 0, 7, 5, ADDR(0x1000));
		pb_stamp(&t->b, 5ULL << 30);
		rec_send(t, 1, 0, 7, 1, ADDR(1), 0); /* 7: an absolute stamp */
		pb_stamp(&t->b, 6ULL << 30);
		rec_stack_late(t, 2, 0, 7, 5, ADDR(0x1000));
		rec_send(t, 1, 0, 7, 1, ADDR(1), 0); /* 8: two stacks, the last counts */
		rec_stack_late(t, 2, 0, 7, 5, ADDR(0x1000));
		rec_stack_late(t, 3, 0, 7, 6, ADDR(0x4000));
		rec_send(t, 1, 0, 7, 1, ADDR(1), 0);	   /* 9: its commit woke the reader */
		rec_send(t, 1, 0, 7, 0, ADDR(4), ADDR(5)); /* 10: by this */
		rec_stack_late(t, 2, 0, 7, 2, ADDR(0x4000));
		rec_stack_late(t, 3, 0, 7, 5, ADDR(0x1000));
		rec_queue(t, 1, 7, 1, ADDR(1), ADDR(6), ADDR(7)); /* 11: a call's, over the end of the page */
		pb_page(&t->b, 0, 7ULL << 30);
		rec_stack_late(t, 4, 0, 7, 5, ADDR(0x1000));
		rec_send(t, 1, 0, 7, 1, ADDR(1), 0); /* 12: none */
		rec_int(t, ID_RES_IN, 1, 0, 7, 253);
		rec_send(t, 1, 0, 7, 1, ADDR(1), 0); /* 14: two stacks, and an interrupt between them */
		rec_stack_late(t, 2, 0, 7, 5, ADDR(0x1000));
		rec_int(t, ID_RES_IN, 1, IPI_FLAG_HARDIRQ, 7, 253);
		rec_int(t, ID_RES_OUT, 1, IPI_FLAG_HARDIRQ, 7, 253);
		rec_stack_late(t, 3, 0, 7, 6, ADDR(0x4000));
		rec_send(t, 1, 0, 7, 1, ADDR(1), 0); /* 17: one, and an interrupt behind it */
		rec_stack_late(t, 2, 0, 7, 5, ADDR(0x1000));
		rec_int(t, ID_RES_IN, 1, IPI_FLAG_HARDIRQ, 7, 253);
		rec_stack_late(t, 3, IPI_FLAG_HARDIRQ, 7, 5, ADDR(0x1000));
		is_u64(bed_run(t, 3), 19, "stamps of stacks, machine %u", i);
		is_u64(t->ev[1].sent_ns, 106, "at once");
		is_u64(t->ev[2].sent_ns, 115, "behind an interrupt");
		is_u64(t->ev[4].sent_ns, 111, "within it");
		is_u64(t->ev[6].sent_ns, 116 + (1ULL << 30) + 4, "behind a time extension");
		is_u64(t->ev[7].sent_ns, (6ULL << 30) + 2, "behind an absolute stamp");
		is_u64(t->ev[8].sent_ns, t->ev[8].ts_ns + (one ? 2 : 5), "of two stacks the last");
		is_u64(t->ev[8].stack, 1, "and the first one's frames");
		is_u64(t->ev[9].sent_ns, t->ev[9].ts_ns + 6, "behind its own wake-up");
		is_u64(t->ev[10].sent_ns, t->ev[10].ts_ns + 2, "of which the stack is the first");
		is_u64(t->ev[11].sent_ns, (7ULL << 30) + 4, "of a call, on the next page");
		is_u64(t->ev[12].sent_ns, 0, "none where there is no stack");
		is_u64(t->ev[3].sent_ns, 0, "nor with an interrupt");
		is_u64(t->ev[14].sent_ns, t->ev[14].ts_ns + (one ? 2 : 7),
		       "of two with an interrupt between them the last");
		is_u64(t->ev[14].stack, 1, "and the first one's frames");
		is_u64(t->ev[17].sent_ns, t->ev[17].ts_ns + 2, "not that of an interrupt behind it");
		bed_free(t);
	}
}

static void test_stack_stamps(void)
{
	stack_stamps(false);
	stack_stamps(true);
}

static void test_stack_size(void)
{
	struct bed *t = bed_x86(false, 8);
	struct pb_rec r = pb_rec(&t->b, ID_STACK, 0, 7);

	pb_page(&t->b, 0, 100);
	rec_send(t, 0, 0, 7, 1, ADDR(1), 0);
	pb_field(&t->b, &r, 0x7fffffff, 4);
	pb_field(&t->b, &r, ADDR(1), 8);
	pb_field(&t->b, &r, UINT64_MAX, 8);
	pb_event(&t->b, 0, &r);
	bed_run(t, 64);
	is_u64(decoder_stack(t->d, t->ev[1].stack)->nr, 1, "frames end with the record and at the end mark");
	bed_free(t);
}

static void test_order(void)
{
	struct bed *t = bed_x86(false, 8);

	/* Equal times: the cause first, although its CPU comes last. */
	pb_page(&t->b, 0, 100);
	rec_int(t, ID_RES_IN, 50, 8, 0, 253);
	pb_page(&t->b, 1, 100);
	rec_send(t, 50, 0, 7, 0, ADDR(1), 0);
	bed_run(t, 64);
	is_u64(t->ev[2].type, IPI_EV_SEND_CPU, "of equal times the send comes first");
	is_u64(t->ev[3].type, IPI_EV_IRQ_ENTRY, "then the reception");
	bed_free(t);

	for (unsigned int batch = 1; batch < 200; batch *= 7) {
		uint64_t rnd = 88172645463325252ULL;
		unsigned int back = 0, want = 0;

		t = bed_x86(false, 8);
		t->nr_cpus = 100;
		for (unsigned int cpu = 0; cpu < 100; cpu++) {
			uint64_t ts = 1000;

			for (unsigned int i = 0; i < cpu % 30; i++, want++) {
				uint32_t delta;

				rnd ^= rnd << 13, rnd ^= rnd >> 7, rnd ^= rnd << 17;
				delta = rnd % 50;
				ts += delta;
				if (i % 11 == 0)
					pb_page(&t->b, cpu, ts);
				if (rnd >> 60 & 1)
					rec_int(t, ID_RES_IN, i % 11 ? delta : 0, 8, 0, 253);
				else
					rec_send(t, i % 11 ? delta : 0, 0, 7, 0, ADDR(1), 0);
			}
		}
		bed_run(t, batch);
		for (int i = 1; i < t->nr; i++)
			back += t->ev[i].ts_ns < t->ev[i - 1].ts_ns;
		is_u64(back, 0, "100 CPUs in order of time, batches of %u", batch);
		is_u64(decoder_stats(t->d)->events, want, "none missing");
		is_u64(decoder_stats(t->d)->bad_pages, 0, "none damaged");
		bed_free(t);
	}
}

/* The current task has a number, and 0 is the least: what is below stands for interrupts behind the decoder. */
static void test_no_task(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(machines); i++) {
		struct bed *t = bed_x86(machines[i].big, machines[i].longs);

		t->nr_cpus = 1;
		pb_page(&t->b, 0, 100);
		rec_send(t, 0, 0, 7, 1, ADDR(1), 0);
		rec_send(t, 1, 0, -100, 1, ADDR(1), 0);
		rec_send(t, 1, 0, 7, 1, ADDR(1), 0);
		pb_page(&t->b, 0, 200);
		rec_mask(t, ID_MASK, 0, (const uint64_t[]){ 2 }, 1, ADDR(1), 0);
		rec_int(t, ID_RES_IN, 1, 8, -2, 253);
		rec_int(t, ID_RES_OUT, 1, 8, 0, 253);
		is_u64(bed_run(t, 64), 7, "2 events, a start, begin and end of 2 losses, machine %u", i);
		is_u64(decoder_stats(t->d)->bad_pages, 2, "two damaged pages");
		is_u64(t->ev[1].type, IPI_EV_SEND_CPU, "what is before the damage is given");
		is_u64(t->ev[2].type, IPI_EV_GAP, "then comes a gap");
		is_u64(t->ev[4].type, IPI_EV_SEND_MASK, "up to the next page");
		bed_free(t);
	}
}

/* No machine has CPU 65536; what counts by CPU has no room for it. */
static void test_no_cpu(void)
{
	static const uint32_t cpus[] = { 65536, 1u << 31, UINT32_MAX };

	for (unsigned int i = 0; i < ARRAY_SIZE(machines); i++) {
		struct bed *t = bed_x86(machines[i].big, machines[i].longs);
		uint64_t longs[65536 / 32 + 1] = { 1 };

		t->nr_cpus = 1;
		for (unsigned int j = 0; j < ARRAY_SIZE(cpus); j++) {
			pb_page(&t->b, 0, 100 * j);
			rec_send(t, 1, 0, 7, 65535, ADDR(1), 0);
			rec_send(t, 1, 0, 7, cpus[j], ADDR(1), 0);
			pb_page(&t->b, 0, 100 * j + 20);
			rec_queue(t, 1, 7, cpus[j], ADDR(1), ADDR(2), ADDR(3));
			pb_page(&t->b, 0, 100 * j + 40);
			rec_int(t, ID_WAKE, 1, 0, 7, cpus[j]);
		}
		bed_run(t, 64);
		is_u64(decoder_stats(t->d)->events, 3, "the CPUs that may be, machine %u", i);
		is_u64(decoder_stats(t->d)->bad_pages, 3 * ARRAY_SIZE(cpus), "the others are damage");
		bed_free(t);
		t = bed_x86(machines[i].big, machines[i].longs);
		t->nr_cpus = 1;
		pb_page(&t->b, 0, 100);
		rec_mask(t, ID_MASK, 0, longs, 65536 / 8 / t->b.m.longs, ADDR(1), 0);
		pb_page(&t->b, 0, 200);
		longs[65536 / 8 / t->b.m.longs] = 1;
		rec_mask(t, ID_MASK, 0, longs, 65536 / 8 / t->b.m.longs + 1, ADDR(1), 0);
		bed_run(t, 64);
		is_u64(decoder_stats(t->d)->events, 1, "a mask of as many");
		is_u64(decoder_stats(t->d)->bad_pages, 1, "and one of more");
		bed_free(t);
	}
}

int main(void)
{
	test_no_cpu();
	test_no_task();
	test_machines();
	test_times();
	test_lost();
	test_cut();
	test_bad_pages();
	test_masks();
	test_mask_damage();
	test_stacks();
	test_stack_limit();
	test_known_callers();
	test_stack_stamps();
	test_stack_size();
	test_order();
	return done_testing();
}
