/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* When threads are started depends on how long looks take: here the clock is
   the test's own. What they are asked is told in its order. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "entry-queue.h"
#include "look-queue.h"
#include "unit-clock.h"
#include "unit-mail.h"

/* More than are held at once, in more directories than that. */
#define ORDERED_COUNT 100
#define ORDERED_DIRS 10
#define FAST 1000
#define SECOND 1000000000

static void add_error(const char *op, const char *path, const char *error,
		      void *context)
{
	(void)context;
	ck_abort_msg("%s(%s): %s", op, path, error);
}

static void decided(const struct index_entry *found,
		    const struct entry_decision *decision, void *context)
{
	unsigned int *count = context;

	ck_assert_int_eq(decision->state, strcmp(found->path, "unmapped") == 0 ?
			 MBA_STATE_UNKNOWN :
			 strcmp(found->path, "gone/.imap/box") == 0 ?
			 MBA_STATE_MISSING : MBA_STATE_MAILBOX);
	(*count)++;
}

/* Looks in a row that take so long; below 0, entries that need none. */
struct looks {
	unsigned int count;
	int64_t nsecs;
};

static const struct {
	unsigned int jobs;
	/* and how often all of them follow each other */
	struct looks looks[3];
	unsigned int times;
	bool threads;
} cases[] = {
	/* a few that had to wait for a processor */
	{ 16, { { 3, SLOW }, { 100, FAST } }, 1, false },
	{ 16, { { 1, SLOW }, { 1, FAST } }, 100, false },
	{ 16, { { 3, SLOW }, { 3, FAST } }, 100, false },
	/* several in a row, or many more than not, at once and later */
	{ 16, { { 4, SLOW } }, 1, true },
	{ 16, { { 100, FAST }, { 4, SLOW } }, 1, true },
	{ 16, { { 2, SLOW }, { 1, FAST }, { 1, SLOW } }, 2, true },
	{ 2, { { 4, SLOW } }, 1, true },
	{ 2, { { 4, SECOND } }, 1, true },
	/* what isn't looked at says nothing, however long it takes */
	{ 16, { { 1, SLOW }, { 1, -FAST } }, 4, true },
	{ 16, { { 1, FAST }, { 100, -SLOW } }, 1, false },
	/* none but the caller's was asked for */
	{ 1, { { 100, SLOW } }, 1, false },
};

static void add_looks(struct entry_queue *queue, const struct looks *looks,
		      unsigned int *added)
{
	const struct index_entry entry = {
		.path = looks->nsecs < 0 ? "unmapped" : ".imap/box",
	};

	unit_clock_step = llabs(looks->nsecs);
	for (unsigned int i = 0; i < looks->count; i++, (*added)++)
		entry_queue_add(queue, &entry);
}

START_TEST(threads_are_started_when_looks_are_slow)
{
	const struct error_sink errors = { add_error, NULL };
	struct location *location = unit_mail_location("mbox", NULL);
	struct mail_side *side = mail_side_init(location, &errors);
	const struct entry_decide_settings decide = {
		.location = location, .side = side,
	};
	unsigned int before = unit_threads_count(), added = 0, told = 0;
	struct entry_queue *queue =
		entry_queue_init(&decide, cases[_i].jobs, decided, &told);

	unit_write(unit_path("mail/box"), "", 0);
	for (unsigned int i = 0; i < cases[_i].times; i++) {
		for (unsigned int j = 0; j < 3; j++)
			add_looks(queue, &cases[_i].looks[j], &added);
	}
	unit_threads_check(unit_threads_count() - before,
			   cases[_i].threads ? cases[_i].jobs : 0);
	entry_queue_flush(queue);
	ck_assert_uint_eq(told, added);
	entry_queue_deinit(&queue);
	unit_threads_wait(before);
	mail_side_deinit(&side);
	location_free(&location);
}
END_TEST

/* Two for each look, and some for others. */
static const struct {
	rlim_t descriptors;
	unsigned int jobs, expected;
} limits[] = {
	{ 100, 16, 16 },
	{ 96, 16, 16 },
	{ 95, 16, 15 },
	{ 71, 16, 3 },
	{ 70, 3, 3 },
	{ 67, 16, 1 },
	{ 65, 16, 1 },
	{ 40, 16, 1 },
	{ 40, 1, 1 },
};

START_TEST(few_descriptors_are_enough_for_few_looks)
{
	const struct error_sink errors = { add_error, NULL };
	struct location *location = unit_mail_location("mbox", NULL);
	struct mail_side *side = mail_side_init(location, &errors);
	const struct entry_decide_settings decide = {
		.location = location, .side = side,
	};
	const struct looks looks = { 10, SLOW };
	const unsigned int expected = limits[_i].expected;
	unsigned int before = unit_threads_count(), added = 0, told = 0;
	struct entry_queue *queue =
		entry_queue_init(&decide, limits[_i].jobs, decided, &told);
	struct rlimit limit;

	unit_write(unit_path("mail/box"), "", 0);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = limits[_i].descriptors;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	ck_assert_uint_eq(look_queue_jobs(limits[_i].jobs), expected);
	add_looks(queue, &looks, &added);
	unit_threads_check(unit_threads_count() - before,
			   expected == 1 ? 0 : expected);
	entry_queue_flush(queue);
	ck_assert_uint_eq(told, added);
	entry_queue_deinit(&queue);
	mail_side_deinit(&side);
	location_free(&location);
	/* whoever looks for leaks needs some */
	limit.rlim_cur = limit.rlim_max;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}
