/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* What is asked of the mail side before its answer is wanted: in which
   directory, and of what an error or an answer says something. */

#include <errno.h>
#include <sys/stat.h>

#include "mail-look.h"
#include "unit-mail-side.h"

/* A directory that can't be opened ahead is the next one to be looked at; but
   if its entry isn't looked up after all, since the list of mailboxes changed,
   that says nothing of another one. */
START_TEST(an_error_is_of_the_directory_that_it_was_asked_for)
{
	static const char *const names[] = { "a/box", "closed/below/box" };
	struct mail_side *side = begin("mbox", NULL);
	struct location_path paths[2];
	struct mail_question questions[2];
	enum mba_reason reason;
	bool is_dir;

	unit_write(unit_path("mail/a/box"), "", 0);
	unit_write(unit_path("mail/box"), "", 0);
	unit_write(unit_path("mail/closed/below/box"), "", 0);
	ck_assert_int_eq(chmod(unit_path("mail/closed"), 0), 0);
	unit_become_nobody();
	for (unsigned int i = 0; i < 2; i++)
		location_from_storage_name(location, names[i], &paths[i]);
	(void)look(side, "box", MBA_STATE_MAILBOX);
	ck_assert(ask(side, &paths[0], &questions[0]));
	ck_assert(!ask(side, &paths[1], &questions[1]));
	ck_assert_int_eq(mail_side_answer(side, &questions[0], &reason,
					  &is_dir), MBA_STATE_MAILBOX);
	mail_question_free(side, &questions[0]);
	if (_i == 1)
		check_unknown(side, "closed/below/box", MBA_REASON_ERROR);
	(void)look(side, "box", MBA_STATE_MAILBOX);
	(void)look(side, "a/box", MBA_STATE_MAILBOX);
	ck_assert_uint_eq(unit_errors_count, _i);
	check_unknown(side, "closed/below/box", MBA_REASON_ERROR);
	check_last_error("closed/below", EACCES);
	/* no error is in the way of others */
	ck_assert(ask(side, &paths[0], &questions[0]));
	mail_question_free(side, &questions[0]);
	for (unsigned int i = 0; i < 2; i++)
		location_path_free(&paths[i]);
	end(side);
	ck_assert_int_eq(chmod(unit_path("mail/closed"), 0700), 0);
}
END_TEST

/* A directory whose name begins like that of one that is missing, and one of
   the same length. */
START_TEST(nor_is_it_of_a_directory_like_it)
{
	static const char *const names[] = { "abc/box", "cd/box" };
	struct mail_side *side = begin("mbox", NULL);
	struct mail_question question;
	struct location_path path;

	unit_write(unit_path("mail/%s", names[_i]), "", 0);
	location_from_storage_name(location, "ab/box", &path);
	check_missing(side, "box");
	ck_assert(!ask(side, &path, &question));
	(void)look(side, names[_i], MBA_STATE_MAILBOX);
	check_missing(side, "ab/box");
	ck_assert_uint_eq(unit_errors_count, 0);
	location_path_free(&path);
	end(side);
}
END_TEST

/* Of a name, and of what can't be there, as its directory isn't. */
static const struct {
	const char *name;
	enum mba_state state;
	bool is_dir;
} dirs[] = {
	{ "a", MBA_STATE_NOT_MAILBOX, true },
	{ "a/box", MBA_STATE_MAILBOX, false },
	{ "a/gone", MBA_STATE_MISSING, false },
	{ "gone/box", MBA_STATE_MISSING, false },
};

START_TEST(a_directory_is_told)
{
	struct mail_side *side = begin("mbox", NULL);
	struct mail_question question;
	struct location_path path;
	enum mba_reason reason;
	bool is_dir;

	unit_write(unit_path("mail/a/box"), "", 0);
	location_from_storage_name(location, dirs[_i].name, &path);
	is_dir = !dirs[_i].is_dir;
	ck_assert_int_eq(mail_side_look(side, &path, &reason, &is_dir),
			 dirs[_i].state);
	ck_assert_int_eq(is_dir, dirs[_i].is_dir);
	if (ask(side, &path, &question)) {
		is_dir = !dirs[_i].is_dir;
		ck_assert_int_eq(mail_side_answer(side, &question, &reason,
						  &is_dir), dirs[_i].state);
		ck_assert_int_eq(is_dir, dirs[_i].is_dir);
	}
	location_path_free(&path);
	end(side);
}
END_TEST

/* Asked one after the other, where three directories may be held. */
static const struct {
	const char *name;
	bool is_refused;
	enum mba_state state;
} asked[] = {
	{ "gone", false, MBA_STATE_MISSING },
	{ "a/gone", false, MBA_STATE_MAILBOX },
	{ "b/gone", false, MBA_STATE_MISSING },
	{ "b/box", false, MBA_STATE_MAILBOX },
	{ "a/gone", true, 0 },
	{ "empty/box", true, 0 },
};
#define ASKED_COUNT (sizeof(asked) / sizeof(asked[0]))

