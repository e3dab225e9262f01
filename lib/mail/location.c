/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* How index directories mirror mails. The rules are those of Dovecot's
   mailbox-list-fs.c and mailbox-list-maildir.c (get_path()), mbox-storage.c
   (mbox_list_get_path()) and of each storage's get_list_settings(); "doveadm
   mailbox path" is their oracle. */

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "alloc.h"
#include "location.h"
#include "path.h"

static const char *or_default(const char *value, const char *def)
{
	return value != NULL ? value : def;
}

/* Returns a copy without trailing slashes. */
static char *path_dup(const char *path)
{
	char *copy = mem_strdup(path);
	size_t len;

	if (copy == NULL)
		return NULL;
	for (len = strlen(copy); len > 1 && copy[len - 1] == '/'; len--)
		copy[len - 1] = '\0';
	return copy;
}

/* Returns the part of a path below a root, which isn't "": "." for the root
   itself, NULL if it isn't below. */
static const char *path_below(const char *path, const char *root)
{
	size_t len = strlen(root);

	if (strncmp(path, root, len) != 0)
		return NULL;
	if (path[len] == '\0')
		return ".";
	if (path[len] != '/')
		return root[len - 1] == '/' ? path + len : NULL;
	return path + len + 1;
}

/* Returns a copy without empty levels and ".", which lead nowhere: a home that
   ends in a slash makes two of it. */
static char *path_simplify(const char *path)
{
	char *copy = mem_new(strlen(path) + 2), *dest = copy;
	const char *end = path + strlen(path), *name_end;

	for (; path < end; path = name_end + 1) {
		name_end = path_name_end(path, end);
		if (name_end == path || (name_end - path == 1 && *path == '.'))
			continue;
		*dest++ = '/';
		memcpy(dest, path, name_end - path);
		dest += name_end - path;
	}
	if (dest == copy)
		*dest = '/';
	return copy;
}

static const char *const *strings_dup(const char *const *strings)
{
	const char **copy;
	size_t count = 0;

	while (strings != NULL && strings[count] != NULL)
		count++;
	copy = mem_new((count + 1) * sizeof(*copy));
	for (size_t i = 0; i < count; i++)
		copy[i] = mem_strdup(strings[i]);
	return copy;
}

static void strings_free(const char *const *strings)
{
	for (size_t i = 0; strings[i] != NULL; i++)
		free((char *)strings[i]);
	free((char **)strings);
}

static void location_init_inbox(struct location *location)
{
	const struct mba_location *set = &location->set;
	const struct mail_format *format = location->format;
	const char *below;
	char *path, *root;

	/* with LAYOUT=index it is a mailbox like others */
	if (location->listed ||
	    (set->inbox_path != NULL && set->inbox_path[0] == '\0'))
		return;
	if (set->inbox_path == NULL) {
		if (location->flat && format->files)
			return;
		if (format->inbox_if_user &&
		    (!set->inbox || location->dirname[0] != '\0'))
			return;
		location->inbox_path = mem_strdup(format->inbox);
		return;
	}
	path = path_simplify(set->inbox_path);
	root = path_simplify(location->mail_root);
	below = path_below(path, root);
	location->inbox_path = mem_strdup(below == NULL ? path : below);
	free(path);
	free(root);
}

/* An INBOX with a path of its own has its index beside the mails, too, unless
   INDEX= tells where. Files of layout fs are the exception. */
static void location_init_inbox_index(struct location *location)
{
	const char *path = location->inbox_path, *name;

	if (path == NULL || !location->same_root ||
	    (location->format->files && !location->flat))
		return;
	if (!location->imap_dir) {
		location->inbox_index = mem_strdup(path);
		return;
	}
	name = strrchr(path, '/');
	name = name == NULL ? path : name + 1;
	location->inbox_index = mem_printf("%.*s" MAIL_IMAP_DIR "/%s",
					   (int)(name - path), path, name);
}

/* The list index is where the indexes are, but for LISTINDEX=. */
static void location_init_list_index(struct location *location)
{
	const char *path = or_default(location->set.list_index,
				      "dovecot.list.index");
	const char *name = strrchr(path, '/');
	const char *root = path[0] == '/' ? "" : location->index_root;
	const char *imap_dir = location->imap_dir ? MAIL_IMAP_DIR"/" : "";

	if (root == NULL)
		return;
	name = name == NULL ? path : name + 1;
	location->list_index = mem_printf("%s%s%.*s%s%s", root,
					  path[0] == '/' ? "" : "/",
					  (int)(name - path), path, imap_dir,
					  name);
}

