// SPDX-License-Identifier: GPL-2.0-only
/*
 * matchscript.c - script lines to events and expectations, see matchscript.h
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "matchaudit.h"
#include "matchscript.h"

#define MAX_EVENTS 4096
#define MAX_CPUS   256
#define MASK_WORDS (MAX_CPUS / 64)
#define MAX_WORDS  48

struct expectation {
	unsigned int line;
	char *text;
};

struct script {
	const char *path;
	unsigned int line, faults;
	struct match_config config;
	struct ipi_event events[MAX_EVENTS];
	uint64_t masks[MAX_EVENTS][MASK_WORDS];
	unsigned int nr_events;
	struct expectation expects[MAX_EVENTS];
	unsigned int nr_expects;
	bool in_irq[MAX_CPUS];
	struct span_log log;
};

__attribute__((format(printf, 2, 3))) static void fault(struct script *sc, const char *fmt, ...)
{
	va_list ap;

	printf("# %s:%u: ", sc->path, sc->line);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	sc->faults++;
}

/* A number stays one, a name becomes a number of its own (kernel-like: high bits set). */
static uint64_t symbol(const char *text)
{
	uint64_t hash = 14695981039346656037ull;
	char *end;

	if (*text >= '0' && *text <= '9') {
		uint64_t v = strtoull(text, &end, 0);

		return v;
	}
	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 1099511628211ull;
	return hash | 0xffff000000000000ull;
}

/* Value of key in words ("key=value"), or NULL. */
static const char *value(char **words, unsigned int nr, const char *key)
{
	size_t len = strlen(key);

	for (unsigned int i = 0; i < nr; i++)
		if (!strncmp(words[i], key, len) && words[i][len] == '=')
			return words[i] + len + 1;
	return NULL;
}

static uint64_t symbol_of(char **words, unsigned int nr, const char *key, const char *fallback)
{
	const char *v = value(words, nr, key);

	if (!v)
		v = fallback;
	return v ? symbol(v) : 0;
}

static unsigned int split(char *text, char **words, unsigned int max)
{
	unsigned int nr = 0;
	char *save = NULL;

	for (char *w = strtok_r(text, " \t\n", &save); w && nr < max; w = strtok_r(NULL, " \t\n", &save))
		words[nr++] = w;
	return nr;
}

static uint8_t parse_flags(const char *word)
{
	uint8_t flags = 0;

	for (; *word && *word != ']'; word++) {
		if (*word == 'h')
			flags |= IPI_FLAG_HARDIRQ;
		else if (*word == 's')
			flags |= IPI_FLAG_SOFTIRQ;
		else if (*word == 'n')
			flags |= IPI_FLAG_NMI;
	}
	return flags;
}

static void parse_class(struct script *sc, struct ipi_event *ev, const char *word)
{
	int class = word ? audit_class_parse(word) : -1;

	if (class < 0) {
		fault(sc, "unknown class '%s'", word ? word : "");
		return;
	}
	ev->class = (uint8_t) class;
}

static void parse_mask(struct script *sc, struct ipi_event *ev, char *list)
{
	uint64_t *mask = sc->masks[sc->nr_events];
	char *save = NULL;

	for (char *w = strtok_r(list, ",", &save); w; w = strtok_r(NULL, ",", &save)) {
		unsigned long cpu = strtoul(w, NULL, 10);

		if (cpu >= MAX_CPUS) {
			fault(sc, "CPU %s is out of range", w);
			return;
		}
		mask[cpu / 64] |= 1ull << (cpu % 64);
		if (cpu / 64 + 1 > ev->mask_words)
			ev->mask_words = (uint32_t)(cpu / 64 + 1);
	}
	ev->mask = mask;
}

static uint8_t parse_call_kind(char **words, unsigned int nr)
{
	const char *kind = value(words, nr, "kind");

	if (kind && !strcmp(kind, "ttwu"))
		return IPI_CALL_TTWU;
	if (kind && !strcmp(kind, "irqwork"))
		return IPI_CALL_IRQ_WORK;
	if (kind && !strcmp(kind, "named"))
		return IPI_CALL_NAMED;
	return IPI_CALL_PLAIN;
}

