# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""Nothing is lost: what walks all mailboxes for another reason than LIST sees
the hidden ones too, and a refresh of the list index forgets none of them. Each
of these lost mail, or told of deletions, when LIST's filter served them all."""

import contextlib
import os
import re
import shutil
import time

import pytest

from dovecot import IS_24, Location
from filter import FORMATS, MESSAGE, create, forget_list_index, list_index, \
    with_filter
from imap import Closed, literal, quote

MAILDIR = FORMATS["maildir++"]
# with its indexes beside the mail
MDBOX = Location("mdbox", "~/mdbox")
RULES = "junk-* .* public_html"


@pytest.fixture(params=["plain", "filter"])
def start(request, dovecot):
    """Starts the server without or with the plugin: what holds for the one has
    to hold for the other."""
    def start(rules=RULES, **description):
        if request.param == "filter":
            description = with_filter(description, rules)
        return dovecot(**description)
    start.filtered = request.param == "filter"
    return start


def append(imap, name, count=1):
    for _ in range(count):
        imap.ok("APPEND", quote(name), literal(MESSAGE))


def messages(imap, name):
    reply = imap.ok("STATUS", quote(name), "(MESSAGES)")
    return int(re.search(rb"MESSAGES (\d+)", reply.untagged[-1]).group(1))


def put_behind_link(server, path):
    path = server.path(path, "alice")
    elsewhere = server.path("mail/elsewhere")
    shutil.move(path, elsewhere)
    os.symlink(elsewhere, path)


@pytest.mark.parametrize("list_index", ["yes", "no"])
def test_rename_takes_hidden_children_along(start, list_index):
    server = start(location=MAILDIR,
                   settings={"mailbox_list_index": list_index})
    with server.imap("alice") as imap:
        for name in ("a", "a/b", "a/junk-1", "a/b/junk-2", "a/junk-1/c"):
            imap.ok("CREATE", name)
            append(imap, name)
        imap.list()
        imap.ok("RENAME a z")
        imap.list()
        for name in ("z", "z/b", "z/junk-1", "z/b/junk-2", "z/junk-1/c"):
            assert messages(imap, name) == 1
    root = server.path("~/Maildir", "alice")
    assert {name for name in os.listdir(root) if name.startswith(".a")} == \
        set()


# the commands that find that the map is gone: the rebuild nests in them
REBUILDS = {
    "fetch": ["SELECT INBOX", "FETCH 1:* BODY[]"],
    "status": ["STATUS visible (MESSAGES SIZE)"],
    "list-status": ['LIST "" "*" RETURN (STATUS (MESSAGES SIZE))'],
}


@pytest.mark.parametrize("cold", [False, True], ids=["", "cold"])
@pytest.mark.parametrize("how", REBUILDS)
def test_mdbox_rebuild_counts_hidden_mailboxes(start, how, cold):
    """A message with a copy in a hidden mailbox; the map of the storage is
    lost and rebuilt; the visible copy is expunged and the storage purged."""
    server = start(location=MDBOX)
    with server.imap("alice") as imap:
        imap.ok("CREATE junk-1")
        imap.ok("CREATE visible")
        append(imap, "INBOX", 3)
        imap.ok("SELECT INBOX")
        imap.ok("COPY 1:2 junk-1")
        imap.ok("COPY 3 visible")
    storage = server.path("~/mdbox/storage", "alice")
    for name in os.listdir(storage):
        if name.startswith("dovecot.map.index"):
            os.unlink(os.path.join(storage, name))
    if cold:
        forget_list_index(server, "alice", "~/mdbox")
    # a FETCH that finds it ends the session; the next may have to rebuild again
    for commands in (REBUILDS[how], REBUILDS["fetch"], REBUILDS["fetch"]):
        with server.imap("alice") as imap, contextlib.suppress(Closed):
            for command in commands:
                imap.cmd(command)
    with server.imap("alice") as imap:
        imap.ok("SELECT INBOX")
        assert len(imap.ok("FETCH 1:* BODY[]").starting("")) == 3
        imap.ok("STORE 1:* +FLAGS (\\Deleted)")
        imap.ok("EXPUNGE")
    assert server.log_lines("rebuild")
    server.doveadm("purge", "-u", "alice")
    with server.imap("alice") as imap:
        for name, count in (("junk-1", 2), ("visible", 1)):
            imap.ok("SELECT", name)
            fetched = imap.ok("FETCH 1:* BODY[TEXT]").untagged
            assert len(fetched) == count
            assert all(b"body" in line for line in fetched)


