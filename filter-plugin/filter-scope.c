/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include "lib.h"
#include "mail-namespace.h"
#include "filter-command.h"
#include "filter-index.h"
#include "filter-list.h"
#include "filter-scope.h"
#include "filter-user.h"

/* LIST sets none of these */
#define FILTER_FOREIGN_FLAGS \
	(MAILBOX_LIST_ITER_RAW_LIST | MAILBOX_LIST_ITER_NO_AUTO_BOXES | \
	 MAILBOX_LIST_ITER_SKIP_ALIASES | MAILBOX_LIST_ITER_SELECT_SUBSCRIBED)

void filter_frame_push(struct filter_list *flist, struct filter_frame *frame,
		       enum filter_scope scope)
{
	i_zero(frame);
	frame->prev = flist->frame;
	frame->scope = scope;
	frame->syncing = filter_index_is_syncing(flist->list);
	flist->frame = frame;
}

void filter_frame_pop(struct filter_list *flist)
{
	flist->frame = flist->frame->prev;
}

enum filter_scope filter_scope_client(struct filter_list *flist,
				      enum mailbox_list_iter_flags flags)
{
	if ((flags & FILTER_FOREIGN_FLAGS) != 0 ||
	    flist->fuser->open_depth > 0 ||
	    !filter_command_is_list(flist->list->ns->user))
		return FILTER_SCOPE_NONE;
	return FILTER_SCOPE_LIST;
}

enum filter_scope filter_scope_layout(struct filter_list *flist,
				      enum mailbox_list_iter_flags *flags)
{
	const struct filter_frame *frame = flist->frame;

	if (filter_index_is_syncing(flist->list) &&
	    (frame == NULL || !frame->syncing)) {
		return filter_index_is_trusted(flist->list) ?
			FILTER_SCOPE_NONE : FILTER_SCOPE_REFRESH;
	}
	if (frame == NULL)
		return FILTER_SCOPE_NONE;
	if (frame->raw_added)
		*flags &= ENUM_NEGATE(MAILBOX_LIST_ITER_RAW_LIST);
	return frame->scope;
}
