/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include "lib.h"
#include "str.h"
#include "dovecot-list-compat.h"
#include "filter-hidden.h"
#include "filter-index.h"
#include "filter-levels.h"
#include "filter-list.h"
#include "filter-name.h"
#include "filter-noselect.h"
#include "filter-tree.h"
#include "filter-user.h"

#define FILTER_TREE_CONTEXT(obj) \
	MODULE_CONTEXT(obj, filter_tree_module)

struct filter_tree {
	union mailbox_list_iterate_module_context module_ctx;
	struct filter_list *flist;
	pool_t pool;

	/* of the node that is looked at or copied now */
	string_t *levels;
	struct filter_hidden *hidden;
};

static MODULE_CONTEXT_DEFINE_INIT(filter_tree_module,
				  &mailbox_list_module_register);

static enum mba_dir
filter_node_get_dir(const struct mailbox_list_index_node *node)
{
	if ((node->flags & MAILBOX_LIST_INDEX_FLAG_NOINFERIORS) != 0)
		return MBA_DIR_NO;
	if ((node->flags & (MAILBOX_LIST_INDEX_FLAG_NOSELECT |
			    MAILBOX_LIST_INDEX_FLAG_NONEXISTENT)) != 0)
		return MBA_DIR_YES;
	return MBA_DIR_UNKNOWN;
}

static void
filter_node_append_name(struct filter_list *flist,
			const struct mailbox_list_index_node *node,
			string_t *storage_name)
{
	if (node->parent != NULL) {
		filter_node_append_name(flist, node->parent, storage_name);
		str_append_c(storage_name, flist->sep);
	}
	list_index_node_append_name(flist->list, node, storage_name);
}

static const char *
filter_node_get_storage_name(struct filter_list *flist,
			     const struct mailbox_list_index_node *node)
{
	string_t *storage_name = t_str_new(128);

	filter_node_append_name(flist, node, storage_name);
	return str_c(storage_name);
}

/* Looks at the disk. */
static bool
filter_node_look(struct filter_list *flist, const struct filter_name *name,
		 const struct mailbox_list_index_node *node)
{
	bool hidden;

	T_BEGIN {
		hidden = filter_name_look(flist, name,
			filter_node_get_storage_name(flist, node));
	} T_END;
	return hidden;
}

/* Appends the node's level to those of its parent, which is visible. Returns
   TRUE if it's hidden. */
static bool
filter_tree_hides(struct filter_tree *tree,
		  const struct mailbox_list_index_node *node,
		  size_t visible_len)
{
	struct filter_list *flist = tree->flist;
	struct filter_name name;
	enum mba_match match;

	if (node->parent != NULL)
		str_append_c(tree->levels, '\0');
	filter_levels_append_raw(flist, tree->levels,
				 list_index_node_raw_name(flist->list, node));
	name.levels = str_c(tree->levels);
	name.len = str_len(tree->levels);
	name.visible_len = visible_len;
	name.dir = filter_node_get_dir(node);
	match = filter_name_match(flist, &name);
	return match == MBA_MATCH_HIDDEN ||
		(match == MBA_MATCH_UNDECIDED &&
		 filter_node_look(flist, &name, node));
}

/* Returns how many bytes of the levels needn't be asked for again in what is
   below. */
static size_t filter_tree_get_visible_len(struct filter_tree *tree)
{
	if (str_len(tree->levels) == 0)
		return 0;
	return filter_name_get_visible_len(tree->flist, str_c(tree->levels),
					   str_len(tree->levels));
}

/* Returns whether something is hidden. Mostly nothing is, and nothing has to
   be copied. */
static bool
filter_tree_hides_any(struct filter_tree *tree,
		      const struct mailbox_list_index_node *node)
{
	const size_t len = str_len(tree->levels);
	bool hides = FALSE;
	size_t visible_len;

	if (node == NULL)
		return FALSE;
	visible_len = filter_tree_get_visible_len(tree);
	for (; node != NULL && !hides; node = node->next) {
		hides = filter_tree_hides(tree, node, visible_len) ||
			filter_tree_hides_any(tree, node->children);
		str_truncate(tree->levels, len);
	}
	return hides;
}

