#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors
#
# Makes configure from configure.ac.
if ! command -v autoreconf >/dev/null; then
	echo "autoreconf not found: install the packages autoconf, automake" \
		"and libtool" >&2
	exit 1
fi
cd "$(dirname "$0")" && exec autoreconf -fi
