// SPDX-License-Identifier: GPL-2.0-only
/*
 * base/expr.c - a parser by recursive descent that writes a program of tests and jumps.
 *
 * There is one truth value. A test sets it; "a && b" is a, a jump behind b if
 * it is false, b. So nothing has to be kept while the program runs.
 */
#include <ctype.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/expr.h"
#include "base/mem.h"
#include "base/parse.h"
#include "base/text.h"

#define EXPR_MAX_DEPTH	64
#define EXPR_MAX_STEPS	1024
#define EXPR_MAX_RANGES 1024
#define EXPR_MAX_TEXT	4096 /* of two texts that are compared; a path is the longest that there is */

enum op {
	OP_KNOWN, /* or, of a flag, set */
	OP_EQ,
	OP_NE,
	OP_LT,
	OP_LE,
	OP_GT,
	OP_GE,
	OP_GLOB,
	OP_NO_GLOB,
	OP_IN,
	OP_NOT,
	OP_JUMP_FALSE,
	OP_JUMP_TRUE,
};

/* a..b, or a word. */
struct range {
	uint64_t low, high;
	char *word;
	bool met; /* by a value, so far */
};

struct step {
	uint8_t op;
	bool text, other;	/* compares texts; with another field */
	bool asked, known, met; /* so far: it was made, of a value that there is, and it held */
	unsigned int field;
	union {
		uint64_t num;
		char *word;
		unsigned int with; /* field */
		unsigned int to;   /* jumps */
		struct {
			unsigned int first, nr;
		} set; /* ranges */
	};
};

struct expr {
	struct step *steps;
	struct range *ranges;
	unsigned int nr, nr_ranges;
	char *kept; /* of EXPR_MAX_TEXT: a text, while the one that it is compared with is asked for */
};

struct parser {
	const char *text, *at;
	const struct expr_field *fields;
	unsigned int nr_fields, depth;
	struct expr *e;
	struct err *err;
};

/* --- words --- */

static void skip(struct parser *p)
{
	while (isspace((unsigned char)*p->at))
		p->at++;
}

/* A text with blanks, or with letters that mean something here, is in quotation marks. */
static size_t word_length(const char *s)
{
	size_t n = 0;

	while (s[n] && !isspace((unsigned char)s[n]) && !strchr("()&|!=<>~\"'", s[n]))
		n++;
	return n;
}

/* What stands here, for a message. */
static int fault(struct parser *p, const char *what)
{
	size_t len = word_length(p->at);
	int place = (int)(p->at - p->text) + 1;

	len = len ? len : utf8_len(p->at) ? utf8_len(p->at) : 1;
	if (!*p->at)
		err_set(p->err, EXIT_USAGE, "the condition ends where %s was expected", what);
	else
		err_set(p->err, EXIT_USAGE, "'%.*s' at place %d: expected %s", len > 60 ? 60 : (int)len, p->at, place,
			what);
	return err_hint(p->err, "for instance 'delivery > 100us && (target in 2-7 || comm =~ kworker*)'");
}

static bool take(struct parser *p, const char *sign)
{
	size_t len = strlen(sign);

	skip(p);
	if (strncmp(p->at, sign, len))
		return false;
	p->at += len;
	return true;
}

static bool take_word(struct parser *p, const char *word)
{
	size_t len = strlen(word);

	skip(p);
	if (word_length(p->at) != len || strncmp(p->at, word, len))
		return false;
	p->at += len;
	return true;
}

static bool same_word(const char *name, const char *s, size_t len)
{
	return name && strlen(name) == len && !strncasecmp(name, s, len);
}

/* Index, or -1. */
static int find_field(const struct parser *p, const char *s, size_t len)
{
	for (unsigned int i = 0; i < p->nr_fields; i++)
		if (same_word(p->fields[i].name, s, len) || same_word(p->fields[i].also, s, len))
			return (int)i;
	return -1;
}

/* What is longer or shorter is the time of a text's name: of "func" it is func_ns. -1: there is none. */
static int time_of(const struct parser *p, unsigned int text)
{
	size_t len = strlen(p->fields[text].name);

	for (unsigned int i = 0; i < p->nr_fields; i++)
		if (p->fields[i].type == EXPR_TIME && !strncmp(p->fields[i].name, p->fields[text].name, len) &&
		    !strcmp(p->fields[i].name + len, "_ns"))
			return (int)i;
	return -1;
}

