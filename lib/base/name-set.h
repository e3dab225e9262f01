/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef NAME_SET_H
#define NAME_SET_H

#include <stdbool.h>

/* Names that were met, in little memory: of each only a hash of 61 bits is kept
   (16 to 32 bytes with the table's free places). Its key is random, so that
   nobody can make names for it: one that isn't there is taken for another of n
   names of m bytes with a probability of n * (m / 7 + 1) / 2^61: 10^-12
   for 100,000 names of 60 bytes. Where there is no randomness, no name is
   kept. */

/* more aren't kept */
#define NAME_SET_MAX 131072

struct name_set;

struct name_set *name_set_init(void);
void name_set_deinit(struct name_set **set);

/* Add a name, if there is room for it. */
void name_set_add(struct name_set *set, const char *name);
/* Returns TRUE if a name was added. */
bool name_set_has(const struct name_set *set, const char *name);

#endif
