// SPDX-License-Identifier: GPL-2.0-only
/*
 * report/report-json.c - reports that were written as JSON, back in.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/jsonread.h"
#include "base/mem.h"
#include "base/text.h"
#include "report/columns.h"
#include "report/report-json.h"

#define REPORT_SCHEMA "ipitrace-report/1"
#define KVM_SCHEMA    "ipitrace-kvm/1"

/* A pipe cannot be looked at and then be read from its beginning: its name has to tell. */
bool report_json_is(const char *path)
{
	size_t len = strlen(path);
	struct stat st;
	bool json = false;
	FILE *f;
	int c;

	if (stat(path, &st) || !S_ISREG(st.st_mode))
		return len > 5 && !strcmp(path + len - 5, ".json");
	f = fopen(path, "re");
	if (!f)
		return false;
	while ((c = getc(f)) == ' ' || c == '\n' || c == '\t' || c == '\r')
		;
	json = c == '{';
	fclose(f);
	return json;
}

char *report_json_text(const struct json_val *obj, const char *key)
{
	char buf[4096];

	json_get_str(obj, key, buf, sizeof(buf));
	return buf[0] ? xstrdup(buf) : NULL;
}

bool report_json_null(const struct json_val *obj, const char *key)
{
	return json_get(obj, key, JSON_NULL) != NULL;
}

int report_json_hist(struct hist *to, const struct json_val *dist)
{
	const struct json_val *buckets = json_get(dist, "buckets", JSON_ARR), *low, *count;
	struct hist h = {
		.sum = json_get_num(dist, "sum", 0),
		.min = json_get_num(dist, "min", 0),
		.max = json_get_num(dist, "max", 0),
		.max_at_ns = json_get_num(dist, "max_at_ns", 0),
		.max_cpu = (uint32_t)json_get_num(dist, "max_cpu", 0),
	};
	int ret = -1;

	if (!dist)
		return 0;
	if (!buckets)
		goto out;
	for (const struct json_val *b = buckets->child; b; b = b->next) {
		low = b->type == JSON_ARR ? b->child : NULL;
		count = low ? low->next : NULL;
		if (!count || low->type != JSON_NUM || count->type != JSON_NUM || count->next ||
		    !hist_put(&h, low->num, count->num))
			goto out;
	}
	if (h.count != json_get_num(dist, "count", 0) || h.min > h.max)
		goto out;
	hist_merge(to, &h);
	ret = 0;
out:
	hist_free(&h);
	return ret;
}

int report_json_by(const struct json_val *top, enum agg_key *by, unsigned int *nr_by)
{
	const struct json_val *list = json_get(top, "by", JSON_ARR);
	enum agg_key key;

	*nr_by = 0;
	for (const struct json_val *v = list ? list->child : NULL; v; v = v->next) {
		for (key = 0; key < AGG_NR_KEYS; key++)
			if (v->type == JSON_STR && !strcmp(report_key_name(key), v->str))
				break;
		if (key == AGG_NR_KEYS || *nr_by == AGG_NR_KEYS)
			return -1;
		by[(*nr_by)++] = key;
	}
	return *nr_by ? 0 : -1;
}

char *report_json_key(const struct json_val *row, enum agg_key key)
{
	const char *name = report_key_name(key);
	const struct json_val *num = json_get(row, name, JSON_NUM);

	return num ? xasprintf("%llu", (unsigned long long)num->num) : report_json_text(row, name);
}

bool report_json_incomplete(const struct json_val *top)
{
	const struct json_val *trace = json_get(top, "trace", JSON_OBJ),
			      *coverage = json_get(top, "coverage", JSON_ARR);

	if (json_get_flag(trace, "incomplete") || json_get_flag(trace, "truncated") ||
	    json_get_num(trace, "lost_events", 1) || json_get_num(trace, "late_events", 0) ||
	    json_get(trace, "damaged", JSON_STR))
		return true;
	for (const struct json_val *v = coverage ? coverage->child : NULL; v; v = v->next)
		if (json_get_flag(v, "missing"))
			return true;
	return false;
}

int report_json_time(struct report_json_time *t, const struct json_val *trace)
{
	const struct json_val *window = json_get(trace, "window", JSON_OBJ);

	*t = (struct report_json_time){ .clock_ns = !report_json_null(trace, "duration_ns"), .windowed = window };
	t->whole_ns = t->duration_ns = json_get_num(trace, "duration_ns", 0);
	if (!window)
		return 0;
	t->from_ns = json_get_num(window, "from_ns", 0);
	t->to_ns = json_get_num(window, "to_ns", 0);
	t->duration_ns = json_get_num(window, "duration_ns", 0);
	return t->to_ns >= t->from_ns ? 0 : -1;
}

static bool all_rows(const char *path, const struct json_val *top, struct err *err)
{
	const struct json_val *rows = json_get(top, "rows", JSON_ARR);
	uint64_t nr = 0, all;

	for (const struct json_val *r = rows ? rows->child : NULL; r; r = r->next)
		nr++;
	all = json_get_num(top, "rows_total", nr);
	if (nr >= all)
		return true;
	err_set(err, EXIT_FAILED, "%s: a part of a report: %llu of %llu row%s", path, (unsigned long long)nr,
		(unsigned long long)all, plural_s(all));
	err_hint(err, "write it without --top");
	return false;
}

struct json_val *report_json_read(const char *path, struct err *err)
{
	struct json_val *top = json_read_file(path, err);
	char schema[32];

	if (!top) {
		if (!err->hint[0])
			err_hint(err, "reports are made by 'ipitrace report --json RECORDING >REPORT.json'");
		return NULL;
	}
	json_get_str(top, "schema", schema, sizeof(schema));
	if (!strcmp(schema, KVM_SCHEMA)) {
		err_set(err, EXIT_FAILED, "%s: a report of virtual machines (--kvm), which has rows of its own", path);
		err_hint(err, "what takes reports takes those of 'ipitrace report --json', without --kvm");
	} else if (strcmp(schema, REPORT_SCHEMA)) {
		err_set(err, EXIT_FAILED, "%s: JSON, but not a report of ipitrace", path);
		err_hint(err, "reports are made by 'ipitrace report --json RECORDING >REPORT.json'");
	} else if (!json_get(top, "trace", JSON_OBJ) || !json_get(top, "totals", JSON_OBJ) ||
		   !json_get(top, "rows", JSON_ARR)) {
		report_json_damaged(path, err);
	} else if (all_rows(path, top, err)) {
		return top;
	}
	json_free(top);
	return NULL;
}

int report_json_damaged(const char *path, struct err *err)
{
	err_set(err, EXIT_FAILED, "%s: this report lacks something, or is damaged", path);
	return err_hint(err, "reports have buckets since version 0.2: write it anew with 'ipitrace report --json'");
}
