/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include "lib.h"
#include "str.h"
#include "mail-storage-private.h"
#include "filter-configured.h"
#include "filter-levels.h"
#include "filter-list.h"
#include "filter-name.h"
#include "filter-user.h"

#include <fcntl.h>
#include <sys/stat.h>

size_t filter_name_get_visible_len(struct filter_list *flist,
				   const char *levels, size_t len)
{
	return mba_rules_match(flist->fuser->rules, levels, len, 0,
			       MBA_DIR_YES, NULL, NULL) == MBA_MATCH_HIDDEN ?
		0 : len;
}

/* Returns whether rules hide a name: what they say of a mailbox that the
   configuration names doesn't count. */
static enum mba_match
filter_name_match_rules(struct filter_list *flist,
			const struct filter_name *name, enum mba_dir dir)
{
	enum mba_match match;

	match = mba_rules_match(flist->fuser->rules, name->levels, name->len,
				name->visible_len, dir, NULL, NULL);
	if (match != MBA_MATCH_VISIBLE &&
	    filter_configured_has(flist, name->levels, name->len))
		return MBA_MATCH_VISIBLE;
	return match;
}

/* In other formats than mbox, all names may hold others. */
static enum mba_dir
filter_name_get_dir(struct filter_list *flist, const struct filter_name *name)
{
	return flist->mailbox_files ? name->dir : MBA_DIR_YES;
}

static bool filter_levels_are_inbox(const char *levels, size_t len)
{
	return len == strlen("INBOX") && strncasecmp(levels, "INBOX", len) == 0;
}

/* Returns whether it's hidden if it's a file, but not a mailbox. */
static bool
filter_name_may_be_junk(struct filter_list *flist,
			const struct filter_name *name, enum mba_dir dir)
{
	return flist->fuser->non_mailboxes && dir != MBA_DIR_YES &&
		!filter_levels_are_inbox(name->levels, name->len) &&
		!filter_configured_has(flist, name->levels, name->len);
}

enum mba_match filter_name_match(struct filter_list *flist,
				 const struct filter_name *name)
{
	enum mba_dir dir = filter_name_get_dir(flist, name);
	enum mba_match match = filter_name_match_rules(flist, name, dir);

	if (match == MBA_MATCH_VISIBLE &&
	    filter_name_may_be_junk(flist, name, dir))
		return MBA_MATCH_UNDECIDED;
	return match;
}

bool filter_name_get_path(struct filter_list *flist, const char *storage_name,
			  const char **path_r)
{
	const char *error;

	return mailbox_list_is_valid_name(flist->list, storage_name, &error) &&
		mailbox_list_get_path(flist->list, storage_name,
				      MAILBOX_LIST_PATH_TYPE_DIR, path_r) > 0;
}

static bool
filter_path_is_dir(struct filter_list *flist, const char *storage_name)
{
	const char *path;
	struct stat st;
	bool is_dir;

	T_BEGIN {
		is_dir = filter_name_get_path(flist, storage_name, &path) &&
			stat(path, &st) == 0 && S_ISDIR(st.st_mode);
	} T_END;
	return is_dir;
}

static bool
filter_path_is_junk(struct filter_list *flist, const char *storage_name)
{
	enum mba_reason reason;
	enum mba_state state;
	const char *path, *op;
	bool is_dir, junk;

	T_BEGIN {
		junk = filter_name_get_path(flist, storage_name, &path);
		if (junk) {
			state = mba_probe_mbox(AT_FDCWD, path, storage_name,
					       flist->fuser->probe_flags,
					       &reason, &op, &is_dir);
			junk = state == MBA_STATE_NOT_MAILBOX && !is_dir;
		}
	} T_END;
	return junk;
}

bool filter_name_look(struct filter_list *flist, const struct filter_name *name,
		      const char *storage_name)
{
	enum mba_dir dir = filter_name_get_dir(flist, name);
	enum mba_match match = filter_name_match_rules(flist, name, dir);

	if (match == MBA_MATCH_UNDECIDED) {
		dir = filter_path_is_dir(flist, storage_name) ?
			MBA_DIR_YES : MBA_DIR_NO;
		match = filter_name_match_rules(flist, name, dir);
	}
	return match == MBA_MATCH_HIDDEN ||
		(filter_name_may_be_junk(flist, name, dir) &&
		 filter_path_is_junk(flist, storage_name));
}

/* Names of the disk outside of the mail root (mail_full_filesystem_access),
   and the root itself, have nothing to do with rules. */
static bool
filter_name_is_outside(struct filter_list *flist, const char *storage_name)
{
	if (*storage_name == '\0')
		return TRUE;
	return (*storage_name == '/' || *storage_name == '~') &&
		flist->list->mail_set->mail_full_filesystem_access;
}

bool filter_name_is_hidden(struct filter_list *flist, const char *storage_name,
			   enum mba_dir dir)
{
	struct filter_name name = { .dir = dir };
	enum mba_match match;
	string_t *levels;
	bool hidden;

	if (filter_name_is_outside(flist, storage_name))
		return FALSE;
	levels = str_new(default_pool, 128);
	filter_levels_append_name(flist, levels, storage_name);
	name.levels = str_c(levels);
	name.len = str_len(levels);
	match = filter_name_match(flist, &name);
	hidden = match == MBA_MATCH_HIDDEN ||
		(match == MBA_MATCH_UNDECIDED &&
		 filter_name_look(flist, &name, storage_name));
	str_free(&levels);
	return hidden;
}

size_t filter_name_get_topmost(struct filter_list *flist,
			       const struct filter_name *name)
{
	const char *end;
	size_t len;

	if (mba_rules_match(flist->fuser->rules, name->levels, name->len, 0,
			    name->dir, &len, NULL) != MBA_MATCH_HIDDEN)
		return name->len;
	/* a hidden level stays visible if the configuration names it or what
	   is below it */
	while (len < name->len &&
	       filter_configured_has(flist, name->levels, len)) {
		end = memchr(name->levels + len + 1, '\0',
			     name->len - len - 1);
		len = end == NULL ? name->len : (size_t)(end - name->levels);
	}
	return len;
}

const struct mba_rule *
filter_name_get_rule(struct filter_list *flist, const char *levels, size_t len)
{
	const struct mba_rule *rule;

	if (mba_rules_match(flist->fuser->rules, levels, len, 0, MBA_DIR_YES,
			    NULL, &rule) != MBA_MATCH_HIDDEN)
		return NULL;
	return rule;
}
