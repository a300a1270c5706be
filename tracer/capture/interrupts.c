// SPDX-License-Identifier: GPL-2.0-only
/*
 * capture/interrupts.c - the rows of /proc/interrupts that count IPIs.
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

/* x86 has names of its own, arm64 and riscv number theirs. */
static bool is_ipi_row(const char *name)
{
	static const char *const names[] = { "RES", "CAL", "TLB", "IWI", "PLT" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(name, names[i]))
			return true;
	return !strncmp(name, "IPI", 3) && isdigit((unsigned char)name[3]);
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

static void parse_row(struct interrupts *in, const char *name, const char *p)
{
	struct interrupts_row *row;
	size_t len;

	in->rows = xrealloc(in->rows, (in->nr_rows + 1) * sizeof(*in->rows));
	row = &in->rows[in->nr_rows++];
	memset(row, 0, sizeof(*row));
	snprintf(row->name, sizeof(row->name), "%s", name);
	row->count = xcalloc(in->nr_cpus + 1, sizeof(*row->count));
	for (unsigned int i = 0; i < in->nr_cpus; i++) {
		char *end;
		uint64_t v = strtoull(p, &end, 10);

		if (end == p)
			break;
		row->count[i] = v;
		p = end;
	}
	p += strspn(p, " \t");
	len = strlen(p);
	while (len && isspace((unsigned char)p[len - 1]))
		len--;
	snprintf(row->desc, sizeof(row->desc), "%.*s", (int)len, p);
}

static void keep_text(struct interrupts *in, const char *line)
{
	char *all = xasprintf("%s%s\n", in->text ? in->text : "", line);

	free(in->text);
	in->text = all;
}

void interrupts_parse(struct interrupts *in, const char *text)
{
	char *copy = xstrdup(text), *line, *next;

	memset(in, 0, sizeof(*in));
	next = copy + strcspn(copy, "\n");
	if (*next)
		*next++ = '\0';
	parse_columns(in, copy);
	for (line = next; *line; line = next) {
		char *name = line + strspn(line, " "), *colon;

		next = line + strcspn(line, "\n");
		if (*next)
			*next++ = '\0';
		colon = strchr(name, ':');
		if (!colon)
			continue;
		*colon = '\0';
		if (!is_ipi_row(name))
			continue;
		parse_row(in, name, colon + 1);
		*colon = ':';
		keep_text(in, line);
	}
	free(copy);
}

/* "Rescheduling interrupts" (riscv from 6.18), "ipi reschedule" (powerpc), "IPI" (the others). */
static bool is_ipi_action(const char *action)
{
	static const char tail[] = " interrupts";
	size_t len = strlen(action);

	return !strcmp(action, "IPI") || !strncmp(action, "ipi ", 4) ||
	       (len > strlen(tail) && !strcmp(action + len - strlen(tail), tail));
}

static void add_irq(struct ipi_irqs *irqs, uint64_t irq, const char *action)
{
	if (!is_ipi_action(action))
		return;
	irqs->nr++;
	if (!strcmp(action, "IPI") && (irqs->first_unnamed < 0 || irq < (uint64_t)irqs->first_unnamed))
		irqs->first_unnamed = (long)irq;
}

void ipi_irqs_read(struct ipi_irqs *irqs, const char *dir)
{
	DIR *d = opendir(dir ? dir : "/sys/kernel/irq");
	struct dirent *entry;

	*irqs = (struct ipi_irqs){ .known = d, .first_unnamed = -1 };
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
 * all that events tell some of them apart by: one more line has the first.
 */
static void keep_irq_base(struct interrupts *in)
{
	struct ipi_irqs irqs = { .first_unnamed = -1 };
	char line[32];

	for (unsigned int i = 0; i < in->nr_rows && irqs.first_unnamed < 0; i++)
		if (!strcmp(in->rows[i].name, "IPI0"))
			ipi_irqs_read(&irqs, NULL);
	if (irqs.first_unnamed < 0 || irqs.nr < 2)
		return;
	snprintf(line, sizeof(line), "IRQ%ld: IPI", irqs.first_unnamed);
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

void interrupts_free(struct interrupts *in)
{
	for (unsigned int i = 0; i < in->nr_rows; i++)
		free(in->rows[i].count);
	free(in->rows);
	free(in->cpus);
	free(in->text);
	memset(in, 0, sizeof(*in));
}
