/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef MUTF7_H
#define MUTF7_H

#include <stdbool.h>

/* Decodes to UTF-8 what follows a '&' that isn't "&-". *src is moved after the
   '-' that ends it, *dest after what was written: at most three bytes for two
   that were read. Returns FALSE if it isn't valid; *src and *dest are what they
   were then. */
bool mutf7_decode_shifted(const char **src, char **dest);

#endif
