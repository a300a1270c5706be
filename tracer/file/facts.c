// SPDX-License-Identifier: GPL-2.0-only
/*
 * file/facts.c - ipitrace's own facts of a recording: lines "key value".
 *
 * A value ends at the end of its line; in free text a backslash, a newline and
 * a carriage return are written as \\, \n and \r. A list of numbers is
 * separated by blanks.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/filter.h"
#include "base/mem.h"
#include "base/parse.h"
#include "base/tlb.h"
#include "file/facts-priv.h"
#include "file/facts.h"

/*
 * Raised only if old readers would misread: 2 has filters that are lists, 3 one
 * of tasks, which leaves out what softirqs and handlers sent on top of them.
 */
enum { FACTS_PLAIN = 1, FACTS_LISTS = 2, FACTS_SENDERS = 3 };

static const char *const snap_names[FACTS_NR_SNAPS] = { "outer0", "inner0", "inner1", "outer1" };

void facts_free(struct facts *f)
{
	free(f->version);
	free(f->cmdline);
	free(f->host);
	free(f->date);
	free(f->tier);
	free(f->clock);
	free(f->own_pids);
	facts_free_tasks(f);
	ipi_filter_free(&f->filter);
	free(f->lost);
	free(f->entries);
	for (unsigned int i = 0; i < f->nr_counters; i++)
		for (int s = 0; s < FACTS_NR_SNAPS; s++)
			free(f->counters[i].count[s]);
	free(f->counters);
	free(f->interrupts_text);
	machine_cpus_free(&f->machine);
	topo_free(&f->topo);
	kvm_facts_free(&f->kvm);
	for (int s = 0; s < FACTS_NR_SNAPS; s++)
		cpuset_free(&f->online[s]);
	for (unsigned int i = 0; i < f->nr_known; i++)
		free(f->known[i]);
	free(f->known);
	for (unsigned int i = 0; i < f->nr_reasons; i++)
		free(f->reasons[i]);
	free(f->reasons);
	memset(f, 0, sizeof(*f));
	f->workload_status = -1;
}

static void keep_reason(struct facts *f, char *text)
{
	f->reasons = xrealloc(f->reasons, (f->nr_reasons + 1) * sizeof(*f->reasons));
	f->reasons[f->nr_reasons++] = text;
}

static void keep_known(struct facts *f, char *name)
{
	f->known = xrealloc(f->known, (f->nr_known + 1) * sizeof(*f->known));
	f->known[f->nr_known++] = name;
}

void facts_add_known(struct facts *f, const char *name)
{
	keep_known(f, xstrdup(name));
}

void facts_add_reason(struct facts *f, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	keep_reason(f, xstrdup(text));
}

/* "cpus_NAME LIST", where an empty list is one, too. */
static const struct {
	const char *name;
	size_t list;
} machine_lists[] = {
	{ "online", offsetof(struct machine_cpus, online) },
	{ "isolated", offsetof(struct machine_cpus, isolated) },
	{ "nohz_full", offsetof(struct machine_cpus, nohz_full) },
};

static struct cpuset *machine_list(const struct facts *f, size_t i)
{
	return (struct cpuset *)((char *)&f->machine + machine_lists[i].list);
}

/* --- writing --- */

void facts_put_text(FILE *out, const char *key, const char *value)
{
	if (!value)
		return;
	fprintf(out, "%s ", key);
	for (; *value; value++) {
		if (*value == '\\')
			fputs("\\\\", out);
		else if (*value == '\n')
			fputs("\\n", out);
		else if (*value == '\r')
			fputs("\\r", out);
		else
			fputc(*value, out);
	}
	fputc('\n', out);
}

static void put_numbers(FILE *out, const char *key, const uint64_t *v, unsigned int nr)
{
	if (!v || !nr)
		return;
	fputs(key, out);
	for (unsigned int i = 0; i < nr; i++)
		fprintf(out, " %" PRIu64, v[i]);
	fputc('\n', out);
}

