/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cmds/kvm.h - report --kvm: virtual machines on the host that runs them.
 */
#ifndef IPITRACE_CMDS_KVM_H
#define IPITRACE_CMDS_KVM_H

#include <stdbool.h>

#include "base/err.h"
#include "base/opts.h"
#include "cmds/rows.h"
#include "cmds/screen.h"
#include "kvm/report.h"

struct kvm_options {
	bool on;
	enum kvm_key by[KVM_NR_KEYS];
	unsigned int nr_by;
	struct kvm_want guests[KVM_MAX_GUESTS]; /* their paths are malloc'ed */
	unsigned int nr_guests;
};

/* The option's parse(): target is a struct kvm_options. */
int kvm_parse_keys(void *target, const char *arg, const struct opt_spec *spec, struct err *err);
/* "FILE[,pid=PID][,offset=N|unknown]", each time one more */
int kvm_parse_guest(void *target, const char *arg, const struct opt_spec *spec, struct err *err);
void kvm_options_free(struct kvm_options *o);
/* EXIT_OK, or EXIT_INCOMPLETE with *err: by what was lost, and by laws that are broken. */
int kvm_status(const struct kvm_report *r, struct err *err);
/* As a command returns. processes: the VMs of these alone. */
int kvm_report_file(const struct kvm_options *o, const char *path, const char *buffer,
		    const struct pid_filter *processes, enum rows_format format, unsigned int top,
		    const struct screen_options *screen, struct err *err);
/* diff --kvm: each with its guest, if that has a path. */
int kvm_diff_files(const char *a, const char *b, const struct kvm_want guests[2], bool json,
		   const struct screen_options *screen, struct err *err);

#endif
