// SPDX-License-Identifier: GPL-2.0-only
/*
 * cmds/kvm.c - ipitrace report --kvm: what the options ask for, and the exit status.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/err.h"
#include "cmds/kvm.h"
#include "render/kvm.h"

int kvm_parse_keys(void *target, const char *arg, const struct opt_spec *spec, struct err *err)
{
	struct kvm_options *o = target;

	(void)spec;
	o->on = true;
	o->nr_by = 0;
	return arg ? kvm_parse_by(arg, o->by, &o->nr_by, err) : 0;
}

static int no_offset(const char *text, size_t len, int why, struct err *err)
{
	int max = (int)(len < 60 ? len : 60);

	if (!len)
		err_set(err, EXIT_USAGE, "offset= what?");
	else if (why == -ERANGE)
		err_set(err, EXIT_USAGE, "offset=%.*s: more than 64 bits", max, text);
	else
		err_set(err, EXIT_USAGE, "offset=%.*s: no whole number", max, text);
	return err_hint(err,
			"guest's clock less host's, as /sys/kernel/debug/kvm/*/vcpu0/tsc-offset has it; or 'unknown'");
}

static int parse_part(struct kvm_want *g, const char *part, size_t len, struct err *err)
{
	char *end;
	long long val;
	int ret;

	if (len > 4 && !strncmp(part, "pid=", 4)) {
		errno = 0;
		val = strtoll(part + 4, &end, 10);
		g->pid = (int32_t)val;
		if (!errno && part[4] >= '0' && part[4] <= '9' && end == part + len && val > 0 && val <= INT32_MAX)
			return 0;
	} else if (len == 14 && !strncmp(part, "offset=unknown", len)) {
		g->no_offset = true;
		return 0;
	} else if (len >= 7 && !strncmp(part, "offset=", 7)) {
		g->has_offset = true;
		ret = kvm_offset_parse(part + 7, len - 7, &g->offset);
		return ret ? no_offset(part + 7, len - 7, ret, err) : 0;
	}
	return err_set(err, EXIT_USAGE, "'%.*s': FILE[,pid=PID][,offset=N|unknown]", (int)(len < 60 ? len : 60), part);
}

/* Each VM has one recording of its guest, and each is of one VM. */
static int is_twice(const struct kvm_options *o, const struct kvm_want *g, struct err *err)
{
	for (unsigned int i = 0; i < o->nr_guests; i++) {
		if (!strcmp(o->guests[i].path, g->path))
			return err_set(err, EXIT_USAGE, "%s twice", g->path);
		if (g->pid && o->guests[i].pid == g->pid)
			return err_set(err, EXIT_USAGE, "two recordings of the virtual machine %d", g->pid);
	}
	return 0;
}

/* A comma in the name of the file is one of it, unless one of these follows. */
int kvm_parse_guest(void *target, const char *arg, const struct opt_spec *spec, struct err *err)
{
	struct kvm_options *o = target;
	struct kvm_want g = { 0 };
	size_t len = strlen(arg);
	const char *comma;

	(void)spec;
	while ((comma = memrchr(arg, ',', len)) && (!strncmp(comma, ",pid=", 5) || !strncmp(comma, ",offset=", 8))) {
		if (parse_part(&g, comma + 1, len - (size_t)(comma + 1 - arg), err))
			return -1;
		len = (size_t)(comma - arg);
	}
	if (!len)
		return err_set(err, EXIT_USAGE, "'%.60s': no file of a guest", arg);
	if (g.has_offset && g.no_offset)
		return err_set(err, EXIT_USAGE, "'%.60s': an offset, and that it is unknown", arg);
	if (o->nr_guests == KVM_MAX_GUESTS)
		return err_set(err, EXIT_USAGE, "%u at most", KVM_MAX_GUESTS);
	g.path = strndup(arg, len);
	if (is_twice(o, &g, err)) {
		free((char *)g.path);
		return -1;
	}
	o->guests[o->nr_guests++] = g;
	o->on = true;
	return 0;
}

void kvm_options_free(struct kvm_options *o)
{
	for (unsigned int i = 0; i < o->nr_guests; i++)
		free((char *)o->guests[i].path);
	o->nr_guests = 0;
}

static void want(struct kvm_report *r, const struct kvm_want *guests, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++)
		if (guests[i].path)
			r->guests[r->nr_guests++].want = guests[i];
}

