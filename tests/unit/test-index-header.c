/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* Headers of indexes, extensions and keywords that are wrong in one place. */

#include <stdlib.h>
#include <string.h>

#include "index-exts.h"
#include "index-header.h"
#include "unit-index-log.h"
#include "unit.h"

static const struct {
	size_t at;
	uint32_t value;
	size_t size;
	/* NULL if nothing is wrong */
	const char *error;
} headers[] = {
	{ 16, 5, 120, NULL },
	{ 16, 5, 119, "It is shorter than an index's header" },
	{ 0, OCTETS(6, 3) | PAIR(0, 120), 120, "Its major version isn't 7" },
	{ 0, OCTETS(7, 3) | PAIR(0, 119), 120,
	  "base_header_size is less than 120" },
	{ 4, 119, 120, "header_size is less than base_header_size" },
	{ 4, 121, 121, NULL },
	{ 4, 121, 120, "header_size is more than the file's size" },
	{ 8, 7, 120, "record_size is less than 8" },
	{ 8, 9, 120, NULL },
	{ 12, OCTETS(!COMPAT_FLAGS), 120,
	  "It was written by a machine with the other endianness" },
	{ 12, OCTETS(COMPAT_FLAGS | 2), 120,
	  "Its compat_flags are none of this machine's" },
	{ 20, 6, 120, NULL },
	{ 20, 1, 120, "Dovecot found it to be corrupt" },
};

static void make_header(struct bytes *index)
{
	index_begin(index, 120, 8);
	while (index->size < 120)
		add32(index, 78);
}

START_TEST(headers_are_checked)
{
	struct index_header hdr;
	struct bytes index;
	const char *error;

	make_header(&index);
	memcpy(index.data + headers[_i].at, &headers[_i].value, 4);
	ck_assert_int_eq(index_header_decode(index.data, headers[_i].size,
					     &hdr, &error),
			 headers[_i].error == NULL ? 0 : -1);
	ck_assert_pstr_eq(error, headers[_i].error);
}
END_TEST

START_TEST(older_headers_have_fewer_times)
{
	struct index_header hdr;
	struct bytes index;
	const char *error;

	for (unsigned char minor = 2; minor <= 3; minor++) {
		make_header(&index);
		index.data[1] = minor;
		ck_assert_int_eq(index_header_decode(index.data, index.size,
						     &hdr, &error), 0);
		ck_assert_uint_eq(hdr.log2_rotate_time, minor < 3 ? 0 : 78);
		ck_assert_uint_eq(hdr.last_temp_file_scan, minor < 3 ? 0 : 78);
		ck_assert_uint_eq(hdr.day_stamp, 78);
	}
}
END_TEST

START_TEST(the_oldest_headers_have_no_first_recent_uid)
{
	struct index_header hdr;
	struct bytes index;
	const char *error;

	for (unsigned char minor = 0; minor <= 1; minor++) {
		make_header(&index);
		index.data[1] = minor;
		memset(index.data + 48, 0, 4);
		ck_assert_int_eq(index_header_decode(index.data, index.size,
						     &hdr, &error), 0);
		ck_assert_uint_eq(hdr.first_recent_uid, 1 - minor);
	}
}
END_TEST

static const struct {
	uint32_t hdr_size, record_size, record_align;
	bool is_valid;
} exts[] = {
	{ 1, 0, 0, true }, { 0, 1, 1, true }, { 0, 0, 1, false },
	{ INDEX_EXT_MAX_HEADER, 0, 0, true },
	{ INDEX_EXT_MAX_HEADER + 1, 0, 0, false },
	{ 0, INDEX_EXT_MAX_RECORD, 8, true },
	{ 0, INDEX_EXT_MAX_RECORD + 1, 8, false },
	{ 0, 1, 0, false }, { 0, 1, INDEX_EXT_MAX_ALIGN + 1, false },
};

START_TEST(extensions_are_checked)
{
	ck_assert((index_ext_check(exts[_i].hdr_size, exts[_i].record_size,
				   exts[_i].record_align) == NULL) ==
		  exts[_i].is_valid);
}
END_TEST

