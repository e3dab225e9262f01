/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include "lib.h"
#include "str.h"
#include "imap-match.h"
#include "mail-namespace.h"
#include "dovecot-list-compat.h"
#include "filter-entry.h"
#include "filter-hidden.h"
#include "filter-index.h"
#include "filter-levels.h"
#include "filter-list.h"
#include "filter-name.h"
#include "filter-walk.h"

/* A directory entry that a layout asks for. */
struct filter_entry {
	const char *dir, *fname;
	/* fname, without the separator that begins it in maildir++ */
	const char *component;
	enum mailbox_list_file_type type;
	struct filter_name name;
};

static void
filter_walk_init_hidden(struct filter_walk *walk, const char *const *patterns)
{
	const struct filter_list *flist = walk->flist;

	walk->hidden = filter_hidden_init();
	walk->recorded = filter_hidden_init();
	if (flist->flat && walk->scope == FILTER_SCOPE_LIST) {
		walk->glob = imap_match_init_multiple(default_pool, patterns,
			TRUE, mail_namespace_get_sep(flist->list->ns));
	}
}

struct filter_walk *
filter_walk_init(struct filter_list *flist, enum filter_scope scope,
		 const char *const *patterns)
{
	struct filter_walk *walk;

	walk = i_new(struct filter_walk, 1);
	walk->flist = flist;
	walk->scope = scope;
	if (scope == FILTER_SCOPE_NONE) {
		flist->foreign_walks++;
		return walk;
	}

	walk->dir_name = str_new(default_pool, 128);
	walk->levels = str_new(default_pool, 128);
	/* who delivers sends no LIST that would be told of them */
	if (strcmp(flist->list->ns->user->service, "imap") == 0)
		filter_walk_init_hidden(walk, patterns);
	return walk;
}

/* A refresh of the mailbox list index leaves the hidden names for the LISTs to
   come. */
static void filter_walk_publish(struct filter_walk *walk)
{
	if (walk->scope == FILTER_SCOPE_REFRESH) {
		filter_list_set_hidden(walk->flist, &walk->hidden,
				       &walk->recorded);
		return;
	}
	filter_list_count_hidden(walk->flist, walk->hidden, walk->iter);
	filter_hidden_free(&walk->hidden);
	filter_hidden_free(&walk->recorded);
}

void filter_walk_deinit(struct filter_walk **_walk)
{
	struct filter_walk *walk = *_walk;

	*_walk = NULL;
	if (walk->scope == FILTER_SCOPE_NONE)
		walk->flist->foreign_walks--;
	if (walk->hidden != NULL)
		filter_walk_publish(walk);
	imap_match_deinit(&walk->glob);
	i_free(walk->dir);
	str_free(&walk->dir_name);
	str_free(&walk->levels);
	i_free(walk);
}

bool filter_walk_leaves_all_visible(struct filter_walk *walk)
{
	return walk->scope == FILTER_SCOPE_REFRESH && !walk->in_doubt;
}

void filter_walk_resume(struct filter_walk *walk)
{
	walk->prev = walk->flist->walk;
	walk->flist->walk = walk;
}

void filter_walk_suspend(struct filter_walk *walk)
{
	walk->flist->walk = walk->prev;
}

/* Returns the root of the directories that are read now. */
static bool
filter_walk_get_root(struct filter_walk *walk, const char **root_r)
{
	struct mailbox_list *list = walk->flist->list;

	if (!list_iter_is_in_index(list, walk->iter)) {
		return mailbox_list_get_root_path(list,
				MAILBOX_LIST_PATH_TYPE_MAILBOX, root_r);
	}
	if (!mailbox_list_get_root_path(list, MAILBOX_LIST_PATH_TYPE_INDEX,
					root_r))
		return FALSE;
	*root_r = t_strconcat(*root_r, "/", list_mailbox_dirname(list), NULL);
	return TRUE;
}

