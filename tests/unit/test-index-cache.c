/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* Caches whose lists of fields are wrong in one place. */

#include <stdlib.h>
#include <string.h>

#include "unit-cache.h"
#include "unit-index-log.h"
#include "unit.h"

#define LIST_AT 32
#define LIST_SIZE 40
#define NAMES_AT 64
#define LIST_HEADER_SIZE 12

#define PAST_END "a list of fields leads past the end"
#define BEFORE "a list of fields stands before the one that it follows"
#define NO_NAME "a field has no name"
#define OTHER_OFFSETS "It was written by a machine with other offsets"
#define OTHER_ENDIANNESS \
	"It was written by a machine with the other endianness"

/* A cache with two fields, of LIST_AT + LIST_SIZE bytes. */
static void make_cache(struct bytes *cache)
{
	memset(cache, 0, sizeof(*cache));
	add(cache, "\1\10\1", 4);
	add32(cache, INDEXID);
	for (int i = 0; i < 5; i++)
		add32(cache, 7);
	set_size(cache->data + cache->size, LIST_AT);
	cache->size += 4;
	add32(cache, 0);
	add32(cache, LIST_SIZE);
	add32(cache, 2);
	for (int i = 0; i < 4; i++)
		add32(cache, 4);
	add(cache, "\0\1\2\1fix\0var", 4 + 8);
	ck_assert_uint_eq(cache->size, LIST_AT + LIST_SIZE);
}

static const struct {
	/* what is changed; size of the file if it isn't 0 */
	size_t at;
	uint32_t value;
	bool is_offset;
	size_t size;
	unsigned int fields;
	/* NULL if nothing is wrong */
	const char *error;
} cases[] = {
	{ 8, 1, false, 0, 2, NULL },
	{ 8, 1, false, 73, 2, NULL },
	/* it ends too early */
	{ 8, 1, false, 31, 0, "It is shorter than a cache's header" },
	{ 8, 1, false, 32, 0, PAST_END },
	{ 8, 1, false, 43, 0, PAST_END },
	{ 8, 1, false, 44, 0, PAST_END },
	{ 8, 1, false, 71, 0, PAST_END },
	/* its header */
	{ 0, OCTETS(2, 8), false, 0, 0, "Its major version isn't 1" },
	{ 0, OCTETS(1, 4), false, 0, 0, OTHER_OFFSETS },
	{ 4, 0, false, 0, 0, "Dovecot found it to be corrupt" },
	{ 28, 0, false, 0, 0, NULL },
	{ 28, 24, true, 0, 0, BEFORE }, { 28, 28, true, 0, 0, BEFORE },
	{ 28, 60, true, 0, 0, PAST_END },
	{ 28, 64, true, 0, 0, PAST_END },
	{ 28, 76, true, 0, 0, PAST_END },
	/* the next list */
	{ 32, 32, true, 0, 0, BEFORE }, { 32, 28, true, 0, 0, BEFORE },
	{ 32, 72, true, 0, 0, PAST_END },
	/* the list's size */
	{ 36, 0, false, 0, 0, PAST_END }, { 36, 11, false, 0, 0, PAST_END },
	{ 36, 41, false, 0, 0, PAST_END },
	{ 36, UINT32_MAX, false, 0, 0, PAST_END },
	{ 36, 40u << 24, false, 0, 0, OTHER_ENDIANNESS },
	{ 36, 41u << 24, false, 0, 0, PAST_END },
	{ 36, 11u << 24, false, 0, 0, PAST_END },
	/* the number of fields, their names */
	{ 40, 0, false, 0, 0, NULL }, { 40, 1, false, 0, 0, NO_NAME },
	{ 40, 3, false, 0, 0, "a list of fields is too short for them" },
	{ 40, UINT32_MAX, false, 0, 0,
	  "a list of fields is too short for them" },
	{ NAMES_AT, 0, false, 0, 0, NO_NAME },
	{ NAMES_AT + 4, 0, false, 0, 1, NO_NAME },
	{ NAMES_AT + 4, 0x61616161, false, 0, 1, NO_NAME },
};

START_TEST(caches_are_checked)
{
	struct index_cache cache;
	struct bytes bytes;
	const char *error;
	size_t size;
	void *copy;

	make_cache(&bytes);
	if (cases[_i].is_offset)
		set_size(bytes.data + cases[_i].at, cases[_i].value);
	else
		memcpy(bytes.data + cases[_i].at, &cases[_i].value, 4);
	size = cases[_i].size == 0 ? bytes.size : cases[_i].size;
	/* so that reading past its end is seen */
	copy = malloc(size);
	memcpy(copy, bytes.data, size);
	ck_assert_int_eq(unit_cache_decode(&cache, copy, size, &error),
			 cases[_i].error == NULL ? 0 : -1);
	ck_assert_pstr_eq(error, cases[_i].error);
	ck_assert_uint_eq(cache.fields_count, cases[_i].fields);
	if (cache.fields_count == 2) {
		ck_assert_str_eq(cache.fields[1].name, "var");
		/* it says nothing of one of variable size */
		ck_assert_uint_eq(cache.fields[0].size, 4);
		ck_assert_uint_eq(cache.fields[1].size,
				  INDEX_CACHE_VARIABLE_SIZE);
	}
	index_cache_free(&cache);
	free(copy);
}
END_TEST

/* Decode so many lists without fields, of which the last one has a size.
   Returns what is wrong. */
static const char *decode_lists(unsigned int count, uint32_t last_size)
{
	const size_t last = LIST_AT + (count - 1) * LIST_HEADER_SIZE;
	unsigned char *data = calloc(1, last + last_size);
	struct index_cache cache;
	struct bytes bytes;
	const char *error;

	make_cache(&bytes);
	memcpy(data, bytes.data, LIST_AT);
	for (size_t pos = LIST_AT; pos < last; pos += LIST_HEADER_SIZE)
		set_size(data + pos, pos + LIST_HEADER_SIZE);
	memcpy(data + last + 4, &last_size, sizeof(last_size));
	(void)unit_cache_decode(&cache, data, last + last_size, &error);
	index_cache_free(&cache);
	free(data);
	return error;
}

START_TEST(lists_are_bounded)
{
	ck_assert_ptr_null(decode_lists(INDEX_CACHE_MAX_LISTS,
					LIST_HEADER_SIZE));
	ck_assert_str_eq(decode_lists(INDEX_CACHE_MAX_LISTS + 1,
				      LIST_HEADER_SIZE),
			 "there are more than 10,000 lists of fields");
	ck_assert_ptr_null(decode_lists(1, INDEX_CACHE_MAX_FIELDS_SIZE));
	ck_assert_str_eq(decode_lists(1, INDEX_CACHE_MAX_FIELDS_SIZE + 1),
			 "a list of fields is larger than 4 MiB");
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("index-cache");

	tcase_add_loop_test(tcase, caches_are_checked, 0,
			    sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(tcase, lists_are_bounded);
	return unit_run(tcase);
}
