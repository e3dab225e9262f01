/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* MOVE commits in batches, and its reply is NO if a later one fails; COPYUID
   isn't sent for mailboxes that the user can't read. So messages are counted
   when they are committed. */

#include "imap-common.h"
#include "mail-storage-private.h"
#include "access.h"
#include "access-commands.h"
#include "access-messages.h"

#define ACCESS_MAILBOX_CONTEXT(obj) \
	MODULE_CONTEXT(obj, access_mailbox_module)
#define ACCESS_MAILBOX_CONTEXT_REQUIRE(obj) \
	MODULE_CONTEXT_REQUIRE(obj, access_mailbox_module)

static MODULE_CONTEXT_DEFINE_INIT(access_mailbox_module,
				  &mail_storage_module_register);

/* The first mailbox that a command saves to is its destination. Other plugins
   may copy elsewhere meanwhile, and a virtual mailbox commits to others. */
static struct access *
access_messages_find(const struct mailbox_transaction_context *t)
{
	struct access *access = access_running();

	if (access == NULL || t->save_count == 0 ||
	    (access->command->flags & ACCESS_COMMAND_MESSAGES) == 0)
		return NULL;
	if (access->messages_box == NULL)
		access->messages_box = t->box;
	return access->messages_box == t->box ? access : NULL;
}

static int
access_messages_commit(struct mailbox_transaction_context *t,
		       struct mail_transaction_commit_changes *changes_r)
{
	union mailbox_module_context *ctx =
		ACCESS_MAILBOX_CONTEXT_REQUIRE(t->box);
	struct access *access = access_messages_find(t);
	unsigned int count = t->save_count;

	if (ctx->super.transaction_commit(t, changes_r) < 0)
		return -1;
	if (access != NULL)
		access->messages += count;
	return 0;
}

/* Not when it's allocated, as LIST does for every name without opening it. A
   mailbox may be opened several times. */
void access_messages_mailbox_opened(struct mailbox *box)
{
	union mailbox_module_context *ctx;

	if (ACCESS_MAILBOX_CONTEXT(box) != NULL)
		return;
	ctx = p_new(box->pool, union mailbox_module_context, 1);
	ctx->super.transaction_commit = box->v.transaction_commit;
	box->v.transaction_commit = access_messages_commit;
	MODULE_CONTEXT_SET_SELF(box, access_mailbox_module, ctx);
}
