// SPDX-License-Identifier: GPL-2.0-only
/*
 * render/top-keys.c - what keys do to a live view.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "render/top-priv.h"
#include "report/list.h"

/* What the key for the next grouping goes through. */
static const char *const groupings[] = { "caller,func", "func", "target", "process", "victim", "stack" };

/* --- the selected row --- */

static char *label_of(const struct report *r, unsigned int row)
{
	const struct render_options o = { 0 };
	const struct render render = { .report = r, .options = &o };

	return render_label(&render, &r->rows[row], 0);
}

/* From now on it is this row that is selected, wherever it goes. */
static void hold(struct top_view *v, const struct report *r)
{
	free(v->label);
	v->label = r && v->selected < r->nr_rows ? label_of(r, v->selected) : NULL;
	v->gone = false;
}

void top_view_renew(struct top_view *v, const struct report *r)
{
	v->gone = v->label;
	for (unsigned int i = 0; v->gone && i < r->nr_rows; i++) {
		char *label = label_of(r, i);

		if (!strcmp(label, v->label)) {
			v->selected = i;
			v->gone = false;
		}
		free(label);
	}
	if (v->selected >= r->nr_rows)
		v->selected = r->nr_rows ? r->nr_rows - 1 : 0;
}

static void forget(struct top_view *v)
{
	free(v->label);
	v->label = NULL;
	v->gone = false;
	v->selected = v->first = v->scroll = 0;
}

void top_view_free(struct top_view *v)
{
	free(v->label);
	v->label = NULL;
}

const struct report_row *top_wants_detail(const struct top_view *v, const struct top_data *d)
{
	if (!v->expanded || v->mode == TOP_HELP || !d->report || v->gone || v->selected >= d->report->nr_rows)
		return NULL;
	return &d->report->rows[v->selected];
}

/* --- prompts --- */

static void ask(struct top_view *v, enum top_mode mode)
{
	v->mode = mode;
	v->error = (struct err){ 0 };
	v->edit[0] = '\0';
	if (mode == TOP_ASK_WHERE)
		snprintf(v->edit, sizeof(v->edit), "%s", v->where);
	else if (mode == TOP_ASK_SORT)
		snprintf(v->edit, sizeof(v->edit), "%s", v->sort->id);
	else
		top_by_text(v, v->edit, sizeof(v->edit));
}

static enum top_action group_by(struct top_view *v, const char *text)
{
	unsigned int nr = ARRAY_SIZE(v->by);
	enum agg_key by[AGG_NR_KEYS];

	if (report_parse_by(text, by, &nr, &v->error))
		return TOP_LOOK;
	memcpy(v->by, by, nr * sizeof(*by));
	v->nr_by = nr;
	v->mode = TOP_ROWS;
	v->frozen = v->expanded = false;
	forget(v);
	return TOP_COUNT;
}

static enum top_action filter_by(struct top_view *v)
{
	struct expr *e = NULL;

	if (v->edit[strspn(v->edit, " ")] && list_expr_compile(&e, v->edit, &v->error))
		return TOP_LOOK;
	snprintf(v->where, sizeof(v->where), "%s", e ? v->edit : "");
	expr_free(e);
	v->mode = TOP_ROWS;
	v->frozen = false;
	return TOP_COUNT;
}

static enum top_action sort_by(struct top_view *v, const struct column *c)
{
	if (!c) {
		column_unknown(v->edit, &v->error);
		return TOP_LOOK;
	}
	v->sort = c;
	v->mode = TOP_ROWS;
	return TOP_SORT;
}

static enum top_action entered(struct top_view *v)
{
	v->error = (struct err){ 0 };
	if (v->mode == TOP_ASK_WHERE)
		return filter_by(v);
	if (v->mode == TOP_ASK_BY)
		return group_by(v, v->edit);
	return sort_by(v, top_column_find(v->edit));
}

static enum top_action key_of_prompt(struct top_view *v, int key)
{
	size_t len = strlen(v->edit);

	switch (key) {
	case TOP_KEY_ENTER:
	case '\r':
		return entered(v);
	case TOP_KEY_ESCAPE:
		v->mode = TOP_ROWS;
		return TOP_LOOK;
	case TOP_KEY_BACKSPACE:
	case '\b':
		if (len)
			v->edit[len - 1] = '\0';
		return TOP_LOOK;
	case 'U' - '@': /* as a terminal's own line does */
		v->edit[0] = '\0';
		return TOP_LOOK;
	case 'L' - '@':
		return TOP_REPAINT;
	}
	if (key < ' ' || key > '~' || len + 1 == sizeof(v->edit))
		return TOP_NOTHING;
	v->edit[len] = (char)key;
	v->edit[len + 1] = '\0';
	return TOP_LOOK;
}

