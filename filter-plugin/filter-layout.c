/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include "lib.h"
#include "dovecot-list-compat.h"
#include "filter-layout.h"
#include "filter-list.h"
#include "filter-noselect.h"
#include "filter-scope.h"
#include "filter-tree.h"
#include "filter-walk.h"

#define FILTER_ITER_CONTEXT_REQUIRE(obj) \
	MODULE_CONTEXT_REQUIRE(obj, filter_iter_module)

static MODULE_CONTEXT_DEFINE_INIT(filter_iter_module,
				  &mailbox_list_module_register);

static struct mailbox_list_iterate_context *
filter_layout_iter_init(struct mailbox_list *list, const char *const *patterns,
			enum mailbox_list_iter_flags flags)
{
	struct filter_list *flist = filter_list_get(list);
	enum filter_scope scope = filter_scope_layout(flist, &flags);
	struct filter_walk *walk = filter_walk_init(flist, scope,
						    patterns);
	struct mailbox_list_iterate_context *iter;

	filter_walk_resume(walk);
	iter = flist->layout.iter_init(list, patterns, flags);
	filter_walk_suspend(walk);

	walk->iter = iter;
	MODULE_CONTEXT_SET(iter, filter_iter_module, walk);
	return iter;
}

static const struct mailbox_info *
filter_layout_iter_next(struct mailbox_list_iterate_context *iter)
{
	struct filter_walk *walk = FILTER_ITER_CONTEXT_REQUIRE(iter);
	struct filter_list *flist = walk->flist;
	const struct mailbox_info *info;

	filter_walk_resume(walk);
	if (walk->scope == FILTER_SCOPE_NONE)
		info = flist->layout.iter_next(iter);
	else {
		info = filter_noselect_iter_next(flist, iter,
						 flist->layout.iter_next);
	}
	filter_walk_suspend(walk);
	return info;
}

static int filter_layout_iter_deinit(struct mailbox_list_iterate_context *iter)
{
	struct filter_walk *walk = FILTER_ITER_CONTEXT_REQUIRE(iter);
	struct filter_list *flist = walk->flist;
	bool all_visible = filter_walk_leaves_all_visible(walk);

	filter_walk_deinit(&walk);
	if (flist->layout.iter_deinit(iter) < 0)
		return -1;
	/* now the refresh expunges what the walk did not meet */
	if (all_visible)
		filter_tree_set_all_visible(flist);
	return 0;
}

int filter_layout_get_mailbox_flags(struct mailbox_list *list, const char *dir,
				    const char *fname,
				    enum mailbox_list_file_type type,
				    enum mailbox_info_flags *flags_r)
{
	struct filter_list *flist = filter_list_get(list);
	struct filter_walk *walk = flist->walk;
	int ret;

	if (walk == NULL || walk->scope == FILTER_SCOPE_NONE) {
		return flist->module_ctx.super.
			get_mailbox_flags(list, dir, fname, type, flags_r);
	}
	if (filter_walk_hides(walk, dir, fname, type)) {
		*flags_r = MAILBOX_NONEXISTENT;
		return 0;
	}
	ret = flist->module_ctx.super.
		get_mailbox_flags(list, dir, fname, type, flags_r);
	/* a guess from the number of links: they may all be hidden */
	*flags_r &= ENUM_NEGATE(MAILBOX_CHILDREN);
	return ret;
}

void filter_layout_list_created(struct mailbox_list *list)
{
	struct mailbox_list_vfuncs *v = list->vlast;
	struct filter_list *flist = filter_list_get(list);

	/* LAYOUT=index has no layout below the index */
	if (flist == NULL || v->get_mailbox_flags == NULL)
		return;
	flist->layout = *v;
	list->vlast = &flist->layout;
	v->iter_init = filter_layout_iter_init;
	v->iter_next = filter_layout_iter_next;
	v->iter_deinit = filter_layout_iter_deinit;
}
