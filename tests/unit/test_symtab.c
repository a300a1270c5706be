// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_symtab.c - addresses to names and back, modules, aliases, plumbing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/session.h"
#include "decode/plumbing.h"
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
	/* As recorders and trace-cmd write the whole text. */
	static const char whole[] = "ffffffff81000000 T _stext\n"
				    "ffffffff82000000 R _etext\n";
	char *both;
	struct symtab *s;
	uint64_t start, end;

	ok(asprintf(&both, "%s%s", labels, whole) > 0, "with the ends of the code");
	s = symtab_new(both, strlen(both));
	is_format(s, 0xffffffff81000100, false, true, "ipi_mb+0x0");
	is_format(s, 0xffffffff81000190, false, true, "ipi_mb+0x90");
	is_format(s, 0xffffffff81000220, false, true, "do_madvise+0x20");
	is_format(s, 0xffffffff81000310, false, true, "L1_is_a_name+0x10");
	ok(symtab_range(s, "do_madvise", &start, &end) && end == 0xffffffff81000300, "a label ends no function");
	symtab_free(s);
	free(both);

	/* Of a text of which functions may be left out, a label may be of one of these. */
	s = symtab_new(labels, sizeof(labels) - 1);
	is_format(s, 0xffffffff81000100, false, true, "ipi_mb+0x0");
	is_format(s, 0xffffffff81000170, false, true, "ipi_mb+0x70");
	is_format(s, 0xffffffff81000190, false, true, "ipi_mb+0x90");
	is_format(s, 0xffffffff81000220, false, true, "0xffffffff81000220");
	is_format(s, 0xffffffff81000208, true, true, "do_madvise+0x8");
	is_format(s, 0xffffffff81000310, false, true, "L1_is_a_name+0x10");
	symtab_free(s);
}

/* What is known of an address between labels of a module whose functions are left out. */
static void test_labels_of_modules(void)
{
	static const char labels[] = "ffffffffc0000100 t .L0 \t[amod]\n"
				     "ffffffffc0000200 t .LVL1\t[amod]\n"
				     "ffffffffc0000300 t afunc\t[amod]\n"
				     "ffffffffc0000380 t .LVL2\t[amod]\n"
				     "ffffffffc0001000 t .LVL3\t[bmod]\n";
	struct symtab *s = symtab_new(labels, sizeof(labels) - 1);

	is_format(s, 0xffffffffc0000150, true, true, "0xffffffffc0000150 [amod]");
	is_format(s, 0xffffffffc0000250, true, true, "0xffffffffc0000250 [amod]");
	is_format(s, 0xffffffffc0000350, true, true, "afunc+0x50 [amod]");
	is_format(s, 0xffffffffc0000500, true, true, "0xffffffffc0000500");
	is_format(s, 0xffffffffc0001500, true, true, "0xffffffffc0001500");
	is_format(s, 0xffffffffc0000050, true, true, "0xffffffffc0000050");
	ok(!symtab_is_plumbing(s, (uint64_t[]){ 0xffffffffc0000251 }, 1, 0), "what has no name is no plumbing");
	symtab_free(s);
}

/* A stack of one frame, which is a return address. */
static bool is_plumbing(struct symtab *s, uint64_t addr)
{
	return symtab_is_plumbing(s, (uint64_t[]){ addr + 1 }, 1, 0);
}

static void test_plumbing(void)
{
	struct symtab *s = symtab_new(text, sizeof(text) - 1);

	for (unsigned int twice = 0; twice < 2; twice++) {
		ok(is_plumbing(s, 0xffffffff81000310), "generic_exec_single, whatever its suffix");
		ok(is_plumbing(s, 0xffffffff81000510), "the trace machinery");
		ok(!is_plumbing(s, 0xffffffff81000410), "membarrier_private_expedited is a caller");
		ok(!is_plumbing(s, 0xffffffff81000610), "a longer name is another name");
		ok(!is_plumbing(s, 0x10), "unknown is no plumbing");
	}
	symtab_free(s);
}

