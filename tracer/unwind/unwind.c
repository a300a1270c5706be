// SPDX-License-Identifier: GPL-2.0-only
/*
 * unwind/unwind.c - from a sample to a stack: by libdwfl once, from then on by what it had looked at.
 *
 * Unwinding costs some 100 us, and senders loop. What libdwfl does depends on
 * the code (the same as long as nothing new is mapped), on the program counter,
 * on few registers and on the words of the stack that it reads. So these are
 * kept with the result: a sample that agrees in all of them has the same stack.
 * Which registers matter is found by unwinding twice, with all others changed.
 */
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/hash.h"
#include "base/mem.h"
#include "unwind/priv.h"

#define MAX_OPEN  64	     /* address spaces with a Dwfl at a time */
#define MAX_READS 512	     /* words of a stack; unwinding that takes more is not kept */
#define MAX_MEMOS (1u << 20) /* then nothing new is kept */

#if defined(__aarch64__)
#define REG_FP 29
#define REG_LR 30
#define REG_SP 31
#define REG_PC REG_SP /* not among the numbered ones */
#else
#define REG_FP 6
#define REG_LR 6
#define REG_SP 7
#define REG_PC 16
#endif

struct read_word {
	uint64_t addr, value;
	uint64_t failed; /* beyond the sampled piece; as wide as the others, because these are compared as bytes */
};

struct walk {
	uint64_t pcs[MAX_FRAMES];
	bool activation[MAX_FRAMES];
	unsigned int nr;
	bool cut;
	struct read_word reads[MAX_READS];
	unsigned int nr_reads;
	bool too_many_reads;
};

/* The sample under way: what the callbacks of libdwfl are given. */
struct attached {
	struct unwind *u;
	struct space *space;
	const struct unwind_sample *sample;
	uint64_t regs[64];
	unsigned int nr_regs;
	struct walk *walk;
};

struct memo {
	uint32_t space, stack;
	uint64_t pc, regs[64];
	unsigned int nr_regs;
	bool all_regs;
	struct read_word *reads;
	unsigned int nr_reads;
};

struct memos {
	struct memo *memos;
	uint32_t nr;
	struct hash by_start;
};

/* What call frame information says of an address. */
enum cfi {
	CFI_NONE,
	CFI_CALLER,    /* who called */
	CFI_OUTERMOST, /* that nobody did */
};

/* An address of a file, looked up once. */
struct known_pc {
	uint32_t file, frame;
	uint64_t addr; /* as the file counts */
	bool activation;
	enum cfi cfi;
};

/* --- libdwfl's callbacks --- */

static int no_elf(Dwfl_Module *mod, void **userdata, const char *name, Dwarf_Addr base, char **file_name, Elf **elf)
{
	(void)mod, (void)userdata, (void)name, (void)base, (void)file_name, (void)elf;
	return -1;
}

static const Dwfl_Callbacks dwfl_callbacks = {
	.find_elf = no_elf, /* all are reported with their file */
	.find_debuginfo = dwfl_standard_find_debuginfo,
	.section_address = dwfl_offline_section_address,
};

static pid_t next_thread(Dwfl *dwfl, void *arg, void **thread_arg)
{
	if (*thread_arg)
		return 0;
	*thread_arg = arg;
	return dwfl_pid(dwfl);
}

static bool get_thread(Dwfl *dwfl, pid_t tid, void *arg, void **thread_arg)
{
	(void)dwfl, (void)tid;
	*thread_arg = arg;
	return true;
}

/* Whole words, so that a part of one beyond the piece is not made up. */
static bool read_stack(const struct unwind_sample *s, uint64_t addr, uint64_t *value)
{
	if (addr < s->sp || addr - s->sp > s->stack_len || s->stack_len - (addr - s->sp) < sizeof(*value))
		return false;
	memcpy(value, s->stack + (addr - s->sp), sizeof(*value));
	return true;
}

static bool memory_read(Dwfl *dwfl, Dwarf_Addr addr, Dwarf_Word *result, void *arg)
{
	struct attached *a = arg;
	struct walk *w = a->walk;
	bool found;

	(void)dwfl;
	*result = 0;
	found = read_stack(a->sample, addr, result);
	if (w->nr_reads < MAX_READS)
		w->reads[w->nr_reads++] = (struct read_word){ addr, *result, !found };
	else
		w->too_many_reads = true;
	return found;
}

