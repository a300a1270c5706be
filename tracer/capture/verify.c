// SPDX-License-Identifier: GPL-2.0-only
/*
 * capture/verify.c - has anybody else touched the instance while it recorded?
 *
 * Every process of root can write to our instance's files, and one that does
 * cuts the recording short without a trace in it. So what decides over the
 * recording is read when it is armed, and compared before it is stopped; what
 * is written and written back in between inotify tells.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <tracefs.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "base/text.h"
#include "capture/priv.h"

/* Of the instance; what a kernel does not have is not watched. */
static const char *const knobs[] = {
	"trace_clock",		 "buffer_size_kb", "tracing_cpumask",	"set_event_pid",
	"set_event_notrace_pid", "current_tracer", "options/overwrite", "options/record-cmd",
};

/* Of each event that is recorded. */
static const char *const event_knobs[] = { "enable", "filter", "trigger" };

static void notice(struct session *s, struct watched *w)
{
	char *path = tracefs_instance_get_file(s->main.tfs, w->file), fd_path[32];

	w->notice = -1;
	w->fd = path && s->notices >= 0 ? open(path, O_PATH | O_CLOEXEC) : -1;
	tracefs_put_tracing_file(path);
	if (w->fd < 0)
		return;
	snprintf(fd_path, sizeof(fd_path), "/proc/self/fd/%d", w->fd);
	w->notice = inotify_add_watch(s->notices, fd_path, IN_MODIFY);
}

static void add_watched(struct session *s, char *file, char *text)
{
	struct watched *w;

	s->watched = xrealloc(s->watched, (s->nr_watched + 1) * sizeof(*s->watched));
	w = &s->watched[s->nr_watched++];
	*w = (struct watched){ .file = file, .text = text };
	notice(s, w);
}

static void watch(struct session *s, char *file)
{
	char *text = session_read(s, file, NULL);

	if (text)
		add_watched(s, file, text);
	else
		free(file);
}

void session_watch(struct session *s)
{
	s->notices = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	for (size_t i = 0; i < ARRAY_SIZE(knobs); i++)
		watch(s, xstrdup(knobs[i]));
	for (unsigned int e = 0; e < s->nr_events; e++)
		for (size_t i = 0; i < ARRAY_SIZE(event_knobs); i++)
			watch(s, xasprintf("events/%s/%s/%s", s->events[e].system, s->events[e].name, event_knobs[i]));
	/* What switches many events at once. Whether they are on is seen in theirs. */
	add_watched(s, xstrdup("events/enable"), NULL);
	for (unsigned int e = 0; e < s->nr_events; e++)
		if (!e || strcmp(s->events[e].system, s->events[e - 1].system))
			add_watched(s, xasprintf("events/%s/enable", s->events[e].system), NULL);
	add_watched(s, xstrdup("trace"), NULL);
	s->written = xcalloc(session_nr_cpus(s), sizeof(*s->written));
}

void session_watch_on(struct session *s)
{
	add_watched(s, xstrdup("tracing_on"), NULL);
}

void session_unwatch(struct session *s)
{
	for (unsigned int i = 0; i < s->nr_watched; i++) {
		free(s->watched[i].file);
		free(s->watched[i].text);
		free(s->watched[i].now);
		if (s->watched[i].fd >= 0)
			close(s->watched[i].fd);
	}
	free(s->watched);
	free(s->written);
	if (s->notices >= 0)
		close(s->notices);
	s->notices = -1;
}

/* What matters of a file's text: the choice among several ("local [mono]"), or its first line. */
static int gist(const char *text, const char **from)
{
	const char *open = strchr(text, '['), *close = open ? strchr(open, ']') : NULL;

	*from = close ? open + 1 : text;
	return close ? (int)(close - open - 1) : (int)strcspn(text, "\n");
}

/* Whom session_verify() tells, and how often it did. */
struct telling {
	session_change_fn fn;
	void *ctx;
	unsigned int nr;
};

static void __attribute__((format(printf, 2, 3))) tell(struct telling *t, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	t->fn(t->ctx, text);
	t->nr++;
}

static void tell_change(struct telling *t, const char *file, const char *before, const char *now, const char *more)
{
	const char *was, *is;
	int was_len = gist(before, &was), is_len = gist(now ? now : "", &is);

	tell(t, "%s was changed by another process: from '%.*s' to '%.*s'%s", file, was_len > 60 ? 60 : was_len, was,
	     is_len > 60 ? 60 : is_len, is, more);
}

/* --- events --- */

static bool is_switch(const struct watched *w)
{
	size_t len = strlen(w->file), end = strlen("/enable");

	return w->text && !strncmp(w->file, "events/", 7) && len > end && !strcmp(w->file + len - end, "/enable");
}

/* Which group a file "events/GROUP/..." is of. */
static bool same_group(const struct watched *a, const struct watched *b)
{
	size_t len = strcspn(a->file + 7, "/") + 1;

	return !strncmp(a->file + 7, b->file + 7, len);
}

