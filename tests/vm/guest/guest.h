/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * guest.h - what the guest's test programs share: TAP, the module, the device.
 */
#ifndef IPITRACE_TESTS_VM_GUEST_GUEST_H
#define IPITRACE_TESTS_VM_GUEST_GUEST_H

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <ipitrace_bench.h>

#define BENCH_DEV     "/dev/" IPITRACE_BENCH_DEVICE
#define MODULE_NAME   "ipitrace_bench"
#define MODULE_FILE   "/lab/ipitrace_bench.ko"
#define MAX_CPUS      256
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static int tap_nr, tap_failed;

static inline bool __attribute__((format(printf, 2, 3))) ok(bool cond, const char *fmt, ...)
{
	va_list ap;

	printf("%s %d - ", cond ? "ok" : "not ok", ++tap_nr);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
	tap_failed += !cond;
	return cond;
}

static inline int done_testing(void)
{
	printf("1..%d\n", tap_nr);
	return tap_failed ? 1 : 0;
}

static inline uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/* 0 or -errno */
static inline int module_load(void)
{
	int fd = open(MODULE_FILE, O_RDONLY | O_CLOEXEC), ret = 0;

	if (fd < 0)
		return -errno;
	if (syscall(SYS_finit_module, fd, "", 0))
		ret = -errno;
	close(fd);
	return ret;
}

static inline int module_unload(void)
{
	return syscall(SYS_delete_module, MODULE_NAME, O_NONBLOCK) ? -errno : 0;
}

static inline int bench_open(void)
{
	return open(BENCH_DEV, O_RDWR | O_CLOEXEC);
}

/* Write a small file; 0 or -errno. */
static inline int write_str(const char *path, const char *s)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, s, strlen(s)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

static inline int cpu_set_online(unsigned int cpu, bool online)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u/online", cpu);
	return write_str(path, online ? "1" : "0");
}

/* A run as most tests want it; the caller changes what it needs. */
static inline struct ipitrace_bench_run run_args(uint32_t primitive, uint32_t state, const uint32_t *senders,
						 uint32_t nr_senders, const uint32_t *targets, uint32_t nr_targets)
{
	struct ipitrace_bench_run r = {
		.version = IPITRACE_BENCH_VERSION,
		.primitive = primitive,
		.state = state,
		.nr_senders = nr_senders,
		.nr_targets = nr_targets,
		.senders = (uintptr_t)senders,
		.targets = nr_targets ? (uintptr_t)targets : 0,
		.iterations = 20,
		.warmup = 3,
		.burst = primitive == IPITRACE_BENCH_STORM ? 8 : 0,
		.irqs_off_ns = state == IPITRACE_BENCH_STATE_IRQS_OFF ? 300000 : 0,
	};

	return r;
}

/* 0 or -errno */
static inline int bench_run(int fd, struct ipitrace_bench_run *r)
{
	return ioctl(fd, IPITRACE_BENCH_RUN, r) ? -errno : 0;
}

/* All samples of the last run, malloc'ed; *nr of them. */
static inline struct ipitrace_bench_sample *bench_samples(int fd, uint64_t *nr, uint64_t room)
{
	struct ipitrace_bench_sample *s = calloc(room + 1, sizeof(*s));
	struct ipitrace_bench_read rd = {
		.version = IPITRACE_BENCH_VERSION,
		.count = room,
		.buf = (uintptr_t)s,
	};

	*nr = 0;
	if (s && !ioctl(fd, IPITRACE_BENCH_READ, &rd))
		*nr = rd.count;
	return s;
}

#endif
