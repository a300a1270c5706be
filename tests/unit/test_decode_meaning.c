// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_decode_meaning.c - what events mean: classes, kinds, tiers, events that
 * kernels tell twice, probes that stand in for events, and garbage.
 */
#include "base/compiler.h"
#include "base/tlb.h"
#include "decodebed.h"

static void test_classes(void)
{
	static const uint64_t mask[] = { 6 };
	struct bed *t = bed_x86(false, 8);

	t->nr_cpus = 1;
	pb_page(&t->b, 0, 100);
	rec_send(t, 0, 0, 7, 1, ADDR(1), 0);
	rec_send(t, 1, 0, 7, 1, ADDR(1), GENERIC);
	rec_send(t, 1, 0, 7, 0, ADDR(1), ADDR(0x5000));
	rec_send(t, 1, 0, 7, 1, ADDR(1), ADDR(0x5000));
	rec_mask(t, ID_MASK, 0, mask, 1, ADDR(1), GENERIC);
	rec_int(t, ID_WAKE, 1, 0, 7, 3);
	rec_queue(t, 1, 7, 1, IRQ_QUEUE_ON + 0x20, ADDR(7), ADDR(8));
	rec_queue(t, 1, 7, 1, ADDR(1), TTWU, ADDR(8));
	rec_queue(t, 1, 7, 1, ADDR(1), ADDR(7), ADDR(8));
	rec_func(t, ID_FENTRY, 1, TTWU, ADDR(8));
	is_u64(bed_run(t, 64), 11, "ten events");
	is_u64(t->ev[1].class, IPI_CLASS_RESCHEDULE, "callback NULL");
	is_u64(t->ev[2].class, IPI_CLASS_CALL_SINGLE, "the generic callback");
	is_u64(t->ev[3].class, IPI_CLASS_IRQ_WORK, "another one, to the own CPU");
	is_u64(t->ev[4].class, IPI_CLASS_OTHER, "another one, elsewhere");
	is_u64(t->ev[5].class, IPI_CLASS_CALL, "a mask");
	is_u64(t->ev[6].type, IPI_EV_WAKE_NO_IPI, "wake-up without IPI");
	is_u64(t->ev[6].target, 3, "its target");
	is_u64(t->ev[7].call_kind, IPI_CALL_IRQ_WORK, "queued by irq_work_queue_on()");
	is_u64(t->ev[8].call_kind, IPI_CALL_TTWU, "remote wake-up");
	is_u64(t->ev[9].call_kind, IPI_CALL_PLAIN, "plain call");
	is_u64(t->ev[10].call_kind, IPI_CALL_TTWU, "its run");
	bed_free(t);

	/* 6.4: notices of queued calls look like sends, and name the function. */
	t = bed_new(false, 8);
	bed_sends(t);
	bed_vectors(t);
	t->nr_cpus = 1;
	pb_page(&t->b, 0, 100);
	rec_send(t, 0, 0, 7, 1, ADDR(1), ADDR(0x5000));
	rec_send(t, 1, 0, 7, 1, ADDR(1), GENERIC);
	rec_send(t, 1, 0, 7, 1, ADDR(1), GENERIC);
	is_u64(bed_run(t, 64), 3, "the notice is no event");
	is_u64(t->ev[1].class, IPI_CLASS_CALL_SINGLE, "the send is");
	is_u64(t->ev[1].func, ADDR(0x5000), "and has its function");
	is_u64(t->ev[2].func, GENERIC, "once");
	is_u64(decoder_caps(t->d)->evidence.tier, TIER_PAIRED, "tier paired");
	bed_free(t);

	t = bed_x86(false, 8);
	t->no_sym = true;
	t->nr_cpus = 1;
	pb_page(&t->b, 0, 100);
	rec_send(t, 0, 0, 7, 1, ADDR(1), ADDR(0x5000));
	rec_send(t, 1, 0, 7, 0, ADDR(1), ADDR(0x6000));
	bed_run(t, 64);
	is_u64(t->ev[1].class, IPI_CLASS_CALL_SINGLE, "without symbols: another CPU, so a call");
	is_u64(t->ev[2].class, IPI_CLASS_IRQ_WORK, "the own CPU, so irq_work");
	bed_free(t);
}

static void rec_tlb(struct bed *t, unsigned int id, uint64_t a, uint64_t b, uint32_t c)
{
	struct pb_rec r = pb_rec(&t->b, id, 0, 7);

	pb_field(&t->b, &r, a, t->b.m.longs);
	if (id == 701)
		pb_field(&t->b, &r, b, t->b.m.longs);
	pb_field(&t->b, &r, c, 4);
	pb_event(&t->b, 1, &r);
}

