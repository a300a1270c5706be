// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench/module.c - the benchmark by the kernel module: load, run, fetch samples.
 */
#include <errno.h>
#include <fcntl.h>
#include <libkmod.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/io.h"
#include "base/library.h"
#include "base/mem.h"
#include "base/text.h"
#include "bench/backend.h"

#define DEVICE	       "/dev/" IPITRACE_BENCH_DEVICE
#define MODULE	       IPITRACE_BENCH_DEVICE
#define DEVICE_WAIT_MS 2000 /* for devtmpfs or udev to make the node */

/* What is used of libkmod, which brings a library of ciphers along. */
#define LIBRARY "libkmod.so.2"
#define CALLS(X)                                                                                                       \
	X(kmod_new)                                                                                                    \
	X(kmod_unref)                                                                                                  \
	X(kmod_module_new_from_path)                                                                                   \
	X(kmod_module_new_from_name)                                                                                   \
	X(kmod_module_insert_module)                                                                                   \
	X(kmod_module_remove_module)                                                                                   \
	X(kmod_module_unref)

struct kmod {
	CALLS(LIBRARY_MEMBER)
};

struct bench_device {
	int fd;
	uint32_t features; /* IPITRACE_BENCH_FEAT_* */
	struct ipitrace_bench_prim prims[IPITRACE_BENCH_NR_PRIMITIVES];
};

static bool exists(const char *path)
{
	return !access(path, F_OK);
}

/* module/ of the source tree that the program was built in, or where the kernel keeps modules, compressed or not. */
static char *find_module(void)
{
	static const char *const places[] = { "", "updates/", "extra/", "updates/dkms/" };
	static const char *const packed[] = { "", ".xz", ".zst", ".gz" };
	struct utsname u;
	char exe[4096], *path, *slash;
	ssize_t len = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	if (len > 0) {
		exe[len] = '\0';
		slash = strrchr(exe, '/');
		if (slash) {
			*slash = '\0';
			path = xasprintf("%s/../module/" MODULE ".ko", exe);
			if (exists(path))
				return path;
			free(path);
		}
	}
	for (size_t i = 0; !uname(&u) && i < ARRAY_SIZE(places) * ARRAY_SIZE(packed); i++) {
		path = xasprintf("/lib/modules/%s/%s" MODULE ".ko%s", u.release, places[i / ARRAY_SIZE(packed)],
				 packed[i % ARRAY_SIZE(packed)]);
		if (exists(path))
			return path;
		free(path);
	}
	return NULL;
}

/* Why the kernel refused, in words that help. */
static int load_error(int errnum, const char *path, struct err *err)
{
	char *lockdown;

	err_set_errno(err, EXIT_FAILED, errnum, "cannot load %s", path);
	switch (errnum) {
	case EPERM:
	case EACCES:
		lockdown = read_file("/sys/kernel/security/lockdown", NULL);
		if (geteuid())
			err_hint(err, "run as root");
		else if (lockdown && !strstr(lockdown, "[none]"))
			err_hint(err, "the kernel is locked down: the module must be signed");
		else
			err_hint(
				err,
				"module loading is switched off (kernel.modules_disabled), or a signature is required");
		free(lockdown);
		return -1;
	case EKEYREJECTED:
	case ENOKEY:
		return err_hint(err, "this kernel takes signed modules only");
	case ENOEXEC:
	case EINVAL:
		return err_hint(err, "built for another kernel? 'make -C module' builds it for this one");
	default:
		return -1;
	}
}

static int library(struct kmod *k, struct err *err)
{
	static const char *const names[] = { CALLS(LIBRARY_NAME) };
	struct err why = { 0 };

	if (!library_load(LIBRARY, names, ARRAY_SIZE(names), k, &why))
		return 0;
	err_set(err, EXIT_FAILED, "loading modules needs libkmod: %s", why.msg);
	return err_hint(err, "install libkmod2; 'ipitrace bench --user' measures without a module");
}

/* Inserts the module of a file; path NULL: removes the one that is loaded. 0 or -errno. */
static int insert_or_remove(const struct kmod *k, const char *path)
{
	struct kmod_ctx *ctx = k->kmod_new(NULL, NULL);
	struct kmod_module *mod = NULL;
	int ret = -ENOMEM;

	if (ctx)
		ret = path ? k->kmod_module_new_from_path(ctx, path, &mod) :
			     k->kmod_module_new_from_name(ctx, MODULE, &mod);
	if (!ret)
		ret = path ? k->kmod_module_insert_module(mod, 0, "") : k->kmod_module_remove_module(mod, 0);
	k->kmod_module_unref(mod);
	k->kmod_unref(ctx);
	return ret;
}

