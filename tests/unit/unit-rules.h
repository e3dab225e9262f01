/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef UNIT_RULES_H
#define UNIT_RULES_H

/* What the unit tests of rules share. */

#include "mailbox-audit.h"

/* Returns the path of a new file with the data. */
const char *tmp_file(const char *data, size_t size);
/* Returns n bytes of data, again and again, and then its end. */
char *fill(const char *data, size_t n);

void add_words(struct mba_rules *rules, const char *words);
struct mba_rules *rules_from(const char *words);

/* Replaces a separator of levels by NUL bytes. */
void split_levels(char *name, size_t len, char sep);
/* Matches a name whose levels are joined by '/'. */
enum mba_match
match_name(const struct mba_rules *rules, const char *name, size_t len,
	   size_t visible_len, enum mba_dir dir, size_t *hidden_len_r,
	   const struct mba_rule **rule_r);
bool is_hidden(const struct mba_rules *rules, const char *name);

/* Expect the default rules, which nothing was added to. */
void check_default(const struct mba_rules *rules);

#endif
