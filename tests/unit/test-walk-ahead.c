/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* A walk sees the same whoever looks at what, and when. Most tests look ahead
   in the walk's callbacks, so that it is known what is looked at. */

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
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
/* as long as is kept, and longer */
#define LONGEST_NAME "leaf567890123456789012345678901"
#define LONG_NAME LONGEST_NAME "2"
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
	/* nobody looks any more; the other thread waits for more */
	bool ended, waits;
	unsigned int callbacks, dirs, files, errors;
	/* directories that were looked at ahead, and looks that were made */
	unsigned int ahead_dirs, looks;
	uint64_t hash;
};

/* descriptors that another program would have before a walk; 0 if that isn't
   known */
static unsigned int inherited;

static bool is_leaf(const char *name, const struct stat *st)
{
	if (inherited > 0)
		ck_assert_uint_eq(unit_inherited_count(), inherited);
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

static void seen_file(const char *name, const struct stat *st, bool is_again,
		      void *context)
{
	struct seen *seen = context;

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

	inherited = unit_inherited_count();
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
		if (walk_ahead_look(seen->ahead))
			continue;
		seen->waits = true;
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

/* Returns TRUE if a leaf's file is what is found first in a directory. */
static bool leaf_is_first(const char *path)
{
	DIR *dir = opendir(unit_path("%s", path));
	const struct dirent *d;
	bool is_first;

	ck_assert_ptr_nonnull(dir);
	do {
		d = readdir(dir);
		ck_assert_ptr_nonnull(d);
	} while (path_is_dots(d->d_name));
	is_first = strcmp(d->d_name, LEAF_FILE) == 0;
	(void)closedir(dir);
	return is_first;
}

/* Make two files, of which the second doesn't fit into what is read at once
   with the first. */
static void make_second_later(const char *path)
{
	const char *second = NULL;

	for (unsigned int i = 0; i == 0 || !leaf_is_first(path); i++) {
		if (second != NULL)
			ck_assert_int_eq(unlink(second), 0);
		second = unit_path("%s/%0*u", path, NAME_MAX, i);
		unit_write(second, "", 0);
		/* where the latest comes first */
		if (i > 0)
			ck_assert_int_eq(unlink(unit_path("%s/" LEAF_FILE,
							  path)), 0);
		unit_write(unit_path("%s/" LEAF_FILE, path), "", 0);
	}
}

static void make_dir(const char *path)
{
	unit_mkdir(unit_path("%s/" LEAF_FILE, path));
}

static void make_symlink(const char *path)
{
	unit_write(unit_path("leaf"), "", 0);
	unit_mkdir(unit_path("%s", path));
	ck_assert_int_eq(symlink("../../leaf", unit_path("%s/" LEAF_FILE,
							 path)), 0);
}

static void make_link_to_leaf(const char *path)
{
	unit_write(unit_path("leaf/" LEAF_FILE), "", 0);
	unit_mkdir(unit_path("root"));
	ck_assert_int_eq(symlink("../leaf", unit_path("%s", path)), 0);
}

static void (*const others[])(const char *path) = {
	make_empty, make_other_name, make_long_name, make_two_files,
	make_second_later, make_dir, make_symlink, make_link_to_leaf
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

static void move_away(unsigned int number)
{
	ck_assert_int_eq(rename(unit_path("root/box%03u", number),
				unit_path("gone%u", number)), 0);
}

static void replace_by_symlinks(void)
{
	unit_write(unit_path("leaf/" LEAF_FILE), "", 0);
	for (unsigned int i = 0; i < LEVEL_LEAVES; i++) {
		move_away(i);
		ck_assert_int_eq(symlink("../leaf", unit_path("root/box%03u",
							      i)), 0);
	}
}

/* To open one would wait for somebody who writes to it. */
static void replace_by_fifos(void)
{
	for (unsigned int i = 0; i < LEVEL_LEAVES; i++) {
		move_away(i);
		ck_assert_int_eq(mkfifo(unit_path("root/box%03u", i), 0600),
				 0);
	}
}

static void (*const replacements[])(void) = {
	replace_by_symlinks, replace_by_fifos
};

/* The first was entered before. */
START_TEST(what_came_in_its_place_is_not_followed)
{
	struct seen seen;

	make_leaves("root", LEVEL_LEAVES);
	seen = walk_ahead((struct seen) {
		.every = 1, .on_first = replacements[_i],
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

/* The first looks last until the walk goes on, or for a while if it waits. */
static struct {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	unsigned int looks, slow_looks;
	bool walk_went_on, went_on_early;
} slow = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 1, false,
	   false };

static bool slow_is_leaf(const char *name, const struct stat *st)
{
	struct timespec end;

	pthread_mutex_lock(&slow.mutex);
	if (slow.looks++ < slow.slow_looks) {
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

union names {
	struct dirent64 first;
	char bytes[8192];
};

/* What the walk does while another thread looks at a directory. */
static void take_it(struct seen *seen, const union names *names)
{
	struct walk_leaf leaf;

	ck_assert(walk_ahead_take(seen->ahead, names->bytes,
				  first_ahead(names->bytes), &leaf));
	ck_assert_str_eq(leaf.file_name, LEAF_FILE);
}

/* There is no other moment when nobody looks than between two looks. */
static void revoke_names(struct seen *seen, const union names *names)
{
	walk_ahead_revoke(seen->ahead, names->bytes);
}

static void take_another(struct seen *seen, const union names *names)
{
	struct walk_leaf leaf;

	ck_assert(!walk_ahead_take(seen->ahead, names->bytes, 0, &leaf));
}

static void offer_others(struct seen *seen, const union names *names)
{
	static union names more;
	struct walk_leaf leaf;

	more = *names;
	walk_ahead_offer(seen->ahead, -1, more.bytes, sizeof(more));
	ck_assert(!walk_ahead_take(seen->ahead, more.bytes,
				   first_ahead(more.bytes), &leaf));
}

static const struct {
	void (*function)(struct seen *seen, const union names *names);
	unsigned int slow_looks;
	/* it waits until the looks are done */
	bool waits;
} meanwhile[] = {
	{ take_it, 1, true },
	{ revoke_names, 2, true },
	{ take_another, 1, false },
	{ offer_others, 1, false },
};

static void wait_for_looker(struct seen *seen)
{
	bool waits = false;

	while (!waits) {
		pthread_mutex_lock(&seen->mutex);
		waits = seen->waits;
		pthread_mutex_unlock(&seen->mutex);
		(void)sched_yield();
	}
}

START_TEST(the_walk_waits_for_a_look)
{
	static union names names;
	struct seen seen = { .every = 0 };
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
	slow.slow_looks = meanwhile[_i].slow_looks;
	ck_assert(thread_start(&id, looker_main, &seen, STACK_SIZE));
	wait_for_looker(&seen);
	walk_ahead_offer(seen.ahead, fd, names.bytes, size);
	pthread_mutex_lock(&slow.mutex);
	while (slow.looks == 0)
		pthread_cond_wait(&slow.changed, &slow.mutex);
	pthread_mutex_unlock(&slow.mutex);

	meanwhile[_i].function(&seen, &names);
	pthread_mutex_lock(&slow.mutex);
	slow.walk_went_on = true;
	pthread_cond_broadcast(&slow.changed);
	pthread_mutex_unlock(&slow.mutex);
	looker_end(&seen, id);
	ck_assert(slow.went_on_early != meanwhile[_i].waits);
	(void)close(fd);
}
END_TEST

/* names whose records all have the same size */
#define RECORD_SIZE 32
#define RECORDS_COUNT 60
#define NOTHING "............................................................"

static void put_record(char *names, unsigned int idx, const char *name,
		       unsigned char type)
{
	struct dirent64 *d = (struct dirent64 *)(names + idx * RECORD_SIZE);

	d->d_ino = idx + 1;
	d->d_off = idx + 1;
	d->d_reclen = RECORD_SIZE;
	d->d_type = type;
	strcpy(d->d_name, name);
}

/* Make leaves, but for one name in ten, and names as they would be read. */
static void make_records(char *names)
{
	static const struct {
		const char *name;
		unsigned char type;
	} no_leaves[] = {
		{ ".", DT_DIR }, { "..", DT_DIR }, { "file", DT_REG },
		{ "leaf", DT_UNKNOWN }, { "leaf", DT_LNK },
	};
	char name[8];

	for (unsigned int i = 0; i < RECORDS_COUNT; i++) {
		if (i % 10 == 9) {
			put_record(names, i, no_leaves[i / 10 % 5].name,
				   no_leaves[i / 10 % 5].type);
			continue;
		}
		(void)snprintf(name, sizeof(name), "%u", i);
		unit_write(unit_path("root/%s/" LONGEST_NAME, name), "",
			   0);
		put_record(names, i, name, DT_DIR);
	}
}

static void look_often(struct seen *seen, unsigned int looks)
{
	pthread_mutex_lock(&seen->mutex);
	while (looks-- > 0 && walk_ahead_look(seen->ahead)) ;
	pthread_mutex_unlock(&seen->mutex);
}

static void check_leaf(const struct walk_leaf *leaf, unsigned int number)
{
	struct stat st;

	ck_assert_int_eq(stat(unit_path("root/%u", number), &st), 0);
	ck_assert_uint_eq(leaf->st.st_ino, st.st_ino);
	ck_assert_int_eq(stat(unit_path("root/%u/" LONGEST_NAME, number), &st),
			 0);
	ck_assert_uint_eq(leaf->file_st.st_ino, st.st_ino);
	ck_assert_str_eq(leaf->file_name, LONGEST_NAME);
}

/* Each name is shown as '+' if it was looked at ahead, else as '.'. */
static const struct {
	/* before the first one, and before each other one */
	unsigned int first, looks;
	/* names that aren't offered */
	unsigned int less;
	const char *expected;
} orders[] = {
	{ 0, 0, 0, NOTHING },
	{ 1, 0, 0,
	  "........+..................................................." },
	/* so many are kept */
	{ 99, 0, 0,
	  "........+.+++++++++.+++++++++.+++++++++.++++................" },
	{ 0, 1, 0,
	  "........+.+.+.+.+.+.+.++.++.+.+++.++.++.++.+++.++.+++.++++.." },
	{ 0, 2, 0,
	  "........+.+++.++.++.++.++.++..+++++++++.+++++++++.++++++.++." },
	/* another one in the place of each that was taken */
	{ 99, 1, 0,
	  "........+.+++++++++.+++++++++.+++++++++.++++...+..+++++++++." },
	/* just more than is left to the walk, or just that */
	{ 99, 0, 51, "........+" },
	{ 99, 0, 52, "........" },
};

START_TEST(names_between_are_left_to_the_walk)
{
	static union {
		struct dirent64 first;
		char bytes[RECORDS_COUNT * RECORD_SIZE];
	} names;
	struct seen seen = { .every = 0 };
	char result[RECORDS_COUNT];
	unsigned int count;
	struct walk_leaf leaf;
	int fd;

	make_records(names.bytes);
	fd = open(unit_path("root"), O_RDONLY | O_DIRECTORY);
	seen_init(&seen);
	for (unsigned int round = 0; round < 2; round++) {
		count = RECORDS_COUNT - orders[_i].less;
		walk_ahead_offer(seen.ahead, fd, names.bytes,
				 count * RECORD_SIZE);
		/* the first walk is left early */
		if (round == 0)
			count /= 2;
		for (unsigned int i = 0; i < count; i++) {
			look_often(&seen, i == 0 ? orders[_i].first :
				   orders[_i].looks);
			result[i] = walk_ahead_take(seen.ahead, names.bytes,
				i * RECORD_SIZE, &leaf) ? '+' : '.';
			if (result[i] == '+')
				check_leaf(&leaf, i);
		}
		ck_assert_msg(memcmp(result, orders[_i].expected, count) == 0,
			      "%.*s", (int)count, result);
		walk_ahead_revoke(seen.ahead, names.bytes);
	}
	seen_deinit(&seen);
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
	tcase_add_loop_test(tcase, what_came_in_its_place_is_not_followed, 0,
			    sizeof(replacements) / sizeof(replacements[0]));
	tcase_add_test(tcase, a_walk_ends_at_once);
	tcase_add_loop_test(tcase, the_walk_waits_for_a_look, 0,
			    sizeof(meanwhile) / sizeof(meanwhile[0]));
	tcase_add_loop_test(tcase, names_between_are_left_to_the_walk, 0,
			    sizeof(orders) / sizeof(orders[0]));
	return unit_run(tcase);
}
