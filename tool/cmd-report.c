#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tool.h"

static const char help[] =
"Usage: mailbox-audit report --index-root DIR --mail-root DIR [OPTION...]\n"
"\n"
"Shows how many inodes the index directories under the index root take, and\n"
"which belong to no mailbox under the mail root. It changes nothing.\n"
"\n"
"Where mails and indexes are, as in Dovecot's mail_location:\n"
"      --index-root DIR     INDEX=\n"
"      --mail-root DIR      the location itself\n"
"      --format FORMAT      mbox (default), maildir, sdbox, mdbox; imapc,\n"
"                           pop3c, virtual: states aren't judged\n"
"      --layout LAYOUT      LAYOUT=: fs, maildir++ (default: the format's);\n"
"                           index, imapc: states aren't judged\n"
"      --inbox PATH         INBOX=\n"
"      --control DIR        CONTROL=\n"
"      --subscriptions NAME SUBSCRIPTIONS=\n"
"      --dirname NAME       DIRNAME=\n"
"      --full-dirname NAME  FULLDIRNAME=\n"
"      --mailbox-dir NAME   MAILBOXDIR=\n"
"      --utf8               UTF-8\n"
"      --iter-index         ITERINDEX: states aren't judged\n"
"      --no-compression     the zlib or mail_compress plugin isn't loaded\n"
"      --exclude DIR        another namespace's root: counted, not judged\n"
"\n"
"The namespace:\n"
"      --prefix PREFIX      its prefix\n"
"      --separator C        its hierarchy separator (default: the layout's)\n"
"      --escape-char C      storage name escape character (listescape)\n"
"      --broken-char C      BROKENCHAR=\n"
"      --no-inbox           it doesn't hold the user's INBOX\n"
"      --type TYPE          private (default), shared, public\n"
"\n"
"What to show:\n"
"  -e, --entries            a row for each entry, not only the sums\n"
"  -s, --state LIST         of --entries only those with these states:\n"
"                           mailbox, not-mailbox, missing, unknown; bogus\n"
"                           stands for not-mailbox,missing\n"
"  -H, --hidden             of --entries only those that the rules hide\n"
"  -V, --visible            of --entries only those that the rules don't hide\n"
"  -j, --json               JSON lines\n"
"  -u, --user NAME          the user's name for the report\n"
"      --rule WORDS         rules, separated by blanks, as in mailbox_filter\n"
"      --rules FILE         rules, one a line, as in mailbox_filter_file\n"
"  -q, --quiet              don't show progress on a terminal\n"
"  -h, --help               show this\n"
"\n"
"Without --rule and --rules the default rules are used: .* public_html\n"
"Exit status: 0, or 74 if something couldn't be read (it is counted as\n"
"unknown, and the reason is on standard error), or another of sysexits.h.\n";

enum {
	OPT_STRING = 0x100,
	OPT_CHAR = 0x200,
	OPT_FLAG = 0x300,
	OPT_DIRNAME = 0x400,
	OPT_FULL_DIRNAME,
	OPT_EXCLUDE,
	OPT_TYPE_MASK = 0xf00
};

/* options that set a string or a character of the location */
static const size_t location_strings[] = {
	offsetof(struct mba_location, index_root),
	offsetof(struct mba_location, mail_root),
	offsetof(struct mba_location, driver),
	offsetof(struct mba_location, layout),
	offsetof(struct mba_location, inbox_path),
	offsetof(struct mba_location, control_root),
	offsetof(struct mba_location, subscriptions),
	offsetof(struct mba_location, mailbox_dir),
	offsetof(struct mba_location, prefix),
	offsetof(struct mba_location, type),
};
static const size_t location_chars[] = {
	offsetof(struct mba_location, separator),
	offsetof(struct mba_location, storage_escape_char),
	offsetof(struct mba_location, vname_escape_char),
};

enum {
	FLAG_UTF8,
	FLAG_ITER_INDEX,
	FLAG_NO_COMPRESSION,
	FLAG_NO_INBOX,
};

