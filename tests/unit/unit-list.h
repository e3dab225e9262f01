/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef UNIT_LIST_H
#define UNIT_LIST_H

/* Writes lists of mailboxes (dovecot.list.index), whatever sense they make. */

#include <stddef.h>
#include <stdint.h>

/* A mailbox: its UID is its number, from 1 on unless UIDs are skipped. */
struct list_box {
	/* 0 after the last one */
	uint32_t name_id, parent_uid;
	/* each byte of the GUID but the first, which is 0 */
	unsigned char guid;
};

/* What most lists don't have. */
struct list_more {
	/* of the header */
	uint32_t flags;
	/* of each mailbox */
	uint8_t box_flags;
	/* a name id: what it names isn't the user's INBOX */
	uint32_t prefix_inbox;
	/* the names' ids, and the UIDs, begin so much later */
	uint32_t ids_skipped, uids_skipped;
};

/* Set a mailbox' GUID, of INDEX_GUID_SIZE bytes. */
void list_guid(unsigned char *guid_r, unsigned char byte);

/* Write a list, and the log that follows it. path is relative to the temporary
   directory. The names have ids from 1 on, NULL ends them. more may be NULL.
   Returns the index file's size. */
size_t list_write(const char *path, const char *const *names,
		  const struct list_box *boxes, const struct list_more *more);
/* Write a chain of mailboxes, each below the one before, with names of a
   length. The last one has the GUID 1. */
void list_write_chain(const char *path, uint32_t count, size_t len);

/* The latest log: begin another one, after the one with a number, add
   transactions to it, write it to a file, with so many zeros at its end, which
   change nothing that counts. */
void list_log_begin(uint32_t indexid, uint32_t prev_seq);
void list_log_add(uint32_t type, const uint32_t *numbers, size_t count);
void list_log_write(const char *path, size_t zeros);

#endif
