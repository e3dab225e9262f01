/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* What the look at the mail side says where directories change places while it
   is made. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "unit-mail-side.h"

/* Called so many times, when a name was looked at, or before. */
static void (*on_look)(void);
static const char *on_name, *on_made;
static unsigned int on_count;
static bool before_look;

static void call_on_look(const char *path)
{
	if (on_count > 0 && strcmp(path, on_name) == 0) {
		on_count--;
		on_look();
	}
}

/* The library's, too. */
int fstatat(int dir_fd, const char *path, struct stat *st, int flags)
{
	int ret = -1, look_errno, fd;

	if (before_look)
		call_on_look(path);
	fd = openat(dir_fd, path, O_PATH | O_CLOEXEC |
		    ((flags & AT_SYMLINK_NOFOLLOW) != 0 ? O_NOFOLLOW : 0));
	look_errno = errno;
	if (fd != -1) {
		ret = fstat(fd, st);
		ck_assert_int_eq(close(fd), 0);
	}
	if (!before_look)
		call_on_look(path);
	errno = look_errno;
	return ret;
}

/* A path that is on another device, but has the same inode number; one that
   can't be looked at; and one that is removed when it was. */
static const char *other_dev_path, *denied_path, *removed_path;
static int denied_errno;

/* Takes no descriptor, and tells of an inode what says which one it is. */
static int stat_id(const char *path, struct stat *st, int flags)
{
	struct statx stx;

	if (statx(AT_FDCWD, path, flags, STATX_INO, &stx) < 0)
		return -1;
	memset(st, 0, sizeof(*st));
	st->st_dev = makedev(stx.stx_dev_major, stx.stx_dev_minor);
	st->st_ino = stx.stx_ino;
	return 0;
}

int stat(const char *path, struct stat *st)
{
	int ret = stat_id(path, st, 0);

	if (ret == 0 && other_dev_path != NULL &&
	    strcmp(path, other_dev_path) == 0)
		st->st_dev++;
	if (removed_path != NULL && strcmp(path, removed_path) == 0)
		ck_assert_int_eq(rmdir(path), 0);
	return ret;
}

int lstat(const char *path, struct stat *st)
{
	if (denied_path == NULL || strcmp(path, denied_path) != 0)
		return stat_id(path, st, AT_SYMLINK_NOFOLLOW);
	errno = denied_errno;
	return -1;
}

static void move(const char *from, const char *to)
{
	ck_assert_int_eq(rename(unit_path("mail/%s", from),
				unit_path("mail/%s", to)), 0);
}

/* What is held open for a/b/box changes places before the look. */
static const struct {
	/* by way of "old" */
	const char *moved;
	/* where it comes to be, NULL if nothing comes */
	const char *made;
	enum mba_state state;
} replaced[] = {
	{ "a/b", "a/b", MBA_STATE_MAILBOX },
	{ "a", "a/b", MBA_STATE_MAILBOX },
	{ "a/b", NULL, MBA_STATE_MISSING },
	{ "a", NULL, MBA_STATE_MISSING },
};
#define REPLACED_COUNT (sizeof(replaced) / sizeof(replaced[0]))

static void fill_and_look(struct mail_side *side)
{
	unit_write(unit_path("mail/a/other"), "x", 1);
	unit_write(unit_path("mail/a/b/box"), "", 0);
	(void)look(side, "a/b/box", MBA_STATE_MAILBOX);
}

static void replace(unsigned int idx)
{
	move(replaced[idx].moved, "old");
	if (replaced[idx].made != NULL) {
		unit_write(unit_path("mail/%s/new", replaced[idx].made), "", 0);
		unit_write(unit_path("mail/%s/c/new", replaced[idx].made), "",
			   0);
	}
}

START_TEST(what_is_held_open_may_be_elsewhere)
{
	struct mail_side *side = begin("mbox", NULL);

	fill_and_look(side);
	replace(_i);
	(void)look(side, "a/b/new", replaced[_i].state);
	(void)look(side, "a/b/box", MBA_STATE_MISSING);
	(void)look(side, "a/b/c/new", replaced[_i].state);
	ck_assert_uint_eq(unit_errors_count, 0);
	end(side);
}
END_TEST

/* The same for a directory below the one that is held open. */
START_TEST(what_is_below_may_be_elsewhere)
{
	struct mail_side *side = begin("mbox", NULL);

	fill_and_look(side);
	replace(_i);
	(void)look(side, "a/b/c/new", replaced[_i].state);
	ck_assert_uint_eq(unit_errors_count, 0);
	end(side);
}
END_TEST