/* Arguments of the sending side; false when the verb is not one of them. */
static bool parse_source_event(struct script *sc, struct ipi_event *ev, char **words, unsigned int nr)
{
	const char *verb = words[2];
	bool mask = !strcmp(verb, "mask"), send = !strcmp(verb, "send");

	if (nr < 4)
		return false;
	if (!strcmp(verb, "queue")) {
		ev->type = IPI_EV_QUEUE;
		ev->func = symbol_of(words, nr, "func", "F");
		ev->csd = symbol_of(words, nr, "csd", NULL);
		ev->call_kind = parse_call_kind(words, nr);
		ev->class = IPI_CLASS_CALL_SINGLE;
	} else if ((send || mask) && nr >= 5) {
		ev->type = send ? IPI_EV_SEND_CPU : IPI_EV_SEND_MASK;
		parse_class(sc, ev, words[4]);
		ev->func = symbol_of(words, nr, "func", ipi_class_is_call(ev->class) ? "generic" : NULL);
		ev->call_kind = parse_call_kind(words, nr);
	} else if (!strcmp(verb, "wake")) {
		ev->type = IPI_EV_WAKE_NO_IPI;
	} else {
		return false;
	}
	if (mask)
		parse_mask(sc, ev, words[3]);
	else
		ev->target = (uint32_t)strtoul(words[3], NULL, 10);
	if (ev->type != IPI_EV_WAKE_NO_IPI)
		ev->callsite = symbol_of(words, nr, "site", "S");
	return true;
}

static bool parse_target_event(struct script *sc, struct ipi_event *ev, char **words, unsigned int nr)
{
	const char *verb = words[2], *arg = nr > 3 ? words[3] : NULL;

	if (!strcmp(verb, "entry") || !strcmp(verb, "exit")) {
		ev->type = *verb == 'e' && verb[1] == 'n' ? IPI_EV_IRQ_ENTRY : IPI_EV_IRQ_EXIT;
		parse_class(sc, ev, arg);
	} else if (!strcmp(verb, "fentry") || !strcmp(verb, "fexit")) {
		ev->type = verb[2] == 'n' ? IPI_EV_FUNC_ENTRY : IPI_EV_FUNC_EXIT;
		ev->func = symbol_of(words, nr, "func", "F");
		ev->csd = symbol_of(words, nr, "csd", NULL);
		ev->call_kind = parse_call_kind(words, nr);
	} else if (!strcmp(verb, "lost") && arg) {
		ev->type = IPI_EV_LOST;
		ev->lost = strcmp(arg, "unknown") ? strtoull(arg, NULL, 0) : IPI_LOST_UNKNOWN;
	} else if (!strcmp(verb, "gap")) {
		ev->type = IPI_EV_GAP;
	} else if (!strcmp(verb, "start")) {
		ev->type = IPI_EV_CPU_START;
	} else {
		return false;
	}
	return true;
}

static void parse_event(struct script *sc, char **words, unsigned int nr)
{
	struct ipi_event *ev = &sc->events[sc->nr_events];
	const char *stack, *pid;

	memset(ev, 0, sizeof(*ev));
	ev->ts_ns = strtoull(words[0], NULL, 10);
	ev->cpu = nr > 1 ? (uint32_t)strtoul(words[1], NULL, 10) : MAX_CPUS;
	if (nr < 3 || ev->cpu >= MAX_CPUS || sc->nr_events + 1 == MAX_EVENTS ||
	    (!parse_source_event(sc, ev, words, nr) && !parse_target_event(sc, ev, words, nr))) {
		fault(sc, "bad event");
		return;
	}
	if (sc->nr_events && ev->ts_ns < ev[-1].ts_ns)
		fault(sc, "time runs backwards");
	stack = value(words, nr, "stack");
	pid = value(words, nr, "pid");
	ev->stack = stack ? (uint32_t)strtoul(stack, NULL, 0) : IPI_STACK_NONE;
	if (value(words, nr, "sent"))
		ev->sent_ns = strtoull(value(words, nr, "sent"), NULL, 10);
	ev->pid = pid ? atoi(pid) : (int)ev->cpu + 1000;
	if (ev->type == IPI_EV_IRQ_ENTRY)
		sc->in_irq[ev->cpu] = true;
	if (words[nr - 1][0] == '[')
		ev->flags = parse_flags(words[nr - 1] + 1);
	else if (sc->in_irq[ev->cpu])
		ev->flags = IPI_FLAG_HARDIRQ | IPI_FLAG_IRQS_OFF;
	if (ev->type == IPI_EV_IRQ_EXIT || ev->type == IPI_EV_GAP || ev->type == IPI_EV_LOST)
		sc->in_irq[ev->cpu] = false;
	sc->nr_events++;
}

