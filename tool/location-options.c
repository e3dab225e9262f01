/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include <stdlib.h>
#include <string.h>

#include "location-options.h"

const char location_options_help[] =
"Where mails and indexes are, as in Dovecot's mail_location:\n"
"      --index-root DIR     INDEX=\n"
"      --mail-root DIR      the location itself\n"
"      --format FORMAT      mbox (default), maildir, sdbox, mdbox; imapc,\n"
"                           pop3c, virtual: states aren't judged\n"
"      --layout LAYOUT      LAYOUT=: fs, maildir++, index (default: the\n"
"                           format's); imapc: states aren't judged\n"
"      --inbox PATH         INBOX=\n"
"      --control DIR        CONTROL=\n"
"      --subscriptions NAME SUBSCRIPTIONS=\n"
"      --list-index PATH    LISTINDEX=\n"
"      --dirname NAME       DIRNAME=\n"
"      --full-dirname NAME  FULLDIRNAME=\n"
"      --mailbox-dir NAME   MAILBOXDIR=\n"
"      --utf8               UTF-8\n"
"      --iter-index         ITERINDEX: states aren't judged\n"
"      --full-access        mail_full_filesystem_access\n"
"      --no-compression     the zlib or mail_compress plugin isn't loaded\n"
"      --compression        it is\n"
"      --exclude DIR        another namespace's root: counted, not judged\n"
"\n"
"The namespace:\n"
"      --prefix PREFIX      its prefix\n"
"      --separator C        its hierarchy separator (default: the layout's)\n"
"      --escape-char C      storage name escape character (listescape)\n"
"      --broken-char C      BROKENCHAR=\n"
"      --keep NAME          a mailbox that LIST shows, with its parents,\n"
"                           whatever the rules say (auto, special_use);\n"
"                           without the prefix, levels joined by /\n"
"                           (a / within a level is \\x2f)\n"
"      --no-inbox           it doesn't hold the user's INBOX\n"
"      --type TYPE          private (default), shared, public\n";

void location_options_init(struct location_options *options,
			   unsigned int max)
{
	memset(options, 0, sizeof(*options));
	options->location.prefix = "";
	options->location.type = "private";
	options->location.driver = "mbox";
	options->location.inbox = true;
	options->excludes = calloc(max + 1, sizeof(*options->excludes));
	options->keep = calloc(max + 1, sizeof(*options->keep));
	if (options->excludes == NULL || options->keep == NULL)
		abort();
	options->location.keep = options->keep;
}

void location_options_deinit(struct location_options *options)
{
	free(options->excludes);
	free(options->keep);
}

static void list_add(const char **list, const char *value)
{
	while (*list != NULL)
		list++;
	*list = value;
}

static void location_set(struct location_options *options,
			 enum location_opt opt, const char *value)
{
	struct mba_location *location = &options->location;

	switch (opt) {
	case LOCATION_OPT_DIRNAME:
	case LOCATION_OPT_FULL_DIRNAME:
		location->dirname = value;
		location->dirname_in_index = opt == LOCATION_OPT_FULL_DIRNAME;
		break;
	case LOCATION_OPT_EXCLUDE:
		list_add(options->excludes, value);
		break;
	case LOCATION_OPT_KEEP:
		list_add(options->keep, value);
		break;
	case LOCATION_OPT_UTF8:
		location->utf8 = true;
		break;
	case LOCATION_OPT_ITER_INDEX:
		location->iter_index = true;
		break;
	case LOCATION_OPT_FULL_ACCESS:
		location->full_access = true;
		break;
	case LOCATION_OPT_NO_COMPRESSION:
	case LOCATION_OPT_COMPRESSION:
		location->no_compression = opt == LOCATION_OPT_NO_COMPRESSION;
		location->compression = opt == LOCATION_OPT_COMPRESSION;
		break;
	case LOCATION_OPT_NO_INBOX:
		location->inbox = false;
		break;
	case LOCATION_OPT_STRING:
	case LOCATION_OPT_CHAR:
		break;
	}
}

