# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""Several namespaces: roots that are the same, one below the other, shared;
and what isn't judged."""

import glob
import os
import re
import shutil

import pytest

from audit import entries, json_lines, make_log, MESSAGE, write
from dovecot import IS_24, Location, Namespace
from imap import literal
from oracle import audit


def mbox(mail, index, **kwargs):
    return Location("mbox", mail, inbox="mail/%u", index=index, **kwargs)


def fill(server, *paths):
    """Makes mailboxes below the home, and entries below the server's
    directory: (mailbox or None, entry or None)."""
    home = server.users["alice"].home
    for box, entry in paths:
        if box is not None:
            path = os.path.join(home, box)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            write(path, MESSAGE)
        if entry is not None:
            make_log(server.path(entry, "alice"))
    for top in (home, server.dir + "/index"):
        server.chown("alice", top)


def states(report):
    return {e["name"] if e["name"] is None else e["name"].decode():
            (e["state"], e["reason"]) for e in report.entries.values()}


def prefixes(report):
    return [(ns["prefix"], ns["aliases"]) for ns in report.namespaces]


MAILBOX, MISSING = ("mailbox", None), ("missing", None)


def test_same_roots_are_audited_once(dovecot):
    server = dovecot(location=mbox("~", "index/%u"), namespaces=[
        Namespace("mail", "mail/", location=mbox("~", "index/%u")),
        Namespace("more", "~/mail/", location=mbox("~/", "index/%u"))])
    fill(server, ("box", "index/%u/.imap/box"))
    report = audit(server)
    assert prefixes(report) == [("", ["mail/", "~/mail/"])]
    assert states(report) == {"box": MAILBOX}


def test_roots_behind_different_paths(dovecot):
    """It is the directory that counts, not its path."""
    server = dovecot(location=mbox("~/mail", "index/%u"), namespaces=[
        Namespace("link", "link/", location=mbox("~/link", "~/index"))])
    fill(server, ("mail/box", "index/%u/.imap/box"))
    home = server.users["alice"].home
    os.symlink("mail", home + "/link")
    os.symlink(server.path("index/%u", "alice"), home + "/index")
    report = audit(server)
    assert prefixes(report) == [("", ["link/"])]
    assert states(report) == {"box": MAILBOX}


def test_nested_roots_are_counted_and_not_judged(dovecot):
    """The other namespace judges them."""
    server = dovecot(location=mbox("~/mail", "index/%u"), namespaces=[
        Namespace("old", "old/", location=Location(
            "mbox", "~/oldmail", index="index/%u/old"))])
    fill(server, ("mail/box", "index/%u/.imap/box"),
         (None, "index/%u/.imap/gone"),
         ("oldmail/box", "index/%u/old/.imap/box"),
         (None, "index/%u/old/.imap/gone"))
    nested = server.path("index/%u/old", "alice")
    report = audit(server, nested=[nested])
    assert states(report) == {"box": MAILBOX, "gone": MISSING,
                              "old/box": MAILBOX, "old/gone": MISSING}
    first, second = report.namespaces
    assert first["totals"]["entries"] == 2
    assert {k: first["other"]["nested"][k] for k in ("inodes", "bytes")} == \
        {k: second["totals"][k] for k in ("inodes", "bytes")}


# a location with one of its roots at a path, and the others where they are told
ROOTS = {
    "mail": lambda path, mail, index: Location("mbox", path, index=index),
    "index": lambda path, mail, index: Location("mbox", mail, index=path),
    "control": lambda path, mail, index: Location("mbox", mail, index=index,
                                                  control=path),
    "INDEXCACHE": lambda path, mail, index: Location(
        "mbox", mail, index=index, options={"INDEXCACHE": path}),
    "INDEXPVT": lambda path, mail, index: Location(
        "maildir", mail, index=index, options={"INDEXPVT": path}),
    "LISTINDEX": lambda path, mail, index: Location(
        "mbox", mail, index=index,
        options={"LISTINDEX": path + "/dovecot.list.index"}),
    "VOLATILEDIR": lambda path, mail, index: Location(
        "mbox", mail, index=index, options={"VOLATILEDIR": path}),
    "ALT": lambda path, mail, index: Location("mdbox", mail, index=index,
                                              options={"ALT": path}),
}