/* As where a file system isn't mounted any more: what is known of the directory
   that was there says nothing of the one that is, also to who looks by the
   path. */
START_TEST(what_comes_in_a_directorys_place_may_be_empty)
{
	static unit_mail_look_t *const functions[] = {
		mail_side_look, mail_side_look_afresh
	};
	struct mail_side *side = begin("mbox", NULL);

	unit_write(unit_path("mail/a/b/box"), "", 0);
	(void)unit_mail_look(functions[_i], side, location, "a/b/gone",
			     MBA_STATE_MISSING);
	move("a/b", "old");
	unit_mkdir(unit_path("mail/a/b"));
	ck_assert_int_eq(unit_mail_look(functions[_i], side, location,
					"a/b/new", MBA_STATE_UNKNOWN),
			 MBA_REASON_EMPTY_DIRECTORY);
	ck_assert_uint_eq(unit_errors_count, 0);
	end(side);
}
END_TEST

START_TEST(a_question_may_be_asked_elsewhere)
{
	static const char *const names[] = { "a/b/new", "a/b/new", "a/b/box" };
	struct mail_side *side = begin("mbox", NULL);
	struct location_path paths[3];
	struct mail_question questions[3];
	enum mba_reason reason;
	bool is_dir;

	fill_and_look(side);
	for (unsigned int i = 0; i < 3; i++) {
		location_from_storage_name(location, names[i], &paths[i]);
		ck_assert(mail_side_ask(side, &paths[i], 16, &questions[i]));
	}
	replace(_i);
	for (unsigned int i = 0; i < 3; i++)
		mail_question_look(location, &questions[i]);
	for (unsigned int i = 0; i < 3; i++) {
		/* what is found there is told, unless that place is gone */
		ck_assert_int_eq(mail_side_answer(side, &questions[i], &reason,
						  &is_dir), replaced[_i].state);
	}
	/* and where that is, the next one is asked */
	if (replaced[_i].state == MBA_STATE_MAILBOX) {
		ck_assert(ask(side, &paths[2], &questions[2]));
		ck_assert_int_eq(questions[2].verdict.state,
				 MBA_STATE_MISSING);
		ck_assert(!questions[2].is_elsewhere);
		mail_question_free(side, &questions[2]);
	}
	for (unsigned int i = 0; i < 3; i++)
		location_path_free(&paths[i]);
	ck_assert_uint_eq(unit_errors_count, 0);
	end(side);
}
END_TEST

/* It may be what a file system was mounted on. */
static const struct {
	const char *moved, *path;
	bool is_asked;
} emptied[] = {
	{ "a/b", "a/b/new", false }, { "a/b", "a/b/new", true },
	{ "a/b", "a/b/c/new", false },
	{ "a", "a/b/new", false }, { "a", "a/b/new", true },
};

START_TEST(an_empty_directory_may_be_in_its_place)
{
	struct mail_side *side = begin("mbox", NULL);
	struct location_path path;
	struct mail_question question;
	enum mba_reason reason;
	bool is_dir;

	fill_and_look(side);
	location_from_storage_name(location, emptied[_i].path, &path);
	if (emptied[_i].is_asked)
		ck_assert(mail_side_ask(side, &path, 16, &question));
	move(emptied[_i].moved, "old");
	unit_mkdir(unit_path("mail/a/b"));
	if (emptied[_i].is_asked) {
		mail_question_look(location, &question);
		ck_assert_int_eq(mail_side_answer(side, &question, &reason,
						  &is_dir), MBA_STATE_UNKNOWN);
		ck_assert_int_eq(reason, MBA_REASON_EMPTY_DIRECTORY);
	}
	location_path_free(&path);
	check_unknown(side, emptied[_i].path, MBA_REASON_EMPTY_DIRECTORY);
	check_unknown(side, "a/b/another", MBA_REASON_EMPTY_DIRECTORY);
	ck_assert_uint_eq(unit_errors_count, 0);
	end(side);
}
END_TEST

/* Move a/b away, and make another one. */
static void replace_again(void)
{
	static unsigned int count;

	ck_assert_int_eq(rename(unit_path("mail/a/b"),
				unit_path("old%u", count++)), 0);
	unit_write(unit_path("mail/a/b/other"), "x", 1);
}

/* The directory in which a name is missing, of a mailbox or of the directory
   above it, is another one after each look. */
