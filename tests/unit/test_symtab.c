// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_symtab.c - addresses to names and back, modules, aliases, plumbing.
 */
#include <stdlib.h>

#include "decode/symtab.h"
#include "tap.h"

static const char text[] = "0000000000000000 A fixed_percpu_data\n"
			   "ffffffff81000000 T startup_64\n"
			   "ffffffff81000000 T _stext\n"
			   "ffffffff810000f0 T __pfx_first\n"
			   "ffffffff81000100 T first\n"
			   "ffffffff81000200 t second.isra.0\n"
			   "ffffffff81000280 D some_data\n"
			   "ffffffff81000300 T generic_exec_single.constprop.0\n"
			   "ffffffff81000400 T membarrier_private_expedited\n"
			   "ffffffff81000500 W trace_event_raw_event_ipi_send_cpu\n"
			   "ffffffff81000600 T resched_curr_not\n"
			   "ffffffff81000700 T last\n"
			   "ffffffffc0002000 t zfunc\t[zmod]\n"
			   "ffffffffc0001000 t afunc\t[amod]\n"
			   "ffffffffc0001100 t bfunc\t[amod]\n"
			   "garbage\n"
			   "ffffffffc0003000 t nonewline\t[amod]";

static void is_format(struct symtab *s, uint64_t addr, bool ret, bool off, const char *want)
{
	char buf[80];

	symtab_format(s, addr, ret, off, buf, sizeof(buf));
	is_str(buf, want, "%s", want);
}

static void test_names(void)
{
	struct symtab *s = symtab_new(text, sizeof(text) - 1);
	uint64_t start, end, offset;
	const char *module = "unset", *name;

	ok(symtab_range(s, "first", &start, &end), "found by name");
	is_u64(start, 0xffffffff81000100, "its start");
	is_u64(end, 0xffffffff81000200, "its end");
	ok(!symtab_range(s, "firs", &start, &end), "not by a part of the name");
	ok(!symtab_range(s, "second", &start, &end), "nor without its suffix");
	ok(!symtab_range(s, "some_data", &start, &end), "data is no function");
	ok(!symtab_range(s, "__pfx_first", &start, &end), "padding is no function");

	name = symtab_name(s, 0xffffffff81000234, &offset, &module);
	is_str(name, "second.isra.0", "name of an address");
	is_u64(offset, 0x34, "its offset");
	ok(!module, "not in a module");
	ok(symtab_name(s, 0xffffffff81000210, &offset, &module) == name, "the same string again");
	is_str(symtab_name(s, 0xffffffff81000001, &offset, &module), "startup_64", "of several names the first");
	is_str(symtab_name(s, 0xffffffffc0001100, &offset, &module), "bfunc", "in a module");
	is_str(module, "amod", "its name");
	ok(!symtab_name(s, 0xffffffff80ffffff, &offset, &module), "below all");
	ok(!symtab_name(s, 0xffffffff91000000, &offset, &module), "far behind the kernel's last");
	ok(!symtab_name(s, 0, &offset, &module), "NULL is in no function");

	is_format(s, 0xffffffff81000234, false, true, "second.isra.0+0x34");
	is_format(s, 0xffffffff81000100, false, true, "first+0x0");
	is_format(s, 0xffffffff81000200, true, true, "first+0x100");
	is_format(s, 0xffffffff81000200, true, false, "first");
	is_format(s, 0xffffffffc0002010, true, true, "zfunc+0x10 [zmod]");
	is_format(s, 0xffffffffc0003010, true, true, "nonewline+0x10 [amod]");
	is_format(s, 0x1234, false, true, "0x1234");
	is_format(s, 0, true, true, "0x0");
	symtab_free(s);
}

/* Mapping symbols and local labels, as modules of arm64 and riscv64 list them. */
static void test_labels(void)
{
	static const char labels[] = "ffffffff81000100 t $x.12\n"
				     "ffffffff81000100 T ipi_mb\n"
				     "ffffffff81000180 t $d\n"
				     "ffffffff81000200 T do_madvise\n"
				     "ffffffff81000208 t .L0\n"
				     "ffffffff81000210 t .LVL101\n"
				     "ffffffff81000218 t L0^A\n"
				     "ffffffff81000300 T L1_is_a_name\n";
	struct symtab *s = symtab_new(labels, sizeof(labels) - 1);
	uint64_t start, end;

	is_format(s, 0xffffffff81000100, false, true, "ipi_mb+0x0");
	is_format(s, 0xffffffff81000190, false, true, "ipi_mb+0x90");
	is_format(s, 0xffffffff81000220, false, true, "do_madvise+0x20");
	is_format(s, 0xffffffff81000310, false, true, "L1_is_a_name+0x10");
	ok(symtab_range(s, "do_madvise", &start, &end) && end == 0xffffffff81000300, "a label ends no function");
	symtab_free(s);
}

