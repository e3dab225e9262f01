/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include "lib.h"
#include "str.h"
#include "mail-storage-private.h"
#include "dovecot-list-compat.h"
#include "mailbox-filter-hidden.h"
#include "mailbox-filter-rules.h"
#include "settings-compat.h"
#include "filter-user.h"

#define FILTER_USER_CONTEXT(obj) \
	MODULE_CONTEXT(obj, filter_user_module)
#define FILTER_USER_CONTEXT_REQUIRE(obj) \
	MODULE_CONTEXT_REQUIRE(obj, filter_user_module)

static MODULE_CONTEXT_DEFINE_INIT(filter_user_module,
				  &mail_user_module_register);

struct filter_user *filter_user_get(struct mail_user *user)
{
	return FILTER_USER_CONTEXT(user);
}

void filter_user_list_begin(struct mail_user *user)
{
	struct filter_user *fuser = FILTER_USER_CONTEXT(user);

	if (fuser == NULL)
		return;
	fuser->hidden = 0;
	event_set_ptr(user->event, MAILBOX_FILTER_HIDDEN_KEY, &fuser->hidden);
}

void filter_user_list_add_hidden(struct mail_user *user, unsigned int count)
{
	struct filter_user *fuser = FILTER_USER_CONTEXT_REQUIRE(user);

	fuser->hidden += count;
}

static void filter_user_deinit(struct mail_user *user)
{
	struct filter_user *fuser = FILTER_USER_CONTEXT_REQUIRE(user);

	fuser->module_ctx.super.deinit(user);
	mba_rules_free(&fuser->rules);
}

static void filter_user_debug(struct mail_user *user)
{
	struct filter_user *fuser = FILTER_USER_CONTEXT_REQUIRE(user);
	const struct mba_rule *rule;
	string_t *str;

	/* with thousands of rules it is long */
	if (!event_want_debug(user->event))
		return;
	str = t_str_new(128);
	for (unsigned int i = 0; i < mba_rules_count(fuser->rules); i++) {
		rule = mba_rules_get(fuser->rules, i);
		str_printfa(str, " %s (%s:%u:%u)", rule->text, rule->source,
			    rule->line, rule->column);
	}
	e_debug(user->event, "mailbox_filter: rules:%s; non_mailboxes=%s",
		str_len(str) == 0 ? " none" : str_c(str),
		fuser->non_mailboxes ? "yes" : "no");
}

void filter_user_created(struct mail_user *user)
{
	struct mail_user_vfuncs *v = user->vlast;
	struct filter_user *fuser;
	const char *error;
	bool non_mailboxes;

	/* owners of shared mailboxes list nothing themselves */
	if (user->autocreated)
		return;

	fuser = p_new(user->pool, struct filter_user, 1);
	if (mailbox_filter_rules_get(user, &fuser->rules, &non_mailboxes,
				     &error) < 0) {
		/* imap logs it without the user's name */
		user->error = p_strdup_printf(user->pool,
			"User %s: mailbox_filter: %s", user->username, error);
		return;
	}
	fuser->non_mailboxes = non_mailboxes;
	fuser->probe_flags = MBA_PROBE_NOATIME_ONLY;
	fuser->probe_flags |= mail_user_loads_compression(user) ?
		MBA_PROBE_COMPRESSION : MBA_PROBE_NO_COMPRESSION;

	fuser->module_ctx.super = *v;
	user->vlast = &fuser->module_ctx.super;
	v->deinit = filter_user_deinit;
	MODULE_CONTEXT_SET(user, filter_user_module, fuser);

	filter_user_debug(user);
}
