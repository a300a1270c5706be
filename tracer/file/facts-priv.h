/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * file/facts-priv.h - between the files that write and read ipitrace's own facts.
 */
#ifndef IPITRACE_FILE_FACTS_PRIV_H
#define IPITRACE_FILE_FACTS_PRIV_H

#include <stdint.h>
#include <stdio.h>

#include "file/facts.h"

/* "key value", what would end the line escaped; nothing if value is NULL. */
void facts_put_text(FILE *out, const char *key, const char *value);
char *facts_get_text(const char *value); /* malloc'ed */
/* Numbers separated by blanks, malloc'ed; NULL and *nr 0 if there is anything else. */
uint64_t *facts_get_numbers(const char *value, unsigned int *nr);
int facts_get_number(const char *value, uint64_t max, uint64_t *v);
int facts_get_pids(int32_t **pids, unsigned int *nr_pids, const char *value);
/* The lines that facts_put_tasks() writes; others are skipped. -1: damaged. */
void facts_put_tasks(FILE *out, const struct facts *f);
int facts_get_task_line(struct facts *f, const char *key, const char *value);

#endif
