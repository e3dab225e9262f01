/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* The URLs of a CATENATE stand between the parts of a message, which may be of
   any size, and APPEND reads them with a parser of its own that nobody else can
   reach. So a mailbox is noted when a URL's message is opened in it; one that
   can't be opened isn't. */

#include "imap-common.h"
#include "mail-storage-private.h"
#include "access.h"
#include "access-catenate.h"
#include "access-commands.h"

/* What lib-imap-storage gives as its reason. Other plugins may begin
   transactions meanwhile, and a virtual mailbox does so in others. */
#define CATENATE_REASON "imap_msgpart_url_open_mail"

#define ACCESS_CATENATE_CONTEXT(obj) \
	MODULE_CONTEXT(obj, access_catenate_module)
#define ACCESS_CATENATE_CONTEXT_REQUIRE(obj) \
	MODULE_CONTEXT_REQUIRE(obj, access_catenate_module)

static MODULE_CONTEXT_DEFINE_INIT(access_catenate_module,
				  &mail_storage_module_register);

static struct mailbox_transaction_context *
access_catenate_begin(struct mailbox *box, enum mailbox_transaction_flags flags,
		      const char *reason)
{
	union mailbox_module_context *ctx =
		ACCESS_CATENATE_CONTEXT_REQUIRE(box);
	struct access *access = access_running();

	if (access != NULL &&
	    (access->command->flags & ACCESS_COMMAND_CATENATES) != 0 &&
	    strcmp(reason, CATENATE_REASON) == 0)
		access_running_add_source(mailbox_get_vname(box));
	return ctx->super.transaction_begin(box, flags, reason);
}

void access_catenate_mailbox_opened(struct mailbox *box)
{
	union mailbox_module_context *ctx;

	if (ACCESS_CATENATE_CONTEXT(box) != NULL)
		return;
	ctx = p_new(box->pool, union mailbox_module_context, 1);
	ctx->super.transaction_begin = box->v.transaction_begin;
	box->v.transaction_begin = access_catenate_begin;
	MODULE_CONTEXT_SET_SELF(box, access_catenate_module, ctx);
}