static void filter_tree_count(struct filter_tree *tree,
			      const struct mailbox_list_index_node *node)
{
	struct filter_list *flist = tree->flist;

	T_BEGIN {
		filter_hidden_add(tree->hidden,
			mailbox_list_get_vname(flist->list,
				filter_node_get_storage_name(flist, node)));
	} T_END;
}

static struct mailbox_list_index_node *
filter_tree_copy(struct filter_tree *tree,
		 const struct mailbox_list_index_node *node,
		 struct mailbox_list_index_node *parent);

static struct mailbox_list_index_node *
filter_tree_copy_node(struct filter_tree *tree,
		      const struct mailbox_list_index_node *node,
		      struct mailbox_list_index_node *parent,
		      size_t visible_len)
{
	struct mailbox_list_index_node *copy;

	if (filter_tree_hides(tree, node, visible_len)) {
		filter_tree_count(tree, node);
		return NULL;
	}
	copy = p_new(tree->pool, struct mailbox_list_index_node, 1);
	*copy = *node;
	copy->parent = parent;
	copy->next = NULL;
	copy->children = filter_tree_copy(tree, node->children, copy);
	if (copy->children == NULL && node->children != NULL &&
	    (node->flags & MAILBOX_LIST_INDEX_FLAG_NONEXISTENT) != 0) {
		/* it was there for its children only */
		return NULL;
	}
	return copy;
}

static struct mailbox_list_index_node *
filter_tree_copy(struct filter_tree *tree,
		 const struct mailbox_list_index_node *node,
		 struct mailbox_list_index_node *parent)
{
	struct mailbox_list_index_node *first = NULL, **next = &first;
	const size_t len = str_len(tree->levels);
	size_t visible_len;

	if (node == NULL)
		return NULL;
	visible_len = filter_tree_get_visible_len(tree);
	for (; node != NULL; node = node->next) {
		*next = filter_tree_copy_node(tree, node, parent, visible_len);
		if (*next != NULL)
			next = &(*next)->next;
		str_truncate(tree->levels, len);
	}
	return first;
}

void filter_tree_set_all_visible(struct filter_list *flist)
{
	/* names don't change without the version, files do */
	if (!flist->fuser->non_mailboxes)
		flist->all_visible = filter_index_get_version(flist->list);
}

/* Replace the tree if something in it is hidden. Returns whether it was. */
static bool filter_tree_check(struct filter_tree *tree,
			      struct mailbox_list_index_node **nodes)
{
	bool hides;

	tree->levels = str_new(default_pool, 128);
	hides = filter_tree_hides_any(tree, *nodes);
	if (hides)
		*nodes = filter_tree_copy(tree, *nodes, NULL);
	str_free(&tree->levels);
	return hides;
}

void filter_tree_iter_init(struct filter_list *flist,
			   struct mailbox_list_iterate_context *iter)
{
	struct mailbox_list_index_iterate_context *index_iter =
		container_of(iter, struct mailbox_list_index_iterate_context,
			     ctx);
	struct filter_index_version version;
	struct filter_tree *tree;

	tree = p_new(iter->pool, struct filter_tree, 1);
	tree->flist = flist;
	tree->pool = iter->pool;
	tree->hidden = filter_hidden_init();
	MODULE_CONTEXT_SET(iter, filter_tree_module, tree);

	version = filter_index_get_version(flist->list);
	if (!filter_index_version_equals(&version, &flist->all_visible) &&
	    !filter_tree_check(tree, &index_iter->next_node))
		filter_tree_set_all_visible(flist);

	/* what a pruned index remembers of hidden names says nothing about what
	   is there: its refresh does, and what has changed in it since. One
	   that can't be written isn't refreshed. */
	if (filter_index_is_pruned(flist->list) && flist->hidden != NULL) {
		filter_list_set_recorded(flist, &tree->hidden);
		filter_list_count_hidden(flist, flist->hidden, iter);
		return;
	}
	filter_list_count_hidden(flist, tree->hidden, iter);
	filter_hidden_free(&tree->hidden);
}

const struct mailbox_info *
filter_tree_iter_next(struct mailbox_list_iterate_context *iter)
{
	struct filter_list *flist = filter_list_get(iter->list);
	const struct mailbox_list_vfuncs *super = &flist->module_ctx.super;

	return FILTER_TREE_CONTEXT(iter) == NULL ? super->iter_next(iter) :
		filter_noselect_iter_next(flist, iter, super->iter_next);
}
