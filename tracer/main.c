// SPDX-License-Identifier: GPL-2.0-only
/*
 * main.c - command table, dispatch, error printing, exit code.
 *
 * The only place where the error of a failed command is printed. A command's
 * exit code is what it returns, or err->code; see cmds/cmd.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/text.h"
#include "cmds/cmd.h"
#include "cmds/pager.h"

static const struct cmd commands[] = {
	{ &record_spec, cmd_record }, { &report_spec, cmd_report }, { &list_spec, cmd_list },
	{ &diff_spec, cmd_diff },     { &merge_spec, cmd_merge },   { &export_spec, cmd_export },
	{ &probe_spec, cmd_probe },   { &bench_spec, cmd_bench },   { &stat_spec, cmd_stat },
	{ &check_spec, cmd_check },   { &top_spec, cmd_top },
};

static const struct cmd *find_command(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(commands[i].spec->command, name))
			return &commands[i];
	return NULL;
}

static void usage(FILE *out)
{
	char left[32];

	fputs("Usage: ipitrace COMMAND [options]\n\n"
	      "Record inter-processor interrupts, match every one, report who sends them.\n\n"
	      "Commands:\n",
	      out);
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		snprintf(left, sizeof(left), "  %s", commands[i].spec->command);
		help_wrapped(out, left, 12, 0, commands[i].spec->summary);
	}
	fputs("  help      show the help of a command\n\n", out);
	help_wrapped(out, "", 0, 0,
		     "'ipitrace COMMAND --help' lists the options of a command; 'ipitrace --version' the version.");
	fputs("Exit status: 0 ok, 1 failed, 2 usage, 3 done but incomplete (events lost),\n"
	      "4 a limit was exceeded, 5 bench --trace: tracer and truth disagree.\n",
	      out);
}

/* Where who knows the error had no advice. */
static void general_hint(const char *command, struct err *err)
{
	switch (err->code) {
	case EXIT_USAGE:
		if (command)
			err_hint(err, "'ipitrace %s --help' lists the options", command);
		else
			err_hint(err, "'ipitrace help' lists the commands");
		break;
	case EXIT_INCOMPLETE:
		err_hint(err, "what is there was matched; the last lines of 'ipitrace report' say what is missing");
		break;
	case EXIT_FAILED:
	case EXIT_CANCELED:
		err_hint(err,
			 "if neither permissions, room nor limits (ulimit -a) explain it, please report it as a bug");
		break;
	}
}

static void print_error(const char *command, struct err *err)
{
	char text[sizeof(err->msg)];

	if (!err->hint[0])
		general_hint(command, err);

	fflush(stdout);
	sanitize(text, sizeof(text), err->msg);
	if (command)
		fprintf(stderr, "ipitrace: %s: %s\n", command, text);
	else
		fprintf(stderr, "ipitrace: %s\n", text);
	sanitize(text, sizeof(text), err->hint);
	if (text[0])
		fprintf(stderr, "hint: %s\n", text);
}

static int unknown_command(const char *name, struct err *err)
{
	struct suggestion near = suggestion_for(name, strlen(name));

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		suggestion_offer(&near, commands[i].spec->command);
	err_set(err, EXIT_USAGE, "unknown command '%s'", name);
	if (near.word)
		return err_hint(err, "did you mean %s?", near.word);
	return err_hint(err, "'ipitrace help' lists the commands");
}

static int help(int argc, char **argv, struct err *err)
{
	const struct cmd *cmd;
	int topic;

	if (argc < 2) {
		usage(stdout);
		return EXIT_OK;
	}
	cmd = find_command(argv[1]);
	if (!cmd)
		return unknown_command(argv[1], err);
	if (argc > 3) {
		err_set(err, EXIT_USAGE, "unexpected argument '%s'", argv[3]);
		return err_hint(err, "usage: ipitrace help COMMAND [TOPIC]");
	}
	if (argc < 3)
		return opts_finish(cmd->spec, OPTS_HELP);
	topic = opts_topic(cmd->spec, argv[2]);
	if (topic >= 0)
		return opts_finish(cmd->spec, OPTS_HELP_TOPIC + topic);
	return opts_no_topic(cmd->spec, argv[2], err);
}

/* For tests of help and man pages: the names, or the options of one command. */
static int list_options(int argc, char **argv, struct err *err)
{
	const struct cmd *cmd;

	if (argc < 2) {
		for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
			printf("%s\t%s\n", commands[i].spec->command, commands[i].spec->summary);
		return EXIT_OK;
	}
	cmd = find_command(argv[1]);
	if (!cmd)
		return unknown_command(argv[1], err);
	opts_list(cmd->spec, stdout);
	return EXIT_OK;
}

