/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* The walk over real trees. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "alloc.h"
#include "unit.h"
#include "walk.h"

#define DEEP_LEVELS 1000
#define MAX_DESCRIPTORS 64
/* of 200 characters, more than the walk reads at once */
#define MANY_NAMES 2000

/* What the kernel says of mounts: an error, nothing, or that a directory is in
   another one. */
static struct {
	/* of all directories, of one: 0 for none */
	int all_errno, one_errno;
	bool is_old;
	ino_t other;
	unsigned int calls;
	/* what fstat() says of that one: an error, its device is another one,
	   or it is the root */
	int fstat_errno;
	bool other_dev, is_root;
} mounts;

/* The library's, too. */
int fstat(int fd, struct stat *st)
{
	int ret = fstatat(fd, "", st, AT_EMPTY_PATH);

	if (ret == 0 && st->st_ino == mounts.other) {
		if (mounts.other_dev)
			st->st_dev++;
		if (mounts.is_root)
			ret = stat(unit_path("root"), st);
		errno = mounts.fstat_errno;
		if (errno != 0)
			return -1;
	}
	return ret;
}

/* The library's, too. */
int statx(int fd, const char *restrict path, int flags, unsigned int mask,
	  struct statx *restrict stx)
{
	bool is_other;
	struct stat st;

	ck_assert_str_eq(path, "");
	ck_assert_int_eq(flags, AT_EMPTY_PATH);
	ck_assert_uint_eq(mask, STATX_MNT_ID);
	ck_assert_int_eq(fstatat(fd, "", &st, AT_EMPTY_PATH), 0);
	mounts.calls++;
	is_other = st.st_ino == mounts.other;
	errno = is_other && mounts.one_errno != 0 ? mounts.one_errno :
		mounts.all_errno;
	if (errno != 0)
		return -1;
	memset(stx, 0, sizeof(*stx));
	if (!mounts.is_old) {
		stx->stx_mask = STATX_MNT_ID;
		stx->stx_mnt_id = is_other ? 8 : 7;
	}
	return 0;
}

/* What the kernel says of the names in a directory, if it is asked not to read
   them: an error, 0 for none, as if these were all. */
static struct {
	bool is_set;
	int first_errno;
} names_end;

/* The library's, too. */
ssize_t getdents64(int fd, void *buffer, size_t size)
{
	if (!names_end.is_set)
		return syscall(SYS_getdents64, fd, buffer, size);
	/* nothing can be told from what was there before */
	memset(buffer, 0, size);
	errno = names_end.first_errno;
	return errno == 0 ? 0 : -1;
}

