/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* What the look at the mail side says of what is missing, and what it remembers
   from one look to the next. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "mail-look.h"
#include "unit-clock.h"
#include "unit-mail-side.h"

START_TEST(what_is_below_an_empty_directory_is_unknown)
{
	static const char *const drivers[] = { "mbox", "maildir" };
	struct mail_side *side = begin(drivers[_i], NULL);

	unit_mail_errno = EACCES;
	unit_mkdir(unit_path("mail/empty"));
	unit_mkdir(unit_path("mail/new/lost+found"));
	unit_write(unit_path("mail/full/x"), "x", 1);
	unit_mkdir(unit_path("mail/full/empty"));
	unit_mkdir(unit_path("mail/hollow"));
	ck_assert_int_eq(symlink("loop", unit_path("mail/loop")), 0);
	check_unknown(side, "empty/a", MBA_REASON_EMPTY_DIRECTORY);
	check_unknown(side, "empty/b/c/d", MBA_REASON_EMPTY_DIRECTORY);
	check_missing(side, "full/a");
	check_unknown(side, "full/empty/a", MBA_REASON_EMPTY_DIRECTORY);
	check_missing(side, "full/b");
	check_missing(side, "full/b/c");
	/* the deepest directory that is there decides */
	check_unknown(side, "empty/b/c", MBA_REASON_EMPTY_DIRECTORY);
	check_unknown(side, "new/a", MBA_REASON_EMPTY_DIRECTORY);
	check_missing(side, "gone/a");
	check_missing(side, "gone");
	/* one that is missing in it comes first */
	check_unknown(side, "hollow/a/b", MBA_REASON_EMPTY_DIRECTORY);
	check_unknown(side, "hollow/c", MBA_REASON_EMPTY_DIRECTORY);
	check_unknown(side, "loop/a", MBA_REASON_SYMLINK);
	/* a file has nothing below */
	check_missing(side, "other/a");
	check_missing(side, "full/x/a/b");
	ck_assert_uint_eq(unit_errors_count, 0);
	end(side);
}
END_TEST

START_TEST(a_directory_is_looked_into_once)
{
	struct mail_side *side = begin("mbox", NULL);

	/* something was found in it, or beside it */
	unit_write(unit_path("mail/a/box"), "", 0);
	(void)look(side, "a/box", MBA_STATE_MAILBOX);
	ck_assert_int_eq(unlink(unit_path("mail/a/box")), 0);
	check_missing(side, "a/box");
	unit_write(unit_path("mail/b/c/box"), "", 0);
	(void)look(side, "b/c/box", MBA_STATE_MAILBOX);
	ck_assert_int_eq(rename(unit_path("mail/b/c"), unit_path("mail/c")), 0);
	check_missing(side, "b/box");
	unit_mkdir(unit_path("mail/f"));
	ck_assert_int_eq(symlink("loop", unit_path("mail/f/loop")), 0);
	check_unknown(side, "f/loop/box", MBA_REASON_SYMLINK);
	ck_assert_int_eq(unlink(unit_path("mail/f/loop")), 0);
	check_missing(side, "f/box");
	/* it was empty when that was looked at */
	unit_mkdir(unit_path("mail/d"));
	check_unknown(side, "d/box", MBA_REASON_EMPTY_DIRECTORY);
	unit_write(unit_path("mail/d/box"), "", 0);
	check_unknown(side, "d/box", MBA_REASON_EMPTY_DIRECTORY);
	/* it wasn't */
	unit_write(unit_path("mail/e/x"), "x", 1);
	check_missing(side, "e/box");
	ck_assert_int_eq(unlink(unit_path("mail/e/x")), 0);
	check_missing(side, "e/box");
	end(side);
}
END_TEST

START_TEST(four_slow_looks_are_slow)
{
	struct mail_side *side = begin("mbox", NULL);

	unit_clock_step = SLOW;
	unit_write(unit_path("mail/a/box"), "", 0);
	(void)look(side, "a/box", MBA_STATE_MAILBOX);
	check_missing(side, "a/gone");
	/* a directory is looked for; then that is known of all below */
	check_missing(side, "gone/a");
	check_missing(side, "gone/b");
	ck_assert(!mail_side_is_slow(side));
	check_missing(side, "nowhere/a");
	ck_assert(mail_side_is_slow(side));
	/* which it stays */
	unit_clock_step = 0;
	check_missing(side, "a/gone");
	ck_assert(mail_side_is_slow(side));
	end(side);
}
END_TEST