/* Returns what follows the root in a path, without slashes before it; NULL if
   the path isn't below the root. */
static const char *filter_path_below(const char *path, const char *root)
{
	size_t len = strlen(root);

	while (len > 0 && root[len - 1] == '/')
		len--;
	if (strncmp(path, root, len) != 0 ||
	    (path[len] != '/' && path[len] != '\0'))
		return NULL;
	path += len;
	return path + strspn(path, "/");
}

static void filter_walk_enter_real(struct filter_walk *walk, const char *dir)
{
	const char *root, *below = NULL;

	i_free(walk->dir);
	walk->dir = i_strdup(dir);
	str_truncate(walk->dir_name, 0);
	str_truncate(walk->levels, 0);

	if (walk->flist->flat)
		below = "";
	else if (filter_walk_get_root(walk, &root))
		below = filter_path_below(dir, root);
	walk->below_root = below != NULL;
	if (below != NULL && *below != '\0') {
		str_append(walk->dir_name, below);
		filter_levels_append_name(walk->flist, walk->levels, below);
	}
	walk->dir_len = str_len(walk->levels);
	/* a LIST may begin in any directory */
	walk->visible_len = walk->dir_len == 0 ? 0 :
		filter_name_get_visible_len(walk->flist, str_c(walk->levels),
					    walk->dir_len);
}

/* Entries of a directory come one after another. */
static void filter_walk_enter(struct filter_walk *walk, const char *dir)
{
	if (walk->dir != NULL && strcmp(walk->dir, dir) == 0) {
		str_truncate(walk->levels, walk->dir_len);
		return;
	}
	T_BEGIN {
		filter_walk_enter_real(walk, dir);
	} T_END;
}

static void filter_walk_append(struct filter_walk *walk, const char *component)
{
	struct filter_list *flist = walk->flist;

	if (flist->flat) {
		filter_levels_append_name(flist, walk->levels, component);
		return;
	}
	if (str_len(walk->dir_name) > 0)
		str_append_c(walk->levels, '\0');
	filter_levels_append(flist, walk->levels, component);
}

static const char *
filter_walk_get_storage_name(struct filter_walk *walk, const char *component)
{
	if (str_len(walk->dir_name) == 0)
		return component;
	return t_strdup_printf("%s%c%s", str_c(walk->dir_name),
			       walk->flist->sep, component);
}

static enum mba_dir
filter_walk_get_dir(struct filter_walk *walk, enum mailbox_list_file_type type)
{
	/* the index of a mailbox is a directory, whatever the mailbox is */
	if (list_iter_is_in_index(walk->flist->list, walk->iter))
		return MBA_DIR_UNKNOWN;
	switch (type) {
	case MAILBOX_LIST_FILE_TYPE_DIR:
		return MBA_DIR_YES;
	case MAILBOX_LIST_FILE_TYPE_FILE:
	case MAILBOX_LIST_FILE_TYPE_OTHER:
		return MBA_DIR_NO;
	default:
		return MBA_DIR_UNKNOWN;
	}
}

/* Layouts also ask for INBOX, wherever it is. */
static bool filter_walk_is_inbox(struct filter_walk *walk,
				 const struct filter_entry *entry)
{
	const char *path;

	return mailbox_list_get_path(walk->flist->list, "INBOX",
				     MAILBOX_LIST_PATH_TYPE_MAILBOX,
				     &path) > 0 &&
		strcmp(t_strconcat(entry->dir, "/", entry->fname, NULL),
		       path) == 0;
}

/* Returns the topmost hidden name: its parents may be hidden, too, where all
   names are in one directory. */
