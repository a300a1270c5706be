// SPDX-License-Identifier: GPL-2.0-only
/*
 * report/diff-run.c - one run of a comparison: its lines, by names.
 */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/hash.h"
#include "base/mem.h"
#include "report/columns.h"
#include "report/diff.h"

const char *diff_cannot_join_by(enum agg_key key)
{
	switch (key) {
	case AGG_KEY_PID:
		return "tasks have other numbers in every run; comm joins them by name";
	case AGG_KEY_PROCESS:
		return "processes have other numbers in every run; comm joins tasks by name";
	case AGG_KEY_STACK:
		return "stacks differ by their smallest part, and so would all rows; caller joins by what they have in common";
	case AGG_KEY_SLOWEST:
		return "it tells of waits for multicasts, which are not compared; target joins by CPU";
	default:
		return NULL;
	}
}

int diff_check_keys(const enum agg_key *by, unsigned int nr_by, const char *path, struct err *err)
{
	for (unsigned int i = 0; i < nr_by; i++) {
		const char *why = diff_cannot_join_by(by[i]);

		if (!why)
			continue;
		err_set(err, EXIT_FAILED, "%s%srows by %s cannot be joined", path ? path : "", path ? ": " : "",
			report_key_name(by[i]));
		return err_hint(err, "%s", why);
	}
	return 0;
}

bool diff_is_symbol(enum agg_key key)
{
	return key == AGG_KEY_CALLER || key == AGG_KEY_CALLSITE || key == AGG_KEY_FUNC || key == AGG_KEY_UFUNC;
}

char *diff_name(const char *text)
{
	static const char *const suffixes[] = { ".isra.", ".constprop.", ".part.", ".cold", ".llvm." };
	size_t len = text ? strlen(text) : 0, behind;
	const char *offset = text ? strstr(text, "+0x") : NULL, *suffix;

	if (!text)
		return NULL;
	if (!strncmp(text, "0x", 2))
		return xstrdup("?");
	behind = len;
	if (offset) {
		len = (size_t)(offset - text);
		behind = len + 3 + strspn(offset + 3, "0123456789abcdef");
	} else if (strchr(text, ' ')) {
		len = behind = strcspn(text, " "); /* "name [module]" */
	}
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		suffix = strstr(text, suffixes[i]);
		if (suffix && suffix > text && suffix < text + len)
			len = (size_t)(suffix - text);
	}
	return xasprintf("%.*s%s", (int)len, text, text + behind);
}

/* --- cells --- */

struct diff_cell *diff_cells_new(unsigned int nr)
{
	return xcalloc(nr + 1, sizeof(struct diff_cell));
}

void diff_cells_free(struct diff_cell *cells, unsigned int nr)
{
	for (unsigned int i = 0; cells && i < nr; i++) {
		hist_free(&cells[i].delivery);
		hist_free(&cells[i].handler);
	}
	free(cells);
}

void diff_cell_add(struct diff_cell *to, const struct diff_cell *from)
{
	to->hits += from->hits;
	to->delivered += from->delivered;
	to->calls += from->calls;
	to->elided += from->elided;
	hist_merge(&to->delivery, &from->delivery);
	hist_merge(&to->handler, &from->handler);
}

/*
 * Two standard deviations of Poisson's: of a thousand stretches of time with the
 * same rate, be there one event in each or a hundred, the greatest comes out at
 * 1.15 of it.
 */
double diff_surely(double x, uint64_t count)
{
	return count > 4 ? x * (1 - 2 / sqrt((double)count)) : 0;
}

/* --- lines --- */

static int compare_values(char *const *a, char *const *b)
{
	int d = 0;

	for (unsigned int key = 0; key < AGG_NR_KEYS && !d; key++) {
		if (!a[key] || !b[key])
			d = !a[key] - !b[key]; /* those without a name come last */
		else
			d = strcmp(a[key], b[key]);
	}
	return d;
}

int diff_lines_compare(const struct diff_line *a, const struct diff_line *b)
{
	return compare_values(a->values, b->values);
}

static uint32_t hash_of(char *const *values)
{
	uint64_t h = 0;

	for (unsigned int key = 0; key < AGG_NR_KEYS; key++) {
		for (const char *p = values[key]; p && *p; p++)
			h = hash_u64(h * 31 + (unsigned char)*p);
		h = hash_u64(h + key + !values[key]);
	}
	return (uint32_t)h;
}

static uint32_t find(const struct diff_run *run, char *const *values, uint32_t hash)
{
	uint32_t at, i;

	for (i = hash_first(&run->by_values, hash, &at); i != HASH_END; i = hash_next(&run->by_values, hash, &at))
		if (!compare_values(run->lines[i].values, values))
			break;
	return i;
}

