// SPDX-License-Identifier: GPL-2.0-only
/*
 * kvm/rows.c - IPIs to rows, by the keys that are asked for.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/text.h"
#include "kvm/rows.h"

static const char *const key_names[KVM_NR_KEYS] = {
	[KVM_KEY_VM] = "vm",	     [KVM_KEY_PATH] = "path",	  [KVM_KEY_CLASS] = "class",
	[KVM_KEY_KICK] = "kick",     [KVM_KEY_SOURCE] = "source", [KVM_KEY_TARGET] = "target",
	[KVM_KEY_CALLER] = "caller", [KVM_KEY_FUNC] = "func",	  [KVM_KEY_COMM] = "comm",
};

const char *kvm_key_name(unsigned int key)
{
	return key < KVM_NR_KEYS ? key_names[key] : "?";
}

bool kvm_key_is_guests(enum kvm_key key)
{
	return key == KVM_KEY_CALLER || key == KVM_KEY_FUNC || key == KVM_KEY_COMM;
}

int kvm_parse_by(const char *list, enum kvm_key by[KVM_NR_KEYS], unsigned int *nr, struct err *err)
{
	*nr = 0;
	for (const char *p = list;; p++) {
		size_t len = strcspn(p, ","), key;

		for (key = 0; key < KVM_NR_KEYS; key++)
			if (strlen(key_names[key]) == len && !strncmp(key_names[key], p, len))
				break;
		for (unsigned int i = 0; i < *nr; i++)
			if (by[i] == key)
				return err_set(err, EXIT_USAGE, "'%.60s': %s twice", list, key_names[key]);
		if (key == KVM_NR_KEYS) {
			err_set(err, EXIT_USAGE, "'%.*s': rows of virtual machines are not by that",
				(int)(len < 60 ? len : 60), p);
			return err_hint(
				err,
				"with --kvm: vm, path, class, kick, source, target; with --guest caller, func, comm, too");
		}
		by[(*nr)++] = (enum kvm_key)key;
		p += len;
		if (!*p)
			return 0;
	}
}

/* The keys of the report and nothing else. */
static struct kvm_ipi key_of(const struct kvm_report *r, const struct kvm_ipi *ipi)
{
	struct kvm_ipi key = { 0 };

	for (unsigned int i = 0; i < r->nr_by; i++) {
		switch (r->by[i]) {
		case KVM_KEY_VM:
			key.vm = ipi->vm;
			break;
		case KVM_KEY_PATH:
			key.path = ipi->path;
			break;
		case KVM_KEY_CLASS:
			key.vector = ipi->mode > 1 ? 0 : ipi->vector;
			key.mode = ipi->mode > 1 ? ipi->mode : 0;
			key.arm = ipi->arm;
			break;
		case KVM_KEY_KICK:
			key.kick = ipi->kick;
			break;
		/* A virtual CPU is one of its VM. */
		case KVM_KEY_SOURCE:
			key.source = ipi->source;
			key.vm = ipi->vm;
			break;
		case KVM_KEY_TARGET:
			key.target = ipi->target;
			key.vm = ipi->vm;
			break;
		case KVM_KEY_CALLER:
			key.caller = ipi->caller;
			break;
		case KVM_KEY_FUNC:
			key.func = ipi->func;
			break;
		case KVM_KEY_COMM:
			key.comm = ipi->comm;
			break;
		default:
			break;
		}
	}
	return key;
}

static uint64_t key_hash(const struct kvm_ipi *key)
{
	uint64_t h = hash_u64((uint64_t)(uint32_t)key->vm << 32 | key->source);

	h = hash_u64(h ^ ((uint64_t)key->target << 32 | (uint32_t)key->path << 24 | (uint32_t)key->kick << 16 |
			  (uint32_t)key->vector << 8 | (uint32_t)key->mode << 1 | key->arm));
	h = hash_u64(h ^ ((uint64_t)key->caller << 32 | key->func));
	h = hash_u64(h ^ key->comm);
	return h;
}

static bool same_key(const struct kvm_ipi *a, const struct kvm_ipi *b)
{
	return a->vm == b->vm && a->source == b->source && a->target == b->target && a->path == b->path &&
	       a->kick == b->kick && a->vector == b->vector && a->mode == b->mode && a->arm == b->arm &&
	       a->caller == b->caller && a->func == b->func && a->comm == b->comm;
}

static struct kvm_row *row_get(struct kvm_rows *rows, struct kvm_report *r, const struct kvm_ipi *ipi)
{
	struct kvm_ipi key = key_of(r, ipi);
	uint32_t hash = (uint32_t)key_hash(&key), at;
	unsigned int nr = r->nr_rows;

	for (uint32_t i = hash_first(&rows->by_key, hash, &at); i != HASH_END; i = hash_next(&rows->by_key, hash, &at))
		if (same_key(&r->rows[i].key, &key))
			return &r->rows[i];
	r->rows = xgrow(r->rows, &rows->room, nr, sizeof(*r->rows));
	r->rows[nr].key = key;
	hash_add(&rows->by_key, hash, nr);
	r->nr_rows++;
	return &r->rows[nr];
}

void kvm_rows_add(struct kvm_rows *rows, struct kvm_report *r, const struct kvm_ipi *ipi)
{
	struct kvm_row *row = row_get(rows, r, ipi);
	const bool joined = ipi->at[KVM_AT_SEND] != KVM_NO_TIME && ipi->at[KVM_AT_HANDLER] != KVM_NO_TIME;
	uint64_t total = kvm_total(ipi), begin = ipi->at[KVM_AT_EXIT];
	const bool known = total != KVM_NO_TIME;

	row->ipis += ipi->target != KVM_NO_VCPU;
	row->outcomes[ipi->outcome]++;
	row->ambiguous += ipi->ambiguous;
	row->unjoined += r->is_joined && ipi->at[KVM_AT_SEND] == KVM_NO_TIME;
	row->width = row->width > ipi->width ? row->width : ipi->width;
	/* Of a joined report the total is from the guest's send to its handler; without either, the host's part is known still. */
	if (r->is_joined && !joined)
		total = KVM_NO_TIME;
	for (unsigned int i = 0; i < KVM_NR_POINTS; i++) {
		uint64_t stage = kvm_stage(ipi, (enum kvm_point)i);

		/* Of one whose way through the host is known to its end. */
		if (known && stage != KVM_NO_TIME)
			hist_add(&row->stages[i], stage, begin, ipi->target);
	}
	if (total != KVM_NO_TIME)
		hist_add(&row->total, total, begin, ipi->target);
}

static int by_count(const void *a, const void *b)
{
	const struct kvm_row *x = a, *y = b;

	if (x->ipis != y->ipis)
		return x->ipis < y->ipis ? 1 : -1;
	if (x->key.vm != y->key.vm)
		return x->key.vm < y->key.vm ? -1 : 1;
	if (x->key.source != y->key.source)
		return x->key.source < y->key.source ? -1 : 1;
	if (x->key.target != y->key.target)
		return x->key.target < y->key.target ? -1 : 1;
	if (x->key.caller != y->key.caller)
		return x->key.caller < y->key.caller ? -1 : 1;
	if (x->key.func != y->key.func)
		return x->key.func < y->key.func ? -1 : 1;
	if (x->key.comm != y->key.comm)
		return x->key.comm < y->key.comm ? -1 : 1;
	return memcmp(&x->key.path, &y->key.path, 6);
}

void kvm_rows_end(struct kvm_report *r)
{
	if (r->nr_rows)
		qsort(r->rows, r->nr_rows, sizeof(*r->rows), by_count);
}
