/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* What the index files of mailboxes hold, by the mailboxes' names. The mailbox
   isn't opened, which could change its index, nor looked for: also what a
   mailbox that is gone left behind can be inspected. */

#include "lib.h"
#include "unichar.h"
#include "mail-transaction-log.h"
#include "mail-namespace.h"
#include "mail-user.h"
#include "mail-storage-private.h"
#include "mailbox-list-private.h"
#include "mailbox-list-index.h"
#include "doveadm-print.h"
#include "doveadm-mailbox-audit.h"
#include "doveadm-compat.h"
#include "doveadm-mailbox-audit-plugin.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <sysexits.h>

/* The first failure is what doveadm ends with. */
static void
inspect_set_failed(struct mailbox_audit_cmd_context *ctx, int exit_code)
{
	if (ctx->ctx.exit_code == 0)
		ctx->ctx.exit_code = exit_code;
}

static void inspect_user_failed(struct mailbox_audit_cmd_context *ctx,
				const char *username ATTR_UNUSED,
				const char *reason ATTR_UNUSED, int exit_code)
{
	/* it was logged */
	inspect_set_failed(ctx, exit_code);
}

static void inspect_mailbox_failed(struct mailbox_audit_cmd_context *ctx,
				   const char *vname, const char *reason)
{
	char *name = mba_escape(vname);

	e_error(ctx->ctx.cur_mail_user->event,
		"Mailbox \"%s\" can't be inspected: %s", name, reason);
	free(name);
	inspect_set_failed(ctx, DOVEADM_EX_NOTFOUND);
}

/* Where the list index alone knows the paths, Dovecot would make one to look
   into. Returns 0 if none has to be made, -1 if one is missing. */
static int
inspect_check_list(struct mailbox_list *list, const char **error_r)
{
	const struct mailbox_list_index *ilist = INDEX_LIST_CONTEXT(list);
	const char *path;
	struct stat st;

	if (ilist == NULL || ilist->has_backing_store)
		return 0;
	path = t_strconcat(ilist->path, MAIL_TRANSACTION_LOG_SUFFIX, NULL);
	if (stat(path, &st) == 0)
		return 0;
	*error_r = t_strdup_printf("stat(%s) failed: %m", path);
	return -1;
}

/* Returns the storage name of a mailbox, whose name Dovecot may normalize. */
static const char *
inspect_get_storage_name(struct mailbox_list *list, const char *vname)
{
	struct mailbox *box = mailbox_alloc(list, vname, 0);
	const char *name = t_strdup(box->name);

	mailbox_free(&box);
	return name;
}

/* Returns 0 if ok, -1 if there is no such directory. */
static int inspect_get_path(struct mail_user *user, const char *vname,
			    const char **path_r, const char **error_r)
{
	struct mail_namespace *ns;
	const char *name;
	int ret;

	if (!uni_utf8_str_is_valid(vname)) {
		*error_r = "Name isn't valid UTF-8";
		return -1;
	}
	ns = mail_namespace_find(user->namespaces, vname);
	if (!doveadm_namespace_has_location(ns)) {
		*error_r = "No namespace has it";
		return -1;
	}
	name = inspect_get_storage_name(ns->list, vname);
	if (!mailbox_list_is_valid_name(ns->list, name, error_r) ||
	    inspect_check_list(ns->list, error_r) < 0)
		return -1;
	ret = mailbox_list_get_path(ns->list, name,
				    MAILBOX_LIST_PATH_TYPE_INDEX, path_r);
	if (ret < 0)
		*error_r = mailbox_list_get_last_internal_error(ns->list, NULL);
	else if (ret == 0)
		*error_r = "Its index is in memory only";
	else
		*path_r = doveadm_path_from_home(user, *path_r);
	return ret > 0 ? 0 : -1;
}

/* context says whether an empty line comes before this one. */
static void inspect_print_line(const char *line, void *context)
{
	bool *apart = context;

	if (*apart)
		doveadm_print("");
	*apart = FALSE;
	doveadm_print(line);
}

