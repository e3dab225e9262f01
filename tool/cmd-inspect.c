/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include <stdio.h>

#include "tool.h"

static const char help[] =
"Usage: mailbox-audit inspect [OPTION...] PATH...\n"
"\n"
"Shows what is in Dovecot's index files, and what they prove about the use of\n"
"a mailbox. A directory stands for all indexes in it, a file for the index to\n"
"which it belongs. The logs count with their index. It changes nothing, and\n"
"Dovecot may be running.\n"
"\n"
"  -v, --verify        also compare counts, sequences, offsets and sizes with\n"
"                      each other, and show what contradicts itself\n"
"  -j, --json          a JSON line for each index\n"
"  -h, --help          show this\n"
"\n"
"What there is no proof of may be so all the same: who only looks, or reads\n"
"with a client that never selects a mailbox, leaves no trace.\n"
"Exit status: 0, or 1 if something couldn't be understood or contradicts\n"
"itself, 66 if there is no index, or another of sysexits.h.\n";

static const struct option options[] = {
	{ "verify", no_argument, NULL, 'v' },
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 }
};

/* context says whether an empty line comes before this one. */
static void print_line(const char *line, void *context)
{
	bool *apart = context;

	if (*apart)
		tool_print_line("");
	*apart = false;
	tool_print_line(line);
}

/* Returns EX_OK, a status whose error was printed, or -1 if help was asked
   for. */
static int inspect_options(struct mba_inspect_settings *set, int argc,
			   char *argv[])
{
	int opt;

	while ((opt = tool_getopt(argc, argv, ":vjh", options,
				  NULL)) != -1) {
		switch (opt) {
		case 'v':
			set->verify = true;
			break;
		case 'j':
			set->json = true;
			break;
		case 'h':
			return -1;
		default:
			return EX_USAGE;
		}
	}
	if (optind == argc)
		return tool_usage(tool_printf("No path is given"));
	return EX_OK;
}

/* Returns the worst of all statuses. */
static int inspect_paths(const struct mba_inspect_settings *set, char *paths[])
{
	int ret, status = EX_OK;
	bool apart = false;
	char *error;

	for (unsigned int i = 0; paths[i] != NULL; i++) {
		ret = mba_inspect(paths[i], set, print_line, &apart, &error);
		if (ret < 0) {
			status = tool_fail(EX_NOINPUT, error);
			continue;
		}
		apart = !set->json;
		if (ret > 0 && status == EX_OK)
			status = 1;
	}
	return status;
}

int cmd_inspect(int argc, char *argv[])
{
	struct mba_inspect_settings set = { .json = false };
	int status, flushed;

	status = inspect_options(&set, argc, argv);
	if (status == -1) {
		fputs(help, stdout);
		return tool_flush();
	}
	if (status != EX_OK)
		return status;
	status = inspect_paths(&set, argv + optind);
	flushed = tool_flush();
	return flushed == EX_OK ? status : flushed;
}
