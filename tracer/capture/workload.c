// SPDX-License-Identifier: GPL-2.0-only
/*
 * capture/workload.c - fork/exec/reap of the recorded program.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/compiler.h"
#include "base/err.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/parse.h"
#include "capture/affinity.h"
#include "capture/signals.h"
#include "capture/workload.h"

struct workload {
	pid_t pid;
	int go_fd;   /* write end: one byte releases the child, closing it ends it */
	int exec_fd; /* read end: errno of a failed exec, or nothing once exec has closed it */
	bool released, reaped, whole_tree;
	int wstatus;
	char *name;
	volatile uint64_t *exec_ns; /* shared with the child */
	struct cleanup cleanup;
};

/* What a child tells when it did not get as far as its program. */
struct child_error {
	int errnum;
	bool identity; /* could not become the user */
};

bool invoking_user(uid_t *uid, gid_t *gid)
{
	const char *u = getenv("SUDO_UID"), *g = getenv("SUDO_GID");
	uint64_t unum, gnum;

	if (geteuid() != 0 || !u || !g || parse_u64(u, &unum, NULL) || parse_u64(g, &gnum, NULL))
		return false;
	if (unum == 0 || unum >= UINT32_MAX || gnum >= UINT32_MAX)
		return false;
	*uid = (uid_t)unum;
	*gid = (gid_t)gnum;
	return true;
}

/* In the child. sudo changed the identity and what goes with it; change it back. */
static int become_invoking_user(void)
{
	struct passwd *pw;
	uid_t uid;
	gid_t gid;

	if (!invoking_user(&uid, &gid))
		return 0;
	pw = getpwuid(uid);
	if (pw ? initgroups(pw->pw_name, gid) : setgroups(1, &gid))
		return -1;
	if (setresgid(gid, gid, gid) || setresuid(uid, uid, uid))
		return -1;
	if (pw) {
		setenv("HOME", pw->pw_dir, 1);
		setenv("USER", pw->pw_name, 1);
		setenv("LOGNAME", pw->pw_name, 1);
	}
	return 0;
}

/*
 * Handlers are reset by exec, ignored signals are not: what ipitrace ignores
 * for itself, or a shell made it ignore as a background job, the workload
 * shall not. SIGHUP stays as it is, for nohup's sake.
 */
