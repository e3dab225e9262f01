/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include "lib.h"
#include "ostream.h"
#include "str-sanitize.h"
#include "doveadm-print.h"
#include "mailbox-list-private.h"
#include "doveadm-mailbox-audit.h"
#include "doveadm-compat.h"

#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

/* Totals have the name of the user: where there is only one, doveadm doesn't
   print it. */
static void audit_print_user(struct mailbox_audit_cmd_context *ctx)
{
	const struct doveadm_cmd_context *cctx = ctx->ctx.cctx;

	if (ctx->table != MBA_TABLE_TOTALS ||
	    doveadm_print_get_headers_count() > 0 ||
	    doveadm_client_prints_user(cctx))
		return;
	doveadm_print_header("username", "Username",
			     DOVEADM_PRINT_HEADER_FLAG_STICKY |
			     DOVEADM_PRINT_HEADER_FLAG_HIDE_TITLE);
	doveadm_print_sticky("username", cctx->username);
}

static void audit_command_init(DOVEADM_CMD_INIT_ARGS)
{
	struct mailbox_audit_cmd_context *ctx =
		container_of(_ctx, struct mailbox_audit_cmd_context, ctx);
	const struct mba_column *column;

	if (ctx->json) {
		doveadm_print_header_simple("report");
		return;
	}
	audit_print_user(ctx);
	/* the first one is the user */
	for (unsigned int i = 1;
	     (column = mba_column(&ctx->set, ctx->table, i)) != NULL; i++) {
		doveadm_print_header(column->key, column->key, column->number ?
				     DOVEADM_PRINT_HEADER_FLAG_NUMBER : 0);
	}
}

bool doveadm_audit_flag(const struct doveadm_cmd_context *cctx,
			const char *name)
{
	bool value;

	return doveadm_cmd_param_bool(cctx, name, &value) && value;
}

const char *doveadm_audit_string(const struct doveadm_cmd_context *cctx,
				 const char *name)
{
	const char *value;

	return doveadm_cmd_param_str(cctx, name, &value) ? value : NULL;
}

void doveadm_audit_refuse(struct mailbox_audit_cmd_context *ctx, int status,
			  const char *error)
{
	error = str_sanitize_utf8(error, MAX_ERROR_LEN);
	ctx->refused = p_strconcat(ctx->ctx.pool, ctx->ctx.cmd->name, ": ",
				   error, NULL);
	ctx->refused_status = status;
	if (ctx->ctx.cctx->conn_type != DOVEADM_CONNECTION_TYPE_CLI)
		return;
	if (status != EX_USAGE)
		i_fatal_status(status, "%s", ctx->refused);
	i_error("%s", ctx->refused);
	doveadm_mail_help_name(ctx->ctx.cmd->name);
}

bool doveadm_audit_time(struct mailbox_audit_cmd_context *ctx, const char *name,
			int64_t *seconds_r)
{
	const char *text = doveadm_audit_string(ctx->ctx.cctx, name);
	char *error;

	if (text == NULL)
		return FALSE;
	if (mba_time_parse(text, seconds_r, &error) < 0) {
		doveadm_audit_refuse(ctx, EX_USAGE, error);
		free(error);
	}
	return TRUE;
}

void doveadm_audit_print_lines(struct mailbox_audit_cmd_context *ctx)
{
	if (!ctx->print_forced) {
		doveadm_print_deinit();
		doveadm_print_init(DOVEADM_PRINT_TYPE_FORMATTED);
		doveadm_print_formatted_set_format("%{report}\n");
	} else if (ctx->json && ctx->ctx.cctx->conn_type ==
		   DOVEADM_CONNECTION_TYPE_CLI) {
		doveadm_audit_refuse(ctx, EX_USAGE, "--json is a format of "
			"its own, it doesn't go with doveadm -f");
	}
}

/* doveadm itself doesn't notice that standard output can't be written. Who
   doesn't read on needn't be told. */
static void audit_check_output(struct mailbox_audit_cmd_context *ctx)
{
	int error;

	doveadm_print_flush();
	error = doveadm_print_ostream->stream_errno;
	/* the reason of an earlier write isn't known any more */
	errno = EIO;
	if (error == 0 && (fflush(stdout) != 0 || ferror(stdout) != 0))
		error = errno;
	if (error == 0)
		return;
	if (error != EPIPE)
		i_error("write(stdout) failed: %s", strerror(error));
	ctx->ctx.exit_code = EX_IOERR;
}

void doveadm_audit_deinit(struct doveadm_mail_cmd_context *_ctx)
{
	struct mailbox_audit_cmd_context *ctx =
		container_of(_ctx, struct mailbox_audit_cmd_context, ctx);

	doveadm_audit_check_pending(ctx);
	doveadm_printers_deinit();
	if (_ctx->cctx->conn_type == DOVEADM_CONNECTION_TYPE_CLI)
		audit_check_output(ctx);
	mba_rules_free(&ctx->rules);
}

/* Take the options that say what is printed. */
static void
audit_output_preinit(struct mailbox_audit_cmd_context *ctx, bool entries)
{
	const struct doveadm_cmd_context *cctx = ctx->ctx.cctx;
	bool totals = doveadm_audit_flag(cctx, "totals");

	entries = entries || doveadm_audit_flag(cctx, "entries");
	if (totals && entries) {
		doveadm_audit_refuse(ctx, EX_USAGE, "--totals and --entries, "
			"or what implies it, are mutually exclusive");
	}
	ctx->table = totals ? MBA_TABLE_TOTALS :
		entries ? MBA_TABLE_ENTRIES : MBA_TABLE_SUMMARY;
	if (entries)
		ctx->set.entry = doveadm_audit_entry;
	ctx->json = doveadm_audit_flag(cctx, "json");
	if (ctx->json)
		doveadm_audit_print_lines(ctx);
	if (cctx->conn_type == DOVEADM_CONNECTION_TYPE_CLI)
		doveadm_printers_init(&ctx->set, ctx->table);
}

void doveadm_audit_preinit(struct mailbox_audit_cmd_context *ctx, bool entries)
{
	const struct doveadm_cmd_context *cctx = ctx->ctx.cctx;
	const char *states;
	char *error;

	doveadm_audit_users_init(ctx);
	doveadm_audit_progress_init(ctx);
	ctx->namespace_prefix = doveadm_audit_string(cctx, "namespace");
	states = doveadm_audit_string(cctx, "state");
	if (states != NULL &&
	    mba_states_parse(states, &ctx->set.states, &error) < 0) {
		doveadm_audit_refuse(ctx, EX_USAGE, error);
		free(error);
	}
	audit_output_preinit(ctx, entries);
}

struct doveadm_mail_cmd_context *
doveadm_audit_alloc(void (*preinit)(struct doveadm_mail_cmd_context *ctx),
		    const char *letters ATTR_UNUSED)
{
	struct mailbox_audit_cmd_context *ctx;

	ctx = doveadm_mail_cmd_alloc(struct mailbox_audit_cmd_context);
	ctx->set.error = doveadm_audit_error;
	ctx->set.context = ctx;
	ctx->user_failed = doveadm_audit_user_failed;
	doveadm_cmd_set_options(&ctx->ctx, letters);
	ctx->ctx.v.preinit = preinit;
	ctx->ctx.v.init = audit_command_init;
	ctx->ctx.v.deinit = doveadm_audit_deinit;
	ctx->ctx.v.run = doveadm_audit_run;
	ctx->print_forced = doveadm_print_is_initialized();
	doveadm_print_init(DOVEADM_PRINT_TYPE_TABLE);
	return &ctx->ctx;
}
