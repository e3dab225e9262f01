/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef AUDIT_LIST_NAMES_H
#define AUDIT_LIST_NAMES_H

#include "entry-decide.h"
#include "name-set.h"

/* Names of the mailbox list index that no mailbox has, nor an entry. */
struct audit_list_names {
	const struct entry_decide_settings *decide;
	/* storage names that have an entry, all or some */
	const struct name_set *met;
	const struct error_sink *errors;
	/* at the most so many looks are made at once */
	unsigned int jobs;
	/* Called before each name that is looked up. Returns whether to go on;
	   if not, it may be called once more. */
	bool (*progress)(void *context);
	void *context;

	/* The first MBA_MAX_LIST_NAMES; their names are owned. */
	struct mba_list_name *names;
	size_t count, alloc;
	uint64_t total, hidden;
	/* the names can't be told */
	bool unknown;

	/* only while it looks: the list changed, which was seen at that name */
	bool changed;
	uint32_t changed_uid;
};

/* Find the names; the caller has set what is above them. */
void audit_list_names_find(struct audit_list_names *names);
/* Forget the names. */
void audit_list_names_clear(struct audit_list_names *names);

#endif
