// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of the kernel's events is complete on both sides: the decoder
 * understands every row, every probe has its stand-in; and the rule for the tier.
 */
#include "base/err.h"
#include "base/evgroups.h"
#include "base/kevents.h"
#include "capture/standin.h"
#include "decodebed.h"
#include "match/match.h"
#include "report/info.h"

static enum ipi_tier tier(uint32_t ops)
{
	return kevents_evidence(kevents_heard(ops), 0).tier;
}

static void test_tiers(void)
{
	const uint32_t send = OP_BIT(OP_SEND_CPU), vector = OP_BIT(OP_IRQ_ENTRY), calls = OPS_CALLS;

	is_u64(tier(0), TIER_NONE, "no events");
	is_u64(tier(send | calls), TIER_SENDS, "sends and calls without receptions");
	is_u64(tier(send | OP_BIT(OP_IRQ_EXIT) | OP_BIT(OP_IPI_EXIT) | OP_BIT(OP_HANDLER_EXIT)), TIER_SENDS,
	       "an exit alone is no reception");
	is_u64(tier(vector), TIER_COUNTS, "receptions only");
	is_u64(tier(vector | calls), TIER_COUNTS, "calls do not make up for sends");
	is_u64(tier(vector | send), TIER_PAIRED, "sends and receptions");
	is_u64(tier(vector | OP_BIT(OP_PROBE_MASK)), TIER_PAIRED, "probes are as good as sends");
	is_u64(tier(vector | OP_BIT(OP_PROBE_CALL)), TIER_COUNTS, "but not those that only name functions");
	is_u64(tier(vector | send | OP_BIT(OP_QUEUE)), TIER_PAIRED, "calls queued but not run");
	is_u64(tier(vector | send | OP_BIT(OP_FUNC_ENTRY) | OP_BIT(OP_FUNC_EXIT)), TIER_PAIRED, "run but not queued");
	is_u64(tier(vector | send | OP_BIT(OP_QUEUE) | OP_BIT(OP_FUNC_ENTRY)), TIER_EXACT, "both");
	is_u64(tier(OP_BIT(OP_RAISE) | OP_BIT(OP_IPI_ENTRY)), TIER_PAIRED, "ipi_raise where it is heard");
	is_u64(tier(OP_BIT(OP_RAISE) | OP_BIT(OP_HANDLER_ENTRY)), TIER_PAIRED, "interrupts by their handlers");
	is_u64(tier(vector | OP_BIT(OP_RAISE)), TIER_COUNTS, "ipi_raise is mute where there are vectors");
	is_u64(tier(OPS_ASKED), TIER_NONE, "flushes of TLBs prove nothing of IPIs");
	is_str(ipi_tier_name(TIER_EXACT), "exact", "name");
	is_str(ipi_tier_name(99), "none", "no tier");
}

/* What is left of events that could prove all, by the interrupts that arrived: of a class that is known, of others. */
static const char *left(const char *arch, uint32_t receptions, uint64_t known, uint64_t other, bool told)
{
	struct match_totals totals = { .interrupts = known + other };
	const struct info_heard heard = { .totals = &totals, .irqs_told = told };
	struct ipi_evidence ev = kevents_evidence(OP_BIT(OP_SEND_CPU) | OPS_CALLS | receptions, 1);
	struct trace_info info = { 0 };

	snprintf(info.arch, sizeof(info.arch), "%s", arch);
	totals.interrupts_by_class[IPI_CLASS_CALL] = known;
	totals.interrupts_by_class[IPI_CLASS_OTHER] = other;
	ev = trace_info_heard(&info, ev, &heard);
	is_u64(ev.has_reception, ev.heard_classes != 0, "%s: receptions are of some class, or of none", arch);
	is_u64(ev.has_reception, ev.tier >= TIER_COUNTS, "  and the tier says so");
	return ipi_tier_name(ev.tier);
}

static void test_heard(void)
{
	const uint32_t vectors = OP_BIT(OP_IRQ_ENTRY), handlers = OP_BIT(OP_HANDLER_ENTRY),
		       reasons = handlers | OP_BIT(OP_IPI_ENTRY);

	is_str(left("x86_64", vectors, 0, 0, false), "exact", "quiet, and the event is of IPIs alone");
	is_str(left("aarch64", reasons, 0, 0, false), "exact", "quiet, and one of the events names the class");
	is_str(left("aarch64", reasons, 0, 7, false), "exact", "of a class that has no name");
	is_str(left("riscv64", reasons, 0, 0, false), "sends", "where it is listed and never fired, it proves nothing");
	is_str(left("s390x", handlers, 0, 0, false), "sends", "nothing arrived that would be an IPI");
	is_str(left("ppc64le", handlers, 0, 9, false), "sends", "one interrupt for all IPIs");
	is_str(left("riscv64", handlers, 9, 0, false), "exact", "interrupts that have names");
	is_str(left("riscv64", handlers, 9, 1, false), "sends", "one that nobody knows may be any that is missing");
	is_str(left("riscv64", handlers, 0, 0, true), "exact", "quiet, and the recorder said which are IPIs");
}

