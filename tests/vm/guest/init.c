// SPDX-License-Identifier: GPL-2.0-only
/*
 * init.c - process 1 of a lab guest.
 *
 * Mounts, loads drivers and the benchmark module, runs the guest tests with
 * their output on the results port, writes the verdict there and powers off.
 * With --shell it gives a shell on the console instead. Arguments (after "--"
 * on the kernel's command line) name the tests to run; none = all.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PORT_NAME "ipitrace.results"

static int port = -1;

__attribute__((format(printf, 1, 2))) static void say(const char *fmt, ...)
{
	char line[256];
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (port >= 0 && write(port, line, len) != len)
		perror("init: results port");
}

static void mount_all(void)
{
	static const struct {
		const char *type, *dir;
	} fs[] = {
		{ "proc", "/proc" },
		{ "sysfs", "/sys" },
		{ "devtmpfs", "/dev" },
		{ "tmpfs", "/tmp" },
		{ "tracefs", "/sys/kernel/tracing" },
		{ "debugfs", "/sys/kernel/debug" },
	};
	size_t i;

	for (i = 0; i < sizeof(fs) / sizeof(fs[0]); i++)
		if (mount(fs[i].type, fs[i].dir, fs[i].type, 0, NULL) && errno != EBUSY)
			fprintf(stderr, "init: mount %s: %s\n", fs[i].dir, strerror(errno));
}

static int load(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), ret;

	if (fd < 0)
		return -errno;
	ret = syscall(SYS_finit_module, fd, "", 0) ? -errno : 0;
	close(fd);
	return ret;
}

/* In the order in which they need each other. */
static void load_drivers(void)
{
	static const char *const names[] = {
		"virtio",
		"virtio_ring",
		"virtio_pci_legacy_dev",
		"virtio_pci_modern_dev",
		"virtio_pci",
		"virtio_console",
		"rng-core",
		"irqbypass",
		"ccp",
		"kvm",
		"kvm-amd",
	};
	char path[128];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "/lab/drivers/%s.ko", names[i]);
		load(path); /* absent where built in, or not wanted */
	}
}

/* The port is found by its name; its device may need a moment to appear. */
static int open_port(void)
{
	char path[300], name[64];
	struct dirent *d;
	int tries, fd;
	ssize_t len;
	DIR *dir;

	for (tries = 0; tries < 200; tries++, usleep(50000)) {
		dir = opendir("/sys/class/virtio-ports");
		while (dir && (d = readdir(dir))) {
			snprintf(path, sizeof(path), "/sys/class/virtio-ports/%s/name", d->d_name);
			fd = open(path, O_RDONLY | O_CLOEXEC);
			if (fd < 0)
				continue;
			len = read(fd, name, sizeof(name) - 1);
			close(fd);
			if (len <= 0 || strncmp(name, PORT_NAME, strlen(PORT_NAME)))
				continue;
			closedir(dir);
			snprintf(path, sizeof(path), "/dev/%s", d->d_name);
			return open(path, O_RDWR | O_CLOEXEC);
		}
		if (dir)
			closedir(dir);
	}
	errno = ENODEV;
	return -1;
}

static int run(char *const argv[], int out)
{
	int status;
	pid_t pid;

	pid = fork();
	if (pid < 0)
		return 127;
	if (!pid) {
		setsid();
		if (out >= 0) {
			dup2(out, 1);
			dup2(out, 2);
		} else {
			/* A shell wants a terminal of its own. */
			ioctl(0, TIOCSCTTY, 1);
		}
		execv(argv[0], argv);
		perror(argv[0]);
		_exit(127);
	}
	/* Reap orphans, too: we are everybody's parent. */
	for (;;) {
		pid_t got = wait(&status);

		if (got == pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		if (got < 0 && errno == ECHILD)
			return 127;
	}
}

static bool wanted(const char *name, int argc, char **argv)
{
	size_t stem = strcspn(name, ".");
	int i;

	for (i = 1; i < argc; i++)
		if (!strcmp(argv[i], name) || (strlen(argv[i]) == stem && !strncmp(argv[i], name, stem)) ||
		    (!strncmp(name, "test_", 5) && strlen(argv[i]) == stem - 5 &&
		     !strncmp(argv[i], name + 5, stem - 5)))
			return true;
	return argc <= 1;
}

static int run_tests(int argc, char **argv)
{
	struct dirent **list = NULL;
	int n, i, status, failed = 0, ran = 0;
	char path[300];

	n = scandir("/lab/tests", &list, NULL, alphasort);
	for (i = 0; i < n; i++) {
		char *args[] = { path, NULL };

		if (list[i]->d_name[0] == '.' || !wanted(list[i]->d_name, argc, argv))
			continue;
		snprintf(path, sizeof(path), "/lab/tests/%s", list[i]->d_name);
		say("@begin %s\n", list[i]->d_name);
		status = run(args, port);
		say("\n@end %s %d\n", list[i]->d_name, status);
		failed += status != 0;
		ran++;
	}
	return ran ? failed : 1;
}

static void shell(void)
{
	static char *const args[] = { "/bin/sh", "-l", NULL };

	printf("\nThe benchmark module is loaded, its tests are in /lab/tests.\n"
	       "ipitrace and its examples are in the path, if they were built.\n\n");
	fflush(stdout);
	run(args, -1);
}

static void power_off(void)
{
	sync();
	reboot(RB_POWER_OFF);
	reboot(RB_AUTOBOOT); /* -no-reboot: ends QEMU as well */
}

int main(int argc, char **argv)
{
	static char *const applets[] = { "/bin/busybox", "--install", "-s", "/bin", NULL };
	bool want_shell = argc > 1 && !strcmp(argv[1], "--shell");
	int ret;

	mount_all();
	if (open("/dev/console", O_RDWR) == 0) {
		dup2(0, 1);
		dup2(0, 2);
	}
	setenv("PATH", "/usr/bin:/bin", 1);
	setenv("HOME", "/root", 1);
	setenv("TERM", "linux", 0);
	load_drivers();
	run(applets, 2);
	ret = load("/lab/ipitrace_bench.ko");
	if (ret)
		fprintf(stderr, "init: ipitrace_bench.ko: %s\n", strerror(-ret));
	if (want_shell) {
		shell();
		power_off();
	}
	port = open_port();
	if (port < 0) {
		fprintf(stderr, "init: no results port: %s\n", strerror(errno));
		power_off();
	}
	say("# module load: %s\n", ret ? strerror(-ret) : "ok");
	ret = run_tests(argc, argv) || ret;
	say("@verdict %s\n", ret ? "fail" : "pass");
	fsync(port);
	power_off();
	return 1;
}
