// SPDX-License-Identifier: GPL-2.0-only
/*
 * capture/userstack.c - perf events on the send events of every CPU, and the threads that empty their rings.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <linux/perf_event.h>
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
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/cpuset.h"
#include "base/err.h"
#include "base/io.h"
#include "base/mem.h"
#include "capture/affinity.h"
#include "capture/priv.h"
#include "capture/signals.h"
#include "capture/spool.h"
#include "capture/standin.h"
#include "capture/userstack-priv.h"

#define CPUS_PER_THREAD 8
#define RING_MAX	(8ULL << 20) /* of samples, per CPU: 1,000 of 8 kB */
#define RING_MIN	(512ULL << 10)
#define SIDE_RING	(1ULL << 20) /* some 8,000 mappings between two readings */
#define INTERVAL_MIN_MS 2
#define INTERVAL_MAX_MS 50
/* IPI_FLAG_HARDIRQ, _SOFTIRQ, _NMI: what interrupts send is not the doing of the task that they interrupted. */
#define TASKS_ONLY "!(common_flags & 88) && common_pid != 0"

/* --- opening --- */

static uint32_t field_offset(const char *format, const char *name)
{
	const char *p = format;
	size_t len = strlen(name);
	unsigned int offset;

	/* "	field:void * callsite;	offset:16;" */
	while ((p = strstr(p, name))) {
		if (p > format && p[-1] == ' ' && sscanf(p + len, ";\toffset:%u;", &offset) == 1)
			return offset;
		p += len;
	}
	return FIELD_NONE;
}

static int add_event(struct userstack *u, const char *system, const struct kevent *kev, struct err *err)
{
	struct us_event *ev = &u->events[u->nr_events];
	enum userstack_at at = kev->op == OP_SEND_CPU || kev->op == OP_PROBE_SEND  ? USERSTACK_AT_SEND_CPU :
			       kev->op == OP_SEND_MASK || kev->op == OP_PROBE_MASK ? USERSTACK_AT_SEND_MASK :
			       kev->op == OP_RAISE				   ? USERSTACK_AT_RAISE :
										     USERSTACK_AT_QUEUE;
	char file[160];
	const char *id;
	char *text;

	snprintf(file, sizeof(file), "events/%s/%s/format", system, kev->name);
	text = session_read_top(file, NULL);
	id = text ? strstr(text, "ID: ") : NULL;
	if (!id) {
		err_set(err, EXIT_FAILED, "cannot read %s of tracefs", file);
		free(text);
		return -1;
	}
	ev->system = system;
	ev->name = kev->name;
	ev->id = (uint32_t)strtoul(id + strlen("ID: "), NULL, 10);
	ev->callsite = field_offset(text, u->follow ? "ra" : "callsite");
	ev->target = kev->target == TARGET_CPU ? field_offset(text, "cpu") : FIELD_NONE;
	ev->at = at;
	u->nr_events++;
	free(text);
	return 0;
}

/* Where the kernel has no send events, the session's probes. */
static int choose_probes(struct userstack *u, const struct standin *standin, struct err *err)
{
	const struct standin_event *ev;
	unsigned int nr;

	u->follow = true;
	if (!standin)
		return 0;
	ev = standin_events(standin, &nr);
	for (unsigned int i = 0; i < nr && u->nr_events < US_MAX_EVENTS; i++)
		if (ev[i].installed && ev[i].kev->op != OP_PROBE_CALL && add_event(u, standin_group(), ev[i].kev, err))
			return -1;
	return 0;
}