/* Callers and functions where a guest tells of them. */
static int choose_keys(struct kvm_report *r, const struct kvm_options *o, struct err *err)
{
	memcpy(r->by, o->by, sizeof(r->by));
	r->nr_by = o->nr_by;
	if (!r->nr_by)
		return kvm_parse_by(o->nr_guests ? "caller,func,kick" : "vm,path,class,kick", r->by, &r->nr_by, err);
	for (unsigned int i = 0; i < r->nr_by && !o->nr_guests; i++) {
		if (!kvm_key_is_guests(r->by[i]))
			continue;
		err_set(err, EXIT_USAGE, "'%s': the host does not know it", kvm_key_name(r->by[i]));
		return err_hint(err, "with a recording made in the guest meanwhile: --guest FILE");
	}
	return 0;
}

/* Broken laws mean that the recording is not what it seems to be, so that nothing of it is to be relied on. */
int kvm_status(const struct kvm_report *r, struct err *err)
{
	const struct kvm_stats *s = r->stats;

	for (unsigned int i = 0; i < r->nr_laws; i++)
		if (!r->laws[i].held)
			return err_set(err, EXIT_INCOMPLETE, "%s: what was counted contradicts itself: %s", r->path,
				       r->laws[i].text);
	for (unsigned int i = 0; i < r->nr_guests && !s->lost && !r->truncated && !r->damaged; i++)
		if (r->guests[i].guest.lost)
			return err_set(err, EXIT_INCOMPLETE,
				       "%s: events were lost, or the file is cut: IPIs may be missing",
				       r->guests[i].want.path);
	if (!s->lost && !r->truncated && !r->damaged)
		return EXIT_OK;
	/* Of one that is cut, events are missing for that: what else was lost, nothing tells. */
	if (r->truncated || r->damaged) {
		err_set(err, EXIT_INCOMPLETE, "%s: the file is %s: IPIs may be missing", r->path,
			r->truncated ? "cut" : "damaged");
		return err_hint(err, "copy the file again, or record again");
	}
	err_set(err, EXIT_INCOMPLETE, "%s: events were lost: IPIs may be missing", r->path);
	return err_hint(err, "record with a larger buffer: -m");
}

int kvm_report_file(const struct kvm_options *o, const char *path, const char *buffer,
		    const struct pid_filter *processes, enum rows_format format, unsigned int top,
		    const struct screen_options *screen, struct err *err)
{
	struct kvm_report r = { .processes = processes };
	struct render_kvm_options ro = { .top = top, .raw_text = format == ROWS_RAW_CSV };
	int ret = -1;

	want(&r, o->guests, o->nr_guests);
	if (choose_keys(&r, o, err) || kvm_report_read(&r, path, buffer, err))
		goto out;
	ro.screen = screen_of_stdout(screen);
	if (format == ROWS_TEXT) {
		screen_page(screen, &ro.screen);
		render_kvm_text(&r, &ro, stdout);
	} else if (format == ROWS_JSON) {
		render_kvm_json(&r, &ro, stdout);
	} else {
		render_kvm_csv(&r, &ro, stdout);
	}
	ret = kvm_status(&r, err);
	if (ret == -1)
		ret = err->code;
out:
	kvm_report_free(&r);
	return ret;
}

static int diff_status(const struct kvm_report *a, const struct kvm_report *b, struct err *err)
{
	int ret = kvm_status(a, err);

	return ret == EXIT_OK ? kvm_status(b, err) : ret;
}

int kvm_diff_files(const char *a, const char *b, const struct kvm_want guests[2], bool json,
		   const struct screen_options *screen, struct err *err)
{
	struct kvm_report ra = { 0 }, rb = { 0 };
	struct render_kvm_options ro = { 0 };
	int ret = -1;

	want(&ra, &guests[0], 1);
	want(&rb, &guests[1], 1);
	if (kvm_report_read(&ra, a, NULL, err) || kvm_report_read(&rb, b, NULL, err))
		goto out;
	if (ra.in_ns != rb.in_ns) {
		err_set(err, EXIT_FAILED, "not comparable: times of %s are %s, of %s %s", a, ra.in_ns ? "ns" : "ticks",
			b, rb.in_ns ? "ns" : "ticks");
		err_hint(
			err,
			"record both by the same clock: 'ipitrace record --kvm' without --clock, or both with the same");
		goto out;
	}
	ro.screen = screen_of_stdout(screen);
	if (json) {
		render_kvm_diff_json(&ra, &rb, stdout);
	} else {
		screen_page(screen, &ro.screen);
		render_kvm_diff_text(&ra, &rb, &ro, stdout);
	}
	ret = diff_status(&ra, &rb, err);
	if (ret == -1)
		ret = err->code;
out:
	kvm_report_free(&ra);
	kvm_report_free(&rb);
	return ret;
}
