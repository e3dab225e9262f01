# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""What LIST shows: exactly what stock Dovecot shows for a home from which the
hidden names were taken away, in every format, for every pattern."""

import os
import re

import pytest

from dovecot import IS_24, Location, User
from filter import ASKS_DISK, MBOX, fill_mbox, forget_list_index, hidden, \
    parents, visible, with_filter
from hibernation import HIBERNATION, hibernate
from imap import parse_list, quote

RULES = ".* public_html junk-* /Lists/*/old käse drafts/"

# mailboxes that hold no others
LEAVES = [
    "Sent",
    "Lists/dovecot/recent",
    "Lists/dovecot/old",
    "Lists/old",
    "Lists/perl/old",
    "deep/Lists/x/old",
    "junk-1",
    "Work/junk-2",
    "Work/plan",
    "Work/public_html",
    "Work/junk",
    "public_html/index",
    "public_html/sub/page",
    ".git/config",
    ".git/refs/heads",
    ".profile",
    "Only/.svn/entries",
    "käse/gouda",
    "käsekuchen",
    "drafts",
    "Old/drafts/a",
    "Old/b",
]
SUBSCRIBED = ["Sent", "Work/plan", "Work/junk-2", "public_html/sub/page",
              "gone", "junk-gone", "Lists/perl/old"]

# the location, the namespace's prefix and separator
LOCATIONS = {
    "mbox": (Location("mbox", "~", inbox="mail/%u", index="index/%u"),
             "", "/"),
    "mbox-prefix": (Location("mbox", "~", inbox="mail/%u", index="index/%u"),
                    "Mail|", "|"),
    "maildir++": (Location("maildir", "~/Maildir", index="index/%u"),
                  "", "/"),
    "maildir++-prefix": (Location("maildir", "~/Maildir", index="index/%u"),
                         "INBOX.", "."),
    "maildir++-escape": (Location("maildir", "~/Maildir", index="index/%u"),
                         "", "/"),
    "maildir-fs": (Location("maildir", "~/Maildir", index="index/%u",
                            layout="fs"), "", "/"),
    "maildir-fs-utf8": (Location("maildir", "~/Maildir", index="index/%u",
                                 layout="fs", options={"UTF-8": True}),
                        "", "/"),
    "sdbox": (Location("sdbox", "~/sdbox", index="index/%u"), "", "/"),
    "sdbox-iterindex": (
        Location("sdbox", "~/sdbox", index="index/%u",
                 options={"ITERINDEX": True}), "", "/"),
    "sdbox-index": (Location("sdbox", "~/sdbox", index="index/%u",
                             layout="index"), "", "/"),
    "mdbox-index-prefix": (Location("mdbox", "~/mdbox", index="index/%u",
                                    layout="index"), "My/", "/"),
}

if not IS_24:
    # Dovecot 2.4.1 itself fails an assertion with it
    LOCATIONS["maildir-fs-iterindex"] = (
        Location("maildir", "~/Maildir", index="index/%u", layout="fs",
                 options={"ITERINDEX": True}), "", "/")

# in maildir++ a name can't hold a dot without it
ESCAPE = {"settings": {"mailbox_list_storage_escape_char": "^"}} if IS_24 \
    else {"plugins": {"": ["listescape"]},
          "plugin_settings": {"listescape_char": "^"}}

# reference and pattern
PATTERNS = [
    ("", "*"), ("", "%"), ("", "%/%"), ("", "*/%"), ("", "%/%/%"),
    ("", "INBOX"), ("", ".git/*"), (".git/", "*"), ("", "public_html"),
    ("", "public_html/*"), ("public_html/", "%"), ("", "public_html/sub/page"),
    ("", "*page"), ("", "Lists/%"), ("Lists/", "%"), ("Lists/", "*"),
    ("", "Lists/perl"), ("", "Lists/perl/%"), ("", "Work/*"), ("", "W*j*"),
    ("", "Only"), ("", "Only/%"), ("", "k&AOQ-se*"), ("", "drafts"),
    ("", "Old/%"), ("", "nothing*"),
]
RETURNED = ["RETURN ()", "RETURN (CHILDREN)", "RETURN (SUBSCRIBED)",
            "RETURN (SPECIAL-USE)", "RETURN (STATUS (MESSAGES))",
            "RETURN (CHILDREN SUBSCRIBED SPECIAL-USE STATUS (MESSAGES UNSEEN))"]
SUBSCRIPTIONS = ["LSUB", "LIST (SUBSCRIBED)",
                 "LIST (SUBSCRIBED RECURSIVEMATCH)"]


class Names:
    """The mailboxes of one format, as clients see them."""

    def __init__(self, location, prefix, sep, escape):
        self.prefix = prefix
        self.sep = sep
        self.mbox = location.driver == "mbox"
        leaves = LEAVES
        if location.driver == "maildir" and location.layout is None \
                and not escape:
            leaves = [name for name in leaves if "." not in name]
        above = sorted({p for name in leaves for p in parents(name)})
        # mbox: a name that holds others is a directory
        self.all = [p + "/" if self.mbox else p for p in above] + leaves
        # the other formats don't know which mailboxes hold others
        names = self.all if self.mbox else [name + "/" for name in self.all]
        self.hidden = {name.rstrip("/") for name in hidden(names, RULES)}
        shown = [name.rstrip("/") for name in visible(names, RULES)]
        self.visible = [name for name in self.all
                        if name.rstrip("/") in shown]

    def name(self, name):
        return self.prefix + name.replace("/", self.sep)

    def create(self, server, user, names):
        if self.mbox:
            fill_mbox(server, user, names)
        else:
            server.doveadm("mailbox", "create", "-u", user,
                           *[self.name(name) for name in names])
        server.doveadm("mailbox", "subscribe", "-u", user,
                       *[self.name(name) for name in SUBSCRIBED])

    def arguments(self, reference, pattern):
        if reference == "":
            return '""', quote(self.name(pattern)).decode()
        pattern = pattern.replace("/", self.sep)
        return quote(self.name(reference)).decode(), quote(pattern).decode()

    def commands(self):
        """LIST in all its forms but those that select subscriptions."""
        commands = ['LIST "" "*"', 'LIST "" "%"', 'XLIST "" "*"', 'LIST "" ""']
        for arguments in PATTERNS:
            commands.append("LIST %s %s" % self.arguments(*arguments))
        several = " ".join(self.arguments("", p)[1] for p in
                           ("public_html", "Lists/*", "%", ".git/%", "Only"))
        commands.append(f'LIST "" ({several})')
        for returned in RETURNED:
            commands.append(f'LIST "" "*" {returned}')
            commands.append(f'LIST "" ({several}) {returned}')
            commands.append('LIST %s %s %s' % (
                *self.arguments("Lists/", "%"), returned))
        commands.append('LIST (SPECIAL-USE) "" "*"')
        commands.append('LIST (SPECIAL-USE) "" ("%" "*")')
        return commands

    def subscription_commands(self):
        return [f'{command} "" "{pattern}"{returned}'
                for command in SUBSCRIPTIONS for pattern in "*%"
                for returned in ("", " RETURN (CHILDREN STATUS (MESSAGES))")
                if command != "LSUB" or returned == ""]


def answers(server, user, commands):
    """Returns {command: sorted untagged lines and the tagged one}."""
    with server.imap(user) as imap:
        replies = {command: imap.cmd(command) for command in commands}
    return {command: sorted(clean(line) for line in reply.untagged) +
            [reply.status] for command, reply in replies.items()}


def clean(line):
    """A line without what depends on when a mailbox was looked at."""
    flags, end, rest = line.partition(b")")
    return re.sub(rb" ?\\(Un)?Marked", b"", flags).replace(b"( ", b"(") + \
        end + rest


def check(answer, expected):
    """Compares answers command by command, for a short message."""
    for command, lines in expected.items():
        assert answer[command] == lines, command


def names_of(lines):
    return {re.sub(rb'^\* LIST \(.*?\) "." ', b"", line) for line in lines
            if isinstance(line, bytes)}


@pytest.mark.parametrize("name", LOCATIONS)
def test_list_is_as_without_the_hidden_names(dovecot, name):
    """Whether the list index is off, cold, or already full of hidden names;
    and what selects subscriptions is as on stock Dovecot."""
    location, prefix, sep = LOCATIONS[name]
    if "ITERINDEX" in location.options and ASKS_DISK:
        pytest.skip("stock Dovecot takes the index's dbox-Mails for a child")
    escape = name.endswith("-escape")
    names = Names(location, prefix, sep, escape)
    # without backing store there are no names but those in the list index
    variants = ["full"] if location.layout == "index" else \
        ["full", "cold", "off"]
    fields = {v: {"mailbox_list_index": "no"} if v == "off" else {}
              for v in variants}
    description = dict(location=location, prefix=prefix, separator=sep,
                       **(ESCAPE if escape else {}))
    plain = dovecot(**description, users=[
        User(kind + v, fields=fields[v]) for v in variants
        for kind in ("all", "bare")])
    server = dovecot(**with_filter(description, RULES), users=[
        User("all" + v, fields=fields[v]) for v in variants])

    for variant in variants:
        user = "all" + variant
        names.create(plain, user, names.all)
        names.create(plain, "bare" + variant, names.visible)
        names.create(server, user, names.all)
        if variant == "full":
            listed = server.doveadm("mailbox", "list", "-u",
                                    user).stdout.decode().splitlines()
            assert {names.name(n.rstrip("/")) for n in names.all} <= \
                set(listed)
        elif variant == "cold":
            forget_list_index(server, user)
        expected = answers(plain, "bare" + variant, names.commands())
        for _ in range(2):
            check(answers(server, user, names.commands()), expected)
        # this is not for nothing
        assert len(names_of(answers(plain, user, ['LIST "" "*"'])
                            ['LIST "" "*"'])) == \
            len(names_of(expected['LIST "" "*"'])) + len(names.hidden)
        commands = names.subscription_commands()
        check(answers(server, user, commands),
              answers(plain, user, commands))
    assert server.errors() == []


@pytest.mark.parametrize("driver,layout,very_dirty", [
    ("mbox", None, "no"), ("mbox", None, "yes"), ("maildir", None, "yes"),
    ("sdbox", "index", "no")])
def test_names_that_change_between_lists_of_a_session(dovecot, driver, layout,
                                                      very_dirty):
    """What an earlier LIST found out about the names isn't believed when they
    have changed, in the same packet or by another session."""
    server = dovecot(**with_filter(
        {"location": Location(driver, "~/mail", layout=layout,
                              index="index/%u"),
         "settings": {"mailbox_list_index_very_dirty_syncs": very_dirty}},
        "junk-* /top"))
    shown = {b"INBOX", b"Work", b"Work/plan", b"Work/top", b"box"}

    def change(imap, *commands):
        commands = {imap.tag(): c for c in (*commands, 'LIST "" "*"')}
        imap.raw(b"".join(b"%s %s\r\n" % (tag, command.encode())
                          for tag, command in commands.items()))
        replies = [imap.wait(tag) for tag in commands]
        assert all(reply.ok for reply in replies), replies
        return {parse_list(line)[1] for line in replies[-1].starting("LIST")}

    with server.imap("alice") as imap, server.imap("alice") as other:
        names = change(imap, "CREATE Work/plan", "CREATE Work/top",
                       "CREATE box")
        assert names == shown
        for i in range(2):
            assert change(imap) == names
            assert change(imap, "RENAME box junk-2") == names - {b"box"}
            assert change(imap, "RENAME junk-2 box") == names
            assert change(imap, "RENAME Work/top top") == names - {b"Work/top"}
            assert change(imap, "RENAME top Work/top") == names
            assert change(other, "RENAME box junk-3") == names - {b"box"}
            assert change(imap) == names - {b"box"}
            assert change(other, "RENAME junk-3 box") == names
            assert change(imap, f"CREATE junk-1{i}") == names


def test_a_name_where_none_was(dovecot):
    """An index without names is filled at each LIST anew: its first one comes
    without a change of the index before it."""
    server = dovecot(**with_filter(
        {"location": Location("mbox", "~/mail", index="index/%u"),
         "settings": {"mailbox_list_index_very_dirty_syncs": "yes"}},
        "junk-*"))
    with server.imap("alice") as imap:
        for _ in range(3):
            assert set(imap.list()) == {b"INBOX"}
        fill_mbox(server, "alice", ["junk-1"], root="~/mail")
        assert set(imap.list()) == {b"INBOX"}


def test_names_that_dovecot_takes_for_invalid(dovecot):
    """It may rename them when it comes upon them: below a hidden name it
    doesn't come."""
    description = {"location": Location("mbox", "~", inbox="mail/%u",
                                        index="index/%u")}
    names = [b"box", b"bad\xff", b"bad&name", b"sub/\xfe\xff", b"junk-\xff",
             b".hush/bad\xff", b".hush\xff/box"]
    listed = []
    for server in (dovecot(**description),
                   dovecot(**with_filter(description, ".* junk-*"))):
        root = os.fsencode(server.users["alice"].home)
        for name in names:
            path = os.path.join(root, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as f:
                f.write(MBOX)
        server.chown("alice", server.users["alice"].home)
        with server.imap("alice") as imap:
            listed.append([set(imap.list()) for _ in range(3)])
    # this is the home of the server with the filter; 2.4.5 renames less
    assert os.path.exists(root + b"/.hush/bad\xff")
    stock, rest = listed
    for all_names, shown in zip(stock, rest):
        assert {b"box", b"sub"} < shown
        assert shown == {n for n in all_names
                         if not n.startswith((b".", b"junk-"))}


def test_a_directory_that_cannot_be_looked_at(dovecot, tmp_path):
    """Whether a refresh of the list index has just met it or not, a rule for
    directories decides the same."""
    server = dovecot(**with_filter(
        {"location": Location("mbox", "~", inbox="mail/%u", index="index/%u")},
        "shut/ ~*/"))
    home = server.users["alice"].home
    fill_mbox(server, "alice", ["box"])
    locked = tmp_path / "locked"
    (locked / "shut").mkdir(parents=True)
    locked.chmod(0o700)
    os.symlink(locked / "shut", os.path.join(home, "shut"))
    os.symlink("/etc", os.path.join(home, "~etc"))
    listed = []
    for _ in range(2):
        with server.imap("alice") as imap:
            listed += [set(imap.list()) for _ in range(3)]
    assert b"box" in listed[0]
    assert all(names == listed[0] for names in listed)


def test_after_hibernation(dovecot):
    """The session goes on in another process, with the same rules."""
    description = {"location": Location("mbox", "~/mail", index="index/%u"),
                   "extra": HIBERNATION}
    server = dovecot(**with_filter(description, "junk-*"))
    fill_mbox(server, "alice", ["box", "junk-1"], root="~/mail")
    with server.imap("alice") as imap:
        imap.ok("SELECT box")
        assert set(imap.list()) == {b"INBOX", b"box"}
        hibernate(server, imap)
        fill_mbox(server, "alice", ["new", "junk-2"], root="~/mail")
        assert set(imap.list()) == {b"INBOX", b"box", b"new"}
        assert imap.ok("STATUS junk-2 (MESSAGES)")
    assert server.errors() == []
