/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef MAIL_FORMAT_H
#define MAIL_FORMAT_H

#include <stdbool.h>

/* A mail format, as far as paths are concerned. */
struct mail_format {
	const char *driver;
	/* defaults of the location's settings, NULL for none */
	const char *layout, *dirname, *mailbox_dir, *subscriptions;
	/* Below the mailbox's path, what has to be there for Dovecot to open
	   it; NULL if the path itself decides. */
	const char *subdir;
	/* INBOX below the mail root, if INBOX= isn't set; NULL for none */
	const char *inbox;
	/* mailboxes are files */
	bool files:1;
	/* an index that isn't in the mail's directory may be all that a
	   mailbox needs to be opened */
	bool index_opens:1;
	/* an INBOX by default is there only for the namespace with the user's
	   INBOX, and if there is no dirname */
	bool inbox_if_user:1;
};

#define MAIL_LAYOUT_FS "fs"
#define MAIL_LAYOUT_MAILDIRPP "maildir++"
#define MAIL_LAYOUT_INDEX "index"
/* where mbox has the indexes of a directory's mailboxes */
#define MAIL_IMAP_DIR ".imap"

/* Returns a driver's format, NULL if states aren't judged for it. */
const struct mail_format *mail_format_find(const char *driver);

#endif
