// SPDX-License-Identifier: GPL-2.0-only
/*
 * render/html-page.c - the page that make has put together, as bytes of the program.
 */
#include "render/html-priv.h"

/* HTML_PAGE: its path, by make. */
__asm__(".pushsection .rodata\n"
	".global html_page\n"
	"html_page:\n"
	".incbin \"" HTML_PAGE "\"\n"
	".byte 0\n"
	".popsection\n");
