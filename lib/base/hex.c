/* SPDX-License-Identifier: MIT
   Copyright (c) 2026 dovecot-mailbox-audit authors */

#include "hex.h"

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool hex_byte(const char *p, char *byte_r)
{
	int high, low;

	if ((high = hex_digit(p[0])) < 0 || (low = hex_digit(p[1])) < 0)
		return false;
	*byte_r = (char)(high * 16 + low);
	return true;
}
