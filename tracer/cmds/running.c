// SPDX-License-Identifier: GPL-2.0-only
/*
 * cmds/running.c - results, workload and verdict of a measurement.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/text.h"
#include "capture/session.h"
#include "cmds/running.h"

int running_parse_stack(void *target, const char *arg, const struct opt_spec *spec, struct err *err)
{
	(void)spec;
	if (!strcmp(arg, "none"))
		*(uint32_t *)target = SESSION_STACK_NONE;
	else if (!strcmp(arg, "sends"))
		*(uint32_t *)target = SESSION_STACK_SENDS;
	else if (!strcmp(arg, "calls"))
		*(uint32_t *)target = SESSION_STACK_CALLS;
	else
		return err_set(err, EXIT_USAGE, "'%s': not one of none, sends, calls", arg);
	return 0;
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

int results_open(struct results *r, const char *path, const struct screen_options *screen, struct err *err)
{
	uid_t uid;
	gid_t gid;

	r->is_stdout = !path || !strcmp(path, "-");
	r->screen = screen_of_stdout(screen);
	if (r->is_stdout) {
		r->out = stdout;
		return 0;
	}
	r->screen.terminal = false;
	r->screen.width = 0;
	r->screen.colour = screen->colour == COLOUR_ALWAYS;
	r->out = fopen(path, "we");
	if (!r->out) {
		err_set_errno(err, EXIT_FAILED, errno, "cannot create %s", path);
		return err_hint(err, "the directory must exist and be writable; -o FILE names another");
	}
	/* Of a file that is there the owner stays who it was, if not allowed: no matter. */
	if (invoking_user(&uid, &gid) && fchown(fileno(r->out), uid, gid))
		return 0;
	return 0;
}

static int write_failed(const struct results *r, struct err *err)
{
	return err_set_errno(err, EXIT_FAILED, errno, "cannot write the results%s",
			     r->is_stdout ? " to standard output" : "");
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
			fprintf(stderr, "ipitrace: CPU %u lost %llu of %llu events\n", cpu,
				(unsigned long long)f->lost[cpu], (unsigned long long)(f->lost[cpu] + f->entries[cpu]));
	err_set(err, EXIT_INCOMPLETE, "%llu events were lost, the %s is incomplete", (unsigned long long)lost, what);
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
