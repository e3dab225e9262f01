#ifndef FILTER_CLIENT_H
#define FILTER_CLIENT_H

#include "array.h"
#include "mailbox-list-private.h"

struct filter_user;
struct filter_frame;
struct filter_walk;

/* What tells whether the mailbox list index's names are still the same. */
struct filter_tree_version {
	/* how far its log was read */
	uint32_t log_seq;
	uoff_t log_offset;
	/* number of names: a refresh adds some before its log has them */
	unsigned int count;
};

/* A namespace's mailbox list. */
struct filter_list {
	union mailbox_list_module_context module_ctx;
	/* the layout's own functions, below the mailbox list index */
	struct mailbox_list_vfuncs layout;

	struct mailbox_list *list;
	struct filter_user *fuser;
	/* the call that begins an iteration, NULL if none does */
	struct filter_frame *frame;
	/* the innermost iteration of the layout that runs, or NULL */
	struct filter_walk *walk;

	/* mailboxes that the configuration names, without namespace prefix */
	ARRAY_TYPE(const_string) configured;
	/* characters that are the same in storage names and in clients' */
	bool plain[256];
	/* the one in which no name was hidden; all 0 if none is known */
	struct filter_tree_version clean;
	/* names at which the latest walk stopped */
	uint64_t hidden;
	/* hierarchy separator of the names that clients see */
	char sep;
	/* all names are in one directory (maildir++) */
	bool flat:1;
	/* a mailbox is a file, so that a directory is none */
	bool mailbox_files:1;
};

/* Returns NULL if the list isn't filtered. */
struct filter_list *filter_list_get(struct mailbox_list *list);

void filter_client_list_created(struct mailbox_list *list);

#endif
