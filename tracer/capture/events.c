// SPDX-License-Identifier: GPL-2.0-only
/*
 * capture/events.c - which events a session enables, with which filters and stack triggers.
 *
 * Every event is probed by its format file; no kernel version is ever asked.
 * A filter is only pushed into the kernel where it cannot change how the rest
 * is matched: what a stack of filters here hides is hidden from a report with
 * the same filters too.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tracefs.h>

#include "base/compiler.h"
#include "base/cpuset.h"
#include "base/err.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/parse.h"
#include "capture/priv.h"
#include "capture/standin.h"

#define BIT(c)	       (1u << (c))
#define CLASS_RES      BIT(IPI_CLASS_RESCHEDULE)
#define CLASS_CALL     (BIT(IPI_CLASS_CALL) | BIT(IPI_CLASS_CALL_SINGLE)) /* two vectors, one queue */
#define CLASS_WORK     BIT(IPI_CLASS_IRQ_WORK)
#define CLASS_PLATFORM BIT(IPI_CLASS_PLATFORM)
#define CLASS_ALL      (BIT(IPI_NR_CLASSES) - 1)

#define CALL_HANDLER   "generic_smp_call_function_single_interrupt"
#define FILTER_MAX     4000 /* the kernel takes less than a page */

/* Which field of the event names the target CPU. */
enum target_field {
	TARGET_CPU,	   /* u32 cpu */
	TARGET_MASK,	   /* cpumask cpumask */
	TARGET_MASK_RAISE, /* ipi_raise's target_cpus */
	TARGET_SELF,	   /* the recording CPU */
};

enum event_flags {
	EV_SEND = 0x01,
	EV_CSD = 0x02,
	EV_RECEPTION = 0x04,
	EV_VECTOR = 0x08,      /* x86's own reception events */
	EV_GENERIC = 0x10,     /* only where the machine has no irq_vectors: mute or costly there */
	EV_STACK = 0x20,       /* a stack says who sends */
	EV_STACK_CALLS = 0x40, /* likewise, if stacks of calls are wanted */
	EV_CALLBACK = 0x80,    /* callback tells the class */
	EV_IRQ = 0x100,	       /* of all interrupts: only those named IPI */
	EV_NAMING = 0x200,     /* a probe that names the function of the send to come: whatever its target */
};

struct event_row {
	const char *system, *name;
	enum target_field target;
	unsigned int flags;
	uint32_t classes; /* needed if any of these is wanted */
};

/* Wake-ups without an IPI belong to a queued call or stand for a reschedule: both are needed to tell. */
static const struct event_row event_rows[] = {
	{ "ipi", "ipi_send_cpu", TARGET_CPU, EV_SEND | EV_STACK | EV_CALLBACK, CLASS_ALL },
	{ "ipi", "ipi_send_cpumask", TARGET_MASK, EV_SEND | EV_STACK, CLASS_CALL },
	{ "ipi", "ipi_raise", TARGET_MASK_RAISE, EV_SEND | EV_STACK | EV_GENERIC, CLASS_ALL },
	{ "ipi", "ipi_entry", TARGET_SELF, EV_RECEPTION | EV_GENERIC, CLASS_ALL },
	{ "ipi", "ipi_exit", TARGET_SELF, EV_RECEPTION | EV_GENERIC, CLASS_ALL },
	{ "irq", "irq_handler_entry", TARGET_SELF, EV_RECEPTION | EV_GENERIC | EV_IRQ, CLASS_ALL },
	{ "irq", "irq_handler_exit", TARGET_SELF, EV_RECEPTION | EV_GENERIC | EV_IRQ, CLASS_ALL },
	{ "csd", "csd_queue_cpu", TARGET_CPU, EV_CSD | EV_STACK_CALLS, CLASS_CALL | CLASS_RES },
	{ "csd", "csd_function_entry", TARGET_SELF, EV_CSD, CLASS_CALL },
	{ "csd", "csd_function_exit", TARGET_SELF, EV_CSD, CLASS_CALL },
	{ "irq_vectors", "reschedule_entry", TARGET_SELF, EV_RECEPTION | EV_VECTOR, CLASS_RES },
	{ "irq_vectors", "reschedule_exit", TARGET_SELF, EV_RECEPTION | EV_VECTOR, CLASS_RES },
	{ "irq_vectors", "call_function_entry", TARGET_SELF, EV_RECEPTION | EV_VECTOR, CLASS_CALL },
	{ "irq_vectors", "call_function_exit", TARGET_SELF, EV_RECEPTION | EV_VECTOR, CLASS_CALL },
	{ "irq_vectors", "call_function_single_entry", TARGET_SELF, EV_RECEPTION | EV_VECTOR, CLASS_CALL },
	{ "irq_vectors", "call_function_single_exit", TARGET_SELF, EV_RECEPTION | EV_VECTOR, CLASS_CALL },
	{ "irq_vectors", "irq_work_entry", TARGET_SELF, EV_RECEPTION | EV_VECTOR, CLASS_WORK },
	{ "irq_vectors", "irq_work_exit", TARGET_SELF, EV_RECEPTION | EV_VECTOR, CLASS_WORK },
	{ "irq_vectors", "x86_platform_ipi_entry", TARGET_SELF, EV_RECEPTION | EV_VECTOR, CLASS_PLATFORM },
	{ "irq_vectors", "x86_platform_ipi_exit", TARGET_SELF, EV_RECEPTION | EV_VECTOR, CLASS_PLATFORM },
	{ "sched", "sched_wake_idle_without_ipi", TARGET_CPU, EV_STACK, CLASS_CALL | CLASS_RES },
};

