/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* Logs with one or two values changed, and where an index goes on in them. */

#include "unit-verify.h"

#define READ_ALREADY \
	" (Dovecot reads this again only if the index file is lost)"

/* the log sets its tail, instead of adding a message */
#define SETS_TAIL(tail, text) \
	{ {{ INDEX_DIR_LOG, TRANS_AT + 4, 0x10000020, NULL }, \
	   { INDEX_DIR_LOG, TRANS_AT + 8, PAIR(64, 4), NULL }, \
	   { INDEX_DIR_LOG, TRANS_AT + 12, tail, NULL }}, 0, \
	  INDEX_DIR_LOG, TRANS_AT, text }

static const struct violation violations[] = {
	{ {{ INDEX_DIR_LOG, TRANS_AT, 0, "\200\200\200\201" }}, 0,
	  INDEX_DIR_LOG, TRANS_AT,
	  "a transaction is smaller than its header: size 4 < 8" },
	{ {{ INDEX_DIR_LOG, TRANS_AT, 0, "\200\200\200\205" }}, 0,
	  INDEX_DIR_LOG, TRANS_AT,
	  "the last whole transaction ends at 40, the log at 56" },
	{ {{ INDEX_DIR_LOG, 8, UINT32_MAX, NULL },
	   { INDEX_DIR_INDEX, 60, UINT32_MAX, NULL }}, 0, INDEX_DIR_LOG, 8,
	  "file_seq 4294967295 isn't between 0 and 4294967295" },
	{ {{ INDEX_DIR_LOG, TRANS_AT + 4, 0x10400000, NULL }}, 0,
	  INDEX_DIR_LOG, TRANS_AT,
	  "a transaction of unknown type 0x400000" },
	{ {{ INDEX_DIR_LOG2, 4, INDEXID + 1, NULL }}, 0, INDEX_DIR_LOG2, 4,
	  "indexid 1700000001 != indexid 1700000000 of the index" },
	{ {{ INDEX_DIR_INDEX, 68, 60, NULL }}, 0, INDEX_DIR_INDEX, 68,
	  "log_head_offset 60 > end of the log 56" },
	{ {{ INDEX_DIR_INDEX, 60, 1, NULL }, { INDEX_DIR_LOG, 16, 60, NULL }},
	  1, INDEX_DIR_LOG, 12, "the log doesn't continue the index: 60, 40" },
	{ {{ INDEX_DIR_INDEX, 60, 1, NULL }, { INDEX_DIR_LOG, 8, 8, NULL },
	   { INDEX_DIR_LOG, 12, 7, NULL }}, 0, INDEX_DIR_LOG, 12,
	  "the log doesn't continue the index: 7, 1" },
	{ {{ INDEX_DIR_INDEX, 64, 39, NULL }}, 0, INDEX_DIR_INDEX, 64,
	  "log_tail_offset 39 < hdr_size 40 of the log" },
	{ {{ INDEX_DIR_INDEX, 64, 0, NULL },
	   { INDEX_DIR_INDEX, 68, 39, NULL }}, 0, INDEX_DIR_INDEX, 68,
	  "log_head_offset 39 < hdr_size 40 of the log" },
	{ {{ INDEX_DIR_INDEX, 64, 0, NULL },
	   { INDEX_DIR_INDEX, 68, 44, NULL }}, 0, INDEX_DIR_INDEX, 68,
	  "log_head_offset 44 is within the transaction that ends at 56" },
	{ {{ INDEX_DIR_INDEX, 64, 52, NULL },
	   { INDEX_DIR_INDEX, 68, 56, NULL }}, 0, INDEX_DIR_INDEX, 64,
	  "log_tail_offset 52 is within the transaction that ends at 56" },
	SETS_TAIL(39, "log_file_tail_offset 39 < hdr_size 40"),
	SETS_TAIL(41, "log_file_tail_offset 41 is within the transaction that "
		  "ends at 56"),
	SETS_TAIL(57, "log_file_tail_offset 57 > 56"),
	{ {{ INDEX_DIR_INDEX, 60, 3, NULL }}, 0, INDEX_DIR_INDEX, 60,
	  "log_file_seq 3 > file_seq 2 of the log" },
	{ {{ INDEX_DIR_LOG, 16, 60, NULL }}, 0, INDEX_DIR_LOG, 16,
	  "prev_file_offset 60 != end of the older log 72" },
	{ {{ INDEX_DIR_LOG2, 0, OCTETS(9, 3) | PAIR(0, 40), NULL }}, 0,
	  INDEX_DIR_LOG2, 0,
	  "Its major version isn't 1: major_version 9, hdr_size 40, the file "
	  "has 72 bytes" },
	{ {{ INDEX_DIR_LOG, 4, 0, NULL }}, 1, INDEX_DIR_INDEX, 60,
	  "Dovecot found its log to be corrupt" },
	{ {{ INDEX_DIR_LOG2, TRANS_AT + 4, 0x10000002 - 1, NULL }}, 0,
	  INDEX_DIR_LOG2, TRANS_AT, "an expunge of type 0x1 isn't protected"
	  READ_ALREADY },
	/* from the tail on it is read */
	{ {{ INDEX_DIR_LOG, TRANS_AT + 4, 0x10400000, NULL },
	   { INDEX_DIR_INDEX, 64, 56, NULL },
	   { INDEX_DIR_INDEX, 68, 56, NULL }}, 0, INDEX_DIR_LOG, TRANS_AT,
	  "a transaction of unknown type 0x400000" READ_ALREADY },
	{ {{ INDEX_DIR_LOG, TRANS_AT + 4, 0x10400000, NULL },
	   { INDEX_DIR_INDEX, 68, 56, NULL }}, 0, INDEX_DIR_LOG, TRANS_AT,
	  "a transaction of unknown type 0x400000" },
	/* and sizes are read, if there are modseqs */
	{ {{ INDEX_DIR_LOG, TRANS_AT, 0, "\200\200\200\201" },
	   { INDEX_DIR_INDEX, 64, 56, NULL },
	   { INDEX_DIR_INDEX, 68, 56, NULL }}, 1, INDEX_DIR_LOG, TRANS_AT,
	  "a transaction is smaller than its header: size 4 < 8" },
	{ {{ INDEX_DIR_LOG, TRANS_AT + 4, 0x1000cd91, NULL }}, 0,
	  INDEX_DIR_LOG, TRANS_AT, "uids 10 to 0 are no range" },
	/* what they do to the index */
	{ {{ INDEX_DIR_LOG, TRANS_AT + 8, 3, NULL }}, 0, INDEX_DIR_LOG,
	  TRANS_AT, "a message is added whose UID is lower than next_uid: 3, "
	  "10" },
	{ {{ INDEX_DIR_LOG, TRANS_AT + 4, 0x10000020, NULL },
	   { INDEX_DIR_LOG, TRANS_AT + 8, PAIR(118, 4), NULL }}, 0,
	  INDEX_DIR_LOG, TRANS_AT, "the header is changed past its end: 122, "
	  "120" },
	{ {{ INDEX_DIR_LOG, TRANS_AT + 4, 0x80, NULL }}, 0, INDEX_DIR_LOG,
	  TRANS_AT, "an extension is reset that wasn't introduced" },
	{ {{ INDEX_DIR_LOG, TRANS_AT + 4, 0x10000020, NULL },
	   { INDEX_DIR_LOG, TRANS_AT + 8, PAIR(24, 4), NULL }}, 0,
	  INDEX_DIR_LOG, TRANS_AT + 16,
	  "uid_validity 0, though next_uid is 10" },
};

