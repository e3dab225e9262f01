# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""The harness itself: what the other tests build on works."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading

import pytest

import dovecot as dovecot_module
from audit import ALWAYS_FULL
from dovecot import Location, Namespace, User, log_prefix
from hibernation import imap_processes
from imap import Closed, literal, quote

MESSAGE = b"From: a@example.org\nSubject: hello\n\nbody\n"


def full(name):
    """Returns how the index's path ends with DIRNAME=."""
    return "/" + name if ALWAYS_FULL else ""


# the location, and where the index of mailbox foo/bar is below the index root
FORMATS = {
    "mbox": (Location("mbox", "~", inbox="mail/%u", index="index/%u"),
             "foo/.imap/bar"),
    "mbox-in-place": (Location("mbox", "~/mail", inbox="mail/%u"), None),
    "mbox-dirname": (Location("mbox", "~/mail", index="index/%u",
                              dirname="MBX"), "foo/bar" + full("MBX")),
    "mbox-maildir++": (Location("mbox", "~/mail", index="index/%u",
                                layout="maildir++"), ".imap/.foo.bar"),
    "mbox-mailboxdir": (Location("mbox", "~/mail", index="index/%u",
                                 inbox="mail/%u", mailbox_dir="mb"),
                        "mb/foo/.imap/bar"),
    "maildir": (Location("maildir", "~/Maildir", index="index/%u"),
                ".foo.bar"),
    "maildir-fs": (Location("maildir", "~/Maildir", index="index/%u",
                            layout="fs", control="control/%u"), "foo/bar"),
    "maildir-fs-dirname": (Location("maildir", "~/Maildir", index="index/%u",
                                    layout="fs", dirname="MD"),
                           "foo/bar" + full("MD")),
    "sdbox": (Location("sdbox", "~/sdbox", index="index/%u"),
              "mailboxes/foo/bar" + full("dbox-Mails")),
    "sdbox-fulldirname": (Location("sdbox", "~/sdbox", index="index/%u",
                                   fulldirname="X"), "mailboxes/foo/bar/X"),
    "mdbox": (Location("mdbox", "~/mdbox", index="index/%u"),
              "mailboxes/foo/bar" + full("dbox-Mails")),
}


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_stores_and_delivers(dovecot, name):
    """Mail is delivered and appended, the mailbox is listed, and its index is
    where the format keeps it."""
    location, index_path = FORMATS[name]
    server = dovecot(location=location)
    server.deliver("alice", MESSAGE)
    with server.imap("alice") as imap:
        imap.ok("CREATE foo/bar")
        imap.ok("APPEND foo/bar", literal(MESSAGE))
        for box in ("INBOX", "foo/bar"):
            assert imap.ok(f"STATUS {box} (MESSAGES)").untagged == \
                [f"* STATUS {box} (MESSAGES 1)".encode()]
        assert {b"INBOX", b"foo/bar"} <= set(imap.list())
    path = server.doveadm("mailbox", "path", "-u", "alice", "-t", "index",
                          "foo/bar").stdout.decode().strip()
    assert os.path.isfile(path + "/dovecot.index.log")
    if index_path is not None:
        root = server.path("index/%u", "alice")
        assert os.path.relpath(path, root) == index_path
    assert server.errors() == []


def test_programs_are_those_of_the_prefix(dovecot):
    """Another Dovecot may be installed beside the one to test with."""
    prefix = dovecot_module.PREFIX
    for name in ("dovecot", "doveadm", "doveconf", "mailbox-audit"):
        assert shutil.which(name) in (f"{prefix}/bin/{name}",
                                      f"{prefix}/sbin/{name}")
    pid = dovecot().process.pid
    assert os.readlink(f"/proc/{pid}/exe") == prefix + "/sbin/dovecot"


def test_users_have_uids_fields_and_can_be_iterated(dovecot):
    server = dovecot(users=["alice", User("bob", fields={
        "mail_max_keyword_length": 7})])
    server.add_user("carol")
    out = server.doveadm("-f", "tab", "mailbox", "path", "-A", "-t", "mailbox",
                         "INBOX").stdout.decode()
    assert out.splitlines()[1:] == [u + "\t" + server.path("mail/%u", u)
                                    for u in ("alice", "bob", "carol")]
    out = server.doveadm("user", "bob").stdout.decode()
    assert f"uid\t{server.users['bob'].uid}" in out
    assert "mail_max_keyword_length\t7" in out
    server.deliver("carol", MESSAGE)
    assert os.stat(server.path("mail/%u", "carol")).st_uid == \
        server.users["carol"].uid


def test_namespaces(dovecot):
    server = dovecot(
        location=Location("maildir", "~/Maildir", index="index/%u"),
        namespaces=[Namespace("old", "Old/", location=Location(
            "mbox", "~/old", index="index/%u/old")),
            Namespace("all", "Public/", type="public", location=Location(
                "mbox", "public", index="index/public"))])
    os.mkdir(server.path("public"))
    with server.imap("alice") as imap:
        imap.ok("CREATE Old/box")
        assert b"Old/box" in imap.list()
    assert os.path.isfile(server.users["alice"].home + "/old/box")