static const struct {
	const char *bytes;
	uint32_t size;
	/* how many there are before the end, or before what is wrong */
	int count, result;
} keywords[] = {
	{ U32("\1") "\0\0\0\0\0\0\0\0" "a", 14, 1, 0 },
	{ U32("\2") "\0\0\0\0\0\0\0\0"
	  "\0\0\0\0" U32("\2") "a\0b", 24, 2, 0 },
	{ "\0\0\0\0", 4, 0, 0 },
	/* no number, no place for them, no such place, no end */
	{ "\0", 2, 0, -1 },
	{ U32("\1") "\0\0\0\0", 8, 0, -1 },
	{ "\xff\xff\xff\xff" "\0\0\0\0\0\0\0\0" "a", 14, 0, -1 },
	{ U32("\1") "\0\0\0\0" U32("\3") "a", 14, 0, -1 },
	{ U32("\2") "\0\0\0\0\0\0\0\0"
	  "\0\0\0\0" U32("\2") "a\0b", 23, 1, -1 },
	/* no end of what follows the last name */
	{ U32("\1") "\0\0\0\0\0\0\0\0" "a\0bc", 16, 1, -1 },
	/* no name */
	{ U32("\2") "\0\0\0\0\0\0\0\0"
	  "\0\0\0\0" U32("\1") "a\0b", 24, 1, -1 },
};

START_TEST(keywords_are_checked)
{
	struct cursor_budget budget = { .limit = 1000 };
	struct index_keyword_iter iter;
	const char *name;
	/* so that reading past its end is seen */
	void *copy = malloc(keywords[_i].size);
	int count = 0, ret;

	memcpy(copy, keywords[_i].bytes, keywords[_i].size);
	index_keyword_iter_init(&iter, copy, keywords[_i].size, &budget);
	while ((ret = index_keyword_next(&iter, &name)) > 0)
		count++;
	ck_assert_int_eq(ret, keywords[_i].result);
	ck_assert_int_eq(count, keywords[_i].count);
	/* nor is there more after that */
	ck_assert_int_eq(index_keyword_next(&iter, &name), ret);
	free(copy);
}
END_TEST

START_TEST(a_header_is_what_was_written)
{
	struct index_exts all = { .max_bytes = 8192 };
	struct index_ext_state *ext = index_exts_add(&all, "list", 4);
	static unsigned char zeros[8192];
	unsigned char bytes[16];

	/* what is cut off is gone */
	ck_assert(index_ext_write(&all, ext, 0, "xxxxxxxx", 8));
	index_ext_resize(ext, 3);
	index_ext_resize(ext, 100);
	ck_assert(index_ext_write(&all, ext, 6, "y", 1));
	ck_assert(index_ext_write(&all, ext, 0, "z", 1));
	memset(bytes, 0xff, sizeof(bytes));
	index_ext_bytes(ext, 0, bytes, 12);
	ck_assert_mem_eq(bytes, "zxx\0\0\0y\0\0\0\0\0\xff", 13);
	index_ext_bytes(ext, 200, bytes, 4);
	ck_assert_mem_eq(bytes, "\0\0\0\0\0\0y", 7);

	/* a small one is kept, a larger one only as what was read */
	ck_assert(index_ext_write(&all, ext, 0, zeros, 8192));
	ck_assert(!index_ext_write(&all, ext, 8192, "x", 1));
	all.max_bytes = 100;
	ck_assert(index_ext_write(&all, ext, 4095, "x", 1));
	ck_assert(!index_ext_write(&all, ext, 4096, "x", 1));
	/* and one that nobody knows isn't */
	ext = index_exts_add(&all, "nobody's", 8);
	ck_assert(index_ext_write(&all, ext, 0, "x", 1));
	ck_assert_uint_eq(ext->hdr_len, 0);
	index_exts_free(&all);
}
END_TEST

START_TEST(keywords_take_no_more_than_was_read)
{
	struct index_exts all = { .max_bytes = 9 + 2 * sizeof(char *) };

	ck_assert(index_exts_add_keyword(&all, "work", 4));
	ck_assert(index_exts_add_keyword(&all, "work", 4));
	ck_assert(index_exts_add_keyword(&all, "wor", 3));
	ck_assert_uint_eq(all.keywords_count, 2);
	ck_assert(!index_exts_add_keyword(&all, "x", 1));
	ck_assert_uint_eq(all.keywords_count, 2);
	index_exts_free(&all);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("index-header");

	tcase_add_loop_test(tcase, headers_are_checked, 0,
			    sizeof(headers) / sizeof(headers[0]));
	tcase_add_test(tcase, older_headers_have_fewer_times);
	tcase_add_test(tcase, the_oldest_headers_have_no_first_recent_uid);
	tcase_add_loop_test(tcase, extensions_are_checked, 0,
			    sizeof(exts) / sizeof(exts[0]));
	tcase_add_loop_test(tcase, keywords_are_checked, 0,
			    sizeof(keywords) / sizeof(keywords[0]));
	tcase_add_test(tcase, a_header_is_what_was_written);
	tcase_add_test(tcase, keywords_take_no_more_than_was_read);
	return unit_run(tcase);
}
