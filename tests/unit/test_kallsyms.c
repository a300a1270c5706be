// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_kallsyms.c - the lines that a recording keeps name its addresses as the whole text does.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../rnd.h"
#include "base/compiler.h"
#include "decode/kallsyms.h"
#include "decode/symtab.h"
#include "tap.h"

#define BASE	  ((unsigned long)(sizeof(long) == 8 ? 0xffffffff81000000ULL : 0xc1000000ULL))
#define NR_LINES  400
#define NR_WORDS  40
#define NR_TABLES 200

static uint64_t state = 0x9e3779b97f4a7c15ULL;

static unsigned long rnd(unsigned long below)
{
	return (unsigned long)(rnd_next(&state) % below);
}

/* Functions, data, padding, labels, several names at an address, plumbing, holes; the last fifth in no order, as modules are. */
static char *random_table(size_t *len)
{
	static const char *const plumbing[] = { "smp_call_function_many_cond", "generic_exec_single",
						"on_each_cpu_cond_mask" };
	unsigned long addr = BASE;
	char *text = NULL;
	FILE *out = open_memstream(&text, len);

	fprintf(out, "%0*lx A fixed_percpu_data\n", (int)sizeof(long) * 2, 0UL);
	fprintf(out, "%0*lx T _stext\n", (int)sizeof(long) * 2, BASE);
	fprintf(out, "%0*lx R _etext\n", (int)sizeof(long) * 2, BASE + (12UL << 20));
	for (unsigned int i = 0; i < NR_LINES; i++) {
		static const char types[] = "ttTTWdDBr";
		char type = types[rnd(sizeof(types) - 1)];
		unsigned long at;

		addr += rnd(4) ? rnd(200) : rnd(50) ? 0 : 3UL << 20;
		at = i < NR_LINES * 4 / 5 ? addr : BASE + (16UL << 20) + rnd(60000);
		fprintf(out, "%0*lx ", (int)sizeof(long) * 2, at);
		if (i < NR_LINES * 4 / 5 && !rnd(20))
			fprintf(out, "t %s%s\n", plumbing[rnd(3)], rnd(2) ? "" : ".isra.0");
		else if (!rnd(12))
			fprintf(out, "t %s%u\n", rnd(2) ? "__pfx_f" : "$x.", i);
		else
			fprintf(out, "%c f%u%s\n", type, i, i < NR_LINES * 4 / 5 ? "" : "\t[mod]");
	}
	fclose(out);
	return text;
}

static bool same_name(struct symtab *a, struct symtab *b, uint64_t addr)
{
	uint64_t offset_a = 0, offset_b = 0, start_a = 0, start_b = 0, end_a = 0, end_b = 0;
	const char *module_a = NULL, *module_b = NULL;
	const char *x = symtab_name(a, addr, &offset_a, &module_a);
	const char *y = symtab_name(b, addr, &offset_b, &module_b);

	if (!x || !y)
		return x == y;
	return !strcmp(x, y) && offset_a == offset_b && !module_a == !module_b &&
	       symtab_range(a, x, &start_a, &end_a) == symtab_range(b, y, &start_b, &end_b) && start_a == start_b &&
	       end_a == end_b;
}

/* Of one table and one set of words: how many addresses have another name, or are plumbing in one alone. */
static unsigned int nr_different(size_t *all_len, size_t *kept_len)
{
	char *text = random_table(all_len), *kept;
	struct kallsyms_used *used = kallsyms_used_new(text, *all_len);
	struct symtab *whole = symtab_new(text, *all_len), *part;
	struct {
		uint32_t head; /* longs at 4 bytes, as in a record */
		unsigned char bytes[NR_WORDS * sizeof(long)];
	} page = { 0 };
	uint64_t addrs[NR_WORDS];
	unsigned int bad = 0;

	for (unsigned int i = 0; i < NR_WORDS; i++) {
		unsigned long word = BASE + rnd(rnd(2) ? 60000 : 17UL << 20);

		addrs[i] = word;
		memcpy(page.bytes + i * sizeof(word), &word, sizeof(word));
	}
	kallsyms_used_scan(used, &page, sizeof(page));
	kept = kallsyms_used_text(used, kept_len);
	part = symtab_new(kept, *kept_len);
	for (unsigned int i = 0; i < NR_WORDS; i++) {
		bad += !same_name(whole, part, addrs[i]);
		bad += !same_name(whole, part, addrs[i] - 1);
		bad += symtab_is_plumbing(whole, addrs, NR_WORDS, i) != symtab_is_plumbing(part, addrs, NR_WORDS, i);
	}
	symtab_free(whole);
	symtab_free(part);
	kallsyms_used_free(used);
	free(text);
	free(kept);
	return bad;
}