static int take_field(struct parser *p, unsigned int *field)
{
	struct suggestion near;
	size_t len;
	int found;

	skip(p);
	len = word_length(p->at);
	if (!len)
		return fault(p, "the name of a column");
	found = find_field(p, p->at, len);
	if (found >= 0) {
		*field = (unsigned int)found;
		p->at += len;
		return 0;
	}
	near = suggestion_for(p->at, len);
	for (unsigned int i = 0; i < p->nr_fields; i++) {
		suggestion_offer(&near, p->fields[i].name);
		suggestion_offer(&near, p->fields[i].also);
	}
	fault(p, "the name of a column");
	return near.word ? err_hint(p->err, "did you mean %s?", near.word) :
			   err_hint(p->err, "for instance %s", p->fields[0].name);
}

/* A word, or what is in quotation marks; malloc'ed. */
static char *take_text(struct parser *p)
{
	size_t len;
	char *s;

	skip(p);
	if (*p->at == '\'' || *p->at == '"') {
		const char *end = strchr(p->at + 1, *p->at);

		if (!end) {
			fault(p, "a text in quotation marks that ends");
			return NULL;
		}
		s = xasprintf("%.*s", (int)(end - p->at - 1), p->at + 1);
		p->at = end + 1;
		return s;
	}
	len = word_length(p->at);
	if (!len) {
		fault(p, "a text");
		return NULL;
	}
	s = xasprintf("%.*s", (int)len, p->at);
	p->at += len;
	return s;
}

/* Of a field that can only be one of some words, nothing else is worth comparing with. Any case will do. */
static int check_word(const struct parser *p, const struct expr_field *f, char *word)
{
	struct suggestion near = suggestion_for(word, strlen(word));

	for (unsigned int i = 0; f->words && f->words[i]; i++) {
		if (!strcasecmp(f->words[i], word)) {
			memcpy(word, f->words[i], strlen(word));
			return 0;
		}
		suggestion_offer(&near, f->words[i]);
	}
	if (!f->words)
		return 0;
	err_set(p->err, EXIT_USAGE, "'%.60s': %s is never that", word, f->name);
	return suggestion_hint(&near, f->words, p->err);
}

/* The digits, letters and point of one number; buf of 64. */
static size_t number_text(const char *s, char *buf)
{
	size_t n = 0;

	while (n < 63 && (isalnum((unsigned char)s[n]) || s[n] == '.')) {
		buf[n] = s[n];
		n++;
	}
	buf[n] = '\0';
	return n;
}

static int take_number(struct parser *p, enum expr_type type, uint64_t *num)
{
	const char *what = type == EXPR_TIME ? "a time, such as 100us" : "a number";
	struct err why = { 0 };
	const char *digits;
	char buf[64];
	size_t len;

	skip(p);
	len = number_text(p->at, buf);
	digits = buf;
	if (!isdigit((unsigned char)buf[0]))
		return fault(p, what);
	if (type == EXPR_TIME) {
		/* A number alone would be ns to one and seconds to another. */
		if (parse_digits(&digits, num) && !*digits && *num) {
			fault(p, "a time with its unit");
			return err_hint(p->err, "%sns, %sus, %sms or %ss", buf, buf, buf, buf);
		}
		if (parse_duration_ns(buf, num, &why))
			return fault(p, what);
	} else if (parse_u64(buf, num, &why)) {
		return fault(p, what);
	}
	p->at += len;
	return 0;
}

/* --- the program --- */

static bool has_word(const struct step *s)
{
	return s->text && !s->other && s->op != OP_IN;
}

static int add(struct parser *p, const struct step *s)
{
	struct expr *e = p->e;

	if (e->nr == EXPR_MAX_STEPS) {
		if (has_word(s))
			free(s->word);
		err_set(p->err, EXIT_USAGE, "the condition is too long");
		return err_hint(p->err, "a range, 2-7, or a pattern, comm =~ 'a*', may say the same in less");
	}
	if (!(e->nr & (e->nr - 1)))
		e->steps = xrealloc(e->steps, (e->nr ? 2 * e->nr : 1) * sizeof(*e->steps));
	e->steps[e->nr++] = *s;
	return 0;
}

