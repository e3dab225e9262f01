/* doveadm mailbox-audit: the library's audit for each user that doveadm hands
   over. What is printed comes from the library, so that it is the same as the
   utility's. */

#include "lib.h"
#include "array.h"
#include "mail-namespace.h"
#include "mailbox-list-private.h"
#include "mail-user.h"
#include "doveadm-print.h"
#include "doveadm-mail.h"
#include "mailbox-audit.h"
#include "mailbox-filter-settings.h"
#include "doveadm-compat.h"
#include "doveadm-mailbox-audit-plugin.h"

#include <stdlib.h>
#include <sysexits.h>

struct mailbox_audit_cmd_context {
	struct doveadm_mail_cmd_context ctx;

	struct mba_audit_settings set;
	/* prefix of the only namespace to audit, NULL if all private ones */
	const char *namespace_prefix;
	/* a user was looked up, but not audited yet */
	bool user_pending:1;
	/* the printer was chosen before the command was known */
	bool print_forced:1;
	bool entries:1;
	bool json:1;
};

static void audit_print_row(const char *const *values, void *context)
{
	const unsigned int *columns_count = context;

	for (unsigned int i = 0; i < *columns_count; i++)
		doveadm_print(values[i]);
}

static const struct mba_column *
audit_columns(const struct mailbox_audit_cmd_context *ctx,
	      unsigned int *count_r)
{
	return ctx->entries ? mba_entry_columns(count_r) :
		mba_summary_columns(count_r);
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
	unsigned int columns_count;

	if (ctx->json)
		audit_print_line(mba_json_entry(&ctx->set, ns, entry));
	else {
		(void)audit_columns(ctx, &columns_count);
		mba_row_entry(ns, entry, audit_print_row, &columns_count);
	}
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
	unsigned int columns_count;

	if (ctx->json) {
		audit_print_line(mba_json_report(report));
		return;
	}
	if (ctx->entries)
		return;
	(void)audit_columns(ctx, &columns_count);
	for (unsigned int i = 0; i < report->namespaces_count; i++) {
		mba_rows_summary(&report->namespaces[i], audit_print_row,
				 &columns_count);
	}
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

static int audit_user(struct mailbox_audit_cmd_context *ctx,
		      struct mail_user *user)
{
	const struct mba_report *report;
	struct mba_audit *audit;
	int ret = 0;

	audit = mba_audit_init(&ctx->set);
	if (!audit_add_namespaces(ctx, user, audit)) {
		e_error(user->event, "Namespace prefix not found: %s",
			ctx->namespace_prefix);
		ctx->ctx.exit_code = EX_USAGE;
		ret = -1;
	} else if (mba_audit_run(audit, &report) < 0) {
		audit_print_report(ctx, report);
		/* the HTTP API would drop the report with the failure */
		if (ctx->ctx.cctx->conn_type != DOVEADM_CONNECTION_TYPE_HTTP) {
			ctx->ctx.exit_code = EX_TEMPFAIL;
			ret = -1;
		}
	} else {
		audit_print_report(ctx, report);
	}
	mba_audit_deinit(&audit);
	return ret;
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

	ctx->user_pending = FALSE;
	if (mailbox_filter_settings_get(user, &rules, &non_mailboxes,
					&error) < 0) {
		e_error(user->event, "%s", error);
		_ctx->exit_code = EX_CONFIG;
		return -1;
	}
	ctx->set.user = user->username;
	ctx->set.rules = rules;
	ret = audit_user(ctx, user);
	ctx->set.rules = NULL;
	mba_rules_free(&rules);
	return ret;
}

/* doveadm goes on with the next user, and forgets about it, when one can't be
   initialized. */
static void audit_check_pending(struct mailbox_audit_cmd_context *ctx)
{
	if (ctx->user_pending)
		ctx->ctx.exit_code = EX_TEMPFAIL;
}

static int
cmd_mailbox_audit_prerun(struct doveadm_mail_cmd_context *_ctx,
			 struct mail_storage_service_user *service_user
				ATTR_UNUSED,
			 const char **error_r ATTR_UNUSED)
{
	struct mailbox_audit_cmd_context *ctx =
		container_of(_ctx, struct mailbox_audit_cmd_context, ctx);

	audit_check_pending(ctx);
	ctx->user_pending = TRUE;
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
	const struct mba_column *columns;
	unsigned int count;

	if (ctx->json) {
		doveadm_print_header_simple("report");
		return;
	}
	columns = audit_columns(ctx, &count);
	for (unsigned int i = 0; i < count; i++) {
		doveadm_print_header(columns[i].key, columns[i].title,
			columns[i].number ?
			DOVEADM_PRINT_HEADER_FLAG_RIGHT_JUSTIFY |
			DOVEADM_PRINT_HEADER_FLAG_NUMBER : 0);
	}
}

static bool audit_flag(const struct doveadm_cmd_context *cctx, const char *name)
{
	bool value;

	return doveadm_cmd_param_bool(cctx, name, &value) && value;
}

static void audit_usage_error(struct mailbox_audit_cmd_context *ctx,
			      const char *error)
{
	i_error("mailbox-audit: %s", error);
	doveadm_mail_help_name(ctx->ctx.cmd->name);
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

	ctx->entries = audit_flag(cctx, "entries");
	ctx->json = audit_flag(cctx, "json");
	ctx->set.hidden = audit_flag(cctx, "hidden");
	ctx->set.visible = audit_flag(cctx, "visible");
	(void)doveadm_cmd_param_str(cctx, "namespace", &ctx->namespace_prefix);
	if (doveadm_cmd_param_str(cctx, "state", &states) &&
	    mba_states_parse(states, &ctx->set.states, &error) < 0)
		audit_usage_error(ctx, error);
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
