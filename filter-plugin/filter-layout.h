/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef FILTER_LAYOUT_H
#define FILTER_LAYOUT_H

#include "mailbox-list-private.h"

/* Layouts ask this for each directory entry before they look at it. */
int filter_layout_get_mailbox_flags(struct mailbox_list *list, const char *dir,
				    const char *fname,
				    enum mailbox_list_file_type type,
				    enum mailbox_info_flags *flags_r);

void filter_layout_list_created(struct mailbox_list *list);

#endif