QUOTA_EXTRA = {"2.4": """
quota "User quota" {
  quota_driver = count
  quota_storage_size = 100M
}
"""}
QUOTAS = {"count": {"quota": "count:User quota",
                    "quota_rule": "*:storage=100M", "quota_vsizes": "yes"},
          "maildir": {"quota": "maildir:User quota",
                      "quota_rule": "*:storage=100M"}}


@pytest.mark.parametrize("driver", ["count"] if IS_24 else QUOTAS)
def test_quota_counts_hidden_mailboxes(start, driver):
    server = start(location=MAILDIR, extra=QUOTA_EXTRA,
                   plugins={"": ["quota"], "imap": ["imap_quota"]},
                   plugin_settings={} if IS_24 else QUOTAS[driver])
    big = MESSAGE + b"x" * 100 * 1024
    with server.imap("alice") as imap:
        for name in ("visible", "junk-1"):
            imap.ok("CREATE", name)
            imap.ok("APPEND", name, literal(big))
    size = server.path("~/Maildir/maildirsize", "alice")
    if driver == "maildir":
        os.unlink(size)
    else:
        shutil.rmtree(server.path("index/alice"))
    with server.imap("alice") as imap:
        imap.list()
        quota = imap.ok("GETQUOTAROOT INBOX").starting("QUOTA ")[0]
        assert 200 <= int(re.search(rb"STORAGE (\d+)", quota).group(1)) < 210
        imap.list()


def test_quota_counts_a_maildir_that_others_made(start):
    """The first who opens it gives it its UIDVALIDITY, and a file in the mail
    root another name while that directory is read."""
    server = start(location=FORMATS["maildir-fs"], extra=QUOTA_EXTRA,
                   plugins={"": ["quota"], "imap": ["imap_quota"]},
                   plugin_settings={} if IS_24 else QUOTAS["count"])

    def make(name):
        for part in ("cur", "new", "tmp"):
            os.makedirs(server.path(f"~/Maildir/{name}/{part}", "alice"))
        server.chown("alice", server.path("~/Maildir", "alice"))

    server.deliver("alice", MESSAGE)
    for name in ("visible", "junk-1", "Work/plan", "Work/junk-2"):
        make(name)
        with server.imap("alice") as imap:
            imap.ok("GETQUOTAROOT INBOX")
            append(imap, name)
        make(name + "-2")
        server.deliver("alice", MESSAGE)
    assert server.errors() == []


@pytest.mark.parametrize("name", ["mbox", "maildir++", "maildir-fs"])
def test_quota_counts_a_mailbox_behind_a_link(start, name):
    server = start(location=FORMATS[name], extra=QUOTA_EXTRA,
                   plugins={"": ["quota"], "imap": ["imap_quota"]},
                   plugin_settings={} if IS_24 else QUOTAS["count"])
    with server.imap("alice") as imap:
        for mailbox in ("archive", "visible"):
            imap.ok("CREATE", mailbox)
            imap.ok("APPEND", mailbox, literal(MESSAGE + b"x" * 100 * 1024))
    dot = "." if name == "maildir++" else ""
    put_behind_link(server, f"{FORMATS[name].mail}/{dot}archive")
    with server.imap("alice") as imap:
        quota = imap.ok("GETQUOTAROOT INBOX").starting("QUOTA ")[0]
        assert 200 <= int(re.search(rb"STORAGE (\d+)", quota).group(1)) < 210


