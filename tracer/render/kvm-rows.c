// SPDX-License-Identifier: GPL-2.0-only
/*
 * render/kvm-rows.c - the table of a host's report of its virtual machines: IPIs by their keys; and what its columns mean.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/hist.h"
#include "base/mem.h"
#include "base/text.h"
#include "render/grid.h"
#include "render/kvm-priv.h"
#include "render/kvm.h"
#include "render/value.h"

char *render_kvm_amount(const struct kvm_report *r, const struct render_kvm_options *o, uint64_t val)
{
	static const struct {
		double size;
		const char *unit;
	} units[] = { { 1e9, "G" }, { 1e6, "M" }, { 1e3, "k" } };
	char buf[RENDER_TIME_LEN];

	if (r->in_ns) {
		render_time(val, o->screen.utf8, buf);
		return xstrdup(buf);
	}
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		double v = (double)val / units[i].size;

		if (v >= 1)
			return xasprintf("%.*f%s", v < 9.995 ? 2 : v < 99.95 ? 1 : 0, v, units[i].unit);
	}
	return xasprintf("%" PRIu64, val);
}

static char *percentile(const struct kvm_report *r, const struct render_kvm_options *o, const struct hist *h, double p)
{
	return h->count ? render_kvm_amount(r, o, hist_percentile(h, p)) : xstrdup("-");
}

/* Of one that begins or ends in the guest, what is shorter than the clocks are uncertain is not known. */
static char *stage_text(const struct kvm_report *r, const struct render_kvm_options *o, const struct kvm_row *row,
			enum kvm_point end)
{
	const struct hist *h = &row->stages[end];
	char *text, *less;

	if (!h->count || (end != KVM_AT_EXIT && end != KVM_AT_HANDLER) || hist_percentile(h, 0.5) >= row->width)
		return percentile(r, o, h, 0.5);
	text = render_kvm_amount(r, o, row->width);
	less = xasprintf("<%s", text);
	free(text);
	return less;
}

static bool is_by(const struct kvm_report *r, enum kvm_key key)
{
	for (unsigned int i = 0; i < r->nr_by; i++)
		if (r->by[i] == key)
			return true;
	return false;
}

/* "3"; of several VMs, where no other column says which, "1234/3", by its process. */
static char *vcpu_text(const struct kvm_report *r, int32_t vm, uint32_t id)
{
	bool whose = r->nr_vms > 1 && vm && !is_by(r, KVM_KEY_VM);
	char number[16] = "?";

	if (id < KVM_UNNUMBERED)
		snprintf(number, sizeof(number), "%u", id);
	return whose ? xasprintf("%d/%s", vm, number) : xstrdup(number);
}

static char *guest_name(const struct kvm_report *r, uint32_t name)
{
	return xstrdup(name && name < r->guest_names.nr ? r->guest_names.list[name] : "-");
}

static char *key_text(const struct kvm_report *r, const struct kvm_row *row, enum kvm_key key)
{
	char class[KVM_CLASS_LEN];

	switch (key) {
	case KVM_KEY_VM:
		return row->key.vm ? xasprintf("%d", row->key.vm) : xstrdup("?");
	case KVM_KEY_PATH:
		return xstrdup(kvm_path_name(row->key.path));
	case KVM_KEY_CLASS:
		kvm_class_name(&row->key, class);
		return xstrdup(class);
	case KVM_KEY_KICK:
		return xstrdup(kvm_kick_name(row->key.kick));
	case KVM_KEY_SOURCE:
		return vcpu_text(r, row->key.vm, row->key.source);
	case KVM_KEY_CALLER:
		return guest_name(r, row->key.caller);
	case KVM_KEY_FUNC:
		return guest_name(r, row->key.func);
	case KVM_KEY_COMM:
		return guest_name(r, row->key.comm);
	default:
		return vcpu_text(r, row->key.vm, row->key.target);
	}
}

/* What a machine of one VM need not say in each row. */
static bool key_shown(const struct kvm_report *r, enum kvm_key key)
{
	return key != KVM_KEY_VM || r->nr_vms > 1 || r->nr_by == 1;
}

/* What a row is by, and what there is of it. A stage is the time up to a point. */
struct kvm_column {
	struct grid_column grid;
	const char *help;
};

