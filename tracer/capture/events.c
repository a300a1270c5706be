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
#include <unistd.h>

#include "base/compiler.h"
#include "base/cpuset.h"
#include "base/err.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/parse.h"
#include "capture/priv.h"
#include "capture/standin.h"

#define FILTER_MAX 4000 /* the kernel takes less than a page */

/* An event and the system that it is in here: the group of our probes bears a pid. */
struct armed {
	const char *system;
	const struct kevent *kev;
};

static void log_event(struct session *s, const struct armed *ev, const char *file, const char *text, int errnum)
{
	char path[160];

	snprintf(path, sizeof(path), "events/%s/%s/%s", ev->system, ev->kev->name, file);
	session_log(s, path, text, errnum);
}

const struct kevent *session_kevent(unsigned int *idx)
{
	const struct kevent *kev;

	do
		kev = kevent_row((*idx)++);
	while (kev && OP_BIT(kev->op) & (OPS_PROBES | OPS_ASKED | OP_BIT(OP_STACK)));
	return kev;
}

bool session_kevent_exists(const struct kevent *kev)
{
	char path[256];

	/* No library: one without memory would say that the kernel has no such event. */
	snprintf(path, sizeof(path), "%s/events/%s/%s/format", tracefs_tracing_dir(), kev->system, kev->name);
	return !access(path, F_OK);
}

uint32_t session_ops_present(void)
{
	const struct kevent *kev;
	uint32_t ops = 0;

	for (unsigned int i = 0; (kev = session_kevent(&i));)
		if (session_kevent_exists(kev))
			ops |= OP_BIT(kev->op);
	return ops;
}

/* A stack says who sends. */
static bool takes_stacks(const struct kevent *kev)
{
	return OP_BIT(kev->op) & (OPS_SENDS | OP_BIT(OP_WAKE) | OP_BIT(OP_QUEUE));
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
	const struct kevent *kev;

	for (unsigned int i = 0; (kev = session_kevent(&i));)
		if (takes_stacks(kev))
			remove_trigger(inst, kev->system, kev->name);
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
	bool res = classes & IPI_CLASS_BIT(IPI_CLASS_RESCHEDULE), call = classes & IPI_CLASSES_CALL;
	bool work = classes & IPI_CLASS_BIT(IPI_CLASS_IRQ_WORK);

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

char *session_target_filter(const struct kevent *kev, const struct cpuset *cpus, bool modern)
{
	const char *field = kev->target == TARGET_SELF ? "CPU" :
			    kev->target == TARGET_CPU  ? "cpu" :
			    kev->op == OP_RAISE	       ? "target_cpus" :
							 "cpumask";
	unsigned int last;
	char *text, *list;
	size_t len;
	FILE *out;

	if (kev->target == TARGET_NONE)
		return NULL;
	if (modern) {
		list = cpuset_text(cpus);
		text = xasprintf("%s & CPUS{%s}", field, list);
		free(list);
		return text;
	}
	if (kev->target == TARGET_MASK)
		return NULL;
	out = open_memstream(&text, &len);
	if (!out)
		return NULL;
	for (unsigned int cpu = 0; cpu < cpus->nr_words * 64; cpu = last + 1) {
		last = cpu;
		if (!cpuset_has(cpus, cpu))
			continue;
		while (cpuset_has(cpus, last + 1))
			last++;
		fputs(ftell(out) ? " || " : "(", out);
		if (last == cpu)
			fprintf(out, "%s == %u", field, cpu);
		else
			fprintf(out, "(%s >= %u && %s <= %u)", field, cpu, field, last);
	}
	fputc(')', out);
	fclose(out);
	return text;
}

static bool try_filter(struct session *s, const struct armed *ev, const char *a, const char *b, const char *c,
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
	if (tracefs_event_file_write(s->main.tfs, ev->system, ev->kev->name, "filter", used) >= 0) {
		log_event(s, ev, "filter", used, 0);
		return true;
	}
	log_event(s, ev, "filter", used, errno ? errno : EINVAL);
	/* A refused filter stays readable with the kernel's complaint, though it filters nothing. */
	tracefs_event_file_write(s->main.tfs, ev->system, ev->kev->name, "filter", "0");
	used[0] = '\0';
	return false;
}

/*
 * The narrowest filter that this kernel takes. used: its text, "" if none, for
 * the trigger of the same event. Clears s->filtered if a reception event stays unfiltered.
 */
static void set_filter(struct session *s, const struct session_config *config, const struct armed *ev, uint32_t classes,
		       char *used, size_t len)
{
	const char *callback = ev->kev->op == OP_SEND_CPU ? callback_filter(classes) : NULL;
	char irqs[FILTER_MAX / 2] = "";

	used[0] = '\0';
	/* It names the function of the send to come, whatever its target. */
	if (ev->kev->op == OP_PROBE_CALL)
		return;
	if (OP_BIT(ev->kev->op) & (OP_BIT(OP_HANDLER_ENTRY) | OP_BIT(OP_HANDLER_EXIT)))
		ipi_irqs(irqs, sizeof(irqs));
	for (int modern = 1; config->target_cpus && modern >= 0; modern--) {
		char *target = session_target_filter(ev->kev, config->target_cpus, modern);
		bool done = target && (try_filter(s, ev, target, callback, irqs, used, len) ||
				       try_filter(s, ev, target, NULL, irqs, used, len));

		free(target);
		if (done)
			return;
	}
	if (config->target_cpus && ev->kev->target == TARGET_SELF)
		s->filtered = false;
	if (!try_filter(s, ev, NULL, callback, irqs, used, len))
		try_filter(s, ev, NULL, NULL, irqs, used, len);
}

/*
 * A trigger fires after the event, even where the event's filter threw the
 * event away: so it bears the same filter. known: bit per function of
 * config->known whose call sites get no stack. 0, or the kernel's errno.
 */
static int try_trigger(struct session *s, const struct session_config *config, const struct armed *ev,
		       const char *filter, uint32_t known)
{
	char text[FILTER_MAX + 512];
	size_t n = (size_t)snprintf(text, sizeof(text), "stacktrace%s%s", filter[0] ? " if " : "", filter);
	int errnum = 0;

	/* The blank after a function's name is needed, as in callback_filter(). */
	for (unsigned int i = 0; known >> i && n < sizeof(text); i++)
		if (known >> i & 1)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s(callsite.function != %s )",
					      strstr(text, " if ") ? " && " : " if ", config->known[i]);
	if (n >= sizeof(text))
		return E2BIG;
	errno = 0;
	if (tracefs_event_file_append(s->main.tfs, ev->system, ev->kev->name, "trigger", text) < 0)
		errnum = errno ? errno : EINVAL;
	log_event(s, ev, "trigger", text, errnum);
	return errnum;
}