/* Seconds begin anew, and the clock isn't at its beginning. */
START_TEST(fast_looks_are_not_slow)
{
	struct mail_side *side = begin("mbox", NULL);
	struct timespec now;

	unit_clock_step = 1999999999;
	ck_assert_int_eq(clock_gettime(CLOCK_MONOTONIC, &now), 0);
	unit_clock_step = 1000;
	for (unsigned int i = 0; i < 8; i++)
		(void)look(side, "other", MBA_STATE_NOT_MAILBOX);
	ck_assert(!mail_side_is_slow(side));
	end(side);
}
END_TEST

START_TEST(a_new_side_remembers_nothing)
{
	struct mail_side *side = begin("mbox", NULL), *fresh;

	check_missing(side, "a/box");
	unit_write(unit_path("mail/b/box"), "", 0);
	(void)look(side, "b/box", MBA_STATE_MAILBOX);
	/* a directory that was missing comes; one that is held open goes */
	unit_write(unit_path("mail/a/box"), "", 0);
	ck_assert_int_eq(rename(unit_path("mail/b"), unit_path("mail/c")), 0);
	unit_write(unit_path("mail/b/other"), "", 0);
	check_missing(side, "a/box");
	fresh = mail_side_init(location, &unit_errors);
	(void)look(fresh, "a/box", MBA_STATE_MAILBOX);
	check_missing(fresh, "b/box");
	(void)look(fresh, "c/box", MBA_STATE_MAILBOX);
	mail_side_deinit(&fresh);
	end(side);
}
END_TEST

START_TEST(a_root_that_is_as_empty_as_a_new_file_system)
{
	struct mail_side *side = begin("mbox", NULL);

	ck_assert_int_eq(unlink(unit_path("mail/other")), 0);
	unit_mkdir(unit_path("mail/lost+found"));
	unit_mail_errno = EACCES;
	check_unknown(side, "a", MBA_REASON_MAIL_ROOT);
	check_unknown(side, "a/b", MBA_REASON_MAIL_ROOT);
	ck_assert_uint_eq(unit_errors_count, 1);
	ck_assert_str_eq(unit_last_error,
			 unit_path("mail: readdir: Directory is empty, "
				   "is the file system mounted?"));
	end(side);
}
END_TEST

/* Names in it are found all the same; nor need a directory below. */
START_TEST(a_root_need_not_be_read)
{
	unsigned int inherited = unit_inherited_count();
	struct mail_side *side = begin("mbox", NULL);

	unit_write(unit_path("mail/box"), "", 0);
	unit_mkdir(unit_path("mail/a"));
	unit_become_nobody();
	ck_assert_int_eq(chmod(unit_path("mail"), 0300), 0);
	ck_assert_int_eq(chmod(unit_path("mail/a"), 0300), 0);
	(void)look(side, "box", MBA_STATE_MAILBOX);
	check_missing(side, "gone");
	check_missing(side, "a/gone");
	ck_assert_uint_eq(unit_errors_count, 0);
	ck_assert_uint_eq(unit_inherited_count(), inherited);
	ck_assert_int_eq(chmod(unit_path("mail"), 0700), 0);
	end(side);
}
END_TEST

static void check_unknown_with(struct mail_side *side, const char *name,
			       int descriptors, enum mba_reason reason)
{
	limit_descriptors(descriptors);
	check_unknown(side, name, reason);
	limit_descriptors(-1);
}

/* It can't be opened, or not be read. */
START_TEST(a_root_that_fails_is_no_empty_one)
{
	struct mail_side *side = begin("mbox", NULL);

	check_unknown_with(side, "other", _i, MBA_REASON_MAIL_ROOT);
	ck_assert_uint_eq(unit_errors_count, 1);
	ck_assert_str_eq(unit_last_error,
			 unit_path("mail: open: %s", strerror(EMFILE)));
	end(side);
}
END_TEST

START_TEST(nor_is_a_directory_that_fails)
{
	struct mail_side *side = begin("mbox", NULL);

	unit_write(unit_path("mail/a/x"), "x", 1);
	check_missing(side, "gone");
	check_unknown_with(side, "a/gone", _i, MBA_REASON_ERROR);
	check_last_error("a", EMFILE);
	/* which is told once */
	check_unknown(side, "a/gone", MBA_REASON_ERROR);
	check_unknown(side, "a/b/gone", MBA_REASON_ERROR);
	ck_assert_uint_eq(unit_errors_count, 1);
	end(side);
}
END_TEST