static int add_range(struct parser *p, struct range r)
{
	struct expr *e = p->e;

	if (e->nr_ranges == EXPR_MAX_RANGES) {
		free(r.word);
		err_set(p->err, EXIT_USAGE, "the condition has too long a list");
		return err_hint(p->err, "a range, 2-7, or a pattern, comm =~ 'a*', may say the same in less");
	}
	if (!(e->nr_ranges & (e->nr_ranges - 1)))
		e->ranges = xrealloc(e->ranges, (e->nr_ranges ? 2 * e->nr_ranges : 1) * sizeof(*e->ranges));
	e->ranges[e->nr_ranges++] = r;
	return 0;
}

/* One of a list of words; a comma ends it. Those with blanks or commas are in quotation marks. */
static int list_word(struct parser *p, const struct expr_field *f)
{
	size_t len = 0, all;
	char *word;

	skip(p);
	if (*p->at == '\'' || *p->at == '"') {
		word = take_text(p);
	} else {
		all = word_length(p->at);
		while (len < all && p->at[len] != ',')
			len++;
		if (!len)
			return fault(p, "a word of the list");
		word = xasprintf("%.*s", (int)len, p->at);
		p->at += len;
	}
	if (!word)
		return -1;
	if (check_word(p, f, word)) {
		free(word);
		return -1;
	}
	return add_range(p, (struct range){ .word = word });
}

static int list_range(struct parser *p, enum expr_type type)
{
	struct range r = { 0 };
	const char *begin;

	skip(p);
	begin = p->at;
	if (take_number(p, type, &r.low))
		return -1;
	r.high = r.low;
	if (*p->at == '-') {
		p->at++;
		if (take_number(p, type, &r.high))
			return -1;
	}
	if (r.low <= r.high)
		return add_range(p, r);
	p->at = begin;
	return fault(p, "a range that rises");
}

static int parse_list(struct parser *p, struct step *s)
{
	const struct expr_field *f = &p->fields[s->field];

	if (f->type == EXPR_FLAG)
		return fault(p, "no list: a flag is set or not");
	s->set.first = p->e->nr_ranges;
	do {
		if (s->text ? list_word(p, f) : list_range(p, f->type))
			return -1;
	} while (*p->at == ',' && p->at++);
	s->set.nr = p->e->nr_ranges - s->set.first;
	return add(p, s);
}

/* What stands here names another value of the field's type, and is no value that the field itself may have. */
static bool take_other(struct parser *p, struct step *s)
{
	const struct expr_field *f = &p->fields[s->field];
	size_t len = word_length(p->at);
	int other = find_field(p, p->at, len);

	if (other < 0 || p->fields[other].type != f->type)
		return false;
	for (unsigned int i = 0; f->words && f->words[i]; i++)
		if (same_word(f->words[i], p->at, len))
			return false;
	s->other = true;
	s->with = (unsigned int)other;
	p->at += len;
	return true;
}

static int parse_text(struct parser *p, struct step *s)
{
	if (s->op >= OP_LT && s->op <= OP_GE)
		return fault(p, "== or =~ before a text");
	if (s->op <= OP_NE && take_other(p, s))
		return add(p, s);
	s->word = take_text(p);
	if (!s->word)
		return -1;
	if (s->op <= OP_NE && check_word(p, &p->fields[s->field], s->word)) {
		free(s->word);
		return -1;
	}
	return add(p, s);
}

static int parse_value(struct parser *p, struct step *s)
{
	const struct expr_field *f = &p->fields[s->field];

	skip(p);
	if (s->text)
		return parse_text(p, s);
	if (s->op == OP_GLOB || s->op == OP_NO_GLOB)
		return fault(p, "== before what is no text");
	if (f->type == EXPR_FLAG)
		return fault(p, "no comparison: a flag is set or not");
	if (!take_other(p, s) && take_number(p, f->type, &s->num))
		return -1;
	return add(p, s);
}

