/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* What logs, days of messages and the fields of a cache prove of use. */

#include <string.h>

#include "index-evidence.h"
#include "unit-index-log.h"
#include "unit.h"

#define DAY (24 * 60 * 60)

static struct index_evidence evidence_of_log(int64_t mtime)
{
	struct index_evidence_input input = { .log_mtime = mtime };
	struct index_log_scan scan;
	struct index_evidence evidence;
	const char *error;

	ck_assert_int_eq(read_logs(&newer, NULL), INDEX_STATE_OK);
	ck_assert_int_eq(index_log_scan(newer.data, newer.size, &scan, &error),
			 0);
	input.state = &state;
	input.log = &scan;
	index_evidence_find(&input, &evidence);
	return evidence;
}

START_TEST(who_changes_it)
{
	static const struct {
		uint32_t type, flags;
		enum mba_evidence level;
	} changes[] = {
		{ FLAGS, OCTETS(0x08), MBA_EVIDENCE_CHANGED },
		{ FLAGS, OCTETS(0, 0x08), MBA_EVIDENCE_CHANGED },
		{ FLAGS, OCTETS(0x01), MBA_EVIDENCE_CHANGED },
		{ FLAGS, OCTETS(0, 0x10), MBA_EVIDENCE_CHANGED },
		{ EXPUNGE, 0, MBA_EVIDENCE_CHANGED },
		{ EXPUNGE_GUID, 0, MBA_EVIDENCE_CHANGED },
		{ KEYWORD, 0, MBA_EVIDENCE_CHANGED },
		{ KEYWORD_RESET, 0, MBA_EVIDENCE_CHANGED },
		/* Dovecot's own flags; Dovecot itself; dsync */
		{ FLAGS, OCTETS(0x80), MBA_EVIDENCE_NEVER_OPENED },
		{ FLAGS | EXTERNAL, OCTETS(0x08),
		  MBA_EVIDENCE_NEVER_OPENED },
		{ FLAGS | DSYNC, OCTETS(0x08), MBA_EVIDENCE_NEVER_OPENED },
		{ EXPUNGE_GUID | DSYNC, 0, MBA_EVIDENCE_NEVER_OPENED },
		{ KEYWORD_RESET | DSYNC, 0, MBA_EVIDENCE_NEVER_OPENED },
	};
	struct index_evidence evidence;

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		log_begin(&newer, 1, 0, 0);
		log_append(&newer, 1, 1);
		LOG_ADD(&newer, changes[i].type, 1, 1, changes[i].flags);
		evidence = evidence_of_log(INDEXID + 100);
		ck_assert_int_eq(evidence.level, changes[i].level);
		ck_assert_int_eq(evidence.since, INDEXID);
		ck_assert_int_eq(evidence.last_used,
				 changes[i].level == MBA_EVIDENCE_CHANGED ?
				 INDEXID + 100 : 0);
		teardown();
		setup();
	}
}
END_TEST

/* What a sync notes of the mails. */
static void log_sync_note(struct bytes *log)
{
	LOG_ADD(log, BOUNDARY | EXTERNAL, 12 + 32);
	LOG_ADD(log, INTRO | EXTERNAL, UINT32_MAX, 0, 0, PAIR(4, 4), PAIR(0, 4),
		OCTETS('n', 'o', 't', 'e'));
}

/* the end of a sync of changes; a time */
#define SYNC_END(log) \
	LOG_ADD(log, HEADER | EXTERNAL, PAIR(64, 4), 100)
#define TEMP_SCAN(log, time) \
	LOG_ADD(log, HEADER | EXTERNAL, PAIR(80, 4), time)
#define DIRTY OCTETS(0x80)
#define NOT_DIRTY OCTETS(0, 0x80)

static void check_change(int64_t last_used)
{
	struct index_evidence evidence = evidence_of_log(INDEXID + 100);

	ck_assert_int_eq(evidence.level, MBA_EVIDENCE_CHANGED);
	ck_assert_str_eq(evidence.proof, "change");
	ck_assert_int_eq(evidence.last_used, last_used);
	teardown();
	setup();
}

