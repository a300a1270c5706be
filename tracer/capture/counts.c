// SPDX-License-Identifier: GPL-2.0-only
/*
 * capture/counts.c - hist triggers: set, paused, read.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tracefs.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/parse.h"
#include "capture/counts.h"
#include "capture/priv.h"

#define ROWS_PER_CPU 64u
#define MIN_ROWS     2048u
#define MAX_ROWS     131072u /* TRACING_MAP_BITS_MAX */

/* What is counted of which event, by kind. NULL: nothing, that way. */
static const struct hist_trigger {
	const char *system, *event;
	const char *keys[SESSION_NR_COUNTS];
} triggers[COUNTS_NR_KINDS] = {
	[COUNTS_SINGLE] = { "ipi",
			    "ipi_send_cpu",
			    { [SESSION_COUNTS_CALLSITE] = "callsite.sym,cpu",
			      [SESSION_COUNTS_STACK] = "common_stacktrace" } },
	[COUNTS_TARGETS] = { "ipi", "ipi_send_cpu", { [SESSION_COUNTS_STACK] = "cpu" } },
	[COUNTS_MULTICAST] = { "ipi",
			       "ipi_send_cpumask",
			       { [SESSION_COUNTS_CALLSITE] = "callsite.sym",
				 [SESSION_COUNTS_STACK] = "common_stacktrace" } },
	[COUNTS_CALLS] = { "csd",
			   "csd_queue_cpu",
			   { [SESSION_COUNTS_CALLSITE] = "func.sym,cpu", [SESSION_COUNTS_STACK] = "func.sym,cpu" } },
};

/* --- what the kernel prints --- */

static char *trimmed(const char *from, const char *to)
{
	char *text;

	while (from < to && strchr(" \t\n", *from))
		from++;
	while (to > from && strchr(" \t\n,", to[-1]))
		to--;
	if (from == to)
		return NULL;
	text = xmalloc((size_t)(to - from) + 1);
	memcpy(text, from, (size_t)(to - from));
	text[to - from] = '\0';
	return text;
}

/* "func+0x1a/0x40" a line, with blanks in front; the tracer's own frames are there, too. */
static char *frames(const char *from, const char *to)
{
	char *text = xmalloc((size_t)(to - from) + 1), *p = text;

	while (from < to) {
		const char *end = memchr(from, '\n', (size_t)(to - from));

		end = end ? end : to;
		while (from < end && strchr(" \t", *from))
			from++;
		if (end > from) {
			if (p > text)
				*p++ = '\n';
			/* The size of the function is no part of its name. */
			for (; from < end; from++)
				if (*from != '/')
					*p++ = *from;
				else
					from += strcspn(from, " \n") - 1;
		}
		from = end + 1;
	}
	*p = '\0';
	return text;
}

/* What is between "{ " and "}". */
static void parse_entry(struct counts_row *row, const char *from, const char *to)
{
	const char *cpu = NULL, *p;

	row->target = COUNTS_NO_TARGET;
	/* The last one: a name has no "cpu:" behind it. */
	for (p = from; p + 4 < to; p++)
		if (!strncmp(p, "cpu:", 4) && (p == from || strchr(" ,", p[-1])))
			cpu = p;
	if (cpu) {
		row->target = (uint32_t)strtoul(cpu + 4, NULL, 10);
		to = cpu;
	}
	if (!strncmp(from, "common_stacktrace:", 18)) {
		row->name = frames(from + 18, to);
		return;
	}
	p = memchr(from, ']', (size_t)(to - from));
	row->name = p ? trimmed(p + 1, to) : NULL;
}

static void parse_entries(struct counts_table *t, const char *text, const char *end)
{
	static const char hits[] = "} hitcount:";
	unsigned int room = 0;

	while ((text = strstr(text, "{ ")) && text < end) {
		const char *close = strstr(text, hits);

		if (!close || close > end)
			return;
		if (t->nr == room) {
			room = room ? 2 * room : 64;
			t->rows = xrealloc(t->rows, room * sizeof(*t->rows));
		}
		t->rows[t->nr] = (struct counts_row){ .count = strtoull(close + sizeof(hits) - 1, NULL, 10) };
		parse_entry(&t->rows[t->nr++], text + 2, close);
		text = close + sizeof(hits) - 1;
	}
}

bool counts_parse(struct counts_table *t, const char *text, const char *keys)
{
	static const char info[] = "# trigger info: hist:keys=";
	size_t len = strlen(keys);
	const char *end, *dropped;

	for (text = strstr(text, info); text; text = strstr(text, info)) {
		text += sizeof(info) - 1;
		if (!strncmp(text, keys, len) && text[len] == ':')
			break;
	}
	end = text ? strstr(text, "Totals:") : NULL;
	dropped = end ? strstr(end, "Dropped:") : NULL;
	if (!dropped)
		return false;
	parse_entries(t, text, end);
	t->dropped = strtoull(dropped + strlen("Dropped:"), NULL, 10);
	return true;
}

