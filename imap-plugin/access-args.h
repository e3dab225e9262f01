/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef ACCESS_ARGS_H
#define ACCESS_ARGS_H

struct imap_arg;
struct mail_namespace;

/* What a name of a command's arguments is. */
enum access_key {
	ACCESS_KEY_MAILBOX,
	/* RENAME's second name */
	ACCESS_KEY_NEW_MAILBOX,
	/* a mailbox that the command takes messages from: the selected one, or
	   that of a CATENATE's URL */
	ACCESS_KEY_SOURCE_MAILBOX,
	/* NOTIFY's subtree */
	ACCESS_KEY_SUBTREE,
	ACCESS_KEY_REFERENCE,
	ACCESS_KEY_PATTERN,
	/* whose mailbox a URL names */
	ACCESS_KEY_OWNER,
	ACCESS_KEY_QUOTA_ROOT,

	ACCESS_KEY_COUNT
};

struct access_name {
	enum access_key key;
	const char *name;
	/* the name isn't valid mUTF-7; it's what the client sent */
	bool invalid;
};

struct access_args {
	pool_t pool;
	/* in the order of the arguments */
	ARRAY(struct access_name) names;
	/* the user's: not there any more once the command has ended */
	struct mail_namespace *namespaces;
	bool utf8:1;
	/* a separator at a mailbox name's end is no part of it */
	bool drop_sep:1;
};

/* utf8 tells that the client sends mailbox names in UTF-8, not in mUTF-7. */
void access_args_init(struct access_args *args, pool_t pool,
		      struct mail_namespace *namespaces, bool utf8);
/* Add a mailbox that messages are taken from, unless it's there already. */
void access_args_add_source(struct access_args *args, const char *name);
/* Returns TRUE if the first mailbox is INBOX. */
bool access_args_is_inbox(const struct access_args *args);

/* Each of these takes the names out of a kind of arguments. What the command
   itself refuses is left out. */
typedef void access_parse_func_t(struct access_args *args,
				 const struct imap_arg *imap_args);
/* mailbox ... */
access_parse_func_t access_parse_mailbox;
/* messages mailbox ... */
access_parse_func_t access_parse_second;
/* mailbox new-mailbox */
access_parse_func_t access_parse_rename;
/* [(options)] reference pattern|(patterns) ... */
access_parse_func_t access_parse_list;
/* [(options)] mailbox|pattern ... */
access_parse_func_t access_parse_getmetadata;
/* SET [STATUS] (filter [mailbox|subtree ...] (events)) ... */
access_parse_func_t access_parse_notify;
/* url ... or (url ...) ... */
access_parse_func_t access_parse_urls;
/* quota-root ... */
access_parse_func_t access_parse_quota_root;

#endif
