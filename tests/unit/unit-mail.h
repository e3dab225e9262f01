/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef UNIT_MAIL_H
#define UNIT_MAIL_H

/* What the unit tests of the mail side share. */

#include "location.h"
#include "unit.h"

/* Returns a location of LAYOUT=fs with mails in mail/ and indexes in index/,
   with DIRNAME= unless that is NULL. location_free() it. */
struct location *unit_mail_location(const char *driver, const char *dirname);

#endif
