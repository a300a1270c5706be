// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmm.c - a virtual machine whose guest sends IPIs and knows what it did.
 *
 *	vmm [-p PATH] [-w WAIT] [-n COUNT] [-g GAP] [-m MASKED] [-t TARGETS] [-d DEVICE] [-a] [-k] [-o LOG]
 *
 * Virtual CPU 0 sends COUNT IPIs, GAP ns behind the one before, to all others
 * (-t: how many these are). PATH: x2apic, xapic or hypercall; of arm64 sysreg. It waits
 * until each has arrived, or with -a does not. Targets wait as WAIT says: halt, poll, timer
 * (below) or masked, with interrupts off for MASKED ns at a time. In the end it sends one
 * more, of END_VECTOR, whose handlers end the targets: what was pending came before it.
 *
 * Meanwhile a thread, "device", interrupts virtual CPU 1 DEVICE times by an eventfd, as a device does that a VMM or
 * the kernel emulates; that CPU's thread has the host's second CPU for itself, all others the first one. For amd64.
 *
 * Those that wait for a timer (amd64) halt with their own set. A thread, "mover", has virtual CPU 1's run on one of the host's
 * CPUs after the other: while it sleeps, so that the timer is on one of them, and wakes it on the other.
 *
 * With -k the virtual machine is there before it runs, until a line comes on standard input, and stays until another does.
 *
 * The last line says what is true: "sent: sends=N received=N halts=N doubled=N devices=N timers=N". sends has the
 * end's, all others are of all targets; doubled: interrupts that an emulated CPU delivered
 * twice, which the guest took once (amd64.S); devices: of the device; timers: of their own. LOG has, a line each, stamps in ticks of
 * the guest's counter:
 *
 *	run PATH WAIT sync|async TARGETS VECTOR END_VECTOR
 *	vcpu NUMBER TID OFFSET			guest's counter - host's
 *	clock BEFORE AFTER NS			CLOCK_MONOTONIC between two stamps of the host's counter
 *	device SENT RECEIVED			of the device's interrupts, if it has one
 *	send NUMBER BEFORE AFTER
 *	recv VCPU NUMBER AT BEGUN VECTOR HALTS	BEGUN sends, HALTS of this target by then
 *	halt VCPU NUMBER AT PENDING OVER	PENDING, of arm64: an interrupt was, right before; OVER: behind it, with
 *						interrupts still off (amd64: both 0)
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "vmm.h"

_Static_assert(offsetof(struct shared, count) == S_COUNT && offsetof(struct shared, targets) == S_TARGETS &&
		       offsetof(struct shared, sync) == S_SYNC && offsetof(struct shared, masked) == S_MASKED &&
		       offsetof(struct shared, begun) == S_BEGUN && offsetof(struct shared, devices) == S_DEVICES &&
		       offsetof(struct shared, target) == S_TARGET,
	       "as the guest has it");
_Static_assert(offsetof(struct target, halts) == T_HALTS && offsetof(struct target, ended) == T_ENDED &&
		       offsetof(struct target, ready) == T_READY && offsetof(struct target, doubled) == T_DOUBLED &&
		       offsetof(struct target, devices) == T_DEVICES && offsetof(struct target, timers) == T_TIMERS &&
		       sizeof(struct target) == 1 << TARGET_SHIFT,
	       "as the guest has it");
_Static_assert(sizeof(struct send) == 1 << SENDS_SHIFT && sizeof(struct reception) == 1 << RECV_SHIFT &&
		       sizeof(struct halt) == 1 << HALTS_SHIFT,
	       "as the guest has it");
_Static_assert((MAX_SENDS + 1) * sizeof(struct send) <= RECEIVED_AT - SENDS_AT &&
		       (MAX_SENDS + 1) * sizeof(struct reception) <= RECV_SIZE &&
		       (MAX_SENDS + 2) * sizeof(struct halt) <= HALTS_SIZE &&
		       RECEIVED_AT + MAX_TARGETS * RECV_SIZE <= HALTS_AT &&
		       HALTS_AT + MAX_TARGETS * HALTS_SIZE <= GUEST_SIZE,
	       "logs do not overlap");

struct vcpu {
	unsigned int id;
	int fd;
	pid_t tid;
	int64_t offset;
	struct kvm_run *run;
	pthread_t thread;
};

