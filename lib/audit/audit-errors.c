/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "audit-errors.h"

/* Returns TRUE if the same was told before: what is looked at twice fails
   twice. */
static bool errors_has(const struct audit_errors *errors,
		       const struct mba_error *error)
{
	const struct mba_error *other = errors->errors;

	for (size_t i = 0; i < errors->count; i++, other++) {
		if (strcmp(other->op, error->op) == 0 &&
		    strcmp(other->path, error->path) == 0 &&
		    strcmp(other->error, error->error) == 0)
			return true;
	}
	return false;
}

static void errors_add(const char *op, const char *path, const char *error,
		       void *context)
{
	struct audit_errors *errors = context;
	const struct mba_error src = { op, path, error };
	struct mba_error *dest;

	if (errors_has(errors, &src))
		return;
	if (errors->told != NULL)
		errors->told(&src, errors->context);
	if (errors->total++ >= MBA_MAX_ERRORS)
		return;
	errors->errors = mem_grow(errors->errors, &errors->alloc,
				  errors->count + 1, sizeof(*errors->errors));
	dest = &errors->errors[errors->count++];
	dest->op = mem_strdup(op);
	dest->path = mem_strdup(path);
	dest->error = mem_strdup(error);
}

void audit_errors_init(struct audit_errors *errors,
		       const struct mba_audit_settings *set)
{
	memset(errors, 0, sizeof(*errors));
	errors->sink.function = errors_add;
	errors->sink.context = errors;
	errors->told = set->error;
	errors->context = set->context;
}

void audit_errors_clear(struct audit_errors *errors)
{
	for (size_t i = 0; i < errors->count; i++) {
		free((char *)errors->errors[i].op);
		free((char *)errors->errors[i].path);
		free((char *)errors->errors[i].error);
	}
	free(errors->errors);
	errors->errors = NULL;
	errors->count = errors->alloc = 0;
	errors->total = 0;
}
