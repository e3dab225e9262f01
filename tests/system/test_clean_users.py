# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""A clean of many users: index roots that two of them have, homes that are one
or nest, users who vanish meanwhile."""

import base64
import os
import signal
import socket
import time

import pytest

from audit import (SERVER_GOES_ON, default_location, json_lines, report,
                   write)
from cleaning import (JUNK, clean, fill, kept, make_junk, removed,
                      stop_at)
from dovecot import FIRST_UID, IS_24, Location, Namespace, User, block
from mounts import bind, own_mounts
from oracle import snapshot

COMMAND = ["mailbox-audit", "clean", "-a", "0", "-e", "-j"]


def of_users(server, stdout):
    """Returns {user: lines}."""
    lines = json_lines(stdout)
    return {user: [line for line in lines if line["user"] == user]
            for user in server.users}


def refused(lines):
    namespace, = report(lines)["namespaces"]
    return namespace["clean"]["refused"]


def run(server, who, **kwargs):
    result = server.doveadm(*COMMAND, *who, **kwargs)
    return result, of_users(server, result.stdout)


def several(*names, **homes):
    """Users with one uid: so their mails are often kept, and so one may do with
    another one's indexes what he likes."""
    return [User(name, uid=FIRST_UID, home=homes.get(name)) for name in names]


def set_home(server, user, home):
    os.makedirs(home, exist_ok=True)
    server.users[user].home = home
    server.chown(user, home)
    server.write_users()


def test_an_index_root_of_two_users(dovecot):
    """By two paths. Nothing is removed for either, the third goes on."""
    server = dovecot(users=several("alice", "bob", "carol"))
    os.symlink("alice", server.path("index/bob"))
    for user in server.users:
        fill(server, user)
    roots = [server.path("index/alice")]
    before = snapshot(*roots)
    expected = {"alice": "The index root is also a root of user bob",
                "bob": "The index root is also a root of user alice",
                "carol": None}
    names = server.path("private/names")
    write(names, b"bob\ncarol\nalice\n")
    for who in (["-A"], ["-F", names], ["-u", "*"],
                ["-A", "-U", "-g", "0"]):
        make_junk(server, "carol", JUNK)
        result, of = run(server, who)
        assert {user: refused(lines) for user, lines in of.items()} == expected
        assert removed(of["carol"]) == set(JUNK)
        assert kept(of["alice"]) == kept(of["bob"]) == \
            dict.fromkeys(JUNK, "refused")
        assert snapshot(*roots) == before
    make_junk(server, "carol", JUNK)
    answer = server.http([["mailboxAuditClean", {
        "allUsers": True, "minAge": "0", "json": True}, "t"]])
    of = of_users(server, b"".join(row["report"].encode() + b"\n"
                                   for row in answer[0][1]))
    assert {user: refused(lines) for user, lines in of.items()} == expected
    # it is told with a table, too, and is no failure
    result = server.doveadm("mailbox-audit", "clean", "-A", "-a", "0")
    assert result.stderr.count(b"nothing is removed: The index root is also") \
        == 2
    assert b"Error" not in result.stderr
    assert snapshot(*roots) == before
    # not among those who are cleaned
    write(names, b"bob\ncarol\n")
    for who in (["-F", names, "-n"], ["-u", "b*", "-n"]):
        result, of = run(server, who)
        assert removed(of["bob"]) == set() and refused(of["bob"]) is None
        assert [entry["entry"]["action"] for entry in of["bob"][:-1]] == \
            ["would-remove"] * len(JUNK)
    assert removed(clean(server, "alice")) == set(JUNK)


MANY = {"-A": ["-A"], "wildcard": ["-u", "*"], "-F": ["-F", "@NAMES@"]}


