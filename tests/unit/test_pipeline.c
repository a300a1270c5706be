// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_pipeline.c - a recording in slices, CPUs starved at random, gives what it gives in one go.
 */
#include <stddef.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "base/taskid.h"
#include "decodebed.h"
#include "file/datfile.h"
#include "matchsim.h"
#include "report/pipeline.h"
#include "slicer.h"

/* Everything a sink is told, in order. */
struct told {
	struct ipi_span *spans;
	uint64_t *masks; /* hash, by span */
	size_t nr, cap;
	uint64_t settled_ns;
	unsigned int nr_settled, nr_lost, nr_ends, too_early, falls;
	uint64_t lost_sum;
};

static void told_span(void *ctx, const struct ipi_span *span)
{
	struct told *t = ctx;
	uint64_t hash = 1;

	if (t->nr == t->cap) {
		t->cap = t->cap ? t->cap * 2 : 1024;
		t->spans = xrealloc(t->spans, t->cap * sizeof(*t->spans));
		t->masks = xrealloc(t->masks, t->cap * sizeof(*t->masks));
	}
	for (unsigned int i = 0; span->mask && i < span->mask_words; i++)
		hash = (hash ^ span->mask[i]) * 0x100000001b3ULL;
	t->masks[t->nr] = hash;
	t->spans[t->nr] = *span;
	t->spans[t->nr++].mask = NULL;
	t->too_early += span_begin_ns(span) < t->settled_ns;
}

static void told_lost(void *ctx, uint32_t cpu, uint64_t at_ns, uint64_t lost)
{
	struct told *t = ctx;

	(void)cpu;
	(void)at_ns;
	t->nr_lost++;
	t->lost_sum += lost;
}

static void told_settled(void *ctx, uint64_t before_ns)
{
	struct told *t = ctx;

	t->nr_settled++;
	t->falls += before_ns < t->settled_ns;
	t->settled_ns = before_ns;
}

static int told_end(void *ctx, struct err *err)
{
	struct told *t = ctx;

	(void)err;
	t->nr_ends++;
	return 0;
}

static void told_free(struct told *t)
{
	free(t->spans);
	free(t->masks);
	memset(t, 0, sizeof(*t));
}

static bool same_spans(const struct told *a, const struct told *b)
{
	/* Between the holes that the struct has. */
	const size_t rest = offsetof(struct ipi_span, mask) - offsetof(struct ipi_span, victim_pid);

	if (a->nr != b->nr)
		return false;
	for (size_t i = 0; i < a->nr; i++)
		if (memcmp(&a->spans[i], &b->spans[i], offsetof(struct ipi_span, level) + 1) ||
		    memcmp(&a->spans[i].victim_pid, &b->spans[i].victim_pid, rest) || a->masks[i] != b->masks[i])
			return false;
	return true;
}

/* A recording's formats and so on, whatever its pages come from. */
struct recording {
	const char *name;
	struct decode_meta meta;
	unsigned int nr_cpus;
	uint64_t slack_ns;
	pipeline_task_fn task;
	void *task_ctx;
};

/* Spans of one pass, and the runs it took; 0: it failed. */
static unsigned int pass(struct slicer *s, const struct recording *r, bool live, struct told *t, uint64_t *late)
{
	struct span_sink sink = {
		.span = told_span, .lost = told_lost, .settled = told_settled, .end = told_end, .ctx = t
	};
	struct pipeline *p;
	struct err err = { 0 };
	unsigned int runs = 0;
	int ret;

	slicer_rewind(s, live);
	if (!ok(!pipeline_open(&p, &r->meta, &s->src, r->nr_cpus, &err), "%s: opens", r->name))
		return 0;
	pipeline_set_sink(p, &sink);
	pipeline_set_tasks(p, r->task, r->task_ctx);
	for (ret = 1; ret == 1; runs++) {
		ret = pipeline_run(p, &err);
		if (ret == 1)
			slicer_more(s);
	}
	*late = decoder_stats(pipeline_decoder(p))->late;
	pipeline_close(p);
	return ret < 0 ? 0 : runs;
}