/* Flushes of TLBs: of any recorder, everything is everything; a reason that is not known is none of ours. */
static void test_tlb(void)
{
	for (unsigned int i = 0; i < 4; i++) {
		unsigned int size = i & 1 ? 4 : 8;
		struct bed *t = bed_new(i & 2, size);

		bed_vectors(t);
		bed_format(t, "tlb", "tlb_flush", 700, "pages:p reason:4");
		bed_format(t, "hyperv", "hyperv_mmu_flush_tlb_multi", 701, "addr:p end:p ncpus:4");
		t->nr_cpus = 1;
		pb_page(&t->b, 0, 100);
		rec_tlb(t, 700, 3, 0, 4);
		rec_tlb(t, 700, UINT64_MAX, 0, 1);
		rec_tlb(t, 700, 0, 0, 5);
		rec_tlb(t, 700, 1, 0, TLB_BY_HYPERCALL);
		rec_tlb(t, 700, 1, 0, UINT32_MAX);
		rec_tlb(t, 701, 0x2000, 0x5000, 6);
		rec_tlb(t, 701, 0, UINT64_MAX, 2);
		is_u64(bed_run(t, 64), 8, "%u bytes a pointer%s: seven events", size, i & 2 ? ", swapped" : "");
		ok(t->ev[1].type == IPI_EV_TLB && t->ev[1].class == TLB_BY_SEND && t->ev[1].csd == 3, "3 pages");
		ok(t->ev[2].class == TLB_BY_REMOTE && t->ev[2].csd == TLB_PAGES_ALL, "everything");
		is_u64(t->ev[3].class, TLB_BY_WRONG_CPU, "a reason of newer kernels");
		is_u64(t->ev[4].class, TLB_NR_REASONS, "one that no kernel has");
		is_u64(t->ev[5].class, TLB_NR_REASONS, "  nor this");
		ok(t->ev[6].class == TLB_BY_HYPERCALL && t->ev[6].csd == 3 && t->ev[6].func == 6,
		   "by hypercall, 6 CPUs");
		ok(t->ev[7].class == TLB_BY_HYPERCALL && t->ev[7].csd == TLB_PAGES_ALL, "  everything");
		is_u64(decoder_stats(t->d)->skipped, 0, "all are used");
		is_u64(decoder_caps(t->d)->evidence.tier, TIER_COUNTS, "and prove nothing of sends");
		bed_free(t);
	}
}

static void test_tiers(void)
{
	struct bed *t = bed_new(false, 8);

	bed_vectors(t);
	bed_run(t, 64);
	is_u64(decoder_caps(t->d)->evidence.tier, TIER_COUNTS, "receptions only");
	bed_free(t);
	t = bed_new(false, 8);
	bed_sends(t);
	bed_run(t, 64);
	is_u64(decoder_caps(t->d)->evidence.tier, TIER_SENDS, "sends only");
	ok(decoder_caps(t->d)->evidence.has_send, "they are known to be there");
	bed_free(t);
	t = bed_new(false, 8);
	bed_arm(t);
	bed_run(t, 64);
	is_u64(decoder_caps(t->d)->evidence.tier, TIER_PAIRED, "ipi_raise and ipi_entry");
	bed_free(t);
}

static const char arm_printk[] = "0xffffbcaba320d350 : \"Rescheduling interrupts\"\n"
				 "0xffffbcaba320d368 : \"Function call interrupts\"\n"
				 "0xffffbcaba320d3a0 : \"CPU stop (for crash dump) interrupts\"\n"
				 "0xffffbcaba320d3e8 : \"IRQ work interrupts\"\n"
				 "0xffffbcaba3200000 : \"something %d printed\"\n";

static const char arm_interrupts[] = "           CPU0       CPU1\n"
				     " 11:        297        282     GICv3  27 Level     arch_timer\n"
				     "IPI0:        20         31       Rescheduling interrupts\n"
				     "IPI1:       159         94       Function call interrupts\n"
				     "IPI2:         0          0       CPU stop interrupts\n"
				     "IPI3:         0          4       IRQ work interrupts\n"
				     "Err:          0\n";

#define R_RESCHED 0xffffbcaba320d350ULL
#define R_CALL	  0xffffbcaba320d368ULL
#define R_CRASH	  0xffffbcaba320d3a0ULL
#define R_WORK	  0xffffbcaba320d3e8ULL

static struct bed *bed_arm64(bool sends)
{
	struct bed *t = bed_new(false, 8);

	bed_arm(t);
	if (sends)
		bed_sends(t);
	t->printk = arm_printk;
	t->interrupts = arm_interrupts;
	t->nr_cpus = 1;
	return t;
}

