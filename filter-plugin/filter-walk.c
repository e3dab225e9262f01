#include "lib.h"
#include "hash.h"
#include "str.h"
#include "dovecot-list-compat.h"
#include "filter-client.h"
#include "filter-index.h"
#include "filter-name.h"
#include "filter-user.h"
#include "filter-walk.h"

struct filter_walk *
filter_walk_init(struct filter_list *flist, enum filter_scope scope,
		 enum mailbox_list_iter_flags flags)
{
	struct filter_walk *walk;

	walk = i_new(struct filter_walk, 1);
	walk->flist = flist;
	walk->scope = scope;
	if (scope == FILTER_SCOPE_NONE)
		return walk;

	walk->storage_name = str_new(default_pool, 128);
	walk->name = str_new(default_pool, 128);
	/* LIST looks for the children of a prefix without wanting flags */
	walk->counts = scope == FILTER_SCOPE_REFRESH ||
		(flags & MAILBOX_LIST_ITER_RETURN_NO_FLAGS) == 0;
	if (flist->flat) {
		walk->hidden_pool =
			pool_alloconly_create("mailbox filter walk", 1024);
		hash_table_create(&walk->hidden_names, walk->hidden_pool, 0,
				  str_hash, strcmp);
	}
	return walk;
}

void filter_walk_deinit(struct filter_walk **_walk)
{
	struct filter_walk *walk = *_walk;

	*_walk = NULL;
	if (walk->counts)
		filter_user_set_hidden(walk->flist, walk->hidden);
	hash_table_destroy(&walk->hidden_names);
	pool_unref(&walk->hidden_pool);
	i_free(walk->dir);
	str_free(&walk->storage_name);
	str_free(&walk->name);
	i_free(walk);
}

bool filter_walk_is_clean(struct filter_walk *walk)
{
	return walk->scope == FILTER_SCOPE_REFRESH && !walk->unclean;
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
	str_truncate(walk->storage_name, 0);
	str_truncate(walk->name, 0);

	if (walk->flist->flat)
		below = "";
	else if (filter_walk_get_root(walk, &root))
		below = filter_path_below(dir, root);
	walk->below_root = below != NULL;
	if (below != NULL && *below != '\0') {
		str_append(walk->storage_name, below);
		str_append(walk->name, filter_name_get(walk->flist, below));
	}
}

/* Entries of a directory come one after another. */
static void filter_walk_enter(struct filter_walk *walk, const char *dir)
{
	if (walk->dir != NULL && strcmp(walk->dir, dir) == 0)
		return;
	T_BEGIN {
		filter_walk_enter_real(walk, dir);
	} T_END;
}

/* Each level counts once, whatever is below it. */
static void
filter_walk_count_flat(struct filter_walk *walk, const char *name)
{
	const char *topmost = filter_name_topmost(walk->flist, name);
	char *key;

	if (hash_table_lookup(walk->hidden_names, topmost) != NULL)
		return;
	key = p_strdup(walk->hidden_pool, topmost);
	hash_table_insert(walk->hidden_names, key, key);
	walk->hidden++;
}

static void filter_walk_hide(struct filter_walk *walk)
{
	struct mailbox_list *list = walk->flist->list;

	if (walk->scope == FILTER_SCOPE_REFRESH &&
	    filter_index_keep(list, str_c(walk->storage_name)))
		walk->unclean = TRUE;
	if (hash_table_is_created(walk->hidden_names))
		filter_walk_count_flat(walk, str_c(walk->name));
	else if (list_iter_is_in_index(list, walk->iter) ==
		 list_iter_from_index(list)) {
		/* not 2.4's second look at the same names */
		walk->hidden++;
	}
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
static bool filter_walk_is_inbox(struct filter_walk *walk, const char *dir,
				 const char *fname)
{
	const char *path;

	return mailbox_list_get_path(walk->flist->list, "INBOX",
				     MAILBOX_LIST_PATH_TYPE_MAILBOX,
				     &path) > 0 &&
		strcmp(t_strconcat(dir, "/", fname, NULL), path) == 0;
}

/* Returns FALSE if the name isn't hidden after all. */
static bool
filter_walk_hide_name(struct filter_walk *walk, const char *dir,
		      const char *fname)
{
	bool hidden;

	T_BEGIN {
		hidden = !filter_walk_is_inbox(walk, dir, fname);
		if (hidden)
			filter_walk_hide(walk);
		else
			walk->unclean = TRUE;
	} T_END;
	return hidden;
}

bool filter_walk_hides(struct filter_walk *walk, const char *dir,
		       const char *fname, enum mailbox_list_file_type type)
{
	struct filter_list *flist = walk->flist;
	const char *component = fname;
	size_t storage_len, name_len;
	enum mba_dir is_dir;
	bool hidden;

	/* the root itself: it may be an INBOX with another name */
	if (*fname == '\0') {
		walk->unclean = TRUE;
		return FALSE;
	}
	if (flist->flat &&
	    *component++ != mailbox_list_get_hierarchy_sep(flist->list))
		return FALSE;
	filter_walk_enter(walk, dir);
	if (!walk->below_root) {
		walk->unclean = TRUE;
		return FALSE;
	}

	is_dir = filter_walk_get_dir(walk, type);
	if (is_dir == MBA_DIR_UNKNOWN) {
		/* the mailbox list index may know more */
		walk->unclean = TRUE;
	}
	storage_len = str_len(walk->storage_name);
	name_len = str_len(walk->name);
	filter_name_append(flist, walk->storage_name, walk->name, component);
	hidden = filter_name_is_hidden(flist, str_c(walk->storage_name),
				       str_c(walk->name), name_len, is_dir) &&
		filter_walk_hide_name(walk, dir, fname);
	str_truncate(walk->storage_name, storage_len);
	str_truncate(walk->name, name_len);
	return hidden;
}
