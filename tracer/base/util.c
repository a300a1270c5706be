// SPDX-License-Identifier: GPL-2.0-only
/*
 * base/util.c - errors, strict parsing, CPU sets, checked allocation.
 */
#define _GNU_SOURCE /* vasprintf */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/util.h"

/* Above any kernel's NR_CPUS; keeps a typo from allocating gigabytes. */
#define CPU_LIMIT 65536u
#define SYS_CPU	  "/sys/devices/system/cpu/"

/* --- errors --- */

int err_set(struct err *err, int code, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return -1;
	err->code = code;
	err->hint[0] = '\0';
	va_start(ap, fmt);
	vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	return -1;
}

int err_set_errno(struct err *err, int code, int errnum, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (!err)
		return -1;
	err->code = code;
	err->hint[0] = '\0';
	va_start(ap, fmt);
	n = vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < sizeof(err->msg))
		snprintf(err->msg + n, sizeof(err->msg) - n, ": %s", strerror(errnum));
	return -1;
}

int err_hint(struct err *err, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return -1;
	va_start(ap, fmt);
	vsnprintf(err->hint, sizeof(err->hint), fmt, ap);
	va_end(ap);
	return -1;
}

/* --- numbers --- */

/* Digits at *s into *val; advances *s. False if there is no digit or it overflows. */
static bool take_digits(const char **s, uint64_t *val)
{
	const char *p = *s;
	uint64_t v = 0;

	if (!isdigit((unsigned char)*p))
		return false;
	for (; isdigit((unsigned char)*p); p++)
		if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, (uint64_t)(*p - '0'), &v))
			return false;
	*s = p;
	*val = v;
	return true;
}

int parse_u64(const char *s, uint64_t *val, struct err *err)
{
	const char *p = s;
	uint64_t v;
	char *end;

	if (s[0] == '0' && (s[1] == 'x' || s[1] == 'X') && isxdigit((unsigned char)s[2])) {
		errno = 0;
		v = strtoull(s + 2, &end, 16);
		if (errno || *end)
			return err_set(err, EXIT_USAGE, "'%s': not a number of at most 64 bits", s);
		*val = v;
		return 0;
	}
	if (!isdigit((unsigned char)*p))
		return err_set(err, EXIT_USAGE, "'%s': not a number", s);
	if (!take_digits(&p, &v))
		return err_set(err, EXIT_USAGE, "'%s': number too large", s);
	if (*p)
		return err_set(err, EXIT_USAGE, "'%s': not a number", s);
	*val = v;
	return 0;
}

int parse_size(const char *s, uint64_t *bytes, struct err *err)
{
	const char *p = s;
	unsigned int shift = 0;
	uint64_t v;

	if (!take_digits(&p, &v))
		return err_set(err, EXIT_USAGE, "'%s': not a size", s);
	switch (*p) {
	case 'k':
	case 'K':
		shift = 10;
		break;
	case 'm':
	case 'M':
		shift = 20;
		break;
	case 'g':
	case 'G':
		shift = 30;
		break;
	}
	if (shift)
		p++;
	if (*p) {
		err_set(err, EXIT_USAGE, "'%s': not a size", s);
		return err_hint(err, "sizes are bytes, or have one of the suffixes K, M, G");
	}
	if (v > UINT64_MAX >> shift)
		return err_set(err, EXIT_USAGE, "'%s': size too large", s);
	*bytes = v << shift;
	return 0;
}

int parse_duration_ns(const char *s, uint64_t *ns, struct err *err)
{
	static const struct {
		const char *suffix;
		uint64_t ns;
	} units[] = {
		{ "", 1000000000 },	   { "ns", 1 },		{ "us", 1000 },
		{ "ms", 1000000 },	   { "s", 1000000000 }, { "m", 60000000000ULL },
		{ "h", 3600000000000ULL },
	};
	uint64_t whole, frac = 0, scale = 1;
	unsigned __int128 total;
	const char *p = s;

	if (!take_digits(&p, &whole))
		goto bad;
	if (*p == '.') {
		if (!isdigit((unsigned char)*++p))
			goto bad;
		for (; isdigit((unsigned char)*p); p++) {
			if (scale >= 1000000000000000ULL)
				continue; /* below a ns for every unit */
			frac = frac * 10 + (uint64_t)(*p - '0');
			scale *= 10;
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (strcmp(p, units[i].suffix))
			continue;
		total = (unsigned __int128)whole * units[i].ns + (unsigned __int128)frac * units[i].ns / scale;
		if (total > INT64_MAX)
			return err_set(err, EXIT_USAGE, "'%s': time too long", s);
		*ns = (uint64_t)total;
		return 0;
	}
bad:
	err_set(err, EXIT_USAGE, "'%s': not a time", s);
	return err_hint(err, "times look like 250us, 10ms, 1.5s, 2m, 1h; a bare number is seconds");
}

/* --- CPU sets --- */

void cpuset_free(struct cpuset *set)
{
	free(set->words);
	set->words = NULL;
	set->nr_words = 0;
}

void cpuset_add(struct cpuset *set, unsigned int cpu)
{
	unsigned int need = cpu / 64 + 1;

	if (need > set->nr_words) {
		set->words = xrealloc(set->words, need * sizeof(*set->words));
		memset(set->words + set->nr_words, 0, (need - set->nr_words) * sizeof(*set->words));
		set->nr_words = need;
	}
	set->words[cpu / 64] |= 1ULL << (cpu % 64);
}

unsigned int cpuset_count(const struct cpuset *set)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < set->nr_words; i++)
		n += (unsigned int)__builtin_popcountll(set->words[i]);
	return n;
}

