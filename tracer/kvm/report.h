/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvm/report.h - a host's recording as rows of guests' IPIs, exits and halts.
 *
 * One pass over the file. Knows no options and no output.
 */
#ifndef IPITRACE_KVM_REPORT_H
#define IPITRACE_KVM_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/filter.h"
#include "base/hist.h"
#include "base/kvmfacts.h"
#include "kvm/guest.h"
#include "kvm/join.h"
#include "kvm/kvm.h"

/* What rows may be by. */
enum kvm_key {
	KVM_KEY_VM,
	KVM_KEY_PATH,
	KVM_KEY_CLASS,
	KVM_KEY_KICK,
	KVM_KEY_SOURCE,
	KVM_KEY_TARGET,
	/* Of the guest: where its recording is joined. */
	KVM_KEY_CALLER,
	KVM_KEY_FUNC,
	KVM_KEY_COMM,
	KVM_NR_KEYS,
};

const char *kvm_key_name(unsigned int key);
bool kvm_key_is_guests(enum kvm_key key);
/* "path,class"; -1 with *err where a word is none or comes twice. */
int kvm_parse_by(const char *list, enum kvm_key by[KVM_NR_KEYS], unsigned int *nr, struct err *err);

struct kvm_row {
	struct kvm_ipi key; /* what the keys of the report have of it */
	uint64_t ipis;	    /* targets */
	uint64_t outcomes[KVM_NR_OUTCOMES];
	uint64_t ambiguous;
	uint64_t unjoined;		   /* of the joined report: those that are in the host's recording alone */
	uint64_t width;			   /* that any of its times of the guest may be off by */
	struct hist stages[KVM_NR_POINTS]; /* that end at this point */
	struct hist total;
};

/* Who is a virtual CPU. */
struct kvm_thread {
	int32_t vm;
	uint32_t vcpu; /* KVM_UNNUMBERED or more: nothing tells which */
	int32_t tid;   /* the last one that ran it; 0: it was only heard of */
	char *name;    /* "CPU 0/KVM"; NULL = not known */
};

/*
 * A TSC's offset in decimal: as debugfs has it, with a sign, or as events have it, 64 bits without one. -EINVAL: it is none,
 * -ERANGE: it has more bits.
 */
int kvm_offset_parse(const char *text, size_t len, int64_t *offset);

/* A guest's recording to join. */
struct kvm_want {
	const char *path;	    /* NULL = none */
	int32_t pid;		    /* of its VM; 0: of the only one that it fits */
	bool has_offset, no_offset; /* that is given; not even one that is known shall be taken */
	int64_t offset; /* of the guest's clock, less the host's: ticks where both are of the TSC, else ns */
};

#define KVM_MAX_GUESTS 16
#define KVM_GUEST_LAWS 6

/* What makes the host's times of the guest's stamps, where both are of the TSC: offset + (stamp * mult >> shift) + add. */
struct kvm_time {
	uint32_t mult, shift;
	uint64_t offset, add;
};

/* A guest's recording, and the VM that it is of. */
struct kvm_pair {
	struct kvm_want want; /* its path is borrowed */
	struct kvm_guest guest;
	struct kvm_joined joined;
	struct kvm_clock clock; /* guest less host */
	struct kvm_time time;
	int32_t vm;
	bool offset_known, offset_allowed; /* by causes and effects */
	const char *offset_from;	   /* who knows it */
	unsigned int drift_ppm;		   /* that is reckoned with */
	uint64_t width;			   /* of the offset, where it is widest; 0 if known */
};

struct kvm_report {
	const char *path;		/* borrowed */
	char *uname, *clock, *recorded; /* recorded: the command line, or NULL */
	bool in_ns;			/* times are ns; else ticks of the clock */
	bool ours;			/* ipitrace recorded it */
	bool flight;			/* by a flight recorder: its begin is somewhere within */
	bool truncated, damaged;
	struct kvm_facts host; /* what the host's files said; of other tools' recordings there is nothing in it */
	/* VMs of these processes alone; NULL = of all that the recording has. Set before, borrowed. */
	const struct pid_filter *processes;
	unsigned int nr_late; /* threads whose scheduling is not there from the begin */
	uint64_t span;	      /* from the first event to the last */
	enum kvm_key by[KVM_NR_KEYS];
	unsigned int nr_by;
	struct kvm_row *rows; /* those with most IPIs first */
	unsigned int nr_rows;
	char **names;		    /* of the VMs' processes, "qemu-system-x86"; NULL = not known */
	struct kvm_thread *threads; /* by VM and virtual CPU */
	unsigned int nr_threads;
	const struct kvm_vm *vms;
	unsigned int nr_vms;
	const struct kvm_stats *stats;
	struct kvm_law laws[KVM_MAX_LAWS + KVM_MAX_GUESTS * KVM_GUEST_LAWS];
	unsigned int nr_laws;
	bool has[KVM_NR_EVENTS]; /* events whose formats the file has; of ipitrace's that were recorded */
	struct kvm *engine;
	/* Of guests, if these were joined: then rows are of their VMs alone. Their wants are set before. */
	struct kvm_pair guests[KVM_MAX_GUESTS];
	unsigned int nr_guests;
	struct kvm_names guest_names; /* of all of them, by the numbers that IPIs have */
	bool is_joined;
	uint64_t add_ns;  /* that the host's times are shown with; none of these here are */
	bool told_offset; /* the host's files have some */
	/*
	 * Gets each IPI as well; set before, or NULL. Of one that is joined, KVM_AT_SEND and KVM_AT_HANDLER are the guest's, by
	 * the host's clock, within width; caller, func and comm are numbers of guest_names. What else a guest has (sends without
	 * an exit, handlers) is in guests[].guest after kvm_report_read(); kvm_pair_time() has its times by the host's clock.
	 */
	void (*tap)(void *ctx, const struct kvm_ipi *ipi);
	void *tap_ctx;
};

/* buffer: of the file's ring buffers this one; NULL = all. Rows are by the keys of r. */
int kvm_report_read(struct kvm_report *r, const char *path, const char *buffer, struct err *err);
void kvm_report_free(struct kvm_report *r);
/* What a VM was joined with; NULL: nothing. */
const struct kvm_pair *kvm_report_pair(const struct kvm_report *r, int32_t vm);
/* A time of the guest's sends, handlers and gaps was at the host's between these two. False: it is not known. */
bool kvm_pair_time(const struct kvm_pair *p, uint64_t at, uint64_t *early, uint64_t *late);
/* The thread of a virtual CPU; NULL: no event told of it. */
const struct kvm_thread *kvm_report_thread(const struct kvm_report *r, int32_t vm, uint32_t vcpu);
/* Sentences on what this recording cannot show; each malloc'ed. At most KVM_MAX_NOTES. */
#define KVM_MAX_NOTES (20 + KVM_MAX_GUESTS)
unsigned int kvm_report_notes(const struct kvm_report *r, char *notes[KVM_MAX_NOTES]);

#endif