/* Every number is given again at one time. */
static int32_t given_again(void *ctx, int32_t number, uint64_t at_ns)
{
	const uint64_t *again_ns = ctx;

	return at_ns == IPI_NO_TIME ? number : task_id(number, at_ns >= *again_ns);
}

/* Whose a number is goes by the time of the send, and of whom an interrupt hits by its entry. */
static void name_tasks(struct slicer *s, const struct recording *r, const struct told *plain)
{
	struct recording named = *r;
	struct told t = { 0 };
	uint64_t late, again_ns = 0;
	unsigned int wrong = 0, again = 0;

	for (size_t i = 0; i < plain->nr / 2; i++)
		if (span_begin_ns(&plain->spans[i]) != IPI_NO_TIME && span_begin_ns(&plain->spans[i]) > again_ns)
			again_ns = span_begin_ns(&plain->spans[i]);
	named.task = given_again;
	named.task_ctx = &again_ns;
	pass(s, &named, false, &t, &late);
	is_u64(t.nr, plain->nr, "%s: spans of tasks whose numbers are given again", r->name);
	for (size_t i = 0; i < t.nr && i < plain->nr; i++) {
		const struct ipi_span *a = &plain->spans[i], *b = &t.spans[i];
		uint64_t begin_ns = span_begin_ns(a);

		wrong += b->pid != given_again(&again_ns, a->pid, begin_ns);
		wrong += b->wakee != given_again(&again_ns, a->wakee, begin_ns);
		wrong += b->victim_pid != given_again(&again_ns, a->victim_pid, a->entry_ns);
		again += a->pid && b->pid != a->pid;
	}
	is_u64(wrong, 0, "%s: each is of whose the number was then", r->name);
	ok(again, "%s: %u are of a later one", r->name, again);
	told_free(&t);
}

static void compare(struct slicer *s, const struct recording *r, unsigned int rounds)
{
	struct told whole = { 0 };
	unsigned int equal = 0, runs = 0, late_events = 0, wrong = 0;
	uint64_t late;

	s->slack_ns = r->slack_ns;
	is_u64(pass(s, r, false, &whole, &late), 1, "%s: a finished source is read in one run", r->name);
	for (unsigned int i = 0; i < rounds; i++) {
		struct told t = { 0 };

		runs += pass(s, r, true, &t, &late);
		equal += same_spans(&whole, &t);
		late_events += (unsigned int)late;
		wrong += t.too_early + t.falls + (t.nr_ends != 1) + (t.nr_lost != whole.nr_lost);
		told_free(&t);
	}
	ok(whole.nr > 20, "%s: %zu spans", r->name, whole.nr);
	is_u64(equal, rounds, "%s: the same spans in slices, of %u runs a round", r->name, runs / rounds);
	ok(s->laters > rounds, "%s: CPUs had nothing, %u times", r->name, s->laters);
	is_u64(late_events, 0, "%s: nothing late", r->name);
	is_u64(wrong + whole.too_early, 0, "%s: no span begins before what was settled; one end; losses", r->name);
	name_tasks(s, r, &whole);
	told_free(&whole);
}

/* --- recorded files --- */

