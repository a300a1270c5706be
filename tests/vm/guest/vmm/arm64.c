// SPDX-License-Identifier: GPL-2.0-only
/*
 * arm64.c - virtual CPUs of vmm.c that begin at EL1, with a GICv3.
 */
#include <linux/kvm.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>

#include "vmm.h"

#define CORE_REG(x) (KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE | KVM_REG_ARM_CORE_REG(x))
/* Since Linux 6.4; the headers may be older. */
#ifndef KVM_ARM_SET_COUNTER_OFFSET
struct kvm_arm_counter_offset {
	__u64 counter_offset;
	__u64 reserved;
};
#define KVM_ARM_SET_COUNTER_OFFSET _IOW(KVMIO, 0xb5, struct kvm_arm_counter_offset)
#endif

static int vgic;

int arch_path(const char *name)
{
	return strcmp(name, "sysreg") ? -1 : PATH_SYSREG;
}

/* The guest's counter is the host's. */
void arch_vm(int kvm, int vm)
{
	struct kvm_create_device device = { .type = KVM_DEV_TYPE_ARM_VGIC_V3 };
	struct kvm_arm_counter_offset none = { 0 };

	(void)kvm;
	kvm_ioctl(vm, KVM_ARM_SET_COUNTER_OFFSET, &none, "KVM_ARM_SET_COUNTER_OFFSET");
	kvm_ioctl(vm, KVM_CREATE_DEVICE, &device, "KVM_CREATE_DEVICE of a GICv3");
	vgic = device.fd;
}

static void set_core(int vcpu, uint64_t id, uint64_t value)
{
	struct kvm_one_reg reg = { .id = id, .addr = (uintptr_t)&value };

	kvm_ioctl(vcpu, KVM_SET_ONE_REG, &reg, "KVM_SET_ONE_REG");
}

void arch_vcpu(int kvm, int vm, int vcpu, unsigned int id)
{
	struct kvm_vcpu_init init;

	(void)kvm;
	kvm_ioctl(vm, KVM_ARM_PREFERRED_TARGET, &init, "KVM_ARM_PREFERRED_TARGET");
	kvm_ioctl(vcpu, KVM_ARM_VCPU_INIT, &init, "KVM_ARM_VCPU_INIT");
	set_core(vcpu, CORE_REG(regs.pc), GUEST_RAM + CODE_AT);
	set_core(vcpu, CORE_REG(regs.regs[0]), id);
}

static void set_vgic(uint32_t group, uint64_t attr, uint64_t *value, const char *what)
{
	struct kvm_device_attr set = { .group = group, .attr = attr, .addr = (uintptr_t)value };

	kvm_ioctl(vgic, KVM_SET_DEVICE_ATTR, &set, what);
}

void arch_start(void)
{
	uint64_t distributor = GICD, redistributors = GICR;

	set_vgic(KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_DIST, &distributor, "address of the distributor");
	set_vgic(KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_REDIST, &redistributors,
		 "address of the redistributors");
	set_vgic(KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT, NULL, "start of the GIC");
}

int arch_device(int vm, int fd)
{
	(void)vm;
	(void)fd;
	return -1;
}

int64_t arch_offset(int vcpu)
{
	(void)vcpu;
	return 0;
}

uint32_t arch_khz(int vcpu)
{
	uint64_t hz;

	(void)vcpu;
	__asm__("mrs %0, cntfrq_el0" : "=r"(hz));
	return hz / 1000;
}

uint64_t arch_counter(void)
{
	uint64_t ticks;

	__asm__ volatile("isb; mrs %0, cntvct_el0; isb" : "=r"(ticks));
	return ticks;
}

unsigned int arch_done(const struct kvm_run *run)
{
	if (run->exit_reason != KVM_EXIT_MMIO || run->mmio.phys_addr != DONE_MMIO)
		return 0;
	return run->mmio.data[0];
}
