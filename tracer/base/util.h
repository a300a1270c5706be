/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * base/util.h - errors, strict parsing, CPU sets, growing arrays.
 *
 * Bottom of every layer; knows nothing of tracing. Functions that act return
 * 0 or -1 with *err filled; functions that ask return bool. Nothing here
 * prints or exits.
 */
#ifndef IPITRACE_UTIL_H
#define IPITRACE_UTIL_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
/* These three declare what is poisoned below, so they must come first. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define likely(x)     __builtin_expect(!!(x), 1)
#define unlikely(x)   __builtin_expect(!!(x), 0)

/* Documented exit codes, ipitrace(1) EXIT STATUS. */
enum exit_code {
	EXIT_OK = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_INCOMPLETE = 3, /* done, but events were lost */
	EXIT_THRESHOLD = 4,
	EXIT_MISMATCH = 5,     /* bench --trace: tracer and module disagree */
	EXIT_CANCELED = 125,   /* record: ipitrace itself failed */
	EXIT_CANNOT_RUN = 126, /* record: workload found but not runnable */
	EXIT_NOT_FOUND = 127,  /* record: workload not found */
};

/*
 * An error on its way up. The layer that knows fills it once; main() prints
 * "ipitrace: CMD: msg" and, if there is one, "hint: ...".
 */
struct err {
	int code; /* enum exit_code; 0 = no error yet */
	char msg[240];
	char hint[240]; /* "" = none */
};

/* Fill *err (err may be NULL) and return -1, so that "return err_set(...)" reads well. */
int err_set(struct err *err, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Like err_set(), with ": strerror(errnum)" appended. */
int err_set_errno(struct err *err, int code, int errnum, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* Add the one hint line to an error already set. Returns -1. */
int err_hint(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Strict decimal or 0x number, the whole string, no sign, no blanks. */
int parse_u64(const char *s, uint64_t *val, struct err *err);
/* "250us", "10ms", "1.5s", "2m", "1h"; a bare number is seconds. Result in ns. */
int parse_duration_ns(const char *s, uint64_t *ns, struct err *err);

/* "4096", "64K", "8M", "1G" (powers of 1024). Result in bytes. */
int parse_size(const char *s, uint64_t *bytes, struct err *err);

/* A set of CPU numbers; grows as needed. Zero-initialised = empty. */
struct cpuset {
	uint64_t *words;
	unsigned int nr_words;
};

void cpuset_free(struct cpuset *set);
void cpuset_add(struct cpuset *set, unsigned int cpu);
unsigned int cpuset_count(const struct cpuset *set);
bool cpuset_equal(const struct cpuset *a, const struct cpuset *b);
/* Kernel list format ("0-3,8", "1-7:2/4" not accepted). buf gets at most len bytes, always terminated. */
void cpuset_format(const struct cpuset *set, char *buf, size_t len);

static inline bool cpuset_has(const struct cpuset *set, unsigned int cpu)
{
	return cpu / 64 < set->nr_words && (set->words[cpu / 64] >> (cpu % 64) & 1);
}

/*
 * Parse a kernel CPU list, or one of the words isolated, nohz_full,
 * housekeeping, online (read from sysfs of this machine). nr_cpus > 0 refuses
 * CPUs >= nr_cpus by name; pass 0 where the machine is not known.
 */
int cpuset_parse(struct cpuset *set, const char *list, unsigned int nr_cpus, struct err *err);

/* One more than the highest CPU number present in this machine. */
unsigned int machine_nr_cpus(void);

/* Shell pattern (fnmatch); NULL pattern matches all, NULL string matches only NULL or "*". */
bool glob_match(const char *pattern, const char *string);

/* malloc family that cannot fail: an instrument without memory stops with one clear line and exit 1. */
void *xmalloc(size_t size);
void *xcalloc(size_t nr, size_t size);
void *xrealloc(void *ptr, size_t size);
char *xstrdup(const char *s);
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Whole small file (procfs, sysfs: size unknown) into a malloc'ed, terminated buffer; NULL and errno on failure. */
char *read_file(const char *path, size_t *len);

/*
 * Copy src to dst for a terminal, JSON or CSV: control characters and bytes
 * that are not UTF-8 become '?'. Kernel and task names are hostile text.
 */
void sanitize(char *dst, size_t len, const char *src);

/* Mix of the splitmix64 finaliser: every hash table here uses it. */
static inline uint64_t hash_u64(uint64_t x)
{
	x ^= x >> 32;
	x *= 0xd6e8feb86659fd93ULL;
	x ^= x >> 32;
	return x;
}

/* Functions that have hurt other tools: refuse them at compile time. */
#ifndef IPITRACE_ALLOW_BANNED
#pragma GCC poison strcpy strcat sprintf vsprintf strtok gets atoi atol strncpy
#endif

#endif