@pytest.mark.parametrize("through", ["socket", "tcp", "workers"])
@pytest.mark.parametrize("who", MANY)
def test_a_server_takes_one_user_at_a_time(dovecot, who, through):
    """It asks its userdb who the others are."""
    settings = {"doveadm_worker_count": 3} if through == "workers" else {}
    server = dovecot(users=several("alice", "bob", "carol", "dave"),
                     settings=settings)
    os.symlink("alice", server.path("index/bob"))
    for user in server.users:
        fill(server, user)
    names = server.path("private/names")
    write(names, "".join(f"{user}\n" for user in server.users).encode())
    before = snapshot(server.path("index/alice"))
    to = ["-S", getattr(server, through)] if through != "workers" else []
    options = [*(names if word == "@NAMES@" else word for word in MANY[who]),
               *to]
    if stock_fails(server, options):
        pytest.skip("stock doveadm can't: " + " ".join(options))
    for more in ([], ["-U", "-g", "0"]):
        make_junk(server, "carol", JUNK)
        result, of = run(server, [*options, *more])
        assert {user: refused(lines) for user, lines in of.items()} == {
            "alice": "The index root is also a root of user bob",
            "bob": "The index root is also a root of user alice",
            "carol": None, "dave": None}
        assert removed(of["carol"]) == set(JUNK)
        assert snapshot(server.path("index/alice")) == before
    table = server.doveadm("mailbox-audit", "clean", *options, "-t").stdout
    assert {line.split()[0] for line in table.decode().splitlines()[1:]} == \
        set(server.users)
    # who is named alone has no others
    assert removed(clean(server, "alice", *to)) == set(JUNK)


def stock_fails(server, options):
    return server.doveadm("mailbox", "path", *options, "INBOX",
                          check=False).returncode != 0


ONE_PROCESS = "\n".join(block("service doveadm", [
    ("restart_request_count" if IS_24 else "service_count") + " = 100",
    "process_limit = 1"]))


def test_a_server_that_serves_another_client(dovecot):
    """It looks at the roots again, with rights that the first one's user
    doesn't have."""
    server = dovecot(location=default_location(index="index/shared"),
                     users=several("alice"), extra=ONE_PROCESS)
    fill(server)
    who = ["-A", "-S", server.socket]
    assert removed(run(server, who)[1]["alice"]) == set(JUNK)
    server.add_user(User("bob", uid=FIRST_UID))
    write(server.users["bob"].home + "/file", b"")
    make_junk(server, "alice", JUNK)
    # the file of users is looked at once a second
    while server.doveadm("user", "bob", check=False).returncode != 0:
        time.sleep(0.05)
    result, of = run(server, who)
    assert [refused(of[user]) for user in ("alice", "bob")] == [
        "The index root is also a root of user bob",
        "The index root is also a root of user alice"]
    # nor does it keep what it was told for those who come one by one
    assert removed(clean(server, "alice", "-S", server.socket)) == set(JUNK)


def test_a_server_that_cant_list_its_users(dovecot):
    """Nobody is cleaned, and that is told."""
    server = dovecot(users=["alice"])
    fill(server)
    alice = server.users["alice"]
    fields = [f"uid={alice.uid}", f"gid={alice.gid}", f"home={alice.home}"]
    lines = server.auth_lines()
    first = next(i for i, line in enumerate(lines) if line.startswith("userdb"))
    lines[first:] = block("userdb static", block("fields", fields)) if IS_24 \
        else block("userdb", ["driver = static", "args = " + " ".join(fields)])
    server.auth_lines = lambda: lines
    server.restart()
    before = snapshot(server.path("index"))
    for used in ([], ["-U"]):
        assert server_answer(server, "-u", "*", *used) == (
            b"\n", b"-TEMPFAIL\n")
    assert snapshot(server.path("index")) == before
    assert "clean: The server can't look at all its users" in server.log()
    assert removed(clean(server, "alice", "-S", server.socket)) == set(JUNK)


@pytest.mark.skipif(not IS_24, reason="2.3 takes no -A from a client")
def test_a_client_that_asks_for_all_at_once(dovecot):
    """Each is cleaned once."""
    server = dovecot(users=["alice", "bob"])
    for user in server.users:
        fill(server, user)
    rows, status = server_answer(server, "-A", "-a", "0", "-t")
    assert status == b"+\n"
    assert [rows.split(b"\t").count(user.encode()) for user in server.users] \
        == [1, 1], rows
    assert {user: removed(clean(server, user)) for user in server.users} == \
        dict.fromkeys(server.users, set())


def server_answer(server, *options):
    """Returns what doveadm-server answers a client that isn't this one."""
    with socket.create_connection(("127.0.0.1", server.doveadm_port)) as conn:
        plain = base64.b64encode(b"\0doveadm\0" + server.password.encode())
        conn.sendall(b"VERSION\tdoveadm-server\t1\t0\nPLAIN\t" + plain +
                     b"\n\t" + "\t".join(
                         ("alice", "mailbox-audit clean", *options)).encode() +
                     b"\n")
        with conn.makefile("rb") as replies:
            # who is it, you are welcome
            assert [replies.readline() for _ in range(2)] == [b"-\n", b"+\n"]
            # what was printed, and whether all is well
            return replies.readline(), replies.readline()