int bench_module_load(const char *path, bool *loaded, struct err *err)
{
	char *found = NULL;
	struct kmod kmod;
	int ret;

	*loaded = false;
	if (exists(DEVICE))
		return 0;
	if (!exists("/proc/modules")) {
		err_set(err, EXIT_FAILED, "this kernel has no loadable modules");
		return err_hint(err, "'ipitrace bench --user' measures without one, by membarrier");
	}
	if (!path)
		path = found = find_module();
	if (!path) {
		err_set(err, EXIT_FAILED, "the module " MODULE ".ko was not found");
		return err_hint(err, "build it with 'make -C module', or name it with --module; "
				     "'ipitrace bench --user' measures without it");
	}
	if (!exists(path)) {
		err_set_errno(err, EXIT_FAILED, errno, "%s", path);
		return err_hint(err, "build it with 'make -C module'");
	}
	if (library(&kmod, err)) {
		free(found);
		return -1;
	}
	ret = insert_or_remove(&kmod, path);
	if (ret && ret != -EEXIST)
		load_error(-ret, path, err);
	else
		*loaded = !ret;
	free(found);
	return ret && ret != -EEXIST ? -1 : 0;
}

int bench_module_unload(struct err *err)
{
	struct kmod kmod;
	int ret;

	if (library(&kmod, err))
		return -1;
	ret = insert_or_remove(&kmod, NULL);
	if (ret)
		return err_set_errno(err, EXIT_FAILED, -ret, "cannot unload " MODULE);
	return 0;
}

/* --- device --- */

static int open_node(void)
{
	const struct timespec nap = { .tv_nsec = 10000000 };
	int fd = -1;

	for (int i = 0; i < DEVICE_WAIT_MS / 10; i++) {
		fd = open(DEVICE, O_RDWR | O_CLOEXEC);
		if (fd >= 0 || errno != ENOENT)
			break;
		nanosleep(&nap, NULL);
	}
	return fd;
}

int bench_device_open(struct bench_device **out, struct err *err)
{
	struct ipitrace_bench_info info = { .version = IPITRACE_BENCH_VERSION };
	struct bench_device *d = xcalloc(1, sizeof(*d));

	d->fd = open_node();
	if (d->fd < 0) {
		int errnum = errno;

		free(d);
		err_set_errno(err, EXIT_FAILED, errnum, "cannot open " DEVICE);
		return errnum == EACCES || errnum == EPERM ? err_hint(err, "run as root") : -1;
	}
	if (ioctl(d->fd, IPITRACE_BENCH_INFO, &info)) {
		err_set_errno(err, EXIT_FAILED, errno, DEVICE " does not speak version %d", IPITRACE_BENCH_VERSION);
		err_hint(err, "unload the old module (rmmod " MODULE ") and build the one of this version");
		goto fail;
	}
	d->features = info.features;
	for (uint32_t i = 0; i < IPITRACE_BENCH_NR_PRIMITIVES && i < info.nr_primitives; i++) {
		d->prims[i].version = IPITRACE_BENCH_VERSION;
		d->prims[i].primitive = i;
		if (ioctl(d->fd, IPITRACE_BENCH_PRIM, &d->prims[i])) {
			err_set_errno(err, EXIT_FAILED, errno, DEVICE ": primitive %u", i);
			goto fail;
		}
	}
	*out = d;
	return 0;
fail:
	bench_device_close(d);
	return -1;
}

void bench_device_close(struct bench_device *d)
{
	if (!d)
		return;
	close(d->fd);
	free(d);
}

const struct ipitrace_bench_prim *bench_device_prim(const struct bench_device *d, uint32_t mode)
{
	return &d->prims[mode];
}

static int fetch(struct bench_device *d, struct bench_raw *raw, struct err *err)
{
	uint64_t at = 0;

	raw->samples = xcalloc(raw->nr_samples + 1, sizeof(*raw->samples));
	while (at < raw->nr_samples) {
		struct ipitrace_bench_read rd = {
			.version = IPITRACE_BENCH_VERSION,
			.first = at,
			.count = raw->nr_samples - at,
			.buf = (uintptr_t)(raw->samples + at),
		};

		if (ioctl(d->fd, IPITRACE_BENCH_READ, &rd))
			return err_set_errno(err, EXIT_FAILED, errno, "cannot read the samples");
		if (!rd.count)
			return err_set(err, EXIT_FAILED, "the module promised %llu sample%s and gave %llu",
				       (unsigned long long)raw->nr_samples, plural_s(raw->nr_samples),
				       (unsigned long long)at);
		at += rd.count;
	}
	return 0;
}

#define STUCK_HINT                                                                                                     \
	"a real-time task there? The module ends its thread, and takes other runs, once that lets go of the CPU"