static const struct option options[] = {
	TOOL_RULES_OPTIONS,
	{ "index-root", required_argument, NULL, OPT_STRING + 0 },
	{ "mail-root", required_argument, NULL, OPT_STRING + 1 },
	{ "format", required_argument, NULL, OPT_STRING + 2 },
	{ "layout", required_argument, NULL, OPT_STRING + 3 },
	{ "inbox", required_argument, NULL, OPT_STRING + 4 },
	{ "control", required_argument, NULL, OPT_STRING + 5 },
	{ "subscriptions", required_argument, NULL, OPT_STRING + 6 },
	{ "mailbox-dir", required_argument, NULL, OPT_STRING + 7 },
	{ "prefix", required_argument, NULL, OPT_STRING + 8 },
	{ "type", required_argument, NULL, OPT_STRING + 9 },
	{ "separator", required_argument, NULL, OPT_CHAR + 0 },
	{ "escape-char", required_argument, NULL, OPT_CHAR + 1 },
	{ "broken-char", required_argument, NULL, OPT_CHAR + 2 },
	{ "utf8", no_argument, NULL, OPT_FLAG + FLAG_UTF8 },
	{ "iter-index", no_argument, NULL, OPT_FLAG + FLAG_ITER_INDEX },
	{ "no-compression", no_argument, NULL, OPT_FLAG + FLAG_NO_COMPRESSION },
	{ "no-inbox", no_argument, NULL, OPT_FLAG + FLAG_NO_INBOX },
	{ "dirname", required_argument, NULL, OPT_DIRNAME },
	{ "full-dirname", required_argument, NULL, OPT_FULL_DIRNAME },
	{ "exclude", required_argument, NULL, OPT_EXCLUDE },
	{ "entries", no_argument, NULL, 'e' },
	{ "state", required_argument, NULL, 's' },
	{ "hidden", no_argument, NULL, 'H' },
	{ "visible", no_argument, NULL, 'V' },
	{ "json", no_argument, NULL, 'j' },
	{ "user", required_argument, NULL, 'u' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 }
};

struct report_command {
	struct mba_location location;
	struct mba_audit_settings set;
	struct mba_rules *rules;
	/* --exclude, ends with NULL */
	const char **excludes;
	size_t excludes_count;
	bool entries, json, quiet;

	const struct mba_column *columns;
	unsigned int columns_count;
	struct timespec progress_shown;
	bool progress_on_screen;
};

static int report_flag(struct report_command *cmd, int flag)
{
	switch (flag) {
	case FLAG_UTF8:
		cmd->location.utf8 = true;
		break;
	case FLAG_ITER_INDEX:
		cmd->location.iter_index = true;
		break;
	case FLAG_NO_COMPRESSION:
		cmd->location.no_compression = true;
		break;
	case FLAG_NO_INBOX:
		cmd->location.inbox = false;
		break;
	}
	return EX_OK;
}

/* Set what an option of the location's says. Returns a status. */
static int report_location_option(struct report_command *cmd, int opt,
				  const char *name)
{
	char *location = (char *)&cmd->location;

	switch (opt & OPT_TYPE_MASK) {
	case OPT_STRING:
		*(const char **)(location +
			location_strings[opt - OPT_STRING]) = optarg;
		return EX_OK;
	case OPT_CHAR:
		if (strlen(optarg) != 1) {
			return tool_usage("report", tool_printf(
				"--%s is one character: %s", name, optarg));
		}
		location[location_chars[opt - OPT_CHAR]] = optarg[0];
		return EX_OK;
	case OPT_FLAG:
		return report_flag(cmd, opt - OPT_FLAG);
	}
	if (opt == OPT_EXCLUDE)
		cmd->excludes[cmd->excludes_count++] = optarg;
	else {
		cmd->location.dirname = optarg;
		cmd->location.dirname_in_index = opt == OPT_FULL_DIRNAME;
	}
	return EX_OK;
}

/* Returns a status, or -1 if help was asked for. */
static int report_option(struct report_command *cmd, int opt, int idx)
{
	char *error;

	switch (opt) {
	case TOOL_OPT_RULE:
	case TOOL_OPT_RULES:
		return tool_rules_option(&cmd->rules, opt, optarg);
	case 'e':
		cmd->entries = true;
		return EX_OK;
	case 's':
		if (mba_states_parse(optarg, &cmd->set.states, &error) < 0)
			return tool_usage("report", error);
		return EX_OK;
	case 'H':
		cmd->set.hidden = true;
		return EX_OK;
	case 'V':
		cmd->set.visible = true;
		return EX_OK;
	case 'j':
		cmd->json = true;
		return EX_OK;
	case 'u':
		cmd->set.user = optarg;
		return EX_OK;
	case 'q':
		cmd->quiet = true;
		return EX_OK;
	case 'h':
		return -1;
	case '?':
		return tool_usage("report", NULL);
	}
	return report_location_option(cmd, opt, options[idx].name);
}

