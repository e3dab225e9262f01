# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""doveadm mailbox-audit clean against a real Dovecot: what it removes, what it
keeps, and what sessions see before and after."""

from audit import DESCRIPTION, entries, fill_home, json_lines, report
from cleaning import clean
from oracle import snapshot


def test_bogus_entries_go_and_mail_is_untouched(dovecot):
    server = dovecot(**DESCRIPTION)
    fill_home(server, "alice")
    server.restart()
    mail = [server.path(name) for name in ("home", "mail")]
    before = snapshot(*mail)
    lines = clean(server, "alice")
    assert snapshot(*mail) == before
    removed = {name for name, entry in entries(lines).items()
               if entry["action"] == "removed"}
    assert {"notes", "gone", ".git/config"} <= removed
    for namespace in report(lines)["namespaces"]:
        assert namespace["clean"]["refused"] is None
    again = report(json_lines(server.doveadm(
        "mailbox-audit", "-u", "alice", "-j").stdout))
    for namespace in again["namespaces"]:
        assert namespace["bogus"]["entries"] == 0
        assert namespace["states"]["mailbox"]["entries"] > 0