static void limit_descriptors(void)
{
	const struct rlimit limit = { MAX_DESCRIPTORS, MAX_DESCRIPTORS };

	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

struct seen {
	unsigned int dirs, files, again, others, incomplete, errors;
	unsigned int depth, max_depth;
	/* of the directories, in the order in which they were left; and of the
	   errors, "OP PATH: ERROR|" */
	char *paths, *told;
	void (*on_file)(void);
	bool check_places;
	/* the walk has to end */
	bool stopped;
};

/* Returns TRUE if a descriptor is that of a directory. */
static bool fd_is_path(int fd, const char *path)
{
	struct stat st1, st2;

	ck_assert_int_eq(fstat(fd, &st1), 0);
	ck_assert_int_eq(lstat(path, &st2), 0);
	return st1.st_dev == st2.st_dev && st1.st_ino == st2.st_ino;
}

static void check_place(const struct walk_place *place)
{
	const char *slash = strrchr(place->path, '/');

	ck_assert_str_eq(place->name, slash == NULL ? place->path : slash + 1);
	ck_assert(fd_is_path(place->fd, unit_path("root/%s", place->path)));
	if (*place->path == '\0') {
		ck_assert_int_eq(place->parent_fd, -1);
	} else {
		ck_assert(fd_is_path(place->parent_fd,
				     unit_path("root/%s/..", place->path)));
	}
}

static void seen_enter(const struct walk_place *place, const struct stat *st,
		       bool is_other, void *context)
{
	struct seen *seen = context;

	ck_assert(S_ISDIR(st->st_mode));
	ck_assert_int_eq(*place->name == '\0', seen->depth == 0);
	if (seen->check_places)
		check_place(place);
	seen->dirs++;
	if (is_other)
		seen->others++;
	if (++seen->depth > seen->max_depth)
		seen->max_depth = seen->depth;
}

static void seen_file(const char *name, const struct stat *st, bool is_again,
		      void *context)
{
	struct seen *seen = context;

	ck_assert(*name != '\0' && !S_ISDIR(st->st_mode));
	seen->files++;
	if (is_again)
		seen->again++;
	if (seen->on_file != NULL)
		seen->on_file();
	seen->on_file = NULL;
}

static void seen_leave(const struct walk_place *place, bool is_complete,
		       void *context)
{
	struct seen *seen = context;
	char *paths;

	if (seen->check_places)
		check_place(place);
	seen->depth--;
	if (!is_complete)
		seen->incomplete++;
	paths = mem_printf("%s%s|", seen->paths == NULL ? "" : seen->paths,
			   place->path);
	free(seen->paths);
	seen->paths = paths;
}

static void seen_error(const char *op, const char *path, const char *error,
		       void *context)
{
	struct seen *seen = context;
	char *told;

	ck_assert(*op != '\0' && *path == '/' && *error != '\0');
	seen->errors++;
	told = mem_printf("%s%s %s: %s|", seen->told == NULL ? "" : seen->told,
			  op, path, error);
	free(seen->told);
	seen->told = told;
}

static void seen_free(struct seen *seen)
{
	free(seen->paths);
	free(seen->told);
}

/* Returns what is told of an error. */
static const char *told_of(const char *op, const char *path, int error)
{
	static char told[PATH_MAX];

	(void)snprintf(told, sizeof(told), "%s %s: %s|", op,
		       unit_path("%s", path), strerror(error));
	return told;
}

static const struct walk_callbacks seen_callbacks = {
	seen_enter, seen_file, seen_leave
};

static int walk_others(const char *root, const struct inode_id *others,
		       unsigned int others_count, struct seen *seen)
{
	const struct error_sink errors = { seen_error, seen };

	const struct walk_settings set = {
		.root = root, .root_fd = -1, .others = others,
		.others_count = others_count, .stopped = &seen->stopped,
		.callbacks = &seen_callbacks, .context = seen,
		.errors = &errors,
	};

	struct walk *walk;
	int ret = walk_init(&set, &walk);

	ck_assert_int_eq(ret > 0, walk != NULL);
	if (walk == NULL)
		return ret;
	/* step by step */
	while (walk_continue(walk, 1)) ;
	walk_deinit(&walk);
	return ret;
}

static struct seen walk(const char *root)
{
	struct seen seen = { .dirs = 0 };
	unsigned int before = unit_descriptors_count();

	ck_assert_int_eq(walk_others(root, NULL, 0, &seen), 1);
	ck_assert_uint_eq(unit_descriptors_count(), before);
	ck_assert_uint_eq(seen.depth, 0);
	return seen;
}

START_TEST(a_tree_is_walked)
{
	struct seen seen;

	unit_write(unit_path("root/a/b/file"), "", 0);
	ck_assert_int_eq(symlink(".", unit_path("root/a/link")), 0);
	ck_assert_int_eq(mkfifo(unit_path("root/fifo"), 0600), 0);
	ck_assert_int_eq(link(unit_path("root/fifo"),
			      unit_path("root/a/again")), 0);
	ck_assert_int_eq(link(unit_path("root/fifo"),
			      unit_path("root/a/b/again")), 0);
	seen = walk(unit_path("root"));
	ck_assert_uint_eq(seen.dirs, 3);
	ck_assert_uint_eq(seen.files, 5);
	ck_assert_uint_eq(seen.again, 2);
	ck_assert_uint_eq(seen.errors, 0);
	ck_assert_str_eq(seen.paths, "a/b|a||");
	seen_free(&seen);
}
END_TEST

START_TEST(a_deep_tree_is_walked_with_few_descriptors)
{
	struct seen seen;

	unit_make_deep(unit_path("root"), DEEP_LEVELS);
	limit_descriptors();
	seen = walk(unit_path("root"));
	ck_assert_uint_eq(seen.dirs, DEEP_LEVELS + 1);
	ck_assert_uint_eq(seen.max_depth, DEEP_LEVELS + 1);
	ck_assert_uint_eq(seen.files, 1);
	ck_assert_uint_eq(seen.errors, 0);
	seen_free(&seen);
}
END_TEST

START_TEST(a_directory_is_read_on_after_a_deep_one)
{
	struct seen seen;

	/* more than one buffer of names, and a deep tree behind each 100th */
	for (unsigned int i = 0; i < MANY_NAMES; i++)
		unit_write(unit_path("root/%0200u", i), "", 0);
	for (unsigned int i = 0; i < 20; i++)
		unit_make_deep(unit_path("root/deep%u", i), 50);
	seen = walk(unit_path("root"));
	ck_assert_uint_eq(seen.dirs, 1 + 20 * 51);
	ck_assert_uint_eq(seen.files, MANY_NAMES + 20);
	ck_assert_uint_eq(seen.errors, 0);
	seen_free(&seen);
}
END_TEST

START_TEST(other_roots_are_told)
{
	struct seen seen = { .dirs = 0 };
	struct inode_id other;
	struct stat st;

	unit_mkdir(unit_path("root/a/other/b"));
	ck_assert_int_eq(stat(unit_path("root/a/other"), &st), 0);
	other = inode_id_get(&st);
	ck_assert_int_eq(walk_others(unit_path("root"), &other, 1, &seen), 1);
	ck_assert_uint_eq(seen.dirs, 4);
	ck_assert_uint_eq(seen.others, 1);
	seen_free(&seen);
}
END_TEST

/* ENOENT: it was removed. */
static const struct {
	int first_errno;
	unsigned int errors;
} ends[] = { { 0, 0 }, { ENOENT, 0 }, { EIO, 1 } };

START_TEST(a_directory_that_cannot_be_read_is_incomplete)
{
	struct seen seen;

	unit_write(unit_path("root/file"), "", 0);
	names_end.first_errno = ends[_i].first_errno;
	names_end.is_set = true;
	seen = walk(unit_path("root"));
	names_end.is_set = false;
	ck_assert_uint_eq(seen.dirs, 1);
	ck_assert_uint_eq(seen.files, 0);
	ck_assert_uint_eq(seen.errors, ends[_i].errors);
	ck_assert_uint_eq(seen.incomplete, ends[_i].errors);
	if (seen.errors > 0)
		ck_assert_str_eq(seen.told, told_of("readdir", "root", EIO));
	seen_free(&seen);
}
END_TEST

START_TEST(a_missing_root_is_no_error_and_others_are)
{
	struct seen seen = { .dirs = 0 };

	ck_assert_int_eq(walk_others(unit_path("gone"), NULL, 0, &seen), 0);
	ck_assert_uint_eq(seen.errors, 0);
	unit_write(unit_path("file"), "", 0);
	ck_assert_int_eq(walk_others(unit_path("file"), NULL, 0, &seen), -1);
	ck_assert_uint_eq(seen.errors, 1);
	ck_assert_str_eq(seen.told, told_of("open", "file", ENOTDIR));
	seen_free(&seen);
}
END_TEST

static void replace_on_the_way(void)
{
	ck_assert_int_eq(rename(unit_path("root/d/d/d/d"), unit_path("4")), 0);
	ck_assert_int_eq(rename(unit_path("root/d/d/d"), unit_path("3")), 0);
	unit_mkdir(unit_path("root/d/d/d/d/d"));
	unit_write(unit_path("root/d/d/d/other"), "", 0);
}

START_TEST(a_tree_that_changes_is_incomplete)
{
	struct seen seen = { .on_file = replace_on_the_way };

	unit_make_deep(unit_path("root"), 50);
	ck_assert_int_eq(walk_others(unit_path("root"), NULL, 0, &seen), 1);
	/* what was there is counted, and what came isn't walked */
	ck_assert_uint_eq(seen.dirs, 51);
	ck_assert_uint_eq(seen.files, 1);
	ck_assert_str_eq(seen.told, told_of("open", "root/d/d/d", ESTALE));
	ck_assert_uint_eq(seen.incomplete, 1);
	seen_free(&seen);
}
END_TEST

/* Remove the directory with many names. */
static void remove_on_the_way(void)
{
	for (unsigned int i = 0; i < MANY_NAMES; i++)
		ck_assert_int_eq(unlink(unit_path("root/d/%0200u", i)), 0);
	ck_assert_int_eq(rmdir(unit_path("root/d")), 0);
}

START_TEST(a_directory_removed_while_it_is_read_is_no_error)
{
	struct seen seen = { .on_file = remove_on_the_way };

	/* more than one buffer of names */
	for (unsigned int i = 0; i < MANY_NAMES; i++)
		unit_write(unit_path("root/d/%0200u", i), "", 0);
	ck_assert_int_eq(walk_others(unit_path("root"), NULL, 0, &seen), 1);
	ck_assert_uint_eq(seen.dirs, 2);
	ck_assert_uint_eq(seen.files, 1);
	ck_assert_uint_eq(seen.errors, 0);
	ck_assert_uint_eq(seen.incomplete, 0);
	seen_free(&seen);
}
END_TEST

static void make_nothing(const char *path)
{
	ck_assert_int_eq(access(path, F_OK), -1);
}

static void make_file(const char *path)
{
	unit_write(path, "", 0);
}

static void make_link(const char *path)
{
	ck_assert_int_eq(symlink("../elsewhere", path), 0);
}

static void (*make_in_place)(const char *path);

/* Also those that were walked already. */
static void replace_directories(void)
{
	for (unsigned int i = 0; i < 20; i++) {
		ck_assert_int_eq(rmdir(unit_path("root/dir%u", i)), 0);
		make_in_place(unit_path("root/dir%u", i));
	}
}

/* After their names were read. */
START_TEST(directories_may_be_replaced_by_others)
{
	static void (*const makes[])(const char *path) = {
		make_nothing, make_file, make_link
	};
	struct seen seen = { .on_file = replace_directories };

	unit_write(unit_path("elsewhere/file"), "", 0);
	/* in whatever order they are read, some come after a file */
	for (unsigned int i = 0; i < 20; i++) {
		unit_mkdir(unit_path("root/dir%u", i));
		unit_write(unit_path("root/file%u", i), "", 0);
	}
	make_in_place = makes[_i];
	ck_assert_int_eq(walk_others(unit_path("root"), NULL, 0, &seen), 1);
	ck_assert_uint_lt(seen.dirs, 21);
	if (_i == 0)
		ck_assert_uint_eq(seen.files, 20);
	else
		ck_assert_uint_eq(seen.dirs + seen.files, 41);
	ck_assert_uint_eq(seen.depth, 0);
	ck_assert_uint_eq(seen.errors, 0);
	ck_assert_uint_eq(seen.incomplete, 0);
	seen_free(&seen);
}
END_TEST

START_TEST(a_place_has_its_descriptors)
{
	struct seen seen = { .check_places = true };

	unit_make_deep(unit_path("root"), 50);
	unit_write(unit_path("root/a/b/file"), "", 0);
	unit_mkdir(unit_path("root/a/c"));
	ck_assert_int_eq(walk_others(unit_path("root"), NULL, 0, &seen), 1);
	ck_assert_uint_eq(seen.dirs, 51 + 3);
	ck_assert_uint_eq(seen.errors, 0);
	seen_free(&seen);
}
END_TEST

START_TEST(a_directory_without_permission_is_incomplete)
{
	struct seen seen;

	/* root isn't denied anything */
	if (geteuid() == 0) {
		ck_assert_int_eq(chmod(unit_path("."), 0755), 0);
		unit_mkdir(unit_path("root"));
		ck_assert_int_eq(chown(unit_path("root"), 65534, 65534), 0);
		ck_assert_int_eq(setuid(65534), 0);
	}
	unit_write(unit_path("root/unreadable/file"), "", 0);
	unit_write(unit_path("root/unsearchable/file"), "", 0);
	unit_mkdir(unit_path("root/unsearchable/dir"));
	ck_assert_int_eq(chmod(unit_path("root/unreadable"), 0), 0);
	ck_assert_int_eq(chmod(unit_path("root/unsearchable"), 0600), 0);
	seen = walk(unit_path("root"));
	ck_assert_int_eq(chmod(unit_path("root/unreadable"), 0700), 0);
	ck_assert_int_eq(chmod(unit_path("root/unsearchable"), 0700), 0);
	ck_assert_uint_eq(seen.dirs, 3);
	ck_assert_uint_eq(seen.errors, 3);
	ck_assert_ptr_nonnull(strstr(seen.told,
		told_of("open", "root/unreadable", EACCES)));
	ck_assert_ptr_nonnull(strstr(seen.told,
		told_of("stat", "root/unsearchable/file", EACCES)));
	ck_assert_ptr_nonnull(strstr(seen.told,
		told_of("stat", "root/unsearchable/dir", EACCES)));
	ck_assert_uint_eq(seen.incomplete, 2);
	seen_free(&seen);
}
END_TEST

static int walk_mounts(bool one_mount, struct seen *seen)
{
	const struct error_sink errors = { seen_error, seen };
	const struct walk_settings set = {
		.root = unit_path("root"), .root_fd = -1,
		.one_mount = one_mount, .stopped = &seen->stopped,
		.callbacks = &seen_callbacks, .context = seen,
		.errors = &errors,
	};
	struct walk *walk;
	int ret = walk_init(&set, &walk);

	if (walk != NULL) {
		while (walk_continue(walk, 1)) ;
		walk_deinit(&walk);
	}
	return ret;
}

/* A walk that stays in the root's mount, where root/m is another one's. */
static const struct {
	bool any_mount, is_old, other_dev;
	int all_errno, one_errno;
	/* what walk_init() returns, and what is seen */
	int ret;
	unsigned int calls, dirs, files, others, incomplete, errors;
} mount_cases[] = {
	{ .ret = 1, .calls = 3, .dirs = 3, .files = 1, .others = 1 },
	{ .any_mount = true, .ret = 1, .dirs = 4, .files = 2 },
	/* before Linux 5.8, and before 4.11: they are on one device */
	{ .is_old = true, .ret = 1, .calls = 1, .dirs = 4, .files = 2 },
	{ .is_old = true, .other_dev = true, .ret = 1, .calls = 1, .dirs = 3,
	  .files = 1, .others = 1 },
	{ .all_errno = ENOSYS, .ret = 1, .calls = 1, .dirs = 4, .files = 2 },
	/* nobody knows */
	{ .all_errno = EIO, .ret = -1, .calls = 1, .errors = 1 },
	{ .one_errno = EIO, .ret = 1, .calls = 3, .dirs = 3, .files = 1,
	  .incomplete = 1, .errors = 1 },
};

START_TEST(a_walk_may_stay_in_one_mount)
{
	struct seen seen = { .dirs = 0 };
	struct stat st;

	unit_write(unit_path("root/a/file"), "", 0);
	unit_write(unit_path("root/m/b/file"), "", 0);
	ck_assert_int_eq(stat(unit_path("root/m"), &st), 0);
	mounts.other = st.st_ino;
	mounts.all_errno = mount_cases[_i].all_errno;
	mounts.one_errno = mount_cases[_i].one_errno;
	mounts.is_old = mount_cases[_i].is_old;
	mounts.other_dev = mount_cases[_i].other_dev;
	ck_assert_int_eq(walk_mounts(!mount_cases[_i].any_mount, &seen),
			 mount_cases[_i].ret);
	ck_assert_uint_eq(mounts.calls, mount_cases[_i].calls);
	ck_assert_uint_eq(seen.dirs, mount_cases[_i].dirs);
	ck_assert_uint_eq(seen.files, mount_cases[_i].files);
	ck_assert_uint_eq(seen.others, mount_cases[_i].others);
	ck_assert_uint_eq(seen.incomplete, mount_cases[_i].incomplete);
	ck_assert_uint_eq(seen.errors, mount_cases[_i].errors);
	if (seen.errors > 0) {
		ck_assert_str_eq(seen.told, told_of("statx",
			mount_cases[_i].ret < 0 ? "root" : "root/m", EIO));
	}
	seen_free(&seen);
}
END_TEST

/* What it is can't be told once it was opened: a directory below, the root. */
START_TEST(a_directory_that_cannot_be_looked_at_is_incomplete)
{
	const char *path = _i == 0 ? "root/m" : "root";
	struct seen seen = { .dirs = 0 };
	struct stat st;

	unit_write(unit_path("root/a/file"), "", 0);
	unit_write(unit_path("root/m/file"), "", 0);
	ck_assert_int_eq(stat(unit_path("%s", path), &st), 0);
	mounts.other = st.st_ino;
	mounts.fstat_errno = EIO;
	ck_assert_int_eq(walk_mounts(false, &seen), _i == 0 ? 1 : -1);
	ck_assert_str_eq(seen.told, told_of("fstat", path, EIO));
	ck_assert_uint_eq(seen.dirs, _i == 0 ? 3 : 0);
	ck_assert_uint_eq(seen.files, _i == 0 ? 1 : 0);
	ck_assert_uint_eq(seen.incomplete, _i == 0 ? 1 : 0);
	seen_free(&seen);
}
END_TEST

/* It is the first that is found, and the walk goes on after it. */
START_TEST(a_root_that_is_mounted_below_itself_is_none)
{
	struct seen seen = { .dirs = 0 };
	const struct dirent *d;
	DIR *dir;

	unit_write(unit_path("root/a/file"), "", 0);
	unit_write(unit_path("root/b/file"), "", 0);
	dir = opendir(unit_path("root"));
	ck_assert_ptr_nonnull(dir);
	do {
		d = readdir(dir);
		ck_assert_ptr_nonnull(d);
	} while (d->d_name[0] == '.');
	mounts.other = d->d_ino;
	mounts.is_root = true;
	(void)closedir(dir);
	ck_assert_int_eq(walk_mounts(_i == 1, &seen), 1);
	ck_assert_uint_eq(seen.dirs, 2);
	ck_assert_uint_eq(seen.files, 1);
	ck_assert_uint_eq(seen.incomplete, 0);
	ck_assert_uint_eq(seen.errors, 0);
	seen_free(&seen);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("walk");

	tcase_add_test(tcase, a_tree_is_walked);
	tcase_add_test(tcase, a_deep_tree_is_walked_with_few_descriptors);
	tcase_add_test(tcase, a_directory_is_read_on_after_a_deep_one);
	tcase_add_test(tcase, other_roots_are_told);
	tcase_add_loop_test(tcase,
			    a_directory_that_cannot_be_read_is_incomplete, 0,
			    3);
	tcase_add_test(tcase, a_missing_root_is_no_error_and_others_are);
	tcase_add_test(tcase, a_tree_that_changes_is_incomplete);
	tcase_add_test(tcase,
		       a_directory_removed_while_it_is_read_is_no_error);
	tcase_add_loop_test(tcase, directories_may_be_replaced_by_others, 0,
			    3);
	tcase_add_test(tcase, a_place_has_its_descriptors);
	tcase_add_test(tcase, a_directory_without_permission_is_incomplete);
	tcase_add_loop_test(tcase, a_walk_may_stay_in_one_mount, 0,
			    sizeof(mount_cases) / sizeof(mount_cases[0]));
	tcase_add_loop_test(tcase,
			    a_directory_that_cannot_be_looked_at_is_incomplete,
			    0, 2);
	tcase_add_loop_test(tcase,
			    a_root_that_is_mounted_below_itself_is_none, 0, 2);
	return unit_run(tcase);
}
