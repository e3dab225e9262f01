# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""mailbox-audit-migrate(7): its configuration and its commands as they are
printed, in their order, and the verdicts at the end."""

import csv
import os
import subprocess

import pytest

import corpus
from accesslog import lines
from audit import write_home
from dovecot import Location
from manual import blocks, configuration, listed, source, split
from test_doc import code
from test_mailbox_usage_audit import next_second

PAGE = "mailbox-audit-migrate.7"
FIRST = "1. SWITCH THE LOG ON"
LOG = "/var/log/mail.log*"
LOCATION = Location("mbox", "~/mail", inbox="mail/%u", index="index/%u")


def commands():
    """Returns the commands of the page, in their order."""
    return [line[2:] for title in split(source(PAGE))
            for block in blocks(PAGE, title)
            for line in block.splitlines() if line.startswith("# ")]


def fill(server):
    """What is there when the log begins."""
    os.makedirs(server.users["ann"].home + "/mail")
    server.chown("ann", server.users["ann"].home)
    with server.imap("ann") as imap:
        for name in ("Archive/2019", "list", "read"):
            imap.ok(f"CREATE {name}")
            corpus.append(imap, name, 2)
        corpus.selected(imap, "read", "STORE 1 +FLAGS (\\Seen)")
        corpus.append(imap, "INBOX", 2)
    write_home(server, "ann", "mail/junk", b"hello\n")
    lines(server)


def use(server):
    """What is in the log."""
    with server.imap("ann") as imap:
        imap.list()
        corpus.selected(imap, "Archive/2019")
    with server.imap("bob") as imap:
        imap.ok("CREATE box")
    lines(server)


@pytest.fixture
def served(dovecot, tmp_path):
    server = dovecot(location=LOCATION, users=["ann", "bob"],
                     extra=configuration(PAGE, FIRST))
    fill(server)
    size = os.path.getsize(server.dir + "/log")
    next_second()
    use(server)
    with open(server.dir + "/log", "rb") as f:
        f.seek(size)
        (tmp_path / "mail.log.1").write_bytes(f.read())
    return server


def run(server, tmp_path, command):
    argv = command.replace("doveadm ", f"doveadm -c {server.config} ")
    argv = argv.replace(LOG, f"{tmp_path}/mail.log*")
    result = subprocess.run(["sh", "-c", argv], cwd=tmp_path,
                            stdin=subprocess.DEVNULL, capture_output=True)
    assert (result.returncode, result.stderr) == (0, b""), (command, result)
    return result.stdout.decode()


def test_the_commands_lead_to_verdicts(served, tmp_path):
    out = [run(served, tmp_path, command) for command in commands()]
    assert len(out) == 7
    with open(tmp_path / "mailboxes.csv") as f:
        rows = list(csv.DictReader(f))
    verdicts = {(row["user"], row["mailbox"]): row["verdict"] for row in rows}
    assert verdicts == {
        ("ann", "INBOX"): "unknown", ("ann", "Archive/2019"): "in use",
        ("ann", "list"): "never opened", ("ann", "read"): "no proof since",
        ("bob", "box"): "in use"}
    totals, _, _, inspected, _, counted, asked = out
    assert "ann" in totals and "bob" in totals
    assert "/Archive/.imap/2019/" in inspected and "selected" in inspected
    assert {line.split(maxsplit=1)[1]: int(line.split()[0])
            for line in counted.splitlines()} == {
        "in use": 2, "never opened": 1, "no proof since": 1, "unknown": 1,
        "verdict": 1}
    assert asked.count("\n") == 4


def test_the_page_has_all_verdicts():
    """Each one has its paragraph."""
    found = " ".join(listed(PAGE, "6. DECIDE"))
    text = code("contrib/mailbox_usage/join.py")
    assert found == "in use no proof since never opened unknown no mailbox"
    for verdict in ("in use", "no proof since", "never opened", "unknown",
                    "no mailbox"):
        assert f'"{verdict}"' in text
