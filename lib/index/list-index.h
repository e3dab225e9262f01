/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef LIST_INDEX_H
#define LIST_INDEX_H

/* A location's list of all mailboxes (dovecot.list.index), while Dovecot may be
   writing it. It is read when it is first asked for something, and again when
   its files changed since. */

#include "error-sink.h"
#include "index-list.h"

/* Larger ones aren't read: it takes some 100 bytes for each mailbox. */
#define LIST_INDEX_MAX_SIZE (32 * 1024 * 1024)
/* One that changes more often isn't understood. */
#define LIST_INDEX_MAX_READS 100

struct list_index_settings {
	/* what its files' paths begin with, absolute; NULL if there are none */
	const char *prefix;
	/* it has to have an INBOX: where there is none, Dovecot makes the list
	   anew from what it finds on disk */
	bool inbox;
	const struct error_sink *errors;
};

enum list_index_result {
	LIST_INDEX_FOUND,
	/* there surely is none */
	LIST_INDEX_NONE,
	/* the list isn't there, or not all of it can be understood */
	LIST_INDEX_UNKNOWN
};

struct list_index;

struct list_index *list_index_init(const struct list_index_settings *set);
void list_index_deinit(struct list_index **list);

/* Find the mailbox with a GUID, of INDEX_GUID_SIZE bytes. Its name's levels are
   joined by NUL; it is valid until the next call. */
enum list_index_result
list_index_find(struct list_index *list, const unsigned char *guid,
		struct index_list_mailbox *mailbox_r);

/* Returns TRUE if there is a mailbox with this number, from 0 on. A list that
   can't be understood is taken as far as it goes. The list isn't read again,
   but for 0. */
bool list_index_get(struct list_index *list, uint32_t idx,
		    struct index_list_mailbox *mailbox_r);

#endif
