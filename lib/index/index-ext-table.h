/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef INDEX_EXT_TABLE_H
#define INDEX_EXT_TABLE_H

/* The extensions that are known by name: what their headers hold, and which
   records are kept. */

#include <stddef.h>

enum index_field_type {
	INDEX_FIELD_U8,
	INDEX_FIELD_U32,
	INDEX_FIELD_U64,
	/* u32 */
	INDEX_FIELD_TIME,
	/* 16 bytes */
	INDEX_FIELD_GUID
};
#define INDEX_GUID_SIZE 16

struct index_ext_field {
	const char *name;
	unsigned int offset;
	enum index_field_type type;
};

/* Records that are kept of each message, or mailbox in a list index. */
enum index_column {
	/* cache: u32 offset in the cache file */
	INDEX_COLUMN_CACHE,
	/* list: struct mailbox_list_index_record */
	INDEX_COLUMN_LIST,
	/* msgs: u32 messages, unseen, recent, uidnext */
	INDEX_COLUMN_MSGS,
	/* mdbox: u32 map_uid, u32 save_date */
	INDEX_COLUMN_MDBOX,
	/* ref: u16 number of copies of an mdbox's mail */
	INDEX_COLUMN_REF,

	INDEX_COLUMN_COUNT
};
#define INDEX_COLUMN_NONE INDEX_COLUMN_COUNT

struct index_ext_info {
	const char *name;
	/* ends with a name of NULL */
	const struct index_ext_field *fields;
	enum index_column column;
};

/* Returns what is known of an extension, NULL if nothing is. */
const struct index_ext_info *index_ext_info(const char *name, size_t len);

/* Returns the bytes of a column's record. */
unsigned int index_column_size(enum index_column column);

#endif