def test_a_symlink_keeps_nobody_from_being_cleaned(dovecot):
    """To the index root of a user who has other rights."""
    server = dovecot(users=["alice", "bob"])
    os.symlink("alice", server.path("index/bob"))
    fill(server)
    result, of = run(server, ["-A"], check=False)
    assert removed(of["alice"]) == set(JUNK)
    assert refused(of["bob"]) == "The index root is also a root of user alice"


NESTED = {
    # index roots, of which one is below the other
    "index": (Location("mbox", "~/mail", index="~"), "~/sub", [
        "Below the index root is a root of user bob",
        "The index root is below that of user alice"]),
    "in-place": (Location("mbox", "~"), "~/sub", [
        "Below the index root is a root of user bob",
        "The index root is below that of user alice"]),
    # only the homes
    "home": (Location("mbox", "~", index="index/%u"), "~/sub", [None, None]),
    "same-home": (Location("mbox", "~", index="index/%u"), "~", [None, None]),
    "same-in-place": (Location("mbox", "~"), "~", [
        "The index root is also a root of user bob",
        "The index root is also a root of user alice"]),
}


@pytest.mark.parametrize("how", NESTED)
def test_homes_that_nest(dovecot, how):
    location, home, expected = NESTED[how]
    server = dovecot(location=location, users=several("alice", "bob", "carol"))
    set_home(server, "bob", server.path(home, "alice"))
    for user in server.users:
        os.makedirs(server.path(location.mail, user), exist_ok=True)
        server.chown(user, server.users[user].home)
    for user in server.users:
        fill(server, user)
    result, of = run(server, ["-A"])
    assert [refused(of[user]) for user in ("alice", "bob")] == expected
    for user, refusal in zip(server.users, [*expected, None]):
        gone = set() if refusal else set(JUNK)
        assert gone <= removed(of[user]) and \
            (not refusal or removed(of[user]) == set())


NO_MOUNTS = ["strace", "-f", "-o", "/dev/null", "-e", "trace=statx", "-e",
             "inject=statx:error=ENOSYS"]


@pytest.mark.parametrize("prefix", [[], NO_MOUNTS], ids=["told", "untold"])
def test_a_root_below_a_mount(dovecot, prefix):
    """In dave's home is mounted what carol's home is in, and those of two who
    don't come by there. Linux before 5.8 doesn't tell: clean enters it."""
    location = Location("mbox", "~/mail", index="~")
    homes = {"alice": "home/all/alice", "bob": "home/all/bob",
             "carol": "home/dave/mounted/carol", "dave": "home/dave"}
    with own_mounts():
        server = dovecot(location=location, users=several(*homes),
                         settings={"mailbox_list_index": "no"})
        os.makedirs(server.path("home/all"))
        os.makedirs(server.path("home/dave/mounted"))
        bind(server.path("home/all"), server.path("home/dave/mounted"))
        for user in homes:
            set_home(server, user, server.path(homes[user]))
            os.mkdir(server.path("~/mail", user))
        for user in homes:
            server.chown(user, server.users[user].home)
            fill(server, user)
        result, of = run(server, ["-A"], prefix=prefix)
        assert [(refused(of[user]), removed(of[user])) for user in homes] == [
            (None, set(JUNK)), (None, set(JUNK)),
            ("The index root is below that of user dave", set()),
            ("Below the index root is a root of user carol", set())]


def stopped_at_first_clean(server, *who):
    """Starts a clean that stops itself before it removes anything."""
    return stop_at("flock", ["doveadm", "-c", server.config, *COMMAND, *who])


def finish(server, process, pid):
    os.kill(pid, signal.SIGCONT)
    stdout, stderr = process.communicate()
    return process.returncode, stderr, of_users(server, stdout)


def test_a_user_vanishes(dovecot):
    """After the roots were looked at, and before it is his turn."""
    server = dovecot(users=["alice", "bob", "carol"])
    for user in server.users:
        fill(server, user)
    process, pid = stopped_at_first_clean(server, "-A")
    bob = server.users.pop("bob")
    server.write_users()
    server.users["bob"] = bob
    # the file is looked at again when the second is over
    while server.doveadm("user", "bob", check=False).returncode == 0:
        time.sleep(0.05)
    status, stderr, of = finish(server, process, pid)
    assert status == os.EX_TEMPFAIL
    assert removed(of["alice"]) == removed(of["carol"]) == set(JUNK)
    line, = of["bob"]
    assert [error["op"] for error in line["errors"]] == ["user"]
    assert line["namespaces"] == []


