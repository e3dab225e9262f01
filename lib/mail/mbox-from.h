/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef MBOX_FROM_H
#define MBOX_FROM_H

#include <stdbool.h>
#include <stddef.h>

/* Returns TRUE if the data, that begins after "From ", parses as the rest of a
   From_ line for Dovecot (lib-mail/mbox-from.c, mbox_from_parse()). Like
   Dovecot it is given all that was read of the file, not the line alone. */
bool mbox_from_is_valid(const unsigned char *data, size_t size);

#endif
