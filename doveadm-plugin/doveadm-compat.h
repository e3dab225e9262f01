/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef DOVEADM_COMPAT_H
#define DOVEADM_COMPAT_H

/* What differs between the Dovecot versions for doveadm mailbox-audit. Include
   after doveadm-mail.h, mailbox-list-private.h and mailbox-audit.h. */

#include "path-util.h"

/* A user, for variables. */
struct doveadm_name {
	const char *name, *home;
};

/* INDEX, INDEXPVT, INDEXCACHE */
#define DOVEADM_TEMPLATE_ROOTS 3
/* of others', and of what the user shares */
#define DOVEADM_TEMPLATE_LOCATIONS (2 * DOVEADM_TEMPLATE_ROOTS)

/* Where a template's namespaces have their mails, and whatever of their
   indexes may stand elsewhere; NULL for what isn't set. */
struct doveadm_template {
	const char *mail;
	const char *roots[DOVEADM_TEMPLATE_ROOTS];
};

#if MBA_DOVECOT_VERSION >= 20400
#  include "settings.h"
#  include "var-expand.h"
#  include "mail-namespace.h"
#  include "mail-storage-settings.h"

#  define DOVEADM_CMD_INIT_ARGS struct doveadm_mail_cmd_context *_ctx
#  define DOVEADM_CMD_INIT_PASS _ctx
/* options are asked for by name */
#  define doveadm_cmd_set_options(ctx, letters)

/* Returns whether the name before a server's rows is the client's affair. */
static inline bool
doveadm_client_prints_user(const struct doveadm_cmd_context *cctx)
{
	return cctx->conn_type == DOVEADM_CONNECTION_TYPE_TCP;
}

/* Let a server know that a command for one user is one of many: it isn't sent
   -A and -F, only -u. */
static inline void
doveadm_server_is_for_many(struct doveadm_mail_cmd_context *ctx)
{
	struct doveadm_cmd_context *cctx = ctx->cctx;
	struct doveadm_cmd_param *argv =
		p_memdup(ctx->pool, cctx->argv, sizeof(*argv) * cctx->argc);

	for (int i = 0; i < cctx->argc; i++) {
		if (strcmp(argv[i].name, "user") == 0 && !argv[i].value_set) {
			argv[i].value.v_string = "*";
			argv[i].value_set = TRUE;
		}
	}
	cctx->argv = argv;
}

/* Set what the list's settings say of paths and names. */
static inline void
location_get_settings(struct mailbox_list *list, struct mba_location *dest)
{
	const struct mail_storage_settings *set = list->mail_set;

	dest->mail_root = set->mail_path[0] == '\0' ? NULL : set->mail_path;
	dest->index_root = set->mail_index_path[0] == '\0' ? NULL :
		strcmp(set->mail_index_path, MAIL_INDEX_PATH_MEMORY) == 0 ? "" :
		set->mail_index_path;
	dest->control_root = set->mail_control_path[0] == '\0' ? NULL :
		set->mail_control_path;
	dest->inbox_path = set->mail_inbox_path;
	dest->dirname = set->mailbox_directory_name;
	dest->mailbox_dir = set->mailbox_root_directory_name;
	dest->subscriptions = set->mailbox_subscriptions_filename;
	dest->list_index = set->mailbox_list_index_prefix;
	dest->storage_escape_char = set->mailbox_list_storage_escape_char[0];
	dest->vname_escape_char = set->mailbox_list_visible_escape_char[0];
	dest->dirname_in_index = !set->mailbox_directory_name_legacy;
	dest->utf8 = set->mailbox_list_utf8;
	dest->iter_index = set->mailbox_list_iter_from_index_dir;
	dest->full_access = set->mail_full_filesystem_access;
	dest->inbox_is_prefix = list->ns->type == MAIL_NAMESPACE_TYPE_SHARED &&
		!set->mail_shared_explicit_inbox;
}

static inline bool list_uses_flock(const struct mailbox_list *list)
{
	return list->mail_set->parsed_lock_method == FILE_LOCK_METHOD_FLOCK;
}

/* Returns a copy of a setting, NULL if it isn't set. */
static inline const char *template_path(const char *path)
{
	return path[0] == '\0' ? NULL : t_strdup(path);
}