START_TEST(a_question_is_asked_in_its_directory)
{
	struct mail_side *side = begin("mbox", NULL);
	unsigned int descriptors = unit_descriptors_count();
	unsigned int inherited = unit_inherited_count();
	struct mail_question questions[ASKED_COUNT];
	struct location_path paths[ASKED_COUNT];
	enum mba_reason reason;
	bool is_dir;

	unit_write(unit_path("mail/a/gone"), "", 0);
	unit_write(unit_path("mail/b/box"), "", 0);
	unit_mkdir(unit_path("mail/empty"));
	for (unsigned int i = 0; i < ASKED_COUNT; i++)
		location_from_storage_name(location, asked[i].name, &paths[i]);
	/* nothing is known of the root */
	ck_assert(!ask(side, &paths[0], &questions[0]));
	check_missing(side, "gone");
	check_unknown(side, "empty/gone", MBA_REASON_EMPTY_DIRECTORY);
	(void)look(side, "b/box", MBA_STATE_MAILBOX);
	limit_descriptors(0);
	ck_assert(!ask(side, &paths[2], &questions[2]));
	limit_descriptors(-1);
	for (unsigned int i = 0; i < ASKED_COUNT; i++) {
		ck_assert_int_eq(mail_side_ask(side, &paths[i], 3,
					       &questions[i]),
				 !asked[i].is_refused);
	}
	ck_assert_uint_eq(unit_inherited_count(), inherited);
	for (unsigned int i = 0; i < ASKED_COUNT; i++) {
		if (asked[i].is_refused)
			continue;
		mail_question_look(location, &questions[i]);
		ck_assert_int_eq(mail_side_answer(side, &questions[i], &reason,
						  &is_dir), asked[i].state);
	}
	for (unsigned int i = 0; i < ASKED_COUNT; i++)
		location_path_free(&paths[i]);
	ck_assert_uint_eq(unit_errors_count, 0);
	end(side);
	ck_assert_uint_eq(unit_descriptors_count(), descriptors);
}
END_TEST

START_TEST(an_answer_is_of_its_directory)
{
	struct mail_side *side = begin("mbox", NULL);
	struct mail_question question;
	struct location_path path;
	enum mba_reason reason;
	bool is_dir;

	unit_mkdir(unit_path("mail/empty"));
	(void)look(side, "other", MBA_STATE_NOT_MAILBOX);
	location_from_storage_name(location, "empty/box", &path);
	ck_assert(ask(side, &path, &question));
	(void)look(side, "other", MBA_STATE_NOT_MAILBOX);
	ck_assert_int_eq(mail_side_answer(side, &question, &reason, &is_dir),
			 MBA_STATE_UNKNOWN);
	ck_assert_int_eq(reason, MBA_REASON_EMPTY_DIRECTORY);
	/* now it is known before one is asked */
	ck_assert(!ask(side, &path, &question));
	location_path_free(&path);
	end(side);
}
END_TEST

/* What an earlier answer says of the directory comes first. */
START_TEST(an_answer_may_be_of_no_use)
{
	static const char *const names[] = { "a/box", "a/dir" };
	struct mail_side *side = begin("mbox", NULL);
	struct mail_question questions[2];
	struct location_path paths[2];
	enum mba_reason reason;
	bool is_dir;

	unit_write(unit_path("mail/a/box"), "", 0);
	unit_mkdir(unit_path("mail/a/dir"));
	unit_become_nobody();
	(void)look(side, "a/box", MBA_STATE_MAILBOX);
	for (unsigned int i = 0; i < 2; i++) {
		location_from_storage_name(location, names[i], &paths[i]);
		ck_assert(mail_side_ask(side, &paths[i], 1, &questions[i]));
	}
	mail_question_look(location, &questions[1]);
	ck_assert(questions[1].is_dir);
	ck_assert_int_eq(chmod(unit_path("mail/a"), 0), 0);
	mail_question_look(location, &questions[0]);
	ck_assert_int_eq(chmod(unit_path("mail/a"), 0700), 0);
	for (unsigned int i = 0; i < 2; i++) {
		is_dir = true;
		ck_assert_int_eq(mail_side_answer(side, &questions[i], &reason,
						  &is_dir), MBA_STATE_UNKNOWN);
		ck_assert_int_eq(reason, MBA_REASON_ERROR);
		ck_assert(!is_dir);
		location_path_free(&paths[i]);
	}
	ck_assert_uint_eq(unit_errors_count, 1);
	end(side);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("mail-asked");

	tcase_add_loop_test(tcase,
			    an_error_is_of_the_directory_that_it_was_asked_for,
			    0, 2);
	tcase_add_loop_test(tcase, nor_is_it_of_a_directory_like_it, 0, 2);
	tcase_add_loop_test(tcase, a_directory_is_told, 0,
			    sizeof(dirs) / sizeof(dirs[0]));
	tcase_add_test(tcase, a_question_is_asked_in_its_directory);
	tcase_add_test(tcase, an_answer_is_of_its_directory);
	tcase_add_test(tcase, an_answer_may_be_of_no_use);
	return unit_run(tcase);
}
