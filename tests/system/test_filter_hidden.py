# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""`hidden` in the access log: the topmost hidden names that this LIST would
have shown without the filter, counted in stock Dovecot's answer to it."""

import os
import shutil
import subprocess

import pytest

from accesslog import PLUGIN, accesses
from dovecot import DROP_NOSELECT, IS_24, Location, Namespace, NO_NOSELECT
from filter import fill_mbox, MBOX, with_filter
from imap import parse_list

LISTS = [
    'LIST "" "*"',
    'LIST "" "%"',
    'LIST "" ""',
    'LIST "" INBOX',
    'LIST "" "nothing"',
    'LIST "" "Work/*"',
    'LIST "Work/" "%"',
    'LIST "" "%/%"',
    'LIST "" ".git"',
    'LIST "" "public_html"',
    'LIST "" ("Work/%" ".*" "INBOX")',
    'LIST "" "%/public_html"',
    'LIST "" ("%/%" "Lost/*")',
    'LIST "" "Old/*"',
    'LIST "" "Old/%"',
    'LIST "" "Quiet/*"',
    'LIST "" "Quiet/%"',
    'LIST "" "Kids/*"',
    'LIST "" "*" RETURN (CHILDREN)',
    'LIST "" "*" RETURN (SUBSCRIBED STATUS (MESSAGES))',
    'LIST (SUBSCRIBED) "" "*"',
    'LIST (SPECIAL-USE) "" "*"',
    'XLIST "" "%"',
]
NAMES = [".git/config", ".git/refs/main", ".mail", "public_html/x/y",
         "Work/.svn/entries", "Work/plan", "Work/sub/public_html", "plain"]
# a hidden parent isn't there itself
ORPHAN = ".Lost.public_html.kid"
# what no directory layout lists, and what no layout does
FILES = [".profile", "Work/.rc", "Work/sub/.nfs0001"]

FORMATS = {
    "mbox": Location("mbox", "~/ROOT"),
    "mbox-dirname": Location("mbox", "~/ROOT", index="index/%u-ROOT",
                             dirname="MBX"),
    "maildir-fs": Location("maildir", "~/ROOT", layout="fs",
                           index="index/%u-ROOT"),
    "maildir++": Location("maildir", "~/ROOT", index="index/%u-ROOT"),
    "sdbox": Location("sdbox", "~/ROOT"),
}


def location(name, root):
    old = FORMATS[name]
    return Location(old.driver, old.mail.replace("ROOT", root),
                    layout=old.layout, dirname=old.dirname,
                    index=old.index and old.index.replace("ROOT", root))


