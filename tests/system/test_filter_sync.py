# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""Clients that keep a copy of all mailboxes, as the manual tells of them: those
that had a hidden mailbox before the filter came."""

import os

from filter import FORMATS, MESSAGE, with_filter
from imap import literal
from test_log_clients import client, run, write_mbsyncrc

NAMES = ["public_html", "visible", "Work", "Work/.git"]


def mails(home, name):
    """Returns how many mails the copy of a mailbox holds."""
    return sum(len(os.listdir(home / "near" / name / sub))
               for sub in ("cur", "new"))


def append(server, *names):
    with server.imap("alice") as imap:
        for name in names:
            imap.ok("APPEND", name, literal(MESSAGE))


def test_mbsync_has_a_mailbox_that_becomes_hidden(dovecot, tmp_path):
    client("mbsync")
    description = dict(location=FORMATS["maildir-fs"])
    server = dovecot(**description)
    with server.imap("alice") as imap:
        for name in NAMES:
            imap.ok("CREATE", name)
    append(server, *NAMES)
    write_mbsyncrc(tmp_path, server)
    run(tmp_path, "mbsync", "-c", "rc", "-a")
    assert {name: mails(tmp_path, name) for name in NAMES} == \
        dict.fromkeys(NAMES, 1)

    for key, value in with_filter(description).items():
        setattr(server, key, value)
    server.restart()
    append(server, *NAMES)
    write_mbsyncrc(tmp_path, server)
    for _ in range(2):
        said = run(tmp_path, "mbsync", "-c", "rc", "-a", status=1)
        assert b"public_html" in said, said
        assert {name: mails(tmp_path, name) for name in NAMES} == {
            "public_html": 1, "Work/.git": 1, "visible": 2, "Work": 2}

    write_mbsyncrc(tmp_path, server, "* !public_html !Work/.git")
    run(tmp_path, "mbsync", "-c", "rc", "-a")
    # nothing was lost on either side
    with server.imap("alice") as imap:
        for name in NAMES:
            assert b"(MESSAGES 2)" in imap.ok(
                "STATUS", name, "(MESSAGES)").untagged[0]
    assert mails(tmp_path, "public_html") == 1


# who comes to this address has no rules
EXEMPT = {"2.3": """
local 127.0.0.2 {
  protocol imap {
    plugin {
      mailbox_filter =
    }
  }
}
""", "2.4": """
local 127.0.0.2 {
  mailbox_filter =
}
"""}


def backup(copy, server, address):
    """Has a copy made of what a server tells by IMAP. Returns how many mails
    each mailbox of it holds."""
    options = {"imapc_host": address, "imapc_port": server.port,
               "imapc_user": "alice", "imapc_password": "pass"}
    argv = [word for key, value in options.items()
            for word in ("-o", f"{key}={value}")]
    copy.doveadm(*argv, "backup", "-R", "-u", "alice", "imapc:")
    lines = copy.doveadm("mailbox", "status", "-u", "alice", "messages",
                         "*").stdout.decode().splitlines()
    return {name: int(count) for name, count in
            (line.split(" messages=") for line in lines) if name != "INBOX"}


def test_a_backup_by_imap_loses_a_mailbox_that_becomes_hidden(dovecot):
    """Not where the rules aren't in force."""
    description = dict(location=FORMATS["maildir-fs"])
    server, copy = dovecot(**description), dovecot(**description)
    with server.imap("alice") as imap:
        for name in NAMES:
            imap.ok("CREATE", name)
    append(server, *NAMES)
    everything = dict.fromkeys(NAMES, 1)
    assert backup(copy, server, "127.0.0.1") == everything

    filtered = with_filter(dict(description, extra=EXEMPT, settings={
        "listen": "127.0.0.1, 127.0.0.2"}))
    for key, value in filtered.items():
        setattr(server, key, value)
    server.restart()
    assert backup(copy, server, "127.0.0.1") == {"visible": 1, "Work": 1}
    assert backup(copy, server, "127.0.0.2") == everything
