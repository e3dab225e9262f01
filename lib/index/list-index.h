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

/* Returns FALSE if there surely is none: then nothing need be asked. */
bool list_index_exists(const struct list_index *list);

/* Find the mailbox with a GUID, of INDEX_GUID_SIZE bytes. Its name's levels are
   joined by NUL; it is valid until the next call. */
enum list_index_result
list_index_find(struct list_index *list, const unsigned char *guid,
		struct index_list_mailbox *mailbox_r);

/* Returns TRUE if there is one more mailbox: the first one with a UID above
   this one, 0 to begin with. The name is valid until the next call. */
bool list_index_next(struct list_index *list, uint32_t uid,
		     struct index_list_mailbox *mailbox_r);
/* Returns TRUE if the list changed since it was read; it was read again. */
bool list_index_refresh(struct list_index *list);
/* Returns TRUE if there is none, or if what there is could be understood as far
   as it goes. */
bool list_index_is_known(const struct list_index *list);

#endif
