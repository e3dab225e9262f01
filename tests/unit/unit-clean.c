/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "alloc.h"
#include "unit-clean.h"

/* little or big endian alike, where the size's bytes are set below */
unsigned char log_header[40] = { 1, 3 };
/* major, minor version and size of the header */
unsigned char index_header[120] = { 7, 3, sizeof(index_header) };
struct unit_clean clean;

static void headers_setup(void)
{
	const uint16_t log_size = sizeof(log_header);
	/* size of the header and of a record; the index's id; the first UID;
	   the log's sequence, and where it was left */
	const struct {
		unsigned char *dest;
		uint32_t value;
	} values[] = {
		{ index_header + 4, sizeof(index_header) },
		{ index_header + 8, 8 },
		{ index_header + 16, 1 }, { log_header + 4, 1 },
		{ index_header + 28, 1 }, { index_header + 48, 1 },
		{ index_header + 60, 2 }, { log_header + 8, 2 },
		{ index_header + 64, log_size },
		{ index_header + 68, log_size },
	};

	memcpy(log_header + 2, &log_size, sizeof(log_size));
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		memcpy(values[i].dest, &values[i].value, sizeof(uint32_t));
#if __BYTE_ORDER == __LITTLE_ENDIAN
	index_header[12] = log_header[32] = 1;
#endif
}

void clean_setup(void)
{
	static char mail_root[PATH_MAX], index_root[PATH_MAX];

	headers_setup();
	strcpy(mail_root, unit_path("mail"));
	strcpy(index_root, unit_path("index"));
	unit_write(unit_path("mail/box"), "", 0);
	unit_write(unit_path("mail/junk"), "no mbox\n", 8);
	memset(&clean, 0, sizeof(clean));
	clean.location.prefix = "";
	clean.location.type = "private";
	clean.location.driver = "mbox";
	clean.location.mail_root = mail_root;
	clean.location.index_root = index_root;
	clean.set.min_age = MBA_CLEAN_MIN_AGE;
	clean.set.used_age = MBA_CLEAN_USED_AGE;
	clean.set.now = mba_file_time() + 2 * HOUR;
}

void make_entry(const char *name)
{
	unit_write(unit_path("index/.imap/%s/dovecot.index.log", name),
		   log_header, sizeof(log_header));
}

void make_index(const char *path)
{
	unit_write(unit_path("index/%s/dovecot.index", path), index_header,
		   sizeof(index_header));
}

static bool progress(const struct mba_namespace_report *ns, void *context)
{
	void (*before)(void) = clean.before;

	(void)ns;
	(void)context;
	clean.before = NULL;
	if (before != NULL)
		before();
	return !clean.stop;
}

static void entry_add(const struct mba_namespace_report *ns,
		      const struct mba_entry *entry, void *context)
{
	const char *reason = mba_kept_name(entry->kept);
	char *text;

	(void)ns;
	(void)context;
	text = mem_printf("%s%s:%s|", clean.told, entry->path,
			  reason != NULL ? reason :
			  entry->removed.entries == 1 ? "removed" : "?");
	free(clean.told);
	clean.told = text;
	if (clean.change != NULL)
		clean.change();
	clean.change = NULL;
}

static void error_add(const struct mba_error *error, void *context)
{
	(void)context;
	if (clean.error == NULL) {
		clean.error = mem_printf("%s(%s): %s", error->op, error->path,
					 error->error);
	}
}

const char *clean_run(void)
{
	const struct mba_audit_settings set = {
		.entry = entry_add, .error = error_add, .progress = progress,
		.clean = &clean.set, .states = clean.states,
	};
	struct mba_audit *audit = mba_audit_init(&set);
	const struct mba_report *report;

	free(clean.told);
	free(clean.error);
	clean.told = mem_strdup("");
	clean.error = NULL;
	mba_audit_add(audit, &clean.location, true);
	if (clean.other.mail_root != NULL)
		mba_audit_add(audit, &clean.other, false);
	clean.ret = mba_audit_run(audit, &report);
	ck_assert_uint_eq(report->namespaces_count, 1);
	clean.ns = report->namespaces[0];
	clean.errors_total = report->errors_total;
	mba_audit_deinit(&audit);
	return clean.told;
}

bool exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}
