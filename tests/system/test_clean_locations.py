# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""Clean where indexes stand below the index root that aren't a user's own, by
all that it is told: whatever they are, none of them goes."""

import os

import pytest

from audit import MESSAGE, entries, json_lines, report
from audit import utility as audit_utility
from cleaning import JUNK, clean, fill, make_junk, removed, utility
from dovecot import IS_24, Location
from imap import literal
from oracle import snapshot

# all that clean can take
USED = ["--used", "--used-age", "0", "--force"]
# a user's own location, and what another namespace has below its index root
BLOCKS = {
    "mbox": (Location("mbox", "~", inbox="mail/%u", index="index/%u"), "mbox"),
    "mdbox": (Location("maildir", "~/Maildir", layout="fs", index="index/%u"),
              "mdbox"),
    "mbox below maildir": (Location("maildir", "~/Maildir", layout="fs",
                                    index="index/%u"), "mbox"),
}
NAMESPACE = {
    "2.3": """
protocol imap {
  namespace more {
    prefix = More/
    separator = /
    location = DRIVER:@DIR@/control/%u:INDEX=@DIR@/index/%u/more
  }
}
""",
    "2.4": """
protocol imap {
  namespace more {
    prefix = More/
    separator = /
    mail_driver = DRIVER
    mail_path = @DIR@/control/%{user}
    mail_inbox_path =
    mail_index_path = @DIR@/index/%{user}/more
  }
}
"""}


@pytest.mark.parametrize("list_index", [True, False])
@pytest.mark.parametrize("which", BLOCKS)
def test_a_namespace_in_a_protocol_block(dovecot, which, list_index):
    """doveadm doesn't see it, nor does the utility. Without a list index there
    is a log of what was subscribed."""
    location, driver = BLOCKS[which]
    server = dovecot(location=location, extra={
        version: text.replace("DRIVER", driver)
        for version, text in NAMESPACE.items()},
        settings={"mailbox_list_index": list_index})
    fill(server)
    with server.imap("alice") as imap:
        for box in ("More/work/plan", "More/list"):
            imap.ok("CREATE", box)
            imap.ok("APPEND", box, literal(MESSAGE))
            imap.ok("SELECT", box)
            imap.ok("STORE 1 +FLAGS (\\Flagged keyword)")
        imap.ok("SUBSCRIBE More/list")
    server.restart()
    more = server.path("index/alice/more")
    before = snapshot(more)
    audit = entries(json_lines(server.doveadm(
        "mailbox-audit", "-u", "alice", "-e", "-j").stdout))
    theirs = {entry["path"]: (entry["state"], entry["reason"])
              for entry in audit.values() if entry["path"].startswith("more/")}
    assert len(theirs) == 2
    assert set(theirs.values()) == {("unknown", "other-root")}
    done = utility(server, "-a", "0", "-e", "-j", *USED, "--dry-run")
    assert done.returncode == 0, done
    assert set(entries(json_lines(done.stdout))) == set(JUNK)
    lines = clean(server, "alice", *USED)
    assert removed(lines) == set(JUNK)
    assert report(lines)["complete"]
    assert snapshot(more) == before
    with server.imap("alice") as imap:
        imap.ok("SELECT More/work/plan")
        found = imap.ok("FETCH 1 FLAGS").untagged
    assert b"\\Flagged" in found[0] and b"keyword" in found[0]


HOME = {"driver": "mbox", "mail": "~", "inbox": "mail/%u", "index": "index/%u"}
DIRS = {"driver": "maildir", "mail": "~/Maildir", "index": "index/%u"}
QUOTA = {
    "2.3": """
mail_plugins = quota
plugin {
  quota = DRIVER:User quota
  quota_rule = *:storage=1G
  quota_vsizes = yes
}
""",
    "2.4": """
