/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* doveadm mailbox-audit: its command line and its output's form. The map:

   doveadm-mailbox-audit-plugin.c  registers the command
   doveadm-mailbox-audit.c         options, columns
   doveadm-audit-run.c             audits one user
   doveadm-location.c              where a namespace's mails and indexes are
   doveadm-audit-users.c           users that doveadm passes over
   doveadm-print-fix.c             a printer of doveadm's that crashes */

#include "lib.h"
#include "str-sanitize.h"
#include "doveadm-print.h"
#include "mailbox-list-private.h"
#include "doveadm-mailbox-audit.h"
#include "doveadm-compat.h"
#include "doveadm-mailbox-audit-plugin.h"

#include <stdlib.h>
#include <sysexits.h>

static void cmd_mailbox_audit_init(DOVEADM_CMD_INIT_ARGS)
{
	struct mailbox_audit_cmd_context *ctx =
		container_of(_ctx, struct mailbox_audit_cmd_context, ctx);
	enum mba_table table = ctx->entries ? MBA_TABLE_ENTRIES :
		MBA_TABLE_SUMMARY;
	const struct mba_column *column;

	if (ctx->json) {
		doveadm_print_header_simple("report");
		return;
	}
	for (unsigned int i = 0; (column = mba_column(table, i)) != NULL; i++) {
		doveadm_print_header(column->key, column->title,
			column->number ?
			DOVEADM_PRINT_HEADER_FLAG_RIGHT_JUSTIFY |
			DOVEADM_PRINT_HEADER_FLAG_NUMBER : 0);
	}
}

static bool audit_flag(const struct doveadm_cmd_context *cctx, const char *name)
{
	bool value;

	return doveadm_cmd_param_bool(cctx, name, &value) && value;
}

/* Returns NULL if it isn't given; over HTTP also null can be. */
static const char *
audit_string(const struct doveadm_cmd_context *cctx, const char *name)
{
	const char *value;

	return doveadm_cmd_param_str(cctx, name, &value) ? value : NULL;
}

/* Refuse the command line: it ends doveadm, but in a server the users are
   refused one by one. */
static void audit_refuse(struct mailbox_audit_cmd_context *ctx, int status,
			 const char *error)
{
	error = str_sanitize_utf8(error, MAX_ERROR_LEN);
	ctx->refused = p_strconcat(ctx->ctx.pool, "mailbox-audit: ", error,
				   NULL);
	ctx->refused_status = status;
	if (ctx->ctx.cctx->conn_type != DOVEADM_CONNECTION_TYPE_CLI)
		return;
	if (status != EX_USAGE)
		i_fatal_status(status, "%s", ctx->refused);
	i_error("%s", ctx->refused);
	doveadm_mail_help_name(ctx->ctx.cmd->name);
}

/* Rules to try in place of each user's own, in the order that the settings of
   mailbox_filter have. The file is read where the audit runs. */
static void audit_try_rules(struct mailbox_audit_cmd_context *ctx)
{
	const struct doveadm_cmd_context *cctx = ctx->ctx.cctx;
	const char *words = audit_string(cctx, "rule");
	const char *path = audit_string(cctx, "rules");
	char *error;

	if (words == NULL && path == NULL)
		return;
	ctx->rules = mba_rules_new();
	if ((path != NULL && doveadm_audit_is_local(&ctx->ctx) &&
	     mba_rules_add_file(ctx->rules, path, &error) < 0) ||
	    (words != NULL && mba_rules_add_words(ctx->rules, words, "--rule",
					      &error) < 0)) {
		audit_refuse(ctx, EX_CONFIG, error);
		free(error);
	}
}

/* JSON lines are printed as they are, unless a server passes them on. */
static void audit_print_init_json(struct mailbox_audit_cmd_context *ctx)
{
	if (!ctx->print_forced) {
		doveadm_print_deinit();
		doveadm_print_init(DOVEADM_PRINT_TYPE_FORMATTED);
		doveadm_print_formatted_set_format("%{report}\n");
	} else if (ctx->ctx.cctx->conn_type == DOVEADM_CONNECTION_TYPE_CLI) {
		audit_refuse(ctx, EX_USAGE, "--json is a format of its own, "
			     "it doesn't go with doveadm -f");
	}
}

