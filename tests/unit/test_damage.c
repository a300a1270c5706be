// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_damage.c - a byte of a recording of ours changes: the numbers stay the
 * same, or the report says that they may not.
 *
 * The recording is tests/data/report.dat, written anew, because it is older
 * than the checksums. IPITRACE_DAMAGES in the environment is how many bytes
 * are tried, spread at random over the whole file; IPITRACE_SEED another seed.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "file/datfile.h"
#include "report/analysis.h"
#include "tap.h"

#define RECORDING "tests/data/report.dat"
#define DAMAGES	  5000

struct outcome {
	bool fails, incomplete;
	struct match_totals totals;
	uint64_t start_ns, end_ns, records, events, spans, times;
};

static char *text_of(const char *from, size_t len)
{
	char *copy = calloc(1, len + 1);

	if (from)
		memcpy(copy, from, len);
	return copy;
}

static bool write_cpu(struct dat_writer *w, struct dat_file *f, unsigned int idx, struct err *err)
{
	int fd = memfd_create("cpu", 0);
	uint64_t all = 0;
	const void *page;
	size_t len;
	bool good;

	while ((page = dat_next_page(f, idx, &len, err))) {
		if (write(fd, page, len) != (ssize_t)len)
			return false;
		all += len;
	}
	good = !dat_writer_cpu(w, fd, all, err);
	close(fd);
	return good;
}

/* The recording with all that it has, by the writer of today. */
static bool write_anew(const char *path, struct err *err)
{
	const struct dat_info *info;
	struct dat_writer_meta meta;
	struct dat_writer *w = NULL;
	struct dat_file *f = NULL;
	char *text[4];
	bool good;

	if (dat_open(&f, RECORDING, err) || dat_writer_open(&w, path, err))
		return false;
	info = dat_info(f);
	text[0] = text_of(info->header_page, info->header_page_len);
	text[1] = text_of(info->kallsyms, info->kallsyms_len);
	text[2] = text_of(info->printk_formats, info->printk_formats ? strlen(info->printk_formats) : 0);
	text[3] = text_of(info->cmdlines, info->cmdlines_len);
	meta = (struct dat_writer_meta){
		.page_size = info->page_size,
		.nr_cpus = info->nr_cpus,
		.header_page = text[0],
		.header_event = "x",
		.kallsyms = text[1],
		.printk_formats = text[2],
		.cmdlines = text[3],
		.uname = info->uname,
		.clock = info->clock,
		.clocks_text = "local [mono]",
		.version = info->tracer_version,
	};
	for (meta.nr_ftrace = 0; meta.nr_ftrace < info->nr_formats; meta.nr_ftrace++)
		if (strcmp(info->formats[meta.nr_ftrace].system, "ftrace"))
			break;
	meta.ftrace_formats = info->formats;
	meta.formats = info->formats + meta.nr_ftrace;
	meta.nr_formats = info->nr_formats - meta.nr_ftrace;
	good = !dat_writer_head(w, &meta, err);
	for (unsigned int i = 0; good && i < info->nr_streams; i++)
		good = write_cpu(w, f, i, err);
	good = good && !dat_writer_facts(w, info->facts, info->facts_len, err) && !dat_writer_commit(w, err);
	dat_writer_close(w);
	dat_close(f);
	for (unsigned int i = 0; i < 4; i++)
		free(text[i]);
	return good;
}

/* A sum over what a report tells of spans. */
static void on_span(void *ctx, const struct ipi_span *s)
{
	struct outcome *o = ctx;

	o->spans++;
	o->times = o->times * 31 + (s->send_ns ^ s->entry_ns ^ s->func ^ s->callsite ^ s->source ^ s->target ^
				    (uint64_t)s->pid ^ s->outcome);
}

static struct outcome outcome_of(const char *path)
{
	struct outcome o = { 0 };
	struct span_sink sink = { .span = on_span, .ctx = &o };
	const struct trace_info *t;
	struct analysis *a = NULL;
	struct err err = { 0 };

	if (analysis_open(&a, path, NULL, &err)) {
		o.fails = true;
		return o;
	}
	o.fails = analysis_run(a, &sink, &err);
	if (!o.fails) {
		t = analysis_info(a);
		o.totals = *analysis_totals(a);
		o.incomplete = t->damaged || t->truncated || t->incomplete || t->lost_events || t->lost_unknown;
		o.start_ns = t->start_ns;
		o.end_ns = t->end_ns;
		o.records = t->records;
		o.events = t->events;
	}
	analysis_close(a);
	return o;
}

static bool same_numbers(const struct outcome *a, const struct outcome *b)
{
	return !memcmp(&a->totals, &b->totals, sizeof(a->totals)) && a->start_ns == b->start_ns &&
	       a->end_ns == b->end_ns && a->records == b->records && a->events == b->events && a->spans == b->spans &&
	       a->times == b->times;
}

static unsigned int number_of(const char *name, unsigned int usual)
{
	const char *text = getenv(name);

	return text ? (unsigned int)strtoul(text, NULL, 10) : usual;
}

/* By position: which bytes of the file decide, and none of them may lie. */
static void try_damages(const char *path, const struct outcome *truth)
{
	unsigned int nr = number_of("IPITRACE_DAMAGES", DAMAGES), lies = 0, silent = 0;
	int fd = open(path, O_RDWR);
	struct stat st;

	if (!ok(fd >= 0 && !fstat(fd, &st), "the file can be damaged"))
		return;
	srandom(number_of("IPITRACE_SEED", 1));
	for (unsigned int i = 0; i < nr; i++) {
		off_t at = random() % st.st_size;
		struct outcome got;
		unsigned char was, now;

		if (pread(fd, &was, 1, at) != 1)
			break;
		now = was ^ (unsigned char)(1 + random() % 255);
		if (pwrite(fd, &now, 1, at) != 1)
			break;
		got = outcome_of(path);
		if (pwrite(fd, &was, 1, at) != 1)
			break;
		if (got.fails || got.incomplete)
			continue;
		silent++;
		if (!same_numbers(&got, truth)) {
			lies++;
			printf("# byte %lld: %#x for %#x\n", (long long)at, now, was);
		}
	}
	is_u64(lies, 0, "%u bytes damaged: other numbers without a word", nr);
	printf("# %u of %u did not matter\n", silent, nr);
	ok(silent < nr, "most are told");
	close(fd);
}

int main(void)
{
	char dir[] = "/tmp/ipitrace-test.XXXXXX", path[64];
	struct outcome truth, old;
	struct err err = { 0 };

	if (!ok(mkdtemp(dir), "a directory"))
		return done_testing();
	snprintf(path, sizeof(path), "%s/a.dat", dir);
	if (ok(write_anew(path, &err), "written anew: %s", err.msg)) {
		old = outcome_of(RECORDING);
		truth = outcome_of(path);
		ok(!old.fails && !old.incomplete, "the old one is whole");
		ok(!truth.fails && !truth.incomplete, "the new one is whole");
		ok(same_numbers(&old, &truth), "and says the same");
		try_damages(path, &truth);
	}
	unlink(path);
	rmdir(dir);
	return done_testing();
}