static void parse_config(struct script *sc, char **words, unsigned int nr)
{
	const char *v;

	v = value(words, nr, "cpus");
	if (v)
		sc->config.nr_cpus = (unsigned int)strtoul(v, NULL, 10);
	v = value(words, nr, "csd");
	if (v)
		sc->config.has_csd = *v == '1';
	v = value(words, nr, "sends");
	if (v)
		sc->config.has_sends = *v == '1';
	v = value(words, nr, "window");
	if (v)
		sc->config.window_ns = strtoull(v, NULL, 10);
}

static void parse_line(struct script *sc, char *line)
{
	char *words[MAX_WORDS], *copy;
	unsigned int nr;

	line[strcspn(line, "#\n")] = '\0';
	copy = strdup(line);
	if (!copy)
		abort();
	nr = split(line, words, MAX_WORDS);
	if (nr && !strcmp(words[0], "expect") && sc->nr_expects < MAX_EVENTS) {
		sc->expects[sc->nr_expects].line = sc->line;
		sc->expects[sc->nr_expects++].text = copy;
		return;
	}
	free(copy);
	if (nr && !strcmp(words[0], "config"))
		parse_config(sc, words, nr);
	else if (nr)
		parse_event(sc, words, nr);
}

/* Is name one of the alternatives in "a/b/c"? */
static bool among(const char *alternatives, const char *name)
{
	size_t len = strlen(name);

	for (const char *p = alternatives; *p; p += *p == '/') {
		size_t n = strcspn(p, "/");

		if (n == len && !strncmp(p, name, n))
			return true;
		p += n;
	}
	return false;
}

static const char *const outcome_names[] = { "delivered", "coalesced", "in_flight", "lost" };
static const char *const how_names[] = { "none", "exact", "fifo", "ambiguous" };
static const char *const wait_names[] = { "none", "unknown", "known" };
static const char *const victim_names[] = { "unknown", "task", "softirq" };
static const char *const path_names[] = { "sent", "rider", "polled", "unknown" };

/* Words that stand alone: outcome, how, solicited, negative. -1: no such word. */
static int check_word(const struct ipi_span *s, const char *word)
{
	for (unsigned int i = 0; i < 4; i++) {
		if (among(word, outcome_names[i]) && s->outcome == i)
			return 1;
		if (among(word, how_names[i]) && s->how == i)
			return 1;
	}
	for (unsigned int i = 0; i < 4; i++)
		if (among(word, outcome_names[i]) || among(word, how_names[i]))
			return 0;
	if (!strcmp(word, "ran"))
		return s->outcome == IPI_DELIVERED;
	if (!strcmp(word, "solicited"))
		return !s->unsolicited;
	if (!strcmp(word, "unsolicited"))
		return s->unsolicited && s->unsolicited != IPI_UNSOLICITED_BEFORE;
	if (!strcmp(word, "before"))
		return s->unsolicited == IPI_UNSOLICITED_BEFORE;
	if (!strcmp(word, "negative"))
		return s->negative;
	return -1;
}

static bool check_time(uint64_t got, const char *want)
{
	return got == (!strcmp(want, "-") ? IPI_NO_TIME : strtoull(want, NULL, 10));
}