/* The send events that the trace tells of, each IPI by one. */
static int choose_events(struct userstack *u, const struct session *s, struct err *err)
{
	uint32_t ops = kevents_heard(session_ops_present()), want = OP_BIT(OP_SEND_CPU) | OP_BIT(OP_SEND_MASK);
	const struct kevent *kev;

	if (!(ops & OP_BIT(OP_SEND_CPU)))
		want |= OP_BIT(OP_RAISE);
	if (u->config.calls)
		want |= OP_BIT(OP_QUEUE);
	for (unsigned int i = 0; (kev = session_kevent(&i)) && u->nr_events < US_MAX_EVENTS;)
		if (ops & want & OP_BIT(kev->op) && session_kevent_exists(kev) && add_event(u, kev->system, kev, err))
			return -1;
	if (!u->nr_events && choose_probes(u, s->standin, err))
		return -1;
	if (u->nr_events)
		return 0;
	err_set(err, EXIT_FAILED,
		"this kernel has no send events to take user stacks at, and no probes in their place");
	return err_hint(err, "the events are there from Linux 6.4 on; without --user-stack the rest is recorded");
}

static int open_failed(int errnum, struct err *err)
{
	char *level = read_file("/proc/sys/kernel/perf_event_paranoid", NULL);

	err_set_errno(err, EXIT_FAILED, errnum, "cannot open perf events for user stacks");
	if (errnum == EPERM || errnum == EACCES)
		err_hint(err,
			 "they need root or CAP_PERFMON (kernel.perf_event_paranoid is %.*s); "
			 "without --user-stack everything else is recorded",
			 level ? (int)strcspn(level, "\n") : 1, level ? level : "?");
	else if (errnum == EMFILE)
		err_hint(err, "they need some files for each CPU: ulimit -n");
	else
		err_hint(err, "the kernel needs CONFIG_PERF_EVENTS; without --user-stack everything else is recorded");
	free(level);
	return -1;
}

static int perf_open(const struct perf_event_attr *attr, unsigned int cpu)
{
	return (int)syscall(SYS_perf_event_open, attr, -1, (int)cpu, -1, PERF_FLAG_FD_CLOEXEC);
}

/* Nobody sleeps on the ring, so it wakes as seldom as it can: a wake-up is an irq_work, a self-IPI, on the sender. */
static struct perf_event_attr common_attr(void)
{
	return (struct perf_event_attr){
		.size = sizeof(struct perf_event_attr),
		.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU,
		.disabled = 1,
		.watermark = 1,
		.wakeup_watermark = INT32_MAX,
		.use_clockid = 1,
		.clockid = CLOCK_MONOTONIC,
	};
}

static struct perf_event_attr sample_attr(const struct userstack *u, const struct us_event *ev)
{
	struct perf_event_attr attr = common_attr();

	attr.type = PERF_TYPE_TRACEPOINT;
	attr.config = ev->id;
	attr.sample_period = 1;
	attr.sample_type |= PERF_SAMPLE_RAW | PERF_SAMPLE_REGS_USER;
	attr.sample_regs_user = us_regs_mask(u->config.mode);
	if (u->config.mode == USERSTACK_FP) {
		attr.sample_type |= PERF_SAMPLE_CALLCHAIN;
		attr.exclude_callchain_kernel = 1;
	} else {
		attr.sample_type |= PERF_SAMPLE_STACK_USER;
		attr.sample_stack_user = u->config.stack_bytes;
	}
	return attr;
}

static int open_side(struct us_cpu *c, unsigned int cpu)
{
	struct perf_event_attr attr = common_attr();

	attr.type = PERF_TYPE_SOFTWARE;
	attr.config = PERF_COUNT_SW_DUMMY;
	attr.sample_id_all = 1;
	attr.mmap = attr.mmap2 = attr.comm = attr.comm_exec = attr.task = 1;
	attr.build_id = 1; /* since Linux 5.12 */
	c->side_fd = perf_open(&attr, cpu);
	if (c->side_fd < 0 && (errno == EINVAL || errno == E2BIG)) {
		attr.build_id = 0;
		c->side_fd = perf_open(&attr, cpu);
	}
	return c->side_fd < 0 ? -1 : 0;
}

