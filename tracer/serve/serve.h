/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * serve/serve.h - metrics over HTTP: GET /metrics, nothing else.
 *
 * By libmicrohttpd, which is loaded when it is asked for, because it brings a TLS library along that nothing else here
 * needs. No thread: the caller gives time by serve_step(), which never waits, so that what clients can take from a
 * measurement is bounded by how often it is called. So is what they hold: connections, and bytes and time of each.
 */
#ifndef IPITRACE_SERVE_SERVE_H
#define IPITRACE_SERVE_SERVE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define SERVE_PORT 9947 /* where none is given */

struct server;

/* The two formats of the text; which one a client gets is its Accept header's. */
enum serve_format { SERVE_PROMETHEUS, SERVE_OPENMETRICS, SERVE_NR_FORMATS };

/* The text of now, malloc'ed and the server's from then on; *len: its bytes. */
typedef char *(*serve_text_fn)(void *ctx, enum serve_format format, size_t *len);

/*
 * Listens on "ADDR[:PORT]", "[ADDR6][:PORT]" or ":PORT", numeric, or localhost; port 0: any. Answers nobody yet. *s is
 * set even on failure: serve_close() it in any case.
 */
int serve_open(struct server **s, const char *address, struct err *err);
/* "127.0.0.1:9947", the port that it is. */
const char *serve_address(const struct server *s);
/* Others than this machine can reach it. */
bool serve_is_public(const struct server *s);
int serve_start(struct server *s, serve_text_fn text, void *ctx, struct err *err);
/* Takes, reads and answers what is there. */
void serve_step(struct server *s);
/* NULL is fine. */
void serve_close(struct server *s);

#endif