/* options with a few values */
static const struct {
	const char *option;
	size_t offset;
	const char *values;
} choices[] = {
	{ "format", offsetof(struct mba_location, driver),
	  "mbox,maildir,sdbox,mdbox,imapc,pop3c,virtual" },
	{ "layout", offsetof(struct mba_location, layout),
	  "fs,maildir++,index,imapc" },
	{ "type", offsetof(struct mba_location, type),
	  "private,shared,public" },
};

/* Returns TRUE if a value stands in a list with commas. */
static bool is_in_list(const char *value, const char *list)
{
	size_t len = strlen(value), item_len;

	for (; *list != '\0'; list += item_len + (list[item_len] == ',')) {
		item_len = strcspn(list, ",");
		if (item_len == len && memcmp(list, value, len) == 0)
			return true;
	}
	return false;
}

/* Returns an error, NULL if there is none. */
static char *report_check_choices(const struct report_command *cmd)
{
	const char *location = (const char *)&cmd->location, *value;

	for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++) {
		value = *(const char *const *)(location + choices[i].offset);
		if (value != NULL && !is_in_list(value, choices[i].values)) {
			return tool_printf("Unknown --%s: %s (known are %s)",
					   choices[i].option, value,
					   choices[i].values);
		}
	}
	return NULL;
}

static bool is_absolute(const char *path)
{
	return path == NULL || path[0] == '/';
}

static char *report_check_paths(const struct report_command *cmd)
{
	const struct mba_location *location = &cmd->location;
	const char *inbox = location->inbox_path;

	if (location->index_root == NULL || location->mail_root == NULL)
		return tool_printf("--index-root and --mail-root are needed");
	/* an empty --inbox says that there is none */
	if (inbox != NULL && inbox[0] == '\0')
		inbox = NULL;
	if (!is_absolute(location->index_root) ||
	    !is_absolute(location->mail_root) || !is_absolute(inbox) ||
	    !is_absolute(location->control_root)) {
		return tool_printf("--index-root, --mail-root, --inbox and "
				   "--control are absolute paths");
	}
	for (size_t i = 0; i < cmd->excludes_count; i++) {
		if (!is_absolute(cmd->excludes[i])) {
			return tool_printf("--exclude is an absolute path: %s",
					   cmd->excludes[i]);
		}
	}
	return NULL;
}

static char *report_check(const struct report_command *cmd, const char *arg)
{
	char *error;

	if (arg != NULL)
		return tool_printf("report takes options only: %s", arg);
	if (cmd->set.hidden && cmd->set.visible) {
		return tool_printf("--hidden and --visible exclude each "
				   "other");
	}
	error = report_check_paths(cmd);
	return error != NULL ? error : report_check_choices(cmd);
}

static int report_options(struct report_command *cmd, int argc, char *argv[])
{
	int opt, idx = 0, status = EX_OK;
	char *error;

	while (status == EX_OK &&
	       (opt = getopt_long(argc, argv, "es:HVju:qh", options,
				  &idx)) != -1)
		status = report_option(cmd, opt, idx);
	if (status != EX_OK)
		return status;
	if ((error = report_check(cmd, argv[optind])) != NULL)
		return tool_usage("report", error);
	return EX_OK;
}

static void progress_clear(struct report_command *cmd)
{
	if (cmd->progress_on_screen)
		fputs("\r\033[K", stderr);
	cmd->progress_on_screen = false;
}

static void report_progress(const struct mba_namespace_report *ns,
			    void *context)
{
	struct report_command *cmd = context;
	struct timespec now;

	/* not more often than an eye can follow */
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	if ((now.tv_sec - cmd->progress_shown.tv_sec) * 1000 +
	    (now.tv_nsec - cmd->progress_shown.tv_nsec) / 1000000 < 200)
		return;
	cmd->progress_shown = now;
	cmd->progress_on_screen = true;
	fprintf(stderr, "\r%llu inodes, %llu entries\033[K",
		(unsigned long long)ns->totals.inodes,
		(unsigned long long)ns->totals.entries);
}