@pytest.mark.parametrize("kind", ROOTS)
def test_any_root_of_another_namespace_may_be_nested(dovecot, kind):
    path = "index/%u/nested"
    server = dovecot(location=mbox("~/mail", "index/%u"), namespaces=[
        Namespace("other", "other/", location=ROOTS[kind](
            path, "~/other", "index/other"))])
    fill(server, ("mail/box", "index/%u/.imap/box"),
         ("other/box", "index/%u/nested/.imap/gone"))
    nested = server.path(path, "alice")
    os.makedirs(nested + "/deep/.imap/deeper")
    report = audit(server, nested=[nested])
    ns = report.namespaces[0]
    assert list(report.of("")) == [b".imap/box"]
    # nested, .imap, gone and its log, deep, .imap, deeper
    assert ns["other"]["nested"]["inodes"] == 7


@pytest.mark.parametrize("kind", [k for k in ROOTS if k != "index"])
def test_any_other_root_below_the_own_index_root_is_nested(dovecot, kind):
    path = "index/%u/nested"
    server = dovecot(location=ROOTS[kind](path, "~/mail", "index/%u"))
    nested = server.path(path, "alice")
    fill(server, ("mail/x", "index/%u/nested/.imap/gone"))
    os.makedirs(nested + "/deep")
    server.chown("alice", nested)
    # the utility has no option for a list index elsewhere
    report = audit(server, nested=[nested],
                   same=False if kind == "LISTINDEX" else None)
    ns = report.namespaces[0]
    assert report.entries == {}
    # nested, .imap, gone and its log, deep
    assert ns["other"]["nested"]["inodes"] == 5


def test_different_mails_with_the_same_indexes(dovecot):
    """What is missing for one may be there for the other."""
    server = dovecot(location=mbox("~/mail", "index/%u"), namespaces=[
        Namespace("other", "other/", location=Location(
            "mbox", "~/other", index="index/%u"))],
        settings={"mailbox_list_index": False})
    fill(server, ("mail/mine", "index/%u/.imap/mine"),
         ("other/theirs", "index/%u/.imap/theirs"))
    report = audit(server)
    shared = ("unknown", "shared-root")
    assert states(report) == {"mine": MAILBOX, "theirs": shared,
                              "other/mine": shared, "other/theirs": MAILBOX}


@pytest.mark.parametrize("first", ["maildir", "sdbox"])
def test_one_place_for_two_formats(dovecot, first):
    """As while mail is moved from one to the other: what isn't a mailbox for
    one may be one for the other."""
    formats = {"maildir": Location("maildir", "~/mail", index="index/%u",
                                   layout="fs"),
               "sdbox": Location("sdbox", "~/mail", index="index/%u")}
    own = formats.pop(first)
    other, = formats.values()
    server = dovecot(location=own, namespaces=[
        Namespace("other", "other/", location=other)],
        settings={"mailbox_list_index": False})
    mailboxes = ["mine", "other/theirs", "other/a/b"]
    with server.imap("alice") as imap:
        for name in mailboxes:
            imap.ok("CREATE", name)
            imap.ok("APPEND", name, literal(MESSAGE))
            imap.ok("SELECT", name)
    report = audit(server)
    assert prefixes(report) == [("", []), ("other/", [])]
    found = states(report)
    assert [found[name] for name in mailboxes] == [MAILBOX] * 3
    assert {state for name, state in found.items()
            if name not in mailboxes} <= \
        {MAILBOX, ("unknown", "shared-root"), ("unknown", "unmapped")}
    server.doveadm("mailbox-audit", "clean", "-u", "alice", "-a", "0", "-U",
                   "-g", "0", "--force")
    for name in mailboxes:
        status = server.doveadm("mailbox", "status", "-u", "alice",
                                "messages", name).stdout
        assert status == f"{name} messages=1\n".encode()


@pytest.mark.parametrize("first, own", [
    (Location("maildir", "~/Maildir", index="index/%u"),) * 2,
    (Location("mbox", "~/mail", index="index/%u"), mbox("~/mail", "index/%u")),
], ids=["maildir", "mbox"])
def test_inbox_is_of_the_namespace_that_has_it(dovecot, first, own):
    """Also where another one with the same mailboxes comes first."""
    server = dovecot(location=first, separator=".", namespaces=[
        Namespace("own", "INBOX.", ".", location=own,
                  settings={"inbox": True})],
        extra="namespace inbox {\n  inbox = no\n}\n")
    server.deliver("alice", MESSAGE)
    with server.imap("alice") as imap:
        imap.ok("SELECT", "INBOX")
    report = audit(server, same=False)
    assert [ns["aliases"] for ns in report.namespaces] in ([[""]], [["INBOX."]])
    inbox, = report.entries.values()
    assert inbox["state"] == "mailbox"
    assert inbox["name"] in (b"INBOX", b"INBOX.INBOX")