int location_options_set(struct location_options *options, int opt,
			 const char *name, const char *value)
{
	char *base = (char *)&options->location;

	if (opt < LOCATION_OPT_STRING)
		location_set(options, opt, value);
	else if (opt < LOCATION_OPT_CHAR)
		*(const char **)(base + (opt - LOCATION_OPT_STRING)) = value;
	else if (strlen(value) != 1) {
		return tool_usage(tool_printf("--%s has to be one byte: %s",
					      name, value));
	} else
		base[opt - LOCATION_OPT_CHAR] = value[0];
	return EX_OK;
}

static const char *type_name(unsigned int idx)
{
	static const char *const types[] = {
		"private", "shared", "public", NULL
	};

	return types[idx];
}

/* options with a few values */
static const struct {
	const char *option;
	size_t offset;
	/* returns a value by its index, NULL after the last one */
	const char *(*value)(unsigned int idx);
} choices[] = {
	{ "format", offsetof(struct mba_location, driver), mba_driver_name },
	{ "layout", offsetof(struct mba_location, layout), mba_layout_name },
	{ "type", offsetof(struct mba_location, type), type_name },
};

/* Returns all values of a choice, separated by commas. */
static char *choice_values(const char *(*value)(unsigned int idx))
{
	char *list = tool_printf("%s", value(0)), *longer;

	for (unsigned int i = 1; value(i) != NULL; i++) {
		longer = tool_printf("%s, %s", list, value(i));
		free(list);
		list = longer;
	}
	return list;
}

/* Returns an error, NULL if a value is one of a choice's. */
static char *check_choice(const char *option, const char *value,
			  const char *(*known)(unsigned int idx))
{
	char *values, *error;

	for (unsigned int i = 0; known(i) != NULL; i++) {
		if (strcmp(known(i), value) == 0)
			return NULL;
	}
	values = choice_values(known);
	error = tool_printf("Unknown --%s: %s (known are %s)", option, value,
			    values);
	free(values);
	return error;
}

static char *check_choices(const struct mba_location *location)
{
	const char *value;
	char *error = NULL;

	for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]) &&
		     error == NULL; i++) {
		value = *(const char *const *)((const char *)location +
					       choices[i].offset);
		if (value != NULL) {
			error = check_choice(choices[i].option, value,
					     choices[i].value);
		}
	}
	return error;
}

/* Returns an error, NULL if the path is absolute or wasn't given. */
static char *check_path(const char *option, const char *path)
{
	if (path == NULL || path[0] == '/')
		return NULL;
	return tool_printf("--%s has to be an absolute path: %s", option, path);
}

static char *check_paths(const struct location_options *options)
{
	const struct mba_location *location = &options->location;
	const char *inbox = location->inbox_path;
	char *error;

	/* an empty --inbox says that there is none */
	if (inbox != NULL && inbox[0] == '\0')
		inbox = NULL;
	if ((error = check_path("index-root", location->index_root)) == NULL &&
	    (error = check_path("mail-root", location->mail_root)) == NULL &&
	    (error = check_path("inbox", inbox)) == NULL)
		error = check_path("control", location->control_root);
	for (size_t i = 0; options->excludes[i] != NULL && error == NULL; i++)
		error = check_path("exclude", options->excludes[i]);
	return error;
}

char *location_options_check(const struct location_options *options)
{
	const struct mba_location *location = &options->location;
	char *error;

	if (location->index_root == NULL || location->mail_root == NULL) {
		return tool_printf("--index-root and --mail-root are "
				   "required");
	}
	error = check_paths(options);
	return error == NULL ? check_choices(location) : error;
}

void location_options_add(const struct location_options *options,
			  struct mba_audit *audit)
{
	mba_audit_add(audit, &options->location, true);
	for (size_t i = 0; options->excludes[i] != NULL; i++) {
		const struct mba_location exclude = {
			.prefix = "", .type = "private", .driver = "none",
			.mail_root = options->excludes[i], .index_root = "",
		};

		mba_audit_add(audit, &exclude, false);
	}
}
