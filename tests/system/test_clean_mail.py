# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""clean doesn't touch mails, nor what the indexes know of them: what clients
see is the same afterwards, also of a mailbox that wasn't there when clean
ran."""

import contextlib
import os
import re
import stat
import subprocess

import pytest

from accesslog import PLUGIN
from audit import MESSAGE, entries, json_lines, report, utility, write
from cleaning import clean, entry_dir, kept, make_junk, removed
from cleaning import utility as clean_utility
from dovecot import Location
from imap import literal, quote
from oracle import snapshot

INDEXPVT = {"INDEXPVT": "index/%u/private"}
LOCATIONS = {
    "mbox": Location("mbox", "~/mail", inbox="mail/%u", index="index/%u",
                     options=INDEXPVT),
    "mbox-in-place": Location("mbox", "~/mail", inbox="mail/%u"),
    "maildir": Location("maildir", "~/Maildir", index="index/%u",
                        options=INDEXPVT),
    "maildir-fs": Location("maildir", "~/Maildir", layout="fs",
                           index="index/%u", options=INDEXPVT),
}
BOXES = ["INBOX", "Sent", "Work/plan", "Work/2019/old"]
JUNK = ["gone", "Work/gone", "deep/er/gone"]


def contents(inodes):
    """Returns {path: bytes} of the regular files of a snapshot()."""
    found = {}
    for path, st in inodes.items():
        if stat.S_ISREG(st[2]):
            with open(path, "rb", opener=lambda p, f:
                      os.open(p, f | os.O_NOATIME)) as f:
                found[path] = f.read()
    return found


def mail_path(server, box):
    """Returns where a mailbox's mails are."""
    loc = server.location
    root = server.path(loc.mail, "alice")
    if box == "INBOX":
        return server.path(loc.inbox or loc.mail, "alice")
    if loc.driver == "maildir" and loc.layout is None:
        return root + "/." + box.replace("/", ".")
    return os.path.join(root, box)


def fill(server):
    """Makes mailboxes with flags, keywords, gaps between UIDs and private
    flags."""
    loc = server.location
    root = server.path(loc.mail, "alice")
    os.makedirs(root, exist_ok=True)
    if loc.index is None:
        # a directory that holds mailboxes isn't clean's to remove
        os.makedirs(root + "/deep/er")
    server.chown("alice", server.users["alice"].home)
    with server.imap("alice") as imap:
        for box in BOXES:
            if box != "INBOX":
                imap.ok("CREATE", quote(box))
            if loc.driver == "maildir":
                # private flags are for mailboxes that are shared
                path = mail_path(server, box)
                os.makedirs(path, exist_ok=True)
                with open(path + "/dovecot-shared", "w"):
                    pass
        server.chown("alice", server.users["alice"].home)
        for box in BOXES:
            for _ in range(4):
                imap.ok("APPEND", quote(box), literal(MESSAGE))
            imap.ok("SELECT", quote(box))
            imap.ok("STORE 1 +FLAGS (\\Deleted)")
            imap.ok("EXPUNGE")
            imap.ok("STORE 1 +FLAGS (\\Seen \\Flagged $Label)")
            imap.ok("STORE 2 +FLAGS (\\Answered other)")
            imap.ok("CLOSE")
    server.restart()


def seen(server):
    """Returns all that a client and doveadm see of the mailboxes."""
    found = {}
    with server.imap("alice") as imap:
        # whether a mailbox is \\Marked depends on when it was read
        found["list"] = {name: flags - {b"\\Marked", b"\\UnMarked"}
                         for name, flags in imap.list().items()}
        for box in BOXES:
            examined = imap.ok("EXAMINE", quote(box), "(CONDSTORE)")
            fetched = imap.ok("UID FETCH 1:* (UID FLAGS MODSEQ X-GUID "
                              "INTERNALDATE RFC822.SIZE)")
            imap.ok("CLOSE")
            status = imap.ok("STATUS", quote(box), "(MESSAGES UIDNEXT "
                             "UIDVALIDITY UNSEEN HIGHESTMODSEQ)")
            found[box] = (examined.untagged, fetched.untagged,
                          status.untagged)
    for box in BOXES:
        found[box, "guid"] = server.doveadm(
            "-f", "tab", "mailbox", "status", "-u", "alice", "guid",
            box).stdout
    server.restart()
    return found


