/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef INDEX_FILES_H
#define INDEX_FILES_H

/* The files that Dovecot keeps under an index root: their names, what they are
   for, and which an entry has. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

/* What the files of an index begin with: a mailbox's, that of the list of all
   mailboxes, and that of mdbox's mails. */
#define INDEX_NAME_MAILBOX "dovecot.index"
#define INDEX_NAME_LIST "dovecot.list.index"
#define INDEX_NAME_MAP "dovecot.map.index"

enum index_file {
	/* no name of Dovecot's */
	INDEX_FILE_FOREIGN,
	/* belongs to the whole location, or is no part of a mailbox's index */
	INDEX_FILE_INTERNAL,
	/* belongs to a mailbox's index, and is none of those below */
	INDEX_FILE_INDEX,
	/* a user's own flags of somebody else's mailbox */
	INDEX_FILE_PRIVATE,
	/* a mailbox's index is being written */
	INDEX_FILE_LOCK,
	/* A mailbox's index, in the order in which it is removed: a log that
	   continues an index or an older log that isn't there makes Dovecot log
	   errors, those without it don't. */
	INDEX_FILE_CACHE,
	INDEX_FILE_THREAD,
	INDEX_FILE_BACKUP,
	INDEX_FILE_TMP,
	INDEX_FILE_LOG,
	INDEX_FILE_MAIN,
	INDEX_FILE_LOG2,

	INDEX_FILE_COUNT
};
#define INDEX_FILE_FIRST_REMOVABLE INDEX_FILE_CACHE

/* The size of a log's header (lib-index/mail-transaction-log.h, struct
   mail_transaction_log_header). */
#define INDEX_LOG_HEADER_SIZE 40

/* Returns what a file in a directory under an index root is. */
enum index_file index_file_find(const char *name);
/* Returns the name of a file that may be removed. */
const char *index_file_name(enum index_file file);

/* What an entry's directory holds, for whoever reads or removes it. */
struct index_entry_files {
	/* for index_file_seen(): by enum index_file, from
	   INDEX_FILE_FIRST_REMOVABLE on; a bit in found for each that is set */
	struct stat st[INDEX_FILE_COUNT - INDEX_FILE_FIRST_REMOVABLE];
	unsigned int found;
	/* Newest mtime or ctime of the directory, as it was entered, and of its
	   files; newest mtime of a lock file, 0 without one. Epoch seconds. */
	int64_t changed, locked;
	/* the directory's, as it was entered */
	mode_t mode;
	/* Other files, or directories that hold some. */
	bool has_others:1;
	/* directories that are still there */
	bool has_dirs:1;
};

/* Returns a file that may be removed as it was seen, NULL if it wasn't. */
static inline const struct stat *
index_file_seen(const struct index_entry_files *files, enum index_file file)
{
	unsigned int idx = file - INDEX_FILE_FIRST_REMOVABLE;

	return (files->found & 1U << idx) == 0 ? NULL : &files->st[idx];
}

/* Returns TRUE if the data is all of a log that nothing was written to, and
   that no other log came before: the header of version 1 alone. */
bool index_log_is_header(const unsigned char *data, size_t size);

#endif