static const struct {
	const char *path, *missing;
	unsigned int count;
} again[] = {
	{ "a/b/new", "new", 1 }, { "a/b/new", "new", 2 },
	{ "a/b/c/new", "c", 1 }, { "a/b/c/new", "c", 2 },
};

START_TEST(a_directory_that_is_replaced_again_says_nothing)
{
	struct mail_side *side = begin("mbox", NULL);

	fill_and_look(side);
	on_look = replace_again;
	on_name = again[_i].missing;
	on_count = again[_i].count;
	if (on_count == 1) {
		check_missing(side, again[_i].path);
		ck_assert_uint_eq(unit_errors_count, 0);
	} else {
		check_unknown(side, again[_i].path, MBA_REASON_ERROR);
		check_last_error(again[_i].path, ESTALE);
		/* nor later, when it stays */
		unit_write(unit_path("mail/%s", again[_i].path), "", 0);
		(void)look(side, again[_i].path, MBA_STATE_MAILBOX);
		ck_assert_uint_eq(unit_errors_count, 1);
	}
	ck_assert_uint_eq(on_count, 0);
	end(side);
}
END_TEST

static void make_dir(void)
{
	unit_write(unit_path("mail/new/box"), "", 0);
}

START_TEST(a_directory_that_came_meanwhile_is_not_missing)
{
	struct mail_side *side = begin("mbox", NULL);

	on_look = make_dir;
	on_name = "new";
	on_count = 1;
	before_look = true;
	check_unknown(side, "new/box", MBA_REASON_ERROR);
	check_last_error("new", ESTALE);
	end(side);
}
END_TEST

/* What is known of a directory below isn't known of the one that came. */
START_TEST(a_missing_directory_may_have_come_with_the_one_above)
{
	struct mail_side *side = begin("mbox", NULL);

	fill_and_look(side);
	check_missing(side, "a/b/c/new");
	replace(0);
	check_missing(side, "a/b/c/new");
	(void)look(side, "a/b/new", MBA_STATE_MAILBOX);
	(void)look(side, "a/b/c/new", MBA_STATE_MAILBOX);
	ck_assert_uint_eq(unit_errors_count, 0);
	end(side);
}
END_TEST

/* Mailboxes that are directories, and what makes them mailboxes. */
static const struct {
	const char *driver, *dir, *part;
} in_parts[] = {
	{ "maildir", "a", "tmp" },
	{ "sdbox", "mailboxes/a", "dbox-Mails" },
	{ "mdbox", "mailboxes/a", "dbox-Mails" },
};
#define IN_PARTS_COUNT (sizeof(in_parts) / sizeof(in_parts[0]))

static void make_in_parts(unsigned int idx)
{
	unit_write(unit_path("mail/%s/box/%s/file", in_parts[idx].dir,
			     in_parts[idx].part), "x", 1);
}

/* Put another directory in the place of one that is being removed. */
static void remove_part(unsigned int idx, const char *to)
{
	move(in_parts[idx].dir, to);
	ck_assert_int_eq(rename(unit_path("mail/%s/box/%s", to,
					  in_parts[idx].part),
				unit_path("mail/part-of-%s", to)), 0);
	make_in_parts(idx);
}

START_TEST(what_is_half_removed_may_be_elsewhere)
{
	struct mail_side *side = begin(in_parts[_i].driver, NULL);
	struct mail_question question;
	struct location_path path;
	enum mba_reason reason;
	bool is_dir;

	make_in_parts(_i);
	(void)look(side, "a/box", MBA_STATE_MAILBOX);
	remove_part(_i, "old");
	(void)look(side, "a/box", MBA_STATE_MAILBOX);
	location_from_storage_name(location, "a/box", &path);
	ck_assert(mail_side_ask(side, &path, 16, &question));
	remove_part(_i, "older");
	mail_question_look(location, &question);
	ck_assert_int_eq(mail_side_answer(side, &question, &reason, &is_dir),
			 MBA_STATE_MAILBOX);
	location_path_free(&path);
	/* and where it stands */
	ck_assert_int_eq(rename(unit_path("mail/%s/box/%s", in_parts[_i].dir,
					  in_parts[_i].part),
				unit_path("mail/part")), 0);
	(void)look(side, "a/box", MBA_STATE_NOT_MAILBOX);
	ck_assert_uint_eq(unit_errors_count, 0);
	end(side);
}
END_TEST

