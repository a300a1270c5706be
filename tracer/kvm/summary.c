// SPDX-License-Identifier: GPL-2.0-only
/*
 * kvm/summary.c - sums over the VMs of a report, per second and per CPU.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/wide.h"
#include "kvm/summary.h"

struct sums {
	uint64_t kicks[KVM_NR_KICKS], nr_kicks, exits, halts, in_guest, in_host, off_cpu, poll_won, poll_in_vain;
	bool has_sched, poll_unknown;
};

struct figures {
	struct kvm_figure *list;
	unsigned int nr;
};

static struct sums sum_up(const struct kvm_report *r)
{
	struct sums s = { .has_sched = true };

	for (unsigned int i = 0; i < r->nr_vms; i++) {
		const struct kvm_vm *vm = &r->vms[i];

		if (r->is_joined && !kvm_report_pair(r, vm->tgid))
			continue;
		for (unsigned int k = 0; k < KVM_NR_KICKS; k++) {
			s.kicks[k] += vm->kicks[k];
			s.nr_kicks += vm->kicks[k];
		}
		for (unsigned int k = 0; k < vm->nr_exits; k++)
			s.exits += vm->exits[k].count;
		s.halts += vm->halts.count;
		s.in_guest += vm->in_guest;
		s.in_host += vm->in_host;
		s.off_cpu += vm->off_cpu;
		s.poll_won += vm->halts.poll_won;
		s.poll_in_vain += vm->halts.poll_in_vain;
		s.has_sched &= vm->halts.has_poll_time;
		s.poll_unknown |= vm->halts.unknown_poll;
	}
	return s;
}

static void put(struct figures *f, const char *key, const char *label, enum kvm_figure_unit unit, bool known,
		uint64_t val)
{
	f->list[f->nr++] = (struct kvm_figure){ key, label, unit, known, known ? val : 0 };
}

static uint64_t thousandths(uint64_t part, uint64_t of)
{
	return of ? mul_div(part, 1000, of) : 0;
}

static void put_rate(struct figures *f, const char *key, const char *label, const struct kvm_report *r, uint64_t count)
{
	/* Ticks have no second. */
	put(f, key, label, KVM_FIGURE_RATE, r->in_ns && r->span, r->span ? mul_div(count, 1000000000000u, r->span) : 0);
}

static void put_cpus(struct figures *f, const char *key, const char *label, const struct kvm_report *r, bool known,
		     uint64_t time)
{
	put(f, key, label, KVM_FIGURE_CPUS, known && r->span, thousandths(time, r->span));
}

static void put_stage(struct figures *f, const char *key, const char *label, const struct kvm_row *row,
		      enum kvm_point end)
{
	bool guests = end == KVM_AT_EXIT || end == KVM_AT_HANDLER;
	const struct hist *h = row ? &row->stages[end] : NULL;
	uint64_t val = h && h->count ? hist_percentile(h, 0.5) : 0;

	put(f, key, label, KVM_FIGURE_TIME, h && h->count && (!guests || val >= row->width), val);
}

unsigned int kvm_summary(const struct kvm_report *r, struct kvm_figure figures[KVM_MAX_FIGURES])
{
	static const struct {
		const char *key, *label;
		enum kvm_kick kick;
	} kicks[] = {
		{ "running", "  target running", KVM_KICK_RUNNING },
		{ "polling", "  halted, the host polled", KVM_KICK_POLLING },
		{ "woken", "  halted, woken", KVM_KICK_WOKEN },
		{ "preempted", "  preempted", KVM_KICK_PREEMPTED },
		{ "none", "  in the host anyway", KVM_KICK_NONE },
		{ "halted", "  halted, polling or asleep", KVM_KICK_HALTED },
		{ "kick_unknown", "  not known", KVM_KICK_UNKNOWN },
	};
	const struct kvm_row *row = r->nr_rows ? r->rows : NULL;
	const struct hist *total = row && row->total.count ? &row->total : NULL;
	struct figures f = { figures, 0 };
	struct sums s = sum_up(r);
	uint64_t polled = s.poll_won + s.poll_in_vain;

	put_rate(&f, "ipis_per_s", "IPIs per s", r, row ? row->ipis : 0);
	put(&f, "total_p50", "latency P50", KVM_FIGURE_TIME, total, total ? hist_percentile(total, 0.5) : 0);
	put(&f, "total_p99", "latency P99", KVM_FIGURE_TIME, total, total ? hist_percentile(total, 0.99) : 0);
	put(&f, "total_max", "latency MAX", KVM_FIGURE_TIME, total, total ? total->max : 0);
	put_stage(&f, "send_exit_p50", "  SEND>EXIT P50", row, KVM_AT_EXIT);
	put_stage(&f, "exit_accept_p50", "  EXIT>ACCEPT P50", row, KVM_AT_ACCEPT);
	put_stage(&f, "accept_wake_p50", "  ACCEPT>WAKE P50", row, KVM_AT_WAKE);
	put_stage(&f, "runq_p50", "  RUNQ P50", row, KVM_AT_RUN);
	put_stage(&f, "run_inject_p50", "  RUN>INJECT P50", row, KVM_AT_INJECT);
	put_stage(&f, "inject_entry_p50", "  INJECT>ENTRY P50", row, KVM_AT_ENTRY);
	put_stage(&f, "entry_handler_p50", "  ENTRY>HANDLER P50", row, KVM_AT_HANDLER);
	for (unsigned int i = 0; i < sizeof(kicks) / sizeof(kicks[0]); i++)
		put(&f, kicks[i].key, kicks[i].label, KVM_FIGURE_SHARE, s.nr_kicks,
		    thousandths(s.kicks[kicks[i].kick], s.nr_kicks));
	put_cpus(&f, "cpus", "host CPUs burnt", r, s.has_sched, s.in_guest + s.in_host - s.off_cpu);
	put_cpus(&f, "cpus_guest", "  in the guest", r, true, s.in_guest);
	put_cpus(&f, "cpus_host", "  in exits", r, s.has_sched, s.in_host - s.off_cpu);
	put_cpus(&f, "cpus_polling", "    polling for halted ones", r, s.has_sched && !s.poll_unknown, polled);
	put_cpus(&f, "cpus_in_vain", "    of that for nothing", r, s.has_sched && !s.poll_unknown, s.poll_in_vain);
	put_rate(&f, "exits_per_s", "exits per s", r, s.exits);
	put_rate(&f, "halts_per_s", "halts per s", r, s.halts);
	return f.nr;
}