def roots(server):
    return [server.path(name) for name in ("home", "mail", "index")]


def without_times(st):
    """What stays of a directory that a name was removed from, or that belongs
    to somebody else: then a read of it can't leave its atime."""
    return st[:3] + st[4:6]


def check_only_entries_went(before, after, lines, root):
    """All that is gone are the entries that a clean removed, and directories
    that this emptied; the rest is what it was."""
    tops = [os.path.join(os.fsencode(root), os.fsencode(entry["path"]))
            for entry in entries(lines).values()
            if entry["action"] == "removed"]
    gone = before[0].keys() - after[0].keys()
    assert after[0].keys() <= before[0].keys()
    for path in gone:
        parent = os.path.dirname(path)
        if path in tops or parent in tops:
            continue
        assert stat.S_ISDIR(before[0][path][2]), path
        assert any(top.startswith(path + b"/") for top in tops), path
    parents = {os.path.dirname(path) for path in gone}
    parents |= {path for path, st in before[0].items() if st[4] == 0}
    for path, st in after[0].items():
        if path in parents:
            assert without_times(st) == without_times(before[0][path]), path
        else:
            assert st == before[0][path], path
    assert after[1] == {path: data for path, data in before[1].items()
                        if path not in gone}


def watched_clean(server, *options):
    """Cleans; returns the lines, after a look at each inode."""
    root = server.path(server.location.index or server.location.mail, "alice")
    inodes = snapshot(*roots(server))
    before = inodes, contents(inodes)
    lines = clean(server, "alice", *options)
    inodes = snapshot(*roots(server))
    check_only_entries_went(before, (inodes, contents(inodes)), lines, root)
    return lines


@pytest.mark.parametrize("name", LOCATIONS)
def test_clients_see_the_same(dovecot, name):
    server = dovecot(location=LOCATIONS[name])
    fill(server)
    before = seen(server)
    assert b"$Label" in b"".join(before["Sent"][1])
    private = [path for path in snapshot(server.path("index"))
               if b"/private/" in path and b".pvt" in path]
    assert (private != []) == (server.location.index is not None)
    make_junk(server, "alice", JUNK)
    lines = watched_clean(server)
    assert removed(lines) == set(JUNK)
    namespace, = report(lines)["namespaces"]
    assert namespace["clean"]["kept"]["mailbox"]["entries"] == len(BOXES)
    assert namespace["other"]["nested"]["inodes"] >= len(private)
    assert seen(server) == before
    # and once more, with the other tier
    make_junk(server, "alice", JUNK)
    assert removed(watched_clean(server, "--used", "--used-age", "0")) == \
        set(JUNK)
    assert seen(server) == before


@pytest.mark.parametrize("name", LOCATIONS)
def test_a_mailbox_that_comes_back(dovecot, name):
    """Each mailbox is away while clean runs, as if a file server were, or as
    if a user moved it."""
    server = dovecot(location=LOCATIONS[name])
    fill(server)
    # or its directory might be that of a file system that isn't mounted
    write(server.path("mail") + "/other")
    before = seen(server)
    # a Maildir's INBOX holds the others
    for box in BOXES if server.location.inbox else BOXES[1:]:
        path = mail_path(server, box)
        away = server.path("private/away")
        os.rename(path, away)
        why = "inbox" if box == "INBOX" else "used"
        make_junk(server, "alice", JUNK)
        lines = watched_clean(server)
        assert removed(lines) == set(JUNK)
        # what is below a directory that is empty by now is unknown
        assert kept(lines) == ({} if os.listdir(os.path.dirname(path)) == []
                               else {box: why})
        os.rename(away, path)
        make_junk(server, "alice", JUNK)
        assert removed(watched_clean(server)) == set(JUNK)
        assert seen(server) == before


# --- nothing can be written to the mails