static void test_rows(void)
{
	const struct kevent *kev;
	unsigned int nr = 0, probes = 0;
	uint32_t ops = OP_BIT(OP_SKIP);

	for (; (kev = kevent_row(nr)); nr++) {
		ops |= OP_BIT(kev->op);
		probes += !!(OP_BIT(kev->op) & OPS_PROBES);
		ok(kevent_find(kev->system, kev->name) == kev, "%s:%s is found by its name", kev->system, kev->name);
		ok(!kev->classes == !!(OP_BIT(kev->op) & (OPS_ASKED | OP_BIT(OP_STACK))), "%s is of use to a class",
		   kev->name);
	}
	is_u64(ops, OP_BIT(NR_OPS) - 1, "every kind has an event");
	ok(!kevent_find("ipi", "reschedule_entry"), "another system's event is none of ours");
	ok(kevent_find("ipitrace_4711", "many") == kevent_find(KEVENT_PROBES, "many"), "a group of probes bears a pid");

	struct standin *s = standin_find(1);
	const struct standin_event *ev = standin_events(s, &nr);

	is_u64(nr, probes, "as many stand-ins as probes");
	for (unsigned int i = 0; i < nr; i++)
		for (unsigned int k = 0; k <= i; k++)
			ok(ev[i].kev && (ev[i].kev == ev[k].kev) == (i == k), "stand-in %u has a row of its own", i);
	standin_free(s);
}

/* One event at a time, in a format that has all fields there are: the decoder takes it for one of ours. */
static void test_decoder(void)
{
	static const char fields[] =
		"cpu:4 callsite:p callback:p cpumask:d target_cpus:d reason:p func:p csd:p irq:4 "
		"function:p name:d m0:8 ra:8 fl:4 vector:4 ncpus:4 pid:4 target_cpu:4 state:4 cpu_id:4";
	static const char tlb_fields[] = "reason:4 pages:p ncpus:4 addr:p end:p";
	const struct kevent *kev;

	for (unsigned int i = 0; (kev = kevent_row(i)); i++) {
		struct bed *t = bed_new(false, 8);
		struct pb_rec r = pb_rec(&t->b, 700, 0, 1);

		if (kev->op != OP_STACK) {
			bed_format(t, kev->system, kev->name, 700, OP_BIT(kev->op) & OPS_TLB ? tlb_fields : fields);
			pb_page(&t->b, 0, 100);
			for (unsigned int k = 0; k < 20; k++)
				pb_field(&t->b, &r, 0, 8);
			pb_event(&t->b, 0, &r);
			ok(bed_run(t, 64) >= 0, "%s can be decoded", kev->name);
			is_u64(decoder_stats(t->d)->records, 1, "%s is read", kev->name);
			is_u64(decoder_stats(t->d)->skipped, 0, "%s is understood", kev->name);
		}
		bed_free(t);
	}
}

static void test_groups(void)
{
	const struct evgroup *g;
	struct err err = { 0 };
	uint32_t set = 0, all = 0;
	unsigned int nr;

	for (nr = 0; (g = evgroup_row(nr)); nr++) {
		ok(g->events[0].name && !g->events[EVGROUP_MAX_EVENTS].name, "%s has events, and an end", g->name);
		ok(!evgroups_parse(&all, g->name, &err), "%s is found by its name", g->name);
	}
	is_u64(all, (1u << nr) - 1, "each has a bit of its own");
	ok(!evgroups_parse(&set, "idle,sched", &err) && set == 3, "a list");
	ok(evgroups_parse(&set, "sched,", &err) && err.code == EXIT_USAGE, "an empty name is refused");
	ok(evgroups_parse(&set, "sche", &err) && strstr(err.hint, "sched"), "one that is near is named");
	ok(evgroups_parse(&set, "frobnicate", &err) && strstr(err.hint, "sched, idle, tlb, kvm"), "else all are");
}

static void test_arch(void)
{
	static const struct {
		const char *system, *name, *arch;
		bool has;
	} rows[] = {
		{ "irq_vectors", "reschedule_entry", "x86_64", true },
		{ "irq_vectors", "reschedule_entry", "i686", true },
		{ "irq_vectors", "reschedule_entry", "s390x", false },
		{ "ipi", "ipi_raise", "aarch64", true },
		{ "ipi", "ipi_raise", "armv7l", true },
		{ "ipi", "ipi_entry", "riscv64", false },
		{ "ipi", "ipi_raise", "x86_64", false },
		{ "ipi", "ipi_send_cpu", "ppc64le", true },
		{ "irq", "irq_handler_entry", "ppc64le", true },
		{ "irq", "irq_handler_entry", "x86_64", false },
		{ "csd", "csd_queue_cpu", "riscv64", true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		is_u64(kevent_of_arch(kevent_find(rows[i].system, rows[i].name), rows[i].arch), rows[i].has, "%s on %s",
		       rows[i].name, rows[i].arch);
}

int main(void)
{
	test_arch();
	test_tiers();
	test_heard();
	test_rows();
	test_groups();
	test_decoder();
	return done_testing();
}
