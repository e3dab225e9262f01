/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef UNIT_MAIL_H
#define UNIT_MAIL_H

/* What the unit tests of the mail side share. */

#include "mail-side.h"
#include "unit-errors.h"
#include "unit.h"

/* Returns a location of LAYOUT=fs with mails in mail/ and indexes in index/,
   with DIRNAME= unless that is NULL. location_free() it. */
struct location *unit_mail_location(const char *driver, const char *dirname);

/* what a call before each look left in errno: EIO, if it isn't set */
extern int unit_mail_errno;

/* mail_side_look() or another look like it. */
typedef enum mba_state unit_mail_look_t(struct mail_side *side,
					const struct location_path *path,
					enum mba_reason *reason_r,
					bool *is_dir_r);
/* Look a storage name up, which has to have a state. Returns the reason. */
enum mba_reason unit_mail_look(unit_mail_look_t *look, struct mail_side *side,
			       const struct location *location,
			       const char *name, enum mba_state expected);

#endif
