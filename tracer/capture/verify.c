// SPDX-License-Identifier: GPL-2.0-only
/*
 * capture/verify.c - has anybody else touched the instance while it recorded?
 *
 * Every process of root can write to our instance's files, and one that does
 * cuts the recording short without a trace in it. So what decides over the
 * recording is read when it is armed, and compared before it is stopped. What
 * was changed and changed back in between is for the counts of interrupts to
 * show (coverage).
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "capture/priv.h"

/* Of the instance; what a kernel does not have is not watched. */
static const char *const knobs[] = {
	"trace_clock",		 "buffer_size_kb", "tracing_cpumask",	"set_event_pid",
	"set_event_notrace_pid", "current_tracer", "options/overwrite", "options/record-cmd",
};

/* Of each event that is recorded. */
static const char *const event_knobs[] = { "enable", "filter", "trigger" };

static void watch(struct session *s, char *file)
{
	char *text = session_read(s, file, NULL);

	if (!text) {
		free(file);
		return;
	}
	s->watched = xrealloc(s->watched, (s->nr_watched + 1) * sizeof(*s->watched));
	s->watched[s->nr_watched++] = (struct watched){ file, text };
}

void session_watch(struct session *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(knobs); i++)
		watch(s, xstrdup(knobs[i]));
	for (unsigned int e = 0; e < s->nr_events; e++)
		for (size_t i = 0; i < ARRAY_SIZE(event_knobs); i++)
			watch(s, xasprintf("events/%s/%s/%s", s->events[e].system, s->events[e].name, event_knobs[i]));
	s->written = xcalloc(session_nr_cpus(s), sizeof(*s->written));
}

void session_unwatch(struct session *s)
{
	for (unsigned int i = 0; i < s->nr_watched; i++) {
		free(s->watched[i].file);
		free(s->watched[i].text);
	}
	free(s->watched);
	free(s->written);
}

/* What matters of a file's text: the choice among several ("local [mono]"), or its first line. */
static int gist(const char *text, const char **from)
{
	const char *open = strchr(text, '['), *close = open ? strchr(open, ']') : NULL;

	*from = close ? open + 1 : text;
	return close ? (int)(close - open - 1) : (int)strcspn(text, "\n");
}

static void tell_change(const struct watched *w, const char *now, session_change_fn tell, void *ctx)
{
	const char *was, *is;
	int was_len = gist(w->text, &was), is_len = gist(now ? now : "", &is);
	char text[512];

	snprintf(text, sizeof(text), "%s was changed by another process: from '%.*s' to '%.*s'", w->file,
		 was_len > 60 ? 60 : was_len, was, is_len > 60 ? 60 : is_len, is);
	tell(ctx, text);
}

void session_glance(struct session *s)
{
	for (unsigned int cpu = 0; cpu < session_nr_cpus(s); cpu++) {
		struct ring_stats st;

		if (session_read_stats(s, cpu, &st))
			continue;
		if (st.entries + st.lost < s->written[cpu])
			s->emptied = true;
		s->written[cpu] = st.entries + st.lost;
	}
}

unsigned int session_verify(struct session *s, session_change_fn tell, void *ctx)
{
	char *text = session_read(s, "tracing_on", NULL);
	unsigned int nr = 0;

	if (!text) {
		tell(ctx, "the tracefs instance was removed by another process");
		return 1;
	}
	if (text[0] != '1') {
		tell(ctx, "tracing_on was switched off by another process");
		nr++;
	}
	free(text);
	for (unsigned int i = 0; i < s->nr_watched; i++) {
		text = session_read(s, s->watched[i].file, NULL);
		if (!text || strcmp(text, s->watched[i].text)) {
			tell_change(&s->watched[i], text, tell, ctx);
			nr++;
		}
		free(text);
	}
	session_glance(s);
	if (s->emptied) {
		tell(ctx, "the buffer was emptied by another process");
		nr++;
	}
	return nr;
}
