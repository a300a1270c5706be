// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_ustacks.c - user stacks: which sample a send gets, the section of the file, and unwinding this very program.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/io.h"
#include "base/mem.h"
#include "capture/userstack.h"
#include "file/ustacks.h"
#include "record/ustack.h"
#include "tap.h"
#include "unwind/unwind.h"

/* --- in place of capture/userstack-read.c --- */

static struct userstack_sample samples[16];
static unsigned int nr_samples, at_sample;

bool userstack_next(struct userstack *u, unsigned int cpu, struct userstack_sample *s, struct err *err)
{
	(void)u, (void)cpu, (void)err;
	if (at_sample == nr_samples)
		return false;
	*s = samples[at_sample++];
	return true;
}

bool userstack_side(struct userstack *u, uint64_t until_ns, struct userstack_side *s, struct err *err)
{
	(void)u, (void)until_ns, (void)s, (void)err;
	return false;
}

static bool follows;

bool userstack_follows(const struct userstack *u)
{
	(void)u;
	return follows;
}

struct userstack_counts userstack_counts(const struct userstack *u)
{
	(void)u;
	return (struct userstack_counts){ .samples = nr_samples, .lost = 3, .side_lost = 1 };
}

/* --- the join --- */

#define PID 7

static struct ustack_join *join;

static void begin(void)
{
	static const struct userstack_config config = { .mode = USERSTACK_FP };

	nr_samples = at_sample = 0;
	join = ustack_join_new(NULL, &config, 1);
}

static void sample(uint64_t ts_ns, uint64_t callsite)
{
	static const uint64_t chain[] = { 0x1000 };

	samples[nr_samples++] = (struct userstack_sample){
		.ts_ns = ts_ns,
		.at = USERSTACK_AT_SEND_CPU,
		.trace_pid = PID,
		.pid = PID,
		.tid = PID,
		.target = 1,
		.callsite = callsite,
		.user = true,
		.pc = 0x1000,
		.nr_chain = 1,
		.chain = chain,
	};
}

static void event(uint64_t ts_ns, unsigned int type, uint64_t callsite, int32_t pid, unsigned int flags)
{
	ustack_join_event(join, &(struct ipi_event){ .ts_ns = ts_ns,
						     .type = (uint8_t)type,
						     .callsite = callsite,
						     .pid = pid,
						     .target = 1,
						     .flags = (uint8_t)flags });
}

static void end(struct ustacks *out)
{
	struct err err = { 0 };

	ok(!ustack_join_finish(join, out, &err), "the join ends");
	ustack_join_free(join);
}

static uint64_t time_of(const struct ustacks *u, unsigned int nr)
{
	struct ustacks_cursor c = ustacks_begin(u, 0);

	while (nr-- && c.stack)
		ustacks_advance(u, &c);
	return c.stack ? c.ts_ns : 0;
}

static void test_join(void)
{
	struct ustacks u;

	begin();
	sample(100, 0xa);
	sample(200, 0xa);
	sample(300, 0xb); /* the send has another call site */
	sample(400, 0xa); /* two for one send */
	sample(410, 0xa);
	sample(500, 0xa); /* its send is in a gap */
	sample(600, 0xa);
	sample(690, 0xb); /* of a send that the trace leaves out; then the one */
	sample(700, 0xa);
	event(101, IPI_EV_SEND_CPU, 0xa, PID, 0);
	event(150, IPI_EV_SEND_CPU, 0xa, PID, IPI_FLAG_HARDIRQ);
	event(160, IPI_EV_SEND_CPU, 0xa, 0, 0);
	event(201, IPI_EV_SEND_CPU, 0xa, PID, 0);
	event(210, IPI_EV_SEND_CPU, 0xa, PID, 0); /* no sample left for it */
	event(301, IPI_EV_SEND_CPU, 0xa, PID, 0);
	event(411, IPI_EV_SEND_CPU, 0xa, PID, 0);
	event(550, IPI_EV_LOST, 0, 0, 0);
	event(560, IPI_EV_SEND_CPU, 0xa, PID, 0);
	event(601, IPI_EV_SEND_CPU, 0xa, PID, 0);
	event(701, IPI_EV_SEND_CPU, 0xa, PID, 0);
	end(&u);
	is_u64(u.n.sends, 10, "sends");
	is_u64(u.n.framed, 4, "with a stack");
	is_u64(u.n.interrupts, 1, "by an interrupt");
	is_u64(u.n.kernel, 1, "by an idle task");
	is_u64(u.n.unsampled, 4, "without a sample of their own");
	is_u64(u.n.lost, 3, "lost samples");
	is_u64(u.n.side_lost, 1, "lost mappings");
	is_u64(time_of(&u, 0), 101, "the first send");
	is_u64(time_of(&u, 1), 201, "the second");
	is_u64(time_of(&u, 2), 601, "the one behind the gap");
	is_u64(time_of(&u, 3), 701, "the one with a foreign sample before its own");
	is_u64(time_of(&u, 4), 0, "and no more");
	ustacks_free(&u);
}

