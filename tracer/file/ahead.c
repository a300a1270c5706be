// SPDX-License-Identifier: GPL-2.0-only
/*
 * file/ahead.c - the next chunk of each CPU's data is read and unpacked by whoever has time for it.
 *
 * A chunk that is to be had next is a job. Whoever reads pages does it when it
 * has to have the chunk, unless another thread, which helps, was faster: without
 * such threads all is done in the order in which it is needed. A stream is its
 * job's from ahead_start() to ahead_wait(); nothing else is shared.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "file/priv.h"

#define SPINS 2000u /* a look at a job under way: a sleep and its wake-up take longer */

enum job { JOB_NONE, JOB_QUEUED, JOB_RUNS, JOB_DONE };

struct ahead {
	struct dat_file *f;
	pthread_mutex_t lock;
	pthread_cond_t more, done;
	/* In the order in which they were started; each is in it at most once. */
	struct dat_stream *first, *last;
	_Atomic unsigned int nr;   /* how many, for who looks again and again: the lock is for those who find one */
	struct unpack_room *rooms; /* as many as there ever were jobs at one time */
	bool end;
};

/* It is the first, or the one that is needed now. */
static void unlink_job(struct ahead *a, struct dat_stream *stream)
{
	struct dat_stream **at = &a->first, *before = NULL;

	while (*at != stream) {
		before = *at;
		at = &before->next_ahead;
	}
	*at = stream->next_ahead;
	if (a->last == stream)
		a->last = before;
	atomic_fetch_sub(&a->nr, 1);
}

static struct unpack_room *room_get(struct ahead *a)
{
	struct unpack_room *room = a->rooms;

	if (!room)
		return xcalloc(1, sizeof(*room));
	a->rooms = room->next;
	return room;
}

/* Under the lock, which it gives up meanwhile. */
static void run_job(struct ahead *a, struct dat_stream *stream)
{
	struct unpack_room *room = room_get(a);

	unlink_job(a, stream);
	atomic_store(&stream->job, JOB_RUNS);
	pthread_mutex_unlock(&a->lock);
	fetch_chunk(a->f, stream, room);
	pthread_mutex_lock(&a->lock);
	room->next = a->rooms;
	a->rooms = room;
	atomic_store(&stream->job, JOB_DONE);
	pthread_cond_broadcast(&a->done);
}

struct ahead *ahead_new(struct dat_file *f)
{
	struct ahead *a = xcalloc(1, sizeof(*a));

	a->f = f;
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->more, NULL);
	pthread_cond_init(&a->done, NULL);
	return a;
}

void ahead_free(struct ahead *a)
{
	if (!a)
		return;
	pthread_cond_destroy(&a->more);
	pthread_cond_destroy(&a->done);
	pthread_mutex_destroy(&a->lock);
	while (a->rooms) {
		struct unpack_room *next = a->rooms->next;

		unpack_room_free(a->rooms);
		free(a->rooms);
		a->rooms = next;
	}
	free(a);
}

void ahead_start(struct ahead *a, struct dat_stream *stream)
{
	stream->started = true;
	stream->next_ahead = NULL;
	pthread_mutex_lock(&a->lock);
	atomic_store(&stream->job, JOB_QUEUED);
	if (a->first)
		a->last->next_ahead = stream;
	else
		a->first = stream;
	a->last = stream;
	atomic_fetch_add(&a->nr, 1);
	pthread_cond_signal(&a->more);
	pthread_mutex_unlock(&a->lock);
}

void ahead_wait(struct ahead *a, struct dat_stream *stream)
{
	for (unsigned int i = 0; i < SPINS && atomic_load(&stream->job) == JOB_RUNS; i++)
		thread_relax();
	if (atomic_load(&stream->job) != JOB_DONE) {
		pthread_mutex_lock(&a->lock);
		if (atomic_load(&stream->job) == JOB_QUEUED)
			run_job(a, stream);
		while (atomic_load(&stream->job) != JOB_DONE)
			pthread_cond_wait(&a->done, &a->lock);
		pthread_mutex_unlock(&a->lock);
	}
	stream->started = false;
}

bool ahead_help(struct ahead *a, bool wait)
{
	bool ret;

	if (!wait && !atomic_load(&a->nr))
		return false;
	pthread_mutex_lock(&a->lock);
	while (wait && !a->first && !a->end)
		pthread_cond_wait(&a->more, &a->lock);
	ret = a->first && !a->end;
	if (ret)
		run_job(a, a->first);
	pthread_mutex_unlock(&a->lock);
	return ret;
}

void ahead_end(struct ahead *a)
{
	pthread_mutex_lock(&a->lock);
	a->end = true;
	pthread_cond_broadcast(&a->more);
	pthread_mutex_unlock(&a->lock);
}
