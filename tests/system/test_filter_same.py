# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""Nothing but LIST changes: the same script on a server with the plugin and on
one without gives the same replies, line for line, and the same files."""

import os
import re
import shutil

import pytest

from differential import clean
from dovecot import IS_24
from filter import FORMATS, MESSAGE, create, files, fill_mbox, hidden, \
    with_filter
from imap import literal, quote

RULES = {"mbox": ".* public_html junk*", "maildir++": "public_html junk*",
         "mdbox": ".* public_html junk*"}

PLUGINS = {"": ["quota", "acl"], "imap": ["imap_quota", "imap_acl"]}
SETTINGS_23 = {"quota": "count:User quota", "quota_rule": "*:storage=100M",
               "quota_vsizes": "yes", "acl": "vfile"}
EXTRA = {
    "2.3": """
mail_attribute_dict = file:@DIR@/control/%u.attributes
protocol imap {
  imap_metadata = yes
}
""",
    "2.4": """
mail_attribute {
  dict file {
    path = @DIR@/control/%{user}.attributes
  }
}
protocol imap {
  imap_metadata = yes
}
acl_driver = vfile
quota "User quota" {
  quota_driver = count
  quota_storage_size = 100M
}
"""}

EXISTING = ["Sent", "Work/plan", "Work/junk", "junk1", "public_html/index"]
# in maildir++ these are not valid
DOTTED = [".profile", ".git/config"]
MISSING = ["nothing", "junk-none", "public_html/none", "Work/junk-none"]
INVALID = ["", "a//b", "/abs", "../up", "sub/../x", "bad&name", "*", "junk%",
           "x" * 300, "public_html/", "~other"]


def script(names, invalid):
    """Yields the parts of each command."""
    for name in names + invalid:
        box = quote(name)
        yield from [
            ("STATUS", box, "(MESSAGES UIDNEXT UNSEEN)"),
            ("EXAMINE", box),
            ("APPEND", box, "(\\Seen)", literal(MESSAGE)),
            ("SELECT", box), ("FETCH 1:* (FLAGS BODY[TEXT])",),
            ("STORE 1 +FLAGS (\\Flagged)",), ("CLOSE",),
            ("SUBSCRIBE", box), ('LSUB "" "*"',), ('LSUB "" "%"',),
            ('LIST (SUBSCRIBED) "" "*" RETURN (CHILDREN)',),
            ('LIST (SUBSCRIBED RECURSIVEMATCH) "" "%"',),
            ("UNSUBSCRIBE", box),
            ("SETMETADATA", box, '(/private/comment "c")'),
            ("GETMETADATA", box, "(/private/comment)"),
            ("GETQUOTAROOT", box), ("MYRIGHTS", box), ("GETACL", box),
            ("LISTRIGHTS", box, "alice"),
        ]
    for name in names + invalid:
        box = quote(name)
        yield from [
            ("SELECT INBOX",), ("COPY 1", box), ("UID COPY 1:2", box),
            ("APPEND INBOX", literal(MESSAGE)), ("MOVE *", box), ("CLOSE",),
            ("STATUS", box, "(MESSAGES UIDNEXT)"),
        ]
    for name in names + invalid:
        renamed = quote("renamed-" + name)
        yield from [
            ("CREATE", quote(name)), ("CREATE", quote(name + "/child")),
            ("RENAME", quote(name), renamed), ("STATUS", renamed, "(MESSAGES)"),
            ("STATUS", quote(name), "(MESSAGES)"),
            ("RENAME", renamed, quote(name)),
            ("RENAME", quote(name), quote("junk-renamed")),
            ("RENAME junk-renamed", quote(name)),
            ("DELETE", quote(name + "/child")),
        ]
    for name in names[::2] + invalid:
        yield from [("DELETE", quote(name)), ("SELECT", quote(name)),
                    ("STATUS", quote(name), "(MESSAGES)")]
    yield ('LIST (SUBSCRIBED) "" "*"',)


def errors(server):
    return [re.sub(r".*Error: |/tmp/mba-[^/]*", "", line)
            for line in server.errors()]


def listed(imap):
    return {name.decode() for name in imap.list()}


def run(server, names, invalid):
    """Returns [(command, reply lines)] and what LIST told now and then."""
    replies, lists = [], []

    def say(imap, *parts):
        reply = imap.cmd(*parts)
        lines = [clean(line) for line in reply.untagged]
        if parts[0] == "GETMETADATA":
            # for a pattern in the order of directories
            lines.sort()
        replies.append((parts, lines + [clean(reply.tagged)]))

    with server.imap("alice") as imap:
        for i, parts in enumerate(script(names, invalid)):
            if i % 20 == 0:
                lists.append(listed(imap))
            say(imap, *parts)
        lists.append(listed(imap))
    # what the list index knows by now
    with server.imap("alice") as imap:
        for name in names:
            for box in (name, name + "/child", "renamed-" + name):
                say(imap, "STATUS", quote(box), "(MESSAGES UIDNEXT)")
        lists.append(listed(imap))
    return replies, lists


def mail_files(server):
    """Returns the paths on the mail side; for an mbox with its content."""
    found = []
    for top in ("home/alice", "mail", "control"):
        root = server.path(top)
        for name in files(root):
            path = os.path.join(root, name)
            content = b""
            if os.path.isfile(path) and top != "control":
                with open(path, "rb") as f:
                    content = f.read()
            if not content.startswith(b"From "):
                content = b""
            content = re.sub(rb"(?m)^(From|X-IMAPbase:) .*", b"", content)
            name = re.sub(r"\d+\.M\d+P\d+\.[^:]*", "MESSAGE", name)
            name = re.sub(r"uidvalidity\.[0-9a-f]+", "uidvalidity.N", name)
            found.append((top, name, content))
    return sorted(found)


def fill(server, location, names):
    create(server, "alice", location, names)
    with server.imap("alice") as imap:
        for _ in range(2):
            imap.ok("APPEND INBOX", literal(MESSAGE))
    # both begin with a cold list index
    if location.driver == "mbox":
        shutil.rmtree(server.path("index/alice"))


@pytest.mark.parametrize("name", RULES)
def test_replies_and_files_are_the_same(dovecot, name):
    location = FORMATS[name]
    existing = EXISTING + (DOTTED if name != "maildir++" else [])
    missing = MISSING + ([".none/x"] if name != "maildir++" else [])
    description = dict(location=location, plugins=PLUGINS, extra=EXTRA,
                       plugin_settings={} if IS_24 else SETTINGS_23)
    plain = dovecot(**description)
    server = dovecot(**with_filter(description, RULES[name]))
    for each in (plain, server):
        fill(each, location, existing)

    expected, stock_lists = run(plain, existing + missing, INVALID)
    replies, lists = run(server, existing + missing, INVALID)
    for (parts, lines), (_, expected_lines) in zip(replies, expected):
        assert lines == expected_lines, parts
    # every command did something
    done = {parts[0].split()[0] for parts, lines in expected
            if b" OK " in lines[-1]}
    assert done == {parts[0].split()[0] for parts, _ in expected}
    for names, stock in zip(lists, stock_lists):
        assert names == stock - hidden(sorted(stock), RULES[name])
    assert mail_files(server) == mail_files(plain)

    # the index root holds no more than on stock Dovecot, and lacks nothing
    # but what a walk left at hidden names
    index, stock_index = (
        {path for path in files(each.path("index/alice"))
         if "dovecot.list.index" not in path} for each in (server, plain))
    assert index - stock_index == set()
    for path in stock_index - index:
        assert re.search(r"(^|/)\.?(public_html|junk|\.git|\.profile)", path)
    assert errors(server) == errors(plain)


def test_a_first_select_is_not_spoilt_by_what_a_rule_hides(dovecot):
    """Stock Dovecot's refresh comes upon a file that is no mailbox, and
    answers with that."""
    description = dict(location=FORMATS["mbox"])
    replies = []
    for server in (dovecot(**description),
                   dovecot(**with_filter(description, "junk-*"))):
        fill_mbox(server, "alice", [f"junk-{i}" for i in range(20)],
                  b"no mailbox\n")
        with server.imap("alice") as imap:
            replies.append(imap.cmd("SELECT INBOX").tagged)
    assert b"NO [CANNOT] Mailbox isn't a valid mbox file" in replies[0]
    assert b" OK " in replies[1]
