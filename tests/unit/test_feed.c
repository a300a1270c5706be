// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_feed.c - pages of ring buffers into memory: in order, within the budget, and complete up to a time that holds.
 *
 * Pipes in packet mode stand in for trace_pipe_raw: one read() gives one page, and an empty one says EAGAIN.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "capture/feed.h"
#include "tap.h"

#define PAGE	  4096
#define NR_CPUS	  3
#define NS_PER_MS 1000000ULL

struct cpus {
	int write_fd[NR_CPUS];
	int read_fd[NR_CPUS]; /* -1: not there yet, or taken */
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ULL + (uint64_t)ts.tv_nsec;
}

static int open_raw(void *ctx, unsigned int cpu)
{
	struct cpus *c = ctx;
	int fd = c->read_fd[cpu];

	c->read_fd[cpu] = -1;
	return fd;
}

static void make_cpu(struct cpus *c, unsigned int cpu)
{
	int fds[2];

	if (pipe2(fds, O_DIRECT | O_NONBLOCK | O_CLOEXEC))
		exit(1);
	fcntl(fds[1], F_SETPIPE_SZ, 1 << 20);
	c->read_fd[cpu] = fds[0];
	c->write_fd[cpu] = fds[1];
}

static void make_cpus(struct cpus *c, unsigned int nr)
{
	for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++)
		c->read_fd[cpu] = c->write_fd[cpu] = -1;
	for (unsigned int cpu = 0; cpu < nr; cpu++)
		make_cpu(c, cpu);
}

static void close_cpus(struct cpus *c)
{
	for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++) {
		if (c->write_fd[cpu] >= 0)
			close(c->write_fd[cpu]);
		if (c->read_fd[cpu] >= 0)
			close(c->read_fd[cpu]);
	}
}

/* A page that begins then; the number is what it holds. */
static bool put(const struct cpus *c, unsigned int cpu, uint64_t begin_ns, uint64_t number)
{
	uint64_t page[PAGE / 8] = { begin_ns, 8, number };

	return write(c->write_fd[cpu], page, PAGE) == PAGE;
}

static uint64_t page_word(const void *page, unsigned int word)
{
	uint64_t v;

	memcpy(&v, (const char *)page + 8 * word, sizeof(v));
	return v;
}

static struct feed *open_feed(struct cpus *c, uint64_t budget_bytes, const char *dir)
{
	const struct feed_config config = {
		.open_raw = open_raw,
		.ctx = c,
		.nr_cpus = NR_CPUS,
		.page_size = PAGE,
		.budget_bytes = budget_bytes,
		.dir = dir,
	};
	struct feed *f = NULL;
	struct err err = { 0 };

	ok(!feed_open(&f, &config, &err), "opens %s", err.msg);
	return f;
}

static void quiet(void)
{
	struct cpus c;
	struct feed *f;
	struct err err = { 0 };
	uint64_t before, after, complete;

	make_cpus(&c, 2);
	f = open_feed(&c, 0, NULL);
	is_u64(feed_complete_ns(f), 0, "nothing is known before the first reading");
	before = now_ns();
	is_u64((uint64_t)feed_read(f, &err), 0, "all is empty");
	after = now_ns();
	complete = feed_complete_ns(f);
	ok(complete >= before - FEED_SLACK_NS && complete <= after - FEED_SLACK_NS,
	   "complete up to the reading, less the slack");
	ok(!feed_page(f, 0) && !feed_page(f, 2) && !feed_ended(f, 0), "no page, and no end");
	is_u64(feed_nr_used(f), 0, "no CPU was used");

	/* One CPU talks, the other does not block it. */
	put(&c, 0, after - 50 * NS_PER_MS, 1);
	put(&c, 0, after - 40 * NS_PER_MS, 2);
	before = now_ns();
	is_u64((uint64_t)feed_read(f, &err), 0, "both pages are read");
	ok(feed_complete_ns(f) >= before - FEED_SLACK_NS, "a quiet CPU holds nobody up");
	ok(feed_complete_ns(f) <= now_ns() - FEED_SLACK_NS, "nor does a talking one promise for it");
	is_u64(page_word(feed_page(f, 0), 2), 1, "first page");
	is_u64(page_word(feed_page(f, 0), 2), 2, "second page");
	is_u64(feed_nr_used(f), 1, "one CPU was used");

	feed_finish(f);
	ok(!feed_ended(f, 0), "an end is one when it was looked at");
	put(&c, 1, after, 3);
	is_u64((uint64_t)feed_read(f, &err), 0, "the rest");
	ok(feed_ended(f, 0) && !feed_ended(f, 1) && feed_ended(f, 2), "one has a page left");
	is_u64(page_word(feed_page(f, 1), 2), 3, "which is the last");
	ok(feed_ended(f, 1), "all have ended");
	is_u64(feed_complete_ns(f), UINT64_MAX, "nothing will come any more");
	feed_close(f);
	close_cpus(&c);
}

static void damaged_stamp(void)
{
	struct cpus c;
	struct feed *f;
	struct err err = { 0 };

	make_cpus(&c, 1);
	f = open_feed(&c, 0, NULL);
	put(&c, 0, UINT64_MAX / 2, 1);
	feed_read(f, &err);
	ok(feed_complete_ns(f) <= now_ns(), "a stamp in the future promises nothing that has not happened");
	feed_close(f);
	close_cpus(&c);
}

/* What each CPU has given, checked as it comes. */
struct taken {
	uint64_t next[NR_CPUS], complete_ns, early, falls, wrong;
};