/* Several events that were switched the same way: one line for those of a group, or for those of all groups. */
static void tell_switches(struct session *s, struct telling *t)
{
	const struct watched *first = NULL;
	unsigned int nr = 0, alone = 0;
	char file[160], more[32];

	for (unsigned int i = 0; i < s->nr_watched; i++) {
		const struct watched *w = &s->watched[i];

		if (!is_switch(w) || !w->changed)
			continue;
		first = first ? first : w;
		nr++;
		alone += same_group(first, w) && w->now && first->now && w->now[0] == first->now[0];
	}
	if (!nr)
		return;
	snprintf(more, sizeof(more), " (%u event%s)", nr, plural_s(nr));
	snprintf(file, sizeof(file), "%s", first->file);
	if (nr > 1 && nr == alone)
		snprintf(file, sizeof(file), "events/%.*s/*/enable", (int)strcspn(first->file + 7, "/"),
			 first->file + 7);
	else if (nr > 1)
		snprintf(file, sizeof(file), "events/*/*/enable");
	tell_change(t, file, first->text, first->now, nr > 1 ? more : "");
}

/* --- others --- */

/* "X" is what the kernel says where CPUs differ: then the first that does tells more. */
static void tell_size(struct session *s, struct telling *t, const struct watched *w)
{
	char file[64], *size = NULL;

	for (unsigned int cpu = 0; !size && w->now && w->now[0] == 'X' && cpu < session_nr_cpus(s); cpu++) {
		snprintf(file, sizeof(file), "per_cpu/cpu%u/buffer_size_kb", cpu);
		size = session_read(s, file, NULL);
		if (size && !strcmp(size, w->text)) {
			free(size);
			size = NULL;
		}
	}
	tell_change(t, size ? file : w->file, w->text, size ? size : w->now, "");
	free(size);
}

void session_glance(struct session *s)
{
	for (unsigned int cpu = 0; cpu < session_nr_cpus(s); cpu++) {
		struct ring_stats before, st;

		if (session_read_stats(s, cpu, &before) || session_read_stats(s, cpu, &st))
			continue;
		if (st.entries + st.lost < s->written[cpu])
			s->emptied = true;
		s->written[cpu] = ring_stats_least(&before, &st);
	}
}

static void take_notices(struct session *s)
{
	char buf[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t len;

	while (s->notices >= 0 && (len = read(s->notices, buf, sizeof(buf))) > 0) {
		for (const char *p = buf; p < buf + len;) {
			const struct inotify_event *ev = (const void *)p;

			for (unsigned int i = 0; i < s->nr_watched; i++)
				s->watched[i].written |= s->watched[i].notice >= 0 && s->watched[i].notice == ev->wd;
			p += sizeof(*ev) + ev->len;
		}
	}
}

void session_own_write(struct session *s, const char *file, bool begins)
{
	for (unsigned int i = 0; i < s->nr_watched; i++) {
		struct watched *w = &s->watched[i];

		if (strcmp(w->file, file))
			continue;
		/* What others wrote before it is told; what comes up to its end is ours. */
		if (begins) {
			take_notices(s);
			w->foreign = w->written;
			continue;
		}
		take_notices(s);
		w->written = w->foreign;
		free(w->text);
		w->text = session_read(s, w->file, NULL);
		if (!w->text)
			w->text = xstrdup("");
	}
}

/*
 * Back as it was, or never another: but what was in between is not in the
 * recording. What only did that which has been told is no news.
 */
static void tell_written(struct session *s, struct telling *t)
{
	unsigned int told = t->nr;

	for (unsigned int i = 0; i < s->nr_watched; i++)
		if (s->watched[i].written && !s->watched[i].changed && (s->watched[i].text || !told))
			tell(t, "%s was written by another process while it recorded", s->watched[i].file);
}

unsigned int session_verify(struct session *s, session_change_fn fn, void *ctx)
{
	struct telling t = { fn, ctx, 0 };
	char *on = session_read(s, "tracing_on", NULL);

	if (!on) {
		tell(&t, "the tracefs instance was removed by another process");
		return t.nr;
	}
	if (on[0] != '1')
		tell(&t, "tracing_on was switched off by another process");
	free(on);
	take_notices(s);
	for (unsigned int i = 0; i < s->nr_watched; i++) {
		struct watched *w = &s->watched[i];

		if (!w->text)
			continue;
		free(w->now);
		w->now = session_read(s, w->file, NULL);
		w->changed = !w->now || strcmp(w->now, w->text);
		if (!w->changed || is_switch(w))
			continue;
		if (!strcmp(w->file, "buffer_size_kb"))
			tell_size(s, &t, w);
		else
			tell_change(&t, w->file, w->text, w->now, "");
	}
	tell_switches(s, &t);
	session_glance(s);
	if (s->emptied)
		tell(&t, "the buffer was emptied by another process");
	tell_written(s, &t);
	return t.nr;
}
