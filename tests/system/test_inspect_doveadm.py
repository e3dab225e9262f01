# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""doveadm mailbox-audit inspect says of a mailbox by name what the utility says
of its index directory, by every way; and says which mailboxes have none."""

import json
import os
import re
import subprocess

import pytest

import corpus
from audit import ALWAYS_FULL, DESCRIPTION, MESSAGE, write, write_home
from dovecot import Location, User, VERSION
from oracle import snapshot

# doveadm's own for what isn't found
EX_NOTFOUND = os.EX_NOHOST
NAMES = ["select", "keywords", "expunged", "a/b/c", "empty", "INBOX"]


def without_age(text):
    """How long ago something was depends on when one looks."""
    return re.sub(rb"\d+ [a-z]+ ago", b"ago", text)


def inspect(server, *args, user="alice", **kwargs):
    return server.doveadm("mailbox-audit", "inspect", "-u", user, *args,
                          **kwargs)


def index_path(server, name):
    """What Dovecot says of it."""
    return server.doveadm("mailbox", "path", "-u", "alice", "-t", "index",
                          name).stdout.decode().rstrip("\n")


def utility(*args):
    result = subprocess.run(["mailbox-audit", "inspect", *args],
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            check=True, timeout=600)
    assert result.stdout != b""
    return result.stdout


@pytest.mark.parametrize("driver", corpus.FORMATS)
def test_the_same_as_the_utility(dovecot, driver):
    server = dovecot(**corpus.description(driver))
    corpus.fill(server, "alice")
    if driver == "mbox":
        write(server.path("mail/%u"))
    with server.imap("alice") as imap:
        for name in ("INBOX", "&AOQ-"):
            if name != "INBOX":
                imap.ok("CREATE " + name)
            corpus.append(imap, name, 1)
            corpus.selected(imap, name)
    # nobody writes any more
    server.restart()
    names = NAMES + ["\u00e4"]
    paths = [index_path(server, name) for name in names]
    before = snapshot(server.path("index/%u", "alice"))
    for name, path in zip(names, paths):
        for options in ([], ["-j"]):
            assert without_age(inspect(server, *options, name).stdout) == \
                without_age(utility(*options, path)), name
    for options in ([], ["--json"]):
        assert without_age(inspect(server, *options, *names).stdout) == \
            without_age(utility(*options, *paths))
    assert inspect(server, "none", check=False).returncode == EX_NOTFOUND
    assert snapshot(server.path("index/%u", "alice")) == before


def http_lines(server, **parameters):
    answer = server.http([["mailboxAuditInspect", parameters, "tag"]])
    assert answer[0][0] == "doveadmResponse", answer
    return b"".join(row["report"].encode() + b"\n" for row in answer[0][1])


@pytest.fixture
def server(dovecot):
    """Two users, each with a mailbox."""
    server = dovecot(location=corpus.FORMATS["mdbox"], users=["alice", "bob"])
    for user in server.users:
        with server.imap(user) as imap:
            for name in ("box", "other"):
                imap.ok("CREATE " + name)
                corpus.append(imap, name, 2)
    return server


def test_every_way_gives_the_same(server):
    for options in ([], ["-j"]):
        for names in (["box"], ["box", "other"]):
            local = inspect(server, *options, *names).stdout
            assert local.count(b"/index/alice/") == len(names)
            for address in (server.socket, server.tcp):
                assert without_age(inspect(server, *options, "-S", address,
                                           *names).stdout) == \
                    without_age(local)
            everybody = [server.doveadm("mailbox-audit", "inspect", "-A",
                                        *options, *more, *names).stdout
                         for more in ([], ["-S", server.socket])]
            # Dovecot 2.4 asks a server for several users at once
            local, remote = [sorted(without_age(output).splitlines())
                             for output in everybody]
            assert remote == local
            assert everybody[0].count(b"/index/bob/") == len(names)
    path = server.dir + "/some-users"
    write(path, b"bob\n")
    bob = inspect(server, "-j", "box", user="bob").stdout
    assert server.doveadm("mailbox-audit", "inspect", "-F", path, "-j",
                          "box").stdout == bob
    assert http_lines(server, user="bob", json=True, mailbox=["box"]) == bob


def test_other_formats_have_a_row_for_each_line(server):
    lines = without_age(inspect(server, "box").stdout).splitlines()
    for more in ([], ["-S", server.socket]):
        output = server.doveadm("-f", "tab", "mailbox-audit", "inspect", "-u",
                                "alice", *more, "box").stdout
        assert without_age(output).splitlines() == [b"report"] + lines
        output = server.doveadm("-f", "json", "mailbox-audit", "inspect", "-u",
                                "alice", *more, "box").stdout
        assert [without_age(row["report"].encode())
                for row in json.loads(output)] == lines
        output = server.doveadm("-f", "table", "mailbox-audit", "inspect",
                                "-A", *more, "box").stdout
        assert [output.count(user) >= len(lines)
                for user in (b"alice", b"bob")] == [True, True]
        result = server.doveadm("-f", "json", "mailbox-audit", "inspect", "-u",
                                "alice", "-j", *more, "box", check=False)
        assert result.returncode == os.EX_USAGE
    rows = server.http([["mailboxAuditInspect",
                         {"user": "alice", "mailbox": ["box"]}, "t"]])[0][1]
    assert [without_age(row["report"].encode()) for row in rows] == lines


def check_failure(server, name, reason):
    """Checks that a mailbox fails, and that another is shown all the same."""
    for more in ([], ["-S", server.socket]):
        result = inspect(server, "-j", *more, "--", name, "box", check=False)
        assert result.returncode == EX_NOTFOUND, result
        assert b"Mailbox \"%s\" can't be inspected: " % \
            name.encode() in result.stderr
        assert reason in result.stderr
        assert result.stdout == inspect(server, "-j", "box").stdout
        # nothing stands apart from what isn't there
        for names in ([name, "box"], ["box", name]):
            text = inspect(server, *more, "--", *names, check=False).stdout
            assert b"" not in text.splitlines() and b"index " in text
    answer = server.http([["mailboxAuditInspect",
                           {"user": "alice", "json": True,
                            "mailbox": [name]}, "t"]])
    # Dovecot drops the output of what failed
    assert answer[0][0] == "error"


def test_mailboxes_without_an_index(server):
    with server.imap("alice") as imap:
        imap.ok("CREATE parent/child")
    check_failure(server, "none", b"failed: No such file or directory")
    # where the index has a directory of its own, that is what isn't there
    check_failure(server, "parent", b"dbox-Mails) failed: No such file"
                  if ALWAYS_FULL else b"holds no index")
    check_failure(server, "../bob/mailboxes/box",
                  b"Contains '..' part")
    check_failure(server, "", b"Name is empty")
    # bob has it, alice doesn't
    with server.imap("bob") as imap:
        imap.ok("CREATE bobs")
        corpus.append(imap, "bobs", 1)
    result = server.doveadm("mailbox-audit", "inspect", "-A", "-j", "bobs",
                            check=False)
    assert result.returncode == EX_NOTFOUND
    assert result.stdout == inspect(server, "-j", "bobs", user="bob").stdout
    assert b"alice" in result.stderr


def test_names_that_are_not_utf8(server):
    result = inspect(server, b"\xff", "box", check=False)
    assert result.returncode == EX_NOTFOUND
    assert b"Mailbox \"\\xff\" can't be inspected: Name isn't valid UTF-8" in \
        result.stderr
    assert b"/index/alice/" in result.stdout


@pytest.mark.skipif(VERSION < (2, 4, 3), reason="names aren't normalized")
def test_names_are_normalized(dovecot):
    server = dovecot(**DESCRIPTION)
    with server.imap("alice") as imap:
        imap.ok("CREATE &AOk-")
        corpus.append(imap, "&AOk-", 1)
    for name in ("\u00e9", "e\u0301"):
        assert json.loads(inspect(server, "-j", name).stdout
                          )["state"]["messages"] == 1


def test_namespaces(dovecot):
    server = dovecot(**{**DESCRIPTION, "prefix": "INBOX/"})
    write_home(server, "alice", "archive/2019", MESSAGE)
    write_home(server, "alice", "2019", MESSAGE * 2)
    with server.imap("alice") as imap:
        for name in ("INBOX/2019", "Archive/2019"):
            corpus.selected(imap, name)
    assert [json.loads(inspect(server, "-j", name).stdout)["state"]["messages"]
            for name in ("INBOX/2019", "Archive/2019")] == [2, 1]
    result = inspect(server, "2019", check=False)
    assert result.returncode == EX_NOTFOUND
    assert b"Mailbox \"2019\" can't be inspected: No namespace has it" in \
        result.stderr


def test_an_index_in_memory(dovecot):
    server = dovecot(location=Location("mbox", "~/mail", index="MEMORY"))
    result = inspect(server, "box", check=False)
    assert result.returncode == EX_NOTFOUND
    assert b"Mailbox \"box\" can't be inspected: Its index is in memory" in \
        result.stderr


def test_an_index_that_cant_be_understood(server):
    path = index_path(server, "box") + "/dovecot.index.log"
    os.truncate(path, 20)
    local = inspect(server, "-j", "box", check=False)
    assert local.returncode == os.EX_DATAERR
    assert json.loads(local.stdout)["result"] != "ok"
    remote = inspect(server, "-j", "-S", server.socket, "box", check=False)
    assert remote.returncode == os.EX_DATAERR
    assert remote.stdout == local.stdout
    # with the status of a failure the HTTP API would drop the line
    assert http_lines(server, user="alice", json=True, mailbox=["box"]) == \
        local.stdout


def test_a_mailbox_that_is_gone(dovecot):
    """What it left behind is what the audit finds."""
    server = dovecot(location=Location("mbox", "~", inbox="mail/%u",
                                       index="index/%u"))
    write_home(server, "alice", "notes", b"hello\n")
    with server.imap("alice") as imap:
        imap.list()
    os.unlink(server.users["alice"].home + "/notes")
    line = json.loads(inspect(server, "-j", "notes").stdout)
    assert line["evidence"]["level"] == "untouched"


@pytest.mark.parametrize("driver", ["mbox", "layout-index"])
def test_nothing_is_made(dovecot, driver):
    server = dovecot(location=corpus.FORMATS[driver], users=["alice"])
    trees = [server.path(name) for name in ("home", "index", "mail")]
    before = snapshot(*trees)
    result = inspect(server, "none", check=False)
    assert result.returncode == EX_NOTFOUND
    assert b"Mailbox \"none\" can't be inspected: " in result.stderr
    assert snapshot(*trees) == before


def test_a_user_who_fails(dovecot):
    server = dovecot(location=corpus.FORMATS["mdbox"],
                     users=["alice", User("failing", uid=5)])
    with server.imap("alice") as imap:
        imap.ok("CREATE box")
        corpus.append(imap, "box", 1)
    result = server.doveadm("mailbox-audit", "inspect", "-A", "-j", "box",
                            check=False)
    assert result.returncode == os.EX_TEMPFAIL
    assert b"(failing" in result.stderr
    assert result.stdout == inspect(server, "-j", "box").stdout


def test_usage(server):
    result = inspect(server, check=False)
    assert result.returncode == os.EX_USAGE
    assert b"No mailbox is given" in result.stderr
    # before 2.3.18 it was no error
    usage = result.stdout + result.stderr
    assert b"inspect" in usage and b"-j|--json" in usage
    answer = server.http([
        ["mailboxAuditInspect", {"user": "alice"}, "one"],
        ["mailboxAuditInspect", {"user": "alice", "mailbox": ["box"]}, "two"]])
    assert answer[0] == ["error", {"type": "exitCode",
                                   "exitCode": os.EX_USAGE}, "one"]
    assert answer[1][0] == "doveadmResponse"
