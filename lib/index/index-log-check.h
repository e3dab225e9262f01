/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef INDEX_LOG_CHECK_H
#define INDEX_LOG_CHECK_H

/* What Dovecot refuses of a transaction by itself, whatever the index: it takes
   the log for corrupt then, and follows it no further
   (lib-index/mail-transaction-log-view.c, log_view_is_record_valid()). */

#include "index-log.h"

#define INDEX_LOG_VIOLATED_SIZE 128
/* an expunge's bits, without those that protect it */
#define INDEX_LOG_CODE_EXPUNGES (0x1 | 0x2000)

/* Returns 0 if Dovecot takes the transaction, -1 if not: violated_r says what
   it is that is wrong, with both values. */
int index_log_check(const struct index_transaction *trans,
		    char violated_r[INDEX_LOG_VIOLATED_SIZE]);

#endif
