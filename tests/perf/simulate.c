// SPDX-License-Identifier: GPL-2.0-only
/*
 * tests/perf/simulate.c - writes a recording of many CPUs, or of many events.
 *
 *	simulate MODEL.dat OUT.dat CPUS EVENTS none|fast [ROWS]
 *
 * Formats and symbols are those of the model, an x86-64 recording. Every CPU
 * calls a function on the next one, in turn: six events each time, of which
 * the sender records two and the target four. What comes of it is known: each
 * call is delivered. With ROWS every CPU calls all others in turn, from so many
 * callers, and deliveries differ: as much as a page can have to tell apart.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/mem.h"
#include "file/datfile.h"

#define PAGE	  4096u
#define DATA	  16u
#define CALLSITE  0xffffffff81001000ull
#define FUNC	  0xffffffff81002000ull
#define START_NS  1000000000000ull
#define PER_BLOCK 64u /* pages written at once */

struct cpu {
	int fd;
	char *block;
	unsigned int pages; /* of the block that are full */
	unsigned int used;  /* of the page under way; 0 = none */
	uint64_t ts, len;
};

struct ids {
	uint16_t send, queue, entry, exit, func_entry, func_exit;
};

static const struct dat_info *model;

static uint16_t id_of(const char *system, const char *name)
{
	char want[64];

	snprintf(want, sizeof(want), "name: %s\n", name);
	for (unsigned int i = 0; i < model->nr_formats; i++) {
		const struct event_format *f = &model->formats[i];
		char *text = strndup(f->text, f->len), *id = strstr(text, "\nID: ");
		bool found = !strcmp(f->system, system) && !strncmp(text, want, strlen(want)) && id;
		uint16_t nr = found ? (uint16_t)strtoul(id + 5, NULL, 10) : 0;

		free(text);
		if (found)
			return nr;
	}
	fprintf(stderr, "simulate: the model has no %s:%s\n", system, name);
	exit(1);
}

static char *page_of(struct cpu *c)
{
	return c->block + (size_t)c->pages * PAGE;
}

static void flush_block(struct cpu *c)
{
	size_t len = (size_t)c->pages * PAGE;

	if (len && write(c->fd, c->block, len) != (ssize_t)len) {
		perror("simulate");
		exit(1);
	}
	c->len += len;
	c->pages = 0;
}

static void close_page(struct cpu *c)
{
	uint64_t commit = c->used - DATA;

	if (!c->used)
		return;
	memcpy(page_of(c) + 8, &commit, sizeof(commit));
	memset(page_of(c) + c->used, 0, PAGE - c->used);
	c->used = 0;
	if (++c->pages == PER_BLOCK)
		flush_block(c);
}

/* words: the event's own fields, from offset 8 on. */
static void put(struct cpu *c, uint64_t ts, uint16_t id, uint8_t flags, const uint64_t *words, unsigned int nr)
{
	uint32_t head, pid = 4242;
	char *p;

	if (c->used && (c->used + 12 + nr * 8 > PAGE || ts - c->ts >= 1u << 27))
		close_page(c);
	if (!c->used) {
		memcpy(page_of(c), &ts, sizeof(ts));
		c->used = DATA;
		c->ts = ts;
	}
	p = page_of(c) + c->used;
	head = (uint32_t)(ts - c->ts) << 5 | (2 + nr * 2);
	memcpy(p, &head, 4);
	memset(p + 4, 0, 4);
	memcpy(p + 4, &id, 2);
	p[6] = (char)flags;
	memcpy(p + 8, &pid, 4);
	memcpy(p + 12, words, nr * sizeof(*words));
	c->used += 12 + nr * 8;
	c->ts = ts;
}

