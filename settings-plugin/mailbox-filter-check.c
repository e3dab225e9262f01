/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include "lib.h"
#include "eacces-error.h"
#include "str-sanitize.h"
#include "mailbox-audit.h"
#include "settings-compat.h"
#include "mailbox-filter-check.h"
#include "mailbox-filter-settings.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

/* of what the library says: a path and some words of a rule */
#define MAX_ERROR_LEN (PATH_MAX + 512)

/* Returns the library's error for the data stack, fit for a log. */
static const char *take_error(char *error)
{
	const char *result = t_strdup(str_sanitize_utf8(error, MAX_ERROR_LEN));

	free(error);
	return result;
}

int mailbox_filter_add_inline(struct mba_rules *rules,
			      const struct mailbox_filter_settings *set,
			      const char **error_r)
{
	char *error;

	if (SETTING_IS_UNKNOWN(set->mailbox_filter) ||
	    strcmp(set->mailbox_filter, MAILBOX_FILTER_UNSET) == 0)
		return 0;
	/* it stands in the error as the place of the rule */
	if (mba_rules_add_words(rules, set->mailbox_filter, "mailbox_filter",
				&error) < 0) {
		*error_r = take_error(error);
		return -1;
	}
	return 0;
}

static int check_path(const char *path, const char **error_r)
{
	if (SETTING_IS_UNKNOWN(path) || path[0] == '\0')
		return 0;
	if (path[0] != '/') {
		*error_r = t_strconcat("mailbox_filter_file: not an absolute "
			"path: ", str_sanitize_utf8(path, NAME_MAX), NULL);
		return -1;
	}
	if (strlen(path) >= PATH_MAX) {
		*error_r = t_strdup_printf("mailbox_filter_file: the path is "
			"longer than %u bytes", PATH_MAX - 1);
		return -1;
	}
	return 0;
}

/* Returns whether it is a matter of permissions, for whoever we are now: the
   effective ids count, access() asks for the real ones. */
static bool is_forbidden(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd == -1)
		return errno == EACCES;
	close(fd);
	return FALSE;
}

static const char *
file_error(const char *path, const char *username, const char *error)
{
	if (!is_forbidden(path))
		return t_strconcat("mailbox_filter_file: ", error, NULL);
	return t_strdup_printf("mailbox_filter_file: %s: each session reads "
		"it with the rights of its mail user, here %s: let all of them "
		"read it (chmod a+r, and a+x its directories)",
		str_sanitize_utf8(eacces_error_get("open", path),
				  2 * MAX_ERROR_LEN), username);
}

int mailbox_filter_add_file(struct mba_rules *rules,
			    const struct mailbox_filter_settings *set,
			    const char *username, const char **error_r)
{
	const char *path = set->mailbox_filter_file;
	char *error;

	if (check_path(path, error_r) < 0)
		return -1;
	if (path[0] == '\0')
		return 0;
	if (mba_rules_add_file(rules, path, &error) < 0) {
		*error_r = file_error(path, username, take_error(error));
		return -1;
	}
	return 0;
}

int mailbox_filter_check(const struct mailbox_filter_settings *set,
			 const char **error_r)
{
	struct mba_rules *rules;
	int ret;

	if (check_path(set->mailbox_filter_file, error_r) < 0)
		return -1;
	rules = mba_rules_new();
	ret = mailbox_filter_add_inline(rules, set, error_r);
	mba_rules_free(&rules);
	return ret;
}
