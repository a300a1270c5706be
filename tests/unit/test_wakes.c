// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_wakes.c - whom a send wakes, by the bytes of the events around it; and the idle state of its target.
 */
#include "base/compiler.h"
#include "decodebed.h"
#include "report/beside.h"

enum { ID_WAKING = 400, ID_WOKEN = 401, ID_NEW = 402, ID_IDLE = 403 };

#define OFF	     IPI_FLAG_IRQS_OFF
#define WAKE_UP_NEW  0xffffffff813b0000ULL
#define UNKNOWN_FUNC ADDR(0x77000)

static struct bed *bed_wakes(void)
{
	struct bed *t = bed_x86(false, 8);

	t->nr_cpus = 1;
	bed_format(t, "sched", "sched_waking", ID_WAKING, "pid:4 prio:4 target_cpu:4");
	bed_format(t, "sched", "sched_wakeup", ID_WOKEN, "pid:4 prio:4 target_cpu:4");
	bed_format(t, "sched", "sched_wakeup_new", ID_NEW, "pid:4 prio:4 target_cpu:4");
	pb_page(&t->b, 0, 100);
	return t;
}

/* By task 7, unless said otherwise. */
static void rec_wake(struct bed *t, unsigned int id, unsigned int flags, int by, uint32_t pid, uint32_t cpu)
{
	struct pb_rec r = pb_rec(&t->b, id, flags, by);

	pb_field(&t->b, &r, pid, 4);
	pb_field(&t->b, &r, 120, 4);
	pb_field(&t->b, &r, cpu, 4);
	pb_event(&t->b, 1, &r);
}

static void rec_queued(struct bed *t, unsigned int flags, int by, uint32_t cpu, uint64_t func)
{
	struct pb_rec r = pb_rec(&t->b, ID_QUEUE, flags, by);

	pb_field(&t->b, &r, cpu, 4);
	pb_field(&t->b, &r, ADDR(1), 8);
	pb_field(&t->b, &r, func, 8);
	pb_field(&t->b, &r, ADDR(0x9000), 8);
	pb_event(&t->b, 1, &r);
}

static void rec_ttwu(struct bed *t, unsigned int flags, int by, uint32_t cpu)
{
	rec_queued(t, flags, by, cpu, TTWU);
}

static void resched(struct bed *t, unsigned int flags, int by, uint32_t cpu)
{
	rec_send(t, 1, flags, by, cpu, ADDR(1), 0);
}

static void call(struct bed *t, unsigned int flags, int by, uint32_t cpu)
{
	rec_send(t, 1, flags, by, cpu, ADDR(1), GENERIC);
}

/* The n-th event of those that there are behind the start. */
static void wakee(struct bed *t, int n, int32_t want, const char *name)
{
	is_u64((uint32_t)t->ev[n].wakee, (uint32_t)want, "%s", name);
}

