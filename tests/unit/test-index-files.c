/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* What files are by their names, and which logs hold nothing: the audit counts
   by these, and clean removes by them. */

#include <string.h>

#include "index-files.h"
#include "unit.h"

static const struct {
	const char *name;
	enum index_file file;
} names[] = {
	/* what clean removes is named in full */
	{ "dovecot.index.cache", INDEX_FILE_CACHE },
	{ "dovecot.index.thread", INDEX_FILE_THREAD },
	{ "dovecot.index.backup", INDEX_FILE_BACKUP },
	{ "dovecot.index.tmp", INDEX_FILE_TMP },
	{ "dovecot.index.log.2", INDEX_FILE_LOG2 },
	{ "dovecot.index.log", INDEX_FILE_LOG },
	{ "dovecot.index", INDEX_FILE_MAIN },
	{ "dovecot.index.cache.old", INDEX_FILE_INDEX },
	{ "dovecot.index.thread2", INDEX_FILE_INDEX },
	{ "dovecot.index.backup~", INDEX_FILE_INDEX },
	{ "dovecot.index.tmp.1", INDEX_FILE_INDEX },
	{ "dovecot.index.log.20", INDEX_FILE_INDEX },
	{ "dovecot.index.log.3", INDEX_FILE_INDEX },
	{ "dovecot.index.pvt", INDEX_FILE_PRIVATE },
	{ "dovecot.index.pvt.log", INDEX_FILE_PRIVATE },
	{ "dovecot.index.pvt.log.newlock", INDEX_FILE_LOCK },
	{ "dovecot.index.search.uids", INDEX_FILE_INDEX },
	{ "dovecot.indexes", INDEX_FILE_INDEX },
	/* somebody writes it */
	{ "dovecot.index.lock", INDEX_FILE_LOCK },
	{ "dovecot.index.cache.lock", INDEX_FILE_LOCK },
	{ "dovecot.index.thread.lock", INDEX_FILE_LOCK },
	{ "dovecot.index.tmp.lock", INDEX_FILE_LOCK },
	{ "dovecot.index.log.lock", INDEX_FILE_LOCK },
	{ "dovecot.index.log.newlock", INDEX_FILE_LOCK },
	{ "dovecot.index.log.2.lock", INDEX_FILE_LOCK },
	{ "dovecot.index.lock.1", INDEX_FILE_INDEX },
	{ "dovecot.index.unlock", INDEX_FILE_INDEX },
	/* not a mailbox's index */
	{ "dovecot.list.index", INDEX_FILE_INTERNAL },
	{ "dovecot.list.index.log.lock", INDEX_FILE_INTERNAL },
	{ "dovecot.map.index.log", INDEX_FILE_INTERNAL },
	{ "dovecot.mailbox.log.2", INDEX_FILE_INTERNAL },
	{ "dovecot.autoexpunge.lock", INDEX_FILE_INTERNAL },
	{ "dovecot-uidlist.lock", INDEX_FILE_INTERNAL },
	{ "dovecot-keywords", INDEX_FILE_INTERNAL },
	{ "dovecot-uidvalidity.5f000001", INDEX_FILE_INTERNAL },
	{ "dovecot-acl-list", INDEX_FILE_INTERNAL },
	{ "dovecot-attributes", INDEX_FILE_INTERNAL },
	{ "dovecot-vsize.lock", INDEX_FILE_INTERNAL },
	{ ".dovecot-box-sync.lock", INDEX_FILE_INTERNAL },
	{ "dovecot-pop3-session.lock", INDEX_FILE_INTERNAL },
	{ "dovecot-shared", INDEX_FILE_INTERNAL },
	{ "mailboxes.lock", INDEX_FILE_INTERNAL },
	{ "maildirfolder", INDEX_FILE_INTERNAL },
	{ "subscriptions", INDEX_FILE_INTERNAL },
	{ ".subscriptions", INDEX_FILE_INTERNAL },
	/* anybody's */
	{ "dovecot.inde", INDEX_FILE_FOREIGN },
	{ "Dovecot.index", INDEX_FILE_FOREIGN },
	{ "x.dovecot.index.log", INDEX_FILE_FOREIGN },
	{ ".lock", INDEX_FILE_FOREIGN },
	{ "dovecot-shared.old", INDEX_FILE_FOREIGN },
	{ "dovecot-vsize", INDEX_FILE_FOREIGN },
	{ "dovecot-pop3-session", INDEX_FILE_FOREIGN },
	{ "mailboxes.lock2", INDEX_FILE_FOREIGN },
	{ "subscriptions.old", INDEX_FILE_FOREIGN },
	{ "dovecot.log", INDEX_FILE_FOREIGN },
};

START_TEST(files_are_told_by_their_names)
{
	enum index_file file = names[_i].file;

	ck_assert_msg(index_file_find(names[_i].name) == file, "%s: %d",
		      names[_i].name, index_file_find(names[_i].name));
	if (file >= INDEX_FILE_FIRST_REMOVABLE)
		ck_assert_str_eq(index_file_name(file), names[_i].name);
}
END_TEST

static const struct {
	/* what byte is another one; -1 for none */
	int at;
	unsigned int byte, size;
	bool is_header;
} logs[] = {
	{ -1, 0, 40, true },
	/* whatever made it, and when */
	{ 1, 2, 40, true }, { 7, 9, 40, true }, { 11, 9, 40, true },
	{ 20, 9, 40, true }, { 39, 9, 40, true },
	{ -1, 0, 0, false }, { -1, 0, 39, false }, { -1, 0, 41, false },
	{ 0, 2, 40, false }, { 0, 0, 40, false },
	{ 2, 24, 40, false }, { 3, 1, 40, false },
	/* another log came before it */
	{ 12, 1, 40, false }, { 15, 1, 40, false },
	{ 16, 1, 40, false }, { 19, 1, 40, false },
};

START_TEST(a_header_alone_is_told)
{
	unsigned char log[41] = { 1, 3, 0, 0, 1, 2, 3, 4, 1 };
	const uint16_t size = 40;

	memcpy(log + 2, &size, sizeof(size));
	if (logs[_i].at >= 0)
		log[logs[_i].at] = logs[_i].byte;
	ck_assert(index_log_is_header(log, logs[_i].size) ==
		  logs[_i].is_header);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("index-files");

	tcase_add_loop_test(tcase, files_are_told_by_their_names, 0,
			    sizeof(names) / sizeof(names[0]));
	tcase_add_loop_test(tcase, a_header_alone_is_told, 0,
			    sizeof(logs) / sizeof(logs[0]));
	return unit_run(tcase);
}
