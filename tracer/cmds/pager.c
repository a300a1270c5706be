// SPDX-License-Identifier: GPL-2.0-only
/*
 * cmds/pager.c - standard output through a pager, as git does it.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "cmds/pager.h"

static pid_t pager_pid; /* 0 = none; there is one standard output */
static int real_stdout;

static const char *pager_command(void)
{
	const char *command = getenv("IPITRACE_PAGER");

	if (!command)
		command = getenv("PAGER");
	if (!command)
		command = "less";
	return *command && strcmp(command, "cat") ? command : NULL;
}

/* In the child. What went wrong is written to status; on success it is closed by exec. */
static void run_pager(const char *command, int in, int status)
{
	int errnum;

	dup2(in, STDIN_FILENO);
	/* F: leave at once if it fits; R: colours; X: leave it on the screen. */
	setenv("LESS", "FRX", 0);
	setenv("LV", "-c", 0);
	if (strpbrk(command, "|&;<>()$`\\\"' \t\n*?[#~=%"))
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	else
		execlp(command, command, (char *)NULL);
	errnum = errno;
	if (write(status, &errnum, sizeof(errnum)) < 0)
		_exit(EXIT_NOT_FOUND);
	_exit(EXIT_NOT_FOUND);
}

/* Its pid, or -1: then nothing has happened. */
static pid_t fork_pager(const char *command, int in, int out)
{
	int status[2], errnum;
	pid_t pid;

	if (pipe2(status, O_CLOEXEC))
		return -1;
	pid = fork();
	if (!pid) {
		close(out);
		run_pager(command, in, status[1]);
	}
	close(status[1]);
	if (pid > 0 && read(status[0], &errnum, sizeof(errnum)) > 0) {
		waitpid(pid, NULL, 0);
		pid = -1;
	}
	close(status[0]);
	return pid;
}

void pager_start(void)
{
	const char *command = pager_command();
	struct winsize size;
	int to_pager[2];

	/* Of a terminal without a height nobody turns the pages. */
	if (!command || pager_pid || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_row)
		return;
	fflush(stdout);
	real_stdout = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	if (real_stdout < 0 || pipe2(to_pager, O_CLOEXEC))
		return;
	pager_pid = fork_pager(command, to_pager[0], to_pager[1]);
	if (pager_pid > 0) {
		dup2(to_pager[1], STDOUT_FILENO);
		signal(SIGPIPE, SIG_IGN);
		signal(SIGINT, SIG_IGN);
		signal(SIGQUIT, SIG_IGN);
	} else {
		pager_pid = 0;
		close(real_stdout);
	}
	close(to_pager[0]);
	close(to_pager[1]);
}

void pager_finish(void)
{
	if (!pager_pid)
		return;
	if ((fflush(stdout) || ferror(stdout)) && errno == EPIPE) {
		clearerr(stdout);
		__fpurge(stdout); /* what the user did not want to see */
	}
	dup2(real_stdout, STDOUT_FILENO);
	close(real_stdout);
	while (waitpid(pager_pid, NULL, 0) < 0 && errno == EINTR)
		;
	pager_pid = 0;
}
