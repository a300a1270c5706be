// SPDX-License-Identifier: GPL-2.0-only
/*
 * render/debug.c - IPITRACE_DEBUG.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/parse.h"
#include "render/debug.h"

static int parse_time(const char *text, uint64_t *ns, struct err *err)
{
	return *text ? parse_u64(text, ns, err) : 0;
}

/* "match" or "match:FROM-TO"; cut up in place. */
static int parse_part(struct debug *d, char *part, struct err *err)
{
	char *window = strchr(part, ':'), *to;
	struct debug_window *w;

	if (window)
		*window++ = '\0';
	if (!strcmp(part, "session") && !window) {
		d->session = true;
		return 0;
	}
	if (!strcmp(part, "match"))
		w = &d->match;
	else if (!strcmp(part, "decode"))
		w = &d->decode;
	else {
		err_set(err, EXIT_USAGE, "IPITRACE_DEBUG: '%s': match, decode or session expected", part);
		return err_hint(err, "for instance IPITRACE_DEBUG=match:4305216000000-4305217000000");
	}
	*w = (struct debug_window){ true, 0, UINT64_MAX };
	if (!window)
		return 0;
	to = strchr(window, '-');
	if (!to) {
		err_set(err, EXIT_USAGE, "IPITRACE_DEBUG: '%s': FROM-TO expected", window);
		return err_hint(err, "for instance IPITRACE_DEBUG=match:4305216000000-4305217000000");
	}
	*to++ = '\0';
	return parse_time(window, &w->from_ns, err) || parse_time(to, &w->to_ns, err) ? -1 : 0;
}

int debug_init(struct debug *d, const char *text, FILE *out, struct err *err)
{
	char *copy, *rest, *part;
	int ret = 0;

	memset(d, 0, sizeof(*d));
	d->out = out;
	if (!text || !*text)
		return 0;
	copy = rest = xstrdup(text);
	while (!ret && (part = strsep(&rest, ",")))
		ret = parse_part(d, part, err);
	free(copy);
	if (ret)
		err_hint(err, "for instance IPITRACE_DEBUG=match:1000000-2000000, in ns of the trace clock");
	return ret;
}

static bool inside(const struct debug_window *w, uint64_t ns)
{
	return ns >= w->from_ns && ns <= w->to_ns;
}

static void print_time(FILE *out, const char *name, uint64_t ns)
{
	if (ns != IPI_NO_TIME)
		fprintf(out, " %s=%" PRIu64, name, ns);
}

static void debug_span(void *ctx, const struct ipi_span *s)
{
	static const char *const kinds[] = { "", "send", "hit", "call", "irq", "local", "wake" };
	static const char *const outcomes[] = { "delivered", "coalesced", "in_flight", "lost" };
	static const char *const hows[] = { "-", "exact", "fifo", "ambiguous" };
	static const char *const paths[] = { "sent", "rider", "polled", "unknown" };
	static const char *const levels[] = { "task", "softirq", "hardirq", "nmi" };
	const struct debug *d = ctx;

	if (!inside(&d->match, span_begin_ns(s)))
		return;
	fprintf(d->out, "match: %s %s", kinds[s->kind], ipi_class_name(s->class));
	if (s->kind == IPI_SPAN_HIT || s->kind == IPI_SPAN_CALL)
		fprintf(d->out, " %s %s", outcomes[s->outcome], hows[s->how]);
	if (s->kind == IPI_SPAN_CALL)
		fprintf(d->out, " %s", paths[s->path]);
	fprintf(d->out, "%s%s",
		s->unsolicited == IPI_UNSOLICITED_BEFORE ? " before the window" :
		s->unsolicited				 ? " unsolicited" :
							   "",
		s->negative ? " negative" : "");
	if (s->source != UINT32_MAX)
		fprintf(d->out, " source=%u", s->source);
	if (!s->mask)
		fprintf(d->out, " target=%u", s->target);
	fprintf(d->out, " pid=%d level=%s func=%#" PRIx64 " csd=%#" PRIx64, s->pid, levels[s->level], s->func, s->csd);
	if (s->kind == IPI_SPAN_SEND || s->kind == IPI_SPAN_IRQ)
		fprintf(d->out, " targets=%u calls=%u", s->nr_targets, s->nr_calls);
	print_time(d->out, "queue", s->queue_ns);
	print_time(d->out, "send", s->send_ns);
	if (s->sent_ns != (s->kind == IPI_SPAN_CALL ? s->queue_ns : s->send_ns))
		print_time(d->out, "sent", s->sent_ns);
	print_time(d->out, "entry", s->entry_ns);
	print_time(d->out, "run", s->run_ns);
	print_time(d->out, "done", s->done_ns);
	print_time(d->out, "exit", s->exit_ns);
	fputc('\n', d->out);
}

static void debug_lost(void *ctx, uint32_t cpu, uint64_t at_ns, uint64_t lost)
{
	const struct debug *d = ctx;

	if (!inside(&d->match, at_ns))
		return;
	fprintf(d->out, "match: gap cpu=%u at=%" PRIu64 " lost=", cpu, at_ns);
	if (lost == IPI_LOST_UNKNOWN)
		fprintf(d->out, "unknown\n");
	else
		fprintf(d->out, "%" PRIu64 "\n", lost);
}

void debug_events(void *ctx, const struct ipi_event *ev, unsigned int nr)
{
	static const char *const types[] = { "none",	  "send",     "send_mask", "queue", "func_entry", "func_exit",
					     "irq_entry", "irq_exit", "wake",	   "lost",  "start" };
	const struct debug *d = ctx;

	for (const struct ipi_event *end = ev + nr; ev != end; ev++)
		if (inside(&d->decode, ev->ts_ns))
			fprintf(d->out,
				"decode: %" PRIu64 " cpu=%u %s %s target=%u pid=%d flags=%#x callsite=%#" PRIx64
				" func=%#" PRIx64 " csd=%#" PRIx64 "\n",
				ev->ts_ns, ev->cpu, ev->type < ARRAY_SIZE(types) ? types[ev->type] : "?",
				ipi_class_name(ev->class), ev->target, ev->pid, ev->flags, ev->callsite, ev->func,
				ev->type == IPI_EV_SEND_MASK ? 0 : ev->csd);
}

void debug_attach(struct debug *d, struct span_sink *sink)
{
	if (!d->match.on)
		return;
	d->both[0] = (struct span_sink){ .span = debug_span, .lost = debug_lost, .ctx = d };
	d->both[1] = *sink;
	d->tee = (struct span_tee){ d->both, 2 };
	*sink = span_tee_sink(&d->tee);
}
