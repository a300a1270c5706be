// SPDX-License-Identifier: GPL-2.0-only
/*
 * amd64.c - virtual CPUs of vmm.c that begin in 64-bit mode.
 */
#include <asm/kvm.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>
#include <x86intrin.h>

#include "vmm.h"

#define GDT_AT	     0x1000
#define PML4_AT	     0x2000
#define PDPT_AT	     0x3000
#define PD_AT	     0x4000 /* of the memory */
#define PD_APIC_AT   0x5000 /* of the last GiB below 4 GiB */
#define IDT_AT	     0x6000
#define PRESENT_RW   0x3
#define LARGE	     0x80
#define UNCACHED     0x18
#define STACK_SIZE   0x10000
#define SELECTOR_CS  8
#define SELECTOR_DS  16
#define CPUID_X2APIC (1u << 21)
#define APIC_AT	     0xfee00000u
#define MAX_LEAVES   256
#define IDENTITY_AT  0xfffbc000 /* pages that KVM needs on some CPUs, where the guest has none */

/* Where the handlers are behind guest_start. */
extern const uint32_t guest_ipi, guest_last, guest_device, guest_timer, guest_stray;

int arch_path(const char *name)
{
	static const char *const names[] = {
		[PATH_X2APIC] = "x2apic", [PATH_XAPIC] = "xapic", [PATH_HYPERCALL] = "hypercall"
	};

	for (int i = 0; i < 3; i++)
		if (!strcmp(name, names[i]))
			return i;
	return -1;
}

static uint64_t *table(uint64_t at)
{
	return (uint64_t *)(guest_ram + at);
}

static void write_tables(void)
{
	table(PML4_AT)[0] = PDPT_AT | PRESENT_RW;
	table(PDPT_AT)[0] = PD_AT | PRESENT_RW;
	table(PDPT_AT)[3] = PD_APIC_AT | PRESENT_RW;
	for (uint64_t i = 0; i < GUEST_SIZE >> 21; i++)
		table(PD_AT)[i] = i << 21 | LARGE | PRESENT_RW;
	for (uint64_t i = 0; i < 512; i++)
		table(PD_APIC_AT)[i] = (0xc0000000 + (i << 21)) | LARGE | UNCACHED | PRESENT_RW;
	table(GDT_AT)[SELECTOR_CS / 8] = 0x00af9b000000ffff;
	table(GDT_AT)[SELECTOR_DS / 8] = 0x00cf93000000ffff;
	for (int v = 0; v < 256; v++) {
		uint64_t at = CODE_AT + (v == IPI_VECTOR    ? guest_ipi :
					 v == END_VECTOR    ? guest_last :
					 v == DEVICE_VECTOR ? guest_device :
					 v == TIMER_VECTOR  ? guest_timer :
							      guest_stray);

		/* An interrupt gate; the handlers are below 4 GiB. */
		table(IDT_AT)[2 * v] = (at & 0xffff) | SELECTOR_CS << 16 | 0x8eULL << 40 | (at >> 16) << 48;
	}
}

void arch_vm(int kvm, int vm)
{
	uint64_t identity = IDENTITY_AT;

	(void)kvm;
	kvm_ioctl(vm, KVM_SET_IDENTITY_MAP_ADDR, &identity, "KVM_SET_IDENTITY_MAP_ADDR");
	kvm_ioctl(vm, KVM_SET_TSS_ADDR, (void *)(uintptr_t)(IDENTITY_AT + 0x1000), "KVM_SET_TSS_ADDR");
	kvm_ioctl(vm, KVM_CREATE_IRQCHIP, NULL, "KVM_CREATE_IRQCHIP");
	write_tables();
}

static void set_cpuid(int kvm, int vcpu, unsigned int id)
{
	struct {
		struct kvm_cpuid2 head;
		struct kvm_cpuid_entry2 leaf[MAX_LEAVES];
	} cpuid = { .head.nent = MAX_LEAVES };

	kvm_ioctl(kvm, KVM_GET_SUPPORTED_CPUID, &cpuid, "KVM_GET_SUPPORTED_CPUID");
	for (unsigned int i = 0; i < cpuid.head.nent; i++) {
		struct kvm_cpuid_entry2 *leaf = &cpuid.leaf[i];

		if (leaf->function == 1) {
			leaf->ebx = (leaf->ebx & 0xffffff) | id << 24;
			leaf->ecx |= CPUID_X2APIC;
		} else if (leaf->function == 0xb) {
			leaf->edx = id;
		}
	}
	kvm_ioctl(vcpu, KVM_SET_CPUID2, &cpuid, "KVM_SET_CPUID2");
}

