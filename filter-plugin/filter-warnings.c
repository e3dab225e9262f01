/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include "lib.h"
#include "mail-namespace.h"
#include "filter-configured.h"
#include "filter-index.h"
#include "filter-list.h"
#include "filter-name.h"
#include "filter-user.h"
#include "filter-warnings.h"

static void
filter_warn_configured_one(struct filter_list *flist,
			   const struct filter_configured *configured)
{
	const struct mba_rule *rule;

	rule = filter_name_get_rule(flist, configured->levels,
				    configured->levels_len);
	if (rule == NULL)
		return;
	e_warning(flist->list->ns->user->event,
		  "mailbox_filter: Rule %s (%s:%u:%u) would hide mailbox %s, "
		  "but the configuration names it: it stays visible",
		  rule->text, rule->source, rule->line, rule->column,
		  configured->name);
}

static void filter_warn_configured(struct filter_list *flist)
{
	const struct filter_configured *configured;
	unsigned int count;

	configured = filter_configured_get(flist, &count);
	for (unsigned int i = 0; i < count; i++)
		filter_warn_configured_one(flist, &configured[i]);
}

void filter_warnings_namespaces_created(struct mail_namespace *namespaces)
{
	struct filter_list *flist;
	struct mail_namespace *ns;
	bool very_dirty = FALSE;

	for (ns = namespaces; ns != NULL; ns = ns->next) {
		flist = filter_list_get(ns->list);
		if (flist == NULL)
			continue;
		filter_warn_configured(flist);
		if (filter_index_is_trusted(ns->list))
			very_dirty = TRUE;
	}
	if (very_dirty) {
		e_warning(namespaces->user->event,
			  "mailbox_filter: "
			  "mailbox_list_index_very_dirty_syncs = yes: "
			  "names are hidden from LIST, but refreshing the "
			  "mailbox list index reads all directories");
	}
}
