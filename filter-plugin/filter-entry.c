/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* What the layouts' own get_mailbox_flags() say of a directory entry
   (mailbox-list-fs-flags.c, mailbox-list-maildir-iter.c), but without stat(),
   unless it's a symbolic link, and without a complaint. */

#include "lib.h"
#include "dovecot-list-compat.h"
#include "filter-entry.h"
#include "filter-list.h"

#include <sys/stat.h>

/* Returns whether mailboxes are files. DIRNAME= is for the mail root. */
static bool
filter_layout_lists_files(const struct filter_list *flist, bool in_index)
{
	if (in_index) {
		return (flist->list->flags &
			MAILBOX_LIST_FLAG_MAILBOX_FILES) != 0;
	}
	return flist->mailbox_files;
}

static bool
filter_type_is_listed(const struct filter_list *flist, bool mailbox_files,
		      enum mailbox_list_file_type type)
{
	switch (type) {
	case MAILBOX_LIST_FILE_TYPE_DIR:
		return !flist->flat || !mailbox_files;
	case MAILBOX_LIST_FILE_TYPE_FILE:
		return mailbox_files;
	case MAILBOX_LIST_FILE_TYPE_OTHER:
		return mailbox_files && !flist->flat;
	default:
		return TRUE;
	}
}

/* A file that NFS keeps until it's closed. */
static bool filter_fname_is_nfs(const char *fname)
{
	return strncmp(fname, ".nfs", 4) == 0;
}

/* Returns whether a link is listed that stat() failed for: what can't be known
   may be there. */
static bool
filter_broken_link_is_listed(const struct filter_list *flist, bool in_index)
{
	if (flist->flat)
		return FALSE;
	/* a mailbox's directory (DIRNAME=) is looked for below it */
	if (!in_index && list_dirname(flist->list)[0] != '\0')
		return errno != ENOENT;
	return ENOACCESS(errno);
}

static bool
filter_link_is_listed(const struct filter_list *flist, const char *dir,
		      const char *fname, bool in_index)
{
	bool mailbox_files = filter_layout_lists_files(flist, in_index);
	struct stat st;

	/* believed to be a mailbox */
	if (flist->flat && !flist->list->mail_set->maildir_stat_dirs &&
	    !filter_fname_is_nfs(fname))
		return TRUE;
	if (stat(t_strconcat(dir, "/", fname, NULL), &st) < 0)
		return filter_broken_link_is_listed(flist, in_index);
	if (S_ISDIR(st.st_mode)) {
		return filter_type_is_listed(flist, mailbox_files,
					     MAILBOX_LIST_FILE_TYPE_DIR);
	}
	return !filter_fname_is_nfs(fname) &&
		filter_type_is_listed(flist, mailbox_files,
				      MAILBOX_LIST_FILE_TYPE_OTHER);
}

/* Returns whether it's one of Dovecot's own directories. */
static bool
filter_fname_is_internal(const struct filter_list *flist, const char *fname,
			 bool in_index)
{
	struct mailbox_list *list = flist->list;

	return !in_index && !flist->flat && list_dirname(list)[0] == '\0' &&
		list->v.is_internal_name != NULL &&
		list->v.is_internal_name(list, fname);
}

bool filter_entry_is_listed(const struct filter_list *flist, const char *dir,
			    const char *fname, enum mailbox_list_file_type type,
			    bool in_index)
{
	if (filter_fname_is_internal(flist, fname, in_index))
		return FALSE;
	if (type == MAILBOX_LIST_FILE_TYPE_SYMLINK)
		return filter_link_is_listed(flist, dir, fname, in_index);
	if (type != MAILBOX_LIST_FILE_TYPE_DIR && filter_fname_is_nfs(fname))
		return FALSE;
	return filter_type_is_listed(flist,
		filter_layout_lists_files(flist, in_index), type);
}