static const struct kvm_column key_columns[KVM_NR_KEYS] = {
	[KVM_KEY_VM] = { GRID_RIGHT("VM"), "the virtual machine: the process of its VMM" },
	[KVM_KEY_PATH] = { GRID_LEFT("PATH"), "how the send reached the host: msr, fast, mmio, hypercall, trap, "
					      "incomplete, sysreg, other" },
	[KVM_KEY_CLASS] = { { .header = "CLASS", .name = true }, "what the vector means to a Linux guest" },
	[KVM_KEY_KICK] = { GRID_LEFT("KICK"), "what the target did: running, polling, woken, preempted, none, halted" },
	[KVM_KEY_SOURCE] = { GRID_RIGHT("SOURCE"), "virtual CPU that sent" },
	[KVM_KEY_TARGET] = { GRID_RIGHT("TARGET"), "virtual CPU that it is for" },
	[KVM_KEY_CALLER] = { { .header = "CALLER", .name = true }, "with --guest: who asked for it, in the guest" },
	[KVM_KEY_FUNC] = { { .header = "FUNC", .name = true }, "with --guest: what is to run, in the guest" },
	[KVM_KEY_COMM] = { GRID_LEFT("COMM"), "with --guest: the task that sent" },
};

/* COAL and ALONE go before MAX does. */
enum { IPIS, COAL, ALONE, P50, P99, MAX, NR_COUNTS };
static const struct kvm_column count_columns[NR_COUNTS] = {
	[IPIS] = { GRID_RIGHT("IPIS"), "targets of sends" },
	[COAL] = { { .header = "COAL", .right = true, .drop = 2 }, "coalesced: one interrupt is for several" },
	[ALONE] = { { .header = "ALONE", .right = true, .drop = 1 }, "with --guest: of the host's recording alone" },
	[P50] = { GRID_RIGHT("P50"),
		  "from the sender's exit to the target's entry, with --guest from send to handler" },
	[P99] = { GRID_RIGHT("P99"), "likewise" },
	[MAX] = { { .header = "MAX", .right = true, .drop = 3 }, "likewise" },
};

static const struct kvm_column stage_columns[KVM_NR_POINTS] = {
	[KVM_AT_EXIT] = { GRID_RIGHT("EXIT"), "with --guest: from the send until it leaves the guest" },
	[KVM_AT_ACCEPT] = { GRID_RIGHT("ACCEPT"), "from there until the target's virtual APIC has it" },
	[KVM_AT_WAKE] = { GRID_RIGHT("WAKE"), "until the target's thread is woken, or has left the guest" },
	[KVM_AT_RUN] = { GRID_RIGHT("RUNQ"), "until that thread has a CPU" },
	[KVM_AT_INJECT] = { GRID_RIGHT("INJECT"), "until the interrupt is injected" },
	[KVM_AT_ENTRY] = { GRID_RIGHT("ENTRY"), "until the guest is entered" },
	[KVM_AT_HANDLER] = { GRID_RIGHT("HANDLER"), "with --guest: until the handler runs" },
};

static void explain(const char *key, const struct kvm_column *c, FILE *out)
{
	char left[32];

	snprintf(left, sizeof(left), "%-8s  %-8s", key, c->grid.header);
	help_wrapped(out, left, 20, 0, c->help);
}

void render_kvm_help(FILE *out)
{
	help_wrapped(out, "", 0, 0,
		     "--kvm=KEYS makes rows by these; usually vm,path,class,kick, with --guest caller,func,kick.");
	fprintf(out, "\n%-9s %-9s %s\n", "KEY", "HEADER", "MEANING");
	for (unsigned int i = 0; i < KVM_NR_KEYS; i++)
		explain(kvm_key_name(i), &key_columns[i], out);
	fputc('\n', out);
	help_wrapped(
		out, "", 0, 0,
		"Columns. The stages are medians and sum, for each IPI, to its total. Where all of them are too wide "
		"for the screen the stages are on a line of their own below each row. ipitrace-kvm(1) has the rest.");
	fprintf(out, "\n%-9s %-9s %s\n", "", "HEADER", "MEANING");
	for (unsigned int i = 0; i < NR_COUNTS; i++)
		explain("", &count_columns[i], out);
	for (unsigned int i = KVM_AT_EXIT; i < KVM_NR_POINTS; i++)
		explain("", &stage_columns[i], out);
}

/* The table under construction: cells of a row are nr in number, of which the last ones are stages. */
struct table {
	struct grid_column columns[KVM_NR_KEYS + NR_COUNTS + KVM_NR_POINTS];
	unsigned int nr, nr_head;
	char **cells;
	unsigned int nr_rows;
};

static bool count_shown(const struct kvm_report *r, unsigned int i)
{
	return i != ALONE || r->is_joined;
}

static bool stage_shown(const struct kvm_report *r, enum kvm_point end)
{
	return r->is_joined || (end != KVM_AT_EXIT && end != KVM_AT_HANDLER);
}

static void choose_columns(struct table *t, const struct kvm_report *r)
{
	for (unsigned int i = 0; i < r->nr_by; i++)
		if (key_shown(r, r->by[i]))
			t->columns[t->nr++] = key_columns[r->by[i]].grid;
	for (unsigned int i = 0; i < NR_COUNTS; i++)
		if (count_shown(r, i))
			t->columns[t->nr++] = count_columns[i].grid;
	t->nr_head = t->nr;
	for (unsigned int i = KVM_AT_EXIT; i < KVM_NR_POINTS; i++)
		if (stage_shown(r, i))
			t->columns[t->nr++] = stage_columns[i].grid;
}

