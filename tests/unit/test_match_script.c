// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_match_script.c - every interleaving written down in tests/data/match.
 *
 * The expectations were derived from how the kernel works, by hand. Each
 * script says in its head which phenomenon it is about.
 */
#include <glob.h>
#include <stdlib.h>

#include "matchscript.h"
#include "tap.h"

#define NR_PATHOLOGIES 28

static const char *data_dir(void)
{
	const char *dir = getenv("MATCH_SCRIPTS");

	return dir ? dir : "tests/data/match";
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

int main(int argc, char **argv)
{
	bool seen[NR_PATHOLOGIES + 1] = { false };
	char pattern[4096];
	glob_t list;

	if (argc > 1) {
		for (int i = 1; i < argc; i++)
			ok(!script_run(argv[i]), "%s", base_name(argv[i]));
		return done_testing();
	}
	snprintf(pattern, sizeof(pattern), "%s/*.script", data_dir());
	if (!ok(!glob(pattern, 0, NULL, &list), "scripts are in %s", data_dir()))
		return done_testing();
	for (size_t i = 0; i < list.gl_pathc; i++) {
		const char *name = base_name(list.gl_pathv[i]);
		unsigned int p;

		if (sscanf(name, "p%2u", &p) == 1 && p <= NR_PATHOLOGIES)
			seen[p] = true;
		ok(!script_run(list.gl_pathv[i]), "%s", name);
	}
	globfree(&list);
	for (unsigned int p = 1; p <= NR_PATHOLOGIES; p++)
		ok(seen[p], "pathology P%u has a script", p);
	return done_testing();
}