/* Probes in place of events: the sample comes behind its send. */
static void test_join_behind(void)
{
	struct ustacks u;

	follows = true;
	begin();
	sample(90, 0xa); /* its send is before the recording, or left out */
	sample(101, 0xa);
	sample(201, 0xa);
	sample(401, 0xa); /* that of 301 is lost */
	sample(501, 0xb); /* the send has another call site */
	sample(601, 0xa); /* two for one send */
	sample(602, 0xa);
	sample(701, 0xa); /* a gap behind it: it may be of a send that is lost */
	sample(801, 0xa);
	sample(901, 0xa);
	event(100, IPI_EV_SEND_CPU, 0xa, PID, 0);
	event(150, IPI_EV_SEND_CPU, 0xa, PID, IPI_FLAG_HARDIRQ);
	event(200, IPI_EV_SEND_CPU, 0xa, PID, 0);
	event(300, IPI_EV_SEND_CPU, 0xa, PID, 0);
	event(400, IPI_EV_SEND_CPU, 0xa, PID, 0);
	event(500, IPI_EV_SEND_CPU, 0xa, PID, 0);
	event(600, IPI_EV_SEND_CPU, 0xa, PID, 0);
	event(700, IPI_EV_SEND_CPU, 0xa, PID, 0);
	event(790, IPI_EV_LOST, 0, 0, 0);
	event(800, IPI_EV_SEND_CPU, 0xa, PID, 0);
	event(850, IPI_EV_SEND_CPU, 0xa, 0, 0);
	event(900, IPI_EV_SEND_CPU, 0xa, PID, 0);
	end(&u);
	follows = false;
	is_u64(u.n.sends, 11, "behind: sends");
	is_u64(u.n.framed, 5, "behind: with a stack");
	is_u64(u.n.interrupts, 1, "behind: by an interrupt");
	is_u64(u.n.kernel, 1, "behind: by an idle task");
	is_u64(u.n.unsampled, 4, "behind: without a sample of their own");
	is_u64(time_of(&u, 0), 100, "behind: the first");
	is_u64(time_of(&u, 1), 200, "behind: the second");
	is_u64(time_of(&u, 2), 400, "behind: not the one whose sample is lost");
	is_u64(time_of(&u, 3), 800, "behind: the one behind the gap");
	is_u64(time_of(&u, 4), 900, "behind: the last");
	ustacks_free(&u);
}

static void test_no_user_side(void)
{
	struct ustacks u;

	begin();
	sample(100, 0xa);
	samples[0].user = false;
	sample(200, 0xa);
	samples[1].pc = 0;
	sample(300, 0xa);
	samples[2].compat = true;
	for (uint64_t ts = 101; ts < 400; ts += 100)
		event(ts, IPI_EV_SEND_CPU, 0xa, PID, 0);
	end(&u);
	is_u64(u.n.kernel, 2, "kernel threads, and workers that were never in user mode");
	is_u64(u.n.compat, 1, "a 32-bit process");
	is_u64(u.n.framed, 0, "none has a stack");
	ustacks_free(&u);
}

