// SPDX-License-Identifier: GPL-2.0-only
/*
 * record/meta.c - formats, symbols, names, clock and counters for the head of trace.dat.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <stdbool.h>
#include <stddef.h>
#include <tracefs.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/io.h"
#include "base/mem.h"
#include "decode/kallsyms.h"
#include "file/symcache.h"
#include "record/meta.h"

#define KALLSYMS "/proc/kallsyms"

static char *keep(struct record_meta *m, char *text)
{
	if (text)
		m->texts[m->nr_texts++] = text;
	return text;
}

static int need_file(const char *name, char **text, struct err *err)
{
	*text = session_read_top(name, NULL);
	return *text ? 0 : err_set_errno(err, EXIT_FAILED, errno, "cannot read %s of tracefs", name);
}

static bool read_format(struct event_format *f, const char *system, const char *name)
{
	char file[600];

	snprintf(file, sizeof(file), "events/%s/%s/format", system, name);
	f->system = system;
	f->text = session_read_top(file, &f->len);
	return f->text;
}

/* ftrace's own records: the kernel stacks are among them. */
static void collect_ftrace_formats(struct record_meta *m)
{
	char *path = tracefs_get_tracing_file("events/ftrace");
	DIR *dir = path ? opendir(path) : NULL;
	struct dirent *d;

	tracefs_put_tracing_file(path);
	while (dir && (d = readdir(dir))) {
		if (d->d_name[0] == '.')
			continue;
		m->ftrace = xrealloc(m->ftrace, (m->dat.nr_ftrace + 1) * sizeof(*m->ftrace));
		if (read_format(&m->ftrace[m->dat.nr_ftrace], "ftrace", d->d_name))
			m->dat.nr_ftrace++;
	}
	if (dir)
		closedir(dir);
	m->dat.ftrace_formats = m->ftrace;
}

/* x86 kernels before 6.15 begin with symbols that really are at 0, their per-CPU ones. */
static bool has_addresses(const char *kallsyms)
{
	const char *p = kallsyms;

	while (p && *p && p[strspn(p, "0")] == ' ') {
		p = strchr(p, '\n');
		p = p ? p + 1 : NULL;
	}
	return p && *p;
}

static void collect_formats(struct record_meta *m, const struct session *s)
{
	const struct session_event *ev = session_events(s);
	unsigned int nr = session_nr_events(s);

	m->formats = xcalloc(nr + 1, sizeof(*m->formats));
	for (unsigned int i = 0; i < nr; i++)
		if (read_format(&m->formats[m->dat.nr_formats], ev[i].system, ev[i].name))
			m->dat.nr_formats++;
	m->dat.formats = m->formats;
}

static char *uname_text(void)
{
	struct utsname u;

	if (uname(&u))
		return NULL;
	return xasprintf("%s %s %s %s", u.sysname, u.nodename, u.release, u.machine);
}

static void collect_cpustats(struct record_meta *m, const struct session *s)
{
	m->cpustats = xcalloc(m->dat.nr_cpus, sizeof(*m->cpustats));
	for (unsigned int cpu = 0; cpu < m->dat.nr_cpus; cpu++) {
		char file[64];
		char *text;

		snprintf(file, sizeof(file), "per_cpu/cpu%u/stats", cpu);
		text = session_read(s, file, NULL);
		if (text)
			m->cpustats[cpu] = xasprintf("CPU: %u\n%s", cpu, text);
		free(text);
	}
	m->dat.cpustats = (const char *const *)m->cpustats;
}

int record_meta_collect(struct record_meta *m, const struct session *s, unsigned int nr_cpus, struct err *err)
{
	char *page, *event;

	memset(m, 0, sizeof(*m));
	if (need_file("events/header_page", &page, err))
		return -1;
	m->dat.header_page = keep(m, page);
	if (need_file("events/header_event", &event, err))
		return -1;
	m->dat.header_event = keep(m, event);
	m->dat.page_size = session_page_size(s);
	m->dat.nr_cpus = nr_cpus;
	collect_ftrace_formats(m);
	collect_formats(m, s);
	m->dat.printk_formats = keep(m, session_read_top("printk_formats", NULL));
	m->dat.uname = keep(m, uname_text());
	m->dat.clock = "mono";
	m->dat.clocks_text = keep(m, session_read(s, "trace_clock", NULL));
	m->dat.version = "ipitrace " IPITRACE_VERSION;
	if (getrandom(&m->dat.trace_id, sizeof(m->dat.trace_id), GRND_NONBLOCK) < 0)
		m->dat.trace_id = 0; /* then the file has none */
	collect_cpustats(m, s);
	return 0;
}

/* --- symbols --- */

/* Which boot of which machine; NULL: unknown. */
static char *boot_id(void)
{
	char *text = read_file("/proc/sys/kernel/random/boot_id", NULL);

	if (text)
		text[strcspn(text, "\n")] = '\0';
	if (text && *text)
		return text;
	free(text);
	return NULL;
}

/* Where the addresses are hidden from us now, they are not taken from elsewhere; and it costs little to look. */
static bool begins_alike(const char *text, size_t len)
{
	int fd = open(KALLSYMS, O_RDONLY | O_CLOEXEC);
	char buf[4096 + 1] = "";
	ssize_t n = fd >= 0 ? read(fd, buf, sizeof(buf) - 1) : -1;

	if (fd >= 0)
		close(fd);
	return n > 0 && (size_t)n <= len && !memcmp(buf, text, (size_t)n) && has_addresses(buf);
}

/* The user who may see them, and a kernel of which a part is enough for a recording. */
static bool keeps_symbols(void)
{
	return !geteuid() && kallsyms_core_is_apart();
}

static void keep_core(const char *text, size_t len)
{
	char *boot = boot_id();

	if (boot && kallsyms_has_functions(text, len))
		symcache_store(SYMCACHE_DIR, boot, text, kallsyms_core_len(text, len));
	free(boot);
}

void record_meta_symbols(struct record_meta *m)
{
	m->dat.kallsyms = keep(m, read_file(KALLSYMS, NULL));
	m->no_symbols = !has_addresses(m->dat.kallsyms);
	m->core_symbols = false;
}

void record_meta_core_symbols(struct record_meta *m)
{
	char *boot = keeps_symbols() ? boot_id() : NULL, *text;
	size_t len;

	text = boot ? symcache_load(SYMCACHE_DIR, boot, &len) : NULL;
	free(boot);
	if (text && begins_alike(text, len)) {
		m->dat.kallsyms = keep(m, text);
		m->no_symbols = false;
		m->core_symbols = true;
		return;
	}
	free(text);
	record_meta_symbols(m);
	if (keeps_symbols() && !m->no_symbols)
		keep_core(m->dat.kallsyms, strlen(m->dat.kallsyms));
}

static void free_formats(struct event_format *f, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++)
		free((char *)f[i].text);
	free(f);
}

void record_meta_free(struct record_meta *m)
{
	free_formats(m->ftrace, m->dat.nr_ftrace);
	free_formats(m->formats, m->dat.nr_formats);
	for (unsigned int cpu = 0; m->cpustats && cpu < m->dat.nr_cpus; cpu++)
		free(m->cpustats[cpu]);
	free(m->cpustats);
	for (unsigned int i = 0; i < m->nr_texts; i++)
		free(m->texts[i]);
	memset(m, 0, sizeof(*m));
}
