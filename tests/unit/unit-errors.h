/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#ifndef UNIT_ERRORS_H
#define UNIT_ERRORS_H

/* Where unit tests have errors told: they are counted, and the latest one is
   kept as "PATH: OP: ERROR". */

#include <limits.h>

#include "error-sink.h"

extern const struct error_sink unit_errors;
extern unsigned int unit_errors_count;
extern char unit_last_error[2 * PATH_MAX];

#endif
