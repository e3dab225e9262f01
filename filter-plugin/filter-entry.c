/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* What the layouts' own get_mailbox_flags() say of a directory entry before
   they call stat(): mailbox-list-fs-flags.c, mailbox-list-maildir-iter.c. */

#include "lib.h"
#include "dovecot-list-compat.h"
#include "filter-entry.h"
#include "filter-list.h"

static bool filter_type_is_listed(const struct filter_list *flist,
				  enum mailbox_list_file_type type)
{
	switch (type) {
	case MAILBOX_LIST_FILE_TYPE_DIR:
		return !flist->flat || !flist->mailbox_files;
	case MAILBOX_LIST_FILE_TYPE_FILE:
		return flist->mailbox_files;
	case MAILBOX_LIST_FILE_TYPE_OTHER:
		return flist->mailbox_files && !flist->flat;
	default:
		return TRUE;
	}
}

bool filter_entry_is_listed(const struct filter_list *flist, const char *fname,
			    enum mailbox_list_file_type type, bool in_index)
{
	struct mailbox_list *list = flist->list;

	if (in_index)
		return TRUE;
	if (!filter_type_is_listed(flist, type))
		return FALSE;
	/* a file that NFS keeps until it's closed */
	if (type != MAILBOX_LIST_FILE_TYPE_DIR &&
	    strncmp(fname, ".nfs", 4) == 0)
		return FALSE;
	/* Dovecot's own directories */
	return flist->flat || list_dirname(list)[0] != '\0' ||
		list->v.is_internal_name == NULL ||
		!list->v.is_internal_name(list, fname);
}