void counts_free(struct counts_table *t)
{
	for (unsigned int i = 0; i < t->nr; i++)
		free(t->rows[i].name);
	free(t->rows);
	memset(t, 0, sizeof(*t));
}

uint64_t counts_sum(const struct counts_table *t)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < t->nr; i++)
		sum += t->rows[i].count;
	return sum;
}

/* --- triggers --- */

static char *event_file(const struct hist_trigger *t, const char *file)
{
	return xasprintf("events/%s/%s/%s", t->system, t->event, file);
}

static bool has_file(const struct session *s, const struct hist_trigger *t, const char *file)
{
	char *name = event_file(t, file), *path = tracefs_instance_get_file(s->main.tfs, name);
	bool has = path && !access(path, F_OK);

	tracefs_put_tracing_file(path);
	free(name);
	return has;
}

static int no_counts(const struct session *s, const struct hist_trigger *t, struct err *err)
{
	if (has_file(s, t, "trigger")) {
		err_set(err, EXIT_FAILED, "this kernel cannot count: it has no hist triggers");
		return err_hint(
			err,
			"it needs CONFIG_HIST_TRIGGERS; 'ipitrace stat' without --counts needs nothing of the kind");
	}
	err_set(err, EXIT_FAILED, "this kernel cannot count: it has no event %s:%s", t->system, t->event);
	return err_hint(err, "Linux 6.5 and later have it; 'ipitrace stat' without --counts does with less");
}

/* More targets, more rows. */
static unsigned int table_rows(const struct session *s)
{
	unsigned int rows = MIN_ROWS;

	while (rows < s->nr_cpus * ROWS_PER_CPU && rows < MAX_ROWS)
		rows *= 2;
	return rows;
}

/* verb: ":pause", or what changes it. */
static int write_trigger(struct session *s, const struct hist_trigger *t, enum session_counts by, const char *verb,
			 struct err *err)
{
	char *text = xasprintf("hist:keys=%s:size=%u%s", t->keys[by], table_rows(s), verb);
	char *file = event_file(t, "trigger");
	int ret;

	errno = 0;
	/* What is appended is one trigger more, or one that is there changed. */
	ret = tracefs_instance_file_append(s->main.tfs, file, text) < 0 ? -1 : 0;
	session_log(s, file, text, ret ? errno : 0);
	if (ret)
		err_set_errno(err, EXIT_FAILED, errno ? errno : EINVAL, "cannot set '%s' on %s:%s", text, t->system,
			      t->event);
	free(file);
	free(text);
	return ret;
}

static int each_trigger(struct session *s, enum session_counts by, const char *verb, struct err *err)
{
	for (unsigned int i = 0; i < COUNTS_NR_KINDS; i++)
		if (triggers[i].keys[by] && write_trigger(s, &triggers[i], by, verb, err))
			return -1;
	return 0;
}

bool counts_possible(void)
{
	bool has = true;

	for (unsigned int i = 0; i < COUNTS_NR_KINDS; i++) {
		char *file = event_file(&triggers[i], "hist");

		has &= tracefs_file_exists(NULL, file);
		free(file);
	}
	return has;
}

int session_arm_counts(struct session *s, enum session_counts by, struct err *err)
{
	for (unsigned int i = 0; i < COUNTS_NR_KINDS; i++)
		if (triggers[i].keys[by] && !has_file(s, &triggers[i], "hist"))
			return no_counts(s, &triggers[i], err);
	return each_trigger(s, by, ":pause", err);
}

int session_start_counts(struct session *s, enum session_counts by, struct err *err)
{
	return each_trigger(s, by, ":continue", err);
}

int session_stop_counts(struct session *s, enum session_counts by, struct err *err)
{
	return each_trigger(s, by, ":pause", err);
}

int session_read_counts(const struct session *s, enum session_counts by, struct counts_table *tables, struct err *err)
{
	for (unsigned int i = 0; i < COUNTS_NR_KINDS; i++) {
		char *file, *text;
		bool read;

		if (!triggers[i].keys[by])
			continue;
		file = event_file(&triggers[i], "hist");
		text = session_read(s, file, NULL);
		free(file);
		read = text && counts_parse(&tables[i], text, triggers[i].keys[by]);
		free(text);
		if (!read) {
			err_set(err, EXIT_FAILED, "the kernel's table of %s:%s is gone, or cannot be read",
				triggers[i].system, triggers[i].event);
			return err_hint(err, "somebody else changed the instance %s", s->main.name);
		}
	}
	return 0;
}
