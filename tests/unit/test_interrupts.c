// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_interrupts.c - the IPI rows of /proc/interrupts, of x86, of arm64, of CPUs that are offline.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <string.h>

#include "base/err.h"
#include "capture/interrupts.h"
#include "tap.h"

static void test_x86(void)
{
	struct interrupts in;

	interrupts_parse(&in, "            CPU0       CPU2       CPU17\n"
			      "   0:         22          0          0  IO-APIC   2-edge      timer\n"
			      " LOC:    1234567          1          2  Local timer interrupts\n"
			      " RES:          7 4294967296          9  Rescheduling interrupts\n"
			      " CAL:         10         11         12  Function call interrupts  \n"
			      " ERR:          0\n");
	is_u64(in.nr_cpus, 3, "three CPUs are online");
	ok(in.nr_cpus == 3 && in.cpus[0] == 0 && in.cpus[1] == 2 && in.cpus[2] == 17, "their numbers are the header's");
	is_u64(in.nr_rows, 2, "two rows count IPIs");
	if (in.nr_rows == 2) {
		is_str(in.rows[0].name, "RES", "name");
		is_str(in.rows[0].desc, "Rescheduling interrupts", "description");
		is_str(in.rows[1].desc, "Function call interrupts", "description without blanks at its end");
		is_u64(in.rows[0].count[1], 4294967296ULL, "a count of more than 32 bits");
		is_u64(in.rows[1].count[2], 12, "the last column");
	}
	ok(in.text && !strncmp(in.text, " RES:", 5) && strstr(in.text, "\n CAL:") && !strstr(in.text, "LOC"),
	   "the rows are kept as they were");
	interrupts_free(&in);
}

static void test_arm64(void)
{
	struct interrupts in;

	interrupts_parse(&in, "           CPU0       CPU1\n"
			      " 10:        1        2     GICv3  27 Level     arch_timer\n"
			      "IPI0:        11        13       Rescheduling interrupts\n"
			      "IPI1:        14        15       Function call interrupts\n"
			      "IPI6:        16\n"
			      "IPIX:        17        18       no number\n"
			      "Err:          0\n");
	is_u64(in.nr_rows, 3, "three numbered rows");
	if (in.nr_rows == 3) {
		is_str(in.rows[1].name, "IPI1", "name");
		is_u64(in.rows[1].count[1], 15, "count");
		ok(in.rows[2].count[0] == 16 && in.rows[2].count[1] == 0 && !in.rows[2].desc[0],
		   "a row that ends early");
	}
	interrupts_free(&in);
	/* Those of all kinds: s390x's, powerpc's. */
	interrupts_parse(&in, "           CPU0       CPU1\n"
			      "EXT:        10        20\n"
			      "CLK:         1         2   [EXT] Clock Comparator\n"
			      "EXC:         3         4   [EXT] External Call\n"
			      "EMS:         5         6   [EXT] Emergency Signal\n"
			      "  16:        7         8  XIVE-IPI                         0 Edge      IPI-0\n"
			      "  17:        1         1  XIVE-IPI                         1 Edge      hvc_console\n"
			      " DBL:        9        10   Doorbell interrupts\n");
	is_u64(in.nr_rows, 4, "four rows of IPIs of all kinds");
	ok(in.nr_rows == 4 && !strcmp(in.rows[0].desc, "[EXT] External Call") && in.rows[1].count[1] == 6 &&
		   !strcmp(in.rows[2].desc, "IPI-0") && in.rows[2].count[0] == 7 && !strcmp(in.rows[3].name, "DBL"),
	   "  by what they are");
	ok(in.text && !strstr(in.text, "16:"), "  and no number is taken for a class");
	interrupts_free(&in);
	interrupts_parse(&in, "");
	ok(!in.nr_cpus && !in.nr_rows && !in.text, "nothing of nothing");
	interrupts_free(&in);
}