static void cmd_mailbox_audit_preinit(struct doveadm_mail_cmd_context *_ctx)
{
	struct mailbox_audit_cmd_context *ctx =
		container_of(_ctx, struct mailbox_audit_cmd_context, ctx);
	const struct doveadm_cmd_context *cctx = _ctx->cctx;
	const char *states;
	char *error;

	doveadm_audit_users_init(ctx);
	ctx->entries = audit_flag(cctx, "entries");
	ctx->json = audit_flag(cctx, "json");
	ctx->set.hidden = audit_flag(cctx, "hidden");
	ctx->set.visible = audit_flag(cctx, "visible");
	ctx->namespace_prefix = audit_string(cctx, "namespace");
	states = audit_string(cctx, "state");
	if (states != NULL &&
	    mba_states_parse(states, &ctx->set.states, &error) < 0) {
		audit_refuse(ctx, EX_USAGE, error);
		free(error);
	}
	if (ctx->set.hidden && ctx->set.visible) {
		audit_refuse(ctx, EX_USAGE, "--hidden and --visible are "
			     "mutually exclusive");
	}
	audit_try_rules(ctx);
	if (ctx->entries)
		ctx->set.entry = doveadm_audit_entry;
	if (ctx->json)
		audit_print_init_json(ctx);
}

static void cmd_mailbox_audit_deinit(struct doveadm_mail_cmd_context *_ctx)
{
	struct mailbox_audit_cmd_context *ctx =
		container_of(_ctx, struct mailbox_audit_cmd_context, ctx);

	doveadm_audit_users_deinit(ctx);
	mba_rules_free(&ctx->rules);
}

static struct doveadm_mail_cmd_context *cmd_mailbox_audit_alloc(void)
{
	struct mailbox_audit_cmd_context *ctx;

	ctx = doveadm_mail_cmd_alloc(struct mailbox_audit_cmd_context);
	ctx->set.error = doveadm_audit_error;
	ctx->set.context = ctx;
	doveadm_cmd_set_options(&ctx->ctx, "es:HVN:r:R:j");
	ctx->ctx.v.preinit = cmd_mailbox_audit_preinit;
	ctx->ctx.v.init = cmd_mailbox_audit_init;
	ctx->ctx.v.deinit = cmd_mailbox_audit_deinit;
	ctx->ctx.v.run = doveadm_audit_run;
	ctx->print_forced = doveadm_print_is_initialized();
	doveadm_print_init(DOVEADM_PRINT_TYPE_TABLE);
	return &ctx->ctx;
}

struct doveadm_cmd_ver2 doveadm_cmd_mailbox_audit = {
	.name = "mailbox-audit",
	.mail_cmd = cmd_mailbox_audit_alloc,
	.usage = DOVEADM_CMD_MAIL_USAGE_PREFIX
		"[-e|--entries] [-s|--state <list>] [-H|--hidden] "
		"[-V|--visible] [-N|--namespace <prefix>] [-r|--rule <words>] "
		"[-R|--rules <file>] [-j|--json]",
DOVEADM_CMD_PARAMS_START
DOVEADM_CMD_MAIL_COMMON
DOVEADM_CMD_PARAM('e', "entries", CMD_PARAM_BOOL, 0)
DOVEADM_CMD_PARAM('s', "state", CMD_PARAM_STR, 0)
DOVEADM_CMD_PARAM('H', "hidden", CMD_PARAM_BOOL, 0)
DOVEADM_CMD_PARAM('V', "visible", CMD_PARAM_BOOL, 0)
DOVEADM_CMD_PARAM('N', "namespace", CMD_PARAM_STR, 0)
DOVEADM_CMD_PARAM('r', "rule", CMD_PARAM_STR, 0)
DOVEADM_CMD_PARAM('R', "rules", CMD_PARAM_STR, 0)
DOVEADM_CMD_PARAM('j', "json", CMD_PARAM_BOOL, 0)
DOVEADM_CMD_PARAMS_END
};
