#ifndef MAILBOX_FILTER_SETTINGS_H
#define MAILBOX_FILTER_SETTINGS_H

struct mail_user;
struct mba_rules;

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
#define MAILBOX_FILTER_UNSET ".* public_html "

/* Get the rules in force for a user: those of mailbox_filter_file, then those
   of mailbox_filter, or the default rules if neither is set. An empty
   mailbox_filter is no rules. Returns 0 if ok, -1 if a setting or a rule is
   invalid, or the file can't be read. The caller frees the rules. */
int mailbox_filter_settings_get(struct mail_user *user,
				struct mba_rules **rules_r,
				bool *non_mailboxes_r, const char **error_r);

#endif
