/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef FILTER_HIDDEN_H
#define FILTER_HIDDEN_H

/* The hidden names at which an iteration stopped, for their number in the
   access log: those that LIST would have shown, each once, whatever is below
   them. */

struct imap_match_glob;
struct filter_hidden;

struct filter_hidden *filter_hidden_init(void);
void filter_hidden_free(struct filter_hidden **hidden);

/* Add a name as clients would see it. */
void filter_hidden_add(struct filter_hidden *hidden, const char *vname);
/* Add what is among the new names and not among the old ones, and remove what
   it is the other way round, if is_gone() says so. */
void filter_hidden_update(struct filter_hidden *hidden,
			  const struct filter_hidden *old_names,
			  const struct filter_hidden *new_names,
			  bool (*is_gone)(const char *vname, void *context),
			  void *context);
/* Returns how many of the names match a LIST's patterns. */
unsigned int filter_hidden_count(struct filter_hidden *hidden,
				 struct imap_match_glob *glob);

#endif
