/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef INSPECT_PRIVATE_H
#define INSPECT_PRIVATE_H

/* The two writers of an index that was inspected. */

#include "index-dir.h"
#include "index-files.h"
#include "mailbox-audit.h"

struct inspection {
	/* of the directory, as it was given; "dovecot.index" or the like */
	const char *dir, *prefix;
	const struct index_dir *index;
	/* what isn't as it should be; NULL if that wasn't asked for */
	const struct index_verdicts *verdicts;
	/* epoch seconds */
	int64_t now;
};

/* Returns a file's path; the caller frees it. */
char *inspect_file_name(const struct inspection *inspection,
			enum index_dir_file_id id);
/* Returns "ok", "changing", "unknown". */
const char *inspect_result_name(enum index_state_result result);
/* Writes a GUID as it is printed, and returns it. */
const char *inspect_guid(const unsigned char *guid,
			 char hex[INDEX_GUID_SIZE * 2 + 1]);
/* Returns the name that LAYOUT=index keeps in a mailbox's index, its levels
   joined by '/'; the caller frees it. */
char *inspect_box_name(const struct index_ext_state *ext);
/* Returns the name of a mailbox's flag in a list, by its bit. */
const char *inspect_list_flag_name(int bit);
/* Returns the number of messages that nobody was told of as recent. */
uint32_t inspect_recent_count(const struct index_state *state);
/* Returns a file's error as a sentence, NULL if there is none. The caller frees
   it. */
char *inspect_file_error(const struct inspection *inspection,
			 enum index_dir_file_id id);

/* Returns one JSON line; the caller frees it. */
char *inspect_json(const struct inspection *inspection);
/* Calls back with each line for people. */
void inspect_text(const struct inspection *inspection,
		  mba_line_callback_t *callback, void *context);

#endif