def test_an_index_root_is_replaced(dovecot):
    """After the roots were looked at: it may be somebody's by now."""
    server = dovecot(users=["alice", "bob", "carol"])
    for user in server.users:
        fill(server, user)
    process, pid = stopped_at_first_clean(server, "-A")
    root = server.path("index/bob")
    os.rename(root, root + ".old")
    make_junk(server, "bob", JUNK)
    status, stderr, of = finish(server, process, pid)
    assert status == 0
    assert refused(of["bob"]) == "The index root was another directory when " \
        "the users' roots were looked at"
    assert removed(of["alice"]) == removed(of["carol"]) == set(JUNK)
    assert removed(clean(server, "bob")) == set(JUNK)


def test_users_who_cant_be_looked_up(dovecot):
    """Each is reported once, and keeps nobody from being cleaned."""
    server = dovecot(users=["alice", User("failing", uid=5), "zoe"])
    for user in ("alice", "zoe"):
        fill(server, user)
    result, of = run(server, ["-A"], check=False)
    assert result.returncode == os.EX_TEMPFAIL
    assert removed(of["alice"]) == removed(of["zoe"]) == set(JUNK)
    assert result.stderr.count(b"failing") == 1
    names = server.path("private/names")
    write(names, b"nobody\n\nzoe\nalice\nzoe\n")
    make_junk(server, "zoe", JUNK)
    result, of = run(server, ["-F", names], check=False)
    assert result.returncode == os.EX_TEMPFAIL
    assert removed(of["zoe"]) == set(JUNK)
    # without a list there is nobody
    result = server.doveadm(*COMMAND, "-F", server.path("none"), check=False)
    assert result.returncode != 0 and result.stdout == b""


@pytest.mark.parametrize("through", ["", "socket"])
def test_users_who_cant_be_looked_at_and_used(dovecot, through):
    """Their index root may be anybody's, and what --used takes can't be made
    again."""
    server = dovecot(users=["alice", User("failing", uid=5), "zoe"])
    for user in ("alice", "zoe"):
        fill(server, user)
    to = ["-S", getattr(server, through)] if through else []
    before = snapshot(server.path("index"))
    result = server.doveadm(*COMMAND, "-A", "-U", *to, check=False)
    assert result.returncode == os.EX_TEMPFAIL
    if through == "" or SERVER_GOES_ON:
        assert b"failing" in result.stderr + server.log().encode()
    assert b"--used removes nothing" in result.stderr + server.log().encode()
    assert snapshot(server.path("index")) == before
    result, of = run(server, ["-A", *to], check=False)
    assert result.returncode == os.EX_TEMPFAIL
    assert removed(of["alice"]) == set(JUNK)


def test_a_root_that_cant_be_looked_at(dovecot):
    """A namespace of the user's own: it may be anywhere. Nothing is removed,
    and the status tells. It keeps nobody else from being cleaned."""
    archive = Namespace("archive", "Archive/", location=Location(
        "mbox", "archive/%u/mail", index="archive/%u/index"))
    server = dovecot(namespaces=[archive], users=["alice", "bob"])
    for user in server.users:
        os.makedirs(server.path("archive/%u/mail", user))
        server.chown(user, server.path("archive/%u", user))
        fill(server, user)
    closed = server.path("archive/alice")
    os.chown(closed, 0, 0)
    os.chmod(closed, 0o700)
    before = snapshot(server.path("index/alice"))
    result, of = run(server, ["-A"], check=False)
    assert result.returncode == os.EX_TEMPFAIL
    assert removed(of["bob"]) == set(JUNK)
    assert snapshot(server.path("index/alice")) == before
    assert {namespace["clean"]["refused"] for namespace in
            report(of["alice"])["namespaces"]} == \
        {"It can't be told where all of the user's mails and indexes are"}
    assert b"stat(%s/mail) failed: Permission denied" % closed.encode() in \
        result.stderr
    # what is missing is nothing to worry about
    os.rename(closed, closed + ".old")
    assert removed(clean(server, "alice")) == set(JUNK)


def test_a_public_namespace_for_others(dovecot):
    """A user who may not reach it cleans what is his own."""
    public = Namespace("public", "Public/", type="public", location=Location(
        "mbox", "members/mail", index="members/index"))
    server = dovecot(namespaces=[public], users=["alice"])
    fill(server)
    os.makedirs(server.path("members/mail"))
    os.chmod(server.path("members"), 0o700)
    assert removed(clean(server, "alice")) == set(JUNK)
