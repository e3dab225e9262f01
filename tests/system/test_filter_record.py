# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""A hidden mailbox that is used has its record in the mailbox list index, as a
visible one has it after a refresh. Without one, each use of it asked for a
refresh, which added none."""

import os
import re
import shutil
import subprocess

import pytest

from dovecot import Location
from filter import MESSAGE, fill_mbox, list_index, program, with_filter
from imap import literal, quote

RULES = "junk-* .*"
LOCATIONS = {
    "mbox": Location("mbox", "~", inbox="mail/%u", index="index/%u"),
    "maildir++": Location("maildir", "~/Maildir", index="index/%u"),
    "maildir-fs": Location("maildir", "~/Maildir", index="index/%u",
                           layout="fs"),
    "sdbox": Location("sdbox", "~/sdbox", index="index/%u"),
    "mdbox": Location("mdbox", "~/mdbox", index="index/%u"),
}
# a user uses a mailbox of its own; of the same length, so that Dovecot does the
# same with both
USES = {"ann": "good-1", "bob": "junk-1"}


def traced(description, calls):
    """Returns the description of a server whose imap runs under strace."""
    extra = f"""
service imap {{
  executable = {shutil.which("strace")} -D -f -y --seccomp-bpf \\
    -e trace={calls} -o @DIR@/trace.imap -A {program("imap")}
}}
"""
    return {**description, "extra": extra}


def trace(server):
    """Returns each process's lines, once all have ended."""
    server.stop()
    processes = {}
    with open(os.path.join(server.dir, "trace.imap"), errors="replace") as f:
        for line in f:
            pid, call = line.rstrip("\n").split(maxsplit=1)
            processes.setdefault(pid, []).append(call)
    return list(processes.values())


def fill(server, user, location, names):
    """Makes the mailboxes without the plugin, each with a message, and no
    record of them."""
    if location.driver == "mbox":
        fill_mbox(server, user, names)
    else:
        server.doveadm("mailbox", "create", "-u", user, *names)
    for top, _, files in os.walk(server.dir):
        for name in files:
            if name.startswith("dovecot.list.index"):
                os.unlink(os.path.join(top, name))


def names_of(server, user, location):
    """Returns the names in the mailbox list index."""
    root = location.index or location.mail
    return {name.replace("^", "/") for name
            in list_index(server, user, root).keys()}


def count_calls(server, location):
    """Returns each user's file calls, and of them those that read
    directories, in a session that uses its mailbox."""
    for user, used in USES.items():
        fill(server, user, location, ["good-1", "junk-1", "sub/a", "sub/b"])
        # both get their indexes, and the hidden one its record
        for names in (USES.values(), [used]):
            with server.imap(user) as imap:
                imap.list()
                for each in names:
                    imap.ok("SELECT", each)
                    imap.list()
                    imap.ok("CLOSE")
                    imap.list()
    calls = {user: [process for process in trace(server)
                    if any(f"/{user}" in line for line in process)][-1]
             for user in USES}
    return {user: (len(calls[user]),
                   len([line for line in calls[user] if "getdents" in line]))
            for user in USES}


@pytest.mark.parametrize("name", LOCATIONS)
def test_list_after_select_takes_the_calls_of_a_visible_one(dovecot, name):
    """Dovecot looks again at what changed within the same second, whoever it
    belongs to: a busy machine needs more than one try."""
    location = LOCATIONS[name]
    for _ in range(10):
        counts = count_calls(dovecot(**traced(with_filter(dict(
            location=location, users=list(USES)), RULES),
            "%file,getdents64")), location)
        if counts["ann"] == counts["bob"]:
            break
    assert counts["ann"] == counts["bob"]


