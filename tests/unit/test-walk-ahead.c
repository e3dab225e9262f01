/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* A walk sees the same whoever looks at what, and when. Most tests look ahead
   in the walk's callbacks, so that it is known what is looked at. */

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "dir-stack.h"
#include "path.h"
#include "thread.h"
#include "unit.h"
#include "walk-ahead.h"
#include "walk.h"

#define LEAF_FILE "leaf"
#define LONG_NAME "leaf567890123456789012345678901234567890"
/* more than are held open */
#define DEEP_LEVELS 30
/* More than are kept. The next level is one of the first, which nobody but the
   walk looks at. */
#define LEVEL_LEAVES 60
#define LEVEL_DIR 4
#define MANY_NAMES 400
/* bytes of names that are left to the walk */
#define LEAD_SIZE 256
#define PATH_SIZE 512
#define STACK_SIZE (128 * 1024)

struct seen {
	struct walk_ahead *ahead;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	/* look once for so many callbacks; 0 never looks */
	unsigned int every;
	/* called when the first directory below the root is entered */
	void (*on_first)(void);
	/* end at the first directory that was looked at ahead */
	bool stop_ahead;

	bool stopped;
	/* nobody looks any more */
	bool ended;
	unsigned int callbacks, dirs, files, errors;
	/* directories that were looked at ahead, and looks that were made */
	unsigned int ahead_dirs, looks;
	uint64_t hash;
};

static bool is_leaf(const char *name, const struct stat *st)
{
	return strncmp(name, LEAF_FILE, strlen(LEAF_FILE)) == 0 &&
		S_ISREG(st->st_mode);
}

/* Returns TRUE if the directory above that has leaves was closed meanwhile. */
static bool is_far_below_leaves(const char *path)
{
	unsigned int levels = 0;

	for (size_t len = strlen(path); len > 2 &&
		     memcmp(path + len - 2, "/d", 2) == 0; len -= 2)
		levels++;
	return levels >= DIR_STACK_MAX_OPEN;
}

/* Another callback; path is a name for a file. */
static void seen_add(struct seen *seen, const char *path, uint64_t number)
{
	ck_assert(!seen->stopped);
	for (const char *p = path; *p != '\0'; p++)
		seen->hash = seen->hash * 31 + (unsigned char)*p;
	seen->hash = seen->hash * 31 + number;
	if (seen->every == 0 || ++seen->callbacks % seen->every != 0)
		return;
	pthread_mutex_lock(&seen->mutex);
	if (walk_ahead_look(seen->ahead)) {
		seen->looks++;
		ck_assert(!is_far_below_leaves(path));
	}
	pthread_mutex_unlock(&seen->mutex);
}

static void seen_enter(const struct walk_place *place, const struct stat *st,
		       bool is_other, void *context)
{
	struct seen *seen = context;

	ck_assert(S_ISDIR(st->st_mode) && !is_other);
	if (++seen->dirs == 2 && seen->on_first != NULL)
		seen->on_first();
	seen_add(seen, place->path, st->st_ino);
	if (place->fd == -1) {
		seen->ahead_dirs++;
		seen->stopped = seen->stop_ahead;
	}
}

static void seen_file(int dir_fd, const char *name, const struct stat *st,
		      bool is_again, void *context)
{
	struct seen *seen = context;

	(void)dir_fd;
	ck_assert(!is_again);
	seen->files++;
	seen_add(seen, name, st->st_ino);
}

static void seen_leave(const struct walk_place *place, bool is_complete,
		       void *context)
{
	seen_add(context, place->path, is_complete ? 1 : 0);
}

static void seen_error(const char *op, const char *path, const char *error,
		       void *context)
{
	struct seen *seen = context;

	(void)op;
	(void)path;
	(void)error;
	seen->errors++;
}

static void walk(struct seen *seen)
{
	static const struct walk_callbacks callbacks = {
		seen_enter, seen_file, seen_leave
	};
	const struct error_sink errors = { seen_error, seen };
	const struct walk_settings set = {
		.root = unit_path("root"), .root_fd = -1,
		.stopped = &seen->stopped, .ahead = seen->ahead,
		.callbacks = &callbacks, .context = seen, .errors = &errors,
	};
	struct walk *walk;

	ck_assert_int_eq(walk_init(&set, &walk), 1);
	while (walk_continue(walk, 1)) ;
	walk_deinit(&walk);
}