/* Every name of the list is found: the list is searched as a sorted one. */
static void test_plumbing_list(void)
{
	size_t nr;
	const struct plumbing_row *rows = plumbing_rows(&nr);
	unsigned int functions = 0;

	for (size_t i = 0; i < nr; i++) {
		char name[128];
		int len = snprintf(name, sizeof(name), "%s%s", rows[i].name, rows[i].prefix ? "x" : ".isra.0");

		is_u64(plumbing_kind(NULL, name, (size_t)len), rows[i].kind, "%s", rows[i].name);
		functions += !rows[i].prefix;
		if (i && !rows[i].prefix && strcmp(rows[i - 1].name, rows[i].name) >= 0)
			ok(false, "%s is behind %s", rows[i].name, rows[i - 1].name);
		if (!rows[i].why[0] || (!rows[i].prefix && !strchr(rows[i].file, '.')))
			ok(false, "%s has a reason and a file", rows[i].name);
	}
	ok(functions > 250, "the list has %u functions", functions);
	/* A known caller that were plumbing would name nobody. */
	rows = plumbing_known(&nr);
	ok(nr && nr <= SESSION_MAX_KNOWN, "%zu known callers", nr);
	for (size_t i = 0; i < nr; i++) {
		size_t len = strlen(rows[i].name);

		is_u64(plumbing_kind(NULL, rows[i].name, len), PLUMBING_NONE, "%s", rows[i].name);
		ok(!plumbing_whole_file(rows[i].name, len) && rows[i].why[0], "  with a reason");
	}
	is_str(plumbing_whole_file("irq_work_queue.cold", 19), "kernel/irq_work.c", "all of irq_work.c is plumbing");
	ok(!plumbing_whole_file("try_to_wake_up", 14), "not all of sched/core.c is");
	ok(!plumbing_whole_file("", 0), "no name is of no file");
}

/* --- stacks --- */

#define MAX_FRAMES 16

/* Functions of a kernel, in the order of their addresses, 0x100 bytes each. */
struct kernel {
	char text[4096];
	const char *const *names;
	struct symtab *s;
};

static void kernel_open(struct kernel *k, const char *const *names)
{
	size_t at = 0;

	k->names = names;
	for (unsigned int i = 0; names[i]; i++)
		at += (size_t)snprintf(k->text + at, sizeof(k->text) - at, "%llx t %s\n",
				       0xffffffff81000000ull + i * 0x100, names[i]);
	k->s = symtab_new(k->text, at);
}

/* Index of the caller among these frames, innermost first. */
static unsigned int caller_of(struct kernel *k, const char *const *frames)
{
	uint64_t addrs[MAX_FRAMES] = { 0 };
	unsigned int nr = 0;

	for (; frames[nr]; nr++)
		for (unsigned int i = 0; k->names[i]; i++)
			if (!strcmp(k->names[i], frames[nr]))
				addrs[nr] = 0xffffffff81000000ull + i * 0x100 + 0x20;
	return symtab_caller(k->s, addrs, nr);
}

#define FRAMES(...) ((const char *const[]){ __VA_ARGS__, NULL })

static const char *const kernel_names[] = {
	"asm_sysvec_apic_timer_interrupt",
	"call_timer_fn",
	"ep_poll_callback",
	"generic_smp_call_function_single_interrupt",
	"generic_exec_single",
	"smp_new_in_8_0", /* between two functions of kernel/smp.c */
	"__smp_call_function_single",
	"smp_call_on_cpu_callback",
	"smp_call_function_single",
	"on_each_cpu_cond_mask",
	"user_of_ipi",
	"sock_def_readable",
	"try_to_wake_up",
	"enqueue_new_in_8_0",
	"__wake_up_common",
	"__wake_up_sync_key",
	"my_wake_function",
	"sched_tick",
	"__irq_svc",
	"tcp_data_queue",
	NULL,
};