@pytest.mark.parametrize("name", LOCATIONS)
def test_records_come_with_use_and_go_with_the_mailbox(dovecot, name):
    location = LOCATIONS[name]
    server = dovecot(**with_filter(dict(location=location), RULES))
    fill(server, "alice", location,
         ["good-1", "junk-1", "junk-2/a/b", "good-2/junk-3"])

    def recorded():
        return {name for name in names_of(server, "alice", location)
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


def test_what_is_no_mailbox_gets_no_record(dovecot):
    location = LOCATIONS["mbox"]
    server = dovecot(**with_filter(dict(location=location), RULES))
    fill(server, "alice", location, ["good-1"])
    fill_mbox(server, "alice", ["junk-1"], b"no mbox\n")
    with server.imap("alice") as imap:
        imap.list()
        assert not imap.cmd("SELECT junk-1").ok
        assert not imap.cmd("SELECT junk-2").ok
        imap.list()
    assert not any("junk" in name
                   for name in names_of(server, "alice", location))


def test_a_mailbox_removed_by_others_loses_its_record(dovecot):
    location = LOCATIONS["mbox"]
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
        assert names_of(server, "alice", location) >= {
            "junk-2", "junk-2/a", "junk-2/a/c"}
        assert "junk-2/a/b" not in names_of(server, "alice", location)


@pytest.mark.parametrize("how", ["lmtp", "lda"])
def test_a_delivery_adds_the_record(dovecot, how):
    location = LOCATIONS["maildir++"]
    server = dovecot(**with_filter(dict(
        location=location, settings={"recipient_delimiter": "+",
                                     "lmtp_save_to_detail_mailbox": "yes"}),
        RULES))
    fill(server, "alice", location, ["good-1", "junk-1"])
    with server.imap("alice") as imap:
        imap.list()
        if how == "lmtp":
            server.deliver("alice+junk-1", MESSAGE)
        else:
            subprocess.run([program("dovecot-lda"), "-c", server.config, "-d",
                            "alice", "-m", "junk-1"], input=MESSAGE, check=True)
        assert "junk-1" in names_of(server, "alice", location)
        assert b"(MESSAGES 1)" in imap.ok(
            "STATUS junk-1 (MESSAGES)").untagged[-1]


def test_bytes_written_are_bounded(dovecot):
    """100 hidden mailboxes that are used one after the other, among 3,000
    names: each new name could write out all of them."""
    location = LOCATIONS["mbox"]
    server = dovecot(**traced(with_filter(dict(location=location), RULES),
                              "%file,write,pwrite64,pwritev,writev"))
    names = [f"junk-{i}" for i in range(100)]
    fill(server, "alice", location,
         names + [f"a-visible-mailbox-{i}" for i in range(3000)])
    with server.imap("alice") as imap:
        imap.list()
    with server.imap("alice") as imap:
        for name in names:
            imap.ok("STATUS", name, "(MESSAGES)")
    assert len([n for n in names_of(server, "alice", location)
                if "junk" in n]) == 100
    written = [sum(int(call.rsplit("= ", 1)[1]) for call in process
                   if re.match(r"p?write\w*\(\d+<[^>]*dovecot\.list\.index",
                               call))
               for process in trace(server)]
    print(written)
    # the second session: a name costs less than a hundredth of all
    assert written[-1] < 2 * 1024 * 1024


@pytest.mark.parametrize("name", ["maildir++", "mdbox"])
def test_backup_with_renames_between(dovecot, name):
    """The copy has the same names, GUIDs and UID validities each time."""
    location = LOCATIONS[name]
    server = dovecot(**with_filter(dict(location=location,
                                        users=["alice", "copy"]), RULES))
    fill(server, "alice", location,
         ["good-1", "junk-1", "junk-2/a", "junk-3", "sub/junk-4"])

    def state(user):
        out = server.doveadm("-f", "tab", "mailbox", "status", "-u", user,
                             "guid uidvalidity messages", "*").stdout
        return sorted(out.splitlines())

    for commands in (["STATUS junk-1 (MESSAGES)", "STATUS junk-3 (MESSAGES)"],
                     ["RENAME junk-1 good-2", "RENAME good-1 junk-5",
                      "RENAME junk-2 good-3", "DELETE junk-3",
                      "RENAME sub junk-sub"],
                     ["RENAME good-2 junk-1", "DELETE junk-5"]):
        with server.imap("alice") as imap:
            for command in commands:
                imap.ok(command)
                imap.list()
            imap.ok("APPEND INBOX", literal(MESSAGE))
        server.doveadm("backup", "-u", "alice", "doveadm", "-c", server.config,
                       "dsync-server", "-u", "copy")
        assert state("alice") == state("copy")
