// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_waits.c - the table of functions that are waited for can be searched, and says where each is sent.
 */
#include <string.h>

#include "report/waits.h"
#include "tap.h"

static void check_table(void)
{
	unsigned int disorder = 0, lost = 0, unsaid = 0;

	for (unsigned int i = 0; i < waits_nr_rows; i++) {
		const struct waits_row *r = &waits_rows[i];

		disorder += i && strcmp(r[-1].func, r->func) >= 0;
		lost += waits_find(r->func) != r;
		unsaid += !strchr(r->file, '/') || !r->source || !*r->source;
	}
	ok(waits_nr_rows > 90, "%u functions", waits_nr_rows);
	ok(!disorder, "in order, each once");
	ok(!lost, "each is found");
	ok(!unsaid, "each has a file and a function of the kernel");
}

static void check_names(void)
{
	static const char *const known[] = {
		"flush_tlb_func", "flush_tlb_func_remote",   "ipi_mb", "ipi_sync_core", "ipi_rseq",
		"do_sync_core",	  "do_flush_tlb_all.llvm.17"
	};
	static const char *const unknown[] = { "flush_tlb_fun",
					       "flush_tlb_func_",
					       "sched_ttwu_pending",
					       "nohz_csd_func",
					       "rcu_exp_handler",
					       "ack_kick",
					       "",
					       "." };
	const struct waits_row *r;

	for (unsigned int i = 0; i < sizeof(known) / sizeof(*known); i++)
		ok(waits_find(known[i]), "%s is waited for", known[i]);
	for (unsigned int i = 0; i < sizeof(unknown) / sizeof(*unknown); i++)
		ok(!waits_find(unknown[i]), "'%s' is not known to be", unknown[i]);
	r = waits_find("retrigger_next_event");
	ok(r && r->caller && !strcmp(r->caller, "clock_was_set"), "some are by one caller only");
	ok(waits_same_name("clock_was_set.constprop.0", "clock_was_set") &&
		   !waits_same_name("clock_was_set_delayed", "clock_was_set"),
	   "a compiler's suffix is no part of a name");
}

int main(void)
{
	check_table();
	check_names();
	return done_testing();
}
