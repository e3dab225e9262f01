/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include "lib.h"
#include "doveadm-mailbox-audit.h"
#include "doveadm-mailbox-audit-plugin.h"

#include <sysexits.h>

static void clean_check(struct mailbox_audit_cmd_context *ctx, bool used_age)
{
	if (!ctx->clean.used && used_age)
		doveadm_audit_refuse(ctx, EX_USAGE, "--used-age needs --used");
	else if (!ctx->clean.used && ctx->clean.force)
		doveadm_audit_refuse(ctx, EX_USAGE, "--force needs --used");
	else if (ctx->clean.force && !doveadm_clean_is_for_one(ctx->ctx.cctx)) {
		doveadm_audit_refuse(ctx, EX_USAGE, "--force is for one user, "
				     "named with -u");
	} else if (ctx->namespace_prefix != NULL &&
		   !doveadm_clean_is_for_one(ctx->ctx.cctx)) {
		/* it may be one that all users share */
		doveadm_audit_refuse(ctx, EX_USAGE, "--namespace is for one "
				     "user, named with -u");
	} else if ((ctx->set.states & ~MBA_STATES_BOGUS) != 0) {
		doveadm_audit_refuse(ctx, EX_USAGE, "clean removes only "
			"entries that are not-mailbox or missing: --state");
	}
}

static void cmd_mailbox_clean_preinit(struct doveadm_mail_cmd_context *_ctx)
{
	struct mailbox_audit_cmd_context *ctx =
		container_of(_ctx, struct mailbox_audit_cmd_context, ctx);
	const struct doveadm_cmd_context *cctx = _ctx->cctx;
	bool used_age;

	ctx->set.clean = &ctx->clean;
	ctx->clean.min_age = MBA_CLEAN_MIN_AGE;
	ctx->clean.used_age = MBA_CLEAN_USED_AGE;
	ctx->clean.dry_run = doveadm_audit_flag(cctx, "dry-run");
	ctx->clean.used = doveadm_audit_flag(cctx, "used");
	ctx->clean.force = doveadm_audit_flag(cctx, "force");
	doveadm_clean_users_init(ctx);
	/* --state says what to remove, not what to show */
	doveadm_audit_preinit(ctx, FALSE);
	(void)doveadm_audit_time(ctx, "min-age", &ctx->clean.min_age);
	used_age = doveadm_audit_time(ctx, "used-age",
				      &ctx->clean.used_age);
	clean_check(ctx, used_age);
	if (ctx->set.states == 0)
		ctx->set.states = MBA_STATES_BOGUS;
}

static void cmd_mailbox_clean_deinit(struct doveadm_mail_cmd_context *_ctx)
{
	struct mailbox_audit_cmd_context *ctx =
		container_of(_ctx, struct mailbox_audit_cmd_context, ctx);

	doveadm_clean_users_deinit(ctx);
	doveadm_audit_deinit(_ctx);
}

static struct doveadm_mail_cmd_context *cmd_mailbox_clean_alloc(void)
{
	struct doveadm_mail_cmd_context *ctx =
		doveadm_audit_alloc(cmd_mailbox_clean_preinit,
				    "etnUg:a:fs:N:j");

	ctx->v.deinit = cmd_mailbox_clean_deinit;
	return ctx;
}

struct doveadm_cmd_ver2 doveadm_cmd_mailbox_clean = {
	.name = "mailbox-audit clean",
	.mail_cmd = cmd_mailbox_clean_alloc,
	.usage = DOVEADM_CMD_MAIL_USAGE_PREFIX
		"[-n|--dry-run] [-e|--entries] [-t|--totals] "
		"[-s|--state <list>] [-a|--min-age <time>] [-U|--used] "
		"[-g|--used-age <time>] [-f|--force] "
		"[-N|--namespace <prefix>] [-j|--json]",
DOVEADM_CMD_PARAMS_START
DOVEADM_CMD_MAIL_COMMON
DOVEADM_CMD_PARAM('n', "dry-run", CMD_PARAM_BOOL, 0)
DOVEADM_CMD_PARAM('e', "entries", CMD_PARAM_BOOL, 0)
DOVEADM_CMD_PARAM('t', "totals", CMD_PARAM_BOOL, 0)
DOVEADM_CMD_PARAM('s', "state", CMD_PARAM_STR, 0)
DOVEADM_CMD_PARAM('a', "min-age", CMD_PARAM_STR, 0)
DOVEADM_CMD_PARAM('U', "used", CMD_PARAM_BOOL, 0)
DOVEADM_CMD_PARAM('g', "used-age", CMD_PARAM_STR, 0)
DOVEADM_CMD_PARAM('f', "force", CMD_PARAM_BOOL, 0)
DOVEADM_CMD_PARAM('N', "namespace", CMD_PARAM_STR, 0)
DOVEADM_CMD_PARAM('j', "json", CMD_PARAM_BOOL, 0)
DOVEADM_CMD_PARAMS_END
};
