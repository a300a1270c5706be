// SPDX-License-Identifier: GPL-2.0-only
/*
 * base/event.c - the names of classes.
 */
#include <string.h>

#include "base/compiler.h"
#include "base/event.h"

static const char *const class_names[IPI_NR_CLASSES] = {
	[IPI_CLASS_RESCHEDULE] = "reschedule",
	[IPI_CLASS_CALL_SINGLE] = "call_function_single",
	[IPI_CLASS_CALL] = "call_function",
	[IPI_CLASS_IRQ_WORK] = "irq_work",
	[IPI_CLASS_CPU_STOP] = "cpu_stop",
	[IPI_CLASS_CRASH_STOP] = "crash_stop",
	[IPI_CLASS_TIMER] = "timer",
	[IPI_CLASS_WAKEUP] = "wakeup",
	[IPI_CLASS_BACKTRACE] = "backtrace",
	[IPI_CLASS_KGDB] = "kgdb",
	[IPI_CLASS_PLATFORM] = "x86_platform_ipi",
	[IPI_CLASS_OTHER] = "other",
};

const char *ipi_class_name(unsigned int class)
{
	return class < IPI_NR_CLASSES ? class_names[class] : "other";
}

int ipi_class_parse(const char *name, unsigned int *class)
{
	for (unsigned int i = 0; i < IPI_NR_CLASSES; i++) {
		if (!strcmp(name, class_names[i])) {
			*class = i;
			return 0;
		}
	}
	return -1;
}

const char *ipi_context_name(unsigned int context)
{
	static const char *const names[IPI_NR_CONTEXTS] = {
		[IPI_CONTEXT_TASK] = "task", [IPI_CONTEXT_SOFTIRQ] = "softirq", [IPI_CONTEXT_HARDIRQ] = "hardirq",
		[IPI_CONTEXT_NMI] = "nmi",   [IPI_CONTEXT_IDLE] = "idle",
	};

	return names[context];
}
