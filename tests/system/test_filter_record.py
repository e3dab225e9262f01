# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""A hidden mailbox that is used has its record in the mailbox list index, as a
visible one has it after a refresh. Without one, each use of it asked for a
refresh, which added none."""

import fcntl
import os
import re
import signal
import time

import pytest

from dovecot import Location, Namespace, User
from filter import DETAIL, FORMATS, MESSAGE, create, deliver, files, \
    fill_mbox, forget_list_index, list_index, trace, traced, with_filter
from hibernation import imap_processes
from imap import literal, quote

RULES = "junk-* .*"
# a user uses a mailbox of its own; of the same length, so that Dovecot does the
# same with both
USES = {"ann": "good-1", "bob": "junk-1"}


def fill(server, user, location, names):
    """Makes the mailboxes, and no record of them."""
    create(server, user, location, names)
    forget_list_index(server, user)


def names_of(server, user):
    """Returns the names in the mailbox list index."""
    return {name.replace("^", "/") for name in list_index(server, user)}


def use(server, how, user, imap, name):
    """A session uses the mailbox, or somebody delivers to it; and LISTs."""
    imap.list()
    if how == "select":
        imap.ok("SELECT", name)
        imap.list()
        imap.ok("CLOSE")
    else:
        deliver(server, how, user, name)
        imap.list()
    imap.list()


def count_calls(server, location, how):
    """Returns each user's file calls, and of them those that read
    directories, in a session that uses its mailbox."""
    for user, used in USES.items():
        fill(server, user, location, ["good-1", "junk-1", "sub/a", "sub/b"])
        # both get their indexes, and the hidden one its record; twice, since
        # LIST of 2.4.5 doesn't look at an mbox whose index was written after
        # its record in the list index was: one that was used in one session
        for names in (USES.values(), USES.values(), [used]):
            with server.imap(user) as imap:
                for name in names:
                    use(server, how, user, imap, name)
    calls = {user: [process for process in trace(server)
                    if any(f"/{user}" in line for line in process)][-1]
             for user in USES}
    return {user: (len(calls[user]),
                   len([line for line in calls[user] if "getdents" in line]))
            for user in USES}


@pytest.mark.parametrize("how", ["select", "lmtp", "lda"])
@pytest.mark.parametrize("name", FORMATS)
def test_list_after_use_takes_the_calls_of_a_visible_one(dovecot, name, how):
    """Dovecot looks again at what changed within the same second, whoever it
    belongs to: a busy machine needs more than one try."""
    location = FORMATS[name]
    for _ in range(10):
        counts = count_calls(dovecot(**traced(with_filter(dict(
            location=location, users=list(USES), settings=DETAIL), RULES),
            "%file,getdents64")), location, how)
        if counts["ann"] == counts["bob"]:
            break
    assert counts["ann"] == counts["bob"]


@pytest.mark.parametrize("name", FORMATS)
def test_records_come_with_use_and_go_with_the_mailbox(dovecot, name):
    location = FORMATS[name]
    server = dovecot(**with_filter(dict(location=location), RULES))
    fill(server, "alice", location,
         ["good-1", "junk-1", "junk-2/a/b", "good-2/junk-3"])

    def recorded():
        return {name for name in names_of(server, "alice")
                if "junk" in name or "good-2" in name}

    with server.imap("alice") as imap:
        imap.list()
        used = recorded()
        assert not any("junk" in name for name in used)
        imap.ok("SELECT junk-1")
        used |= {"junk-1"}
        assert recorded() == used
        imap.ok("APPEND", quote("junk-2/a/b"), literal(MESSAGE))
        used |= {"junk-2", "junk-2/a", "junk-2/a/b"}
        assert recorded() == used
        imap.ok("STATUS good-2/junk-3 (MESSAGES)")
        used |= {"good-2", "good-2/junk-3"}
        assert recorded() == used
        imap.ok("CREATE junk-4")
        used |= {"junk-4"}
        assert recorded() == used
        imap.list()
        assert recorded() == used
        imap.ok("CLOSE")
        for name in ("junk-1", "junk-4", "good-2/junk-3"):
            imap.ok("DELETE", name)
        imap.list()
        used = recorded()
        assert used >= {"junk-2", "junk-2/a", "junk-2/a/b"}
        assert not used & {"junk-1", "junk-4", "good-2/junk-3"}
        assert imap.list().keys() <= {b"INBOX", b"good-1", b"good-2"}


@pytest.mark.parametrize("name", FORMATS)
def test_what_goes_below_a_hidden_name_loses_its_record(dovecot, name):
    """A refresh keeps all that is below a hidden name, for it doesn't look
    there."""
    location = FORMATS[name]
    server = dovecot(**with_filter(dict(location=location), RULES))
    # an mbox holds no others
    names = ["junk-1/a", "junk-1/b", "junk-1/c"] + \
        ["junk-1"] * (name != "mbox")
    fill(server, "alice", location, names)
    with server.imap("alice") as imap:
        imap.list()
        for mailbox in names:
            imap.ok("STATUS", mailbox, "(MESSAGES)")
        imap.ok("CREATE junk-1/d/e")
        imap.ok("CREATE junk-1/f/g")
        imap.list()
        assert names_of(server, "alice") >= {
            *names, "junk-1/d", "junk-1/d/e", "junk-1/f", "junk-1/f/g"}
        imap.ok("DELETE junk-1/a")
        imap.ok("RENAME junk-1/b good-1")
        imap.ok("DELETE junk-1/d/e")
        imap.ok("RENAME junk-1/f/g good-2")
        # where they are directories
        imap.cmd("DELETE junk-1/d")
        imap.cmd("DELETE junk-1/f")
        imap.list()
        assert {n for n in names_of(server, "alice") if "-" in n} == \
            {"junk-1", "junk-1/c", "good-1", "good-2"}


def test_what_is_no_mailbox_gets_no_record(dovecot):
    location = FORMATS["mbox"]
    server = dovecot(**with_filter(dict(location=location), RULES))
    fill(server, "alice", location, ["good-1"])
    fill_mbox(server, "alice", ["junk-1"], b"no mbox\n")
    with server.imap("alice") as imap:
        imap.list()
        assert not imap.cmd("SELECT junk-1").ok
        assert not imap.cmd("SELECT junk-2").ok
        imap.list()
    assert not any("junk" in name
                   for name in names_of(server, "alice"))


def test_a_mailbox_removed_by_others_loses_its_record(dovecot):
    location = FORMATS["mbox"]
    server = dovecot(**with_filter(dict(location=location), RULES))
    fill(server, "alice", location, ["good-1", "junk-2/a/b", "junk-2/a/c"])
    with server.imap("alice") as imap:
        imap.ok("STATUS junk-2/a/b (MESSAGES)")
        imap.ok("STATUS junk-2/a/c (MESSAGES)")
        os.unlink(server.path("~/junk-2/a/b", "alice"))
        imap.list()
        assert not imap.cmd("STATUS junk-2/a/b (MESSAGES)").ok
        assert not imap.cmd("STATUS junk-2/a (MESSAGES)").ok
        imap.list()
        assert names_of(server, "alice") >= {
            "junk-2", "junk-2/a", "junk-2/a/c"}
        assert "junk-2/a/b" not in names_of(server, "alice")


@pytest.mark.parametrize("how", ["lmtp", "lda"])
@pytest.mark.parametrize("name", FORMATS)
def test_a_delivery_adds_the_record(dovecot, name, how):
    """The one that a refresh without the plugin gives it, and no others."""
    location = FORMATS[name]
    server = dovecot(**with_filter(dict(location=location, settings=DETAIL),
                                   RULES))
    fill(server, "alice", location,
         ["good-1", "junk-1", "junk-2", "sub/junk-3"])

    def records():
        return {name: guid for name, (_, guid)
                in list_index(server, "alice").items()}

    with server.imap("alice") as imap:
        imap.list()
        assert not any("junk" in name for name in records())
        for mailbox in ("junk-1", "sub/junk-3"):
            deliver(server, how, "alice", mailbox)
        imap.list()
        recorded = records()
        reply = imap.ok("STATUS junk-1 (MESSAGES)").untagged[-1]
        assert b"(MESSAGES %d)" % (1 + (name == "mbox")) in reply
    forget_list_index(server, "alice")
    server.doveadm("mailbox", "list", "-u", "alice")
    complete = records()
    assert complete.keys() - recorded.keys() == {"junk-2"}
    assert recorded.items() <= complete.items()


def test_bytes_written_are_bounded(dovecot):
    """100 hidden mailboxes that are used one after the other, among 3,000
    names: each new name could write out all of them."""
    location = FORMATS["mbox"]
    description = with_filter(dict(location=location), RULES)
    server = dovecot(**description)
    names = [f"junk-{i}" for i in range(100)]
    fill(server, "alice", location,
         names + [f"a-visible-mailbox-{i}" for i in range(3000)])
    with server.imap("alice") as imap:
        imap.list()
    server.extra = traced(description,
                          "write,pwrite64,pwritev,writev")["extra"]
    server.restart()
    with server.imap("alice") as imap:
        for name in names:
            imap.ok("STATUS", name, "(MESSAGES)")
    assert len([n for n in names_of(server, "alice")
                if "junk" in n]) == 100
    written = [sum(int(call.rsplit("= ", 1)[1]) for call in process
                   if re.match(r"p?write\w*\(\d+<[^>]*dovecot\.list\.index",
                               call))
               for process in trace(server)]
    # a name costs less than a hundredth of all
    assert 100 * 32 < sum(written) < 2 * 1024 * 1024


def wait_for_lock(pid):
    """Returns once a process waits for a lock that somebody holds."""
    end = time.monotonic() + 300
    while True:
        with open("/proc/locks") as f:
            if re.search(rf"(?m)-> POSIX +\S+ +WRITE +{pid} ", f.read()):
                return
        assert time.monotonic() < end
        time.sleep(0.01)


def stop_process(pid):
    """Returns once it stands still. It then waits for no lock, either."""
    os.kill(pid, signal.SIGSTOP)
    while True:
        with open(f"/proc/{pid}/stat") as f:
            if f.read().rsplit(") ", 1)[1][0] == "T":
                return
        time.sleep(0.01)


@pytest.mark.parametrize("name", FORMATS)
def test_a_refresh_that_others_ask_for_is_not_lost(dovecot, name):
    """Just before a record is added: what they made would never be listed."""
    location = FORMATS[name]
    server = dovecot(**with_filter(dict(location=location), RULES))
    fill(server, "alice", location, ["good-1", "junk-1"])
    with server.imap("alice") as imap:
        imap.list()
        session, = imap_processes(server)
        root = server.path("index/%u", "alice")
        log, = [path for path in files(root)
                if path.endswith("dovecot.list.index.log")]
        with open(os.path.join(root, log), "r+b") as f:
            fcntl.lockf(f, fcntl.LOCK_EX)
            tag = imap.send("STATUS junk-1 (MESSAGES)")
            wait_for_lock(session)
            stop_process(session)
        try:
            # leaves the refresh to others: it has no time for it
            with server.imap("alice") as other:
                other.ok("RENAME good-1 good-2")
        finally:
            os.kill(session, signal.SIGCONT)
        assert imap.wait(tag).ok
        assert imap.list().keys() == {b"INBOX", b"good-2"}
    assert {"good-2", "junk-1"} <= names_of(server, "alice")


@pytest.mark.parametrize("name", FORMATS)
def test_a_sessions_first_list_looks_at_the_disk(dovecot, name):
    """Also if records were changed before, by which it read the names, and
    others refreshed the list index since."""
    location = FORMATS[name]
    server = dovecot(**with_filter(dict(location=location), RULES))
    fill(server, "alice", location, ["good-1", "junk-1"])
    server.doveadm("mailbox", "list", "-u", "alice")
    with server.imap("alice") as imap:
        imap.ok("RENAME junk-1 junk-2")
        server.doveadm("mailbox", "list", "-u", "alice")
        server.doveadm("-o", "mailbox_list_index=no", "mailbox", "create",
                       "-u", "alice", "good-2")
        assert imap.list().keys() == {b"INBOX", b"good-1", b"good-2"}


SHARED_STEPS = [
    "CREATE Public/good", "CREATE Public/junk-1", "CREATE Public/junk-2/a",
    "CREATE Public/junk-2/b", "DELETE Public/junk-2/a",
    "RENAME Public/good Public/junk-3", "RENAME Public/junk-2/b Public/junk-4",
    "DELETE Public/junk-1", "RENAME Public/junk-3 Public/good"]


def test_users_with_other_rules_share_an_index(dovecot):
    """What ann's rules hide, a refresh by her session doesn't see: others
    would miss what has just been created, and see what is gone."""
    users = [User(name, 20001, fields={"mailbox_filter": rules})
             for name, rules in (("ann", "junk-*"), ("bob", "none"),
                                 ("carol", "none"))]
    description = dict(
        location=FORMATS["sdbox"], users=users,
        namespaces=[Namespace("public", "Public/", type="public",
                              location=Location("sdbox", "mail/public",
                                                index="index/public"))])
    listed = []
    for server in (dovecot(**description), dovecot(**with_filter(description))):
        sessions = [server.imap(user) for user in server.users]
        steps = []
        for step in SHARED_STEPS:
            sessions[-1].ok(step)
            steps.append([sorted(imap.list()) for imap in sessions])
        for imap in sessions:
            imap.logout()
        listed.append(steps)
    for step, (ann, *others), (_, *stock) in zip(SHARED_STEPS, listed[1],
                                                 listed[0]):
        assert others == stock, step
        assert not any(b"junk" in name for name in ann), step


# between two backups
CHANGES = [
    ["STATUS junk-1 (MESSAGES)", "STATUS junk-2/a (MESSAGES)",
     "STATUS junk-2/b (MESSAGES)", "STATUS junk-3 (MESSAGES)"],
    ["RENAME junk-1 good-2", "RENAME good-1 junk-5", "DELETE junk-2/a",
     "RENAME good-6 junk-2/a", "DELETE junk-3", "RENAME sub junk-sub"],
    ["RENAME good-2 junk-1", "RENAME junk-2 good-3", "DELETE junk-5"],
]


@pytest.mark.parametrize("name", FORMATS)
def test_backup_with_renames_between(dovecot, name):
    """The copy has the same names, GUIDs and UID validities each time."""
    location = FORMATS[name]
    server = dovecot(**with_filter(dict(location=location,
                                        users=["alice", "copy"]), RULES))
    fill(server, "alice", location,
         ["good-1", "good-6", "junk-1", "junk-2/a", "junk-2/b", "junk-3",
          "sub/junk-4"])

    def state(user):
        out = server.doveadm("-f", "tab", "mailbox", "status", "-u", user,
                             "guid uidvalidity messages", "*").stdout
        return sorted(out.splitlines())

    for commands in CHANGES:
        with server.imap("alice") as imap:
            for command in commands:
                imap.ok(command)
                # the name may come back before a refresh
                if not command.startswith("DELETE"):
                    imap.list()
        server.doveadm("backup", "-u", "alice", "doveadm", "-c", server.config,
                       "dsync-server", "-u", "copy")
        assert state("alice") == state("copy")