START_TEST(with_dirname_a_mailbox_has_a_directory)
{
	static const char *const drivers[] = { "mbox", "maildir" };
	struct mail_side *side = begin(drivers[_i], "D");

	unit_mkdir(unit_path("mail/empty"));
	unit_mkdir(unit_path("mail/empty-as-well"));
	unit_write(unit_path("mail/full/x"), "x", 1);
	unit_write(unit_path("mail/junk/D"), "x", 1);
	unit_write(unit_path("mail/dark/x"), "x", 1);
	unit_write(unit_path("mail/shut/x"), "x", 1);
	unit_become_nobody();
	ck_assert_int_eq(chmod(unit_path("mail/dark"), 0300), 0);
	(void)look(side, "junk", MBA_STATE_NOT_MAILBOX);
	(void)look(side, "dark", _i == 0 ? MBA_STATE_MISSING :
		   MBA_STATE_NOT_MAILBOX);
	check_unknown(side, "empty-as-well", MBA_REASON_EMPTY_DIRECTORY);
	check_unknown(side, "empty", MBA_REASON_EMPTY_DIRECTORY);
	check_unknown(side, "empty/a", MBA_REASON_EMPTY_DIRECTORY);
	(void)look(side, "full", _i == 0 ? MBA_STATE_MISSING :
		   MBA_STATE_NOT_MAILBOX);
	check_missing(side, "full/a");
	check_missing(side, "gone");
	ck_assert_uint_eq(unit_errors_count, 0);
	/* one error is enough */
	ck_assert_int_eq(chmod(unit_path("mail/shut"), 0), 0);
	check_unknown(side, "shut", MBA_REASON_ERROR);
	ck_assert_uint_eq(unit_errors_count, 1);
	ck_assert_str_eq(unit_last_error,
			 unit_path("mail/shut/D: %s: %s",
				   _i == 0 ? "lstat" : "stat",
				   strerror(EACCES)));
	ck_assert_int_eq(chmod(unit_path("mail/shut"), 0700), 0);
	ck_assert_int_eq(chmod(unit_path("mail/dark"), 0700), 0);
	end(side);
}
END_TEST

/* Whether the server loads a compression plugin. */
static const struct {
	const char *data;
	enum mba_state state;
	bool compression, no_compression;
} compressed[] = {
	{ "\x1f\x8b", MBA_STATE_UNKNOWN, false, false },
	{ "\x1f\x8b", MBA_STATE_UNKNOWN, true, false },
	{ "\x1f\x8b", MBA_STATE_NOT_MAILBOX, false, true },
	{ "", MBA_STATE_MAILBOX, false, false },
	{ "", MBA_STATE_NOT_MAILBOX, true, false },
	{ "", MBA_STATE_MAILBOX, false, true },
};

START_TEST(what_opens_a_compressed_mbox_decides)
{
	const struct mba_location set = {
		.prefix = "", .type = "private", .driver = "mbox",
		.layout = "fs", .mail_root = unit_path("mail"),
		.index_root = unit_path("index"),
		.compression = compressed[_i].compression,
		.no_compression = compressed[_i].no_compression,
	};
	struct mail_side *side;

	location = location_init(&set);
	side = mail_side_init(location, &unit_errors);
	unit_write(unit_path("mail/box.gz"), compressed[_i].data,
		   strlen(compressed[_i].data));
	(void)look(side, "box.gz", compressed[_i].state);
	end(side);
}
END_TEST

