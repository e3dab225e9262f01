# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""The names of Dovecot's own unit test (src/lib-storage/test-mailbox-list.c),
as mailboxes on disk, with "=" for its "%", which would begin a variable in 2.3:
LIST with the filter shows them as that table says, and stock Dovecot does, the
audit calls them the same, and a rule for the level on disk hides them in
both."""

import dataclasses
import os
import shutil

import pytest

from audit import MESSAGE, mutf7
from dovecot import Location, VERSION
from filter import with_filter
from imap import literal, quote
from levels import Naming
from oracle import audit


@dataclasses.dataclass
class Case:
    """names are {name on disk: (name that clients see, a rule that hides its
    first level, or its levels)}."""
    names: dict
    prefix: str = ""
    separator: str = "/"
    naming: dict = dataclasses.field(default_factory=dict)
    # the first version that has these names on disk
    since: tuple = ()


STORAGE = {"storage_escape": "="}
VISIBLE = {"visible_escape": "="}
CASES = {
    "plain": Case({"parent.child": ("parent/child", "parent")}),
    "prefix": Case({"parent.child": ("ns_prefix/parent/child", "parent"),
                    "inBox": ("ns_prefix/inBox", "inBox")}, "ns_prefix/"),
    "deep-prefix": Case({"parent.child": ("ns/prefix/parent/child", "parent")},
                        "ns/prefix/"),
    "prefix-of-letters": Case({"&APY-": ("ä/ö", "ö")}, "ä/"),
    "utf-8": Case({"ö&test": ("ä/ö&test", "ö&test")}, "ä/",
                  naming={"utf8": True}),
    "storage-escape": Case({
        "=7ehome": ("~home", "~home"),
        # there es=cape=, over which stock Dovecot's list index panics
        "es=3dxape=3d": ("es=xape=", "es=xape="),
        "list=2eseparator": ("list.separator", "list.separator"),
        "A.B=2eC=3dD": ("A/B.C=D", "A")}, naming=STORAGE),
    "storage-escape-slash": Case({"slash=2f": ("slash/", "slash[/]")},
                                 separator="^", naming=STORAGE),
    "storage-escape-inbox": Case({"+49NBOX": ("prefix/INBOX", "INBOX*")},
                                 "prefix/", naming={"storage_escape": "+"}),
    "storage-escape-below-inbox": Case({
        "+49NBOX": ("prefix/INBOX", "INBOX*"),
        "+49NBOX.child": ("prefix/INBOX/child", "INBOX/child")},
        "prefix/", naming={"storage_escape": "+"}, since=(2, 4, 5)),
    "visible-escape-separator": Case({"|.child": ("=7c|child", "|")},
                                     separator="|", naming=VISIBLE),
    "both-escapes": Case({
        "|.child+2e": ("=7c|child.", "|")}, separator="|",
        naming={"storage_escape": "+", **VISIBLE}),
    "both-the-same": Case({
        "|.child=2e": ("=7c|child.", "|")}, separator="|",
        naming={**STORAGE, **VISIBLE}),
    "both-escapes-slash": Case({
        "+2f.child+2e": ("=2f/child.", "[/]"),
        "=escaped+2b": ("=3descaped+", "=escaped+")},
        naming={"storage_escape": "+", **VISIBLE}),
    "visible-escape": Case({
        "x&66-y": ("x=2666-y", "x&66-y"),
        "p&AOQ-iv&AOQ- &- y&APY \udcff m&APY-h": (
            "päivä & y=26APY =ff möh",
            r"p&AOQ-iv&AOQ-\ &-\ y&APY\ *\ m&APY-h")}, naming=VISIBLE),
}


def start(dovecot, case, description):
    """Returns a server with the mailboxes of a case, and two users: alice, who
    has a rule that hides nothing, and bob, who has one for each name."""
    server = dovecot(**description)
    rules = server.path("rules")
    with open(rules, "w", errors="surrogateescape") as f:
        f.writelines(f"/{rule}\n" for _, rule in case.names.values())
    server.users["alice"].fields["mailbox_filter"] = "none"
    server.users["bob"].fields["mailbox_filter_file"] = rules
    server.write_users()
    for user in server.users:
        root = server.path("~/Maildir", user)
        for name in case.names:
            for sub in ("cur", "new", "tmp"):
                os.makedirs(os.path.join(root, "." + name, sub))
        server.chown(user, root)
    return server


@pytest.mark.parametrize("case", CASES)
def test_names(dovecot, case):
    case = CASES[case]
    if VERSION < case.since:
        pytest.skip("names that only a newer Dovecot has on disk")
    naming = Naming("maildir++", **case.naming)
    description = {
        "prefix": case.prefix, "separator": case.separator,
        "users": ["alice", "bob"],
        **naming.description(Location("maildir", "~/Maildir",
                                      index="index/%u",
                                      control="control/%u"))}
    plain = start(dovecot, case, description)
    server = start(dovecot, case, with_filter(description))
    names = {vname for vname, _ in case.names.values()}
    for user in server.users:
        with plain.imap(user) as stock, server.imap(user) as imap:
            listed, shown = set(stock.list()), set(imap.list())
            # before 2.4.5 the list index can't tell that from INBOX
            inbox = mutf7(case.prefix + "INBOX")
            assert {mutf7(name) for name in names} <= listed | (
                {inbox} if VERSION < (2, 4, 5) else set())
            # no rule hides INBOX
            assert shown == (listed if user == "alice" else {
                name for name in listed if name in (b"INBOX", inbox) or
                mutf7(case.prefix).startswith(name)})
            # the same of a list index that holds all names
            server.doveadm("mailbox", "list", "-u", user)
            with server.imap(user) as other:
                assert set(other.list()) == shown
            for name in names:
                imap.ok("SELECT", quote(mutf7(name)))
        report = audit(server, user, same=False)
        # the list index knows no others
        assert report.namespaces[0]["names"]["list_index"] in (None, {
            "total": 0, "hidden": 0, "names": []})
        entries = {e["name"].decode(): e for e in report.entries.values()}
        assert entries.keys() - {"INBOX"} == names
        for name, entry in entries.items():
            assert entry["state"] == "mailbox"
            # no rule hides INBOX
            assert (entry["hidden_by"] is not None) == \
                (user == "bob" and not name.endswith("INBOX"))


@pytest.mark.skipif(VERSION < (2, 4, 5), reason="it's one with INBOX")
def test_inbox_below_a_prefix_with_layout_index(dovecot):
    """The list index has it under another name."""
    naming = Naming("index", storage_escape="+")
    server = dovecot(prefix="prefix/", **naming.description(Location(
        "sdbox", "~/sdbox", index="index/%u", layout="index")))
    names = ["INBOX", "prefix/INBOX", "prefix/INBOX/child"]
    with server.imap("alice") as imap:
        for name in names[1:]:
            imap.ok("CREATE", name)
        for name in names:
            imap.ok("APPEND", name, literal(MESSAGE))
    report = audit(server)
    assert sorted(e["name"].decode() for e in report.entries.values()) == names
    # also of mailboxes that somebody removed
    for directory in ("~/sdbox", "index/%u"):
        shutil.rmtree(server.path(directory, "alice") + "/mailboxes")
    report = audit(server)
    gone = report.namespaces[0]["names"]["list_index"]["names"]
    assert sorted(name["mailbox"] for name in gone) == names[1:]
