#include "lib.h"
#include "hash.h"
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

	/* the storage name of the node that is copied now, and the name that
	   rules see */
	string_t *storage_name, *name;
	uint64_t hidden;
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

static void filter_tree_append(struct filter_tree *tree,
			       const struct mailbox_list_index_node *node)
{
	struct filter_list *flist = tree->flist;
	string_t *component;

	if (filter_name_append_plain(flist, tree->storage_name, tree->name,
				     node->raw_name))
		return;
	T_BEGIN {
		component = t_str_new(64);
		list_index_node_append_name(flist->list, node, component);
		filter_name_append(flist, tree->storage_name, tree->name,
				   str_c(component));
	} T_END;
}

/* Appends the node's name to the one of its parent, which is visible. Returns
   TRUE if it's hidden. */
static bool
filter_tree_hides(struct filter_tree *tree,
		  const struct mailbox_list_index_node *node)
{
	size_t visible_len = str_len(tree->name);

	filter_tree_append(tree, node);
	return filter_name_is_hidden(tree->flist, str_c(tree->storage_name),
				     str_c(tree->name), visible_len,
				     filter_node_get_dir(node));
}

static void filter_tree_truncate(struct filter_tree *tree, size_t storage_len,
				 size_t name_len)
{
	str_truncate(tree->storage_name, storage_len);
	str_truncate(tree->name, name_len);
}

/* Returns whether something is hidden. Mostly nothing is, and nothing has to
   be copied. */
static bool
filter_tree_hides_any(struct filter_tree *tree,
		      const struct mailbox_list_index_node *node)
{
	const size_t storage_len = str_len(tree->storage_name);
	const size_t name_len = str_len(tree->name);
	bool hides = FALSE;

	for (; node != NULL && !hides; node = node->next) {
		hides = filter_tree_hides(tree, node) ||
			filter_tree_hides_any(tree, node->children);
		filter_tree_truncate(tree, storage_len, name_len);
	}
	return hides;
}

static struct mailbox_list_index_node *
filter_tree_copy(struct filter_tree *tree,
		 const struct mailbox_list_index_node *node,
		 struct mailbox_list_index_node *parent);

static struct mailbox_list_index_node *
filter_tree_copy_node(struct filter_tree *tree,
		      const struct mailbox_list_index_node *node,
		      struct mailbox_list_index_node *parent)
{
	struct mailbox_list_index_node *copy;

	if (filter_tree_hides(tree, node)) {
		tree->hidden++;
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
	const size_t storage_len = str_len(tree->storage_name);
	const size_t name_len = str_len(tree->name);

	for (; node != NULL; node = node->next) {
		*next = filter_tree_copy_node(tree, node, parent);
		if (*next != NULL)
			next = &(*next)->next;
		filter_tree_truncate(tree, storage_len, name_len);
	}
	return first;
}

/* Names change when the index is read again, and before that with each that is
   added while the index is refreshed. */
static struct filter_tree_version
filter_tree_version(struct mailbox_list *list)
{
	const struct mailbox_list_index *ilist =
		INDEX_LIST_CONTEXT_REQUIRE(list);

	return (struct filter_tree_version) {
		.log_seq = ilist->sync_log_file_seq,
		.log_offset = ilist->sync_log_file_offset,
		.count = hash_table_count(ilist->mailbox_hash),
	};
}

static bool
filter_tree_version_equals(const struct filter_tree_version *v1,
			   const struct filter_tree_version *v2)
{
	return v1->log_seq == v2->log_seq &&
		v1->log_offset == v2->log_offset && v1->count == v2->count;
}

void filter_tree_set_clean(struct filter_list *flist)
{
	/* names don't change without the version, files do */
	if (!flist->fuser->non_mailboxes) {
		flist->clean = filter_tree_version(flist->list);
	}
}

/* Replace the tree if something in it is hidden. Returns whether it was. */
static bool filter_tree_check(struct filter_tree *tree,
			      struct mailbox_list_index_node **nodes)
{
	bool hides;

	tree->storage_name = str_new(default_pool, 128);
	tree->name = str_new(default_pool, 128);
	hides = filter_tree_hides_any(tree, *nodes);
	if (hides) {
		filter_tree_truncate(tree, 0, 0);
		*nodes = filter_tree_copy(tree, *nodes, NULL);
	}
	str_free(&tree->storage_name);
	str_free(&tree->name);
	return hides;
}

void filter_tree_iter_init(struct filter_list *flist,
			   struct mailbox_list_iterate_context *iter)
{
	struct mailbox_list_index_iterate_context *index_iter =
		container_of(iter, struct mailbox_list_index_iterate_context,
			     ctx);
	struct filter_tree_version version;
	struct filter_tree *tree;

	tree = p_new(iter->pool, struct filter_tree, 1);
	tree->flist = flist;
	tree->pool = iter->pool;
	MODULE_CONTEXT_SET(iter, filter_tree_module, tree);

	version = filter_tree_version(flist->list);
	if (!filter_tree_version_equals(&version, &flist->clean) &&
	    !filter_tree_check(tree, &index_iter->next_node))
		filter_tree_set_clean(flist);

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
