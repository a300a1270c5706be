// SPDX-License-Identifier: GPL-2.0-only
/*
 * render/html.c - a report as one page of HTML.
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

int render_html(const struct report *report, struct pagedata *data, const struct html_options *o, FILE *out,
		struct err *err)
{
	static const char mark[] = "@DATA@\n";
	const char *hole = strstr(html_page, mark);
	char *json = NULL;
	size_t len;
	FILE *mem = open_memstream(&json, &len);
	int ret = -1;

	if (!mem)
		return err_set_errno(err, EXIT_FAILED, errno, "cannot make a page");
	ret = html_data(report, data, o, mem, err);
	if (fclose(mem) && !ret)
		ret = err_set_errno(err, EXIT_FAILED, errno, "cannot make a page");
	if (!ret && hole) {
		fwrite(html_page, 1, (size_t)(hole - html_page), out);
		put_inert(json, len, out);
		fputs(hole + strlen(mark), out);
	}
	free(json);
	return ret;
}
