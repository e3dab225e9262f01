/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include "lib.h"
#include "mail-storage-private.h"
#include "filter-command.h"
#include "filter-open.h"
#include "filter-user.h"

#define FILTER_MAILBOX_CONTEXT_REQUIRE(obj) \
	MODULE_CONTEXT_REQUIRE(obj, filter_storage_module)

static MODULE_CONTEXT_DEFINE_INIT(filter_storage_module,
				  &mail_storage_module_register);

static int filter_open_mailbox(struct mailbox *box)
{
	union mailbox_module_context *fbox =
		FILTER_MAILBOX_CONTEXT_REQUIRE(box);
	struct filter_user *fuser = filter_user_get(box->storage->user);
	int ret;

	fuser->open_depth++;
	ret = fbox->super.open(box);
	fuser->open_depth--;
	return ret;
}

void filter_open_mailbox_allocated(struct mailbox *box)
{
	struct mailbox_vfuncs *v = box->vlast;
	union mailbox_module_context *fbox;

	if (!filter_command_opens_mailboxes(box->storage->user) ||
	    filter_user_get(box->storage->user) == NULL)
		return;
	fbox = p_new(box->pool, union mailbox_module_context, 1);
	fbox->super = *v;
	box->vlast = &fbox->super;
	v->open = filter_open_mailbox;
	MODULE_CONTEXT_SET_SELF(box, filter_storage_module, fbox);
}
