// SPDX-License-Identifier: GPL-2.0-only
/*
 * From samples to a row: what counts, what is rejected, spread and warnings;
 * the topology of a made-up machine.
 */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "bench/result.h"
#include "bench/topo.h"
#include "render/grid.h"
#include "tap.h"

static struct ipitrace_bench_sample sample(uint32_t seq, uint32_t target, uint64_t entry, uint64_t ret, uint32_t flags)
{
	return (struct ipitrace_bench_sample){
		.send_ns = 1000,
		.entry_ns = entry ? 1000 + entry : 0,
		.return_ns = 1000 + ret,
		.seq = seq,
		.target = target,
		.flags = flags,
	};
}

static bool warns(const struct bench_row *row, const char *part)
{
	char buf[160];
	const char *text;

	for (unsigned int i = 0; (text = bench_row_warning(row, i, buf, sizeof(buf))); i++)
		if (strstr(text, part))
			return true;
	return false;
}

static void single(void)
{
	struct ipitrace_bench_sample s[] = {
		sample(0, 1, 10, 30, 0),
		sample(1, 1, 20, 40, 0),
		sample(2, 1, 9000, 9100, IPITRACE_BENCH_S_NO_IRQ),
		sample(3, 1, 9000, 9100, IPITRACE_BENCH_S_WRONG_CPU),
		sample(4, 1, 30, 50, IPITRACE_BENCH_S_COALESCED),
	};
	struct bench_raw raw = {
		.samples = s, .nr_samples = 5, .sends = 5, .hits = 5, .busy_ns = 4000, .ran_ns = 1000
	};
	struct bench_row row = { .mode = IPITRACE_BENCH_SINGLE };

	bench_row_add(&row, &raw);
	bench_row_add(&row, &raw);
	bench_row_finish(&row);
	is_u64(row.sum.hits, 10, "single: all hits count");
	is_u64(row.sum.accepted, 6, "single: good samples");
	is_u64(row.sum.no_irq, 2, "single: no interrupt");
	is_u64(row.sum.wrong_cpu, 2, "single: wrong CPU");
	is_u64(row.sum.coalesced, 2, "single: coalesced is counted, and good");
	is_u64(row.sum.ipi_ns, 120, "single: IPI time is the sum of the good deliveries");
	is_u64(row.dist[BENCH_DELIVERY].max, 30, "single: rejected samples are in no distribution");
	is_u64(row.dist[BENCH_DELIVERY].p50, 20, "single: median");
	is_u64(row.dist[BENCH_ROUND_TRIP].count, 6, "single: nor in the round trips");
	ok(row.measured == BENCH_DELIVERY, "single: delivery is what is shown");
	is_u64(row.spread_permille, 0, "single: equal repetitions, no spread");
	/* Neither the one that never happened, nor the one that shared its interrupt. */
	is_u64(row.sum.interrupts, 6, "single: interrupts");
	is_u64(bench_row_rate(&row), 3000000, "single: 6 interrupts in 2 us of running are 3 million a second");
	ok(warns(&row, "kept from running for 75 %"), "single: that the sender was kept is warned of");
	ok(warns(&row, "too few for p99.9"), "single: few samples are warned of");
	ok(warns(&row, "went astray"), "single: 40 %% rejected are warned of");
	bench_row_free(&row);
}

static void mask(void)
{
	/* Two sends to CPUs 1 and 2. */
	struct ipitrace_bench_sample s[] = {
		sample(0, 1, 10, 60, 0),
		sample(0, 2, 50, 60, 0),
		sample(1, 1, 30, 60, 0),
		sample(1, 2, 20, 60, 0),
	};
	struct bench_raw raw = { .samples = s, .nr_samples = 4, .sends = 2, .hits = 4, .busy_ns = 100 };
	struct bench_row row = { .mode = IPITRACE_BENCH_BROADCAST };

	bench_row_add(&row, &raw);
	bench_row_finish(&row);
	is_u64(row.sum.ipi_ns, 80, "broadcast: IPI time is until the last target");
	is_u64(row.dist[BENCH_DELIVERY].count, 4, "broadcast: a delivery for each target");
	is_u64(row.dist[BENCH_ROUND_TRIP].count, 2, "broadcast: a round trip for each send");
	ok(row.spread_permille == UINT64_MAX, "one repetition: the spread is unknown");
	ok(warns(&row, "one repetition"), "and that is warned of");
	bench_row_free(&row);
}