static int parse_test(struct parser *p)
{
	/* Longer ones first. */
	static const struct {
		const char *sign;
		enum op op;
	} ops[] = {
		{ "==", OP_EQ }, { "!=", OP_NE }, { "=~", OP_GLOB }, { "!~", OP_NO_GLOB },
		{ "<=", OP_LE }, { ">=", OP_GE }, { "<", OP_LT },    { ">", OP_GT },
	};
	struct step s = { .op = OP_KNOWN };

	if (take_field(p, &s.field))
		return -1;
	s.text = p->fields[s.field].type == EXPR_TEXT;
	if (take_word(p, "in")) {
		s.op = OP_IN;
		return parse_list(p, &s);
	}
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
		if (!take(p, ops[i].sign))
			continue;
		s.op = (uint8_t)ops[i].op;
		if (s.text && s.op >= OP_LT && s.op <= OP_GE && time_of(p, s.field) >= 0) {
			s.field = (unsigned int)time_of(p, s.field);
			s.text = false;
		}
		return parse_value(p, &s);
	}
	if (*p->at == '=') {
		fault(p, "a comparison");
		return err_hint(p->err, "equality is ==, a pattern =~");
	}
	/* A flag must be set as well. */
	s.text = false;
	s.num = p->fields[s.field].type == EXPR_FLAG;
	return add(p, &s);
}

static int parse_or(struct parser *p);

static int parse_not(struct parser *p)
{
	bool negated = false;

	while (take(p, "!"))
		negated = !negated;
	if (take(p, "(")) {
		if (++p->depth > EXPR_MAX_DEPTH) {
			err_set(p->err, EXIT_USAGE, "the condition has too many parentheses within each other");
			return err_hint(p->err, "a range, 2-7, or a pattern, comm =~ 'a*', may say the same in less");
		}
		if (parse_or(p))
			return -1;
		p->depth--;
		if (!take(p, ")"))
			return fault(p, "a closing parenthesis, && or ||");
	} else if (parse_test(p)) {
		return -1;
	}
	return negated ? add(p, &(struct step){ .op = OP_NOT }) : 0;
}

/* Operands of one kind in a row; each but the last jumps to the end where it decides. */
static int parse_chain(struct parser *p, const char *sign, enum op jump, int (*operand)(struct parser *))
{
	unsigned int last = EXPR_MAX_STEPS; /* jump, which holds the one before until the end is known */

	if (operand(p))
		return -1;
	while (take(p, sign)) {
		if (add(p, &(struct step){ .op = (uint8_t)jump, .to = last }))
			return -1;
		last = p->e->nr - 1;
		if (operand(p))
			return -1;
	}
	while (last != EXPR_MAX_STEPS) {
		unsigned int before = p->e->steps[last].to;

		p->e->steps[last].to = p->e->nr;
		last = before;
	}
	return 0;
}

static int parse_and(struct parser *p)
{
	return parse_chain(p, "&&", OP_JUMP_FALSE, parse_not);
}

static int parse_or(struct parser *p)
{
	return parse_chain(p, "||", OP_JUMP_TRUE, parse_and);
}

int expr_compile(struct expr **out, const char *text, const struct expr_field *fields, unsigned int nr_fields,
		 struct err *err)
{
	struct parser p = { .text = text, .at = text, .fields = fields, .nr_fields = nr_fields, .err = err };
	int ret;

	p.e = xcalloc(1, sizeof(*p.e));
	p.e->kept = xmalloc(EXPR_MAX_TEXT);
	ret = parse_or(&p);
	skip(&p);
	if (!ret && *p.at)
		ret = fault(&p, *p.at == ')' ? "no closing parenthesis" : "&& or ||");
	if (ret) {
		expr_free(p.e);
		p.e = NULL;
	}
	*out = p.e;
	return ret;
}

void expr_free(struct expr *e)
{
	if (!e)
		return;
	for (unsigned int i = 0; i < e->nr; i++)
		if (has_word(&e->steps[i]))
			free(e->steps[i].word);
	for (unsigned int i = 0; i < e->nr_ranges; i++)
		free(e->ranges[i].word);
	free(e->steps);
	free(e->ranges);
	free(e->kept);
	free(e);
}

static bool asks(const struct step *s)
{
	return s->op != OP_NOT && s->op != OP_JUMP_FALSE && s->op != OP_JUMP_TRUE;
}

bool expr_field_asked(const struct expr *e, unsigned int i, unsigned int *field)
{
	for (unsigned int n = 0; n < e->nr; n++) {
		bool named = !asks(&e->steps[n]);

		for (unsigned int before = 0; before < n && !named; before++)
			named = asks(&e->steps[before]) && e->steps[before].field == e->steps[n].field;
		if (named || i--)
			continue;
		*field = e->steps[n].field;
		return true;
	}
	return false;
}