static void test_file(const char *path, unsigned int rounds)
{
	struct err err = { 0 };
	struct dat_file *f;
	const struct dat_info *info;
	struct event_format *formats;
	struct recording r = { .name = path, .slack_ns = 1000000 };
	struct page_source whole;
	struct symtab *symtab;
	struct slicer s;

	if (!ok(!dat_open(&f, path, &err), "%s: there", path))
		return;
	info = dat_info(f);
	formats = xcalloc(info->nr_formats, sizeof(*formats));
	for (unsigned int i = 0; i < info->nr_formats; i++)
		formats[i] =
			(struct event_format){ info->formats[i].system, info->formats[i].text, info->formats[i].len };
	symtab = symtab_new(info->kallsyms, info->kallsyms_len);
	r.meta = (struct decode_meta){
		.big_endian = info->big_endian,
		.long_size = info->long_size,
		.header_page = info->header_page,
		.header_page_len = info->header_page_len,
		.formats = formats,
		.nr_formats = info->nr_formats,
		.printk_formats = info->printk_formats,
		.symtab = symtab,
	};
	r.nr_cpus = info->nr_cpus;
	whole = (struct page_source){
		.next = dat_next_page, .ctx = f, .nr_cpus = info->nr_streams, .cpus = info->cpus
	};
	slicer_init(&s, &whole, info->big_endian, true, 42);
	compare(&s, &r, rounds);
	slicer_free(&s);
	symtab_free(symtab);
	free(formats);
	dat_close(f);
}

/* --- histories of the simulated machine --- */

enum { ID_CALL_IN = 160, ID_CALL_OUT, ID_WORK_IN, ID_WORK_OUT };

static void sim_formats(struct bed *t)
{
	const struct pb_machine *m = &t->b.m;

	pb_format(&t->f, m, "irq_vectors", "call_function_entry", ID_CALL_IN, "vector:4");
	pb_format(&t->f, m, "irq_vectors", "call_function_exit", ID_CALL_OUT, "vector:4");
	pb_format(&t->f, m, "irq_vectors", "irq_work_entry", ID_WORK_IN, "vector:4");
	pb_format(&t->f, m, "irq_vectors", "irq_work_exit", ID_WORK_OUT, "vector:4");
}

static struct pb_rec sim_record(const struct bed *t, const struct ipi_event *ev)
{
	static const unsigned int entries[] = { ID_RES_IN, ID_SINGLE_IN, ID_CALL_IN, ID_WORK_IN };
	static const unsigned int exits[] = { ID_RES_OUT, ID_SINGLE_OUT, ID_CALL_OUT, ID_WORK_OUT };
	uint64_t callback = ev->class == IPI_CLASS_RESCHEDULE ? 0 : ev->class == IPI_CLASS_IRQ_WORK ? 99 : GENERIC;
	struct pb_rec r = { 0 };

	switch (ev->type) {
	case IPI_EV_QUEUE:
	case IPI_EV_SEND_CPU:
		r = pb_rec(&t->b, ev->type == IPI_EV_QUEUE ? ID_QUEUE : ID_SEND, ev->flags, ev->pid);
		pb_field(&t->b, &r, ev->target, 4);
		pb_field(&t->b, &r, ev->callsite, 8);
		pb_field(&t->b, &r, ev->type == IPI_EV_QUEUE ? ev->func : callback, 8);
		if (ev->type == IPI_EV_QUEUE)
			pb_field(&t->b, &r, ev->csd, 8);
		break;
	case IPI_EV_SEND_MASK:
		r = pb_rec(&t->b, ID_MASK, ev->flags, ev->pid);
		pb_field(&t->b, &r, 8 << 16 | 32, 4);
		pb_field(&t->b, &r, ev->callsite, 8);
		pb_field(&t->b, &r, callback, 8);
		pb_field(&t->b, &r, ev->mask[0], 8);
		break;
	case IPI_EV_FUNC_ENTRY:
	case IPI_EV_FUNC_EXIT:
		r = pb_rec(&t->b, ev->type == IPI_EV_FUNC_ENTRY ? ID_FENTRY : ID_FEXIT, ev->flags, ev->pid);
		pb_field(&t->b, &r, ev->func, 8);
		pb_field(&t->b, &r, ev->csd, 8);
		break;
	case IPI_EV_IRQ_ENTRY:
	case IPI_EV_IRQ_EXIT:
		r = pb_rec(&t->b, (ev->type == IPI_EV_IRQ_ENTRY ? entries : exits)[ev->class & 3], ev->flags, ev->pid);
		pb_field(&t->b, &r, 0, 4);
		break;
	case IPI_EV_WAKE_NO_IPI:
		r = pb_rec(&t->b, ID_WAKE, ev->flags, ev->pid);
		pb_field(&t->b, &r, ev->target, 4);
		break;
	}
	return r;
}