/* arm64: ipi_send_* and ipi_raise are one send. */
static void test_raise(void)
{
	static const uint64_t mask[] = { 2 }, self[] = { 1 };
	struct bed *t = bed_arm64(true);

	pb_page(&t->b, 0, 100);
	rec_send(t, 0, 0, 7, 1, ADDR(1), 0);
	rec_int(t, ID_OTHER, 1, 0, 7, 0);
	rec_mask(t, ID_RAISE, 0, mask, 1, 0, R_RESCHED);
	rec_send(t, 1, 0, 7, 1, ADDR(2), GENERIC);
	rec_stack(t, 0, 7, 3, ADDR(0x1000));
	rec_mask(t, ID_RAISE, 0, mask, 1, 0, R_CALL);
	rec_mask(t, ID_RAISE, 0, mask, 1, 0, R_CRASH);
	rec_send(t, 1, 0, 7, 0, ADDR(3), ADDR(0x5000));
	pb_page(&t->b, 0, 200);
	rec_mask(t, ID_RAISE, 0, self, 1, 0, R_WORK);
	rec_stack(t, 0, 7, 3, ADDR(0x2000));
	rec_send(t, 1, 0, 7, 1, ADDR(4), 0);
	rec_send(t, 1, 0, 7, 1, ADDR(4), 0);
	rec_mask(t, ID_RAISE, 0, mask, 1, 0, 0x1234);
	rec_send(t, 1, 0, 7, 1, ADDR(2), GENERIC); /* 7: it and its raise have a stack each */
	rec_stack_late(t, 3, 0, 7, 3, ADDR(0x1000));
	rec_mask(t, ID_RAISE, 0, mask, 1, 0, R_CALL); /* 1 ns later */
	rec_stack_late(t, 4, 0, 7, 3, ADDR(0x3000));
	rec_send(t, 1, 0, 7, 1, ADDR(2), GENERIC); /* 8: the raise has one, which is behind an interrupt */
	rec_mask(t, ID_RAISE, 0, mask, 1, 0, R_CALL);
	rec_int(t, ID_OTHER, 1, IPI_FLAG_HARDIRQ, 7, 0);
	rec_stack_late(t, 4, 0, 7, 3, ADDR(0x3000));
	rec_send(t, 1, 0, 7, 1, ADDR(2), GENERIC); /* 9: the send has one, its raise has none */
	rec_stack_late(t, 3, 0, 7, 3, ADDR(0x1000));
	rec_mask(t, ID_RAISE, 0, mask, 1, 0, R_CALL);
	is_u64(bed_run(t, 64), 10, "nine sends of nine and eight");
	is_u64(t->ev[1].type, IPI_EV_SEND_CPU, "the generic event stays");
	is_u64(t->ev[1].callsite, ADDR(1), "with its call site");
	is_u64(t->ev[2].class, IPI_CLASS_CALL, "arm64 has one class of calls");
	is_u64(t->ev[2].stack, 1, "its stack");
	is_u64(t->ev[3].type, IPI_EV_SEND_MASK, "a raise of its own is a send");
	is_u64(t->ev[3].class, IPI_CLASS_CRASH_STOP, "its reason is its class");
	is_u64(t->ev[3].mask[0], 2, "its target");
	is_u64(t->ev[4].class, IPI_CLASS_IRQ_WORK, "joined across pages");
	is_u64(t->ev[4].stack, 2, "the stack of the raise serves");
	is_u64(t->ev[5].class, IPI_CLASS_RESCHEDULE, "a send without a raise");
	is_u64(t->ev[6].class, IPI_CLASS_RESCHEDULE, "an unknown reason does not overrule");
	is_u64(t->ev[7].sent_ns, t->ev[7].ts_ns + 8, "of a send's stack and its raise's the last counts");
	is_u64(t->ev[7].stack, 1, "and the first one's frames");
	is_u64(t->ev[8].sent_ns, t->ev[8].ts_ns + 6, "the raise's alone, behind an interrupt");
	is_u64(t->ev[9].sent_ns, t->ev[9].ts_ns + 3, "the send's alone, though its raise comes later");
	bed_free(t);

	t = bed_arm64(false);
	pb_page(&t->b, 0, 100);
	rec_mask(t, ID_RAISE, 0, mask, 1, 0, R_CALL);
	rec_stack(t, 0, 7, 3, ADDR(0x1000));
	rec_mask(t, ID_RAISE, 0, mask, 1, 0, 0x1234);
	is_u64(bed_run(t, 64), 3, "raises alone");
	is_u64(t->ev[1].stack, 1, "with their stacks");
	is_u64(t->ev[2].class, IPI_CLASS_OTHER, "a reason nobody knows");
	bed_free(t);
}

