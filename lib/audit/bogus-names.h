/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef BOGUS_NAMES_H
#define BOGUS_NAMES_H

#include "mail-side.h"

/* Names that something remembers, whether there is a mailbox or not. Where the
   mail side turns out to be slow, many are looked up at once. */
struct bogus_names;

struct bogus_names_settings {
	const struct location *location;
	struct mail_side *side;
	const struct error_sink *errors;
	/* at the most so many looks are made at once */
	unsigned int jobs;
	/* An empty directory in which a mailbox would be, which may be one that
	   isn't mounted, counts as none, too. */
	bool empty_dirs;
	/* Called for each name that no mailbox has, nor an entry, in the order
	   in which they were added, from the functions below. is_dir is whether
	   it is a directory, in the sense of the name rules. */
	void (*bogus)(const void *name, bool is_dir, void *context);
	void *context;
};

struct bogus_names *bogus_names_init(const struct bogus_names_settings *set);
/* All were flushed. */
void bogus_names_deinit(struct bogus_names **names);

/* Add a name, which is freed when it is known what it is, by the name that it
   has on disk. */
void bogus_names_add(struct bogus_names *names, const char *storage_name,
		     void *name);
/* Find out what all are that were added. */
void bogus_names_flush(struct bogus_names *names);

#endif