bool cpuset_equal(const struct cpuset *a, const struct cpuset *b)
{
	unsigned int n = a->nr_words > b->nr_words ? a->nr_words : b->nr_words;

	for (unsigned int i = 0; i < n; i++)
		if ((i < a->nr_words ? a->words[i] : 0) != (i < b->nr_words ? b->words[i] : 0))
			return false;
	return true;
}

void cpuset_format(const struct cpuset *set, char *buf, size_t len)
{
	unsigned int nr = set->nr_words * 64, first, cpu = 0;
	size_t at = 0;
	int n;

	if (!len)
		return;
	buf[0] = '\0';
	while (cpu < nr) {
		if (!cpuset_has(set, cpu)) {
			cpu++;
			continue;
		}
		first = cpu;
		while (cpuset_has(set, cpu + 1))
			cpu++;
		if (cpu == first)
			n = snprintf(buf + at, len - at, "%s%u", at ? "," : "", first);
		else
			n = snprintf(buf + at, len - at, "%s%u-%u", at ? "," : "", first, cpu);
		if (n < 0 || (size_t)n >= len - at)
			return;
		at += (size_t)n;
		cpu++;
	}
}

/* Kernel list text ("0-3,8\n") into set. nr_cpus 0 = machine not known. */
static int parse_list(struct cpuset *set, const char *list, unsigned int nr_cpus, struct err *err)
{
	const char *p = list, *start;
	uint64_t first, last;

	if (!*p)
		return err_set(err, EXIT_USAGE, "'': not a CPU list");
	for (;;) {
		start = p;
		if (!take_digits(&p, &first))
			goto bad;
		last = first;
		if (*p == '-') {
			p++;
			if (!take_digits(&p, &last))
				goto bad;
		}
		if (*p && *p != ',')
			goto bad;
		if (last < first) {
			err_set(err, EXIT_USAGE, "'%.*s': range runs backwards", (int)(p - start), start);
			return err_hint(err, "the lower CPU comes first: %llu-%llu", (unsigned long long)last,
					(unsigned long long)first);
		}
		if (nr_cpus && last >= nr_cpus) {
			err_set(err, EXIT_USAGE, "'%.*s': this machine has CPUs 0-%u", (int)(p - start), start,
				nr_cpus - 1);
			return err_hint(err, "leave the others out, or say online for all that run");
		}
		if (last >= CPU_LIMIT)
			return err_set(err, EXIT_USAGE, "'%.*s': no machine has that many CPUs", (int)(p - start),
				       start);
		for (uint64_t cpu = first; cpu <= last; cpu++)
			cpuset_add(set, (unsigned int)cpu);
		if (!*p)
			return 0;
		p++;
	}
bad:
	err_set(err, EXIT_USAGE, "'%.100s': not a CPU list", list);
	return err_hint(err, "CPU lists look like 0-3,8, or are one of: "
			     "isolated, nohz_full, housekeeping, online");
}

/* CPUs of one sysfs list; an absent or empty file ("(null)" in some kernels) is the empty set. */
static void read_cpu_list(struct cpuset *set, const char *path)
{
	char *text = read_file(path, NULL);

	if (!text)
		return;
	text[strcspn(text, "\n")] = '\0';
	if (isdigit((unsigned char)text[0]))
		parse_list(set, text, 0, NULL);
	free(text);
}

unsigned int machine_nr_cpus(void)
{
	struct cpuset set = { 0 };
	unsigned int nr = 1;

	read_cpu_list(&set, SYS_CPU "present");
	for (unsigned int cpu = 0; cpu < set.nr_words * 64; cpu++)
		if (cpuset_has(&set, cpu))
			nr = cpu + 1;
	cpuset_free(&set);
	return nr;
}

