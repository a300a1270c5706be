// SPDX-License-Identifier: GPL-2.0-only
/*
 * capture/standin.c - kprobe events that stand in for send events.
 *
 * Arguments are named by position ($arg1), so the same text serves every
 * architecture that can find arguments at function entry. Only the register
 * with the return address is the architecture's own.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tracefs.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/parse.h"
#include "capture/instance.h"
#include "capture/standin.h"

#define EVENTS_FILE    "kprobe_events"
#define MAX_MASK_WORDS 100u /* a probe has at most 128 arguments */

#if defined(__x86_64__)
#define RETURN_ADDRESS " ra=$stack0:x64"
#elif defined(__aarch64__)
#define RETURN_ADDRESS " ra=%x30:x64"
#elif defined(__riscv)
#define RETURN_ADDRESS " ra=%ra:x64"
#else
#define RETURN_ADDRESS "" /* the stack tells */
#endif

/*
 * A copy that the compiler made for its own use (.isra, .constprop) may take
 * its arguments elsewhere; where only a name of a function is at stake, that
 * is better than nothing. A wrong target would be worse than none.
 */
struct row {
	const char *name;	  /* a row of base/kevents.h has the same */
	const char *functions[3]; /* the first that exists */
	const char *args;
	bool copies; /* .isra.0 and the like will do */
};

/* clang-format off: a table */
static const struct row rows[] = {
	{ "resched",
	  { "native_smp_send_reschedule", "arch_smp_send_reschedule", "smp_send_reschedule" },
	  "cpu=$arg1:s32",
	  false },
	{ "single",
	  { "native_send_call_func_single_ipi", "arch_send_call_function_single_ipi" },
	  "cpu=$arg1:s32",
	  false },
	{ "mask", { "native_send_call_func_ipi", "arch_send_call_function_ipi_mask" }, NULL, false },
	{ "irqw", { "arch_irq_work_raise" }, "", false },
	{ "queue",
	  { "__smp_call_single_queue" },
	  "cpu=$arg1:s32 csd=$arg2:x64 fl=+8($arg2):x32 func=+16($arg2):x64",
	  false },
	{ "execs", { "generic_exec_single" }, "cpu=$arg1:s32 csd=$arg2:x64 func=+16($arg2):x64", true },
	{ "many", { "smp_call_function_many_cond", "smp_call_function_many" }, "func=$arg2:x64", true },
};
/* clang-format on */

/*
 * One a process. Named like the instance whose lock says that its owner is
 * alive ("ipitrace-12.3a" and "ipitrace_12_3a"), because kprobe events belong to
 * no instance and have no lock of their own. Static like the names of all other
 * events: they are in use when the session is gone.
 */
static char group[32];

struct standin {
	unsigned int nr_words; /* of a CPU mask */
	struct standin_event ev[ARRAY_SIZE(rows)];
};

const char *standin_group(void)
{
	return group;
}

const struct standin_event *standin_events(const struct standin *s, unsigned int *nr)
{
	*nr = ARRAY_SIZE(rows);
	return s->ev;
}

const char *standin_problem(void)
{
	char *path = tracefs_get_tracing_file(EVENTS_FILE);
	bool can = path && !access(path, W_OK);

	tracefs_put_tracing_file(path);
	if (!can)
		return "the kernel has no dynamic kprobe events";
	/* Offsets in struct __call_single_data, words of a mask: who records is as wide as the kernel, session_open(). */
	return sizeof(long) == 8 ? NULL : "the kernel is not one of 64 bits, whose structures the probes know";
}

/* 0 or -errno. Appending, because opening for writing alone removes every probe of the machine. */
static int append(const char *text)
{
	char *path = tracefs_get_tracing_file(EVENTS_FILE);
	int fd = path ? open(path, O_WRONLY | O_APPEND | O_CLOEXEC) : -1;
	int ret = 0;

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		ret = -errno;
	if (fd >= 0)
		close(fd);
	tracefs_put_tracing_file(path);
	return ret;
}

