// SPDX-License-Identifier: GPL-2.0-only
/*
 * serve/serve.c - one text for whoever asks.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <microhttpd.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/err.h"
#include "base/library.h"
#include "base/mem.h"
#include "base/parse.h"
#include "serve/serve.h"

#define LIBRARY		"libmicrohttpd.so.12"
#define MAX_CONNECTIONS 32u
#define SPARE		4u     /* so that one that comes when all places are taken can have the oldest's */
#define MAX_BYTES	16384u /* of the head of a request, and what is kept of a connection */
#define IDLE_S		5u
#define LIFE_S		15	  /* of a connection, whatever it does meanwhile */
#define FRESH_NS	500000000 /* a text is made no more often */
#define ROUNDS		4	  /* of the library's a step: accept, read, write, close */
#define BACKLOG		128	  /* that wait for a step: more connect again a second later */

/* What is used of the library; the types are those of its header. */
#define CALLS(X)                                                                                                       \
	X(MHD_start_daemon)                                                                                            \
	X(MHD_stop_daemon)                                                                                             \
	X(MHD_run)                                                                                                     \
	X(MHD_create_response_from_buffer)                                                                             \
	X(MHD_destroy_response)                                                                                        \
	X(MHD_add_response_header)                                                                                     \
	X(MHD_queue_response)                                                                                          \
	X(MHD_lookup_connection_value)                                                                                 \
	X(MHD_get_connection_info)

struct library {
	CALLS(LIBRARY_MEMBER)
};

struct client {
	int fd; /* the library's; -1: this place is free */
	uint64_t since_ns;
};

struct text {
	struct MHD_Response *response; /* kept as long as it is fresh, or somebody is still being answered by it */
	uint64_t made_ns;
};

