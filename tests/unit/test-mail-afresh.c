/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* What the mail side tells whoever removes something: what is at the path now,
   whatever is held open or remembered. */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit-mail.h"

/* a path with so many of them is longer than what is opened at once */
#define LEVELS_COUNT 10
#define LEVEL_LEN 250

static struct location *location;

/* mbox, with an INBOX elsewhere and a mail root that isn't empty. */
static struct mail_side *begin_inbox(const char *inbox_path)
{
	const struct mba_location set = {
		.prefix = "", .type = "private", .driver = "mbox",
		.layout = "fs", .mail_root = unit_path("mail"),
		.index_root = unit_path("index"),
		.inbox_path = inbox_path, .inbox = true,
	};

	unit_errors_count = 0;
	unit_write(unit_path("mail/other"), "x", 1);
	unit_write(unit_path("spool/bob"), "x", 1);
	location = location_init(&set);
	return mail_side_init(location, &unit_errors);
}

static struct mail_side *begin(void)
{
	return begin_inbox(unit_path("spool/ann"));
}

static void end(struct mail_side *side)
{
	mail_side_deinit(&side);
	location_free(&location);
}

/* Look by what is held open. */
static void look(struct mail_side *side, const char *name,
		 enum mba_state expected)
{
	(void)unit_mail_look(mail_side_look, side, location, name, expected);
}

static void check(struct mail_side *side, const char *name,
		  enum mba_state state, enum mba_reason reason)
{
	ck_assert_int_eq(unit_mail_look(mail_side_look_afresh, side, location,
					name, state), reason);
}

START_TEST(what_is_at_the_path_is_told)
{
	struct mail_side *side = begin();

	unit_write(unit_path("mail/a/box"), "", 0);
	unit_mkdir(unit_path("mail/empty"));
	ck_assert_int_eq(symlink("nowhere", unit_path("mail/a/link")), 0);
	check(side, "a/box", MBA_STATE_MAILBOX, MBA_REASON_NONE);
	check(side, "other", MBA_STATE_NOT_MAILBOX, MBA_REASON_NONE);
	check(side, "a/gone", MBA_STATE_MISSING, MBA_REASON_NONE);
	check(side, "gone/box", MBA_STATE_MISSING, MBA_REASON_NONE);
	check(side, "a/link", MBA_STATE_UNKNOWN, MBA_REASON_SYMLINK);
	check(side, "empty/box", MBA_STATE_UNKNOWN,
	      MBA_REASON_EMPTY_DIRECTORY);
	ck_assert_uint_eq(unit_errors_count, 0);
	end(side);
}
END_TEST

/* The mail root needn't be there. */
START_TEST(an_inbox_has_a_path_of_its_own)
{
	struct mail_side *side = begin();

	unit_write(unit_path("spool/ann"), "", 0);
	ck_assert_int_eq(unlink(unit_path("mail/other")), 0);
	ck_assert_int_eq(rmdir(unit_path("mail")), 0);
	check(side, "INBOX", MBA_STATE_MAILBOX, MBA_REASON_NONE);
	look(side, "INBOX", MBA_STATE_MAILBOX);
	unit_write(unit_path("spool/ann"), "x", 1);
	check(side, "INBOX", MBA_STATE_NOT_MAILBOX, MBA_REASON_NONE);
	ck_assert_int_eq(unlink(unit_path("spool/ann")), 0);
	check(side, "INBOX", MBA_STATE_MISSING, MBA_REASON_NONE);
	ck_assert_uint_eq(unit_errors_count, 0);
	end(side);
}
END_TEST

static void empty_spool(void)
{
	ck_assert_int_eq(unlink(unit_path("spool/bob")), 0);
}

static void remove_spool(void)
{
	empty_spool();
	ck_assert_int_eq(rmdir(unit_path("spool")), 0);
}

static void close_spool(void)
{
	ck_assert_int_eq(chmod(unit_path("spool"), 0300), 0);
}

/* What an INBOX is that isn't in its directory. */
static const struct {
	void (*change)(void);
	enum mba_state state;
	enum mba_reason reason;
	/* of its directory; NULL if there is none */
	const char *error;
} spools[] = {
	{ empty_spool, MBA_STATE_UNKNOWN, MBA_REASON_MAIL_ROOT,
	  "readdir: Directory is empty, is the file system mounted?" },
	{ remove_spool, MBA_STATE_UNKNOWN, MBA_REASON_MAIL_ROOT,
	  "open: No such file or directory" },
	/* it needn't be read */
	{ close_spool, MBA_STATE_MISSING, MBA_REASON_NONE, NULL },
};