static void reset_signals(void)
{
	static const int sigs[] = { SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGXFSZ, SIGCHLD };
	sigset_t none;

	for (size_t i = 0; i < ARRAY_SIZE(sigs); i++)
		signal(sigs[i], SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void __attribute__((noreturn))
child(const struct workload *w, const struct workload_config *config, int go_fd, int exec_fd)
{
	struct affinity *before = config->avoid ? affinity_save() : NULL;
	struct child_error e = { 0 };
	char **argv = config->argv, go;

	reset_signals();
	if (config->stdout_to_stderr && dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
		close(STDOUT_FILENO);
	if (become_invoking_user()) {
		e.errnum = errno;
		e.identity = true;
	}
	affinity_keep_off(config->avoid);
	/* End of file: the recording never began. */
	if (read(go_fd, &go, 1) != 1)
		_exit(EXIT_CANCELED);
	affinity_restore(before);
	if (!e.identity) {
		*w->exec_ns = signals_now_ns();
		execvp(argv[0], argv);
		e.errnum = errno;
	}
	if (write(exec_fd, &e, sizeof(e)) != sizeof(e))
		_exit(EXIT_CANCELED);
	_exit(e.errnum == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN);
}

pid_t command_start(const char *command, const char *file, const char *trip)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	reset_signals();
	signal(SIGUSR1, SIG_DFL);
	if (become_invoking_user() || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
		_exit(EXIT_CANNOT_RUN);
	setenv("IPITRACE_FILE", file, 1);
	if (trip)
		setenv("IPITRACE_TRIP", trip, 1);
	execl("/bin/sh", "sh", "-c", command, "ipitrace", file, NULL);
	_exit(EXIT_CANNOT_RUN);
}

int command_wait(pid_t pid)
{
	int wstatus;
	pid_t ret;

	do
		ret = waitpid(pid, &wstatus, 0);
	while (ret < 0 && errno == EINTR);
	if (ret < 0)
		return -1;
	return WIFSIGNALED(wstatus) ? 128 + WTERMSIG(wstatus) : WEXITSTATUS(wstatus);
}

static void reap(struct workload *w)
{
	pid_t pid;

	if (w->reaped)
		return;
	do
		pid = waitpid(w->pid, &w->wstatus, 0);
	while (pid < 0 && errno == EINTR);
	w->reaped = true;
}

void workload_cancel(struct workload *w)
{
	if (w->reaped || w->released)
		return;
	kill(w->pid, SIGKILL);
	reap(w);
}

/* What it was forked with keeps tracefs busy. */
static void cancel_at_exit(void *ctx)
{
	workload_cancel(ctx);
}

int workload_fork(struct workload **wp, const struct workload_config *config, struct err *err)
{
	struct workload *w = xcalloc(1, sizeof(*w));
	int go[2], ex[2];

	*wp = w;
	w->go_fd = w->exec_fd = -1;
	w->reaped = true;
	w->whole_tree = config->whole_tree;
	w->name = xstrdup(config->argv[0]);
	w->exec_ns = mmap(NULL, sizeof(*w->exec_ns), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (w->exec_ns == MAP_FAILED) {
		w->exec_ns = NULL;
		return err_set_errno(err, EXIT_CANCELED, errno, "cannot share memory with the workload");
	}
	if (pipe2(go, O_CLOEXEC))
		return err_set_errno(err, EXIT_CANCELED, errno, "cannot make a pipe");
	w->go_fd = go[1];
	if (pipe2(ex, O_CLOEXEC)) {
		close(go[0]);
		return err_set_errno(err, EXIT_CANCELED, errno, "cannot make a pipe");
	}
	w->exec_fd = ex[0];
	cleanup_add(&w->cleanup, cancel_at_exit, w);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	w->pid = fork();
	if (!w->pid) {
		close(go[1]);
		child(w, config, go[0], ex[1]);
	}
	close(go[0]);
	close(ex[1]);
	if (w->pid < 0)
		return err_set_errno(err, EXIT_CANCELED, errno, "cannot fork");
	w->reaped = false;
	return 0;
}

int workload_release(struct workload *w, struct err *err)
{
	struct child_error e;
	ssize_t n;
	char go = 1;

	w->released = true;
	/* A child that is gone already (killed) shows in its status, not here. */
	if (write(w->go_fd, &go, 1) != 1 && errno != EPIPE)
		return err_set_errno(err, EXIT_CANCELED, errno, "cannot start the workload");
	do
		n = read(w->exec_fd, &e, sizeof(e));
	while (n < 0 && errno == EINTR);
	if (n != sizeof(e))
		return 0;
	reap(w);
	if (e.identity) {
		err_set_errno(err, EXIT_CANCELED, e.errnum, "cannot become the user who called sudo");
		return -1;
	}
	err_set_errno(err, e.errnum == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN, e.errnum, "cannot run '%s'", w->name);
	err_hint(err, e.errnum == ENOENT ? "the workload is a program's path, or a name found in PATH" :
					   "the workload must be an executable file that this user may run");
	return -1;
}

bool workload_released(const struct workload *w)
{
	return w->released;
}

/* Everyone who has ended: the workload, and what it left behind. True while there are children. */
static bool reap_ended(struct workload *w)
{
	int wstatus;
	pid_t pid;

	do {
		pid = waitpid(-1, &wstatus, WNOHANG);
		if (pid == w->pid) {
			w->wstatus = wstatus;
			w->reaped = true;
		}
	} while (pid > 0 || (pid < 0 && errno == EINTR));
	if (pid < 0)
		w->reaped = true;
	return pid == 0;
}

bool workload_ended(struct workload *w)
{
	bool children = reap_ended(w);

	return w->reaped && !(w->whole_tree && children);
}

/* "pid (comm) state ppid ...": a comm may hold anything. */
static bool is_child(pid_t pid, char *name, size_t len)
{
	char path[64];
	char *stat, *open, *close;
	int ppid = 0;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	stat = read_file(path, NULL);
	open = stat ? strchr(stat, '(') : NULL;
	close = open ? strrchr(open, ')') : NULL;
	if (close && sscanf(close, ") %*c %d", &ppid) == 1 && ppid == (int)getpid() && name)
		snprintf(name, len, "%.*s", (int)(close - open - 1), open + 1);
	free(stat);
	return ppid == (int)getpid();
}

/* All children of this process, the workload and what it left behind: told sig if that is not 0. */
static unsigned int each_child(int sig, char *name, size_t len)
{
	DIR *dir = opendir("/proc");
	unsigned int nr = 0;
	struct dirent *d;

	while (dir && (d = readdir(dir))) {
		pid_t pid = isdigit((unsigned char)d->d_name[0]) ? (pid_t)strtol(d->d_name, NULL, 10) : 0;

		if (!pid || !is_child(pid, nr ? NULL : name, len))
			continue;
		nr++;
		if (sig)
			kill(pid, sig);
	}
	if (dir)
		closedir(dir);
	return nr;
}

unsigned int workload_left(struct workload *w, char *name, size_t len)
{
	return reap_ended(w) && w->reaped ? each_child(0, name, len) : 0;
}

void workload_signal(struct workload *w, int sig)
{
	if (w->whole_tree) {
		each_child(sig, NULL, 0);
		each_child(SIGCONT, NULL, 0);
	} else if (!w->reaped) {
		kill(w->pid, sig);
		kill(w->pid, SIGCONT);
	}
}

int workload_status(const struct workload *w)
{
	if (WIFSIGNALED(w->wstatus))
		return 128 + WTERMSIG(w->wstatus);
	return WEXITSTATUS(w->wstatus);
}

uint64_t workload_exec_ns(const struct workload *w)
{
	return *w->exec_ns;
}

int32_t workload_pid(const struct workload *w)
{
	return (int32_t)w->pid;
}

bool workload_killed_by(const struct workload *w, int sig)
{
	return w->reaped && WIFSIGNALED(w->wstatus) && WTERMSIG(w->wstatus) == sig;
}

void workload_close(struct workload *w)
{
	if (!w)
		return;
	cleanup_remove(&w->cleanup);
	if (!w->reaped) {
		kill(w->pid, SIGKILL);
		reap(w);
	}
	if (w->go_fd >= 0)
		close(w->go_fd);
	if (w->exec_fd >= 0)
		close(w->exec_fd);
	if (w->exec_ns)
		munmap((void *)w->exec_ns, sizeof(*w->exec_ns));
	free(w->name);
	free(w);
}
