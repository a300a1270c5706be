// SPDX-License-Identifier: GPL-2.0-only
/*
 * render/check.c - a verdict and what it is made of.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/cpuset.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "render/check.h"
#include "render/grid.h"
#include "render/value.h"

const char *check_verdict_name(enum check_verdict verdict)
{
	static const char *const names[] = { "passed", "failed", "unknown" };

	return names[verdict];
}

char *check_sentence(const struct check_report *r)
{
	char time[RENDER_TIME_LEN], *allowed = NULL, *text;

	render_time(r->duration_ns, false, time);
	if (r->allowed)
		allowed = xasprintf(", %" PRIu64 " of %s by callers that are allowed", r->allowed,
				    r->hits == 1 ? "it" : "them");
	text = xasprintf("CPU %s: %" PRIu64 " IPI%s in %s%s, at most %" PRIu64 "%s", r->cpus, r->hits,
			 plural_s(r->hits), time, allowed ? allowed : "", r->max, r->max_per_s ? " a second" : "");
	free(allowed);
	return text;
}

/* --- text --- */

static const struct grid_column heads[] = {
	{ .header = "CALLER", .name = true },
	{ .header = "FUNCTION", .name = true },
	{ .header = "CLASS", .drop = 1 },
	{ .header = "COMM" },
	{ .header = "PID", .right = true, .drop = 5 },
	{ .header = "CPU", .right = true },
	{ .header = "HITS", .right = true },
	{ .header = "STOLEN", .right = true },
	{ .header = "WORST", .right = true, .drop = 4 },
	{ .header = "FIRST", .right = true, .drop = 2 },
	{ .header = "LAST", .right = true, .drop = 3 },
	{ .header = "" },
};

static char *when(uint64_t ns)
{
	static const struct column point = { .unit = UNIT_WHEN };
	char buf[32];

	render_value(&point, (struct value){ .num = ns }, false, buf, sizeof(buf));
	return xstrdup(buf);
}

static char *span_text(uint64_t ns, const struct screen *screen)
{
	char buf[RENDER_TIME_LEN];

	render_time(ns, screen->utf8, buf);
	return xstrdup(buf);
}

static void offender_cells(const struct check_offender *o, const struct screen *screen, char **cell)
{
	*cell++ = xstrdup(o->own ? "ipitrace itself" : o->caller ? o->caller : "-");
	*cell++ = xstrdup(o->func ? o->func : "-");
	*cell++ = xstrdup(o->class ? o->class : "-");
	*cell++ = xstrdup(o->comm ? o->comm : "-");
	*cell++ = o->pid >= 0 ? xasprintf("%d", o->pid) : xstrdup("-");
	*cell++ = o->target >= 0 ? xasprintf("%d", (int)o->target) : xstrdup("-");
	*cell++ = xasprintf("%" PRIu64, o->offence->hits);
	*cell++ = span_text(o->offence->stolen_ns, screen);
	*cell++ = span_text(o->offence->worst_ns, screen);
	*cell++ = when(o->offence->first_ns);
	*cell++ = when(o->offence->last_ns);
	*cell++ = xstrdup(o->allowed ? "allowed" : "");
}

static void offenders_text(const struct check_report *r, const struct screen *screen, FILE *out)
{
	unsigned int rows = r->nr_offenders < r->top ? r->nr_offenders : r->top;
	size_t nr = (size_t)rows * ARRAY_SIZE(heads);
	char **cells = xcalloc(nr + 1, sizeof(*cells));
	const struct grid grid = { heads, ARRAY_SIZE(heads), cells, rows, NULL };

	for (unsigned int i = 0; i < rows; i++)
		offender_cells(&r->offenders[i], screen, cells + i * ARRAY_SIZE(heads));
	if (rows) {
		grid_say_dropped(render_grid(&grid, screen, out), "--json has them", out);
		if (rows < r->nr_offenders)
			fprintf(out, "(%u more offenders)\n", r->nr_offenders - rows);
		fputc('\n', out);
	}
	grid_free_cells(cells, nr);
}

#define IRQS_PER_CPU 8