static void log_change(void)
{
	log_begin(&newer, 1, 0, 0);
	log_append(&newer, 1, 3);
	LOG_ADD(&newer, FLAGS, 1, 1, OCTETS(0x08));
}

START_TEST(the_last_change_is_dated_by_the_log)
{
	/* its sync hasn't ended */
	log_change();
	LOG_ADD(&newer, EXPUNGE | EXTERNAL, 1, 1);
	check_change(INDEXID);
	log_change();
	LOG_ADD(&newer, EXPUNGE | EXTERNAL, 1, 1);
	SYNC_END(&newer);
	check_change(INDEXID + 100);
	/* what came before it doesn't matter */
	log_change();
	SYNC_END(&newer);
	log_append(&newer, 4, 1);
	LOG_ADD(&newer, EXPUNGE, 1, 1);
	LOG_ADD(&newer, EXPUNGE | EXTERNAL, 1, 1);
	SYNC_END(&newer);
	check_change(INDEXID + 100);
	/* later syncs, one of them of somebody else's expunge */
	log_change();
	SYNC_END(&newer);
	log_sync_note(&newer);
	check_change(INDEXID);
	log_change();
	SYNC_END(&newer);
	LOG_ADD(&newer, EXPUNGE | EXTERNAL, 2, 2);
	SYNC_END(&newer);
	check_change(INDEXID);
	/* the end of a sync isn't wished for */
	log_change();
	LOG_ADD(&newer, HEADER, PAIR(64, 4), 100);
	check_change(INDEXID);
}
END_TEST

START_TEST(an_mbox_is_written_when_it_is_left)
{
	log_change();
	LOG_ADD(&newer, FLAGS | EXTERNAL, 1, 1, DIRTY);
	SYNC_END(&newer);
	log_sync_note(&newer);
	LOG_ADD(&newer, FLAGS | EXTERNAL, 1, 1, NOT_DIRTY);
	check_change(INDEXID);
	log_change();
	LOG_ADD(&newer, FLAGS | EXTERNAL, 1, 1, DIRTY);
	SYNC_END(&newer);
	log_sync_note(&newer);
	LOG_ADD(&newer, FLAGS | EXTERNAL, 1, 1, NOT_DIRTY);
	SYNC_END(&newer);
	check_change(INDEXID + 100);
	/* a message came meanwhile; the sync notes more of what it saw */
	log_change();
	LOG_ADD(&newer, FLAGS | EXTERNAL, 1, 1, DIRTY);
	log_append(&newer, 4, 1);
	SYNC_END(&newer);
	log_sync_note(&newer);
	LOG_ADD(&newer, EXT_HEADER | EXTERNAL, PAIR(0, 4), 7);
	LOG_ADD(&newer, FLAGS | EXTERNAL, 1, 1, NOT_DIRTY);
	SYNC_END(&newer);
	check_change(INDEXID + 100);
	/* somebody asks for more in between, or marks messages */
	log_change();
	SYNC_END(&newer);
	LOG_ADD(&newer, BOUNDARY, 12);
	LOG_ADD(&newer, FLAGS | EXTERNAL, 1, 1, NOT_DIRTY);
	SYNC_END(&newer);
	check_change(INDEXID);
	log_change();
	SYNC_END(&newer);
	LOG_ADD(&newer, FLAGS, 1, 1, DIRTY);
	SYNC_END(&newer);
	check_change(INDEXID);
	/* by a delivery */
	log_change();
	LOG_ADD(&newer, FLAGS | EXTERNAL, 1, 1, DIRTY);
	SYNC_END(&newer);
	log_append(&newer, 4, 1);
	LOG_ADD(&newer, FLAGS | EXTERNAL, 1, 4, NOT_DIRTY);
	SYNC_END(&newer);
	check_change(INDEXID);
}
END_TEST