static int map_ring(struct us_ring *r, int fd, uint64_t size, struct err *err)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	for (; size >= 64u << 10; size /= 2) {
		r->meta = mmap(NULL, page + size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		r->size = size;
		if (r->meta != MAP_FAILED)
			return 0;
		r->meta = NULL;
		if (errno != ENOMEM && errno != EPERM)
			break;
	}
	return err_set_errno(err, EXIT_FAILED, errno, "cannot map a ring of perf events");
}

/* As the session's buffers: less where memory is short. */
static uint64_t ring_bytes(void)
{
	uint64_t want = session_default_buffer_bytes(machine_nr_cpus(), NULL) / 8, bytes = RING_MIN;

	while (bytes * 2 <= want && bytes < RING_MAX)
		bytes *= 2;
	return bytes;
}

static int open_cpu(struct userstack *u, unsigned int cpu, struct err *err)
{
	struct us_cpu *c = &u->cpus[cpu];
	int first = -1;

	for (unsigned int i = 0; i < u->nr_events; i++) {
		struct perf_event_attr attr = sample_attr(u, &u->events[i]);

		c->fds[i] = perf_open(&attr, cpu);
		if (c->fds[i] < 0 && errno == ENODEV)
			return 0; /* offline: what it sends has no sample, which is counted */
		if (c->fds[i] < 0)
			return open_failed(errno, err);
		if (ioctl(c->fds[i], PERF_EVENT_IOC_SET_FILTER, TASKS_ONLY))
			return open_failed(errno, err);
		if (first < 0) {
			first = c->fds[i];
			if (map_ring(&c->ring, first, ring_bytes(), err))
				return -1;
		} else if (ioctl(c->fds[i], PERF_EVENT_IOC_SET_OUTPUT, first)) {
			return open_failed(errno, err);
		}
	}
	if (open_side(c, cpu))
		return open_failed(errno, err);
	if (map_ring(&c->side_ring, c->side_fd, SIDE_RING, err))
		return -1;
	c->stack = xmalloc(USERSTACK_BYTES_MAX);
	c->samples.fd = spool_open_unnamed(u->dir, err);
	c->side.fd = c->samples.fd < 0 ? -1 : spool_open_unnamed(u->dir, err);
	return c->side.fd < 0 ? -1 : 0;
}

static void close_at_exit(void *ctx)
{
	userstack_close(ctx);
}

int userstack_open(struct userstack **up, const struct userstack_config *config, const struct session *s,
		   struct err *err)
{
	struct userstack *u = xcalloc(1, sizeof(*u));

	cleanup_add(&u->cleanup, close_at_exit, u);
	*up = u;
	u->config = *config;
	u->dir = xstrdup(config->dir);
	u->snapshot.fd = -1;
	u->nr_cpus = machine_possible_cpus();
	u->cpus = xcalloc(u->nr_cpus, sizeof(*u->cpus));
	for (unsigned int cpu = 0; cpu < u->nr_cpus; cpu++) {
		struct us_cpu *c = &u->cpus[cpu];

		for (unsigned int i = 0; i < US_MAX_EVENTS; i++)
			c->fds[i] = -1;
		c->side_fd = c->samples.fd = c->side.fd = -1;
	}
	u->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (u->stop_fd < 0)
		return err_set_errno(err, EXIT_FAILED, errno, "cannot make an eventfd");
	if (!us_regs_mask(config->mode))
		return err_set(err, EXIT_FAILED, "user stacks are not supported on this architecture");
	if (choose_events(u, s, err))
		return -1;
	for (unsigned int cpu = 0; cpu < u->nr_cpus; cpu++)
		if (open_cpu(u, cpu, err))
			return -1;
	u->snapshot.fd = spool_open_unnamed(u->dir, err);
	return u->snapshot.fd < 0 ? -1 : 0;
}

/* --- reading the rings --- */

