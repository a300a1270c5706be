/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * capture/ping.h - one IPI to a CPU, sent on purpose, to see whether it is seen.
 */
#ifndef IPITRACE_CAPTURE_PING_H
#define IPITRACE_CAPTURE_PING_H

/*
 * Opens and closes a perf event of the software clock on that CPU: both are synchronous calls to it (perf_install_in_context()
 * and perf_remove_from_context() in kernel/events/core.c, by smp_call_function_single()), and need no thread there. The software
 * clock has no static key that would patch kernel text, and does not count anything. The calling thread goes to another CPU
 * for it; ENOTSUP: it is allowed on none. 0, or -1 and errno.
 */
int ping_cpu(unsigned int cpu);

#endif
