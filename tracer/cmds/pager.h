/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cmds/pager.h - standard output through a pager, as git does it.
 */
#ifndef IPITRACE_CMDS_PAGER_H
#define IPITRACE_CMDS_PAGER_H

/*
 * What is printed to the terminal from here on goes through $IPITRACE_PAGER,
 * $PAGER or less, unless that is empty, cat, or cannot be run. Ctrl-C is the
 * pager's then.
 */
void pager_start(void);
/* Until the user has left it. That they did before the end is no error. Without a pager nothing happens. */
void pager_finish(void);

#endif