static void irqs_of_cpu(const struct check_report *r, unsigned int cpu, FILE *out)
{
	unsigned int nr = 0;

	fprintf(out, "not by IPIs: CPU %u:", cpu);
	for (unsigned int i = 0; i < r->nr_irqs; i++) {
		const struct check_irq *irq = &r->irqs[i];

		if (irq->cpu != cpu || nr++ >= IRQS_PER_CPU)
			continue;
		fprintf(out, "%s %s %" PRIu64, nr > 1 ? "," : "", irq->name, irq->count);
		if (irq->what[0])
			fprintf(out, " (%s)", irq->what);
	}
	if (nr > IRQS_PER_CPU)
		fprintf(out, ", and %u more", nr - IRQS_PER_CPU);
	fputc('\n', out);
}

/* A line a CPU, the most disturbed first. */
static void irqs_text(const struct check_report *r, FILE *out)
{
	struct cpuset done = { 0 };
	unsigned int nr = 0;

	for (unsigned int i = 0; i < r->nr_irqs; i++) {
		if (cpuset_has(&done, r->irqs[i].cpu))
			continue;
		cpuset_add(&done, r->irqs[i].cpu);
		if (nr++ < r->top)
			irqs_of_cpu(r, r->irqs[i].cpu, out);
	}
	if (nr > r->top)
		fprintf(out, "not by IPIs: %u more CPU%s\n", nr - r->top, plural_s(nr - r->top));
	cpuset_free(&done);
}

static void lines_text(const struct check_report *r, FILE *out)
{
	if (r->nr_lines)
		fputs("evidence: /proc/interrupts meanwhile:", out);
	for (unsigned int i = 0; i < r->nr_lines; i++) {
		const struct check_line *l = &r->lines[i];

		fprintf(out, "%s %s %" PRIu64 " traced of %" PRIu64, i ? "," : "", l->name, l->traced, l->low);
		if (l->open)
			fputs(" or more", out);
		else if (l->high != l->low)
			fprintf(out, "..%" PRIu64, l->high);
	}
	if (r->nr_lines)
		fputc('\n', out);
}

/* What there is beside the offenders, and the verdict. */
static void evidence_text(const struct check_report *r, FILE *out)
{
	irqs_text(r, out);
	for (unsigned int i = 0; i < r->nr_reasons; i++)
		fprintf(out, "%s\n", r->reasons[i]);
	fprintf(out, "evidence: self-test %s, ",
		!r->self_test	  ? "not done" :
		r->self_test_seen ? "seen on each CPU before and behind" :
				    "not seen");
	if (r->trace->lost_unknown)
		fputs("an unknown number of events lost", out);
	else
		fprintf(out, "%" PRIu64 " event%s lost", r->trace->lost_events, plural_s(r->trace->lost_events));
	fprintf(out, ", tracing %s, %" PRIu64 " hit%s by ipitrace itself\n", r->intact ? "untouched" : "touched",
		r->own, plural_s(r->own));
	lines_text(r, out);
	if (r->workload_status > 0)
		fprintf(out, "workload: its exit status was %d\n", r->workload_status);
}

void render_check_text(const struct check_report *r, const struct screen *screen, FILE *out)
{
	char *sentence = check_sentence(r), *verdict = xasprintf("%s: %s", check_verdict_name(r->verdict), sentence);
	struct screen_wrapped w;

	offenders_text(r, screen, out);
	evidence_text(r, screen_wrapped_begin(&w, out));
	screen_wrapped_end(&w, screen, out);
	if (r->verdict != CHECK_PASSED)
		screen_begin(screen, STYLE_BAD, out);
	screen_wrap(screen, verdict, out);
	if (r->verdict != CHECK_PASSED)
		screen_end(screen, out);
	free(verdict);
	free(sentence);
}

/* --- JSON --- */

static void offender_json(struct json *j, const struct check_offender *o)
{
	json_object(j, NULL);
	json_string(j, "caller", o->caller);
	json_string(j, "func", o->func);
	json_string(j, "class", o->class);
	json_string(j, "comm", o->comm);
	if (o->pid >= 0)
		json_u64(j, "pid", (uint64_t)o->pid);
	else
		json_null(j, "pid");
	if (o->target >= 0)
		json_u64(j, "target", (uint64_t)o->target);
	else
		json_null(j, "target");
	json_u64(j, "hits", o->offence->hits);
	json_u64(j, "stolen_ns", o->offence->stolen_ns);
	json_u64(j, "worst_ns", o->offence->worst_ns);
	json_u64(j, "first_ns", o->offence->first_ns);
	json_u64(j, "last_ns", o->offence->last_ns);
	json_bool(j, "allowed", o->allowed);
	json_bool(j, "own", o->own);
	json_close(j);
}