static void print_values(const char *const *values, void *context)
{
	const struct report_command *cmd = context;

	for (unsigned int i = 0; i < cmd->columns_count; i++) {
		int width = cmd->columns[i].width;

		if (i + 1 == cmd->columns_count && !cmd->columns[i].number)
			width = 0;
		printf("%s%*s", i == 0 ? "" : " ",
		       cmd->columns[i].number ? width : -width, values[i]);
	}
	putchar('\n');
}

static void print_titles(struct report_command *cmd)
{
	const char *titles[MBA_MAX_COLUMNS];

	cmd->columns = cmd->entries ? mba_entry_columns(&cmd->columns_count) :
		mba_summary_columns(&cmd->columns_count);
	for (unsigned int i = 0; i < cmd->columns_count; i++)
		titles[i] = cmd->columns[i].title;
	print_values(titles, cmd);
}

static void print_line(char *line)
{
	puts(line);
	free(line);
}

static void report_entry(const struct mba_namespace_report *ns,
			 const struct mba_entry *entry, void *context)
{
	struct report_command *cmd = context;

	progress_clear(cmd);
	if (cmd->json)
		print_line(mba_json_entry(&cmd->set, ns, entry));
	else
		mba_row_entry(ns, entry, print_values, cmd);
}

static void report_error(const struct mba_error *error, void *context)
{
	struct report_command *cmd = context;
	char *path = mba_escape(error->path);

	progress_clear(cmd);
	fprintf(stderr, "mailbox-audit: %s(%s) failed: %s\n", error->op, path,
		error->error);
	free(path);
}

/* Zeros are the right answer for a user who never logged in, but here the path
   was typed by somebody. */
static void report_warn_missing(const struct report_command *cmd)
{
	const char *path = cmd->location.index_root;
	struct stat st;

	if (stat(path, &st) < 0 && errno == ENOENT) {
		(void)tool_fail(EX_OK, tool_printf(
			"Warning: %s doesn't exist: there is nothing to count",
			path));
	}
}

static int report_run(struct report_command *cmd)
{
	const struct mba_report *report;
	struct mba_audit *audit;
	int ret, status;

	tool_rules_finish(&cmd->rules);
	report_warn_missing(cmd);
	cmd->set.rules = cmd->rules;
	cmd->set.error = report_error;
	cmd->set.context = cmd;
	if (cmd->entries)
		cmd->set.entry = report_entry;
	if (!cmd->quiet && isatty(STDERR_FILENO))
		cmd->set.progress = report_progress;
	if (!cmd->json)
		print_titles(cmd);

	audit = mba_audit_init(&cmd->set);
	mba_audit_add(audit, &cmd->location, true);
	for (size_t i = 0; i < cmd->excludes_count; i++) {
		const struct mba_location exclude = {
			.prefix = "", .type = "private", .driver = "none",
			.mail_root = cmd->excludes[i], .index_root = "",
		};

		mba_audit_add(audit, &exclude, false);
	}
	ret = mba_audit_run(audit, &report);
	progress_clear(cmd);
	if (cmd->json)
		print_line(mba_json_report(report));
	else if (!cmd->entries)
		mba_rows_summary(&report->namespaces[0], print_values, cmd);
	mba_audit_deinit(&audit);
	status = tool_flush();
	return status == EX_OK && ret < 0 ? EX_IOERR : status;
}

int cmd_report(int argc, char *argv[])
{
	struct report_command cmd = {
		.location = { .prefix = "", .type = "private",
			      .driver = "mbox", .inbox = true },
	};
	int status;

	cmd.excludes = calloc(argc, sizeof(*cmd.excludes));
	if (cmd.excludes == NULL)
		abort();
	status = report_options(&cmd, argc, argv);
	if (status == -1) {
		fputs(help, stdout);
		status = tool_flush();
	} else if (status == EX_OK) {
		status = report_run(&cmd);
	}
	mba_rules_free(&cmd.rules);
	free(cmd.excludes);
	return status;
}
