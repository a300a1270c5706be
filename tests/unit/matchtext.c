// SPDX-License-Identifier: GPL-2.0-only
/*
 * matchtext.c - parser of matchtext.h
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "matchtext.h"

static uint64_t hash(const char *text, size_t len)
{
	uint64_t h = 14695981039346656037ull;

	while (len--)
		h = (h ^ (unsigned char)*text++) * 1099511628211ull;
	return h | 0xffff000000000000ull;
}

/* Value of key in the arguments; *len is its length without a trailing comma. */
static const char *find(const char *args, const char *key, size_t *len)
{
	size_t klen = strlen(key);

	for (const char *p = args; (p = strstr(p, key)); p += klen) {
		if ((p != args && p[-1] != ' ') || p[klen] != '=')
			continue;
		p += klen + 1;
		*len = strcspn(p, " \n");
		if (*len && p[*len - 1] == ',')
			--*len;
		return p;
	}
	return NULL;
}

static uint64_t number(const char *args, const char *key, int base)
{
	size_t len;
	const char *v = find(args, key, &len);

	return v ? strtoull(v, NULL, base) : 0;
}

static uint64_t symbol(const char *args, const char *key)
{
	size_t len;
	const char *v = find(args, key, &len);

	if (!v || !strncmp(v, "0x0", 3))
		return 0;
	return hash(v, len);
}

static bool value_has(const char *args, const char *key, const char *part)
{
	size_t len;
	const char *v = find(args, key, &len), *at;

	at = v ? strstr(v, part) : NULL;
	return at && at < v + len;
}

static uint8_t parse_flags(const char *f)
{
	uint8_t flags = 0;

	if (f[0] == 'd' || f[0] == 'D')
		flags |= IPI_FLAG_IRQS_OFF;
	if (f[2] == 'h' || f[2] == 'H')
		flags |= IPI_FLAG_HARDIRQ;
	if (f[2] == 's' || f[2] == 'H')
		flags |= IPI_FLAG_SOFTIRQ;
	return flags;
}

static bool parse_handler(struct ipi_event *ev, const char *name)
{
	static const struct {
		const char *name;
		enum ipi_class class;
	} handlers[] = {
		{ "reschedule_", IPI_CLASS_RESCHEDULE },
		{ "irq_work_", IPI_CLASS_IRQ_WORK },
		{ "call_function_single_", IPI_CLASS_CALL_SINGLE },
		{ "call_function_", IPI_CLASS_CALL },
	};

	for (size_t i = 0; i < sizeof(handlers) / sizeof(*handlers); i++) {
		size_t len = strlen(handlers[i].name);

		if (strncmp(name, handlers[i].name, len))
			continue;
		ev->class = handlers[i].class;
		ev->type = !strcmp(name + len, "entry") ? IPI_EV_IRQ_ENTRY : IPI_EV_IRQ_EXIT;
		return true;
	}
	return false;
}

static bool parse_event(struct ipi_event *ev, uint64_t *mask, const char *name, const char *args)
{
	ev->callsite = symbol(args, "callsite");
	ev->func = symbol(args, "func");
	ev->csd = number(args, "csd", 16);
	if (value_has(args, "func", "sched_ttwu_pending"))
		ev->call_kind = IPI_CALL_TTWU;
	if (value_has(args, "callsite", "irq_work_queue_on"))
		ev->call_kind = IPI_CALL_IRQ_WORK;
	ev->target = (uint32_t)number(args, "cpu", 10);
	if (!strcmp(name, "ipi_send_cpu")) {
		ev->type = IPI_EV_SEND_CPU;
		ev->func = symbol(args, "callback");
		ev->class = !ev->func					    ? IPI_CLASS_RESCHEDULE :
			    value_has(args, "callback", "generic_smp_call") ? IPI_CLASS_CALL_SINGLE :
									      IPI_CLASS_IRQ_WORK;
	} else if (!strcmp(name, "ipi_send_cpumask")) {
		size_t len;
		const char *v = find(args, "cpumask", &len);
		char *end;

		ev->type = IPI_EV_SEND_MASK;
		ev->class = IPI_CLASS_CALL;
		ev->func = symbol(args, "callback");
		*mask = v ? strtoull(v, &end, 16) : 0;
		if (v && *end == ',')
			*mask = *mask << 32 | strtoull(end + 1, NULL, 16);
		ev->mask_words = 1;
	} else if (!strcmp(name, "csd_queue_cpu")) {
		ev->type = IPI_EV_QUEUE;
		ev->class = IPI_CLASS_CALL_SINGLE;
	} else if (!strcmp(name, "csd_function_entry")) {
		ev->type = IPI_EV_FUNC_ENTRY;
	} else if (!strcmp(name, "csd_function_exit")) {
		ev->type = IPI_EV_FUNC_EXIT;
	} else if (!strcmp(name, "sched_wake_idle_without_ipi")) {
		ev->type = IPI_EV_WAKE_NO_IPI;
	} else {
		return parse_handler(ev, name);
	}
	return true;
}

static void parse_line(struct text_trace *t, const char *line)
{
	const char *bracket = strstr(line, " [");
	unsigned int cpu, sec, usec;
	struct ipi_event *ev;
	char flags[8], name[64];
	int used = 0;

	if (!bracket ||
	    sscanf(bracket, " [%u] %7s %u.%6u: %63[a-z_]: %n", &cpu, flags, &sec, &usec, name, &used) != 5 || !used)
		return;
	if (t->nr == t->cap) {
		t->cap = t->cap ? t->cap * 2 : 1024;
		t->events = realloc(t->events, t->cap * sizeof(*t->events));
		t->masks = realloc(t->masks, t->cap * sizeof(*t->masks));
		if (!t->events || !t->masks)
			abort();
	}
	ev = &t->events[t->nr];
	memset(ev, 0, sizeof(*ev));
	t->masks[t->nr] = 0;
	if (!parse_event(ev, &t->masks[t->nr], name, bracket + used))
		return;
	ev->cpu = cpu;
	ev->flags = parse_flags(flags);
	ev->ts_ns = ((uint64_t)sec * 1000000 + usec) * 1000;
	if (t->nr && ev->ts_ns <= t->events[t->nr - 1].ts_ns)
		ev->ts_ns = t->events[t->nr - 1].ts_ns + 1;
	t->nr++;
}

int text_load(const char *path, struct text_trace *parts, unsigned int max)
{
	char cmd[4200], line[1024];
	unsigned int nr = 0;
	FILE *f;

	snprintf(cmd, sizeof(cmd), "gzip -dc '%s'", path);
	f = popen(cmd, "r");
	if (!f)
		return -1;
	memset(parts, 0, max * sizeof(*parts));
	snprintf(parts[0].name, sizeof(parts[0].name), "all");
	while (fgets(line, sizeof(line), f)) {
		unsigned int mode;

		if (sscanf(line, "@@@ MODE %u", &mode) == 1 && nr + 1 < max) {
			nr += parts[nr].nr != 0;
			snprintf(parts[nr].name, sizeof(parts[nr].name), "mode%u", mode);
		}
		parse_line(&parts[nr], line);
	}
	if (pclose(f))
		return -1;
	nr += parts[nr].nr != 0;
	/* The arrays have found their places. */
	for (unsigned int i = 0; i < nr; i++)
		for (unsigned int k = 0; k < parts[i].nr; k++)
			if (parts[i].events[k].type == IPI_EV_SEND_MASK)
				parts[i].events[k].mask = &parts[i].masks[k];
	return (int)nr;
}

void text_free(struct text_trace *parts, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++) {
		free(parts[i].events);
		free(parts[i].masks);
	}
}