static int drain(struct us_thread *t, struct us_cpu *c, struct us_ring *r, bool side, uint64_t *bytes)
{
	struct perf_event_mmap_page *meta = r->meta;
	uint64_t head, tail;
	char *data;
	int ret = 0;

	if (!meta)
		return 0;
	data = (char *)meta + sysconf(_SC_PAGESIZE);
	head = __atomic_load_n(&meta->data_head, __ATOMIC_ACQUIRE);
	tail = meta->data_tail;
	*bytes += head - tail;
	while (tail < head && !ret) {
		const struct perf_event_header *h = (const void *)(data + (tail & (r->size - 1)));
		uint64_t room = r->size - (tail & (r->size - 1));
		uint16_t size = h->size; /* a record is aligned, so its header never wraps */

		if (!size)
			break;
		if (size > room) {
			memcpy(t->scratch, h, room);
			memcpy(t->scratch + room, data, size - room);
			h = (const void *)t->scratch;
		}
		if (side)
			ret = us_take_side(c, h, &t->err);
		else if (h->type == PERF_RECORD_SAMPLE)
			ret = us_take_sample(t->u, c, h, &t->err);
		tail += size;
		__atomic_store_n(&meta->data_tail, tail, __ATOMIC_RELEASE);
	}
	return ret;
}

/* The side-band first: it is older than the samples that come while it is read. */
static int drain_all(struct us_thread *t, uint64_t *most)
{
	for (unsigned int cpu = t->first; cpu < t->u->nr_cpus; cpu += t->step) {
		struct us_cpu *c = &t->u->cpus[cpu];
		uint64_t bytes = 0, side = 0;

		if (drain(t, c, &c->side_ring, true, &side) || drain(t, c, &c->ring, false, &bytes)) {
			atomic_store(&t->u->failed, true);
			return -1;
		}
		if (bytes / (c->ring.size / 16 + 1) > *most)
			*most = bytes / (c->ring.size / 16 + 1);
		if (side / (SIDE_RING / 16) > *most)
			*most = side / (SIDE_RING / 16);
	}
	return 0;
}

static bool wait_round(const struct userstack *u, int ms)
{
	struct pollfd pfd = { .fd = u->stop_fd, .events = POLLIN };

	return poll(&pfd, 1, ms) > 0;
}

static void *reader(void *arg)
{
	struct us_thread *t = arg;
	int interval = INTERVAL_MIN_MS;

	affinity_keep_off(t->u->config.avoid);
	atomic_store(&t->tid, (int)gettid());
	while (!wait_round(t->u, interval)) {
		uint64_t most = 0; /* sixteenths of a ring */

		if (drain_all(t, &most))
			break;
		if (most >= 2)
			interval = interval / 2 < INTERVAL_MIN_MS ? INTERVAL_MIN_MS : interval / 2;
		else if (!most && interval < INTERVAL_MAX_MS)
			interval++;
	}
	return NULL;
}

