/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef FILTER_PLUGIN_H
#define FILTER_PLUGIN_H

/* mailbox_filter hides names from LIST by the library's rules. The one hard
   thing about it is to change nothing else: see filter-scope.h.

   filter-plugin.c      registers
   filter-user.c        a session: its rules
   filter-list.c        a namespace's mailbox list: its state
   filter-warnings.c    warnings at a session's start
   filter-command.c     is the client's LIST running?
   filter-open.c        mailboxes that a LIST opens
   filter-scope.c       which iterations are filtered
   filter-client.c      calls from above the mailbox list index
   filter-layout.c      iterations of the layout: LIST's and the index's own
   filter-walk.c        what such an iteration met
   filter-entry.c       which directory entries a layout lists
   filter-tree.c        the mailbox list index's names for LIST
   filter-index.c       what the mailbox list index remembers
   filter-index-names.c  the names that are added to it
   filter-record.c      adds records of hidden mailboxes
   filter-record-hooks.c  when: the first use of one
   filter-rename.c      renames them
   filter-notify.c      adds them before NOTIFY begins
   filter-noselect.c    directories that hold nothing but hidden names
   filter-patterns.c    LIST's patterns
   filter-hidden.c      the number of hidden names
   mailbox-filter-hidden.h  where other plugins find it
   filter-name.c        is a name hidden?
   filter-configured.c  mailboxes that the configuration names
   filter-levels.c      names as rules see them */

struct module;

extern const char *mailbox_filter_plugin_version;

void mailbox_filter_plugin_init(struct module *module);
void mailbox_filter_plugin_deinit(void);

#endif
