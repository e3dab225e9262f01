/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef ACCESS_COMPAT_H
#define ACCESS_COMPAT_H

/* What differs between the Dovecot versions in the commands that are logged.
   Include after lib.h. */

/* Are a command's mailbox names UTF-8 instead of mUTF-7? The client asks for it
   with ENABLE UTF8=ACCEPT. */
#if DOVECOT_PREREQ(2, 4, 3)
#  define COMMAND_NAMES_ARE_UTF8(cmd) ((cmd)->utf8)
#else
#  define COMMAND_NAMES_ARE_UTF8(cmd) FALSE
#endif

#endif
