# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""Where indexes and mails are, for every format and layout: doveadm mailbox
path is the oracle, du and the test's own walk tell the rest."""

import dataclasses
import os
import shutil

import pytest

from audit import fill_boxes, GONE, json_lines, LOCATIONS, write
from dovecot import IS_24, Location
from oracle import audit, check_states, dovecot_paths


def expected_paths(server, root, boxes):
    """Returns {name: index path below the root}. An INBOX elsewhere has its
    index elsewhere, too; mbox with DIRNAME= but without INDEX= has none: the
    directory for it would have the name of the mailbox file."""
    paths = dovecot_paths(server, "index", boxes)
    return {box: os.path.relpath(path, root).encode()
            for box, path in paths.items()
            if path.startswith(root) and
            os.path.isfile(path + "/dovecot.index.log")}


@pytest.mark.parametrize("name", LOCATIONS)
def test_entries_are_where_dovecot_has_its_indexes(dovecot, name):
    server = dovecot(location=LOCATIONS[name])
    boxes = fill_boxes(server)
    assert len(boxes) >= 5
    report = audit(server)
    expected = expected_paths(server, report.namespaces[0]["index_root"], boxes)
    assert len(expected) >= 5 or name in ("mbox-dirname-in-place",
                                          "mbox-fulldirname-in-place")
    assert expected == {e["name"].decode(): p for p, e
                        in report.entries.items()
                        if e["name"] is not None and
                        e["name"].decode() in boxes}
    check_states(server, report)


@pytest.mark.parametrize("name", [n for n in LOCATIONS
                                  if not n.endswith("in-place")])
def test_what_is_removed_is_missing(dovecot, name):
    server = dovecot(location=LOCATIONS[name])
    fill_boxes(server)
    path = dovecot_paths(server, "mailbox", [GONE])[GONE]
    if not path.endswith("box"):
        # DIRNAME=
        path = os.path.dirname(path)
    if os.path.isdir(path):
        shutil.rmtree(path)
    else:
        os.unlink(path)
    # a dbox mailbox may live on in its index
    is_dbox = LOCATIONS[name].driver in ("sdbox", "mdbox")
    # all that is left is a directory, which may be a mount point
    is_empty = os.listdir(os.path.dirname(path)) == []
    check_gone(server, "not-judged" if is_dbox else
               "empty-directory" if is_empty else None)
    if is_empty:
        write(os.path.join(os.path.dirname(path), "other"), b"x\n")
        check_gone(server, "not-judged" if is_dbox else None)


@pytest.mark.parametrize("location", [
    Location("mbox", "~/", inbox="~/mbox", index="index/%u"),
    Location("mbox", "~/", inbox="~/mbox"),
    Location("maildir", "~/", inbox="~/.in", index="index/%u"),
    Location("maildir", "~/mail/", inbox="~/mail//./in", layout="fs",
             index="index/%u"),
], ids=["mbox", "mbox-in-place", "maildir", "maildir-fs"])
def test_a_home_that_ends_in_a_slash(dovecot, location):
    """So do many in LDAP. INBOX= is below the mails all the same."""
    server = dovecot(location=location)
    server.users["alice"].home += "/"
    server.write_users()
    with server.imap("alice") as imap:
        imap.ok("CREATE", "foo")
        imap.list()
        for name in ("INBOX", "foo"):
            imap.ok("SELECT", name)
    states = {e["name"]: e["state"] for e in audit(server).entries.values()}
    assert states[b"INBOX"] == states[b"foo"] == "mailbox"