START_TEST(times_before_a_change_date_it)
{
	const uint32_t newer_stamp = INDEXID + 10;

	log_begin(&newer, 1, 0, 0);
	log_append(&newer, 1, 3);
	TEMP_SCAN(&newer, INDEXID + 40);
	LOG_ADD(&newer, FLAGS, 1, 1, OCTETS(0x08));
	TEMP_SCAN(&newer, INDEXID + 90);
	check_change(INDEXID + 40);
	/* the day's first second; an update that isn't whole is none */
	log_begin(&newer, 1, 0, 0);
	log_append(&newer, 1, 3);
	LOG_ADD(&newer, HEADER | EXTERNAL, PAIR(84, 4), INDEXID + 20,
		PAIR(80, 4));
	LOG_ADD(&newer, FLAGS, 1, 1, OCTETS(0x08));
	log_sync_note(&newer);
	check_change(INDEXID + 20);
	/* the log itself is newer than the index */
	log_change();
	memcpy(newer.data + 20, &newer_stamp, sizeof(newer_stamp));
	log_sync_note(&newer);
	check_change(INDEXID + 10);
	/* the latest one, among other fields; the day has eight more values,
	   whatever they look like, and others are padded */
	log_begin(&newer, 1, 0, 0);
	log_append(&newer, 1, 3);
	LOG_ADD(&newer, HEADER | EXTERNAL, PAIR(48, 4), INDEXID + 99,
		PAIR(84, 36), INDEXID + 45, PAIR(80, 4), INDEXID + 99, 0, 0,
		0, 0, 0, 0, PAIR(28, 6), 4, 0, PAIR(80, 4), INDEXID + 50,
		PAIR(84, 4), INDEXID + 40);
	TEMP_SCAN(&newer, INDEXID + 30);
	LOG_ADD(&newer, FLAGS, 1, 1, OCTETS(0x08));
	log_sync_note(&newer);
	check_change(INDEXID + 50);
}
END_TEST

START_TEST(nothing_is_no_proof)
{
	struct index_evidence evidence;

	log_begin(&newer, 1, 0, 0);
	LOG_ADD(&newer, HEADER, PAIR(24, 4), 5);
	evidence = evidence_of_log(INDEXID + 100);
	ck_assert_int_eq(evidence.level, MBA_EVIDENCE_EMPTY);
	ck_assert_int_eq(evidence.last_used, 0);
	ck_assert_ptr_null(evidence.proof);
	ck_assert_int_eq(evidence.not_opened_since, 0);
}
END_TEST

/* Messages 1 to 3 ten days after the index was made, 4 and 5 three days
   later. */
static void log_days(uint32_t first_recent_uid)
{
	const uint32_t day = INDEXID + 13 * DAY;

	log_begin(&newer, 1, 0, 0);
	log_append(&newer, 1, 5);
	/* day_stamp, day_first_uid */
	LOG_ADD(&newer, HEADER, PAIR(84, 36), day, 4, 1, 1, 1, 0, 0, 0, 0);
	LOG_ADD(&newer, HEADER, PAIR(48, 4), first_recent_uid);
}

/* Selects of the mailbox that log_days() makes; times are in days after that, 0
   if they aren't known. */
static const struct {
	uint32_t first_recent_uid;
	enum mba_evidence level;
	unsigned int last_used, not_opened_since;
} selects[] = {
	/* before the day on which the first came: to its end it wasn't there */
	{ 1, MBA_EVIDENCE_NEVER_OPENED, 0, 11 },
	{ 2, MBA_EVIDENCE_OPENED, 10, 11 },
	/* after the third */
	{ 4, MBA_EVIDENCE_OPENED, 10, 14 },
	{ 5, MBA_EVIDENCE_OPENED, 13, 14 },
	{ 6, MBA_EVIDENCE_OPENED, 13, 0 },
};