/* Does the symbol at p, of len bytes, mean the function? 2 = itself, 1 = a copy of it, 0 = no. */
static int symbol_is(const char *p, size_t len, const char *function)
{
	size_t stem = strlen(function);

	if (len < stem || memcmp(p, function, stem))
		return 0;
	if (len == stem)
		return 2;
	p += stem;
	len -= stem;
	if ((len > 6 && !memcmp(p, ".isra.", 6)) || (len > 11 && !memcmp(p, ".constprop.", 11)))
		return memmem(p, len, ".cold", 5) || memmem(p, len, ".part", 5) ? 0 : 1;
	return 0;
}

/* One pass over kallsyms: the best symbol for every row. */
static void find_symbols(struct standin *s)
{
	int best[ARRAY_SIZE(rows)] = { 0 }; /* 2 * preference of the function + kind of the match */
	char *text = read_file("/proc/kallsyms", NULL);

	for (const char *p = text; p && *p;) {
		size_t line = strcspn(p, "\n"), len;
		const char *name = memchr(p, ' ', line);
		char type = name ? name[1] : ' ';

		p += line;
		if (*p)
			p++;
		/* Text symbols of the kernel itself; a module's function of this name is not meant. */
		if (!name || (type != 't' && type != 'T') || name[2] != ' ')
			continue;
		name += 3;
		len = strcspn(name, "\n\t");
		if (name[len] == '\t')
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
			for (size_t f = 0; f < ARRAY_SIZE(rows[i].functions) && rows[i].functions[f]; f++) {
				int kind = symbol_is(name, len, rows[i].functions[f]);
				int rank = (int)(2 * (ARRAY_SIZE(rows[i].functions) - f)) + kind;

				if (!kind || (kind == 1 && !rows[i].copies) || rank <= best[i])
					continue;
				best[i] = rank;
				snprintf(s->ev[i].symbol, sizeof(s->ev[i].symbol), "%.*s", (int)len, name);
			}
		}
	}
	free(text);
}

static void install_row(struct standin *s, const struct row *row, struct standin_event *ev)
{
	char text[4096], args[3500];
	size_t n = 0;

	if (ev->kev->op == OP_PROBE_MASK)
		for (unsigned int w = 0; w < s->nr_words; w++)
			n += (size_t)snprintf(args + n, sizeof(args) - n, "%sm%u=+%u($arg1):x64", w ? " " : "", w,
					      w * 8);
	else
		snprintf(args, sizeof(args), "%s", row->args);
	snprintf(text, sizeof(text), "p:%s/%s %s %s%s", group, row->name, ev->symbol, args,
		 ev->kev->op == OP_PROBE_CALL ? "" : RETURN_ADDRESS);
	ev->errnum = -append(text);
	ev->installed = !ev->errnum;
}

struct standin *standin_find(unsigned int nr_cpus)
{
	struct standin *s = xcalloc(1, sizeof(*s));

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		s->ev[i].kev = kevent_find(KEVENT_PROBES, rows[i].name);
		s->ev[i].function = rows[i].functions[0];
	}
	s->nr_words = (nr_cpus + 63) / 64;
	if (s->nr_words > MAX_MASK_WORDS)
		s->nr_words = MAX_MASK_WORDS;
	find_symbols(s);
	return s;
}

static void name_group(const char *instance)
{
	snprintf(group, sizeof(group), "%s", instance);
	for (char *p = group; (p = strpbrk(p, "-."));)
		*p = '_';
}

int standin_add(const char *instance, const char *event, const char *function, const char *args)
{
	char *text;
	int ret;

	if (standin_problem())
		return -EOPNOTSUPP;
	name_group(instance);
	text = xasprintf("p:%s/%s %s %s", group, event, function, args);
	ret = append(text);
	free(text);
	return ret;
}

int standin_drop(const char *event)
{
	char *text = xasprintf("-:%s/%s", group, event);
	int ret = append(text);

	free(text);
	/* Someone else cleared all dynamic events; what matters is that it is gone. */
	return ret == -ENOENT ? 0 : ret;
}

