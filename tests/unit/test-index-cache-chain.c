/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* Records of a cache in memory. */

#include <string.h>

#include "index-cache-chain.h"
#include "unit.h"

#define FILE_SIZE (3 * INDEX_CACHE_WINDOW_SIZE)
/* where a record stands that has nothing before it but the header */
#define AT INDEX_CACHE_HEADER_SIZE

/* one of four bytes, one of variable size */
static const uint32_t sizes[] = { 4, INDEX_CACHE_VARIABLE_SIZE };
#define FIELDS_COUNT (sizeof(sizes) / sizeof(sizes[0]))

static struct {
	unsigned char data[FILE_SIZE];
	unsigned int reads;
	/* the next one fails */
	bool fails;
} file;

static bool file_read(void *context, uint64_t offset, void *dest, size_t size)
{
	(void)context;
	file.reads++;
	if (file.fails) {
		file.fails = false;
		return false;
	}
	ck_assert_uint_le(offset + size, sizeof(file.data));
	memcpy(dest, file.data + offset, size);
	return true;
}

static void file_put(uint64_t offset, const uint32_t *numbers, size_t count)
{
	ck_assert_uint_le(offset + count * 4, sizeof(file.data));
	memcpy(file.data + offset, numbers, count * 4);
}
#define FILE_PUT(offset, ...) \
	file_put(offset, (const uint32_t[]){ __VA_ARGS__ }, \
		 sizeof((const uint32_t[]){ __VA_ARGS__ }) / \
		 sizeof(uint32_t))

static void chain_init(struct index_cache_chain *chain,
		       struct index_cache *cache, uint64_t file_size)
{
	static struct index_cache_field fields[FIELDS_COUNT];

	for (size_t i = 0; i < FIELDS_COUNT; i++)
		fields[i].size = sizes[i];
	memset(cache, 0, sizeof(*cache));
	cache->file_size = file_size;
	cache->fields = fields;
	cache->fields_count = FIELDS_COUNT;
	index_cache_chain_init(chain, cache, file_read, NULL);
}

static void check_violated(struct index_cache_chain *chain, uint32_t offset,
			   uint64_t at, const char *violated)
{
	ck_assert_int_eq(index_cache_chain_check(chain, offset), -1);
	ck_assert_str_eq(chain->violated, violated);
	ck_assert_uint_eq(chain->offset, at);
}

static const struct {
	/* the newest record; what stands at AT: older one, size, fields */
	uint32_t offset, numbers[8];
	/* of the file, after AT */
	unsigned int size;
	/* NULL if nothing is; else where */
	const char *violated;
	uint64_t at;
} records[] = {
	/* it ends with the file, with each of the fields */
	{ AT, { 0, 16, 0, 4711 }, 16, NULL, 0 },
	{ AT, { 0, 16, 1, 0 }, 16, NULL, 0 },
	{ AT, { 0, 20, 1, 1 }, 20, NULL, 0 },
	{ AT, { 0, 28, 1, 4, 0, 0, 4711 }, 28, NULL, 0 },
	{ AT + 16, { 0, 16, 0, 4711, AT, 16, 0, 4711 }, 32, NULL, 0 },
	/* where it stands */
	{ AT, { 0, 8 }, 7, "a record stands at 32, the cache has 39 bytes",
	  AT },
	{ AT - 4, { 0, 8 }, 8, "a record stands at 28, the cache has 40 bytes",
	  AT - 4 },
	{ AT + 2, { 0, 8 }, 16, "a record stands at 34, the cache has 48 bytes",
	  AT + 2 },
	{ UINT32_MAX - 3, { 0, 8 }, 16,
	  "a record stands at 4294967292, the cache has 48 bytes",
	  UINT32_MAX - 3 },
	/* how long it is */
	{ AT, { 0, 7 }, 8, "record size 7 < 12", AT + 4 },
	{ AT, { 0, 8 }, 8, "record size 8 < 12", AT + 4 },
	{ AT, { 0, 11 }, 16, "record size 11 < 12", AT + 4 },
	{ AT, { 0, 17 }, 16, "record offset 32 + size 17 > the cache's size 48",
	  AT + 4 },
	/* how its fields fill it */
	{ AT, { 0, 17, 0, 0 }, 20,
	  "the fields of a record end at 48, the record at 49", AT + 17 },
	{ AT, { 0, 19, 0, 0 }, 20,
	  "the fields of a record end at 48, the record at 51", AT + 19 },
	{ AT, { 0, 13, 1 }, 16, "field 1 of a record has its size at 44, the "
	  "record ends at 45", AT + 8 },
	{ AT, { 0, 15, 1 }, 16, "field 1 of a record has its size at 44, the "
	  "record ends at 47", AT + 8 },
	{ AT, { 0, 15, 0 }, 16, "a field of 4 bytes ends at 48, its record at "
	  "47", AT + 8 },
	{ AT, { 0, 17, 1, 1 }, 20, "the fields of a record end at 52, the "
	  "record at 49", AT + 17 },
	{ AT, { 0, 16, 2 }, 16, "field 2 of a record >= 2 fields", AT + 8 },
	/* they are longer than the file */
	{ AT, { AT, 16, 0, 0 }, 0x18,
	  "the records go in a circle: they have 64 bytes, the cache 56", AT },
	{ AT, { AT, 16, 0, 0 }, 0x20,
	  "the records go in a circle: they have 80 bytes, the cache 64", AT },
};

