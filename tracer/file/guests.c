// SPDX-License-Identifier: GPL-2.0-only
/*
 * file/guests.c - which guests trace-cmd's agents recorded beside a host.
 */
#include <stdint.h>
#include <string.h>

#include "base/mem.h"
#include "file/priv.h"

/* trace-cmd.dat.v7(5), option GUEST: its name, the id of its file, and of each CPU the number and the host's task. */
void dat_add_guest(struct dat_file *f, const uint8_t *data, size_t len)
{
	const uint8_t *end = memchr(data, '\0', len);
	size_t at = end ? (size_t)(end - data) + 1 : len;
	struct dat_guest_cpu *cpus;
	struct dat_guest *g;
	uint64_t nr;

	if (len - at < 12)
		return;
	nr = dat_number(data + at + 8, 4, f->info.big_endian);
	if (nr > (len - at - 12) / 8)
		return;
	cpus = dat_own(f, xcalloc(nr + 1, sizeof(*cpus)));
	for (uint64_t i = 0; i < nr; i++) {
		const uint8_t *cpu = data + at + 12 + 8 * i;

		cpus[i] = (struct dat_guest_cpu){ (uint32_t)dat_number(cpu, 4, f->info.big_endian),
						  (int32_t)dat_number(cpu + 4, 4, f->info.big_endian) };
	}
	f->guests = xrealloc(f->guests, (f->info.nr_guests + 1) * sizeof(*f->guests));
	g = &f->guests[f->info.nr_guests++];
	*g = (struct dat_guest){ .name = (const char *)data,
				 .trace_id = dat_number(data + at, 8, f->info.big_endian),
				 .cpus = cpus,
				 .nr_cpus = (unsigned int)nr };
	f->info.guests = f->guests;
}

const struct dat_guest *dat_guest_of(const struct dat_info *info, int32_t task, uint32_t *cpu)
{
	for (unsigned int i = 0; i < info->nr_guests; i++)
		for (unsigned int k = 0; k < info->guests[i].nr_cpus; k++)
			if (info->guests[i].cpus[k].task == task) {
				*cpu = info->guests[i].cpus[k].cpu;
				return &info->guests[i];
			}
	return NULL;
}