static int start_threads(struct userstack *u, struct err *err)
{
	sigset_t all, old;
	int ret = 0;

	u->nr_threads = (machine_nr_cpus() + CPUS_PER_THREAD - 1) / CPUS_PER_THREAD;
	u->threads = xcalloc(u->nr_threads, sizeof(*u->threads));
	/* Signals are the main thread's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	for (unsigned int i = 0; i < u->nr_threads && !ret; i++) {
		struct us_thread *t = &u->threads[i];

		t->u = u;
		t->first = i;
		t->step = u->nr_threads;
		t->scratch = xmalloc(UINT16_MAX + 1);
		ret = pthread_create(&t->thread, NULL, reader, t);
		t->started = !ret;
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (ret)
		return err_set_errno(err, EXIT_FAILED, ret, "cannot start a reader thread");
	for (unsigned int i = 0; i < u->nr_threads; i++)
		while (!atomic_load(&u->threads[i].tid))
			usleep(100);
	return 0;
}

/* --- what there is at the beginning --- */

/* Only lines of executable memory: "7f12...-7f13... r-xp 00026000 08:01 1234  /lib/x.so". */
static char *executable_lines(char *maps)
{
	char *to = maps;

	for (char *line = maps, *next; *line; line = next) {
		const char *perms = strchr(line, ' ');
		size_t len = strcspn(line, "\n");

		next = line + len + (line[len] == '\n');
		if (!perms || perms > line + len || perms[3] != 'x')
			continue;
		memmove(to, line, (size_t)(next - line));
		to += next - line;
	}
	*to = '\0';
	return maps;
}

/* Stamped before it is read: what is mapped meanwhile is told by the side-band, later, at worst once more. */
static int snapshot_pid(struct userstack *u, const char *pid, struct err *err)
{
	struct us_side s = { .type = USERSTACK_SNAPSHOT,
			     .ts_ns = signals_now_ns(),
			     .pid = (int32_t)strtol(pid, NULL, 10) };
	char path[64];
	struct stat st;
	char *maps;
	int ret = 0;

	snprintf(path, sizeof(path), "/proc/%.20s/task", pid);
	if (!stat(path, &st) && st.st_nlink > 2)
		s.nr_threads = (uint32_t)st.st_nlink - 2;
	snprintf(path, sizeof(path), "/proc/%.20s/maps", pid);
	maps = read_file(path, NULL);
	if (maps && executable_lines(maps)[0])
		ret = us_put_side(&u->snapshot, &s, maps, err);
	free(maps);
	return ret;
}

static int take_snapshot(struct userstack *u, struct err *err)
{
	DIR *dir = opendir("/proc");
	struct dirent *d;
	int ret = 0;

	while (dir && !ret && (d = readdir(dir)))
		if (isdigit((unsigned char)d->d_name[0]))
			ret = snapshot_pid(u, d->d_name, err);
	if (dir)
		closedir(dir);
	return ret ? -1 : us_file_flush(&u->snapshot, err);
}

/* --- running --- */

/* What the session does not record needs no sample. Where perf does not take the filter, more is sampled than joined. */
static bool narrow(const struct session *s, const struct us_event *ev, char **filter)
{
	char file[160];
	char *text;
	bool enabled;

	snprintf(file, sizeof(file), "events/%s/%s/enable", ev->system, ev->name);
	text = session_read(s, file, NULL);
	enabled = !text || text[0] == '1';
	free(text);
	snprintf(file, sizeof(file), "events/%s/%s/filter", ev->system, ev->name);
	text = session_read(s, file, NULL);
	if (text)
		text[strcspn(text, "\n")] = '\0';
	*filter = text && text[0] && strcmp(text, "none") ? xasprintf("(%s) && " TASKS_ONLY, text) : NULL;
	free(text);
	return enabled;
}

static int enable_samples(struct userstack *u, const struct session *s, struct err *err)
{
	for (unsigned int i = 0; i < u->nr_events; i++) {
		char *filter;
		bool enabled = narrow(s, &u->events[i], &filter);
		int ret = 0;

		for (unsigned int cpu = 0; enabled && cpu < u->nr_cpus && !ret; cpu++) {
			int fd = u->cpus[cpu].fds[i];

			if (fd < 0)
				continue;
			if (filter)
				ioctl(fd, PERF_EVENT_IOC_SET_FILTER, filter);
			ret = ioctl(fd, PERF_EVENT_IOC_ENABLE, 0);
		}
		free(filter);
		if (ret)
			return open_failed(errno, err);
	}
	return 0;
}

int userstack_start(struct userstack *u, const struct session *s, struct err *err)
{
	for (unsigned int cpu = 0; cpu < u->nr_cpus; cpu++)
		if (u->cpus[cpu].side_fd >= 0 && ioctl(u->cpus[cpu].side_fd, PERF_EVENT_IOC_ENABLE, 0))
			return open_failed(errno, err);
	if (start_threads(u, err) || take_snapshot(u, err))
		return -1;
	return enable_samples(u, s, err);
}

static void stop_threads(struct userstack *u)
{
	if (u->stop_fd >= 0)
		eventfd_write(u->stop_fd, 1);
	for (unsigned int i = 0; i < u->nr_threads; i++)
		if (u->threads[i].started) {
			pthread_join(u->threads[i].thread, NULL);
			u->threads[i].started = false;
		}
}

static void close_events(struct us_cpu *c)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	if (c->ring.meta)
		munmap(c->ring.meta, page + c->ring.size);
	if (c->side_ring.meta)
		munmap(c->side_ring.meta, page + c->side_ring.size);
	c->ring.meta = c->side_ring.meta = NULL;
	for (unsigned int i = 0; i < US_MAX_EVENTS; i++) {
		if (c->fds[i] >= 0)
			close(c->fds[i]);
		c->fds[i] = -1;
	}
	if (c->side_fd >= 0)
		close(c->side_fd);
	c->side_fd = -1;
}