static void read_housekeeping(struct cpuset *set)
{
	struct cpuset away = { 0 }, online = { 0 };

	read_cpu_list(&away, SYS_CPU "isolated");
	read_cpu_list(&away, SYS_CPU "nohz_full");
	read_cpu_list(&online, SYS_CPU "online");
	for (unsigned int cpu = 0; cpu < online.nr_words * 64; cpu++)
		if (cpuset_has(&online, cpu) && !cpuset_has(&away, cpu))
			cpuset_add(set, cpu);
	cpuset_free(&away);
	cpuset_free(&online);
}

int cpuset_parse(struct cpuset *set, const char *list, unsigned int nr_cpus, struct err *err)
{
	struct cpuset new = { 0 };
	int ret = 0;

	if (!strcmp(list, "isolated"))
		read_cpu_list(&new, SYS_CPU "isolated");
	else if (!strcmp(list, "nohz_full"))
		read_cpu_list(&new, SYS_CPU "nohz_full");
	else if (!strcmp(list, "online"))
		read_cpu_list(&new, SYS_CPU "online");
	else if (!strcmp(list, "housekeeping"))
		read_housekeeping(&new);
	else
		ret = parse_list(&new, list, nr_cpus, err);
	if (!ret && !cpuset_count(&new))
		ret = err_set(err, EXIT_USAGE, "'%s': this machine has no such CPUs", list);
	if (ret) {
		cpuset_free(&new);
		return ret;
	}
	cpuset_free(set);
	*set = new;
	return 0;
}

/* --- strings, memory, files --- */

bool glob_match(const char *pattern, const char *string)
{
	if (!pattern)
		return true;
	if (!string)
		return !strcmp(pattern, "*");
	return fnmatch(pattern, string, 0) == 0;
}

static void __attribute__((noreturn)) no_memory(size_t size)
{
	fprintf(stderr, "ipitrace: out of memory (%zu bytes wanted)\n", size);
	exit(EXIT_FAILED);
}

void *xrealloc(void *ptr, size_t size)
{
	void *new = realloc(ptr, size ? size : 1);

	if (!new)
		no_memory(size);
	return new;
}

void *xmalloc(size_t size)
{
	return xrealloc(NULL, size);
}

void *xcalloc(size_t nr, size_t size)
{
	void *new = calloc(nr ? nr : 1, size ? size : 1);

	if (!new)
		no_memory(nr * size);
	return new;
}

char *xstrdup(const char *s)
{
	size_t len = strlen(s) + 1;

	return memcpy(xmalloc(len), s, len);
}

char *xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *s;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	if (n < 0)
		no_memory(0);
	return s;
}

char *read_file(const char *path, size_t *len)
{
	size_t size = 4096, at = 0;
	int fd, saved;
	char *buf;
	ssize_t n;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	buf = xmalloc(size);
	for (;;) {
		n = read(fd, buf + at, size - at - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		at += (size_t)n;
		if (size - at < 2) {
			size *= 2;
			buf = xrealloc(buf, size);
		}
	}
	saved = errno;
	close(fd);
	if (n < 0) {
		free(buf);
		errno = saved;
		return NULL;
	}
	buf[at] = '\0';
	if (len)
		*len = at;
	return buf;
}

/* Bytes of the well-formed UTF-8 sequence at s (RFC 3629), 0 if it is not one. */
static unsigned int utf8_len(const unsigned char *s)
{
	unsigned int n, min;
	uint32_t c;

	if (s[0] < 0x80)
		return 1;
	if ((s[0] & 0xe0) == 0xc0) {
		n = 2;
		c = s[0] & 0x1f;
		min = 0x80;
	} else if ((s[0] & 0xf0) == 0xe0) {
		n = 3;
		c = s[0] & 0x0f;
		min = 0x800;
	} else if ((s[0] & 0xf8) == 0xf0) {
		n = 4;
		c = s[0] & 0x07;
		min = 0x10000;
	} else {
		return 0;
	}
	for (unsigned int i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80) /* also the terminator */
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	/* Overlong, surrogate, out of range; U+0080..9f are control characters too. */
	if (c < min || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff) || (c >= 0x80 && c < 0xa0))
		return 0;
	return n;
}

void sanitize(char *dst, size_t len, const char *src)
{
	const unsigned char *s = (const unsigned char *)src;
	size_t at = 0;
	unsigned int n;

	if (!len)
		return;
	while (*s) {
		n = utf8_len(s);
		if (at + (n ? n : 1) >= len)
			break;
		if (!n || *s < 0x20 || *s == 0x7f) {
			dst[at++] = '?';
			s++;
			continue;
		}
		memcpy(dst + at, s, n);
		at += n;
		s += n;
	}
	dst[at] = '\0';
}