/* --- moving --- */

static unsigned int moved(unsigned int at, int key, unsigned int page)
{
	switch (key) {
	case 'k':
	case TOP_KEY_UP:
		return at ? at - 1 : 0;
	case 'j':
	case TOP_KEY_DOWN:
		return at + 1;
	case TOP_KEY_PAGE_UP:
		return at > page ? at - page : 0;
	case TOP_KEY_PAGE_DOWN:
		return at + page;
	case TOP_KEY_HOME:
		return 0;
	case TOP_KEY_END:
		return UINT32_MAX / 2;
	}
	return at;
}

static enum top_action move(struct top_view *v, int key, const struct report *r)
{
	/* Of a row that is expanded, pages are those of its detail; drawing knows where it ends. */
	if (v->mode == TOP_HELP || (v->expanded && (key == TOP_KEY_PAGE_UP || key == TOP_KEY_PAGE_DOWN))) {
		v->scroll = moved(v->scroll, key, v->page);
		return TOP_LOOK;
	}
	if (!r || !r->nr_rows)
		return TOP_NOTHING;
	v->selected = moved(v->selected, key, v->page ? v->page : 1);
	if (v->selected >= r->nr_rows)
		v->selected = r->nr_rows - 1;
	v->scroll = 0;
	hold(v, r);
	return TOP_LOOK;
}

/* --- the others --- */

static enum top_action next_grouping(struct top_view *v)
{
	char now[TOP_EDIT_LEN];
	unsigned int next = 0;

	top_by_text(v, now, sizeof(now));
	for (unsigned int i = 0; i < ARRAY_SIZE(groupings); i++)
		if (!strcmp(groupings[i], now))
			next = (i + 1) % ARRAY_SIZE(groupings);
	return group_by(v, groupings[next]);
}

/* To the right or to the left of the one that it is sorted by, among those that may be shown. */
static enum top_action next_sort(struct top_view *v, const struct report *r, bool left)
{
	const struct column **list = NULL;
	unsigned int nr = 0, at = 0;

	if (!r)
		return TOP_NOTHING;
	top_view_columns(v, r, true, &list, &nr);
	while (at < nr && list[at] != v->sort)
		at++;
	at = at == nr ? 0 : left ? (at + nr - 1) % nr : (at + 1) % nr;
	v->sort = list[at];
	free(list);
	return TOP_SORT;
}

static enum top_action expand(struct top_view *v, const struct report *r)
{
	if (!v->expanded && (!r || !r->nr_rows))
		return TOP_NOTHING;
	v->expanded = !v->expanded;
	v->scroll = 0;
	if (v->expanded)
		hold(v, r);
	return TOP_LOOK;
}

/* The innermost of what is open. */
static enum top_action leave(struct top_view *v)
{
	if (v->mode == TOP_HELP)
		v->mode = TOP_ROWS;
	else if (v->expanded)
		v->expanded = false;
	else
		forget(v);
	v->scroll = 0;
	return TOP_LOOK;
}

static enum top_action key_of_rows(struct top_view *v, int key, const struct report *r)
{
	switch (key) {
	case TOP_KEY_ENTER:
	case '\r':
		return expand(v, r);
	case ' ':
		v->frozen = !v->frozen;
		return TOP_LOOK;
	case 'g':
		return next_grouping(v);
	case 'b':
		ask(v, TOP_ASK_BY);
		return TOP_LOOK;
	case 's':
		ask(v, TOP_ASK_SORT);
		return TOP_LOOK;
	case '<':
	case '>':
		return next_sort(v, r, key == '<');
	case '/':
	case 'f':
		ask(v, TOP_ASK_WHERE);
		return TOP_LOOK;
	case 't':
		v->dist = (v->dist + 1) % top_nr_dists;
		return TOP_LOOK;
	}
	return move(v, key, r);
}

enum top_action top_key(struct top_view *v, int key, const struct top_data *d)
{
	if (v->mode != TOP_ROWS && v->mode != TOP_HELP)
		return key_of_prompt(v, key);
	switch (key) {
	case 'q':
		return TOP_QUIT;
	case 'L' - '@':
	case 'r':
		return TOP_REPAINT;
	case TOP_KEY_ESCAPE:
		return leave(v);
	case 'h':
	case '?':
	case TOP_KEY_HELP:
		v->mode = v->mode == TOP_HELP ? TOP_ROWS : TOP_HELP;
		v->scroll = 0;
		return TOP_LOOK;
	}
	return v->mode == TOP_HELP ? move(v, key, NULL) : key_of_rows(v, key, d->report);
}