/* An event's value is how often it was hit, whether the ring had room or not. */
static void count_hits(struct userstack *u, struct us_cpu *c)
{
	uint64_t value;

	for (unsigned int i = 0; i < u->nr_events; i++) {
		if (c->fds[i] < 0)
			continue;
		ioctl(c->fds[i], PERF_EVENT_IOC_DISABLE, 0);
		if (read(c->fds[i], &value, sizeof(value)) == sizeof(value))
			u->hits += value;
	}
	if (c->side_fd >= 0)
		ioctl(c->side_fd, PERF_EVENT_IOC_DISABLE, 0);
}

int userstack_stop(struct userstack *u, struct err *err)
{
	uint64_t most = 0;

	for (unsigned int cpu = 0; cpu < u->nr_cpus; cpu++)
		count_hits(u, &u->cpus[cpu]);
	stop_threads(u);
	for (unsigned int i = 0; i < u->nr_threads; i++) {
		struct us_thread *t = &u->threads[i];

		if (!t->err.code)
			drain_all(t, &most);
		if (t->err.code) {
			*err = t->err;
			return -1;
		}
	}
	for (unsigned int cpu = 0; cpu < u->nr_cpus; cpu++) {
		struct us_cpu *c = &u->cpus[cpu];

		close_events(c);
		if (us_file_flush(&c->samples, err) || us_file_flush(&c->side, err))
			return -1;
		us_file_rewind(&c->samples);
		us_file_rewind(&c->side);
	}
	us_file_rewind(&u->snapshot);
	return 0;
}

void userstack_close(struct userstack *u)
{
	if (!u)
		return;
	cleanup_remove(&u->cleanup);
	stop_threads(u);
	for (unsigned int i = 0; i < u->nr_threads; i++)
		free(u->threads[i].scratch);
	for (unsigned int cpu = 0; cpu < u->nr_cpus; cpu++) {
		struct us_cpu *c = &u->cpus[cpu];

		close_events(c);
		us_file_close(&c->samples);
		us_file_close(&c->side);
		free(c->stack);
		free(c->cur_stack);
		free(c->head);
	}
	us_file_close(&u->snapshot);
	if (u->stop_fd >= 0)
		close(u->stop_fd);
	free(u->snapshot_head);
	free(u->side_text);
	free(u->threads);
	free(u->cpus);
	free(u->dir);
	free(u);
}

bool userstack_failed(const struct userstack *u)
{
	return atomic_load(&u->failed);
}

uint64_t userstack_bytes(const struct userstack *u)
{
	uint64_t sum = 0;

	for (unsigned int cpu = 0; cpu < u->nr_cpus; cpu++)
		sum += atomic_load(&u->cpus[cpu].samples.bytes) + atomic_load(&u->cpus[cpu].side.bytes);
	return sum;
}

unsigned int userstack_nr_threads(const struct userstack *u)
{
	return u->nr_threads;
}

pid_t userstack_thread_id(const struct userstack *u, unsigned int idx)
{
	return atomic_load(&u->threads[idx].tid);
}
