/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* The tree belongs to a user who may be hostile, while clean is often run by
   root: so it becomes that user, for good, before it looks at anything. */

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit-command.h"

static const char help_begin[] =
"Usage: mailbox-audit clean --index-root DIR --mail-root DIR [OPTION...]\n"
"\n"
"Removes index directories that belong to no mailbox and hold nothing of\n"
"value: a log's header and nothing else, as LIST leaves it. Nothing is lost:\n"
"Dovecot makes one again when it needs it. Mails are never touched.\n"
"\n";

static const char help_end[] =
"\n"
"What to remove:\n"
"  -n, --dry-run            remove nothing, but tell what would be\n"
"  -s, --state LIST         only entries with these states: not-mailbox,\n"
"                           missing (default: both)\n"
"  -a, --min-age TIME       keep what changed less than this ago (1h)\n"
"  -U, --used               also entries that hold more than a log's header.\n"
"                           That can lose flags and UIDVALIDITY of mailboxes\n"
"                           that come back: see\n"
"                           mailbox-audit-clean(1)\n"
"  -g, --used-age TIME      with --used: keep of these what changed less than\n"
"                           this ago (30d)\n"
"  -f, --force              with --used: even if most used entries are bogus\n"
"      --lock-method NAME   lock_method of Dovecot, where a file system has\n"
"                           no leases: fcntl (default), flock\n"
"\n"
"What to show:\n"
"  -e, --entries            a row for each entry, in place of the sums\n"
"  -t, --totals             one row for the user: what was removed, how many\n"
"                           bogus entries were kept, errors\n"
"  -j, --json               JSON lines\n"
"  -u, --user NAME          whose mail this is. Required as root: clean takes\n"
"                           this user's ids before its first look\n"
"  -q, --quiet              don't show progress on a terminal\n"
"  -h, --help               show this\n"
"\n"
"Exit status: 0, or 74 if something couldn't be read or removed (the reason\n"
"is on standard error, the rest was cleaned), or another of sysexits.h.\n";

enum {
	OPT_LOCK_METHOD = 0x3000
};

static const struct option options[] = {
	AUDIT_COMMAND_OPTIONS,
	{ "dry-run", no_argument, NULL, 'n' },
	{ "used", no_argument, NULL, 'U' },
	{ "min-age", required_argument, NULL, 'a' },
	{ "used-age", required_argument, NULL, 'g' },
	{ "force", no_argument, NULL, 'f' },
	{ "lock-method", required_argument, NULL, OPT_LOCK_METHOD },
	{ NULL, 0, NULL, 0 }
};

struct clean_command {
	struct audit_command audit;
	struct mba_clean_settings set;
	/* of the user that it becomes */
	char *home;
	bool used_age;
};

static int clean_lock_method(struct clean_command *cmd, const char *name)
{
	if (strcmp(name, "flock") == 0)
		cmd->set.lock_method = MBA_LOCK_METHOD_FLOCK;
	else if (strcmp(name, "fcntl") != 0) {
		return tool_usage(tool_printf(
			"Unknown lock method: %s (known are fcntl, flock)",
			name));
	}
	return EX_OK;
}

/* Returns a status, or -1 if help was asked for. */
static int clean_option(struct clean_command *cmd, int opt, int idx)
{
	switch (opt) {
	case 'n':
		cmd->set.dry_run = true;
		return EX_OK;
	case 'U':
		cmd->set.used = true;
		return EX_OK;
	case 'f':
		cmd->set.force = true;
		return EX_OK;
	case 'a':
		return audit_command_time(&cmd->set.min_age);
	case 'g':
		cmd->used_age = true;
		return audit_command_time(&cmd->set.used_age);
	case OPT_LOCK_METHOD:
		return clean_lock_method(cmd, optarg);
	default:
		return audit_command_option(&cmd->audit, opt,
					    options[idx].name);
	}
}

static char *clean_check(const struct clean_command *cmd, const char *arg)
{
	if (!cmd->set.used && (cmd->used_age || cmd->set.force)) {
		return tool_printf("%s needs --used", cmd->used_age ?
				   "--used-age" : "--force");
	}
	if ((cmd->audit.set.states & ~MBA_STATES_BOGUS) != 0) {
		return tool_printf("clean removes only entries that are "
				   "not-mailbox or missing: --state");
	}
	if (geteuid() == 0 && cmd->audit.set.user == NULL) {
		return tool_printf("As root --user is required: clean takes "
				   "the ids of the user whose mail this is");
	}
	return audit_command_check(&cmd->audit, arg);
}

static int clean_options(struct clean_command *cmd, int argc, char *argv[])
{
	int opt, idx = 0, status = EX_OK;
	char *error;

	while (status == EX_OK &&
	       (opt = tool_getopt(argc, argv, AUDIT_COMMAND_LETTERS "nUa:g:f",
				  options, &idx)) != -1)
		status = clean_option(cmd, opt, idx);
	if (status != EX_OK)
		return status;
	if ((error = clean_check(cmd, argv[optind])) != NULL)
		return tool_usage(error);
	return EX_OK;
}

/* Become a user, for good. */
static int clean_become(struct clean_command *cmd, const char *name)
{
	const struct passwd *pw;
	const char *op = "setuid";

	errno = 0;
	pw = getpwnam(name);
	if (pw == NULL) {
		return tool_fail(EX_NOUSER, errno == 0 ?
			tool_printf("There is no user %s", name) :
			tool_printf("getpwnam(%s) failed: %s", name,
				    strerror(errno)));
	}
	if (pw->pw_uid == 0) {
		return tool_fail(EX_NOPERM, tool_printf(
			"clean doesn't run with root's id: --user %s", name));
	}
	cmd->home = tool_printf("%s", pw->pw_dir);
	if (initgroups(name, pw->pw_gid) < 0)
		op = "initgroups";
	else if (setgid(pw->pw_gid) < 0)
		op = "setgid";
	else if (setuid(pw->pw_uid) == 0)
		return EX_OK;
	return tool_fail(EX_OSERR, tool_printf("%s(%s) failed: %s", op, name,
					       strerror(errno)));
}

int cmd_clean(int argc, char *argv[])
{
	struct clean_command cmd = {
		.set = {
			.min_age = MBA_CLEAN_MIN_AGE,
			.used_age = MBA_CLEAN_USED_AGE,
		},
	};
	int status;

	cmd.set.now = mba_file_time();
	audit_command_init(&cmd.audit, argc);
	cmd.audit.set.clean = &cmd.set;
	status = clean_options(&cmd, argc, argv);
	if (cmd.audit.set.states == 0)
		cmd.audit.set.states = MBA_STATES_BOGUS;
	if (status == EX_OK && geteuid() == 0)
		status = clean_become(&cmd, cmd.audit.set.user);
	if (status == -1)
		status = audit_command_help(help_begin, help_end);
	else if (status == EX_OK) {
		cmd.audit.location.location.home =
			cmd.home != NULL ? cmd.home : getenv("HOME");
		status = audit_command_run(&cmd.audit);
	}
	audit_command_deinit(&cmd.audit);
	free(cmd.home);
	return status;
}