static void test_direct(void)
{
	struct bed *t = bed_wakes();

	/* Both ends. */
	rec_wake(t, ID_WAKING, OFF, 7, 42, 0);
	resched(t, OFF, 7, 1);
	rec_stack(t, OFF, 7, 4, ADDR(0x10));
	rec_wake(t, ID_WOKEN, OFF, 7, 42, 1);
	/* Another task ends it: not believed. */
	rec_wake(t, ID_WAKING, OFF, 7, 42, 0);
	resched(t, OFF, 7, 1);
	rec_wake(t, ID_WOKEN, OFF, 7, 43, 1);
	/* It goes elsewhere. */
	rec_wake(t, ID_WAKING, OFF, 7, 42, 0);
	resched(t, OFF, 7, 1);
	rec_wake(t, ID_WOKEN, OFF, 7, 42, 2);
	/* No wake-up around it: behind one, and with interrupts on. */
	resched(t, OFF, 7, 1);
	rec_wake(t, ID_WAKING, 0, 7, 42, 0);
	resched(t, 0, 7, 1);
	rec_wake(t, ID_WOKEN, 0, 7, 42, 1);
	/* One that is never ended. */
	rec_wake(t, ID_WAKING, OFF, 7, 42, 0);
	resched(t, OFF, 7, 1);
	/* A number that no task has. */
	rec_wake(t, ID_WAKING, OFF, 7, -3, 0);
	resched(t, OFF, 7, 1);
	rec_wake(t, ID_WOKEN, OFF, 7, -3, 1);
	is_u64((uint64_t)bed_run(t, 64), 8, "seven sends");
	wakee(t, 1, 42, "between sched_waking and sched_wakeup");
	wakee(t, 2, 0, "not if another task is woken");
	wakee(t, 3, 0, "not if it is woken elsewhere");
	wakee(t, 4, 0, "behind a wake-up");
	wakee(t, 5, 0, "with interrupts on");
	wakee(t, 6, 0, "without an end");
	wakee(t, 7, 0, "of a number that is no task's");
	ok(decoder_caps(t->d)->has_wakes && !decoder_caps(t->d)->has_idle, "it is known that wake-ups are there");
	is_u64(decoder_stats(t->d)->skipped, 0, "they are of use");
	bed_free(t);
}

/* A hardirq that wakes for itself, in the midst of a task's wake-up that cannot be interrupted but by an NMI. */
static void test_levels(void)
{
	struct bed *t = bed_wakes();

	rec_wake(t, ID_WAKING, OFF, 7, 42, 0);
	rec_wake(t, ID_WAKING, OFF | IPI_FLAG_HARDIRQ, 7, 50, 0);
	resched(t, OFF | IPI_FLAG_HARDIRQ, 7, 1);
	rec_wake(t, ID_WOKEN, OFF | IPI_FLAG_HARDIRQ, 7, 50, 1);
	resched(t, OFF, 7, 1);
	rec_wake(t, ID_WOKEN, OFF, 7, 42, 1);
	/* The other task's state of this CPU is not this one's. */
	rec_wake(t, ID_WAKING, OFF, 7, 42, 0);
	resched(t, OFF, 8, 1);
	rec_wake(t, ID_WOKEN, OFF, 8, 42, 1);
	is_u64((uint64_t)bed_run(t, 64), 4, "three sends");
	wakee(t, 1, 50, "the interrupt's");
	wakee(t, 2, 42, "the task's");
	wakee(t, 3, 0, "another task's");
	bed_free(t);
}

static void test_queued(void)
{
	struct bed *t = bed_wakes();

	/* Queued and sent, with a reader's irq_work in between. */
	rec_wake(t, ID_WAKING, OFF, 7, 42, 0);
	rec_ttwu(t, OFF, 7, 1);
	rec_send(t, 1, OFF, 7, 0, ADDR(1), UNKNOWN_FUNC);
	call(t, OFF, 7, 1);
	/* A rider: no send; the next one is another call's. */
	rec_wake(t, ID_WAKING, OFF, 7, 43, 0);
	rec_ttwu(t, OFF, 7, 1);
	rec_queued(t, OFF, 7, 1, ADDR(7));
	call(t, OFF, 7, 1);
	/* And a reschedule behind it: kick_process(). */
	rec_wake(t, ID_WAKING, OFF, 7, 44, 0);
	rec_ttwu(t, OFF, 7, 1);
	resched(t, OFF, 7, 1);
	/* No sched_waking was recorded. */
	rec_ttwu(t, OFF, 7, 1);
	call(t, OFF, 7, 1);
	is_u64((uint64_t)bed_run(t, 64), 11, "ten events");
	wakee(t, 1, 42, "queued");
	wakee(t, 2, 0, "an irq_work in between");
	wakee(t, 3, 42, "sent");
	wakee(t, 4, 43, "a rider");
	wakee(t, 5, 0, "another call");
	wakee(t, 6, 0, "its send");
	wakee(t, 7, 44, "queued");
	wakee(t, 8, 0, "a reschedule behind it is no wake-up");
	wakee(t, 9, 0, "queued for nobody knows whom");
	wakee(t, 10, 0, "sent for nobody knows whom");
	bed_free(t);
}