static char *count_text(const struct kvm_report *r, const struct render_kvm_options *o, const struct kvm_row *row,
			unsigned int column)
{
	switch (column) {
	case IPIS:
		return xasprintf("%" PRIu64, row->ipis);
	case COAL:
		return xasprintf("%" PRIu64, row->outcomes[KVM_COALESCED]);
	case ALONE:
		return xasprintf("%" PRIu64, row->unjoined);
	case P50:
		return percentile(r, o, &row->total, 0.5);
	case P99:
		return percentile(r, o, &row->total, 0.99);
	default:
		return percentile(r, o, &row->total, 1);
	}
}

static void fill_row(char **cell, const struct kvm_report *r, const struct render_kvm_options *o,
		     const struct kvm_row *row)
{
	for (unsigned int i = 0; i < r->nr_by; i++)
		if (key_shown(r, r->by[i]))
			*cell++ = key_text(r, row, r->by[i]);
	for (unsigned int i = 0; i < NR_COUNTS; i++)
		if (count_shown(r, i))
			*cell++ = count_text(r, o, row, i);
	for (unsigned int i = KVM_AT_EXIT; i < KVM_NR_POINTS; i++)
		if (stage_shown(r, i))
			*cell++ = stage_text(r, o, row, i);
}

/* Texts of some columns; these stay the table's. */
static char **part_of(const struct table *t, unsigned int from, unsigned int to)
{
	char **cells = xcalloc((size_t)t->nr_rows * (to - from) + 1, sizeof(*cells));

	for (unsigned int row = 0; row < t->nr_rows; row++)
		memcpy(cells + (size_t)row * (to - from), t->cells + (size_t)row * t->nr + from,
		       (to - from) * sizeof(*cells));
	return cells;
}

/* Lines of a text, the first of which is the header's; each malloc'ed, indented. */
static char **lines_of(const char *text, unsigned int nr)
{
	char **lines = xcalloc(nr + 1ull, sizeof(*lines));

	for (unsigned int i = 0; i < nr; i++) {
		size_t len = strcspn(text, "\n");

		lines[i] = xasprintf("    %.*s\n", (int)len, text);
		text += len + (text[len] != 0);
	}
	return lines;
}

/* The stages are what a report of this kind is for: they go below, where others would be left out. */
static unsigned int print_in_two(const struct table *t, const struct screen *s, FILE *out)
{
	char **head = part_of(t, 0, t->nr_head), **stages = part_of(t, t->nr_head, t->nr), **lines, *text = NULL;
	const struct grid below = { .columns = t->columns + t->nr_head,
				    .nr_columns = t->nr - t->nr_head,
				    .cells = stages,
				    .nr_rows = t->nr_rows };
	const struct screen any = { .utf8 = s->utf8 };
	unsigned int dropped;
	size_t len;
	FILE *mem = open_memstream(&text, &len);

	if (mem) {
		render_grid(&below, &any, mem);
		fclose(mem);
	}
	lines = lines_of(text ? text : "", t->nr_rows + 1);
	dropped = render_grid_below(&(struct grid){ .columns = t->columns,
						    .nr_columns = t->nr_head,
						    .cells = head,
						    .nr_rows = t->nr_rows,
						    .below = lines + 1 },
				    lines[0], s, out);
	grid_free_cells(lines, t->nr_rows + 1ull);
	free(text);
	free(head);
	free(stages);
	return dropped;
}

void render_kvm_rows(const struct kvm_report *r, const struct render_kvm_options *o, FILE *out)
{
	struct table t = { .nr_rows = o->top && o->top < r->nr_rows ? o->top : r->nr_rows };
	unsigned int dropped = 0;
	struct grid all;

	choose_columns(&t, r);
	t.cells = xcalloc((size_t)t.nr_rows * t.nr + 1, sizeof(*t.cells));
	for (unsigned int i = 0; i < t.nr_rows; i++)
		fill_row(t.cells + (size_t)i * t.nr, r, o, &r->rows[i]);
	all = (struct grid){ .columns = t.columns, .nr_columns = t.nr, .cells = t.cells, .nr_rows = t.nr_rows };
	if (!t.nr_rows)
		fputs("no IPIs of guests were seen\n", out);
	else if (grid_fits(&all, &o->screen))
		render_grid(&all, &o->screen, out);
	else
		dropped = print_in_two(&t, &o->screen, out);
	grid_say_dropped(dropped, "--csv and --json show them", out);
	if (t.nr_rows < r->nr_rows)
		fprintf(out, "(%u more row%s)\n", r->nr_rows - t.nr_rows, plural_s(r->nr_rows - t.nr_rows));
	fputc('\n', out);
	grid_free_cells(t.cells, (size_t)t.nr_rows * t.nr);
}
