/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef INDEX_LOG_H
#define INDEX_LOG_H

/* A transaction log (*.index.log, *.index.log.2): its header and its
   transactions, one at a time. Each is an u32 size, which counts all of it and
   is read by cursor_offset32(), an u32 type with two flags, and data that is
   padded to 4 (lib-index/mail-transaction-log-file.c, -view.c). */

#include "cursor.h"

/* lib-index/mail-transaction-log.h */
#define INDEX_LOG_MAJOR_VERSION 1
/* minor versions 0, 1, and 2 and later */
#define INDEX_LOG_MIN_HEADER_SIZE 24
/* where its fields are */
enum index_log_offset {
	INDEX_LOG_OFFSET_INDEXID = 4,
	INDEX_LOG_OFFSET_SEQ = 8,
	INDEX_LOG_OFFSET_PREV = 12
};

struct index_log_header {
	uint8_t major_version, minor_version, compat_flags;
	uint16_t hdr_size;
	/* of the index; 0 if Dovecot found the log to be corrupt */
	uint32_t indexid;
	uint32_t file_seq;
	/* where the log before it ended; both are 0 if this one begins the
	   index anew */
	uint32_t prev_file_seq, prev_file_offset;
	uint32_t create_stamp;
	/* 0 before minor version 1, and where no modseqs are kept */
	uint64_t initial_modseq;
};

enum index_log_type {
	INDEX_LOG_EXPUNGE,
	INDEX_LOG_EXPUNGE_GUID,
	INDEX_LOG_APPEND,
	INDEX_LOG_FLAG_UPDATE,
	INDEX_LOG_HEADER_UPDATE,
	INDEX_LOG_EXT_INTRO,
	INDEX_LOG_EXT_RESET,
	INDEX_LOG_EXT_HDR_UPDATE,
	INDEX_LOG_EXT_HDR_UPDATE32,
	INDEX_LOG_EXT_REC_UPDATE,
	INDEX_LOG_EXT_ATOMIC_INC,
	INDEX_LOG_KEYWORD_UPDATE,
	INDEX_LOG_KEYWORD_RESET,
	INDEX_LOG_MODSEQ_UPDATE,
	INDEX_LOG_INDEX_DELETED,
	INDEX_LOG_INDEX_UNDELETED,
	INDEX_LOG_BOUNDARY,
	INDEX_LOG_ATTRIBUTE_UPDATE,
	/* none of these */
	INDEX_LOG_UNKNOWN,

	INDEX_LOG_TYPE_COUNT
};

struct index_transaction {
	enum index_log_type type;
	/* the type as it is in the log, without the two flags */
	uint32_t code;
	/* it tells what is so already; otherwise it is a change that somebody
	   wants */
	bool external;
	/* dsync wrote it */
	bool dsync;
	/* in the log, and with its header */
	uint64_t offset;
	uint32_t size;
	/* without its header; points into the log's data */
	const unsigned char *data;
	uint32_t data_size;
};

struct index_log_iter {
	const unsigned char *data;
	uint64_t size, offset;
	/* why it ended, NULL if that was where the log ends: after the last
	   whole transaction, be there a torn one or not */
	const char *error;
};

/* Returns a type's name as doveadm dump has it; "unknown". */
const char *index_log_type_name(enum index_log_type type);

/* Decode the header of a log with this size. Returns 0 if ok, -1 if it can't be
   one, or one of this machine's: error_r says why. */
int index_log_header_decode(const void *data, uint64_t size,
			    struct index_log_header *hdr_r,
			    const char **error_r);

/* Begin at an offset, which has to be that of a transaction. */
void index_log_iter_init(struct index_log_iter *iter, const void *data,
			 uint64_t size, uint64_t offset);
/* Returns FALSE at the end, or where something is wrong: see error. Then the
   transaction's offset is where the next one will be. */
bool index_log_next(struct index_log_iter *iter,
		    struct index_transaction *trans_r);

/* Go on until an offset is reached, or the end. Returns TRUE if a transaction
   begins there; if not, and the end is further on, iter->offset is where the
   one ends in which it is. */
bool index_log_iter_reach(struct index_log_iter *iter, uint64_t offset);
/* Returns TRUE if a transaction changes flags that clients set; with or_modseq
   also if it says that it counts for the modseq. */
bool index_log_changes_flags(const struct index_transaction *trans,
			     bool or_modseq);
/* Returns how the transaction changes the highest modseq; 0 means that none is
   kept. */
uint64_t index_log_modseq(const struct index_transaction *trans,
			  uint64_t modseq, unsigned int minor_version);

/* One change of the index' header. */
struct index_header_update {
	uint16_t offset, size;
	const unsigned char *data;
};
/* Take the next one of a transaction's data. Returns 1 if there is one more, 0
   if not, -1 if it leads past the end. */
int index_header_update_next(struct cursor *cursor,
			     struct index_header_update *update_r);
/* Returns TRUE if it sets the log's tail: up to there the mails have what the
   log says. */
bool index_header_update_tail(const struct index_header_update *update,
			      uint32_t *tail_r);

/* Each message that is added is u32 UID, u8 flags, padding. */
#define INDEX_LOG_APPEND_SIZE 8

/* Flags of one change of flags. */
struct index_flag_update {
	uint32_t uid1, uid2;
	uint8_t add, remove;
	bool modseq_inc;
};
/* Each is u32 first and last UID, u8 add, remove, modseq_inc, padding. */
#define INDEX_FLAG_UPDATE_SIZE 12
static inline void
index_flag_update_decode(const unsigned char bytes[INDEX_FLAG_UPDATE_SIZE],
			 struct index_flag_update *update_r)
{
	memcpy(&update_r->uid1, bytes, sizeof(update_r->uid1));
	memcpy(&update_r->uid2, bytes + 4, sizeof(update_r->uid2));
	update_r->add = bytes[8];
	update_r->remove = bytes[9];
	update_r->modseq_inc = bytes[10] != 0;
}

#endif
