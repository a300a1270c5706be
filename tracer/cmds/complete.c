// SPDX-License-Identifier: GPL-2.0-only
/*
 * cmds/complete.c - what a shell may offer for the word at the cursor, out of the tables that parse it.
 *
 * The scripts of docs/completion/ call "ipitrace --complete WORD...": the words
 * behind the program's name, the last up to the cursor. A line a candidate: the
 * whole word, and behind a tab what it means, if there is a text. The lines "@file" and
 * "@command" ask for names of such. An option and its value in one word ("--sort=") stay one.
 */
#include <ctype.h>
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/compiler.h"
#include "base/event.h"
#include "base/evgroups.h"
#include "base/opts.h"
#include "bench/backend.h"
#include "bench/result.h"
#include "cmds/cmd.h"
#include "kvm/report.h"
#include "report/columns.h"
#include "report/list.h"

/* The word at the cursor: what stays, and what a candidate must begin with. */
struct at {
	const char *word;
	int kept;	   /* bytes of word in front of what is completed */
	const char *typed; /* what of it is completed */
	const char *list;  /* what a list has before that; NULL = it is none */
};

static bool has_item(const struct at *at, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = at->list; p && p < at->typed; p += strcspn(p, ",!+") + 1)
		if (strcspn(p, ",!+") == len && !memcmp(p, word, len))
			return true;
	return false;
}

static void offer(const struct at *at, const char *word, const char *help)
{
	if (!strncmp(word, at->typed, strlen(at->typed)) && !has_item(at, word))
		printf("%.*s%s%s%s\n", at->kept, at->word, word, help ? "\t" : "", help ? help : "");
}

static void offer_words(const struct at *at, const char *const *words)
{
	while (*words)
		offer(at, *words++, NULL);
}

static void cpu_lists(const struct at *at)
{
	static const char *const words[] = { "isolated", "nohz_full", "housekeeping", "online", NULL };

	offer_words(at, words);
}

static void classes(const struct at *at)
{
	for (unsigned int c = 0; c < IPI_NR_CLASSES; c++)
		offer(at, ipi_class_name(c), NULL);
}

static void event_groups(const struct at *at)
{
	const struct evgroup *g;

	for (unsigned int i = 0; (g = evgroup_row(i)); i++)
		offer(at, g->name, g->help);
}

static void kinds(const struct at *at)
{
	offer_words(at, list_kind_names);
}

static void outcomes(const struct at *at)
{
	offer_words(at, list_outcome_names);
}

static void ways(const struct at *at)
{
	offer_words(at, list_how_names);
}

static void modes(const struct at *at)
{
	offer(at, "all", NULL);
	for (unsigned int i = 0; i < IPITRACE_BENCH_NR_PRIMITIVES; i++)
		offer(at, bench_modes[i].word, NULL);
}

static void targets(const struct at *at)
{
	static const char *const words[] = { "any", "sibling", "llc", "node", "other-node", "others", NULL };

	offer_words(at, words);
}

static void states(const struct at *at)
{
	for (uint32_t i = 0; i < IPITRACE_BENCH_NR_STATES; i++)
		offer(at, bench_state_name(i), NULL);
}

static void user_stacks(const struct at *at)
{
	static const char *const words[] = { "dwarf", "fp", NULL };

	offer_words(at, words);
}

static void times(const struct at *at)
{
	static const char *const words[] = { "delivery", "queue", "func", "handler", "wait", NULL };

	offer_words(at, words);
}

static void keys(const struct at *at)
{
	for (unsigned int i = 0; i < report_nr_columns; i++)
		if (column_is_key(&report_columns[i]))
			offer(at, report_columns[i].id, report_columns[i].help);
}

static void kvm_keys(const struct at *at)
{
	for (unsigned int key = 0; key < KVM_NR_KEYS; key++)
		offer(at, kvm_key_name(key), NULL);
}

static void columns(const struct at *at)
{
	for (unsigned int i = 0; i < report_nr_columns; i++)
		offer(at, report_columns[i].id, report_columns[i].help);
}

static void processes(const struct at *at)
{
	DIR *dir = opendir("/proc");
	const struct dirent *d;

	while (dir && (d = readdir(dir)))
		if (isdigit((unsigned char)d->d_name[0]))
			offer(at, d->d_name, NULL);
	if (dir)
		closedir(dir);
}

static void files(const struct at *at)
{
	(void)at;
	puts("@file");
}

/* By the name that an argument has in the help; what is not here has no words. */
static const struct {
	const char *arg;
	bool list; /* several, separated by commas */
	void (*offer)(const struct at *at);
	const char *of; /* of this option alone, before others of the name; or NULL */
} values[] = {
	{ "KEYS", true, kvm_keys, "kvm" },   { "LIST", true, cpu_lists, NULL },
	{ "NAMES", true, classes, NULL },    { "GROUPS", true, event_groups, NULL },
	{ "KINDS", true, kinds, NULL },	     { "OUTCOMES", true, outcomes, NULL },
	{ "WAYS", true, ways, NULL },	     { "MODES", true, modes, NULL },
	{ "TARGETS", false, targets, NULL }, { "STATE", false, states, NULL },
	{ "WHICH", false, times, NULL },     { "KEYS", true, keys, NULL },
	{ "COLUMNS", true, columns, NULL },  { "COLUMN", false, columns, NULL },
	{ "PIDS", true, processes, NULL },   { "FILE", false, files, NULL },
	{ "HOW", false, user_stacks, NULL },
};

