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
#include "settings-compat.h"
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

const char *doveadm_path_from_home(struct mail_user *user, const char *path)
{
	const char *home;

	if (path == NULL || path[0] == '\0' || path[0] == '/' ||
	    mail_user_get_home(user, &home) <= 0)
		return path;
	return t_strconcat(home, "/", path, NULL);
}

static const char *const *other_roots_get(struct mailbox_list *list)
{
	struct mail_user *user = list->ns->user;
	const char *index_root = root_get(list, MAILBOX_LIST_PATH_TYPE_INDEX);
	ARRAY_TYPE(const_string) roots;
	const char *path = location_get_volatile_dir(list);

	t_array_init(&roots, N_ELEMENTS(other_root_types) + 2);
	if (path != NULL && path[0] != '\0') {
		path = doveadm_path_from_home(user, path);
		array_push_back(&roots, &path);
	}
	for (unsigned int i = 0; i < N_ELEMENTS(other_root_types); i++) {
		path = root_get(list, other_root_types[i]);
		/* where nothing else is set, it is where the indexes are */
		if (path != NULL && null_strcmp(path, index_root) != 0) {
			path = doveadm_path_from_home(user, path);
			array_push_back(&roots, &path);
		}
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

bool doveadm_namespace_has_location(const struct mail_namespace *ns)
{
	/* Dovecot's stand-in where none has an empty prefix */
	return (ns->flags & NAMESPACE_FLAG_UNUSABLE) == 0 &&
		!doveadm_namespace_is_template(ns);
}

static void
paths_from_home(struct mail_user *user, struct mba_location *location)
{
	const char **const paths[] = {
		&location->mail_root, &location->index_root,
		&location->control_root, &location->inbox_path,
	};

	/* LISTINDEX= begins where the indexes are */
	for (unsigned int i = 0; i < N_ELEMENTS(paths); i++)
		*paths[i] = doveadm_path_from_home(user, *paths[i]);
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
	location_r->compression = mail_user_loads_compression(ns->user);
	location_get_settings(list, location_r);
	paths_from_home(ns->user, location_r);
	location_r->other_roots = other_roots_get(list);
	/* a remote list would be asked what its names are */
	if (strcmp(location_r->layout, "imapc") != 0)
		location_r->keep = keep_get(ns);
}

/* Stand for any user: what of a path is the same for all of them depends on no
   name. A path may have a part of the name, so they differ in each character;
   or a hash of few digits, so there are more than two. They have domains, for
   templates that ask for one. */
static const struct doveadm_name any_names[] = {
	{ "abcdefgh@ijklmnop", "/abcdefgh" },
	{ "qrstuvwxy@zabcdef", "/qrstuvwxy" },
	{ "zyxwvutsrq@ponmlk", "/zyxwvutsrq" },
	{ "hgfedcba012@345678", "/hgfedcba012" },
};
#define ANY_NAMES_COUNT N_ELEMENTS(any_names)

/* Returns TRUE if these are a namespace's of the user's own. */
static bool template_is_own(const struct mail_user *user, const char *mail,
			    const char *index)
{
	struct mba_location location;
	struct mail_namespace *ns;

	for (ns = user->namespaces; ns != NULL; ns = ns->next) {
		if (!doveadm_namespace_has_location(ns))
			continue;
		doveadm_location_get(ns, &location);
		if (null_strcmp(location.mail_root, mail) == 0 &&
		    null_strcmp(location.index_root, index) == 0)
			return TRUE;
	}
	return FALSE;
}

/* Returns the directory that holds both paths. The first one may be it. */
static const char *common_directory(const char *dir, const char *path)
{
	size_t len = 0;

	while (dir[len] != '\0' && dir[len] == path[len])
		len++;
	if (dir[len] == path[len] || (dir[len] == '\0' && path[len] == '/'))
		return dir;
	do {
		len--;
	} while (dir[len] != '/');
	return t_strndup(dir, len);
}

/* Add the directory that holds the indexes of all users, if they have one. */
static unsigned int
template_location_add(struct mail_user *user, unsigned int root,
		      const struct doveadm_template templates[],
		      struct mba_location *location_r)
{
	const char *path, *dir = NULL;

	for (unsigned int i = 0; i < ANY_NAMES_COUNT; i++) {
		path = templates[i].roots[root];
		/* it is a home, and this user has none */
		if (path == NULL)
			return 0;
		if (user != NULL)
			path = mail_user_home_expand(user, path);
		if (path[0] != '/')
			return 0;
		dir = dir == NULL ? path : common_directory(dir, path);
	}
	/* the root of the file system, which holds all */
	if (dir[0] == '\0')
		return 0;
	i_zero(location_r);
	location_r->prefix = "";
	location_r->type = namespace_type_names[MAIL_NAMESPACE_TYPE_SHARED];
	location_r->driver = "none";
	location_r->mail_root = location_r->index_root = dir;
	return 1;
}

/* Returns TRUE if all users have the same root. */
static bool
template_root_is_same(unsigned int root,
		      const struct doveadm_template templates[])
{
	for (unsigned int i = 1; i < ANY_NAMES_COUNT; i++) {
		if (null_strcmp(templates[i].roots[root],
				templates[0].roots[root]) != 0)
			return FALSE;
	}
	return TRUE;
}

/* Add where one of the roots is: of what others share with the user; and of
   what he shares with others, unless they have his own indexes. */
static unsigned int
template_root_add(struct mail_user *user, unsigned int root,
		  const struct doveadm_template theirs[],
		  const struct doveadm_template ours[],
		  struct mba_location *locations_r)
{
	unsigned int count = template_location_add(user, root, theirs,
						   locations_r);

	if (template_root_is_same(root, ours) &&
	    template_is_own(user, ours[0].mail, ours[0].roots[root]))
		return count;
	/* a "~" would be the others' */
	return count + template_location_add(NULL, root, ours,
					     locations_r + count);
}

int doveadm_template_locations_get(struct mail_namespace *ns,
				   struct mba_location *locations_r,
				   const char **error_r)
{
	struct mail_user *user = ns->user;
	struct doveadm_template theirs[ANY_NAMES_COUNT], ours[ANY_NAMES_COUNT];
	struct doveadm_name self = { .name = user->username };
	unsigned int count = 0;

	if (mail_user_get_home(user, &self.home) <= 0)
		self.home = "";
	for (unsigned int i = 0; i < ANY_NAMES_COUNT; i++) {
		if (template_expand(ns, &any_names[i], &self, &theirs[i],
				    error_r) < 0 ||
		    template_expand(ns, &self, &any_names[i], &ours[i],
				    error_r) < 0)
			return -1;
	}
	for (unsigned int i = 0; i < DOVEADM_TEMPLATE_ROOTS; i++) {
		count += template_root_add(user, i, theirs, ours,
					   locations_r + count);
	}
	return count;
}