/* What comes right after it wasn't found: by its path, it may have been there
   all the time. */
static const struct {
	const char *driver, *dir;
	/* what isn't found, and what comes */
	const char *name, *made;
	enum mba_state state;
} come[] = {
	{ "mbox", "", "box", "box", MBA_STATE_MAILBOX },
	{ "mbox", "", "box", "box/file", MBA_STATE_NOT_MAILBOX },
	{ "mbox", "", "box", "other/file", MBA_STATE_MISSING },
	{ "maildir", "", "box/tmp", "box/tmp/file", MBA_STATE_MAILBOX },
	{ "maildir", "", "box", "box/tmp/file", MBA_STATE_MAILBOX },
	{ "maildir", "", "box", "box", MBA_STATE_NOT_MAILBOX },
	{ "maildir", "box/x", "box/new", "box/tmp/file", MBA_STATE_MAILBOX },
	{ "maildir", "box/x", "box/new", "box/y", MBA_STATE_NOT_MAILBOX },
	{ "sdbox", "", "box/dbox-Mails", "box/dbox-Mails/file",
	  MBA_STATE_MAILBOX },
	{ "mdbox", "box/x", "box/dbox-Mails", "box/dbox-Mails/file",
	  MBA_STATE_MAILBOX },
};

static void make_come(void)
{
	const char *top = location->mailbox_dir;

	unit_write(unit_path("mail/%s/a/%s", top, on_made), "", 0);
}

/* In a directory, or in one below that isn't found itself. */
START_TEST(what_comes_meanwhile_is_not_missing)
{
	struct mail_side *side = begin(come[_i].driver, NULL);
	const char *top = location->mailbox_dir;

	unit_write(unit_path("mail/%s/a/file", top), "x", 1);
	if (come[_i].dir[0] != '\0')
		unit_mkdir(unit_path("mail/%s/a/%s", top, come[_i].dir));
	on_look = make_come;
	on_name = come[_i].name;
	on_made = come[_i].made;
	on_count = 1;
	(void)look(side, "a/box", come[_i].state);
	ck_assert_uint_eq(on_count, 0);
	ck_assert_uint_eq(unit_errors_count, 0);
	end(side);
}
END_TEST

/* The same for the directory that it is in. */
START_TEST(nor_is_what_comes_with_its_directory)
{
	struct mail_side *side = begin("mbox", NULL);

	unit_write(unit_path("mail/a/file"), "x", 1);
	on_look = make_come;
	on_name = "b";
	on_made = "b/box";
	on_count = 1;
	(void)look(side, "a/b/box", MBA_STATE_MAILBOX);
	ck_assert_uint_eq(on_count, 0);
	/* it is remembered of none */
	(void)look(side, "a/b/box", MBA_STATE_MAILBOX);
	/* a file is no directory */
	check_missing(side, "a/file/box");
	check_missing(side, "a/file/below/box");
	ck_assert_uint_eq(unit_errors_count, 0);
	end(side);
}
END_TEST

/* What is missing where it is held open says nothing if its path can't be
   looked at. */
START_TEST(a_path_that_fails_is_not_missing)
{
	static const int errors[] = { EIO, EACCES, ESTALE, ELOOP };
	struct mail_side *side = begin("mbox", NULL);

	unit_write(unit_path("mail/a/box"), "", 0);
	(void)look(side, "a/box", MBA_STATE_MAILBOX);
	denied_path = strdup(unit_path("mail/a/gone"));
	denied_errno = errors[_i];
	check_unknown(side, "a/gone", MBA_REASON_ERROR);
	check_last_error("a/gone", ESTALE);
	denied_errno = ENOENT;
	check_missing(side, "a/gone");
	ck_assert_uint_eq(unit_errors_count, 1);
	free((char *)denied_path);
	denied_path = NULL;
	end(side);
}
END_TEST

/* Inodes of two devices may have the same number. */
START_TEST(a_directory_on_another_device_is_another_one)
{
	struct mail_side *side = begin("mbox", NULL);

	unit_write(unit_path("mail/a/box"), "", 0);
	check_missing(side, "a/gone");
	other_dev_path = strdup(unit_path("mail/a"));
	check_unknown(side, "a/gone", MBA_REASON_ERROR);
	check_last_error("a/gone", ESTALE);
	free((char *)other_dev_path);
	other_dev_path = NULL;
	end(side);
}
END_TEST