/* The names of LAYOUT=index have the namespace's separator, and can always be
   escaped (mailbox-list-index-backend.c, index_list_get_hierarchy_sep()). */
static void location_init_listed(struct location *location)
{
	struct mba_location *set = &location->set;

	if (set->storage_escape_char == '\0')
		set->storage_escape_char = '^';
	location->storage_sep = set->separator != '\0' ? set->separator : '~';
	if (location->storage_sep == set->storage_escape_char)
		location->storage_sep = set->separator == '~' ? '^' : '~';
}

static void location_init_paths(struct location *location)
{
	const struct mba_location *set = &location->set;
	const struct mail_format *format = location->format;
	const char *dirname =
		or_default(or_default(set->dirname, format->dirname), "");

	location->flat = strcmp(location->layout, MAIL_LAYOUT_MAILDIRPP) == 0;
	location->listed = strcmp(location->layout, MAIL_LAYOUT_INDEX) == 0;
	if (location->listed)
		location_init_listed(location);
	else
		location->storage_sep = location->flat ? '.' : '/';
	location->imap_dir = format->files &&
		(location->flat || dirname[0] == '\0');
	/* Maildir++ paths have neither, those of LAYOUT=index no dirname */
	location->dirname = mem_strdup(location->flat || location->listed ?
				       "" : dirname);
	location->mailbox_dir = path_dup(location->flat ? "" :
		or_default(or_default(set->mailbox_dir, format->mailbox_dir),
			   ""));
	location->subscriptions = mem_strdup(
		or_default(set->subscriptions, format->subscriptions));
	location->index_dirname = location->dirname[0] != '\0' &&
		(set->dirname_in_index || location->same_root);
	location_init_list_index(location);
	location_init_inbox(location);
	location_init_inbox_index(location);
}

static void location_init_roots(struct location *location)
{
	const struct mba_location *set = &location->set;

	location->mail_root = path_dup(set->mail_root);
	location->control_root =
		path_dup(or_default(set->control_root, set->mail_root));
	if (set->index_root == NULL)
		location->index_root = mem_strdup(location->mail_root);
	else if (set->index_root[0] != '\0')
		location->index_root = path_dup(set->index_root);
	location->same_root = location->index_root != NULL &&
		location->mail_root != NULL &&
		strcmp(location->index_root, location->mail_root) == 0;
}

static const size_t string_offsets[] = {
	offsetof(struct mba_location, prefix),
	offsetof(struct mba_location, type),
	offsetof(struct mba_location, driver),
	offsetof(struct mba_location, layout),
	offsetof(struct mba_location, mail_root),
	offsetof(struct mba_location, index_root),
	offsetof(struct mba_location, control_root),
	offsetof(struct mba_location, home),
	offsetof(struct mba_location, inbox_path),
	offsetof(struct mba_location, dirname),
	offsetof(struct mba_location, mailbox_dir),
	offsetof(struct mba_location, subscriptions),
	offsetof(struct mba_location, list_index),
};
#define STRINGS_COUNT (sizeof(string_offsets) / sizeof(string_offsets[0]))

static const char **string_at(struct mba_location *set, size_t idx)
{
	return (const char **)((char *)set + string_offsets[idx]);
}

struct location *location_init(const struct mba_location *src)
{
	struct location *location = mem_new(sizeof(*location));
	struct mba_location *set = &location->set;

	*set = *src;
	for (size_t i = 0; i < STRINGS_COUNT; i++)
		*string_at(set, i) = mem_strdup(*string_at(set, i));
	set->other_roots = strings_dup(src->other_roots);
	set->keep = strings_dup(src->keep);
	location_init_roots(location);

	location->format = mail_format_find(set->driver);
	location->layout = or_default(set->layout, location->format == NULL ?
				      "" : location->format->layout);
	if (strcmp(location->layout, MAIL_LAYOUT_FS) != 0 &&
	    strcmp(location->layout, MAIL_LAYOUT_MAILDIRPP) != 0 &&
	    strcmp(location->layout, MAIL_LAYOUT_INDEX) != 0)
		location->format = NULL;
	if (location->format != NULL && location->mail_root != NULL)
		location_init_paths(location);
	else
		location->format = NULL;
	if (set->separator == '\0')
		set->separator = location->storage_sep;
	return location;
}

