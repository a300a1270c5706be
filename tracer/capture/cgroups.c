// SPDX-License-Identifier: GPL-2.0-only
/*
 * capture/cgroups.c - which hierarchy of control groups, and where tasks are in it.
 */
#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/text.h"
#include "capture/cgroups.h"

void cgroups_free(struct cgroups *c)
{
	for (unsigned int i = 0; i < c->nr; i++)
		free(c->paths[i]);
	free(c->paths);
	hash_free(&c->by_path);
	*c = (struct cgroups){ 0 };
}

/* --- which hierarchy --- */

/* A mount is of this hierarchy: version 2, or with these controllers among its options. */
static bool mount_is(const char *options, const char *controllers)
{
	size_t len = strcspn(controllers, ",");

	if (!*controllers)
		return !strncmp(options, "cgroup2 ", 8);
	if (strncmp(options, "cgroup ", 7))
		return false;
	options += strcspn(options, " ") + 1;
	options += strcspn(options, " ");
	for (const char *p = options; *p && *p != '\n'; p += strcspn(p, ",\n")) {
		p++;
		if (!strncmp(p, controllers, len) && strchr(",\n", p[len]))
			return true;
	}
	return false;
}

static bool has_directories(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *d;
	bool found = false;

	while (dir && !found && (d = readdir(dir)))
		found = d->d_type == DT_DIR && d->d_name[0] != '.';
	if (dir)
		closedir(dir);
	return found;
}

/* Groups were made in the hierarchy of these controllers; "" is version 2. Lines as proc_pid_mountinfo(5) has them. */
static bool has_groups(const char *mounts, const char *controllers)
{
	char path[600];

	for (const char *line = mounts; line && *line; line += strcspn(line, "\n"), line += *line == '\n') {
		const char *options = strstr(line, " - ");

		if (!options || options > line + strcspn(line, "\n") || !mount_is(options + 3, controllers))
			continue;
		if (sscanf(line, "%*s %*s %*s %*s %599s", path) == 1)
			return has_directories(path);
	}
	return false;
}

/* Where the kernel's events have paths that /proc has as well: CGROUP_PROC_INIT_INO of include/linux/proc_ns.h. */
static bool in_first_namespace(void)
{
	char name[40];
	ssize_t len = readlink("/proc/self/ns/cgroup", name, sizeof(name) - 1);

	if (len < 0)
		return false;
	name[len] = '\0';
	return !strcmp(name, "cgroup:[4026531835]");
}

/*
 * Lines "4:memory:/path", version 2 "0::/path". Version 2 if it has groups, or
 * there is nothing else; then the first that has, in the order of their numbers.
 */
void cgroups_choose(struct cgroups *c)
{
	char *own = read_file("/proc/self/cgroup", NULL), *mounts = read_file("/proc/self/mountinfo", NULL),
	     *save = NULL;
	bool found = false, any = false;

	for (char *line = own ? strtok_r(own, "\n", &save) : NULL; line; line = strtok_r(NULL, "\n", &save)) {
		char controllers[128] = "";
		int id = (int)strtol(line, NULL, 10);

		sscanf(line, "%*d:%127[^:]:", controllers);
		if (has_groups(mounts, controllers) && (!found || !id || (c->hierarchy && id < c->hierarchy))) {
			c->hierarchy = id;
			found = true;
		}
		any = true;
	}
	c->known = any;
	c->whole = in_first_namespace();
	free(own);
	free(mounts);
}

/* --- paths --- */

unsigned int cgroups_number(struct cgroups *c, const char *path, size_t len)
{
	static const char deleted[] = " (deleted)";
	uint64_t h = 0;
	uint32_t hash, at, i;

	/* A group that was removed while it still had tasks that were ending. */
	if (len > strlen(deleted) && !strncmp(path + len - strlen(deleted), deleted, strlen(deleted)))
		len -= strlen(deleted);
	for (size_t k = 0; k < len; k++)
		h = hash_u64(h + (unsigned char)path[k] + 1);
	hash = (uint32_t)h;
	for (i = hash_first(&c->by_path, hash, &at); i != HASH_END; i = hash_next(&c->by_path, hash, &at))
		if (!strncmp(c->paths[i], path, len) && !c->paths[i][len])
			return i + 1;
	if (c->nr == CGROUPS_MAX || !len)
		return 0;
	c->paths = xrealloc(c->paths, (c->nr + 1) * sizeof(*c->paths));
	c->paths[c->nr] = xasprintf("%.*s", (int)len, path);
	hash_add(&c->by_path, hash, c->nr);
	return ++c->nr;
}

unsigned int cgroups_of_task(struct cgroups *c, const char *directory)
{
	char *file = xasprintf("%s/cgroup", directory), *text, *save = NULL;
	unsigned int number = 0;

	text = c->known ? read_file(file, NULL) : NULL;
	for (char *line = text ? strtok_r(text, "\n", &save) : NULL; line; line = strtok_r(NULL, "\n", &save)) {
		const char *path = strchr(line, '/');

		if ((int)strtol(line, NULL, 10) == c->hierarchy && path)
			number = cgroups_number(c, path, strlen(path));
	}
	free(text);
	free(file);
	return number;
}
