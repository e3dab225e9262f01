# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""doveadm mailbox-audit for one, some and all users: nobody's failure keeps the
others from being audited, and nobody's failure is kept back."""

import os

import pytest

from audit import (DESCRIPTION, MESSAGE, SERVER_GOES_ON, entries, fill_home,
                   json_lines, write, write_home)
from dovecot import User

FAILING = {
    # below first_valid_uid
    "uid": User("failing", uid=5),
    # the user database itself can't answer
    "userdb": User("failing", fields={"uid": "abc"}),
    "setting": User("failing", fields={"mail_max_keyword_length": "abc"}),
    "rule": User("failing", fields={"mailbox_filter": "[abc"}),
}
STATUS = {"uid": os.EX_TEMPFAIL, "userdb": os.EX_TEMPFAIL,
          "setting": os.EX_TEMPFAIL, "rule": os.EX_CONFIG}


def users_of(lines):
    """Returns [(user, complete)]."""
    return [(line["user"], line["complete"]) for line in lines
            if "entry" not in line]


def test_all_listed_and_matching_users(dovecot):
    server = dovecot(**DESCRIPTION)
    for user in ("alice", "carol"):
        fill_home(server, user)
    single = {user: server.doveadm("mailbox-audit", "-u", user, "-e",
                                   "-j").stdout
              for user in server.users}
    assert server.doveadm("mailbox-audit", "-A", "-e", "-j").stdout == \
        b"".join(single.values())
    path = server.dir + "/some-users"
    write(path, b"carol\nbob\n")
    assert server.doveadm("mailbox-audit", "-F", path, "-e", "-j").stdout == \
        single["carol"] + single["bob"]
    # those that the wildcard skips are no failures
    assert server.doveadm("mailbox-audit", "-u", "*o*", "-e", "-j").stdout == \
        single["bob"] + single["carol"]
    assert [line["namespaces"][0]["totals"]["inodes"] > 0
            for line in json_lines(b"".join(single.values()))
            if "entry" not in line] == [True, False, True]


def test_paths_that_begin_in_the_home(dovecot):
    """There sessions begin, and doveadm -u does, but not -A."""
    server = dovecot(users=["alice", "bob"], extra={
        "2.3": "mail_location = mbox:mail:INBOX=inbox:INDEX=idx:"
               "LISTINDEX=list/names\n",
        "2.4": "mail_path = mail\nmail_inbox_path = inbox\n"
               "mail_index_path = idx\n"})
    single = {}
    for user in server.users:
        write_home(server, user, "mail/junk", b"hello\n")
        write_home(server, user, "mail/box", MESSAGE)
        with server.imap(user) as imap:
            imap.list()
            imap.ok("SELECT", "INBOX")
        single[user] = server.doveadm("mailbox-audit", "-u", user, "-e",
                                      "-j").stdout
        states = {name: entry["state"] for name, entry
                  in entries(json_lines(single[user])).items()}
        assert states == {"junk": "not-mailbox", "box": "mailbox",
                          "INBOX": "mailbox"}
        report, = json_lines(single[user])[-1]["namespaces"]
        assert report["index_root"] == server.users[user].home + "/idx"
    for options in ([], ["-S", server.tcp]):
        assert server.doveadm("mailbox-audit", *options, "-A", "-e",
                              "-j").stdout == b"".join(single.values())
        assert server.doveadm("mailbox-audit", "inspect", *options, "-A",
                              "box").stdout.count(b"/idx/.imap/box/") == 2
    server.doveadm("mailbox-audit", "clean", "-A", "-a", "0")
    for user in server.users:
        assert "junk" not in os.listdir(server.path("~/idx/.imap", user))
    # the list still has it
    for line in json_lines(server.doveadm("mailbox-audit", "-A", "-j").stdout):
        names = line["namespaces"][0]["names"]["list_index"]["names"]
        assert [name["mailbox"] for name in names] == ["junk"]