/* Writing a send wakes a reader, whose IPI stands between the send and its ipi_raise. */
static void test_raise_woke_reader(void)
{
	static const uint64_t mask[] = { 2 }, self[] = { 1 };
	struct bed *t = bed_arm64(true);

	pb_page(&t->b, 0, 100);
	rec_send(t, 1, 0, 7, 1, ADDR(2), GENERIC); /* 1: no stacks */
	rec_send(t, 1, 0, 7, 0, ADDR(3), ADDR(0x5000));
	rec_mask(t, ID_RAISE, 0, self, 1, 0, R_WORK);
	rec_mask(t, ID_RAISE, 0, mask, 1, 0, R_CALL);
	rec_send(t, 1, 0, 7, 1, ADDR(2), GENERIC); /* 3: sends have stacks */
	rec_send(t, 1, 0, 7, 0, ADDR(3), ADDR(0x5000));
	rec_stack(t, 0, 7, 3, ADDR(0x2000));
	rec_mask(t, ID_RAISE, 0, self, 1, 0, R_WORK);
	rec_stack(t, 0, 7, 3, ADDR(0x1000));
	rec_mask(t, ID_RAISE, 0, mask, 1, 0, R_CALL);
	rec_send(t, 1, 0, 7, 1, ADDR(2), GENERIC); /* 5: their raises, too */
	rec_send(t, 1, 0, 7, 0, ADDR(3), ADDR(0x5000));
	rec_stack(t, 0, 7, 3, ADDR(0x2000));
	rec_mask(t, ID_RAISE, 0, self, 1, 0, R_WORK);
	rec_stack(t, 0, 7, 3, ADDR(0x3000));
	rec_stack(t, 0, 7, 3, ADDR(0x1000));
	rec_mask(t, ID_RAISE, 0, mask, 1, 0, R_CALL);
	rec_stack(t, 0, 7, 3, ADDR(0x4000));
	rec_send(t, 1, 0, 7, 1, ADDR(2), GENERIC); /* 7: raises alone */
	rec_send(t, 1, 0, 7, 0, ADDR(3), ADDR(0x5000));
	rec_mask(t, ID_RAISE, 0, self, 1, 0, R_WORK);
	rec_stack(t, 0, 7, 3, ADDR(0x3000));
	rec_mask(t, ID_RAISE, 0, mask, 1, 0, R_CALL);
	rec_stack(t, 0, 7, 3, ADDR(0x4000));
	rec_send(t, 1, 0, 7, 1, ADDR(2), GENERIC); /* 9: writing the stack woke it, and in between was another IPI */
	rec_stack(t, 0, 7, 3, ADDR(0x1000));
	rec_send(t, 1, 0, 7, 0, ADDR(3), ADDR(0x5000));
	rec_mask(t, ID_RAISE, IPI_FLAG_HARDIRQ, mask, 1, 0, R_RESCHED);
	rec_mask(t, ID_RAISE, 0, self, 1, 0, R_WORK);
	rec_mask(t, ID_RAISE, 0, mask, 1, 0, R_CALL);
	is_u64(bed_run(t, 64), 12, "readers that sends wake: five sends, five IPIs of theirs, one of an interrupt");
	for (unsigned int i = 1; i < 11; i++)
		is_u64(t->ev[i].class, i % 2 ? IPI_CLASS_CALL : IPI_CLASS_IRQ_WORK, "the raise is its send's");
	is_u64(t->ev[11].class, IPI_CLASS_RESCHEDULE, "the interrupt's stays");
	is_u64(decoder_stack(t->d, t->ev[3].stack)->addrs[0], ADDR(0x1000), "stacks of sends: its own");
	is_u64(decoder_stack(t->d, t->ev[4].stack)->addrs[0], ADDR(0x2000), "  and the reader's");
	is_u64(decoder_stack(t->d, t->ev[5].stack)->addrs[0], ADDR(0x1000), "of sends and raises: its own");
	is_u64(decoder_stack(t->d, t->ev[6].stack)->addrs[0], ADDR(0x2000), "  and the reader's");
	is_u64(decoder_stack(t->d, t->ev[7].stack)->addrs[0], ADDR(0x4000), "of raises: its own");
	is_u64(decoder_stack(t->d, t->ev[8].stack)->addrs[0], ADDR(0x3000), "  and the reader's");
	is_u64(decoder_stack(t->d, t->ev[9].stack)->addrs[0], ADDR(0x1000), "behind the stack: its own");
	bed_free(t);
}

/* A stack knows which call's function its CPU ran. */
static void test_within(void)
{
	struct bed *t = bed_x86(false, 8);

	pb_page(&t->b, 0, 100);
	rec_func(t, ID_FENTRY, 1, ADDR(0x40), 0x1000);
	rec_send(t, 1, IPI_FLAG_HARDIRQ, 0, 1, ADDR(1), 0);
	rec_stack(t, IPI_FLAG_HARDIRQ, 0, 3, ADDR(0x1000));
	rec_func(t, ID_FEXIT, 1, ADDR(0x40), 0x1000);
	rec_send(t, 1, IPI_FLAG_HARDIRQ, 0, 1, ADDR(1), 0);
	rec_stack(t, IPI_FLAG_HARDIRQ, 0, 3, ADDR(0x1000));
	rec_func(t, ID_FENTRY, 1, ADDR(0x40), 0x1000);
	t->nr_cpus = 1;
	is_u64(bed_run(t, 64), 6, "two sends, one in a function");
	is_u64(decoder_stack(t->d, t->ev[2].stack)->within.func, ADDR(0x40), "in it: its stack knows");
	is_u64(decoder_stack(t->d, t->ev[4].stack)->within.func, 0, "behind it: no more");
	ok(t->ev[2].stack != t->ev[4].stack, "so it is another, though all frames are the same");
	bed_free(t);
}

static void rec_work(struct bed *t, unsigned int id, unsigned int flags, int pid, uint64_t func)
{
	struct pb_rec r = pb_rec(&t->b, id, flags, pid);

	pb_field(&t->b, &r, func, t->b.m.longs);
	pb_event(&t->b, 1, &r);
}

/* A send with a stack by this task at this level; what its stack knows. */
static void sends(struct bed *t, unsigned int flags, int pid)
{
	rec_send(t, 1, flags, pid, 1, ADDR(1), 0);
	rec_stack(t, flags, pid, 3, ADDR(0x1000));
}

