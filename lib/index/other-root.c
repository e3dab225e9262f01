/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* Whoever asks for an audit may not know all namespaces: doveadm doesn't see
   those of a protocol's block, the utility none but the one that it is told of.
   What they have below its index root would be bogus by its mails. But each has
   the list of its mailboxes at its root, which nothing leaves anywhere else, or
   with mailbox_list_index off the log of what was subscribed, renamed and
   deleted, once something was. */

#include <errno.h>
#include <stddef.h>
#include <sys/stat.h>
#include <fcntl.h>

#include "fd.h"
#include "other-root.h"

static const char *const names[] = {
	/* mbox's */
	".imap/dovecot.list.index.log",
	".imap/dovecot.mailbox.log",
	"dovecot.list.index.log",
	"dovecot.mailbox.log",
	/* mdbox's, whose indexes are worth a mail: where there is no list */
	"storage/dovecot.map.index.log",
};
/* of these, the ones of a root with .imap directories below */
#define NAMES_IN_IMAP 2
#define NAMES_COUNT (sizeof(names) / sizeof(names[0]))

int other_root_find(int dir_fd, bool in_imap, const char **name_r)
{
	size_t count = in_imap ? NAMES_IN_IMAP : NAMES_COUNT;
	struct stat st;

	for (size_t i = 0; i < count; i++) {
		*name_r = names[i];
		if (fstatat(dir_fd, names[i], &st, AT_SYMLINK_NOFOLLOW) == 0) {
			/* a mailbox of that name has a directory */
			if (S_ISREG(st.st_mode))
				return 1;
		} else if (!ENOTFOUND(errno))
			return -1;
	}
	return 0;
}
