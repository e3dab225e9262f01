/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

const char *tool_command = NULL;

char *tool_printf(const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		abort();
	va_end(args);
	return text;
}

int tool_fail(int status, char *error)
{
	char *escaped = mba_escape(error);

	fprintf(stderr, "mailbox-audit: %s%s%s\n",
		tool_command == NULL ? "" : tool_command,
		tool_command == NULL ? "" : ": ", escaped);
	free(escaped);
	free(error);
	return status;
}

int tool_usage(char *error)
{
	(void)tool_fail(EX_USAGE, error);
	return tool_fail(EX_USAGE, tool_printf(
		"mailbox-audit %s --help shows how it is used", tool_command));
}

static bool has_option(const struct option *options, int val)
{
	while (options->name != NULL && options->val != val)
		options++;
	return options->name != NULL;
}

/* word is the last one that was looked at. */
static char *option_error(int opt, const char *word,
			  const struct option *options)
{
	if (opt == ':')
		return tool_printf("An argument is required after %s", word);
	if (optopt == 0)
		return tool_printf("Unknown or ambiguous option: %s", word);
	if (has_option(options, optopt))
		return tool_printf("This option takes no argument: %s", word);
	return tool_printf("Unknown option: -%c", optopt);
}

int tool_getopt(int argc, char *argv[], const char *letters,
		const struct option *options, int *idx_r)
{
	int opt = getopt_long(argc, argv, letters, options, idx_r);

	if (opt == '?' || opt == ':') {
		(void)tool_usage(option_error(opt, argv[optind - 1],
					      options));
	}
	return opt;
}

int tool_rules_option(struct mba_rules *rules, int opt, const char *value)
{
	char *error;

	if (opt == TOOL_OPT_RULES ?
	    mba_rules_add_file(rules, value, &error) < 0 :
	    mba_rules_add_words(rules, value, "--rule", &error) < 0)
		return tool_fail(EX_CONFIG, error);
	return EX_OK;
}

/* why the first write failed, 0 if none did */
static int output_errno = 0;

static void output_check(void)
{
	if (output_errno == 0 && ferror(stdout))
		output_errno = errno;
}

void tool_print_line(const char *line)
{
	puts(line);
	output_check();
}

int tool_flush(void)
{
	output_check();
	if (fflush(stdout) == 0 && !ferror(stdout) &&
	    (fclose(stdout) == 0 || errno == EBADF))
		return EX_OK;
	if (output_errno == 0)
		output_errno = errno;
	return tool_fail(EX_IOERR, tool_printf("write(stdout) failed: %s",
					       strerror(output_errno)));
}