static void test_new(void)
{
	struct bed *t = bed_wakes();

	t->more_kallsyms = "ffffffff813b0000 T wake_up_new_task\nffffffff813b0200 T after_new\n";
	/* In front of the event, and behind it; and what only looks like it. */
	resched(t, OFF, 7, 1);
	rec_stack(t, OFF, 7, 2, WAKE_UP_NEW + 0x90);
	rec_wake(t, ID_NEW, OFF, 7, 60, 1);
	resched(t, OFF, 7, 1);
	rec_stack(t, OFF, 7, 2, WAKE_UP_NEW + 0xa0);
	resched(t, OFF, 7, 2);
	rec_stack(t, OFF, 7, 2, WAKE_UP_NEW + 0xa0);
	resched(t, OFF, 7, 1);
	rec_stack(t, OFF, 7, 2, ADDR(0x10));
	resched(t, OFF, 7, 1);
	is_u64((uint64_t)bed_run(t, 64), 6, "five sends");
	wakee(t, 1, 60, "in front of sched_wakeup_new");
	wakee(t, 2, 60, "behind it");
	wakee(t, 3, 0, "to another CPU");
	wakee(t, 4, 0, "from elsewhere");
	wakee(t, 5, 0, "without a stack");
	bed_free(t);
}

/* Before Linux 6.5 no event tells of the queueing; a probe names the function of the send. */
static void test_probed(void)
{
	struct bed *t = bed_new(false, 8);
	struct pb_rec r;

	t->nr_cpus = 1;
	bed_vectors(t);
	bed_format(t, "sched", "sched_waking", ID_WAKING, "pid:4 prio:4 target_cpu:4");
	bed_format(t, "sched", "sched_wakeup", ID_WOKEN, "pid:4 prio:4 target_cpu:4");
	bed_format(t, "ipitrace_4711", "queue", ID_P_QUEUE, "cpu:4 fl:4 func:8");
	bed_format(t, "ipitrace_4711", "single", ID_P_SINGLE, "cpu:4 ra:8");
	pb_page(&t->b, 0, 100);
	for (unsigned int fl = 0x30; fl < 0x50; fl += 0x10) {
		rec_wake(t, ID_WAKING, OFF, 7, 42, 0);
		r = pb_rec(&t->b, ID_P_QUEUE, OFF, 7);
		pb_field(&t->b, &r, 1, 4);
		pb_field(&t->b, &r, fl, 4); /* 0x30: a wake-up */
		pb_field(&t->b, &r, ADDR(7), 8);
		pb_event(&t->b, 1, &r);
		r = pb_rec(&t->b, ID_P_SINGLE, OFF, 7);
		pb_field(&t->b, &r, 1, 4);
		pb_field(&t->b, &r, ADDR(1), 8);
		pb_event(&t->b, 1, &r);
	}
	is_u64((uint64_t)bed_run(t, 64), 3, "two sends");
	wakee(t, 1, 42, "a wake-up's");
	wakee(t, 2, 0, "another function's");
	bed_free(t);
}

/* What is lost in between may have been the end of a wake-up. */
static void test_lost(void)
{
	struct bed *t = bed_wakes();

	rec_wake(t, ID_WAKING, OFF, 7, 42, 0);
	pb_page(&t->b, 0, 200);
	rec_ttwu(t, OFF, 7, 1);
	pb_lost(&t->b, 3);
	is_u64((uint64_t)bed_run(t, 64), 4, "start, gap, lost, queued");
	wakee(t, 3, 0, "nothing is joined across a gap");
	bed_free(t);
}

/* --- beside the matcher --- */

static struct ipi_event event(uint64_t ns, uint32_t cpu, uint8_t type, uint32_t target, int32_t wakee)
{
	return (struct ipi_event){ .ts_ns = ns, .cpu = cpu, .type = type, .target = target, .wakee = wakee };
}

