// SPDX-License-Identifier: GPL-2.0-only
/*
 * cmds/tui.c - by ncurses.
 */
#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <term.h>
#include <unistd.h>

/* Of the many capabilities that term.h calls by names of its own. */
#undef columns
#undef lines

#include "base/cleanup.h"
#include "base/compiler.h"
#include "base/err.h"
#include "cmds/tui.h"

#define ESCAPE_MS 25 /* what an arrow key sends comes in one piece, over ssh, too; Esc alone is not to wait */

static struct {
	SCREEN *screen;
	FILE *keys;
	bool own_keys; /* opened here */
	struct cleanup cleanup;
} tui;

static const char hint[] = "'ipitrace top --batch' prints text";

static int no_keys(struct err *err)
{
	err_set(err, EXIT_USAGE, "there is no terminal to read keys from");
	return err_hint(err, "%s", hint);
}

int tui_check(struct err *err)
{
	const char *term = getenv("TERM");
	bool can;
	int ret, fd;

	if (!isatty(STDOUT_FILENO)) {
		err_set(err, EXIT_USAGE, "standard output is no terminal");
		return err_hint(err, "%s", hint);
	}
	if (!isatty(STDIN_FILENO)) {
		fd = open("/dev/tty", O_RDONLY | O_CLOEXEC | O_NOCTTY);
		if (fd < 0)
			return no_keys(err);
		close(fd);
	}
	can = term && setupterm(term, STDOUT_FILENO, &ret) == OK;
	if (can) {
		/* A dumb terminal is described as well: it cannot put the cursor anywhere. */
		can = cursor_address && clear_screen;
		del_curterm(cur_term);
	}
	if (can)
		return 0;
	err_set(err, EXIT_USAGE, "a terminal of type '%.40s' cannot be painted on", term ? term : "");
	return err_hint(err, "%s; or set TERM to what the terminal is, as xterm", hint);
}

static void close_screen(void *ctx)
{
	(void)ctx;
	if (!tui.screen)
		return;
	endwin();
	delscreen(tui.screen);
	tui.screen = NULL;
	if (tui.own_keys)
		fclose(tui.keys);
}

void tui_close(void)
{
	if (!tui.screen)
		return;
	cleanup_remove(&tui.cleanup);
	close_screen(NULL);
}

int tui_open(struct err *err)
{
	tui.own_keys = !isatty(STDIN_FILENO);
	tui.keys = tui.own_keys ? fopen("/dev/tty", "re") : stdin;
	if (!tui.keys)
		return no_keys(err);
	use_tioctl(true);
	tui.screen = newterm(NULL, stdout, tui.keys);
	if (!tui.screen) {
		if (tui.own_keys)
			fclose(tui.keys);
		return err_set(err, EXIT_FAILED, "the terminal cannot be made a screen");
	}
	cleanup_add(&tui.cleanup, close_screen, NULL);
	set_escdelay(ESCAPE_MS);
	cbreak(); /* Ctrl-C stays a signal, for the workload as well */
	noecho();
	nonl();
	intrflush(stdscr, false);
	keypad(stdscr, true);
	nodelay(stdscr, true);
	curs_set(0);
	return 0;
}

int tui_fd(void)
{
	return fileno(tui.keys);
}

static int plain_key(int key)
{
	static const struct {
		int curses, key;
	} keys[] = {
		{ KEY_UP, TOP_KEY_UP },		  { KEY_DOWN, TOP_KEY_DOWN },	 { KEY_PPAGE, TOP_KEY_PAGE_UP },
		{ KEY_NPAGE, TOP_KEY_PAGE_DOWN }, { KEY_HOME, TOP_KEY_HOME },	 { KEY_END, TOP_KEY_END },
		{ KEY_ENTER, TOP_KEY_ENTER },	  { '\r', TOP_KEY_ENTER },	 { KEY_BACKSPACE, TOP_KEY_BACKSPACE },
		{ KEY_F(1), TOP_KEY_HELP },	  { KEY_DC, TOP_KEY_BACKSPACE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (keys[i].curses == key)
			return keys[i].key;
	return key < 256 ? key : 0;
}

int tui_key(void)
{
	struct pollfd p = { .fd = tui_fd(), .events = POLLIN };
	int key = wgetch(stdscr);

	if (key == KEY_RESIZE)
		return TUI_RESIZED;
	if (key != ERR)
		return plain_key(key);
	/* Without that, a terminal that was closed would wake the caller for ever. */
	if (poll(&p, 1, 0) == 1 && (p.revents & (POLLHUP | POLLERR | POLLNVAL)))
		return TUI_GONE;
	return TUI_NOTHING;
}

unsigned int tui_size(struct screen *s)
{
	s->width = COLS > 0 ? (unsigned int)COLS : 1;
	return LINES > 0 ? (unsigned int)LINES : 1;
}

static attr_t style(enum top_style s)
{
	switch (s) {
	case TOP_HEADING:
		return A_UNDERLINE;
	case TOP_SELECTED:
		return A_REVERSE;
	case TOP_FAINT:
		return A_DIM;
	case TOP_BAD:
		return A_BOLD;
	case TOP_PLAIN:
		break;
	}
	return A_NORMAL;
}

void tui_paint(const struct top_screen *screen)
{
	werase(stdscr);
	for (unsigned int i = 0; i < screen->nr && (int)i < LINES; i++) {
		wattrset(stdscr, (int)style(screen->lines[i].style));
		mvwaddstr(stdscr, (int)i, 0, screen->lines[i].text);
	}
	wattrset(stdscr, A_NORMAL);
	curs_set(screen->cursor);
	wrefresh(stdscr);
}

void tui_repaint(void)
{
	clearok(stdscr, true);
}
