/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef FILTER_SCOPE_H
#define FILTER_SCOPE_H

/* Two iterations are filtered: one that the client's LIST begins, and the one
   by which the mailbox list index refreshes itself. A process iterates for many
   other reasons, from the rename of children to the rebuild of a storage, and
   one iteration can begin while another runs: a refresh opens a mailbox, whose
   storage turns out to need a rebuild, which has to see all names or it loses
   mails. So each iteration has its own scope, decided when it begins.

   They begin in two places. Nearly all go through the list's first vfuncs
   (filter-client.c), which leave a frame for the time of the call; the layout's
   iteration (filter-layout.c), which may or may not lie below, takes its scope
   from there. The index's refresh calls the layout directly: the layout's
   iteration begins while the index is syncing, but it wasn't yet when the frame
   was left, or there is none. */

#include "mailbox-list-iter.h"

struct filter_list;

enum filter_scope {
	/* all names are seen */
	FILTER_SCOPE_NONE,
	/* the client's LIST */
	FILTER_SCOPE_LIST,
	/* the mailbox list index's refresh */
	FILTER_SCOPE_REFRESH
};

/* A call from above into the list's iteration. */
struct filter_frame {
	struct filter_frame *prev;
	enum filter_scope scope;
	/* the mailbox list index was already syncing */
	bool syncing:1;
	/* RAW_LIST isn't the caller's flag */
	bool raw_added:1;
};

void filter_frame_push(struct filter_list *flist, struct filter_frame *frame,
		       enum filter_scope scope);
void filter_frame_pop(struct filter_list *flist);

/* Returns the scope of an iteration that begins above the index. */
enum filter_scope filter_scope_client(struct filter_list *flist,
				      enum mailbox_list_iter_flags flags);
/* Returns the scope of an iteration that begins in the layout. Removes from
   flags what the frame added. */
enum filter_scope filter_scope_layout(struct filter_list *flist,
				      enum mailbox_list_iter_flags *flags);

#endif