static struct ipi_span hit(uint64_t send_ns, uint32_t source, uint32_t target)
{
	return (struct ipi_span){
		.kind = IPI_SPAN_HIT, .send_ns = send_ns, .source = source, .target = target, .queue_ns = IPI_NO_TIME
	};
}

static void test_beside(void)
{
	struct ipi_event ev[] = {
		event(10, 1, IPI_EV_IDLE, 2, 0),
		event(20, 0, IPI_EV_SEND_CPU, 1, 42),
		event(30, 1, IPI_EV_IDLE, IPI_IDLE_LEFT, 0),
		event(40, 0, IPI_EV_SEND_CPU, 1, 0),
		event(50, 0, IPI_EV_SEND_CPU, 1, 43),
		event(50, 0, IPI_EV_SEND_CPU, 2, 44),
		event(60, 1, IPI_EV_LOST, 0, 0),
		event(70, 1, IPI_EV_IDLE, 0, 0),
	};
	struct beside *b = beside_new(true);
	struct beside_info n;
	struct ipi_span s;

	is_u64(beside_take(b, ev, ARRAY_SIZE(ev)), 5, "idle states are not for the matcher");
	is_u64(ev[4].type, IPI_EV_LOST, "the rest keeps its order");
	is_u64(beside_idle(b, 1, 9), IPI_IDLE_UNKNOWN, "before the first event nobody knows");
	is_u64(beside_idle(b, 1, 10), IPI_IDLE_STATE(2), "from then on");
	is_u64(beside_idle(b, 1, 29), IPI_IDLE_STATE(2), "until the next");
	is_u64(beside_idle(b, 1, 30), IPI_IDLE_AWAKE, "left");
	is_u64(beside_idle(b, 1, 65), IPI_IDLE_UNKNOWN, "behind a gap nobody knows");
	is_u64(beside_idle(b, 1, 80), IPI_IDLE_STATE(0), "until the next event");
	is_u64(beside_idle(b, 99, 80), IPI_IDLE_UNKNOWN, "of a CPU without events");
	s = hit(20, 0, 1);
	beside_fill(b, &s, true);
	is_u64((uint32_t)s.wakee, 42, "wakee");
	is_u64(s.idle, IPI_IDLE_STATE(2), "idle state");
	s = hit(20, 0, 1);
	beside_fill(b, &s, false);
	is_u64(s.idle, IPI_IDLE_UNKNOWN, "clocks that differ compare nothing");
	s = hit(40, 0, 1);
	beside_fill(b, &s, true);
	is_u64((uint32_t)s.wakee, 0, "none");
	s = hit(50, 0, 1);
	beside_fill(b, &s, true);
	is_u64((uint32_t)s.wakee, 0, "two of one stamp");
	n = beside_info(b);
	is_u64(n.wakees, 2, "counted: with a wakee");
	is_u64(n.other_reschedules, 2, "without");
	is_u64(n.states, 3, "with a state");
	is_u64(n.states_unknown, 1, "without");
	beside_settled(b, 80);
	is_u64(beside_idle(b, 1, 90), IPI_IDLE_STATE(0), "what is settled goes, but not what still holds");
	s = hit(20, 0, 1);
	beside_fill(b, &s, true);
	is_u64((uint32_t)s.wakee, 0, "is gone");
	/* Memory is bounded: as many again and again. */
	for (uint64_t ns = 1000; ns < 200000; ns++) {
		ev[0] = event(ns, 0, IPI_EV_SEND_CPU, 1, (int32_t)ns);
		beside_take(b, ev, 1);
		s = hit(ns, 0, 1);
		beside_fill(b, &s, true);
		if (s.wakee != (int32_t)ns)
			break;
		beside_settled(b, ns - 10);
	}
	is_u64((uint32_t)s.wakee, 199999, "and so on");
	beside_free(b);
}

int main(void)
{
	test_direct();
	test_levels();
	test_queued();
	test_new();
	test_probed();
	test_lost();
	test_beside();
	return done_testing();
}
