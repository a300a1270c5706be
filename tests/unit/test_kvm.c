// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_kvm.c - hosts' recordings of a tiny VMM whose guest sends 200 IPIs, against what that guest logged itself.
 *
 * Numbers of events, of exits with their times, and the two halves of halts were counted in the text traces by other means.
 */
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/err.h"
#include "kvm/report.h"
#include "tap.h"

#define MAX_IPIS 256

struct exits {
	const char *name;
	uint64_t count, time;
};

struct truth {
	const char *name;
	enum kvm_path path;
	uint64_t received, coalesced, halts_open, halts, polled, waited, idle, wakeup, poll_time, reinjected;
	struct exits exits[5];
	uint64_t kicks[KVM_NR_KICKS];
	int64_t tsc_offset;
};

static const struct truth truths[] = {
	{ "x2_hlt_sync",
	  KVM_PATH_MSR,
	  200,
	  0,
	  1,
	  200,
	  182,
	  18,
	  186919134,
	  312951054,
	  283247744,
	  2,
	  { { "interrupt", 18, 7017946 },
	    { "npf", 12, 104485680 },
	    { "msr", 406, 437131292 },
	    { "hlt", 200, 499870188 } },
	  { [KVM_KICK_POLLING] = 182, [KVM_KICK_WOKEN] = 18 },
	  -76082969508 },
	{ "x2_poll_async",
	  KVM_PATH_MSR,
	  199,
	  1,
	  0,
	  0,
	  0,
	  0,
	  0,
	  0,
	  0,
	  3,
	  { { "npf", 11, 1287598 }, { "msr", 405, 36354162 }, { "interrupt", 220, 28298894 }, { "vintr", 5, 364260 } },
	  { [KVM_KICK_RUNNING] = 197, [KVM_KICK_NONE] = 3 },
	  0 },
	{ "x2_masked_async",
	  KVM_PATH_MSR,
	  46,
	  154,
	  0,
	  0,
	  0,
	  0,
	  0,
	  0,
	  0,
	  2,
	  { { "npf", 12, 9218612 },
	    { "msr", 252, 230630100 },
	    { "interrupt", 263, 141664926 },
	    { "vintr", 46, 5417282 } },
	  { [KVM_KICK_RUNNING] = 195, [KVM_KICK_NONE] = 5 },
	  0 },
	{ "xa_hlt_sync",
	  KVM_PATH_MMIO,
	  200,
	  0,
	  1,
	  200,
	  106,
	  94,
	  497000790,
	  199186832,
	  90493442,
	  2,
	  { { "npf", 615, 485022200 }, { "interrupt", 42, 42149770 }, { "msr", 4, 901342 }, { "hlt", 200, 696187622 } },
	  { [KVM_KICK_POLLING] = 106, [KVM_KICK_WOKEN] = 94 },
	  -89712253202 },
};

struct ipis {
	struct kvm_ipi list[MAX_IPIS];
	unsigned int nr;
};

static void keep(void *ctx, const struct kvm_ipi *ipi)
{
	struct ipis *all = ctx;

	if (ipi->order && ipi->order <= MAX_IPIS)
		all->list[ipi->order - 1] = *ipi;
	all->nr++;
}

static void laws(const struct kvm_report *r)
{
	unsigned int applied = 0;

	for (unsigned int i = 0; i < r->nr_laws; i++) {
		applied += r->laws[i].applies;
		ok(r->laws[i].held, "  %s (%" PRIu64 ", %" PRIu64 ")", r->laws[i].text, r->laws[i].left,
		   r->laws[i].right);
	}
	ok(applied >= 8, "  and %u of these laws apply", applied);
}

static void halts(const struct truth *t, const struct kvm_vm *vm)
{
	const struct kvm_halts *h = &vm->halts;

	is_u64(h->count, t->halts, "  halts that ended");
	is_u64(h->polled, t->polled, "  polled and won");
	is_u64(h->waited, t->waited, "  slept");
	is_u64(h->pending, 0, "  none had its event before");
	is_u64(h->idle, t->idle, "  idle before the event: what passed before the accept");
	is_u64(h->wakeup, t->wakeup, "  wake-up after it");
	is_u64(h->ipi, t->halts, "  by an IPI each, though threads were woken for nothing");
	is_u64(h->poll_won, t->poll_time, "  polling took so long");
}

