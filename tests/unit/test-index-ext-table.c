/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* What is known of extensions is what Dovecot's structs have. */

#include <stddef.h>
#include <string.h>

#include "index-ext-table.h"
#include "unit.h"

typedef uint8_t guid_128_t[INDEX_GUID_SIZE];

/* as in Dovecot's headers */
struct mail_index_modseq_header {
	uint64_t highest_modseq;
	uint32_t log_seq;
	uint32_t log_offset;
};
struct index_vsize_header {
	uint64_t vsize;
	uint32_t highest_uid;
	uint32_t message_count;
};
struct mailbox_index_pop3_uidl {
	uint32_t max_uid_with_pop3_uidl;
};
struct rename_stamp {
	uint32_t last_rename;
};
struct mbox_index_header {
	uint64_t sync_size;
	uint32_t sync_mtime;
	uint8_t dirty_flag;
	uint8_t unused[3];
	guid_128_t mailbox_guid;
};
struct maildir_index_header {
	uint32_t new_check_time, new_mtime, new_mtime_nsecs;
	uint32_t cur_check_time, cur_mtime, cur_mtime_nsecs;
	uint32_t uidlist_mtime, uidlist_mtime_nsecs, uidlist_size;
};
struct sdbox_index_header {
	uint32_t rebuild_count;
	guid_128_t mailbox_guid;
	uint8_t flags;
	uint8_t unused[3];
};
struct mdbox_index_header {
	uint32_t map_uid_validity;
	guid_128_t mailbox_guid;
	uint8_t flags;
	uint8_t unused[3];
};
struct mdbox_map_mail_index_header {
	uint32_t highest_file_id;
	uint32_t rebuild_count;
};
struct fts_index_header {
	uint32_t last_indexed_uid;
	uint32_t settings_checksum;
	uint32_t unused;
};
struct virtual_guid {
	guid_128_t mailbox_guid;
};
struct virtual_mail_index_header {
	uint32_t change_counter;
	uint32_t mailbox_count;
	uint32_t highest_mailbox_id;
	uint32_t search_args_crc32;
};
struct mailbox_list_index_header2 {
	uint32_t inbox_inbox_name_id;
};

struct mailbox_list_index_record {
	uint32_t name_id;
	uint32_t parent_uid;
	guid_128_t guid;
	uint32_t uid_validity;
};
struct mailbox_list_index_msgs_record {
	uint32_t messages;
	uint32_t unseen;
	uint32_t recent;
	uint32_t uidnext;
};
struct mdbox_mail_index_record {
	uint32_t map_uid;
	uint32_t save_date;
};

static const struct {
	/* NULL: as the one before */
	const char *ext, *name;
	size_t offset, size;
	/* a number of seconds since 1970 */
	bool is_time;
} fields[] = {
#define FIELD(ext, type, name) \
	{ ext, #name, offsetof(struct type, name), \
	  sizeof(((struct type *)NULL)->name), false }
#define TIME(ext, type, name) \
	{ ext, #name, offsetof(struct type, name), \
	  sizeof(((struct type *)NULL)->name), true }
	FIELD("modseq", mail_index_modseq_header, highest_modseq),
	FIELD(NULL, mail_index_modseq_header, log_seq),
	FIELD(NULL, mail_index_modseq_header, log_offset),
	FIELD("hdr-vsize", index_vsize_header, vsize),
	FIELD(NULL, index_vsize_header, highest_uid),
	FIELD(NULL, index_vsize_header, message_count),
	FIELD("hdr-pop3-uidl", mailbox_index_pop3_uidl,
	      max_uid_with_pop3_uidl),
	TIME("last-rename-stamp", rename_stamp, last_rename),
	FIELD("mbox", mbox_index_header, sync_size),
	TIME(NULL, mbox_index_header, sync_mtime),
	FIELD(NULL, mbox_index_header, dirty_flag),
	FIELD(NULL, mbox_index_header, mailbox_guid),
	TIME("maildir", maildir_index_header, new_check_time),
	TIME(NULL, maildir_index_header, new_mtime),
	FIELD(NULL, maildir_index_header, new_mtime_nsecs),
	TIME(NULL, maildir_index_header, cur_check_time),
	TIME(NULL, maildir_index_header, cur_mtime),
	FIELD(NULL, maildir_index_header, cur_mtime_nsecs),
	TIME(NULL, maildir_index_header, uidlist_mtime),
	FIELD(NULL, maildir_index_header, uidlist_mtime_nsecs),
	FIELD(NULL, maildir_index_header, uidlist_size),
	FIELD("dbox-hdr", sdbox_index_header, rebuild_count),
	FIELD(NULL, sdbox_index_header, mailbox_guid),
	FIELD(NULL, sdbox_index_header, flags),
	FIELD("mdbox-hdr", mdbox_index_header, map_uid_validity),
	FIELD(NULL, mdbox_index_header, mailbox_guid),
	FIELD(NULL, mdbox_index_header, flags),
	FIELD("map", mdbox_map_mail_index_header, highest_file_id),
	FIELD(NULL, mdbox_map_mail_index_header, rebuild_count),
	FIELD("fts", fts_index_header, last_indexed_uid),
	FIELD(NULL, fts_index_header, settings_checksum),
	FIELD("virtual-guid", virtual_guid, mailbox_guid),
	FIELD("virtual", virtual_mail_index_header, change_counter),
	FIELD(NULL, virtual_mail_index_header, mailbox_count),
	FIELD(NULL, virtual_mail_index_header, highest_mailbox_id),
	FIELD(NULL, virtual_mail_index_header, search_args_crc32),
	FIELD("list2", mailbox_list_index_header2, inbox_inbox_name_id),
};
#define FIELDS_COUNT (sizeof(fields) / sizeof(fields[0]))