bool session_row(unsigned int idx, struct session_row *row)
{
	const struct event_row *ev = &event_rows[idx];

	if (idx >= ARRAY_SIZE(event_rows))
		return false;
	*row = (struct session_row){
		.system = ev->system,
		.name = ev->name,
		.send = ev->flags & EV_SEND,
		.csd = ev->flags & EV_CSD,
		.reception = ev->flags & EV_RECEPTION,
		.generic = ev->flags & EV_GENERIC,
		.vector = ev->flags & EV_VECTOR,
	};
	return true;
}

const char *session_tier_name(bool send, bool csd, bool reception)
{
	return !send || !reception ? "counts" : csd ? "exact" : "paired";
}

static bool event_exists(const char *system, const char *name)
{
	return tracefs_event_file_exists(NULL, system, name, "format");
}

static void remove_trigger(struct tracefs_instance *inst, const char *system, const char *name)
{
	char *text = tracefs_event_file_read(inst, system, name, "trigger", NULL);

	if (text && text[0] != '#')
		tracefs_event_file_append(inst, system, name, "trigger", "!stacktrace");
	free(text);
}

/* Of every group of ours: a stale instance holds the events of a process that is gone. */
static void remove_standin_triggers(struct tracefs_instance *inst)
{
	char *path = tracefs_instance_get_file(inst, "events");
	DIR *dir = path ? opendir(path) : NULL;
	struct dirent *group, *event;

	while (dir && (group = readdir(dir))) {
		char sub[512];
		DIR *events;

		if (strncmp(group->d_name, STANDIN_GROUP_PREFIX, strlen(STANDIN_GROUP_PREFIX)))
			continue;
		snprintf(sub, sizeof(sub), "%s/%s", path, group->d_name);
		events = opendir(sub);
		while (events && (event = readdir(events)))
			if (event->d_type == DT_DIR && event->d_name[0] != '.')
				remove_trigger(inst, group->d_name, event->d_name);
		if (events)
			closedir(events);
	}
	if (dir)
		closedir(dir);
	tracefs_put_tracing_file(path);
}

void session_remove_triggers(struct tracefs_instance *inst)
{
	for (size_t i = 0; i < ARRAY_SIZE(event_rows); i++)
		if (event_rows[i].flags & (EV_STACK | EV_STACK_CALLS))
			remove_trigger(inst, event_rows[i].system, event_rows[i].name);
	remove_standin_triggers(inst);
}

/* Interrupt numbers whose action is called IPI, as "(irq == 1 || ...)"; "" if there are none. */
static void ipi_irqs(char *buf, size_t len)
{
	DIR *dir = opendir("/sys/kernel/irq");
	struct dirent *d;
	size_t n = 0;

	buf[0] = '\0';
	while (dir && (d = readdir(dir))) {
		char path[300];
		char *text;
		uint64_t irq;

		if (parse_u64(d->d_name, &irq, NULL))
			continue;
		snprintf(path, sizeof(path), "/sys/kernel/irq/%s/actions", d->d_name);
		text = read_file(path, NULL);
		if (text && strstr(text, "IPI") && n + 40 < len)
			n += (size_t)snprintf(buf + n, len - n, "%sirq == %u", n ? " || " : "(", (unsigned int)irq);
		free(text);
	}
	if (dir)
		closedir(dir);
	if (n)
		snprintf(buf + n, len - n, ")");
}

