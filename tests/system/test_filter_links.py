# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""`hidden` in the access log, where symbolic links are hidden: whether LIST
would have shown one depends on where it leads, and on the layout. Each counts
as stock Dovecot shows it."""

import collections
import os
import re

import pytest

from accesslog import PLUGIN, accesses
from dovecot import Location
from filter import deliver, files, MBOX, strace, trace, traced, with_filter
from imap import parse_list

RULES = "junk-* .nfs* nfs*"
LISTS = ['LIST "" "*"', 'LIST "" "%"', 'LIST "" "Work/%"', 'LIST "" "Work/*"',
         'LIST "" "junk-dangling"', 'LIST "" "junk-file"',
         'LIST "" "*" RETURN (CHILDREN)']
# where they lead: below a directory outside of the mail root
TARGETS = {
    "junk-dangling": "nothing",
    "junk-below-a-file": "file/nothing",
    "junk-loop": "loop",
    "junk-too-long": "x" * 300,
    "junk-locked": "locked/box",
    "junk-locked-itself": "locked",
    "junk-file": "file",
    "junk-device": "/dev/null",
    "junk-directory": "directory",
    "junk-mailbox": "mailbox",
    ".nfs-file": "file",
    ".nfs-directory": "directory",
    ".nfs-dangling": "nothing",
    # .nfs-... where names begin with a dot on disk
    "nfs-file": "file",
    "nfs-directory": "directory",
    "nfs-dangling": "nothing",
    "plain-link": "mailbox",
}
MAILDIR = ["cur", "new", "tmp"]
INDEX = "index/%u"
# the location, and what a mailbox's directory holds
FORMATS = {
    "mbox": (Location("mbox", "~/mail", index=INDEX), None),
    "mbox-dirname": (Location("mbox", "~/mail", index=INDEX, dirname="MBX"),
                     ["MBX"]),
    "mbox-maildir++": (Location("mbox", "~/mail", index=INDEX,
                                layout="maildir++"), None),
    "maildir-fs": (Location("maildir", "~/mail", index=INDEX, layout="fs"),
                   MAILDIR),
    "maildir-fs-dirname": (Location("maildir", "~/mail", index=INDEX,
                                    layout="fs", dirname="MD"),
                           [f"MD/{name}" for name in MAILDIR]),
    "maildir++": (Location("maildir", "~/mail", index=INDEX), MAILDIR),
    "maildir++-stat": (Location("maildir", "~/mail", index=INDEX), MAILDIR),
    "sdbox": (Location("sdbox", "~/mail"), ["dbox-Mails"]),
    "sdbox-iterindex": (Location("sdbox", "~/mail", index=INDEX,
                                 options={"ITERINDEX": True}),
                        ["dbox-Mails"]),
}


def make_mailbox(path, inside):
    if inside is None or inside == ["MBX"]:
        path = path if inside is None else path + "/MBX"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(MBOX)
        return
    for name in inside:
        os.makedirs(os.path.join(path, name), exist_ok=True)


def fill(server, name):
    """Makes the targets, and both in the root and in Work a mailbox, a hidden
    file and a link to each target."""
    location, inside = FORMATS[name]
    home = server.users["alice"].home
    targets = home + "/targets"
    os.makedirs(targets + "/directory")
    make_mailbox(targets + "/mailbox", inside)
    with open(targets + "/file", "wb") as f:
        f.write(b"x\n")
    os.symlink("loop", targets + "/loop")
    root = home + "/mail"
    if name == "sdbox-iterindex":
        root = server.path("index/alice")
    if location.driver == "sdbox":
        root += "/mailboxes"
    flat = "maildir++" in name
    beginnings = [f"{root}/.", f"{root}/.Work."] if flat else \
        [f"{root}/", f"{root}/Work/"]
    if flat and inside is not None:
        make_mailbox(root + "/.Work", inside)
    for beginning in beginnings:
        os.makedirs(os.path.dirname(beginning), exist_ok=True)
        make_mailbox(beginning + "plain", inside)
        with open(beginning + "junk-no-link", "wb") as f:
            f.write(MBOX)
        for link, target in TARGETS.items():
            if not flat or not link.startswith("."):
                os.symlink(os.path.join(targets, target), beginning + link)
    server.chown("alice", home)
    if name == "sdbox-iterindex":
        server.chown("alice", server.path("index/alice"))
    make_mailbox(targets + "/locked/box", inside)
    os.chmod(targets + "/locked", 0o700)


def is_hidden(level):
    return level.startswith(("junk-", ".nfs", "nfs"))


def is_topmost_hidden(name):
    *above, last = map(is_hidden, name.split("/"))
    return last and not any(above)


def describe(name, list_index="yes"):
    settings = {"mailbox_list_index": list_index}
    if name == "maildir++-stat":
        settings["maildir_stat_dirs"] = "yes"
    return {"location": FORMATS[name][0], "plugins": PLUGIN,
            "settings": settings}


@pytest.mark.parametrize("list_index", ["yes", "no"])
@pytest.mark.parametrize("name", FORMATS)
def test_links_count_as_stock_shows_them(dovecot, name, list_index):
    description = describe(name, list_index)
    plain = dovecot(**description)
    server = dovecot(**with_filter(description, RULES))
    for each in (plain, server):
        fill(each, name)
    expected = []
    with plain.imap("alice") as stock, server.imap("alice") as imap:
        for command in LISTS:
            shown = {parse_list(line)[1].decode()
                     for line in stock.ok(command).starting("LIST (")}
            expected.append((command, {name for name in shown
                                       if is_topmost_hidden(name)}))
            assert {parse_list(line)[1].decode() for line in
                    imap.ok(command).starting("LIST (")} == \
                {name for name in shown
                 if not any(map(is_hidden, name.split("/")))}
    lists = accesses(server)
    assert [(line["hidden"], names) for line, (_, names)
            in zip(lists, expected, strict=True)] == \
        [(len(names), names) for _, names in expected]
    assert expected[0][1] >= {"junk-mailbox", "Work/junk-mailbox"}
    assert server.errors() == []


@pytest.mark.parametrize("list_index", ["yes", "no"])
@pytest.mark.parametrize("name", ["mbox", "maildir-fs", "maildir++",
                                  "maildir++-stat"])
def test_a_walk_looks_once_at_a_link_and_at_nothing_else(dovecot, name,
                                                         list_index):
    """Where a mailbox list index answers, the second LIST doesn't walk.
    Maildir++ believes most links."""
    server = dovecot(**traced(with_filter(describe(name, list_index), RULES)))
    fill(server, name)
    with server.imap("alice") as imap:
        imap.list()
        imap.list()
    root = server.users["alice"].home + "/mail/"
    calls = [re.match(rf'(\w+)\(.*?"{root}([^"]*)"', call)
             for process in trace(server) for call in process]
    looks = collections.Counter(
        match.groups() for match in calls
        if match and re.search(r"(^|[/.])(junk|nfs)-", match.group(2)))
    links = [path for path in files(root) if os.path.islink(root + path) and
             not path.endswith("plain-link") and
             (name != "maildir++" or path.startswith(".nfs"))]
    assert {path for _, path in looks} == set(links)
    assert set(looks.values()) == {1 if list_index == "yes" else 2}
    assert all("stat" in call for call, _ in looks)


def test_a_delivery_looks_at_no_link(dovecot):
    """Nobody is told how many are hidden."""
    server = dovecot(**traced(with_filter(describe("mbox"), RULES),
                              services=("lmtp",)))
    fill(server, "mbox")
    deliver(server, "lmtp", "alice")
    deliver(server, "lda", "alice",
            prefix=strace("%file", server.dir + "/trace.lda"))
    calls = [call for process in trace(server) for call in process]
    assert any(f'"{server.users["alice"].home}/mail' in call for call in calls)
    assert [call for call in calls
            if re.search("/(junk|nfs|.nfs)-", call)] == []
