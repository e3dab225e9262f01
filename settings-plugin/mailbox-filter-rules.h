/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef MAILBOX_FILTER_RULES_H
#define MAILBOX_FILTER_RULES_H

struct mail_user;
struct mba_rules;

/* Get the rules in force for a user: those of mailbox_filter_file, then those
   of mailbox_filter, or the default rules if neither is set. An empty
   mailbox_filter is no rules. Returns 0 if ok, -1 if a setting or a rule is
   invalid, or the file can't be read: *error_r names the setting. The caller
   frees the rules. */
int mailbox_filter_rules_get(struct mail_user *user, struct mba_rules **rules_r,
			     bool *non_mailboxes_r, const char **error_r);

#endif