static void knows(struct bed *t, unsigned int nr, uint64_t func, enum within_what what, const char *name)
{
	const struct ipi_stack *stack;

	for (int i = 0; i < t->nr; i++)
		if (t->ev[i].type == IPI_EV_SEND_CPU && !nr--) {
			stack = decoder_stack(t->d, t->ev[i].stack);
			ok(stack && stack->within.func == (t->b.m.longs == 4 ? (uint32_t)func : func) &&
				   (!func || stack->within.what == what),
			   "%s", name);
			return;
		}
	ok(false, "%s: no such send", name);
}

/* And whose work or timer, at the level at which that runs and no other. */
static void test_works(void)
{
	for (unsigned int i = 0; i < 4; i++) {
		struct bed *t = bed_new(i & 2, i & 1 ? 4 : 8);

		bed_sends(t);
		bed_csd(t);
		bed_format(t, "workqueue", "workqueue_execute_start", 700, "function:p");
		bed_format(t, "workqueue", "workqueue_execute_end", 701, "function:p");
		bed_format(t, "timer", "timer_expire_entry", 702, "function:p");
		bed_format(t, "timer", "timer_expire_exit", 703, "function:p");
		t->nr_cpus = 1;
		pb_page(&t->b, 0, 100);
		rec_work(t, 700, 0, 7, ADDR(0x40));
		sends(t, 0, 7);
		sends(t, 0, 8);
		sends(t, IPI_FLAG_HARDIRQ, 7);
		rec_work(t, 702, IPI_FLAG_SOFTIRQ, 7, ADDR(0x50));
		sends(t, IPI_FLAG_SOFTIRQ, 7);
		sends(t, IPI_FLAG_SOFTIRQ, 8);
		rec_work(t, 703, IPI_FLAG_SOFTIRQ, 7, ADDR(0x50));
		sends(t, IPI_FLAG_SOFTIRQ, 7);
		rec_work(t, 701, 0, 7, ADDR(0x40));
		sends(t, 0, 7);
		rec_work(t, 700, 0, 7, ADDR(0x60));
		sends(t, 0, 7);
		bed_run(t, 64);
		knows(t, 0, ADDR(0x40), WITHIN_WORK, "a worker's send is its work's");
		knows(t, 1, 0, WITHIN_WORK, "another task's is not");
		knows(t, 2, 0, WITHIN_WORK, "nor an interrupt's");
		knows(t, 3, ADDR(0x50), WITHIN_TIMER, "in a softirq it is the timer's");
		knows(t, 4, 0, WITHIN_TIMER, "not where another task's softirq was told of");
		knows(t, 5, 0, WITHIN_TIMER, "nor behind its end");
		knows(t, 6, 0, WITHIN_WORK, "behind a work's end it is nobody's");
		knows(t, 7, ADDR(0x60), WITHIN_WORK, "but the next one's");
		is_u64(decoder_caps(t->d)->evidence.tier, TIER_SENDS, "they prove nothing of IPIs");
		bed_free(t);
	}
}

/* riscv before 6.18: IPIs are all called "IPI", and ipi_entry never fires. Which is which is told by number alone. */
static struct bed *bed_riscv(const char *interrupts)
{
	struct bed *t = bed_arm64(true);

	bed_csd(t);
	t->interrupts = interrupts;
	return t;
}

static void handled(struct bed *t, uint32_t irq, uint64_t csd)
{
	rec_handler(t, 1, irq, "IPI");
	if (csd)
		rec_func(t, ID_FENTRY, 1, ADDR(0x40), csd);
	if (csd)
		rec_func(t, ID_FEXIT, 1, ADDR(0x40), csd);
	rec_int(t, ID_IRQ_OUT, 1, 8, 3, irq);
}

static void test_unnamed(void)
{
	char told[1024];
	struct bed *t = bed_riscv(arm_interrupts);

	pb_page(&t->b, 0, 100);
	handled(t, 2, 0);
	handled(t, 3, 0x1000);
	handled(t, 5, 0);
	is_u64(bed_run(t, 64), 9, "three interrupts, one of them with a function");
	is_u64(t->ev[1].class, IPI_CLASS_RESCHEDULE, "the first is IPI0, by the function behind it");
	is_u64(t->ev[2].class, IPI_CLASS_RESCHEDULE, "  its exit, too");
	is_u64(t->ev[3].class, IPI_CLASS_CALL, "where the function ran is IPI1");
	is_u64(t->ev[7].class, IPI_CLASS_IRQ_WORK, "and IPI3 is two more");
	bed_free(t);

	t = bed_riscv(arm_interrupts);
	pb_page(&t->b, 0, 100);
	handled(t, 1, 0);
	rec_handler(t, 1, 30, "eth0");
	rec_func(t, ID_FENTRY, 1, ADDR(0x40), 0x1000);
	rec_func(t, ID_FEXIT, 1, ADDR(0x40), 0x1000);
	rec_int(t, ID_IRQ_OUT, 1, 8, 3, 30);
	pb_page(&t->b, 0, 200);
	handled(t, 2, 0x1000);
	handled(t, 1, 0);
	is_u64(bed_run(t, 64), 11, "proof comes late");
	is_u64(t->ev[1].class, IPI_CLASS_OTHER,
	       "before, nobody knows: a function in a device's handler proves nothing");
	is_u64(t->ev[5].class, IPI_CLASS_CALL, "then it is known");
	is_u64(t->ev[9].class, IPI_CLASS_RESCHEDULE, "  of all");
	bed_free(t);

	snprintf(told, sizeof(told), "%sIRQ7: IPI\n", arm_interrupts);
	t = bed_riscv(told);
	pb_page(&t->b, 0, 100);
	handled(t, 7, 0);
	handled(t, 8, 0);
	is_u64(bed_run(t, 64), 5, "the recorder told the first irq");
	is_u64(t->ev[1].class, IPI_CLASS_RESCHEDULE, "  IPI0");
	is_u64(t->ev[3].class, IPI_CLASS_CALL, "  IPI1");
	bed_free(t);
}