static void seen_init(struct seen *seen)
{
	pthread_mutex_init(&seen->mutex, NULL);
	pthread_cond_init(&seen->changed, NULL);
	seen->ahead = walk_ahead_init(is_leaf, &seen->mutex, &seen->changed);
}

static void seen_deinit(struct seen *seen)
{
	walk_ahead_deinit(&seen->ahead);
	pthread_cond_destroy(&seen->changed);
	pthread_mutex_destroy(&seen->mutex);
}

/* Walk, with looks ahead in the callbacks. */
static struct seen walk_ahead(struct seen seen)
{
	seen_init(&seen);
	walk(&seen);
	seen_deinit(&seen);
	return seen;
}

static void make_leaves(const char *dir, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		unit_write(unit_path("%s/box%03u/" LEAF_FILE, dir, i), "", 0);
}

/* Make a directory full of leaves, but one of the first that are found in it.
   That one's path is appended to the directory's. */
static void make_level(char path[PATH_SIZE])
{
	const struct dirent *d;
	unsigned int found = 0;
	DIR *dir;

	for (unsigned int i = 0; i < LEVEL_LEAVES; i++)
		unit_mkdir(unit_path("%s/box%03u", path, i));
	dir = opendir(unit_path("%s", path));
	ck_assert_ptr_nonnull(dir);
	while (found < LEVEL_DIR && (d = readdir(dir)) != NULL) {
		if (d->d_name[0] != '.')
			found++;
	}
	ck_assert_ptr_nonnull(d);
	for (unsigned int i = 0; i < LEVEL_LEAVES; i++) {
		if ((unsigned int)atoi(d->d_name + strlen("box")) != i) {
			unit_write(unit_path("%s/box%03u/" LEAF_FILE, path, i),
				   "", 0);
		}
	}
	strcat(path, "/");
	strcat(path, d->d_name);
	(void)closedir(dir);
}

/* Leaves in directories of different size, one with more names than are read
   at once. */
static void make_wide(void)
{
	char path[PATH_SIZE];

	for (unsigned int i = 0; i < 40; i += 3) {
		snprintf(path, sizeof(path), "root/wide%u", i);
		make_leaves(path, i);
		unit_mkdir(unit_path("%s/empty", path));
		unit_write(unit_path("%s/more/" LEAF_FILE, path), "", 0);
		unit_write(unit_path("%s/more/" LEAF_FILE "2", path), "", 0);
	}
	for (unsigned int i = 0; i < MANY_NAMES; i++)
		unit_write(unit_path("root/long/%0100u/" LEAF_FILE, i), "", 0);
}

/* Leaves on two levels, and on two that are so far from each other that the one
   above is closed. */
static void make_levels(void)
{
	char path[PATH_SIZE] = "root/near";

	make_level(path);
	make_level(path);
	unit_mkdir(unit_path("%s", path));

	strcpy(path, "root/far");
	make_level(path);
	for (unsigned int i = 0; i < DEEP_LEVELS; i++)
		strcat(path, "/d");
	make_level(path);
	unit_mkdir(unit_path("%s", path));
}

static void check_same(const struct seen *seen, const struct seen *expected)
{
	ck_assert_uint_eq(seen->errors, 0);
	ck_assert_uint_eq(seen->dirs, expected->dirs);
	ck_assert_uint_eq(seen->files, expected->files);
	ck_assert_uint_eq(seen->hash, expected->hash);
}

START_TEST(the_same_is_seen)
{
	struct seen alone = { .every = 0 }, seen;

	make_wide();
	make_levels();
	walk(&alone);
	ck_assert_uint_gt(alone.dirs, DEEP_LEVELS + MANY_NAMES);
	for (unsigned int every = 1; every < 20; every++) {
		seen = walk_ahead((struct seen) { .every = every });
		check_same(&seen, &alone);
		ck_assert_uint_gt(seen.ahead_dirs, 0);
		ck_assert_uint_le(seen.ahead_dirs, seen.looks);
	}
}
END_TEST

