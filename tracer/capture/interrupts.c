// SPDX-License-Identifier: GPL-2.0-only
/*
 * capture/interrupts.c - rows of /proc/interrupts.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/parse.h"
#include "capture/interrupts.h"

/* x86 and s390x have names of their own, as has powerpc for doorbells; arm64 and riscv number theirs. */
static bool is_ipi_row(const char *name)
{
	static const char *const names[] = { "RES", "CAL", "TLB", "IWI", "PLT", "EXC", "EMS", "DBL" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(name, names[i]))
			return true;
	return !strncmp(name, "IPI", 3) && isdigit((unsigned char)name[3]);
}

/* "Rescheduling interrupts" (riscv from 6.18), "ipi reschedule" (powerpc), "IPI" (the others). */
static bool is_ipi_action(const char *action)
{
	static const char tail[] = " interrupts";
	size_t len = strlen(action);

	return !strcmp(action, "IPI") || !strncmp(action, "ipi ", 4) ||
	       (len > strlen(tail) && !strcmp(action + len - strlen(tail), tail));
}

/* One of powerpc for all kinds: of each node "IPI-0" and so on (arch/powerpc/sysdev/xive/common.c), or "IPI". */
static bool is_one_for_all(const char *action)
{
	return !strcmp(action, "IPI") || (!strncmp(action, "IPI-", 4) && isdigit((unsigned char)action[4]));
}

/* "CPU0 CPU1 ..." */
static void parse_columns(struct interrupts *in, char *header)
{
	unsigned int room = 0;
	char *save = NULL;

	for (char *tok = strtok_r(header, " \t", &save); tok; tok = strtok_r(NULL, " \t", &save)) {
		uint64_t cpu;

		if (strncmp(tok, "CPU", 3) || parse_u64(tok + 3, &cpu, NULL))
			continue;
		if (in->nr_cpus == room) {
			room = room ? room * 2 : 64;
			in->cpus = xrealloc(in->cpus, room * sizeof(*in->cpus));
		}
		in->cpus[in->nr_cpus++] = (unsigned int)cpu;
	}
}

/* Of a device the controller and the kind of interrupt come first; its handlers are behind two blanks or more. */
static const char *description(const char *p, size_t *len)
{
	*len = strlen(p);
	while (*len && isspace((unsigned char)p[*len - 1]))
		--*len;
	for (const char *q = p + *len; q - p >= 2; q--) {
		if (!isspace((unsigned char)q[-1]) || !isspace((unsigned char)q[-2]))
			continue;
		*len -= (size_t)(q - p);
		return q;
	}
	return p;
}

/* True if it has a number for each CPU. */
static bool parse_row(struct interrupts *in, const char *name, const char *p)
{
	struct interrupts_row *row;
	unsigned int i;
	size_t len;

	in->rows = xrealloc(in->rows, (in->nr_rows + 1) * sizeof(*in->rows));
	row = &in->rows[in->nr_rows++];
	memset(row, 0, sizeof(*row));
	snprintf(row->name, sizeof(row->name), "%s", name);
	row->count = xcalloc(in->nr_cpus + 1, sizeof(*row->count));
	for (i = 0; i < in->nr_cpus; i++) {
		char *end;
		uint64_t v = strtoull(p, &end, 10);

		if (end == p)
			break;
		row->count[i] = v;
		p = end;
	}
	p = description(p + strspn(p, " \t"), &len);
	snprintf(row->desc, sizeof(row->desc), "%.*s", (int)len, p);
	row->ipi = is_ipi_row(name) ||
		   (isdigit((unsigned char)name[0]) && (is_ipi_action(row->desc) || is_one_for_all(row->desc)));
	return i == in->nr_cpus;
}

static void drop_row(struct interrupts *in)
{
	free(in->rows[--in->nr_rows].count);
}

static void keep_text(struct interrupts *in, const char *line)
{
	char *all = xasprintf("%s%s\n", in->text ? in->text : "", line);

	free(in->text);
	in->text = all;
}

static void parse(struct interrupts *in, const char *text, bool all)
{
	char *copy = xstrdup(text), *line, *next;

	memset(in, 0, sizeof(*in));
	next = copy + strcspn(copy, "\n");
	if (*next)
		*next++ = '\0';
	parse_columns(in, copy);
	for (line = next; *line; line = next) {
		char *name = line + strspn(line, " "), *colon;
		bool named;

		next = line + strcspn(line, "\n");
		if (*next)
			*next++ = '\0';
		colon = strchr(name, ':');
		if (!colon)
			continue;
		*colon = '\0';
		named = is_ipi_row(name);
		if (!all && !named && (!isdigit((unsigned char)name[0]) || !strstr(colon + 1, "IPI")))
			continue;
		/* "ERR:" and "MIS:" count for the machine. */
		if ((!parse_row(in, name, colon + 1) && all) ||
		    (!all && !named && !is_one_for_all(in->rows[in->nr_rows - 1].desc)))
			drop_row(in);
		*colon = ':';
		if (!all && named)
			keep_text(in, line);
	}
	free(copy);
}