void arch_vcpu(int kvm, int vm, int vcpu, unsigned int id)
{
	struct kvm_segment code = {
		.limit = 0xffffffff, .selector = SELECTOR_CS, .type = 11, .present = 1, .s = 1, .l = 1, .g = 1
	};
	struct kvm_segment data = {
		.limit = 0xffffffff, .selector = SELECTOR_DS, .type = 3, .present = 1, .s = 1, .db = 1, .g = 1
	};
	struct kvm_mp_state runnable = { .mp_state = KVM_MP_STATE_RUNNABLE };
	struct kvm_regs regs = { .rip = CODE_AT, .rdi = id, .rflags = 2, .rsp = STACKS_AT + (id + 1) * STACK_SIZE };
	struct kvm_sregs sregs;

	(void)vm;
	set_cpuid(kvm, vcpu, id);
	kvm_ioctl(vcpu, KVM_GET_SREGS, &sregs, "KVM_GET_SREGS");
	sregs.cs = code;
	sregs.ds = sregs.es = sregs.ss = sregs.fs = sregs.gs = data;
	sregs.gdt.base = GDT_AT;
	sregs.gdt.limit = 3 * 8 - 1;
	sregs.idt.base = IDT_AT;
	sregs.idt.limit = 256 * 16 - 1;
	sregs.cr0 = 1u << 31 | 1 << 5 | 1 << 4 | 1; /* PG, NE, ET, PE */
	sregs.cr3 = PML4_AT;
	sregs.cr4 = 1 << 5;	       /* PAE */
	sregs.efer = 1 << 10 | 1 << 8; /* LMA, LME */
	kvm_ioctl(vcpu, KVM_SET_SREGS, &sregs, "KVM_SET_SREGS");
	kvm_ioctl(vcpu, KVM_SET_REGS, &regs, "KVM_SET_REGS");
	kvm_ioctl(vcpu, KVM_SET_MP_STATE, &runnable, "KVM_SET_MP_STATE");
}

void arch_start(void)
{
}

/* As a device has it that sends MSIs: one route, number 0, to the APIC with id 1. */
int arch_device(int vm, int fd)
{
	struct {
		struct kvm_irq_routing head;
		struct kvm_irq_routing_entry entry;
	} routes = { .head.nr = 1,
		     .entry = { .type = KVM_IRQ_ROUTING_MSI,
				.u.msi = { .address_lo = APIC_AT | 1 << 12, .data = DEVICE_VECTOR } } };
	struct kvm_irqfd irqfd = { .fd = fd };

	kvm_ioctl(vm, KVM_SET_GSI_ROUTING, &routes, "KVM_SET_GSI_ROUTING");
	return kvm_ioctl(vm, KVM_IRQFD, &irqfd, "KVM_IRQFD");
}

int64_t arch_offset(int vcpu)
{
	int64_t offset = 0;
	struct kvm_device_attr attr = { .group = KVM_VCPU_TSC_CTRL,
					.attr = KVM_VCPU_TSC_OFFSET,
					.addr = (uintptr_t)&offset };

	kvm_ioctl(vcpu, KVM_GET_DEVICE_ATTR, &attr, "KVM_VCPU_TSC_OFFSET");
	return offset;
}

uint32_t arch_khz(int vcpu)
{
	return kvm_ioctl(vcpu, KVM_GET_TSC_KHZ, NULL, "KVM_GET_TSC_KHZ");
}

uint64_t arch_counter(void)
{
	unsigned int cpu;

	return __rdtscp(&cpu);
}

unsigned int arch_done(const struct kvm_run *run)
{
	if (run->exit_reason != KVM_EXIT_IO || run->io.port != DONE_PORT)
		return 0;
	return ((const uint8_t *)run)[run->io.data_offset];
}
