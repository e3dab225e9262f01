/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include <stdbool.h>
#include <string.h>

#include "index-files.h"

static const struct {
	const char *name;
	enum index_file file;
	/* any name that begins so */
	bool prefix;
} index_files[] = {
	/* a mailbox's index: its state, its log and the older log, caches of
	   headers, threads and searches, each user's own flags */
	{ "dovecot.index.log", INDEX_FILE_LOG, false },
	{ "dovecot.index", INDEX_FILE_INDEX, true },
	/* the list of all mailboxes */
	{ "dovecot.list.index", INDEX_FILE_INTERNAL, true },
	/* mdbox: where each mail is */
	{ "dovecot.map.index", INDEX_FILE_INTERNAL, true },
	/* what was made, renamed and deleted, for dsync */
	{ "dovecot.mailbox.log", INDEX_FILE_INTERNAL, true },
	{ "dovecot.autoexpunge.lock", INDEX_FILE_INTERNAL, false },
	/* Maildir: UIDs of the mails, names of the keywords */
	{ "dovecot-uidlist", INDEX_FILE_INTERNAL, true },
	{ "dovecot-keywords", INDEX_FILE_INTERNAL, true },
	/* the last UIDVALIDITY that was given out */
	{ "dovecot-uidvalidity", INDEX_FILE_INTERNAL, true },
	/* access rights, METADATA */
	{ "dovecot-acl", INDEX_FILE_INTERNAL, true },
	{ "dovecot-attributes", INDEX_FILE_INTERNAL, true },
	/* virtual sizes, for quota */
	{ "dovecot-vsize.lock", INDEX_FILE_INTERNAL, false },
	/* permissions of what is made in a shared mailbox */
	{ "dovecot-shared", INDEX_FILE_INTERNAL, false },
	/* the list of mailboxes is being changed */
	{ "mailboxes.lock", INDEX_FILE_INTERNAL, false },
	/* marks a directory of Maildir++ as a mailbox */
	{ "maildirfolder", INDEX_FILE_INTERNAL, false },
	{ "subscriptions", INDEX_FILE_INTERNAL, false },
	{ ".subscriptions", INDEX_FILE_INTERNAL, false },
};

enum index_file index_file_find(const char *name)
{
	const char *ours;

	for (size_t i = 0; i < sizeof(index_files) / sizeof(index_files[0]);
	     i++) {
		ours = index_files[i].name;
		if (index_files[i].prefix ?
		    strncmp(name, ours, strlen(ours)) == 0 :
		    strcmp(name, ours) == 0)
			return index_files[i].file;
	}
	return INDEX_FILE_FOREIGN;
}
