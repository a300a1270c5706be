// SPDX-License-Identifier: GPL-2.0-only
/*
 * cmds/running.c - results, workload and verdict of a measurement.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/text.h"
#include "capture/session.h"
#include "cmds/reading.h"
#include "cmds/running.h"

int running_parse_stack(void *target, const char *arg, const struct opt_spec *spec, struct err *err)
{
	(void)spec;
	if (!strcmp(arg, "none"))
		*(uint32_t *)target = SESSION_STACK_NONE;
	else if (!strcmp(arg, "auto"))
		*(uint32_t *)target = SESSION_STACK_AUTO;
	else if (!strcmp(arg, "sends") || !strcmp(arg, "all"))
		*(uint32_t *)target = SESSION_STACK_SENDS;
	else if (!strcmp(arg, "calls"))
		*(uint32_t *)target = SESSION_STACK_CALLS;
	else
		return err_set(err, EXIT_USAGE, "'%s': not one of auto, sends, calls, none", arg);
	return 0;
}

#define OPTION(m) offsetof(struct running_options, m)
const struct opt running_rows[RUNNING_NR_OPTIONS] = {
	{ 0, "save", "FILE", OPT_STRING, OPTION(save),
	  "keep what was read, as record writes it: report tells the same of it", NULL, 0, 0 },
	{ 'm', "buffer", "SIZE", OPT_SIZE, OPTION(buffer_bytes), RUNNING_BUFFER_HELP, NULL, 4 << 10, 1ULL << 40 },
	{ 0, "stack", "auto|sends|calls|none", OPT_CUSTOM, OPTION(stack), RUNNING_STACK_HELP, running_parse_stack, 0,
	  0 },
	{ 0, "no-stack", NULL, OPT_FLAG, OPTION(no_stack), RUNNING_NO_STACK_HELP, NULL, 0, 0 },
	{ 0, "plumbing", "FILE", OPT_CUSTOM, OPTION(plumbing), READING_PLUMBING_HELP, reading_parse_plumbing, 0, 0 },
	{ 0, "wait-all", NULL, OPT_FLAG, OPTION(wait_all), "go on until all that WORKLOAD has started has ended, too",
	  NULL, 0, 0 },
	{ 0, "strict", NULL, OPT_FLAG, OPTION(strict), "exit with 3 if events are missing, whatever WORKLOAD's status",
	  NULL, 0, 0 },
	{ 'q', "quiet", NULL, OPT_FLAG, OPTION(quiet), "nothing on standard error but errors", NULL, 0, 0 },
};

void running_configure(const struct running_options *o, struct live_config *config)
{
	config->wait_all = o->wait_all;
	config->buffer_bytes = o->buffer_bytes;
	config->stack = o->no_stack ? SESSION_STACK_NONE : o->stack;
	config->save = o->save;
}

void running_say(const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	sanitize(text, sizeof(text), text);
	fprintf(stderr, "ipitrace: %s\n", text);
}

/* --- results --- */

FILE *results_create(const char *path, const char *option, struct err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, FILE_PRIVATE);
	FILE *out = fd >= 0 && !file_keep_private(fd) ? fdopen(fd, "w") : NULL;
	uid_t uid;
	gid_t gid;

	if (!out) {
		err_set_errno(err, EXIT_FAILED, errno, "cannot create %s", path);
		err_hint(err, "the directory must exist and be writable; %s FILE names another", option);
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	/* Of a file that is there the owner stays who it was, if not allowed: no matter. */
	if (invoking_user(&uid, &gid) && fchown(fileno(out), uid, gid))
		return out;
	return out;
}

/* Also before it is there: by its name in its directory. */
static bool is_same(const char *a, const char *b)
{
	const char *last_a = strrchr(a, '/'), *last_b = strrchr(b, '/');
	struct stat sa, sb;
	char *dir_a, *dir_b;
	bool same;

	if (!stat(a, &sa) && !stat(b, &sb))
		return sa.st_dev == sb.st_dev && sa.st_ino == sb.st_ino && S_ISREG(sa.st_mode);
	if (strcmp(last_a ? last_a + 1 : a, last_b ? last_b + 1 : b))
		return false;
	dir_a = last_a ? xasprintf("%.*s/", (int)(last_a - a), a) : xstrdup(".");
	dir_b = last_b ? xasprintf("%.*s/", (int)(last_b - b), b) : xstrdup(".");
	same = !stat(dir_a, &sa) && !stat(dir_b, &sb) && sa.st_dev == sb.st_dev && sa.st_ino == sb.st_ino;
	free(dir_a);
	free(dir_b);
	return same;
}

int results_are_apart(const char *path, const char *path_option, const char *other, const char *option, struct err *err)
{
	if (!path || !other || !strcmp(path, "-") || !is_same(path, other))
		return 0;
	err_set(err, EXIT_USAGE, "%s and %s name the same file, %s", path_option, option, other);
	return err_hint(err, "both are written: name two");
}