const struct diff_line *diff_run_find(const struct diff_run *run, char *const *values)
{
	uint32_t i = find(run, values, hash_of(values));

	return i == HASH_END ? NULL : &run->lines[i];
}

struct diff_line *diff_run_line(struct diff_run *run, char *const *values)
{
	uint32_t hash = hash_of(values), i = find(run, values, hash);
	struct diff_line *line;

	if (i != HASH_END)
		return &run->lines[i];
	run->lines = xrealloc(run->lines, (run->nr_lines + 1) * sizeof(*run->lines));
	line = &run->lines[run->nr_lines];
	*line = (struct diff_line){ .cells = diff_cells_new(run->nr_slices) };
	for (unsigned int key = 0; key < AGG_NR_KEYS; key++)
		line->values[key] = values[key] ? xstrdup(values[key]) : NULL;
	hash_add(&run->by_values, hash, run->nr_lines++);
	return line;
}

void diff_line_class(struct diff_line *line, const char *class)
{
	if (line->class_mixed)
		return;
	if (class && !line->class) {
		line->class = xstrdup(class);
	} else if (!class || strcmp(class, line->class)) {
		free(line->class);
		line->class = NULL;
		line->class_mixed = true;
	}
}

void diff_run_free(struct diff_run *run)
{
	for (unsigned int i = 0; i < run->nr_lines; i++) {
		for (unsigned int key = 0; key < AGG_NR_KEYS; key++)
			free(run->lines[i].values[key]);
		free(run->lines[i].class);
		diff_cells_free(run->lines[i].cells, run->nr_slices);
	}
	free(run->lines);
	hash_free(&run->by_values);
	diff_cells_free(run->totals, run->nr_slices);
	free(run->kernel);
	free(run->tier);
	free(run->clock);
	free(run->filters);
	*run = (struct diff_run){ 0 };
}

/* --- what may be compared --- */

static bool same_text(const char *a, const char *b)
{
	return !a || !b ? a == b : !strcmp(a, b);
}

static const char *or_none(const char *text)
{
	return text ? text : "none";
}

/* Rows are by other keys: nothing could be joined. */
static char *other_keys(const struct diff_run *a, const struct diff_run *b)
{
	if (a->nr_by == b->nr_by && !memcmp(a->by, b->by, a->nr_by * sizeof(*a->by)))
		return NULL;
	for (unsigned int i = 0; i < a->nr_by && i < b->nr_by; i++)
		if (a->by[i] != b->by[i])
			return xasprintf("rows are by %s in %s, by %s in %s", report_key_name(a->by[i]), a->path,
					 report_key_name(b->by[i]), b->path);
	return xasprintf("rows are by %u keys in %s, by %u in %s", a->nr_by, a->path, b->nr_by, b->path);
}

static char *unlike(const struct diff_run *a, const struct diff_run *b)
{
	if (!same_text(a->tier, b->tier))
		return xasprintf("tier %s in %s, %s in %s: they do not claim the same", or_none(a->tier), a->path,
				 or_none(b->tier), b->path);
	if (!same_text(a->filters, b->filters))
		return xasprintf("different filters: %.80s in %s, %.80s in %s", or_none(a->filters), a->path,
				 or_none(b->filters), b->path);
	if (a->windowed != b->windowed)
		return xasprintf("a window of %s, but all of %s", a->windowed ? a->path : b->path,
				 a->windowed ? b->path : a->path);
	return NULL;
}

static char *obstacle_of(const struct diff *d, const struct diff_run *first, const struct diff_run *run,
			 bool *forceable)
{
	char *text;

	*forceable = false;
	text = other_keys(first, run);
	if (text)
		return text;
	if (!d->a.units && (!run->clock_ns || !run->duration_ns))
		return xasprintf("%s: its clock, %s, does not tell seconds", run->path, or_none(run->clock));
	*forceable = true;
	if (!run->clock_ns)
		return xasprintf("%s: its clock, %s, does not count ns", run->path, or_none(run->clock));
	return unlike(first, run);
}

char *diff_obstacle(const struct diff *d, bool *forceable)
{
	const struct diff_side *sides[] = { &d->a, &d->b };
	char *text = NULL, *found;
	bool may;

	*forceable = true;
	for (size_t s = 0; s < ARRAY_SIZE(sides); s++) {
		for (unsigned int i = 0; i < sides[s]->nr; i++) {
			found = obstacle_of(d, &d->a.runs[0], &sides[s]->runs[i], &may);
			/* What no force helps against is said in any case. */
			if (found && (!text || (*forceable && !may))) {
				free(text);
				text = found;
				*forceable = may;
			} else {
				free(found);
			}
		}
	}
	return text;
}
