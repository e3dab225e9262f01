# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""Users whose processes Dovecot confines to a directory. For one user doveadm
confines itself, too, and all paths are as they are in there. For many users, or
in Dovecot's own service, Dovecot 2.3 stays outside, and 2.4 knows neither way
for sure."""

import dataclasses
import os

import pytest

from audit import json_lines
from dovecot import IS_24, Location
from filter import fill_mbox, with_filter

LOCATION = Location("mbox", "~/mail", inbox="~/.mbox", index="~/.index")
RULES_FILE = "/rules-of-mailbox-filter"
# how Dovecot is told of the directory: what the userdb returns as home, further
# fields, a setting
WAYS = {
    "home": ("@DIR@/home/./alice", {}, ""),
    "field": ("/alice", {"chroot": "@DIR@/home"}, ""),
    "setting": ("/alice", {}, "mail_chroot = @DIR@/home\n"),
}
# how doveadm is asked, and whether it confines itself then
ASKED = {
    "-u alice": True,
    "-A": False,
    "-F @DIR@/list": False,
    "-S @DIR@/run/doveadm-server -u alice": False,
}
KNOWN = [asked for asked, confined in ASKED.items() if confined or not IS_24]


def start(dovecot, way, location=LOCATION, **settings):
    home, fields, extra = WAYS[way]
    server = dovecot(**with_filter(
        dict(location=location, users=[],
             extra="valid_chroot_dirs = @DIR@/home\n" + extra), **settings))
    user = server.add_user("alice", **{
        key: value.replace("@DIR@", server.dir)
        for key, value in fields.items()})
    real = user.home
    user.home = home.replace("@DIR@", server.dir)
    server.write_users()
    user.home = real
    for path, content in (("home" + RULES_FILE, "junk-*\n"),
                          ("list", "alice\n")):
        with open(server.path(path), "w") as f:
            f.write(content)
    fill_mbox(server, "alice", ["box", "junk-1"], root="~/mail")
    fill_mbox(server, "alice", ["junk-2", "notes"], b"no mbox\n",
              root="~/mail")
    with server.imap("alice") as imap:
        for name in ("box", "junk-1", "junk-2", "notes"):
            imap.cmd("STATUS", name, "(MESSAGES)")
    return server


def audit(server, asked, *args, status=0):
    """Returns the JSON line of the user, and the entries' states by name, a +
    after those that are hidden."""
    result = server.doveadm(
        "mailbox-audit", "-j", "-e", *args,
        *asked.replace("@DIR@", server.dir).split(), check=False)
    assert result.returncode == status, result
    *entries, user = json_lines(result.stdout)
    entries = [line["entry"] for line in entries]
    return user, {e["mailbox"]: e["state"] + "+" * (e["hidden_by"] is not None)
                  for e in entries}


def clean(server, asked, check=True):
    server.doveadm("mailbox-audit", "clean", "--min-age", "0",
                   *asked.replace("@DIR@", server.dir).split(), check=check)


def left(server):
    """Returns the index directories that are there."""
    root = server.path("~/.index/.imap", "alice")
    return {name for name in os.listdir(root)
            if os.path.isdir(os.path.join(root, name))}


FOUND = {"box": "mailbox", "junk-1": "mailbox+", "junk-2": "not-mailbox+",
         "notes": "not-mailbox"}


@pytest.mark.parametrize("asked", KNOWN)
@pytest.mark.parametrize("way", WAYS)
def test_paths_are_those_that_doveadm_sees(dovecot, way, asked):
    server = start(dovecot, way)
    shut = server.path("~/.index/.imap/shut", "alice")
    os.mkdir(shut, 0)
    os.chown(shut, 20001, 20001)
    user, entries = audit(server, asked, "--rule", "junk-*",
                          status=os.EX_TEMPFAIL)
    assert entries == {**FOUND, "shut": "unknown"}
    root = "" if ASKED[asked] else server.path("home")
    namespace, = user["namespaces"]
    assert namespace["mail_root"] == root + "/alice/mail"
    assert namespace["index_root"] == root + "/alice/.index"
    assert [error["path"] for error in user["errors"]] == \
        [root + "/alice/.index/.imap/shut"]


@pytest.mark.parametrize("asked", KNOWN)
def test_rules_are_read_where_doveadm_is(dovecot, asked):
    """Sessions read them in the directory."""
    server = start(dovecot, "home", mailbox_filter_file=RULES_FILE)
    with server.imap("alice") as imap:
        assert imap.list().keys() == {b"INBOX", b"box", b"notes"}
    if ASKED[asked]:
        assert audit(server, asked)[1] == FOUND
        return
    status = os.EX_TEMPFAIL if "-S" in asked else os.EX_CONFIG
    user, entries = audit(server, asked, status=status)
    assert entries == {} and user["namespaces"] == []
    assert RULES_FILE in user["errors"][0]["error"]


@pytest.mark.parametrize("asked", KNOWN)
def test_paths_that_begin_with_a_slash(dovecot, asked):
    """From outside they lead elsewhere, and nothing is found there: nor is
    anything removed."""
    server = start(dovecot, "home", dataclasses.replace(
        LOCATION, mail="/alice/mail", index="/alice/.index"))
    user, entries = audit(server, asked, "--rule", "junk-*")
    assert entries == (FOUND if ASKED[asked] else {})
    namespace, = user["namespaces"]
    assert namespace["index_root"] == "/alice/.index"
    clean(server, asked)
    assert left(server) == {"box", "junk-1"} | \
        (set() if ASKED[asked] else {"junk-2", "notes"})


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("way", WAYS)
def test_clean_removes_only_what_is_bogus(dovecot, way, asked):
    server = start(dovecot, way)
    # 2.4.5 confines itself to the first user's directory, finds no groups in
    # there when it comes to the next one, or to the same again, and ends
    clean(server, asked, check=asked in KNOWN)
    assert left(server) - {"junk-2", "notes"} == {"box", "junk-1"}
    if asked in KNOWN:
        assert left(server) == {"box", "junk-1"}
