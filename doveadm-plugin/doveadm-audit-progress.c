/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include "lib.h"
#include "doveadm-mailbox-audit.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* no more often than an eye can follow */
#define PROGRESS_INTERVAL_MSECS 200

static void audit_progress_show(struct mailbox_audit_cmd_context *ctx,
				const struct mba_namespace_report *ns)
{
	struct timespec now;
	char *user;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	if ((now.tv_sec - ctx->progress_shown.tv_sec) * 1000 +
	    (now.tv_nsec - ctx->progress_shown.tv_nsec) / 1000000 <
	    PROGRESS_INTERVAL_MSECS)
		return;
	ctx->progress_shown = now;
	ctx->progress_on_screen = TRUE;
	user = mba_escape(ctx->set.user);
	fprintf(stderr, "\r%s: %llu inodes, %llu entries\033[K", user,
		(unsigned long long)ns->totals.inodes,
		(unsigned long long)ns->totals.entries);
	free(user);
}

static bool audit_progress(const struct mba_namespace_report *ns, void *context)
{
	struct mailbox_audit_cmd_context *ctx = context;

	if (ctx->progress)
		audit_progress_show(ctx, ns);
	return !doveadm_is_killed();
}

void doveadm_audit_progress_init(struct mailbox_audit_cmd_context *ctx)
{
	ctx->progress =
		ctx->ctx.cctx->conn_type == DOVEADM_CONNECTION_TYPE_CLI &&
		isatty(STDERR_FILENO) > 0;
	ctx->set.progress = audit_progress;
}

void doveadm_audit_progress_clear(struct mailbox_audit_cmd_context *ctx)
{
	if (ctx->progress_on_screen)
		fputs("\r\033[K", stderr);
	ctx->progress_on_screen = FALSE;
}