static void complete_value(struct at at, const struct opt *o)
{
	const char *arg = o->arg;
	size_t len;

	if (!strncmp(arg, "[=", 2))
		arg += 2;
	/* "a|b": the words themselves, which are no names of values. */
	for (; islower((unsigned char)*arg); arg += len + (arg[len] != '\0')) {
		char word[64];

		len = strcspn(arg, "|]");
		snprintf(word, sizeof(word), "%.*s", (int)len, arg);
		offer(&at, word, NULL);
	}
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		if (strncmp(values[i].arg, arg, strcspn(arg, "]")) || values[i].arg[strcspn(arg, "]")])
			continue;
		if (values[i].of && (!o->long_name || strcmp(values[i].of, o->long_name)))
			continue;
		at.list = values[i].list ? at.typed : NULL;
		for (const char *p = at.typed; values[i].list && *p; p++)
			if (strchr(",!+", *p))
				at.typed = p + 1;
		at.kept = (int)(at.typed - at.word);
		values[i].offer(&at);
		return;
	}
}

/* The option that a word names, "-C" or "--class"; NULL = none. */
static const struct opt *option_of(const struct opt_spec *spec, const char *word, size_t len)
{
	for (unsigned int g = 0; g < OPT_MAX_GROUPS; g++) {
		const struct opt *o;

		for (unsigned int i = 0; (o = opt_group_row(&spec->groups[g], i)); i++) {
			if (len == 2 && word[0] == '-' && o->short_name && word[1] == o->short_name)
				return o;
			if (len > 2 && !strncmp(word, "--", 2) && o->long_name && strlen(o->long_name) == len - 2 &&
			    !memcmp(word + 2, o->long_name, len - 2))
				return o;
		}
	}
	return NULL;
}

static void offer_option(const struct at *at, const struct opt *o)
{
	char word[64];

	if (o->long_name) {
		snprintf(word, sizeof(word), "--%s", o->long_name);
		offer(at, word, o->help);
	}
	if (o->short_name) {
		snprintf(word, sizeof(word), "-%c", o->short_name);
		offer(at, word, o->help);
	}
}

static void complete_options(const struct at *at, const struct opt_spec *spec)
{
	const struct opt *o;

	for (unsigned int g = 0; g < OPT_MAX_GROUPS; g++)
		for (unsigned int i = 0; (o = opt_group_row(&spec->groups[g], i)); i++)
			offer_option(at, o);
	offer_option(at, &opt_help_row);
}

static void complete_topics(const struct at *at, const struct opt_spec *spec)
{
	for (const struct opt_topic *t = spec->topics; t && t->name; t++)
		offer(at, t->name, NULL);
}

static void complete_of(const struct opt_spec *spec, struct at at, const char *before)
{
	const char *equals = strchr(at.word, '=');
	const struct opt *o;

	if (!strncmp(at.word, "--", 2) && equals) {
		o = option_of(spec, at.word, (size_t)(equals - at.word));
		at.typed = equals + 1;
		at.kept = (int)(at.typed - at.word);
		if (o && o->arg)
			complete_value(at, o);
		return;
	}
	if (spec->topics && (!strcmp(before, "--help") || !strcmp(before, "-h"))) {
		complete_topics(&at, spec);
		return;
	}
	o = option_of(spec, before, strlen(before));
	if (o && o->arg && !opt_value_optional(o))
		complete_value(at, o);
	else if (at.word[0] == '-')
		complete_options(&at, spec);
	else if (spec->max_operands || spec->stop_at_operand)
		files(&at);
}

/* What may be in front of the command, or instead of it, as main.c parses it; value: of --color, a word of its own. */
static void complete_front(struct at at, bool value)
{
	static const char *const words[] = { "--no-pager", "--color", "--help", "--version", "-h", "-V", NULL };
	static const char *const whens[] = { "auto", "always", "never", NULL };
	const char *equals = strncmp(at.word, "--c", 3) ? NULL : strchr(at.word, '=');

	if (!value && equals) {
		at.typed = equals + 1;
		at.kept = (int)(at.typed - at.word);
	}
	if (value || equals)
		offer_words(&at, whens);
	else if (at.word[0] == '-')
		offer_words(&at, words);
}

int complete(const struct cmd *commands, size_t nr, int argc, char **argv)
{
	struct at at = { .word = argc ? argv[argc - 1] : "", .typed = argc ? argv[argc - 1] : "" };
	int first = 0;

	/* What may be in front of the command. */
	while (first < argc - 1 && !strncmp(argv[first], "--", 2)) {
		if (!strncmp(argv[first], "--c", 3) && !strchr(argv[first], '=') && ++first == argc - 1) {
			complete_front(at, true);
			return EXIT_OK;
		}
		first++;
	}
	if (first >= argc - 1 || (!strcmp(argv[first], "help") && first == argc - 2)) {
		for (size_t i = 0; i < nr; i++)
			offer(&at, commands[i].spec->command, commands[i].spec->summary);
		if (first >= argc - 1) {
			offer(&at, "help", "show the help of a command");
			complete_front(at, false);
		}
		return EXIT_OK;
	}
	/* The workload's own words. */
	for (int i = first + 1; i < argc - 1; i++) {
		if (!strcmp(argv[i], "--")) {
			puts(i == argc - 2 ? "@command" : "@file");
			return EXIT_OK;
		}
	}
	for (size_t i = 0; i < nr; i++) {
		if (!strcmp(argv[first], "help") && !strcmp(commands[i].spec->command, argv[first + 1]))
			complete_topics(&at, commands[i].spec);
		if (!strcmp(commands[i].spec->command, argv[first]))
			complete_of(commands[i].spec, at, argv[argc - 2]);
	}
	return EXIT_OK;
}