/* A path that leads to a mailbox from elsewhere than its directory. */
START_TEST(an_absolute_path_is_looked_at_as_well)
{
	static const char *const dirnames[] = { NULL, "D" };
	const char *below = _i == 0 ? "" : "/D";
	struct mail_side *side = begin("maildir", dirnames[_i]);
	const char *op;
	bool is_dir;

	unit_mkdir(unit_path("mail/a/box%s/tmp", below));
	unit_mkdir(unit_path("mail/a/part%s/cur", below));
	unit_mkdir(unit_path("mail/a/junk%s/x", below));
	ck_assert_int_eq(symlink("nowhere", unit_path("mail/a/link")), 0);
	ck_assert_int_eq(mail_look(location, AT_FDCWD,
		unit_path("mail/a/box%s", below), "a/box", &op,
		&is_dir).state, MBA_STATE_MAILBOX);
	ck_assert_int_eq(mail_look(location, AT_FDCWD,
		unit_path("mail/a/part%s", below), "a/part", &op,
		&is_dir).reason, MBA_REASON_INCOMPLETE);
	ck_assert_int_eq(mail_look(location, AT_FDCWD,
		unit_path("mail/a/junk%s", below), "a/junk", &op,
		&is_dir).state, MBA_STATE_NOT_MAILBOX);
	ck_assert_int_eq(mail_look(location, AT_FDCWD,
		unit_path("mail/a/link%s", below), "a/link", &op,
		&is_dir).reason, MBA_REASON_SYMLINK);
	ck_assert_int_eq(mail_look(location, AT_FDCWD,
		unit_path("mail/a/gone%s", below), "a/gone", &op,
		&is_dir).state, MBA_STATE_MISSING);
	ck_assert_int_eq(mail_look(location, AT_FDCWD,
		unit_path("mail/gone/box%s", below), "gone/box", &op,
		&is_dir).state, MBA_STATE_MISSING);
	/* INBOX= has no directory of its own */
	ck_assert_int_eq(mail_look(location, AT_FDCWD, unit_path("mail/a/x"),
		"INBOX", &op, &is_dir).state, MBA_STATE_MISSING);
	ck_assert_int_eq(mail_look(location, AT_FDCWD, "nowhere", "INBOX", &op,
				   &is_dir).state, MBA_STATE_MISSING);
	end(side);
}
END_TEST

/* Its index tells what it is. */
START_TEST(a_dbox_may_be_empty)
{
	static const char *const drivers[] = { "sdbox", "mdbox" };
	struct mail_side *side = begin(drivers[_i], NULL);

	unit_mkdir(unit_path("mail/mailboxes/empty"));
	unit_mkdir(unit_path("mail/mailboxes/box/dbox-Mails"));
	(void)look(side, "empty", MBA_STATE_NOT_MAILBOX);
	(void)look(side, "box", MBA_STATE_MAILBOX);
	check_missing(side, "gone");
	check_missing(side, "empty/gone");
	ck_assert_uint_eq(unit_errors_count, 0);
	end(side);
}
END_TEST

START_TEST(an_own_directory_that_fails_is_no_empty_one)
{
	struct mail_side *side = begin("mbox", "D");
	struct mail_verdict verdict;
	struct rlimit limit;
	const char *op;
	bool is_dir;

	unit_write(unit_path("mail/a/x"), "x", 1);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = 0;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	verdict = mail_look(location, AT_FDCWD, unit_path("mail/a/D"), "a",
			    &op, &is_dir);
	ck_assert_int_eq(errno, EMFILE);
	limit.rlim_cur = limit.rlim_max;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	ck_assert_int_eq(verdict.state, MBA_STATE_UNKNOWN);
	ck_assert_int_eq(verdict.reason, MBA_REASON_ERROR);
	ck_assert_str_eq(op, "open");
	end(side);
}
END_TEST

/* Links to directories that are mailboxes, no mailboxes, and perhaps some; and
   in such a directory. */
