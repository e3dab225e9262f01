/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* What people see of a row for scripts. Numbers and words take at most 55
   columns of a terminal; names stand last where they can. */

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "report-text-columns.h"

/* As in df -H: 1 kB is 1000 bytes. */
static char *cell_size(const char *value, const char *other)
{
	static const char *const units[] = {
		"kB", "MB", "GB", "TB", "PB", "EB"
	};
	uint64_t bytes = strtoull(value, NULL, 10), tenth = 100, count;
	size_t i = 0;

	(void)other;
	if (bytes < 1000)
		return mem_printf("%"PRIu64" B", bytes);
	for (;; i++, tenth *= 1000) {
		/* rounded, without running over */
		count = bytes / tenth + (bytes % tenth >= tenth / 2 ? 1 : 0);
		if (count < 10000)
			break;
	}
	return mem_printf("%"PRIu64".%"PRIu64" %s", count / 10, count % 10,
			  units[i]);
}

static bool is_none(const char *value)
{
	return strcmp(value, "-") == 0;
}

static char *cell_with_reason(const char *value, const char *reason)
{
	return is_none(reason) ? mem_strdup(value) :
		mem_printf("%s (%s)", value, reason);
}

/* An entry without a mailbox is known by its path. */
static char *cell_name(const char *value, const char *path)
{
	return mem_strdup(is_none(value) ? path : value);
}

static char *cell_day(const char *value, const char *other)
{
	(void)other;
	return mem_printf("%.*s", (int)strcspn(value, "T"), value);
}

static char *cell_opposite(const char *value, const char *other)
{
	(void)other;
	return mem_strdup(strcmp(value, "yes") == 0 ? "no" : "yes");
}

#define TEXT(title, key) { title, key, NULL, NULL, false }
#define NUMBER(title, key) { title, key, NULL, NULL, true }
#define SIZE(title, key) { title, key, NULL, cell_size, true }
#define USERNAME TEXT("Username", "username")
#define END { NULL, NULL, NULL, NULL, false }

static const struct text_column audit_summary[] = {
	USERNAME,
	TEXT("state", "state"),
	NUMBER("entries", "entries"),
	NUMBER("inodes", "inodes"),
	SIZE("size", "bytes"),
	NUMBER("hidden", "hidden_entries"),
	NUMBER("mail", "messages"),
	TEXT("namespace", "namespace"),
	END
};

static const struct text_column audit_entries[] = {
	USERNAME,
	{ "state", "state", "reason", cell_with_reason, false },
	SIZE("size", "bytes"),
	{ "used", "untouched", NULL, cell_opposite, false },
	{ "changed", "mtime", NULL, cell_day, false },
	TEXT("hidden by", "hidden_by"),
	{ "mailbox", "mailbox", "path", cell_name, false },
	END
};

static const struct text_column audit_totals[] = {
	USERNAME,
	NUMBER("bogus", "bogus_entries"),
	NUMBER("inodes", "bogus_inodes"),
	SIZE("size", "bogus_bytes"),
	NUMBER("hidden", "hidden_entries"),
	NUMBER("errors", "errors"),
	END
};

static const struct text_column clean_summary[] = {
	USERNAME,
	TEXT("action", "action"),
	TEXT("because", "because"),
	NUMBER("entries", "entries"),
	NUMBER("inodes", "inodes"),
	SIZE("size", "bytes"),
	TEXT("namespace", "namespace"),
	END
};

static const struct text_column clean_entries[] = {
	USERNAME,
	{ "action", "action", "kept_because", cell_with_reason, false },
	TEXT("state", "state"),
	SIZE("size", "bytes"),
	{ "mailbox", "mailbox", "path", cell_name, false },
	END
};

static const struct text_column clean_totals[] = {
	USERNAME,
	TEXT("action", "action"),
	NUMBER("entries", "entries"),
	NUMBER("inodes", "inodes"),
	SIZE("size", "bytes"),
	NUMBER("kept", "kept_entries"),
	NUMBER("errors", "errors"),
	END
};

const struct text_column *
report_text_columns(const struct mba_audit_settings *set, enum mba_table table)
{
	static const struct text_column *const audit[MBA_TABLE_COUNT] = {
		[MBA_TABLE_SUMMARY] = audit_summary,
		[MBA_TABLE_ENTRIES] = audit_entries,
		[MBA_TABLE_TOTALS] = audit_totals,
	};
	static const struct text_column *const clean[MBA_TABLE_COUNT] = {
		[MBA_TABLE_SUMMARY] = clean_summary,
		[MBA_TABLE_ENTRIES] = clean_entries,
		[MBA_TABLE_TOTALS] = clean_totals,
	};

	return set->clean != NULL ? clean[table] : audit[table];
}
