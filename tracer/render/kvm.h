/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * render/kvm.h - a host's report of its virtual machines as text, JSON or CSV.
 */
#ifndef IPITRACE_RENDER_KVM_H
#define IPITRACE_RENDER_KVM_H

#include <stdbool.h>
#include <stdio.h>

#include "kvm/report.h"
#include "render/screen.h"

struct render_kvm_options {
	struct screen screen;
	unsigned int top; /* rows to show, 0 = all */
	bool raw_text;	  /* CSV: as render_options has it */
};

void render_kvm_text(const struct kvm_report *r, const struct render_kvm_options *o, FILE *out);
void render_kvm_json(const struct kvm_report *r, const struct render_kvm_options *o, FILE *out);
void render_kvm_csv(const struct kvm_report *r, const struct render_kvm_options *o, FILE *out);
/* Keys and columns, for the user. */
void render_kvm_help(FILE *out);
/* Both read without keys, in the same unit. */
void render_kvm_diff_text(const struct kvm_report *a, const struct kvm_report *b, const struct render_kvm_options *o,
			  FILE *out);
void render_kvm_diff_json(const struct kvm_report *a, const struct kvm_report *b, FILE *out);

struct json;
/* How far a report is to be trusted, as an object: what it was joined with, laws, notes; as ipitrace-kvm/1 has them. */
void render_kvm_json_side(struct json *j, const char *key, const struct kvm_report *r);

#endif