struct server {
	struct library lib;
	struct MHD_Daemon *daemon;
	int fd; /* the library's once it was started */
	bool is_public;
	char address[64];
	serve_text_fn text;
	void *ctx;
	struct text texts[SERVE_NR_FORMATS];
	struct client clients[MAX_CONNECTIONS];
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int load(struct library *l, struct err *err)
{
	static const char *const names[] = { CALLS(LIBRARY_NAME) };
	struct err why = { 0 };

	if (!library_load(LIBRARY, names, ARRAY_SIZE(names), l, &why))
		return 0;
	err_set(err, EXIT_FAILED, "serving needs libmicrohttpd: %s", why.msg);
	return err_hint(err,
			"install libmicrohttpd12 (Debian 13: libmicrohttpd12t64); --prometheus FILE needs no library");
}

/* --- where --- */

static int bad_address(const char *text, struct err *err)
{
	err_set(err, EXIT_USAGE, "'%s': not an address to listen on", text);
	return err_hint(err,
			"ADDR[:PORT], numeric: 127.0.0.1, 127.0.0.1:%d, [::1]:%d, localhost, 0.0.0.0 for everybody",
			SERVE_PORT, SERVE_PORT);
}

static int bad_port(const char *text, const char *port, struct err *err)
{
	err_set(err, EXIT_USAGE, "'%s': '%s' is no port", text, port);
	return err_hint(err, "a port is a number up to %u; 0: any that is free", UINT16_MAX);
}

/* "ADDR", "ADDR:PORT", "[ADDR]:PORT", ":PORT" apart. An address with two colons and no brackets has no port. */
static int split(const char *text, char host[64], char port[8], struct err *err)
{
	const char *end = text + strlen(text), *colon = strrchr(text, ':');
	struct err odd;
	uint64_t n = SERVE_PORT;

	if (*text == '[') {
		end = strchr(text, ']');
		if (!end || (end[1] && end[1] != ':'))
			return bad_address(text, err);
		colon = end[1] ? end + 1 : NULL;
	} else if (colon && strchr(text, ':') == colon) {
		end = colon;
	} else {
		colon = NULL;
	}
	if (colon && (parse_u64(colon + 1, &n, &odd) || n > UINT16_MAX))
		return bad_port(text, colon + 1, err);
	text += *text == '[';
	if (end - text >= 64)
		return bad_address(text, err);
	snprintf(host, 64, "%.*s", (int)(end - text), text);
	if (!*host || !strcmp(host, "localhost"))
		snprintf(host, 64, "127.0.0.1");
	snprintf(port, 8, "%u", (unsigned int)n);
	return 0;
}

static bool is_loopback(const struct sockaddr *a)
{
	const struct in6_addr *v6 = &((const struct sockaddr_in6 *)a)->sin6_addr;

	if (a->sa_family == AF_INET)
		return ntohl(((const struct sockaddr_in *)a)->sin_addr.s_addr) >> 24 == 127;
	return IN6_IS_ADDR_LOOPBACK(v6) || (IN6_IS_ADDR_V4MAPPED(v6) && v6->s6_addr[12] == 127);
}

static void note_address(struct server *s)
{
	struct sockaddr_storage a = { 0 };
	socklen_t len = sizeof(a);
	char host[48] = "", port[8] = "";

	getsockname(s->fd, (struct sockaddr *)&a, &len);
	getnameinfo((struct sockaddr *)&a, len, host, sizeof(host), port, sizeof(port),
		    NI_NUMERICHOST | NI_NUMERICSERV);
	s->is_public = !is_loopback((struct sockaddr *)&a);
	snprintf(s->address, sizeof(s->address), a.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
}

static int listen_on(struct server *s, const struct addrinfo *a)
{
	int one = 1;

	s->fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd < 0)
		return -1;
	/* A restart does not wait for what is left of old connections. */
	setsockopt(s->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	return bind(s->fd, a->ai_addr, a->ai_addrlen) || listen(s->fd, BACKLOG) ? -1 : 0;
}

int serve_open(struct server **out, const char *address, struct err *err)
{
	const struct addrinfo how = { .ai_family = AF_UNSPEC,
				      .ai_socktype = SOCK_STREAM,
				      .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV };
	struct server *s = xcalloc(1, sizeof(*s));
	struct addrinfo *a = NULL;
	char host[64], port[8];
	int errnum;

	*out = s;
	s->fd = -1;
	for (unsigned int i = 0; i < MAX_CONNECTIONS; i++)
		s->clients[i].fd = -1;
	if (split(address, host, port, err))
		return -1;
	if (getaddrinfo(host, port, &how, &a))
		return bad_address(address, err);
	if (load(&s->lib, err)) {
		freeaddrinfo(a);
		return -1;
	}
	errnum = listen_on(s, a) ? errno : 0;
	freeaddrinfo(a);
	if (errnum) {
		err_set_errno(err, EXIT_FAILED, errnum, "cannot listen on %s port %s", host, port);
		return errnum == EADDRNOTAVAIL ?
			       err_hint(err, "an address of this machine, or localhost, or 0.0.0.0 for everybody") :
			       err_hint(err, "another port behind the address, or port 0 for any that is free");
	}
	note_address(s);
	return 0;
}

const char *serve_address(const struct server *s)
{
	return s->address;
}

bool serve_is_public(const struct server *s)
{
	return s->is_public;
}

/* --- clients --- */

static void end_client(struct client *c)
{
	/* The library closes it when it finds it at its end. */
	shutdown(c->fd, SHUT_RDWR);
	c->fd = -1;
}

/* Where all places are taken, whoever is there longest has had its time. */
static struct client *place_for_one(struct server *s)
{
	struct client *oldest = s->clients;

	for (unsigned int i = 0; i < MAX_CONNECTIONS; i++) {
		if (s->clients[i].fd < 0)
			return &s->clients[i];
		if (s->clients[i].since_ns < oldest->since_ns)
			oldest = &s->clients[i];
	}
	end_client(oldest);
	return oldest;
}

static void on_connection(void *ctx, struct MHD_Connection *connection, void **client,
			  enum MHD_ConnectionNotificationCode what)
{
	struct server *s = ctx;
	const union MHD_ConnectionInfo *info =
		s->lib.MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct client *c;

	if (!info)
		return;
	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		c = place_for_one(s);
		*c = (struct client){ .fd = info->connect_fd, .since_ns = now_ns() };
		*client = c;
		return;
	}
	c = *client;
	if (c && c->fd == info->connect_fd)
		c->fd = -1;
}

static void end_old_clients(struct server *s)
{
	uint64_t now = now_ns();

	for (unsigned int i = 0; i < MAX_CONNECTIONS; i++)
		if (s->clients[i].fd >= 0 && now - s->clients[i].since_ns > LIFE_S * 1000000000ULL)
			end_client(&s->clients[i]);
}

/* --- answers --- */

static struct MHD_Response *response_of(struct server *s, char *text, size_t len, const char *type)
{
	struct MHD_Response *r = s->lib.MHD_create_response_from_buffer(len, text, MHD_RESPMEM_MUST_FREE);