@contextlib.contextmanager
def sealed(*tops):
    """Mounts trees read-only, and makes all in them immutable where the file
    system knows that."""
    for top in tops:
        subprocess.run(["chattr", "-R", "+i", top], check=False,
                       stderr=subprocess.DEVNULL)
        subprocess.run(["mount", "--bind", top, top], check=True)
        subprocess.run(["mount", "-o", "remount,bind,ro", top], check=True)
    try:
        yield
    finally:
        for top in tops:
            subprocess.run(["umount", top], check=True)
            subprocess.run(["chattr", "-R", "-i", top], check=False,
                           stderr=subprocess.DEVNULL)


def copy_index(server, source, target):
    """A copy has other inodes and other ctimes, and the same mtimes."""
    subprocess.run(["rm", "-rf", server.path(target)], check=True)
    subprocess.run(["cp", "-a", server.path(source), server.path(target)],
                   check=True)


TIERS = {"default": [], "used": ["-U", "-g", "0"]}


def inspected(server):
    """Returns what is in the indexes of all mailboxes."""
    root = server.path(server.location.index or server.location.mail, "alice")
    done = subprocess.run(["mailbox-audit", "inspect", "--json", *(
        entry_dir(server.location, root, box) for box in BOXES[2:])],
        check=True, stdout=subprocess.PIPE)
    assert done.stdout
    return done.stdout


def answers(server, *more):
    """Returns what each part of the product says, clean of the same index
    each time."""
    json = ["-e", "-j"]
    copy_index(server, "private/index", "index")
    found = [inspected(server),
             server.doveadm("mailbox-audit", "-u", "alice", *json).stdout,
             utility(server, "alice", *json).stdout,
             subprocess.run(["mailbox-usage", "--json", server.path("log")],
                            check=True, stdout=subprocess.PIPE).stdout]
    for options in TIERS.values():
        copy_index(server, "private/index", "index")
        found.append(server.doveadm("mailbox-audit", "clean", "-u", "alice",
                                    "-a", "0", *json, *options, *more).stdout)
        copy_index(server, "private/index", "index")
        done = clean_utility(server, "-a", "0", *json, *options, *more)
        assert done.returncode == 0
        found.append(done.stdout)
    return found


@pytest.mark.parametrize("name", LOCATIONS)
def test_the_mails_are_sealed(dovecot, name):
    """All says and does the same if no mail can be written to."""
    server = dovecot(location=LOCATIONS[name], plugins=PLUGIN)
    fill(server)
    path = mail_path(server, "Sent")
    os.rename(path, server.path("private/away"))
    make_junk(server, "alice", JUNK)
    copy_index(server, "index", "private/index")
    # an index beside the mails can't be cleaned then
    options = ["-n"] if server.location.index is None else []
    mails = [server.path(name) for name in ("home", "mail")]
    before = snapshot(*mails)
    expected = answers(server, *options)
    assert snapshot(*mails) == before
    if not options:
        assert [removed(json_lines(text)) for text in expected[4::2]] == [
            set(JUNK), {"Sent", *JUNK}]
    with sealed(*mails):
        with pytest.raises(OSError):
            os.mkdir(server.users["alice"].home + "/new")
        before = snapshot(*mails)
        assert answers(server, *options) == expected
        assert snapshot(*mails) == before


def test_an_entry_that_went_is_made_anew(dovecot):
    """What LIST leaves of a mailbox that nobody opened is nothing that the
    mailbox needs."""
    server = dovecot(location=LOCATIONS["mbox-in-place"])
    fill(server)
    path = server.path("~/mail", "alice") + "/listed"
    text = MESSAGE.replace(b"Subject:", b"X-IMAPbase: 1234567890 7\n"
                           b"X-UID: 5\nStatus: RO\nSubject:")
    with open(path, "wb") as f:
        f.write(text)
    server.chown("alice", path)
    make_junk(server, "alice", ["listed"])
    os.rename(path, server.path("private/away"))
    assert removed(watched_clean(server)) == {"listed"}
    os.rename(server.path("private/away"), path)
    assert removed(watched_clean(server)) == set()
    with server.imap("alice") as imap:
        reply = imap.ok("SELECT listed")
        assert any(b"[UIDVALIDITY 1234567890]" in line
                   for line in reply.untagged)
        line, = imap.ok("FETCH 1 (UID FLAGS)").untagged
        assert re.search(rb"UID 5 FLAGS .*\\Seen", line)


