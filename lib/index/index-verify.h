/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef INDEX_VERIFY_H
#define INDEX_VERIFY_H

/* Compares what the files of an index say with each other. */

#include "index-dir.h"

struct index_verdict {
	enum index_dir_file_id file;
	/* in the file */
	uint64_t offset;
	/* the relation that is violated, with both values */
	char *text;
};

/* The first ones of a broken file tell enough. If there are more, one more
   says so. */
#define INDEX_VERDICTS_MAX 100

struct index_verdicts {
	struct index_verdict *verdicts;
	size_t count, alloc;
};

/* Find what isn't as it should be. Whoever writes at the same time may cause
   some of it. */
void index_verify(const struct index_dir *dir,
		  struct index_verdicts *verdicts_r);
void index_verdicts_free(struct index_verdicts *verdicts);

#endif
