// SPDX-License-Identifier: GPL-2.0-only
/*
 * unwind/files.c - files that were mapped: are they still what they were, and where does a mapping lie in them?
 */
#include <elfutils/libdwelf.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/mem.h"
#include "unwind/priv.h"

#define PAGE_MAX (64u << 10) /* arm64 has such pages */

static bool same_file(const struct mapped_file *f, const struct unwind_map *m)
{
	return f->ino == m->ino && f->dev_major == m->dev_major && f->dev_minor == m->dev_minor &&
	       f->build_id_len == m->build_id_len &&
	       (!m->build_id_len || !memcmp(f->build_id, m->build_id, m->build_id_len)) && !strcmp(f->path, m->name);
}

static uint32_t file_hash(const struct unwind_map *m)
{
	uint64_t h = m->ino;

	for (const char *p = m->name; *p; p++)
		h = (h ^ (unsigned char)*p) * 0x100000001b3ULL;
	return (uint32_t)hash_u64(h);
}

uint32_t file_find(struct files *fs, const struct unwind_map *m, uint64_t ts_ns)
{
	uint32_t h = file_hash(m), at, i;
	struct mapped_file *f;

	for (i = hash_first(&fs->by_identity, h, &at); i != HASH_END; i = hash_next(&fs->by_identity, h, &at))
		if (same_file(&fs->files[i], m))
			return i;
	fs->files = xrealloc(fs->files, (fs->nr + 1) * sizeof(*fs->files));
	f = &fs->files[fs->nr];
	*f = (struct mapped_file){
		.path = xstrdup(m->name),
		.ino = m->ino,
		.dev_major = m->dev_major,
		.dev_minor = m->dev_minor,
		.build_id_len = m->build_id_len,
		.first_ns = ts_ns,
	};
	if (m->build_id_len)
		memcpy(f->build_id, m->build_id, m->build_id_len);
	hash_add(&fs->by_identity, h, fs->nr);
	return fs->nr++;
}

static bool build_id_is(int fd, const struct mapped_file *f)
{
	Elf *elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	const void *id;
	ssize_t len = elf ? dwelf_elf_gnu_build_id(elf, &id) : -1;
	bool same = len == (ssize_t)f->build_id_len && !memcmp(id, f->build_id, f->build_id_len);

	elf_end(elf);
	return same;
}

/* Without a build id: the same inode, and not written since it was mapped. */
static bool inode_is(int fd, const struct mapped_file *f, int64_t realtime_less_monotonic_ns)
{
	struct stat st;

	if (fstat(fd, &st) || st.st_ino != f->ino || major(st.st_dev) != f->dev_major ||
	    minor(st.st_dev) != f->dev_minor)
		return false;
	return st.st_mtim.tv_sec * 1000000000LL + st.st_mtim.tv_nsec <=
	       (int64_t)f->first_ns + realtime_less_monotonic_ns;
}

/* A segment's offset in the file and its address need not differ by the same in all segments. */
static void read_segments(int fd, struct mapped_file *f)
{
	Elf *elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	size_t nr = 0;

	if (elf && elf_getphdrnum(elf, &nr))
		nr = 0;
	for (size_t i = 0; i < nr && f->nr_segments < MAX_SEGMENTS; i++) {
		GElf_Phdr ph;

		if (gelf_getphdr(elf, (int)i, &ph) && ph.p_type == PT_LOAD && ph.p_flags & PF_X)
			f->segments[f->nr_segments++] = (struct segment){ ph.p_offset, ph.p_filesz, ph.p_vaddr };
	}
	elf_end(elf);
}

bool file_good(struct mapped_file *f, int64_t realtime_less_monotonic_ns)
{
	int fd;

	if (f->state != FILE_UNKNOWN)
		return f->state == FILE_GOOD;
	f->state = FILE_BAD;
	if (f->path[0] != '/')
		return false; /* [vdso], //anon, memfd */
	elf_version(EV_CURRENT);
	fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return false;
	if (f->build_id_len ? build_id_is(fd, f) : inode_is(fd, f, realtime_less_monotonic_ns)) {
		f->state = FILE_GOOD;
		read_segments(fd, f);
	}
	close(fd);
	return f->state == FILE_GOOD;
}

/* A mapping begins with the page in which the segment begins, or somewhere in the segment. */
int file_bias(const struct mapped_file *f, uint64_t addr, uint64_t offset, uint64_t *bias)
{
	for (unsigned int i = 0; i < f->nr_segments; i++) {
		const struct segment *s = &f->segments[i];

		if (offset + PAGE_MAX <= s->offset || offset >= s->offset + s->len)
			continue;
		*bias = addr - offset + s->offset - s->vaddr;
		return 0;
	}
	return -1;
}

void files_free(struct files *fs)
{
	for (uint32_t i = 0; i < fs->nr; i++)
		free(fs->files[i].path);
	free(fs->files);
	hash_free(&fs->by_identity);
}
