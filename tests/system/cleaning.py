# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""What the tests of clean share.

    lines = clean(server, "alice", "--used")    # doveadm ... clean -a 0 -e -j
    removed(lines), kept(lines)                 # names; {name: reason}
    make_junk(server, "alice", ["junk"])        # entries as LIST leaves them
"""

import os
import struct

from audit import entries, json_lines, write

# struct mail_transaction_log_header: version 1.3, 40 bytes, the index's id and
# the log's sequence, no log before it
LOG_HEADER = struct.pack("=BBHIIIIIQB7x", 1, 3, 40, 1700000000, 2, 0, 0,
                         1700000000, 1, 1)


def clean(server, user, *options, **kwargs):
    """Returns the entries' and the report's lines of a clean of everything
    that isn't in use just now."""
    return json_lines(server.doveadm("mailbox-audit", "clean", "-u", user,
                                     "-a", "0", "-e", "-j", *options,
                                     **kwargs).stdout)


def removed(lines):
    """Returns the names of the entries that a clean removed."""
    return {name for name, entry in entries(lines).items()
            if entry["action"] == "removed"}


def kept(lines):
    """Returns why a clean kept entries, by name."""
    return {name: entry["kept_because"]
            for name, entry in entries(lines).items()
            if entry["action"] == "kept"}


def entry_dir(location, root, name):
    """Returns the directory of a mailbox's indexes below the index root."""
    if location.driver == "mbox":
        parent, _, last = name.rpartition("/")
        return os.path.join(root, parent, ".imap", last)
    if location.layout == "fs":
        return os.path.join(root, name)
    return os.path.join(root, "." + name.replace("/", "."))


def make_junk(server, user, names, location=None):
    """Makes entries as LIST leaves them, where it takes long to have LIST make
    as many, or where it makes none."""
    location = location or server.location
    root = server.path(location.index or location.mail, user)
    for name in names:
        path = entry_dir(location, root, name)
        os.makedirs(path, exist_ok=True)
        write(path + "/dovecot.index.log", LOG_HEADER)
    server.chown(user, root)
