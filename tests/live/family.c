// SPDX-License-Identifier: GPL-2.0-only
/*
 * family.c - a tree of processes that send a known number of IPIs each.
 *
 *	family N [CGROUP [GO]]
 *
 *	main		a second thread of its sends N
 *	 |- child	moves itself into CGROUP (a directory; "-": stays), sends N
 *	 |   `- grandchild	sends N, in the group that it was born in
 *	 `- (gone)	has ended when
 *	     `- orphan	sends N
 *
 * Everybody is there before anybody sends, which is when there is a file GO. Each says who it was, one line
 * "NAME PID TID": N membarriers by that thread. Each has a thread that spins on CPU 1, to be interrupted.
 */
#include <fcntl.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "spinner.h"

static int n;
static const char *cgroup, *go;

static void *barriers(void *name)
{
	char line[100];
	int len = snprintf(line, sizeof(line), "%s %d %ld\n", (const char *)name, getpid(), syscall(SYS_gettid));

	pin(0);
	for (int i = 0; i < n; i++) {
		wait_for_beat();
		syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
	}
	if (write(STDOUT_FILENO, line, (size_t)len) != len)
		exit(1);
	return NULL;
}

static void work(const char *name, int by_thread)
{
	pthread_t spinner, sender;

	while (go && access(go, F_OK))
		usleep(2000);
	atomic_store(&stop, 0);
	syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0);
	pthread_create(&spinner, NULL, spin, NULL);
	if (by_thread) {
		pthread_create(&sender, NULL, barriers, (void *)name);
		pthread_join(sender, NULL);
	} else {
		barriers((void *)name);
	}
	atomic_store(&stop, 1);
	pthread_join(spinner, NULL);
}

static void move(void)
{
	char path[500];
	int fd;

	if (!strcmp(cgroup, "-"))
		return;
	snprintf(path, sizeof(path), "%s/cgroup.procs", cgroup);
	fd = open(path, O_WRONLY);
	if (fd < 0 || write(fd, "0", 1) != 1)
		exit(1);
	close(fd);
}

static void child(void)
{
	pid_t grandchild;

	move();
	grandchild = fork();
	if (!grandchild) {
		work("grandchild", 0);
		_exit(0);
	}
	work("child", 0);
	waitpid(grandchild, NULL, 0);
	_exit(0);
}

static void orphan(void)
{
	if (!fork()) {
		usleep(20000); /* its parent is gone */
		work("orphan", 0);
	}
	_exit(0);
}

int main(int argc, char **argv)
{
	int fds[2];
	char end;

	n = argc > 1 ? atoi(argv[1]) : 100;
	cgroup = argc > 2 ? argv[2] : "-";
	go = argc > 3 ? argv[3] : NULL;
	if (pipe(fds))
		return 1;
	if (!fork())
		orphan();
	if (!fork())
		child();
	close(fds[1]);
	work("main", 1);
	/* Whoever holds the other end has not ended. */
	while (read(fds[0], &end, 1) > 0)
		;
	while (wait(NULL) > 0)
		;
	return 0;
}
