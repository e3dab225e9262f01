/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef DOVEADM_COMPAT_H
#define DOVEADM_COMPAT_H

/* What differs between the Dovecot versions for doveadm mailbox-audit. Include
   after doveadm-mail.h, mailbox-list-private.h and mailbox-audit.h. */

#include "path-util.h"

#if DOVECOT_PREREQ(2, 4, 0)
#  include "settings.h"
#  include "var-expand.h"
#  include "mail-namespace.h"
#  include "mail-storage-settings.h"

#  define DOVEADM_CMD_INIT_ARGS struct doveadm_mail_cmd_context *_ctx
/* options are asked for by name */
#  define doveadm_cmd_set_options(ctx, letters)

/* Returns whether the name before a server's rows is the client's affair. */
static inline bool
doveadm_client_prints_user(const struct doveadm_cmd_context *cctx)
{
	return cctx->conn_type == DOVEADM_CONNECTION_TYPE_TCP;
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
	dest->storage_escape_char = set->mailbox_list_storage_escape_char[0];
	dest->vname_escape_char = set->mailbox_list_visible_escape_char[0];
	dest->dirname_in_index = !set->mailbox_directory_name_legacy;
	dest->utf8 = set->mailbox_list_utf8;
	dest->iter_index = set->mailbox_list_iter_from_index_dir;
}

static inline bool user_loads_compression(const struct mail_user *user)
{
	const char *name = "mail_compress";

	return array_is_created(&user->set->mail_plugins) &&
		array_lsearch(&user->set->mail_plugins, &name,
			      i_strcmp_p) != NULL;
}

static inline bool list_uses_flock(const struct mailbox_list *list)
{
	return list->mail_set->parsed_lock_method == FILE_LOCK_METHOD_FLOCK;
}

/* Returns where a template's namespaces have their indexes, with a % for what
   depends on the owner, NULL if that is where the mails are. */
static inline const char *template_get_index_root(struct mail_namespace *ns)
{
	static const struct var_expand_table owner[] = {
		{ .key = "owner_user", .value = "%" },
		{ .key = "owner_home", .value = "/%" },
		VAR_EXPAND_TABLE_END
	};
	const struct var_expand_params params = {
		.table = owner, .event = ns->user->event,
	};
	struct event *event = event_create(ns->user->event);
	struct mail_storage_settings *set;
	const char *path = NULL, *error;

	event_add_str(event, SETTINGS_EVENT_NAMESPACE_NAME, ns->set->name);
	event_set_ptr(event, SETTINGS_EVENT_VAR_EXPAND_PARAMS,
		      (void *)&params);
	settings_event_add_list_filter_name(event,
		SETTINGS_EVENT_NAMESPACE_NAME, ns->set->name);
	if (settings_get(event, &mail_storage_setting_parser_info, 0, &set,
			 &error) < 0)
		e_error(ns->user->event, "%s", error);
	else {
		if (set->mail_index_path[0] != '\0')
			path = t_strdup(set->mail_index_path);
		settings_free(set);
	}
	event_unref(&event);
	return path;
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
#  define DOVEADM_CMD_INIT_ARGS \
	struct doveadm_mail_cmd_context *_ctx, \
	const char *const args[] ATTR_UNUSED

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
	dest->storage_escape_char = set->storage_name_escape_char;
	dest->vname_escape_char = set->vname_escape_char;
	dest->dirname_in_index = set->index_control_use_maildir_name;
	dest->utf8 = set->utf8;
	dest->iter_index = set->iter_from_index_dir;
}

static inline bool user_loads_compression(const struct mail_user *user)
{
	return str_array_find(t_strsplit_spaces(user->set->mail_plugins, ", "),
			      "zlib");
}

static inline bool list_uses_flock(const struct mailbox_list *list)
{
	return list->ns->mail_set->parsed_lock_method ==
		FILE_LOCK_METHOD_FLOCK;
}

static inline const char *template_get_index_root(struct mail_namespace *ns)
{
	const char *path = strstr(ns->set->location, ":INDEX=");

	return path == NULL ? NULL : t_strcut(path + strlen(":INDEX="), ':');
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
