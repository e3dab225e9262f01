/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef UNIT_MAIL_SIDE_H
#define UNIT_MAIL_SIDE_H

/* What the unit tests of looks at the mail side share that remember something
   from one look to the next. */

#include "unit-mail.h"

/* where begin() has it look */
extern struct location *location;

/* Begin with a mail root that isn't empty. */
struct mail_side *begin(const char *driver, const char *dirname);
void end(struct mail_side *side);

/* Look a storage name up, which has to have a state. Returns the reason. */
enum mba_reason look(struct mail_side *side, const char *name,
		     enum mba_state expected);
void check_missing(struct mail_side *side, const char *name);
void check_unknown(struct mail_side *side, const char *name,
		   enum mba_reason reason);
/* Check that there was one error: a directory of the mail tree couldn't be
   opened. */
void check_last_error(const char *path, int error);
/* Ask, and have the look made. Returns FALSE if that can't be asked yet. */
bool ask(struct mail_side *side, const struct location_path *path,
	 struct mail_question *question_r);
/* Let no more than so many files be opened, or as many as can be if that is
   negative. */
void limit_descriptors(int count);

#endif
