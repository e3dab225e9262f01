/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef INDEX_HEADER_H
#define INDEX_HEADER_H

/* What an index file itself says (dovecot.index, dovecot.list.index,
   dovecot.map.index): header, extensions, where the records are. What was
   written to its log since then is index-state.h's.

   The base header has 120 bytes. At the next multiple of 8 begin the
   extensions: u32 size of its header, u32 reset id, u16 offset, u16 size and
   u16 alignment in a record, u16 size of its name, the name, its header, both
   padded to 8. At header_size begin the records: u32 UID, u8 flags, then what
   extensions have, each at its offset, aligned or not. All as the machine has
   integers. */

#include "cursor.h"

/* lib-index/mail-index.h, struct mail_index_header */
#define INDEX_MAJOR_VERSION 7
#define INDEX_BASE_HEADER_SIZE 120
/* the only one of compat_flags */
#define INDEX_COMPAT_LITTLE_ENDIAN 0x01
#define INDEX_DAYS 8
/* where its fields are */
enum index_header_offset {
	INDEX_OFFSET_INDEXID = 16,
	INDEX_OFFSET_FLAGS = 20,
	INDEX_OFFSET_UID_VALIDITY = 24,
	INDEX_OFFSET_NEXT_UID = 28,
	INDEX_OFFSET_MESSAGES_COUNT = 32,
	INDEX_OFFSET_SEEN_COUNT = 40,
	INDEX_OFFSET_DELETED_COUNT = 44,
	INDEX_OFFSET_FIRST_RECENT_UID = 48,
	INDEX_OFFSET_FIRST_UNSEEN_LOWWATER = 52,
	INDEX_OFFSET_FIRST_DELETED_LOWWATER = 56,
	INDEX_OFFSET_LOG_SEQ = 60,
	INDEX_OFFSET_LOG_TAIL = 64,
	INDEX_OFFSET_LOG_HEAD = 68,
	INDEX_OFFSET_LOG2_ROTATE_TIME = 76,
	INDEX_OFFSET_LAST_TEMP_FILE_SCAN = 80,
	INDEX_OFFSET_DAY_STAMP = 84,
	INDEX_OFFSET_DAY_FIRST_UID = 88
};
/* mail-index-private.h */
#define INDEX_EXT_MAX_NAME 63
#define INDEX_EXT_MAX_HEADER (16 * 1024 * 1024 - 1)
#define INDEX_EXT_MAX_RECORD 32767
#define INDEX_EXT_MAX_ALIGN 8
#define INDEX_RECORD_MIN_SIZE 8
/* mail-index.h, MAIL_INDEX_RECORD_MIN_SIZE: behind the UID and the flags */
#define INDEX_RECORD_EXTS_AT 5

enum index_flag {
	INDEX_FLAG_ANSWERED = 0x01,
	INDEX_FLAG_FLAGGED = 0x02,
	INDEX_FLAG_DELETED = 0x04,
	INDEX_FLAG_SEEN = 0x08,
	INDEX_FLAG_DRAFT = 0x10,
	/* the mail itself doesn't have the flags yet */
	INDEX_FLAG_DIRTY = 0x80,
	/* those that a client sets */
	INDEX_FLAGS_CLIENT = 0x1f
};
/* of the header's flags: Dovecot found the index to be corrupt; a message may
   be dirty; Dovecot mended the index, and will look for what got lost */
#define INDEX_HEADER_CORRUPTED 0x01
#define INDEX_HEADER_HAVE_DIRTY 0x02
#define INDEX_HEADER_FSCKD 0x04

/* of log2_rotate_time */
#define INDEX_NO_OLDER_LOG UINT32_MAX

struct index_header {
	uint8_t major_version, minor_version, compat_flags;
	uint16_t base_header_size;
	uint32_t header_size, record_size;
	/* of log and cache too; the time when the index was made */
	uint32_t indexid;
	uint32_t flags;
	uint32_t uid_validity, next_uid;
	uint32_t messages_count, seen_count, deleted_count;
	uint32_t first_recent_uid;
	uint32_t first_unseen_lowwater, first_deleted_lowwater;
	/* where in which log replay begins */
	uint32_t log_file_seq, log_tail_offset, log_head_offset;
	/* when the older log was rotated away; when Dovecot last looked for
	   old temporary files: 0 if that isn't known, as before minor version
	   3 */
	uint32_t log2_rotate_time, last_temp_file_scan;
	/* local midnight of the last day on which messages came, and for that
	   day and those before it the first UID that came */
	uint32_t day_stamp, day_first_uid[INDEX_DAYS];
};

struct index_ext {
	/* isn't ended by NUL; points into the file's data. NULL if it leads
	   past the header's end */
	const char *name;
	unsigned int name_len;
	uint32_t hdr_size, reset_id;
	/* offset 0 stands for one that isn't in the records yet */
	uint16_t record_offset, record_size, record_align;
	/* hdr_size bytes */
	const unsigned char *hdr;
	/* in the file */
	uint64_t offset;
};

/* Takes the extensions one after the other. */
struct index_ext_iter {
	struct cursor cursor;
	/* of the index */
	uint32_t record_size;
};

/* Returns why this machine can't read what was written with these compat_flags,
   NULL if it can. */
const char *index_compat_check(uint8_t compat_flags);

/* Decode the base header of an index with this size. Returns 0 if ok, -1 if it
   can't be one, or one of this machine's: error_r says why. */
int index_header_decode(const void *data, uint64_t size,
			struct index_header *hdr_r, const char **error_r);

/* The data is that of the header. */
void index_ext_iter_init(struct index_ext_iter *iter, const void *data,
			 const struct index_header *hdr,
			 struct cursor_budget *budget);
/* Returns 1 if there is one more, 0 if not, -1 if Dovecot drops the one that is
   there, and goes on with the next one. error_r is set if something is wrong
   with it, even if Dovecot keeps it. */
int index_ext_next(struct index_ext_iter *iter, struct index_ext *ext_r,
		   const char **error_r);

/* Returns TRUE if Dovecot takes an extension of such a name, which ends before
   the first NUL: it may be empty. */
bool index_ext_name_is_valid(const char *name, size_t len);
/* Returns why an extension can't have such sizes, NULL if it can. */
const char *index_ext_check(uint32_t hdr_size, uint32_t record_size,
			    uint32_t record_align);

/* Returns how many of messages_count records are in a file of a size. */
uint32_t index_records_count(const struct index_header *hdr, uint64_t size);

/* Keywords of the extension's header, in the order of their bits. */
struct index_keyword_iter {
	struct cursor records, names;
	uint32_t left;
};
void index_keyword_iter_init(struct index_keyword_iter *iter, const void *hdr,
			     uint32_t hdr_size, struct cursor_budget *budget);
/* Returns 1 if there is one more, 0 if not, -1 if the rest is broken. */
int index_keyword_next(struct index_keyword_iter *iter, const char **name_r);

#endif
