/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef MAILBOX_FILTER_CHECK_H
#define MAILBOX_FILTER_CHECK_H

struct mba_rules;
struct mailbox_filter_settings;

/* What is wrong with mailbox_filter's settings is told here, to whoever asks.
   Returns 0 if ok, -1 if not: *error_r names the setting. */

/* Add the rules of mailbox_filter, unless it isn't set. */
int mailbox_filter_add_inline(struct mba_rules *rules,
			      const struct mailbox_filter_settings *set,
			      const char **error_r);
/* Add the rules of mailbox_filter_file, if it is set. username is who has to
   be able to read it. */
int mailbox_filter_add_file(struct mba_rules *rules,
			    const struct mailbox_filter_settings *set,
			    const char *username, const char **error_r);

/* Check what can be checked without a user: all but what is in the file, and
   values with variables in them. */
int mailbox_filter_check(const struct mailbox_filter_settings *set,
			 const char **error_r);

#endif