static bool has_option(const struct opt_spec *spec, const char *name, size_t len)
{
	for (unsigned int g = 0; g < OPT_MAX_GROUPS; g++) {
		const struct opt *o;

		for (unsigned int i = 0; (o = opt_group_row(&spec->groups[g], i)); i++)
			if (o->long_name && strlen(o->long_name) == len && !memcmp(o->long_name, name, len))
				return true;
	}
	return false;
}

/* "--no-pager", or any beginning of it: the option that a word in front of the command is; NULL = none of those. */
static const char *global_option(const char *word)
{
	static const char *const names[] = { "no-pager", "color" };
	size_t len = strncmp(word, "--", 2) ? 0 : strcspn(word + 2, "=");

	for (size_t i = 0; len && i < ARRAY_SIZE(names); i++)
		if (!strncmp(names[i], word + 2, len))
			return names[i];
	return NULL;
}

/*
 * What git takes in front of the command, too: --no-pager, --color WHEN. Moves
 * the command to the front; which of these it has not, it needs not. Returns
 * the number of words that are to be left out.
 */
static int globals_behind(int argc, char **argv)
{
	static char color[64];
	const struct cmd *cmd;
	bool no_pager = false;
	int nr = 1, left;

	for (const char *name; nr < argc && (name = global_option(argv[nr])); nr++) {
		const char *value = strchr(argv[nr], '=');

		if (!strcmp(name, "no-pager") && !value) {
			no_pager = true;
			continue;
		}
		if (!value && nr + 1 >= argc)
			break;
		snprintf(color, sizeof(color), "--%s=%s", name, value ? value + 1 : argv[++nr]);
	}
	cmd = nr > 1 && nr < argc ? find_command(argv[nr]) : NULL;
	if (!cmd)
		return nr - 1;
	/* As many words as are needed, of those that were there. */
	left = nr;
	if (no_pager && has_option(cmd->spec, "no-pager", strlen("no-pager")))
		argv[left--] = (char *)"--no-pager";
	if (color[0] && has_option(cmd->spec, color + 2, strcspn(color + 2, "=")))
		argv[left--] = color;
	argv[left] = (char *)cmd->spec->command;
	return left - 1;
}

static int dispatch(int argc, char **argv, const char **command, struct err *err)
{
	const struct cmd *cmd;
	const char *name;
	int skip = globals_behind(argc, argv);

	argc -= skip;
	argv += skip;
	if (argc < 2) {
		err_set(err, EXIT_USAGE, "no command given");
		return err_hint(err, "'ipitrace help' lists the commands");
	}
	name = argv[1];
	if (!strcmp(name, "--version") || !strcmp(name, "-V")) {
		puts("ipitrace " IPITRACE_VERSION);
		return EXIT_OK;
	}
	if (!strcmp(name, "help") || !strcmp(name, "--help") || !strcmp(name, "-h"))
		return help(argc - 1, argv + 1, err);
	if (!strcmp(name, "--list-options"))
		return list_options(argc - 1, argv + 1, err);
	if (!strcmp(name, "--complete"))
		return complete(commands, ARRAY_SIZE(commands), argc - 2, argv + 2);
	if (name[0] == '-') {
		err_set(err, EXIT_USAGE, "unknown option %s", name);
		return err_hint(err, "options follow the command: 'ipitrace help'");
	}
	cmd = find_command(name);
	if (!cmd)
		return unknown_command(name, err);
	*command = name;
	return cmd->run(argc - 1, argv + 1, err);
}

/* The next file that is opened would be in the place of one that is closed, and get what is meant for that. */
static void keep_places(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0)
			return;
}

int main(int argc, char **argv)
{
	struct err err = { 0 };
	const char *command = NULL;
	int ret;

	keep_places();
	signal(SIGXFSZ, SIG_IGN); /* a file size limit is an error of write() */
	setlocale(LC_CTYPE, "");  /* only whether the terminal takes UTF-8; numbers stay as in C */
	ret = dispatch(argc, argv, &command, &err);
	pager_finish();
	if (ret < 0)
		ret = err.code ? err.code : EXIT_FAILED;
	if (err.msg[0])
		print_error(command, &err);
	/* A report cut short by a full disk is not a report. */
	if (fflush(stdout) || ferror(stdout)) {
		err_set_errno(&err, EXIT_FAILED, errno, "cannot write to standard output");
		err_hint(&err, "is it closed, the disk full, or has the reader gone?");
		print_error(command, &err);
		if (ret == EXIT_OK)
			ret = EXIT_FAILED;
	}
	return ret;
}
