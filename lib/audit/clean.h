/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef CLEAN_H
#define CLEAN_H

#include "entry-decide.h"
#include "index-side.h"

/* Removes a bogus entry. The only part of the library that unlinks. */

struct clean {
	const struct mba_clean_settings *set;
	const struct entry_decide_settings *decide;
	const struct error_sink *errors;
	/* of entries with another state nothing is removed */
	unsigned int states;
	/* why nothing is removed at all, NULL if there is no reason */
	const char *refused;
	/* that is because the mails may be elsewhere */
	bool is_doubtful;
	/* for paths in errors */
	const char *index_root;
};

struct clean_result {
	enum mba_kept kept;
	struct mba_count removed;
	/* the directory is gone, too */
	bool dir_removed;
};

/* Decide about an entry, afresh, and remove it if it is worthless. The decision
   is entry_decide()'s, to be freed. With dry_run nothing is removed, and all is
   told as if it were. */
void clean_entry(const struct clean *clean, const struct index_entry *found,
		 struct entry_decision *decision_r,
		 struct clean_result *result_r);

#endif
