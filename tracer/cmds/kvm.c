// SPDX-License-Identifier: GPL-2.0-only
/*
 * cmds/kvm.c - ipitrace report --kvm: what the options ask for, and the exit status.
 */
#include <stdbool.h>
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
	return kvm_parse_by(arg ? arg : "vm,path,class,kick", o->by, &o->nr_by, err);
}

/* Broken laws mean that the recording is not what it seems to be, so that nothing of it is to be relied on. */
static int status(const struct kvm_report *r, struct err *err)
{
	const struct kvm_stats *s = r->stats;

	for (unsigned int i = 0; i < r->nr_laws; i++)
		if (!r->laws[i].held)
			return err_set(err, EXIT_INCOMPLETE, "%s: what was counted contradicts itself: %s", r->path,
				       r->laws[i].text);
	if (!s->lost && !r->truncated && !r->damaged)
		return EXIT_OK;
	err_set(err, EXIT_INCOMPLETE, "%s: %s", r->path,
		s->lost ? "events were lost: IPIs may be missing" : "the file is cut or damaged");
	return err_hint(err, "%s", s->lost ? "record with a larger buffer: -m" : "copy it, or record, again");
}

int kvm_report_file(const struct kvm_options *o, const char *path, const char *buffer,
		    const struct pid_filter *processes, enum rows_format format, unsigned int top,
		    const struct screen_options *screen, struct err *err)
{
	struct kvm_report r = { .nr_by = o->nr_by, .processes = processes };
	struct render_kvm_options ro = { .top = top, .raw_text = format == ROWS_RAW_CSV };
	int ret = -1;

	memcpy(r.by, o->by, sizeof(r.by));
	if (kvm_report_read(&r, path, buffer, err))
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
	ret = status(&r, err);
	if (ret == -1)
		ret = err->code;
out:
	kvm_report_free(&r);
	return ret;
}
