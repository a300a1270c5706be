// SPDX-License-Identifier: GPL-2.0-only
/*
 * culprit.c - makes IPIs from functions whose names tell which.
 *
 *	culprit N	N shootdowns by culprit_unmaps(), N membarriers by culprit_barriers()
 *
 * Each system call is made by the C library, or by an instruction of our own
 * (-DDIRECT). A thread on CPU 1 spins, so that there is somebody to interrupt.
 */
#include <linux/membarrier.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "spinner.h"

#if defined(DIRECT) && defined(__x86_64__)
static inline __attribute__((always_inline)) long call(long nr, long a, long b)
{
	long ret = nr;

	__asm__ volatile("syscall" : "+a"(ret) : "D"(a), "S"(b), "d"(0) : "rcx", "r11", "memory");
	return ret;
}
#elif defined(DIRECT) && defined(__aarch64__)
static inline __attribute__((always_inline)) long call(long nr, long a, long b)
{
	long ret;

	/* Not by variables in registers: cppcheck 2.17 takes them for a syntax error. */
	__asm__ volatile("mov x8, %1\n\tmov x0, %2\n\tmov x1, %3\n\tmov x2, xzr\n\tsvc #0\n\tmov %0, x0"
			 : "=r"(ret)
			 : "r"(nr), "r"(a), "r"(b)
			 : "x0", "x1", "x2", "x8", "memory");
	return ret;
}
#else
#define call(nr, a, b) ((nr) == SYS_munmap ? munmap((void *)(a), (size_t)(b)) : syscall((nr), (a), (b), 0))
#endif

__attribute__((noinline)) static int culprit_unmaps(int n)
{
	int failed = 0;

	for (int i = 0; i < n; i++) {
		char *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		*p = 1;
		wait_for_beat();
		failed += call(SYS_munmap, (long)p, 4096) != 0;
	}
	return failed;
}

__attribute__((noinline)) static int culprit_barriers(int n)
{
	int failed = 0;

	for (int i = 0; i < n; i++) {
		wait_for_beat();
		failed += call(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0) != 0;
	}
	return failed;
}

int main(int argc, char **argv)
{
	int n = argc > 1 ? atoi(argv[1]) : 1000, failed;
	pthread_t thread;

	pin(0);
	syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0);
	pthread_create(&thread, NULL, spin, NULL);
	failed = culprit_unmaps(n);
	failed += culprit_barriers(n);
	atomic_store(&stop, 1);
	pthread_join(thread, NULL);
	printf("failed %d\n", failed);
	return failed != 0;
}
