// SPDX-License-Identifier: GPL-2.0-only
/*
 * file/pack.c - each thread reads and packs a stretch of its own; they are written in order.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "base/compiler.h"
#include "base/cpuset.h"
#include "base/err.h"
#include "base/io.h"
#include "base/mem.h"
#include "file/datfile.h"
#include "file/pack.h"

#define RUN_BYTES   (2u << 20) /* of a thread in one run */
#define DENSE_BYTES (256u << 20)
#define MAX_THREADS 16

/*
 * What events leave to be packed are time stamps, each beside a few bytes that were seen before. So a search for the longest
 * match pays, of 6 bytes and more, and a long history: what is found is longer, so there is less to read back, too;
 * literals hardly shrink. Figures: tests/bench --only size,report.
 */
struct way {
	unsigned int chunk;
	int level, strategy, min_match, search_log, chain_log, hash_log; /* 0: what the level has */
};

static const struct way dense = { 256u << 10, 6, ZSTD_lazy2, 6, 4, 17, 17 };
static const struct way light = { 256u << 10, 1, 0, 0, 0, 0, 0 };
static const struct way best = { 512u << 10, 12, ZSTD_btlazy2, 3, 5, 19, 18 };

struct worker {
	ZSTD_CCtx *zstd;
	const struct way *way; /* that zstd is set to */
	pthread_t thread;
	int fd;
	uint64_t at;
	size_t len, chunk; /* of what is to be packed, and of a part of it */
	char *in, *out;
	size_t out_room, out_len;
	int errnum; /* 0 = packed */
};

struct packer {
	struct worker *workers;
	unsigned int nr_workers, nr_used;
	const struct way *way;
	size_t chunk;
	uint64_t packed, dense_bytes; /* of which so much is packed densely */
};

static bool set_way(ZSTD_CCtx *zstd, const struct way *way)
{
	const struct {
		ZSTD_cParameter name;
		int value;
	} all[] = {
		{ ZSTD_c_compressionLevel, way->level }, { ZSTD_c_strategy, way->strategy },
		{ ZSTD_c_minMatch, way->min_match },	 { ZSTD_c_searchLog, way->search_log },
		{ ZSTD_c_chainLog, way->chain_log },	 { ZSTD_c_hashLog, way->hash_log },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(all); i++)
		if (ZSTD_isError(ZSTD_CCtx_setParameter(zstd, all[i].name, all[i].value)))
			return false;
	return true;
}

/* Of a thread in one run. */
static size_t nr_chunks(const struct packer *p)
{
	return p->chunk < RUN_BYTES ? RUN_BYTES / p->chunk : 1;
}

struct packer *packer_new(int level, unsigned int page_size)
{
	struct packer *p = xcalloc(1, sizeof(*p));

	p->way = level >= DAT_LEVEL_BEST ? &best : &dense;
	p->chunk = page_size > p->way->chunk ? page_size : p->way->chunk / page_size * page_size;
	p->nr_workers = cpus_usable(MAX_THREADS);
	p->dense_bytes = p->way == &dense ? (uint64_t)DENSE_BYTES * p->nr_workers : UINT64_MAX;
	p->workers = xcalloc(p->nr_workers, sizeof(*p->workers));
	for (unsigned int i = 0; i < p->nr_workers; i++) {
		struct worker *w = &p->workers[i];

		w->chunk = p->chunk;
		w->in = xmalloc(p->chunk);
		w->out_room = nr_chunks(p) * (ZSTD_compressBound(p->chunk) + 8);
		w->out = xmalloc(w->out_room);
	}
	return p;
}

void packer_free(struct packer *p)
{
	if (!p)
		return;
	for (unsigned int i = 0; i < p->nr_workers; i++) {
		ZSTD_freeCCtx(p->workers[i].zstd);
		free(p->workers[i].in);
		free(p->workers[i].out);
	}
	free(p->workers);
	free(p);
}

uint64_t packer_nr_chunks(const struct packer *p, uint64_t len)
{
	return (len + p->chunk - 1) / p->chunk;
}

static int pack_chunk(struct worker *w, size_t len)
{
	uint32_t sizes[2] = { 0, (uint32_t)len };
	char *to = w->out + w->out_len;
	size_t n = ZSTD_compress2(w->zstd, to + sizeof(sizes), w->out_room - w->out_len - sizeof(sizes), w->in, len);

	if (ZSTD_isError(n))
		return ENOMEM; /* there is room for the worst */
	sizes[0] = (uint32_t)n;
	memcpy(to, sizes, sizeof(sizes));
	w->out_len += sizeof(sizes) + n;
	return 0;
}

static void *work(void *arg)
{
	struct worker *w = arg;

	w->errnum = 0;
	for (size_t left = w->len; left && !w->errnum;) {
		size_t n = left < w->chunk ? left : w->chunk;

		w->errnum = read_all_at(w->fd, w->in, n, w->at);
		if (!w->errnum)
			w->errnum = pack_chunk(w, n);
		w->at += n;
		left -= n;
	}
	return NULL;
}

/* The first is this thread itself. Where no thread can be had, it does their work, too. */
static void work_all(struct packer *p)
{
	bool started[MAX_THREADS] = { false };
	sigset_t all, old;

	/* Signals are the main thread's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	for (unsigned int i = 1; i < p->nr_used; i++)
		started[i] = !pthread_create(&p->workers[i].thread, NULL, work, &p->workers[i]);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	for (unsigned int i = 0; i < p->nr_used; i++)
		if (!started[i])
			work(&p->workers[i]);
	for (unsigned int i = 1; i < p->nr_used; i++)
		if (started[i])
			pthread_join(p->workers[i].thread, NULL);
}

static int prepare(struct worker *w, const struct way *way)
{
	if (w->way == way)
		return 0;
	if (!w->zstd)
		w->zstd = ZSTD_createCCtx();
	if (!w->zstd || !set_way(w->zstd, way))
		return -1;
	w->way = way;
	return 0;
}

int64_t packer_run(struct packer *p, int fd, uint64_t at, uint64_t end, struct err *err)
{
	uint64_t from = at;
	size_t most = nr_chunks(p) * p->chunk;

	for (p->nr_used = 0; p->nr_used < p->nr_workers && at < end; p->nr_used++) {
		struct worker *w = &p->workers[p->nr_used];

		if (prepare(w, p->packed < p->dense_bytes ? p->way : &light))
			return err_set_errno(err, EXIT_FAILED, ENOMEM, "cannot pack what was recorded");
		w->fd = fd;
		w->at = at;
		w->len = end - at < most ? (size_t)(end - at) : most;
		w->out_len = 0;
		at += w->len;
		p->packed += w->len;
	}
	work_all(p);
	for (unsigned int i = 0; i < p->nr_used; i++)
		if (p->workers[i].errnum)
			return err_set_errno(err, EXIT_FAILED, p->workers[i].errnum,
					     "cannot read back what was recorded, or pack it");
	return (int64_t)(at - from);
}

const void *packer_output(const struct packer *p, unsigned int idx, size_t *len)
{
	if (idx >= p->nr_used)
		return NULL;
	*len = p->workers[idx].out_len;
	return p->workers[idx].out;
}