/* A call's function that left the stack by calling last. */
static void test_hidden(struct kernel *k)
{
	const uint64_t func = 0xffffffff81000a00, timer = 0xffffffff81000120, drain = 0xffffffff81000320;
	uint64_t hidden[] = { 0xffffffff81000c20, drain, 0xffffffff81000020 };

	is_u64(symtab_caller_addr(k->s, hidden, 3, (struct within){ func, WITHIN_CALL }), func + 1,
	       "by a drain of calls: the function that it ran");
	is_u64(symtab_caller_addr(k->s, hidden, 3, (struct within){ 0 }), drain, "  if that is known");
	is_u64(symtab_caller_addr(k->s, hidden, 1, (struct within){ func, WITHIN_CALL }), 0,
	       "nothing but plumbing has none");
	hidden[1] = timer;
	is_u64(symtab_caller_addr(k->s, hidden, 3, (struct within){ func, WITHIN_CALL }), timer,
	       "no timer is a call's function");
	is_u64(symtab_caller_addr(k->s, hidden, 3, (struct within){ func, WITHIN_TIMER }), func + 1,
	       "but the timer's own");
}

static void test_stacks(void)
{
	struct kernel k;

	kernel_open(&k, kernel_names);
	is_u64(caller_of(&k, FRAMES("generic_exec_single", "__smp_call_function_single", "user_of_ipi")), 2,
	       "smp_call_function_single() as 7.3 has it");
	is_u64(caller_of(&k, FRAMES("generic_exec_single", "smp_new_in_8_0", "user_of_ipi")), 2,
	       "a function that nobody knows, between those of a file that is plumbing");
	is_u64(caller_of(&k, FRAMES("generic_exec_single", "smp_call_on_cpu_callback", "user_of_ipi")), 1,
	       "a caller in that file");
	is_u64(caller_of(&k, FRAMES("on_each_cpu_cond_mask", "user_of_ipi")), 1, "the last of a file ends it");
	is_u64(caller_of(&k, FRAMES("try_to_wake_up", "ep_poll_callback", "__wake_up_common", "__wake_up_sync_key",
				    "sock_def_readable", "tcp_data_queue")),
	       4, "a poll of memcached's is made ready by sock_def_readable()");
	is_u64(caller_of(&k, FRAMES("try_to_wake_up", "my_wake_function", "__wake_up_common", "sock_def_readable")), 3,
	       "what a wait queue calls back is none, whatever its name");
	is_u64(caller_of(&k, FRAMES("try_to_wake_up", "my_wake_function", "sock_def_readable")), 1,
	       "unless another calls it");
	is_u64(caller_of(&k, FRAMES("enqueue_new_in_8_0", "try_to_wake_up", "user_of_ipi")), 2,
	       "what a wake-up calls is none, whatever its name");
	is_u64(caller_of(&k, FRAMES("generic_exec_single", "sched_tick", "asm_sysvec_apic_timer_interrupt",
				    "try_to_wake_up", "user_of_ipi")),
	       1, "but an interrupt in the middle of it has its own");
	is_u64(caller_of(&k, FRAMES("generic_exec_single", "sched_tick", "__irq_svc", "try_to_wake_up", "user_of_ipi")),
	       1, "on arm, too");
	is_u64(caller_of(&k, FRAMES("try_to_wake_up", "call_timer_fn", "user_of_ipi")), 1, "who may hide another");
	test_hidden(&k);
	symtab_free(k.s);
}