static void test_receptions(void)
{
	struct bed *t = bed_arm64(true);

	pb_page(&t->b, 0, 100);
	rec_handler(t, 0, 11, "arch_timer"); /* a device */
	rec_int(t, ID_IRQ_OUT, 1, 8, 3, 11);
	rec_handler(t, 1, 5, "IPI"); /* all four, irq not as guessed */
	rec_reason(t, ID_IPI_IN, 1, R_RESCHED);
	rec_reason(t, ID_IPI_OUT, 1, R_RESCHED);
	rec_int(t, ID_IRQ_OUT, 1, 8, 3, 5);
	rec_reason(t, ID_IPI_IN, 1, R_CALL); /* inner pair alone */
	rec_reason(t, ID_IPI_OUT, 1, R_CALL);
	rec_handler(t, 1, 5, "IPI"); /* outer pair alone: learnt above */
	rec_int(t, ID_IRQ_OUT, 1, 8, 3, 5);
	rec_handler(t, 1, 2, "IPI"); /* outer pair alone: by /proc/interrupts */
	rec_int(t, ID_IRQ_OUT, 1, 8, 3, 2);
	rec_handler(t, 1, 4, "IPI"); /* no outer exit */
	rec_reason(t, ID_IPI_IN, 1, R_WORK);
	rec_reason(t, ID_IPI_OUT, 1, R_WORK);
	rec_handler(t, 1, 30, "wakeup");   /* a device with an unlucky name */
	rec_handler(t, 1, 31, "resched1"); /* Xen */
	rec_int(t, ID_IRQ_OUT, 1, 8, 3, 31);
	is_u64(bed_run(t, 64), 13, "six interrupts, two events each");
	for (unsigned int i = 1; i < 13; i++)
		is_u64(t->ev[i].type, i % 2 ? IPI_EV_IRQ_ENTRY : IPI_EV_IRQ_EXIT, "entries and exits in turn");
	is_u64(t->ev[1].class, IPI_CLASS_RESCHEDULE, "the inner pair tells the class");
	is_u64(t->ev[1].ts_ns, 102, "the outer one the begin");
	is_u64(t->ev[2].ts_ns, 105, "and the end");
	is_u64(t->ev[2].class, IPI_CLASS_RESCHEDULE, "class of the exit");
	is_u64(t->ev[3].class, IPI_CLASS_CALL, "inner pair alone");
	is_u64(t->ev[5].class, IPI_CLASS_RESCHEDULE, "learnt from a pair");
	is_u64(t->ev[7].class, IPI_CLASS_CALL, "irq 2 is IPI1");
	is_u64(t->ev[9].class, IPI_CLASS_IRQ_WORK, "without an outer exit");
	is_u64(t->ev[10].class, IPI_CLASS_IRQ_WORK, "the inner one ends it");
	is_u64(t->ev[11].class, IPI_CLASS_RESCHEDULE, "Xen's event channel");
	bed_free(t);
}

static void rec_probe(struct bed *t, unsigned int id, uint32_t cpu, uint32_t fl, uint64_t func, uint64_t ra)
{
	struct pb_rec r = pb_rec(&t->b, id, 0, 7);

	pb_field(&t->b, &r, 0xffffffff81000000, 8); /* __probe_ip */
	pb_field(&t->b, &r, cpu, 4);
	if (id == ID_P_QUEUE)
		pb_field(&t->b, &r, fl, 4);
	if (id == ID_P_QUEUE)
		pb_field(&t->b, &r, func, 8);
	if (id == ID_P_MASK) {
		pb_field(&t->b, &r, func, 8);
		pb_field(&t->b, &r, 5, 8);
	}
	pb_field(&t->b, &r, ra, 8);
	pb_event(&t->b, 1, &r);
}

