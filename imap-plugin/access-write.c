/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

/* A line may hold nothing but what this writes: all that comes from the client
   is quoted and escaped, and bounded, since Dovecot splits what is longer than
   PIPE_BUF, prefix included, into several lines. The event has the names of
   the line and no others: each that is added to a list is compared with all of
   the list, and a client can send 60,000. */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "lib-event-private.h"
#include "unichar.h"
#include "access.h"
#include "access-commands.h"
#include "access-compat.h"
#include "access-escape.h"
#include "access-write.h"

/* Bounds in escaped bytes: of one name, and of all of a line. */
#define ACCESS_NAME_MAX_LEN 1000
#define ACCESS_NAMES_MAX_LEN 2600

/* A name's key in the line and its field in the event. A field with several
   values is a list. */
static const struct {
	const char *key, *field;
} access_keys[ACCESS_KEY_COUNT] = {
	[ACCESS_KEY_MAILBOX] = { "mailbox", "mailbox" },
	[ACCESS_KEY_NEW_MAILBOX] = { "new_mailbox", "new_mailbox" },
	[ACCESS_KEY_SOURCE_MAILBOX] = { "source_mailbox", "source_mailbox" },
	[ACCESS_KEY_SUBTREE] = { "subtree", "subtree" },
	[ACCESS_KEY_REFERENCE] = { "ref", "reference" },
	[ACCESS_KEY_PATTERN] = { "pattern", "patterns" },
	[ACCESS_KEY_OWNER] = { "owner", "owner" },
	[ACCESS_KEY_QUOTA_ROOT] = { "quota_root", "quota_root" },
};

/* Returns FALSE if there is no room for the name. */
static bool
access_line_add_name(string_t *line, const struct access_name *name,
		     size_t room)
{
	const char *key = access_keys[name->key].key;
	size_t start = str_len(line);
	bool complete;

	str_append_c(line, ' ');
	str_append(line, key);
	str_append(line, "=\"");
	complete = access_escape(line, name, ACCESS_NAME_MAX_LEN);
	str_append_c(line, '"');
	if (!complete)
		str_printfa(line, " %s_bytes=%zu", key,
			    strlen(name->name));
	if (str_len(line) - start <= room)
		return TRUE;
	str_truncate(line, start);
	return FALSE;
}

/* Returns how many of the names fit. An owner isn't shown without its mailbox,
   so nothing is shown after the first that doesn't. */
static unsigned int
access_line_add_names(string_t *line, const struct access_args *args)
{
	const struct access_name *names;
	unsigned int i, count;
	size_t end = str_len(line) + ACCESS_NAMES_MAX_LEN;

	names = array_get(&args->names, &count);
	for (i = 0; i < count; i++) {
		if (!access_line_add_name(line, &names[i],
					  end - str_len(line)))
			break;
	}
	return i;
}

static void
access_line_add_counts(string_t *line, const struct access *access)
{
	if (!access->args_parsed)
		return;
	if (access->command->reply != NULL)
		str_printfa(line, " listed=%"PRIu64, access->listed);
	if (access->hidden_set)
		str_printfa(line, " hidden=%"PRIu64, access->hidden);
	if ((access->command->flags & ACCESS_COMMAND_MESSAGES) != 0)
		str_printfa(line, " messages=%"PRIu64, access->messages);
}

/* Returns the line without its prefix. *names_r is set to how many of the
   names it shows. */
static const char *
access_line(const struct access *access, const char *reply,
	    unsigned int *names_r)
{
	const char *name = access->command->name;
	const char *quote = strchr(name, ' ') == NULL ? "" : "\"";
	string_t *line = t_str_new(256);
	unsigned int more;

	str_append(line, "cmd=");
	str_append(line, quote);
	str_append(line, name);
	str_append(line, quote);
	*names_r = access_line_add_names(line, &access->args);
	more = array_count(&access->args.names) - *names_r;
	if (more > 0)
		str_printfa(line, " more=%u", more);
	access_line_add_counts(line, access);
	str_append(line, reply != NULL ? " reply=" : " cut=");
	str_append(line, reply != NULL ? reply : "yes");
	return str_c(line);
}

static bool
access_key_is_list(const struct access_name *names, unsigned int count,
		   enum access_key key)
{
	unsigned int found = 0;

	if (key == ACCESS_KEY_PATTERN)
		return TRUE;
	for (unsigned int i = 0; i < count; i++) {
		if (names[i].key == key)
			found++;
	}
	return found > 1;
}

/* A field holds the name itself, unless that isn't UTF-8. */
static const char *access_field_value(const struct access_name *name)
{
	string_t *str;

	if (!name->invalid && uni_utf8_str_is_valid(name->name))
		return name->name;
	str = t_str_new(128);
	(void)access_escape(str, name, SIZE_MAX);
	return str_c(str);
}

static void
access_event_add_names(struct event *event, const struct access *access,
		       unsigned int count)
{
	const struct access_name *names;
	unsigned int all;

	names = array_get(&access->args.names, &all);
	for (unsigned int i = 0; i < count; i++) {
		const char *field = access_keys[names[i].key].field;
		const char *value = access_field_value(&names[i]);

		if (access_key_is_list(names, count, names[i].key))
			access_event_add_to_list(event, field, &names[i],
						 value);
		else
			event_add_str(event, field, value);
	}
	if (all > count)
		event_add_int(event, "more", all - count);
}

static void
access_event_add_counts(struct event *event, const struct access *access)
{
	if (!access->args_parsed)
		return;
	if (access->command->reply != NULL)
		event_add_int(event, "listed", access->listed);
	if (access->hidden_set)
		event_add_int(event, "hidden", access->hidden);
	if ((access->command->flags & ACCESS_COMMAND_MESSAGES) != 0)
		event_add_int(event, "messages", access->messages);
}

void access_write(const struct access *access, struct event *event)
{
	const struct event_field *field;
	const char *line, *reply = NULL;
	unsigned int names;

	/* it isn't there if the connection was lost before */
	field = access_event_find_field(event, "tagged_reply_state");
	if (field != NULL)
		reply = field->value.str;

	/* The event is being freed: its last reference has gone, all else is
	   there still. e_info() refuses an event without a reference, so it
	   has one as long as that takes. */
	event->refcount++;
	event_set_name(event, "imap_mailbox_access");
	/* the usual prefix, but in the same write(): else it is sent again
	   before the first line of each round of the ioloop */
	event_replace_log_prefix(event, i_get_failure_prefix());
	line = access_line(access, reply, &names);
	access_event_add_names(event, access, names);
	access_event_add_counts(event, access);
	if (reply != NULL)
		event_add_str(event, "reply", reply);
	else
		event_add_str(event, "cut", "yes");
	e_info(event, "mailbox_access: %s", line);
	i_assert(event->refcount == 1);
	event->refcount--;
}
