// SPDX-License-Identifier: GPL-2.0-only
/*
 * report/batches.c - a ring of batches: one thread decodes into it, this one takes them out.
 *
 * Both ends wait by spinning for as long as a sleep and its wake-up would
 * take, and then sleep; who sleeps is woken when there is some more than one
 * batch to do. Before they wait they do parts of the source's work, which is
 * how the load is balanced: whoever is ahead unpacks what comes next. Further
 * threads do nothing else.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "report/batches.h"

#define NR_SLOTS    64u
#define WAKE_READER (NR_SLOTS / 8) /* batches there to be taken */
#define WAKE_WRITER (NR_SLOTS / 2) /* slots that are free */
#define SPINS	    2000u
#define MAX_HELPERS 62u

/* What one end waits for: that the other has gone on. */
struct end {
	pthread_cond_t cond;
	_Atomic bool sleeps;
};

struct batches {
	struct decoder *decoder;
	const struct page_source *src;
	struct event_batch *slots;
	bool threaded;
	pthread_t thread;
	pthread_mutex_t lock;
	_Atomic unsigned int written; /* by the thread; slots, for ever counted on */
	_Atomic bool ended;	      /* that was the last */
	char apart[64];		      /* who writes one of them leaves the other's line of the cache alone */
	_Atomic unsigned int taken;   /* given back by the reader */
	_Atomic bool stop;
	unsigned int given; /* the reader has this one */
	struct end reader, writer;
	pthread_t helpers[MAX_HELPERS];
	unsigned int nr_helpers;
};

static unsigned int filled(struct batches *b)
{
	return atomic_load(&b->written) - atomic_load(&b->taken);
}

static bool reader_may(struct batches *b, unsigned int nr)
{
	return filled(b) >= nr || atomic_load(&b->ended);
}

static bool writer_may(struct batches *b, unsigned int nr)
{
	return NR_SLOTS - filled(b) >= nr || atomic_load(&b->stop);
}

static bool help(struct batches *b)
{
	return b->src->help && b->src->help(b->src->ctx, false);
}

/* Until there is one, but who has gone to sleep waits for wake of them. */
static void wait_for(struct batches *b, struct end *end, bool (*may)(struct batches *, unsigned int), unsigned int wake)
{
	for (unsigned int spins = 0; !may(b, 1); spins++) {
		if (help(b)) {
			spins = 0;
			continue;
		}
		if (spins < SPINS) {
			thread_relax();
			continue;
		}
		pthread_mutex_lock(&b->lock);
		atomic_store(&end->sleeps, true);
		while (!may(b, wake))
			pthread_cond_wait(&end->cond, &b->lock);
		atomic_store(&end->sleeps, false);
		pthread_mutex_unlock(&b->lock);
	}
}

static void wake(struct batches *b, struct end *end, bool (*may)(struct batches *, unsigned int), unsigned int nr)
{
	if (likely(!atomic_load(&end->sleeps)) || !may(b, nr))
		return;
	pthread_mutex_lock(&b->lock);
	pthread_cond_signal(&end->cond);
	pthread_mutex_unlock(&b->lock);
}

static void fill(struct batches *b, struct event_batch *batch)
{
	batch->nr = decoder_read(b->decoder, batch->ev, BATCH_EVENTS, &batch->masks, &batch->err);
	batch->mark = decoder_mark(b->decoder);
}

static void *write_all(void *arg)
{
	struct batches *b = arg;

	for (unsigned int at = 0;; at++) {
		struct event_batch *batch = &b->slots[at % NR_SLOTS];
		bool last;

		wait_for(b, &b->writer, writer_may, WAKE_WRITER);
		if (atomic_load(&b->stop))
			return NULL;
		fill(b, batch);
		last = batch->nr <= 0;
		atomic_store(&b->written, at + 1);
		if (last)
			atomic_store(&b->ended, true);
		wake(b, &b->reader, reader_may, WAKE_READER);
		if (last)
			return NULL;
	}
}

static void *help_all(void *arg)
{
	const struct page_source *src = arg;

	while (src->help(src->ctx, true))
		;
	return NULL;
}

/* Signals are the main thread's. */
static bool start(pthread_t *thread, void *(*fn)(void *), void *arg)
{
	sigset_t all, old;
	bool ret;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	ret = !pthread_create(thread, NULL, fn, arg);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return ret;
}

struct batches *batches_new(struct decoder *d, const struct page_source *src, unsigned int nr_threads)
{
	bool threaded = nr_threads > 1 && !src->complete_ns;
	struct batches *b = xcalloc(1, sizeof(*b));

	b->decoder = d;
	b->src = src;
	b->slots = xcalloc(threaded ? NR_SLOTS : 1, sizeof(*b->slots));
	if (!threaded)
		return b;
	pthread_mutex_init(&b->lock, NULL);
	pthread_cond_init(&b->reader.cond, NULL);
	pthread_cond_init(&b->writer.cond, NULL);
	b->threaded = start(&b->thread, write_all, b);
	for (unsigned int i = 2; b->threaded && src->help && i < nr_threads && b->nr_helpers < MAX_HELPERS; i++)
		if (start(&b->helpers[b->nr_helpers], help_all, (void *)src))
			b->nr_helpers++;
	return b;
}

static void stop_threads(struct batches *b)
{
	atomic_store(&b->stop, true);
	wake(b, &b->writer, writer_may, 1);
	pthread_join(b->thread, NULL);
	if (b->src->help_end)
		b->src->help_end(b->src->ctx);
	for (unsigned int i = 0; i < b->nr_helpers; i++)
		pthread_join(b->helpers[i], NULL);
}

void batches_free(struct batches *b)
{
	if (b->threaded)
		stop_threads(b);
	for (unsigned int i = 0; i < (b->threaded ? NR_SLOTS : 1); i++)
		decode_masks_free(&b->slots[i].masks);
	free(b->slots);
	free(b);
}

struct event_batch *batches_next(struct batches *b)
{
	if (!b->threaded) {
		fill(b, b->slots);
		return b->slots;
	}
	/* The one before goes back. */
	if (b->given) {
		atomic_store(&b->taken, b->given);
		wake(b, &b->writer, writer_may, WAKE_WRITER);
	}
	wait_for(b, &b->reader, reader_may, WAKE_READER);
	return &b->slots[b->given++ % NR_SLOTS];
}