static bool set_registers(Dwfl_Thread *thread, void *arg)
{
	const struct attached *a = arg;

#if defined(__aarch64__)
	dwfl_thread_state_register_pc(thread, a->sample->pc);
#endif
	return dwfl_thread_state_registers(thread, 0, a->nr_regs, a->regs);
}

static const Dwfl_Thread_Callbacks thread_callbacks = {
	.next_thread = next_thread,
	.get_thread = get_thread,
	.memory_read = memory_read,
	.set_initial_registers = set_registers,
};

/* --- address spaces --- */

void space_close_dwfl(struct unwind *u, struct space *s)
{
	if (!s->dwfl)
		return;
	dwfl_end(s->dwfl);
	s->dwfl = NULL;
	free(s->at);
	s->at = NULL;
	for (unsigned int i = 0; i < u->nr_open; i++)
		if (u->open[i] == s)
			u->open[i] = u->open[--u->nr_open];
}

static void close_oldest(struct unwind *u)
{
	struct space *oldest = u->open[0];

	for (unsigned int i = 1; i < u->nr_open; i++)
		if (u->open[i]->used < oldest->used)
			oldest = u->open[i];
	space_close_dwfl(u, oldest);
}

static bool reported(struct unwind *u, const struct space *s, uint32_t before, uint64_t bias)
{
	uint64_t other;

	for (uint32_t i = 0; i < before; i++)
		if (s->maps[i].file == s->maps[before].file &&
		    !file_bias(&u->files.files[s->maps[i].file], s->maps[i].start, s->maps[i].offset, &other) &&
		    other == bias)
			return true;
	return false;
}

/* Every file that is still what was mapped, at its place. */
static void report_files(struct unwind *u, struct space *s)
{
	dwfl_report_begin(s->dwfl);
	for (uint32_t i = 0; i < s->nr; i++) {
		struct mapped_file *f = &u->files.files[s->maps[i].file];
		uint64_t bias;

		if (!file_good(f, u->files.realtime_less_monotonic_ns) ||
		    file_bias(f, s->maps[i].start, s->maps[i].offset, &bias) || reported(u, s, i, bias))
			continue;
		dwfl_report_elf(s->dwfl, f->path, f->path, -1, bias, true);
	}
	dwfl_report_end(s->dwfl, NULL, NULL);
}

static bool space_open_dwfl(struct unwind *u, struct space *s, int32_t pid)
{
	s->used = ++u->clock;
	if (s->dwfl)
		return true;
	if (u->nr_open == MAX_OPEN)
		close_oldest(u);
	s->dwfl = dwfl_begin(&dwfl_callbacks);
	if (!s->dwfl)
		return false;
	u->open[u->nr_open++] = s;
	s->at = xcalloc(1, sizeof(*s->at));
	s->at->u = u;
	s->at->space = s;
	report_files(u, s);
	/* Fails where there is no file: then there are frames without names, by chain, or the first. */
	dwfl_attach_state(s->dwfl, NULL, pid, &thread_callbacks, s->at);
	return true;
}

/* --- names --- */

/* "Undefined" is the register that holds the return address: libdw.h, dwarf_frame_register(). */
static enum cfi rule_at(Dwarf_CFI *cfi, uint64_t pc)
{
	Dwarf_Op mem[3], *ops;
	Dwarf_Frame *frame = NULL;
	enum cfi rule = CFI_NONE;
	bool signal;
	size_t nr;
	int ra;

	if (!cfi || dwarf_cfi_addrframe(cfi, pc, &frame))
		return CFI_NONE;
	ra = dwarf_frame_info(frame, NULL, NULL, &signal);
	if (ra >= 0 && !dwarf_frame_register(frame, ra, mem, &ops, &nr))
		rule = !nr && ops == mem ? CFI_OUTERMOST : CFI_CALLER;
	free(frame);
	return rule;
}

static enum cfi cfi_of(Dwfl_Module *mod, uint64_t pc)
{
	Dwarf_Addr bias = 0;
	Dwarf_CFI *cfi = dwfl_module_eh_cfi(mod, &bias);
	enum cfi rule = rule_at(cfi, pc - bias);

	if (rule != CFI_NONE)
		return rule;
	cfi = dwfl_module_dwarf_cfi(mod, &bias);
	return rule_at(cfi, pc - bias);
}