START_TEST(so_is_a_root)
{
	struct mail_side *side = begin("mbox", NULL);

	fill_and_look(side);
	replace(0);
	other_dev_path = strdup(unit_path("mail"));
	check_unknown(side, "a/b/new", MBA_REASON_MAIL_ROOT);
	ck_assert_str_eq(unit_last_error, unit_path("mail: stat: %s",
						    strerror(ESTALE)));
	free((char *)other_dev_path);
	other_dev_path = NULL;
	end(side);
}
END_TEST

/* Whether it was empty before isn't known. */
START_TEST(in_a_directory_that_is_removed_all_is_missing)
{
	struct mail_side *side = begin("mbox", NULL);

	unit_mkdir(unit_path("mail/a"));
	removed_path = strdup(unit_path("mail/a"));
	check_missing(side, "a/gone");
	ck_assert_uint_eq(unit_errors_count, 0);
	ck_assert_int_eq(access(removed_path, F_OK), -1);
	free((char *)removed_path);
	removed_path = NULL;
	end(side);
}
END_TEST

static void replace_and_take_descriptors(void)
{
	struct rlimit limit;

	replace(0);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = 0;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

START_TEST(a_look_anew_may_fail)
{
	struct mail_side *side = begin("mbox", NULL);
	struct rlimit limit;

	fill_and_look(side);
	on_look = replace_and_take_descriptors;
	on_name = "new";
	on_count = 1;
	check_unknown(side, "a/b/new", MBA_REASON_ERROR);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = limit.rlim_max;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	check_last_error("a", EMFILE);
	end(side);
}
END_TEST

START_TEST(nothing_is_missing_in_a_root_that_was_replaced)
{
	struct mail_side *side = begin("mbox", NULL);

	unit_write(unit_path("mail/a/box"), "", 0);
	(void)look(side, "a/box", MBA_STATE_MAILBOX);
	ck_assert_int_eq(rename(unit_path("mail"), unit_path("old")), 0);
	if (_i == 0)
		unit_write(unit_path("mail/a/new"), "", 0);
	(void)look(side, "a/box", MBA_STATE_MAILBOX);
	check_unknown(side, "a/new", MBA_REASON_MAIL_ROOT);
	check_unknown(side, "a/box", MBA_REASON_MAIL_ROOT);
	ck_assert_uint_eq(unit_errors_count, 1);
	ck_assert_str_eq(unit_last_error,
			 unit_path("mail: stat: %s",
				   strerror(_i == 0 ? ESTALE : ENOENT)));
	end(side);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("mail-replaced");

	tcase_add_loop_test(tcase, what_is_held_open_may_be_elsewhere, 0,
			    REPLACED_COUNT);
	tcase_add_loop_test(tcase, what_is_below_may_be_elsewhere, 0,
			    REPLACED_COUNT);
	tcase_add_loop_test(tcase,
			    what_comes_in_a_directorys_place_may_be_empty, 0,
			    2);
	tcase_add_loop_test(tcase, a_question_may_be_asked_elsewhere, 0,
			    REPLACED_COUNT);
	tcase_add_loop_test(tcase, an_empty_directory_may_be_in_its_place, 0,
			    sizeof(emptied) / sizeof(emptied[0]));
	tcase_add_loop_test(tcase,
			    a_directory_that_is_replaced_again_says_nothing, 0,
			    sizeof(again) / sizeof(again[0]));
	tcase_add_loop_test(tcase, what_is_half_removed_may_be_elsewhere, 0,
			    IN_PARTS_COUNT);
	tcase_add_test(tcase, a_directory_that_came_meanwhile_is_not_missing);
	tcase_add_test(tcase,
		       a_missing_directory_may_have_come_with_the_one_above);
	tcase_add_loop_test(tcase, what_comes_meanwhile_is_not_missing, 0,
			    sizeof(come) / sizeof(come[0]));
	tcase_add_test(tcase, nor_is_what_comes_with_its_directory);
	tcase_add_loop_test(tcase, a_path_that_fails_is_not_missing, 0, 4);
	tcase_add_test(tcase, a_directory_on_another_device_is_another_one);
	tcase_add_test(tcase, so_is_a_root);
	tcase_add_test(tcase, in_a_directory_that_is_removed_all_is_missing);
	tcase_add_test(tcase, a_look_anew_may_fail);
	/* by another one, and by nothing */
	tcase_add_loop_test(tcase,
			    nothing_is_missing_in_a_root_that_was_replaced, 0,
			    2);
	return unit_run(tcase);
}