@pytest.mark.parametrize("layout", [None, "fs"])
def test_a_mailbox_of_the_index_roots_name(dovecot, layout):
    """Its mails are then where the indexes of all are."""
    name = "/index" if layout else "/.index"
    server = dovecot(location=Location("maildir", "~/Maildir", layout=layout,
                                       index="~/Maildir" + name))
    root = server.users["alice"].home + "/Maildir" + name
    # the index is there before a client could make it
    for directory in ("cur", "new", "tmp"):
        os.makedirs(f"{root}/{directory}")
    server.chown("alice", server.users["alice"].home)
    make_junk(server, "alice", ["gone"])
    before = seen_alone(server, "index")
    for options in ([], ["--used", "--used-age", "0", "--force"]):
        assert "index" not in removed(clean(server, "alice", *options))
        for directory in ("cur", "new", "tmp"):
            assert os.path.isdir(f"{root}/{directory}")
        assert seen_alone(server, "index") == before
    assert not os.path.exists(entry_dir(server.location, root, "gone"))


@pytest.mark.parametrize("layout", [None, "fs"])
def test_mails_behind_a_symlink_into_the_index_root(dovecot, layout):
    """Without tmp/ Dovecot would say that there is no such mailbox."""
    server = dovecot(location=Location("maildir", "~/Maildir", layout=layout,
                                       index="index/%u"))
    store = server.path("index/%u", "alice") + "/store"
    for directory in ("cur", "new", "tmp"):
        os.makedirs(f"{store}/{directory}")
    write(f"{store}/cur/1700000000.M1P1.host:2,S", MESSAGE)
    home = server.users["alice"].home
    os.mkdir(f"{home}/Maildir")
    os.symlink(store, f"{home}/Maildir/{'' if layout else '.'}link")
    server.chown("alice", home)
    make_junk(server, "alice", ["gone"])
    for options in ([], ["--used", "--used-age", "0", "--force"]):
        clean(server, "alice", *options)
        with server.imap("alice") as imap:
            assert b"MESSAGES 1)" in \
                imap.ok("STATUS link (MESSAGES)").untagged[0]
    assert sorted(os.listdir(store)) == ["cur", "dovecot-uidlist", "new",
                                         "tmp"]


def seen_alone(server, box):
    """Returns what a client sees of a mailbox, in a session of its own."""
    with server.imap("alice") as imap:
        found = imap.ok("STATUS", quote(box), "(MESSAGES UIDNEXT UIDVALIDITY)")
    server.restart()
    return found.untagged


@pytest.mark.parametrize("index", [None, "index/%u"])
@pytest.mark.parametrize("driver", ["sdbox", "mdbox"])
def test_dbox_is_never_touched(dovecot, driver, index):
    """Its indexes are a part of the mails: also those of mailboxes that are
    gone."""
    server = dovecot(location=Location(driver, "~/dbox", index=index))
    fill_dbox(server)
    root = server.path(index or "~/dbox", "alice")
    gone = entry_dir(Location("maildir", "", layout="fs"), root,
                     "mailboxes/gone/dbox-Mails")
    os.makedirs(gone)
    with open(gone + "/dovecot.index.log", "wb"):
        pass
    server.chown("alice", root)
    before = snapshot(*roots(server))
    for options in ([], ["--used", "--used-age", "0", "--force"]):
        lines = clean(server, "alice", *options)
        assert removed(lines) == set()
        assert snapshot(*roots(server)) == before
        assert report(lines)["namespaces"][0]["clean"]["refused"] == \
            "The indexes of sdbox and mdbox are a part of the mails"


def fill_dbox(server):
    with server.imap("alice") as imap:
        for box in BOXES:
            if box != "INBOX":
                imap.ok("CREATE", quote(box))
            imap.ok("APPEND", quote(box), literal(MESSAGE))
            imap.ok("SELECT", quote(box))
        imap.ok("DELETE Sent")
    server.restart()
