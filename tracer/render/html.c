// SPDX-License-Identifier: GPL-2.0-only
/*
 * render/html.c - reports as one page of HTML.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "render/html-priv.h"

/*
 * JSON as the text of a script element. A '<' could begin a tag that ends it, and two
 * characters end a line in a script, not in JSON: all of them only ever are in strings, where JSON
 * has other names for them.
 */
static void put_inert(const char *json, size_t len, FILE *out)
{
	const char *end = json + len, *from = json;

	for (const char *p = json; p < end; p++) {
		size_t skip = 1;
		const char *as = NULL;

		if (*p == '<')
			as = "\\u003c";
		else if (*p == '>')
			as = "\\u003e";
		else if (*p == '&')
			as = "\\u0026";
		else if (end - p > 2 && !memcmp(p, "\xe2\x80\xa8", 3))
			as = "\\u2028", skip = 3;
		else if (end - p > 2 && !memcmp(p, "\xe2\x80\xa9", 3))
			as = "\\u2029", skip = 3;
		if (!as)
			continue;
		fwrite(from, 1, (size_t)(p - from), out);
		fputs(as, out);
		from = p + skip;
		p += skip - 1;
	}
	fwrite(from, 1, (size_t)(end - from), out);
}

void html_hist(struct json *j, const char *key, const struct hist *hist)
{
	uint64_t low, count, sum = 0, at = 0, mask;
	uint32_t i = 0;

	if (!hist->count) {
		json_null(j, key);
		return;
	}
	json_array(j, key);
	while (hist_next(hist, &i, &low, &count)) {
		unsigned int bits = 63 - (unsigned int)__builtin_clzll(low | 1u << CUBE_BUCKET_BITS);

		mask = (1ull << (bits - CUBE_BUCKET_BITS)) - 1;
		if (sum && (low & ~mask) != at) {
			json_u64(j, NULL, at);
			json_u64(j, NULL, sum);
			sum = 0;
		}
		at = low & ~mask;
		sum += count;
	}
	json_u64(j, NULL, at);
	json_u64(j, NULL, sum);
	json_close(j);
}

/* *json: malloc'ed, also on error. */
static int write_data(html_data_fn data, void *ctx, char **json, size_t *len, struct err *err)
{
	FILE *mem = open_memstream(json, len);
	int ret;

	if (!mem)
		return err_set_errno(err, EXIT_FAILED, errno, "cannot make a page");
	ret = data(ctx, mem, err);
	if (fclose(mem) && !ret)
		ret = err_set_errno(err, EXIT_FAILED, errno, "cannot make a page");
	return ret;
}

int html_write(html_data_fn data, html_shrink_fn shrink, void *ctx, FILE *out, struct err *err)
{
	static const char mark[] = "@DATA@\n";
	const char *hole = strstr(html_page, mark);
	char *json = NULL;
	size_t len = 0;
	int ret;

	do {
		free(json);
		json = NULL;
		ret = write_data(data, ctx, &json, &len, err);
	} while (!ret && shrink && len + strlen(html_page) > HTML_MAX_BYTES && shrink(ctx));
	if (!ret && hole) {
		fwrite(html_page, 1, (size_t)(hole - html_page), out);
		put_inert(json, len, out);
		fputs(hole + strlen(mark), out);
	}
	free(json);
	return ret;
}

struct report_page {
	const struct report *report;
	struct pagedata *data;
	const struct html_options *options;
};

static int report_data(void *ctx, FILE *out, struct err *err)
{
	const struct report_page *p = ctx;

	return html_data(p->report, p->data, p->options, out, err);
}

static bool report_shrink(void *ctx)
{
	const struct report_page *p = ctx;

	return pagedata_shrink(p->data);
}

int render_html(const struct report *report, struct pagedata *data, const struct html_options *o, FILE *out,
		struct err *err)
{
	struct report_page p = { report, data, o };

	return html_write(report_data, report_shrink, &p, out, err);
}