/* --- the section --- */

static void fill(struct ustacks *u)
{
	static const uint32_t frames[] = { 1, 0, 2 };

	*u = (struct ustacks){ .mode = USTACKS_DWARF, .stack_bytes = 8192, .n = { 9, 5, 1, 1, 1, 1, 3, 0 } };
	u->nr_names = 2;
	u->names = xcalloc(2, sizeof(*u->names));
	u->names[0] = xstrdup("/bin/x;y z");
	u->names[1] = xstrdup("");
	u->nr_frames = 3;
	u->frames = xcalloc(3, sizeof(*u->frames));
	u->frames[1] = (struct ustacks_frame){ 2, 1, UINT64_MAX };
	u->frames[2] = (struct ustacks_frame){ 0, 1, 0x1234 };
	u->nr_stacks = 2;
	u->stacks = xcalloc(2, sizeof(*u->stacks));
	u->stacks[0] = (struct ustacks_stack){ memcpy(xmalloc(12), frames, 12), 3 };
	u->stacks[1] = (struct ustacks_stack){ memcpy(xmalloc(4), frames, 4), 1 };
	ustacks_add_send(u, 3, 1ULL << 62, 1);
	ustacks_add_send(u, 3, (1ULL << 62) + 1, 2);
	ustacks_add_send(u, 0, 5, 2);
}

static void test_section(void)
{
	struct ustacks a, b;
	struct ustacks_cursor c;
	struct err err = { 0 };
	unsigned int refused = 0;
	size_t len;
	void *bytes;

	fill(&a);
	bytes = ustacks_format(&a, &len);
	ok(!ustacks_parse(&b, bytes, len, &err), "what was written is read");
	ok(!memcmp(&a.n, &b.n, sizeof(a.n)) && b.mode == a.mode && b.stack_bytes == 8192, "counts and mode");
	is_str(b.names[0], "/bin/x;y z", "a name");
	ok(b.nr_frames == 3 && !memcmp(a.frames, b.frames, 3 * sizeof(*a.frames)), "frames");
	ok(b.nr_stacks == 2 && b.stacks[0].nr == 3 && b.stacks[0].frames[2] == 2, "stacks");
	c = ustacks_begin(&b, 3);
	ok(c.ts_ns == 1ULL << 62 && c.stack == 1, "the first send of a CPU");
	ustacks_advance(&b, &c);
	ok(c.ts_ns == (1ULL << 62) + 1 && c.stack == 2, "the second");
	ustacks_advance(&b, &c);
	ok(!c.stack, "and no more");
	ok(!ustacks_begin(&b, 1).stack, "a CPU without any");
	ustacks_free(&b);
	for (size_t cut = 0; cut < len; cut++) {
		void *part = memcpy(xmalloc(cut + 1), bytes, cut);

		if (ustacks_parse(&b, part, cut, NULL))
			refused++;
		else
			ustacks_free(&b);
		free(part);
	}
	is_u64(refused, len, "cut anywhere it is refused");
	/* No byte can make it read beyond its end: the sanitizers watch. */
	for (size_t i = 0; i < len * 3; i++) {
		uint8_t *other = memcpy(xmalloc(len), bytes, len);

		other[i / 3] = (uint8_t[]){ 0, 0x7f, 0xff }[i % 3];
		if (!ustacks_parse(&b, other, len, NULL)) {
			for (c = ustacks_begin(&b, 3); c.stack;)
				ustacks_advance(&b, &c);
			ustacks_free(&b);
		}
		free(other);
	}
	free(bytes);
	ustacks_free(&a);
}

/* --- unwinding --- */

#if defined(__x86_64__)
struct picture {
	struct unwind_sample s;
	uint64_t regs[17];
	uint8_t stack[16384]; /* test_unwind() needs some of it */
};

/* It reads what is not its own. */
__attribute__((noinline, no_sanitize_address)) void unwound_inner(struct picture *p);
__attribute__((noinline)) void unwound_outer(struct picture *p);