static void put_cpus(FILE *out, const char *key, const char *which, const struct cpuset *cpus)
{
	char *list = cpuset_text(cpus);

	fprintf(out, "%s_%s %s\n", key, which, list);
	free(list);
}

static void put_filter(FILE *out, const struct ipi_filter *f)
{
	const struct filter_row *row;

	for_each_filter_row(row)
	{
		char *value, *key;

		if (!filter_row_set(row, f))
			continue;
		value = filter_row_format(row, f);
		key = xasprintf("filter_%s", row->fact);
		facts_put_text(out, key, value);
		free(key);
		free(value);
	}
}

/* "tlb" and a list of names, which may be empty. */
static void put_tlb(FILE *out, uint32_t ways)
{
	fputs("tlb", out);
	for (unsigned int way = 0; way < TLB_NR_WAYS; way++)
		if (ways & 1u << way)
			fprintf(out, " %s", tlb_way_row(way)->name);
	fputc('\n', out);
}

char *facts_format(const struct facts *f)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return NULL;
	fprintf(out, "facts %d\n",
		ipi_filter_of_tasks(&f->filter) && !f->filter.of_current ? FACTS_SENDERS :
		ipi_filter_listed(&f->filter)				 ? FACTS_LISTS :
									   FACTS_PLAIN);
	facts_put_text(out, "version", f->version);
	facts_put_text(out, "cmdline", f->cmdline);
	facts_put_text(out, "host", f->host);
	facts_put_text(out, "date", f->date);
	facts_put_text(out, "tier", f->tier);
	facts_put_text(out, "clock", f->clock);
	if (f->off_ns)
		fprintf(out, "on_ns %" PRIu64 "\noff_ns %" PRIu64 "\n", f->on_ns, f->off_ns);
	if (f->flight)
		fputs("flight 1\n", out);
	fprintf(out, "complete %d\nstacks %d\n", f->complete, f->stacks);
	if (f->nr_own_pids) {
		fputs("own_pids", out);
		for (unsigned int i = 0; i < f->nr_own_pids; i++)
			fprintf(out, " %d", f->own_pids[i]);
		fputc('\n', out);
	}
	facts_put_tasks(out, f);
	put_filter(out, &f->filter);
	fprintf(out, "filtered_in_kernel %d\ncpus %u\n", f->filtered_in_kernel, f->nr_cpus);
	put_numbers(out, "lost", f->lost, f->nr_cpus);
	put_numbers(out, "entries", f->entries, f->nr_cpus);
	for (int s = 0; s < FACTS_NR_SNAPS; s++)
		if (f->online[s].nr_words)
			put_cpus(out, "online", snap_names[s], &f->online[s]);
	for (size_t i = 0; f->machine.known && i < ARRAY_SIZE(machine_lists); i++)
		put_cpus(out, "cpus", machine_lists[i].name, machine_list(f, i));
	for (unsigned int i = 0; i < f->nr_counters; i++) {
		const struct facts_counter *c = &f->counters[i];
		char key[40];

		snprintf(key, sizeof(key), "counter %s", c->name);
		facts_put_text(out, key, c->desc);
		for (int s = 0; s < FACTS_NR_SNAPS; s++) {
			snprintf(key, sizeof(key), "%s %s", snap_names[s], c->name);
			put_numbers(out, key, c->count[s], c->nr_cpus);
		}
	}
	facts_put_text(out, "interrupts", f->interrupts_text);
	for (unsigned int i = 0; i < f->topo.nr; i++) {
		char *cpus = cpuset_text(&f->topo.groups[i].cpus);

		fprintf(out, "%s %u %s\n", topo_kind_name(f->topo.groups[i].kind), f->topo.groups[i].id, cpus);
		free(cpus);
	}
	if (f->tlb_known)
		put_tlb(out, f->tlb_ways);
	kvm_facts_format(&f->kvm, out);
	if (f->missed_sends)
		fprintf(out, "missed_sends %llu\n", (unsigned long long)f->missed_sends);
	if (f->workload_status >= 0)
		fprintf(out, "workload_status %d\n", f->workload_status);
	for (unsigned int i = 0; i < f->nr_reasons; i++)
		facts_put_text(out, "reason", f->reasons[i]);
	for (unsigned int i = 0; i < f->nr_known; i++)
		facts_put_text(out, "no_stacks_of", f->known[i]);
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