static void *looker_main(void *context)
{
	struct seen *seen = context;

	pthread_mutex_lock(&seen->mutex);
	while (!seen->ended) {
		if (!walk_ahead_look(seen->ahead))
			pthread_cond_wait(&seen->changed, &seen->mutex);
	}
	pthread_mutex_unlock(&seen->mutex);
	return NULL;
}

static void looker_end(struct seen *seen, pthread_t id)
{
	pthread_mutex_lock(&seen->mutex);
	seen->ended = true;
	pthread_cond_signal(&seen->changed);
	pthread_mutex_unlock(&seen->mutex);
	ck_assert_int_eq(pthread_join(id, NULL), 0);
	seen_deinit(seen);
}

START_TEST(the_same_is_seen_with_a_thread)
{
	struct seen alone = { .every = 0 }, seen = { .every = 0 };
	pthread_t id;

	make_wide();
	make_levels();
	walk(&alone);
	seen_init(&seen);
	ck_assert(thread_start(&id, looker_main, &seen, STACK_SIZE));
	walk(&seen);
	looker_end(&seen, id);
	check_same(&seen, &alone);
}
END_TEST

static void make_empty(const char *path)
{
	unit_mkdir(unit_path("%s", path));
}

static void make_other_name(const char *path)
{
	unit_write(unit_path("%s/other", path), "", 0);
}

static void make_long_name(const char *path)
{
	unit_write(unit_path("%s/" LONG_NAME, path), "", 0);
}

static void make_two_files(const char *path)
{
	unit_write(unit_path("%s/" LEAF_FILE, path), "", 0);
	unit_write(unit_path("%s/" LEAF_FILE "2", path), "", 0);
}

static void make_dir(const char *path)
{
	unit_mkdir(unit_path("%s/" LEAF_FILE, path));
}

static void make_symlink(const char *path)
{
	unit_mkdir(unit_path("%s", path));
	ck_assert_int_eq(symlink("/dev/null", unit_path("%s/" LEAF_FILE,
							path)), 0);
}

static void make_link_to_leaf(const char *path)
{
	unit_write(unit_path("leaf/" LEAF_FILE), "", 0);
	unit_mkdir(unit_path("root"));
	ck_assert_int_eq(symlink("../leaf", unit_path("%s", path)), 0);
}

static void (*const others[])(const char *path) = {
	make_empty, make_other_name, make_long_name, make_two_files, make_dir,
	make_symlink, make_link_to_leaf
};

/* It is tried with one of them alone. */
START_TEST(what_is_no_leaf_is_left_to_the_walk)
{
	struct seen alone = { .every = 0 }, seen;
	char path[32];

	for (unsigned int i = 0; i < 100; i++) {
		snprintf(path, sizeof(path), "root/box%u", i);
		others[_i](path);
	}
	walk(&alone);
	seen = walk_ahead((struct seen) { .every = 1 });
	check_same(&seen, &alone);
	ck_assert_uint_eq(seen.ahead_dirs, 0);
	ck_assert_uint_le(seen.looks, 1);
}
END_TEST

static void replace_by_symlinks(void)
{
	unit_write(unit_path("leaf/" LEAF_FILE), "", 0);
	for (unsigned int i = 0; i < LEVEL_LEAVES; i++) {
		ck_assert_int_eq(rename(unit_path("root/box%03u", i),
					unit_path("gone%u", i)), 0);
		ck_assert_int_eq(symlink("../leaf", unit_path("root/box%03u",
							      i)), 0);
	}
}

/* The first was entered before. */
START_TEST(a_symlink_that_came_is_not_followed)
{
	struct seen seen;

	make_leaves("root", LEVEL_LEAVES);
	seen = walk_ahead((struct seen) {
		.every = 1, .on_first = replace_by_symlinks,
	});
	ck_assert_uint_eq(seen.looks, 1);
	ck_assert_uint_eq(seen.ahead_dirs, 0);
	ck_assert_uint_eq(seen.errors, 0);
	ck_assert_uint_eq(seen.dirs, 2);
	ck_assert_uint_eq(seen.files, LEVEL_LEAVES);
}
END_TEST