void location_free(struct location **_location)
{
	struct location *location = *_location;
	struct mba_location *set = &location->set;

	*_location = NULL;
	for (size_t i = 0; i < STRINGS_COUNT; i++)
		free((char *)*string_at(set, i));
	strings_free(set->other_roots);
	strings_free(set->keep);
	free(location->mail_root);
	free(location->index_root);
	free(location->control_root);
	free(location->inbox_path);
	free(location->inbox_index);
	free(location->dirname);
	free(location->mailbox_dir);
	free(location->subscriptions);
	free(location->list_index);
	free(location);
}

bool location_is_judged(const struct location *location)
{
	return location->format != NULL && !location->set.iter_index;
}

bool location_is_like(const struct location *l1, const struct location *l2)
{
	if (l1->format != l2->format || strcmp(l1->layout, l2->layout) != 0)
		return false;
	/* of what isn't judged no more is known */
	if (l1->format == NULL)
		return strcmp(l1->set.driver, l2->set.driver) == 0;
	if (l1->listed && l1->list_index != NULL && l2->list_index != NULL &&
	    strcmp(l1->list_index, l2->list_index) != 0)
		return false;
	return l1->index_dirname == l2->index_dirname &&
		strcmp(l1->dirname, l2->dirname) == 0 &&
		strcmp(l1->mailbox_dir, l2->mailbox_dir) == 0;
}

void location_take_inbox(struct location *location,
			 const struct location *other)
{
	free(location->inbox_path);
	free(location->inbox_index);
	location->inbox_path = mem_strdup(other->inbox_path);
	location->inbox_index = mem_strdup(other->inbox_index);
	location->set.inbox = true;
}

static void path_set_dir_len(struct location_path *path, size_t name_len)
{
	size_t len = name_len;

	while (len > 0 && path->mail_path[len - 1] != '/')
		len--;
	path->mail_dir_len = len > 0 ? len - 1 : 0;
}

/* Set a path, to which the storage name belongs from now on. */
static void path_init(const struct location *location, char *storage_name,
		      struct location_path *path_r)
{
	const char *dirname = location->dirname;
	const char *mailbox_dir = location->mailbox_dir;

	path_r->storage_name = storage_name;
	if (location->inbox_path != NULL &&
	    strcmp(storage_name, "INBOX") == 0) {
		path_r->mail_path = mem_strdup(location->inbox_path);
		path_set_dir_len(path_r, strlen(path_r->mail_path));
	} else if (storage_name[0] == '\0') {
		path_r->mail_path = mem_strdup(".");
		path_r->mail_dir_len = 0;
	} else if (location->flat) {
		path_r->mail_path = mem_strconcat(".", storage_name,
						  (char *)NULL);
		path_r->mail_dir_len = 0;
	} else {
		path_r->mail_path = mem_strconcat(mailbox_dir,
			mailbox_dir[0] == '\0' ? "" : "/", storage_name,
			dirname[0] == '\0' ? "" : "/", dirname, (char *)NULL);
		path_set_dir_len(path_r, strlen(path_r->mail_path) -
				 (dirname[0] == '\0' ? 0 :
				  strlen(dirname) + 1));
	}
}

void location_from_storage_name(const struct location *location,
				const char *storage_name,
				struct location_path *path_r)
{
	path_init(location, mem_strdup(storage_name), path_r);
}

void location_path_free(struct location_path *path)
{
	free(path->storage_name);
	free(path->mail_path);
}

/* Cut dirname from an index path. Returns FALSE if it isn't there. */
static bool strip_dirname(const struct location *location, char *path)
{
	size_t len = strlen(path), dirname_len = strlen(location->dirname);

	if (len < dirname_len + 2 || path[len - dirname_len - 1] != '/' ||
	    strcmp(path + len - dirname_len, location->dirname) != 0)
		return false;
	path[len - dirname_len - 1] = '\0';
	return true;
}

/* Returns TRUE if one of a name's levels is dirname, which Dovecot refuses.
   What has an index there was made with another setting. */
