/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * example.h - what the example workloads share: strict options, pinned
 * threads, and spinners that know when they were not running.
 *
 * Each example provokes one phenomenon and prints one line "sent: NAME
 * key=value ...": the truth that a recording of it is compared with.
 */
#ifndef EXAMPLE_H
#define EXAMPLE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define EX_MAX_CPUS 1024
/* Longer than the longest IPI handler expected, shorter than any useful turn of another task. */
#define EX_GAP_NS 3000u

#define EX_UNUSED __attribute__((unused))

__attribute__((format(printf, 1, 2), noreturn, unused)) static void ex_die(const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "%s: ", program_invocation_short_name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

__attribute__((noreturn, unused)) static void ex_usage(const char *text, bool wanted)
{
	fputs(text, wanted ? stdout : stderr);
	exit(wanted ? 0 : 2);
}

/* Decimal number in min..max, the whole string; anything else is a usage error. */
EX_UNUSED static uint64_t ex_number(const char *what, const char *s, uint64_t min, uint64_t max)
{
	unsigned long long v;
	char *end;

	errno = 0;
	v = strtoull(s, &end, 10);
	if (*s < '0' || *s > '9' || *end || errno || v < min || v > max) {
		fprintf(stderr, "%s: %s must be a number from %llu to %llu, not \"%s\"\n",
			program_invocation_short_name, what, (unsigned long long)min, (unsigned long long)max, s);
		exit(2);
	}
	return v;
}

/* "1,3-5" into cpus[]; returns how many. Every CPU must be one this process may run on. */
EX_UNUSED static unsigned int ex_cpu_list(const char *what, const char *list, unsigned int *cpus)
{
	cpu_set_t allowed;
	unsigned int nr = 0;
	char *copy = strdup(list), *save = NULL, *item;

	if (!copy || sched_getaffinity(0, sizeof(allowed), &allowed))
		ex_die("%s: %s", what, strerror(errno));
	for (item = strtok_r(copy, ",", &save); item; item = strtok_r(NULL, ",", &save)) {
		char *dash = strchr(item, '-');
		uint64_t lo, hi;

		if (dash)
			*dash = '\0';
		lo = ex_number(what, item, 0, EX_MAX_CPUS - 1);
		hi = dash ? ex_number(what, dash + 1, lo, EX_MAX_CPUS - 1) : lo;
		for (; lo <= hi; lo++) {
			if (!CPU_ISSET(lo, &allowed))
				ex_die("%s: CPU %u is not one that this process may run on", what, (unsigned int)lo);
			for (unsigned int i = 0; i < nr; i++)
				if (cpus[i] == lo)
					ex_die("%s: CPU %u is named twice", what, cpus[i]);
			cpus[nr++] = lo;
		}
	}
	free(copy);
	if (!nr)
		ex_die("%s: no CPU in \"%s\"", what, list);
	return nr;
}

/* The nth CPU (from 0) that this process may run on, or -1. */
EX_UNUSED static int ex_nth_cpu(unsigned int nth)
{
	cpu_set_t allowed;

	if (sched_getaffinity(0, sizeof(allowed), &allowed))
		return -1;
	for (int cpu = 0; cpu < EX_MAX_CPUS; cpu++)
		if (CPU_ISSET(cpu, &allowed) && !nth--)
			return cpu;
	return -1;
}

EX_UNUSED static void ex_pin(unsigned int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		ex_die("cannot run on CPU %u: %s", cpu, strerror(errno));
}

/* CLOCK_MONOTONIC: the clock that ipitrace records with. */
EX_UNUSED static inline uint64_t ex_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

EX_UNUSED static uint64_t ex_switches(void)
{
	struct rusage ru;

	getrusage(RUSAGE_THREAD, &ru);
	return (uint64_t)ru.ru_nivcsw + (uint64_t)ru.ru_nvcsw;
}

EX_UNUSED static int ex_cmp_u32(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* --- spinners --- */

struct ex_gap {
	uint64_t from, to;
};

/*
 * A thread that spins on one CPU and notes when it did not run: the kernel
 * sends no IPI for the process to a CPU on which it is not running. A hole
 * between two looks at the clock is an absence if the thread's count of
 * context switches rose with it; switches without such a hole are counted as
 * unexplained.
 */
struct ex_spinner {
	pthread_t thread;
	unsigned int cpu;
	volatile char *touch; /* read in every turn, so that its TLB entry is live; may be NULL */
	atomic_bool running, stop;
	_Alignas(64) _Atomic uint64_t beat; /* counts turns: it moves if and only if the thread runs */
	struct ex_gap *gaps;
	size_t nr_gaps, max_gaps;
	uint64_t unexplained;
};

EX_UNUSED static void *ex_spin(void *arg)
{
	struct ex_spinner *s = arg;
	uint64_t last, now, switches, n, turns = 0;

	ex_pin(s->cpu);
	switches = ex_switches();
	last = ex_now();
	atomic_store(&s->running, true);
	while (!atomic_load_explicit(&s->stop, memory_order_relaxed)) {
		if (s->touch)
			(void)*s->touch;
		atomic_store_explicit(&s->beat, ++turns, memory_order_relaxed);
		now = ex_now();
		if (now - last > EX_GAP_NS) {
			n = ex_switches();
			if (n != switches) {
				if (s->nr_gaps == s->max_gaps) {
					s->max_gaps = s->max_gaps ? 2 * s->max_gaps : 64;
					s->gaps = realloc(s->gaps, s->max_gaps * sizeof(*s->gaps));
					if (!s->gaps)
						ex_die("out of memory");
				}
				s->gaps[s->nr_gaps++] = (struct ex_gap){ last, ex_now() };
				switches = n;
			}
		}
		last = now;
	}
	s->unexplained = ex_switches() - switches;
	return NULL;
}

/* Returns once all spin. */
EX_UNUSED static struct ex_spinner *ex_spinners_start(const unsigned int *cpus, unsigned int nr, volatile char *touch)
{
	struct ex_spinner *s = aligned_alloc(64, nr * sizeof(*s));
	int ret;

	if (!s)
		ex_die("out of memory");
	memset(s, 0, nr * sizeof(*s));
	for (unsigned int i = 0; i < nr; i++) {
		s[i].cpu = cpus[i];
		s[i].touch = touch;
		ret = pthread_create(&s[i].thread, NULL, ex_spin, &s[i]);
		if (ret)
			ex_die("cannot start a thread: %s", strerror(ret));
	}
	for (unsigned int i = 0; i < nr; i++)
		while (!atomic_load(&s[i].running))
			sched_yield();
	return s;
}

/*
 * Returns when each has been seen running. Called before every operation: else
 * all of them fall into the first time slice of some other task, in which they
 * are cheap, because no IPI is sent.
 */
EX_UNUSED static inline void ex_spinners_wait(struct ex_spinner *s, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++) {
		uint64_t beat = atomic_load_explicit(&s[i].beat, memory_order_relaxed);

		while (atomic_load_explicit(&s[i].beat, memory_order_relaxed) == beat)
			;
	}
}

EX_UNUSED static void ex_spinners_stop(struct ex_spinner *s, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++)
		atomic_store(&s[i].stop, true);
	for (unsigned int i = 0; i < nr; i++)
		pthread_join(s[i].thread, NULL);
}