static void take(struct feed *f, struct taken *t, uint64_t settled_ns)
{
	const void *page;

	for (unsigned int cpu = 0; cpu < 2; cpu++)
		while ((page = feed_page(f, cpu))) {
			t->wrong += page_word(page, 2) != t->next[cpu]++;
			/* What begins before was to be there when the promise was made. */
			t->early += page_word(page, 0) < settled_ns;
		}
}

/* A backlog many times the budget: one CPU's pages are of long ago, the other's of now. */
static void backlog(void)
{
	enum { BUDGET = 8, NR = 200, SLICE = 64 };
	struct taken t = { 0 };
	struct cpus c;
	struct feed *f;
	struct err err = { 0 };
	uint64_t old = now_ns() - 1000 * NS_PER_MS, held = 0, before = 0;
	unsigned int rounds = 0, stuck = 0;

	make_cpus(&c, 2);
	f = open_feed(&c, BUDGET * PAGE, NULL);
	for (unsigned int i = 0; i < NR; i++) {
		put(&c, 0, old + i * NS_PER_MS, i);
		put(&c, 1, old + (i + 500) * NS_PER_MS, i);
	}
	while (feed_read(f, &err) == 1 && rounds++ < 1000) {
		uint64_t complete = feed_complete_ns(f), had = t.next[0] + t.next[1];

		t.falls += complete < before;
		held = feed_held_bytes(f) > held ? feed_held_bytes(f) : held;
		take(f, &t, before);
		before = complete;
		stuck += t.next[0] + t.next[1] == had;
	}
	take(f, &t, before);
	is_u64(t.next[0], NR, "all pages of the one");
	is_u64(t.next[1], NR, "all pages of the other");
	is_u64(t.wrong, 0, "in order");
	is_u64(t.falls, 0, "the promise never falls");
	is_u64(t.early, 0, "and was kept");
	is_u64(stuck, 0, "each round gets on");
	ok(held <= (BUDGET + 2 * SLICE + 4) * PAGE, "memory is bounded: %llu pages", (unsigned long long)held / PAGE);
	ok(rounds > 3, "%u rounds", rounds);
	feed_close(f);
	close_cpus(&c);
}

/* Whoever takes nothing of a CPU that is ahead still gets those of the one that all wait for. */
static void one_behind(void)
{
	enum { BUDGET = 4, NR = 150 };
	struct cpus c;
	struct feed *f;
	struct err err = { 0 };
	uint64_t old = now_ns() - 10000 * NS_PER_MS, next = 0;
	unsigned int wrong = 0;
	const void *page;

	make_cpus(&c, 2);
	f = open_feed(&c, BUDGET * PAGE, NULL);
	for (unsigned int i = 0; i < NR; i++) {
		put(&c, 1, old + (i + 5000) * NS_PER_MS, i);
		put(&c, 0, old + i * NS_PER_MS, i);
	}
	for (unsigned int i = 0; i < 1000 && next < NR; i++) {
		feed_read(f, &err);
		while ((page = feed_page(f, 0)))
			wrong += page_word(page, 2) != next++;
	}
	is_u64(next, NR, "the CPU that is behind is read to its end");
	is_u64(wrong, 0, "in order");
	ok(feed_held_bytes(f) <= (BUDGET + 2 * 64 + 4) * PAGE, "what is ahead stays where it is");
	feed_close(f);
	close_cpus(&c);
}

static void kept(void)
{
	struct cpus c;
	struct feed *f;
	struct err err = { 0 };
	char page[PAGE];
	uint64_t len;
	int fd;

	make_cpus(&c, 1);
	f = open_feed(&c, 0, ".");
	put(&c, 0, 5, 1);
	put(&c, 0, 6, 2);
	feed_read(f, &err);
	fd = feed_fd(f, 0, &len);
	is_u64(len, 2 * PAGE, "both pages are in the file");
	ok(pread(fd, page, PAGE, PAGE) == PAGE && page_word(page, 0) == 6 && page_word(page, 2) == 2, "as they were");
	is_u64((uint64_t)feed_fd(f, 1, &len), (uint64_t)-1, "a CPU without any has none");
	/* A CPU that comes later. */
	make_cpu(&c, 2);
	put(&c, 2, 7, 9);
	feed_finish(f);
	feed_read(f, &err);
	ok(feed_fd(f, 2, &len) >= 0 && len == PAGE, "a CPU that came later is kept, too");
	is_u64(feed_nr_used(f), 3, "and counts");
	feed_close(f);
	close_cpus(&c);
}

static void lifetime(void)
{
	struct cpus c;
	struct feed *f;
	struct err err = { 0 };
	const void *a, *b;

	make_cpus(&c, 1);
	f = open_feed(&c, 0, NULL);
	for (unsigned int i = 0; i < 4; i++)
		put(&c, 0, i + 1, i);
	feed_read(f, &err);
	a = feed_page(f, 0);
	b = feed_page(f, 0);
	put(&c, 0, 9, 9);
	feed_read(f, &err);
	ok(page_word(a, 2) == 0 && page_word(b, 2) == 1, "a page stays until two more were taken");
	feed_page(f, 0);
	ok(page_word(b, 2) == 1, "so does the next");
	feed_close(f);
	close_cpus(&c);
}

int main(void)
{
	quiet();
	damaged_stamp();
	backlog();
	one_behind();
	kept();
	lifetime();
	return done_testing();
}
