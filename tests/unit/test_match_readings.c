// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_match_readings.c - "ambiguous" exactly where two readings remain.
 *
 * For reschedules of one source every reading of a history that leaves no
 * interrupt without a cause is a choice, per window between two entries, of
 * how many of its last sends went to the next interrupt. All readings are
 * enumerated (by a pass from either end); a send that causes the same
 * interrupt in all of them has to be claimed, any other must not be.
 */
#include <stdlib.h>

#include "matchaudit.h"
#include "matchsim.h"
#include "tap.h"

#define MAX_WINDOWS 4096
#define MAX_SHIFT   64

struct window {
	uint64_t entry_ns;
	uint64_t sends[MAX_SHIFT];
	unsigned int nr, late;				/* late: how many may have come after the acceptance */
	bool left[MAX_SHIFT + 1], right[MAX_SHIFT + 1]; /* shifts that some reading has */
};

static struct window windows[MAX_WINDOWS];
static unsigned int nr_windows;
static uint64_t unique, several;

static bool irqs_on(const struct ipi_event *ev)
{
	return !(ev->flags & (IPI_FLAG_IRQS_OFF | IPI_FLAG_HARDIRQ | IPI_FLAG_NMI));
}

/* False: a window too large for the tables. */
static bool collect(const struct sim *sim, uint32_t target)
{
	uint64_t floor_ns = 0;
	struct window *w = &windows[0];

	nr_windows = 0;
	memset(w, 0, sizeof(*w));
	for (unsigned int i = 0; i < sim->nr_events; i++) {
		const struct ipi_event *ev = &sim->events[i];

		if (ev->type == IPI_EV_SEND_CPU && ev->target == target && ev->class == IPI_CLASS_RESCHEDULE) {
			if (w->nr == MAX_SHIFT)
				return false;
			w->sends[w->nr++] = ev->ts_ns;
		}
		if (ev->cpu != target)
			continue;
		if (ev->type == IPI_EV_IRQ_ENTRY && ev->class == IPI_CLASS_RESCHEDULE) {
			w->entry_ns = ev->ts_ns;
			while (w->late < w->nr && w->sends[w->nr - 1 - w->late] > floor_ns)
				w->late++;
			if (++nr_windows == MAX_WINDOWS)
				return false;
			w = &windows[nr_windows];
			memset(w, 0, sizeof(*w));
		} else if (nr_windows && irqs_on(ev)) {
			/* Nothing is pending now: the window before gave nothing away. */
			windows[nr_windows - 1].late = 0;
		}
		floor_ns = ev->ts_ns;
	}
	if (nr_windows)
		windows[nr_windows - 1].late = 0;
	return true;
}

/* Which shifts occur in a reading in which every interrupt has a cause. */
static void solve(void)
{
	for (unsigned int i = 0; i < nr_windows; i++)
		for (unsigned int s = 0; s <= windows[i].late; s++)
			for (unsigned int p = 0; p <= (i ? windows[i - 1].late : 0); p++)
				if ((!i || windows[i - 1].left[p]) && windows[i].nr - s + p)
					windows[i].left[s] = true;
	for (unsigned int i = nr_windows; i--;)
		for (unsigned int s = 0; s <= windows[i].late; s++) {
			if (i + 1 == nr_windows) {
				windows[i].right[s] = true;
				continue;
			}
			for (unsigned int n = 0; n <= windows[i + 1].late; n++)
				if (windows[i + 1].right[n] && windows[i + 1].nr - n + s)
					windows[i].right[s] = true;
		}
}

/* The entry that send k of window i causes in all readings, 0 where they differ. */
static uint64_t cause_in_all(unsigned int i, unsigned int k)
{
	const struct window *w = &windows[i];
	uint64_t first = 0;
	bool any = false;

	for (unsigned int s = 0; s <= w->late; s++) {
		if (!w->left[s] || !w->right[s])
			continue;
		for (unsigned int p = 0; p <= (i ? windows[i - 1].late : 0); p++) {
			bool stays = k < w->nr - s;
			uint64_t entry;

			if ((i && !windows[i - 1].left[p]) || !(w->nr - s + p))
				continue;
			/* First of its group, or merged into another's request. */
			if (stays)
				entry = !k && !p ? w->entry_ns : 1;
			else
				entry = k == w->nr - s ? windows[i + 1].entry_ns : 1;
			if (any && entry != first)
				return 0;
			first = entry;
			any = true;
		}
	}
	return first;
}

static bool check_window(const struct span_log *log, unsigned int i, uint32_t target)
{
	for (unsigned int k = 0; k < windows[i].nr; k++) {
		uint64_t entry = cause_in_all(i, k);

		for (size_t n = 0; n < log->nr; n++) {
			const struct ipi_span *s = &log->spans[n];
			bool claimed = s->outcome == IPI_DELIVERED && s->how == IPI_HOW_FIFO;
			char text[450];

			if (s->kind != IPI_SPAN_HIT || s->target != target || s->send_ns != windows[i].sends[k])
				continue;
			unique += entry > 1;
			several += !entry;
			if (entry > 1  ? claimed && s->entry_ns == entry :
			    entry == 1 ? s->outcome == IPI_COALESCED :
					 !claimed)
				continue;
			printf("# in all readings %llu (0: they differ, 1: coalesced): %s\n", (unsigned long long)entry,
			       span_text(s, text, sizeof(text)));
			return false;
		}
	}
	return true;
}

static bool check_history(uint64_t seed)
{
	struct sim_config config = {
		.seed = seed,
		.nr_cpus = 2 + (unsigned int)(seed % 3),
		.nr_ops = 60,
		.features = SIM_RESCHED | SIM_ONE_SOURCE | (seed & 4 ? SIM_LOCAL : 0) | (seed & 8 ? SIM_IRQ_WORK : 0),
	};
	struct span_log log = { 0 };
	struct match_config mc = {
		.nr_cpus = 4,
		.has_csd = true,
		.has_sends = true,
		.emit = span_log_emit,
		.ctx = &log,
	};
	struct matcher *m = matcher_new(&mc);
	struct sim sim;
	bool fine = true;

	sim_run(&sim, &config);
	matcher_feed(m, sim.events, sim.nr_events);
	matcher_finish(m);
	for (uint32_t target = 1; target < config.nr_cpus && fine; target++) {
		if (!collect(&sim, target))
			continue;
		solve();
		for (unsigned int i = 0; i < nr_windows && fine; i++)
			fine = check_window(&log, i, target);
	}
	matcher_free(m);
	span_log_free(&log);
	sim_free(&sim);
	return fine;
}

int main(void)
{
	const char *env = getenv("MATCHSIM_RUNS");
	unsigned int runs = env ? (unsigned int)strtoul(env, NULL, 10) : 1500, failed = 0;

	for (uint64_t seed = 1; seed <= runs; seed++) {
		if (check_history(seed) || failed++ >= 3)
			continue;
		printf("# seed %llu\n", (unsigned long long)seed);
	}
	ok(!failed, "%u of %u histories: claimed where there is one reading, ambiguous where not", runs - failed, runs);
	ok(unique > runs && several > runs, "both occurred: %llu sends with one reading, %llu with several",
	   (unsigned long long)unique, (unsigned long long)several);
	return done_testing();
}