def test_private_flags_with_the_own_indexes(dovecot):
    """INDEXPVT of what is public is the user's own index root: what has such
    flags alone belongs to a public mailbox."""
    server = dovecot(
        location=Location("maildir", "~/Maildir", index="index/%u"),
        namespaces=[Namespace(
            "public", "Public/", type="public", location=Location(
                "maildir", "public", index="index/public",
                options={"INDEXPVT": "index/%u"}),
            settings={"subscriptions": False})])
    team = server.dir + "/public/.team"
    for path in (server.dir + "/public", team):
        for name in ("cur", "new", "tmp"):
            os.makedirs(f"{path}/{name}")
        write(path + "/dovecot-shared")
    write(team + "/cur/1.1.host:2,", b"Subject: x\n\nbody\n")
    server.chown("alice", server.dir + "/public")
    with server.imap("alice") as imap:
        imap.ok("SELECT", "Public/team")
        imap.ok("STORE", "1", "+FLAGS", "\\Seen")
        imap.ok("CREATE", "gone")
        imap.ok("SELECT", "gone")
    shutil.rmtree(server.path("~/Maildir/.gone", "alice"))
    report = audit(server)
    assert states(report) == {"team": ("unknown", "shared-root"),
                              "gone": MISSING, "INBOX": MAILBOX}
    server.doveadm("mailbox-audit", "clean", "-u", "alice", "-a", "0", "-U",
                   "-g", "0", "--force")
    assert set(audit(server).of("")) == {b".INBOX", b".team"}


def test_shared_and_public_ones_when_named(dovecot):
    public = Namespace("public", "Public/", type="public", location=Location(
        "mbox", "public", index="index/public"))
    server = dovecot(location=mbox("~/mail", "index/%u"), namespaces=[public])
    fill(server, ("mail/box", "index/%u/.imap/box"),
         (None, "index/public/.imap/gone"))
    os.mkdir(server.dir + "/public")
    write(server.dir + "/public/x", MESSAGE)
    assert prefixes(audit(server)) == [("", [])]
    report = audit(server, "alice", "-N", "Public/", same=False)
    assert prefixes(report) == [("Public/", [])]
    assert report.namespaces[0]["type"] == "public"
    assert states(report) == {"Public/gone": MISSING}
    report = audit(server, "alice", "--namespace", "", same=False)
    assert prefixes(report) == [("", [])]
    result = server.doveadm("mailbox-audit", "-u", "alice", "-N", "no/",
                            check=False)
    assert result.returncode != 0 and b"no/" in result.stderr


# whose \\Seen flags are each user's own, below his own indexes
SHARED = {"2.3": """
namespace shared {
  type = shared
  prefix = shared/%%u/
  location = maildir:%%h/Maildir:LAYOUT=fs:INDEXPVT=~/index/%%u
}
plugin {
  acl = vfile
  acl_shared_dict = file:@DIR@/control/shared
}
""", "2.4": """
namespace shared {
  type = shared
  prefix = shared/$user/
  mail_path = %{owner_home}/Maildir
  mail_index_path =
  mail_index_private_path = ~/index/%{owner_user}
}
acl_driver = vfile
acl_sharing_map {
  dict file {
    path = @DIR@/control/shared
  }
}
"""}


@pytest.mark.parametrize("explicit", [False, True])
def test_what_others_share(dovecot, explicit):
    """Its INBOX has the name that clients see. What the user has of it below
    his own indexes is no bogus entry of his."""
    location = Location("maildir", "~/Maildir", layout="fs", index="~/index")
    server = dovecot(location=location, users=[], extra=SHARED,
                     plugins={"": ["acl"], "imap": ["imap_acl"]},
                     settings={"mail_shared_explicit_inbox": explicit})
    for user in ("alice", "bob"):
        server.add_user(user, 20001)
    with server.imap("bob") as imap:
        imap.ok("CREATE box")
        for name in ("INBOX", "box"):
            imap.ok("APPEND", name, literal(MESSAGE))
            imap.ok(f"SETACL {name} alice lrs")
    with server.imap("alice") as imap:
        imap.ok("SELECT shared/bob/box")
        imap.ok("STORE 1 +FLAGS (\\Seen)")
        listed = {name.decode() for name in imap.list("shared/", "*")}
    result = server.doveadm("mailbox-audit", "-u", "alice", "-e", "-j", "-N",
                            "shared/bob/")
    found = entries(json_lines(result.stdout))
    inbox = "shared/bob/INBOX" if explicit else "shared/bob"
    assert set(found) == {inbox, "shared/bob/box"} <= listed
    assert {e["state"] for e in found.values()} == {"mailbox"}
    private = server.path("~/index/bob", "alice")
    assert glob.glob(private + "/box/dovecot.index.pvt.*")
    own = entries(json_lines(server.doveadm("mailbox-audit", "-u", "alice",
                                            "-e", "-j").stdout))
    assert {e["state"] for e in own.values()} <= {"mailbox", "unknown"}