/* key=value; -1: no such key. */
static int check_pair(const struct ipi_span *s, const char *key, const char *v)
{
	const struct {
		const char *key;
		uint64_t got;
	} times[] = {
		{ "queue", s->queue_ns }, { "send", s->send_ns }, { "sent", s->sent_ns }, { "entry", s->entry_ns },
		{ "run", s->run_ns },	  { "done", s->done_ns }, { "exit", s->exit_ns }, { "waited", s->wait_ns },
	};
	const struct {
		const char *key;
		uint64_t got;
	} numbers[] = {
		{ "targets", s->nr_targets },
		{ "hits", s->nr_targets },
		{ "calls", s->nr_calls },
		{ "source", s->source },
		{ "target", s->target },
		{ "stack", s->stack },
		{ "pid", (uint64_t)s->pid },
		{ "func", s->func },
		{ "csd", s->csd },
		{ "site", s->callsite },
		{ "send_id", s->send_id },
		{ "has_call", s->has_call },
		{ "victim_pid", (uint64_t)s->victim_pid },
	};

	for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++)
		if (!strcmp(key, times[i].key))
			return check_time(times[i].got, v);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		if (!strcmp(key, numbers[i].key))
			return numbers[i].got == symbol(v);
	if (!strcmp(key, "path"))
		return s->path < 4 && among(v, path_names[s->path]);
	if (!strcmp(key, "wait"))
		return s->wait < 3 && among(v, wait_names[s->wait]);
	if (!strcmp(key, "victim"))
		return among(v, victim_names[span_victim(s)]);
	if (!strcmp(key, "class"))
		return audit_class_name(s->class) && among(v, audit_class_name(s->class));
	return -1;
}

static void check_span(struct script *sc, const struct ipi_span *s, char **words, unsigned int nr)
{
	char text[400];

	for (unsigned int i = 0; i < nr; i++) {
		char *eq = strchr(words[i], '=');
		int good;

		if ((!strcmp(words[i], "->") || !strcmp(words[i], "run")) && i + 1 < nr) {
			bool run = *words[i] == 'r';

			i++;
			good = s->outcome == IPI_DELIVERED && check_time(run ? s->run_ns : s->entry_ns, words[i]);
		} else if (eq) {
			*eq = '\0';
			good = check_pair(s, words[i], eq + 1);
			*eq = '=';
		} else {
			good = check_word(s, words[i]);
		}
		if (good < 0)
			fault(sc, "do not know '%s'", words[i]);
		else if (!good)
			fault(sc, "not so: '%s': %s", words[i], span_text(s, text, sizeof(text)));
	}
}

static bool span_is(const struct ipi_span *s, const char *kind, uint64_t ts, uint32_t cpu)
{
	if (!strcmp(kind, "send"))
		return s->kind == IPI_SPAN_SEND && s->send_ns == ts;
	if (s->target != cpu)
		return false;
	if (!strcmp(kind, "hit"))
		return s->kind == IPI_SPAN_HIT && s->send_ns == ts;
	if (!strcmp(kind, "call"))
		return s->kind == IPI_SPAN_CALL && s->queue_ns == ts;
	if (!strcmp(kind, "irq"))
		return s->kind == IPI_SPAN_IRQ && s->entry_ns == ts;
	if (!strcmp(kind, "local"))
		return s->kind == IPI_SPAN_LOCAL && s->run_ns == ts;
	return !strcmp(kind, "wake") && s->kind == IPI_SPAN_WAKE && s->send_ns == ts;
}

static void expect_span(struct script *sc, char **words, unsigned int nr)
{
	const struct ipi_span *found = NULL;
	unsigned int nr_found = 0;
	char *end;
	uint64_t ts = strtoull(words[2], &end, 10);
	uint32_t cpu = *end ? (uint32_t)strtoul(end + 1, NULL, 10) : 0;

	for (size_t i = 0; i < sc->log.nr; i++) {
		if (!span_is(&sc->log.spans[i], words[1], ts, cpu))
			continue;
		found = &sc->log.spans[i];
		nr_found++;
	}
	if (nr_found != 1)
		fault(sc, "%u spans are '%s %s', not 1", nr_found, words[1], words[2]);
	else
		check_span(sc, found, words + 3, nr - 3);
}