/* --- a series of timed operations --- */

struct ex_series {
	uint64_t nr;
	uint64_t *start;
	uint32_t *took; /* ns; longer than 4 s is stored as the greatest value */
};

EX_UNUSED static void ex_series_init(struct ex_series *s, uint64_t nr)
{
	s->nr = nr;
	s->start = malloc(nr * sizeof(*s->start));
	s->took = malloc(nr * sizeof(*s->took));
	if (!s->start || !s->took)
		ex_die("no memory for %llu samples", (unsigned long long)nr);
	/* Fault the pages in now: no fault, and no IPI of the fault path, between two operations. */
	memset(s->start, 0xff, nr * sizeof(*s->start));
	memset(s->took, 0xff, nr * sizeof(*s->took));
}

EX_UNUSED static inline void ex_series_add(struct ex_series *s, uint64_t i, uint64_t t0, uint64_t t1)
{
	s->start[i] = t0;
	s->took[i] = t1 - t0 > UINT32_MAX ? UINT32_MAX : (uint32_t)(t1 - t0);
}

/* (operation, spinner) pairs for which the kernel may have skipped the spinner's CPU: an upper bound. */
EX_UNUSED static uint64_t ex_maybe_skipped(const struct ex_series *ops, const struct ex_spinner *s, unsigned int nr)
{
	uint64_t skipped = 0, shortest = UINT32_MAX;

	for (uint64_t i = 0; i < ops->nr; i++)
		if (ops->took[i] < shortest)
			shortest = ops->took[i];
	for (unsigned int k = 0; k < nr; k++) {
		size_t g = 0;

		for (uint64_t i = 0; i < ops->nr; i++) {
			while (g < s[k].nr_gaps && s[k].gaps[g].to < ops->start[i])
				g++;
			if (g < s[k].nr_gaps && s[k].gaps[g].from <= ops->start[i] + ops->took[i])
				skipped++;
		}
		/* Absences too short to show as a hole: as many operations as fit into one. */
		skipped += s[k].unexplained * (EX_GAP_NS / (shortest ? shortest : 1) + 2);
	}
	return skipped;
}