/* Short pages, so that there is something to hold back. */
static void sim_pages(struct bed *t, const struct sim *sim)
{
	uint64_t last_ns[SIM_MAX_CPUS] = { 0 };
	unsigned int room[SIM_MAX_CPUS] = { 0 };

	for (unsigned int i = 0; i < sim->nr_events; i++) {
		const struct ipi_event *ev = &sim->events[i];
		struct pb_rec r = sim_record(t, ev);

		if (!r.len)
			continue;
		if (!room[ev->cpu]) {
			if (t->b.nr_pages[ev->cpu] == PB_MAX_PAGES)
				return;
			pb_page(&t->b, ev->cpu, last_ns[ev->cpu] = ev->ts_ns);
			room[ev->cpu] = 5 + i % 20;
		}
		room[ev->cpu]--;
		t->b.cpu = ev->cpu;
		pb_event(&t->b, (uint32_t)(ev->ts_ns - last_ns[ev->cpu]), &r);
		last_ns[ev->cpu] = ev->ts_ns;
	}
}

static void test_sim(uint64_t seed, unsigned int rounds)
{
	/* Rounded stamps are equal ones: then the order of CPUs must not depend on how data arrive. */
	struct sim_config config = { .seed = seed,
				     .nr_cpus = 4,
				     .nr_ops = 300,
				     .features = 0x3fff,
				     .late_pct = 5,
				     .tick_ns = seed % 2 ? 0 : 2000 };
	struct recording r = { .name = "simulated machine", .nr_cpus = 4 };
	struct bed *t = bed_x86(false, 8);
	struct page_source whole = { .next = pb_next, .ctx = &t->b, .nr_cpus = 4 };
	struct slicer s;
	struct sim sim;

	sim_formats(t);
	sim_run(&sim, &config);
	sim_pages(t, &sim);
	t->sym = symtab_new(bed_kallsyms, sizeof(bed_kallsyms) - 1);
	r.meta = (struct decode_meta){ .long_size = 8, .formats = t->f.f, .nr_formats = t->f.nr, .symtab = t->sym };
	slicer_init(&s, &whole, false, true, seed);
	compare(&s, &r, rounds);
	slicer_free(&s);
	sim_free(&sim);
	bed_free(t);
}

/* --- too late --- */

/*
 * A send whose interrupt is told only when its time was settled long since, and
 * another behind it. False claims would be: delivered, in flight.
 */
