// SPDX-License-Identifier: GPL-2.0-only
/*
 * The input is texts, each introduced by a line "%% SYSTEM": events/header_page
 * ("%% header_page"), printk formats ("%% printk"), /proc/interrupts ("%%
 * interrupts"), everything else an event's format file. What follows
 * a line "%% page" is a sub-buffer of CPU 0.
 */
#include "base/compiler.h"
#include "base/err.h"
#include "decode/decode.h"
#include "fuzz.h"

#define MAX_FORMATS 64

struct input {
	struct event_format formats[MAX_FORMATS];
	struct decode_meta meta;
	const char *page;
	size_t page_len;
	unsigned int given;
};

static const void *next_page(void *ctx, unsigned int idx, size_t *len, struct err *err)
{
	struct input *in = ctx;

	(void)idx;
	(void)err;
	if (in->given++ || !in->page_len)
		return NULL;
	*len = in->page_len;
	return in->page;
}

/* One text: terminated, its system's name before it. Returns what is behind it; NULL at the end. */
static char *take(struct input *in, char *at, char *end)
{
	char *system = at + 3, *text = memchr(system, '\n', (size_t)(end - system)), *next;
	size_t len;

	if (!text)
		return NULL;
	*text++ = '\0';
	if (!strcmp(system, "page")) {
		in->page = text;
		in->page_len = (size_t)(end - text);
		return NULL;
	}
	next = memmem(text, (size_t)(end - text), "\n%% ", 4);
	len = (size_t)((next ? next + 1 : end) - text);
	if (next)
		*next++ = '\0';
	if (!strcmp(system, "header_page")) {
		in->meta.header_page = text;
		in->meta.header_page_len = len;
	} else if (!strcmp(system, "printk")) {
		in->meta.printk_formats = text;
	} else if (!strcmp(system, "interrupts")) {
		in->meta.interrupts = text;
	} else if (in->meta.nr_formats < MAX_FORMATS) {
		in->formats[in->meta.nr_formats++] = (struct event_format){ system, text, len };
	}
	return next;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	struct input in = { .meta = { .long_size = 8 } };
	struct page_source src = { .next = next_page, .ctx = &in, .nr_cpus = 1 };
	struct ipi_event ev[16];
	struct decoder *d;
	struct err err = { 0 };

	in.meta.formats = in.formats;
	for (char *at = size > 3 ? text : NULL; at && text + size - at > 3;)
		at = take(&in, at, text + size);
	if (in.meta.header_page && !decoder_open(&d, &in.meta, &src, &err)) {
		while (decoder_read(d, ev, ARRAY_SIZE(ev), NULL, &err) > 0)
			;
		decoder_close(d);
	}
	free(text);
	return 0;
}