static void test_all(void)
{
	struct interrupts a, b;
	uint64_t n;

	interrupts_parse_all(
		&a, "            CPU0       CPU2       CPU3\n"
		    "  24:         22          0          0  PCI-MSIX-0000:00:04.0   1-edge      eth0-rx, eth1\n"
		    " LOC: 4294967290          1          2   Local timer interrupts\n"
		    " RES:          7          8          9   Rescheduling interrupts\n"
		    " ERR:          0\n");
	is_u64(a.nr_rows, 3, "all rows that count by CPU");
	if (a.nr_rows == 3) {
		is_str(a.rows[0].name, "24", "a device's line");
		is_str(a.rows[0].desc, "eth0-rx, eth1", "is described by its handlers");
		is_str(a.rows[1].desc, "Local timer interrupts", "others as they are");
		ok(!a.rows[0].ipi && !a.rows[1].ipi && a.rows[2].ipi, "which of them count IPIs");
	}
	ok(!a.text, "the text is not kept");
	interrupts_parse_all(
		&b, "            CPU0       CPU2       CPU4\n"
		    "  24:         25          0          0  PCI-MSIX-0000:00:04.0   1-edge      eth0-rx, eth1\n"
		    "  25:          0          4          0  PCI-MSIX-0000:00:05.0   1-edge      disk\n"
		    " LOC:         10          1          2   Local timer interrupts\n"
		    "  30:          0          0          1  ITS-MSI 65536 Edge    Rescheduling interrupts\n");
	if (b.nr_rows == 4) {
		ok(interrupts_between(&a, &b, 0, 0, &n) && n == 3, "three more");
		ok(interrupts_between(&a, &b, 1, 2, &n) && n == 4, "a line that is new began at 0");
		ok(interrupts_between(&a, &b, 2, 0, &n) && n == 16, "a counter of 32 bits that began anew");
		ok(interrupts_between(&a, &b, 2, 2, &n) && n == 0, "none");
		ok(!interrupts_between(&a, &b, 2, 3, &n) && !interrupts_between(&a, &b, 2, 4, &n),
		   "a CPU that is in one reading only is not known");
		ok(b.rows[3].ipi, "IPIs that have a number as a device has");
	} else {
		is_u64(b.nr_rows, 4, "four rows");
	}
	interrupts_free(&a);
	interrupts_free(&b);
}

static void test_machine(void)
{
	struct interrupts a, b;
	struct err err = { 0 };
	bool sane = true;

	ok(!interrupts_read(&a, &err) && !interrupts_read(&b, &err), "two readings of /proc/interrupts: %s", err.msg);
	if (!a.nr_rows) {
		skip("counters only grow", "this machine counts no IPIs");
	} else {
		for (unsigned int i = 0; i < a.nr_rows && i < b.nr_rows; i++)
			for (unsigned int c = 0; c < a.nr_cpus && c < b.nr_cpus; c++)
				sane &= a.rows[i].desc[0] && b.rows[i].count[c] >= a.rows[i].count[c];
		ok(sane, "counters have descriptions and only grow");
	}
	interrupts_free(&a);
	interrupts_free(&b);
}

/* A directory as /sys/kernel/irq, of one irq. */
static void put_irq(const char *dir, const char *irq, const char *action)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, irq);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/%s/actions", dir, irq);
	f = fopen(path, "w");
	if (!f)
		return;
	fprintf(f, "%s\n", action);
	fclose(f);
}

static void remove_irqs(const char *dir)
{
	char command[300];

	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	if (system(command))
		printf("# %s is left\n", dir);
}

static void test_ipi_irqs(void)
{
	char dir[] = "/tmp/ipitrace-irqs.XXXXXX";
	struct ipi_irqs irqs;

	if (!mkdtemp(dir)) {
		skip("irqs of IPIs", "no temporary directory");
		return;
	}
	ipi_irqs_read(&irqs, dir);
	ok(irqs.known && !irqs.nr && irqs.first == -1 && irqs.first_unnamed == -1, "no irqs, no IPIs");
	put_irq(dir, "16", "IPI-0");
	put_irq(dir, "0", "EXT");
	put_irq(dir, "12", "virtio0");
	put_irq(dir, "13", "");
	ipi_irqs_read(&irqs, dir);
	ok(!irqs.nr, "one for all, as on powerpc and s390, is none of a kind");
	put_irq(dir, "10", "IPI");
	put_irq(dir, "3", "IPI");
	put_irq(dir, "2", "IPI");
	ipi_irqs_read(&irqs, dir);
	ok(irqs.nr == 3 && irqs.first_unnamed == 2, "the first of those that only a number tells apart");
	put_irq(dir, "20", "Rescheduling interrupts");
	put_irq(dir, "21", "ipi call function");
	put_irq(dir, "1", "CPU stop interrupts");
	ipi_irqs_read(&irqs, dir);
	ok(irqs.nr == 6 && irqs.first == 1 && irqs.first_unnamed == 2, "and those with names");
	remove_irqs(dir);
	ipi_irqs_read(&irqs, dir);
	ok(!irqs.known, "no directory: nothing is known");
}

int main(void)
{
	test_ipi_irqs();
	test_x86();
	test_arm64();
	test_all();
	test_machine();
	return done_testing();
}