/* A host of virtual machines, as 6.12's kvm_amd and 6.18's kvm_intel call: who kicks or wakes a virtual CPU, and for whom. */
static void test_kvm_plumbing(void)
{
	static const char *const names[] = { "__apic_accept_irq",
					     "__hrtimer_run_queues",
					     "__kvm_vcpu_kick",
					     "__wake_up_common",
					     "__wake_up_locked_key",
					     "apic_timer_expired",
					     "apic_timer_fn",
					     "eventfd_signal_mask",
					     "handle_rx",
					     "irqfd_inject",
					     "irqfd_wakeup",
					     "kvm_apic_send_ipi",
					     "kvm_apic_set_irq",
					     "kvm_arch_set_irq_inatomic",

					     "kvm_irq_delivery_to_apic",
					     "kvm_irq_delivery_to_apic_fast",
					     "kvm_make_all_cpus_request",
					     "kvm_mmu_notifier_invalidate_range_start",
					     "kvm_set_irq",
					     "kvm_set_msi",
					     "kvm_vcpu_kick",
					     "kvm_vcpu_wake_up",
					     "process_one_work",
					     "rcuwait_wake_up",
					     "svm_complete_interrupt_delivery",
					     "try_to_wake_up",
					     "vfio_msihandler",
					     "vhost_signal",
					     "vmx_deliver_interrupt",
					     "smp_call_function_many_cond",
					     "kvm_x2apic_icr_write",
					     NULL };
	struct kernel k;

	kernel_open(&k, names);
	is_u64(caller_of(&k, FRAMES("kvm_vcpu_kick", "svm_complete_interrupt_delivery", "__apic_accept_irq",
				    "kvm_irq_delivery_to_apic_fast", "kvm_irq_delivery_to_apic", "kvm_apic_send_ipi",
				    "kvm_x2apic_icr_write")),
	       5, "a guest's IPI to a target that runs is kvm_apic_send_ipi()'s");
	is_u64(caller_of(&k, FRAMES("try_to_wake_up", "rcuwait_wake_up", "kvm_vcpu_wake_up", "__kvm_vcpu_kick",
				    "vmx_deliver_interrupt", "kvm_apic_set_irq", "kvm_irq_delivery_to_apic",
				    "kvm_apic_send_ipi")),
	       7, "  and to one that is halted");
	is_u64(caller_of(&k, FRAMES("kvm_vcpu_kick", "svm_complete_interrupt_delivery", "__apic_accept_irq",
				    "kvm_irq_delivery_to_apic_fast", "kvm_arch_set_irq_inatomic", "irqfd_wakeup",
				    "__wake_up_common", "__wake_up_locked_key", "eventfd_signal_mask", "vhost_signal")),
	       9, "vhost's is vhost's, by irqfd or not");
	is_u64(caller_of(&k, FRAMES("kvm_vcpu_kick", "svm_complete_interrupt_delivery", "__apic_accept_irq",
				    "kvm_irq_delivery_to_apic_fast", "kvm_arch_set_irq_inatomic", "irqfd_wakeup",
				    "__wake_up_common", "__wake_up_locked_key", "eventfd_signal_mask", "handle_rx")),
	       9, "  also where what it calls last has no frame of its own");
	is_u64(caller_of(&k,
			 FRAMES("kvm_vcpu_kick", "svm_complete_interrupt_delivery", "__apic_accept_irq",
				"kvm_irq_delivery_to_apic_fast", "kvm_arch_set_irq_inatomic", "irqfd_wakeup",
				"__wake_up_common", "__wake_up_locked_key", "eventfd_signal_mask", "vfio_msihandler")),
	       9, "a device's that the guest has for itself, its handler's");
	is_u64(caller_of(&k, FRAMES("kvm_vcpu_kick", "__apic_accept_irq", "kvm_irq_delivery_to_apic", "kvm_set_msi",
				    "kvm_set_irq", "irqfd_inject", "process_one_work")),
	       5, "what a worker injects for an irqfd is irqfd_inject()'s");
	is_u64(caller_of(&k, FRAMES("kvm_vcpu_kick", "apic_timer_expired", "apic_timer_fn", "__hrtimer_run_queues")), 1,
	       "a timer's is the timer's");
	is_u64(caller_of(&k, FRAMES("kvm_vcpu_kick", "apic_timer_fn", "__hrtimer_run_queues")), 1,
	       "  also where what it calls last has no frame of its own");
	is_u64(caller_of(&k, FRAMES("smp_call_function_many_cond", "kvm_make_all_cpus_request",
				    "kvm_mmu_notifier_invalidate_range_start")),
	       2, "and of memory that is taken away, who takes it");
	symtab_free(k.s);
}