/* ipi_send_cpu bears no class, but its callback does: NULL, the call handler, or an irq_work's function. */
static const char *callback_filter(uint32_t classes)
{
	bool res = classes & CLASS_RES, call = classes & CLASS_CALL, work = classes & CLASS_WORK;

	/* The blank after a function's name is needed: the kernel looks for white space only. */
	if (res && call && work)
		return NULL;
	if (res && call)
		return "(callback == 0 || callback.function == " CALL_HANDLER " )";
	if (res && work)
		return "callback.function != " CALL_HANDLER " ";
	if (call && work)
		return "callback != 0";
	if (res)
		return "callback == 0";
	if (call)
		return "callback.function == " CALL_HANDLER " ";
	return "(callback != 0 && callback.function != " CALL_HANDLER " )";
}

/* cpu & CPUS{1,3}, or before kernel 6.6 (cpu == 1 || cpu == 3); false if it cannot be said. */
static bool target_filter(const struct event_row *row, const struct cpuset *cpus, bool modern, char *buf, size_t len)
{
	static const char *const field[] = {
		[TARGET_CPU] = "cpu",
		[TARGET_MASK] = "cpumask",
		[TARGET_MASK_RAISE] = "target_cpus",
		[TARGET_SELF] = "CPU",
	};
	size_t n;

	if (modern) {
		n = (size_t)snprintf(buf, len, "%s & CPUS{", field[row->target]);
		cpuset_format(cpus, buf + n, len - n - 2);
		n += strlen(buf + n);
		snprintf(buf + n, len - n, "}");
		return true;
	}
	if (row->target != TARGET_CPU && row->target != TARGET_SELF)
		return false;
	n = 0;
	for (unsigned int cpu = 0; cpu < cpus->nr_words * 64; cpu++) {
		if (!cpuset_has(cpus, cpu))
			continue;
		if (len - n < 40)
			return false;
		n += (size_t)snprintf(buf + n, len - n, "%s%s == %u", n ? " || " : "(", field[row->target], cpu);
	}
	snprintf(buf + n, len - n, ")");
	return true;
}

static bool try_filter(struct session *s, const struct event_row *row, const char *a, const char *b, const char *c,
		       char *used, size_t len)
{
	const char *parts[] = { a, b, c };
	size_t n = 0;

	used[0] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (parts[i] && parts[i][0] && n < len)
			n += (size_t)snprintf(used + n, len - n, "%s(%s )", n ? " && " : "", parts[i]);
	if (n >= len)
		return false;
	if (!n)
		return true;
	if (tracefs_event_file_write(s->inst, row->system, row->name, "filter", used) >= 0)
		return true;
	/* A refused filter stays readable with the kernel's complaint, though it filters nothing. */
	tracefs_event_file_write(s->inst, row->system, row->name, "filter", "0");
	used[0] = '\0';
	return false;
}

/*
 * The narrowest filter that this kernel takes. used: its text, "" if none, for
 * the trigger of the same event. Clears s->filtered if a reception event stays unfiltered.
 */
static void set_filter(struct session *s, const struct session_config *config, const struct event_row *row,
		       uint32_t classes, char *used, size_t len)
{
	const char *callback = row->flags & EV_CALLBACK ? callback_filter(classes) : NULL;
	char irqs[FILTER_MAX / 2] = "", target[FILTER_MAX / 2] = "";

	used[0] = '\0';
	if (row->flags & EV_NAMING)
		return;
	if (row->flags & EV_IRQ)
		ipi_irqs(irqs, sizeof(irqs));
	for (int modern = 1; config->target_cpus && modern >= 0; modern--) {
		if (!target_filter(row, config->target_cpus, modern, target, sizeof(target)))
			continue;
		if (try_filter(s, row, target, callback, irqs, used, len) ||
		    try_filter(s, row, target, NULL, irqs, used, len))
			return;
	}
	if (config->target_cpus && row->target == TARGET_SELF)
		s->filtered = false;
	if (!try_filter(s, row, NULL, callback, irqs, used, len))
		try_filter(s, row, NULL, NULL, irqs, used, len);
}

/*
 * A trigger fires after the event, even where the event's filter threw the
 * event away: so it bears the same filter.
 */
static int set_stack_trigger(struct session *s, const struct event_row *row, const char *filter, struct err *err)
{
	char text[FILTER_MAX + 32];

	snprintf(text, sizeof(text), filter[0] ? "stacktrace if %s" : "stacktrace%s", filter);
	errno = 0;
	if (tracefs_event_file_append(s->inst, row->system, row->name, "trigger", text) < 0) {
		err_set_errno(err, EXIT_FAILED, errno ? errno : EINVAL, "cannot set a stack trigger on %s:%s",
			      row->system, row->name);
		return err_hint(err, "record without stacks: --no-stack");
	}
	return 0;
}

