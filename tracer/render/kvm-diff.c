// SPDX-License-Identifier: GPL-2.0-only
/*
 * render/kvm-diff.c - two reports of virtual machines beside each other.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/compiler.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "kvm/summary.h"
#include "render/grid.h"
#include "render/kvm.h"
#include "render/value.h"

static char *figure_text(const struct kvm_figure *f, const struct kvm_report *r, const struct render_kvm_options *o)
{
	char buf[RENDER_TIME_LEN];

	if (!f->known)
		return xstrdup("-");
	switch (f->unit) {
	case KVM_FIGURE_TIME:
		if (!r->in_ns)
			return xasprintf("%" PRIu64, f->val);
		render_time(f->val, o->screen.utf8, buf);
		return xstrdup(buf);
	case KVM_FIGURE_SHARE:
		return xasprintf("%.1f%%", (double)f->val / 10);
	case KVM_FIGURE_CPUS:
		return xasprintf("%.3f", (double)f->val / 1000);
	default:
		return xasprintf("%.1f", (double)f->val / 1000);
	}
}

/* Shares are not divided by each other. */
static bool has_ratio(const struct kvm_figure *a, const struct kvm_figure *b)
{
	return a->known && b->known && a->val && a->unit != KVM_FIGURE_SHARE;
}

static void head(const char *name, const struct kvm_report *r, FILE *out)
{
	char *text = xasprintf("%s: %s, %u virtual machine%s, %s%s, clock %s", name, r->path, r->nr_vms,
			       plural_s(r->nr_vms), r->is_joined ? "joined with " : "host only",
			       r->is_joined ? r->guests[0].want.path : "", r->clock);
	char *clean = sanitized(text);

	fprintf(out, "%s\n", clean);
	free(clean);
	free(text);
}

void render_kvm_diff_text(const struct kvm_report *a, const struct kvm_report *b, const struct render_kvm_options *o,
			  FILE *out)
{
	static const struct grid_column columns[] = {
		{ .header = "FIGURE", .name = true }, GRID_RIGHT("A"), GRID_RIGHT("B"), GRID_RIGHT("B/A")
	};
	struct kvm_figure fa[KVM_MAX_FIGURES], fb[KVM_MAX_FIGURES];
	unsigned int nr = kvm_summary(a, fa), nr_shown = 0;
	char **cells = xcalloc((size_t)nr * ARRAY_SIZE(columns) + 1, sizeof(*cells)), **cell = cells;

	kvm_summary(b, fb);
	head("A", a, out);
	head("B", b, out);
	fputc('\n', out);
	for (unsigned int i = 0; i < nr; i++) {
		if (!fa[i].known && !fb[i].known)
			continue;
		*cell++ = xstrdup(fa[i].label);
		*cell++ = figure_text(&fa[i], a, o);
		*cell++ = figure_text(&fb[i], b, o);
		*cell++ = has_ratio(&fa[i], &fb[i]) ? xasprintf("%.2f", (double)fb[i].val / (double)fa[i].val) :
						      xstrdup("-");
		nr_shown++;
	}
	render_grid(&(struct grid){ columns, ARRAY_SIZE(columns), cells, nr_shown, NULL }, &o->screen, out);
	grid_free_cells(cells, (size_t)nr_shown * ARRAY_SIZE(columns));
	fputs("\nnote: one run of each: what differs may be chance\n", out);
}

static void json_figure(struct json *j, const char *key, const struct kvm_figure *f)
{
	if (f->known)
		json_u64(j, key, f->val);
	else
		json_null(j, key);
}

void render_kvm_diff_json(const struct kvm_report *a, const struct kvm_report *b, FILE *out)
{
	static const char *const units[] = { [KVM_FIGURE_RATE] = "milli_per_s",
					     [KVM_FIGURE_TIME] = "time",
					     [KVM_FIGURE_CPUS] = "milli_cpus",
					     [KVM_FIGURE_SHARE] = "permille" };
	struct kvm_figure fa[KVM_MAX_FIGURES], fb[KVM_MAX_FIGURES];
	unsigned int nr = kvm_summary(a, fa);
	struct json j = { .out = out };

	kvm_summary(b, fb);
	json_object(&j, NULL);
	json_string(&j, "schema", "ipitrace-kvm-diff/1");
	json_string(&j, "a", a->path);
	json_string(&j, "b", b->path);
	json_string(&j, "unit", a->in_ns ? "ns" : "ticks");
	json_array(&j, "figures");
	for (unsigned int i = 0; i < nr; i++) {
		json_object(&j, NULL);
		json_string(&j, "figure", fa[i].key);
		json_string(&j, "unit",
			    fa[i].unit == KVM_FIGURE_TIME ? (a->in_ns ? "ns" : "ticks") : units[fa[i].unit]);
		json_figure(&j, "a", &fa[i]);
		json_figure(&j, "b", &fb[i]);
		json_close(&j);
	}
	json_close(&j);
	json_object(&j, "sides");
	render_kvm_json_side(&j, "a", a);
	render_kvm_json_side(&j, "b", b);
	json_close(&j);
	json_close(&j);
}