def test_what_nobody_shares(dovecot):
    """The namespace from which those of others are made has no mails."""
    shared = "namespace x {\n type = shared\n prefix = shared/%s/\n %s\n}\n"
    server = dovecot(location=mbox("~/mail", "index/%u"), extra={
        "2.3": shared % ("%%u", "location = maildir:%%h/Maildir"),
        "2.4": shared % ("$user", "mail_path = %{owner_home}/Maildir")})
    assert prefixes(audit(server, same=False)) == [("", [])]
    for prefix in ("shared/", "shared/nobody/"):
        result = server.doveadm("mailbox-audit", "-u", "alice", "-N", prefix,
                                check=False)
        assert result.returncode == os.EX_USAGE
        assert re.search(rb'The user has: "" "shared/[$%]u(ser)?/"$',
                         result.stderr, re.M), result


def test_public_root_below_the_users(dovecot):
    """A namespace that isn't audited is known all the same."""
    public = Namespace("public", "Public/", type="public", location=Location(
        "mbox", "public", index="index/%u/public"))
    server = dovecot(location=mbox("~/mail", "index/%u"), namespaces=[public])
    fill(server, ("mail/box", "index/%u/.imap/box"),
         (None, "index/%u/public/.imap/gone"))
    nested = server.path("index/%u/public", "alice")
    report = audit(server, nested=[nested], same=False)
    assert states(report) == {"box": MAILBOX}
    assert report.namespaces[0]["other"]["nested"]["inodes"] == 4


def test_index_in_memory(dovecot):
    server = dovecot(location=mbox("~/mail", "MEMORY"))
    fill(server, ("mail/box", None))
    report = audit(server)
    ns = report.namespaces[0]
    assert ns["index_root"] is None
    assert ns["totals"] == {"entries": 0, "inodes": 0, "bytes": 0}


def check_not_judged(server, **kwargs):
    """All inodes, no state."""
    report = audit(server, **kwargs)
    ns = report.namespaces[0]
    assert ns["totals"]["inodes"] > 0
    assert set(states(report).values()) == {("unknown", "not-judged")}
    assert ns["bogus"]["entries"] == 0
    return report


def test_iterindex_is_not_judged(dovecot):
    server = dovecot(location=mbox("~/mail", "index/%u",
                                   options={"ITERINDEX": True}))
    fill(server, ("mail/box", "index/%u/.imap/box"),
         (None, "index/%u/.imap/gone"))
    check_not_judged(server)


def test_unknown_drivers_are_not_judged(dovecot):
    """The virtual plugin's mailboxes, for one."""
    virtual = Namespace("virtual", "Virtual/", location=Location(
        "virtual", "~/virtual", index="index/virtual"))
    server = dovecot(location=mbox("~/mail", "index/%u"),
                     namespaces=[virtual], plugins={"": ["virtual"]})
    fill(server, ("mail/box", "index/%u/.imap/box"),
         (None, "index/virtual/all"))
    home = server.users["alice"].home
    os.makedirs(home + "/virtual/all")
    write(home + "/virtual/all/dovecot-virtual", b"*\n  all\n")
    server.chown("alice", home)
    report = audit(server)
    assert states(report) == {"box": MAILBOX, None: ("unknown", "not-judged")}
    assert report.namespaces[1]["driver"] == "virtual"
    assert report.namespaces[1]["totals"]["inodes"] == 3


def subscribed(report):
    return report.namespaces[0]["names"]["subscriptions"]


SUBSCRIPTIONS = {
    "mbox": (".subscriptions", "/"),
    "maildir": ("subscriptions", "."),
    "sdbox": ("subscriptions", "/"),
}


