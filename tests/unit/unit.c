/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

/* paths that are in use at the same time */
#define PATHS_COUNT 8
/* ids that nobody has, or only a user of this name */
#define NOBODY 65534

static char unit_dir[] = "/tmp/mba-unit.XXXXXX";

const char *unit_path(const char *format, ...)
{
	static char paths[PATHS_COUNT][PATH_MAX];
	static unsigned int count;
	char *path = paths[count++ % PATHS_COUNT];
	va_list args;
	int len;

	len = snprintf(path, PATH_MAX, "%s/", unit_dir);
	va_start(args, format);
	ck_assert_int_lt(vsnprintf(path + len, PATH_MAX - len, format, args),
			 PATH_MAX - len);
	va_end(args);
	return path;
}

void unit_mkdir(const char *path)
{
	char *copy = strdup(path), *p;

	ck_assert_ptr_nonnull(copy);
	for (p = strchr(copy + 1, '/'); p != NULL; p = strchr(p + 1, '/')) {
		*p = '\0';
		(void)mkdir(copy, 0700);
		*p = '/';
	}
	if (mkdir(copy, 0700) < 0 && errno != EEXIST)
		ck_abort_msg("mkdir(%s) failed: %s", copy, strerror(errno));
	free(copy);
}

void unit_write(const char *path, const void *data, size_t size)
{
	char *dir = strdup(path);
	FILE *file;

	ck_assert_ptr_nonnull(dir);
	*strrchr(dir, '/') = '\0';
	unit_mkdir(dir);
	free(dir);
	file = fopen(path, "w");
	if (file == NULL)
		ck_abort_msg("fopen(%s) failed: %s", path, strerror(errno));
	ck_assert_uint_eq(fwrite(data, 1, size, file), size);
	ck_assert_int_eq(fclose(file), 0);
}

void unit_make_deep(const char *root, unsigned int levels)
{
	int fd, child;

	unit_mkdir(root);
	fd = open(root, O_RDONLY | O_DIRECTORY);
	for (unsigned int i = 0; i < levels; i++) {
		ck_assert_int_eq(mkdirat(fd, "d", 0700), 0);
		child = openat(fd, "d", O_RDONLY | O_DIRECTORY);
		ck_assert_int_ne(child, -1);
		close(fd);
		fd = child;
	}
	child = openat(fd, "f", O_WRONLY | O_CREAT, 0600);
	ck_assert_int_ne(child, -1);
	close(child);
	close(fd);
}

static int unit_give(const char *path, const struct stat *st, int type,
		     struct FTW *ftw)
{
	(void)type;
	(void)ftw;
	return S_ISDIR(st->st_mode) && (st->st_mode & 0777) == 0555 ? 0 :
		lchown(path, NOBODY, NOBODY);
}

void unit_become_nobody(void)
{
	if (geteuid() != 0)
		return;
	ck_assert_int_eq(nftw(unit_dir, unit_give, 16, FTW_PHYS), 0);
	ck_assert_int_eq(setgroups(0, NULL), 0);
	ck_assert_int_eq(setgid(NOBODY), 0);
	ck_assert_int_eq(setuid(NOBODY), 0);
}

static int is_case(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

int unit_cases_find(const char *dir, struct dirent ***cases_r)
{
	int count = scandir(dir, cases_r, is_case, alphasort);

	if (count <= 0) {
		fprintf(stderr, "no cases in %s\n", dir);
		exit(EXIT_FAILURE);
	}
	return count;
}

void unit_cases_free(struct dirent **cases, int count)
{
	while (count-- > 0)
		free(cases[count]);
	free(cases);
}

unsigned int unit_threads_count(void)
{
	struct stat st;

	ck_assert_int_eq(stat("/proc/self/task", &st), 0);
	return st.st_nlink - 2;
}

unsigned int unit_descriptors_count(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned int count = 0;

	ck_assert_ptr_nonnull(dir);
	while (readdir(dir) != NULL)
		count++;
	(void)closedir(dir);
	return count;
}

unsigned int unit_inherited_count(void)
{
	DIR *dir = opendir("/proc/self/fd");
	const struct dirent *d;
	unsigned int count = 0;
	int flags;

	ck_assert_ptr_nonnull(dir);
	while ((d = readdir(dir)) != NULL) {
		flags = fcntl(atoi(d->d_name), F_GETFD);
		if (d->d_name[0] != '.' && flags != -1 &&
		    (flags & FD_CLOEXEC) == 0)
			count++;
	}
	(void)closedir(dir);
	return count;
}

void unit_threads_check(unsigned int found, unsigned int expected)
{
#ifndef __SANITIZE_THREAD__
	ck_assert_uint_eq(found, expected);
#else
	ck_assert_uint_ge(found, expected);
#endif
}

void unit_threads_wait(unsigned int expected)
{
#ifndef __SANITIZE_THREAD__
	while (unit_threads_count() != expected)
		(void)usleep(1000);
#else
	(void)expected;
#endif
}

static int unit_remove(const char *path, const struct stat *st, int type,
		       struct FTW *ftw)
{
	(void)st;
	(void)type;
	/* the temporary directory itself stays */
	return ftw->level == 0 ? 0 : remove(path);
}

static void unit_setup(void)
{
	ck_assert_int_eq(nftw(unit_dir, unit_remove, 16,
			      FTW_DEPTH | FTW_PHYS), 0);
}

int unit_run(TCase *tcase)
{
	Suite *suite = suite_create("unit");
	SRunner *runner;
	int failed;

	if (mkdtemp(unit_dir) == NULL) {
		perror("mkdtemp()");
		return EXIT_FAILURE;
	}
	tcase_add_checked_fixture(tcase, unit_setup, NULL);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	if (nftw(unit_dir, unit_remove, 16, FTW_DEPTH | FTW_PHYS) < 0 ||
	    rmdir(unit_dir) < 0)
		perror(unit_dir);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