static int64_t day_time(int64_t day)
{
	return day == 0 ? 0 : INDEXID + day * DAY;
}

START_TEST(days_of_messages_bound_a_select)
{
	struct index_evidence evidence;

	log_days(selects[_i].first_recent_uid);
	evidence = evidence_of_log(INDEXID + 30 * DAY);
	ck_assert_int_eq(evidence.level, selects[_i].level);
	ck_assert_int_eq(evidence.last_used, day_time(selects[_i].last_used));
	ck_assert_int_eq(evidence.not_opened_since,
			 day_time(selects[_i].not_opened_since));
}
END_TEST

/* What the header has of eight days; times are in days after the index was
   made, and a stamp of 0 is none. */
static const struct {
	unsigned int stamp;
	uint32_t first_uids[8], first_recent_uid;
	unsigned int last_used;
} eight_days[] = {
	/* the log's last day is the one before the last; nobody knows when what
	   came on the first of eight days, or before them, did */
	{ 13, { 6, 6, 5, 4, 4, 4, 4, 3 }, 7, 12 },
	{ 13, { 6, 6, 5, 4, 4, 4, 4, 3 }, 6, 11 },
	{ 13, { 6, 6, 5, 4, 4, 4, 4, 3 }, 5, 7 },
	{ 13, { 6, 6, 5, 4, 4, 4, 4, 3 }, 4, 0 },
	{ 13, { 6, 6, 5, 4, 4, 4, 4, 3 }, 3, 0 },
	{ 0, { 6, 5, 4, 3, 2, 1, 1, 1 }, 7, 0 },
	{ 0, { 6, 5, 4, 3, 2, 1, 1, 1 }, 4, 0 },
	/* before the days that are known nothing came, and today neither */
	{ 13, { 0, 6, 5, 4, 4, 4, 4, 4 }, 7, 12 },
	{ 13, { 0, 6, 5, 4, 4, 4, 4, 4 }, 5, 0 },
};

START_TEST(days_are_those_of_the_header)
{
	const uint32_t *uids = eight_days[_i].first_uids;
	struct index_evidence evidence;

	log_begin(&newer, 1, 0, 0);
	log_append(&newer, 1, 6);
	LOG_ADD(&newer, HEADER, PAIR(84, 36), day_time(eight_days[_i].stamp),
		uids[0], uids[1], uids[2], uids[3], uids[4], uids[5], uids[6],
		uids[7]);
	LOG_ADD(&newer, HEADER, PAIR(48, 4), eight_days[_i].first_recent_uid);
	evidence = evidence_of_log(INDEXID + 30 * DAY);
	ck_assert_int_eq(evidence.level, MBA_EVIDENCE_OPENED);
	ck_assert_int_eq(evidence.last_used,
			 INDEXID + (int64_t)eight_days[_i].last_used * DAY);
	if (eight_days[_i].stamp == 0)
		ck_assert_int_eq(evidence.not_opened_since, 0);
}
END_TEST

/* If the log has a time. */
START_TEST(it_isnt_unopened_since_after_the_log_was_written)
{
	struct index_evidence evidence;

	log_days(4);
	evidence = evidence_of_log(0);
	ck_assert_int_eq(evidence.not_opened_since, INDEXID + 14 * DAY);
	teardown();
	setup();
	log_days(4);
	evidence = evidence_of_log(INDEXID + 13 * DAY + 60);
	ck_assert_int_eq(evidence.not_opened_since, INDEXID + 13 * DAY + 60);
}
END_TEST

START_TEST(without_a_time_it_was_since_the_index)
{
	struct index_evidence evidence;

	log_begin(&newer, 1, 0, 0);
	log_append(&newer, 1, 1);
	LOG_ADD(&newer, HEADER, PAIR(48, 4), 2);
	evidence = evidence_of_log(INDEXID + 100);
	ck_assert_int_eq(evidence.level, MBA_EVIDENCE_OPENED);
	ck_assert_str_eq(evidence.proof, "first-recent-uid");
	ck_assert_int_eq(evidence.last_used, INDEXID);
	ck_assert_int_eq(evidence.not_opened_since, 0);
}
END_TEST

