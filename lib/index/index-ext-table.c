/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include <string.h>

#include "index-ext-table.h"

/* lib-index/mail-index-modseq.c, struct mail_index_modseq_header */
static const struct index_ext_field modseq_fields[] = {
	{ "highest_modseq", 0, INDEX_FIELD_U64 },
	{ "log_seq", 8, INDEX_FIELD_U32 },
	{ "log_offset", 12, INDEX_FIELD_U32 },
	{ NULL, 0, 0 }
};

/* lib-storage/index/index-storage.h, struct index_vsize_header */
static const struct index_ext_field vsize_fields[] = {
	{ "vsize", 0, INDEX_FIELD_U64 },
	{ "highest_uid", 8, INDEX_FIELD_U32 },
	{ "message_count", 12, INDEX_FIELD_U32 },
	{ NULL, 0, 0 }
};

static const struct index_ext_field pop3_fields[] = {
	{ "max_uid_with_pop3_uidl", 0, INDEX_FIELD_U32 },
	{ NULL, 0, 0 }
};

static const struct index_ext_field rename_fields[] = {
	{ "last_rename", 0, INDEX_FIELD_TIME },
	{ NULL, 0, 0 }
};

/* lib-storage/index/mbox/mbox-storage.h, struct mbox_index_header */
static const struct index_ext_field mbox_fields[] = {
	{ "sync_size", 0, INDEX_FIELD_U64 },
	{ "sync_mtime", 8, INDEX_FIELD_TIME },
	{ "dirty_flag", 12, INDEX_FIELD_U8 },
	{ "mailbox_guid", 16, INDEX_FIELD_GUID },
	{ NULL, 0, 0 }
};

/* lib-storage/index/maildir/maildir-storage.h, struct maildir_index_header */
static const struct index_ext_field maildir_fields[] = {
	{ "new_check_time", 0, INDEX_FIELD_TIME },
	{ "new_mtime", 4, INDEX_FIELD_TIME },
	{ "new_mtime_nsecs", 8, INDEX_FIELD_U32 },
	{ "cur_check_time", 12, INDEX_FIELD_TIME },
	{ "cur_mtime", 16, INDEX_FIELD_TIME },
	{ "cur_mtime_nsecs", 20, INDEX_FIELD_U32 },
	{ "uidlist_mtime", 24, INDEX_FIELD_TIME },
	{ "uidlist_mtime_nsecs", 28, INDEX_FIELD_U32 },
	{ "uidlist_size", 32, INDEX_FIELD_U32 },
	{ NULL, 0, 0 }
};

/* lib-storage/index/dbox-single/sdbox-storage.h, struct sdbox_index_header */
static const struct index_ext_field sdbox_fields[] = {
	{ "rebuild_count", 0, INDEX_FIELD_U32 },
	{ "mailbox_guid", 4, INDEX_FIELD_GUID },
	{ "flags", 20, INDEX_FIELD_U8 },
	{ NULL, 0, 0 }
};

/* lib-storage/index/dbox-multi/mdbox-storage.h, struct mdbox_index_header */
static const struct index_ext_field mdbox_fields[] = {
	{ "map_uid_validity", 0, INDEX_FIELD_U32 },
	{ "mailbox_guid", 4, INDEX_FIELD_GUID },
	{ "flags", 20, INDEX_FIELD_U8 },
	{ NULL, 0, 0 }
};

/* mdbox-map-private.h, struct mdbox_map_mail_index_header */
static const struct index_ext_field map_fields[] = {
	{ "highest_file_id", 0, INDEX_FIELD_U32 },
	{ "rebuild_count", 4, INDEX_FIELD_U32 },
	{ NULL, 0, 0 }
};

/* plugins/fts/fts-storage.h, struct fts_index_header */
static const struct index_ext_field fts_fields[] = {
	{ "last_indexed_uid", 0, INDEX_FIELD_U32 },
	{ "settings_checksum", 4, INDEX_FIELD_U32 },
	{ NULL, 0, 0 }
};

/* plugins/virtual/virtual-storage.c, virtual-storage.h, struct
   virtual_mail_index_header */
static const struct index_ext_field virtual_guid_fields[] = {
	{ "mailbox_guid", 0, INDEX_FIELD_GUID },
	{ NULL, 0, 0 }
};
static const struct index_ext_field virtual_fields[] = {
	{ "change_counter", 0, INDEX_FIELD_U32 },
	{ "mailbox_count", 4, INDEX_FIELD_U32 },
	{ "highest_mailbox_id", 8, INDEX_FIELD_U32 },
	{ "search_args_crc32", 12, INDEX_FIELD_U32 },
	{ NULL, 0, 0 }
};

/* lib-storage/list/mailbox-list-index.h, struct mailbox_list_index_header2 */
static const struct index_ext_field list2_fields[] = {
	{ "inbox_inbox_name_id", 0, INDEX_FIELD_U32 },
	{ NULL, 0, 0 }
};

static const struct index_ext_field no_fields[] = { { NULL, 0, 0 } };

static const struct index_ext_info infos[] = {
	{ "keywords", no_fields, INDEX_COLUMN_NONE },
	{ "cache", no_fields, INDEX_COLUMN_CACHE },
	{ "modseq", modseq_fields, INDEX_COLUMN_NONE },
	{ "hdr-vsize", vsize_fields, INDEX_COLUMN_NONE },
	{ "hdr-pop3-uidl", pop3_fields, INDEX_COLUMN_NONE },
	{ "last-rename-stamp", rename_fields, INDEX_COLUMN_NONE },
	{ "box-name", no_fields, INDEX_COLUMN_NONE },
	{ "mbox", mbox_fields, INDEX_COLUMN_NONE },
	{ "maildir", maildir_fields, INDEX_COLUMN_NONE },
	{ "dbox-hdr", sdbox_fields, INDEX_COLUMN_NONE },
	{ "mdbox-hdr", mdbox_fields, INDEX_COLUMN_NONE },
	{ "mdbox", no_fields, INDEX_COLUMN_MDBOX },
	{ "map", map_fields, INDEX_COLUMN_NONE },
	{ "ref", no_fields, INDEX_COLUMN_REF },
	{ "fts", fts_fields, INDEX_COLUMN_NONE },
	{ "virtual-guid", virtual_guid_fields, INDEX_COLUMN_NONE },
	{ "virtual", virtual_fields, INDEX_COLUMN_NONE },
	{ "list", no_fields, INDEX_COLUMN_LIST },
	{ "list2", list2_fields, INDEX_COLUMN_NONE },
	{ "msgs", no_fields, INDEX_COLUMN_MSGS },
};

const struct index_ext_info *index_ext_info(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(infos) / sizeof(infos[0]); i++) {
		if (strlen(infos[i].name) == len &&
		    memcmp(infos[i].name, name, len) == 0)
			return &infos[i];
	}
	return NULL;
}

unsigned int index_column_size(enum index_column column)
{
	static const unsigned int sizes[INDEX_COLUMN_COUNT] = {
		[INDEX_COLUMN_CACHE] = 4, [INDEX_COLUMN_LIST] = 28,
		[INDEX_COLUMN_MSGS] = 16, [INDEX_COLUMN_MDBOX] = 8,
		[INDEX_COLUMN_REF] = 2,
	};

	return sizes[column];
}
