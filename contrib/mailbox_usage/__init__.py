# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""mailbox-usage: from the lines of imap_mailbox_log to who uses which
mailboxes. In the order in which a line passes through:

main.py     the command line
files.py    a file's lines: compression, the journal's formats, encodings
header.py   what stands before Dovecot's message: time stamp, host, tag
prefix.py   Dovecot's own prefix, with the user
reader.py   decides of each line: use, another's, or not understood
access.py   the message itself
event.py    the same from an exporter's JSON
times.py    time stamps as instants, also without a year
summary.py  what each user did with each mailbox
audit.py    the audit's lines, for --audit
join.py     the summary and the audit: a verdict on each mailbox
joined.py   what of that is shown
output.py   table, CSV and JSON
"""
