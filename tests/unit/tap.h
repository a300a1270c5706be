/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tap.h - the test protocol: "ok N - name", "not ok N - name", "1..N".
 *
 * Header only, one program a test file:
 *
 *	int main(void)
 *	{
 *		ok(a == b, "a equals b for %d", x);
 *		is_u64(got, 42, "forty-two");
 *		return done_testing();
 *	}
 *
 * Every check returns whether it held, so that a test can stop where going on
 * makes no sense. A program that dies before done_testing() prints no plan,
 * which the runner counts as a failure.
 */
#ifndef IPITRACE_TESTS_UNIT_TAP_H
#define IPITRACE_TESTS_UNIT_TAP_H

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static unsigned int tap_nr, tap_failed;

__attribute__((format(printf, 4, 0), unused)) static bool tap_result(bool cond, const char *file, int line,
								     const char *fmt, va_list ap)
{
	printf("%sok %u - ", cond ? "" : "not ", ++tap_nr);
	vprintf(fmt, ap);
	putchar('\n');
	if (!cond) {
		tap_failed++;
		printf("#   at %s:%d\n", file, line);
	}
	fflush(stdout);
	return cond;
}

__attribute__((format(printf, 4, 5), unused)) static bool tap_ok(bool cond, const char *file, int line, const char *fmt,
								 ...)
{
	va_list ap;

	va_start(ap, fmt);
	tap_result(cond, file, line, fmt, ap);
	va_end(ap);
	return cond;
}

__attribute__((format(printf, 5, 6), unused)) static bool tap_is_u64(uint64_t got, uint64_t want, const char *file,
								     int line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tap_result(got == want, file, line, fmt, ap);
	va_end(ap);
	if (got != want)
		printf("#   got %" PRIu64 " (0x%" PRIx64 "), want %" PRIu64 " (0x%" PRIx64 ")\n", got, got, want, want);
	return got == want;
}

__attribute__((format(printf, 5, 6), unused)) static bool tap_is_str(const char *got, const char *want,
								     const char *file, int line, const char *fmt, ...)
{
	bool same = got && want ? !strcmp(got, want) : got == want;
	va_list ap;

	va_start(ap, fmt);
	tap_result(same, file, line, fmt, ap);
	va_end(ap);
	if (!same)
		printf("#   got \"%s\", want \"%s\"\n", got ? got : "(null)", want ? want : "(null)");
	return same;
}

#define ok(cond, ...)	       tap_ok((cond), __FILE__, __LINE__, __VA_ARGS__)
#define is_u64(got, want, ...) tap_is_u64((got), (want), __FILE__, __LINE__, __VA_ARGS__)
#define is_str(got, want, ...) tap_is_str((got), (want), __FILE__, __LINE__, __VA_ARGS__)

/* One check that cannot be made here, and why. Counted and shown, never silent. */
__attribute__((unused)) static void skip(const char *name, const char *reason)
{
	printf("ok %u - %s # SKIP %s\n", ++tap_nr, name, reason);
}

/* Prints the plan; its value is main()'s. No check at all is a failure. */
__attribute__((unused)) static int done_testing(void)
{
	printf("1..%u\n", tap_nr);
	fflush(stdout);
	return tap_failed || !tap_nr;
}

#endif
