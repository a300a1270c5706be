// SPDX-License-Identifier: GPL-2.0-only
/*
 * capture/session.c - life of the private tracefs instance. Which events: capture/events.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tracefs.h>

#include "base/cleanup.h"
#include "base/compiler.h"
#include "base/cpuset.h"
#include "base/err.h"
#include "base/io.h"
#include "base/mem.h"
#include "capture/counts.h"
#include "capture/instance.h"
#include "capture/priv.h"
#include "capture/standin.h"

#define BUFFER_MAX (64ULL << 20) /* default per CPU; 0.5 s of the densest stream seen (140 MB/s) */
#define BUFFER_MIN (1ULL << 20)

void session_note(struct session *s, const char *fmt, ...)
{
	char line[256];
	va_list ap;
	char *notes;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	notes = xasprintf("%s%s\n", s->notes ? s->notes : "", line);
	free(s->notes);
	s->notes = notes;
}

const char *session_notes(const struct session *s)
{
	return s && s->notes ? s->notes : "";
}

bool session_tracefs_mounted(void)
{
	FILE *f = setmntent("/proc/self/mounts", "r");
	struct mntent *m;
	bool found = false;

	while (f && !found && (m = getmntent(f)))
		found = !strcmp(m->mnt_type, "tracefs");
	if (f)
		endmntent(f);
	return found;
}

static bool locked_down(void)
{
	char *text = read_file("/sys/kernel/security/lockdown", NULL);
	bool locked = text && strstr(text, "[confidentiality]");

	free(text);
	return locked;
}

/* The one hint for a refusal by the kernel. */
static int hint_refused(int errnum, struct err *err)
{
	if (geteuid() != 0)
		return err_hint(err, "tracing needs root: the same command by sudo");
	if (locked_down())
		return err_hint(err, "kernel lockdown (confidentiality) forbids tracing");
	if (errnum == ENOMEM)
		return err_hint(err, "a smaller buffer may fit: -m SIZE (per CPU), --flight SIZE (of all CPUs)");
	if (errnum == EPERM || errnum == EACCES || errnum == EROFS)
		return err_hint(err, "in a container? tracefs has to be writable there");
	return -1;
}

static int find_tracefs(struct session *s, struct err *err)
{
	bool mounted = session_tracefs_mounted();
	const char *dir;

	tracefs_set_loglevel(TEP_LOG_NONE);
	dir = tracefs_tracing_dir();
	if (!dir) {
		err_set(err, EXIT_FAILED, "tracefs is not mounted and cannot be mounted");
		if (geteuid() != 0)
			return hint_refused(EPERM, err);
		return err_hint(err, "mount -t tracefs nodev /sys/kernel/tracing; "
				     "the kernel needs CONFIG_TRACING, a container the host's tracefs");
	}
	if (!mounted && session_tracefs_mounted())
		session_note(s, "mounted tracefs at %s; it stays mounted", dir);
	return 0;
}

unsigned int session_kernel_long(void)
{
	char *text = session_read_top("events/header_page", NULL);
	const char *commit = text ? strstr(text, "field: local_t commit;") : NULL;
	unsigned int offset, size = 0;

	if (commit && sscanf(commit, "field: local_t commit; offset:%u; size:%u;", &offset, &size) != 2)
		size = 0;
	free(text);
	return size;
}

/* Files of either are read by both; but what is recorded is looked at by the machine's own long all over. */
static int check_long(struct err *err)
{
	unsigned int size = session_kernel_long();

	if (!size || size == sizeof(long))
		return 0;
	err_set(err, EXIT_FAILED, "this ipitrace is of %zu bits, the kernel of %u", 8 * sizeof(long), 8 * size);
	return err_hint(err, "to record it needs an ipitrace that was built for the kernel's own architecture; "
			     "files of either are read by both");
}

void session_log(struct session *s, const char *file, const char *text, int errnum)
{
	char line[512];

	if (!s->log)
		return;
	snprintf(line, sizeof(line), "%s%s%s <- %s%s%s", s->main.name, file[0] ? "/" : "", file, text,
		 errnum ? ": " : "", errnum ? strerror(errnum) : "");
	s->log(s->log_ctx, line);
}