EX_UNUSED static uint64_t ex_absences(const struct ex_spinner *s, unsigned int nr)
{
	uint64_t n = 0;

	for (unsigned int k = 0; k < nr; k++)
		n += s[k].nr_gaps + s[k].unexplained;
	return n;
}

/* Each operation's beginning and end, in order, by CLOCK_MONOTONIC: a line of two numbers. Before ex_series_print(). */
EX_UNUSED static void ex_series_save(const struct ex_series *s, const char *path)
{
	FILE *f = fopen(path, "w");

	for (uint64_t i = 0; f && i < s->nr; i++)
		fprintf(f, "%llu %llu\n", (unsigned long long)s->start[i],
			(unsigned long long)(s->start[i] + s->took[i]));
	if (!f || fclose(f))
		ex_die("cannot write %s: %s", path, strerror(errno));
}

/* "min_ns=... p50_ns=... mean_ns=... max_ns=..."; sorts took[]. */
EX_UNUSED static void ex_series_print(struct ex_series *s)
{
	uint64_t sum = 0;

	qsort(s->took, s->nr, sizeof(*s->took), ex_cmp_u32);
	for (uint64_t i = 0; i < s->nr; i++)
		sum += s->took[i];
	printf(" min_ns=%u p50_ns=%u mean_ns=%llu p99_ns=%u max_ns=%u", s->took[0], s->took[s->nr / 2],
	       (unsigned long long)(sum / s->nr), s->took[s->nr * 99 / 100], s->took[s->nr - 1]);
}

/* Default target: the first other CPU among those allowed. */
EX_UNUSED static unsigned int ex_default_target(unsigned int src)
{
	for (unsigned int i = 0;; i++) {
		int cpu = ex_nth_cpu(i);

		if (cpu < 0)
			ex_die("needs two CPUs");
		if ((unsigned int)cpu != src)
			return cpu;
	}
}

/*
 * What -c and -t say, or else the first CPU allowed and the one after it.
 * Returns the source; the targets go into an array of EX_MAX_CPUS.
 */
EX_UNUSED static unsigned int ex_choose_cpus(const char *source, const char *list, unsigned int *targets,
					     unsigned int *nr)
{
	unsigned int src = source ? ex_number("-c", source, 0, EX_MAX_CPUS - 1) : (unsigned int)ex_nth_cpu(0);

	if (list) {
		*nr = ex_cpu_list("-t", list, targets);
	} else {
		targets[0] = ex_default_target(src);
		*nr = 1;
	}
	for (unsigned int i = 0; i < *nr; i++)
		if (targets[i] == src)
			ex_die("CPU %u is both source and target", src);
	return src;
}

#endif
