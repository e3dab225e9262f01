/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "imap-arg.h"
#include "imap-url.h"
#include "imap-utf7.h"
#include "mail-namespace.h"
#include "unichar.h"
#include "access-args.h"
#include "access-compat.h"

void access_args_init(struct access_args *args, pool_t pool,
		      struct mail_namespace *namespaces, bool utf8)
{
	args->pool = pool;
	args->namespaces = namespaces;
	args->utf8 = utf8;
	p_array_init(&args->names, pool, 2);
}

static void
access_args_add(struct access_args *args, enum access_key key,
		const char *name, bool invalid)
{
	struct access_name *dest = array_append_space(&args->names);

	dest->key = key;
	dest->name = p_strdup(args->pool, name);
	dest->invalid = invalid;
}

/* Returns a mailbox's name with INBOX in upper case, as mailbox_alloc() has
   it. */
static const char *
access_args_fix_inbox(const struct access_args *args, const char *name)
{
	const size_t len = strlen("INBOX");
	struct mail_namespace *ns;

	if (strncasecmp(name, "INBOX", len) != 0 ||
	    strncmp(name, "INBOX", len) == 0)
		return name;
	if (name[len] != '\0') {
		ns = mail_namespace_find(args->namespaces, name);
		/* a prefix in lower case is an error of the configuration */
		if (name[len] != mail_namespace_get_sep(ns) ||
		    strncmp(ns->prefix, name, len + 1) == 0)
			return name;
	}
	return t_strconcat("INBOX", name + len, NULL);
}

/* Returns a mailbox's name without the separator that clients may put after
   it. */
static const char *
access_args_fix_end(const struct access_args *args, const char *name)
{
	size_t len = strlen(name);
	struct mail_namespace *ns;

	if (!args->drop_sep || len == 0)
		return name;
	ns = mail_namespace_find(args->namespaces, name);
	return name[len - 1] != mail_namespace_get_sep(ns) ? name :
		t_strndup(name, len - 1);
}

/* Returns a mailbox's name as Dovecot knows it. */
static const char *
access_args_fix_name(const struct access_args *args, const char *name)
{
	/* 2.4.3 panics if it is asked for such a name's namespace, and refuses
	   the name before it asks */
	if (!uni_utf8_str_is_valid(name))
		return name;
	name = access_args_fix_inbox(args, access_args_fix_end(args, name));
	return access_name_normalize(args->namespaces, name);
}

/* Add a name that is UTF-8 already. A mailbox's is added as Dovecot knows it:
   INBOX may be in any case, also where it leads to other mailboxes, with
   drop_sep a separator may follow, and from 2.4.3 on it's normalized. */
static void
access_args_add_name(struct access_args *args, enum access_key key,
		     const char *name)
{
	if (key == ACCESS_KEY_MAILBOX || key == ACCESS_KEY_NEW_MAILBOX ||
	    key == ACCESS_KEY_SUBTREE)
		name = access_args_fix_name(args, name);
	access_args_add(args, key, name, FALSE);
}

void access_args_add_source(struct access_args *args, const char *name)
{
	const struct access_name *old;

	array_foreach(&args->names, old) {
		if (old->key == ACCESS_KEY_SOURCE_MAILBOX &&
		    strcmp(old->name, name) == 0)
			return;
	}
	access_args_add(args, ACCESS_KEY_SOURCE_MAILBOX, name, FALSE);
}

/* Add a mailbox name in the client's encoding. */
static void
access_args_add_mailbox(struct access_args *args, enum access_key key,
			const char *name)
{
	string_t *utf8;

	if (args->utf8) {
		access_args_add_name(args, key, name);
		return;
	}
	T_BEGIN {
		utf8 = t_str_new(128);
		if (imap_utf7_to_utf8(name, utf8) < 0)
			access_args_add(args, key, name, TRUE);
		else
			access_args_add_name(args, key, str_c(utf8));
	} T_END;
}

/* Add an argument if it's a name, or the names of a list. */
static void
access_args_add_arg(struct access_args *args, enum access_key key,
		    const struct imap_arg *arg)
{
	const struct imap_arg *list;
	const char *name;

	if (imap_arg_get_astring(arg, &name)) {
		access_args_add_mailbox(args, key, name);
	} else if (imap_arg_get_list(arg, &list)) {
		for (; imap_arg_get_astring(list, &name); list++)
			access_args_add_mailbox(args, key, name);
	}
}