START_TEST(records_are_checked)
{
	struct index_cache_chain chain;
	struct index_cache cache;

	file_put(AT, records[_i].numbers, 8);
	chain_init(&chain, &cache, AT + records[_i].size);
	if (records[_i].violated != NULL) {
		check_violated(&chain, records[_i].offset, records[_i].at,
			       records[_i].violated);
	} else {
		ck_assert_int_eq(index_cache_chain_check(
			&chain, records[_i].offset), 0);
		ck_assert_uint_eq(file.reads, records[_i].offset == AT ? 1 : 2);
	}
}
END_TEST

/* A field begins where what was read before ends, or just before that. */
START_TEST(a_record_is_longer_than_what_is_read_at_once)
{
	const uint32_t size = INDEX_CACHE_WINDOW_SIZE - 4 * 4 - 4 * _i;
	struct index_cache_chain chain;
	struct index_cache cache;

	FILE_PUT(AT, 0, 16 + size + 8, 1, size);
	FILE_PUT(AT + 16 + size, 0, 4711);
	chain_init(&chain, &cache, AT + 16 + size + 8);
	ck_assert_int_eq(index_cache_chain_check(&chain, AT), 0);
	ck_assert_uint_eq(file.reads, _i == 0 ? 2 : 1);
	/* it is read from the beginning for the next message */
	FILE_PUT(AT + 16 + size, 2);
	chain_init(&chain, &cache, AT + 16 + size + 8);
	check_violated(&chain, AT, AT + 16 + size,
		       "field 2 of a record >= 2 fields");
}
END_TEST

START_TEST(steps_are_bounded)
{
	struct index_cache_chain chain;
	struct index_cache cache;
	uint64_t at;

	/* the older one stands at the beginning */
	FILE_PUT(AT, 0, 16, 0, 4711, AT, 20, 1, 1, 4711);
	/* in the order in which they are read */
	for (unsigned int steps = 0; steps < 7; steps++) {
		chain_init(&chain, &cache, AT + 36);
		ck_assert_uint_eq(chain.budget.limit, AT + 36);
		chain.budget.limit = steps;
		at = steps < 4 ? AT + 16 + steps * 4 : AT + (steps - 4) * 4;
		ck_assert_int_eq(index_cache_chain_check(&chain, AT + 16), -1);
		ck_assert_ptr_nonnull(strstr(chain.violated,
			"takes more steps than the cache has bytes"));
		ck_assert_uint_eq(chain.offset, at);
		ck_assert(index_cache_chain_is_exhausted(&chain));
	}
	chain_init(&chain, &cache, AT + 36);
	ck_assert_int_eq(index_cache_chain_check(&chain, AT + 16), 0);
	ck_assert_uint_eq(chain.budget.steps, 7);
	ck_assert(!index_cache_chain_is_exhausted(&chain));
}
END_TEST

START_TEST(what_cant_be_read_is_told_and_read_again)
{
	struct index_cache_chain chain;
	struct index_cache cache;

	FILE_PUT(AT, 0, 16, 0, 4711);
	chain_init(&chain, &cache, AT + 16);
	file.fails = true;
	check_violated(&chain, AT, AT,
		       "the cache has become shorter than 48 bytes");
	ck_assert_int_eq(index_cache_chain_check(&chain, AT), 0);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("index-cache-chain");

	tcase_add_loop_test(tcase, records_are_checked, 0,
			    sizeof(records) / sizeof(records[0]));
	tcase_add_loop_test(tcase,
			    a_record_is_longer_than_what_is_read_at_once, 0, 2);
	tcase_add_test(tcase, steps_are_bounded);
	tcase_add_test(tcase, what_cant_be_read_is_told_and_read_again);
	return unit_run(tcase);
}
