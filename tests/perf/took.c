// SPDX-License-Identifier: GPL-2.0-only
/*
 * tests/perf/took.c - runs a command; what it took goes to a descriptor: seconds, kB of memory at most, seconds of CPU time.
 *
 * For scripts: the kernel counts the memory of who forks to that of who is forked, until it executes (setmax_mm_hiwater_rss()
 * in exec_mmap(), fs/exec.c), so an interpreter cannot measure what is smaller than itself.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + 1e-6 * (double)t.tv_usec;
}

int main(int argc, char **argv)
{
	int fd = argc > 2 ? atoi(argv[1]) : -1, status;
	struct rusage used;
	double start;
	pid_t pid;

	if (fd < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC)) {
		fprintf(stderr, "usage: took DESCRIPTOR COMMAND...\n");
		return 2;
	}
	start = now();
	pid = fork();
	if (!pid) {
		execvp(argv[2], argv + 2);
		perror(argv[2]);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &used) != pid) {
		perror("took");
		return 1;
	}
	dprintf(fd, "%.9f %ld %.6f\n", now() - start, used.ru_maxrss, seconds(used.ru_utime) + seconds(used.ru_stime));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
