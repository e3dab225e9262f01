/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef LOCATION_OPTIONS_H
#define LOCATION_OPTIONS_H

/* The options that tell where mails and indexes are, and of what namespace. */

#include "tool.h"

struct location_options {
	struct mba_location location;
	/* --exclude and --keep; they end with NULL */
	const char **excludes, **keep;
};

/* For tool_getopt(): what an option sets. */
enum location_opt {
	LOCATION_OPT_DIRNAME = 0x2000,
	LOCATION_OPT_FULL_DIRNAME,
	LOCATION_OPT_EXCLUDE,
	LOCATION_OPT_KEEP,
	LOCATION_OPT_UTF8,
	LOCATION_OPT_ITER_INDEX,
	LOCATION_OPT_FULL_ACCESS,
	LOCATION_OPT_NO_COMPRESSION,
	LOCATION_OPT_COMPRESSION,
	LOCATION_OPT_NO_INBOX,
	/* a string or a character of the location, at an offset */
	LOCATION_OPT_STRING = 0x10000,
	LOCATION_OPT_CHAR = 0x20000
};
#define LOCATION_FIELD(name, type, field) \
	{ name, required_argument, NULL, LOCATION_OPT_##type + \
	  (int)offsetof(struct mba_location, field) }
#define LOCATION_OPTIONS \
	LOCATION_FIELD("index-root", STRING, index_root), \
	LOCATION_FIELD("mail-root", STRING, mail_root), \
	LOCATION_FIELD("format", STRING, driver), \
	LOCATION_FIELD("layout", STRING, layout), \
	LOCATION_FIELD("inbox", STRING, inbox_path), \
	LOCATION_FIELD("control", STRING, control_root), \
	LOCATION_FIELD("subscriptions", STRING, subscriptions), \
	LOCATION_FIELD("list-index", STRING, list_index), \
	{ "dirname", required_argument, NULL, LOCATION_OPT_DIRNAME }, \
	{ "full-dirname", required_argument, NULL, \
	  LOCATION_OPT_FULL_DIRNAME }, \
	LOCATION_FIELD("mailbox-dir", STRING, mailbox_dir), \
	{ "utf8", no_argument, NULL, LOCATION_OPT_UTF8 }, \
	{ "iter-index", no_argument, NULL, LOCATION_OPT_ITER_INDEX }, \
	{ "full-access", no_argument, NULL, LOCATION_OPT_FULL_ACCESS }, \
	{ "no-compression", no_argument, NULL, LOCATION_OPT_NO_COMPRESSION }, \
	{ "compression", no_argument, NULL, LOCATION_OPT_COMPRESSION }, \
	{ "exclude", required_argument, NULL, LOCATION_OPT_EXCLUDE }, \
	LOCATION_FIELD("prefix", STRING, prefix), \
	LOCATION_FIELD("separator", CHAR, separator), \
	LOCATION_FIELD("escape-char", CHAR, storage_escape_char), \
	LOCATION_FIELD("broken-char", CHAR, vname_escape_char), \
	{ "keep", required_argument, NULL, LOCATION_OPT_KEEP }, \
	{ "no-inbox", no_argument, NULL, LOCATION_OPT_NO_INBOX }, \
	LOCATION_FIELD("type", STRING, type)

/* What help says of them. */
extern const char location_options_help[];

/* max is the number of options that there can be. */
void location_options_init(struct location_options *options,
			   unsigned int max);
void location_options_deinit(struct location_options *options);

/* Set what an option says; name is its long name, value is NULL if it has none.
   Returns EX_OK, or a status whose error was printed. */
int location_options_set(struct location_options *options, int opt,
			 const char *name, const char *value);

/* Returns an error that the caller frees, NULL if the options are fine. */
char *location_options_check(const struct location_options *options);

/* Tell the audit of the location, and of what is excluded. */
void location_options_add(const struct location_options *options,
			  struct mba_audit *audit);

#endif
