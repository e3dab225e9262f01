/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include "lib.h"
#include "mail-namespace.h"
#include "mail-storage-private.h"
#include "dovecot-list-compat.h"
#include "filter-hidden.h"
#include "filter-list.h"
#include "filter-user.h"

#include <sys/stat.h>

#define FILTER_LIST_CONTEXT(obj) \
	MODULE_CONTEXT(obj, filter_list_module)

static MODULE_CONTEXT_DEFINE_INIT(filter_list_module,
				  &mailbox_list_module_register);

/* Layouts whose names are on this machine. */
static const char *const filter_layouts[] = {
	MAILBOX_LIST_NAME_FS,
	MAILBOX_LIST_NAME_MAILDIRPLUSPLUS,
	MAILBOX_LIST_NAME_INDEX,
	NULL
};

struct filter_list *filter_list_get(struct mailbox_list *list)
{
	return FILTER_LIST_CONTEXT(list);
}

struct filter_list *filter_list_create(struct mailbox_list *list)
{
	struct filter_user *fuser = filter_user_get(list->ns->user);
	struct filter_list *flist;

	if (fuser == NULL || !str_array_find(filter_layouts, list->name) ||
	    (list->flags & MAILBOX_LIST_FLAG_SECONDARY) != 0)
		return NULL;

	flist = p_new(list->pool, struct filter_list, 1);
	flist->list = list;
	flist->fuser = fuser;
	flist->sep = mailbox_list_get_hierarchy_sep(list);
	flist->utf8 = list_is_utf8(list);
	flist->flat =
		strcmp(list->name, MAILBOX_LIST_NAME_MAILDIRPLUSPLUS) == 0;
	flist->mailbox_files =
		(list->flags & MAILBOX_LIST_FLAG_MAILBOX_FILES) != 0 &&
		list_dirname(list)[0] == '\0' &&
		strcmp(list->name, MAILBOX_LIST_NAME_INDEX) != 0;
	MODULE_CONTEXT_SET(list, filter_list_module, flist);
	return flist;
}

/* A name on disk can hold the namespace's separator if it's another one than
   the layout's, or if it's escaped on disk. It can't hold a '/', but for what
   was escaped under another separator. */
bool filter_list_is_ambiguous(const struct filter_list *flist)
{
	char ns_sep = mail_namespace_get_sep(flist->list->ns);

	return ns_sep != '/' &&
		(ns_sep != flist->sep ||
		 list_storage_escape_char(flist->list) != '\0') &&
		list_vname_escape_char(flist->list) == '\0';
}

const char *filter_list_get_listed_name(struct filter_list *flist,
					const char *vname)
{
	return mailbox_list_default_get_storage_name(flist->list, vname);
}

void filter_list_count_hidden(struct filter_list *flist,
			      struct filter_hidden *hidden,
			      const struct mailbox_list_iterate_context *iter)
{
	/* LIST looks for the children of a namespace's prefix without wanting
	   flags: these aren't shown; and what has a special use isn't hidden */
	if (iter->glob == NULL ||
	    (iter->flags & (MAILBOX_LIST_ITER_RETURN_NO_FLAGS |
			    MAILBOX_LIST_ITER_SELECT_SPECIALUSE)) != 0)
		hidden = NULL;
	filter_user_list_add_hidden(flist->list->ns->user, hidden == NULL ? 0 :
				    filter_hidden_count(hidden, iter->glob));
}

void filter_list_set_hidden(struct filter_list *flist,
			    struct filter_hidden **hidden,
			    struct filter_hidden **recorded)
{
	filter_list_free(flist);
	flist->hidden = *hidden;
	flist->recorded = *recorded;
	*hidden = *recorded = NULL;
}

/* A record also goes when the mailbox list index is made anew. */
static bool filter_list_is_gone(const char *vname, void *context)
{
	struct filter_list *flist = context;
	const char *path;
	struct stat st;
	bool gone;

	T_BEGIN {
		gone = mailbox_list_get_path(flist->list,
				filter_list_get_listed_name(flist, vname),
				MAILBOX_LIST_PATH_TYPE_DIR, &path) > 0 &&
			lstat(path, &st) < 0 && errno == ENOENT;
	} T_END;
	return gone;
}

void filter_list_set_recorded(struct filter_list *flist,
			      struct filter_hidden **recorded)
{
	filter_hidden_update(flist->hidden, flist->recorded, *recorded,
			     filter_list_is_gone, flist);
	filter_hidden_free(&flist->recorded);
	flist->recorded = *recorded;
	*recorded = NULL;
}

void filter_list_free(struct filter_list *flist)
{
	filter_hidden_free(&flist->hidden);
	filter_hidden_free(&flist->recorded);
}