bool access_args_is_inbox(const struct access_args *args)
{
	const struct access_name *name;

	array_foreach(&args->names, name) {
		if (name->key == ACCESS_KEY_MAILBOX)
			return strcmp(name->name, "INBOX") == 0;
	}
	return FALSE;
}

static void
access_parse_name(struct access_args *args, enum access_key key,
		  const struct imap_arg *arg)
{
	const char *name;

	if (imap_arg_get_astring(arg, &name))
		access_args_add_mailbox(args, key, name);
}

void access_parse_mailbox(struct access_args *args,
			  const struct imap_arg *imap_args)
{
	access_parse_name(args, ACCESS_KEY_MAILBOX, &imap_args[0]);
}

void access_parse_second(struct access_args *args,
			 const struct imap_arg *imap_args)
{
	if (!IMAP_ARG_IS_EOL(&imap_args[0]))
		access_parse_name(args, ACCESS_KEY_MAILBOX, &imap_args[1]);
}

void access_parse_rename(struct access_args *args,
			 const struct imap_arg *imap_args)
{
	access_parse_name(args, ACCESS_KEY_MAILBOX, &imap_args[0]);
	if (!IMAP_ARG_IS_EOL(&imap_args[0])) {
		access_parse_name(args, ACCESS_KEY_NEW_MAILBOX,
				  &imap_args[1]);
	}
}

static void skip_list(const struct imap_arg **imap_args)
{
	if ((*imap_args)->type == IMAP_ARG_LIST)
		*imap_args += 1;
}

void access_parse_list(struct access_args *args,
		       const struct imap_arg *imap_args)
{
	skip_list(&imap_args);
	access_parse_name(args, ACCESS_KEY_REFERENCE, &imap_args[0]);
	if (!IMAP_ARG_IS_EOL(&imap_args[0]))
		access_args_add_arg(args, ACCESS_KEY_PATTERN, &imap_args[1]);
}

void access_parse_getmetadata(struct access_args *args,
			      const struct imap_arg *imap_args)
{
	const char *name;

	skip_list(&imap_args);
	if (!imap_arg_get_astring(&imap_args[0], &name))
		return;
	/* Dovecot takes wildcards here, as a draft of the RFC had them */
	access_args_add_mailbox(args, strpbrk(name, "*%") == NULL ?
			      ACCESS_KEY_MAILBOX : ACCESS_KEY_PATTERN, name);
}

void access_parse_notify(struct access_args *args,
			 const struct imap_arg *imap_args)
{
	const struct imap_arg *group;

	for (; !IMAP_ARG_IS_EOL(imap_args); imap_args++) {
		if (!imap_arg_get_list(imap_args, &group))
			continue;
		if (imap_arg_atom_equals(&group[0], "mailboxes")) {
			access_args_add_arg(args, ACCESS_KEY_MAILBOX,
					    &group[1]);
		} else if (imap_arg_atom_equals(&group[0], "subtree")) {
			access_args_add_arg(args, ACCESS_KEY_SUBTREE,
					    &group[1]);
		}
	}
}

/* A URL's mailbox is UTF-8, percent-encoded. */
static void access_args_add_url(struct access_args *args, const char *text)
{
	struct imap_url *url;
	const char *error;

	if (imap_url_parse(text, NULL, IMAP_URL_PARSE_ALLOW_URLAUTH,
			   &url, &error) < 0 || url->mailbox == NULL)
		return;
	access_args_add_name(args, ACCESS_KEY_MAILBOX, url->mailbox);
	if (url->userid != NULL)
		access_args_add_name(args, ACCESS_KEY_OWNER, url->userid);
}

void access_parse_urls(struct access_args *args,
		       const struct imap_arg *imap_args)
{
	const struct imap_arg *arg;
	const char *url;

	for (; !IMAP_ARG_IS_EOL(imap_args); imap_args++) {
		if (!imap_arg_get_list(imap_args, &arg))
			arg = imap_args;
		/* GENURLAUTH's mechanisms are no URLs */
		if (imap_arg_get_astring(arg, &url))
			access_args_add_url(args, url);
	}
}

void access_parse_quota_root(struct access_args *args,
			     const struct imap_arg *imap_args)
{
	const char *name;

	if (imap_arg_get_astring(&imap_args[0], &name))
		access_args_add_name(args, ACCESS_KEY_QUOTA_ROOT, name);
}
