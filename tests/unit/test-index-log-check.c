/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* Transactions that Dovecot takes, and those for which it takes the log for
   corrupt. */

#include <string.h>

#include "index-log-check.h"
#include "unit-index-log.h"
#include "unit.h"

#define ATTRIBUTE 0x100000u
#define MODSEQ 0x8000u
#define NUMBERS(...) \
	(const uint32_t[]){ __VA_ARGS__ }, \
	sizeof((const uint32_t[]){ __VA_ARGS__ })
#define BYTES(string) string, sizeof(string) - 1
#define NO_RANGE(first, last) "uids " #first " to " #last " are no range"
/* an introduction up to its name, which has so many bytes */
#define INTRO_OF(len) 0, 0, 8, PAIR(4, 4), PAIR(0, len)
#define ABCD OCTETS('a', 'b', 'c', 'd')
#define TEST OCTETS('t', 'e', 's', 't')

static const struct {
	uint32_t type;
	const void *data;
	size_t size;
	/* NULL if nothing is wrong */
	const char *violated;
} cases[] = {
	{ APPEND, NUMBERS(1, 0), NULL },
	{ APPEND, NUMBERS(1, 0, 2),
	  "12 bytes of changes of 8 bytes each" },
	{ APPEND, NULL, 0, "a transaction of type 0x2 has 0 bytes" },
	{ BOUNDARY, NULL, 0, "a transaction of type 0x80000 has 0 bytes" },
	/* ranges */
	{ EXPUNGE, NUMBERS(1, 1, 2, UINT32_MAX), NULL },
	{ EXPUNGE, NUMBERS(1, 1, 2), "12 bytes of changes of 8 bytes each" },
	{ EXPUNGE, NUMBERS(0, 1), NO_RANGE(0, 1) },
	{ EXPUNGE, NUMBERS(3, 2), NO_RANGE(3, 2) },
	{ EXPUNGE, NUMBERS(5, 6, 6, 7), "uid 6 <= uid 6 before it" },
	{ EXPUNGE, NUMBERS(5, 6, 1, 2), "uid 1 <= uid 6 before it" },
	{ FLAGS, NUMBERS(1, 2, 8, 3, 3, 8), NULL },
	{ FLAGS, NUMBERS(3, 2, 8), NO_RANGE(3, 2) },
	{ FLAGS, NUMBERS(3, 3, 8, 2, 2, 8), "uid 2 <= uid 3 before it" },
	{ FLAGS, NUMBERS(1, 1), "8 bytes of changes of 12 bytes each" },
	{ KEYWORD_RESET, NUMBERS(1, 1), NULL },
	{ KEYWORD_RESET, NUMBERS(2, 1), NO_RANGE(2, 1) },
	/* without what protects it, and with another bit */
	{ 0x1, NUMBERS(1, 1), "an expunge of type 0x1 isn't protected" },
	{ 0x2000, NUMBERS(1, 1), "an expunge of type 0x2000 isn't protected" },
	{ 0xcd93, NUMBERS(1, 1), "an expunge of type 0xcd93 isn't protected" },
	{ 0x400000, NUMBERS(1), "a transaction of unknown type 0x400000" },
	{ 0x0, NUMBERS(1), "a transaction of unknown type 0x0" },
	{ 0x6, NUMBERS(1, 1), "a transaction of unknown type 0x6" },
	{ EXPUNGE_GUID, NUMBERS(1, 0, 0, 0, 0), NULL },
	{ EXPUNGE_GUID, NUMBERS(1, 0, 0, 0, 0, 0, 0, 0, 0, 0), "uid 0 < 1" },
	{ EXPUNGE_GUID, NUMBERS(1, 0, 0, 0),
	  "16 bytes of changes of 20 bytes each" },
	/* keywords */
	{ KEYWORD, NUMBERS(PAIR(0, 2), OCTETS('a', 'b'), 1, 1), NULL },
	{ KEYWORD, NUMBERS(OCTETS(1) | PAIR(0, 4), ABCD, 1, 1), NULL },
	{ KEYWORD, NUMBERS(OCTETS(2) | PAIR(0, 4), ABCD, 1, 1),
	  "keyword change 2 > 1" },
	{ KEYWORD, NUMBERS(0, 1, 1), "a keyword's name has 0 bytes" },
	{ KEYWORD, NUMBERS(PAIR(0, 5), ABCD),
	  "a keyword's name of 5 bytes in a transaction of 8" },
	{ KEYWORD, NUMBERS(PAIR(0, 4), ABCD), "a change of no messages" },
	{ KEYWORD, NUMBERS(PAIR(0, 4), ABCD, 2, 1), NO_RANGE(2, 1) },
	/* the header: its own sizes and the counts are none of a log's */
	{ HEADER, NUMBERS(PAIR(16, 4), 1), NULL },
	{ HEADER, NUMBERS(PAIR(36, 4), 1), NULL },
	{ HEADER, NUMBERS(PAIR(48, 12), 1, 2, 3, PAIR(72, 48), 1, 2, 3, 4, 5,
			  6, 7, 8, 9, 10, 11, 12), NULL },
	{ HEADER, NUMBERS(PAIR(56, 5), 1, 2),
	  "a log changes bytes 56 to 61 of the header" },
	{ HEADER, NUMBERS(PAIR(71, 2), 1),
	  "a log changes bytes 71 to 73 of the header" },
	{ HEADER, NUMBERS(PAIR(84, 1), 1, PAIR(15, 1), 1),
	  "a log changes bytes 15 to 16 of the header" },
	/* the transaction ends at 56 */
	{ HEADER, NUMBERS(PAIR(64, 4), 56), NULL },
	{ HEADER, NUMBERS(PAIR(64, 4), 57), "log_file_tail_offset 57 > 56" },
	{ HEADER, NUMBERS(PAIR(65, 3), 57), NULL },
	{ HEADER, NUMBERS(PAIR(64, 3), 57), NULL },
	{ HEADER, NUMBERS(PAIR(0, 4), 1),
	  "a log changes bytes 0 to 4 of the header" },
	{ HEADER, NUMBERS(PAIR(28, 5), 1, 2),
	  "a log changes bytes 28 to 33 of the header" },
	{ HEADER, NUMBERS(PAIR(47, 1), 1),
	  "a log changes bytes 47 to 48 of the header" },
	{ HEADER, NUMBERS(PAIR(24, 5), 1),
	  "5 bytes of the header in a transaction of 8" },
	/* introductions, of which the second one is after padding */
	{ INTRO, NUMBERS(INTRO_OF(4), TEST), NULL },
	{ INTRO, NUMBERS(INTRO_OF(1), OCTETS('t'), INTRO_OF(0)), NULL },
	{ INTRO, NUMBERS(INTRO_OF(5), TEST),
	  "an extension's name of 5 bytes in a transaction of 24" },
	/* attributes, and what follows them */
	{ ATTRIBUTE, BYTES("+pa\0-sb\0\0\0\0\0\1\1\1\1"), NULL },
	{ ATTRIBUTE, BYTES("+pa\0"), NULL },
	{ ATTRIBUTE, BYTES("\0\0\0\0"),
	  "no attribute begins with 0x00 0x00" },
	{ ATTRIBUTE, BYTES("xpa\0"), "no attribute begins with 0x78 0x70" },
	{ ATTRIBUTE, BYTES("+xa\0"), "no attribute begins with 0x2b 0x78" },
	{ ATTRIBUTE, BYTES("+p\0\0"), "no attribute begins with 0x2b 0x70" },
	{ ATTRIBUTE, BYTES("+pa\0-sbc"), "attributes have no end in 8 bytes" },
	/* what it looks at later */
	{ MODSEQ, NUMBERS(1, 1), NULL },
};

START_TEST(transactions_are_checked)
{
	char violated[INDEX_LOG_VIOLATED_SIZE] = "";
	struct index_transaction trans;
	struct index_log_iter iter;
	uint32_t numbers[20];

	memcpy(numbers, cases[_i].data == NULL ? "" : cases[_i].data,
	       cases[_i].size);
	log_begin(&newer, 1, 0, 0);
	log_add(&newer, cases[_i].type, numbers,
		cases[_i].size / sizeof(numbers[0]));
	index_log_iter_init(&iter, newer.data, newer.size, 40);
	ck_assert(index_log_next(&iter, &trans));
	ck_assert_int_eq(index_log_check(&trans, violated),
			 cases[_i].violated == NULL ? 0 : -1);
	ck_assert_str_eq(violated, cases[_i].violated == NULL ? "" :
			 cases[_i].violated);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("index-log-check");

	tcase_add_loop_test(tcase, transactions_are_checked, 0,
			    sizeof(cases) / sizeof(cases[0]));
	return unit_run(tcase);
}
