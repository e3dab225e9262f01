# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""What the tests of clean share.

    lines = clean(server, "alice", "--used")    # doveadm ... clean -a 0 -e -j
    removed(lines), kept(lines)                 # names; {name: reason}
    make_junk(server, "alice", ["junk"])        # entries as LIST leaves them
    fill(server)                # two mailboxes and entries of JUNK, for alice
    child, pid = stop_at("flock", [...])    # it waits for SIGCONT there
"""

import os
import re
import struct
import subprocess
import tempfile
import time

from audit import as_user, entries, json_lines, location_options, write

# struct mail_transaction_log_header: version 1.3, 40 bytes, the index's id and
# the log's sequence, no log before it
LOG_HEADER = struct.pack("=BBHIIIIIQB7x", 1, 3, 40, 1700000000, 2, 0, 0,
                         1700000000, 1, 1)
# struct mail_index_header: version 7.3, 120 bytes, records of 8, that id, no
# message, and that log's sequence, left after its header
INDEX_HEADER = struct.pack("=BBHIIB3xIIIIIIIIIIIIII48x", 7, 3, 120, 120, 8, 1,
                           1700000000, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 2, 40, 40)
# a transaction of a log: an update of the index's header, its UIDVALIDITY
LOG_UPDATE = struct.pack("=4BIHHI", 0x80, 0x80, 0x80, 0x84, 0x10000020, 24, 4,
                         1700000000)
JUNK = ["gone1", "Work/gone2", "gone3"]


def clean(server, user, *options, **kwargs):
    """Returns the entries' and the report's lines of a clean of everything
    that isn't in use just now."""
    return json_lines(server.doveadm("mailbox-audit", "clean", "-u", user,
                                     "-a", "0", "-e", "-j", *options,
                                     **kwargs).stdout)


def utility(server, *args):
    """Runs mailbox-audit clean on alice's location, with her ids."""
    return as_user(server, "alice", "mailbox-audit", "clean",
                   *location_options(server, "alice", server.location), *args)


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
    as many, or where it makes none. Their logs have the same time always."""
    location = location or server.location
    root = server.path(location.index or location.mail, user)
    for name in names:
        path = entry_dir(location, root, name)
        os.makedirs(path, exist_ok=True)
        write(path + "/dovecot.index.log", LOG_HEADER)
        os.utime(path + "/dovecot.index.log", (1700000000, 1700000000))
    server.chown(user, root)


def fill(server, user="alice"):
    """Two mailboxes and entries of some that are gone."""
    with server.imap(user) as imap:
        for box in ("box", "Work/box"):
            # there already, where two users have one home
            imap.cmd("CREATE", box)
            imap.ok("SELECT", box)
    server.restart()
    make_junk(server, user, JUNK)


STOPPED = re.compile(rb"^(\d+) +--- stopped by SIGSTOP ---$", re.M)


def stop_at(call, command, when=1):
    """Starts a command that stops itself after its first system call of a
    name, or a later one. Returns its strace and its pid when it has stopped;
    SIGCONT lets it go on."""
    with tempfile.NamedTemporaryFile() as log:
        strace = subprocess.Popen(
            ["strace", "-f", "-qq", "-o", log.name, "-e", f"trace={call}",
             "-e", f"inject={call}:signal=STOP:when={when}", *command],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        while (stopped := STOPPED.search(log.read())) is None:
            log.seek(0)
            assert strace.poll() is None, strace.communicate()
            time.sleep(0.01)
    return strace, int(stopped.group(1))