int results_open(struct results *r, const char *path, const struct screen_options *screen, struct err *err)
{
	r->is_stdout = !path || !strcmp(path, "-");
	r->screen = screen_of_stdout(screen);
	if (r->is_stdout) {
		r->out = stdout;
		return 0;
	}
	r->screen.terminal = false;
	r->screen.width = 0;
	r->screen.colour = screen->colour == COLOUR_ALWAYS;
	r->out = results_create(path, "-o", err);
	return r->out ? 0 : -1;
}

static int write_failed(const struct results *r, struct err *err)
{
	err_set_errno(err, EXIT_FAILED, errno, "cannot write the results%s", r->is_stdout ? " to standard output" : "");
	return err_hint(err, "is it closed, the disk full, or has the reader gone? -o FILE writes them into %s file",
			r->is_stdout ? "a" : "another");
}

int results_flush(struct results *r, struct err *err)
{
	int fd;

	if (!fflush(r->out) && !ferror(r->out))
		return 0;
	write_failed(r, err);
	if (!r->is_stdout)
		return -1;
	/* It is said, once; what is left in the buffer has nowhere to go. */
	fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	if (fd >= 0 && dup2(fd, STDOUT_FILENO) >= 0)
		clearerr(stdout);
	close(fd);
	return -1;
}

int results_close(struct results *r, struct err *err)
{
	FILE *out = r->out;
	bool bad;

	r->out = NULL;
	/* What main() does with standard output holds for every command. */
	if (!out || r->is_stdout)
		return 0;
	bad = ferror(out);
	return fclose(out) || bad ? write_failed(r, err) : 0;
}

/* --- the end --- */

void running_failed(bool has_workload, struct err *err)
{
	if (has_workload && err->code != EXIT_CANNOT_RUN && err->code != EXIT_NOT_FOUND && err->code != EXIT_USAGE)
		err->code = EXIT_CANCELED;
}

static void say_lost(const struct facts *f, uint64_t lost, const char *what, uint64_t buffer_bytes, const char *fewer,
		     struct err *err)
{
	for (unsigned int cpu = 0; cpu < f->nr_cpus; cpu++)
		if (f->lost[cpu])
			fprintf(stderr, "ipitrace: CPU %u lost %llu of %llu event%s\n", cpu,
				(unsigned long long)f->lost[cpu], (unsigned long long)(f->lost[cpu] + f->entries[cpu]),
				plural_s(f->lost[cpu] + f->entries[cpu]));
	err_set(err, EXIT_INCOMPLETE, "%llu event%s %s lost, the %s is incomplete", (unsigned long long)lost,
		plural_s(lost), plural_was(lost), what);
	err_hint(err, "a bigger buffer (-m %lluM), no stacks (--no-stack), or %s",
		 (unsigned long long)((buffer_bytes * 4 + (1 << 20) - 1) >> 20),
		 fewer ? fewer : "fewer targets (-C LIST)");
}

bool running_incomplete(const struct facts *f, const char *what, uint64_t buffer_bytes, const char *fewer,
			struct err *err)
{
	uint64_t lost = 0;

	for (unsigned int cpu = 0; f->lost && cpu < f->nr_cpus; cpu++)
		lost += f->lost[cpu];
	for (unsigned int i = 0; i < f->nr_reasons; i++)
		running_say("%s", f->reasons[i]);
	if (lost)
		say_lost(f, lost, what, buffer_bytes, fewer, err);
	else if (f->nr_reasons)
		err_set(err, EXIT_INCOMPLETE, "the %s is incomplete", what);
	return lost || f->nr_reasons;
}

int running_workload_status(const struct run *r)
{
	/* Told to end because its time was over, and it did: as it should be. */
	if (r->timed_out && workload_killed_by(r->workload, SIGTERM))
		return EXIT_OK;
	return workload_status(r->workload);
}

static bool incomplete(struct live *live, struct err *err)
{
	struct report r;

	report_judge(&r, live_analysis(live));
	if (!running_incomplete(live_facts(live), "measurement", live_buffer_bytes(live), NULL, err))
		return reading_status(&r, err) != EXIT_OK;
	if (r.trace->late_events)
		running_say("%llu event%s came too late to be matched", (unsigned long long)r.trace->late_events,
			    plural_s(r.trace->late_events));
	return true;
}

int running_finish(struct live *live, int ret, bool has_workload, bool strict, struct err *err)
{
	int status = EXIT_OK;

	if (ret)
		running_failed(has_workload, err);
	if (live)
		live_reap(live);
	if (ret)
		return ret;
	if (has_workload)
		status = running_workload_status(live_run(live));
	if (incomplete(live, err) && (!status || strict))
		status = EXIT_INCOMPLETE;
	return status;
}