static bool has_dirname(const struct location *location, const char *name)
{
	const char *end = name + strlen(name), *level_end;
	size_t len = strlen(location->dirname);

	for (; len > 0 && name < end; name = level_end + 1) {
		level_end = path_name_end(name, end);
		if ((size_t)(level_end - name) == len &&
		    memcmp(name, location->dirname, len) == 0)
			return true;
	}
	return false;
}

/* Cut the ".imap/" before the last component. Returns FALSE if it isn't
   there. */
static bool strip_imap_dir(char *path)
{
	const size_t imap_len = strlen(MAIL_IMAP_DIR);
	char *name = strrchr(path, '/'), *imap;

	if (name == NULL || (size_t)(name - path) < imap_len)
		return false;
	imap = name++ - imap_len;
	if (strncmp(imap, MAIL_IMAP_DIR, imap_len) != 0 ||
	    (imap != path && imap[-1] != '/'))
		return false;
	memmove(imap, name, strlen(name) + 1);
	return true;
}

/* Returns TRUE if the mail root may be a mailbox by itself, as a Maildir can,
   which has the prefix as its name. Another one may have that name: INBOX. */
static bool root_may_be_mailbox(const struct location *location)
{
	const struct mba_location *set = &location->set;
	size_t len = strlen(set->prefix);

	return location->format->subdir != NULL && !location->listed &&
		location->mailbox_dir[0] == '\0' &&
		location->dirname[0] == '\0' && !set->inbox_is_prefix &&
		len > 1 && set->prefix[len - 1] == set->separator &&
		(len - 1 != strlen("INBOX") ||
		 strncasecmp(set->prefix, "INBOX", len - 1) != 0);
}

/* Returns TRUE if a name is a mailbox's GUID, as Dovecot writes it. */
static bool is_guid(const char *name)
{
	return strlen(name) == LOCATION_GUID_LEN &&
		strspn(name, "0123456789abcdef") == LOCATION_GUID_LEN;
}

bool location_from_index_path(const struct location *location,
			      const char *index_path,
			      struct location_path *path_r)
{
	const char *inbox = location->inbox_index, *below;
	char *name;
	bool found;

	if (inbox != NULL && strcmp(index_path, inbox) == 0) {
		location_from_storage_name(location, "INBOX", path_r);
		return true;
	}
	if (strcmp(index_path, ".") == 0 && root_may_be_mailbox(location)) {
		location_from_storage_name(location, "", path_r);
		return true;
	}
	below = location->mailbox_dir[0] == '\0' ? index_path :
		path_below(index_path, location->mailbox_dir);
	if (below == NULL || strcmp(below, ".") == 0)
		return false;
	name = mem_strdup(below);
	found = (!location->index_dirname || strip_dirname(location, name)) &&
		(!location->imap_dir || strip_imap_dir(name));
	if (found && location->flat) {
		found = name[0] == '.' && name[1] != '\0' &&
			strchr(name, '/') == NULL;
		if (found)
			memmove(name, name + 1, strlen(name));
	}
	if (found && location->listed)
		found = is_guid(name);
	if (found && has_dirname(location, name))
		found = false;
	/* this index would be elsewhere */
	if (found && inbox != NULL && strcmp(name, "INBOX") == 0)
		found = false;
	if (found)
		path_init(location, name, path_r);
	else
		free(name);
	return found;
}

char *location_get_index_path(const struct location *location,
			      const char *storage_name)
{
	const char *inbox = location->inbox_index, *name;
	const char *mailbox_dir = location->mailbox_dir;

	if (inbox != NULL && strcmp(storage_name, "INBOX") == 0)
		return mem_strdup(inbox);
	if (location->flat) {
		return mem_printf("%s.%s", location->imap_dir ?
				  MAIL_IMAP_DIR"/" : "", storage_name);
	}
	name = strrchr(storage_name, '/');
	name = name == NULL ? storage_name : name + 1;
	return mem_printf("%s%s%.*s%s%s%s%s", mailbox_dir,
			  mailbox_dir[0] == '\0' ? "" : "/",
			  (int)(name - storage_name), storage_name,
			  location->imap_dir ? MAIL_IMAP_DIR"/" : "", name,
			  location->index_dirname ? "/" : "",
			  location->index_dirname ? location->dirname : "");
}