/* A file of the instance. That there is no memory for its name must not look like a file that is not there. */
static char *file_path(const struct session *s, const char *file)
{
	char *path = tracefs_instance_get_file(s->main.tfs, file);

	if (!path)
		mem_exhausted(strlen(file));
	return path;
}

/* 0, or -1 and errno. */
static int write_knob(struct session *s, const char *file, const char *text)
{
	char *path = file_path(s, file);
	int ret = write_file(path, text);

	tracefs_put_tracing_file(path);
	return ret;
}

/* What may fail without harm. */
static void try_write(struct session *s, const char *file, const char *text)
{
	bool failed = write_knob(s, file, text);

	session_log(s, file, text, failed ? errno : 0);
}

/* After the instances, which hold references to the events. */
static void remove_stale_standins(struct session *s)
{
	unsigned int failed, nr = standin_remove_stale(&failed);

	if (nr)
		session_note(s, "removed %u kprobe events, left by an earlier run", nr);
	if (failed)
		session_note(s, "cannot remove %u kprobe events of group ipitrace_*, left by an earlier run", failed);
}

static void tell_stale(void *ctx, const char *name, int errnum)
{
	if (errnum)
		session_note(ctx, "cannot remove tracefs instance %s, left by an earlier run: %s", name,
			     strerror(errnum));
	else
		session_note(ctx, "removed tracefs instance %s, left by an earlier run", name);
}

static void remove_stale(struct session *s)
{
	instances_remove_stale(tell_stale, s);
	remove_stale_standins(s);
}

static int create_instance(struct session *s, struct err *err)
{
	int errnum;

	if (instance_create(&s->main, "", &errnum, err))
		return hint_refused(errnum, err);
	session_log(s, "", "made", 0);
	return 0;
}

static int told(struct session *s, const char *file, const char *text, int errnum, struct err *err)
{
	session_log(s, file, text, errnum);
	if (!errnum)
		return 0;
	err_set_errno(err, EXIT_FAILED, errnum, "cannot write '%s' to %s of the tracefs instance", text, file);
	return hint_refused(errnum, err);
}

/* Must succeed: what follows relies on it. */
static int setup_write(struct session *s, const char *file, const char *text, struct err *err)
{
	return told(s, file, text, write_knob(s, file, text) ? errno : 0, err);
}

static int told_slow(struct session *s, const struct slow_write *w, struct err *err)
{
	return told(s, w->file, w->text, w->errnum, err);
}

/*
 * Default: 64 MB per CPU, but at most a thirty-second of the memory available
 * in all. Readers empty the buffers every 100 ms or sooner, so this is slack
 * for readers that do not get a CPU in time, not the size of the recording.
 */
uint64_t session_default_buffer_bytes(unsigned int nr_cpus, uint64_t *available)
{
	char *text = read_file("/proc/meminfo", NULL);
	const char *p = text ? strstr(text, "MemAvailable:") : NULL;
	uint64_t bytes = BUFFER_MAX, avail = 0;

	if (p) {
		avail = strtoull(p + strlen("MemAvailable:"), NULL, 10) << 10;
		if (avail / 32 / nr_cpus < bytes)
			bytes = avail / 32 / nr_cpus;
	}
	if (available)
		*available = avail;
	free(text);
	return bytes < BUFFER_MIN ? BUFFER_MIN : bytes;
}

static unsigned int read_page_size(struct session *s)
{
	char *text = session_read(s, "buffer_subbuf_size_kb", NULL);
	const char *size;
	uint64_t bytes = 0;

	if (text)
		bytes = strtoull(text, NULL, 10) << 10;
	free(text);
	if (bytes)
		return (unsigned int)bytes;
	/* Before sub-buffers had a size of their own: data begins at its offset and fills the page. */
	text = session_read_top("events/header_page", NULL);
	size = text ? strstr(text, "field: char data;") : NULL;
	if (size) {
		unsigned int offset, len;

		if (sscanf(size, "field: char data; offset:%u; size:%u;", &offset, &len) == 2)
			bytes = offset + len;
	}
	free(text);
	return bytes ? (unsigned int)bytes : (unsigned int)sysconf(_SC_PAGESIZE);
}

static int open_slow(struct session *s, struct slow_write *w, const char *file, struct err *err)
{
	char *path = file_path(s, file);

	w->file = file;
	w->fd = open(path, O_WRONLY | O_CLOEXEC);
	if (w->fd < 0)
		w->errnum = errno;
	tracefs_put_tracing_file(path);
	return w->fd < 0 ? told_slow(s, w, err) : 0;
}

