// SPDX-License-Identifier: GPL-2.0-only
/*
 * record/flight.c - cuts the pages of a ring to a window, and writes them.
 */
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/io.h"
#include "base/mem.h"
#include "capture/workload.h"
#include "decode/cut.h"
#include "file/output.h"
#include "record/flight.h"

/* One CPU's pages on their way into the file. */
struct pages {
	const struct ring_page *next;
	struct flight_file *file;
	char *page;
	size_t page_size;
};

/* It ends before the window begins: what is behind it begins no later. */
static bool is_before(const struct ring_page *p, uint64_t from_ns)
{
	return p->next && p->next->begin_ns <= from_ns;
}

static const void *next_page(void *ctx)
{
	struct pages *s = ctx;

	while (s->next) {
		const struct ring_page *p = s->next;
		uint64_t nr;

		s->next = p->next;
		if (is_before(p, s->file->from_ns))
			continue;
		ring_page_copy(p, p->begin_ns <= s->file->from_ns, s->page, s->page_size);
		if (!sub_buffer_cut(s->page, s->page_size, s->file->from_ns, s->file->until_ns, &nr))
			continue;
		s->file->records += nr;
		return s->page;
	}
	return NULL;
}

/* The writer takes files: one CPU after the other goes through one that is in memory, and that gives back what was copied. */
static int fill(int fd, struct pages *s, uint64_t *len, struct err *err)
{
	*len = 0;
	while (next_page(s)) {
		int errnum = write_all_at(fd, s->page, s->page_size, *len);

		if (errnum)
			return err_set_errno(err, EXIT_FAILED, errnum, "no memory for pages");
		*len += s->page_size;
	}
	return 0;
}

static int write_pages(const struct page_ring *ring, struct dat_writer *w, const struct dat_writer_meta *m,
		       struct flight_file *file, struct err *err)
{
	struct pages s = { .file = file, .page_size = m->page_size };
	int fd = memfd_create("ipitrace-flight", MFD_CLOEXEC), ret = 0;
	uint64_t len;

	if (fd < 0)
		return err_set_errno(err, EXIT_FAILED, errno, "no memory for pages");
	s.page = xmalloc(m->page_size);
	for (unsigned int cpu = 0; cpu < m->nr_cpus && !ret; cpu++) {
		s.next = page_ring_first(ring, cpu);
		ret = fill(fd, &s, &len, err);
		if (!ret)
			ret = dat_writer_cpu(w, len ? fd : -1, len, err);
	}
	free(s.page);
	close(fd);
	return ret;
}

void flight_note(struct flight_notes *n, const struct flight_note *note)
{
	const struct flight_note *last = n->nr ? &n->notes[n->nr - 1] : &(struct flight_note){ 0 };

	if (note->missed_sends == last->missed_sends && note->tasks_lost == last->tasks_lost)
		return;
	if (n->nr == FLIGHT_NOTES)
		memmove(n->notes, n->notes + 1, --n->nr * sizeof(*n->notes));
	n->notes[n->nr++] = *note;
}

struct flight_note flight_noted(const struct flight_notes *n, uint64_t ns)
{
	for (unsigned int i = n->nr; i-- > 0;)
		if (n->notes[i].at_ns <= ns)
			return n->notes[i];
	return (struct flight_note){ 0 };
}

static void add_reason(void *ctx, const char *text)
{
	facts_add_reason(ctx, "%s", text);
}

/* Of the window alone. Its texts are those of the recording but for the reasons, where it still goes on. */
static char *facts_text(const struct recording *rec, const struct flight_file *file)
{
	struct facts f = rec->facts;
	struct flight_note before = flight_noted(file->notes, file->from_ns);
	bool goes_on = !f.off_ns;
	char *text;

	f.flight = true;
	f.on_ns = file->from_ns;
	f.off_ns = file->until_ns;
	f.missed_sends -= before.missed_sends;
	f.tasks_lost -= before.tasks_lost;
	f.lost = f.entries = NULL;
	f.nr_counters = 0;
	memset(f.online, 0, sizeof(f.online));
	if (goes_on) {
		f.reasons = NULL;
		f.nr_reasons = 0;
		session_verify(rec->session, add_reason, &f);
	}
	text = facts_format(&f);
	for (unsigned int i = 0; goes_on && i < f.nr_reasons; i++)
		free(f.reasons[i]);
	if (goes_on)
		free(f.reasons);
	return text;
}

static int write_head(struct recording *rec, const struct page_ring *ring, struct dat_writer *w,
		      struct flight_file *file, struct err *err)
{
	size_t page_size = rec->meta.dat.page_size;
	struct pages s = { .file = file, .page = xmalloc(page_size), .page_size = page_size };
	struct recording_used *used = recording_used_new(rec);

	for (unsigned int cpu = 0; cpu < rec->meta.dat.nr_cpus; cpu++) {
		s.next = page_ring_first(ring, cpu);
		while (next_page(&s))
			recording_used_scan(used, s.page, s.page_size);
	}
	free(s.page);
	file->records = 0;
	return recording_write_head(rec, used, w, err);
}

static int write_recording(struct recording *rec, const struct page_ring *ring, struct dat_writer *w,
			   struct flight_file *file, struct err *err)
{
	char *facts = NULL;
	int ret = -1;

	if (!write_head(rec, ring, w, file, err) && !write_pages(ring, w, &rec->meta.dat, file, err)) {
		facts = facts_text(rec, file);
		if (!facts)
			err_set(err, EXIT_FAILED, "no memory for the facts of the recording");
		else if (!dat_writer_facts(w, facts, strlen(facts), err))
			ret = dat_writer_commit(w, err);
	}
	file->bytes = ret ? 0 : dat_writer_bytes(w);
	free(facts);
	return ret;
}

static void set_window(const struct recording *rec, const struct page_ring *ring, struct flight_file *file)
{
	file->records = 0;
	file->from_ns = page_ring_from_ns(ring);
	if (file->from_ns < rec->facts.on_ns)
		file->from_ns = rec->facts.on_ns;
	if (file->max_ns && file->max_ns < file->until_ns && file->from_ns < file->until_ns - file->max_ns)
		file->from_ns = file->until_ns - file->max_ns;
}

int flight_write(struct recording *rec, const struct page_ring *ring, struct flight_file *file, struct err *err)
{
	struct dat_writer *w;
	struct output *out;
	uid_t uid;
	gid_t gid;
	int ret;

	set_window(rec, ring, file);
	if (file->from_ns >= file->until_ns)
		return err_set(err, EXIT_FAILED, "there is no time of which all CPUs' events are still there");
	if (dat_writer_open(&w, file->path, err))
		return -1;
	out = dat_writer_output(w);
	if (invoking_user(&uid, &gid))
		output_set_owner(out, uid, gid);
	dat_writer_set_abort(w, file->abort);
	dat_writer_set_level(w, (int)file->level);
	ret = recording_describe(rec, err);
	if (!ret)
		ret = write_recording(rec, ring, w, file, err);
	dat_writer_close(w);
	return ret;
}
