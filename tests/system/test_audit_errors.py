# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""What can't be read is unknown, never bogus; the message names operation,
path and reason, the status is a failure, and others are audited all the
same."""

import os
import shutil

import pytest

from audit import (default_location, fill_home, json_lines, make_log, MESSAGE,
                   utility, write)
from dovecot import Location
from oracle import audit, Report

EX_TEMPFAIL = 75


def fill(server, names, user="alice"):
    """Makes mailboxes with entries."""
    home = server.users[user].home
    root = server.path("index/%u", user)
    for name in names:
        path = os.path.join(home, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        write(path, MESSAGE)
        make_log(os.path.join(root, os.path.dirname(name), ".imap",
                              os.path.basename(name)))
    for top in (home, root):
        server.chown(user, top)
    return home, root


def states(report):
    return {path.decode(): (e["state"], e["reason"])
            for path, e in report.entries.items()}


def check_error(report, op, path, error):
    assert {"op": op, "path": path, "error": error} in report.errors
    assert f"{op}({path}) failed: {error}\n" in report.stderr


ERROR = ("unknown", "error")
MAILBOX = ("mailbox", None)


def test_unreadable_index_directory(dovecot):
    server = dovecot(location=default_location())
    _, root = fill(server, ["a/box", "b/box"])
    box = root + "/a/.imap/box"
    os.chmod(box, 0)
    report = audit(server, status=EX_TEMPFAIL, du=False)
    check_error(report, "open", box, "Permission denied")
    assert states(report) == {"a/.imap/box": ERROR, "b/.imap/box": MAILBOX}
    os.chmod(box, 0o700)
    # what it leads to can't be seen
    os.chmod(root + "/a", 0)
    report = audit(server, status=EX_TEMPFAIL, du=False)
    check_error(report, "open", root + "/a", "Permission denied")
    assert states(report) == {"a": ERROR, "b/.imap/box": MAILBOX}


def test_index_directory_that_can_be_read_but_not_searched(dovecot):
    server = dovecot(location=default_location())
    _, root = fill(server, ["a/box", "b/box"])
    os.chmod(root + "/a/.imap/box", 0o600)
    report = audit(server, status=EX_TEMPFAIL, du=False)
    check_error(report, "stat", root + "/a/.imap/box/dovecot.index.log",
                "Permission denied")
    assert states(report) == {"a/.imap/box": ERROR, "b/.imap/box": MAILBOX}


def test_unreadable_index_root(dovecot):
    server = dovecot(location=default_location())
    _, root = fill(server, ["box"])
    os.chmod(root, 0)
    report = audit(server, status=EX_TEMPFAIL, du=False)
    check_error(report, "open", root, "Permission denied")
    assert report.entries == {}


def test_unreadable_mail_file(dovecot):
    server = dovecot(location=default_location())
    home, _ = fill(server, ["a/box", "b/box"])
    os.chmod(home + "/a/box", 0)
    report = audit(server, status=EX_TEMPFAIL)
    check_error(report, "open", home + "/a/box", "Permission denied")
    assert states(report) == {"a/.imap/box": ERROR, "b/.imap/box": MAILBOX}


@pytest.mark.parametrize("mode", [0, 0o600])
def test_unsearchable_mail_directory(dovecot, mode):
    """One error for all that is below."""
    server = dovecot(location=default_location())
    home, _ = fill(server, ["a/box1", "a/box2", "a/b/box", "b/box"])
    os.chmod(home + "/a", mode)
    report = audit(server, status=EX_TEMPFAIL)
    assert len(report.errors) <= 2
    assert all(e["path"].startswith(home + "/a") and
               e["error"] == "Permission denied" for e in report.errors)
    assert states(report) == {
        "a/.imap/box1": ERROR, "a/.imap/box2": ERROR,
        "a/b/.imap/box": ERROR, "b/.imap/box": MAILBOX}


def test_mail_directory_that_can_only_be_searched(dovecot):
    """That is all it takes."""
    server = dovecot(location=default_location())
    home, _ = fill(server, ["a/box", "gone"])
    os.unlink(home + "/gone")
    os.chmod(home + "/a", 0o100)
    os.chmod(home, 0o100)
    assert states(audit(server)) == {"a/.imap/box": MAILBOX,
                                     ".imap/gone": ("missing", None)}


def remove(path):
    shutil.rmtree(path)
    return "open", "No such file or directory"


def empty(path):
    shutil.rmtree(path)
    os.mkdir(path)
    return "readdir", "Directory is empty, is the file system mounted?"


def make_file(path):
    shutil.rmtree(path)
    write(path, b"x")
    return "open", "Not a directory"


def dangle(path):
    os.rename(path, path + ".away")
    os.symlink("/nowhere/at/all", path)
    return "open", "No such file or directory"


@pytest.mark.parametrize("spoil", [remove, empty, make_file, dangle])
@pytest.mark.parametrize("driver", ["mbox", "maildir", "sdbox"])
def test_mail_root_that_is_not_there(dovecot, spoil, driver):
    """A file server that isn't mounted makes nobody's mailboxes bogus."""
    server = dovecot(location=Location(
        driver, "~/mail", index="index/%u",
        inbox="mail/%u" if driver == "mbox" else None))
    home = server.users["alice"].home
    os.mkdir(home + "/mail")
    server.chown("alice", home)
    with server.imap("alice") as imap:
        imap.ok("CREATE box")
        imap.ok("SELECT box")
    assert "mailbox" in {s for s, _ in states(audit(server)).values()}
    op, error = spoil(home + "/mail")
    if os.path.lexists(home + "/mail"):
        os.lchown(home + "/mail", server.users["alice"].uid, -1)
    result = utility(server, "alice", "-e", "-j", check=False)
    assert result.returncode == os.EX_IOERR
    check_mail_root(Report(result), op, home + "/mail", error)
    # doveadm may refuse to look up the user at all
    result = server.doveadm("mailbox-audit", "-u", "alice", "-e", "-j",
                            check=False)
    assert result.returncode == EX_TEMPFAIL
    if result.stdout != b"":
        check_mail_root(Report(result), op, home + "/mail", error)


def check_mail_root(report, op, path, error):
    check_error(report, op, path, error)
    found = states(report)
    assert found and set(found.values()) <= {("unknown", "mail-root")}
    assert report.namespaces[0]["bogus"]["entries"] == 0


def test_mail_root_that_can_not_be_searched(dovecot):
    server = dovecot(location=default_location(mail="~/mail"))
    home = server.users["alice"].home
    os.mkdir(home + "/mail")
    write(home + "/mail/box", MESSAGE)
    make_log(server.path("index/%u/.imap/box", "alice"))
    for top in (home, server.path("index/%u", "alice")):
        server.chown("alice", top)
    os.chmod(home + "/mail", 0)
    report = audit(server, status=EX_TEMPFAIL)
    assert states(report) == {".imap/box": ERROR}
    os.chmod(home + "/mail", 0o700)
    os.chmod(home, 0)
    report = audit(server, status=EX_TEMPFAIL)
    check_error(report, "open", home + "/mail", "Permission denied")
    assert states(report) == {".imap/box": ("unknown", "mail-root")}


def test_read_error(dovecot):
    """Reading this file of the kernel's fails; its size is that of a file."""
    path = "/sys/class/net/lo/speed"
    if not os.path.exists(path):
        pytest.skip("no /sys")
    server = dovecot(location=default_location())
    home, _ = fill(server, ["box"])
    os.unlink(home + "/box")
    os.symlink(path, home + "/box")
    report = audit(server, status=EX_TEMPFAIL)
    check_error(report, "read", home + "/box", "Invalid argument")
    assert states(report) == {".imap/box": ERROR}




