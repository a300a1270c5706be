// SPDX-License-Identifier: GPL-2.0-only
/*
 * decode/fields.c - the fields of an event's format text.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "decode/fields.h"

/* What is left of a line. */
struct line {
	const char *at, *end;
};

static bool skip_word(struct line *l, const char *word)
{
	size_t len = strlen(word);

	while (l->at < l->end && (*l->at == ' ' || *l->at == '\t'))
		l->at++;
	if ((size_t)(l->end - l->at) < len || memcmp(l->at, word, len))
		return false;
	l->at += len;
	return true;
}

/* "WORD:NUMBER;" */
static bool take_number(struct line *l, const char *word, uint32_t *number)
{
	const char *from;

	if (!skip_word(l, word))
		return false;
	*number = 0;
	for (from = l->at; l->at < l->end && isdigit((unsigned char)*l->at); l->at++) {
		*number = *number * 10 + (uint32_t)(*l->at - '0');
		if (*number > FIELD_END_MAX)
			return false;
	}
	return l->at > from && skip_word(l, ";");
}

static bool is_name(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* The last word of a declaration: "unsigned long caller[8]", "__data_loc char[] name". */
static bool take_name(struct line *l, struct format_field *field)
{
	const char *semi = memchr(l->at, ';', (size_t)(l->end - l->at));
	const char *end = semi, *from;

	if (!semi)
		return false;
	if (end > l->at && end[-1] == ']') {
		while (end > l->at && *end != '[')
			end--;
	}
	for (from = end; from > l->at && is_name(from[-1]); from--)
		;
	field->name = from;
	field->name_len = (size_t)(end - from);
	l->at = semi + 1;
	return field->name_len && !isdigit((unsigned char)*from);
}

/* "field:TYPE NAME; offset:N; size:N; signed:N;", of which kernels before 2.6.33 lack the last. */
static bool take_field(struct line *l, struct format_field *field)
{
	uint32_t is_signed;

	if (!skip_word(l, "field:") || !take_name(l, field) || !take_number(l, "offset:", &field->offset) ||
	    !take_number(l, "size:", &field->size) || field->offset + field->size > FIELD_END_MAX)
		return false;
	if (!skip_word(l, ""))
		return false;
	return l->at == l->end || (take_number(l, "signed:", &is_signed) && is_signed <= 1 && l->at == l->end);
}

static bool next_line(const char **at, const char *end, struct line *l)
{
	const char *eol;

	if (*at >= end)
		return false;
	eol = memchr(*at, '\n', (size_t)(end - *at));
	l->at = *at;
	l->end = eol ? eol : end;
	*at = eol ? eol + 1 : end;
	return true;
}

static bool is_line(const struct line *l, const char *text)
{
	return (size_t)(l->end - l->at) == strlen(text) && !memcmp(l->at, text, strlen(text));
}

static bool begins(const struct line *l, const char *text)
{
	return (size_t)(l->end - l->at) >= strlen(text) && !memcmp(l->at, text, strlen(text));
}

bool format_fields_parse(struct format_fields *f, const char *text, size_t len)
{
	const char *at = text, *end = text + len;
	unsigned int room = 0;
	struct line l;

	memset(f, 0, sizeof(*f));
	do {
		if (!next_line(&at, end, &l))
			return false;
	} while (!is_line(&l, "format:"));
	while (next_line(&at, end, &l) && !begins(&l, "print fmt:")) {
		struct format_field field;

		if (l.at == l.end)
			continue; /* between the common fields and the event's own */
		if (!take_field(&l, &field)) {
			format_fields_free(f);
			return false;
		}
		if (f->nr == room) {
			room = room ? room * 2 : 16;
			f->fields = xrealloc(f->fields, room * sizeof(*f->fields));
		}
		f->fields[f->nr++] = field;
	}
	return f->nr > 0;
}

void format_fields_free(struct format_fields *f)
{
	free(f->fields);
	memset(f, 0, sizeof(*f));
}

const struct format_field *format_field_find(const struct format_fields *f, const char *name)
{
	size_t len = strlen(name);

	for (unsigned int i = 0; i < f->nr; i++)
		if (f->fields[i].name_len == len && !memcmp(f->fields[i].name, name, len))
			return &f->fields[i];
	return NULL;
}
