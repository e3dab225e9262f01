/* doveadm mailbox-audit: the library's audit for each user that doveadm hands
   over. What is printed comes from the library, so that it is the same as the
   utility's. */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "str-sanitize.h"
#include "mail-namespace.h"
#include "mailbox-list-private.h"
#include "mail-user.h"
#include "doveadm.h"
#include "doveadm-print.h"
#include "doveadm-settings.h"
#include "doveadm-mail.h"
#include "mailbox-audit.h"
#include "mailbox-filter-rules.h"
#include "doveadm-compat.h"
#include "doveadm-mailbox-audit-plugin.h"

#include <stdlib.h>
#include <sysexits.h>

#define MAX_ERROR_LEN 1024

struct mailbox_audit_cmd_context {
	struct doveadm_mail_cmd_context ctx;

	struct mba_audit_settings set;
	/* prefix of the only namespace to audit, NULL if all private ones */
	const char *namespace_prefix;
	/* the command line can't be run, says a server's client */
	const char *usage_error;

	int (*next_user)(struct doveadm_mail_cmd_context *ctx,
			 const char **username_r);
	/* of -A and -F, a user who was not audited yet */
	char *pending_user;

	/* the printer was chosen before the command was known */
	bool print_forced:1;
	bool entries:1;
	bool json:1;
};

/* context is the enum mba_table. */
static void audit_print_row(const char *const *values, void *context)
{
	const enum mba_table *table = context;

	for (unsigned int i = 0; mba_column(*table, i) != NULL; i++)
		doveadm_print(values[i]);
}

static void audit_print_line(char *line)
{
	doveadm_print(line);
	free(line);
}

static void audit_entry(const struct mba_namespace_report *ns,
			const struct mba_entry *entry, void *context)
{
	struct mailbox_audit_cmd_context *ctx = context;
	enum mba_table table = MBA_TABLE_ENTRIES;

	if (ctx->json)
		audit_print_line(mba_json_entry(&ctx->set, ns, entry));
	else
		mba_row_entry(ns, entry, audit_print_row, &table);
}

static void audit_error(const struct mba_error *error, void *context)
{
	struct mailbox_audit_cmd_context *ctx = context;
	char *path = mba_escape(error->path);

	e_error(ctx->ctx.cur_mail_user->event, "%s(%s) failed: %s",
		error->op, path, error->error);
	free(path);
}