/* The host's counter before and behind a reading of its clock. */
struct pair {
	uint64_t before, after, ns;
};

uint8_t *guest_ram;

/* Held until the virtual CPUs may run. */
static pthread_mutex_t start = PTHREAD_MUTEX_INITIALIZER;

void die(const char *what)
{
	fprintf(stderr, "vmm: %s: %s\n", what, strerror(errno));
	_exit(1);
}

int kvm_ioctl(int fd, unsigned long request, void *arg, const char *what)
{
	int ret = ioctl(fd, request, arg);

	if (ret < 0)
		die(what);
	return ret;
}

/* The narrowest of many: the machine may be stopped between the stamps. */
static struct pair clock_pair(void)
{
	struct pair best = { .after = UINT64_MAX };

	for (int i = 0; i < 200; i++) {
		struct timespec ts;
		struct pair p;

		p.before = arch_counter();
		clock_gettime(CLOCK_MONOTONIC, &ts);
		p.after = arch_counter();
		p.ns = ts.tv_sec * 1000000000ULL + ts.tv_nsec;
		if (p.after - p.before < best.after - best.before)
			best = p;
	}
	return best;
}

static struct shared *shared(void)
{
	return (struct shared *)(guest_ram + SHARED_AT);
}

static void run_on(pid_t tid, int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	/* It may have ended. */
	if (sched_setaffinity(tid, sizeof(set), &set) && errno != ESRCH)
		die("sched_setaffinity");
}

static void *mover_main(void *arg)
{
	volatile const struct vcpu *v = arg;
	volatile struct shared *s = shared();
	const struct timespec gap = { .tv_nsec = TIMER_NS * 3 / 5 };

	prctl(PR_SET_NAME, "mover");
	for (int cpu = 0; !s->target[0].ended; cpu = !cpu) {
		if (v->tid)
			run_on(v->tid, cpu);
		nanosleep(&gap, NULL);
	}
	return NULL;
}

/* One at a time, once the guest can take it. */
static void *device_main(void *arg)
{
	volatile struct shared *s = shared();
	const struct timespec gap = { .tv_nsec = 1000000 };

	prctl(PR_SET_NAME, "device");
	run_on(0, 0);
	while (!s->target[0].ready)
		nanosleep(&gap, NULL);
	while (s->devices) {
		uint64_t one = 1;

		nanosleep(&gap, NULL);
		if (write(*(int *)arg, &one, sizeof(one)) != sizeof(one))
			die("write to the device");
		s->devices--;
	}
	return NULL;
}

static void *vcpu_main(void *arg)
{
	struct vcpu *v = arg;
	char name[16];

	if (shared()->devices)
		run_on(0, v->id == 1);

	/* As QEMU names them. */
	snprintf(name, sizeof(name), "CPU %u/KVM", v->id);
	prctl(PR_SET_NAME, name);
	v->tid = syscall(SYS_gettid);
	pthread_mutex_lock(&start);
	pthread_mutex_unlock(&start);
	for (;;) {
		unsigned int done;

		if (ioctl(v->fd, KVM_RUN, 0) < 0) {
			if (errno == EINTR || errno == EAGAIN)
				continue;
			die("KVM_RUN");
		}
		if (v->run->exit_reason == KVM_EXIT_INTR)
			continue;
		done = arch_done(v->run);
		if (done == DONE_WELL)
			return NULL;
		fprintf(stderr, "vmm: virtual CPU %u: %s (exit %u)\n", v->id,
			done == DONE_STRAY ? "an interrupt that nobody sent" : "gave up", v->run->exit_reason);
		_exit(3);
	}
}