static void inspect_mailbox(struct mailbox_audit_cmd_context *ctx,
			    struct mail_user *user, const char *vname,
			    bool *apart)
{
	const struct mba_inspect_settings set = { .json = ctx->json };
	const char *path, *reason;
	char *error;
	int ret;

	if (inspect_get_path(user, vname, &path, &reason) < 0) {
		inspect_mailbox_failed(ctx, vname, reason);
		return;
	}
	ret = mba_inspect(path, &set, inspect_print_line, apart, &error);
	if (ret < 0) {
		inspect_mailbox_failed(ctx, vname, error);
		free(error);
		return;
	}
	*apart = !ctx->json;
	if (ret > 0 && (!ctx->json || ctx->ctx.cctx->conn_type !=
			       DOVEADM_CONNECTION_TYPE_HTTP)) {
		/* the HTTP API would drop the lines that tell of it */
		inspect_set_failed(ctx, DOVEADM_EX_NOTPOSSIBLE);
	}
}

static int inspect_run(struct doveadm_mail_cmd_context *_ctx,
		       struct mail_user *user)
{
	struct mailbox_audit_cmd_context *ctx =
		container_of(_ctx, struct mailbox_audit_cmd_context, ctx);
	const char *const *names;
	bool apart = FALSE;

	i_free(ctx->pending_user);
	if (!doveadm_cmd_param_array(_ctx->cctx, "mailbox", &names))
		i_unreached();
	for (unsigned int i = 0; names[i] != NULL; i++) T_BEGIN {
		inspect_mailbox(ctx, user, names[i], &apart);
	} T_END;
	return _ctx->exit_code == 0 ? 0 : -1;
}

static void inspect_init(DOVEADM_CMD_INIT_ARGS)
{
	(void)_ctx;
	doveadm_print_header_simple("report");
}

static void inspect_preinit(struct doveadm_mail_cmd_context *_ctx)
{
	struct mailbox_audit_cmd_context *ctx =
		container_of(_ctx, struct mailbox_audit_cmd_context, ctx);
	const char *const *names;

	doveadm_audit_users_init(ctx);
	ctx->json = doveadm_audit_flag(_ctx->cctx, "json");
	doveadm_audit_print_lines(ctx);
	if (!doveadm_cmd_param_array(_ctx->cctx, "mailbox", &names) ||
	    names[0] == NULL)
		doveadm_audit_refuse(ctx, EX_USAGE, "No mailbox is given");
	if (_ctx->cctx->conn_type == DOVEADM_CONNECTION_TYPE_CLI)
		doveadm_printers_init(NULL, 0);
}

static struct doveadm_mail_cmd_context *cmd_mailbox_inspect_alloc(void)
{
	struct doveadm_mail_cmd_context *_ctx =
		doveadm_audit_alloc(inspect_preinit, "j");
	struct mailbox_audit_cmd_context *ctx =
		container_of(_ctx, struct mailbox_audit_cmd_context, ctx);

	ctx->user_failed = inspect_user_failed;
	_ctx->v.init = inspect_init;
	_ctx->v.run = inspect_run;
	return _ctx;
}

struct doveadm_cmd_ver2 doveadm_cmd_mailbox_inspect = {
	.name = "mailbox-audit inspect",
	.mail_cmd = cmd_mailbox_inspect_alloc,
	.usage = DOVEADM_CMD_MAIL_USAGE_PREFIX
		"[-j|--json] <mailbox> [...]",
DOVEADM_CMD_PARAMS_START
DOVEADM_CMD_MAIL_COMMON
DOVEADM_CMD_PARAM('j', "json", CMD_PARAM_BOOL, 0)
DOVEADM_CMD_PARAM('\0', "mailbox", CMD_PARAM_ARRAY, CMD_PARAM_FLAG_POSITIONAL)
DOVEADM_CMD_PARAMS_END
};
