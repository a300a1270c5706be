// SPDX-License-Identifier: GPL-2.0-only
/*
 * render/list-json.c - the JSON contract "ipitrace-list/1": one object a line, every key in every line.
 *
 * Integers in ns; what does not exist is null, never zero. Keys may be added,
 * their meaning never changes: tests outside of this project read them.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/event.h"
#include "base/json.h"
#include "base/mem.h"
#include "render/list.h"

static void json_begin(struct list_render *r)
{
	struct json *j = r->state = xcalloc(1, sizeof(*j));

	j->out = r->out;
	j->compact = true;
}

static void value(struct json *j, const struct list_column *c, const struct list_line *line)
{
	struct list_value v = c->get(line);

	if (v.none)
		json_null(j, c->key);
	else if (c->unit == LIST_TEXT)
		json_string(j, c->key, v.text);
	else if (c->unit == LIST_FLAG)
		json_bool(j, c->key, v.num);
	else
		json_u64(j, c->key, v.num);
}

typedef const char *(*frame_fn)(const struct list_line *line, unsigned int i);

static void stack(struct json *j, const char *key, const struct list_line *line, frame_fn get)
{
	const char *frame = get(line, 0);

	if (!frame) {
		json_null(j, key);
		return;
	}
	json_array(j, key);
	for (unsigned int i = 0; (frame = get(line, i)); i++)
		json_string(j, NULL, frame);
	json_close(j);
}

static void json_line(struct list_render *r, const struct list_line *line)
{
	struct json *j = r->state;

	json_object(j, NULL);
	for (unsigned int i = 0; i < list_nr_columns; i++)
		value(j, &list_columns[i], line);
	if (r->stacks) {
		stack(j, "stack", line, list_frame);
		stack(j, "user_stack", line, list_user_frame);
	}
	json_close(j);
}

/* A line that is not of a lost event would be a lie: what is missing is on standard error and in the exit status. */
static void json_end(struct list_render *r, uint64_t nr, uint64_t chosen)
{
	(void)nr;
	(void)chosen;
	free(r->state);
}

const struct list_render_ops list_render_json = { json_begin, json_line, json_end };

/* --- schema --- */

static bool never_null(const struct list_column *c)
{
	static const char *const always[] = { "kind", "own", "class", "target" };

	for (size_t i = 0; i < ARRAY_SIZE(always); i++)
		if (!strcmp(c->key, always[i]))
			return true;
	return false;
}

static void type(struct json *j, const char *name, bool or_null)
{
	if (!or_null) {
		json_string(j, "type", name);
		return;
	}
	json_array(j, "type");
	json_string(j, NULL, name);
	json_string(j, NULL, "null");
	json_close(j);
}

static void property(struct json *j, const struct list_column *c)
{
	bool null = !never_null(c);

	json_object(j, c->key);
	json_string(j, "description", c->help);
	if (c->unit == LIST_TEXT)
		type(j, "string", null);
	else if (c->unit == LIST_FLAG)
		type(j, "boolean", null);
	else
		type(j, "integer", null);
	if (c->unit > LIST_FLAG)
		json_u64(j, "minimum", 0);
	if (c->words) {
		json_array(j, "enum");
		for (unsigned int i = 0; c->words[i]; i++)
			json_string(j, NULL, c->words[i]);
		if (null)
			json_null(j, NULL);
		json_close(j);
	}
	json_close(j);
}

static void stack_property(struct json *j, const char *key, const char *description)
{
	json_object(j, key);
	json_string(j, "description", description);
	type(j, "array", true);
	json_object(j, "items");
	json_string(j, "type", "string");
	json_close(j);
	json_close(j);
}

void list_render_schema(FILE *out)
{
	struct json j = { .out = out };

	json_object(&j, NULL);
	json_string(&j, "$schema", "https://json-schema.org/draft/2020-12/schema");
	json_string(&j, "$id", "ipitrace-list/1");
	json_string(&j, "title", "One line of ipitrace list --json");
	json_string(&j, "type", "object");
	json_object(&j, "properties");
	for (unsigned int i = 0; i < list_nr_columns; i++)
		property(&j, &list_columns[i]);
	stack_property(&j, "stack", "with --stacks: the sender's kernel stack, innermost first");
	stack_property(&j, "user_stack", "with --stacks: its user stack, where recorded");
	json_close(&j);
	json_array(&j, "required");
	for (unsigned int i = 0; i < list_nr_columns; i++)
		json_string(&j, NULL, list_columns[i].key);
	json_close(&j);
	json_close(&j);
}