static void one_call(struct cpu *cpus, unsigned int nr, uint64_t call, unsigned int rows, const struct ids *id)
{
	uint64_t mix = call * 0x9e3779b97f4a7c15ull >> 33;
	unsigned int from = (unsigned int)(call % nr),
		     to = (from + 1 + (rows ? (unsigned int)(call / nr % (nr - 1)) : 0)) % nr;
	uint64_t ts = START_NS + call * 300 + call % 7, csd = 0xffff888000000000ull + from * 0x40, vector = 251;
	uint64_t caller = CALLSITE + (rows ? mix % rows * 0x10 : 0), entry = rows ? ts + 50 + mix % 140 : ts + 150;
	uint64_t generic = 0xffffffff81003000ull;

	put(&cpus[from], ts, id->queue, 1, (uint64_t[]){ to, caller, FUNC, csd }, 4);
	put(&cpus[from], ts + 40, id->send, 1, (uint64_t[]){ to, caller, generic }, 3);
	put(&cpus[to], entry, id->entry, 9, &vector, 1);
	put(&cpus[to], entry + 30, id->func_entry, 9, (uint64_t[]){ FUNC, csd }, 2);
	put(&cpus[to], entry + 70, id->func_exit, 9, (uint64_t[]){ FUNC, csd }, 2);
	put(&cpus[to], entry + 100, id->exit, 9, &vector, 1);
}

static int write_all(const char *path, struct cpu *cpus, unsigned int nr, int level, struct err *err)
{
	static const char symbols[] = "ffffffff81001000 T caller\nffffffff81002000 T called\n"
				      "ffffffff81003000 T generic_smp_call_function_single_interrupt\n"
				      "ffffffff81004000 T end\n";
	const struct dat_writer_meta meta = {
		.page_size = PAGE,
		.nr_cpus = nr,
		.header_page = "\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n"
			       "\tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;\n"
			       "\tfield: char data;\toffset:16;\tsize:4080;\tsigned:0;\n",
		.header_event = "# compressed entry header\n",
		.formats = model->formats,
		.nr_formats = model->nr_formats,
		.kallsyms = symbols,
		.printk_formats = "",
		.cmdlines = "4242 simulated\n",
		.uname = "Linux simulated 6.18.0 x86_64",
		.clock = "mono",
		.clocks_text = "local global [mono]\n",
		.version = "simulated",
	};
	struct dat_writer *w;

	if (dat_writer_open(&w, path, err))
		return -1;
	dat_writer_set_level(w, level);
	if (dat_writer_head(w, &meta, err))
		return -1;
	for (unsigned int i = 0; i < nr; i++)
		if (dat_writer_cpu(w, cpus[i].fd, cpus[i].len, err))
			return -1;
	if (dat_writer_facts(w, "complete 1\n", 11, err) || dat_writer_commit(w, err))
		return -1;
	dat_writer_close(w);
	return 0;
}

int main(int argc, char **argv)
{
	struct dat_file *f;
	struct err err = { 0 };
	struct cpu *cpus;
	unsigned int nr;
	uint64_t calls;
	struct ids id;

	if (argc != 6 && argc != 7) {
		fprintf(stderr, "usage: simulate MODEL.dat OUT.dat CPUS EVENTS none|fast [ROWS]\n");
		return 2;
	}
	if (dat_open(&f, argv[1], &err)) {
		fprintf(stderr, "simulate: %s\n", err.msg);
		return 1;
	}
	model = dat_info(f);
	id = (struct ids){
		.send = id_of("ipi", "ipi_send_cpu"),
		.queue = id_of("csd", "csd_queue_cpu"),
		.func_entry = id_of("csd", "csd_function_entry"),
		.func_exit = id_of("csd", "csd_function_exit"),
		.entry = id_of("irq_vectors", "call_function_single_entry"),
		.exit = id_of("irq_vectors", "call_function_single_exit"),
	};
	nr = (unsigned int)strtoul(argv[3], NULL, 10);
	calls = strtoull(argv[4], NULL, 10) / 6;
	cpus = xcalloc(nr, sizeof(*cpus));
	for (unsigned int i = 0; i < nr; i++) {
		cpus[i].fd = open(".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
		cpus[i].block = xmalloc(PER_BLOCK * PAGE);
		if (cpus[i].fd < 0) {
			perror("simulate");
			return 1;
		}
	}
	for (uint64_t i = 0; i < calls; i++)
		one_call(cpus, nr, i, argc > 6 ? (unsigned int)strtoul(argv[6], NULL, 10) : 0, &id);
	for (unsigned int i = 0; i < nr; i++) {
		close_page(&cpus[i]);
		flush_block(&cpus[i]);
	}
	if (write_all(argv[2], cpus, nr, strcmp(argv[5], "none") ? DAT_LEVEL_FAST : 0, &err)) {
		fprintf(stderr, "simulate: %s\n", err.msg);
		return 1;
	}
	dat_close(f);
	return 0;
}