static void audit_print_report(struct mailbox_audit_cmd_context *ctx,
			       const struct mba_report *report)
{
	enum mba_table table = MBA_TABLE_SUMMARY;

	if (ctx->json) {
		audit_print_line(mba_json_report(report));
		return;
	}
	if (ctx->entries)
		return;
	for (unsigned int i = 0; i < report->namespaces_count; i++) {
		mba_rows_summary(&report->namespaces[i], audit_print_row,
				 &table);
	}
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

/* A user couldn't be audited at all. */
static void
audit_user_failed(struct mailbox_audit_cmd_context *ctx, const char *username,
		  const char *reason, int exit_code)
{
	const struct mba_error error = { "user", username, reason };
	const struct mba_report report = {
		.user = username, .errors = &error, .errors_count = 1,
	};

	if (ctx->json)
		audit_print_report(ctx, &report);
	audit_set_failed(ctx, exit_code);
}

/* Give the audit all namespaces. Returns FALSE if none was asked for. */
static bool audit_add_namespaces(struct mailbox_audit_cmd_context *ctx,
				 struct mail_user *user,
				 struct mba_audit *audit)
{
	struct mba_location location;
	struct mail_namespace *ns;
	bool report, found = FALSE;

	for (ns = user->namespaces; ns != NULL; ns = ns->next) {
		/* Dovecot's stand-in where none has an empty prefix */
		if ((ns->flags & NAMESPACE_FLAG_UNUSABLE) != 0)
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
	return found || ctx->namespace_prefix == NULL;
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
		if ((ns->flags & NAMESPACE_FLAG_UNUSABLE) == 0)
			str_printfa(str, " \"%s\"", ns->prefix);
	}
	return str_sanitize_utf8(str_c(str), MAX_ERROR_LEN);
}

static int audit_run(struct mailbox_audit_cmd_context *ctx,
		     struct mail_user *user, const struct mba_rules *rules)
{
	const struct mba_report *report;
	struct mba_audit *audit;
	const char *error;
	int ret = 0;

	ctx->set.user = user->username;
	ctx->set.rules = rules;
	audit = mba_audit_init(&ctx->set);
	if (!audit_add_namespaces(ctx, user, audit)) {
		error = audit_unknown_namespace(ctx, user);
		e_error(user->event, "%s", error);
		audit_user_failed(ctx, user->username, error, EX_USAGE);
	} else {
		ret = mba_audit_run(audit, &report);
		audit_print_report(ctx, report);
		if (ret < 0)
			audit_set_failed(ctx, EX_TEMPFAIL);
	}
	mba_audit_deinit(&audit);
	return ctx->ctx.exit_code == 0 ? 0 : -1;
}

static int cmd_mailbox_audit_run(struct doveadm_mail_cmd_context *_ctx,
				 struct mail_user *user)
{
	struct mailbox_audit_cmd_context *ctx =
		container_of(_ctx, struct mailbox_audit_cmd_context, ctx);
	struct mba_rules *rules;
	const char *error;
	bool non_mailboxes;
	int ret;

	i_free(ctx->pending_user);
	if (mailbox_filter_rules_get(user, &rules, &non_mailboxes,
				     &error) < 0) {
		error = str_sanitize_utf8(error, MAX_ERROR_LEN);
		e_error(user->event, "%s", error);
		audit_user_failed(ctx, user->username, error, EX_CONFIG);
		return ctx->ctx.exit_code == 0 ? 0 : -1;
	}
	ret = audit_run(ctx, user, rules);
	mba_rules_free(&rules);
	return ret;
}

/* doveadm goes on with the next user, and forgets about it, when one can't be
   looked up or initialized. */
static void audit_check_pending(struct mailbox_audit_cmd_context *ctx)
{
	/* without a username doveadm skipped the user: -u has a wildcard */
	if (ctx->pending_user != NULL && ctx->ctx.cctx->username != NULL) {
		doveadm_print_sticky("username", ctx->pending_user);
		audit_user_failed(ctx, ctx->pending_user,
				  "The user can't be looked up or initialized, "
				  "see the log", EX_TEMPFAIL);
	}
	i_free(ctx->pending_user);
}

/* Returns FALSE if another server may take care of the users. */
static bool audit_is_local(const struct doveadm_mail_cmd_context *_ctx)
{
	return (_ctx->set->doveadm_worker_count == 0 || doveadm_server) &&
		_ctx->set->doveadm_port == 0;
}

static int
cmd_mailbox_audit_next_user(struct doveadm_mail_cmd_context *_ctx,
			    const char **username_r)
{
	struct mailbox_audit_cmd_context *ctx =
		container_of(_ctx, struct mailbox_audit_cmd_context, ctx);
	int ret;

	audit_check_pending(ctx);
	_ctx->cctx->username = NULL;
	ret = ctx->next_user(_ctx, username_r);
	if (ret > 0 && audit_is_local(_ctx))
		ctx->pending_user = i_strdup(*username_r);
	return ret;
}

static int
cmd_mailbox_audit_prerun(struct doveadm_mail_cmd_context *_ctx,
			 struct mail_storage_service_user *service_user
				ATTR_UNUSED,
			 const char **error_r)
{
	struct mailbox_audit_cmd_context *ctx =
		container_of(_ctx, struct mailbox_audit_cmd_context, ctx);

	if (ctx->usage_error != NULL) {
		*error_r = ctx->usage_error;
		_ctx->exit_code = EX_USAGE;
		return -1;
	}
	/* no other server does it */
	if (!_ctx->iterate_single_user && ctx->pending_user == NULL)
		ctx->pending_user = i_strdup(_ctx->cctx->username);
	return 0;
}

static void cmd_mailbox_audit_deinit(struct doveadm_mail_cmd_context *_ctx)
{
	struct mailbox_audit_cmd_context *ctx =
		container_of(_ctx, struct mailbox_audit_cmd_context, ctx);

	audit_check_pending(ctx);
}

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

/* Ends doveadm, but not a server, where users are refused one by one. */
static void audit_usage_error(struct mailbox_audit_cmd_context *ctx,
			      const char *error)
{
	error = str_sanitize_utf8(error, MAX_ERROR_LEN);
	ctx->usage_error = p_strconcat(ctx->ctx.pool, "mailbox-audit: ", error,
				       NULL);
	if (ctx->ctx.cctx->conn_type == DOVEADM_CONNECTION_TYPE_CLI) {
		i_error("%s", ctx->usage_error);
		doveadm_mail_help_name(ctx->ctx.cmd->name);
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
		audit_usage_error(ctx, "--json is a format of its own, "
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

	ctx->next_user = _ctx->v.get_next_user;
	_ctx->v.get_next_user = cmd_mailbox_audit_next_user;
	ctx->entries = audit_flag(cctx, "entries");
	ctx->json = audit_flag(cctx, "json");
	ctx->set.hidden = audit_flag(cctx, "hidden");
	ctx->set.visible = audit_flag(cctx, "visible");
	(void)doveadm_cmd_param_str(cctx, "namespace", &ctx->namespace_prefix);
	if (doveadm_cmd_param_str(cctx, "state", &states) &&
	    mba_states_parse(states, &ctx->set.states, &error) < 0) {
		audit_usage_error(ctx, error);
		free(error);
	}
	if (ctx->set.hidden && ctx->set.visible) {
		audit_usage_error(ctx, "--hidden and --visible exclude "
				  "each other");
	}
	if (ctx->entries)
		ctx->set.entry = audit_entry;
	if (ctx->json)
		audit_print_init_json(ctx);
}

static struct doveadm_mail_cmd_context *cmd_mailbox_audit_alloc(void)
{
	struct mailbox_audit_cmd_context *ctx;

	ctx = doveadm_mail_cmd_alloc(struct mailbox_audit_cmd_context);
	ctx->set.error = audit_error;
	ctx->set.context = ctx;
	doveadm_cmd_set_options(&ctx->ctx, "es:HVN:j");
	ctx->ctx.v.preinit = cmd_mailbox_audit_preinit;
	ctx->ctx.v.init = cmd_mailbox_audit_init;
	ctx->ctx.v.prerun = cmd_mailbox_audit_prerun;
	ctx->ctx.v.run = cmd_mailbox_audit_run;
	ctx->ctx.v.deinit = cmd_mailbox_audit_deinit;
	ctx->print_forced = doveadm_print_is_initialized();
	doveadm_print_init(DOVEADM_PRINT_TYPE_TABLE);
	return &ctx->ctx;
}

struct doveadm_cmd_ver2 doveadm_cmd_mailbox_audit = {
	.name = "mailbox-audit",
	.mail_cmd = cmd_mailbox_audit_alloc,
	.usage = DOVEADM_CMD_MAIL_USAGE_PREFIX
		"[-e|--entries] [-s|--state <list>] [-H|--hidden] "
		"[-V|--visible] [-N|--namespace <prefix>] [-j|--json]",
DOVEADM_CMD_PARAMS_START
DOVEADM_CMD_MAIL_COMMON
DOVEADM_CMD_PARAM('e', "entries", CMD_PARAM_BOOL, 0)
DOVEADM_CMD_PARAM('s', "state", CMD_PARAM_STR, 0)
DOVEADM_CMD_PARAM('H', "hidden", CMD_PARAM_BOOL, 0)
DOVEADM_CMD_PARAM('V', "visible", CMD_PARAM_BOOL, 0)
DOVEADM_CMD_PARAM('N', "namespace", CMD_PARAM_STR, 0)
DOVEADM_CMD_PARAM('j', "json", CMD_PARAM_BOOL, 0)
DOVEADM_CMD_PARAMS_END
};