/* Returns the VM's file. */
static int vm_create(int kvm, struct vcpu *vcpus, unsigned int nr)
{
	struct kvm_userspace_memory_region region = { .guest_phys_addr = GUEST_RAM, .memory_size = GUEST_SIZE };
	int vm = kvm_ioctl(kvm, KVM_CREATE_VM, 0, "KVM_CREATE_VM");
	size_t run_size = kvm_ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0, "KVM_GET_VCPU_MMAP_SIZE");
	unsigned int i;

	region.userspace_addr = (uintptr_t)guest_ram;
	kvm_ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region, "KVM_SET_USER_MEMORY_REGION");
	memcpy(guest_ram + CODE_AT, guest_start, guest_size);
	arch_vm(kvm, vm);
	for (i = 0; i < nr; i++) {
		struct vcpu *v = &vcpus[i];

		v->id = i;
		v->fd = kvm_ioctl(vm, KVM_CREATE_VCPU, (void *)(uintptr_t)i, "KVM_CREATE_VCPU");
		v->run = mmap(NULL, run_size, PROT_READ | PROT_WRITE, MAP_SHARED, v->fd, 0);
		if (v->run == MAP_FAILED)
			die("mmap of a virtual CPU");
		arch_vcpu(kvm, vm, v->fd, i);
	}
	arch_start();
	/* Not later: these wait while the virtual CPU runs, and one that is halted runs. */
	for (i = 0; i < nr; i++)
		vcpus[i].offset = arch_offset(vcpus[i].fd);
	return vm;
}

static uint64_t ticks(int vcpu, uint64_t ns)
{
	return ns * arch_khz(vcpu) / 1000000;
}

static void wait_for_line(void)
{
	int c;

	while ((c = getchar()) != EOF && c != '\n')
		;
}

static void vm_run(struct vcpu *vcpus, unsigned int nr, int keep)
{
	unsigned int i;

	pthread_mutex_lock(&start);
	for (i = 0; i < nr; i++)
		if (pthread_create(&vcpus[i].thread, NULL, vcpu_main, &vcpus[i]))
			die("pthread_create");
	if (keep)
		wait_for_line();
	pthread_mutex_unlock(&start);
	for (i = 0; i < nr; i++)
		pthread_join(vcpus[i].thread, NULL);
}

static void write_log(const char *path, const char *run, const struct vcpu *vcpus, const struct pair *clocks,
		      uint64_t devices)
{
	const struct send *sends = (const struct send *)(guest_ram + SENDS_AT);
	const struct shared *s = shared();
	FILE *f = fopen(path, "w");
	uint64_t i;

	if (!f)
		die(path);
	fprintf(f, "run %s %s %u %d %d\n", run, s->sync ? "sync" : "async", s->targets, IPI_VECTOR, END_VECTOR);
	for (unsigned int id = 0; id <= s->targets; id++)
		fprintf(f, "vcpu %u %d %lld\n", id, vcpus[id].tid, (long long)vcpus[id].offset);
	for (i = 0; i < 2; i++)
		fprintf(f, "clock %llu %llu %llu\n", (unsigned long long)clocks[i].before,
			(unsigned long long)clocks[i].after, (unsigned long long)clocks[i].ns);
	if (devices)
		fprintf(f, "device %llu %llu\n", (unsigned long long)devices, (unsigned long long)s->target[0].devices);
	for (i = 0; i < s->begun; i++)
		fprintf(f, "send %llu %llu %llu\n", (unsigned long long)i, (unsigned long long)sends[i].before,
			(unsigned long long)sends[i].after);
	for (unsigned int t = 0; t < s->targets; t++) {
		const struct reception *r = (const struct reception *)(guest_ram + RECEIVED_AT + t * RECV_SIZE);
		const struct halt *halts = (const struct halt *)(guest_ram + HALTS_AT + t * HALTS_SIZE);

		for (i = 0; i < s->target[t].received; i++)
			fprintf(f, "recv %u %llu %llu %llu %llu %llu\n", t + 1, (unsigned long long)i,
				(unsigned long long)r[i].at, (unsigned long long)r[i].begun,
				(unsigned long long)r[i].vector, (unsigned long long)r[i].halts);
		for (i = 0; i < s->target[t].halts; i++)
			fprintf(f, "halt %u %llu %llu %llu %llu\n", t + 1, (unsigned long long)i,
				(unsigned long long)halts[i].at, (unsigned long long)halts[i].pending,
				(unsigned long long)halts[i].over);
	}
	if (fclose(f))
		die(path);
}

static int usage(void)
{
	fprintf(stderr,
		"usage: vmm [-p PATH] [-w halt|poll|masked|timer] [-n COUNT] [-g GAP] [-m MASKED] [-t TARGETS] [-d DEVICE] [-a] [-k] [-o LOG]\n");
	return 2;
}