static void expect_totals(struct script *sc, const struct match_totals *t, char **words, unsigned int nr)
{
	const struct {
		const char *key;
		uint64_t got;
	} all[] = {
#define TOTAL(name) { #name, t->name }
		TOTAL(sends),
		TOTAL(target_hits),
		TOTAL(behind_stack),
		TOTAL(delivered),
		TOTAL(coalesced),
		TOTAL(in_flight),
		TOTAL(lost),
		TOTAL(exact),
		TOTAL(fifo),
		TOTAL(ambiguous),
		TOTAL(interrupts),
		TOTAL(unsolicited),
		TOTAL(unsolicited_in_gap),
		TOTAL(unsolicited_at_start),
		TOTAL(before_window),
		TOTAL(empty_interrupts),
		TOTAL(calls),
		TOTAL(calls_run),
		TOTAL(calls_in_flight),
		TOTAL(calls_lost),
		TOTAL(ambiguous_calls),
		TOTAL(riders),
		TOTAL(polled),
		TOTAL(wakes),
		TOTAL(elided),
		TOTAL(local_calls),
		TOTAL(calls_unqueued),
		TOTAL(calls_unqueued_untraced),
		TOTAL(exits_unentered),
		TOTAL(negative),
		TOTAL(lost_events),
#undef TOTAL
		{ "lost_unknown", t->lost_unknown },
	};
	unsigned int known = 0;

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		const char *v = value(words + 2, nr - 2, all[i].key);
		char got[24];

		known += v != NULL;
		snprintf(got, sizeof(got), "%" PRIu64, all[i].got);
		if (!among(v ? v : "0", got))
			fault(sc, "total %s is %s, want %s", all[i].key, got, v ? v : "0");
	}
	if (known != nr - 2)
		fault(sc, "a total that does not exist");
}

static void check_expectations(struct script *sc, const struct match_totals *totals)
{
	for (unsigned int i = 0; i < sc->nr_expects; i++) {
		char *words[MAX_WORDS];
		unsigned int nr;

		sc->line = sc->expects[i].line;
		nr = split(sc->expects[i].text, words, MAX_WORDS);
		if (nr >= 2 && !strcmp(words[1], "totals"))
			expect_totals(sc, totals, words, nr);
		else if (nr >= 4)
			expect_span(sc, words, nr);
		else
			fault(sc, "bad expectation");
		free(sc->expects[i].text);
	}
	if (!sc->nr_expects)
		fault(sc, "expects nothing");
}

static bool script_load(struct script *sc)
{
	FILE *f = fopen(sc->path, "r");
	char line[512];

	if (!f) {
		fault(sc, "cannot open");
		return false;
	}
	while (fgets(line, sizeof(line), f)) {
		sc->line++;
		parse_line(sc, line);
	}
	fclose(f);
	return true;
}

/* Of these functions it is not known whether their senders wait. */
static enum match_waits waits(void *ctx, const struct ipi_span *call)
{
	(void)ctx;
	return call->func == symbol("MAYBE") ? MATCH_WAITS_UNKNOWN : MATCH_WAITS_ALWAYS;
}

unsigned int script_run(const char *path)
{
	struct script *sc = calloc(1, sizeof(*sc));
	unsigned int faults;
	struct matcher *m;
	char msg[600];

	if (!sc)
		abort();
	sc->path = path;
	sc->config = (struct match_config){
		.nr_cpus = 4,
		.has_csd = true,
		.has_sends = true,
		.emit = span_log_emit,
		.waits = waits,
		.ctx = &sc->log,
	};
	if (script_load(sc)) {
		m = matcher_new(&sc->config);
		matcher_feed(m, sc->events, sc->nr_events);
		matcher_finish(m);
		check_expectations(sc, matcher_totals(m));
		sc->line = 0;
		if (!span_audit(&sc->log, matcher_totals(m), msg, sizeof(msg)))
			fault(sc, "%s", msg);
		matcher_free(m);
	}
	faults = sc->faults;
	span_log_free(&sc->log);
	free(sc);
	return faults;
}
