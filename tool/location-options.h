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

/* For getopt_long(). */
#define LOCATION_OPT 0x2000
#define LOCATION_OPTIONS \
	{ "index-root", required_argument, NULL, LOCATION_OPT }, \
	{ "mail-root", required_argument, NULL, LOCATION_OPT }, \
	{ "format", required_argument, NULL, LOCATION_OPT }, \
	{ "layout", required_argument, NULL, LOCATION_OPT }, \
	{ "inbox", required_argument, NULL, LOCATION_OPT }, \
	{ "control", required_argument, NULL, LOCATION_OPT }, \
	{ "subscriptions", required_argument, NULL, LOCATION_OPT }, \
	{ "list-index", required_argument, NULL, LOCATION_OPT }, \
	{ "dirname", required_argument, NULL, LOCATION_OPT }, \
	{ "full-dirname", required_argument, NULL, LOCATION_OPT }, \
	{ "mailbox-dir", required_argument, NULL, LOCATION_OPT }, \
	{ "utf8", no_argument, NULL, LOCATION_OPT }, \
	{ "iter-index", no_argument, NULL, LOCATION_OPT }, \
	{ "no-compression", no_argument, NULL, LOCATION_OPT }, \
	{ "compression", no_argument, NULL, LOCATION_OPT }, \
	{ "exclude", required_argument, NULL, LOCATION_OPT }, \
	{ "prefix", required_argument, NULL, LOCATION_OPT }, \
	{ "separator", required_argument, NULL, LOCATION_OPT }, \
	{ "escape-char", required_argument, NULL, LOCATION_OPT }, \
	{ "broken-char", required_argument, NULL, LOCATION_OPT }, \
	{ "keep", required_argument, NULL, LOCATION_OPT }, \
	{ "no-inbox", no_argument, NULL, LOCATION_OPT }, \
	{ "type", required_argument, NULL, LOCATION_OPT }

/* What help says of them. */
extern const char location_options_help[];

/* max is the number of options that there can be. */
void location_options_init(struct location_options *options,
			   unsigned int max);
void location_options_deinit(struct location_options *options);

/* Set what an option says; value is NULL if it has none. Returns EX_OK, or a
   status whose error was printed. */
int location_options_set(struct location_options *options, const char *name,
			 const char *value);

/* Returns an error that the caller frees, NULL if the options are fine. */
char *location_options_check(const struct location_options *options);

/* Tell the audit of the location, and of what is excluded. */
void location_options_add(const struct location_options *options,
			  struct mba_audit *audit);

#endif
