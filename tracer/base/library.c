// SPDX-License-Identifier: GPL-2.0-only
/*
 * base/library.c - a library that only those load who need it.
 */
#include <dlfcn.h>
#include <string.h>

#include "base/library.h"

int library_load(const char *file, const char *const *names, unsigned int nr, void *calls, struct err *err)
{
	void *handle = dlopen(file, RTLD_NOW | RTLD_LOCAL);

	if (!handle)
		return err_set(err, EXIT_FAILED, "%s", dlerror());
	for (unsigned int i = 0; i < nr; i++) {
		void *call = dlsym(handle, names[i]);

		if (!call)
			return err_set(err, EXIT_FAILED, "%s has no %s", file, names[i]);
		memcpy((char *)calls + i * sizeof(call), &call, sizeof(call));
	}
	return 0;
}
