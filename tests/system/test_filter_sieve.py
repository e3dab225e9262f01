# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""A Sieve script's link in a Maildir++, which LIST shows as a mailbox that
nobody can open, and the rules of the manual that hide it."""

import os

import pytest

from dovecot import Location


@pytest.mark.parametrize("rule, hidden", [
    (".* public_html", set()), ("/dovecot", {b"dovecot", b"dovecot/sieve"}),
    ("/dovecot/sieve", {b"dovecot", b"dovecot/sieve"})])
def test_the_link_of_a_sieve_script(dovecot, rule, hidden):
    server = dovecot(location=Location("maildir", "~/Maildir",
                                       index="index/%u"),
                     plugins={"imap": ["mailbox_filter"]},
                     plugin_settings={"mailbox_filter": rule})
    with server.imap("alice") as imap:
        imap.ok("CREATE Archive")
    root = server.users["alice"].home + "/Maildir"
    os.mkdir(root + "/sieve")
    for name in ("sieve/main.sieve", ".dovecot.svbin"):
        with open(f"{root}/{name}", "w") as f:
            f.write("keep;\n")
    os.symlink("sieve/main.sieve", root + "/.dovecot.sieve")
    server.chown("alice", root)
    shown = {b"dovecot", b"dovecot/sieve"} - hidden
    # the second session finds an index
    for _ in range(2):
        with server.imap("alice") as imap:
            assert imap.list().keys() == {b"INBOX", b"Archive"} | shown
            assert imap.cmd('SELECT "dovecot/sieve"').status == "NO"
