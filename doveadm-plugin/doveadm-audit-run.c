/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* The library's audit of one user. What is printed comes from the library, so
   that it is the same as the utility's. */

#include "lib.h"
#include "str.h"
#include "str-sanitize.h"
#include "unichar.h"
#include "mail-namespace.h"
#include "mail-user.h"
#include "mailbox-list-private.h"
#include "doveadm-print.h"
#include "doveadm-mailbox-audit.h"
#include "doveadm-compat.h"
#include "doveadm-mailbox-audit-plugin.h"

#include <stdlib.h>
#include <sysexits.h>

static void audit_print_row(const char *const *values, void *context)
{
	const struct mailbox_audit_cmd_context *ctx = context;

	/* doveadm itself prints the user */
	for (unsigned int i = 1;
	     mba_column(&ctx->set, ctx->table, i) != NULL; i++)
		doveadm_print(values[i]);
}

static void audit_print_line(char *line)
{
	doveadm_print(line);
	free(line);
}

void doveadm_audit_entry(const struct mba_namespace_report *ns,
			 const struct mba_entry *entry, void *context)
{
	struct mailbox_audit_cmd_context *ctx = context;

	doveadm_audit_progress_clear(ctx);
	if (ctx->json)
		audit_print_line(mba_json_entry(&ctx->set, ns, entry));
	else
		mba_row_entry(&ctx->set, ns, entry, audit_print_row, ctx);
}

void doveadm_audit_error(const struct mba_error *error, void *context)
{
	struct mailbox_audit_cmd_context *ctx = context;
	char *path = mba_escape(error->path);

	doveadm_audit_progress_clear(ctx);
	e_error(ctx->ctx.cur_mail_user->event, "%s(%s) failed: %s",
		error->op, path, error->error);
	free(path);
}

static void audit_print_report(struct mailbox_audit_cmd_context *ctx,
			       const struct mba_report *report)
{
	if (!ctx->json) {
		mba_rows_report(&ctx->set, ctx->table, report, audit_print_row,
				ctx);
	} else if (ctx->table == MBA_TABLE_TOTALS)
		audit_print_line(mba_json_totals(&ctx->set, report));
	else
		audit_print_line(mba_json_report(report));
}

/* The exit status tells of a failure. But the HTTP API drops all output then:
   there the reports tell of it. */
static void
audit_set_failed(struct mailbox_audit_cmd_context *ctx, int exit_code)
{
	if (!ctx->json ||
	    ctx->ctx.cctx->conn_type != DOVEADM_CONNECTION_TYPE_HTTP)
		ctx->ctx.exit_code = exit_code;
}

void doveadm_audit_user_failed(struct mailbox_audit_cmd_context *ctx,
			       const char *username, const char *reason,
			       int exit_code)
{
	const struct mba_error error = { "user", username, reason };
	const struct mba_report report = {
		.user = username, .errors = &error, .errors_count = 1,
		.errors_total = 1,
	};

	audit_print_report(ctx, &report);
	audit_set_failed(ctx, exit_code);
}

/* Tell the audit of the indexes of namespaces that don't exist yet. */
static int audit_add_template(struct mail_namespace *ns,
			      struct mba_audit *audit, const char **error_r)
{
	struct mba_location locations[DOVEADM_TEMPLATE_LOCATIONS];
	const char *error;
	int count;

	count = doveadm_template_locations_get(ns, locations, &error);
	if (count < 0) {
		*error_r = t_strdup_printf("Namespace \"%s\": %s",
					   ns->set->prefix, error);
	}
	for (int i = 0; i < count; i++)
		mba_audit_add(audit, &locations[i], false);
	return count < 0 ? -1 : 0;
}

/* Give the audit all namespaces. Returns 1 if ok, 0 if none was asked for, -1
   if one can't be told. */
static int audit_add_namespaces(struct mailbox_audit_cmd_context *ctx,
				struct mail_user *user,
				struct mba_audit *audit, const char **error_r)
{
	struct mba_location location;
	struct mail_namespace *ns;
	bool report, found = FALSE;

