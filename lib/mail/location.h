/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef LOCATION_H
#define LOCATION_H

#include "mail-format.h"
#include "mailbox-audit.h"

/* digits of a mailbox's GUID in a path */
#define LOCATION_GUID_LEN 32

/* A location with nothing left to default. */
struct location {
	/* strings are copies */
	struct mba_location set;
	/* NULL for a driver or layout that isn't judged */
	const struct mail_format *format;
	const char *layout;
	char *mail_root;
	/* NULL for INDEX=MEMORY */
	char *index_root;
	char *control_root;
	/* relative to the mail root if it is below, else absolute; NULL if
	   INBOX is a mailbox like others */
	char *inbox_path;
	/* INBOX's index, relative to the index root (or absolute, if it is
	   elsewhere); NULL if it is a mailbox like others there */
	char *inbox_index;
	/* "" for none */
	char *dirname, *mailbox_dir;
	char *subscriptions;
	/* the mailbox list index: what its files' paths begin with; NULL if
	   it is in memory */
	char *list_index;
	/* the layout's hierarchy separator */
	char storage_sep;
	/* all mailboxes stand directly in the root, as ".a.b" */
	bool flat:1;
	/* LAYOUT=index: a mailbox has its GUID in the place of its storage
	   name, and the mailbox list index has its name */
	bool listed:1;
	/* indexes stand in .imap/ beside the mailbox */
	bool imap_dir:1;
	/* dirname is the last directory of the index path, too */
	bool index_dirname:1;
	/* INDEX= isn't set, or is the mail root */
	bool same_root:1;
};

/* Where a mailbox is. */
struct location_path {
	char *storage_name;
	/* relative to the mail root, or absolute */
	char *mail_path;
	/* Length of the part of mail_path that leads to the directory in which
	   the mailbox is; 0 if it is the mail root. */
	size_t mail_dir_len;
};

/* Returns a location with its own copies and the driver's defaults. */
struct location *location_init(const struct mba_location *set);
void location_free(struct location **location);

/* Returns TRUE if states can be judged. */
bool location_is_judged(const struct location *location);
/* Returns TRUE if locations with the same roots have the same mailboxes, but
   for INBOX. */
bool location_is_like(const struct location *l1, const struct location *l2);
/* Take the user's INBOX of a location that is like this one and has it: it is
   INBOX for both. */
void location_take_inbox(struct location *location,
			 const struct location *other);

/* Sets path_r for the mailbox that has its index in a directory relative to
   the index root ("." for the root itself). Returns FALSE if there is no such
   mailbox. location_path_free() it otherwise. With LAYOUT=index its storage
   name is its GUID, in lower case; so it is below. It is "" for the mail root
   itself, which a namespace with a prefix may have as a mailbox. */
bool location_from_index_path(const struct location *location,
			      const char *index_path,
			      struct location_path *path_r);
/* Sets path_r for a storage name. */
void location_from_storage_name(const struct location *location,
				const char *storage_name,
				struct location_path *path_r);
void location_path_free(struct location_path *path);

/* Returns the path of a storage name's index, relative to the index root. The
   caller frees it. */
char *location_get_index_path(const struct location *location,
			      const char *storage_name);

#endif
