/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef INDEX_FILES_H
#define INDEX_FILES_H

/* The names of the files that Dovecot keeps under an index root, and what they
   are for. */

enum index_file {
	/* no name of Dovecot's */
	INDEX_FILE_FOREIGN,
	/* belongs to the whole location, or is no part of a mailbox's index */
	INDEX_FILE_INTERNAL,
	/* belongs to a mailbox's index */
	INDEX_FILE_INDEX,
	/* the index's transaction log, which comes before all others */
	INDEX_FILE_LOG,
};

/* The size of a log's header (lib-index/mail-transaction-log.h, struct
   mail_transaction_log_header). */
#define INDEX_LOG_HEADER_SIZE 40

/* Returns what a file in a directory under an index root is. */
enum index_file index_file_find(const char *name);

#endif