/* kprobes in a group of ours; kernels before the send events have nothing else. */
static void test_probes(void)
{
	struct bed *t = bed_new(false, 8);
	const struct pb_machine *m = &t->b.m;

	bed_vectors(t);
	pb_format(&t->f, m, "ipitrace_77", "resched", ID_P_RESCHED, "__probe_ip:8 cpu:4 ra:8");
	pb_format(&t->f, m, "ipitrace_77", "single", ID_P_SINGLE, "__probe_ip:8 cpu:4 ra:8");
	pb_format(&t->f, m, "ipitrace_77", "mask", ID_P_MASK, "__probe_ip:8 cpu:4 m0:8 m1:8 ra:8");
	pb_format(&t->f, m, "ipitrace_77", "queue", ID_P_QUEUE, "__probe_ip:8 cpu:4 fl:4 func:8 ra:8");
	t->nr_cpus = 1;
	pb_page(&t->b, 0, 100);
	rec_probe(t, ID_P_RESCHED, 3, 0, 0, ADDR(1));
	rec_probe(t, ID_P_QUEUE, 1, 0x10, ADDR(0x700), ADDR(2));
	rec_probe(t, ID_P_SINGLE, 1, 0, 0, ADDR(2));
	rec_stack(t, 0, 7, 3, ADDR(0x1000));
	rec_probe(t, ID_P_QUEUE, 1, 0x31, 0x23, ADDR(2));
	rec_probe(t, ID_P_SINGLE, 1, 0, 0, ADDR(2));
	rec_probe(t, ID_P_MASK, 0, 0, 0x8000000000000001, ADDR(4));
	rec_probe(t, ID_P_QUEUE, 0, 0x10, ADDR(0x900), ADDR(2)); /* own CPU: runs at once */
	rec_probe(t, ID_P_QUEUE, 2, 0x10, ADDR(0x900), ADDR(2)); /* found its queue busy */
	rec_probe(t, ID_P_SINGLE, 3, 0, 0, ADDR(2));
	is_u64(bed_run(t, 64), 6, "five sends");
	is_u64(decoder_caps(t->d)->evidence.tier, TIER_PAIRED, "tier paired");
	is_u64(t->ev[1].class, IPI_CLASS_RESCHEDULE, "reschedule");
	is_u64(t->ev[1].target, 3, "its target");
	is_u64(t->ev[1].callsite, ADDR(1), "its return address");
	is_u64(t->ev[2].func, ADDR(0x700), "function of the call queued before");
	is_u64(t->ev[2].call_kind, IPI_CALL_NAMED, "a probe named it");
	is_u64(t->ev[2].stack, 1, "stack");
	is_u64(t->ev[3].func, TTWU, "garbage behind a wake-up's csd is not its function");
	is_u64(t->ev[4].mask_words, 2, "mask");
	is_u64(t->ev[4].mask[0], 0x8000000000000001, "first word");
	is_u64(t->ev[4].mask[1], 5, "second word");
	is_u64(t->ev[4].func, GENERIC, "no function is known");
	is_u64(t->ev[4].call_kind, IPI_CALL_PLAIN, "and none is claimed");
	is_u64(t->ev[5].func, GENERIC, "a call for another CPU is not the send's");
	bed_free(t);
}

static void rec_vector(struct bed *t, unsigned int id, uint32_t cpu, uint32_t vector)
{
	struct pb_rec r = pb_rec(&t->b, id, 0, 7);

	pb_field(&t->b, &r, cpu, 4);
	pb_field(&t->b, &r, vector, 4);
	pb_event(&t->b, 1, &r);
}

/* A guest of Hyper-V, with and without send events of the kernel's own. */
static void test_hyperv(bool both)
{
	struct bed *t = bed_new(false, 8);
	const struct pb_machine *m = &t->b.m;
	static const uint8_t classes[] = { IPI_CLASS_RESCHEDULE, IPI_CLASS_CALL,     IPI_CLASS_CALL_SINGLE,
					   IPI_CLASS_IRQ_WORK,	 IPI_CLASS_PLATFORM, IPI_CLASS_OTHER };
	static const uint8_t vectors[] = { 0xfd, 0xfc, 0xfb, 0xf6, 0xf7, 0xec };

	bed_vectors(t);
	if (both)
		pb_format(&t->f, m, "ipi", "ipi_send_cpu", 354, "cpu:4 callsite:8 callback:8");
	pb_format(&t->f, m, "hyperv", "hyperv_send_ipi_one", ID_HV_ONE, "cpu:4 vector:4");
	pb_format(&t->f, m, "hyperv", "hyperv_send_ipi_mask", ID_HV_MASK, "ncpus:4 vector:4");
	t->nr_cpus = 1;
	pb_page(&t->b, 0, 100);
	for (unsigned int i = 0; i < ARRAY_SIZE(vectors); i++)
		rec_vector(t, ID_HV_ONE, 2 + i, vectors[i]);
	rec_vector(t, ID_HV_MASK, 5, 0xfc);
	is_u64(bed_run(t, 64), both ? 1 : 7, both ? "told by the kernel: not twice" : "six sends");
	is_u64(decoder_stats(t->d)->blind_sends, !both, "a multicast without targets");
	is_u64(decoder_stats(t->d)->blind_hits, both ? 0 : 5, "how many it has");
	for (unsigned int i = 0; !both && i < ARRAY_SIZE(vectors); i++) {
		is_u64(t->ev[1 + i].class, classes[i], "class of a vector");
		is_u64(t->ev[1 + i].target, 2 + i, "target");
	}
	bed_free(t);
}