def write(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(data)


def fill(server, name, root):
    """Makes the mailboxes and the files of a namespace."""
    root = server.path("~/" + root, "alice")
    names = set()
    for mailbox in NAMES:
        parts = mailbox.split("/")
        names.update("/".join(parts[:i + 1]) for i in range(len(parts)))
    for mailbox in sorted(names):
        if name == "mbox":
            if not any(other.startswith(mailbox + "/") for other in names):
                write(os.path.join(root, mailbox), MBOX)
            continue
        if name == "maildir++":
            if "." in mailbox:
                continue
            path = os.path.join(root, "." + mailbox.replace("/", "."))
        elif name == "sdbox":
            path = os.path.join(root, "mailboxes", mailbox)
        else:
            path = os.path.join(root, mailbox)
        if name == "mbox-dirname":
            write(os.path.join(path, "MBX"), MBOX)
            continue
        for inside in ["dbox-Mails"] if name == "sdbox" else \
                ["cur", "new", "tmp"]:
            os.makedirs(os.path.join(path, inside), exist_ok=True)
    if name == "maildir++":
        os.makedirs(os.path.join(root, ORPHAN, "cur"))
    for file in FILES:
        if name == "maildir++":
            file = "." + file.replace("/", ".")
        elif name == "sdbox":
            file = "mailboxes/" + file
        write(os.path.join(root, file), b"x\n")


def is_topmost_hidden(name):
    *parents, last = [level.startswith(".") or level == "public_html"
                      for level in name.split("/")]
    return last and not any(parents)


@pytest.mark.parametrize("list_index", ["yes", "no"])
@pytest.mark.parametrize("name", FORMATS)
def test_hidden_are_those_that_list_would_have_shown(dovecot, name,
                                                     list_index):
    """Also in the sessions after the first, when Dovecot has made directories
    of its own among the mailboxes."""
    description = {
        "location": location(name, "main"), "plugins": PLUGIN,
        "settings": {"mailbox_list_index": list_index},
        "namespaces": [
            Namespace("old", "Old/", location=location(name, "old")),
            Namespace("kids", "Kids/", location=location(name, "kids"),
                      settings={"list": "children"}),
            Namespace("quiet", "Quiet/", location=location(name, "quiet"),
                      settings={"list": "no"})]}
    plain = dovecot(**description)
    server = dovecot(**with_filter(description))
    for each in (plain, server):
        for root in ("main", "old", "kids", "quiet"):
            fill(each, name, root)
        each.chown("alice", each.users["alice"].home)
    for session in range(2):
        expected = []
        with plain.imap("alice") as stock, server.imap("alice") as imap:
            for command in LISTS:
                shown = {parse_list(line)[1].decode()
                         for line in stock.ok(command).starting("LIST (")}
                if "(SUBSCRIBED)" in command:
                    shown = set()
                expected.append((command, sum(map(is_topmost_hidden, shown))))
                imap.ok(command)
        lists = accesses(server)[session * len(LISTS):]
        assert [(command, e["hidden"]) for command, e in
                zip(LISTS, lists, strict=True)] == expected
        # this is not for nothing
        assert expected[0][1] >= 2 and len({n for _, n in expected}) >= 3


@pytest.mark.parametrize("name", ["mbox", "maildir-fs", "sdbox"])
def test_what_others_made_counts_once_it_is_used(dovecot, name):
    """Stock Dovecot looks anew when a mailbox is used that its list index
    doesn't know."""
    description = {"location": location(name, "main"), "plugins": PLUGIN}
    numbers = []
    for each in (dovecot(**description), dovecot(**with_filter(description))):
        root = os.path.join(each.users["alice"].home, "main")
        if name == "sdbox":
            root = os.path.join(root, "mailboxes")
        with each.imap("alice") as imap:
            imap.ok("CREATE Work/plan")
            imap.ok('LIST "" "*"')
            work = os.path.join(root, "Work")
            copy = shutil.copy if name == "mbox" else shutil.copytree
            copy(os.path.join(work, "plan"), os.path.join(work, ".new"))
            each.chown("alice", root)
            imap.ok("STATUS Work/.new (MESSAGES)")
            for command in ('LIST "" "*"', 'LIST "" "%"'):
                names = [parse_list(line)[1].decode() for line in
                         imap.ok(command).starting("LIST (")]
                numbers.append(sum(map(is_topmost_hidden, names)))
    logged = [line["hidden"] for line in accesses(each)
              if line["cmd"] == "LIST"]
    assert logged == [0, 1, 0]
    assert numbers == [1, 0, 0, 0]


@pytest.mark.parametrize("name", ["mbox", "maildir-fs", "sdbox"])
def test_what_others_make_and_remove_counts_as_stock_shows_it(dovecot, name):
    """Other sessions, and processes without the filter, tell by the mailbox
    list index alone."""
    description = {"location": location(name, "main"), "plugins": PLUGIN}
    numbers = []

    def list_all(imap):
        names = [parse_list(line)[1].decode() for line in
                 imap.ok('LIST "" "*"').starting("LIST (")]
        numbers.append(sum(map(is_topmost_hidden, names)))

    for each in (dovecot(**description), dovecot(**with_filter(description))):
        with each.imap("alice") as imap, each.imap("alice") as other:
            imap.ok("CREATE .old")
            imap.ok("CREATE Work/.keep")
            list_all(imap)
            other.ok("CREATE .new")
            list_all(imap)
            other.ok("DELETE .old")
            list_all(imap)
            each.doveadm("mailbox", "create", "-u", "alice", "Work/.more")
            list_all(imap)
            each.doveadm("mailbox", "delete", "-u", "alice", ".new")
            list_all(imap)
            other.ok("RENAME Work/.keep .moved")
            list_all(imap)
    logged = [line["hidden"] for line in accesses(each)
              if line["cmd"] == "LIST"]
    assert numbers == [2, 3, 2, 3, 2, 2] + [0] * 6
    assert logged == numbers[:6]


@pytest.mark.parametrize("name", ["mbox", "maildir-fs", "sdbox"])
@pytest.mark.parametrize("first", [
    "RENAME .old .older", "DELETE .old", "CREATE .older", "STATUS .mail ()"])
def test_a_first_list_counts_whatever_came_before(dovecot, name, first):
    """Of a session whose list index another process refreshed after the first
    command, and changed again."""
    description = {"location": location(name, "main"), "plugins": PLUGIN}
    names = []
    first = first.replace("()", "(MESSAGES)")
    for each in (dovecot(**description), dovecot(**with_filter(description))):
        with each.imap("alice") as imap:
            for mailbox in (".old", ".mail", "Work/.keep"):
                imap.ok("CREATE", mailbox)
            imap.list()
        with each.imap("alice") as imap, each.imap("alice") as other:
            imap.ok(first)
            each.doveadm("mailbox", "create", "-u", "alice", ".more",
                         ".most")
            each.doveadm("mailbox", "list", "-u", "alice")
            other.ok("DELETE Work/.keep")
            other.list()
            names.append({parse_list(line)[1].decode() for line in
                          imap.ok('LIST "" "*"').starting("LIST (")})
    logged = [line["hidden"] for line in accesses(each)
              if line["cmd"] == "LIST"]
    expected = sum(map(is_topmost_hidden, names[0]))
    assert logged[-1] == expected >= 2
    assert not any(map(is_topmost_hidden, names[1]))


@pytest.mark.parametrize("name", ["mbox", "maildir-fs", "sdbox"])
def test_what_is_gone_before_the_next_list_does_not_count(dovecot, name):
    """Through an alias, whose list index is the same file: the namespace reads
    there that the record has gone, and doesn't look at the disk."""
    where = location(name, "main")
    description = {
        "location": where, "plugins": PLUGIN, "prefix": "INBOX/",
        "namespaces": [Namespace("alias", "Also/", location=where, settings={
            # 2.4 wants the name of the namespace
            "alias_for": "inbox" if IS_24 else "INBOX/",
            "hidden": "yes", "list": "no"})]}
    numbers = []
    for each in (dovecot(**description), dovecot(**with_filter(description))):
        with each.imap("alice") as imap:
            for command in ["CREATE INBOX/plan", "LIST", "CREATE INBOX/a/.new",
                            "DELETE Also/a/.new", "LIST",
                            "CREATE INBOX/a/.more", "LIST"]:
                if command != "LIST":
                    imap.ok(command)
                    continue
                names = [parse_list(line)[1].decode() for line in
                         imap.ok('LIST "" "*"').starting("LIST (")]
                numbers.append(sum(map(is_topmost_hidden, names)))
    logged = [line["hidden"] for line in accesses(each)
              if line["cmd"] == "LIST"]
    assert numbers == [0, 0, 1, 0, 0, 0]
    assert logged == numbers[:3]


def test_an_index_that_cannot_be_written_tells_what_it_has(dovecot):
    """2.4 lists from it without having looked at the disk, 2.3 nothing."""
    description = {"location": location("maildir-fs", "main"),
                   "plugins": PLUGIN}
    names = []
    for each in (dovecot(**description), dovecot(**with_filter(description))):
        fill(each, "maildir-fs", "main")
        each.chown("alice", each.users["alice"].home)
        each.doveadm("mailbox", "list", "-u", "alice")
        index = each.path("index/%u-main", "alice")
        subprocess.run(["chown", "-R", "root:root", index], check=True)
        subprocess.run(["chmod", "-R", "a+rX", index], check=True)
        with each.imap("alice") as imap:
            names.append({name.decode() for name in imap.list()})
    expected = sum(map(is_topmost_hidden, names[0]))
    logged, = accesses(each)
    assert logged["hidden"] == expected
    assert expected >= 2 or not IS_24
    assert not any(map(is_topmost_hidden, names[1]))


@pytest.mark.parametrize("list_index", ["yes", "no"])
def test_a_name_counts_in_each_namespace_that_shows_it(dovecot, list_index):
    """Where roots overlap, stock Dovecot shows some twice. What is made through
    one namespace, its list index doesn't tell the other at once."""
    description = {
        "location": Location("mbox", "~/main", index="index/%u"),
        "settings": {"mailbox_list_index": list_index}, "plugins": PLUGIN,
        "namespaces": [Namespace("inner", "Old/", location=Location(
            "mbox", "~/main/Old", index="index/%u-inner"))]}
    numbers = []
    for each in (dovecot(**description), dovecot(**with_filter(description))):
        fill_mbox(each, "alice", [".git/config", "Old/.x", "Old/sub/.y/z"],
                  root="~/main")
        for create in (["CREATE Old/.new"], []):
            with each.imap("alice") as imap:
                for command in ['LIST "" "*"', 'LIST "" "Old/%"', *create,
                                'LIST "" "*/.%"']:
                    names = [parse_list(line)[1].decode() for line in
                             imap.ok(command).starting("LIST (")]
                    if command not in create:
                        numbers.append(sum(map(is_topmost_hidden, names)))
    logged = [line["hidden"] for line in accesses(each)
              if line["cmd"] == "LIST"]
    made = 1 if list_index == "yes" else 2
    assert numbers == [5, 2, 4 + made, 7, 4, 6] + [0] * 6
    assert logged == numbers[:6]


@pytest.mark.parametrize("list_index", ["yes", "no"])
def test_an_empty_directory_counts_though_list_removes_it(dovecot, list_index):
    """Nothing looks into it."""
    settings = {"mailbox_list_index": list_index, **DROP_NOSELECT}
    server = dovecot(**with_filter({
        "location": Location("mbox", "~/main", index="index/%u",
                             options=NO_NOSELECT),
        "settings": settings, "plugins": PLUGIN}))
    fill_mbox(server, "alice", [".empty/", ".git/config"], root="~/main")
    with server.imap("alice") as imap:
        assert b".git" not in imap.list("", "*")
    line, = accesses(server)
    assert line["hidden"] == 2
    assert os.path.isdir(server.path("~/main/.empty", "alice"))


def test_the_first_list_has_a_number_whatever_it_asks_for(dovecot):
    """Also if no directory is read for it."""
    server = dovecot(**with_filter({"plugins": PLUGIN, "prefix": "Mail/"}))
    commands = LISTS + ['LIST "" "Mail/%"', 'LIST "" ".git/*"']
    for command in commands:
        with server.imap("alice") as imap:
            imap.ok(command)
    assert [(line["cmd"], line.get("hidden")) for line in accesses(server)] \
        == [(command.split()[0], 0) for command in commands]


def test_a_list_that_is_not_parsed_has_no_number(dovecot):
    """Of the earlier ones neither; where it has listed, it has hidden."""
    server = dovecot(**with_filter({"plugins": PLUGIN}))
    write(server.path("~/mail/.git/config", "alice"), MBOX)
    server.chown("alice", server.users["alice"].home)
    with server.imap("alice") as imap:
        imap.ok('LIST "" "*"')
        assert imap.cmd('LIST "" (a').status == "BAD"
        assert imap.cmd("LIST").status == "BAD"
    assert [(line.get("listed") is None, line.get("hidden"))
            for line in accesses(server) if line["cmd"] == "LIST"] == \
        [(False, 1), (True, None), (False, 0)]