/* The run could not even be ended: no result. */
static int stuck_error(const char *mode, const struct ipitrace_bench_run *run, struct err *err)
{
	if (run->stop_cpu == IPITRACE_BENCH_ALL_CPUS)
		err_set(err, EXIT_FAILED, "%s: the kernel did not make or end the module's threads in time", mode);
	else
		err_set(err, EXIT_FAILED, "%s: CPU %u did not run the module's thread in time", mode, run->stop_cpu);
	return err_hint(err, STUCK_HINT);
}

static int run_error(int errnum, const struct bench_job *job, const struct ipitrace_bench_run *run, struct err *err)
{
	const char *mode = bench_modes[job->mode].word;

	switch (errnum) {
	case EINTR: /* by a signal so deadly that there is no result, or before it had begun */
		if (run->stop_reason == IPITRACE_BENCH_STOP_STUCK)
			return stuck_error(mode, run, err);
		return err_set(err, EXIT_FAILED, "interrupted");
	case ETIMEDOUT:
		if (run->stop_reason == IPITRACE_BENCH_STOP_STUCK)
			return stuck_error(mode, run, err);
		err_set(err, EXIT_FAILED, "%s: not done in time: %llu of %llu send%s", mode,
			(unsigned long long)run->sends, (unsigned long long)(job->iterations * job->nr_senders),
			plural_s(job->iterations * job->nr_senders));
		return err_hint(err, "a smaller -n, or a shorter --pace, --handler-ns or --irqs-off-ns");
	case ENODEV:
		if (run->stop_reason == IPITRACE_BENCH_STOP_STUCK)
			return stuck_error(mode, run, err);
		return err_set(err, EXIT_FAILED, "%s: CPU %u %s during the run", mode, run->stop_cpu,
			       run->stop_reason == IPITRACE_BENCH_STOP_MOVED ? "lost its sender" :
									       "went offline or came online");
	case EBUSY:
		return err_set(err, EXIT_FAILED, "another bench is running on this machine");
	case EINPROGRESS:
		err_set(err, EXIT_FAILED, "an earlier run was given up, and a CPU still does not run its thread");
		return err_hint(err, STUCK_HINT);
	case EINVAL:
		err_set_errno(err, EXIT_USAGE, errnum, "%s: the module refuses these options", mode);
		return err_hint(err, "handler time x senders x burst is at most 500 ms, "
				     "interrupts off at most 10 ms; targets may send only in the idle state");
	default:
		return err_set_errno(err, EXIT_FAILED, errnum, "%s", mode);
	}
}

int bench_device_run(struct bench_device *d, const struct bench_job *job, struct bench_raw *raw, struct err *err)
{
	struct ipitrace_bench_run run = {
		.version = IPITRACE_BENCH_VERSION,
		.primitive = job->mode,
		.state = job->state,
		.nr_senders = job->nr_senders,
		.nr_targets = job->nr_targets,
		.senders = (uintptr_t)job->senders,
		.targets = job->nr_targets ? (uintptr_t)job->targets : 0,
		.iterations = job->iterations,
		.warmup = job->warmup,
		.burst = job->burst,
		.pace_ns = job->pace_ns,
		.handler_ns = job->handler_ns,
		.irqs_off_ns = job->irqs_off_ns,
		.timeout_ns = IPITRACE_BENCH_MAX_TIMEOUT_NS,
	};
	int ret;

	*raw = (struct bench_raw){ 0 };
	/* Before it had begun, and by nobody's signal: as below. */
	do
		ret = ioctl(d->fd, IPITRACE_BENCH_RUN, &run);
	while (ret && errno == EINTR && !run.stop_reason && !bench_interrupted);
	if (ret) {
		/* What was done until then is there. */
		raw->partial = errno == EINTR && run.stop_reason == IPITRACE_BENCH_STOP_SIGNAL;
		if (!raw->partial)
			return run_error(errno, job, &run, err);
	}
	raw->nr_samples = run.nr_samples;
	raw->nr_truncated = run.nr_truncated;
	raw->sends = run.sends;
	raw->warmup_sends = run.warmup_sends;
	raw->hits = run.hits;
	raw->start_ns = run.start_ns;
	raw->end_ns = run.end_ns;
	raw->busy_ns = run.busy_ns;
	raw->ran_ns = run.busy_ns - run.kept_ns;
	if (fetch(d, raw, err)) {
		free(raw->samples);
		raw->samples = NULL;
		return -1;
	}
	/* A module that cannot tell whether a kick was due has decided none. */
	if (job->mode == IPITRACE_BENCH_RESCHEDULE && !(d->features & IPITRACE_BENCH_FEAT_DUE))
		for (uint64_t i = 0; i < raw->nr_samples; i++)
			raw->samples[i].flags |= IPITRACE_BENCH_S_UNDECIDED;
	return 0;
}