static void test_plumbing(void)
{
	struct symtab *s = symtab_new(text, sizeof(text) - 1);

	for (unsigned int twice = 0; twice < 2; twice++) {
		ok(symtab_is_plumbing(s, 0xffffffff81000310), "generic_exec_single, whatever its suffix");
		ok(symtab_is_plumbing(s, 0xffffffff81000510), "the trace machinery");
		ok(!symtab_is_plumbing(s, 0xffffffff81000410), "membarrier_private_expedited is a caller");
		ok(!symtab_is_plumbing(s, 0xffffffff81000610), "a longer name is another name");
		ok(!symtab_is_plumbing(s, 0x10), "unknown is no plumbing");
	}
	symtab_free(s);
}

/* Every name of the list is found: the list is searched as a sorted one. */
static void test_plumbing_list(void)
{
	static const char *const names[] = {
		"__resched_curr",
		"resched_curr",
		"native_smp_send_reschedule",
		"ttwu_queue_wakelist",
		"__ttwu_queue_wakelist",
		"wakeup_preempt",
		"check_preempt_curr",
		"ttwu_do_activate",
		"try_to_wake_up",
		"wake_up_process",
		"wake_up_q",
		"default_wake_function",
		"autoremove_wake_function",
		"__wake_up_common",
		"__smp_call_single_queue",
		"smp_call_function_many_cond",
		"smp_call_function_single",
		"on_each_cpu_cond_mask",
		"send_call_function_single_ipi",
		"irq_work_queue",
		"irq_work_queue_on",
		"native_flush_tlb_multi",
		"flush_tlb_mm_range",
		"tlb_finish_mmu",
		"smp_cross_call",
		"arch_smp_send_reschedule",
		"stacktrace_trigger",
		"ftrace_call",
		"kprobe_ftrace_handler",
	};

	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char line[128];
		struct symtab *s;

		snprintf(line, sizeof(line), "ffffffff81000000 t %s\n", names[i]);
		s = symtab_new(line, strlen(line));
		ok(symtab_is_plumbing(s, 0xffffffff81000000), "%s", names[i]);
		symtab_free(s);
	}
}

static void test_unusable(void)
{
	static const char zeros[] = "0000000000000000 T first\n0000000000000000 T second\n";
	struct symtab *s = symtab_new(zeros, sizeof(zeros) - 1);
	uint64_t start, end;

	ok(!symtab_range(s, "first", &start, &end), "all addresses 0: no ranges");
	ok(!symtab_name(s, 0, &start, NULL), "and no names");
	symtab_free(s);
	s = symtab_new(NULL, 0);
	ok(!symtab_range(s, "first", &start, &end), "no text");
	is_format(s, 0xffffffff81000000, false, true, "0xffffffff81000000");
	symtab_free(s);
	symtab_format(NULL, 1, false, true, (char[8]){ 0 }, 8);
	symtab_free(NULL);
}

/* Cut at every byte, in memory of that length. */
static void test_cut(void)
{
	unsigned int usable = 0;

	for (size_t len = 0; len < sizeof(text); len++) {
		char *copy = malloc(len ? len : 1);
		struct symtab *s;
		const char *module;
		uint64_t offset, start, end;

		memcpy(copy, text, len);
		s = symtab_new(copy, len);
		usable += symtab_range(s, "first", &start, &end);
		for (uint64_t addr = 0xffffffff81000000; addr < 0xffffffff81000800; addr += 0x80) {
			symtab_name(s, addr, &offset, &module);
			symtab_is_plumbing(s, addr);
		}
		symtab_name(s, 0xffffffffc0003000, &offset, &module);
		symtab_free(s);
		free(copy);
	}
	ok(usable > 0 && usable < sizeof(text), "cut at every byte");
}

int main(void)
{
	test_names();
	test_labels();
	test_plumbing();
	test_plumbing_list();
	test_unusable();
	test_cut();
	return done_testing();
}