@pytest.mark.parametrize("driver", ["maildir", "mbox", "sdbox"])
def test_no_mailbox_has_dirname_in_its_name(dovecot, driver):
    """Where an index has, it was made with FULLDIRNAME=. There may be a mailbox
    for it when that comes back."""
    location = Location(driver, "~/mail", layout="fs", index="index/%u",
                        fulldirname="BOX")
    server = dovecot(location=location)
    boxes = [box for box in fill_boxes(server) if box != "INBOX"]
    report = audit(server)
    left = {path for path, e in report.entries.items()
            if e["name"].decode() in boxes}
    assert len(left) == len(boxes) >= 3
    server.location = dataclasses.replace(location, fulldirname=None,
                                          dirname="BOX")
    server.settings["mailbox_directory_name_legacy"] = True
    if not IS_24:
        server.settings = {}
    server.restart()
    with server.imap("alice") as imap:
        assert not imap.cmd("CREATE foo/BOX").ok
        assert not imap.cmd("CREATE BOX/foo").ok
    server.doveadm("mailbox-audit", "clean", "-u", "alice", "-a", "0", "-U",
                   "-g", "0", "--force")
    found = audit(server).entries
    assert {found[path]["reason"] for path in left} == {"unmapped"}


def check_gone(server, reason):
    report = audit(server)
    found = {e["name"]: (e["state"], e["reason"], e["untouched"])
             for e in report.entries.values()}
    assert found[GONE.encode()] == \
        ("missing" if reason is None else "unknown", reason, False)
    check_states(server, report)


def test_what_another_format_left(dovecot):
    """With the same index root it is nobody's, and stays."""
    server = dovecot(location=Location("mbox", "~/mail", inbox="mail/%u",
                                       index="index/%u"))
    fill_boxes(server)
    left = set(audit(server).entries)
    assert len(left) >= 5
    server.location = Location("maildir", "~/Maildir", index="index/%u")
    server.restart()
    with server.imap("alice") as imap:
        imap.list()
        imap.ok("SELECT INBOX")
    server.doveadm("mailbox-audit", "clean", "-u", "alice", "-a", "0", "-U",
                   "-g", "0", "--force")
    entries = audit(server).entries
    assert {path for path, e in entries.items()
            if (e["state"], e["reason"]) == ("unknown", "unmapped")} == left
    assert entries.keys() - left == {b".INBOX"}


@pytest.mark.parametrize("layout", ["fs", "maildir++", "index"])
@pytest.mark.parametrize("driver", ["sdbox", "mdbox"])
def test_what_dbox_left(dovecot, driver, layout):
    """An index of these is a part of the mails: it is nobody's to remove when
    mail_location is another one, and its mails are whole when that is back."""
    location = Location(driver, "~/dbox", index="index/%u")
    server = dovecot(location=location)
    boxes = fill_boxes(server)
    with server.imap("alice") as imap:
        imap.ok("SELECT foo")
        imap.ok("STORE 1 +FLAGS (\\Flagged keyword)")
    server.restart()
    left = set(audit(server).entries)
    assert len(left) == len(boxes)
    server.location = Location("maildir", "~/Maildir", layout=layout,
                               index="index/%u")
    server.restart()
    with server.imap("alice") as imap:
        imap.ok("CREATE fresh")
        imap.ok("SELECT fresh")
    server.restart()
    entries = audit(server).entries
    assert {entries[path]["state"] for path in left} == {"unknown"}
    assert {entries[path]["reason"] for path in left} == \
        {"shared-root" if layout == "fs" else "unmapped"}
    # clean doesn't call them bogus either, whatever it is asked to take
    for more in ([], ["-U", "-g", "0", "--force"]):
        assert not json_lines(server.doveadm(
            "mailbox-audit", "clean", "-u", "alice", "-a", "0", "-e", "-j",
            "--dry-run", *more).stdout)[:-1]
    server.doveadm("mailbox-audit", "clean", "-u", "alice", "-a", "0", "-U",
                   "-g", "0", "--force")
    server.location = location
    server.restart()
    with server.imap("alice") as imap:
        imap.ok("SELECT foo")
        flags = imap.ok("FETCH 1 FLAGS").untagged[0]
    assert b"\\Flagged" in flags and b"keyword" in flags