static void test_random(void)
{
	size_t all = 0, kept = 0, a, k;
	unsigned int bad = 0;

	for (unsigned int i = 0; i < NR_TABLES; i++) {
		bad += nr_different(&a, &k);
		all += a;
		kept += k;
	}
	is_u64(bad, 0, "%u tables: every address has the name, the bounds and the part in the plumbing that it had",
	       NR_TABLES);
	ok(kept < all / 2, "and the lines of others are left out: %zu of %zu bytes kept", kept, all);
}

static void is_kept(const char *text, const unsigned long *words, size_t nr, const char *want, const char *what)
{
	struct kallsyms_used *used = kallsyms_used_new(text, strlen(text));
	size_t len;
	char *kept;

	kallsyms_used_scan(used, words, nr * sizeof(*words));
	kept = kallsyms_used_text(used, &len);
	is_str(kept, want, "%s", what);
	is_u64(len, strlen(kept), "its length");
	kallsyms_used_free(used);
	free(kept);
}

static void test_edges(void)
{
	char text[600], want[600];
	unsigned long words[2] = { 0, 0 };

	is_kept("", words, 0, "", "no text");
	snprintf(text, sizeof(text), "%1$lx T a\n%2$lx D data\n%3$lx T b\n%4$lx T c\n%5$lx T d", BASE, BASE + 0x100,
		 BASE + 0x200, BASE + 0x300, BASE + 0x400);
	is_kept(text, words, 0, "", "no words");
	words[0] = BASE + 0x110;
	snprintf(want, sizeof(want), "%1$lx T a\n%2$lx D data\n%3$lx T b\n", BASE, BASE + 0x100, BASE + 0x200);
	is_kept(text, words, 1, want, "the function before, what lies nearer, the function behind");
	words[0] = BASE + 0x300;
	snprintf(want, sizeof(want), "%1$lx T b\n%2$lx T c\n%3$lx T d", BASE + 0x200, BASE + 0x300, BASE + 0x400);
	is_kept(text, words, 1, want, "a return address at the end of b");
	words[0] = BASE - 1;
	words[1] = BASE + 0x400 + (3UL << 20);
	is_kept(text, words, 2, "", "words that are no addresses of the kernel");
}

/* Asked for by name: with where it ends, and whatever the words are. */
static void test_asked_for(void)
{
	char text[600], want[600];

	snprintf(text, sizeof(text), "%1$lx T a\n%2$lx T b\n%3$lx t sched_ttwu_pending\n%4$lx T c\n%5$lx T d", BASE,
		 BASE + 0x100, BASE + 0x200, BASE + 0x300, BASE + 0x400);
	snprintf(want, sizeof(want), "%1$lx t sched_ttwu_pending\n%2$lx T c\n", BASE + 0x200, BASE + 0x300);
	is_kept(text, NULL, 0, want, "the function that wakes tasks, whose address no probe tells");
}

/* Digits are read eight at once where there are sixteen. */
static void test_addresses(void)
{
	static const struct {
		const char *line;
		bool function;
		uint64_t addr;
	} rows[] = {
		{ "0123456789abcdef T f", true, 0x0123456789abcdefULL },
		{ "fedcba9876543210 t f\t[mod]", true, 0xfedcba9876543210ULL },
		{ "c0123abc T f", true, 0xc0123abcULL },
		{ "123456789abcdef T f", true, 0x123456789abcdefULL },
		{ "0123456789abcdeg T f", false, 0 },
		{ "g123456789abcdef T f", false, 0 },
		{ "0123456789ABCDEF T f", false, 0 },
		{ "01234567:9abcdef T f", false, 0 },
		{ "0123456/89abcdef T f", false, 0 },
		{ "0123456789abc`ef T f", false, 0 },
		{ "01234567 9abcdef T f", false, 0 },
		{ "0123456789abcdef", false, 0 },
	};
	struct kallsyms_line l;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		bool function = kallsyms_function(rows[i].line, rows[i].line + strlen(rows[i].line), &l);

		ok(function == rows[i].function && (!function || l.addr == rows[i].addr), "%s", rows[i].line);
	}
}

/* --- the kernel's own symbols, kept from the last time --- */

static char *text_for(struct kallsyms_used *used, const unsigned long *words, size_t nr)
{
	size_t len;

	kallsyms_used_scan(used, words, nr * sizeof(*words));
	return kallsyms_used_text(used, &len);
}

