/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include "lib.h"
#include "array.h"
#include "mail-namespace.h"
#include "mailbox-list-private.h"
#include "mail-storage-private.h"
#include "doveadm-mail.h"
#include "configured-mailboxes.h"
#include "mailbox-audit.h"
#include "doveadm-compat.h"
#include "doveadm-mailbox-audit-plugin.h"

#include <stdlib.h>

static const char *const namespace_type_names[] = {
	[MAIL_NAMESPACE_TYPE_PRIVATE] = "private",
	[MAIL_NAMESPACE_TYPE_SHARED] = "shared",
	[MAIL_NAMESPACE_TYPE_PUBLIC] = "public",
};

/* Roots that are none of the location's own fields. */
static const enum mailbox_list_path_type other_root_types[] = {
	MAILBOX_LIST_PATH_TYPE_INDEX_PRIVATE,
	MAILBOX_LIST_PATH_TYPE_INDEX_CACHE,
	MAILBOX_LIST_PATH_TYPE_LIST_INDEX,
	MAILBOX_LIST_PATH_TYPE_ALT_DIR,
};

/* Returns a root, NULL if there is none. */
static const char *
root_get(struct mailbox_list *list, enum mailbox_list_path_type type)
{
	const char *path;

	if (!mailbox_list_get_root_path(list, type, &path) || path[0] == '\0')
		return NULL;
	return t_strndup(path, mba_index_root_len(path));
}

static const char *const *other_roots_get(struct mailbox_list *list)
{
	const char *index_root = root_get(list, MAILBOX_LIST_PATH_TYPE_INDEX);
	ARRAY_TYPE(const_string) roots;
	const char *path = location_get_volatile_dir(list);

	t_array_init(&roots, N_ELEMENTS(other_root_types) + 2);
	if (path != NULL && path[0] != '\0')
		array_push_back(&roots, &path);
	for (unsigned int i = 0; i < N_ELEMENTS(other_root_types); i++) {
		path = root_get(list, other_root_types[i]);
		/* where nothing else is set, it is where the indexes are */
		if (path != NULL && null_strcmp(path, index_root) != 0)
			array_push_back(&roots, &path);
	}
	array_append_zero(&roots);
	return array_front(&roots);
}

/* Returns a name of the configuration as the library takes it. */
static const char *keep_name(const char *name, char sep)
{
	char *levels = t_strdup_noconst(name), *printed;
	size_t len = strlen(levels);
	const char *keep;

	for (size_t i = 0; i < len; i++) {
		if (levels[i] == sep)
			levels[i] = '\0';
	}
	printed = mba_levels_print(levels, len);
	keep = t_strdup(printed);
	free(printed);
	return keep;
}

/* Returns the names that LIST shows whatever the rules say. */
static const char *const *keep_get(struct mail_namespace *ns)
{
	ARRAY_TYPE(const_string) names;
	const char *name;

	t_array_init(&names, 8);
	for (unsigned int i = 0; i < namespace_mailboxes_count(ns); i++) {
		name = namespace_mailboxes_get(ns, i);
		if (name == NULL)
			continue;
		name = keep_name(name, mail_namespace_get_sep(ns));
		array_push_back(&names, &name);
	}
	array_append_zero(&names);
	return array_front(&names);
}

bool doveadm_namespace_is_template(const struct mail_namespace *ns)
{
	return strcmp(mailbox_list_get_driver_name(ns->list), "shared") == 0;
}

bool doveadm_template_location_get(struct mail_namespace *ns,
				   struct mba_location *location_r)
{
	const char *path = template_get_index_root(ns), *rest, *slash;

	if (path == NULL)
		return FALSE;
	path = mail_user_home_expand(ns->user, path);
	if (path[0] != '/')
		return FALSE;
	/* there is a directory for each owner, which needn't exist yet */
	rest = strchr(path, '%');
	if (rest != NULL) {
		slash = strrchr(t_strdup_until(path, rest), '/');
		path = t_strndup(path, rest - path - strlen(slash));
	}
	i_zero(location_r);
	location_r->prefix = "";
	location_r->type = namespace_type_names[MAIL_NAMESPACE_TYPE_SHARED];
	location_r->driver = "none";
	location_r->mail_root = location_r->index_root = path;
	return TRUE;
}

bool doveadm_namespace_has_location(const struct mail_namespace *ns)
{
	/* Dovecot's stand-in where none has an empty prefix */
	return (ns->flags & NAMESPACE_FLAG_UNUSABLE) == 0 &&
		!doveadm_namespace_is_template(ns);
}

void doveadm_location_get(struct mail_namespace *ns,
			  struct mba_location *location_r)
{
	struct mailbox_list *list = ns->list;

	i_zero(location_r);
	location_r->prefix = ns->prefix;
	location_r->type = namespace_type_names[ns->type];
	if (mail_user_get_home(ns->user, &location_r->home) <= 0)
		location_r->home = NULL;
	location_r->driver = mail_namespace_get_default_storage(ns)->name;
	location_r->layout = mailbox_list_get_driver_name(list);
	location_r->separator = mail_namespace_get_sep(ns);
	location_r->inbox = (ns->flags & NAMESPACE_FLAG_INBOX_USER) != 0;
	/* where doveadm doesn't load it, imap may */
	location_r->compression =
		user_loads_compression(ns->user);
	location_get_settings(list, location_r);
	location_r->other_roots = other_roots_get(list);
	/* a remote list would be asked what its names are */
	if (strcmp(location_r->layout, "imapc") != 0)
		location_r->keep = keep_get(ns);
}