/* --- reading --- */

char *facts_get_text(const char *value)
{
	char *s = xmalloc(strlen(value) + 1), *d = s;

	for (; *value; value++) {
		if (*value == '\\' && value[1]) {
			value++;
			*d++ = *value == 'n' ? '\n' : *value == 'r' ? '\r' : *value;
		} else {
			*d++ = *value;
		}
	}
	*d = '\0';
	return s;
}

/* Numbers separated by blanks; NULL and *nr 0 if there is anything else. */
uint64_t *facts_get_numbers(const char *value, unsigned int *nr)
{
	uint64_t *v = NULL;
	unsigned int room = 0;

	*nr = 0;
	while (*value) {
		char *end;
		uint64_t x;

		if (*value == ' ') {
			value++;
			continue;
		}
		errno = 0;
		x = strtoull(value, &end, 10);
		if (!isdigit((unsigned char)*value) || errno || (*end && *end != ' ')) {
			free(v);
			*nr = 0;
			return NULL;
		}
		if (*nr == room) {
			room = room ? room * 2 : 8;
			v = xrealloc(v, room * sizeof(*v));
		}
		v[(*nr)++] = x;
		value = end;
	}
	return v;
}

static struct facts_counter *counter_by_name(struct facts *f, const char *name)
{
	struct facts_counter *c;

	for (unsigned int i = 0; i < f->nr_counters; i++)
		if (!strcmp(f->counters[i].name, name))
			return &f->counters[i];
	f->counters = xrealloc(f->counters, (f->nr_counters + 1) * sizeof(*f->counters));
	c = &f->counters[f->nr_counters++];
	memset(c, 0, sizeof(*c));
	snprintf(c->name, sizeof(c->name), "%s", name);
	return c;
}

/* Make room for nr CPUs in every reading of a counter; what is new is 0. */
static void counter_grow(struct facts_counter *c, unsigned int nr)
{
	for (int s = 0; s < FACTS_NR_SNAPS; s++) {
		unsigned int old = c->count[s] ? c->nr_cpus : 0;

		if (c->count[s] && nr <= c->nr_cpus)
			continue;
		if (nr < c->nr_cpus)
			nr = c->nr_cpus;
		c->count[s] = xrealloc(c->count[s], (nr ? nr : 1) * sizeof(uint64_t));
		memset(c->count[s] + old, 0, (nr - old) * sizeof(uint64_t));
	}
	if (nr > c->nr_cpus)
		c->nr_cpus = nr;
}

void facts_snap(struct facts *f, enum facts_snap snap, const char *name, const char *desc, unsigned int cpu,
		uint64_t count)
{
	struct facts_counter *c = counter_by_name(f, name);

	counter_grow(c, cpu + 1);
	c->count[snap][cpu] = count;
	snprintf(c->desc, sizeof(c->desc), "%s", desc);
	cpuset_add(&f->online[snap], cpu);
}

/* "RES Rescheduling interrupts", or "RES 1 2 3" for a reading. */
static int get_counter(struct facts *f, int snap, char *value)
{
	char *rest = value + strcspn(value, " ");
	struct facts_counter *c;
	unsigned int nr;
	uint64_t *v;

	if (*rest)
		*rest++ = '\0';
	if (!value[0] || strlen(value) >= sizeof(c->name))
		return -1;
	if (snap < 0) {
		char *desc = facts_get_text(rest);

		c = counter_by_name(f, value);
		snprintf(c->desc, sizeof(c->desc), "%s", desc);
		free(desc);
		return 0;
	}
	v = facts_get_numbers(rest, &nr);
	if (!v)
		return -1;
	c = counter_by_name(f, value);
	counter_grow(c, nr);
	memcpy(c->count[snap], v, nr * sizeof(*v));
	free(v);
	return 0;
}