/* No memory is asked for here: there would be an exit() with the main thread at work. */
static void *write_slow(void *arg)
{
	struct session *s = arg;

	for (unsigned int i = 0; i < NR_SLOW; i++) {
		struct slow_write *w = &s->slow[i];

		if (write(w->fd, w->text, strlen(w->text)) < 0)
			w->errnum = errno;
	}
	return NULL;
}

static void end_slow(struct session *s)
{
	if (s->has_slow_thread)
		pthread_join(s->slow_thread, NULL);
	s->has_slow_thread = false;
	for (unsigned int i = 0; i < NR_SLOW; i++) {
		if (s->slow[i].fd >= 0)
			close(s->slow[i].fd);
		s->slow[i].fd = -1;
	}
}

/* Signals are the main thread's. False: none can be had. */
static bool start_thread(pthread_t *thread, void *(*fn)(void *arg), void *arg)
{
	sigset_t all, old;
	bool started;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	started = !pthread_create(thread, NULL, fn, arg);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return started;
}

/* Clock and buffers: a thread waits for them, and the caller does what it can do meanwhile. */
static int setup_slowly(struct session *s, const struct session_config *config, struct err *err)
{
	snprintf(s->slow[0].text, sizeof(s->slow[0].text), "%s", config->clock ? config->clock : "mono");
	snprintf(s->slow[1].text, sizeof(s->slow[1].text), "%llu",
		 (unsigned long long)((s->buffer_bytes + 1023) >> 10));
	if (open_slow(s, &s->slow[0], "trace_clock", err) || open_slow(s, &s->slow[1], "buffer_size_kb", err))
		return -1;
	s->has_slow_thread = start_thread(&s->slow_thread, write_slow, s);
	if (!s->has_slow_thread)
		write_slow(s);
	if (config->meanwhile)
		config->meanwhile(config->meanwhile_ctx);
	end_slow(s);
	if (told_slow(s, &s->slow[0], err))
		return config->clock ? err_hint(err, "'ipitrace probe' lists this kernel's clocks") : -1;
	return told_slow(s, &s->slow[1], err);
}

static int setup_instance(struct session *s, const struct session_config *config, struct err *err)
{
	s->buffer_bytes = config->buffer_bytes ? config->buffer_bytes :
						 session_default_buffer_bytes(machine_nr_cpus(), NULL);
	if (setup_write(s, "tracing_on", "0", err) || setup_slowly(s, config, err))
		return -1;
	/*
	 * A new instance inherits the flags of the top level, whatever someone
	 * made of them. Overwrite mode, because only it marks a loss in the
	 * stream, at the place where it happened.
	 */
	try_write(s, "options/overwrite", "1");
	try_write(s, "options/record-cmd", "1");
	try_write(s, "options/stacktrace", "0");
	s->page_size = read_page_size(s);
	return 0;
}

/* Where there is no memory: whoever reads has been closed before. */
static void close_at_exit(void *ctx)
{
	session_close(ctx, NULL);
}

int session_open(struct session **sp, const struct session_config *config, struct err *err)
{
	struct session *s = xcalloc(1, sizeof(*s));

	s->main = s->exits = (struct instance)INSTANCE_INIT;
	s->exits_fd = s->notices = -1;
	s->slow[0].fd = s->slow[1].fd = -1;
	s->nr_cpus = machine_possible_cpus();
	s->log = config->log;
	s->log_ctx = config->log_ctx;
	cleanup_add(&s->cleanup, close_at_exit, s);
	*sp = s;
	if (find_tracefs(s, err) || check_long(err))
		return -1;
	if (session_find_extras(s, config, err))
		return -1;
	session_open_kvm(s, config);
	remove_stale(s);
	if (!config->counts)
		session_open_tasks(s);
	if (create_instance(s, err) || setup_instance(s, config, err))
		return -1;
	if (config->counts)
		return session_arm_counts(s, config->counts, err);
	session_make_standins(s);
	if (config->before_events && config->before_events(config->before_ctx, s, err))
		return -1;
	if (session_enable_events(s, config, err) || session_enable_extras(s, err))
		return -1;
	session_watch(s);
	return 0;
}