START_TEST(a_walk_ends_at_once)
{
	struct seen seen;

	make_leaves("root", LEVEL_LEAVES);
	seen = walk_ahead((struct seen) { .every = 1, .stop_ahead = true });
	ck_assert(seen.stopped);
	ck_assert_uint_eq(seen.ahead_dirs, 1);
	ck_assert_uint_lt(seen.dirs, LEVEL_LEAVES);
}
END_TEST

/* The first look lasts until the walk goes on, or for a while if it waits. */
static struct {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	unsigned int looks;
	bool walk_went_on, went_on_early;
} slow = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, false,
	   false };

static bool slow_is_leaf(const char *name, const struct stat *st)
{
	struct timespec end;

	pthread_mutex_lock(&slow.mutex);
	if (slow.looks++ == 0) {
		pthread_cond_broadcast(&slow.changed);
		(void)clock_gettime(CLOCK_REALTIME, &end);
		end.tv_sec++;
		while (!slow.walk_went_on &&
		       pthread_cond_timedwait(&slow.changed, &slow.mutex,
					      &end) == 0) ;
		slow.went_on_early = slow.walk_went_on;
	}
	pthread_mutex_unlock(&slow.mutex);
	return is_leaf(name, st);
}

/* Returns where the first name is that isn't left to the walk. */
static size_t first_ahead(const char *names)
{
	const struct dirent64 *d = (const struct dirent64 *)names;
	size_t pos = 0;

	while (pos < LEAD_SIZE || path_is_dots(d->d_name)) {
		pos += d->d_reclen;
		d = (const struct dirent64 *)(names + pos);
	}
	return pos;
}

START_TEST(the_walk_waits_for_a_look)
{
	static union {
		struct dirent64 first;
		char bytes[8192];
	} names;
	struct seen seen = { .every = 0 };
	struct walk_leaf leaf;
	pthread_t id;
	ssize_t size;
	int fd;

	for (unsigned int i = 0; i < LEVEL_LEAVES; i++)
		unit_write(unit_path("root/%u/" LEAF_FILE, i), "", 0);
	fd = open(unit_path("root"), O_RDONLY | O_DIRECTORY);
	size = getdents64(fd, &names, sizeof(names));
	ck_assert_int_gt(size, 0);
	seen_init(&seen);
	walk_ahead_deinit(&seen.ahead);
	seen.ahead = walk_ahead_init(slow_is_leaf, &seen.mutex, &seen.changed);
	walk_ahead_offer(seen.ahead, fd, names.bytes, size);
	ck_assert(thread_start(&id, looker_main, &seen, STACK_SIZE));
	pthread_mutex_lock(&slow.mutex);
	while (slow.looks == 0)
		pthread_cond_wait(&slow.changed, &slow.mutex);
	pthread_mutex_unlock(&slow.mutex);

	if (_i == 0) {
		ck_assert(walk_ahead_take(seen.ahead, names.bytes,
					  first_ahead(names.bytes), &leaf));
		ck_assert_str_eq(leaf.file_name, LEAF_FILE);
	} else {
		walk_ahead_revoke(seen.ahead, names.bytes);
	}
	pthread_mutex_lock(&slow.mutex);
	slow.walk_went_on = true;
	pthread_cond_broadcast(&slow.changed);
	pthread_mutex_unlock(&slow.mutex);
	looker_end(&seen, id);
	ck_assert(!slow.went_on_early);
	(void)close(fd);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("walk-ahead");

	tcase_add_test(tcase, the_same_is_seen);
	tcase_add_test(tcase, the_same_is_seen_with_a_thread);
	tcase_add_loop_test(tcase, what_is_no_leaf_is_left_to_the_walk, 0,
			    sizeof(others) / sizeof(others[0]));
	tcase_add_test(tcase, a_symlink_that_came_is_not_followed);
	tcase_add_test(tcase, a_walk_ends_at_once);
	tcase_add_loop_test(tcase, the_walk_waits_for_a_look, 0, 2);
	return unit_run(tcase);
}
