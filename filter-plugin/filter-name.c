#include "lib.h"
#include "array.h"
#include "str.h"
#include "mail-namespace.h"
#include "dovecot-list-compat.h"
#include "mailbox-audit.h"
#include "filter-client.h"
#include "filter-name.h"
#include "filter-user.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

void filter_name_init_configured(struct filter_list *flist)
{
	const struct mail_namespace *ns = flist->list->ns;
	const struct mailbox_settings *set;

	p_array_init(&flist->configured, flist->list->pool, 8);
	for (unsigned int i = 0; i < namespace_mailboxes_count(ns); i++) {
		set = array_idx_elem(NAMESPACE_MAILBOXES(ns), i);
		/* a name with wildcards is for many, and makes none */
		if (mailbox_settings_want_mailbox(set) &&
		    strpbrk(set->name, "*?") == NULL)
			array_push_back(&flist->configured, &set->name);
	}
}

void filter_name_init_plain(struct filter_list *flist)
{
	struct mailbox_list *list = flist->list;
	/* '&' begins mUTF-7, a '~' at the beginning may be escaped */
	const char others[] = {
		'&', '~', mailbox_list_get_hierarchy_sep(list), flist->sep,
		list_storage_escape_char(list), list_vname_escape_char(list),
	};

	for (unsigned char c = 0x20; c < 0x7f; c++)
		flist->plain[c] = memchr(others, c, sizeof(others)) == NULL;
}

static const char *
filter_name_strip(struct filter_list *flist, const char *vname)
{
	const struct mail_namespace *ns = flist->list->ns;

	if (strncmp(vname, ns->prefix, ns->prefix_len) == 0)
		return vname + ns->prefix_len;
	return vname;
}

const char *
filter_name_get(struct filter_list *flist, const char *storage_name)
{
	return filter_name_strip(flist, mailbox_list_get_vname(flist->list,
							       storage_name));
}

/* INBOX of a shared namespace has another name, and all that is below. */
static bool filter_name_may_be_inbox(const string_t *parent,
				     const char *component)
{
	const char inbox[] = "INBOX";

	if (str_len(parent) == 0)
		return strncmp(component, inbox, strlen(inbox)) == 0;
	return str_len(parent) >= strlen(inbox) &&
		memcmp(str_data(parent), inbox, strlen(inbox)) == 0;
}

/* Returns TRUE if a component is the same in storage names and in clients'. */
static bool filter_name_is_plain(struct filter_list *flist,
				 const string_t *storage_parent,
				 const char *component, size_t *len_r)
{
	const unsigned char *end = (const unsigned char *)component;

	while (flist->plain[*end])
		end++;
	*len_r = end - (const unsigned char *)component;
	return *end == '\0' &&
		!filter_name_may_be_inbox(storage_parent, component);
}

/* Dovecot makes names of clients component by component. All names are made
   here, so the usual ones are made without it. */
bool filter_name_append_plain(struct filter_list *flist, string_t *storage_name,
			      string_t *name, const char *component)
{
	size_t len;

	if (!filter_name_is_plain(flist, storage_name, component, &len))
		return FALSE;

	if (str_len(storage_name) > 0) {
		str_append_c(storage_name,
			     mailbox_list_get_hierarchy_sep(flist->list));
	}
	if (str_len(name) > 0)
		str_append_c(name, flist->sep);
	str_append_data(storage_name, component, len);
	str_append_data(name, component, len);
	return TRUE;
}

void filter_name_append(struct filter_list *flist, string_t *storage_name,
			string_t *name, const char *component)
{
	if (filter_name_append_plain(flist, storage_name, name, component))
		return;
	if (str_len(storage_name) > 0) {
		str_append_c(storage_name,
			     mailbox_list_get_hierarchy_sep(flist->list));
	}
	str_append(storage_name, component);
	str_truncate(name, 0);
	T_BEGIN {
		str_append(name, filter_name_get(flist, str_c(storage_name)));
	} T_END;
}

/* Returns whether it's a mailbox of the configuration, or a parent of one. */
static bool filter_name_is_configured(struct filter_list *flist,
				      const char *name, size_t len)
{
	const char *configured;

	array_foreach_elem(&flist->configured, configured) {
		if (strncmp(configured, name, len) == 0 &&
		    (configured[len] == '\0' || configured[len] == flist->sep))
			return TRUE;
	}
	return FALSE;
}

