/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bench/env.h - the machine that the figures hold for.
 */
#ifndef IPITRACE_BENCH_ENV_H
#define IPITRACE_BENCH_ENV_H

#include "bench/topo.h"

struct bench_fact {
	const char *key, *label;
	char *value; /* NULL = unknown */
};

#define BENCH_MAX_FACTS 24

struct bench_env {
	struct bench_fact facts[BENCH_MAX_FACTS];
	unsigned int nr;
};

/* key and label: texts that stay; value: to be freed by bench_env_free(), NULL = unknown. */
void bench_env_add(struct bench_env *e, const char *key, const char *label, char *value);
void bench_env_read(struct bench_env *e, const struct bench_topo *t);
void bench_env_free(struct bench_env *e);

#endif