START_TEST(an_inbox_is_missing_if_its_directory_is_in_use)
{
	struct mail_side *side = begin();
	unsigned int descriptors = unit_descriptors_count();
	struct mail_question question;
	struct location_path path;
	enum mba_reason reason;
	bool is_dir;

	unit_become_nobody();
	spools[_i].change();
	location_from_storage_name(location, "INBOX", &path);
	ck_assert(mail_side_ask(side, &path, 0, &question));
	mail_question_look(location, &question);
	ck_assert_int_eq(mail_side_answer(side, &question, &reason, &is_dir),
			 spools[_i].state);
	ck_assert_int_eq(reason, spools[_i].reason);
	ck_assert(!is_dir);
	location_path_free(&path);
	look(side, "INBOX", spools[_i].state);
	check(side, "INBOX", spools[_i].state, spools[_i].reason);
	if (spools[_i].error == NULL)
		ck_assert_uint_eq(unit_errors_count, 0);
	else {
		/* told once */
		ck_assert_uint_eq(unit_errors_count, 1);
		ck_assert_str_eq(unit_last_error,
				 unit_path("spool: %s", spools[_i].error));
	}
	ck_assert_uint_eq(unit_descriptors_count(), descriptors);
	end(side);
	/* to be removed by whoever isn't root */
	(void)chmod(unit_path("spool"), 0700);
}
END_TEST

START_TEST(an_inbox_that_fails_says_nothing_of_others)
{
	struct mail_side *side = begin();

	unit_write(unit_path("mail/a/box"), "", 0);
	unit_write(unit_path("mail/a/other"), "", 0);
	unit_become_nobody();
	look(side, "a/box", MBA_STATE_MAILBOX);
	ck_assert_int_eq(chmod(unit_path("spool"), 0), 0);
	look(side, "INBOX", MBA_STATE_UNKNOWN);
	ck_assert_uint_eq(unit_errors_count, 1);
	ck_assert_str_eq(unit_last_error, unit_path("spool/ann: lstat: %s",
						    strerror(EACCES)));
	look(side, "a/other", MBA_STATE_MAILBOX);
	ck_assert_int_eq(chmod(unit_path("spool"), 0700), 0);
	end(side);
}
END_TEST

START_TEST(an_inbox_may_be_in_the_root_of_the_file_system)
{
	struct mail_side *side = begin_inbox("/mba-unit-no-such-inbox");

	check(side, "INBOX", MBA_STATE_MISSING, MBA_REASON_NONE);
	ck_assert_uint_eq(unit_errors_count, 0);
	end(side);
}
END_TEST

/* What is held open and what is at the path differ: before, and after. */
static const struct {
	const char *before, *after;
	enum mba_state held, state;
} replaced[] = {
	{ "", NULL, MBA_STATE_MAILBOX, MBA_STATE_MAILBOX },
	{ "x", NULL, MBA_STATE_NOT_MAILBOX, MBA_STATE_MISSING },
	{ NULL, "", MBA_STATE_MISSING, MBA_STATE_MAILBOX },
	{ NULL, "x", MBA_STATE_MISSING, MBA_STATE_NOT_MAILBOX },
	{ "", "x", MBA_STATE_MAILBOX, MBA_STATE_NOT_MAILBOX },
	{ "x", "", MBA_STATE_NOT_MAILBOX, MBA_STATE_MAILBOX },
};

static void write_box(const char *dir, const char *data)
{
	unit_write(unit_path("%s/other", dir), "", 0);
	if (data != NULL)
		unit_write(unit_path("%s/box", dir), data, strlen(data));
}

START_TEST(what_is_held_open_may_be_elsewhere)
{
	struct mail_side *side = begin();

	write_box("mail/a", replaced[_i].before);
	look(side, "a/box", replaced[_i].held);
	ck_assert_int_eq(rename(unit_path("mail/a"), unit_path("old")), 0);
	write_box("mail/a", replaced[_i].after);
	check(side, "a/box", replaced[_i].state, MBA_REASON_NONE);
	ck_assert_uint_eq(unit_errors_count, 0);
	end(side);
}
END_TEST

/* Nothing is missing in another root. */
START_TEST(the_root_may_be_another_one)
{
	struct mail_side *side = begin();

	unit_write(unit_path("mail/junk"), "x", 1);
	look(side, "junk", MBA_STATE_NOT_MAILBOX);
	ck_assert_int_eq(rename(unit_path("mail"), unit_path("old")), 0);
	unit_write(unit_path("mail/box"), "", 0);
	check(side, "box", MBA_STATE_MAILBOX, MBA_REASON_NONE);
	ck_assert_uint_eq(unit_errors_count, 0);
	check(side, "junk", MBA_STATE_UNKNOWN, MBA_REASON_MAIL_ROOT);
	ck_assert_uint_eq(unit_errors_count, 1);
	ck_assert_str_eq(unit_last_error,
			 unit_path("mail: stat: %s", strerror(ESTALE)));
	end(side);
}
END_TEST

/* A path that can't be looked at, though what is held open can, or not: that is
   told once. */
static const struct {
	const char *closed, *error;
	bool is_held;
	enum mba_reason reason;
} denied[] = {
	{ "mail/a", "mail/a/b/box: lstat", true, MBA_REASON_ERROR },
	{ "mail/a", "mail/a/b: open", false, MBA_REASON_ERROR },
	{ "mail/a/b", "mail/a/b/box: lstat", true, MBA_REASON_ERROR },
	{ "mail/a/b", "mail/a/b/box: lstat", false, MBA_REASON_ERROR },
	{ "", "mail: open", false, MBA_REASON_MAIL_ROOT },
};

