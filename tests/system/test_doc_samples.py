# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""What README and the man pages show of our commands is what these print, over
the very tree of the samples. Sizes and days are those of a file system and of a
day, and what a sample cuts with "..." is in no order."""

import os
import re
import subprocess

import pytest

from audit import MESSAGE, write_home
from dovecot import IS_24, Location

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
PAGES = ["README", "tool/mailbox-audit.1", "tool/mailbox-audit-clean.1",
         "doveadm-plugin/doveadm-mailbox-audit.1"]
MAILBOXES = ["Archive/2019", "Archive/2020", "Drafts", "Sent"]
JUNK = [f".git/objects/{i:02}" for i in range(25)] + \
    [f".cache/f{i}" for i in range(20)] + \
    [f"public_html/p{i}.html" for i in range(10)] + \
    [f"src/f{i}.c" for i in range(10)]


def samples(text):
    """Returns (command, lines of output) for each sample."""
    # the markup of a man page
    text = re.sub(r"^\.nf\n", "\n", text, flags=re.M)
    text = re.sub(r"^\.fi\n", "\n", text, flags=re.M)
    text = text.replace(r"\-", "-").replace(r"\&", "").replace("\\\\", "\\")
    text = re.sub(r"(\\|(?<=\|))\n *", "", text)
    found = re.findall(r"^ *[#$] ((?:doveadm|mailbox-audit) .*)\n((?:.+\n)+)",
                       text, flags=re.M)
    return [(command, output.splitlines()) for command, output in found
            if not re.match(r" *[#$] ", output)]


def seen(line):
    """Returns a line without what differs between file systems and days."""
    line = re.sub(r"\d+(\.\d)? (B|kB|MB)\b", "SIZE", line)
    return re.sub(r"\d{4}-\d\d-\d\d", "DAY", line).split()


@pytest.fixture
def server(dovecot):
    server = dovecot(location=Location("mbox", "~", inbox="mail/%u",
                                       index="index/%u"),
                     users=["ann", "bob"])
    for name in MAILBOXES:
        write_home(server, "ann", name, MESSAGE)
    for name in JUNK:
        write_home(server, "ann", name, b"no mail\n")
    with server.imap("ann") as imap:
        imap.list()
    with server.imap("bob") as imap:
        imap.ok("SELECT INBOX")
    server.restart()
    return server


def output(server, command):
    for path, own in (("/var/local/dovecot/ann", "index/%u"),
                      ("/home/ann", "home/%u"), ("/var/mail/ann", "mail/%u")):
        command = command.replace(path, server.path(own, "ann"))
    argv = command.split()
    if argv[0] == "doveadm":
        argv[1:1] = ["-c", server.config]
    if "clean" in argv:
        argv += ["--min-age", "0"]
    result = subprocess.run(argv, stdin=subprocess.DEVNULL,
                            capture_output=True, check=True)
    assert result.stderr == b""
    return result.stdout.decode().splitlines()


@pytest.mark.skipif(IS_24, reason="the samples are of Dovecot 2.3")
def test_samples(server):
    count = 0
    for page in PAGES:
        with open(os.path.join(TOP, page)) as f:
            found = samples(f.read())
        for command, lines in found:
            # match needs no tree, and has no tables
            printed = [seen(line) for line in output(server, command)]
            if lines[-1].strip() == "...":
                shown = [seen(line) for line in lines[:-1]]
                assert shown[0] == printed[0]
                assert all(line in printed for line in shown), command
                assert len(shown) < len(printed)
            else:
                assert [seen(line) for line in lines] == printed, command
            count += 1
    assert count >= 9