static bool wants_stack(const struct session_config *config, const struct event_row *row, bool has_send_events)
{
	if (config->stack == SESSION_STACK_NONE)
		return false;
	if (row->flags & EV_STACK_CALLS)
		return config->stack == SESSION_STACK_CALLS;
	/* Where both tell of one IPI, one stack is enough. */
	if (row->target == TARGET_MASK_RAISE && has_send_events)
		return false;
	return row->flags & EV_STACK;
}

static int enable_event(struct session *s, const struct session_config *config, const struct event_row *row,
			uint32_t classes, bool has_send_events, struct err *err)
{
	char filter[FILTER_MAX];

	set_filter(s, config, row, classes, filter, sizeof(filter));
	if (wants_stack(config, row, has_send_events) && set_stack_trigger(s, row, filter, err))
		return -1;
	errno = 0;
	if (tracefs_event_enable(s->inst, row->system, row->name)) {
		err_set_errno(err, EXIT_FAILED, errno ? errno : EACCES, "cannot enable %s:%s", row->system, row->name);
		return err_hint(err, "events need root and a kernel that is not locked down");
	}
	return 0;
}

static int no_events(struct err *err)
{
	err_set(err, EXIT_FAILED, "this kernel has no events of IPIs");
	return err_hint(err, "needed are events/ipi and events/csd (Linux 6.5 and later), "
			     "or events/irq_vectors, or on arm64 events/ipi/ipi_raise");
}

/* Where the kernel has no send events: probes of the functions that send, and of those that know the function. */
static int enable_standins(struct session *s, const struct session_config *config, uint32_t classes, unsigned int roles,
			   unsigned int *present, struct err *err)
{
	const struct standin_event *ev;
	struct err why = { 0 };
	unsigned int nr;

	if (standin_install(&s->standin, roles, session_nr_cpus(s), &why)) {
		session_note(s, "no send events and no probes in their place: %s", why.msg);
		return 0;
	}
	ev = standin_events(s->standin, &nr);
	for (unsigned int i = 0; i < nr; i++) {
		struct event_row row = {
			.system = standin_group(),
			.name = ev[i].name,
			.classes = ev[i].classes,
			.target = ev[i].role == STANDIN_SEND_MASK ? TARGET_MASK :
				  ev[i].role == STANDIN_SEND_SELF ? TARGET_SELF :
								    TARGET_CPU,
			.flags = ev[i].role == STANDIN_CALL ? EV_NAMING : EV_SEND | EV_STACK,
		};

		if (!ev[i].installed)
			continue;
		*present |= row.flags;
		s->events[s->nr_events++] = (struct session_event){ row.system, row.name };
		if ((row.classes & classes) && enable_event(s, config, &row, classes, false, err))
			return -1;
	}
	return 0;
}

/* What has to be stood in for, given what the kernel has. */
unsigned int session_standin_roles(bool has_send, bool has_raise, bool has_vectors)
{
	if (has_send)
		return 0;
	/* x86 lists ipi_raise on some kernels and never fires it; elsewhere it is a send event, without a function. */
	return has_raise && !has_vectors ? STANDIN_CALL : STANDIN_SENDS | STANDIN_CALL;
}

int session_enable_events(struct session *s, const struct session_config *config, struct err *err)
{
	uint32_t classes = config->classes ? config->classes : CLASS_ALL;
	bool has_send = event_exists("ipi", "ipi_send_cpu");
	bool has_vectors = event_exists("irq_vectors", "reschedule_entry");
	unsigned int present = 0, roles;

	s->events = xcalloc(ARRAY_SIZE(event_rows) + STANDIN_NR_EVENTS, sizeof(*s->events));
	s->filtered = config->target_cpus != NULL;
	for (size_t i = 0; i < ARRAY_SIZE(event_rows); i++) {
		const struct event_row *row = &event_rows[i];

		if (!event_exists(row->system, row->name) || (row->flags & EV_GENERIC && has_vectors))
			continue;
		present |= row->flags;
		/* Listed even if not wanted: the tier is what the kernel offers. */
		s->events[s->nr_events++] = (struct session_event){ row->system, row->name };
		if ((row->classes & classes) && enable_event(s, config, row, classes, has_send, err))
			return -1;
	}
	roles = session_standin_roles(has_send, event_exists("ipi", "ipi_raise"), has_vectors);
	if (roles && enable_standins(s, config, classes, roles, &present, err))
		return -1;
	if (!(present & (EV_SEND | EV_RECEPTION)))
		return no_events(err);
	s->tier = session_tier_name(present & EV_SEND, present & EV_CSD, present & EV_RECEPTION);
	return 0;
}
