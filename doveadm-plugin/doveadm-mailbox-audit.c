/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* doveadm mailbox-audit: its command line. The map of the plugin:

   doveadm-mailbox-audit-plugin.c  registers the commands
   doveadm-mailbox-audit.c         mailbox-audit: its options
   doveadm-mailbox-clean.c         mailbox-audit clean: its options
   doveadm-mailbox-inspect.c       mailbox-audit inspect: all of it
   doveadm-audit-command.c         what they share: options, output
   doveadm-audit-run.c             audits one user
   doveadm-audit-progress.c        how far it is, and whether to stop
   doveadm-audit-settings.c        a user's settings of all plugins
   doveadm-location.c              where a namespace's mails and indexes are
   doveadm-audit-users.c           users that doveadm passes over
   doveadm-clean-users.c           looks at all users' roots before a clean
   doveadm-printers.c              doveadm's printers, and the table */

#include "lib.h"
#include "ioloop.h"
#include "doveadm-mailbox-audit.h"
#include "doveadm-mailbox-audit-plugin.h"

#include <stdlib.h>
#include <sysexits.h>

/* Rules to try in place of each user's own, in the order that the settings of
   mailbox_filter have. The file is read where the audit runs. */
static void audit_try_rules(struct mailbox_audit_cmd_context *ctx)
{
	const struct doveadm_cmd_context *cctx = ctx->ctx.cctx;
	const char *words = doveadm_audit_string(cctx, "rule");
	const char *path = doveadm_audit_string(cctx, "rules");
	char *error;

	if (words == NULL && path == NULL)
		return;
	ctx->rules = mba_rules_new();
	if ((path != NULL && doveadm_audit_is_local(&ctx->ctx) &&
	     mba_rules_add_file(ctx->rules, path, &error) < 0) ||
	    (words != NULL &&
	     mba_rules_add_words(ctx->rules, words, "--rule", &error) < 0)) {
		doveadm_audit_refuse(ctx, EX_CONFIG, error);
		free(error);
	}
}

static void audit_jobs(struct mailbox_audit_cmd_context *ctx)
{
	const char *text = doveadm_audit_string(ctx->ctx.cctx, "jobs");
	char *error;

	if (text != NULL && mba_jobs_parse(text, &ctx->set.jobs, &error) < 0) {
		doveadm_audit_refuse(ctx, EX_USAGE, error);
		free(error);
	}
}

/* Returns whether only some entries are wanted. */
static bool audit_select(struct mailbox_audit_cmd_context *ctx)
{
	const struct doveadm_cmd_context *cctx = ctx->ctx.cctx;
	int64_t seconds = 0;

	ctx->set.hidden = doveadm_audit_flag(cctx, "hidden");
	ctx->set.visible = doveadm_audit_flag(cctx, "visible");
	if (doveadm_audit_time(ctx, "unused-for", &seconds))
		ctx->set.unused_since = (int64_t)ioloop_time - seconds;
	return ctx->set.hidden || ctx->set.visible ||
		ctx->set.unused_since != 0 ||
		doveadm_audit_string(cctx, "state") != NULL;
}

static void cmd_mailbox_audit_preinit(struct doveadm_mail_cmd_context *_ctx)
{
	struct mailbox_audit_cmd_context *ctx =
		container_of(_ctx, struct mailbox_audit_cmd_context, ctx);

	doveadm_audit_preinit(ctx, audit_select(ctx));
	if (ctx->set.hidden && ctx->set.visible) {
		doveadm_audit_refuse(ctx, EX_USAGE, "--hidden and --visible "
				     "are mutually exclusive");
	}
	audit_jobs(ctx);
	audit_try_rules(ctx);
}

static struct doveadm_mail_cmd_context *cmd_mailbox_audit_alloc(void)
{
	return doveadm_audit_alloc(cmd_mailbox_audit_preinit,
				   "ets:HVO:N:r:R:J:j");
}

struct doveadm_cmd_ver2 doveadm_cmd_mailbox_audit = {
	.name = "mailbox-audit",
	.mail_cmd = cmd_mailbox_audit_alloc,
	.usage = DOVEADM_CMD_MAIL_USAGE_PREFIX
		"[-e|--entries] [-t|--totals] [-s|--state <list>] "
		"[-H|--hidden] [-V|--visible] [-O|--unused-for <time>] "
		"[-N|--namespace <prefix>] "
		"[-r|--rule <words>] [-R|--rules <file>] [-J|--jobs <n>] "
		"[-j|--json]",
DOVEADM_CMD_PARAMS_START
DOVEADM_CMD_MAIL_COMMON
DOVEADM_CMD_PARAM('e', "entries", CMD_PARAM_BOOL, 0)
DOVEADM_CMD_PARAM('t', "totals", CMD_PARAM_BOOL, 0)
DOVEADM_CMD_PARAM('s', "state", CMD_PARAM_STR, 0)
DOVEADM_CMD_PARAM('H', "hidden", CMD_PARAM_BOOL, 0)
DOVEADM_CMD_PARAM('V', "visible", CMD_PARAM_BOOL, 0)
DOVEADM_CMD_PARAM('O', "unused-for", CMD_PARAM_STR, 0)
DOVEADM_CMD_PARAM('N', "namespace", CMD_PARAM_STR, 0)
DOVEADM_CMD_PARAM('r', "rule", CMD_PARAM_STR, 0)
DOVEADM_CMD_PARAM('R', "rules", CMD_PARAM_STR, 0)
DOVEADM_CMD_PARAM('J', "jobs", CMD_PARAM_STR, 0)
DOVEADM_CMD_PARAM('j', "json", CMD_PARAM_BOOL, 0)
DOVEADM_CMD_PARAMS_END
};
