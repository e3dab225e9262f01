/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef BOGUS_NAME_H
#define BOGUS_NAME_H

#include "mail-side.h"

/* Names that something remembers, whether there is a mailbox or not. */

struct bogus_name_settings {
	const struct location *location;
	struct mail_side *side;
	const struct error_sink *errors;
};

/* Returns TRUE if no mailbox has a storage name, nor an entry. An empty
   directory in which it would be, which may be one that isn't mounted, counts
   only if empty_dirs is set. is_dir_r is set to whether the name is a
   directory, in the sense of the name rules. */
bool bogus_name_check(const struct bogus_name_settings *set,
		      const char *storage_name, bool empty_dirs,
		      bool *is_dir_r);

#endif
