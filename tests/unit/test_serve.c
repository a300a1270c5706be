// SPDX-License-Identifier: GPL-2.0-only
/* The server of metrics: addresses, formats, and clients that misbehave, from a process of their own. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "serve/serve.h"
#include "tap.h"

#define SIZE 400000 /* more than sockets buffer */

static unsigned int made;

static char *text(void *ctx, enum serve_format format, size_t *len)
{
	char *t = xmalloc(SIZE);

	(void)ctx;
	memset(t, format == SERVE_OPENMETRICS ? 'o' : 'p', SIZE);
	*len = SIZE;
	made++;
	return t;
}

static uint16_t port;

static int connected(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons(port),
				 .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return connect(fd, (struct sockaddr *)&a, sizeof(a)) ? -1 : fd;
}

/* All that comes back; the last letter in *last. */
static size_t ask(const char *request, size_t len, char head[256], char *last)
{
	static char buf[65536];
	int fd = connected();
	size_t all = 0;
	ssize_t n;

	head[0] = '\0';
	if (send(fd, request, len, MSG_NOSIGNAL) < 0) {
		close(fd);
		return 0;
	}
	while ((n = read(fd, buf, sizeof(buf))) > 0) {
		if (!all)
			snprintf(head, 256, "%.*s", (int)(n < 255 ? n : 255), buf);
		all += (size_t)n;
		*last = buf[n - 1];
	}
	close(fd);
	return all;
}

static bool answers(const char *request, const char *status, const char *type, char letter)
{
	char head[256], last = 0;
	size_t all = ask(request, strlen(request), head, &last);

	return !strncmp(head + 9, status, 3) && (!type || strstr(head, type)) &&
	       (!letter || (last == letter && all > SIZE));
}

#define GET "GET /metrics HTTP/1.1\r\nHost: x\r\n"

/* How many are not as they should be. */
static int formats(void)
{
	int bad = 0;

	bad += !answers(GET "\r\n", "200", "text/plain; version=0.0.4", 'p');
	bad += !answers(GET "Accept: application/openmetrics-text;version=1.0.0,text/plain;q=0.5\r\n\r\n", "200",
			"application/openmetrics-text; version=1.0.0", 'o');
	bad += !answers(GET "Accept: application/openmetrics-text;q=0, */*\r\n\r\n", "200", "text/plain", 'p');
	bad += !answers("HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n", "200", NULL, 0);
	bad += !answers("GET / HTTP/1.1\r\nHost: x\r\n\r\n", "404", NULL, 0);
	bad += !answers("POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", "405", NULL, 0);
	return bad;
}

static int bad_clients(void)
{
	char *garbage = xmalloc(300000), head[256], last;
	int reader;

	for (int i = 0; i < 100; i++) { /* half open, and half a request */
		int fd = connected();

		if (i % 2 && send(fd, "GET /met", 8, MSG_NOSIGNAL) < 0)
			continue;
	}
	for (int i = 0; i < 300000; i++)
		garbage[i] = (char)(i * 7);
	ask(garbage, 300000, head, &last);
	memset(garbage, 'y', 300000);
	memcpy(garbage, GET "X: ", strlen(GET) + 3);
	ask(garbage, 300000, head, &last);
	/* Asks, and reads nothing. */
	reader = connected();
	if (send(reader, GET "\r\n", strlen(GET) + 2, MSG_NOSIGNAL) < 0)
		return 3;
	return !answers(GET "\r\n", "200", NULL, 'p') + !answers(GET "\r\n", "200", NULL, 'p');
}

/* What the clients say, served meanwhile. */
static int served(struct server *s, int (*clients)(void))
{
	static const struct timespec pause = { .tv_nsec = 1000000 };
	pid_t pid = fork();
	int status = -1;

	if (!pid)
		_exit(clients());
	for (int i = 0; i < 60000 && !waitpid(pid, &status, WNOHANG); i++) {
		serve_step(s);
		nanosleep(&pause, NULL);
	}
	return status;
}

static void test_addresses(void)
{
	static const char *const bad[] = { "nonsense", "127.0.0.1:", "127.0.0.1:99999", "127.0.0.1:1x",
					   "[::1",     "[::1]9",     "1.2.3.4.5:6",	"::1::2" };
	static const struct {
		const char *address, *begin;
		bool is_public;
	} good[] = { { ":0", "127.0.0.1:", false },
		     { "localhost:0", "127.0.0.1:", false },
		     { "127.0.0.2:0", "127.0.0.2:", false },
		     { "0.0.0.0:0", "0.0.0.0:", true } };
	struct server *s;
	struct err err;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		is_u64(serve_open(&s, bad[i], &err) == -1 && err.code == EXIT_USAGE, 1, "'%s' is no address", bad[i]);
		serve_close(s);
	}
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		if (!ok(!serve_open(&s, good[i].address, &err), "'%s' is one", good[i].address))
			printf("# %s\n", err.msg);
		else
			ok(!strncmp(serve_address(s), good[i].begin, strlen(good[i].begin)) &&
				   serve_is_public(s) == good[i].is_public,
			   "  %s", serve_address(s));
		serve_close(s);
	}
}

int main(void)
{
	struct server *s, *again;
	struct err err;
	char taken[64];

	signal(SIGPIPE, SIG_IGN);
	test_addresses();
	if (!ok(!serve_open(&s, ":0", &err) && !serve_start(s, text, NULL, &err), "started"))
		return done_testing();
	port = (uint16_t)atoi(strrchr(serve_address(s), ':') + 1);
	snprintf(taken, sizeof(taken), "%s", serve_address(s));
	ok(serve_open(&again, taken, &err) && err.code == EXIT_FAILED && strstr(err.hint, "another port"),
	   "an address that is taken: another port will do");
	serve_close(again);
	/* Kept free for documentation (RFC 5737). */
	ok(serve_open(&again, "192.0.2.1:0", &err) && err.code == EXIT_FAILED &&
		   strstr(err.hint, "address of this machine"),
	   "one of another machine: another port would not");
	serve_close(again);
	is_u64((uint64_t)served(s, formats), 0, "methods, paths and formats");
	ok(made < 5, "a text serves many (%u were made)", made);
	is_u64((uint64_t)served(s, bad_clients), 0, "others are served beside clients that misbehave");
	serve_close(s);
	return done_testing();
}
