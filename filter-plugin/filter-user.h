#ifndef FILTER_USER_H
#define FILTER_USER_H

#include "mail-user.h"
#include "mailbox-audit.h"

struct mail_namespace;
struct filter_list;

/* imap_mailbox_log looks for the number of hidden names (uint64_t) under this
   key of the user's event, where it is from the first walk on. */
#define FILTER_HIDDEN_EVENT_KEY "mailbox_filter_hidden"

struct filter_user {
	union mail_user_module_context module_ctx;

	struct mba_rules *rules;
	enum mba_probe_flags probe_flags;
	/* at which the latest walks of all lists stopped */
	uint64_t hidden;
	/* mailboxes that the client's LIST is opening */
	unsigned int open_depth;
	/* hide files that aren't mailboxes */
	bool non_mailboxes:1;
};

/* Returns NULL if the user has no mailbox_filter. */
struct filter_user *filter_user_get(struct mail_user *user);

/* Publish how many hidden names the latest walk of a list stopped at. */
void filter_user_set_hidden(struct filter_list *flist, uint64_t hidden);

void filter_user_created(struct mail_user *user);
void filter_namespaces_created(struct mail_namespace *namespaces);

#endif
