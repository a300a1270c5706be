// SPDX-License-Identifier: GPL-2.0-only
/*
 * capture/spool.c - reader threads: trace_pipe_raw -> pipe -> unnamed file, per CPU.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/compiler.h"
#include "base/cpuset.h"
#include "base/err.h"
#include "base/mem.h"
#include "capture/affinity.h"
#include "capture/spool.h"

#define CPUS_PER_THREAD 8
#define PIPE_BYTES	(1 << 20)
#define INTERVAL_MIN_MS 5
#define INTERVAL_MAX_MS 100
#define RESCAN_MS	1000	    /* for CPUs that came online */
#define SLICE_BYTES	(16u << 20) /* of one CPU before the others get their turn */

struct spool_cpu {
	int raw_fd; /* -1: no buffer (yet) */
	int file_fd;
	atomic_ullong bytes;
};

struct spool_thread {
	struct spool *sp;
	unsigned int first, step; /* CPUs first, first + step, ... */
	pthread_t thread;
	bool started;
	atomic_int tid;
	int pipe[2];
	struct err err;
};

struct spool {
	struct cleanup cleanup;
	const struct session *session;
	char *dir;
	const struct cpuset *avoid;
	int stop_fd;
	unsigned int nr_cpus, nr_present, nr_threads;
	struct spool_cpu *cpus;
	struct spool_thread *threads;
	atomic_bool failed;
};

int spool_open_unnamed(const char *dir, struct err *err)
{
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	char name[PATH_MAX];

	if (fd >= 0)
		return fd;
	/* Not every filesystem knows O_TMPFILE. */
	if (snprintf(name, sizeof(name), "%s/.ipitrace-XXXXXX", dir) >= (int)sizeof(name))
		return err_set_errno(err, EXIT_FAILED, ENAMETOOLONG, "cannot make a temporary file in %s", dir);
	fd = mkostemp(name, O_CLOEXEC);
	if (fd >= 0)
		unlink(name);
	else
		err_set_errno(err, EXIT_FAILED, errno, "cannot make a temporary file in %s", dir);
	return fd;
}

static int write_failed(struct spool_thread *t, int errnum)
{
	err_set_errno(&t->err, EXIT_FAILED, errnum, "cannot write trace data to %s", t->sp->dir);
	if (errnum == ENOSPC || errnum == EDQUOT || errnum == EFBIG)
		err_hint(&t->err, "record fewer events (-C, --class, --no-stack), shorter (-d), "
				  "or to another filesystem (-o)");
	atomic_store(&t->sp->failed, true);
	return -1;
}

/* Of a CPU that was not present when recording began. */
static int need_file(struct spool_thread *t, struct spool_cpu *c)
{
	if (c->file_fd < 0)
		c->file_fd = spool_open_unnamed(t->sp->dir, &t->err);
	if (c->file_fd >= 0)
		return 0;
	atomic_store(&t->sp->failed, true);
	return -1;
}

/* From the pipe to the file, all of it. */
static int pipe_to_file(struct spool_thread *t, struct spool_cpu *c, size_t len)
{
	if (need_file(t, c))
		return -1;
	while (len) {
		ssize_t n = splice(t->pipe[0], NULL, c->file_fd, NULL, len, SPLICE_F_MOVE);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return write_failed(t, n ? errno : ENOSPC);
		len -= (size_t)n;
		atomic_fetch_add(&c->bytes, (unsigned long long)n);
	}
	return 0;
}

