// SPDX-License-Identifier: GPL-2.0-only
/*
 * report/waits.c - functions of the kernel that are waited for, see report/waits.h.
 *
 * A function belongs here if every call of it in the kernel's sources (read: 6.1
 * and 6.12; those that 5.10 or 7.x name otherwise, too) asks smp_call_function*()
 * or on_each_cpu*() to wait; with a caller, if every call from within that does.
 * Not: names that say nothing ("func", "update"), and what runs at boot only.
 */
#include <stddef.h>
#include <string.h>

#include "base/compiler.h"
#include "report/waits.h"

/* In order of the name. */
const struct waits_row waits_rows[] = {
	{ "__bpf_arch_ibpb", NULL, "arch/x86/kernel/cpu/bugs.c", "bpf_arch_ibpb" },
	{ "__bpf_prog_test_run_raw_tp", NULL, "net/bpf/test_run.c", "bpf_prog_test_run_raw_tp" },
	{ "__clockevents_unbind", NULL, "kernel/time/clockevents.c", "clockevents_unbind" },
	{ "__cpa_flush_all", NULL, "arch/x86/mm/pat/set_memory.c", "cpa_flush_all" },
	{ "__cpa_flush_tlb", NULL, "arch/x86/mm/pat/set_memory.c", "cpa_flush" },
	{ "__ipi_flush_tlb_all", NULL, "arch/riscv/mm/tlbflush.c", "flush_tlb_all" },
	{ "__ipi_flush_tlb_range_asid", NULL, "arch/riscv/mm/tlbflush.c", "__flush_tlb_range" },
	{ "__lapic_timer_propagate_broadcast", NULL, "drivers/acpi/processor_idle.c",
	  "lapic_timer_propagate_broadcast" },
	{ "__loaded_vmcs_clear", NULL, "arch/x86/kvm/vmx/vmx.c", "loaded_vmcs_clear" },
	{ "__local_hfence_gvma_all", NULL, "arch/riscv/kvm/vmid.c", "kvm_riscv_gstage_vmid_update" },
	{ "__perf_event_exit_context", NULL, "kernel/events/core.c", "perf_event_exit_cpu_context" },
	{ "__perf_event_read", NULL, "kernel/events/core.c", "perf_event_read" },
	{ "__rdmsr_on_cpu", NULL, "arch/x86/lib/msr-smp.c", "rdmsr_on_cpu" },
	{ "__rdmsr_safe_regs_on_cpu", NULL, "arch/x86/lib/msr-smp.c", "rdmsr_safe_regs_on_cpu" },
	{ "__relay_set_buf_dentry", NULL, "kernel/relay.c", "relay_late_setup_files" },
	{ "__wbinvd", NULL, "arch/x86/lib/cache-smp.c", "wbinvd_on_all_cpus" },
	{ "__wrmsr_on_cpu", NULL, "arch/x86/lib/msr-smp.c", "wrmsr_on_cpu" },
	{ "__wrmsr_safe_on_cpu", NULL, "arch/x86/lib/msr-smp.c", "wrmsr_safe_on_cpu" },
	{ "__wrmsr_safe_regs_on_cpu", NULL, "arch/x86/lib/msr-smp.c", "wrmsr_safe_regs_on_cpu" },
	{ "_update_task_closid_rmid", NULL, "arch/x86/kernel/cpu/resctrl/rdtgroup.c", "update_task_closid_rmid" },
	{ "armv8pmu_disable_user_access_ipi", NULL, "drivers/perf/arm_pmuv3.c", "armv8pmu_proc_user_access_handler" },
	{ "cfset_cpu_read", NULL, "arch/s390/kernel/perf_cpum_cf.c", "cfset_all_read" },
	{ "cfset_ioctl_off", NULL, "arch/s390/kernel/perf_cpum_cf.c", "cfset_all_start" },
	{ "cfset_ioctl_on", NULL, "arch/s390/kernel/perf_cpum_cf.c", "cfset_all_start" },
	{ "cfset_release_cpu", NULL, "arch/s390/kernel/perf_cpum_cf.c", "cfset_release" },
	{ "clocksource_verify_one_cpu", NULL, "kernel/time/clocksource.c", "clocksource_verify_percpu" },
	{ "cmci_rediscover_work_func", NULL, "arch/x86/kernel/cpu/mce/intel.c", "cmci_rediscover" },
	{ "cppc_ffh_csr_read", NULL, "drivers/acpi/riscv/cppc.c", "cpc_read_ffh" },
	{ "cppc_ffh_csr_write", NULL, "drivers/acpi/riscv/cppc.c", "cpc_write_ffh" },
	{ "cpu_get_purr", NULL, "arch/powerpc/platforms/pseries/lparcfg.c", "get_purr" },
	{ "cpum_cf_reset_cpu", NULL, "arch/s390/kernel/perf_cpum_cf.c", "cpum_cf_alloc_root" },
	{ "cpum_cf_setup_cpu", NULL, "arch/s390/kernel/perf_cpum_cf.c", "__kernel_cpumcf_begin" },
	{ "cr4_update_pce", NULL, "arch/x86/events/core.c", "set_attr_rdpmc" },
	{ "ctlreg_callback", NULL, "arch/s390/kernel/ctlreg.c", "system_ctlreg_update" },
	{ "diag0c_fn", NULL, "arch/s390/hypfs/hypfs_diag0c.c", "diag0c_store" },
	{ "disable_insn_hw_mode", NULL, "arch/arm64/kernel/armv8_deprecated.c", "run_all_cpu_set_hw_mode" },
	{ "disable_trace_buffered_event", NULL, "kernel/trace/trace.c", "trace_buffered_event_disable" },
	{ "do_check_lazy_tlb", NULL, "kernel/fork.c", "cleanup_lazy_tlbs" },
	{ "do_disable_cpu_turbo", NULL, "drivers/platform/x86/intel_ips.c", "ips_disable_cpu_turbo" },
	{ "do_drain", NULL, "mm/slab.c", "drain_cpu_caches" },
	{ "do_drv_read", NULL, "drivers/cpufreq/acpi-cpufreq.c", "drv_read" },
	{ "do_drv_write", NULL, "drivers/cpufreq/acpi-cpufreq.c", "drv_write" },
	{ "do_enable_cpu_turbo", NULL, "drivers/platform/x86/intel_ips.c", "ips_enable_cpu_turbo" },
	{ "do_exit_flush_lazy_tlb", NULL, "arch/powerpc/mm/book3s64/radix_tlb.c", "exit_flush_lazy_tlbs" },
	{ "do_flush_tlb_all", NULL, "arch/x86/mm/tlb.c", "flush_tlb_all" },
	{ "do_flush_tlb_mm_ipi", NULL, "arch/powerpc/mm/nohash/tlb.c", "flush_tlb_kernel_range" },
	{ "do_flush_tlb_page_ipi", NULL, "arch/powerpc/mm/nohash/tlb.c", "__flush_tlb_page" },
	{ "do_kernel_range_flush", NULL, "arch/x86/mm/tlb.c", "flush_tlb_kernel_range" },
	{ "do_nothing", NULL, "kernel/smp.c", "kick_all_cpus_sync" },
	{ "do_shoot_lazy_tlb", NULL, "kernel/fork.c", "cleanup_lazy_tlbs" },
	{ "do_sync_core", NULL, "arch/x86/kernel/alternative.c", "text_poke_sync" },
	{ "do_tlbiel_kernel", NULL, "arch/powerpc/mm/book3s64/radix_tlb.c", "_tlbiel_kernel_broadcast" },
	{ "do_tlbiel_pid", NULL, "arch/powerpc/mm/book3s64/radix_tlb.c", "_tlbiel_pid_multicast" },
	{ "do_tlbiel_va", NULL, "arch/powerpc/mm/book3s64/radix_tlb.c", "_tlbiel_va_multicast" },
	{ "do_tlbiel_va_range", NULL, "arch/powerpc/mm/book3s64/radix_tlb.c", "_tlbiel_va_range_multicast" },
	{ "enable_insn_hw_mode", NULL, "arch/arm64/kernel/armv8_deprecated.c", "run_all_cpu_set_hw_mode" },
	{ "enable_lam_func", NULL, "arch/x86/kernel/process_64.c", "mm_enable_lam" },
	{ "enable_trace_buffered_event", NULL, "kernel/trace/trace.c", "trace_buffered_event_disable" },
	{ "flip_smm_bit", NULL, "arch/x86/events/intel/core.c", "freeze_on_smi_store" },
	{ "flush_ldt", NULL, "arch/x86/kernel/ldt.c", "install_ldt" },
	{ "flush_tlb_all_ipi", NULL, "arch/loongarch/kernel/smp.c", "flush_tlb_all" },
	{ "flush_tlb_func", NULL, "arch/x86/mm/tlb.c", "native_flush_tlb_multi" },
	{ "flush_tlb_func_remote", NULL, "arch/x86/mm/tlb.c", "native_flush_tlb_others" },
	{ "flush_tlb_kernel_range_ipi", NULL, "arch/loongarch/kernel/smp.c", "flush_tlb_kernel_range" },
	{ "flush_tlb_mm_ipi", NULL, "arch/loongarch/kernel/smp.c", "flush_tlb_mm" },
	{ "flush_tlb_one_ipi", NULL, "arch/loongarch/kernel/smp.c", "flush_tlb_one" },
	{ "flush_tlb_page_ipi", NULL, "arch/loongarch/kernel/smp.c", "flush_tlb_page" },
	{ "flush_tlb_range_ipi", NULL, "arch/loongarch/kernel/smp.c", "flush_tlb_range" },
	{ "ftrace_sync_ipi", NULL, "kernel/trace/ftrace.c", "ftrace_modify_all_code" },
	{ "hardware_enable_nolock", NULL, "virt/kvm/kvm_main.c", "hardware_enable_all" },
	{ "ignore_task_cpu", NULL, "kernel/trace/ftrace.c", "pid_write" },
	{ "imsic_vsfile_local_read", NULL, "arch/riscv/kvm/aia_imsic.c", "imsic_vsfile_read" },
	{ "imsic_vsfile_local_rw", NULL, "arch/riscv/kvm/aia_imsic.c", "imsic_vsfile_rw" },
	{ "invalidate_bh_lru", NULL, "fs/buffer.c", "invalidate_bh_lrus" },
	{ "ipi_mb", NULL, "kernel/sched/membarrier.c", "membarrier_private_expedited" },
	{ "ipi_remote_fence_i", NULL, "arch/riscv/mm/cacheflush.c", "flush_icache_all" },
	{ "ipi_rseq", NULL, "kernel/sched/membarrier.c", "membarrier_private_expedited" },
	{ "ipi_sync_core", NULL, "kernel/sched/membarrier.c", "membarrier_private_expedited" },
	{ "ipi_sync_rq_state", NULL, "kernel/sched/membarrier.c", "sync_runqueues_membarrier_state" },
	{ "kvm_disable_host_haltpoll", NULL, "arch/x86/kernel/kvm.c", "arch_haltpoll_enable" },
	{ "kvm_enable_host_haltpoll", NULL, "arch/x86/kernel/kvm.c", "arch_haltpoll_disable" },
	{ "mce_cpu_restart", NULL, "arch/x86/kernel/cpu/mce/core.c", "mce_restart" },
	{ "mce_disable_cmci", NULL, "arch/x86/kernel/cpu/mce/core.c", "set_cmci_disabled" },
	{ "mce_enable_ce", NULL, "arch/x86/kernel/cpu/mce/core.c", "set_cmci_disabled" },
	{ "mon_event_config_read", NULL, "arch/x86/kernel/cpu/resctrl/rdtgroup.c", "mondata_config_read" },
	{ "mon_event_config_write", NULL, "arch/x86/kernel/cpu/resctrl/rdtgroup.c", "mbm_config_write_domain" },
	{ "mon_event_count", NULL, "arch/x86/kernel/cpu/resctrl/ctrlmondata.c", "mon_event_read" },
	{ "msr_func", NULL, "arch/x86/lib/msr-smp.c", "__rwmsr_on_cpus" },
	{ "per_cpu_remove_cache", NULL, "mm/kasan/quarantine.c", "kasan_quarantine_remove_cache" },
	{ "pmu_sbi_reset_scounteren", NULL, "drivers/perf/riscv_pmu_sbi.c", "pmu_sbi_event_unmapped" },
	{ "pmu_sbi_set_scounteren", NULL, "drivers/perf/riscv_pmu_sbi.c", "pmu_sbi_event_mapped" },
	{ "power_limit_irq_save_cpu", NULL, "drivers/powercap/intel_rapl_common.c", "package_power_limit_irq_save" },
	{ "rapl_msr_update_func", NULL, "drivers/powercap/intel_rapl_msr.c", "rapl_msr_write_raw" },
	{ "rcu_barrier_handler", NULL, "kernel/rcu/tree.c", "rcu_barrier" },
	{ "rcu_tasks_trace_empty_fn", NULL, "kernel/rcu/tasks.h", "rcu_tasks_trace_postgp" },
	{ "rdt_ctrl_update", NULL, "arch/x86/kernel/cpu/resctrl/ctrlmondata.c", "resctrl_arch_update_domains" },
	{ "remote_function", NULL, "kernel/events/core.c", "cpu_function_call" },
	{ "retrigger_next_event", "clock_was_set", "kernel/time/hrtimer.c", "clock_was_set" },
	{ "riscv_pmu_update_counter_access", NULL, "drivers/perf/riscv_pmu_sbi.c",
	  "riscv_pmu_proc_user_access_handler" },
	{ "sbi_cppc_read", NULL, "drivers/acpi/riscv/cppc.c", "cpc_read_ffh" },
	{ "sbi_cppc_write", NULL, "drivers/acpi/riscv/cppc.c", "cpc_write_ffh" },
	{ "setup_pmc_cpu", NULL, "arch/s390/kernel/perf_cpum_sf.c", "release_pmc_hardware" },
	{ "sgx_ipi_cb", NULL, "arch/x86/kernel/cpu/sgx/ioctl.c", "sgx_enclave_etrack" },
	{ "slice_flush_segments", NULL, "arch/powerpc/mm/book3s64/slice.c", "slice_get_unmapped_area" },
	{ "threshold_restart_bank", NULL, "arch/x86/kernel/cpu/mce/amd.c", "store_interrupt_enable" },
	{ "tlb_remove_table_smp_sync", NULL, "mm/mmu_gather.c", "tlb_remove_table_sync_one" },
	{ "tracing_swap_cpu_buffer", NULL, "kernel/trace/trace.c", "tracing_snapshot_write" },
	{ "tsc_khz_changed", NULL, "arch/x86/kvm/x86.c", "__kvmclock_cpufreq_notifier" },
	{ "umwait_update_control_msr", NULL, "arch/x86/kernel/cpu/umwait.c", "umwait_update_control" },
	{ "update_cpu_closid_rmid", NULL, "arch/x86/kernel/cpu/resctrl/rdtgroup.c", "update_closid_rmid" },
	{ "update_stibp_msr", NULL, "arch/x86/kernel/cpu/bugs.c", "update_stibp_strict" },
	{ "update_tfa_sched", NULL, "arch/x86/events/intel/core.c", "set_sysctl_tfa" },
	{ "wbinvd_ipi", NULL, "arch/x86/kvm/x86.c", "kvm_arch_vcpu_load" },
};
const unsigned int waits_nr_rows = ARRAY_SIZE(waits_rows);

bool waits_same_name(const char *symbol, const char *name)
{
	size_t len = strlen(name);

	return !strncmp(symbol, name, len) && (!symbol[len] || symbol[len] == '.');
}

const struct waits_row *waits_find(const char *func)
{
	unsigned int lo = 0, hi = waits_nr_rows;
	size_t len = strcspn(func, ".");

	while (lo < hi) {
		unsigned int mid = (lo + hi) / 2;
		int order = strncmp(waits_rows[mid].func, func, len);

		if (!order && !waits_rows[mid].func[len])
			return &waits_rows[mid];
		if (order < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}