static const char *const waits[] = {
	[WAIT_HALT] = "halt", [WAIT_POLL] = "poll", [WAIT_MASKED] = "masked", [WAIT_TIMER] = "timer"
};
#define NR_WAITS (sizeof(waits) / sizeof(*waits))

/* What is asked for. */
struct wish {
	struct shared set;
	const char *path, *log;
	int keep;
};

/* -1: there is no such thing. */
static int parse(int argc, char **argv, struct wish *w)
{
	struct shared *set = &w->set;
	int opt;

	while ((opt = getopt(argc, argv, "p:w:n:g:m:t:d:ako:")) != -1) {
		switch (opt) {
		case 'p':
			w->path = optarg;
			break;
		case 'w':
			for (set->wait = 0; set->wait < NR_WAITS && strcmp(optarg, waits[set->wait]); set->wait++)
				;
			break;
		case 'n':
			set->count = strtoul(optarg, NULL, 0);
			break;
		case 'g':
			set->gap = strtoul(optarg, NULL, 0);
			break;
		case 'm':
			set->masked = strtoull(optarg, NULL, 0);
			break;
		case 't':
			set->targets = strtoul(optarg, NULL, 0);
			break;
		case 'd':
			set->devices = strtoul(optarg, NULL, 0);
			break;
		case 'a':
			set->sync = 0;
			break;
		case 'k':
			w->keep = 1;
			break;
		case 'o':
			w->log = optarg;
			break;
		default:
			return -1;
		}
	}
	if (optind < argc || arch_path(w->path) < 0 || set->wait >= NR_WAITS || !set->count || set->count > MAX_SENDS ||
	    !set->targets || set->targets > MAX_TARGETS)
		return -1;
	set->path = arch_path(w->path);
	/* Its timer is set by registers of x2APIC. */
	if (set->wait == WAIT_TIMER && set->path != PATH_X2APIC && set->path != PATH_HYPERCALL)
		return -1;
	return 0;
}

static void say_sent(void)
{
	unsigned long long received = 0, halts = 0, doubled = 0, devices = 0, timers = 0;

	for (unsigned int t = 0; t < shared()->targets; t++) {
		received += shared()->target[t].received;
		halts += shared()->target[t].halts;
		doubled += shared()->target[t].doubled;
		devices += shared()->target[t].devices;
		timers += shared()->target[t].timers;
	}
	printf("sent: sends=%llu received=%llu halts=%llu doubled=%llu devices=%llu timers=%llu\n",
	       (unsigned long long)shared()->begun, received, halts, doubled, devices, timers);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	struct wish w = { .set = { .count = 200, .gap = 8000, .targets = 1, .sync = 1, .masked = 800000 },
			  .path = arch_path("x2apic") < 0 ? "sysreg" : "x2apic" };
	struct vcpu vcpus[MAX_TARGETS + 1];
	struct pair clocks[2];
	pthread_t device, mover;
	char run[64];
	int kvm, vm, fd;

	if (parse(argc, argv, &w))
		return usage();
	snprintf(run, sizeof(run), "%s %s", w.path, waits[w.set.wait]);
	kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (kvm < 0)
		die("/dev/kvm");
	guest_ram = mmap(NULL, GUEST_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (guest_ram == MAP_FAILED)
		die("memory of the guest");
	vm = vm_create(kvm, vcpus, w.set.targets + 1);
	fd = eventfd(0, EFD_CLOEXEC);
	if (fd < 0)
		die("eventfd");
	if (w.set.devices && arch_device(vm, fd))
		return usage();
	w.set.gap = ticks(vcpus[0].fd, w.set.gap);
	w.set.masked = ticks(vcpus[0].fd, w.set.masked);
	*shared() = w.set;
	clocks[0] = clock_pair();
	if (w.set.devices && pthread_create(&device, NULL, device_main, &fd))
		die("pthread_create");
	vcpus[1].tid = 0;
	if (w.set.wait == WAIT_TIMER && pthread_create(&mover, NULL, mover_main, &vcpus[1]))
		die("pthread_create");
	vm_run(vcpus, w.set.targets + 1, w.keep);
	clocks[1] = clock_pair();
	if (w.log)
		write_log(w.log, run, vcpus, clocks, w.set.devices);
	say_sent();
	if (w.keep)
		wait_for_line();
	return 0;
}