START_TEST(cache_fields_that_clients_ask_for)
{
	struct index_cache_field fields[] = {
		{ .name = "hdr.subject", .last_used = INDEXID + 20 * DAY },
		{ .name = "size.virtual", .last_used = INDEXID + 19 * DAY },
		{ .name = "imap.envelope", .last_used = INDEXID + 5 * DAY },
		{ .name = "imap.body", .last_used = INDEXID + DAY },
	};
	struct index_cache cache = {
		.indexid = INDEXID, .file_seq = INDEXID + 1, .fields = fields,
		.fields_count = 4
	};
	struct index_evidence_input input = { .state = &state,
					      .cache = &cache };
	struct index_evidence evidence;

	log_begin(&newer, 1, 0, 0);
	log_append(&newer, 1, 1);
	ck_assert_int_eq(read_logs(&newer, NULL), INDEX_STATE_OK);
	index_evidence_find(&input, &evidence);
	ck_assert_int_eq(evidence.level, MBA_EVIDENCE_READ);
	ck_assert_int_eq(evidence.last_used, INDEXID + 5 * DAY);
	ck_assert_str_eq(evidence.proof_name, "imap.envelope");
	/* on the day on which the cache was made */
	fields[2].last_used = INDEXID + 1 + DAY;
	index_evidence_find(&input, &evidence);
	ck_assert_int_eq(evidence.level, MBA_EVIDENCE_NEVER_OPENED);
	/* the cache was inherited: the index is newer */
	cache.file_seq = INDEXID - 10 * DAY;
	fields[2].last_used = INDEXID + DAY;
	index_evidence_find(&input, &evidence);
	ck_assert_int_eq(evidence.level, MBA_EVIDENCE_NEVER_OPENED);
	fields[2].last_used++;
	index_evidence_find(&input, &evidence);
	ck_assert_int_eq(evidence.level, MBA_EVIDENCE_READ);
}
END_TEST

static struct index_evidence
evidence_of_fields(struct index_cache_field *fields, unsigned int count)
{
	struct index_cache cache = {
		.indexid = INDEXID, .file_seq = INDEXID, .fields = fields,
		.fields_count = count
	};
	struct index_evidence_input input = { .state = &state,
					      .cache = &cache };
	struct index_evidence evidence;

	log_begin(&newer, 1, 0, 0);
	log_append(&newer, 1, 1);
	ck_assert_int_eq(read_logs(&newer, NULL), INDEX_STATE_OK);
	index_evidence_find(&input, &evidence);
	return evidence;
}

START_TEST(the_field_that_was_used_last_tells)
{
	struct index_cache_field fields[] = {
		{ .name = "imap.body", .last_used = INDEXID + 5 * DAY },
		{ .name = "imap.envelope", .last_used = INDEXID + 7 * DAY },
		{ .name = "hdr.to", .last_used = INDEXID + 6 * DAY },
	};
	struct index_evidence evidence = evidence_of_fields(fields, 3);

	ck_assert_int_eq(evidence.level, MBA_EVIDENCE_READ);
	ck_assert_str_eq(evidence.proof_name, "imap.envelope");
	ck_assert_int_eq(evidence.last_used, INDEXID + 7 * DAY);
}
END_TEST

static const char *const common_fields[] = {
	"hdr.from", "hdr.subject", "hdr.message-id", "date.received",
	"date.save", "guid", "mime.parts", "size.virtual", "size.physical",
	"HDR.From", "Size.Virtual",
};

START_TEST(fields_that_others_ask_for_prove_nothing)
{
	struct index_cache_field field = {
		.name = common_fields[_i], .last_used = INDEXID + 5 * DAY
	};

	ck_assert_int_eq(evidence_of_fields(&field, 1).level,
			 MBA_EVIDENCE_NEVER_OPENED);
}
END_TEST