mail_plugins {
  quota = yes
}
quota "User quota" {
  quota_driver = DRIVER
  quota_storage_size = 1G
}
"""}


def quota(driver):
    return {version: text.replace("DRIVER", driver)
            for version, text in QUOTA.items()}


# What else is said of a location, and settings of the server.
ODD = {
    "indexcache": ({**HOME, "options": {"INDEXCACHE": "index/%u/caches"}}, {}),
    "indexpvt": ({**HOME, "options": {"INDEXPVT": "index/%u/private"}}, {}),
    "volatile": ({**HOME, "options": {"VOLATILEDIR": "index/%u/volatile"}},
                 {}),
    "control": ({**HOME, "control": "index/%u/control"}, {}),
    "listindex": ({**HOME, "options": {"LISTINDEX": "index/%u/lists/names"}},
                  {}),
    "subscriptions": ({**HOME, "options": {"SUBSCRIPTIONS": "subs"}}, {}),
    "utf8": ({**HOME, "options": {"UTF-8": True}}, {}),
    "brokenchar": ({**HOME, "options": {"BROKENCHAR": "^"}}, {}),
    "maildir fs": ({**DIRS, "layout": "fs"}, {}),
    "maildir all below": ({**DIRS, "layout": "fs",
                           "control": "index/%u/control", "options": {
                               "INDEXCACHE": "index/%u/caches",
                               "INDEXPVT": "index/%u/private",
                               "VOLATILEDIR": "index/%u/volatile"}}, {}),
    "maildir++": (DIRS, {}),
    "no list index": (HOME, {"settings": {"mailbox_list_index": False}}),
    "no list index, fs": ({**DIRS, "layout": "fs"},
                          {"settings": {"mailbox_list_index": False}}),
    "nfs": (HOME, {"settings": {"mmap_disable": True, "mail_fsync": "always",
                                "mail_nfs_index": True,
                                "mail_nfs_storage": True}}),
    "dotlock": ({**DIRS, "layout": "fs"},
                {"settings": {"mmap_disable": True, "lock_method": "dotlock",
                              "mail_fsync": "always"}}),
    "flock": (HOME, {"settings": {"lock_method": "flock"}}),
    "cache fields": (HOME, {"settings": {
        "mail_always_cache_fields": "hdr.subject flags"}}),
    "quota count": ({**DIRS, "layout": "fs"}, {"extra": quota("count")}),
    "quota maildir": (DIRS, {"extra": quota("maildir")}),
}
BOXES = ["INBOX", "box", "Work/plan"]


def seen(server):
    """Returns what a client sees of each mailbox."""
    with server.imap("alice") as imap:
        found = {box: imap.ok("STATUS", box, "(MESSAGES UIDNEXT UIDVALIDITY "
                              "UNSEEN)").untagged for box in BOXES}
        for box in BOXES:
            imap.ok("SELECT", box)
            found[box] += imap.ok("FETCH 1 (UID FLAGS)").untagged
    server.restart()
    return found


@pytest.mark.parametrize("which", ODD)
def test_where_else_files_are(dovecot, which):
    """What is a mailbox's is never bogus, whatever else the location says."""
    location, more = ODD[which]
    if IS_24:
        if "maildir" in which and "quota" in which:
            pytest.skip("2.4 has no such quota")
    server = dovecot(location=Location(**location), **more)
    with server.imap("alice") as imap:
        for box in BOXES:
            if box != "INBOX":
                imap.ok("CREATE", box)
            imap.ok("APPEND", box, literal(MESSAGE))
            imap.ok("SELECT", box)
            imap.ok("STORE 1 +FLAGS (\\Flagged keyword)")
        imap.list()
    server.restart()
    make_junk(server, "alice", JUNK)
    before = seen(server)
    audit = entries(json_lines(server.doveadm(
        "mailbox-audit", "-u", "alice", "-e", "-j").stdout))
    assert {name for name, entry in audit.items()
            if entry["state"] in ("missing", "not-mailbox")} == set(JUNK)
    assert {audit[name]["state"] for name in BOXES} == {"mailbox"}
    assert removed(clean(server, "alice", *USED)) == set(JUNK)
    assert seen(server) == before


# Names that lead elsewhere, and their indexes to where those of other names
# are, in a location.
ELSEWHERE = {
    "up": ({**HOME, "mail": "~/mail"}, "../alice/box"),
    "up, maildir": ({**DIRS, "layout": "fs"}, "../alice/box"),
    "up from a symlink": (HOME, "link/../box"),
    "beside the indexes": ({**HOME, "mail": "~/mail", "index": "~"}, "~/box"),
}


@pytest.mark.parametrize("which", ELSEWHERE)
def test_names_that_lead_elsewhere(dovecot, which):
    location, box = ELSEWHERE[which]
    server = dovecot(location=Location(**location),
                     settings={"mail_full_filesystem_access": True})
    home = server.users["alice"].home
    os.makedirs(server.path("private/away/dir"))
    os.chmod(server.path("private"), 0o755)
    server.chown("alice", server.path("private/away"))
    os.makedirs(server.path(location["mail"], "alice"), exist_ok=True)
    os.makedirs(home + "/alice")
    os.symlink(server.path("private/away/dir"), home + "/link")
    server.chown("alice", home)
    with server.imap("alice") as imap:
        for name in (box, "kept"):
            imap.ok("CREATE", name)
            imap.ok("APPEND", name, literal(MESSAGE))
            imap.ok("SELECT", name)
            imap.ok("STORE 1 +FLAGS (\\Flagged keyword)")
    server.restart()
    make_junk(server, "alice", ["gone"])
    options = ["-e", "-j"]
    lines = json_lines(server.doveadm("mailbox-audit", "-u", "alice",
                                      *options).stdout)
    assert {(name, entry["state"], entry["reason"]) for name, entry
            in entries(lines).items() if name != "INBOX"} == {
        ("kept", "mailbox", None), ("box", "unknown", "full-access"),
        ("gone", "missing", None)}
    assert json_lines(audit_utility(server, "alice", *options).stdout) == lines
    assert removed(clean(server, "alice", *USED)) == {"gone"}
    with server.imap("alice") as imap:
        imap.ok("SELECT", box)
        assert b"keyword" in imap.ok("FETCH 1 FLAGS").untagged[0]
