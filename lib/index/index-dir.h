/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef INDEX_DIR_H
#define INDEX_DIR_H

/* Reads the index files of a directory while Dovecot may be writing them:
   nothing is locked, and no access time changes. */

#include <sys/stat.h>

#include "index-cache-chain.h"
#include "index-evidence.h"
#include "index-log-scan.h"
#include "index-state.h"

enum index_dir_file_id {
	INDEX_DIR_INDEX,
	INDEX_DIR_LOG,
	INDEX_DIR_LOG2,
	INDEX_DIR_CACHE,
	INDEX_DIR_THREAD,

	INDEX_DIR_FILES
};

/* Larger files are not read. Dovecot rotates a log at 1 MiB, and purges a cache
   at 1 GiB. */
#define INDEX_DIR_MAX_INDEX (256 * 1024 * 1024)
#define INDEX_DIR_MAX_LOG (64 * 1024 * 1024)
#define INDEX_DIR_MAX_CACHE (1024 * 1024 * 1024)
/* How many times the files are read again that don't belong together, and are
   others each time. */
#define INDEX_DIR_RETRIES 3

struct index_dir_file {
	/* there is such a file, or something else with its name */
	bool exists;
	/* set if it could be opened; as of a moment before it was read, but for
	   the size of index and logs */
	struct stat st;
	/* of index and logs */
	unsigned char *data;
	uint64_t size;
	/* The call that failed, NULL if none did, and errno. EFBIG: it is
	   larger than what is read; EINVAL: it is no regular file. */
	const char *failed;
	int failed_errno;
	/* why it can't be understood, NULL if it can; a constant */
	const char *error;
};

struct index_dir {
	struct index_dir_file files[INDEX_DIR_FILES];

	enum index_state_result result;
	/* why the state isn't known, a constant */
	const char *error;
	struct index_state state;
	/* of INDEX_DIR_LOG and INDEX_DIR_LOG2, where they have data and no
	   error */
	struct index_log_scan logs[2];
	/* where the file has no error */
	struct index_cache cache;
	/* of the file, which is still open; -1 if it couldn't be read */
	int cache_fd;
	/* the cache is this index' */
	bool has_cache;
	/* nothing but one header-only log */
	bool untouched;
	struct index_evidence evidence;
};

/* Returns the file's name without the prefix, e.g. ".log.2". */
const char *index_dir_suffix(enum index_dir_file_id id);
/* Returns TRUE if a file couldn't be read: failed and failed_errno say why. Of
   what isn't a regular file, or is larger than Dovecot's, nothing is known, but
   nothing failed; and what is gone was replaced meanwhile. */
bool index_dir_file_failed(const struct index_dir_file *file);

/* Read all of them. prefix is "dovecot.index" or the like. The descriptor stays
   open. seen is what a look at the files found just now, NULL for each that
   wasn't there: those are looked for only if the state makes no sense without,
   and so are files that changed since. It is NULL if there was no such look.
   The result is to be freed whatever it is. */
void index_dir_read(int dir_fd, const char *prefix,
		    const struct stat *const seen[INDEX_DIR_FILES],
		    struct index_dir *dir_r);
void index_dir_free(struct index_dir *dir);

/* Returns what a log holds, NULL if there is none that can be understood. */
const struct index_log_scan *
index_dir_log(const struct index_dir *dir, enum index_dir_file_id id);

/* Returns the highest modseq of a state that is INDEX_STATE_OK; 0 if none are
   kept. */
uint64_t index_dir_modseq(const struct index_dir *dir);

/* Begin to follow the records of the cache, which has no error. */
void index_dir_cache_chain(const struct index_dir *dir,
			   struct index_cache_chain *chain_r);

#endif