int session_start(struct session *s, struct err *err)
{
	if (s->standin)
		s->missed_before = standin_missed(s->standin);
	if (setup_write(s, "tracing_on", "1", err))
		return -1;
	session_watch_on(s);
	return 0;
}

void session_stop(struct session *s)
{
	if (s && s->main.tfs)
		try_write(s, "tracing_on", "0");
}

static int close_instance(struct instance *inst, struct err *err)
{
	if (!instance_destroy(inst))
		return 0;
	return err_set_errno(err, EXIT_FAILED, errno, "cannot remove tracefs instance %s", inst->name);
}

/* No memory is asked for by ours here: there would be an exit() with the main thread at work. */
static void *take_down(void *arg)
{
	struct session *s = arg;

	if (s->exits_fd >= 0)
		close(s->exits_fd);
	s->exits_fd = -1;
	close_instance(&s->exits, &s->left);
	close_instance(&s->main, &s->left);
	return NULL;
}

/* The end of notices, too, takes the kernel a grace period (fsnotify_destroy_group() in fs/notify/group.c). */
static void *unwatch(void *arg)
{
	session_unwatch(arg);
	return NULL;
}

void session_retire(struct session *s)
{
	if (s->retired)
		return;
	s->retired = true;
	end_slow(s);
	s->has_unwatcher = start_thread(&s->unwatcher, unwatch, s);
	if (!s->has_unwatcher)
		session_unwatch(s);
	s->has_taker = start_thread(&s->taker, take_down, s);
	if (!s->has_taker)
		take_down(s);
}

int session_close(struct session *s, struct err *err)
{
	int ret = 0;

	if (!s)
		return 0;
	cleanup_remove(&s->cleanup);
	session_retire(s);
	if (s->has_unwatcher)
		pthread_join(s->unwatcher, NULL);
	if (s->has_taker)
		pthread_join(s->taker, NULL);
	if (s->left.code) {
		ret = -1;
		if (err)
			*err = s->left;
	} else {
		session_log(s, "", "removed", 0);
	}
	/* After the instances, which hold references to them. */
	if (standin_remove(s->standin, ret ? NULL : err))
		ret = -1;
	standin_free(s->standin);
	if (session_close_kvm(s, ret ? NULL : err))
		ret = -1;
	session_free_extras(s);
	free(s->events);
	free(s->notes);
	free(s);
	return ret;
}

const char *session_tier(const struct session *s)
{
	return ipi_tier_name(s->tier);
}

uint64_t session_missed_sends(const struct session *s)
{
	return s->standin ? standin_missed(s->standin) - s->missed_before : 0;
}

bool session_filtered_in_kernel(const struct session *s)
{
	return s->filtered;
}

bool session_knows(const struct session *s, unsigned int i)
{
	return s->known >> i & 1;
}

unsigned int session_page_size(const struct session *s)
{
	return s->page_size;
}

uint64_t session_buffer_bytes(const struct session *s)
{
	return s->buffer_bytes;
}

unsigned int session_nr_events(const struct session *s)
{
	return s->nr_events;
}

const struct session_event *session_events(const struct session *s)
{
	return s->events;
}

unsigned int session_nr_cpus(const struct session *s)
{
	return s->nr_cpus;
}

int session_open_raw(const struct session *s, unsigned int cpu)
{
	char name[64];

	snprintf(name, sizeof(name), "per_cpu/cpu%u/trace_pipe_raw", cpu);
	return tracefs_instance_file_open(s->main.tfs, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
}

int session_read_stats(const struct session *s, unsigned int cpu, struct ring_stats *stats)
{
	char name[64];
	char *text;

	snprintf(name, sizeof(name), "per_cpu/cpu%u/stats", cpu);
	text = session_read(s, name, NULL);
	if (!text)
		return -1;
	*stats = ring_stats_parse(text);
	free(text);
	return 0;
}

char *session_read(const struct session *s, const char *file, size_t *len)
{
	char *path = file_path(s, file), *text = read_file(path, len);

	tracefs_put_tracing_file(path);
	return text;
}

char *session_read_top(const char *file, size_t *len)
{
	char *path = tracefs_get_tracing_file(file);
	char *text = path ? read_file(path, len) : NULL;

	tracefs_put_tracing_file(path);
	return text;
}
