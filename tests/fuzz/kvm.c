// SPDX-License-Identifier: GPL-2.0-only
/*
 * The input is a trace.dat file of a host: its virtual machines, to the report in all its forms.
 */
#include "base/compiler.h"
#include "base/err.h"
#include "fuzz.h"
#include "kvm/report.h"
#include "render/kvm.h"

/* What holds whatever the events are: those laws that need none. */
static void conserves(const struct kvm_report *r)
{
	uint64_t rows = 0, vms = 0;

	for (unsigned int i = 0; i < r->nr_rows; i++)
		for (unsigned int o = 0; o < KVM_NR_OUTCOMES; o++)
			rows += r->rows[i].outcomes[o];
	for (unsigned int i = 0; i < r->nr_vms; i++) {
		const struct kvm_halts *h = &r->vms[i].halts;

		for (unsigned int o = 0; o < KVM_NR_OUTCOMES; o++)
			vms += r->vms[i].outcomes[o];
		fuzz_check(h->count == h->polled + h->waited + h->pending);
	}
	fuzz_check(rows == vms && rows == r->stats->hits);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum kvm_key by[] = { KVM_KEY_VM, KVM_KEY_PATH, KVM_KEY_CLASS, KVM_KEY_KICK, KVM_KEY_TARGET };
	struct kvm_report r = { .nr_by = ARRAY_SIZE(by) };
	struct render_kvm_options o = { 0 };
	struct err err = { 0 };
	char path[32];
	int fd = fuzz_file(data, size, path);
	FILE *out = fopen("/dev/null", "w");

	memcpy(r.by, by, sizeof(by));
	if (!kvm_report_read(&r, path, NULL, &err)) {
		conserves(&r);
		render_kvm_text(&r, &o, out);
		render_kvm_json(&r, &o, out);
		render_kvm_csv(&r, &o, out);
	}
	kvm_report_free(&r);
	fclose(out);
	close(fd);
	return 0;
}