static void test_late(void)
{
	struct recording r = { .name = "late", .nr_cpus = 2 };
	struct bed *t = bed_x86(false, 8);
	struct page_source whole = { .next = pb_next, .ctx = &t->b, .nr_cpus = 2 };
	struct told told = { 0 };
	struct span_sink sink = {
		.span = told_span, .lost = told_lost, .settled = told_settled, .end = told_end, .ctx = &told
	};
	struct pipeline *p;
	struct err err = { 0 };
	const struct match_totals *n;
	struct slicer s;

	t->sym = symtab_new(bed_kallsyms, sizeof(bed_kallsyms) - 1);
	r.meta = (struct decode_meta){ .long_size = 8, .formats = t->f.f, .nr_formats = t->f.nr, .symtab = t->sym };
	pb_page(&t->b, 0, 1000);
	rec_send(t, 0, 0, 7, 1, ADDR(0x33), 0);
	pb_page(&t->b, 0, 20000);
	rec_send(t, 0, 0, 7, 1, ADDR(0x33), 0);
	pb_page(&t->b, 1, 1100);
	rec_int(t, ID_RES_IN, 0, IPI_FLAG_HARDIRQ, 0, 253);
	rec_int(t, ID_RES_OUT, 50, IPI_FLAG_HARDIRQ, 0, 253);
	pb_page(&t->b, 1, 20100);
	rec_int(t, ID_RES_IN, 0, IPI_FLAG_HARDIRQ, 0, 253);
	rec_int(t, ID_RES_OUT, 50, IPI_FLAG_HARDIRQ, 0, 253);
	slicer_init(&s, &whole, false, false, 1);
	slicer_rewind(&s, true);
	ok(!pipeline_open(&p, &r.meta, &s.src, 2, &err), "late: opens without any page");
	pipeline_set_sink(p, &sink);
	is_u64((uint64_t)pipeline_run(p, &err), 1, "late: nothing yet");
	s.cpus[0].given = 1;
	s.promise_ns = 10000;
	is_u64((uint64_t)pipeline_run(p, &err), 1, "late: the send is read");
	is_u64((uint64_t)pipeline_run(p, &err), 1, "late: and nothing else");
	is_u64(told.settled_ns, 1000, "late: the hit that waits is not settled");
	s.cpus[0].given = s.cpus[1].given = 2;
	is_u64((uint64_t)pipeline_run(p, &err), 0, "late: the rest, and the end");
	n = pipeline_totals(p);
	is_u64(decoder_stats(pipeline_decoder(p))->late, 2, "late: entry and exit are counted");
	is_u64(n->target_hits, 2, "late: two hits");
	is_u64(n->lost, 1, "late: of one nobody knows");
	is_u64(n->delivered, 1, "late: the next one is matched again");
	is_u64(n->unsolicited + n->in_flight, 0, "late: nothing else is claimed");
	is_u64(n->lost_events, 0, "late: they are not counted as lost as well");
	is_u64(told.nr_lost, 1, "late: sinks hear of the gap");
	is_u64(told.lost_sum + told.falls + told.too_early, 0, "late: of no event that was lost, in order");
	pipeline_close(p);
	slicer_free(&s);
	told_free(&told);
	bed_free(t);
}

/* --- sinks beside each other --- */

static void test_tee(void)
{
	struct told a = { 0 }, b = { 0 };
	struct span_sink sinks[] = { { .span = told_span, .lost = told_lost, .end = told_end, .ctx = &a },
				     { .span = told_span, .settled = told_settled, .ctx = &b } };
	struct span_tee two = { sinks, 2 }, one = { sinks, 1 };
	struct span_sink sink = span_tee_sink(&two), alone = span_tee_sink(&one);
	struct ipi_span span = { .kind = IPI_SPAN_WAKE, .send_ns = 5 };
	struct err err = { 0 };

	sink.span(sink.ctx, &span);
	sink.lost(sink.ctx, 0, 1, 3);
	sink.settled(sink.ctx, 9);
	is_u64((uint64_t)sink.end(sink.ctx, &err), 0, "tee: ends");
	ok(a.nr == 1 && b.nr == 1 && a.lost_sum == 3 && b.settled_ns == 9 && a.nr_ends == 1 && !b.nr_lost,
	   "tee: to each sink what it has an operation for");
	ok(alone.span == told_span && alone.ctx == &a && !alone.settled, "tee: one alone is called directly");
	told_free(&a);
	told_free(&b);
}

int main(void)
{
	test_late();
	test_tee();
	for (uint64_t seed = 1; seed <= 12; seed++)
		test_sim(seed, 10);
	test_file("tests/data/report.dat", 6);
	test_file("tests/data/report-v7.dat", 6);
	test_file("tests/data/demo.dat", 4);
	test_file("tests/data/rows/amd64-66cpu.dat", 4);
	test_file("tests/data/rows/amd64-6.1.dat", 4);
	test_file("tests/data/rows/arm64-6.1.dat", 4);
	test_file("tests/data/rows/arm64-6.12.dat", 4);
	return done_testing();
}
