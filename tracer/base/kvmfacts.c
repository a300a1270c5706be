// SPDX-License-Identifier: GPL-2.0-only
/*
 * base/kvmfacts.c - a table of values by subject, name and reading; its lines.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/kvmfacts.h"
#include "base/mem.h"
#include "base/parse.h"

/* include/linux/kvm_host.h: KVM_GENERIC_VCPU_STATS(); arch/x86/kvm/x86.c, arch/arm64/kvm/guest.c: kvm_vcpu_stats_desc. */
const struct kvm_counter kvm_counters[] = {
	{ "exits", true },
	{ "halt_exits", true },
	{ "halt_wakeup", true },
	{ "halt_attempted_poll", true },
	{ "halt_successful_poll", true },
	{ "halt_poll_invalid", true },
	{ "halt_poll_success_ns", true },
	{ "halt_poll_fail_ns", true },
	{ "halt_wait_ns", true },
	{ "irq_exits", false },
	{ "irq_injections", true },
	{ "irq_window_exits", false },
	{ "hypercalls", true },
	{ "io_exits", false },
	{ "mmio_exits", false },
	{ "signal_exits", false },
	{ "preemption_reported", false },
	{ "directed_yield_attempted", false },
	{ "directed_yield_successful", false },
	{ "nested_run", false },
	{ "wfe_exit_stat", false },
	{ "wfi_exit_stat", false },
	{ "hvc_exit_stat", false },
};
const unsigned int kvm_nr_counters = ARRAY_SIZE(kvm_counters);

void kvm_facts_free(struct kvm_facts *f)
{
	for (unsigned int i = 0; i < f->nr; i++) {
		struct kvm_subject *s = &f->subjects[i];

		for (unsigned int k = 0; k < s->nr; k++) {
			free(s->facts[k].name);
			for (unsigned int snap = 0; snap < KVM_NR_SNAPS; snap++)
				free(s->facts[k].val[snap]);
		}
		free(s->facts);
		free(s->name);
	}
	free(f->subjects);
	memset(f, 0, sizeof(*f));
}

const struct kvm_subject *kvm_facts_subject(const struct kvm_facts *f, const char *subject)
{
	/* Those of a subject come one after the other. */
	for (unsigned int i = f->nr; i-- > 0;)
		if (!strcmp(f->subjects[i].name, subject))
			return &f->subjects[i];
	return NULL;
}

static const struct kvm_fact *find(const struct kvm_subject *s, const char *name)
{
	for (unsigned int i = 0; s && i < s->nr; i++)
		if (!strcmp(s->facts[i].name, name))
			return &s->facts[i];
	return NULL;
}

void kvm_facts_set(struct kvm_facts *f, unsigned int snap, const char *subject, const char *name, const char *value)
{
	struct kvm_subject *s = (struct kvm_subject *)kvm_facts_subject(f, subject);
	struct kvm_fact *fact;

	if (!s) {
		f->subjects = xrealloc(f->subjects, (f->nr + 1) * sizeof(*f->subjects));
		s = &f->subjects[f->nr++];
		*s = (struct kvm_subject){ .name = xstrdup(subject) };
	}
	fact = (struct kvm_fact *)find(s, name);
	if (!fact) {
		s->facts = xrealloc(s->facts, (s->nr + 1) * sizeof(*s->facts));
		fact = &s->facts[s->nr++];
		*fact = (struct kvm_fact){ .name = xstrdup(name) };
	}
	free(fact->val[snap]);
	fact->val[snap] = xstrdup(value);
}

const char *kvm_facts_get(const struct kvm_facts *f, unsigned int snap, const char *subject, const char *name)
{
	const struct kvm_fact *fact = find(kvm_facts_subject(f, subject), name);

	return fact ? fact->val[snap] : NULL;
}

bool kvm_facts_u64(const struct kvm_facts *f, unsigned int snap, const char *subject, const char *name, uint64_t *val)
{
	const char *text = kvm_facts_get(f, snap, subject, name);

	return text && !parse_u64(text, val, NULL);
}

bool kvm_facts_none(const struct kvm_facts *f)
{
	uint64_t nr;

	if (!f->on)
		return false;
	if (kvm_facts_u64(f, 0, "record", "vcpus", &nr))
		return !nr;
	/* Of all tasks: then nobody looked for threads, but there are the kernel's own lists. */
	for (unsigned int i = 0; i < f->nr; i++)
		if (!strncmp(f->subjects[i].name, "vm/", 3))
			return false;
	return kvm_facts_get(f, 0, "debugfs", "readable") && kvm_facts_get(f, KVM_NR_SNAPS - 1, "debugfs", "readable");
}

bool kvm_subject_vm(const struct kvm_subject *s, const char **dir)
{
	*dir = s->name + 3;
	return !strncmp(s->name, "vm/", 3);
}

bool kvm_subject_vcpu(const struct kvm_subject *s, const char **dir, uint32_t *id)
{
	const char *number = strrchr(s->name, '/');
	uint64_t val;

	*dir = s->name + 5;
	if (strncmp(s->name, "vcpu/", 5) || number < *dir || parse_u64(number + 1, &val, NULL) || val > INT32_MAX)
		return false;
	*id = (uint32_t)val;
	return true;
}

int64_t kvm_facts_vcpu_of(const struct kvm_facts *f, int32_t tid)
{
	const char *dir;
	uint64_t pid;
	uint32_t id;

	for (unsigned int i = 0; tid > 0 && i < f->nr; i++) {
		if (!kvm_subject_vcpu(&f->subjects[i], &dir, &id))
			continue;
		for (unsigned int snap = KVM_NR_SNAPS; snap-- > 0;)
			if (kvm_facts_u64(f, snap, f->subjects[i].name, "pid", &pid) && pid == (uint64_t)tid)
				return id;
	}
	return -1;
}

/* --- lines --- */

/* Names have no blanks, values no newlines: the kernel's have none, and what has is no line of ours. */
static bool is_word(const char *text)
{
	return *text && !text[strcspn(text, " \n\r")];
}

void kvm_facts_format(const struct kvm_facts *f, FILE *out)
{
	if (f->on)
		fputs("kvm on\n", out);
	for (unsigned int i = 0; i < f->nr; i++) {
		const struct kvm_subject *s = &f->subjects[i];

		for (unsigned int k = 0; k < s->nr; k++)
			for (unsigned int snap = 0; snap < KVM_NR_SNAPS; snap++) {
				const char *val = s->facts[k].val[snap];

				if (val && is_word(s->name) && is_word(s->facts[k].name) && !strpbrk(val, "\n\r"))
					fprintf(out, "kvm %u %s %s %s\n", snap, s->name, s->facts[k].name, val);
			}
	}
}

static char *take_word(char **at)
{
	char *word = *at, *end = word + strcspn(word, " ");

	if (end == word || !*end)
		return NULL;
	*end = '\0';
	*at = end + 1;
	return word;
}

int kvm_facts_parse(struct kvm_facts *f, char *line)
{
	char *snap, *subject, *name;

	f->on = true;
	if (!strcmp(line, "on"))
		return 0;
	snap = take_word(&line);
	subject = snap ? take_word(&line) : NULL;
	name = subject ? take_word(&line) : NULL;
	if (!name || snap[1] || snap[0] < '0' || snap[0] >= '0' + KVM_NR_SNAPS)
		return -1;
	kvm_facts_set(f, (unsigned int)(snap[0] - '0'), subject, name, line);
	return 0;
}
