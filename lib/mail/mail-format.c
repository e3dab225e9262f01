/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include <stddef.h>
#include <string.h>

#include "mail-format.h"
#include "mailbox-audit.h"

static const struct mail_format formats[] = {
	{ .driver = "mbox", .layout = MAIL_LAYOUT_FS,
	  .subscriptions = ".subscriptions", .inbox = "inbox", .files = true },
	{ .driver = "maildir", .layout = MAIL_LAYOUT_MAILDIRPP,
	  .subscriptions = "subscriptions", .subdir = "tmp", .inbox = ".",
	  .inbox_if_user = true },
	{ .driver = "sdbox", .layout = MAIL_LAYOUT_FS, .dirname = "dbox-Mails",
	  .mailbox_dir = "mailboxes", .subscriptions = "subscriptions",
	  .index_opens = true },
	{ .driver = "mdbox", .layout = MAIL_LAYOUT_FS, .dirname = "dbox-Mails",
	  .mailbox_dir = "mailboxes", .subscriptions = "subscriptions",
	  .index_opens = true },
	/* an old name of sdbox */
	{ .driver = "dbox", .layout = MAIL_LAYOUT_FS, .dirname = "dbox-Mails",
	  .mailbox_dir = "mailboxes", .subscriptions = "subscriptions",
	  .index_opens = true },
	/* these have no layout that is judged */
	{ .driver = "imapc" },
	{ .driver = "pop3c" },
	{ .driver = "virtual" },
};
#define FORMATS_COUNT (sizeof(formats) / sizeof(formats[0]))

static const char *const layouts[] = {
	MAIL_LAYOUT_FS, MAIL_LAYOUT_MAILDIRPP, MAIL_LAYOUT_INDEX,
	/* not judged */
	"imapc"
};
#define LAYOUTS_COUNT (sizeof(layouts) / sizeof(layouts[0]))

const struct mail_format *mail_format_find(const char *driver)
{
	for (size_t i = 0; i < FORMATS_COUNT; i++) {
		if (strcmp(formats[i].driver, driver) == 0)
			return formats[i].layout == NULL ? NULL : &formats[i];
	}
	return NULL;
}

const char *mba_driver_name(unsigned int idx)
{
	return idx < FORMATS_COUNT ? formats[idx].driver : NULL;
}

const char *mba_layout_name(unsigned int idx)
{
	return idx < LAYOUTS_COUNT ? layouts[idx] : NULL;
}

size_t mba_index_root_len(const char *path)
{
	static const char dir[] = "/" MAIL_IMAP_DIR;
	size_t len = strlen(path), dir_len = sizeof(dir) - 1;

	return len >= dir_len && strcmp(path + len - dir_len, dir) == 0 ?
		len - dir_len : len;
}