/* Whole pages only. Returns the bytes moved, up to about max; -1 on failure of the file. */
static ssize_t splice_cpu(struct spool_thread *t, struct spool_cpu *c, size_t max)
{
	size_t total = 0;

	if (c->raw_fd < 0)
		return 0;
	while (total < max) {
		ssize_t n = splice(c->raw_fd, NULL, t->pipe[1], NULL, PIPE_BYTES, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break; /* EAGAIN: nothing more; anything else will show in the stats */
		if (pipe_to_file(t, c, (size_t)n))
			return -1;
		total += (size_t)n;
	}
	return (ssize_t)total;
}

/* What splice leaves: the page that is only partly filled. read() repacks it into one of its own. */
static int read_rest(struct spool_thread *t, struct spool_cpu *c, char *page, size_t page_size)
{
	ssize_t n;

	while ((n = read(c->raw_fd, page, page_size)) > 0) {
		if (need_file(t, c))
			return -1;
		for (ssize_t done = 0; done < n;) {
			ssize_t w = write(c->file_fd, page + done, (size_t)(n - done));

			if (w < 0 && errno == EINTR)
				continue;
			if (w <= 0)
				return write_failed(t, w ? errno : ENOSPC);
			done += w;
		}
		atomic_fetch_add(&c->bytes, (unsigned long long)n);
	}
	return 0;
}

/* Of every CPU that may ever come online: what it records by then is in its buffer. */
static int open_cpus(struct spool *sp, struct spool_thread *t, struct err *err)
{
	for (unsigned int cpu = t->first; cpu < sp->nr_cpus; cpu += t->step) {
		struct spool_cpu *c = &sp->cpus[cpu];

		if (c->raw_fd >= 0)
			continue;
		if (c->file_fd < 0 && cpu < sp->nr_present)
			c->file_fd = spool_open_unnamed(sp->dir, err);
		if (c->file_fd < 0 && cpu < sp->nr_present)
			return -1;
		c->raw_fd = session_open_raw(sp->session, cpu);
	}
	return 0;
}

/* Sleep until the next round is due; true when it is time to end. */
static bool wait_round(const struct spool *sp, int ms)
{
	struct pollfd pfd = { .fd = sp->stop_fd, .events = POLLIN };

	return poll(&pfd, 1, ms) > 0;
}

/* Allocates nothing that must not fail: exit() belongs to the main thread, which uses what the cleanup frees. */
static void *reader(void *arg)
{
	struct spool_thread *t = arg;
	struct spool *sp = t->sp;
	uint64_t buffer = session_buffer_bytes(sp->session);
	int interval = INTERVAL_MAX_MS, since_scan = 0;

	affinity_keep_off(sp->avoid);
	atomic_store(&t->tid, (int)gettid());
	while (!wait_round(sp, interval)) {
		uint64_t most = 0;

		since_scan += interval;
		if (since_scan >= RESCAN_MS) {
			since_scan = 0;
			if (open_cpus(sp, t, &t->err)) {
				atomic_store(&sp->failed, true);
				break;
			}
		}
		for (unsigned int cpu = t->first; cpu < sp->nr_cpus; cpu += t->step) {
			ssize_t n = splice_cpu(t, &sp->cpus[cpu], SLICE_BYTES);

			if (n < 0)
				return NULL;
			if ((uint64_t)n > most)
				most = (uint64_t)n;
		}
		/* Half full by the next round would be too late to notice that the rate doubled. */
		if (most >= SLICE_BYTES || most > buffer / 8)
			interval = interval / 2 < INTERVAL_MIN_MS ? INTERVAL_MIN_MS : interval / 2;
		else if (most < buffer / 32)
			interval = interval * 2 > INTERVAL_MAX_MS ? INTERVAL_MAX_MS : interval * 2;
	}
	return NULL;
}

static int open_pipe(struct spool_thread *t, struct err *err)
{
	if (pipe2(t->pipe, O_CLOEXEC)) {
		t->pipe[0] = t->pipe[1] = -1;
		return err_set_errno(err, EXIT_FAILED, errno, "cannot make a pipe");
	}
	/* Fewer system calls; what the system allows will do. */
	for (int size = PIPE_BYTES; size > 65536 && fcntl(t->pipe[1], F_SETPIPE_SZ, size) < 0; size /= 2)
		;
	return 0;
}

/* Open pages keep the session's instance busy. */
static void close_at_exit(void *ctx)
{
	spool_close(ctx);
}

int spool_open(struct spool **spp, const struct session *s, const char *dir, const struct cpuset *avoid,
	       struct err *err)
{
	struct spool *sp = xcalloc(1, sizeof(*sp));
	unsigned int nr_threads;

	sp->stop_fd = -1;
	cleanup_add(&sp->cleanup, close_at_exit, sp);
	*spp = sp;
	sp->session = s;
	sp->dir = xstrdup(dir);
	sp->avoid = avoid;
	sp->nr_present = machine_nr_cpus();
	/* Numbers after what they count, for close_at_exit(). */
	sp->cpus = xcalloc(session_nr_cpus(s), sizeof(*sp->cpus));
	sp->nr_cpus = session_nr_cpus(s);
	for (unsigned int cpu = 0; cpu < sp->nr_cpus; cpu++)
		sp->cpus[cpu].raw_fd = sp->cpus[cpu].file_fd = -1;
	nr_threads = (sp->nr_present + CPUS_PER_THREAD - 1) / CPUS_PER_THREAD;
	sp->threads = xcalloc(nr_threads, sizeof(*sp->threads));
	sp->nr_threads = nr_threads;
	for (unsigned int i = 0; i < sp->nr_threads; i++) {
		struct spool_thread *t = &sp->threads[i];

		t->sp = sp;
		t->first = i;
		t->step = sp->nr_threads;
		t->pipe[0] = t->pipe[1] = -1;
	}
	sp->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (sp->stop_fd < 0)
		return err_set_errno(err, EXIT_FAILED, errno, "cannot make an eventfd");
	for (unsigned int i = 0; i < sp->nr_threads; i++)
		if (open_pipe(&sp->threads[i], err) || open_cpus(sp, &sp->threads[i], err))
			return -1;
	return 0;
}

int spool_start(struct spool *sp, struct err *err)
{
	sigset_t all, old;
	int ret = 0;

	/* Signals are the main thread's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	for (unsigned int i = 0; i < sp->nr_threads && !ret; i++) {
		struct spool_thread *t = &sp->threads[i];

		ret = pthread_create(&t->thread, NULL, reader, t);
		t->started = !ret;
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (ret)
		return err_set_errno(err, EXIT_FAILED, ret, "cannot start a reader thread");
	/* Their ids are wanted before they do anything; they start up within a few us. */
	for (unsigned int i = 0; i < sp->nr_threads; i++) {
		while (!atomic_load(&sp->threads[i].tid))
			usleep(100);
		/*
		 * A workload of high priority on every CPU would keep a reader
		 * waiting until the buffer is full. Not allowed: no matter.
		 */
		setpriority(PRIO_PROCESS, (id_t)atomic_load(&sp->threads[i].tid), -20);
	}
	return 0;
}

static void stop_threads(struct spool *sp)
{
	if (sp->stop_fd >= 0)
		eventfd_write(sp->stop_fd, 1);
	for (unsigned int i = 0; i < sp->nr_threads; i++)
		if (sp->threads[i].started) {
			pthread_join(sp->threads[i].thread, NULL);
			sp->threads[i].started = false;
		}
}

static int finish_cpu(struct spool_thread *t, struct spool_cpu *c, char *page, size_t page_size)
{
	if (c->raw_fd < 0)
		return 0;
	return splice_cpu(t, c, SIZE_MAX / 2) < 0 ? -1 : read_rest(t, c, page, page_size);
}

int spool_finish(struct spool *sp, struct err *err)
{
	size_t page_size = session_page_size(sp->session);
	char *page = xmalloc(page_size);
	int ret = 0;

	stop_threads(sp);
	for (unsigned int i = 0; i < sp->nr_threads && !ret; i++) {
		struct spool_thread *t = &sp->threads[i];

		if (!t->err.code)
			open_cpus(sp, t, &t->err);
		for (unsigned int cpu = t->first; cpu < sp->nr_cpus && !t->err.code; cpu += t->step)
			finish_cpu(t, &sp->cpus[cpu], page, page_size);
		if (t->err.code) {
			*err = t->err;
			ret = -1;
		}
	}
	free(page);
	/* An open pipe would keep the instance from being removed. */
	for (unsigned int cpu = 0; cpu < sp->nr_cpus; cpu++) {
		if (sp->cpus[cpu].raw_fd >= 0)
			close(sp->cpus[cpu].raw_fd);
		sp->cpus[cpu].raw_fd = -1;
	}
	return ret;
}

void spool_close(struct spool *sp)
{
	if (!sp)
		return;
	cleanup_remove(&sp->cleanup);
	stop_threads(sp);
	for (unsigned int i = 0; i < sp->nr_threads; i++)
		for (int side = 0; side < 2; side++)
			if (sp->threads[i].pipe[side] >= 0)
				close(sp->threads[i].pipe[side]);
	for (unsigned int cpu = 0; cpu < sp->nr_cpus; cpu++) {
		if (sp->cpus[cpu].raw_fd >= 0)
			close(sp->cpus[cpu].raw_fd);
		if (sp->cpus[cpu].file_fd >= 0)
			close(sp->cpus[cpu].file_fd);
	}
	if (sp->stop_fd >= 0)
		close(sp->stop_fd);
	free(sp->cpus);
	free(sp->threads);
	free(sp->dir);
	free(sp);
}

uint64_t spool_bytes(const struct spool *sp)
{
	uint64_t sum = 0;

	for (unsigned int cpu = 0; cpu < sp->nr_cpus; cpu++)
		sum += atomic_load(&sp->cpus[cpu].bytes);
	return sum;
}

bool spool_failed(const struct spool *sp)
{
	return atomic_load(&sp->failed);
}

int spool_fd(const struct spool *sp, unsigned int cpu, uint64_t *len)
{
	*len = atomic_load(&sp->cpus[cpu].bytes);
	return *len ? sp->cpus[cpu].file_fd : -1;
}

unsigned int spool_nr_threads(const struct spool *sp)
{
	return sp->nr_threads;
}

pid_t spool_thread_id(const struct spool *sp, unsigned int idx)
{
	return atomic_load(&sp->threads[idx].tid);
}
