// SPDX-License-Identifier: GPL-2.0-only
/*
 * file/ahead.c - a thread that unpacks the next chunk of a CPU's data while this one is decoded.
 *
 * A stream is the thread's from ahead_start() to ahead_wait(); nothing else is
 * shared. On a machine with one CPU there is no thread, and ahead_wait() does
 * the work.
 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/mem.h"
#include "file/priv.h"

struct ahead {
	struct dat_file *f;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t more, done;
	/* In the order in which they were started; each is in it at most once. */
	struct dat_stream *first, *last;
	struct unpack_room unpacker; /* the thread's */
	bool threaded, stop;
};

static void *unpack_all(void *arg)
{
	struct ahead *a = arg;

	pthread_mutex_lock(&a->lock);
	while (!a->stop) {
		struct dat_stream *stream = a->first;

		if (!stream) {
			pthread_cond_wait(&a->more, &a->lock);
			continue;
		}
		a->first = stream->next_ahead;
		pthread_mutex_unlock(&a->lock);
		unpack_chunk(a->f, stream, &a->unpacker);
		pthread_mutex_lock(&a->lock);
		stream->unpacked = true;
		pthread_cond_signal(&a->done);
	}
	pthread_mutex_unlock(&a->lock);
	return NULL;
}

/* Signals are the main thread's. */
static bool start_thread(struct ahead *a)
{
	sigset_t all, old;
	cpu_set_t cpus;
	bool ret;

	if (sched_getaffinity(0, sizeof(cpus), &cpus) || CPU_COUNT(&cpus) < 2)
		return false;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	ret = !pthread_create(&a->thread, NULL, unpack_all, a);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return ret;
}

struct ahead *ahead_new(struct dat_file *f)
{
	struct ahead *a = xcalloc(1, sizeof(*a));

	a->f = f;
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->more, NULL);
	pthread_cond_init(&a->done, NULL);
	a->threaded = start_thread(a);
	return a;
}

void ahead_free(struct ahead *a)
{
	if (!a)
		return;
	if (a->threaded) {
		pthread_mutex_lock(&a->lock);
		a->stop = true;
		pthread_cond_signal(&a->more);
		pthread_mutex_unlock(&a->lock);
		pthread_join(a->thread, NULL);
	}
	pthread_cond_destroy(&a->more);
	pthread_cond_destroy(&a->done);
	pthread_mutex_destroy(&a->lock);
	unpack_room_free(&a->unpacker);
	free(a);
}

void ahead_start(struct ahead *a, struct dat_stream *stream)
{
	stream->started = true;
	if (!a->threaded)
		return;
	stream->unpacked = false;
	stream->next_ahead = NULL;
	pthread_mutex_lock(&a->lock);
	if (a->first)
		a->last->next_ahead = stream;
	else
		a->first = stream;
	a->last = stream;
	pthread_cond_signal(&a->more);
	pthread_mutex_unlock(&a->lock);
}

void ahead_wait(struct ahead *a, struct dat_stream *stream)
{
	if (!a->threaded) {
		unpack_chunk(a->f, stream, &a->unpacker);
	} else {
		pthread_mutex_lock(&a->lock);
		while (!stream->unpacked)
			pthread_cond_wait(&a->done, &a->lock);
		pthread_mutex_unlock(&a->lock);
	}
	stream->started = false;
}