static void others(void)
{
	const uint32_t none = IPITRACE_BENCH_S_NO_IRQ | IPITRACE_BENCH_S_NO_ENTRY;
	struct ipitrace_bench_sample dry[] = { sample(0, 0, 0, 5, none), sample(1, 0, 0, 7, none) };
	struct ipitrace_bench_sample off[] = { sample(0, 1, 300, 310, IPITRACE_BENCH_S_WINDOW),
					       sample(1, 1, 8, 18, 0) };
	struct bench_raw raw = { .samples = dry, .nr_samples = 2, .sends = 2, .hits = 2, .no_ipi = true };
	struct bench_row row = { .mode = IPITRACE_BENCH_DRY_RUN };

	bench_row_add(&row, &raw);
	bench_row_finish(&row);
	is_u64(row.sum.ipi_ns, 0, "dry run: no IPI time");
	is_u64(row.sum.accepted, 2, "dry run: nothing to reject");
	ok(row.measured == BENCH_ROUND_TRIP, "dry run: the loop is what is shown");
	is_u64(bench_row_rate(&row), UINT64_MAX, "dry run: no interrupts, so no rate of them");
	bench_row_free(&row);

	row = (struct bench_row){ .mode = IPITRACE_BENCH_SINGLE };
	raw = (struct bench_raw){ .samples = off, .nr_samples = 2, .sends = 2, .hits = 2, .windows = true };
	bench_row_add(&row, &raw);
	bench_row_finish(&row);
	is_u64(row.sum.no_window, 1, "interrupts off: a sample whose window was missed is counted");
	is_u64(row.dist[BENCH_DELIVERY].min, 300, "and in no distribution");
	bench_row_free(&row);
}

static void spread(void)
{
	struct ipitrace_bench_sample s = sample(0, 1, 100, 120, 0);
	struct bench_raw raw = { .samples = &s, .nr_samples = 1, .sends = 1, .hits = 1, .busy_ns = 1 };
	struct bench_row row = { .mode = IPITRACE_BENCH_SINGLE };

	bench_row_add(&row, &raw);
	bench_row_add(&row, &raw);
	s.entry_ns = 1000 + 111;
	bench_row_add(&row, &raw);
	bench_row_finish(&row);
	is_u64(row.spread_permille, 110, "medians 100, 100, 111: spread 11 %%");
	ok(warns(&row, "differ by 11.0 %"), "above 10 %% it is warned of");
	bench_row_free(&row);
}

/* What nobody knows to have interrupted is in no figure but its own count. */
static void unknown(void)
{
	struct ipitrace_bench_sample s[] = {
		sample(0, 1, 0, 900, IPITRACE_BENCH_S_NO_ENTRY),
		sample(1, 1, 0, 5, IPITRACE_BENCH_S_NO_ENTRY | IPITRACE_BENCH_S_UNDECIDED),
		sample(2, 1, 0, 7, IPITRACE_BENCH_S_NO_ENTRY | IPITRACE_BENCH_S_UNCONFIRMED),
		sample(3, 1, 0, 8, IPITRACE_BENCH_S_NO_ENTRY | IPITRACE_BENCH_S_UNCONFIRMED | IPITRACE_BENCH_S_NO_IRQ),
		sample(4, 1, 0, 700, IPITRACE_BENCH_S_NO_ENTRY),
	};
	struct bench_raw raw = {
		.samples = s, .nr_samples = 5, .sends = 5, .hits = 5, .busy_ns = 1000, .ran_ns = 1000
	};
	struct bench_row row = { .mode = IPITRACE_BENCH_RESCHEDULE };

	bench_row_add(&row, &raw);
	bench_row_finish(&row);
	is_u64(row.dist[BENCH_ROUND_TRIP].count, 2, "unknown: two of five samples are known to have interrupted");
	is_u64(row.dist[BENCH_ROUND_TRIP].min, 700, "unknown: the least time is of one of these");
	is_u64(row.sum.accepted, 2, "unknown: good samples");
	is_u64(row.sum.no_irq, 1, "unknown: of one it is known that there was none");
	is_u64(row.sum.unconfirmed, 2, "unknown: of two it is not");
	is_u64(bench_row_rate(&row), 2000000, "unknown: the rate is of those that are known");
	ok(warns(&row, "whether 2 interrupts happened"), "unknown: that is warned of");
	bench_row_free(&row);

	/* From user space a broadcast is one sample, of three targets here. */
	raw.hits = 15;
	row = (struct bench_row){ .mode = IPITRACE_BENCH_BROADCAST };
	bench_row_add(&row, &raw);
	is_u64(row.sum.interrupts, 6, "a sample of three targets stands for three interrupts");
	raw.nr_truncated = 1;
	bench_row_add(&row, &raw);
	is_u64(bench_row_rate(&row), UINT64_MAX, "of samples that were not kept nobody knows: no rate");
	bench_row_free(&row);
}