@pytest.mark.skipif(shutil.which("strace") is None, reason="no strace")
@pytest.mark.parametrize("call", ["getdents64", "newfstatat", "openat",
                                  "pread64"])
def test_every_system_call_may_fail(dovecot, call):
    """EIO for one call after the other, until none fails any more: an error
    that is told, never a verdict, unless the audit can do without."""
    server = dovecot(location=default_location())
    _, root = fill(server, ["a/box", "b/box"])
    good = Report(utility(server, "alice", "-e", "-j"))
    failures = 0
    for nth in range(1, 60):
        result = utility(server, "alice", "-e", "-j", check=False, prefix=[
            "strace", "-f", "-qq", "-o", "/dev/null", "-P", root, "-P",
            root + "/a", "-P", root + "/a/.imap", "-P", root + "/a/.imap/box",
            "-P", server.users["alice"].home, "-P",
            server.users["alice"].home + "/a",
            "-P", server.users["alice"].home + "/a/box",
            "-e", f"inject={call}:error=EIO:when={nth}"])
        report = Report(result)
        if result.returncode == 0:
            assert report.entries == good.entries
            continue
        failures += 1
        assert result.returncode == os.EX_IOERR
        assert "Input/output error" in report.stderr
        assert not report.user["complete"]
        assert report.namespaces[0]["bogus"]["entries"] == 0
    assert failures > 0