static uint32_t file_name(struct unwind *u, uint32_t file)
{
	struct mapped_file *f = &u->files.files[file];

	if (!f->name)
		f->name = intern_name(&u->intern, f->path);
	return f->name;
}

/* A symbol that says where it ends, and has the address in it. at: of the call, not behind it. */
static const char *symbol_at(Dwfl_Module *mod, uint64_t at, uint64_t *offset)
{
	GElf_Off off;
	GElf_Sym sym;
	const char *name = dwfl_module_addrinfo(mod, at, &off, &sym, NULL, NULL, NULL);

	if (!name || off >= sym.st_size)
		return NULL;
	*offset = off;
	return name;
}

/* "munmap@@GLIBC_2.2.5" is munmap. */
static uint32_t intern_unversioned(struct intern *in, const char *symbol)
{
	size_t len = strcspn(symbol, "@");
	char name[1024];

	snprintf(name, sizeof(name), "%.*s", (int)(len && len < sizeof(name) ? len : sizeof(name) - 1), symbol);
	return intern_name(in, name);
}

static struct known_pc *look_up(struct unwind *u, struct space *s, uint32_t file, uint64_t addr, uint64_t pc,
				bool activation)
{
	uint64_t at = activation ? pc : pc - 1, offset = 0;
	Dwfl_Module *mod = dwfl_addrmodule(s->dwfl, at);
	const char *name = mod ? symbol_at(mod, at, &offset) : NULL;
	struct unwind_frame f = { .file = file_name(u, file) };
	struct known_pc *k;

	if (name) {
		f.symbol = intern_unversioned(&u->intern, name);
		f.offset = offset + (pc - at);
	} else {
		f.offset = addr;
	}
	if (!(u->nr_symbols & (u->nr_symbols - 1)))
		u->symbols = xrealloc(u->symbols, (u->nr_symbols ? 2 * u->nr_symbols : 1) * sizeof(*u->symbols));
	k = &u->symbols[u->nr_symbols++];
	*k = (struct known_pc){ file, intern_frame(&u->intern, &f), addr, activation,
				mod ? cfi_of(mod, at) : CFI_NONE };
	return k;
}

/* NULL: not in a file that is known to be what was mapped. */
static struct known_pc *known_pc(struct unwind *u, struct space *s, uint64_t pc, bool activation)
{
	const struct mapping *m = space_find(s, activation ? pc : pc - 1);
	struct mapped_file *f = m ? &u->files.files[m->file] : NULL;
	uint64_t bias, addr;
	uint32_t h, at, i;

	if (!f || !file_good(f, u->files.realtime_less_monotonic_ns) || file_bias(f, m->start, m->offset, &bias))
		return NULL;
	addr = pc - bias;
	h = (uint32_t)hash_u64(addr * 2 + activation + ((uint64_t)m->file << 40));
	for (i = hash_first(&u->symbols_by_addr, h, &at); i != HASH_END; i = hash_next(&u->symbols_by_addr, h, &at))
		if (u->symbols[i].addr == addr && u->symbols[i].file == m->file &&
		    u->symbols[i].activation == activation)
			return &u->symbols[i];
	hash_add(&u->symbols_by_addr, h, u->nr_symbols);
	return look_up(u, s, m->file, addr, pc, activation);
}

static uint32_t frame_of(struct unwind *u, struct space *s, uint64_t pc, bool activation)
{
	const struct known_pc *k = known_pc(u, s, pc, activation);
	const struct mapping *m = space_find(s, activation ? pc : pc - 1);
	struct unwind_frame f = { .offset = 0 };

	if (k)
		return k->frame;
	/* The file's name is known, what stands there now is not: offset in the file as it was mapped. */
	if (m && u->files.files[m->file].path[0]) {
		f.file = file_name(u, m->file);
		f.offset = pc - m->start + m->offset;
	}
	return intern_frame(&u->intern, &f);
}

/* --- walking --- */

static int take_frame(Dwfl_Frame *state, void *arg)
{
	struct attached *a = arg;
	struct walk *w = a->walk;
	const struct known_pc *k;
	bool activation = false;
	Dwarf_Addr pc;

	if (!dwfl_frame_pc(state, &pc, &activation) || !pc)
		return DWARF_CB_ABORT;
	/* The innermost is where the program counter is, whatever the frame says. */
	activation |= !w->nr;
	w->pcs[w->nr] = pc;
	w->activation[w->nr++] = activation;
	k = known_pc(a->u, a->space, pc, activation);
	/* libdwfl also ends, without an error, where it could not read the stack. */
	w->cut = !k || k->cfi != CFI_OUTERMOST;
	/* Where there is no CFI it would go on by frame pointers, which may be none. */
	return k && k->cfi == CFI_CALLER && w->nr < MAX_FRAMES ? DWARF_CB_OK : DWARF_CB_ABORT;
}

