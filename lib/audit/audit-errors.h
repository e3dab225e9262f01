/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef AUDIT_ERRORS_H
#define AUDIT_ERRORS_H

#include "error-sink.h"
#include "mailbox-audit.h"

/* The errors of a user's report: the first ones are kept, all are counted and
   told. */
struct audit_errors {
	/* puts errors in here */
	struct error_sink sink;

	/* may be NULL */
	void (*told)(const struct mba_error *error, void *context);
	void *context;

	struct mba_error *errors;
	size_t count, alloc;
	uint64_t total;
};

/* Begin without errors; *errors mustn't be moved afterwards. */
void audit_errors_init(struct audit_errors *errors,
		       const struct mba_audit_settings *set);
/* Forget all errors. */
void audit_errors_clear(struct audit_errors *errors);

#endif
