// SPDX-License-Identifier: GPL-2.0-only
/*
 * record/tally.c - the decoder over the pages of a spool; entries of handlers are counted, nothing is matched.
 */
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/mem.h"
#include "decode/decode.h"
#include "record/tally.h"

#define CHUNK (256u << 10)
#define BATCH 256

/* Two chunks, because the page before must stay while the next one is looked at. */
struct stream {
	char *chunk[2];
	unsigned int now;
	uint64_t at, len; /* in the spool's file */
	size_t have, used;
	int fd;
};

struct pages {
	struct stream *streams;
	unsigned int nr;
	size_t page_size, chunk;
};

static const void *next_page(void *ctx, unsigned int idx, size_t *len, struct err *err)
{
	struct pages *p = ctx;
	struct stream *s = &p->streams[idx];

	*len = 0;
	if (s->used == s->have) {
		size_t want = s->len - s->at < p->chunk ? (size_t)(s->len - s->at) : p->chunk;
		ssize_t n;

		if (!want)
			return NULL;
		s->now = !s->now;
		if (!s->chunk[s->now])
			s->chunk[s->now] = xmalloc(p->chunk);
		do
			n = pread(s->fd, s->chunk[s->now], want, (off_t)s->at);
		while (n < 0 && errno == EINTR);
		if (n <= 0) {
			err_set_errno(err, EXIT_FAILED, n ? errno : EIO, "cannot read back what was recorded");
			return NULL;
		}
		s->at += (uint64_t)n;
		s->have = (size_t)n;
		s->used = 0;
	}
	*len = s->have - s->used < p->page_size ? s->have - s->used : p->page_size;
	s->used += *len;
	return s->chunk[s->now] + s->used - *len;
}

static void open_pages(struct pages *p, const struct spool *spool, unsigned int nr, size_t page_size)
{
	*p = (struct pages){ .streams = xcalloc(nr, sizeof(*p->streams)), .nr = nr, .page_size = page_size };
	p->chunk = page_size > CHUNK ? page_size : CHUNK / page_size * page_size;
	for (unsigned int cpu = 0; cpu < nr; cpu++)
		p->streams[cpu].fd = spool_fd(spool, cpu, &p->streams[cpu].len);
}

static void close_pages(struct pages *p)
{
	for (unsigned int i = 0; i < p->nr; i++)
		for (int c = 0; c < 2; c++)
			free(p->streams[i].chunk[c]);
	free(p->streams);
}

static struct event_format *formats_of(const struct record_meta *meta, unsigned int *nr)
{
	const struct dat_writer_meta *m = &meta->dat;
	struct event_format *all = xcalloc(m->nr_ftrace + m->nr_formats + 1, sizeof(*all));

	*nr = 0;
	for (unsigned int i = 0; i < m->nr_ftrace; i++)
		all[(*nr)++] = m->ftrace_formats[i];
	for (unsigned int i = 0; i < m->nr_formats; i++)
		all[(*nr)++] = m->formats[i];
	return all;
}

static void count(struct tally *t, const struct ipi_event *ev)
{
	struct coverage_counts *c;

	if (ev->cpu >= t->nr_cpus)
		return;
	c = &t->by_cpu[ev->cpu];
	if (ev->type == IPI_EV_IRQ_ENTRY) {
		c->by_class[ev->class]++;
		t->entered[ev->cpu] = true;
	} else if (ev->type == IPI_EV_IRQ_EXIT) {
		c->cut += !t->entered[ev->cpu];
		t->entered[ev->cpu] = true;
	} else if (ev->type == IPI_EV_FUNC_ENTRY && ev->csd && ev->func == t->tlb_func) {
		c->tlb_runs++;
	}
}

void tally_begin(struct tally *t, unsigned int nr_cpus, const struct ipi_evidence *e, const struct symtab *symtab)
{
	uint64_t end;

	*t = (struct tally){ .event = t->event, .event_ctx = t->event_ctx, .nr_cpus = nr_cpus };
	t->by_cpu = xcalloc(nr_cpus, sizeof(*t->by_cpu));
	t->entered = xcalloc(nr_cpus, sizeof(*t->entered));
	t->caps.reception = e->has_reception;
	t->caps.tlb = e->has_csd && symtab_range(symtab, "flush_tlb_func", &t->tlb_func, &end);
}

void tally_events(struct tally *t, const struct ipi_event *ev, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++) {
		count(t, &ev[i]);
		if (t->event)
			t->event(t->event_ctx, &ev[i]);
	}
}

static int read_all(struct tally *t, struct decoder *d, const volatile int *abort, struct err *err)
{
	struct ipi_event *batch = xmalloc(BATCH * sizeof(*batch));
	int nr;

	while ((nr = decoder_read(d, batch, BATCH, NULL, err)) > 0 && !*abort)
		tally_events(t, batch, (unsigned int)nr);
	free(batch);
	if (nr > 0)
		return err_set(err, EXIT_FAILED, "interrupted; the recording is given up");
	return nr;
}

int tally_take(struct tally *t, const struct record_meta *meta, const struct spool *spool, const char *interrupts,
	       const volatile int *abort, struct err *err)
{
	const struct dat_writer_meta *m = &meta->dat;
	struct decode_meta dm = {
		.big_endian = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__,
		.long_size = sizeof(long),
		.header_page = m->header_page,
		.header_page_len = strlen(m->header_page),
		.printk_formats = m->printk_formats,
		.no_stacks = true,
		.interrupts = interrupts,
	};
	struct symtab *symtab = symtab_new(m->kallsyms, m->kallsyms ? strlen(m->kallsyms) : 0);
	struct event_format *formats = formats_of(meta, &dm.nr_formats);
	struct decoder *d = NULL;
	struct pages pages;
	int ret;

	open_pages(&pages, spool, m->nr_cpus, m->page_size);
	dm.formats = formats;
	dm.symtab = symtab;
	ret = decoder_open(&d, &dm, &(struct page_source){ .next = next_page, .ctx = &pages, .nr_cpus = m->nr_cpus },
			   err);
	if (!ret) {
		tally_begin(t, m->nr_cpus, &decoder_caps(d)->evidence, symtab);
		ret = read_all(t, d, abort, err);
		t->records = decoder_stats(d)->records;
		t->events = decoder_stats(d)->events;
	}
	decoder_close(d);
	close_pages(&pages);
	free(formats);
	symtab_free(symtab);
	return ret;
}

void tally_free(struct tally *t)
{
	free(t->by_cpu);
	free(t->entered);
	memset(t, 0, sizeof(*t));
}