void interrupts_parse(struct interrupts *in, const char *text)
{
	parse(in, text, false);
}

void interrupts_parse_all(struct interrupts *in, const char *text)
{
	parse(in, text, true);
}

static void add_irq(struct ipi_irqs *irqs, uint64_t irq, const char *action)
{
	if (!is_ipi_action(action))
		return;
	irqs->nr++;
	if (irqs->first < 0 || irq < (uint64_t)irqs->first)
		irqs->first = (long)irq;
	if (!strcmp(action, "IPI") && (irqs->first_unnamed < 0 || irq < (uint64_t)irqs->first_unnamed))
		irqs->first_unnamed = (long)irq;
}

void ipi_irqs_read(struct ipi_irqs *irqs, const char *dir)
{
	DIR *d = opendir(dir ? dir : "/sys/kernel/irq");
	struct dirent *entry;

	*irqs = (struct ipi_irqs){ .known = d, .first = -1, .first_unnamed = -1 };
	while (d && (entry = readdir(d))) {
		char *path, *action;
		uint64_t irq;

		if (parse_u64(entry->d_name, &irq, NULL) || irq > INT_MAX)
			continue;
		path = xasprintf("%s/%s/actions", dir ? dir : "/sys/kernel/irq", entry->d_name);
		action = read_file(path, NULL);
		if (action) {
			action[strcspn(action, "\n")] = '\0';
			add_irq(irqs, irq, action);
		}
		free(action);
		free(path);
	}
	if (d)
		closedir(d);
}

/*
 * /proc/interrupts does not show the numbers of IPIs (arm64, riscv), which are
 * all that events tell some of them apart by: one more line has the first. It
 * also says that events of interrupts tell of IPIs there, before any arrived.
 */
static void keep_irq_base(struct interrupts *in)
{
	struct ipi_irqs irqs = { .first = -1, .first_unnamed = -1 };
	char line[32];

	for (unsigned int i = 0; i < in->nr_rows && irqs.first < 0; i++)
		if (!strcmp(in->rows[i].name, "IPI0"))
			ipi_irqs_read(&irqs, NULL);
	if (irqs.nr < 2)
		return;
	snprintf(line, sizeof(line), "IRQ%ld: IPI", irqs.first_unnamed < 0 ? irqs.first : irqs.first_unnamed);
	keep_text(in, line);
}

int interrupts_read(struct interrupts *in, struct err *err)
{
	char *text = read_file("/proc/interrupts", NULL);

	memset(in, 0, sizeof(*in));
	if (!text)
		return err_set_errno(err, EXIT_FAILED, errno, "cannot read /proc/interrupts");
	interrupts_parse(in, text);
	keep_irq_base(in);
	free(text);
	return 0;
}

int interrupts_read_all(struct interrupts *in, struct err *err)
{
	char *text = read_file("/proc/interrupts", NULL);

	memset(in, 0, sizeof(*in));
	if (!text)
		return err_set_errno(err, EXIT_FAILED, errno, "cannot read /proc/interrupts");
	interrupts_parse_all(in, text);
	free(text);
	return 0;
}

static const uint64_t *cell(const struct interrupts *in, const struct interrupts_row *row, unsigned int cpu)
{
	for (unsigned int column = 0; column < in->nr_cpus; column++)
		if (in->cpus[column] == cpu)
			return &row->count[column];
	return NULL;
}

bool interrupts_between(const struct interrupts *before, const struct interrupts *after, unsigned int row,
			unsigned int cpu, uint64_t *count)
{
	const struct interrupts_row *end = &after->rows[row];
	const uint64_t *at_end = cell(after, end, cpu), *at_begin = NULL;
	bool there = false;

	for (unsigned int column = 0; column < before->nr_cpus; column++)
		there |= before->cpus[column] == cpu;
	for (unsigned int i = 0; i < before->nr_rows && !at_begin; i++)
		if (!strcmp(before->rows[i].name, end->name) && !strcmp(before->rows[i].desc, end->desc))
			at_begin = cell(before, &before->rows[i], cpu);
	if (!at_end || !there)
		return false;
	*count = *at_end - (at_begin ? *at_begin : 0);
	if (at_begin && *at_end < *at_begin)
		*count = (uint32_t)*count;
	return true;
}

void interrupts_free(struct interrupts *in)
{
	for (unsigned int i = 0; i < in->nr_rows; i++)
		free(in->rows[i].count);
	free(in->rows);
	free(in->cpus);
	free(in->text);
	memset(in, 0, sizeof(*in));
}
