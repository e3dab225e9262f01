/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include "lib.h"
#include "hash.h"
#include "imap-match.h"
#include "filter-hidden.h"

struct filter_hidden {
	pool_t pool;
	HASH_TABLE(char *, char *) vnames;
};

struct filter_hidden *filter_hidden_init(void)
{
	pool_t pool = pool_alloconly_create("mailbox filter hidden", 1024);
	struct filter_hidden *hidden = p_new(pool, struct filter_hidden, 1);

	hidden->pool = pool;
	hash_table_create(&hidden->vnames, pool, 0, str_hash, strcmp);
	return hidden;
}

void filter_hidden_free(struct filter_hidden **_hidden)
{
	struct filter_hidden *hidden = *_hidden;

	if (hidden == NULL)
		return;
	*_hidden = NULL;
	hash_table_destroy(&hidden->vnames);
	pool_unref(&hidden->pool);
}

void filter_hidden_add(struct filter_hidden *hidden, const char *vname)
{
	char *key;

	if (hash_table_lookup(hidden->vnames, vname) != NULL)
		return;
	key = p_strdup(hidden->pool, vname);
	hash_table_insert(hidden->vnames, key, key);
}

void filter_hidden_update(struct filter_hidden *hidden,
			  const struct filter_hidden *old_names,
			  const struct filter_hidden *new_names,
			  bool (*is_gone)(const char *vname, void *context),
			  void *context)
{
	struct hash_iterate_context *iter;
	char *vname, *value;

	iter = hash_table_iterate_init(old_names->vnames);
	while (hash_table_iterate(iter, old_names->vnames, &vname, &value)) {
		if (hash_table_lookup(new_names->vnames, vname) == NULL &&
		    is_gone(vname, context))
			(void)hash_table_try_remove(hidden->vnames, vname);
	}
	hash_table_iterate_deinit(&iter);

	iter = hash_table_iterate_init(new_names->vnames);
	while (hash_table_iterate(iter, new_names->vnames, &vname, &value)) {
		if (hash_table_lookup(old_names->vnames, vname) == NULL)
			filter_hidden_add(hidden, vname);
	}
	hash_table_iterate_deinit(&iter);
}

unsigned int filter_hidden_count(struct filter_hidden *hidden,
				 struct imap_match_glob *glob)
{
	struct hash_iterate_context *iter;
	unsigned int count = 0;
	char *vname, *value;

	iter = hash_table_iterate_init(hidden->vnames);
	while (hash_table_iterate(iter, hidden->vnames, &vname, &value)) {
		if (imap_match(glob, vname) == IMAP_MATCH_YES)
			count++;
	}
	hash_table_iterate_deinit(&iter);
	return count;
}