/* Returns whether rules hide a name. The mailboxes that the configuration names
   and their parents stay visible, but not what is beside or below them. */
static enum mba_match
filter_name_match(struct filter_list *flist, const char *name,
		  size_t visible_len, enum mba_dir dir)
{
	size_t len = strlen(name);
	enum mba_match match;

	if (filter_name_is_configured(flist, name, visible_len)) {
		/* it's visible, but a rule may have met it */
		visible_len = 0;
	}
	T_BEGIN {
		char *levels = t_strdup_noconst(name);

		for (size_t i = 0; i < len; i++) {
			if (levels[i] == flist->sep)
				levels[i] = '\0';
		}
		match = mba_rules_match(flist->fuser->rules, levels, len,
					visible_len, dir, NULL, NULL);
	} T_END;
	return match != MBA_MATCH_VISIBLE &&
		filter_name_is_configured(flist, name, len) ?
		MBA_MATCH_VISIBLE : match;
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

/* Returns whether rules hide a name. */
static bool
filter_name_is_ruled(struct filter_list *flist, const char *storage_name,
		     const char *name, size_t visible_len, enum mba_dir dir)
{
	switch (filter_name_match(flist, name, visible_len, dir)) {
	case MBA_MATCH_VISIBLE:
		return FALSE;
	case MBA_MATCH_HIDDEN:
		return TRUE;
	case MBA_MATCH_UNDECIDED:
		break;
	}
	dir = filter_path_is_dir(flist, storage_name) ?
		MBA_DIR_YES : MBA_DIR_NO;
	return filter_name_match(flist, name, visible_len, dir) ==
		MBA_MATCH_HIDDEN;
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

/* Returns whether it's a file that isn't a mailbox, and these are hidden. */
static bool
filter_name_is_junk(struct filter_list *flist, const char *storage_name,
		    const char *name, enum mba_dir dir)
{
	return flist->fuser->non_mailboxes && flist->mailbox_files &&
		dir != MBA_DIR_YES && strcasecmp(name, "INBOX") != 0 &&
		!filter_name_is_configured(flist, name, strlen(name)) &&
		filter_path_is_junk(flist, storage_name);
}

bool filter_name_is_hidden(struct filter_list *flist, const char *storage_name,
			   const char *name, size_t visible_len,
			   enum mba_dir dir)
{
	if (filter_name_is_outside(flist, storage_name))
		return FALSE;
	if (strlen(name) <= visible_len || name[visible_len] != flist->sep)
		visible_len = 0;
	if (!flist->mailbox_files)
		dir = MBA_DIR_YES;
	return filter_name_is_ruled(flist, storage_name, name, visible_len,
				    dir) ||
		filter_name_is_junk(flist, storage_name, name, dir);
}

const char *filter_name_topmost(struct filter_list *flist, const char *name)
{
	const char *p, *topmost;

	for (p = strchr(name, flist->sep); p != NULL;
	     p = strchr(p + 1, flist->sep)) {
		topmost = t_strdup_until(name, p);
		if (filter_name_match(flist, topmost, 0, MBA_DIR_YES) ==
		    MBA_MATCH_HIDDEN)
			return topmost;
	}
	return name;
}

/* Returns whether all that the pattern may match in this namespace is hidden:
   the part of it before its first wildcard is below a hidden name. */
static bool filter_pattern_is_hidden(struct filter_list *flist,
				     const char *pattern)
{
	const char *name = filter_name_strip(flist, pattern);
	const char *end;

	/* the namespace's prefix may match the pattern's wildcards, or INBOX
	   be meant */
	if (name == pattern && flist->list->ns->prefix_len > 0)
		return FALSE;
	if (filter_name_is_outside(flist, name))
		return FALSE;
	end = name + strcspn(name, "*%");
	while (end > name && *end != flist->sep)
		end--;
	return end > name &&
		filter_name_match(flist, t_strdup_until(name, end), 0,
				  MBA_DIR_YES) == MBA_MATCH_HIDDEN;
}

/* Returns a pattern for which there is no name: none is so long on disk. */
static const char *filter_pattern_nothing(void)
{
	char *pattern = t_malloc0(NAME_MAX + 2);

	memset(pattern, '-', NAME_MAX + 1);
	return pattern;
}

const char *const *
filter_name_patterns(struct filter_list *flist, const char *const *patterns)
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
