#include "lib.h"
#include "str.h"
#include "dovecot-list-compat.h"
#include "filter-client.h"
#include "filter-index.h"
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

	/* storage name of the node that is copied now */
	string_t *path;
	uint64_t hidden;
};

static MODULE_CONTEXT_DEFINE_INIT(filter_tree_module,
				  &mailbox_list_module_register);

static enum filter_dir
filter_node_get_dir(const struct mailbox_list_index_node *node)
{
	if ((node->flags & MAILBOX_LIST_INDEX_FLAG_NOINFERIORS) != 0)
		return FILTER_DIR_NO;
	if ((node->flags & (MAILBOX_LIST_INDEX_FLAG_NOSELECT |
			    MAILBOX_LIST_INDEX_FLAG_NONEXISTENT)) != 0)
		return FILTER_DIR_YES;
	return FILTER_DIR_UNKNOWN;
}

/* Appends the node's name to path. Returns TRUE if it's hidden, else sets
   name_len_r to the length of the name that rules see. */
static bool
filter_tree_hides(struct filter_tree *tree,
		  const struct mailbox_list_index_node *node,
		  size_t visible_len, size_t *name_len_r)
{
	struct filter_list *flist = tree->flist;
	const char *name;
	bool hidden;

	if (node->parent != NULL) {
		str_append_c(tree->path,
			     mailbox_list_get_hierarchy_sep(flist->list));
	}
	T_BEGIN {
		list_index_node_append_name(flist->list, node, tree->path);
		name = filter_name_get(flist, str_c(tree->path));
		hidden = filter_name_is_hidden(flist, str_c(tree->path), name,
					       visible_len,
					       filter_node_get_dir(node));
		*name_len_r = strlen(name);
	} T_END;
	return hidden;
}

/* Returns whether something is hidden. */
static bool
filter_tree_hides_any(struct filter_tree *tree,
		      const struct mailbox_list_index_node *node,
		      size_t visible_len)
{
	const size_t path_len = str_len(tree->path);
	size_t name_len;
	bool hides = FALSE;

	for (; node != NULL && !hides; node = node->next) {
		hides = filter_tree_hides(tree, node, visible_len, &name_len) ||
			filter_tree_hides_any(tree, node->children, name_len);
		str_truncate(tree->path, path_len);
	}
	return hides;
}

static struct mailbox_list_index_node *
filter_tree_copy(struct filter_tree *tree,
		 const struct mailbox_list_index_node *node,
		 struct mailbox_list_index_node *parent, size_t visible_len);

static struct mailbox_list_index_node *
filter_tree_copy_node(struct filter_tree *tree,
		      const struct mailbox_list_index_node *node,
		      struct mailbox_list_index_node *parent,
		      size_t visible_len)
{
	struct mailbox_list_index_node *copy;
	size_t name_len;

	if (filter_tree_hides(tree, node, visible_len, &name_len)) {
		tree->hidden++;
		return NULL;
	}
	copy = p_new(tree->pool, struct mailbox_list_index_node, 1);
	*copy = *node;
	copy->parent = parent;
	copy->next = NULL;
	copy->children = filter_tree_copy(tree, node->children, copy, name_len);
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
		 struct mailbox_list_index_node *parent, size_t visible_len)
{
	struct mailbox_list_index_node *first = NULL, **next = &first;
	const size_t path_len = str_len(tree->path);

	for (; node != NULL; node = node->next) {
		*next = filter_tree_copy_node(tree, node, parent, visible_len);
		if (*next != NULL)
			next = &(*next)->next;
		str_truncate(tree->path, path_len);
	}
	return first;
}

void filter_tree_iter_init(struct filter_list *flist,
			   struct mailbox_list_iterate_context *iter)
{
	struct mailbox_list_index_iterate_context *index_iter =
		container_of(iter, struct mailbox_list_index_iterate_context,
			     ctx);
	struct filter_tree *tree;

	tree = p_new(iter->pool, struct filter_tree, 1);
	tree->flist = flist;
	tree->pool = iter->pool;
	tree->path = str_new(default_pool, 128);
	if (filter_tree_hides_any(tree, index_iter->next_node, 0)) {
		index_iter->next_node =
			filter_tree_copy(tree, index_iter->next_node, NULL, 0);
	}
	str_free(&tree->path);
	MODULE_CONTEXT_SET(iter, filter_tree_module, tree);

	/* a pruned refresh counts itself, and what the index remembers of
	   hidden names says nothing about what is there */
	if (!filter_index_is_pruned(flist->list) &&
	    (iter->flags & MAILBOX_LIST_ITER_RETURN_NO_FLAGS) == 0)
		filter_user_set_hidden(flist, tree->hidden);
}

const struct mailbox_info *
filter_tree_iter_next(struct filter_list *flist,
		      struct mailbox_list_iterate_context *iter,
		      const struct mailbox_info *
		      (*next)(struct mailbox_list_iterate_context *iter))
{
	if (FILTER_TREE_CONTEXT(iter) == NULL)
		return next(iter);
	return filter_noselect_iter_next(flist, iter, next);
}
