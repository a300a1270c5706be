// SPDX-License-Identifier: GPL-2.0-only
/*
 * report/folded.c - spans to folded stacks.
 *
 * Spans are added up by numbers, which get their names at the end: then
 * stacks that differ in nothing but return addresses become one line.
 *
 * For FOLDED_STOLEN every interrupt counts once, in the line of its sender:
 * the one hit that it delivered. Where that is not known there are lines of
 * their own, [unsolicited] and [ambiguous], so that nothing is missing from
 * the sum.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/event.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/text.h"
#include "report/analysis.h"
#include "report/folded.h"
#include "report/ufunc.h"

/* Who is charged. */
enum whom {
	WHOM_SENDER,
	WHOM_OWN, /* a sender that is the recorder */
	WHOM_UNSOLICITED,
	WHOM_AMBIGUOUS,
};

struct charge {
	uint64_t callsite;
	uint32_t stack;
	int32_t pid;
	uint32_t whom, class; /* class: where there is no sender, else 0 */
	uint64_t value;
};

struct folded {
	struct analysis *analysis;
	struct span_names names;
	enum folded_what what;
	struct charge *charges;
	uint32_t nr, room;
	struct hash by_key;
	struct folded_line *lines;
	unsigned int nr_lines;
	uint64_t waits_unknown;
};

/* --- adding up --- */

static bool same_key(const struct charge *a, const struct charge *b)
{
	return a->callsite == b->callsite && a->stack == b->stack && a->pid == b->pid && a->whom == b->whom &&
	       a->class == b->class;
}

static void add(struct folded *f, const struct charge *c)
{
	uint64_t h = hash_u64(c->callsite) + ((uint64_t)c->stack << 32 | (uint32_t)c->pid);
	uint32_t hash = (uint32_t)hash_u64(h ^ (uint64_t)c->whom << 56 ^ (uint64_t)c->class << 48), at, i;

	for (i = hash_first(&f->by_key, hash, &at); i != HASH_END; i = hash_next(&f->by_key, hash, &at)) {
		if (!same_key(&f->charges[i], c))
			continue;
		f->charges[i].value += c->value;
		return;
	}
	if (f->nr == f->room) {
		f->room = f->room ? 2 * f->room : 256;
		f->charges = xrealloc(f->charges, f->room * sizeof(*f->charges));
	}
	f->charges[f->nr] = *c;
	hash_add(&f->by_key, hash, f->nr++);
}

static uint64_t handler_ns(const struct ipi_span *s)
{
	if (s->negative || s->entry_ns == IPI_NO_TIME || s->exit_ns == IPI_NO_TIME)
		return 0;
	return s->exit_ns - s->entry_ns;
}

static struct charge sender(const struct folded *f, const struct ipi_span *s, uint64_t value)
{
	return (struct charge){
		.callsite = s->callsite,
		.stack = s->stack,
		.pid = span_sender(s),
		.whom = span_is_own(&f->names, s) ? WHOM_OWN : WHOM_SENDER,
		.value = value,
	};
}

static void add_hit(struct folded *f, const struct ipi_span *s)
{
	struct charge c = sender(f, s, 1);

	if (f->what == FOLDED_STOLEN) {
		if (s->outcome != IPI_DELIVERED)
			return;
		if (s->how == IPI_HOW_AMBIGUOUS)
			c = (struct charge){ .whom = WHOM_AMBIGUOUS, .class = s->class };
		c.value = handler_ns(s);
	}
	add(f, &c);
}

static void folded_span(void *ctx, const struct ipi_span *s)
{
	struct folded *f = ctx;

	if (f->what == FOLDED_WAIT) {
		struct charge c = sender(f, s, s->wait_ns);

		if (s->kind == IPI_SPAN_CALL && s->wait == IPI_WAIT_KNOWN)
			add(f, &c);
		f->waits_unknown += s->kind == IPI_SPAN_CALL && s->wait == IPI_WAIT_UNKNOWN;
		return;
	}
	if (s->kind == IPI_SPAN_HIT)
		add_hit(f, s);
	else if (s->kind == IPI_SPAN_IRQ && s->unsolicited && s->unsolicited != IPI_UNSOLICITED_BEFORE &&
		 f->what == FOLDED_STOLEN)
		add(f, &(struct charge){ .whom = WHOM_UNSOLICITED, .class = s->class, .value = handler_ns(s) });
}

struct folded *folded_new(struct analysis *a, enum folded_what what)
{
	struct folded *f = xcalloc(1, sizeof(*f));

	f->analysis = a;
	f->names = analysis_names(a);
	f->what = what;
	return f;
}

void folded_free(struct folded *f)
{
	if (!f)
		return;
	for (unsigned int i = 0; i < f->nr_lines; i++)
		free(f->lines[i].text);
	free(f->lines);
	free(f->charges);
	hash_free(&f->by_key);
	free(f);
}

