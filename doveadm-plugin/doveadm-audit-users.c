/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* Under -A and -F doveadm goes on with the next user, and forgets about it,
   when one can't be looked up or initialized. Here a user is pending from when
   doveadm is handed the name until the audit runs: who still is when the next
   one comes, or at the end, has failed. */

#include "lib.h"
#include "doveadm-print.h"
#include "doveadm-settings.h"
#include "doveadm-mailbox-audit.h"

#include <sysexits.h>

void doveadm_audit_check_pending(struct mailbox_audit_cmd_context *ctx)
{
	/* without a username doveadm skipped the user: -u has a wildcard */
	if (ctx->pending_user != NULL && ctx->ctx.cctx->username != NULL) {
		doveadm_print_sticky("username", ctx->pending_user);
		ctx->user_failed(ctx, ctx->pending_user,
			"The user can't be looked up or initialized, see the "
			"log", EX_TEMPFAIL);
	}
	i_free(ctx->pending_user);
}

bool doveadm_audit_is_local(const struct doveadm_mail_cmd_context *_ctx)
{
	return (_ctx->set->doveadm_worker_count == 0 || doveadm_server) &&
		_ctx->set->doveadm_port == 0;
}

static int
audit_users_next_user(struct doveadm_mail_cmd_context *_ctx,
		      const char **username_r)
{
	struct mailbox_audit_cmd_context *ctx =
		container_of(_ctx, struct mailbox_audit_cmd_context, ctx);
	int ret;

	doveadm_audit_check_pending(ctx);
	_ctx->cctx->username = NULL;
	ret = ctx->next_user(_ctx, username_r);
	if (ret > 0 && doveadm_audit_is_local(_ctx))
		ctx->pending_user = i_strdup(*username_r);
	return ret;
}

static int
audit_users_prerun(struct doveadm_mail_cmd_context *_ctx,
		   struct mail_storage_service_user *service_user ATTR_UNUSED,
		   const char **error_r)
{
	struct mailbox_audit_cmd_context *ctx =
		container_of(_ctx, struct mailbox_audit_cmd_context, ctx);

	if (ctx->refused != NULL) {
		*error_r = ctx->refused;
		_ctx->exit_code = ctx->refused_status;
		return -1;
	}
	/* no other server does it */
	if (!_ctx->iterate_single_user && ctx->pending_user == NULL)
		ctx->pending_user = i_strdup(_ctx->cctx->username);
	return 0;
}

void doveadm_audit_users_init(struct mailbox_audit_cmd_context *ctx)
{
	ctx->next_user = ctx->ctx.v.get_next_user;
	ctx->ctx.v.get_next_user = audit_users_next_user;
	ctx->ctx.v.prerun = audit_users_prerun;
}
