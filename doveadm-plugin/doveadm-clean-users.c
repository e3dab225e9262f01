/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* doveadm hands over one user after the other, but which index roots users have
   in common has to be known before the first one is cleaned. So when it asks
   for the first of -A or -F, the names of all are taken, and each user is
   initialized for a look at where his roots are. It costs a second look-up of
   each user, and memory for the names.

   A server is handed a command for each user, all by one connection, and that
   there are others only shows in the options of the first client. It asks its
   own userdb who they are, once for a connection. */

#include "lib.h"
#include "array.h"
#include "istream.h"
#include "wildcard-match.h"
#include "mail-namespace.h"
#include "mail-user.h"
#include "mailbox-list-private.h"
#include "doveadm-mailbox-audit.h"
#include "doveadm-compat.h"
#include "doveadm-mailbox-audit-plugin.h"

#include <sysexits.h>

/* Of the connection whose commands a server runs, until it ends. */
static struct clean_connection {
	struct istream *input;
	/* NULL if the users can't be listed */
	struct mba_user_roots *user_roots;
} clean_connection;

/* With the user's rights. */
static void clean_user_add(struct mailbox_audit_cmd_context *ctx,
			   struct mail_user *user)
{
	struct mba_location location;
	struct mail_namespace *ns;

	for (ns = user->namespaces; ns != NULL; ns = ns->next) T_BEGIN {
		if (doveadm_namespace_has_location(ns)) {
			doveadm_location_get(ns, &location);
			mba_user_roots_add(ctx->user_roots, user->username,
					   &location);
		}
	} T_END;
}

/* Returns FALSE if a user can't be looked up or initialized. Then he can't be
   cleaned either, and that is reported then. */
static bool clean_user_look(struct mailbox_audit_cmd_context *ctx,
			    const char *username)
{
	struct doveadm_mail_cmd_context *mail_ctx = &ctx->ctx;
	struct mail_storage_service_input input =
		mail_ctx->storage_service_input;
	struct doveadm_privileges privileges;
	struct mail_storage_service_user *service_user;
	struct mail_user *user;
	const char *error;
	bool seen = FALSE;
	int ret;

	i_set_failure_prefix("doveadm(%s): ", username);
	input.username = username;
	ret = mail_storage_service_lookup(mail_ctx->storage_service, &input,
					  &service_user, &error);
	/* who doesn't exist has no roots */
	if (ret <= 0)
		return ret == 0;
	if (doveadm_privileges_save(&privileges, &error) == 0) {
		if (mail_storage_service_next(mail_ctx->storage_service,
					      service_user, &user,
					      &error) >= 0) {
			clean_user_add(ctx, user);
			mail_user_deinit(&user);
			seen = TRUE;
		}
		doveadm_privileges_restore(&privileges, mail_ctx);
	}
	mail_storage_service_user_unref(&service_user);
	return seen;
}

/* The same for one of those who are cleaned. Returns -1 if nobody may be: what
   --used takes may be the user's who can't be looked at. */
static int clean_user_begin(struct mailbox_audit_cmd_context *ctx,
			    const char *username)
{
	if (doveadm_is_killed())
		return -1;
	if (clean_user_look(ctx, username) || !ctx->clean.used)
		return 0;
	i_error("The user can't be looked at, so that somebody else may have "
		"the same index root: --used removes nothing");
	return -1;
}

/* Returns the wildcard of -u, NULL if there is none. */
static const char *clean_users_wildcard(const struct doveadm_cmd_context *cctx)
{
	struct istream *input;

	return doveadm_audit_flag(cctx, "all-users") ||
		doveadm_cmd_param_istream(cctx, "user-file", &input) ? NULL :
		doveadm_audit_string(cctx, "user");
}

/* Returns 0 if all users were looked at, -1 if not. */
static int clean_users_begin(struct mailbox_audit_cmd_context *ctx)
{
	const char *wildcard = clean_users_wildcard(ctx->ctx.cctx);
	const char *username;
	int ret;

	while ((ret = ctx->clean_super.get_next_user(&ctx->ctx,
						     &username)) > 0) {
		username = p_strdup(ctx->ctx.pool, username);
		array_push_back(&ctx->usernames, &username);
	}
	if (ret < 0)
		return -1;
	ctx->user_roots = mba_user_roots_init();
	array_foreach_elem(&ctx->usernames, username) {
		/* others aren't cleaned */
		if (wildcard == NULL ||
		    wildcard_match_icase(username, wildcard)) T_BEGIN {
			ret = clean_user_begin(ctx, username);
		} T_END;
		if (ret < 0)
			return -1;
	}
	ctx->set.user_roots = ctx->user_roots;
	return 0;
}