def test_autoexpunge_by_wildcard(start):
    """autoexpunge runs at the end of the session and names no single mailbox:
    rules hide what it expunges."""
    server = start(location=MAILDIR, extra="""
namespace inbox {
  mailbox junk-* {
    autoexpunge = 1s
  }
}
""")
    with server.imap("alice") as imap:
        for name in ("visible", "junk-1", "junk-2"):
            imap.ok("CREATE", name)
            append(imap, name)
    put_behind_link(server, "~/Maildir/.junk-2")
    # it looks at full seconds
    time.sleep(2.1)
    with server.imap("alice") as imap:
        imap.list()
    server.stop()
    server.start()
    assert {name: messages(server.imap("alice"), name)
            for name in ("visible", "junk-1", "junk-2")} == \
        {"visible": 1, "junk-1": 0, "junk-2": 0}


ATTRIBUTES = {
    "2.3": """
mail_attribute_dict = file:@DIR@/control/%u.attributes
imap_urlauth_host = *
""",
    "2.4": """
mail_attribute {
  dict file {
    path = @DIR@/control/%{user}.attributes
  }
}
imap_urlauth_host = *
"""}


def test_resetkey_reaches_hidden_mailboxes(start):
    """RESETKEY without a mailbox revokes the keys of all of them."""
    server = start(location=MAILDIR, extra=ATTRIBUTES)
    names = ["visible", "junk-1", "archive"]
    attributes = server.path("control/alice.attributes")
    with server.imap("alice") as imap:
        for name in names:
            imap.ok("CREATE", name)
            append(imap, name)
            validity = re.search(rb"\d+", imap.ok(
                "STATUS", name, "(UIDVALIDITY)").untagged[0][-15:]).group()
            imap.ok(f'GENURLAUTH "imap://alice@localhost/{name};uidvalidity='
                    f'{validity.decode()}/;uid=1;urlauth=user+alice" INTERNAL')
        imap.list()
    with open(attributes) as f:
        assert f.read().count("urlauth") >= len(names)
    put_behind_link(server, "~/Maildir/.archive")
    with server.imap("alice") as imap:
        imap.list()
        imap.ok("RESETKEY")
    with open(attributes) as f:
        assert "urlauth" not in f.read()


BACKED_UP = ["visible", "junk-1", "junk-1/below", "Work/junk-2", "Work/plan",
             "public_html/page"]


@pytest.mark.parametrize("dirty", ["no", "yes"])
def test_backup_is_complete(start, dirty):
    """Also a second one, after LISTs and refreshes have had their chance to
    forget a mailbox: it would be deleted at the destination."""
    server = start(location=MAILDIR, settings={
        "mailbox_list_index_very_dirty_syncs": dirty})
    server.doveadm("mailbox", "create", "-u", "alice", *BACKED_UP)
    with server.imap("alice") as imap:
        for name in BACKED_UP:
            append(imap, name)
    copy = "maildir:" + server.path("~/copy", "alice")

    def backup():
        forget_list_index(server, "alice")
        for _ in range(2):
            with server.imap("alice") as imap:
                imap.list()
                imap.list("", "%")
                imap.ok("STATUS visible (MESSAGES)")
        server.deliver("alice", MESSAGE)
        server.doveadm("backup", "-u", "alice", copy)
        root = server.path("~/copy", "alice")
        return {name: len(os.listdir(root + "/." + name.replace("/", ".") +
                                     "/cur") +
                          os.listdir(root + "/." + name.replace("/", ".") +
                                     "/new"))
                for name in BACKED_UP}

    assert backup() == {name: 1 for name in BACKED_UP}
    assert backup() == {name: 1 for name in BACKED_UP}


def notified(imap, name):
    """Returns what NOTIFY told until it told of a name."""
    lines = []
    while not lines or name not in lines[-1]:
        line = imap.line()
        if line != b"* OK Still here":
            lines.append(line)
    return lines