static const char *
filter_walk_get_topmost(struct filter_walk *walk,
			const struct filter_name *name,
			const char *storage_name)
{
	const char sep[] = { walk->flist->sep, '\0' };
	const char *end = storage_name;
	size_t len;

	if (!walk->flist->flat)
		return storage_name;
	len = filter_name_get_topmost(walk->flist, name);
	/* as many levels of the storage name */
	for (size_t i = 0; i < len; i++) {
		if (name->levels[i] == '\0')
			end += strcspn(end, sep) + 1;
	}
	return t_strdup_until(storage_name, end + strcspn(end, sep));
}

/* Returns whether LIST would show the topmost name if it isn't there itself:
   Maildir++ shows it for what is below only if that doesn't match. */
static bool
filter_walk_shows_parents(struct filter_walk *walk, const char *storage_name)
{
	return walk->glob == NULL ||
		imap_match(walk->glob,
			   mailbox_list_get_vname(walk->flist->list,
						  storage_name)) !=
		IMAP_MATCH_YES;
}

static void
filter_walk_hide(struct filter_walk *walk, const struct filter_entry *entry,
		 const char *storage_name)
{
	struct mailbox_list *list = walk->flist->list;
	const char *topmost, *vname;
	bool recorded, in_index;

	recorded = walk->scope == FILTER_SCOPE_REFRESH &&
		filter_index_keep(list, storage_name);
	if (recorded)
		walk->in_doubt = TRUE;
	if (walk->hidden == NULL)
		return;
	topmost = filter_walk_get_topmost(walk, &entry->name, storage_name);
	vname = mailbox_list_get_vname(list, topmost);
	if (recorded)
		filter_hidden_add(walk->recorded, vname);
	/* 2.4 looks a second time, at the names in the other directory */
	in_index = list_iter_is_in_index(list, walk->iter);
	if (in_index != list_iter_from_index(list) ||
	    !filter_entry_is_listed(walk->flist, entry->dir, entry->fname,
				    entry->type, in_index))
		return;
	if (strcmp(topmost, storage_name) != 0 &&
	    !filter_walk_shows_parents(walk, storage_name))
		return;
	filter_hidden_add(walk->hidden, vname);
}

/* Decides about a name that isn't just visible. */
static bool filter_walk_decide(struct filter_walk *walk,
			       const struct filter_entry *entry)
{
	const char *storage_name =
		filter_walk_get_storage_name(walk, entry->component);

	if (filter_name_match(walk->flist, &entry->name) ==
	    MBA_MATCH_UNDECIDED) {
		/* the mailbox list index may know more of it than the layout */
		walk->in_doubt = TRUE;
		if (!filter_name_look(walk->flist, &entry->name, storage_name))
			return FALSE;
	}
	if (filter_walk_is_inbox(walk, entry)) {
		walk->in_doubt = TRUE;
		return FALSE;
	}
	filter_walk_hide(walk, entry, storage_name);
	return TRUE;
}

bool filter_walk_hides(struct filter_walk *walk, const char *dir,
		       const char *fname, enum mailbox_list_file_type type)
{
	struct filter_list *flist = walk->flist;
	struct filter_entry entry = {
		.dir = dir,
		.fname = fname,
		.component = fname,
		.type = type,
	};
	bool hidden;

	/* the root itself: it may be an INBOX with another name */
	if (*fname == '\0') {
		walk->in_doubt = TRUE;
		return FALSE;
	}
	if (flist->flat && *entry.component++ != flist->sep)
		return FALSE;
	filter_walk_enter(walk, dir);
	if (!walk->below_root) {
		walk->in_doubt = TRUE;
		return FALSE;
	}

	filter_walk_append(walk, entry.component);
	entry.name.levels = (const char *)str_data(walk->levels);
	entry.name.len = str_len(walk->levels);
	entry.name.visible_len = walk->visible_len;
	entry.name.dir = filter_walk_get_dir(walk, type);
	if (filter_name_match(flist, &entry.name) == MBA_MATCH_VISIBLE)
		return FALSE;
	T_BEGIN {
		hidden = filter_walk_decide(walk, &entry);
	} T_END;
	return hidden;
}