int facts_get_pids(int32_t **pids, unsigned int *nr_pids, const char *value)
{
	unsigned int nr;
	uint64_t *v = facts_get_numbers(value, &nr);
	bool valid = true;

	for (unsigned int i = 0; i < nr; i++)
		valid &= v[i] <= INT32_MAX;
	if (!v || !valid) {
		free(v);
		return -1;
	}
	free(*pids);
	*pids = xcalloc(nr, sizeof(**pids));
	*nr_pids = nr;
	for (unsigned int i = 0; i < nr; i++)
		(*pids)[i] = (int32_t)v[i];
	free(v);
	return 0;
}

int facts_get_number(const char *value, uint64_t max, uint64_t *v)
{
	return parse_u64(value, v, NULL) || *v > max ? -1 : 0;
}

static int get_bool(const char *value, bool *b)
{
	uint64_t v;

	if (facts_get_number(value, 1, &v))
		return -1;
	*b = v;
	return 0;
}

static int get_per_cpu(struct facts *f, const char *value, uint64_t **dst)
{
	unsigned int nr;
	uint64_t *v = facts_get_numbers(value, &nr);

	/* Readers index by nr_cpus, so its line comes first and must agree. */
	if (!v || nr != f->nr_cpus) {
		free(v);
		return -1;
	}
	free(*dst);
	*dst = v;
	return 0;
}

static void set_text(char **dst, const char *value)
{
	free(*dst);
	*dst = facts_get_text(value);
}

static int get_machine_list(struct facts *f, size_t i, const char *value)
{
	f->machine.known = true;
	return *value ? cpuset_parse_for(machine_list(f, i), value, 0, NULL, NULL) : 0;
}

static int get_filter(struct ipi_filter *f, const char *key, const char *value, bool listed)
{
	const struct filter_row *row;

	for_each_filter_row(row)
	{
		char *text;
		int ret;

		if (strcmp(row->fact, key))
			continue;
		text = facts_get_text(value);
		ret = filter_row_read(row, f, text, listed);
		free(text);
		return ret;
	}
	return 0;
}

/* Names that are not known are newer than this program. */
static int get_tlb(struct facts *f, const char *value)
{
	f->tlb_known = true;
	for (size_t len; *value; value += len + (value[len] == ' ')) {
		len = strcspn(value, " ");
		for (unsigned int way = 0; len && way < TLB_NR_WAYS; way++)
			if (strlen(tlb_way_row(way)->name) == len && !strncmp(tlb_way_row(way)->name, value, len))
				f->tlb_ways |= 1u << way;
	}
	return 0;
}

/* "0 0-3,8": number and CPUs. */
static int get_group(struct topo *t, enum topo_kind kind, char *value)
{
	char *cpus = value + strcspn(value, " ");
	uint64_t id;

	if (!*cpus)
		return -1;
	*cpus++ = '\0';
	return facts_get_number(value, UINT32_MAX, &id) ||
			       cpuset_parse_for(&topo_add(t, kind, (unsigned int)id)->cpus, cpus, 0, NULL, NULL) ?
		       -1 :
		       0;
}