/* The last of them that begins before the modules of random_table(). */
static bool is_apart(const char *text, size_t core)
{
	const char *end = text + core, *eol;
	struct kallsyms_line l;

	for (; text < end; text = eol + 1) {
		eol = memchr(text, '\n', (size_t)(end - text));
		if (kallsyms_function(text, eol, &l) && l.addr >= BASE + (16UL << 20))
			return false;
	}
	return true;
}

/* Some words in front of them, among them, behind them, and in modules; half of the tables ask for none of the latter. */
static void random_words(unsigned long *words, unsigned int nr)
{
	bool modules = rnd(2);

	for (unsigned int i = 0; i < nr; i++)
		words[i] = rnd(3)    ? BASE + rnd(40000) :
			   modules   ? BASE + (16UL << 20) - 100 + rnd(60200) :
			   rnd(1000) ? (unsigned long)0xffff888000000000ULL + rnd(60000) :
				       BASE;
}

static void test_core(void)
{
	unsigned int enough = 0, lacking = 0, wrong = 0, missed = 0;
	unsigned long words[NR_WORDS];

	if (!kallsyms_core_is_apart()) {
		skip("the kernel's own symbols alone", "modules may be anywhere on this machine");
		return;
	}
	for (unsigned int i = 0; i < NR_TABLES; i++) {
		size_t len, core;
		char *text = random_table(&len), *own, *want, *got;
		struct kallsyms_used *whole = kallsyms_used_new(text, len), *part;

		core = kallsyms_core_len(text, len);
		own = strndup(text, core);
		part = kallsyms_used_new_core(own, core);
		random_words(words, NR_WORDS);
		want = text_for(whole, words, NR_WORDS);
		got = text_for(part, words, NR_WORDS);
		if (!is_apart(text, core)) {
			printf("# a table of which this is not so\n");
		} else if (kallsyms_used_lacks(part)) {
			lacking++;
			kallsyms_used_complete(part, text, len);
			free(got);
			got = text_for(part, words, NR_WORDS);
			wrong += strcmp(got, want) != 0;
		} else {
			enough++;
			wrong += strcmp(got, want) != 0;
			missed += strstr(want, "[mod]") != NULL;
		}
		kallsyms_used_free(whole);
		kallsyms_used_free(part);
		free(text);
		free(own);
		free(want);
		free(got);
	}
	is_u64(wrong, 0, "they give the same lines as all do, or it is known that others are needed, which then do");
	is_u64(missed, 0, "whoever needs a module's is told");
	ok(enough > NR_TABLES / 5 && lacking > NR_TABLES / 5, "both happens: %u and %u times", enough, lacking);
}

/* Where the kernel's own end, and which words need more than these. */
static void test_core_edges(void)
{
	static const char own[] = "ffffffff81000000 T _stext\nffffffff81000100 T a\nffffffff81000200 t b\n"
				  "ffffffff81000300 R _etext\n";
	static const char rest[] = "ffffffffc0000000 t m\t[mod]\nffffffffc0000100 t bpf_prog_1\t[bpf]\n";
	static const struct {
		uint64_t word;
		bool lacks;
		const char *what;
	} rows[] = {
		{ 0xffffffff81000101, false, "in a function" },
		{ 0xffffffff810001ff, false, "the last byte before the last one" },
		{ 0xffffffff81000200, true, "in the last one, which a module's might end" },
		{ 0xffffffff81000000, true, "the first byte, before which anything may lie" },
		{ 0xffffffff80ffffff, false, "in front of it: no address" },
		{ 0xffffffff81000301, true, "behind the kernel's code" },
		{ 0xffffffffc0000001, true, "in a module" },
		{ 0xffffffffff0fffff, true, "as far behind modules as a function is long at most" },
		{ 0xffffffffffffffff, false, "-1" },
		{ 0xffff888100000000, false, "data" },
	};
	char all[sizeof(own) + sizeof(rest)];

	snprintf(all, sizeof(all), "%s%s", own, rest);
	is_u64(kallsyms_core_len(all, strlen(all)), strlen(own), "the kernel's own end where the first module's is");
	is_u64(kallsyms_core_len(own, strlen(own)), strlen(own), "or with the text");
	is_u64(kallsyms_core_len(rest, strlen(rest)), 0, "there may be none");
	for (size_t i = 0; kallsyms_core_is_apart() && i < ARRAY_SIZE(rows); i++) {
		struct kallsyms_used *used = kallsyms_used_new_core(own, strlen(own));

		kallsyms_used_scan(used, &rows[i].word, sizeof(rows[i].word));
		ok(kallsyms_used_lacks(used) == rows[i].lacks, "%s", rows[i].what);
		kallsyms_used_free(used);
	}
}

int main(void)
{
	test_random();
	test_core();
	test_core_edges();
	test_addresses();
	test_edges();
	test_asked_for();
	return done_testing();
}