@pytest.mark.parametrize("separator", ["/", "."])
@pytest.mark.parametrize("driver", SUBSCRIPTIONS)
def test_bogus_subscriptions_without_an_entry(dovecot, driver, separator):
    server = dovecot(location=Location(
        driver, "~/mail", index="index/%u", control="control/%u",
        inbox="mail/%u" if driver == "mbox" else None), separator=separator)
    home = server.users["alice"].home
    os.mkdir(home + "/mail")
    server.chown("alice", home)
    with server.imap("alice") as imap:
        for box in ("box", "gone", "with" + separator + "levels", "&APw-"):
            imap.ok("CREATE " + box)
            imap.ok("SUBSCRIBE " + box)
            imap.ok("DELETE " + box)
        imap.ok("CREATE box")
        imap.ok("UNSUBSCRIBE gone")
        imap.ok("SUBSCRIBE INBOX")
    assert os.path.exists(os.path.join(server.path("control/%u", "alice"),
                                       SUBSCRIPTIONS[driver][0]))
    report = audit(server)
    assert sorted(subscribed(report)) == \
        sorted(["with" + separator + "levels", "ü"])


def test_subscriptions_of_any_content(dovecot):
    """The user can write anything into the file; nothing leads out of the
    mail root."""
    server = dovecot(location=mbox("~/mail", "index/%u"))
    fill(server, ("mail/box", "index/%u/.imap/box"),
         ("mail/junk", "index/%u/.imap/gone"))
    home = server.users["alice"].home
    write(home + "/mail/junk", b"junk\n")
    path = home + "/mail/.subscriptions"
    write(path, b"\n".join([
        b"box", b"gone", b"junk", b"nowhere", b"../../../etc/passwd", b"..",
        b".", b"/etc/passwd", b"a//b", b"~root", b"", b"x" * 5000,
        b"latin-\xe4", b"nul\0nul", b"trailing/", b"junk/below", b"cut"]))
    server.chown("alice", home)
    names = subscribed(audit(server))
    assert {"junk", "nowhere", "latin-\\xe4", "junk/below", "cut"} <= \
        set(names)
    assert not any(n.startswith(("/", "~")) or ".." in n or n in
                   ("box", "gone", "") for n in names)


def test_subscriptions_of_a_nested_prefix(dovecot):
    """Names of a namespace that keeps its subscriptions elsewhere."""
    server = dovecot(location=mbox("~/mail", "index/%u"), namespaces=[
        Namespace("old", "old/", location=Location(
            "mbox", "~/oldmail", index="index/%u-old"),
            settings={"subscriptions": False})])
    fill(server, ("mail/box", "index/%u/.imap/box"), ("oldmail/x", None))
    with server.imap("alice") as imap:
        imap.ok("SUBSCRIBE old/x")
        imap.ok("SUBSCRIBE box")
    assert subscribed(audit(server)) == []


@pytest.mark.parametrize("index", [None, "index/%u-archive"])
@pytest.mark.parametrize("layout", ["maildir++", "fs"])
def test_a_prefix_may_be_a_mailbox(dovecot, layout, index):
    """That of a Maildir: a client that wants its Archive makes one. Dovecot
    2.4 has another name for what stands in place."""
    location = Location("maildir", "~/Archive", layout=layout, index=index)
    server = dovecot(location=Location("maildir", "~/Maildir"), namespaces=[
        Namespace("archive", "Archive/", location=location)])
    with server.imap("alice") as imap:
        for name in ("Archive/foo", "Archive"):
            imap.ok("CREATE", name)
            imap.ok("APPEND", name, literal(MESSAGE))
            imap.ok("SELECT", name)
    name = "Archive/INBOX" if IS_24 and index is None else "Archive"
    assert prefix_state(server) == (name.encode(), "mailbox", None)
    server.doveadm("mailbox-audit", "clean", "-u", "alice", "-a", "0", "-U",
                   "-g", "0", "--force")
    with server.imap("alice") as imap:
        assert imap.ok("STATUS", name, "(MESSAGES)").untagged == \
            [f"* STATUS {name} (MESSAGES 1)".encode()]
    if name != "Archive":
        return
    # where it isn't one, the index may be of another namespace
    for name in ("cur", "new", "tmp"):
        shutil.rmtree(server.path("~/Archive/" + name, "alice"))
    with server.imap("alice") as imap:
        assert not imap.cmd("SELECT Archive").ok
    assert prefix_state(server) == (None, "unknown", "unmapped")


def prefix_state(server):
    """Returns what the index root's own entry is."""
    entry = audit(server, same=False).of("Archive/")[b"."]
    return entry["name"], entry["state"], entry["reason"]