START_TEST(links_are_followed_to_directories)
{
	static const char *const dirnames[] = { NULL, "D" };
	const char *below = _i == 0 ? "" : "/D";
	struct mail_side *side = begin("maildir", dirnames[_i]);
	char target[NAME_MAX + 2];

	unit_mkdir(unit_path("mail/a/box%s/tmp", below));
	unit_mkdir(unit_path("mail/a/junk%s/x", below));
	unit_mkdir(unit_path("mail/a/part%s/cur", below));
	unit_mkdir(unit_path("mail/a/half%s", below));
	unit_mkdir(unit_path("mail/a/none"));
	ck_assert_int_eq(symlink("box", unit_path("mail/a/to-box")), 0);
	ck_assert_int_eq(symlink("junk", unit_path("mail/a/to-junk")), 0);
	ck_assert_int_eq(symlink("part", unit_path("mail/a/to-part")), 0);
	ck_assert_int_eq(symlink("nowhere", unit_path("mail/a/half%s/tmp",
						      below)), 0);
	(void)look(side, "a/to-box", MBA_STATE_MAILBOX);
	(void)look(side, "a/to-junk", MBA_STATE_NOT_MAILBOX);
	check_unknown(side, "a/to-part", MBA_REASON_INCOMPLETE);
	check_unknown(side, "a/half", MBA_REASON_SYMLINK);
	ck_assert_int_eq(symlink("nowhere", unit_path("mail/a/none/D")), 0);
	if (_i == 0)
		(void)look(side, "a/none", MBA_STATE_NOT_MAILBOX);
	else
		check_unknown(side, "a/none", MBA_REASON_SYMLINK);
	ck_assert_int_eq(symlink("loop", unit_path("mail/a/loop")), 0);
	check_unknown(side, "a/loop", MBA_REASON_SYMLINK);
	ck_assert_uint_eq(unit_errors_count, 0);
	/* where it leads can't be told */
	memset(target, 'x', sizeof(target) - 1);
	target[sizeof(target) - 1] = '\0';
	unit_mkdir(unit_path("mail/a/odd%s", below));
	ck_assert_int_eq(symlink(target, unit_path("mail/a/odd%s/cur", below)),
			 0);
	check_unknown(side, "a/odd", MBA_REASON_ERROR);
	ck_assert_uint_eq(unit_errors_count, 1);
	end(side);
}
END_TEST

/* Dovecot makes the rest when it opens it. */
START_TEST(with_maildirpp_a_directory_is_enough)
{
	const struct mba_location set = {
		.prefix = "", .type = "private", .driver = "maildir",
		.layout = "maildir++", .mail_root = unit_path("mail"),
		.index_root = unit_path("index"),
	};
	struct mail_side *side;

	unit_errors_count = 0;
	location = location_init(&set);
	side = mail_side_init(location, &unit_errors);
	unit_mkdir(unit_path("mail/.box"));
	unit_mkdir(unit_path("mail/.shut"));
	unit_write(unit_path("mail/.junk"), "x", 1);
	ck_assert_int_eq(symlink("nowhere", unit_path("mail/.link")), 0);
	ck_assert_int_eq(symlink(".box", unit_path("mail/.to-box")), 0);
	unit_become_nobody();
	ck_assert_int_eq(chmod(unit_path("mail/.shut"), 0), 0);
	(void)look(side, "box", MBA_STATE_MAILBOX);
	(void)look(side, "to-box", MBA_STATE_MAILBOX);
	(void)look(side, "junk", MBA_STATE_NOT_MAILBOX);
	check_missing(side, "gone");
	check_unknown(side, "link", MBA_REASON_SYMLINK);
	ck_assert_uint_eq(unit_errors_count, 0);
	check_unknown(side, "shut", MBA_REASON_ERROR);
	ck_assert_uint_eq(unit_errors_count, 1);
	ck_assert_int_eq(chmod(unit_path("mail/.shut"), 0700), 0);
	end(side);
}
END_TEST

/* With what makes a directory a mailbox. */
START_TEST(a_path_may_be_as_long_as_the_kernel_takes_it)
{
	struct mail_side *side = begin("maildir", NULL);
	const size_t max_len = PATH_MAX - 1 - strlen("/tmp");
	struct mail_verdict verdict;
	char name[PATH_MAX];
	const char *op;
	bool is_dir;

	unit_mkdir(unit_path("mail/box/tmp"));
	ck_assert_int_eq(chdir(unit_path("mail")), 0);
	memset(name, '/', sizeof(name));
	name[0] = '.';
	for (size_t len = max_len - 1; len < sizeof(name); len++) {
		(void)strcpy(name + len - strlen("box"), "box");
		verdict = mail_look(location, AT_FDCWD, name, "box", &op,
				    &is_dir);
		ck_assert_int_eq(verdict.state, len <= max_len ?
				 MBA_STATE_MAILBOX : MBA_STATE_UNKNOWN);
		if (len > max_len) {
			ck_assert_int_eq(verdict.reason, MBA_REASON_ERROR);
			ck_assert_int_eq(errno, ENAMETOOLONG);
			errno = 0;
		}
		memset(name + len - strlen("box"), '/', strlen("box"));
	}
	end(side);
}
END_TEST