	/* what a user shares becomes a namespace when it's looked for */
	if (ctx->namespace_prefix != NULL &&
	    uni_utf8_str_is_valid(ctx->namespace_prefix)) {
		(void)mail_namespace_find(user->namespaces,
					  ctx->namespace_prefix);
	}
	for (ns = user->namespaces; ns != NULL; ns = ns->next) {
		if (doveadm_namespace_is_template(ns) &&
		    audit_add_template(ns, audit, error_r) < 0)
			return -1;
		if (!doveadm_namespace_has_location(ns))
			continue;
		report = ctx->namespace_prefix != NULL ?
			strcmp(ns->prefix, ctx->namespace_prefix) == 0 :
			ns->type == MAIL_NAMESPACE_TYPE_PRIVATE;
		T_BEGIN {
			doveadm_location_get(ns, &location);
			mba_audit_add(audit, &location, report);
		} T_END;
		found = found || report;
	}
	return found || ctx->namespace_prefix == NULL ? 1 : 0;
}

/* Returns what to say when no namespace has the prefix. */
static const char *
audit_unknown_namespace(const struct mailbox_audit_cmd_context *ctx,
			const struct mail_user *user)
{
	const struct mail_namespace *ns;
	string_t *str = t_str_new(128);

	str_printfa(str, "No namespace has the prefix \"%s\". The user has:",
		    ctx->namespace_prefix);
	for (ns = user->namespaces; ns != NULL; ns = ns->next) {
		if ((ns->flags & NAMESPACE_FLAG_UNUSABLE) == 0) {
			str_printfa(str, " \"%s\"",
				    doveadm_namespace_is_template(ns) ?
				    ns->set->prefix : ns->prefix);
		}
	}
	return str_sanitize_utf8(str_c(str), MAX_ERROR_LEN);
}

/* Say where nothing was removed. */
static void audit_log_refused(const struct mail_user *user,
			      const struct mba_report *report)
{
	const struct mba_namespace_report *ns;

	for (unsigned int i = 0; i < report->namespaces_count; i++) {
		ns = &report->namespaces[i];
		if (ns->clean.refused != NULL) {
			e_warning(user->event, "Namespace \"%s\": nothing is "
				  "removed: %s", ns->location->prefix,
				  ns->clean.refused);
		}
	}
}

static void audit_run_namespaces(struct mailbox_audit_cmd_context *ctx,
				 struct mail_user *user,
				 struct mba_audit *audit)
{
	const struct mba_report *report;
	int ret = mba_audit_run(audit, &report);

	doveadm_audit_progress_clear(ctx);
	audit_print_report(ctx, report);
	audit_log_refused(user, report);
	if (ret < 0)
		audit_set_failed(ctx, EX_TEMPFAIL);
}

static int audit_run(struct mailbox_audit_cmd_context *ctx,
		     struct mail_user *user, const struct mba_rules *rules)
{
	struct mba_audit *audit;
	const char *error;
	int ret;

	ctx->set.user = user->username;
	ctx->set.rules = rules;
	ctx->clean.now = mba_file_time();
	ctx->clean.lock_method = list_uses_flock(user->namespaces->list) ?
		MBA_LOCK_METHOD_FLOCK : MBA_LOCK_METHOD_FCNTL;
	audit = mba_audit_init(&ctx->set);
	ret = audit_add_namespaces(ctx, user, audit, &error);
	if (ret > 0)
		audit_run_namespaces(ctx, user, audit);
	else {
		if (ret == 0)
			error = audit_unknown_namespace(ctx, user);
		e_error(user->event, "%s", error);
		doveadm_audit_user_failed(ctx, user->username, error,
					  ret == 0 ? EX_USAGE : EX_CONFIG);
	}
	mba_audit_deinit(&audit);
	return ctx->ctx.exit_code == 0 ? 0 : -1;
}

int doveadm_audit_run(struct doveadm_mail_cmd_context *_ctx,
		      struct mail_user *user)
{
	struct mailbox_audit_cmd_context *ctx =
		container_of(_ctx, struct mailbox_audit_cmd_context, ctx);
	struct mba_rules *rules;
	const char *errors;
	int ret;

	i_free(ctx->pending_user);
	if (ctx->rules != NULL)
		return audit_run(ctx, user, ctx->rules);
	if (doveadm_audit_settings(user, &rules, &errors) < 0) {
		doveadm_audit_user_failed(ctx, user->username, errors,
					  EX_CONFIG);
		return ctx->ctx.exit_code == 0 ? 0 : -1;
	}
	ret = audit_run(ctx, user, rules);
	mba_rules_free(&rules);
	return ret;
}
