#include "lib.h"
#include "mail-storage-private.h"
#include "filter-client.h"
#include "filter-command.h"
#include "filter-index.h"
#include "filter-scope.h"
#include "filter-user.h"

#define FILTER_MAILBOX_CONTEXT_REQUIRE(obj) \
	MODULE_CONTEXT_REQUIRE(obj, filter_storage_module)

/* LIST sets none of these */
#define FILTER_FOREIGN_FLAGS \
	(MAILBOX_LIST_ITER_RAW_LIST | MAILBOX_LIST_ITER_NO_AUTO_BOXES | \
	 MAILBOX_LIST_ITER_SKIP_ALIASES | MAILBOX_LIST_ITER_SELECT_SUBSCRIBED)

static MODULE_CONTEXT_DEFINE_INIT(filter_storage_module,
				  &mail_storage_module_register);

void filter_frame_push(struct filter_list *flist, struct filter_frame *frame,
		       enum filter_scope scope)
{
	i_zero(frame);
	frame->prev = flist->frame;
	frame->scope = scope;
	frame->syncing = filter_index_is_syncing(flist->list);
	flist->frame = frame;
}

void filter_frame_pop(struct filter_list *flist)
{
	flist->frame = flist->frame->prev;
}

enum filter_scope filter_scope_client(struct filter_list *flist,
				      enum mailbox_list_iter_flags flags)
{
	if ((flags & FILTER_FOREIGN_FLAGS) != 0 ||
	    flist->fuser->open_depth > 0 ||
	    !filter_command_is_list(flist->list->ns->user))
		return FILTER_SCOPE_NONE;
	return FILTER_SCOPE_LIST;
}

enum filter_scope filter_scope_layout(struct filter_list *flist,
				      enum mailbox_list_iter_flags *flags)
{
	const struct filter_frame *frame = flist->frame;

	if (filter_index_is_syncing(flist->list) &&
	    (frame == NULL || !frame->syncing)) {
		return filter_index_is_trusted(flist->list) ?
			FILTER_SCOPE_NONE : FILTER_SCOPE_REFRESH;
	}
	if (frame == NULL)
		return FILTER_SCOPE_NONE;
	if (frame->raw_added)
		*flags &= ENUM_NEGATE(MAILBOX_LIST_ITER_RAW_LIST);
	return frame->scope;
}

/* LIST (... RETURN (STATUS ...)) opens mailboxes. What iterates to open one,
   such as a virtual mailbox, isn't the LIST. */
static int filter_mailbox_open(struct mailbox *box)
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

void filter_scope_mailbox_allocated(struct mailbox *box)
{
	struct mailbox_vfuncs *v = box->vlast;
	union mailbox_module_context *fbox;

	if (!filter_command_opens_mailboxes(box->storage->user) ||
	    filter_user_get(box->storage->user) == NULL)
		return;
	fbox = p_new(box->pool, union mailbox_module_context, 1);
	fbox->super = *v;
	box->vlast = &fbox->super;
	v->open = filter_mailbox_open;
	MODULE_CONTEXT_SET_SELF(box, filter_storage_module, fbox);
}