/* those that have no header, or another one; and whose records are kept */
static const struct {
	const char *ext;
	enum index_column column;
	unsigned int size;
} columns[] = {
	{ "cache", INDEX_COLUMN_CACHE, sizeof(uint32_t) },
	{ "list", INDEX_COLUMN_LIST, sizeof(struct mailbox_list_index_record) },
	{ "msgs", INDEX_COLUMN_MSGS,
	  sizeof(struct mailbox_list_index_msgs_record) },
	{ "mdbox", INDEX_COLUMN_MDBOX, sizeof(struct mdbox_mail_index_record) },
	{ "ref", INDEX_COLUMN_REF, sizeof(uint16_t) },
	{ "keywords", INDEX_COLUMN_NONE, 0 },
	{ "box-name", INDEX_COLUMN_NONE, 0 },
};

static enum index_field_type field_type(size_t size, bool is_time)
{
	return is_time ? INDEX_FIELD_TIME :
		size == 1 ? INDEX_FIELD_U8 :
		size == 4 ? INDEX_FIELD_U32 :
		size == 8 ? INDEX_FIELD_U64 : INDEX_FIELD_GUID;
}

START_TEST(fields_are_where_they_are_in_structs)
{
	const struct index_ext_info *info = NULL;
	const struct index_ext_field *field = NULL;

	for (size_t i = 0; i < FIELDS_COUNT; i++) {
		if (fields[i].ext != NULL) {
			ck_assert(field == NULL || field->name == NULL);
			info = index_ext_info(fields[i].ext,
					      strlen(fields[i].ext));
			ck_assert_ptr_nonnull(info);
			ck_assert_str_eq(info->name, fields[i].ext);
			ck_assert_int_eq(info->column, INDEX_COLUMN_NONE);
			field = info->fields;
		}
		ck_assert_ptr_nonnull(field);
		ck_assert_str_eq(field->name, fields[i].name);
		ck_assert_msg(field->offset == fields[i].offset &&
			      field->type == field_type(fields[i].size,
							fields[i].is_time),
			      "%s", field->name);
		field++;
	}
	ck_assert_ptr_nonnull(field);
	ck_assert_ptr_null(field->name);
}
END_TEST

START_TEST(records_are_as_long_as_structs)
{
	const struct index_ext_info *info =
		index_ext_info(columns[_i].ext, strlen(columns[_i].ext));

	ck_assert_ptr_nonnull(info);
	ck_assert_str_eq(info->name, columns[_i].ext);
	ck_assert_ptr_null(info->fields->name);
	ck_assert_int_eq(info->column, columns[_i].column);
	if (columns[_i].column != INDEX_COLUMN_NONE) {
		ck_assert_uint_eq(index_column_size(info->column),
				  columns[_i].size);
	}
}
END_TEST

START_TEST(others_are_unknown)
{
	ck_assert_ptr_null(index_ext_info("", 0));
	ck_assert_ptr_null(index_ext_info("lis", 3));
	ck_assert_ptr_null(index_ext_info("list2x", 6));
	ck_assert_ptr_null(index_ext_info("hmodseq", 7));
	ck_assert_str_eq(index_ext_info("list2", 4)->name, "list");
	ck_assert_str_eq(index_ext_info("list2", 5)->name, "list2");
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("index-ext-table");

	tcase_add_test(tcase, fields_are_where_they_are_in_structs);
	tcase_add_loop_test(tcase, records_are_as_long_as_structs, 0,
			    sizeof(columns) / sizeof(columns[0]));
	tcase_add_test(tcase, others_are_unknown);
	return unit_run(tcase);
}
