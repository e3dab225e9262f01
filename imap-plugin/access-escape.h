/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef ACCESS_ESCAPE_H
#define ACCESS_ESCAPE_H

struct access_name;

/* Append a name to a log line such that it stays within the line, shows as
   what it is and can be read back: '"' and '\' get a '\' before them, control
   characters and bytes that aren't UTF-8 are \xNN, other invisible or
   directional characters \u{NNNN}. In a name that isn't valid mUTF-7, '&' and
   all bytes but printable ASCII are \xNN.

   At most max bytes are appended, and only whole characters. Returns FALSE if
   the name was cut. */
bool access_escape(string_t *dest, const struct access_name *name, size_t max);

#endif