/* What can't be looked at says nothing of others in its directory. */
START_TEST(an_error_may_be_of_one_name)
{
	struct mail_side *side = begin("mbox", NULL);
	char name[NAME_MAX + 4] = "a/";

	memset(name + 2, 'x', NAME_MAX + 1);
	unit_write(unit_path("mail/a/box"), "", 0);
	unit_write(unit_path("mail/a/shut"), "x", 1);
	unit_become_nobody();
	ck_assert_int_eq(chmod(unit_path("mail/a/shut"), 0), 0);
	check_unknown(side, _i == 0 ? "a/shut" : name, MBA_REASON_ERROR);
	ck_assert_uint_eq(unit_errors_count, 1);
	(void)look(side, "a/box", MBA_STATE_MAILBOX);
	ck_assert_uint_eq(unit_errors_count, 1);
	end(side);
}
END_TEST

/* A path that is longer than what the kernel takes, while what leads to the
   directory isn't, or is as well. What it takes of the path may be there. */
static const struct {
	bool is_cut_there, is_dir_long;
} long_paths[] = { { false, false }, { true, false }, { false, true } };

START_TEST(a_path_that_is_too_long_may_be_missing)
{
	struct mail_side *side = begin("mbox", NULL);
	const size_t max_len = PATH_MAX - 1 - strlen(unit_path("mail/"));
	char name[2 * PATH_MAX], *pos = name;
	int top_len;

	while ((size_t)(pos - name) + 150 < max_len)
		pos += sprintf(pos, "%0100d/", 0);
	unit_write(unit_path("mail/%sx", name), "", 0);
	(void)sprintf(pos, "%0200d", 0);
	if (long_paths[_i].is_cut_there) {
		unit_write(unit_path("mail/%.*s", (int)max_len, name), "", 0);
	} else if (long_paths[_i].is_dir_long) {
		top_len = pos - name;
		ck_assert_int_eq(chdir(unit_path("mail/%.*s", top_len, name)),
				 0);
		strcat(pos, "/box");
		unit_write(pos, "", 0);
		ck_assert_int_eq(chdir("/"), 0);
		(void)look(side, name, MBA_STATE_MAILBOX);
		strcpy(strrchr(name, '/'), "/gone");
	}
	check_missing(side, name);
	ck_assert_uint_eq(unit_errors_count, 0);
	if (long_paths[_i].is_dir_long) {
		/* which would be in the way of nftw() */
		*pos = '\0';
		ck_assert_int_eq(chdir(unit_path("mail/%s", name)), 0);
		(void)sprintf(pos, "%0200d/box", 0);
		ck_assert_int_eq(unlink(pos), 0);
		*strrchr(pos, '/') = '\0';
		ck_assert_int_eq(rmdir(pos), 0);
	}
	end(side);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("mail-side");

	tcase_add_loop_test(tcase, what_is_below_an_empty_directory_is_unknown,
			    0, 2);
	tcase_add_test(tcase, a_directory_is_looked_into_once);
	tcase_add_test(tcase, four_slow_looks_are_slow);
	tcase_add_test(tcase, fast_looks_are_not_slow);
	tcase_add_test(tcase, a_new_side_remembers_nothing);
	tcase_add_test(tcase, a_root_that_is_as_empty_as_a_new_file_system);
	tcase_add_test(tcase, a_root_need_not_be_read);
	tcase_add_loop_test(tcase, a_root_that_fails_is_no_empty_one, 0, 2);
	tcase_add_loop_test(tcase, nor_is_a_directory_that_fails, 0, 2);
	tcase_add_loop_test(tcase, with_dirname_a_mailbox_has_a_directory, 0,
			    2);
	tcase_add_loop_test(tcase, what_opens_a_compressed_mbox_decides, 0,
			    sizeof(compressed) / sizeof(compressed[0]));
	tcase_add_loop_test(tcase, an_absolute_path_is_looked_at_as_well, 0,
			    2);
	tcase_add_loop_test(tcase, a_dbox_may_be_empty, 0, 2);
	tcase_add_test(tcase, an_own_directory_that_fails_is_no_empty_one);
	tcase_add_loop_test(tcase, links_are_followed_to_directories, 0, 2);
	tcase_add_test(tcase, with_maildirpp_a_directory_is_enough);
	tcase_add_test(tcase, a_path_may_be_as_long_as_the_kernel_takes_it);
	tcase_add_loop_test(tcase, an_error_may_be_of_one_name, 0, 2);
	tcase_add_loop_test(tcase, a_path_that_is_too_long_may_be_missing, 0,
			    sizeof(long_paths) / sizeof(long_paths[0]));
	return unit_run(tcase);
}