/*
 * The kernel refuses a filter that names a function which it does not have (kernel/trace/trace_events_filter.c), and
 * before 6.5 all that name any. A refused trigger costs it grace periods, a refused filter nothing: so each function is
 * tried in the filter of an event, once, in the instance in which these events are never enabled.
 */
static uint32_t find_known(struct session *s, const struct session_config *config)
{
	static const struct {
		const char *system, *name, *field;
	} trials[SESSION_MAX_KNOWN] = {
		{ "ipi", "ipi_send_cpu", "callsite" },
		{ "ipi", "ipi_send_cpumask", "callsite" },
		{ "csd", "csd_queue_cpu", "callsite" },
		{ "csd", "csd_function_entry", "func" },
	};
	uint32_t known = 0;

	for (unsigned int i = 0; s->exits.tfs && i < config->nr_known && i < SESSION_MAX_KNOWN; i++) {
		char text[160];

		/* The blank after a function's name is needed, as in callback_filter(). */
		snprintf(text, sizeof(text), "%s.function != %s ", trials[i].field, config->known[i]);
		if (tracefs_event_file_write(s->exits.tfs, trials[i].system, trials[i].name, "filter", text) >= 0)
			known |= 1u << i;
	}
	return known;
}

static bool leave_known_out(struct session *s, const struct session_config *config, const struct armed *ev,
			    const char *filter)
{
	if (!s->known || !(OP_BIT(ev->kev->op) & (OP_BIT(OP_SEND_CPU) | OP_BIT(OP_SEND_MASK))))
		return false;
	if (!try_trigger(s, config, ev, filter, s->known))
		return true;
	s->known = 0; /* what one event refuses, the other does */
	return false;
}

static int set_stack_trigger(struct session *s, const struct session_config *config, const struct armed *ev,
			     const char *filter, struct err *err)
{
	int errnum;

	if (leave_known_out(s, config, ev, filter))
		return 0;
	errnum = try_trigger(s, config, ev, filter, 0);
	if (!errnum)
		return 0;
	err_set_errno(err, EXIT_FAILED, errnum, "cannot set a stack trigger on %s:%s", ev->system, ev->kev->name);
	return err_hint(err, "record without stacks: --no-stack");
}

static bool wants_stack(const struct session *s, const struct session_config *config, const struct kevent *kev,
			uint32_t ops)
{
	if (config->stack == SESSION_STACK_NONE || !takes_stacks(kev))
		return false;
	if (kev->op == OP_QUEUE)
		return config->stack == SESSION_STACK_CALLS;
	/*
	 * A multicast goes to two others at least (smp_call_function_many_cond() in kernel/smp.c; before there were csd
	 * events, to one): where there are not so many no trigger has to be set, and removed, for it.
	 */
	if (kev->op == OP_SEND_MASK && ops & OP_BIT(OP_QUEUE) && s->nr_cpus <= 2)
		return false;
	/* Where both tell of one IPI, one stack is enough. */
	return kev->op != OP_RAISE || !(ops & OP_BIT(OP_SEND_CPU));
}