START_TEST(without_a_state_nothing_is_known)
{
	struct index_evidence_input input = {
		.has_thread = true, .thread_mtime = INDEXID
	};
	struct index_evidence evidence;

	index_evidence_find(&input, &evidence);
	ck_assert_int_eq(evidence.level, MBA_EVIDENCE_UNKNOWN);
	ck_assert_ptr_null(evidence.proof);
	input.untouched = true;
	index_evidence_find(&input, &evidence);
	ck_assert_int_eq(evidence.level, MBA_EVIDENCE_UNTOUCHED);
	/* nor has an untouched one more */
	log_begin(&newer, 1, 0, 0);
	ck_assert_int_eq(read_logs(&newer, NULL), INDEX_STATE_OK);
	input = (struct index_evidence_input) {
		.state = &state, .untouched = true
	};
	index_evidence_find(&input, &evidence);
	ck_assert_int_eq(evidence.level, MBA_EVIDENCE_UNTOUCHED);
	ck_assert_int_eq(evidence.since, INDEXID);
}
END_TEST

START_TEST(the_older_log_has_changes_too)
{
	struct index_evidence_input input = {
		.state = &state, .log_mtime = INDEXID + 200,
		.log2_mtime = INDEXID + 100
	};
	struct index_log_scan scans[2];
	struct index_evidence evidence;
	const char *error;

	log_begin(&older, 1, 0, 0);
	log_append(&older, 1, 1);
	LOG_ADD(&older, FLAGS, 1, 1, OCTETS(0x08));
	log_begin(&newer, 2, 1, older.size);
	ck_assert_int_eq(read_logs(&newer, &older), INDEX_STATE_OK);
	ck_assert_int_eq(index_log_scan(newer.data, newer.size, &scans[0],
					&error), 0);
	ck_assert_int_eq(index_log_scan(older.data, older.size, &scans[1],
					&error), 0);
	input.log = &scans[0];
	input.log2 = &scans[1];
	index_evidence_find(&input, &evidence);
	ck_assert_int_eq(evidence.level, MBA_EVIDENCE_CHANGED);
	ck_assert_int_eq(evidence.last_used, INDEXID + 100);
}
END_TEST

/* The strongest proof tells the level, the newest one the time. */
START_TEST(the_newest_proof_tells_the_time)
{
	struct index_evidence_input input = {
		.state = &state, .log_mtime = INDEXID + 30 * DAY,
		.has_thread = true, .thread_mtime = INDEXID + 20 * DAY
	};
	struct index_evidence evidence;

	log_days(6);
	ck_assert_int_eq(read_logs(&newer, NULL), INDEX_STATE_OK);
	index_evidence_find(&input, &evidence);
	ck_assert_int_eq(evidence.level, MBA_EVIDENCE_OPENED);
	ck_assert_str_eq(evidence.proof, "thread");
	ck_assert_int_eq(evidence.last_used, INDEXID + 20 * DAY);
	input.thread_mtime = INDEXID + 12 * DAY;
	index_evidence_find(&input, &evidence);
	ck_assert_str_eq(evidence.proof, "first-recent-uid");
	ck_assert_int_eq(evidence.last_used, INDEXID + 13 * DAY);
	input.thread_mtime = INDEXID + 13 * DAY;
	index_evidence_find(&input, &evidence);
	ck_assert_str_eq(evidence.proof, "first-recent-uid");
}
END_TEST