/* Expand a template by the names of the owner and of the user whom he shares
   mailboxes with. Returns 0 if ok, -1 if it can't be expanded. */
static inline int
template_expand(struct mail_namespace *ns, const struct doveadm_name *owner,
		const struct doveadm_name *user,
		struct doveadm_template *template_r, const char **error_r)
{
	const struct var_expand_table table[] = {
		{ .key = "owner_user", .value = owner->name },
		{ .key = "owner_home", .value = owner->home },
		{ .key = "user", .value = user->name },
		{ .key = "home", .value = user->home },
		VAR_EXPAND_TABLE_END
	};
	const struct var_expand_params params = {
		.table = table, .event = ns->user->event,
	};
	struct event *event = event_create(ns->user->event);
	struct mail_storage_settings *set;
	int ret;

	event_add_str(event, SETTINGS_EVENT_NAMESPACE_NAME, ns->set->name);
	event_set_ptr(event, SETTINGS_EVENT_VAR_EXPAND_PARAMS,
		      (void *)&params);
	settings_event_add_list_filter_name(event,
		SETTINGS_EVENT_NAMESPACE_NAME, ns->set->name);
	ret = settings_get(event, &mail_storage_setting_parser_info, 0, &set,
			   error_r);
	if (ret == 0) {
		template_r->mail = template_path(set->mail_path);
		template_r->roots[0] = template_path(set->mail_index_path);
		template_r->roots[1] =
			template_path(set->mail_index_private_path);
		template_r->roots[2] = template_path(set->mail_cache_path);
		settings_free(set);
	}
	event_unref(&event);
	return ret;
}

/* Returns a directory for volatile files, NULL or "" if there is none. */
static inline const char *location_get_volatile_dir(struct mailbox_list *list)
{
	return list->mail_set->mail_volatile_path;
}

/* What doveadm has before it becomes a user of several. */
struct doveadm_privileges {
	uid_t uid;
	const char *cwd;
};

static inline int
doveadm_privileges_save(struct doveadm_privileges *privileges_r,
			const char **error_r)
{
	privileges_r->uid = geteuid();
	return t_get_working_dir(&privileges_r->cwd, error_r);
}

static inline void
doveadm_privileges_restore(const struct doveadm_privileges *privileges,
			   struct doveadm_mail_cmd_context *ctx)
{
	mail_storage_service_restore_privileges(privileges->uid,
						privileges->cwd,
						ctx->cctx->event);
}

#else
#  include "str.h"
#  include "settings-parser.h"
#  include "var-expand.h"
#  include "mail-namespace.h"
#  include "mail-storage-settings.h"
#  include "mail-user.h"

#  define DOVEADM_CMD_INIT_ARGS \
	struct doveadm_mail_cmd_context *_ctx, \
	const char *const args[] ATTR_UNUSED
#  define DOVEADM_CMD_INIT_PASS _ctx, args

/* doveadm knows an option of a mail command only if it is taken here, but its
   value can be asked for by name all the same. */
static inline bool
doveadm_cmd_take_option(struct doveadm_mail_cmd_context *ctx ATTR_UNUSED,
			int c ATTR_UNUSED)
{
	return TRUE;
}

static inline bool
doveadm_client_prints_user(const struct doveadm_cmd_context *cctx ATTR_UNUSED)
{
	return FALSE;
}

/* it is sent all options */
static inline void
doveadm_server_is_for_many(struct doveadm_mail_cmd_context *ctx ATTR_UNUSED)
{
}

static inline void
doveadm_cmd_set_options(struct doveadm_mail_cmd_context *ctx,
			const char *letters)
{
	ctx->getopt_args = letters;
	ctx->v.parse_arg = doveadm_cmd_take_option;
}

