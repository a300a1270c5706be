// SPDX-License-Identifier: GPL-2.0-only
/* base/: strict parsing and its messages, CPU sets, sanitising, errors, the hash table. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/cpuset.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/io.h"
#include "base/parse.h"
#include "base/text.h"
#include "tap.h"

static void test_bytes(void)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} t[] = {
		{ 0, "0.0 kB" },       { 43210, "43.2 kB" },	 { 999949, "999.9 kB" },	  { 999951, "1.0 MB" },
		{ 7900000, "7.9 MB" }, { 1234567890, "1.2 GB" }, { UINT64_MAX, "18446744.1 TB" },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(t); i++) {
		char text[TEXT_BYTES_LEN];

		text_bytes(text, t[i].bytes);
		is_str(text, t[i].text, "%s", t[i].text);
	}
}

static void test_numbers(void)
{
	static const struct {
		const char *s;
		uint64_t val;
		bool good;
	} t[] = {
		{ "0", 0, true },
		{ "42", 42, true },
		{ "0x1F", 31, true },
		{ "18446744073709551615", UINT64_MAX, true },
		{ "18446744073709551616", 0, false },
		{ "99999999999999999999", 0, false },
		{ "0xffffffffffffffff", UINT64_MAX, true },
		{ "0x10000000000000000", 0, false },
		{ "", 0, false },
		{ " 1", 0, false },
		{ "1 ", 0, false },
		{ "-1", 0, false },
		{ "+1", 0, false },
		{ "1x", 0, false },
		{ "0x", 0, false },
		{ "0x-1", 0, false },
		{ "x", 0, false },
	};
	struct err err;
	uint64_t v;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		v = 12345;
		err = (struct err){ 0 };
		ok((parse_u64(t[i].s, &v, &err) == 0) == t[i].good && v == (t[i].good ? t[i].val : 12345) &&
			   !t[i].good == (err.code == EXIT_USAGE),
		   "number '%s'", t[i].s);
	}
}

static void test_durations(void)
{
	static const struct {
		const char *s;
		uint64_t val;
		bool good;
	} t[] = {
		{ "1", 1000000000, true },
		{ "250us", 250000, true },
		{ "10ms", 10000000, true },
		{ "1.5s", 1500000000, true },
		{ "2m", 120000000000, true },
		{ "1h", 3600000000000, true },
		{ "7ns", 7, true },
		{ "0.5", 500000000, true },
		{ "0.000000001s", 1, true },
		{ "0.12345678901234567890h", 444444440444, true },
		{ "0", 0, true },
		{ "10x", 0, false },
		{ "", 0, false },
		{ "s", 0, false },
		{ ".5s", 0, false },
		{ "1.s", 0, false },
		{ "1 s", 0, false },
		{ "-1s", 0, false },
		{ "1S", 0, false },
		{ "9999999999999h", 0, false },
	};
	uint64_t v;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		v = 12345;
		if (!ok((parse_duration_ns(t[i].s, &v, NULL) == 0) == t[i].good && v == (t[i].good ? t[i].val : 12345),
			"time '%s'", t[i].s))
			printf("#   got %" PRIu64 "\n", v);
	}
}

static void test_sizes(void)
{
	static const struct {
		const char *s;
		uint64_t val;
		bool good;
	} t[] = {
		{ "4096", 4096, true },	 { "64K", 65536, true },
		{ "8m", 8388608, true }, { "1G", 1073741824, true },
		{ "1T", 0, false },	 { "1KB", 0, false },
		{ "K", 0, false },	 { "18446744073709551615K", 0, false },
		{ "1.5M", 0, false },
	};
	uint64_t v;

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		v = 12345;
		ok((parse_size(t[i].s, &v, NULL) == 0) == t[i].good && v == (t[i].good ? t[i].val : 12345), "size '%s'",
		   t[i].s);
	}
}

static void test_cpu_lists(void)
{
	static const struct {
		const char *list, *canonical;
		unsigned int count;
	} good[] = {
		{ "0", "0", 1 },
		{ "0-3,8", "0-3,8", 5 },
		{ "8,0-3", "0-3,8", 5 },
		{ "1,1,1", "1", 1 },
		{ "0-2,1-5", "0-5", 6 },
		{ "63-64", "63-64", 2 },
		{ "0,64,128", "0,64,128", 3 },
		{ "0-8191", "0-8191", 8192 },
	};
	static const struct {
		const char *list, *msg;
	} bad[] = {
		{ "9-1", "'9-1': range runs backwards" },
		{ "0-999", "'0-999': this machine has CPUs 0-9" },
		{ "1,10", "'10': this machine has CPUs 0-9" },
		{ "x", "'x': not a CPU list" },
		{ "", "'': not a CPU list" },
		{ "1,", "'1,': not a CPU list" },
		{ ",1", "',1': not a CPU list" },
		{ "1-", "'1-': not a CPU list" },
		{ "-1", "'-1': not a CPU list" },
		{ "1 2", "'1 2': not a CPU list" },
		{ "1-7:2/4", "'1-7:2/4': not a CPU list" },
		{ "0x1", "'0x1': not a CPU list" },
		{ "18446744073709551616", "'18446744073709551616': not a CPU list" },
	};
	struct cpuset set = { 0 };
	struct err err;
	char buf[64];

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		ok(!cpuset_parse(&set, good[i].list, 0, NULL), "list '%s'", good[i].list);
		cpuset_format(&set, buf, sizeof(buf));
		is_str(buf, good[i].canonical, "  formats canonically");
		is_u64(cpuset_count(&set), good[i].count, "  count");
	}
	cpuset_parse(&set, "3", 0, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		err = (struct err){ 0 };
		ok(cpuset_parse(&set, bad[i].list, 10, &err) == -1 && err.code == EXIT_USAGE, "refuses '%s'",
		   bad[i].list);
		is_str(err.msg, bad[i].msg, "  saying why");
	}
	cpuset_format(&set, buf, sizeof(buf));
	is_str(buf, "3", "a refused list leaves the set alone");
	ok(cpuset_parse(&set, "99999999", 0, NULL), "no machine has 99999999 CPUs");

	cpuset_parse(&set, "0-3,8,64", 0, NULL);
	cpuset_format(&set, buf, 6);
	is_str(buf, "0-3,8", "formats what fits, whole ranges, terminated");
	ok(cpuset_has(&set, 64) && !cpuset_has(&set, 65) && !cpuset_has(&set, 100000), "has");
	ok(!cpuset_parse(&set, "online", 0, NULL) && cpuset_count(&set) > 0, "online");
	ok(cpuset_has(&set, machine_nr_cpus() - 1) || machine_nr_cpus() >= cpuset_count(&set),
	   "the machine has at least its online CPUs");
	cpuset_free(&set);
}

static void test_sanitize(void)
{
	static const struct {
		const char *in, *out;
	} t[] = {
		{ "plain_name+0x10 [mod]", "plain_name+0x10 [mod]" },
		{ "a\033[31mb", "a?[31mb" },
		{ "tab\there", "tab?here" },
		{ "nl\n", "nl?" },
		{ "del\177", "del?" },
		{ "\xc2\xb5s", "\xc2\xb5s" },
		{ "\xc2\x9b"
		  "31m",
		  "??31m" },
		{ "\xe2\x80\xae"
		  "gnp",
		  "???gnp" },
		{ "\xe2\x81\xa6"
		  "a\xe2\x81\xa9",
		  "???a???" },
		{ "\xe2\x80\xa9\xe2\x81\xa5", "\xe2\x80\xa9\xe2\x81\xa5" },
		{ "\xff\xfe", "??" },
		{ "\xc0\x80", "??" },
		{ "\xed\xa0\x80", "???" },
		{ "\xe2\x82", "??" },
		{ "\xe2\x82\xac", "\xe2\x82\xac" },
		{ "\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80" },
		{ "\xf5\x80\x80\x80", "????" },
	};
	char buf[64];

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		sanitize(buf, sizeof(buf), t[i].in);
		is_str(buf, t[i].out, "sanitized");
	}
	sanitize(buf, 4, "abcdef");
	is_str(buf, "abc", "cut to the buffer");
	sanitize(buf, 4, "ab\xe2\x82\xac");
	is_str(buf, "ab", "never half a character");
	buf[0] = 'x';
	sanitize(buf, 0, "abc");
	ok(buf[0] == 'x', "a buffer of no bytes stays untouched");
}

static void test_errors(void)
{
	char path[] = "/tmp/ipitrace-util.XXXXXX", *text;
	struct err err = { 0 };
	size_t len = 0;
	int fd;

	is_u64((uint64_t)-err_set(&err, EXIT_FAILED, "a %d", 1), 1, "err_set returns -1");
	err_hint(&err, "try %s", "b");
	is_str(err.msg, "a 1", "message");
	is_str(err.hint, "try b", "hint");
	err_set_errno(&err, EXIT_USAGE, ENOENT, "open %s", "x");
	is_str(err.msg, "open x: No such file or directory", "message with errno");
	is_str(err.hint, "is the name right, and its directory there?", "  and with what helps against it");
	err_set_errno(&err, EXIT_FAILED, ESRCH, "open x");
	is_str(err.hint, "", "a new error has no old hint");
	err_exclude(&err, "--a", "--b");
	ok(err.code == EXIT_USAGE && !strcmp(err.msg, "--a and --b exclude each other") && err.hint[0],
	   "two that exclude each other");
	ok(err_set(NULL, 1, "x") == -1 && err_hint(NULL, "x") == -1, "a NULL err is fine");
	err_set(&err, 1, "%0300d", 0);
	is_u64(strlen(err.msg), sizeof(err.msg) - 1, "long messages are cut");
	err_set_errno(&err, 1, ENOENT, "%0300d", 0);
	is_u64(strlen(err.msg), sizeof(err.msg) - 1, "with errno too");

	ok(glob_match(NULL, NULL) && glob_match(NULL, "x") && glob_match("*", NULL) && !glob_match("a*", NULL) &&
		   glob_match("a*", "abc") && !glob_match("a", "abc"),
	   "globs");

	fd = mkstemp(path);
	for (int i = 0; i < 1000; i++)
		if (write(fd, "0123456789", 10) != 10)
			break;
	close(fd);
	text = read_file(path, &len);
	ok(text && len == 10000 && !memcmp(text + 9990, "0123456789", 11), "read_file beyond its first buffer");
	free(text);
	unlink(path);
	errno = 0;
	ok(!read_file(path, &len) && errno == ENOENT, "read_file: errno");
	ok(!read_file("/", &len) && errno == EISDIR, "read_file: a directory");
}

static void test_private(void)
{
	char path[] = "/tmp/ipitrace-private-XXXXXX";
	int fd = mkstemp(path), null = open("/dev/null", O_WRONLY);
	struct stat st;
	mode_t before;

	ok(!fchmod(fd, 0644) && !file_keep_private(fd) && !fstat(fd, &st) && (st.st_mode & 07777) == 0600,
	   "a file becomes its owner's alone");
	ok(!fchmod(fd, 0) && !file_keep_private(fd) && !fstat(fd, &st) && (st.st_mode & 07777) == 0600,
	   "one that not even its owner may read as well");
	ok(!fstat(null, &st) && (before = st.st_mode) && !file_keep_private(null) && !fstat(null, &st) &&
		   st.st_mode == before,
	   "a device stays as it is");
	close(fd);
	close(null);
	unlink(path);
	ok(file_keep_private(-1) == -1 && errno == EBADF, "what is not open is an error");
}

/* Few hashes for many keys, so that clusters run into each other and around the end. */
static void test_hash(void)
{
	enum { NR = 5000 };
	struct hash t = { 0 };
	unsigned int lost = 0, strange = 0;
	uint32_t at, i;

	is_u64(hash_first(&t, 7, &at), HASH_END, "an empty table");
	for (uint32_t n = 0; n < NR; n++)
		hash_add(&t, n % 50 ? (uint32_t)hash_u64(n / 3) : UINT32_MAX, n);
	for (uint32_t n = 0; n < NR; n++) {
		uint32_t hash = n % 50 ? (uint32_t)hash_u64(n / 3) : UINT32_MAX;
		bool found = false;

		for (i = hash_first(&t, hash, &at); i != HASH_END; i = hash_next(&t, hash, &at)) {
			found |= i == n;
			strange += (i % 50 ? (uint32_t)hash_u64(i / 3) : UINT32_MAX) != hash;
		}
		lost += !found;
	}
	is_u64(lost, 0, "all that was added is found");
	is_u64(strange, 0, "and nothing else");
	is_u64(hash_first(&t, (uint32_t)hash_u64(NR), &at), HASH_END, "what was not added is not");
	hash_free(&t);
	is_u64(hash_first(&t, UINT32_MAX, &at), HASH_END, "a freed table is empty");
}

/* 100 events were written, 60 of them read, 5 overwritten, when the file began; 20 more are read while it is written. */
static void test_ring_stats(void)
{
	const struct ring_stats before = ring_stats_parse("entries: 35\noverrun: 5\ncommit overrun: 0\n"
							  "dropped events: 0\nread events: 60\n");
	const struct ring_stats torn = ring_stats_parse("entries: 35\noverrun: 5\ncommit overrun: 0\n"
							"dropped events: 0\nread events: 80\n");
	const struct ring_stats after = ring_stats_parse("entries: 15\noverrun: 5\ncommit overrun: 0\n"
							 "dropped events: 0\nread events: 80\n");

	is_u64(before.entries + before.lost, 100, "events written: unread, read, lost");
	is_u64(torn.entries + torn.lost, 120, "what is read between two lines of the file counts in both");
	is_u64(ring_stats_least(&before, &torn), 100, "and is not taken for more than was written");
	is_u64(ring_stats_least(&torn, &after), 100, "as much as was written is known a reading later");
}

int main(void)
{
	test_bytes();
	test_numbers();
	test_ring_stats();
	test_durations();
	test_sizes();
	test_cpu_lists();
	test_sanitize();
	test_errors();
	test_private();
	test_hash();
	return done_testing();
}