int standin_install(struct standin **sp, const char *instance, uint32_t ops, unsigned int nr_cpus, struct err *err)
{
	struct standin *s = standin_find(nr_cpus);
	const char *problem = standin_problem();
	unsigned int nr = 0;
	int errnum = 0;

	*sp = s;
	name_group(instance);
	if (problem) {
		err_set(err, EXIT_FAILED, "%s", problem);
		return err_hint(err, "'ipitrace probe' shows what it offers; kprobes need CONFIG_KPROBE_EVENTS");
	}
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (!(OP_BIT(s->ev[i].kev->op) & ops) || !s->ev[i].symbol[0])
			continue;
		install_row(s, &rows[i], &s->ev[i]);
		nr += s->ev[i].installed;
		if (s->ev[i].errnum)
			errnum = s->ev[i].errnum;
	}
	if (nr)
		return 0;
	if (errnum)
		return err_set_errno(err, EXIT_FAILED, errnum, "cannot make kprobe events");
	err_set(err, EXIT_FAILED, "this kernel has none of the functions that send IPIs");
	return err_hint(err, "'ipitrace probe' shows what it offers");
}

int standin_remove(struct standin *s, struct err *err)
{
	int ret = 0;

	for (size_t i = 0; s && i < ARRAY_SIZE(rows); i++) {
		int failed;

		if (!s->ev[i].installed)
			continue;
		failed = -standin_drop(rows[i].name);
		if (failed)
			ret = err_set_errno(err, EXIT_FAILED, failed, "cannot remove kprobe event %s/%s", group,
					    rows[i].name);
		else
			s->ev[i].installed = false;
	}
	return ret;
}

/* Lines of kprobe_profile: event, hits, misses; it leaves the group out. */
uint64_t standin_missed(const struct standin *s)
{
	char *path = tracefs_get_tracing_file("kprobe_profile");
	char *text = path ? read_file(path, NULL) : NULL;
	uint64_t sum = 0;

	tracefs_put_tracing_file(path);
	for (const char *p = text; p && *p; p += strcspn(p, "\n"), p += *p == '\n') {
		unsigned long long hits, misses;
		char name[64];

		if (sscanf(p, " %63s %llu %llu", name, &hits, &misses) != 3)
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
			if (s->ev[i].installed && OP_BIT(s->ev[i].kev->op) & OPS_SENDS && !strcmp(name, rows[i].name))
				sum += misses;
	}
	free(text);
	return sum;
}

void standin_free(struct standin *s)
{
	free(s);
}

/*
 * "ipitrace_12_3a/" to "ipitrace-12.3a", the name of its instance. False: not the
 * name of a group of ours.
 */
static bool group_instance(const char *p, char *name, size_t room)
{
	const char *digits = p + strlen(STANDIN_GROUP_PREFIX);
	size_t len = strcspn(p, "/ \n"), pid;

	if (strncmp(p, STANDIN_GROUP_PREFIX, strlen(STANDIN_GROUP_PREFIX)) || p[len] != '/' || len >= room)
		return false;
	pid = strspn(digits, "0123456789");
	if (!pid || (digits[pid] != '/' && digits[pid] != '_'))
		return false;
	snprintf(name, room, "%.*s", (int)len, p);
	name[strlen(STANDIN_GROUP_PREFIX) - 1] = '-';
	if (digits[pid] == '_')
		name[digits + pid - p] = '.';
	return true;
}

/* The lines of kprobe_events read "p:ipitrace_123/single native_... cpu=$arg1:s32". */
unsigned int standin_remove_stale(unsigned int *failed)
{
	char *path = tracefs_get_tracing_file(EVENTS_FILE);
	char *text = path ? read_file(path, NULL) : NULL;
	unsigned int nr = 0;
	int ret;

	*failed = 0;
	tracefs_put_tracing_file(path);
	for (const char *p = text; p && *p; p += strcspn(p, "\n"), p += *p == '\n') {
		const char *name = memchr(p, ':', strcspn(p, " \n"));
		char what[128], instance[64];
		size_t len;

		if (!name || !group_instance(name + 1, instance, sizeof(instance)) || instance_alive(instance))
			continue;
		len = strcspn(name + 1, " \n");
		snprintf(what, sizeof(what), "-:%.*s", (int)len, name + 1);
		ret = append(what);
		if (ret == -ENOENT)
			continue; /* another one cleans up, too */
		if (ret)
			++*failed;
		else
			nr++;
	}
	free(text);
	return nr;
}
