/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef FILTER_WARNINGS_H
#define FILTER_WARNINGS_H

struct mail_namespace;

/* Warn at a session's start of what the settings can't have. */
void filter_warnings_namespaces_created(struct mail_namespace *namespaces);

#endif