static int
clean_users_next_user(struct doveadm_mail_cmd_context *_ctx,
		      const char **username_r)
{
	struct mailbox_audit_cmd_context *ctx =
		container_of(_ctx, struct mailbox_audit_cmd_context, ctx);

	if (!doveadm_audit_is_local(_ctx) || ctx->refused != NULL)
		return ctx->clean_super.get_next_user(_ctx, username_r);
	if (ctx->user_roots == NULL && clean_users_begin(ctx) < 0)
		return -1;
	if (ctx->next_username == array_count(&ctx->usernames))
		return 0;
	*username_r = *array_idx(&ctx->usernames, ctx->next_username++);
	return 1;
}

bool doveadm_clean_is_for_one(const struct doveadm_cmd_context *cctx)
{
	const char *user = doveadm_audit_string(cctx, "user");
	struct istream *input;

	return !doveadm_audit_flag(cctx, "all-users") &&
		!doveadm_cmd_param_istream(cctx, "user-file", &input) &&
		(user == NULL || strpbrk(user, "*?") == NULL);
}

static void clean_connection_end(struct clean_connection *connection)
{
	connection->input = NULL;
	if (connection->user_roots != NULL)
		mba_user_roots_deinit(&connection->user_roots);
}

/* Look at the roots of all users whom the server has. */
static void clean_connection_begin(struct mailbox_audit_cmd_context *ctx)
{
	struct doveadm_mail_cmd_context *mail_ctx = &ctx->ctx;
	struct mail_storage_service_user *service_user;
	const char *error;

	doveadm_clean_users_unload();
	clean_connection.input = mail_ctx->cctx->input;
	i_stream_add_destroy_callback(clean_connection.input,
				      clean_connection_end, &clean_connection);
	/* brings back the rights that the last command gave up */
	if (mail_storage_service_lookup(mail_ctx->storage_service,
					&mail_ctx->storage_service_input,
					&service_user, &error) > 0)
		mail_storage_service_user_unref(&service_user);
	mail_storage_service_all_init_mask(mail_ctx->storage_service, "*");
	if (clean_users_begin(ctx) == 0) {
		clean_connection.user_roots = ctx->user_roots;
		ctx->user_roots = NULL;
	}
}

static void clean_users_command_init(DOVEADM_CMD_INIT_ARGS)
{
	struct mailbox_audit_cmd_context *ctx =
		container_of(_ctx, struct mailbox_audit_cmd_context, ctx);

	ctx->clean_super.init(DOVEADM_CMD_INIT_PASS);
	if (_ctx->cctx->conn_type != DOVEADM_CONNECTION_TYPE_TCP ||
	    !_ctx->iterate_single_user ||
	    doveadm_clean_is_for_one(_ctx->cctx) || ctx->refused != NULL)
		return;
	if (clean_connection.input != _ctx->cctx->input)
		clean_connection_begin(ctx);
	ctx->set.user_roots = clean_connection.user_roots;
	if (ctx->set.user_roots == NULL) {
		doveadm_audit_refuse(ctx, EX_TEMPFAIL, "The server can't look "
			"at all its users, so it can't tell an index root that "
			"two of them have");
	}
}

void doveadm_clean_users_init(struct mailbox_audit_cmd_context *ctx)
{
	i_array_init(&ctx->usernames, 64);
	ctx->clean_super = ctx->ctx.v;
	ctx->ctx.v.init = clean_users_command_init;
	ctx->ctx.v.get_next_user = clean_users_next_user;
	if (!doveadm_clean_is_for_one(ctx->ctx.cctx))
		doveadm_server_is_for_many(&ctx->ctx);
}

void doveadm_clean_users_deinit(struct mailbox_audit_cmd_context *ctx)
{
	if (array_is_created(&ctx->usernames))
		array_free(&ctx->usernames);
	if (ctx->user_roots != NULL)
		mba_user_roots_deinit(&ctx->user_roots);
}

void doveadm_clean_users_unload(void)
{
	if (clean_connection.input == NULL)
		return;
	i_stream_remove_destroy_callback(clean_connection.input,
					 clean_connection_end);
	clean_connection_end(&clean_connection);
}