START_TEST(what_cant_be_looked_at_is_unknown)
{
	struct mail_side *side;

	side = begin();
	unit_write(unit_path("mail/a/b/box"), "", 0);
	unit_become_nobody();
	if (denied[_i].is_held)
		look(side, "a/b/box", MBA_STATE_MAILBOX);
	ck_assert_int_eq(chmod(unit_path("%s", denied[_i].closed), 0), 0);
	check(side, "a/b/box", MBA_STATE_UNKNOWN, denied[_i].reason);
	ck_assert_uint_eq(unit_errors_count, 1);
	ck_assert_str_eq(unit_last_error,
			 unit_path("%s: %s", denied[_i].error,
				   strerror(EACCES)));
	/* which isn't in the directory that is held open */
	check(side, "a/b/gone", MBA_STATE_UNKNOWN, denied[_i].reason);
	ck_assert_uint_eq(unit_errors_count, _i == 0 ? 2 : 1);
	ck_assert_int_eq(chmod(unit_path("%s", denied[_i].closed), 0700), 0);
	end(side);
}
END_TEST

/* Returns the name of a mailbox with a long path. */
static const char *long_name(void)
{
	static char name[LEVELS_COUNT * (LEVEL_LEN + 1) + 4];
	char *end = name;

	for (int i = 0; i < LEVELS_COUNT; i++) {
		memset(end, 'x', LEVEL_LEN);
		end[LEVEL_LEN] = '/';
		end += LEVEL_LEN + 1;
	}
	strcpy(end, "box");
	return name;
}

static const char *long_top(void)
{
	return unit_path("mail/%.*s", LEVEL_LEN, long_name());
}

static void change_nothing(void)
{
}

static void move_top(void)
{
	ck_assert_int_eq(rename(long_top(), unit_path("top")), 0);
}

static void make_top_a_file(void)
{
	move_top();
	unit_write(long_top(), "", 0);
}

static void make_top_a_loop(void)
{
	move_top();
	ck_assert_int_eq(symlink(long_top(), long_top()), 0);
}

static void close_top(void)
{
	ck_assert_int_eq(chmod(long_top(), 0), 0);
}

static const struct {
	void (*change)(void);
	enum mba_state state;
	enum mba_reason reason;
	/* what is held open is still there */
	bool is_held;
} long_paths[] = {
	{ change_nothing, MBA_STATE_MAILBOX, MBA_REASON_NONE, false },
	{ move_top, MBA_STATE_MISSING, MBA_REASON_NONE, false },
	{ make_top_a_file, MBA_STATE_MISSING, MBA_REASON_NONE, false },
	{ make_top_a_loop, MBA_STATE_UNKNOWN, MBA_REASON_SYMLINK, false },
	{ close_top, MBA_STATE_UNKNOWN, MBA_REASON_ERROR, true },
};

START_TEST(a_path_may_be_long)
{
	struct mail_side *side = begin();
	unsigned int descriptors;

	unit_write(unit_path("mail/%s", long_name()), "", 0);
	unit_become_nobody();
	if (long_paths[_i].is_held)
		look(side, long_name(), MBA_STATE_MAILBOX);
	long_paths[_i].change();
	descriptors = unit_descriptors_count();
	check(side, long_name(), long_paths[_i].state, long_paths[_i].reason);
	if (long_paths[_i].is_held || long_paths[_i].change == change_nothing)
		ck_assert_uint_eq(unit_descriptors_count(), descriptors);
	if (long_paths[_i].reason == MBA_REASON_ERROR) {
		ck_assert_int_eq(chmod(long_top(), 0700), 0);
		ck_assert_str_eq(unit_last_error,
				 unit_path("mail/%s: open: %s", long_name(),
					   strerror(EACCES)));
	}
	ck_assert_uint_eq(unit_errors_count,
			  long_paths[_i].reason == MBA_REASON_ERROR ? 1 : 0);
	end(side);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("mail-afresh");

	tcase_add_test(tcase, what_is_at_the_path_is_told);
	tcase_add_test(tcase, an_inbox_has_a_path_of_its_own);
	tcase_add_loop_test(tcase,
			    an_inbox_is_missing_if_its_directory_is_in_use, 0,
			    sizeof(spools) / sizeof(spools[0]));
	tcase_add_test(tcase, an_inbox_that_fails_says_nothing_of_others);
	tcase_add_test(tcase, an_inbox_may_be_in_the_root_of_the_file_system);
	tcase_add_loop_test(tcase, what_is_held_open_may_be_elsewhere, 0,
			    sizeof(replaced) / sizeof(replaced[0]));
	tcase_add_test(tcase, the_root_may_be_another_one);
	tcase_add_loop_test(tcase, what_cant_be_looked_at_is_unknown, 0,
			    sizeof(denied) / sizeof(denied[0]));
	tcase_add_loop_test(tcase, a_path_may_be_long, 0,
			    sizeof(long_paths) / sizeof(long_paths[0]));
	return unit_run(tcase);
}
