/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef ENTRY_DECIDE_H
#define ENTRY_DECIDE_H

#include "index-side.h"
#include "keep-names.h"
#include "list-index.h"
#include "location.h"
#include "mail-side.h"

/* What an index entry is. Nothing else decides that: neither for the report,
   nor for what is done about an entry. */

struct entry_decide_settings {
	const struct location *location;
	/* NULL hides nothing */
	const struct mba_rules *rules;
	/* what the rules don't hide all the same */
	const struct keep_names *keep;
	/* Where mailboxes are looked up; what it remembers is taken for
	   granted, unless afresh. */
	struct mail_side *side;
	/* the look that was made ahead, NULL if none was */
	struct mail_question *look;
	/* with LAYOUT=index, which mailboxes there are */
	struct list_index *list;
	/* MBA_STATE_BIT()s: somebody asks for the names that clients see of
	   mailboxes in these states */
	unsigned int named;
	bool afresh:1;
	/* the index root is the mail root */
	bool in_place:1;
	/* another namespace with other mails has the same index root */
	bool is_shared:1;
};

struct entry_decision {
	/* NULL if no mailbox has its index there */
	char *storage_name;
	/* the name that clients see, NULL if it isn't known, or nobody asks */
	char *mailbox;
	enum mba_state state;
	enum mba_reason reason;
	/* NULL if the name is visible, or unknown */
	const struct mba_rule *hidden_by;
	/* the mailbox is INBOX, of whatever namespace */
	bool is_inbox:1;
};

/* Decide about an entry. entry_decision_free() the decision. */
void entry_decide(const struct entry_decide_settings *set,
		  const struct index_entry *found,
		  struct entry_decision *decision_r);
void entry_decision_free(struct entry_decision *decision);

/* Returns TRUE if an entry's mailbox has to be looked up: what mail_side_ask()
   takes, to be freed. */
bool entry_needs_look(const struct entry_decide_settings *set,
		      const struct index_entry *found,
		      struct location_path *path_r);

/* Returns the rule that hides a name, NULL if it is visible. The name is given
   by its levels, as name.h has them; is_dir says whether a directory stands
   there. Where mailboxes are directories, all names are to the rules. */
const struct mba_rule *
entry_find_rule(const struct entry_decide_settings *set, const char *levels,
		size_t len, bool is_dir);

#endif
