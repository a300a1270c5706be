// SPDX-License-Identifier: GPL-2.0-only
/*
 * base/filter-text.c - what is filtered by, in one text, for facts and people.
 */
#include <stdlib.h>
#include <string.h>

#include "base/filter.h"
#include "base/mem.h"

char *ipi_filters_text(const struct ipi_filter *const *filters, unsigned int nr)
{
	const struct filter_row *row;
	char *text = NULL;

	for_each_filter_row(row)
	{
		char *before = NULL;

		for (unsigned int i = 0; i < nr; i++) {
			char *value, *longer;

			if (!filter_row_set(row, filters[i]))
				continue;
			value = filter_row_text(row, filters[i]);
			if (before && !strcmp(before, value)) {
				free(value);
				continue;
			}
			longer = xasprintf("%s%s%s %s", text ? text : "", text ? ", " : "", row->fact, value);
			free(text);
			text = longer;
			free(before);
			before = value;
		}
		free(before);
	}
	return text;
}
