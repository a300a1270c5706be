// SPDX-License-Identifier: GPL-2.0-only
/*
 * record/run.c - tracing on, the workload goes, tracing off, the workload ends.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/cpuset.h"
#include "base/err.h"
#include "base/mem.h"
#include "capture/signals.h"
#include "record/run.h"

#define PATIENCE_NS (2 * NS_PER_S) /* before a workload that was told to end is told so again */
#define GRACE_NS    (5 * NS_PER_S) /* before one whose time was over is killed */

static char *append(char *at, const char *text, size_t len)
{
	return (char *)memcpy(at, text, len) + len;
}

/* Room for the worst: every character a quote. */
char *run_command_line(char **argv)
{
	size_t room = sizeof("ipitrace");
	char *all, *at;

	for (char **arg = argv; *arg; arg++)
		room += strlen(*arg) * 4 + 3;
	all = xmalloc(room);
	at = append(all, "ipitrace", strlen("ipitrace"));
	for (; *argv; argv++) {
		const char *arg = *argv;

		*at++ = ' ';
		if (*arg && !strpbrk(arg, " \t\n'\"\\$`*?[]{}()<>|&;#~!")) {
			at = append(at, arg, strlen(arg));
			continue;
		}
		*at++ = '\'';
		for (; *arg; arg++)
			at = *arg == '\'' ? append(at, "'\\''", 4) : append(at, arg, 1);
		*at++ = '\'';
	}
	*at = '\0';
	return all;
}

void run_say_notes(const struct run *r, const struct session *s)
{
	const char *p = session_notes(s);

	while (*p) {
		size_t len = strcspn(p, "\n");

		r->say("%.*s", (int)len, p);
		p += len + 1;
	}
}

void run_warn_offline(const struct run *r, const struct ipi_filter *f)
{
	struct cpuset off = { 0 };
	struct machine_cpus m;
	char *list;

	machine_cpus_read(&m);
	/* Those that are not even there are only of a list that leaves others out. */
	for (unsigned int cpu = 0; cpu < machine_nr_cpus(); cpu++)
		if (cpuset_has(&f->target_cpus.set, cpu) && !cpuset_has(&m.online, cpu))
			cpuset_add(&off, cpu);
	list = cpuset_text(&off);
	if (list[0])
		r->say("warning: CPU %s of -C is offline: nothing can be recorded there", list);
	free(list);
	cpuset_free(&off);
	machine_cpus_free(&m);
}

/* --- tracing --- */

int run_start(struct recording *rec, struct err *err)
{
	if (recording_snap(rec, FACTS_OUTER0, err) || session_start(rec->session, err))
		return -1;
	rec->facts.on_ns = signals_now_ns(); /* CLOCK_MONOTONIC, as the trace clock, or what its stamps become */
	if (rec->clock)
		rec->tsc[0] = tsc_now();
	return recording_snap(rec, FACTS_INNER0, err);
}

int run_release(struct run *r, struct err *err)
{
	return r->workload ? workload_release(r->workload, err) : 0;
}

bool run_is_over(struct run *r, uint64_t end_ns)
{
	if (signals_got() || (r->workload && workload_ended(r->workload)))
		return true;
	r->timed_out = signals_now_ns() >= end_ns;
	return r->timed_out;
}

void run_tell_workload(const struct run *r)
{
	int sig = signals_got();

	if (!r->workload || workload_ended(r->workload) || (!sig && !r->timed_out))
		return;
	if (sig && signals_from_terminal())
		workload_signal(r->workload, SIGCONT); /* it has got the signal; one that is stopped shall see it */
	else if (sig == SIGINT || sig == SIGQUIT || sig == SIGHUP)
		workload_signal(r->workload, sig);
	else
		workload_signal(r->workload, SIGTERM);
}

int run_stop(struct run *r, struct recording *rec, bool failed, struct err *err)
{
	struct err late = { 0 };
	int ret = failed ? -1 : 0;

	if (!ret)
		recording_verify(rec);
	if (!ret)
		ret = recording_snap(rec, FACTS_INNER1, err);
	if (rec->clock)
		rec->tsc[1] = tsc_now();
	rec->facts.off_ns = signals_now_ns();
	session_stop(rec->session);
	if (recording_snap(rec, FACTS_OUTER1, &late) && !ret) {
		*err = late;
		ret = -1;
	}
	run_tell_workload(r);
	return ret;
}

/* --- after --- */

/* Whose time is over gets a grace period; whom a signal ended waits for the user's next. */
static void urge_workload(struct run *r, bool *told)
{
	if (r->timed_out) {
		r->say("the workload did not end within %llu s after SIGTERM: killed",
		       (unsigned long long)(GRACE_NS / NS_PER_S));
		r->killed = true;
		return;
	}
	if (*told)
		return;
	r->say("waiting for the workload to end; Ctrl-C kills it");
	/* Shells ignore the SIGINT of one who is not at their terminal. */
	if (signals_got() && !signals_from_terminal())
		workload_signal(r->workload, SIGTERM);
	*told = true;
}

void run_reap_workload(struct run *r)
{
	uint64_t patience = signals_now_ns() + (r->timed_out ? GRACE_NS : PATIENCE_NS);
	bool told = false;
	sigset_t block;
	char name[64];
	unsigned int left;

	if (!r->workload || !workload_released(r->workload))
		return;
	sigemptyset(&block);
	sigaddset(&block, SIGCHLD);
	sigprocmask(SIG_BLOCK, &block, NULL);
	signals_stopping();
	while (!workload_ended(r->workload)) {
		if (*signals_abort_flag())
			r->killed = true;
		else if (!r->killed && signals_now_ns() >= patience)
			urge_workload(r, &told);
		if (r->killed)
			workload_signal(r->workload, SIGKILL);
		signals_sleep_ns(told ? NS_PER_S : PATIENCE_NS / 20);
	}
	left = workload_left(r->workload, name, sizeof(name));
	if (left)
		r->say("the workload left %u process%s running (%s%s); --wait-all records until they end", left,
		       left == 1 ? "" : "es", name, left == 1 ? "" : ", ...");
}
