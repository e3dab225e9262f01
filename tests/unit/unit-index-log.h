/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef UNIT_INDEX_LOG_H
#define UNIT_INDEX_LOG_H

/* What the unit tests of index files and logs, and of what these prove,
   share. */

#include "index-log-scan.h"
#include "index-state.h"

/* types of transactions */
#define EXTERNAL 0x10000000u
#define DSYNC 0x20000000u
#define EXPUNGE 0xcd91u
#define EXPUNGE_GUID 0xed90u
#define APPEND 0x2u
#define FLAGS 0x4u
#define HEADER 0x20u
#define INTRO 0x40u
#define RESET 0x80u
#define EXT_HEADER 0x100u
#define EXT_HEADER32 0x10000u
#define EXT_RECORD 0x200u
#define KEYWORD 0x400u
#define KEYWORD_RESET 0x800u
#define BOUNDARY 0x80000u
#define DELETED 0x20000u

#define INDEXID 1700000000u

/* A file that is being written. */
struct bytes {
	unsigned char data[64 * 1024];
	size_t size;
};

/* two logs, and the state of what was read last */
extern struct bytes newer, older;
extern struct index_state state;

void add(struct bytes *bytes, const void *data, size_t size);
void add32(struct bytes *bytes, uint32_t value);
void add16(struct bytes *bytes, uint16_t value);
void add_numbers(struct bytes *bytes, const uint32_t *numbers, size_t count);
#define ADD(bytes, ...) \
	add_numbers(bytes, (const uint32_t[]){ __VA_ARGS__ }, \
		    sizeof((const uint32_t[]){ __VA_ARGS__ }) / \
		    sizeof(uint32_t))

/* Begin an index file, up to its indexid. */
void index_begin(struct bytes *index, uint32_t header_size,
		 uint32_t record_size);
/* Begin a log. */
void log_begin(struct bytes *log, uint32_t seq, uint32_t prev_seq,
	       uint32_t prev_offset);
/* Write a transaction's size. */
void set_size(unsigned char *dest, uint32_t size);
/* Add a transaction of 32-bit numbers. */
void log_add(struct bytes *log, uint32_t type, const uint32_t *numbers,
	     size_t count);
#define LOG_ADD(log, type, ...) \
	log_add(log, type, (const uint32_t[]){ __VA_ARGS__ }, \
		sizeof((const uint32_t[]){ __VA_ARGS__ }) / sizeof(uint32_t))
/* Add count messages. */
void log_append(struct bytes *log, uint32_t first, uint32_t count);

/* Read the state from logs alone. */
enum index_state_result
read_logs(const struct bytes *log, const struct bytes *log2);

/* Expect that this was wrong, or with NULL that nothing was. */
void check_problem(const char *problem);

/* Forget the state: before the first log of a test, and after each. */
void setup(void);
void teardown(void);

#endif
