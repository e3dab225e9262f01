/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef UNIT_CLEAN_H
#define UNIT_CLEAN_H

/* What the unit tests of clean share. */

#include <stdint.h>

#include "mailbox-audit.h"
#include "unit.h"

#define HOUR (60 * 60)
#define DAY (24 * HOUR)

/* A log as LIST leaves it: major and minor version, header size. */
extern unsigned char log_header[40];
/* An index file without messages, which that log continues. */
extern unsigned char index_header[120];

/* What is to be cleaned, and what came of it. */
struct unit_clean {
	/* mbox, with mails in mail/ and indexes in index/ */
	struct mba_location location;
	/* another namespace of the same user; none without a mail root */
	struct mba_location other;
	/* now is two hours later than it is: all is old enough */
	struct mba_clean_settings set;
	unsigned int states;
	/* called once, before the first entry that was seen is decided about,
	   and after it was told */
	void (*before)(void), (*change)(void);
	/* it ends at the first entry */
	bool stop;

	/* of the last run: all that was told of entries, "PATH:REASON|", ... */
	char *told;
	/* the namespace's report, what mba_audit_run() returned, and the first
	   error */
	struct mba_namespace_report ns;
	int ret;
	uint64_t errors_total;
	char *error;
};
extern struct unit_clean clean;

/* Make mails: box is a mailbox, junk is none. */
void clean_setup(void);
/* Make an entry of a mailbox that stands directly in the mail root. */
void make_entry(const char *name);
/* Give an entry, whose path is below the index root, an index file. */
void make_index(const char *path);
/* Run a clean and return what it told of the entries. */
const char *clean_run(void);

bool exists(const char *path);

#endif