/* Medians of the samples themselves, not of the histogram's buckets. */
static void medians(void)
{
	static struct ipitrace_bench_sample s[10001];
	struct bench_raw raw = { .samples = s, .busy_ns = 1, .ran_ns = 1 };
	struct bench_row row = { .mode = IPITRACE_BENCH_SINGLE };

	/* 10,000 to 20,000, each once, in no order: 7919 is prime to 10001. */
	for (uint64_t i = 0; i < 10001; i++)
		s[i] = sample((uint32_t)i, 1, 10000 + i * 7919 % 10001, 99999, 0);
	raw.nr_samples = raw.sends = raw.hits = 10001;
	bench_row_add(&row, &raw);
	is_u64(row.reps[0].of[BENCH_DELIVERY].p50, 15000,
	       "the median of 10,000 to 20,000 is 15,000, where buckets are 128 wide");
	is_u64(row.reps[0].of[BENCH_DELIVERY].step, 1, "the clock tells nanoseconds apart");
	raw.nr_samples = raw.sends = raw.hits = 10000;
	s[10000] = s[0];
	bench_row_add(&row, &raw);
	/* Without the last, 10,000 + 10000 * 7919 % 10001 = 12082: the middle two are 15000 and 15001. */
	is_u64(row.reps[1].of[BENCH_DELIVERY].p50, 15000, "of an even number it is between the middle two");
	/* A clock of 40 ns: 10,000, 10,040, ... */
	for (uint64_t i = 0; i < 10001; i++)
		s[i] = sample((uint32_t)i, 1, 10000 + i * 7919 % 10001 / 40 * 40, 99999, 0);
	raw.nr_samples = raw.sends = raw.hits = 10001;
	bench_row_add(&row, &raw);
	is_u64(row.reps[2].of[BENCH_DELIVERY].p50, 15000, "of a coarse clock it is a value of that");
	is_u64(row.reps[2].of[BENCH_DELIVERY].step, 40, "and how coarse it is, is told");
	bench_row_free(&row);
}

static void partial(void)
{
	struct ipitrace_bench_sample s = sample(0, 1, 100, 120, 0);
	struct bench_raw raw = { .samples = &s, .nr_samples = 1, .sends = 1, .hits = 1, .busy_ns = 1 };
	struct bench_row row = { .mode = IPITRACE_BENCH_SINGLE };

	bench_row_add(&row, &raw);
	s.entry_ns = 1000 + 900;
	raw.partial = true;
	bench_row_add(&row, &raw);
	bench_row_finish(&row);
	is_u64(row.dist[BENCH_DELIVERY].count, 2, "interrupted: the samples until then count");
	ok(row.spread_permille == UINT64_MAX, "interrupted: but not as a repetition for the spread");
	ok(warns(&row, "one repetition"), "and that is warned of");
	bench_row_free(&row);
}