@pytest.mark.parametrize("name", ["mbox", "maildir++"])
def test_notify_hears_of_what_happens_and_of_nothing_else(start, name):
    """The refreshes of another client's LISTs delete nothing; a hidden mailbox
    that is created or deleted is told as on stock Dovecot."""
    server = start(location=FORMATS[name])
    create(server, "alice", FORMATS[name], [
        "visible", "junk-1", "Work/plan", "Work/junk-2", "public_html/a"])
    server.doveadm("mailbox", "list", "-u", "alice")
    listener = server.imap("alice")
    listener.ok("NOTIFY SET (personal (MailboxName SubscriptionChange))")
    tag = listener.send("IDLE")
    assert listener.line().startswith(b"+")
    with server.imap("alice") as imap:
        for _ in range(3):
            imap.list()
            imap.list("", "Work/%")
            imap.ok("STATUS visible (MESSAGES)")
        imap.ok("CREATE marker-1")
    heard = notified(listener, b"marker-1")
    assert len(heard) == 1, heard
    with server.imap("alice") as imap:
        imap.list()
        imap.ok("DELETE junk-1")
        imap.list()
        imap.ok("CREATE marker-2")
    heard = notified(listener, b"marker-2")
    assert len(heard) == 2 and b"junk-1" in heard[0], heard
    assert b"NonExistent" in heard[0]
    listener.raw("DONE\r\n")
    assert listener.wait(tag).ok
    listener.logout()


RECORDS = ["visible", "junk-1", "Work/plan", "Work/junk-2", "public_html/a",
           "public_html/b/c", ".git/config", "Work/.svn/entries", "gone-1",
           "junk-gone", "public_html/gone"]


# what comes before the names on disk
ON_DISK = {"mbox": "~/", "maildir++": "~/Maildir/.",
           "sdbox": "~/sdbox/mailboxes/"}


@pytest.mark.parametrize("name", ON_DISK)
def test_list_index_forgets_what_is_gone_and_nothing_else(start, name):
    """UIDs and GUIDs of the list index stay what they were."""
    server = start(location=FORMATS[name])
    names = [n for n in RECORDS if name != "maildir++" or "." not in n]
    create(server, "alice", FORMATS[name], names)
    server.doveadm("mailbox", "list", "-u", "alice")
    server.deliver("alice", MESSAGE)

    def use():
        for _ in range(2):
            with server.imap("alice") as imap:
                imap.ok("STATUS visible (MESSAGES)")
                imap.list()
                imap.list("", "%")
                imap.ok("SELECT INBOX")
                imap.list("", "public_html/*")
            server.deliver("alice", MESSAGE)

    before = list_index(server, "alice")
    sep = "." if name == "maildir++" else "/"
    assert {n.replace("/", sep) for n in names} <= \
        {n.replace("/", sep) for n in before}
    use()
    assert list_index(server, "alice") == before

    # what is deleted behind Dovecot's back, and by a command
    for gone in ("gone-1", "junk-gone", "Work/.svn"):
        path = server.path(ON_DISK[name], "alice") + gone
        if os.path.isfile(path):
            os.unlink(path)
        else:
            shutil.rmtree(path, ignore_errors=True)
    with server.imap("alice") as imap:
        imap.ok("DELETE public_html/gone")
    use()
    after = list_index(server, "alice")
    assert after == {n: record for n, record in before.items()
                     if "gone" not in n and not n.startswith("Work/.svn")}


VIRTUAL = {
    "2.3": """
namespace virtual {
  prefix = Virtual/
  separator = /
  location = virtual:@DIR@/virtual:INDEX=@DIR@/control/virtual
}
""",
    "2.4": """
namespace virtual {
  prefix = Virtual/
  separator = /
  mail_driver = virtual
  mail_path = @DIR@/virtual
  mail_index_path = @DIR@/control/virtual
}
"""}


def test_virtual_mailbox_holds_hidden_ones(start):
    """Whether it is opened by its name or for a LIST."""
    server = start(location=MAILDIR, extra=VIRTUAL, plugins={"": ["virtual"]})
    os.makedirs(server.path("virtual/all"))
    with open(server.path("virtual/all/dovecot-virtual"), "w") as f:
        f.write("visible\njunk-*\n  all\n")
    for command in ('LIST "" "*" RETURN (STATUS (MESSAGES))',
                    "STATUS Virtual/all (MESSAGES)"):
        with server.imap("alice") as imap:
            for name in ("visible", "junk-1", "junk-2"):
                imap.cmd("CREATE", name)
                append(imap, name)
        with server.imap("alice") as imap:
            imap.list()
            reply = imap.ok(command)
            count, = [line for line in reply.starting("STATUS")
                      if b"Virtual/all" in line]
            assert b"(MESSAGES %d)" % (3 if "LIST" in command else 6) in count