@pytest.mark.skipif(shutil.which("strace") is None, reason="no strace")
def test_a_directory_goes_while_it_is_read(dovecot):
    """The kernel says ENOENT then. That is no error: what it held is gone."""
    server = dovecot(location=default_location())
    _, root = fill(server, ["a/box"])
    places = [root + path for path in ("", "/a", "/a/.imap", "/a/.imap/box")]
    found = []
    for nth in range(1, 2 * len(places) + 1):
        report = Report(utility(server, "alice", "-e", "-j", prefix=[
            "strace", "-f", "-qq", "-o", "/dev/null",
            *(word for place in places for word in ("-P", place)),
            "-e", f"inject=getdents64:error=ENOENT:when={nth}"]))
        assert report.user["complete"] and report.stderr == ""
        assert report.namespaces[0]["bogus"]["entries"] == 0
        found.append(len(report.entries))
    assert min(found) == 0 and max(found) == 1


def test_others_are_audited(dovecot):
    server = dovecot(users=["alice", "bob", "carol"])
    for user in server.users:
        fill_home(server, user)
    os.chmod(server.users["bob"].home, 0)
    os.chmod(server.path("index/%u/.imap", "carol"), 0)
    result = server.doveadm("mailbox-audit", "-A", "-j", check=False)
    assert result.returncode == EX_TEMPFAIL
    complete = {line["user"]: line["complete"]
                for line in json_lines(result.stdout)}
    assert complete == {"alice": True, "bob": False, "carol": False}


def test_more_errors_than_are_listed(dovecot):
    server = dovecot(location=default_location())
    home, _ = fill(server, [f"d{i}/box" for i in range(100)])
    for i in range(100):
        os.chmod(f"{home}/d{i}", 0)
    report = audit(server, status=EX_TEMPFAIL)
    assert len(report.errors) == 64
    assert report.user["errors_total"] == 100
    assert {e["error"] for e in report.errors} == {"Permission denied"}
    # all of them are told
    assert report.stderr.count("Permission denied") == 100


def test_subscriptions_that_can_not_be_read(dovecot):
    server = dovecot(location=default_location())
    home, _ = fill(server, ["box"])
    path = home + "/.subscriptions"
    os.mkdir(path)
    report = audit(server, status=EX_TEMPFAIL)
    check_error(report, "open", path, "Is a directory")
    os.rmdir(path)
    write(path, b"box\n")
    os.chmod(path, 0)
    server.chown("alice", home)
    report = audit(server, status=EX_TEMPFAIL)
    check_error(report, "open", path, "Permission denied")