static void sums(const struct truth *t, const struct kvm_report *r)
{
	const struct kvm_vm *vm = r->vms;
	uint64_t total = 0;

	is_u64(r->nr_vms, 1, "  one VM");
	is_u64(vm->nr_vcpus, 2, "  of two virtual CPUs");
	is_u64(vm->sends, 200, "  200 sends");
	is_u64(vm->outcomes[KVM_DELIVERED], t->received, "  as many delivered as the guest received");
	is_u64(vm->outcomes[KVM_COALESCED], t->coalesced, "  coalesced");
	is_u64(vm->injections, t->received, "  injections");
	is_u64(vm->unsolicited, 0, "  none without an accept");
	is_u64(vm->reinjections, t->reinjected, "  injected once more, and not counted again");
	is_u64(vm->eois, t->received, "  ends of interrupts");
	for (unsigned int i = 0; i < KVM_NR_KICKS; i++)
		is_u64(vm->kicks[i], t->kicks[i], "  targets that were %s", kvm_kick_name(i));
	for (unsigned int i = 0; t->exits[i].name; i++) {
		const struct kvm_exits *e = vm->exits;

		while (e < vm->exits + vm->nr_exits && strcmp(e->name, t->exits[i].name))
			e++;
		if (!ok(e < vm->exits + vm->nr_exits, "  exits: %s", t->exits[i].name))
			continue;
		is_u64(e->count, t->exits[i].count, "    count");
		is_u64(e->time, t->exits[i].time, "    time");
		ok(e->ipi_time <= e->time && e->ipi_count <= e->count, "    of which a part is of IPIs");
	}
	for (unsigned int i = 0; i < r->nr_rows; i++) {
		total += r->rows[i].ipis;
		ok(r->rows[i].key.path == t->path, "  a row by its path");
	}
	is_u64(total, 200, "  rows have all of them");
	is_u64(r->stats->halts_open, t->halts_open, "  halts in progress");
}

/* The guest's own stamps: its number, before the send, behind it, in the handler. */
static void guest(const struct truth *t, const struct ipis *all)
{
	char path[128];
	FILE *in;
	unsigned int nr = 0, bad = 0;
	unsigned long long send, sent, handler;

	snprintf(path, sizeof(path), "tests/data/kvm/%s.log", t->name);
	in = fopen(path, "r");
	ok(in != NULL, "  the guest's log");
	if (!in)
		return;
	while (fscanf(in, "%*u %llu %llu %llu %*u", &send, &sent, &handler) == 3 && nr < MAX_IPIS) {
		const struct kvm_ipi *ipi = &all->list[nr++];

		bad += send - (uint64_t)t->tsc_offset > ipi->at[KVM_AT_EXIT];
		bad += handler - (uint64_t)t->tsc_offset < ipi->at[KVM_AT_ENTRY];
		bad += sent - (uint64_t)t->tsc_offset < ipi->at[KVM_AT_ACCEPT];
	}
	fclose(in);
	is_u64(nr, 200, "  has all sends");
	is_u64(bad, 0, "  send <= exit, accept <= behind the send, entry <= handler, by the guest's own clock");
}

static void fixture(const struct truth *t)
{
	struct kvm_report r = { 0 };
	struct ipis *all = calloc(1, sizeof(*all));
	struct err err = { 0 };
	char path[128];

	snprintf(path, sizeof(path), "tests/data/kvm/%s.dat.gz", t->name);
	kvm_parse_by("path,kick,source,target", r.by, &r.nr_by, &err);
	r.tap = keep;
	r.tap_ctx = all;
	if (ok(!kvm_report_read(&r, path, NULL, &err), "%s: %s", t->name, err.msg)) {
		is_u64(all->nr, 200, "  each IPI is told of once");
		laws(&r);
		sums(t, &r);
		halts(t, r.vms);
		if (t->tsc_offset)
			guest(t, all);
		ok(!r.in_ns, "  ticks of a TSC are no ns");
	}
	kvm_report_free(&r);
	free(all);
}

static void keys(void)
{
	enum kvm_key by[KVM_NR_KEYS];
	struct err err = { 0 };
	unsigned int nr;

	ok(!kvm_parse_by("vm,class", by, &nr, &err) && nr == 2 && by[0] == KVM_KEY_VM && by[1] == KVM_KEY_CLASS,
	   "keys");
	ok(!kvm_parse_by("vm,caller", by, &nr, &err) && !kvm_key_is_guests(by[0]) && kvm_key_is_guests(by[1]),
	   "  a guest's callers are not the host's to know");
	ok(kvm_parse_by("vm,victim", by, &nr, &err) && err.code == EXIT_USAGE, "  others are none at all");
	ok(kvm_parse_by("vm,vm", by, &nr, &err) && kvm_parse_by("", by, &nr, &err), "  each once, and one at least");
}

static void no_machines(void)
{
	struct kvm_report r = { 0 };
	struct err err = { 0 };

	ok(kvm_report_read(&r, "tests/data/report.dat", NULL, &err) && err.code == EXIT_FAILED,
	   "a recording without VMs: %s", err.msg);
	kvm_report_free(&r);
}

int main(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(truths); i++)
		fixture(&truths[i]);
	keys();
	no_machines();
	return done_testing();
}