static void walk_stack(struct attached *a, const struct unwind_sample *s, struct walk *w)
{
	w->nr = w->nr_reads = 0;
	w->cut = true;
	w->too_many_reads = false;
	a->sample = s;
	a->walk = w;
	dwfl_getthread_frames(a->space->dwfl, dwfl_pid(a->space->dwfl), take_frame, a);
	if (w->nr)
		return;
	w->pcs[0] = s->pc;
	w->activation[0] = true;
	w->nr = 1;
}

static bool same_walk(const struct walk *a, const struct walk *b)
{
	return a->nr == b->nr && a->cut == b->cut && a->nr_reads == b->nr_reads &&
	       !memcmp(a->pcs, b->pcs, a->nr * sizeof(*a->pcs)) &&
	       !memcmp(a->activation, b->activation, a->nr * sizeof(*a->activation)) &&
	       !memcmp(a->reads, b->reads, a->nr_reads * sizeof(*a->reads));
}

/* Does the walk depend on other registers than the usual ones? */
static bool needs_all_regs(struct attached *a, const struct unwind_sample *s, const struct walk *w)
{
	struct walk *other = xcalloc(1, sizeof(*other));
	bool differs;

	for (unsigned int i = 0; i < a->nr_regs; i++)
		if (i != REG_FP && i != REG_LR && i != REG_SP && i != REG_PC)
			a->regs[i] ^= 0x5a5a3c3c00ff0f0fULL + i;
	walk_stack(a, s, other);
	differs = !same_walk(w, other);
	free(other);
	return differs;
}

/* --- what was unwound before --- */

static uint32_t memo_hash(const struct space *space, const struct unwind_sample *s)
{
	return (uint32_t)hash_u64(hash_u64(s->pc ^ (uint64_t)space->id << 40) + s->sp);
}

static bool memo_holds(const struct memo *m, const struct space *space, const struct unwind_sample *s)
{
	if (m->space != space->id || m->pc != s->pc || m->nr_regs != s->nr_regs || m->regs[REG_SP] != s->regs[REG_SP] ||
	    m->regs[REG_FP] != s->regs[REG_FP] || m->regs[REG_LR] != s->regs[REG_LR])
		return false;
	if (m->all_regs && memcmp(m->regs, s->regs, m->nr_regs * sizeof(*m->regs)))
		return false;
	for (unsigned int i = 0; i < m->nr_reads; i++) {
		uint64_t value = 0;

		if (read_stack(s, m->reads[i].addr, &value) == m->reads[i].failed || value != m->reads[i].value)
			return false;
	}
	return true;
}

static const struct memo *memo_find(const struct memos *ms, uint32_t hash, const struct space *space,
				    const struct unwind_sample *s)
{
	uint32_t at, i;

	for (i = hash_first(&ms->by_start, hash, &at); i != HASH_END; i = hash_next(&ms->by_start, hash, &at))
		if (memo_holds(&ms->memos[i], space, s))
			return &ms->memos[i];
	return NULL;
}

static void memo_add(struct memos *ms, uint32_t hash, const struct space *space, const struct unwind_sample *s,
		     const struct walk *w, bool all_regs, uint32_t stack)
{
	struct memo *m;

	if (w->too_many_reads || ms->nr == MAX_MEMOS)
		return;
	if (!(ms->nr & (ms->nr - 1)))
		ms->memos = xrealloc(ms->memos, (ms->nr ? 2 * ms->nr : 1) * sizeof(*ms->memos));
	m = &ms->memos[ms->nr];
	*m = (struct memo){ .space = space->id, .stack = stack, .pc = s->pc, .all_regs = all_regs };
	m->nr_regs = s->nr_regs;
	memcpy(m->regs, s->regs, s->nr_regs * sizeof(*m->regs));
	m->nr_reads = w->nr_reads;
	m->reads = memcpy(xmalloc(w->nr_reads * sizeof(*m->reads) + 1), w->reads, w->nr_reads * sizeof(*m->reads));
	hash_add(&ms->by_start, hash, ms->nr++);
}