/* The same on arm64, as 6.12 has it: all that is pending for a virtual CPU goes through the GIC's list. */
static void test_vgic_plumbing(void)
{
	static const char *const names[] = { "eventfd_signal_mask",
					     "irqfd_inject",
					     "irqfd_wakeup",
					     "kvm_arch_set_irq_inatomic",
					     "kvm_arch_timer_handler",
					     "kvm_set_irq",
					     "kvm_set_msi",
					     "kvm_timer_update_irq",
					     "kvm_vcpu_kick",
					     "kvm_vcpu_wake_up",
					     "kvm_vgic_inject_irq",
					     "process_one_work",
					     "rcuwait_wake_up",
					     "try_to_wake_up",
					     "vgic_irqfd_set_irq",
					     "vgic_its_inject_cached_translation",
					     "vgic_its_inject_msi",
					     "vgic_its_trigger_msi",
					     "vgic_queue_irq_unlock",
					     "vgic_v3_dispatch_sgi",
					     "vgic_v3_queue_sgi",
					     "__wake_up_common",
					     "__wake_up_locked_key",
					     "vhost_signal",
					     "access_gic_sgi",
					     NULL };
	struct kernel k;

	kernel_open(&k, names);
	is_u64(caller_of(&k, FRAMES("try_to_wake_up", "rcuwait_wake_up", "kvm_vcpu_wake_up", "kvm_vcpu_kick",
				    "vgic_queue_irq_unlock", "vgic_v3_queue_sgi", "vgic_v3_dispatch_sgi",
				    "access_gic_sgi")),
	       6, "arm64: a guest's SGI is vgic_v3_dispatch_sgi()'s");
	is_u64(caller_of(&k, FRAMES("kvm_vcpu_kick", "vgic_queue_irq_unlock", "vgic_its_inject_cached_translation",
				    "kvm_arch_set_irq_inatomic", "irqfd_wakeup", "__wake_up_common",
				    "__wake_up_locked_key", "eventfd_signal_mask", "vhost_signal")),
	       8, "  vhost's MSI vhost's");
	is_u64(caller_of(&k,
			 FRAMES("kvm_vcpu_kick", "vgic_queue_irq_unlock", "vgic_its_trigger_msi", "vgic_its_inject_msi",
				"kvm_set_msi", "kvm_set_irq", "irqfd_inject", "process_one_work")),
	       6, "  and by a worker irqfd_inject()'s");
	is_u64(caller_of(&k, FRAMES("kvm_vcpu_kick", "vgic_queue_irq_unlock", "kvm_vgic_inject_irq",
				    "vgic_irqfd_set_irq", "kvm_set_irq", "irqfd_inject", "process_one_work")),
	       5, "  a line's, too");
	is_u64(caller_of(&k, FRAMES("kvm_vcpu_kick", "vgic_queue_irq_unlock", "kvm_vgic_inject_irq",
				    "kvm_timer_update_irq", "kvm_arch_timer_handler")),
	       3, "  a timer's is the timer's");
	symtab_free(k.s);
}

/* A user's own. */
static void test_own_plumbing(void)
{
	static const char own[] = "# mine\n\n  user_of_ipi # not this\nsock_*\r\n!ep_poll_callback\n!sock_def_readable";
	struct plumbing *p = NULL;
	struct err err = { 0 };
	struct kernel k;

	kernel_open(&k, kernel_names);
	is_u64((uint64_t)plumbing_parse(&p, own, sizeof(own) - 1, "mine", &err), 0, "a file of one's own");
	symtab_set_plumbing(k.s, p);
	is_u64(caller_of(&k, FRAMES("generic_exec_single", "user_of_ipi", "tcp_data_queue")), 2,
	       "a name of it is plumbing");
	is_u64(caller_of(&k, FRAMES("try_to_wake_up", "ep_poll_callback", "__wake_up_common")), 1,
	       "and one is a caller");
	is_u64(caller_of(&k, FRAMES("try_to_wake_up", "sock_def_readable")), 1, "the last that fits counts");
	is_u64((uint64_t)plumbing_parse(&p, "fine\nnot fine\n", 14, "mine", &err), (uint64_t)-1, "what is no name");
	is_str(err.msg, "mine:2: 'not fine': no name of a function", "  is told");
	is_u64((uint64_t)plumbing_parse(&p, "!\n", 2, "mine", &err), (uint64_t)-1, "nor is nothing");
	symtab_free(k.s);
	plumbing_free(p);
	plumbing_free(NULL);
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
			is_plumbing(s, addr);
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
	test_labels_of_modules();
	test_plumbing();
	test_plumbing_list();
	test_stacks();
	test_kvm_plumbing();
	test_vgic_plumbing();
	test_own_plumbing();
	test_unusable();
	test_cut();
	return done_testing();
}
