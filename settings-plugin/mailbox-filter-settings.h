/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef MAILBOX_FILTER_SETTINGS_H
#define MAILBOX_FILTER_SETTINGS_H

#include "mailbox-audit.h"

struct mailbox_filter_settings {
	pool_t pool;

	/* rules, separated by blanks */
	const char *mailbox_filter;
	/* path of a file with rules, one a line */
	const char *mailbox_filter_file;
	/* also hide plain files that aren't mailboxes */
	bool mailbox_filter_non_mailboxes;
};

extern const struct setting_parser_info mailbox_filter_setting_parser_info;

/* The value of mailbox_filter that stands for "not set". No value in a
   configuration file ends in a blank, unless it's quoted. */
#define MAILBOX_FILTER_UNSET MBA_DEFAULT_RULES " "

#endif