/* Listed even if not wanted: the tier is what the kernel offers. ops: what else there is. */
static int enable_event(struct session *s, const struct session_config *config, const struct armed *ev, uint32_t ops,
			struct err *err)
{
	uint32_t classes = config->classes ? config->classes : IPI_CLASSES_ALL;
	char filter[FILTER_MAX];

	s->events[s->nr_events++] = (struct session_event){ ev->system, ev->kev->name };
	if (!(ev->kev->classes & classes))
		return 0;
	set_filter(s, config, ev, classes, filter, sizeof(filter));
	if (wants_stack(s, config, ev->kev, ops) && set_stack_trigger(s, config, ev, filter, err))
		return -1;
	errno = 0;
	/* By its name: tracefs_event_enable() would compare a pattern with the name of every event of the kernel. */
	if (tracefs_event_file_write(s->main.tfs, ev->system, ev->kev->name, "enable", "1") < 0) {
		err_set_errno(err, EXIT_FAILED, errno ? errno : EACCES, "cannot enable %s:%s", ev->system,
			      ev->kev->name);
		return err_hint(err, "events need root and a kernel that is not locked down");
	}
	log_event(s, ev, "enable", "1", 0);
	return 0;
}

static int no_events(struct err *err)
{
	err_set(err, EXIT_FAILED, "this kernel has no events that tell of IPIs");
	return err_hint(err, "needed are events/ipi and events/csd (Linux 6.5 and later), "
			     "or events/irq_vectors, or on arm64 events/ipi/ipi_raise");
}

/* Where the kernel has no send events: probes of the functions that send, and of those that know the function. */
void session_make_standins(struct session *s)
{
	uint32_t ops = session_standin_ops(kevents_heard(session_ops_present()));
	struct err why = { 0 };

	if (ops && standin_install(&s->standin, s->main.name, ops, session_nr_cpus(s), &why))
		session_note(s, "no send events and no probes in their place: %s", why.msg);
}

static int enable_standins(struct session *s, const struct session_config *config, uint32_t *ops, struct err *err)
{
	const struct standin_event *ev;
	unsigned int nr;

	if (!s->standin)
		return 0;
	ev = standin_events(s->standin, &nr);
	for (unsigned int i = 0; i < nr; i++) {
		const struct armed armed = { standin_group(), ev[i].kev };

		if (!ev[i].installed)
			continue;
		if (enable_event(s, config, &armed, *ops, err))
			return -1;
		*ops |= OP_BIT(ev[i].kev->op);
	}
	return 0;
}

uint32_t session_standin_ops(uint32_t ops)
{
	if (ops & OP_BIT(OP_SEND_CPU))
		return 0;
	/* Where ipi_raise is heard it is a send event, though one without a function. */
	return kevents_heard(ops) & OP_BIT(OP_RAISE) ? OP_BIT(OP_PROBE_CALL) : OPS_PROBES;
}

/*
 * Whether every event that targets record takes the filter: a recording that is
 * filtered in part could not be held against /proc/interrupts.
 */
static bool takes_targets(struct session *s, const struct session_config *config, uint32_t ops)
{
	const struct kevent *kev;
	char used[FILTER_MAX];

	s->filtered = config->target_cpus != NULL;
	for (unsigned int i = 0; s->filtered && (kev = session_kevent(&i));) {
		const struct armed armed = { kev->system, kev };

		if (kev->target != TARGET_SELF || !session_kevent_exists(kev) || !(ops & OP_BIT(kev->op)))
			continue;
		set_filter(s, config, &armed, config->classes ? config->classes : IPI_CLASSES_ALL, used, sizeof(used));
		tracefs_event_file_write(s->main.tfs, kev->system, kev->name, "filter", "0");
	}
	return s->filtered;
}

int session_enable_events(struct session *s, const struct session_config *wanted, struct err *err)
{
	struct session_config copy = *wanted, *config = &copy;
	uint32_t ops = kevents_heard(session_ops_present());
	const struct kevent *kev;
	unsigned int nr = 0;

	while (kevent_row(nr))
		nr++;
	s->events = xcalloc(nr, sizeof(*s->events));
	if (config->stack == SESSION_STACK_AUTO)
		s->known = find_known(s, config);
	if (!takes_targets(s, config, ops)) {
		if (config->target_cpus)
			session_note(s,
				     "this kernel takes no filter of these CPUs: all are recorded, the report filters");
		config->target_cpus = NULL;
	}
	for (unsigned int i = 0; (kev = session_kevent(&i));) {
		const struct armed armed = { kev->system, kev };

		if (!session_kevent_exists(kev) || !(ops & OP_BIT(kev->op)))
			continue;
		if (enable_event(s, config, &armed, ops, err))
			return -1;
	}
	if (enable_standins(s, config, &ops, err))
		return -1;
	s->tier = kevents_evidence(ops, 0).tier;
	return s->tier == TIER_NONE ? no_events(err) : 0;
}
