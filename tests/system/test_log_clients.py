# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""Real clients, from Debian's packages curl, isync and mutt or neomutt: the
names that they used are the names logged."""

import os
import shutil
import subprocess

import pytest

from accesslog import PLUGIN, accesses
from dovecot import Location
from imap import literal

MAILDIR = Location("maildir", "~/Maildir", index="index/%u")
MESSAGE = "From: a@example.org\r\nSubject: hello\r\n\r\nbody\r\n"
BOXES = ["Archive", "Archive/2019", "&AOQ-rger", "with blank"]
# as the log has them
NAMES = ["Archive", "Archive/2019", "\u00e4rger", "with blank"]


def client(*names):
    """Skips the test if none of the programs is there."""
    for name in names:
        if shutil.which(name):
            return name
    pytest.skip(f"not installed: {' or '.join(names)}")


def start(dovecot):
    """A server with the mailboxes; a message in each. Returns the server and
    how many lines that took."""
    server = dovecot(plugins=PLUGIN, location=MAILDIR)
    with server.imap("alice") as imap:
        for box in BOXES:
            imap.ok("CREATE", literal(box))
            imap.ok("APPEND", literal(box), literal(MESSAGE))
    return server, len(accesses(server))


def used(server, before, sessions=1):
    """Returns what was logged since then, in so many sessions of a client."""
    return accesses(server, sessions=server.sessions + sessions)[before:]


def run(home, *argv, input=b"", timeout=120, status=0, **env):
    result = subprocess.run(
        argv, input=input, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        timeout=timeout, cwd=home,
        env={"HOME": str(home), "PATH": os.environ["PATH"], "TERM": "vt100",
             "LC_ALL": "C.UTF-8", **env})
    assert result.returncode == status, result.stdout
    return result.stdout


def test_curl(dovecot, tmp_path):
    curl = client("curl")
    server, before = start(dovecot)
    url = f"imap://127.0.0.1:{server.port}"
    login = ("-sS", "-u", "alice:pass")
    listed = run(tmp_path, curl, *login, url + "/")
    assert listed.count(b"* LIST (") == len(BOXES) + 1
    assert b"Subject: hello" in run(tmp_path, curl, *login,
                                    url + "/with%20blank;MAILINDEX=1")
    (tmp_path / "message").write_text(MESSAGE)
    run(tmp_path, curl, *login, "-T", "message", url + "/Archive%2F2019")
    run(tmp_path, curl, *login, "-X", "CREATE new", url + "/")
    run(tmp_path, curl, *login, "-X", 'STATUS "with blank" (MESSAGES)',
        url + "/")
    assert used(server, before, 5) == [
        {"cmd": "LIST", "ref": "", "pattern": "*", "listed": len(BOXES) + 1,
         "reply": "OK"},
        {"cmd": "SELECT", "mailbox": "with blank", "reply": "OK"},
        {"cmd": "APPEND", "mailbox": "Archive/2019", "reply": "OK"},
        {"cmd": "CREATE", "mailbox": "new", "reply": "OK"},
        {"cmd": "STATUS", "mailbox": "with blank", "reply": "OK"},
    ]


MBSYNCRC = """
IMAPStore far
Host 127.0.0.1
Port {port}
User alice
Pass pass
AuthMechs LOGIN
{tls}

MaildirStore near
Path {home}/near/
Inbox {home}/near/INBOX
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns {patterns}
Create Both
Expunge Both
"""


def write_mbsyncrc(home, server, patterns="*"):
    """Writes the configuration "rc" that keeps a copy of alice's mailboxes in
    the directory "near"."""
    os.makedirs(home / "near", exist_ok=True)
    version = run(home, "mbsync", "--version")
    tls = "SSLType None" if b"isync 1.4" in version else "TLSType None"
    (home / "rc").write_text(MBSYNCRC.format(
        port=server.port, home=home, tls=tls, patterns=patterns))


def test_mbsync(dovecot, tmp_path):
    mbsync = client("mbsync")
    server, before = start(dovecot)
    write_mbsyncrc(tmp_path, server)
    run(tmp_path, mbsync, "-c", "rc", "-a")
    first = used(server, before)
    lists = [e for e in first if e["cmd"] == "LIST"]
    assert lists and max(e["listed"] for e in lists) == len(BOXES) + 1
    selected = [e["mailbox"] for e in first if e["cmd"] == "SELECT"]
    assert sorted(selected) == sorted(NAMES)
    # a message of its own, in a new mailbox
    mine = tmp_path / "near" / "mine"
    for name in ("cur", "new", "tmp"):
        os.makedirs(mine / name)
    (mine / "new" / "1.2.localhost").write_text(MESSAGE)
    run(tmp_path, mbsync, "-c", "rc", "-a")
    second = used(server, before + len(first), 2)
    commands = {(e["cmd"], e.get("mailbox"), e["reply"]) for e in second}
    assert commands >= {("CREATE", "mine", "OK"), ("APPEND", "mine", "OK"),
                    ("SELECT", "mine", "OK")}
    with server.imap("alice") as imap:
        assert b"(MESSAGES 1)" in imap.ok("STATUS mine (MESSAGES)").untagged[0]


def test_mutt(dovecot, tmp_path):
    mutt = client("neomutt", "mutt")
    script = client("script")
    server, before = start(dovecot)
    folder = f"imap://alice@127.0.0.1:{server.port}/"
    (tmp_path / "rc").write_text(
        f'set folder="{folder}"\nset imap_pass="pass"\nset ssl_starttls=no\n'
        'set ssl_force_tls=no\nset imap_authenticators="login"\n'
        'set record=""\nset confirmcreate=no\nset confirmappend=no\n'
        'set delete=yes\nset quit=yes\nset mail_check=60\n'
        'set imap_check_subscribed=no\nset wait_key=no\n')
    keys = 'push "<copy-message>=Archive/2019<enter><quit>"'
    run(tmp_path, script, "-qec",
        f"{mutt} -n -F rc -f '{folder}with blank' -e '{keys}'", "/dev/null")
    commands = [(e["cmd"], e.get("source_mailbox"), e["mailbox"], e["reply"])
                for e in used(server, before) if e["cmd"] != "LIST"]
    assert ("SELECT", None, "with blank", "OK") in commands
    assert ("UID COPY", "with blank", "Archive/2019", "OK") in commands
    with server.imap("alice") as imap:
        assert b"(MESSAGES 2)" in imap.ok(
            "STATUS Archive/2019 (MESSAGES)").untagged[0]
