/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include "mailbox-audit.h"

const char *mba_version(void)
{
	return PACKAGE_VERSION;
}