def test_doveadm_answers_over_unix_socket_tcp_and_http(dovecot):
    server = dovecot()
    expected = server.path("mail/%u", "alice")
    with server.imap("alice") as imap:
        imap.ok("CREATE box")
    command = ["mailbox", "list", "-u", "alice"]
    local = server.doveadm(*command).stdout
    assert set(local.split()) == {b"INBOX", b"box"}
    for address in (server.socket, server.tcp):
        assert server.doveadm(*command[:2], "-S", address,
                              *command[2:]).stdout == local
    rows = server.http([["mailboxList", {"user": "alice"}, "t"]])[0]
    assert rows[0] == "doveadmResponse"
    assert sorted(row["mailbox"] for row in rows[1]) == ["INBOX", "box"]
    assert json.loads(server.doveadm("-f", "json", "mailbox", "path", "-u",
                                     "alice", "-t", "mailbox",
                                     "INBOX").stdout) == \
        [{"path": expected}]
    with pytest.raises(RuntimeError, match="ended with 64"):
        server.doveadm("mailbox", "path", "--nonsense")


def test_imap_client_reads_literals_and_pipelines(dovecot):
    server = dovecot()
    home = server.users["alice"].home
    for name in (b'with "quotes"', b"back\\slash", b"plain", b"sub"):
        os.mkdir(home.encode() + b"/" + name)
    with server.imap("alice") as imap:
        assert imap.list("", "%").keys() >= {b'with "quotes"', b"back\\slash",
                                             b"plain", b"sub"}
        imap.ok("APPEND", quote("INBOX"), literal(MESSAGE))
        imap.ok("SELECT INBOX")
        fetched = imap.ok("FETCH 1 BODY[TEXT]").untagged[0]
        assert b"{6}\r\nbody\r\n)" in fetched
        tags = [imap.send("STATUS INBOX (MESSAGES)") for _ in range(50)]
        assert all(imap.wait(tag).ok for tag in tags)
        assert imap.cmd("NONSENSE").status == "BAD"


def test_a_slow_reader_can_break_off(dovecot):
    server = dovecot()
    home = server.users["alice"].home
    for i in range(5000):
        os.mkdir(f"{home}/directory-with-a-rather-long-name-{i}")
    imap = server.imap("alice", rcvbuf=4096)
    imap.send('LIST "" "*"')
    assert imap.line().startswith(b"* LIST")
    imap.close()
    with pytest.raises(OSError):
        imap.raw(b"x")
    assert server.log_lines("isconnected")


def test_the_log_has_all_of_a_session_that_has_ended(dovecot):
    """However long the log process takes."""
    server = dovecot()
    log, = [pid for pid, name in server.running() if name == "log"]
    os.kill(log, signal.SIGSTOP)
    with server.imap("alice"):
        pass
    threading.Timer(1, os.kill, (log, signal.SIGCONT)).start()
    assert re.search(log_prefix("imap") + "Info: Disconnected: ",
                     server.log())


def test_a_line_without_its_user_is_the_services(dovecot):
    """The log process knows no prefix of a process that it has forgotten. \\4
    is an error."""
    server = dovecot()
    with server.imap("alice"):
        session, = imap_processes(server)
        with open(f"/proc/{session}/fd/2", "wb") as pipe:
            pipe.write(b"\1\4%d last words\n" % os.getpid())
        line, = server.log_lines("last words", service="imap")
    assert " imap: Error: last words" in line
    assert not re.search(log_prefix("imap"), " imap-login: Error: ")


def test_stop_leaves_no_process_and_no_file(dovecot):
    server = dovecot()
    port = server.port
    server.stop()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))
    server.start()
    with server.imap("alice") as imap:
        imap.ok("NOOP")
        server.stop()
        with pytest.raises((Closed, OSError)):
            while True:
                imap.line()
    server.remove()
    assert not os.path.lexists(server.dir)


def test_another_server_on_the_port_is_not_taken_for_it(dovecot,
                                                        monkeypatch):
    first = dovecot()
    free_ports = dovecot_module.free_ports
    ports = iter([[first.port, *free_ports(3)], free_ports(4)])
    monkeypatch.setattr(dovecot_module, "free_ports", lambda count: next(ports))
    second = dovecot()
    assert second.port != first.port
    with second.imap("alice") as imap:
        imap.ok("CREATE box")
    with first.imap("alice") as imap:
        assert b"box" not in imap.list()


class Sockets:
    """Sockets that are bound to ports in a row."""
    ports = iter([1, 2, 2, 1, 3])

    def bind(self, _):
        self.port = next(self.ports)

    def getsockname(self):
        return "127.0.0.1", self.port

    def close(self):
        pass


def test_a_port_is_given_once(monkeypatch):
    monkeypatch.setattr(dovecot_module.socket, "socket", Sockets)
    assert dovecot_module.free_ports(2) == [1, 2]
    assert dovecot_module.free_ports(1) == [3]


def test_errors_of_the_configuration_are_told(dovecot):
    with pytest.raises(RuntimeError, match="no_such_setting"):
        dovecot(extra="no_such_setting = yes\n")


def collected(*args):
    """Returns what pytest would run of this directory."""
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider",
         "--collect-only", "-q", *args, os.path.dirname(__file__)],
        check=True, stdout=subprocess.PIPE)
    return {line for line in result.stdout.decode().splitlines()
            if "::" in line}


@pytest.mark.any_dovecot
def test_some_cases_of_each_test():
    some, all_cases = collected("--every=4"), collected()
    assert some < all_cases and len(some) < len(all_cases) / 2
    assert {case.split("[")[0] for case in some} == \
        {case.split("[")[0] for case in all_cases}