/* --- testing --- */

static bool is_in(const struct expr *e, const struct step *s, struct expr_value v)
{
	for (unsigned int i = s->set.first; i < s->set.first + s->set.nr; i++) {
		struct range *r = &e->ranges[i];

		if (s->text ? strcmp(v.text, r->word) : v.num < r->low || v.num > r->high)
			continue;
		r->met = true;
		return true;
	}
	return false;
}

/* Both are texts; the first is kept, since it need not outlive the call that gets the second. */
static bool texts_hold(const struct expr *e, const struct step *s, const char *text, expr_get_fn get, void *ctx)
{
	struct expr_value other;

	snprintf(e->kept, EXPR_MAX_TEXT, "%s", text);
	other = get(ctx, s->with);
	return !other.none && !strncmp(e->kept, other.text, EXPR_MAX_TEXT - 1) == (s->op == OP_EQ);
}

static bool text_holds(const struct step *s, const char *text)
{
	switch (s->op) {
	case OP_EQ:
		return !strcmp(text, s->word);
	case OP_NE:
		return strcmp(text, s->word);
	case OP_GLOB:
		return glob_match(s->word, text);
	default:
		return !glob_match(s->word, text);
	}
}

static bool number_holds(enum op op, uint64_t a, uint64_t b)
{
	switch (op) {
	case OP_EQ:
		return a == b;
	case OP_NE:
		return a != b;
	case OP_LT:
		return a < b;
	case OP_LE:
		return a <= b;
	case OP_GT:
		return a > b;
	default:
		return a >= b;
	}
}

static bool test(const struct expr *e, struct step *s, expr_get_fn get, void *ctx)
{
	struct expr_value v = get(ctx, s->field), other;

	s->asked = true;
	if (v.none)
		return false;
	s->known = true;
	if (s->op == OP_KNOWN)
		return v.num || !s->num;
	if (s->op == OP_IN)
		return is_in(e, s, v);
	if (s->text && s->other)
		return texts_hold(e, s, v.text, get, ctx);
	if (s->text)
		return text_holds(s, v.text);
	if (!s->other)
		return number_holds(s->op, v.num, s->num);
	other = get(ctx, s->with);
	return !other.none && number_holds(s->op, v.num, other.num);
}

bool expr_true(const struct expr *e, expr_get_fn get, void *ctx)
{
	bool holds = false;

	for (unsigned int i = 0; i < e->nr; i++) {
		struct step *s = &e->steps[i];

		if (s->op == OP_NOT)
			holds = !holds;
		else if (s->op == OP_JUMP_FALSE || s->op == OP_JUMP_TRUE)
			i = holds == (s->op == OP_JUMP_TRUE) ? s->to - 1 : i;
		else
			s->met |= holds = test(e, s, get, ctx);
	}
	return holds;
}

static void missed_of_list(const struct expr *e, const struct step *s, expr_missed_fn missed, void *ctx)
{
	char text[48];

	for (unsigned int i = s->set.first; i < s->set.first + s->set.nr; i++) {
		const struct range *r = &e->ranges[i];

		if (r->met)
			continue;
		snprintf(text, sizeof(text), r->low == r->high ? "%" PRIu64 : "%" PRIu64 "-%" PRIu64, r->low, r->high);
		missed(ctx, s->field, s->text ? r->word : text);
	}
}

void expr_missed(const struct expr *e, const struct expr_field *fields, expr_missed_fn missed, void *ctx)
{
	char text[24];

	for (unsigned int i = 0; i < e->nr; i++) {
		const struct step *s = &e->steps[i];
		bool wanted = s->op == OP_EQ || s->op == OP_GLOB;

		if (!s->asked)
			continue;
		snprintf(text, sizeof(text), "%" PRIu64, s->num);
		if (!s->known)
			missed(ctx, s->field, NULL);
		else if (s->op == OP_IN && (s->text || fields[s->field].type == EXPR_NUMBER))
			missed_of_list(e, s, missed, ctx);
		else if (!wanted || s->met || s->other)
			continue;
		else if (s->text)
			missed(ctx, s->field, s->word);
		else if (fields[s->field].type == EXPR_NUMBER)
			missed(ctx, s->field, text);
	}
}
