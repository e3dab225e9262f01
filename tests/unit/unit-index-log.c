/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include <string.h>

#include "unit-index-log.h"
#include "unit.h"

struct bytes newer, older;
struct index_state state;

void add(struct bytes *bytes, const void *data, size_t size)
{
	ck_assert_uint_le(size, sizeof(bytes->data) - bytes->size);
	memcpy(bytes->data + bytes->size, data, size);
	bytes->size += size;
}

void add32(struct bytes *bytes, uint32_t value)
{
	add(bytes, &value, sizeof(value));
}

void add16(struct bytes *bytes, uint16_t value)
{
	add(bytes, &value, sizeof(value));
}

void add_numbers(struct bytes *bytes, const uint32_t *numbers, size_t count)
{
	add(bytes, numbers, count * sizeof(*numbers));
}

void index_begin(struct bytes *index, uint32_t header_size,
		 uint32_t record_size)
{
	memset(index, 0, sizeof(*index));
	add(index, "\7\3", 2);
	add16(index, 120);
	ADD(index, header_size, record_size, OCTETS(COMPAT_FLAGS));
}

void log_begin(struct bytes *log, uint32_t seq, uint32_t prev_seq,
	       uint32_t prev_offset)
{
	memset(log, 0, sizeof(*log));
	add(log, "\1\3", 2);
	add16(log, 40);
	/* no initial_modseq */
	ADD(log, INDEXID, seq, prev_seq, prev_offset, INDEXID, 0, 0,
	    OCTETS(COMPAT_FLAGS), 0);
}

void set_size(unsigned char *dest, uint32_t size)
{
	size >>= 2;
	for (int i = 3; i >= 0; i--, size >>= 7)
		dest[i] = 0x80 | (size & 0x7f);
}

void log_add(struct bytes *log, uint32_t type, const uint32_t *numbers,
	     size_t count)
{
	unsigned char size[4];

	set_size(size, 8 + count * 4);
	add(log, size, 4);
	add32(log, type);
	add_numbers(log, numbers, count);
}

void log_append(struct bytes *log, uint32_t first, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		LOG_ADD(log, APPEND | EXTERNAL, first + i, 0);
}

enum index_state_result
read_logs(const struct bytes *log, const struct bytes *log2)
{
	struct index_state_input input = { .log = { log->data, log->size } };
	const char *error;

	if (log2 != NULL)
		input.log2 = (struct index_state_file) { log2->data,
							log2->size };
	return index_state_read(&input, &state, &error);
}

void check_problem(const char *problem)
{
	if (problem == NULL)
		ck_assert_ptr_null(state.problem);
	else {
		ck_assert_ptr_nonnull(state.problem);
		ck_assert_str_eq(state.problem, problem);
	}
}

void setup(void)
{
	memset(&state, 0, sizeof(state));
}

void teardown(void)
{
	index_state_free(&state);
}
