#!/bin/sh
# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors
#
# Makes configure from configure.ac.
cd "$(dirname "$0")" && exec autoreconf -fi
