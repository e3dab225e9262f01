/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include <string.h>

#include "index-list.h"
#include "unit-list.h"
#include "unit.h"

#define HEADER_SIZE 120
#define LOG_SIZE 40
#define LOG_SEQ 2
#define RECORD_SIZE 36
#define MAX_FILE (1024 * 1024)
#define INDEXID 1700000000

static unsigned char file[MAX_FILE];
static size_t file_size;

static void put(const void *data, size_t size)
{
	ck_assert_uint_le(file_size + size, sizeof(file));
	memcpy(file + file_size, data, size);
	file_size += size;
}

static void put32(uint32_t value)
{
	put(&value, sizeof(value));
}

static void put16(uint16_t value)
{
	put(&value, sizeof(value));
}

static void put_zeros(size_t size)
{
	static const unsigned char zeros[64];

	ck_assert_uint_le(size, sizeof(zeros));
	put(zeros, size);
}

static void put_at(size_t offset, uint32_t value)
{
	memcpy(file + offset, &value, sizeof(value));
}

static void align8(void)
{
	put_zeros((8 - file_size % 8) % 8);
}

void list_log_begin(uint32_t indexid, uint32_t prev_seq)
{
	file_size = 0;
	put("\1\3", 2);
	put16(LOG_SIZE);
	put32(indexid);
	put32(LOG_SEQ);
	put32(prev_seq);
	put_zeros(LOG_SIZE - 16);
	put_at(32, OCTETS(COMPAT_FLAGS));
}

void list_log_add(uint32_t type, const uint32_t *numbers, size_t count)
{
	const size_t size = 8 + count * 4;
	const unsigned char raw[4] = { 0x80, 0x80, 0x80, 0x80 | size / 4 };

	put(raw, sizeof(raw));
	put32(type);
	put(numbers, count * 4);
}

void list_log_write(const char *path, size_t zeros)
{
	put_zeros(zeros);
	unit_write(unit_path("%s", path), file, file_size);
	file_size -= zeros;
}

/* Begin an index: the header, and that of the extension with the names. */
static void put_header(size_t names_size, size_t count)
{
	const size_t padded = (1 + names_size + 7) / 8 * 8;

	file_size = 0;
	put("\7\3", 2);
	put16(HEADER_SIZE);
	put32(HEADER_SIZE + 24 + padded);
	put32(RECORD_SIZE);
	put32(OCTETS(COMPAT_FLAGS));
	put32(INDEXID);
	put_zeros(HEADER_SIZE - 20 - 60);
	put_zeros(60);
	put_at(28, count + 1);
	put_at(32, count);
	put_at(48, 1);
	put_at(60, LOG_SEQ);
	put_at(64, LOG_SIZE);
	put_at(68, LOG_SIZE);
	put32(1 + names_size);
	put32(0);
	put16(8);
	put16(28);
	put16(4);
	put16(4);
	put("list", 4);
	put_zeros(4);
	/* the refresh flag */
	put_zeros(1);
}

static void put_name(uint32_t id, const char *name)
{
	put32(id);
	put(name, strlen(name) + 1);
}

/* The extension that tells which one is another INBOX. */
static void put_list2(uint32_t name_id)
{
	put32(4);
	put32(0);
	put_zeros(3 * 2);
	put16(5);
	put("list2", 5);
	align8();
	put32(name_id);
	align8();
	/* the header ends here */
	put_at(4, file_size);
}

void list_guid(unsigned char *guid_r, unsigned char byte)
{
	memset(guid_r, byte, INDEX_GUID_SIZE);
	guid_r[0] = 0;
}

static void put_record(uint32_t uid, uint8_t flags, const struct list_box *box)
{
	unsigned char guid[INDEX_GUID_SIZE];

	list_guid(guid, box->guid);
	put32(uid);
	put(&flags, 1);
	put_zeros(3);
	put32(box->name_id);
	put32(box->parent_uid);
	put(guid, sizeof(guid));
	put32(1);
}

/* Write the index, and the log that follows it. Returns the index' size. */
static size_t write_files(const char *path)
{
	size_t size = file_size;

	unit_write(unit_path("%s", path), file, file_size);
	/* else it would begin the index anew */
	list_log_begin(INDEXID, LOG_SEQ - 1);
	unit_write(unit_path("%s.log", path), file, file_size);
	return size;
}

size_t list_write(const char *path, const char *const *names,
		  const struct list_box *boxes, const struct list_more *more)
{
	static const struct list_more nothing;
	size_t size = 0, count = 0;

	if (more == NULL)
		more = &nothing;
	for (int i = 0; names[i] != NULL; i++)
		size += 4 + strlen(names[i]) + 1;
	while (boxes[count].name_id != 0)
		count++;
	put_header(size, count);
	put_at(20, more->flags);
	put_at(28, more->uids_skipped + count + 1);
	for (uint32_t i = 0; names[i] != NULL; i++)
		put_name(more->ids_skipped + i + 1, names[i]);
	align8();
	if (more->prefix_inbox != 0)
		put_list2(more->prefix_inbox);
	for (uint32_t i = 0; i < count; i++) {
		put_record(more->uids_skipped + i + 1, more->box_flags,
			   &boxes[i]);
	}
	return write_files(path);
}

void list_write_chain(const char *path, uint32_t count, size_t len)
{
	char level[INDEX_LIST_MAX_NAME + 2];
	struct list_box box = { 1, 0, 0 };

	ck_assert_uint_lt(len, sizeof(level));
	memset(level, 'x', len);
	level[len] = '\0';
	put_header(4 + len + 1, count);
	put_name(1, level);
	align8();
	for (uint32_t i = 0; i < count; i++) {
		box.parent_uid = i;
		box.guid = i + 1 == count;
		put_record(i + 1, 0, &box);
	}
	(void)write_files(path);
}