START_TEST(what_is_violated_is_named)
{
	violation_check(&violations[_i]);
}
END_TEST

static const struct {
	uint32_t head, log_seq, log_offset;
	/* NULL if nothing is wrong */
	const char *text;
	/* the log isn't followed to the head then */
	size_t others;
} modseqs[] = {
	{ 40, 2, 40, NULL, 0 },
	{ 56, 2, 40, NULL, 0 },
	{ 56, 2, 56, NULL, 0 },
	{ 40, 1, 41, NULL, 0 },
	{ 0, 2, 41, NULL, 0 },
	{ 40, 2, 56, "extension modseq: log_offset 56 > log_head_offset 40",
	  0 },
	{ 40, 2, 39, "extension modseq: log_offset 39 < hdr_size 40 of the "
	  "log", 0 },
	{ 56, 2, 44, "extension modseq: log_offset 44 is within the "
	  "transaction that ends at 56", 1 },
};

/* In place of the two extensions that there are. */
START_TEST(modseqs_go_on_where_a_transaction_begins)
{
	struct bytes *index = &files[INDEX_DIR_INDEX];
	const size_t size = index->size;
	struct index_verdicts verdicts;

	put32(index, 64, 0);
	put32(index, 68, modseqs[_i].head);
	index->size = EXT_AT;
	ADD(index, 16, 0, 0, PAIR(8, 6));
	add(index, "modseq\0", 8);
	ADD(index, 9, 0, modseqs[_i].log_seq, modseqs[_i].log_offset);
	ADD(index, 16, 0, 0, PAIR(8, 5));
	add(index, "other\0\0", 8);
	ck_assert_uint_eq(index->size, RECORDS_AT - 16);
	index->size = size;
	verify(&verdicts);
	ck_assert_uint_eq(verdicts.count, modseqs[_i].text == NULL ? 0 :
			  1 + modseqs[_i].others);
	if (modseqs[_i].text != NULL) {
		ck_assert_str_eq(verdicts.verdicts[0].text, modseqs[_i].text);
		ck_assert_int_eq(verdicts.verdicts[0].file, INDEX_DIR_INDEX);
		ck_assert_uint_eq(verdicts.verdicts[0].offset, EXT_AT);
	}
	index_verdicts_free(&verdicts);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("index-verify-log");

	tcase_add_checked_fixture(tcase, files_make, NULL);
	tcase_add_loop_test(tcase, what_is_violated_is_named, 0,
			    sizeof(violations) / sizeof(violations[0]));
	tcase_add_loop_test(tcase, modseqs_go_on_where_a_transaction_begins, 0,
			    sizeof(modseqs) / sizeof(modseqs[0]));
	return unit_run(tcase);
}
