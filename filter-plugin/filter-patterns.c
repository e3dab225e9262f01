/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include "lib.h"
#include "array.h"
#include "unichar.h"
#include "mail-namespace.h"
#include "filter-list.h"
#include "filter-name.h"
#include "filter-patterns.h"

#include <limits.h>

static bool filter_pattern_is_hidden(struct filter_list *flist,
				     const char *pattern)
{
	struct mail_namespace *ns = flist->list->ns;
	const char *name, *end, *parent;

	/* in one directory, names that hold the namespace's separator stand
	   beside those that it separates */
	if (flist->flat && filter_list_is_ambiguous(flist))
		return FALSE;
	/* the namespace's prefix may match the pattern's wildcards, or INBOX
	   be meant */
	if (strncmp(pattern, ns->prefix, ns->prefix_len) != 0)
		return FALSE;
	name = pattern + ns->prefix_len;
	end = name + strcspn(name, "*%");
	while (end > name && *end != mail_namespace_get_sep(ns))
		end--;
	if (end == name)
		return FALSE;
	parent = t_strdup_until(pattern, end);
	/* Dovecot panics at a name that isn't UTF-8 */
	return uni_utf8_str_is_valid(parent) &&
		filter_name_is_hidden(flist,
			filter_list_get_listed_name(flist, parent),
			MBA_DIR_YES);
}

/* Returns a pattern for which there is no name: none is so long on disk. */
static const char *filter_pattern_nothing(void)
{
	char *pattern = t_malloc0(NAME_MAX + 2);

	memset(pattern, '-', NAME_MAX + 1);
	return pattern;
}

const char *const *
filter_patterns_get_visible(struct filter_list *flist,
			    const char *const *patterns)
{
	ARRAY_TYPE(const_string) visible;
	const char *pattern;

	t_array_init(&visible, 8);
	for (; *patterns != NULL; patterns++) {
		if (!filter_pattern_is_hidden(flist, *patterns))
			array_push_back(&visible, patterns);
	}
	if (array_is_empty(&visible)) {
		pattern = filter_pattern_nothing();
		array_push_back(&visible, &pattern);
	}
	array_append_zero(&visible);
	return array_front(&visible);
}