/* A repetition in which no handler was seen to run has no median of what the others have one of. */
static void mixed(void)
{
	struct ipitrace_bench_sample s = sample(0, 1, 100, 900, 0);
	struct bench_raw raw = { .samples = &s, .nr_samples = 1, .sends = 1, .hits = 1, .busy_ns = 1 };
	struct bench_row row = { .mode = IPITRACE_BENCH_RESCHEDULE };

	bench_row_add(&row, &raw);
	bench_row_add(&row, &raw);
	s = sample(0, 1, 0, 900, IPITRACE_BENCH_S_NO_ENTRY);
	bench_row_add(&row, &raw);
	bench_row_finish(&row);
	ok(row.measured == BENCH_DELIVERY, "mixed: delivery is what is shown");
	ok(row.reps[2].of[BENCH_DELIVERY].p50 == UINT64_MAX && row.reps[2].of[BENCH_ROUND_TRIP].p50 == 900,
	   "mixed: the third repetition has a round trip only");
	is_u64(row.spread_permille, 0, "mixed: which is no spread of deliveries");
	bench_row_free(&row);
}

static void backwards(void)
{
	struct ipitrace_bench_sample s[] = { sample(0, 0, 0, 40, IPITRACE_BENCH_S_NO_ENTRY),
					     sample(1, 0, 0, (uint64_t)-2, IPITRACE_BENCH_S_NO_ENTRY) };
	struct bench_raw raw = { .samples = s, .nr_samples = 2, .sends = 2, .hits = 2, .busy_ns = 100 };
	struct bench_row row = { .mode = IPITRACE_BENCH_SINGLE };

	bench_row_add(&row, &raw);
	bench_row_finish(&row);
	is_u64(row.dist[BENCH_ROUND_TRIP].count, 1, "a clock that steps back measures nothing");
	is_u64(row.dist[BENCH_ROUND_TRIP].max, 40, "and is no longest round trip");
	is_u64(row.sum.ipi_ns, 40, "and no IPI time");
	bench_row_free(&row);
}

static char *output(struct bench_result *r, bool json)
{
	char *text = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		return strdup("");
	if (json)
		bench_json(r, f);
	else
		bench_print(r, &(struct screen){ 0 }, f);
	fclose(f);
	return text;
}

/* Pairs of which one was measured, one had no good sample, and two Ctrl-C forestalled. */
static void nothing(void)
{
	struct ipitrace_bench_sample s = sample(0, 1, 100, 120, 0);
	struct bench_raw raw = { .samples = &s, .nr_samples = 1, .sends = 1, .hits = 1, .busy_ns = 1 };
	struct bench_row rows[4];
	struct bench_check check = { .title = "Normal IPI", .mode = "single", .plain_ns = 7, .traced_ns = UINT64_MAX };
	struct bench_result r = { .pairs = true, .partial = true, .rows = rows, .nr_rows = 4 };
	char *text;

	for (unsigned int i = 0; i < 4; i++)
		rows[i] = (struct bench_row){ .mode = IPITRACE_BENCH_SINGLE,
					      .source = i ? 1 : 0,
					      .target = i ? (i == 1 ? 0 : i) : 1,
					      .nr_targets = 1 };
	bench_row_add(&rows[0], &raw);
	s.flags = IPITRACE_BENCH_S_WRONG_CPU;
	bench_row_add(&rows[1], &raw);
	for (unsigned int i = 0; i < 4; i++)
		bench_row_finish(&rows[i]);
	r.checks = &check;
	r.nr_checks = 1;
	text = output(&r, false);
	ok(strstr(text, "median ns") && strstr(text, "\n      0   100") && strstr(text, "\n      1 -     - -\n"),
	   "the matrix has no 0 where nothing was measured:\n%s", text);
	ok(strstr(text, "\nwarning: Normal IPI 0>1: 1 sample: too few") &&
		   strstr(text, "\nwarning: Normal IPI 1>0: no sample was good\n"),
	   "a warning says of which pair it is");
	ok(strstr(text, "0 mismatched; no sample was good: what tracing costs is unknown\n"),
	   "without a traced median no cost of tracing");
	free(text);
	text = output(&r, true);
	ok(strstr(text, "\"p50_ns\": 100,") && strstr(text, "\"p50_ns\": null,") && !strstr(text, "\"p50_ns\": 0,"),
	   "JSON: a median that does not exist is null");
	ok(strstr(text, "\"plain_p50_ns\": 7,") && strstr(text, "\"traced_p50_ns\": null,"), "JSON: nor a traced one");
	free(text);
	for (unsigned int i = 0; i < 4; i++)
		bench_row_free(&rows[i]);
}

