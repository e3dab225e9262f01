/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include <stdint.h>
#include <string.h>

#include "index-files.h"

static const struct {
	const char *name;
	enum index_file file;
	/* any name that begins so */
	bool prefix;
} index_files[] = {
	/* a mailbox's index: its state, its log and the older log, caches of
	   headers, threads and searches, each user's own flags; most have
	   nothing but a log */
	{ INDEX_NAME_MAILBOX ".log", INDEX_FILE_LOG, false },
	{ INDEX_NAME_MAILBOX ".cache", INDEX_FILE_CACHE, false },
	{ INDEX_NAME_MAILBOX ".thread", INDEX_FILE_THREAD, false },
	{ INDEX_NAME_MAILBOX ".backup", INDEX_FILE_BACKUP, false },
	{ INDEX_NAME_MAILBOX ".tmp", INDEX_FILE_TMP, false },
	{ INDEX_NAME_MAILBOX ".log.2", INDEX_FILE_LOG2, false },
	{ INDEX_NAME_MAILBOX, INDEX_FILE_MAIN, false },
	{ INDEX_NAME_MAILBOX ".pvt", INDEX_FILE_PRIVATE, true },
	{ INDEX_NAME_MAILBOX, INDEX_FILE_INDEX, true },
	/* the list of all mailboxes */
	{ INDEX_NAME_LIST, INDEX_FILE_INTERNAL, true },
	/* mdbox: where each mail is */
	{ INDEX_NAME_MAP, INDEX_FILE_INTERNAL, true },
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
	/* dsync has the mailbox, a POP3 session all of them */
	{ ".dovecot-box-sync.lock", INDEX_FILE_INTERNAL, false },
	{ "dovecot-pop3-session.lock", INDEX_FILE_INTERNAL, false },
	/* permissions of what is made in a shared mailbox */
	{ "dovecot-shared", INDEX_FILE_INTERNAL, false },
	/* the list of mailboxes is being changed */
	{ "mailboxes.lock", INDEX_FILE_INTERNAL, false },
	/* marks a directory of Maildir++ as a mailbox */
	{ "maildirfolder", INDEX_FILE_INTERNAL, false },
	{ "subscriptions", INDEX_FILE_INTERNAL, false },
	{ ".subscriptions", INDEX_FILE_INTERNAL, false },
};

/* lib/file-dotlock.c, lib-index/mail-transaction-log-file.c */
static const char *const lock_suffixes[] = { ".lock", ".newlock" };

static bool is_index_lock(const char *name)
{
	size_t len = strlen(name), suffix_len;

	for (size_t i = 0; i < 2; i++) {
		suffix_len = strlen(lock_suffixes[i]);
		if (len > suffix_len &&
		    strcmp(name + len - suffix_len, lock_suffixes[i]) == 0)
			return true;
	}
	return false;
}

enum index_file index_file_find(const char *name)
{
	const char *ours;
	enum index_file file;

	for (size_t i = 0; i < sizeof(index_files) / sizeof(index_files[0]);
	     i++) {
		ours = index_files[i].name;
		file = index_files[i].file;
		if (!index_files[i].prefix) {
			if (strcmp(name, ours) == 0)
				return file;
		} else if (strncmp(name, ours, strlen(ours)) == 0) {
			return file != INDEX_FILE_INTERNAL &&
				is_index_lock(name) ? INDEX_FILE_LOCK : file;
		}
	}
	return INDEX_FILE_FOREIGN;
}

const char *index_file_name(enum index_file file)
{
	size_t i = 0;

	while (index_files[i].file != file)
		i++;
	return index_files[i].name;
}

bool index_log_is_header(const unsigned char *data, size_t size)
{
	/* lib-index/mail-transaction-log.h, struct mail_transaction_log_header:
	   major version, minor version, header size, index id, the log's own
	   sequence, the previous log's sequence and offset */
	uint16_t header_size;
	uint32_t previous[2];

	if (size != INDEX_LOG_HEADER_SIZE || data[0] != 1)
		return false;
	memcpy(&header_size, data + 2, sizeof(header_size));
	memcpy(previous, data + 12, sizeof(previous));
	return header_size == INDEX_LOG_HEADER_SIZE && previous[0] == 0 &&
		previous[1] == 0;
}