void unwound_inner(struct picture *p)
{
	static const int order[] = { REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI, REG_RBP, REG_RSP, REG_R8,
				     REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP };
	ucontext_t here;

	getcontext(&here);
	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		p->regs[i] = (uint64_t)here.uc_mcontext.gregs[order[i]];
	p->s.pc = p->regs[16];
	p->s.sp = p->regs[7];
	/* As the kernel takes it: what stands there, whosever it is. */
	p->s.stack_len = (uint32_t)((uintptr_t)environ - p->s.sp); /* which lies above the frame of _start() */
	if (p->s.stack_len > sizeof(p->stack))
		p->s.stack_len = sizeof(p->stack);
	for (size_t i = 0; i < p->s.stack_len; i++)
		p->stack[i] = ((volatile uint8_t *)(uintptr_t)p->s.sp)[i];
}

void unwound_outer(struct picture *p)
{
	unwound_inner(p);
	__asm__ volatile("" ::: "memory"); /* no tail call */
}

static void names_of(const struct unwind *u, uint32_t stack, char *buf, size_t len)
{
	struct unwind_stack s = unwind_stack(u, stack);
	size_t at = 0;

	buf[0] = '\0';
	for (uint32_t i = 0; i < s.nr && at < len; i++) {
		const struct unwind_frame *f = unwind_frame(u, s.frames[i]);

		at += (size_t)snprintf(buf + at, len - at, "%s ", f->symbol ? unwind_name(u, f->symbol - 1) : "?");
	}
}

static void test_unwind(void)
{
	struct picture *p = xcalloc(1, sizeof(*p));
	char *maps = read_file("/proc/self/maps", NULL), names[2048], cut[2048];
	struct unwind *u = unwind_new(INT64_MAX / 2); /* the file is older than that */
	uint32_t first, again, len;

	unwound_outer(p);
	p->s.pid = p->s.tid = getpid();
	p->s.regs = p->regs;
	p->s.nr_regs = 17;
	p->s.stack = p->stack;
	len = p->s.stack_len;
	unwind_snapshot(u, getpid(), 1, maps, 0);
	first = unwind_sample(u, &p->s);
	names_of(u, first, names, sizeof(names));
	ok(!strncmp(names, "unwound_inner unwound_outer ", 28), "the innermost functions: %.60s", names);
	ok(strstr(names, " main "), "and main");
	again = unwind_sample(u, &p->s);
	is_u64(again, first, "the same once more");
	p->s.stack_len = 0;
	names_of(u, unwind_sample(u, &p->s), cut, sizeof(cut));
	is_str(cut, "unwound_inner [cut] ", "without its stack it is cut, not what it was before");
	p->s.stack_len = len;
	unwind_exec(u, getpid());
	names_of(u, unwind_sample(u, &p->s), cut, sizeof(cut));
	is_str(cut, "? [cut] ", "after an exec nothing is mapped");
	unwind_free(u);

	u = unwind_new(INT64_MAX / 2);
	unwind_snapshot(u, getpid(), 1, maps, 0);
	unwind_forked(u, 1, getpid());
	p->s.pid = 1;
	names_of(u, unwind_sample(u, &p->s), cut, sizeof(cut));
	is_str(cut, names, "a child has what its parent had");
	unwind_exited(u, 1);
	names_of(u, unwind_sample(u, &p->s), cut, sizeof(cut));
	is_str(cut, "? [cut] ", "one that has ended has nothing");
	unwind_free(u);

	u = unwind_new(INT64_MIN / 2); /* the file was written since */
	p->s.pid = getpid();
	unwind_snapshot(u, getpid(), 1, maps, 0);
	names_of(u, unwind_sample(u, &p->s), cut, sizeof(cut));
	is_str(cut, "? [cut] ", "a file that was written since names nothing");
	unwind_free(u);
	free(maps);
	free(p);
}
#else
static void test_unwind(void)
{
}
#endif

int main(void)
{
	test_join();
	test_join_behind();
	test_no_user_side();
	test_section();
	test_unwind();
	return done_testing();
}