/* What SORT leaves has no time. */
START_TEST(a_sort_is_a_proof)
{
	struct index_evidence evidence;
	uint32_t name[2] = { 0, 0 };

	memcpy(name, "sort-f", 6);
	log_begin(&newer, 1, 0, 0);
	log_append(&newer, 1, 1);
	LOG_ADD(&newer, INTRO, UINT32_MAX, 0, 0, PAIR(4, 4), PAIR(0, 6),
		name[0], name[1]);
	evidence = evidence_of_log(INDEXID + 30 * DAY);
	ck_assert_int_eq(evidence.level, MBA_EVIDENCE_OPENED);
	ck_assert_str_eq(evidence.proof, "sort");
	ck_assert_int_eq(evidence.last_used, INDEXID);
	teardown();
	setup();
	/* another extension */
	newer.data[newer.size - 8 + 4] = '2';
	evidence = evidence_of_log(INDEXID + 30 * DAY);
	ck_assert_str_eq(state.exts.exts[0].name, "sort2f");
	ck_assert_int_eq(evidence.level, MBA_EVIDENCE_NEVER_OPENED);
}
END_TEST

/* An mdbox knows to the second when its messages came. */
START_TEST(seconds_of_messages_bound_a_select)
{
	struct index_evidence evidence;
	uint32_t name[2] = { 0, 0 };

	memcpy(name, "mdbox", 5);
	log_begin(&newer, 1, 0, 0);
	log_append(&newer, 1, 2);
	LOG_ADD(&newer, INTRO, UINT32_MAX, 0, 0, PAIR(8, 4), PAIR(0, 5),
		name[0], name[1]);
	/* UID, number in the map, time */
	LOG_ADD(&newer, EXT_RECORD, 1, 1, INDEXID + 5000, 2, 2, INDEXID + 7000);
	LOG_ADD(&newer, HEADER, PAIR(48, 4), 2);
	/* to the day it would be later */
	LOG_ADD(&newer, HEADER, PAIR(84, 36), INDEXID + DAY, 1, 0, 0, 0, 0, 0,
		0, 0);
	evidence = evidence_of_log(INDEXID + 30 * DAY);
	ck_assert_int_eq(evidence.level, MBA_EVIDENCE_OPENED);
	ck_assert_int_eq(evidence.last_used, INDEXID + 5000);
	ck_assert_int_eq(evidence.not_opened_since, INDEXID + 7000);
	teardown();
	setup();
	/* of a message that is gone it isn't known */
	LOG_ADD(&newer, EXPUNGE | EXTERNAL, 1, 1);
	evidence = evidence_of_log(INDEXID + 30 * DAY);
	ck_assert_int_eq(evidence.last_used, INDEXID + DAY);
	ck_assert_int_eq(evidence.not_opened_since, INDEXID + 7000);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("index-evidence");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, who_changes_it);
	tcase_add_test(tcase, the_last_change_is_dated_by_the_log);
	tcase_add_test(tcase, an_mbox_is_written_when_it_is_left);
	tcase_add_test(tcase, times_before_a_change_date_it);
	tcase_add_test(tcase, nothing_is_no_proof);
	tcase_add_loop_test(tcase, days_of_messages_bound_a_select, 0,
			    sizeof(selects) / sizeof(selects[0]));
	tcase_add_loop_test(tcase, days_are_those_of_the_header, 0,
			    sizeof(eight_days) / sizeof(eight_days[0]));
	tcase_add_test(tcase,
		       it_isnt_unopened_since_after_the_log_was_written);
	tcase_add_test(tcase, without_a_time_it_was_since_the_index);
	tcase_add_test(tcase, cache_fields_that_clients_ask_for);
	tcase_add_test(tcase, the_field_that_was_used_last_tells);
	tcase_add_loop_test(tcase, fields_that_others_ask_for_prove_nothing, 0,
			    sizeof(common_fields) / sizeof(common_fields[0]));
	tcase_add_test(tcase, without_a_state_nothing_is_known);
	tcase_add_test(tcase, the_older_log_has_changes_too);
	tcase_add_test(tcase, the_newest_proof_tells_the_time);
	tcase_add_test(tcase, a_sort_is_a_proof);
	tcase_add_test(tcase, seconds_of_messages_bound_a_select);
	return unit_run(tcase);
}