static inline void
location_get_settings(struct mailbox_list *list, struct mba_location *dest)
{
	const struct mailbox_list_settings *set = &list->set;

	dest->mail_root = set->root_dir;
	dest->index_root = set->index_dir;
	dest->control_root = set->control_dir;
	dest->inbox_path = set->inbox_path == NULL ? "" : set->inbox_path;
	dest->dirname = set->maildir_name;
	dest->mailbox_dir = set->mailbox_dir_name;
	dest->subscriptions = set->subscription_fname;
	dest->list_index = set->list_index_dir == NULL ?
		set->list_index_fname :
		t_strconcat(set->list_index_dir, "/", set->list_index_fname,
			    NULL);
#if MBA_DOVECOT_VERSION >= 20314
	dest->storage_escape_char = set->storage_name_escape_char;
	dest->vname_escape_char = set->vname_escape_char;
#else
	dest->storage_escape_char = set->escape_char;
	dest->vname_escape_char = set->broken_char;
#endif
	dest->dirname_in_index = set->index_control_use_maildir_name;
	dest->utf8 = set->utf8;
	dest->iter_index = set->iter_from_index_dir;
	dest->full_access = list->mail_set->mail_full_filesystem_access;
	dest->inbox_is_prefix = list->ns->type == MAIL_NAMESPACE_TYPE_SHARED &&
		!list->ns->mail_set->mail_shared_explicit_inbox;
}

static inline bool list_uses_flock(const struct mailbox_list *list)
{
	return list->ns->mail_set->parsed_lock_method ==
		FILE_LOCK_METHOD_FLOCK;
}

/* Returns a table for a name, with its own parts. */
static inline const struct var_expand_table *
template_table(const struct doveadm_name *name)
{
	const struct var_expand_table table[] = {
		{ 'u', name->name, "user" },
		{ 'n', t_strcut(name->name, '@'), "username" },
		{ 'd', i_strchr_to_next(name->name, '@'), "domain" },
		{ 'h', name->home, "home" },
		{ '\0', NULL, NULL }
	};

	return p_memdup(pool_datastack_create(), table, sizeof(table));
}

/* Expand a template's variables of the user, which the configuration has with
   one %; those of the owner have two. */
static inline int
template_expand_user(struct mail_namespace *ns, const struct doveadm_name *user,
		     string_t *dest, const char **error_r)
{
	const char *location = ns->unexpanded_set->location;

	if (location[0] == SETTING_STRVAR_EXPANDED[0]) {
		/* the userdb has it: it is this user's alone */
		str_append(dest, ns->set->location);
		return 1;
	}
	return var_expand_with_funcs(dest, location + 1,
		t_var_expand_merge_tables(
			template_table(user),
			mail_user_var_expand_table(ns->user)),
		mail_user_var_expand_func_table, ns->user, error_r);
}

/* Returns the path of a key, NULL if the location doesn't have it. */
static inline const char *
template_path(const char *location, const char *key)
{
	const char *path = strstr(location, key);

	return path == NULL ? NULL : t_strcut(path + strlen(key), ':');
}

static inline int
template_expand(struct mail_namespace *ns, const struct doveadm_name *owner,
		const struct doveadm_name *user,
		struct doveadm_template *template_r, const char **error_r)
{
	static const char *const keys[DOVEADM_TEMPLATE_ROOTS] = {
		":INDEX=", ":INDEXPVT=", ":INDEXCACHE="
	};
	string_t *location = t_str_new(128), *str = t_str_new(128);
	const char *path;

	if (template_expand_user(ns, user, location, error_r) <= 0 ||
	    var_expand(str, str_c(location), template_table(owner),
		       error_r) <= 0)
		return -1;
	path = i_strchr_to_next(str_c(str), ':');
	template_r->mail = path == NULL || path[0] == '\0' ||
		path[0] == ':' ? NULL : t_strcut(path, ':');
	for (unsigned int i = 0; i < DOVEADM_TEMPLATE_ROOTS; i++)
		template_r->roots[i] = template_path(str_c(str), keys[i]);
	return 0;
}

static inline const char *location_get_volatile_dir(struct mailbox_list *list)
{
	return list->set.volatile_dir;
}

/* The next user's lookup restores them. */
struct doveadm_privileges {
	char unused;
};

static inline int
doveadm_privileges_save(struct doveadm_privileges *privileges_r ATTR_UNUSED,
			const char **error_r ATTR_UNUSED)
{
	return 0;
}

static inline void
doveadm_privileges_restore(const struct doveadm_privileges *privileges
			   ATTR_UNUSED,
			   struct doveadm_mail_cmd_context *ctx ATTR_UNUSED)
{
}
#endif

#endif
