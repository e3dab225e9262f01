/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef HEX_H
#define HEX_H

#include <stdbool.h>

/* Returns TRUE if p begins with two hex digits, of either case, and sets
   *byte_r to what they stand for. */
bool hex_byte(const char *p, char *byte_r);

#endif