static int get_line(struct facts *f, uint64_t *format, const char *key, char *value)
{
	uint64_t v;

	for (int s = 0; s < FACTS_NR_SNAPS; s++)
		if (!strcmp(key, snap_names[s]))
			return get_counter(f, s, value);
	for (int s = 0; s < FACTS_NR_SNAPS; s++)
		if (!strncmp(key, "online_", 7) && !strcmp(key + 7, snap_names[s]))
			return cpuset_parse_for(&f->online[s], value, 0, NULL, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(machine_lists); i++)
		if (!strncmp(key, "cpus_", 5) && !strcmp(key + 5, machine_lists[i].name))
			return get_machine_list(f, i, value);
	for (enum topo_kind kind = 0; kind < TOPO_NR_KINDS; kind++)
		if (!strcmp(key, topo_kind_name(kind)))
			return get_group(&f->topo, kind, value);
	if (!strcmp(key, "counter"))
		return get_counter(f, -1, value);
	if (!strncmp(key, "filter_", 7))
		return get_filter(&f->filter, key + 7, value, *format >= FACTS_LISTS);
	if (!strcmp(key, "tlb"))
		return get_tlb(f, value);
	if (!strcmp(key, "kvm"))
		return kvm_facts_parse(&f->kvm, value);
	if (!strcmp(key, "facts"))
		return facts_get_number(value, FACTS_SENDERS, format);
	if (!strcmp(key, "version"))
		set_text(&f->version, value);
	else if (!strcmp(key, "cmdline"))
		set_text(&f->cmdline, value);
	else if (!strcmp(key, "host"))
		set_text(&f->host, value);
	else if (!strcmp(key, "date"))
		set_text(&f->date, value);
	else if (!strcmp(key, "tier"))
		set_text(&f->tier, value);
	else if (!strcmp(key, "clock"))
		set_text(&f->clock, value);
	else if (!strcmp(key, "interrupts"))
		set_text(&f->interrupts_text, value);
	else if (!strcmp(key, "reason"))
		keep_reason(f, facts_get_text(value));
	else if (!strcmp(key, "no_stacks_of"))
		keep_known(f, facts_get_text(value));
	else if (!strcmp(key, "complete"))
		return get_bool(value, &f->complete);
	else if (!strcmp(key, "flight"))
		return get_bool(value, &f->flight);
	else if (!strcmp(key, "stacks"))
		return get_bool(value, &f->stacks);
	else if (!strcmp(key, "filtered_in_kernel"))
		return get_bool(value, &f->filtered_in_kernel);
	else if (!strcmp(key, "own_pids"))
		return facts_get_pids(&f->own_pids, &f->nr_own_pids, value);
	else if (!strcmp(key, "lost"))
		return get_per_cpu(f, value, &f->lost);
	else if (!strcmp(key, "entries"))
		return get_per_cpu(f, value, &f->entries);
	else if (!strcmp(key, "cpus")) {
		if (f->lost || f->entries || facts_get_number(value, 1 << 20, &v))
			return -1;
		f->nr_cpus = (unsigned int)v;
	} else if (!strcmp(key, "on_ns")) {
		return facts_get_number(value, UINT64_MAX, &f->on_ns);
	} else if (!strcmp(key, "off_ns")) {
		return facts_get_number(value, UINT64_MAX, &f->off_ns);
	} else if (!strcmp(key, "missed_sends")) {
		return facts_get_number(value, UINT64_MAX, &f->missed_sends);
	} else if (!strcmp(key, "workload_status")) {
		if (facts_get_number(value, 255, &v))
			return -1;
		f->workload_status = (int)v;
	}
	return facts_get_task_line(f, key, value);
}

int facts_parse(struct facts *f, const char *text, size_t len, struct err *err)
{
	char *copy = xmalloc(len + 1), *line, *next;
	uint64_t format = FACTS_PLAIN;
	int ret = 0;

	memset(f, 0, sizeof(*f));
	f->workload_status = -1;
	memcpy(copy, text, len);
	copy[len] = '\0';
	for (line = copy; *line && !ret; line = next) {
		char *value;

		next = line + strcspn(line, "\n");
		if (*next)
			*next++ = '\0';
		value = line + strcspn(line, " ");
		if (*value)
			*value++ = '\0';
		if (get_line(f, &format, line, value))
			ret = err_set(err, EXIT_FAILED,
				      "ipitrace's own facts in the file are damaged "
				      "at '%.40s'",
				      line);
	}
	free(copy);
	f->filter.of_current = format < FACTS_SENDERS;
	/* Those who made it had their numbers all the while: the workload's may have been given again only behind it. */
	for (unsigned int i = 0; i < f->nr_own_pids; i++)
		f->own_pids[i] = facts_task(f, f->own_pids[i], FACTS_TIME_LAST);
	f->workload = facts_task(f, f->workload, f->on_ns);
	f->filter.process.workload = f->workload;
	if (ret)
		facts_free(f);
	return ret;
}