	if (!r) {
		free(text);
		return NULL;
	}
	s->lib.MHD_add_response_header(r, "Content-Type", type);
	/* A scraper that comes each second may as well connect anew: so no connection lives long. */
	s->lib.MHD_add_response_header(r, "Connection", "close");
	return r;
}

static enum MHD_Result refuse(struct server *s, struct MHD_Connection *connection, unsigned int status,
			      const char *text)
{
	struct MHD_Response *r = response_of(s, xstrdup(text), strlen(text), "text/plain; charset=utf-8");
	enum MHD_Result ret;

	if (!r)
		return MHD_NO;
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		s->lib.MHD_add_response_header(r, "Allow", "GET, HEAD");
	ret = s->lib.MHD_queue_response(connection, status, r);
	s->lib.MHD_destroy_response(r);
	return ret;
}

/* A media type by its name in a list of them, unless it is refused by q=0. */
static bool accepts(const char *list, const char *type)
{
	size_t len = strlen(type);
	const char *p = list;

	while (p && *p) {
		const char *end = p + strcspn(p, ","), *q;

		p += strspn(p, " \t");
		if (!strncasecmp(p, type, len) && strchr(",; \t", p[len])) {
			q = strcasestr(p, "q=");
			return !q || q > end || strtod(q + 2, NULL) > 0;
		}
		p = *end ? end + 1 : end;
	}
	return false;
}

static struct MHD_Response *text_of(struct server *s, enum serve_format format)
{
	static const char *const types[] = {
		[SERVE_PROMETHEUS] = "text/plain; version=0.0.4; charset=utf-8",
		[SERVE_OPENMETRICS] = "application/openmetrics-text; version=1.0.0; charset=utf-8",
	};
	struct text *t = &s->texts[format];
	uint64_t now = now_ns();
	size_t len;
	char *text;

	if (t->response && now - t->made_ns < FRESH_NS)
		return t->response;
	if (t->response)
		s->lib.MHD_destroy_response(t->response);
	text = s->text(s->ctx, format, &len);
	t->response = text ? response_of(s, text, len, types[format]) : NULL;
	t->made_ns = now;
	return t->response;
}

static enum MHD_Result answer(void *ctx, struct MHD_Connection *connection, const char *url, const char *method,
			      const char *version, const char *upload, size_t *upload_len, void **request)
{
	struct server *s = ctx;
	struct MHD_Response *r;
	const char *accept;

	(void)version;
	(void)upload;
	(void)upload_len;
	(void)request;
	if (strcmp(method, "GET") && strcmp(method, "HEAD"))
		return refuse(s, connection, MHD_HTTP_METHOD_NOT_ALLOWED, "GET and HEAD only\n");
	if (strcmp(url, "/metrics"))
		return refuse(s, connection, MHD_HTTP_NOT_FOUND, "ipitrace: metrics are at /metrics\n");
	accept = s->lib.MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Accept");
	r = text_of(s,
		    accept && accepts(accept, "application/openmetrics-text") ? SERVE_OPENMETRICS : SERVE_PROMETHEUS);
	return r ? s->lib.MHD_queue_response(connection, MHD_HTTP_OK, r) : MHD_NO;
}

/* --- life --- */

int serve_start(struct server *s, serve_text_fn text, void *ctx, struct err *err)
{
	s->text = text;
	s->ctx = ctx;
	s->daemon = s->lib.MHD_start_daemon(
		MHD_USE_EPOLL, 0, NULL, NULL, answer, s, MHD_OPTION_LISTEN_SOCKET, s->fd, MHD_OPTION_CONNECTION_LIMIT,
		MAX_CONNECTIONS + SPARE, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MAX_BYTES,
		MHD_OPTION_CONNECTION_TIMEOUT, IDLE_S, MHD_OPTION_NOTIFY_CONNECTION, on_connection, s, MHD_OPTION_END);
	if (!s->daemon)
		return err_set(err, EXIT_FAILED, "cannot serve on %s: the library does not start", s->address);
	s->fd = -1;
	return 0;
}

void serve_step(struct server *s)
{
	end_old_clients(s);
	for (unsigned int i = 0; i < ROUNDS; i++)
		s->lib.MHD_run(s->daemon);
}

void serve_close(struct server *s)
{
	if (!s)
		return;
	if (s->daemon)
		s->lib.MHD_stop_daemon(s->daemon);
	for (unsigned int i = 0; i < SERVE_NR_FORMATS; i++)
		if (s->texts[i].response)
			s->lib.MHD_destroy_response(s->texts[i].response);
	if (s->fd >= 0)
		close(s->fd);
	free(s);
}