/* --- samples --- */

static uint32_t stack_of(struct unwind *u, struct space *space, const struct walk *w)
{
	uint32_t frames[MAX_FRAMES + 1];
	unsigned int nr = 0;

	for (; nr < w->nr; nr++)
		frames[nr] = frame_of(u, space, w->pcs[nr], w->activation[nr]);
	if (w->cut) {
		struct unwind_frame cut = { .symbol = intern_name(&u->intern, UNWIND_CUT) };

		frames[nr++] = intern_frame(&u->intern, &cut);
	}
	return nr ? intern_stack(&u->intern, frames, nr) : UNWIND_NONE;
}

static uint32_t unwind_dwarf(struct unwind *u, struct space *space, const struct unwind_sample *s)
{
	struct attached *a = space->at;
	uint32_t hash = memo_hash(space, s), stack;
	const struct memo *m = memo_find(u->memos, hash, space, s);
	struct walk *w;

	if (m)
		return m->stack;
	w = xcalloc(1, sizeof(*w));
	a->nr_regs = s->nr_regs < ARRAY_SIZE(a->regs) ? s->nr_regs : ARRAY_SIZE(a->regs);
	memcpy(a->regs, s->regs, a->nr_regs * sizeof(*a->regs));
	walk_stack(a, s, w);
	stack = stack_of(u, space, w);
	memo_add(u->memos, hash, space, s, w, needs_all_regs(a, s, w), stack);
	free(w);
	return stack;
}

/* The kernel followed it (perf_callchain_user()), and says nothing of why it ended. */
static uint32_t follow_chain(struct unwind *u, struct space *space, const struct unwind_sample *s)
{
	struct walk w = { 0 };

	for (unsigned int i = 0; i < s->nr_chain && w.nr < MAX_FRAMES; i++) {
		w.pcs[w.nr] = s->chain[i];
		w.activation[w.nr++] = !i;
	}
	return stack_of(u, space, &w);
}

uint32_t unwind_sample(struct unwind *u, const struct unwind_sample *s)
{
	struct space *space = space_of(u, s->pid), *none = NULL;
	uint32_t stack;

	if (!space) {
		none = xcalloc(1, sizeof(*none));
		none->refs = 1;
		space = none;
	}
	if (!space_open_dwfl(u, space, s->pid))
		return UNWIND_NONE;
	stack = s->nr_regs ? unwind_dwarf(u, space, s) : follow_chain(u, space, s);
	space_put(u, none);
	return stack;
}

struct unwind *unwind_new(int64_t realtime_less_monotonic_ns)
{
	struct unwind *u = xcalloc(1, sizeof(*u));

	/* libdwfl would ask servers for debug information, as root, and for as long as they take. */
	unsetenv("DEBUGINFOD_URLS");
	u->files.realtime_less_monotonic_ns = realtime_less_monotonic_ns;
	u->open = xcalloc(MAX_OPEN, sizeof(*u->open));
	u->memos = xcalloc(1, sizeof(*u->memos));
	return u;
}

void unwind_free(struct unwind *u)
{
	if (!u)
		return;
	for (uint32_t i = 0; i < u->nr_processes; i++)
		space_put(u, u->processes[i].space);
	for (uint32_t i = 0; i < u->memos->nr; i++)
		free(u->memos->memos[i].reads);
	free(u->memos->memos);
	hash_free(&u->memos->by_start);
	free(u->memos);
	free(u->symbols);
	hash_free(&u->symbols_by_addr);
	free(u->processes);
	hash_free(&u->by_pid);
	free(u->open);
	files_free(&u->files);
	intern_free(&u->intern);
	free(u);
}

uint32_t unwind_nr_stacks(const struct unwind *u)
{
	return u->intern.nr_stacks;
}

struct unwind_stack unwind_stack(const struct unwind *u, uint32_t id)
{
	return u->intern.stacks[id - 1];
}

uint32_t unwind_nr_frames(const struct unwind *u)
{
	return u->intern.nr_frames;
}

const struct unwind_frame *unwind_frame(const struct unwind *u, uint32_t idx)
{
	return &u->intern.frames[idx];
}

uint32_t unwind_nr_names(const struct unwind *u)
{
	return u->intern.nr_names;
}

const char *unwind_name(const struct unwind *u, uint32_t idx)
{
	return u->intern.names[idx];
}
