/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef DOVEADM_MAILBOX_AUDIT_H
#define DOVEADM_MAILBOX_AUDIT_H

/* What the files of the command share. */

#include "array-decl.h"
#include "doveadm.h"
#include "doveadm-mail.h"
#include "mailbox-audit.h"

#include <time.h>

/* longest message with words of a command line or of a configuration */
#define MAX_ERROR_LEN 1024

struct mailbox_audit_cmd_context {
	struct doveadm_mail_cmd_context ctx;

	struct mba_audit_settings set;
	/* set.clean points to it, if there is to be a clean */
	struct mba_clean_settings clean;
	/* prefix of the only namespace to audit, NULL if all private ones */
	const char *namespace_prefix;
	/* --rule and --rules; NULL is the user's own */
	struct mba_rules *rules;
	/* why the command line can't be run, for a server's client */
	const char *refused;
	int refused_status;

	int (*next_user)(struct doveadm_mail_cmd_context *ctx,
			 const char **username_r);
	/* of -A and -F, a user who was not audited yet */
	char *pending_user;
	/* says so of one who can't be */
	void (*user_failed)(struct mailbox_audit_cmd_context *ctx,
			    const char *username, const char *reason,
			    int exit_code);

	/* what is printed */
	enum mba_table table;

	/* Of a clean of -A and -F: the audit's functions, the names of all
	   users, how many of them were handed to doveadm, and where their roots
	   are. */
	struct doveadm_mail_cmd_vfuncs clean_super;
	ARRAY_TYPE(const_string) usernames;
	unsigned int next_username;
	struct mba_user_roots *user_roots;

	struct timespec progress_shown;
	bool progress:1;
	bool progress_on_screen:1;
	/* the printer was chosen before the command was known */
	bool print_forced:1;
	bool json:1;
};

/* What the commands share: options in letters, and the calls of doveadm. */
struct doveadm_mail_cmd_context *
doveadm_audit_alloc(void (*preinit)(struct doveadm_mail_cmd_context *ctx),
		    const char *letters);
/* The mail commands' v.deinit(). */
void doveadm_audit_deinit(struct doveadm_mail_cmd_context *ctx);
/* Take the options that all commands have. entries says that others of them
   select entries to show. */
void doveadm_audit_preinit(struct mailbox_audit_cmd_context *ctx,
			   bool entries);
bool doveadm_audit_flag(const struct doveadm_cmd_context *cctx,
			const char *name);
/* Returns NULL if it isn't given; over HTTP also null can be. */
const char *doveadm_audit_string(const struct doveadm_cmd_context *cctx,
				 const char *name);
/* Print lines of a column "report" as they are, unless a server passes them on
   or, if they aren't JSON, doveadm -f asks for something else. */
void doveadm_audit_print_lines(struct mailbox_audit_cmd_context *ctx);
/* Take a time, in seconds; one that isn't any is refused. Returns whether it's
   given. */
bool doveadm_audit_time(struct mailbox_audit_cmd_context *ctx, const char *name,
			int64_t *seconds_r);
/* Refuse the command line: it ends doveadm, but in a server the users are
   refused one by one. */
void doveadm_audit_refuse(struct mailbox_audit_cmd_context *ctx, int status,
			  const char *error);
/* Audit a user and print what was found. It is a mail command's v.run(). */
int doveadm_audit_run(struct doveadm_mail_cmd_context *ctx,
		      struct mail_user *user);
/* Print an entry, log an error: callbacks of the audit. */
void doveadm_audit_entry(const struct mba_namespace_report *ns,
			 const struct mba_entry *entry, void *context);
void doveadm_audit_error(const struct mba_error *error, void *context);
/* A user couldn't be audited at all. */
void doveadm_audit_user_failed(struct mailbox_audit_cmd_context *ctx,
			       const char *username, const char *reason,
			       int exit_code);

/* Let doveadm's printers print the commands' rows, until the command ends. The
   settings have to stay; without any the table is doveadm's own. */
void doveadm_printers_init(const struct mba_audit_settings *set,
			   enum mba_table type);
void doveadm_printers_deinit(void);

/* Show on a terminal how far it is, and stop when doveadm is killed: to be
   called in v.preinit(). What is shown has to be cleared before anything is
   printed. */
void doveadm_audit_progress_init(struct mailbox_audit_cmd_context *ctx);
void doveadm_audit_progress_clear(struct mailbox_audit_cmd_context *ctx);

/* Check a user's settings of all plugins, and get the rules, which the caller
   frees. Returns 0 if ok, -1 if something is wrong: it was logged, and
   *errors_r is all of it. */
int doveadm_audit_settings(struct mail_user *user, struct mba_rules **rules_r,
			   const char **errors_r);

/* Returns FALSE if another server may take care of the users. */
bool doveadm_audit_is_local(const struct doveadm_mail_cmd_context *ctx);

/* Notice users who can't be looked up or initialized: to be called in
   v.preinit() and v.deinit(). */
void doveadm_audit_users_init(struct mailbox_audit_cmd_context *ctx);
void doveadm_audit_check_pending(struct mailbox_audit_cmd_context *ctx);

/* Look at the roots of all users before the first one is cleaned: the first is
   to be called in v.preinit(), before the one above. */
void doveadm_clean_users_init(struct mailbox_audit_cmd_context *ctx);
void doveadm_clean_users_deinit(struct mailbox_audit_cmd_context *ctx);
/* Returns TRUE if one user is named. ctx.iterate_single_user isn't set yet in
   v.preinit(), and a server's client hands the user over beside the
   parameters. */
bool doveadm_clean_is_for_one(const struct doveadm_cmd_context *cctx);

#endif
