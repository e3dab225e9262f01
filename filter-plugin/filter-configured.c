/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include "lib.h"
#include "str.h"
#include "configured-mailboxes.h"
#include "dovecot-list-compat.h"
#include "filter-configured.h"
#include "filter-levels.h"
#include "filter-list.h"

static void filter_configured_add(struct filter_list *flist, const char *name)
{
	struct mailbox_list *list = flist->list;
	struct filter_configured *configured;
	string_t *levels = str_new(default_pool, 128);

	filter_levels_append_name(flist, levels,
		filter_list_get_listed_name(flist,
			namespace_mailbox_get_vname(list->ns, name)));

	configured = array_append_space(&flist->configured);
	configured->name = name;
	configured->levels =
		p_memdup(list->pool, str_data(levels), str_len(levels));
	configured->levels_len = str_len(levels);
	str_free(&levels);
}

static void filter_configured_init(struct filter_list *flist)
{
	const struct mail_namespace *ns = flist->list->ns;
	const char *name;

	p_array_init(&flist->configured, flist->list->pool, 8);
	for (unsigned int i = 0; i < namespace_mailboxes_count(ns); i++)
	T_BEGIN {
		name = namespace_mailboxes_get(ns, i);
		if (name != NULL)
			filter_configured_add(flist, name);
	} T_END;
}

const struct filter_configured *
filter_configured_get(struct filter_list *flist, unsigned int *count_r)
{
	/* not before other plugins have seen the list: listescape changes how
	   names are stored */
	if (!array_is_created(&flist->configured))
		filter_configured_init(flist);
	return array_get(&flist->configured, count_r);
}

bool filter_configured_has(struct filter_list *flist, const char *levels,
			   size_t len)
{
	const struct filter_configured *configured;
	unsigned int count;

	configured = filter_configured_get(flist, &count);
	for (unsigned int i = 0; i < count; i++) {
		if (configured[i].levels_len >= len &&
		    memcmp(configured[i].levels, levels, len) == 0 &&
		    (configured[i].levels_len == len ||
		     configured[i].levels[len] == '\0'))
			return TRUE;
	}
	return FALSE;
}