/* Formats that are not as expected are not used; broken ones do no harm. */
static void test_formats(void)
{
	struct bed *t = bed_new(false, 8);
	static const char *const broken[] = {
		"",
		"name: ipi_send_cpu\n",
		"name: ipi_send_cpu\nID: 99999999\nformat:\n",
		"name: ipi_send_cpu\nID: 354\nformat:\n",
		"\xff\xfe name: x\nID: 1\n",
	};

	bed_format(t, "ipi", "ipi_send_cpu", ID_SEND, "cpu:8 callsite:p callback:p");
	for (unsigned int i = 0; i < ARRAY_SIZE(broken); i++)
		pb_format_text(&t->f, "ipi", strdup(broken[i]));
	pb_page(&t->b, 0, 100);
	rec_send(t, 0, 0, 7, 1, ADDR(1), 0);
	is_u64(bed_run(t, 64), 1, "an event with other fields is skipped");
	is_u64(decoder_stats(t->d)->skipped, 1, "and counted");
	ok(!decoder_caps(t->d)->evidence.has_send, "and promises nothing");
	bed_free(t);
}

static uint64_t rnd_next(uint64_t *rnd)
{
	*rnd ^= *rnd << 13;
	*rnd ^= *rnd >> 7;
	*rnd ^= *rnd << 17;
	return *rnd;
}

static void fuzz_pages(struct bed *t, uint64_t *rnd)
{
	static const uint64_t mask[] = { 6, 1, 9 };

	for (unsigned int cpu = 0; cpu < 2; cpu++) {
		for (unsigned int i = 0; i < 4; i++) {
			struct pb_page *page;

			pb_page(&t->b, cpu, 1000 * (i + 1));
			for (unsigned int j = 0; j < 8; j++) {
				rec_send(t, 1, j & 0x58, 7, 1, ADDR(1), j & 1 ? GENERIC : 0);
				rec_stack(t, j & 0x58, 7, j * 3, ADDR(j));
				rec_mask(t, ID_MASK, 0, mask, 3, ADDR(1), GENERIC);
				rec_handler(t, 1, j, "IPI");
				rec_reason(t, ID_IPI_IN, 1, R_CALL);
			}
			page = pb_cur(&t->b);
			if (rnd_next(rnd) % 4 == 0)
				for (unsigned int j = 0; j < PB_SIZE; j++)
					page->bytes[j] = (uint8_t)rnd_next(rnd);
			for (unsigned int j = rnd_next(rnd) % 20; j; j--)
				page->bytes[rnd_next(rnd) % (j & 1 ? 64 : page->len)] = (uint8_t)rnd_next(rnd);
			if (rnd_next(rnd) % 8 == 0)
				page->size = rnd_next(rnd) % PB_SIZE;
		}
	}
}

static void test_fuzz(void)
{
	uint64_t rnd = 0x853c49e6748fea9bULL, bad = 0, events = 0, back = 0;

	for (unsigned int round = 0; round < 4000; round++) {
		struct bed *t = bed_x86(round & 1, round & 2 ? 4 : 8);

		bed_arm(t);
		fuzz_pages(t, &rnd);
		if (bed_run(t, 100) < 0)
			break;
		for (int i = 1; i < t->nr; i++)
			back += t->ev[i].ts_ns < t->ev[i - 1].ts_ns;
		bad += decoder_stats(t->d)->bad_pages;
		events += decoder_stats(t->d)->events;
		bed_free(t);
	}
	ok(bad > 1000, "%llu damaged pages survived", (unsigned long long)bad);
	ok(events > 1000, "%llu events among them", (unsigned long long)events);
	is_u64(back, 0, "time never goes back, whatever the bytes");
}

/* Where one vector serves all calls, a queued call is of its class, whichever loop reads the record. */
static void test_queue_class(void)
{
	for (unsigned int vectors = 0; vectors < 2; vectors++)
		for (unsigned int big = 0; big < 2; big++) {
			struct bed *t = bed_new(big, 8);

			bed_sends(t);
			bed_csd(t);
			if (vectors)
				bed_vectors(t);
			pb_page(&t->b, 0, 1000);
			rec_queue(t, 0, 42, 1, ADDR(0x33), ADDR(0x100), ADDR(0x200));
			rec_send(t, 10, 0, 42, 1, ADDR(0x33), GENERIC);
			is_u64(bed_run(t, 8), 3, "start, queue, send");
			for (unsigned int i = 1; i < 3; i++)
				is_u64(t->ev[i].class, vectors ? IPI_CLASS_CALL_SINGLE : IPI_CLASS_CALL,
				       "%s-endian, %s vector of single calls: class of %s", big ? "big" : "little",
				       vectors ? "a" : "no", i == 1 ? "the queued call" : "its send");
			bed_free(t);
		}
}

int main(void)
{
	test_queue_class();
	unsigned int class, same = 0;

	for (unsigned int i = 0; i < IPI_NR_CLASSES; i++)
		same += !ipi_class_parse(ipi_class_name(i), &class) && class == i;
	is_u64(same, IPI_NR_CLASSES, "class names go both ways");
	ok(ipi_class_parse("nonsense", &class) == -1, "an unknown class");
	test_classes();
	test_tlb();
	test_tiers();
	test_raise();
	test_raise_woke_reader();
	test_receptions();
	test_unnamed();
	test_within();
	test_works();
	test_probes();
	test_hyperv(false);
	test_hyperv(true);
	test_formats();
	test_fuzz();
	return done_testing();
}