@pytest.mark.parametrize("kind", FAILING)
def test_one_user_fails(dovecot, kind):
    server = dovecot(users=["alice", FAILING[kind], "zoe"])
    expected = [("alice", True), ("failing", False), ("zoe", True)]
    result = server.doveadm("mailbox-audit", "-A", "-j", check=False)
    lines = json_lines(result.stdout)
    assert users_of(lines) == expected
    assert lines[1]["namespaces"] == []
    assert [(e["op"], e["path"]) for e in lines[1]["errors"]] == \
        [("user", "failing")]
    assert result.returncode == STATUS[kind]
    assert b"(failing" in result.stderr
    # with a table the status tells of it, also if the last user fails
    path = server.dir + "/some-users"
    write(path, b"zoe\nfailing\n")
    result = server.doveadm("-f", "flow", "mailbox-audit", "-F", path,
                            check=False)
    assert result.returncode == STATUS[kind]
    assert {line.split()[0] for line in result.stdout.splitlines()
            if line != b""} == {b"zoe"}
    # a wildcard that leaves it out
    result = server.doveadm("mailbox-audit", "-u", "z*", "-j")
    assert users_of(json_lines(result.stdout)) == [("zoe", True)]
    # alone
    result = server.doveadm("mailbox-audit", "-u", "failing", check=False)
    assert result.returncode == STATUS[kind]
    # through a server
    result = server.doveadm("mailbox-audit", "-A", "-j", "-S", server.socket,
                            check=False)
    later = {("zoe", True)} if SERVER_GOES_ON else set()
    assert {("alice", True), *later} <= \
        set(users_of(json_lines(result.stdout)))
    assert result.returncode != 0
    # over HTTP Dovecot would drop everything with a failure status
    rows = server.http([["mailboxAudit", {"allUsers": True, "json": True},
                         "t"]])
    assert rows[0][0] == "doveadmResponse"
    lines = json_lines(b"".join(r["report"].encode() + b"\n"
                                for r in rows[0][1]))
    assert users_of(lines) == expected
    assert [r["username"] for r in rows[0][1]] == [user for user, _ in expected]
    # ... as it does without --json, where nothing else tells of the failure
    assert server.http([["mailboxAudit", {"allUsers": True}, "t"]])[0][0] == \
        "error"


def test_one_user_cant_be_read(dovecot):
    server = dovecot(users=["alice", "bob", "carol"])
    for user in ("alice", "bob", "carol"):
        with server.imap(user) as imap:
            imap.ok("CREATE box/inner")
            imap.ok("SELECT box/inner")
    closed = server.path("index/%u", "bob") + "/box"
    os.chown(closed, 0, 0)
    os.chmod(closed, 0o700)
    for arguments in (["-A"], ["-A", "-S", server.socket]):
        result = server.doveadm("mailbox-audit", *arguments, "-j",
                                check=False)
        assert result.returncode == os.EX_TEMPFAIL
        lines = json_lines(result.stdout)
        # Dovecot 2.4 asks a server for several users at once
        later = [("carol", True)] if SERVER_GOES_ON or "-S" not in arguments \
            else []
        assert sorted(users_of(lines)) == [("alice", True), ("bob", False),
                                           *later]
        assert [(e["op"], e["path"], e["error"]) for line in lines
                for e in line["errors"]] == \
            [("open", closed, "Permission denied")]
        assert b"open(%s) failed: Permission denied" % closed.encode() in \
            result.stderr
    result = server.doveadm("mailbox-audit", "-A", check=False)
    assert result.returncode == os.EX_TEMPFAIL
    assert result.stdout.count(b" total ") == 3


def test_unknown_users(dovecot):
    server = dovecot()
    result = server.doveadm("mailbox-audit", "-u", "nobody", "-j",
                            check=False)
    assert result.returncode == os.EX_NOUSER
    assert b"User doesn't exist" in result.stderr
    path = server.dir + "/some-users"
    write(path, b"nobody\nalice\n")
    result = server.doveadm("mailbox-audit", "-F", path, "-j", check=False)
    assert result.returncode == os.EX_TEMPFAIL
    assert users_of(json_lines(result.stdout)) == [("nobody", False),
                                                   ("alice", True)]
    result = server.doveadm("mailbox-audit", "-F", server.dir + "/none", "-j",
                            check=False)
    assert result.returncode != 0