uint64_t folded_waits_unknown(const struct folded *f)
{
	return f->waits_unknown;
}

struct span_sink folded_sink(struct folded *f)
{
	return (struct span_sink){ .span = folded_span, .ctx = f };
}

/* --- lines --- */

struct line {
	char *text;
	size_t len, room;
};

/*
 * One more frame. A ';' would be a frame's end and a blank the stack's: they
 * become what stackcollapse-perf.pl makes of them.
 */
static void frame(struct line *l, const char *name)
{
	size_t len = strlen(name) + 2;

	if (l->len + len > l->room) {
		l->room = 2 * (l->room + len);
		l->text = xrealloc(l->text, l->room);
	}
	if (l->len)
		l->text[l->len++] = ';';
	sanitize(l->text + l->len, l->room - l->len, name);
	for (char *p = l->text + l->len; *p; p++)
		*p = *p == ';' ? ':' : *p == ' ' ? '_' : *p;
	l->len += strlen(l->text + l->len);
}

static void frame_of(struct line *l, struct folded *f, uint64_t addr)
{
	char name[256];

	symtab_format(analysis_symtab(f->analysis), addr, true, false, name, sizeof(name));
	frame(l, name);
}

/* Outermost first, as all frames here. Without offsets: then what differs in nothing else is one line. */
static void user_frames(struct line *l, struct folded *f, uint32_t stack)
{
	const struct ufunc *u = analysis_ufunc(f->analysis);
	unsigned int nr = 0;
	const uint32_t *frames = u ? ufunc_frames(u, stack, &nr) : NULL;
	char name[256];

	for (unsigned int i = nr; i-- > 0;) {
		ufunc_name(u, frames[i], false, name, sizeof(name));
		frame(l, name);
	}
}

/*
 * Outermost first, down to the caller: what it calls to have the IPI sent is
 * plumbing. The same functions outside of it are not: there a sender was
 * interrupted, which sent for another reason. Where nothing but plumbing was
 * recorded, the call site stands for the caller, as in a report.
 */
static void frames(struct line *l, struct folded *f, const struct charge *c)
{
	const struct ipi_stack *s = analysis_stack(f->analysis, c->stack);
	unsigned int caller = s ? analysis_stack_caller(f->analysis, s) : 0;
	uint64_t addr;

	user_frames(l, f, c->stack);
	if (!s || caller == s->nr) {
		frame(l, s ? "[plumbing only]" : "[no stack]");
		if (c->callsite)
			frame_of(l, f, c->callsite);
		return;
	}
	if (s->left_out)
		frame(l, NAMES_LEFT_OUT);
	for (unsigned int i = s->nr; i-- > caller;)
		frame_of(l, f, s->addrs[i]);
	addr = symtab_caller_addr(analysis_symtab(f->analysis), s->addrs, s->nr, s->within);
	if (addr != s->addrs[caller])
		frame_of(l, f, addr);
}

static char *line_text(struct folded *f, const struct charge *c)
{
	struct line l = { 0 };
	const char *comm;

	if (c->whom == WHOM_UNSOLICITED || c->whom == WHOM_AMBIGUOUS) {
		frame(&l, c->whom == WHOM_UNSOLICITED ? "[unsolicited]" : "[ambiguous]");
		frame(&l, ipi_class_name(c->class));
		return l.text;
	}
	comm = sender_comm(&f->names, c->pid);
	frame(&l, comm ? comm : "<...>");
	if (c->whom == WHOM_OWN)
		frame(&l, "[own]");
	frames(&l, f, c);
	return l.text;
}

static int compare_lines(const void *x, const void *y)
{
	const struct folded_line *a = x, *b = y;

	return strcmp(a->text, b->text);
}

const struct folded_line *folded_lines(struct folded *f, unsigned int *nr)
{
	unsigned int kept = 0;

	*nr = f->nr_lines;
	if (f->lines)
		return f->lines;
	f->lines = xcalloc(f->nr, sizeof(*f->lines));
	for (uint32_t i = 0; i < f->nr; i++)
		if (f->charges[i].value)
			f->lines[f->nr_lines++] =
				(struct folded_line){ line_text(f, &f->charges[i]), f->charges[i].value };
	qsort(f->lines, f->nr_lines, sizeof(*f->lines), compare_lines);
	for (unsigned int i = 0; i < f->nr_lines; i++) {
		if (kept && !strcmp(f->lines[kept - 1].text, f->lines[i].text)) {
			f->lines[kept - 1].value += f->lines[i].value;
			free(f->lines[i].text);
			continue;
		}
		f->lines[kept++] = f->lines[i];
	}
	f->nr_lines = kept;
	*nr = kept;
	return f->lines;
}
