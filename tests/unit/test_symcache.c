// SPDX-License-Identifier: GPL-2.0-only
/*
 * test_symcache.c - what is kept comes back as it was; what is not ours alone, not whole, or of another key, does not.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "file/symcache.h"
#include "tap.h"

#define KEY  "0d9ec7a8-21f5-4a8e-9d8e-000000000000"
#define TEXT "ffffffff81000000 T _stext\nffffffff82000000 T _etext\n"

static char top[] = "/tmp/ipitrace-symcache-XXXXXX";
static char *dir, *file;

/* Does it come back? */
static bool is_there(const char *key, const char *want)
{
	size_t len = 0;
	char *text = symcache_load(dir, key, &len);
	bool there = text && len == strlen(want) && !strcmp(text, want);

	if (text && !there)
		printf("# another text came back, of %zu bytes\n", len);
	free(text);
	return there;
}

static bool is_refused(const char *what)
{
	size_t len;
	char *text = symcache_load(dir, KEY, &len);
	bool refused = ok(!text, "%s: nothing", what);

	free(text);
	return refused;
}

static void clear(void)
{
	unlink(file);
	rmdir(dir);
	unlink(dir);
}

/* As it is after a run. */
static void store(void)
{
	clear();
	symcache_store(dir, KEY, TEXT, strlen(TEXT));
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	return lstat(path, &st) ? 0 : st.st_mode & 07777;
}

static void test_kept(void)
{
	mode_t mask;

	is_refused("no directory");
	store();
	ok(is_there(KEY, TEXT), "it comes back");
	is_u64(mode_of(dir), 0700, "its directory is the owner's alone");
	is_u64(mode_of(file), 0600, "and so is the file");
	symcache_store(dir, "another", "text\n", 5);
	ok(is_there("another", "text\n"), "the next takes its place");
	is_refused("the one before");
	clear();
	mask = umask(0777);
	symcache_store(dir, KEY, TEXT, strlen(TEXT));
	umask(mask);
	ok(is_there(KEY, TEXT) && mode_of(dir) == 0700 && mode_of(file) == 0600, "whatever the umask is");
	clear();
	symcache_store(dir, KEY, "", 0);
	is_refused("an empty text");
}

static void test_keys(void)
{
	size_t len;

	store();
	ok(!symcache_load(dir, "", &len), "no key: nothing");
	ok(!symcache_load(dir, "0d9ec7a8", &len), "the begin of a key: nothing");
	ok(!symcache_load(dir, KEY "0", &len), "a longer one: nothing");
}

/* Any length but the whole, and any byte that is another. */
static void test_damage(void)
{
	unsigned int kept = 0, changed = 0;
	char buf[1024];
	ssize_t size;
	int fd;

	store();
	fd = open(file, O_RDWR);
	size = read(fd, buf, sizeof(buf));
	if (!ok(size > 0 && (size_t)size < sizeof(buf), "a file of %zd bytes", size))
		return;
	for (ssize_t len = 0; len < size; len++) {
		size_t n;
		char *text;

		if (ftruncate(fd, len) || pwrite(fd, buf, (size_t)len, 0) != len)
			break;
		text = symcache_load(dir, KEY, &n);
		kept += text != NULL;
		free(text);
	}
	is_u64(kept, 0, "cut anywhere: nothing");
	for (ssize_t at = 0; at < size; at++) {
		size_t n;
		char *text, byte = (char)(buf[at] ^ 0x10);

		if (pwrite(fd, buf, (size_t)size, 0) != size || pwrite(fd, &byte, 1, at) != 1)
			break;
		text = symcache_load(dir, KEY, &n);
		changed += text && strcmp(text, TEXT);
		free(text);
	}
	is_u64(changed, 0, "a byte changed anywhere: nothing, or the same text");
	ok(pwrite(fd, buf, (size_t)size, 0) == size && is_there(KEY, TEXT), "as it was it comes back");
	ok(pwrite(fd, "x", 1, size) == 1, "a byte more");
	is_refused("  something behind its end");
	close(fd);
}

static void test_hostile(void)
{
	char *other = xasprintf("%s/other", top), *fifo = xasprintf("%s/fifo", top);

	store();
	chmod(dir, 0755);
	is_refused("a directory that others can read");
	store();
	chmod(dir, 0770);
	is_refused("one that a group can write to");
	store();
	chmod(file, 0644);
	is_refused("a file that others can read");
	store();
	chmod(file, 0620);
	is_refused("one that a group can write to");
	store();
	if (!ok(!rename(file, other) && !symlink(other, file), "a file elsewhere"))
		return;
	is_refused("  a link to it");
	symcache_store(dir, KEY, TEXT, strlen(TEXT));
	ok(is_there(KEY, TEXT) && mode_of(file) == 0600, "  which the next run replaces");
	unlink(file);
	if (ok(!link(other, file), "a second name of a file"))
		is_refused("  ");
	clear();
	if (ok(!mkdir(fifo, 0700) && !symlink(fifo, dir), "a link to a directory of ours")) {
		symcache_store(dir, KEY, TEXT, strlen(TEXT));
		is_refused("  is no directory");
		ok(!rmdir(fifo), "  and nothing was put there");
	}
	store();
	unlink(file);
	if (ok(!mkfifo(file, 0600), "a pipe in its place"))
		is_refused("  which keeps nobody waiting");
	unlink(file);
	if (ok(!mkdir(file, 0600), "a directory in its place")) {
		is_refused("  ");
		symcache_store(dir, KEY, TEXT, strlen(TEXT));
		ok(!rmdir(file), "  which stays what it is");
	}
	if (geteuid()) {
		skip("another owner", "not root");
	} else {
		store();
		ok(!chown(file, 65534, 0), "a file of somebody else");
		is_refused("  ");
		store();
		ok(!chown(dir, 65534, 0), "a directory of somebody else");
		is_refused("  ");
		symcache_store(dir, KEY, "new\n", 4);
		ok(!chown(dir, 0, 0) && is_there(KEY, TEXT), "  nothing was put there");
	}
	unlink(other);
	free(other);
	free(fifo);
}

int main(void)
{
	if (!ok(mkdtemp(top) != NULL, "a directory to work in"))
		return done_testing();
	dir = xasprintf("%s/kept", top);
	file = xasprintf("%s/kallsyms", dir);
	test_kept();
	test_keys();
	test_damage();
	test_hostile();
	clear();
	ok(!rmdir(top), "nothing is left");
	free(dir);
	free(file);
	return done_testing();
}