static void evidence_json(struct json *j, const struct check_report *r)
{
	json_object(j, "evidence");
	json_bool(j, "self_test", r->self_test && r->self_test_seen);
	if (r->trace->lost_unknown)
		json_null(j, "lost_events");
	else
		json_u64(j, "lost_events", r->trace->lost_events);
	json_u64(j, "late_events", r->trace->late_events);
	json_bool(j, "tracing_intact", r->intact);
	json_u64(j, "own_hits", r->own);
	json_object(j, "interrupts");
	for (unsigned int i = 0; i < r->nr_lines; i++) {
		json_object(j, r->lines[i].name);
		json_u64(j, "traced", r->lines[i].traced);
		json_u64(j, "low", r->lines[i].low);
		if (r->lines[i].open)
			json_null(j, "high");
		else
			json_u64(j, "high", r->lines[i].high);
		json_close(j);
	}
	json_close(j);
	json_close(j);
}

void render_check_json(const struct check_report *r, FILE *out)
{
	struct json j = { .out = out };

	json_object(&j, NULL);
	json_string(&j, "schema", "ipitrace-check/1");
	json_string(&j, "verdict", check_verdict_name(r->verdict));
	json_array(&j, "reasons");
	for (unsigned int i = 0; i < r->nr_reasons; i++)
		json_string(&j, NULL, r->reasons[i]);
	json_close(&j);
	json_string(&j, "cpus", r->cpus);
	json_u64(&j, "duration_ns", r->duration_ns);
	json_object(&j, "max");
	json_u64(&j, r->max_per_s ? "per_s" : "count", r->max);
	json_close(&j);
	if (r->workload_status >= 0)
		json_u64(&j, "workload_status", (uint64_t)r->workload_status);
	else
		json_null(&j, "workload_status");
	json_u64(&j, "hits", r->hits);
	json_u64(&j, "allowed_hits", r->allowed);
	json_array(&j, "offenders");
	for (unsigned int i = 0; i < r->nr_offenders; i++)
		offender_json(&j, &r->offenders[i]);
	json_close(&j);
	json_array(&j, "other_interrupts");
	for (unsigned int i = 0; i < r->nr_irqs; i++) {
		json_object(&j, NULL);
		json_string(&j, "name", r->irqs[i].name);
		json_string(&j, "what", r->irqs[i].what);
		json_u64(&j, "cpu", r->irqs[i].cpu);
		json_u64(&j, "count", r->irqs[i].count);
		json_close(&j);
	}
	json_close(&j);
	evidence_json(&j, r);
	json_close(&j);
}

/* --- JUnit --- */

static void xml(const char *text, FILE *out)
{
	for (; *text; text++) {
		switch (*text) {
		case '&':
			fputs("&amp;", out);
			break;
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		default:
			fputc((unsigned char)*text < ' ' && *text != '\n' ? '?' : *text, out);
		}
	}
}

void render_check_junit(const struct check_report *r, FILE *out)
{
	static const struct screen plain;
	char *sentence = check_sentence(r), *text = NULL;
	size_t len;
	FILE *mem = open_memstream(&text, &len);

	fprintf(out,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<testsuite name=\"ipitrace check\" tests=\"1\" failures=\"%d\" errors=\"%d\" skipped=\"0\" time=\"%.3f\">\n"
		"  <testcase classname=\"ipitrace.check\" name=\"CPU %s\" time=\"%.3f\">\n",
		r->verdict == CHECK_FAILED, r->verdict == CHECK_UNKNOWN, (double)r->duration_ns / 1e9, r->cpus,
		(double)r->duration_ns / 1e9);
	if (r->verdict != CHECK_PASSED) {
		fprintf(out, "    <%s message=\"", r->verdict == CHECK_FAILED ? "failure" : "error");
		xml(r->verdict == CHECK_UNKNOWN && r->nr_reasons ? r->reasons[0] : sentence, out);
		fprintf(out, "\"/>\n");
	}
	fputs("    <system-out>", out);
	if (mem) {
		render_check_text(r, &plain, mem);
		fclose(mem);
		xml(text, out);
		free(text);
	}
	fputs("</system-out>\n  </testcase>\n</testsuite>\n", out);
	free(sentence);
}
