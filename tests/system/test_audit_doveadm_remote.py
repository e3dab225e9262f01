# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""The same lines locally, through doveadm-server and through the HTTP API."""

import os

from audit import (DESCRIPTION, default_location, fill_home, json_lines,
                   many_entries,
                   report, write_home)

ROWS = 100000


def http_lines(server, **parameters):
    """Returns the lines that the HTTP API's rows hold, as bytes."""
    answer = server.http([["mailboxAudit", parameters, "tag"]])
    assert answer[0][0] == "doveadmResponse" and answer[0][2] == "tag", \
        answer[0][:1]
    return b"".join(r["report"].encode() + b"\n" for r in answer[0][1])


def in_any_order(output):
    """Dovecot 2.4 asks a server for several users at once."""
    return sorted(output.splitlines())


def test_every_way_gives_the_same(dovecot):
    server = dovecot(**DESCRIPTION)
    for user in ("alice", "bob"):
        fill_home(server, user)
    for more in (["-j"], ["-e", "-j"], [], ["-e"],
                 ["-e", "-s", "bogus", "-V", "-N", "Archive/"]):
        local = server.doveadm("mailbox-audit", "-u", "alice", *more).stdout
        for address in (server.socket, server.tcp):
            assert server.doveadm("mailbox-audit", "-u", "alice", *more, "-S",
                                  address).stdout == local
    for more in (["-f", "tab", "mailbox-audit"], ["-f", "tab",
                 "mailbox-audit", "-e"], ["mailbox-audit", "-e", "-j"]):
        local = server.doveadm(*more, "-A").stdout
        remote = server.doveadm(*more, "-A", "-S", server.socket).stdout
        assert in_any_order(remote) == in_any_order(local)
    for options, parameters in ((["-u", "bob"], {"user": "bob"}),
                                (["-A"], {"allUsers": True})):
        assert http_lines(server, json=True, entries=True, state="bogus",
                          **parameters) == server.doveadm(
            "mailbox-audit", *options, "-e", "-j", "-s", "bogus").stdout
    answer = server.http([["mailboxAudit", {"user": "alice"}, "t"]])
    assert [r["state"] for r in answer[0][1]][:2] == ["mailbox", "not-mailbox"]


def test_a_hundred_thousand_rows(dovecot):
    with many_entries("alice", ROWS) as top:
        server = dovecot(location=default_location(index=top + "/%u"),
                         users=["alice", "bob"])
        # an empty home may be one that isn't mounted
        write_home(server, "alice", "file", b"x\n")
        check_many_rows(server)


def check_many_rows(server):
    local = server.doveadm("mailbox-audit", "-u", "alice", "-e", "-j").stdout
    lines = local.splitlines(keepends=True)
    assert len(lines) == ROWS + 1
    totals = report(json_lines(lines[-1]))["namespaces"][0]["totals"]
    assert totals["entries"] == ROWS
    everybody = server.doveadm("mailbox-audit", "-A", "-e", "-j").stdout
    remote = ["-S", server.socket, "-e", "-j"]
    # pytest would take minutes to show where 25 MB differ
    same = [server.doveadm("mailbox-audit", "-u", "alice", *remote).stdout ==
            local,
            in_any_order(server.doveadm("mailbox-audit", "-A",
                                        *remote).stdout) ==
            in_any_order(everybody),
            http_lines(server, user="alice", json=True, entries=True) == local]
    assert same == [True, True, True]
    # a table of as many rows
    rows = server.doveadm("mailbox-audit", "-A", "-S", server.socket,
                          "-e").stdout.count(b"\n")
    assert rows >= ROWS + 1


def make_deep_entry(server, user, levels):
    """Makes an entry whose path is levels * 251 bytes long."""
    uid = server.users[user].uid
    root = server.path("index/%u", user)
    os.mkdir(root)
    os.chown(root, uid, uid)
    fd = os.open(root, os.O_RDONLY)
    for name in ["d" * 250] * levels + [".imap", "box"]:
        os.mkdir(name, dir_fd=fd)
        os.chown(name, uid, uid, dir_fd=fd)
        parent, fd = fd, os.open(name, os.O_RDONLY, dir_fd=fd)
        os.close(parent)
    os.close(fd)


def test_long_names_come_in_one_piece(dovecot):
    """A value longer than the servers' buffers, here of 100 kB."""
    server = dovecot()
    write_home(server, "alice", "file", b"x\n")
    make_deep_entry(server, "alice", 400)
    local = server.doveadm("mailbox-audit", "-u", "alice", "-e", "-j").stdout
    entry = json_lines(local)[0]["entry"]
    assert entry["path"] == "/".join(["d" * 250] * 400 + [".imap", "box"])
    assert server.doveadm("mailbox-audit", "-u", "alice", "-e", "-j", "-S",
                          server.socket).stdout == local
    assert http_lines(server, user="alice", json=True, entries=True) == local


def test_a_failure_is_told_by_each_way(dovecot):
    server = dovecot()
    fill_home(server, "alice")
    closed = server.path("index/%u", "alice") + "/lists"
    os.chown(closed, 0, 0)
    os.chmod(closed, 0o700)
    local = server.doveadm("mailbox-audit", "-u", "alice", "-e", "-j",
                           check=False)
    assert local.returncode == os.EX_TEMPFAIL
    assert report(json_lines(local.stdout))["complete"] is False
    remote = server.doveadm("mailbox-audit", "-u", "alice", "-e", "-j", "-S",
                            server.socket, check=False)
    assert remote.returncode == os.EX_TEMPFAIL
    assert remote.stdout == local.stdout
    # with the status of a failure the HTTP API would drop the lines
    assert http_lines(server, user="alice", json=True, entries=True) == \
        local.stdout
    assert server.http([["mailboxAudit", {"user": "alice"}, "t"]]) == \
        [["error", {"type": "exitCode", "exitCode": os.EX_TEMPFAIL}, "t"]]


def test_usage_errors_leave_a_server_alive(dovecot):
    server = dovecot()
    for parameters in ({"state": "nonsense"}, {"hidden": True, "visible": True},
                       {"namespace": "nonsense"}, {"state": ""}):
        answer = server.http([
            ["mailboxAudit", {"user": "alice", **parameters}, "one"],
            ["mailboxAudit", {"user": "alice", "json": True}, "two"]])
        assert answer[0] == ["error", {"type": "exitCode",
                                       "exitCode": os.EX_USAGE}, "one"]
        assert answer[1][0] == "doveadmResponse"
    assert http_lines(server, user="alice", json=True) == \
        server.doveadm("mailbox-audit", "-u", "alice", "-j").stdout


def test_null_is_no_reason_to_crash(dovecot):
    """2.3 hands over a parameter without a value, 2.4 an empty one. A server
    that crashes fails the test."""
    server = dovecot()
    for name in ("state", "namespace", "rule", "rules"):
        answer = server.http([["mailboxAudit", {"user": "alice", name: None},
                               "tag"]])
        assert answer[0][0] in ("doveadmResponse", "error")