static bool load_warns(const struct bench_load *l, unsigned int cpus, const char *part)
{
	char buf[160];
	const char *text;

	for (unsigned int i = 0; (text = bench_load_warning(l, cpus, i, buf, sizeof(buf))); i++)
		if (strstr(text, part))
			return true;
	return false;
}

static void load(void)
{
	/* Of 1000 ticks of two CPUs 25 were stolen; guest time is in user time. */
	const char *before = "cpu  100 0 50 800 10 0 5 5 60 0\ncpu0 1 2\n",
		   *after = "cpu  600 0 150 1150 20 5 15 30 99 0\n";
	struct bench_load l = { 0 };
	char *text;

	ok(!bench_load_text(&l) && !bench_load_steal_text(&l), "load: nothing was read, nothing is known");
	ok(!load_warns(&l, 2, ""), "load: and no warning");
	bench_load_add(&l, "0.20 0.18 0.12 1/80 11206\n", before);
	is_u64(bench_load_steal_permille(&l), UINT64_MAX, "load: one look tells nothing about steal time");
	bench_load_add(&l, "9.99 0.18 0.12 1/80 11206\n", after);
	bench_load_add(&l, NULL, NULL);
	is_u64(bench_load_steal_permille(&l), 25, "load: 25 of 1,000 ticks were stolen");
	text = bench_load_steal_text(&l);
	ok(text && !strcmp(text, "2.5% of the CPUs' time while measuring"), "load: %s", text);
	free(text);
	text = bench_load_text(&l);
	ok(text && !strcmp(text, "0.20 0.18 0.12 before; 0.0 other tasks wanted a CPU between runs"), "load: %s", text);
	free(text);
	ok(load_warns(&l, 2, "2.5 % of the CPUs' time to others (steal)"), "load: steal time is warned of");
	ok(!load_warns(&l, 2, "busy"), "load: we ourselves make no machine busy");
	/* Three looks: 0, 0 and 3 others, so one on average. */
	bench_load_add(&l, "9.99 0.18 0.12 4/80 11206\n", "damaged");
	ok(load_warns(&l, 2, "busy: 1.0 other tasks wanted its 2 CPUs"), "load: another task on 2 CPUs is warned of");
	ok(load_warns(&l, 4, "busy"), "load: on 4 CPUs, too");
	ok(!load_warns(&l, 5, "busy"), "load: on 5 it is not");
	bench_load_add(&l, "damaged", "cpu  1 2 3");
	is_u64(l.nr_looks, 3, "load: what can't be read is no look");
}

/* --- a machine of two nodes, each with two cores of two threads; the cores of a node share a cache --- */

static void put(const char *root, const char *path, const char *text)
{
	char full[400], *p;
	FILE *f;

	snprintf(full, sizeof(full), "%s/sys/devices/system/%s", root, path);
	for (p = full + strlen(root) + 1; (p = strchr(p, '/')); p++) {
		*p = '\0';
		mkdir(full, 0755);
		*p = '/';
	}
	f = fopen(full, "w");
	if (!f)
		return;
	fputs(text, f);
	fclose(f);
}