END_TEST

static void not_decided(const void *item, struct mail_question *look,
			void *context)
{
	unsigned int *count = context;

	(void)item;
	if (look != NULL)
		(*count)++;
}

static void free_nothing(void *item)
{
	(void)item;
}

/* As where the list of mailboxes doesn't have it any more. */
START_TEST(a_look_may_have_been_needless)
{
	const struct error_sink errors = { add_error, NULL };
	struct location *location = unit_mail_location("mbox", NULL);
	struct mail_side *side = mail_side_init(location, &errors);
	unsigned int looks = 0, descriptors = unit_descriptors_count();
	const struct look_queue_settings set = {
		.location = location, .side = side, .jobs = 2,
		.decide = not_decided, .item_free = free_nothing,
		.context = &looks,
	};
	struct look_queue *queue = look_queue_init(&set);
	struct location_path paths[ORDERED_DIRS];
	char name[32];

	unit_clock_step = SLOW;
	for (unsigned int i = 0; i < ORDERED_DIRS; i++) {
		unit_write(unit_path("mail/d%u/box", i), "", 0);
		(void)snprintf(name, sizeof(name), "d%u/box", i);
		location_from_storage_name(location, name, &paths[i]);
		(void)unit_mail_look(mail_side_look, side, location, name,
				     MBA_STATE_MAILBOX);
	}
	(void)look_queue_decide(queue, NULL);
	ck_assert(!look_queue_decide(queue, NULL));
	for (unsigned int i = 0; i < ORDERED_DIRS; i++)
		look_queue_add(queue, NULL, &paths[i]);
	/* for what has no path none is made */
	look_queue_add(queue, NULL, NULL);
	look_queue_flush(queue);
	ck_assert_uint_eq(looks, ORDERED_DIRS);
	look_queue_deinit(&queue);
	ck_assert_ptr_null(queue);
	mail_side_deinit(&side);
	for (unsigned int i = 0; i < ORDERED_DIRS; i++)
		location_path_free(&paths[i]);
	location_free(&location);
	ck_assert_uint_eq(unit_descriptors_count(), descriptors);
}
END_TEST

static const char *ordered_path(unsigned int idx)
{
	static char paths[ORDERED_DIRS][32];
	char *path = paths[idx % ORDERED_DIRS];

	(void)snprintf(path, sizeof(paths[0]), "d%u/.imap/box",
		       idx % ORDERED_DIRS);
	/* one that isn't asked for, and one that can't be asked for at once */
	return idx % 3 == 2 ? "unmapped" :
		idx % 7 == 5 ? "gone/.imap/box" : path;
}

static void decided_in_order(const struct index_entry *found,
			     const struct entry_decision *decision,
			     void *context)
{
	unsigned int *count = context;

	ck_assert_str_eq(found->path, ordered_path(*count));
	decided(found, decision, context);
}

START_TEST(what_is_held_is_told_in_its_order)
{
	static const unsigned int jobs[] = { 2, 3, 16 };
	const struct error_sink errors = { add_error, NULL };
	struct location *location = unit_mail_location("mbox", NULL);
	struct mail_side *side = mail_side_init(location, &errors);
	const struct entry_decide_settings decide = {
		.location = location, .side = side,
	};
	struct index_entry entry = { .path = NULL };
	unsigned int told = 0;
	struct entry_queue *queue =
		entry_queue_init(&decide, jobs[_i], decided_in_order, &told);

	for (unsigned int i = 0; i < ORDERED_DIRS; i++)
		unit_write(unit_path("mail/d%u/box", i), "", 0);
	unit_clock_step = SLOW;
	for (unsigned int i = 0; i < ORDERED_COUNT; i++) {
		entry.path = ordered_path(i);
		entry_queue_add(queue, &entry);
		ck_assert_uint_ge(told + 2 * jobs[_i], i + 1);
	}
	ck_assert_uint_lt(told, ORDERED_COUNT);
	entry_queue_flush(queue);
	ck_assert_uint_eq(told, ORDERED_COUNT);
	entry_queue_deinit(&queue);
	mail_side_deinit(&side);
	location_free(&location);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("entry-queue");

	tcase_add_loop_test(tcase, threads_are_started_when_looks_are_slow, 0,
			    sizeof(cases) / sizeof(cases[0]));
	tcase_add_loop_test(tcase, few_descriptors_are_enough_for_few_looks, 0,
			    sizeof(limits) / sizeof(limits[0]));
	tcase_add_test(tcase, a_look_may_have_been_needless);
	tcase_add_loop_test(tcase, what_is_held_is_told_in_its_order, 0, 3);
	return unit_run(tcase);
}