static void topology(void)
{
	char root[] = "/tmp/test-bench-XXXXXX", path[100], text[40], cmd[100];
	unsigned int nr;
	struct bench_topo t;
	struct err err = { 0 };
	uint32_t *cpus, near, far;

	if (!ok(mkdtemp(root) != NULL, "a directory"))
		return;
	put(root, "cpu/online", "0-6\n"); /* CPU 7 is off */
	put(root, "node/online", "0-1\n");
	for (unsigned int cpu = 0; cpu < 8; cpu++) {
		unsigned int node = cpu / 4;

		snprintf(path, sizeof(path), "cpu/cpu%u/topology/thread_siblings_list", cpu);
		snprintf(text, sizeof(text), "%u-%u\n", cpu & ~1u, cpu | 1);
		put(root, path, text);
		for (unsigned int level = 1; level <= 3; level++) {
			snprintf(path, sizeof(path), "cpu/cpu%u/cache/index%u/level", cpu, level - 1);
			snprintf(text, sizeof(text), "%u\n", level);
			put(root, path, text);
			snprintf(path, sizeof(path), "cpu/cpu%u/cache/index%u/shared_cpu_list", cpu, level - 1);
			if (level < 3)
				snprintf(text, sizeof(text), "%u-%u\n", cpu & ~1u, cpu | 1);
			else
				snprintf(text, sizeof(text), "%u-%u\n", node * 4, node * 4 + 3);
			put(root, path, text);
		}
		snprintf(path, sizeof(path), "cpu/cpu%u/node%u/here", cpu, node);
		put(root, path, "");
	}
	if (ok(!bench_topo_read(&t, root, &err), "topology is read (%s)", err.msg)) {
		is_u64(t.nr, 7, "7 CPUs are online");
		is_u64(t.nr_nodes, 2, "2 nodes");
		ok(bench_topo_relation(&t, 0, 0) == BENCH_REL_SELF, "0 and 0");
		ok(bench_topo_relation(&t, 0, 1) == BENCH_REL_SMT, "0 and 1 share a core");
		ok(bench_topo_relation(&t, 0, 2) == BENCH_REL_LLC, "0 and 2 share a cache");
		ok(bench_topo_relation(&t, 0, 5) == BENCH_REL_REMOTE, "0 and 5 share nothing");
		ok(!bench_topo_targets(&t, "sibling", 4, &cpus, &nr, &err) && nr == 1 && cpus[0] == 5,
		   "sibling of 4 is 5");
		free(cpus);
		ok(!bench_topo_targets(&t, "llc", 4, &cpus, &nr, &err) && nr == 1 && cpus[0] == 6,
		   "nearest by cache of 4 is 6");
		free(cpus);
		ok(!bench_topo_targets(&t, "other-node", 4, &cpus, &nr, &err) && nr == 1 && cpus[0] == 0,
		   "first of the other node is 0");
		free(cpus);
		ok(bench_topo_near_far(&t, 0, &near, &far) && near == 1 && far == 4,
		   "of 0: 1 on its node, 4 on the other");
		ok(bench_topo_near_far(&t, 5, &near, &far) && near == 4 && far == 0, "of 5: 4, and 0");
		ok(!bench_topo_targets(&t, "others", 4, &cpus, &nr, &err) && nr == 6, "others are 6");
		free(cpus);
		ok(!bench_topo_targets(&t, "any", 0, &cpus, &nr, &err) && nr == 1 && cpus[0] == 1, "any is 1");
		free(cpus);
		ok(!bench_topo_targets(&t, "1,5-6", 0, &cpus, &nr, &err) && nr == 3 && cpus[2] == 6, "a list");
		free(cpus);
		ok(bench_topo_targets(&t, "node", 0, &cpus, &nr, &err) && err.code == EXIT_USAGE,
		   "nothing lies between cache and node here");
		free(cpus);
		ok(bench_topo_targets(&t, "7", 0, &cpus, &nr, &err) && strstr(err.msg, "CPU 7"),
		   "an offline target is refused by name");
		free(cpus);
		ok(bench_topo_targets(&t, "0-1", 0, &cpus, &nr, &err) && strstr(err.msg, "both"),
		   "the sender is no target");
		free(cpus);
		bench_topo_free(&t);
	}
	snprintf(cmd, sizeof(cmd), "rm -rf %s", root);
	ok(!system(cmd), "cleaned up");
}

int main(void)
{
	single();
	mask();
	others();
	spread();
	unknown();
	medians();
	partial();
	mixed();
	backwards();
	nothing();
	load();
	topology();
	return done_testing();
}
