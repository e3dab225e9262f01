# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""Each command that names a mailbox is logged: one line, with the names and the
result."""

import os
import subprocess

import pytest

from accesslog import accesses, PLUGIN
from dovecot import IS_24, VERSION, Location, Namespace
from imap import literal

MESSAGE = literal("Subject: hello\r\n\r\nbody\r\n")
PLUGINS = {"": ["acl", "quota"],
           "imap": ["imap_acl", "imap_quota", "imap_mailbox_log"]}
SETTINGS_23 = """
mail_attribute_dict = file:%h/attributes
imap_metadata = yes
imap_urlauth_host = localhost
plugin {
  acl = vfile
  quota = count:User quota
  quota_vsizes = yes
  quota_rule = *:storage=1M
}
"""
SETTINGS_24 = """
mail_attribute {
  dict file {
    path = %{home}/attributes
  }
}
imap_metadata = yes
imap_urlauth_host = localhost
acl_driver = vfile
quota "User quota" {
  driver = count
  quota_storage_size = 1M
}
"""
EVERYTHING = dict(
    location=Location("maildir", "~/Maildir", index="index/%u"),
    plugins=PLUGINS, extra={"2.3": SETTINGS_23, "2.4": SETTINGS_24})

URL = "imap://alice@localhost/box/;UID=1;URLAUTH=user+alice"


def entry(cmd, reply="OK", **fields):
    return {"cmd": cmd, **fields, "reply": reply}


def run(server, commands):
    """Sends the commands of (command, entry) pairs; a command may be the parts
    of one. Returns its replies."""
    replies = []
    with server.imap("alice") as imap:
        for command, _ in commands:
            parts = command if isinstance(command, tuple) else (command,)
            replies.append(imap.cmd(*parts))
    return replies


def check(server, commands, errors=0):
    """Runs (command, entry) pairs in one session. There is the line of each
    entry, none for a command without entry, and no other; Dovecot logs so many
    errors. Returns the replies."""
    replies = run(server, commands)
    expected = [e for _, e in commands if e is not None]
    assert accesses(server) == expected, replies
    for (command, e), reply in zip(commands, replies):
        if e is not None:
            assert reply.status == e["reply"], (command, reply)
    assert len(server.errors()) == errors, server.errors()
    return replies


def test_mailbox_commands(dovecot):
    check(dovecot(**EVERYTHING), [
        ("CREATE box", entry("CREATE", mailbox="box")),
        ("CREATE box", entry("CREATE", "NO", mailbox="box")),
        ("SUBSCRIBE box", entry("SUBSCRIBE", mailbox="box")),
        ("SUBSCRIBE none", entry("SUBSCRIBE", "NO", mailbox="none")),
        ('LIST "" "*"', entry("LIST", ref="", pattern="*", listed=2)),
        ('LIST b "%"', entry("LIST", ref="b", pattern="%", listed=1)),
        ('LIST (SUBSCRIBED) "" (b* c*) RETURN (CHILDREN)',
         entry("LIST", ref="", pattern=["b*", "c*"], listed=1)),
        ('LSUB "" "*"', entry("LSUB", ref="", pattern="*", listed=1)),
        ('XLIST "" "*"', entry("XLIST", ref="", pattern="*", listed=2)),
        ("UNSUBSCRIBE box", entry("UNSUBSCRIBE", mailbox="box")),
        ("STATUS box (MESSAGES)", entry("STATUS", mailbox="box")),
        ("STATUS none (MESSAGES)", entry("STATUS", "NO", mailbox="none")),
        ("STATUS box (NONSENSE)", entry("STATUS", "BAD", mailbox="box")),
        ("EXAMINE box", entry("EXAMINE", mailbox="box")),
        ("SELECT box", entry("SELECT", mailbox="box")),
        ("SELECT none", entry("SELECT", "NO", mailbox="none")),
        ("RENAME box new", entry("RENAME", mailbox="box", new_mailbox="new")),
        ("RENAME box newer",
         entry("RENAME", "NO", mailbox="box", new_mailbox="newer")),
        ("DELETE new", entry("DELETE", mailbox="new")),
        ("DELETE INBOX", entry("DELETE", "NO", mailbox="INBOX")),
        ("NOOP", None),
        ("CAPABILITY", None),
        ("NAMESPACE", None),
    ])


def test_messages_come_and_go(dovecot):
    server = dovecot(**EVERYTHING)
    source = {"source_mailbox": "box"}
    commands = [
        ("CREATE box", entry("CREATE", mailbox="box")),
        ("CREATE to", entry("CREATE", mailbox="to")),
        *[(("APPEND box", MESSAGE), entry("APPEND", mailbox="box"))] * 5,
        (("APPEND none", MESSAGE), entry("APPEND", "NO", mailbox="none")),
        ("COPY 1 to", entry("COPY", "BAD", mailbox="to", messages=0)),
        ("SELECT box", entry("SELECT", mailbox="box")),
        ("COPY 1:2 to", entry("COPY", **source, mailbox="to", messages=2)),
        ("UID COPY 1:3 to",
         entry("UID COPY", **source, mailbox="to", messages=3)),
        ("COPY 1 none",
         entry("COPY", "NO", **source, mailbox="none", messages=0)),
        ("UID COPY 99 to",
         entry("UID COPY", **source, mailbox="to", messages=0)),
        ("MOVE 1 to", entry("MOVE", **source, mailbox="to", messages=1)),
        ("UID MOVE 2:3 to",
         entry("UID MOVE", **source, mailbox="to", messages=2)),
        ("MOVE 1:2 none",
         entry("MOVE", "NO", **source, mailbox="none", messages=0)),
        ("FETCH 1:* FLAGS", None),
        ("STORE 1 +FLAGS (\\Deleted)", None),
        ("EXPUNGE", None),
        ("CLOSE", None),
    ]
    if IS_24:
        commands[-3:-3] = [
            (("REPLACE 1 to", MESSAGE),
             entry("REPLACE", **source, mailbox="to")),
            (("UID REPLACE 5 none", MESSAGE),
             entry("UID REPLACE", "NO", **source, mailbox="none")),
        ]
    check(server, commands)


def test_messages_put_together_from_others(dovecot):
    """The mailboxes of CATENATE's URLs, before and after a text, each once; the
    URL of a mailbox that can't be opened names none."""
    box = '"/box/;UID=1/;SECTION=TEXT"'
    other = '"/b%C3%A4/;UID=1/;SECTION=TEXT"'
    text = ("TEXT", literal("Subject: new\r\n\r\n"))
    from_box = entry("APPEND", mailbox="to", source_mailbox="box")
    from_both = {**from_box, "source_mailbox": ["box", "b\u00e4"]}
    commands = [
        *[(f"CREATE {name}", None) for name in ("box", "b&AOQ-", "to")],
        (("APPEND box", MESSAGE), entry("APPEND", mailbox="box")),
        (("APPEND b&AOQ-", MESSAGE), entry("APPEND", mailbox="b\u00e4")),
        ('APPEND to CATENATE (URL "/box/;UID=1")', from_box),
        (("APPEND to CATENATE (URL", literal("/box/;UID=1"), ")"), from_box),
        (("APPEND to CATENATE (", *text, f"URL {box} URL {other} URL {box}",
          *text, f"URL {other})"), from_both),
        # several messages
        (f"APPEND to CATENATE (URL {box}) (\\Seen) CATENATE (URL {other})",
         from_both),
        ('APPEND to CATENATE (URL "/box/;UID=9")',
         {**from_box, "reply": "NO"}),
        ('APPEND to CATENATE (URL "/none/;UID=1")',
         entry("APPEND", "NO", mailbox="to")),
        ('APPEND none CATENATE (URL "/box/;UID=1")',
         entry("APPEND", "NO", mailbox="none")),
        ("SELECT box", None),
        ('APPEND to CATENATE (URL ";UID=1")', from_box),
        ('APPEND box CATENATE (URL ";UID=1")', {**from_box, "mailbox": "box"}),
        # what other commands read is none of theirs
        ("FETCH 1 BODY.PEEK[]", None),
        ("COPY 1 to", entry("COPY", source_mailbox="box", mailbox="to",
                            messages=1)),
    ]
    if IS_24:
        commands += [
            (f"REPLACE 1 to CATENATE (URL {other} URL {box})",
             {**from_both, "cmd": "REPLACE"})]
    server = dovecot(**EVERYTHING, plugin_settings={
        "imap_mailbox_log_commands": "APPEND COPY REPLACE"})
    check(server, commands)
    assert [*accesses(server)[2]] == ["cmd", "mailbox", "source_mailbox",
                                      "reply"]


def test_a_message_over_quota(dovecot):
    server = dovecot(**EVERYTHING)
    big = literal(b"Subject: big\r\n\r\n" + b"x" * 700000 + b"\r\n")
    check(server, [
        ("CREATE box", entry("CREATE", mailbox="box")),
        (("APPEND box", big), entry("APPEND", mailbox="box")),
        (("APPEND box", big), entry("APPEND", "NO", mailbox="box")),
        ("SELECT box", entry("SELECT", mailbox="box")),
        ("COPY 1 INBOX", entry("COPY", "NO", source_mailbox="box",
                               mailbox="INBOX", messages=0)),
        ("MOVE 1 INBOX", entry("MOVE", source_mailbox="box", mailbox="INBOX",
                               messages=1)),
    ])


def test_metadata(dovecot):
    check(dovecot(**EVERYTHING), [
        ("CREATE box", entry("CREATE", mailbox="box")),
        ('SETMETADATA box (/private/comment "a b")',
         entry("SETMETADATA", mailbox="box")),
        (("SETMETADATA box (/private/comment", literal("x" * 100000), ")"),
         entry("SETMETADATA", mailbox="box")),
        (('SETMETADATA', literal("box"), '(/private/comment', literal("c"),
          ')'), entry("SETMETADATA", mailbox="box")),
        ("SETMETADATA none (/private/comment NIL)",
         entry("SETMETADATA", "NO", mailbox="none")),
        ('SETMETADATA "" (/private/comment NIL)',
         entry("SETMETADATA", mailbox="")),
        ("SETMETADATA nil (/private/comment NIL)",
         entry("SETMETADATA", "NO", mailbox="nil")),
        ("SETMETADATA box", entry("SETMETADATA", "BAD")),
        ("GETMETADATA box /private/comment",
         entry("GETMETADATA", mailbox="box")),
        ("GETMETADATA (DEPTH infinity MAXSIZE 9) box (/private/comment)",
         entry("GETMETADATA", mailbox="box")),
        ("GETMETADATA none /private/comment",
         entry("GETMETADATA", "NO", mailbox="none")),
        ('GETMETADATA "" /private/comment', entry("GETMETADATA", mailbox="")),
    ])


def test_acl(dovecot):
    check(dovecot(**EVERYTHING), [
        ("CREATE box", entry("CREATE", mailbox="box")),
        ("SETACL box bob lr", entry("SETACL", mailbox="box")),
        ("SETACL none bob lr", entry("SETACL", "NO", mailbox="none")),
        ("GETACL box", entry("GETACL", mailbox="box")),
        ("MYRIGHTS box", entry("MYRIGHTS", mailbox="box")),
        ("LISTRIGHTS box bob", entry("LISTRIGHTS", mailbox="box")),
        ("DELETEACL box bob", entry("DELETEACL", mailbox="box")),
        ("DELETEACL box", entry("DELETEACL", "BAD")),
    ])


def test_quota(dovecot):
    check(dovecot(**EVERYTHING), [
        ("GETQUOTAROOT INBOX", entry("GETQUOTAROOT", mailbox="INBOX")),
        ('GETQUOTA "User quota"', entry("GETQUOTA", quota_root="User quota")),
        ("GETQUOTA none", entry("GETQUOTA", "NO", quota_root="none")),
        ('SETQUOTA "User quota" (STORAGE 5)',
         entry("SETQUOTA", "NO", quota_root="User quota")),
    ])


def test_notify(dovecot):
    check(dovecot(**EVERYTHING), [
        ("CREATE box", entry("CREATE", mailbox="box")),
        ("NOTIFY NONE", entry("NOTIFY")),
        ("NOTIFY SET STATUS (mailboxes (box INBOX) "
         "(MessageNew MessageExpunge)) (subtree sub NONE) "
         "(selected (MessageNew MessageExpunge))",
         entry("NOTIFY", mailbox=["box", "INBOX"], subtree="sub")),
        ("NOTIFY SET (mailboxes box (Nonsense))",
         entry("NOTIFY", "BAD", mailbox="box")),
        # answered with LIST or STATUS lines, which are not LIST's own
        ("NOTIFY SET STATUS (personal (MailboxName MessageNew MessageExpunge))",
         entry("NOTIFY")),
        ("CREATE other", entry("CREATE", mailbox="other")),
        ('LIST "" "%"', entry("LIST", ref="", pattern="%", listed=3)),
    ])


def test_urls(dovecot):
    server = dovecot(**EVERYTHING)
    first = [
        ("CREATE box", entry("CREATE", mailbox="box")),
        (("APPEND box", MESSAGE), entry("APPEND", mailbox="box")),
        (f'GENURLAUTH "{URL}" INTERNAL',
         entry("GENURLAUTH", mailbox="box", owner="alice")),
        ('GENURLAUTH "http://localhost/" INTERNAL', entry("GENURLAUTH", "BAD")),
    ]
    replies = run(server, first)
    url = replies[2].untagged[0].split()[-1].strip(b'"').decode()
    assert url.startswith(URL + ":internal:")
    second = [
        (f'URLFETCH "{url}"', entry("URLFETCH", mailbox="box", owner="alice")),
        (f'URLFETCH ("{url}" BINARY) "{url}"',
         entry("URLFETCH", mailbox=["box", "box"], owner=["alice", "alice"])),
        ('URLFETCH "imap://alice@localhost/b%C3%A4/;UID=1;URLAUTH=user+alice'
         f':internal:01{"0" * 40}"',
         entry("URLFETCH", mailbox="b\u00e4", owner="alice")),
        ("RESETKEY box", entry("RESETKEY", mailbox="box")),
        ("RESETKEY none", entry("RESETKEY", "NO", mailbox="none")),
        ("RESETKEY", entry("RESETKEY")),
    ]
    replies = run(server, second)
    assert b"Subject: hello" in replies[0].untagged[0]
    assert accesses(server) == [e for _, e in first + second]
    assert [r.status for r in replies] == [e["reply"] for _, e in second]


@pytest.mark.skipif(VERSION < (2, 4, 3), reason="stock Dovecot panics")
def test_urls_that_are_not_utf8(dovecot):
    """Another user's, which Dovecot refuses before it looks at the name."""
    check(dovecot(**EVERYTHING), [
        ('URLFETCH "imap://alice@localhost/inbox%2F%FF/;UID=1;URLAUTH='
         f'user+bob:internal:01{"0" * 40}"',
         entry("URLFETCH", mailbox="inbox/\udcff", owner="alice"))])


def test_names_are_what_dovecot_parsed(dovecot):
    """Literals, quoted strings, atoms; mUTF-7 is decoded, and what isn't valid
    mUTF-7 is shown as it came."""
    umlaut = "\u00e4\u6c34"
    check(dovecot(**EVERYTHING), [
        ("CREATE &AOQ-box", entry("CREATE", mailbox="\u00e4box")),
        ("CREATE &AORsNA-", entry("CREATE", mailbox=umlaut)),
        ("CREATE a&-b", entry("CREATE", mailbox="a&b")),
        ("CREATE nil", entry("CREATE", mailbox="nil")),
        ('STATUS "&AORsNA-" (MESSAGES)', entry("STATUS", mailbox=umlaut)),
        (("STATUS", literal("&AORsNA-"), "(MESSAGES)"),
         entry("STATUS", mailbox=umlaut)),
        ("status iNbOx (MESSAGES)", entry("STATUS", mailbox="INBOX")),
        ('STATUS "a \\"b\\\\c" (MESSAGES)',
         entry("STATUS", "NO", mailbox='a "b\\c')),
        ("STATUS &invalid (MESSAGES)",
         entry("STATUS", "NO", mailbox="&invalid")),
        (("STATUS", literal(b"8bit\xe4"), "(MESSAGES)"),
         entry("STATUS", "NO", mailbox="8bit\udce4")),
        ('LIST "&AOQ-" "&AOQ-*"',
         entry("LIST", ref="\u00e4", pattern="\u00e4*", listed=0)),
        ('LIST "" "&AOQ-*"',
         entry("LIST", ref="", pattern="\u00e4*", listed=2)),
    ])


COURIER = [Namespace("courier", "INBOX.", ".", settings={
    "hidden": True, "list": False, "alias_for": ""})]


@pytest.mark.parametrize("prefix,sep,namespaces", [
    ("", "/", []), ("INBOX.", ".", []), ("", "/", COURIER)])
def test_inbox_is_in_upper_case(dovecot, prefix, sep, namespaces):
    """As Dovecot itself has it, also before mailboxes below it: clients write
    "Inbox.Sent", and it's the same mailbox."""
    server = dovecot(location=EVERYTHING["location"], prefix=prefix,
                     separator=sep, namespaces=namespaces, plugins=PLUGIN)
    sep = "." if namespaces else sep
    sent, new = f"INBOX{sep}Sent", f"INBOX{sep}inbox"
    check(server, [
        (f"CREATE INBOX{sep}Sent", entry("CREATE", mailbox=sent)),
        (f"SELECT Inbox{sep}Sent", entry("SELECT", mailbox=sent)),
        (f"RENAME iNBOX{sep}Sent inbox{sep}inbox",
         entry("RENAME", mailbox=sent, new_mailbox=new)),
        ("SELECT iNbOx", None),
        (f"NOTIFY SET (mailboxes inbox{sep}inbox (MessageNew "
         "MessageExpunge)) (subtree Inbox (MailboxName))",
         entry("NOTIFY", mailbox=new, subtree="INBOX")),
        # patterns stay what they are; a hidden namespace isn't listed
        (f'LIST "" inbox{sep}%',
         entry("LIST", ref="", pattern=f"inbox{sep}%",
               listed=int(not namespaces))),
        # that is no INBOX
        ("STATUS inboxes (MESSAGES)",
         entry("STATUS", "NO", mailbox="inboxes"))])


@pytest.mark.parametrize("dropped", [True, False])
def test_a_separator_after_the_name(dovecot, dropped):
    """CREATE takes it for a word about the mailboxes to come, and with a
    setting all commands drop it."""
    server = dovecot(location=EVERYTHING["location"], plugins=PLUGIN,
                     settings={"imap_client_workarounds":
                               "tb-extra-mailbox-sep"} if dropped else {})
    check(server, [
        ("CREATE box/", entry("CREATE", mailbox="box")),
        ("SELECT box/", entry("SELECT", mailbox="box") if dropped else
         entry("SELECT", "NO", mailbox="box/")),
        ("SELECT box", entry("SELECT", mailbox="box")),
        ("STATUS inbox/ (MESSAGES)",
         entry("STATUS", mailbox="INBOX") if dropped else
         entry("STATUS", "NO", mailbox="INBOX/")),
        ('LIST "" box/', entry("LIST", ref="", pattern="box/", listed=0))])


@pytest.mark.skipif(VERSION < (2, 4, 3), reason="names are always mUTF-7")
def test_names_with_utf8_accepted(dovecot):
    server = dovecot(**EVERYTHING, settings={"mail_utf8_extensions": True})
    check(server, [
        ("ENABLE UTF8=ACCEPT", None),
        ('CREATE "\u00e4&AOQ-"', entry("CREATE", mailbox="\u00e4&AOQ-")),
        ('LIST "" "\u00e4*"',
         entry("LIST", ref="", pattern="\u00e4*", listed=1)),
        (("STATUS", literal(b"8bit\xe4"), "(MESSAGES)"),
         entry("STATUS", "NO", mailbox="8bit\udce4")),
        # of which no namespace may be looked for
        (("STATUS", literal(b"inbox/\xe4"), "(MESSAGES)"),
         entry("STATUS", "NO", mailbox="inbox/\udce4")),
        (("CREATE", literal(b"\xe4/")),
         entry("CREATE", "NO", mailbox="\udce4/")),
    ])


@pytest.mark.skipif(VERSION < (2, 4, 3), reason="names aren't normalized")
@pytest.mark.parametrize("normalize", [True, False])
def test_names_are_normalized_as_dovecot_does(dovecot, normalize):
    """A letter and an accent are another mailbox than the one character, or
    not."""
    server = dovecot(**EVERYTHING, settings={} if normalize else {
        "mailbox_list_normalize_names_to_nfc": False})
    name = "\u00e9" if normalize else "e\u0301"
    check(server, [
        ("CREATE &AOk-", entry("CREATE", mailbox="\u00e9")),
        ("CREATE e&AwE-", entry("CREATE", "NO" if normalize else "OK",
                                mailbox=name)),
        ("RENAME e&AwE- E&AwE-",
         entry("RENAME", mailbox=name,
               new_mailbox="\u00c9" if normalize else "E\u0301")),
        ('LIST "" e&AwE-', entry("LIST", ref="", pattern="e\u0301",
                                listed=0)),
    ])


def test_what_dovecot_does_not_parse(dovecot):
    server = dovecot(**EVERYTHING)
    check(server, [
        ("STATUS", entry("STATUS", "BAD")),
        ('STATUS "box', entry("STATUS", "BAD")),
        ("STATUS (box) (MESSAGES)", entry("STATUS", "BAD")),
        ("LIST", entry("LIST", "BAD", listed=0)),
        ('LIST (NONSENSE) "" "*"',
         entry("LIST", "BAD", ref="", pattern="*", listed=0)),
        ('LIST "" "*" nonsense',
         entry("LIST", "BAD", ref="", pattern="*", listed=0)),
        ("UID COPY 1", entry("UID COPY", "BAD")),
        ("FETCH", None),
        ("NONSENSE box", None),
        ("UID NONSENSE box", None),
    ])


def test_what_was_committed_before_the_disk_was_full_is_counted(dovecot):
    """MOVE commits each thousand messages, COPY all of them or none."""
    server = dovecot(**EVERYTHING, namespaces=[Namespace(
        "full", "Full/", location=Location("maildir", "full",
                                          index="index/%u-full"))])
    inbox = server.path("~/Maildir/cur", "alice")
    os.makedirs(inbox)
    for i in range(1100):
        with open(os.path.join(inbox, f"{i}.host:2,"), "wb") as f:
            f.write(MESSAGE)
    server.chown("alice", server.path("~/Maildir", "alice"))
    full = server.path("full")
    os.mkdir(full)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "nr_inodes=1060", "tmpfs",
                    full], check=True)
    try:
        server.chown("alice", full)
        replies = check(server, errors=2, commands=[
            ("CREATE Full/to", entry("CREATE", mailbox="Full/to")),
            ("SELECT INBOX", None),
            ("COPY 1:1100 Full/to", entry(
                "COPY", "NO", source_mailbox="INBOX", mailbox="Full/to",
                messages=0)),
            ("MOVE 1:1100 Full/to", entry(
                "MOVE", "NO", source_mailbox="INBOX", mailbox="Full/to",
                messages=1000)),
            ("STATUS Full/to (MESSAGES)", entry("STATUS", mailbox="Full/to")),
        ])
        assert b"(MESSAGES 1000)" in replies[-1].untagged[0]
    finally:
        server.stop()
        subprocess.run(["umount", full], check=True)


@pytest.mark.skipif(VERSION >= (2, 4, 5),
                    reason="lazy_expunge doesn't keep what a MOVE takes away")
def test_copies_of_other_plugins_do_not_count(dovecot):
    """lazy_expunge keeps what a MOVE expunges in a mailbox of its own."""
    box = ".EXPUNGED"
    server = dovecot(
        location=Location("sdbox", "~/sdbox"),
        plugins={"": ["lazy_expunge"], "imap": ["imap_mailbox_log"]},
        plugin_settings={"lazy_expunge_mailbox" if IS_24 else "lazy_expunge":
                         box})
    names = dict(source_mailbox="INBOX", mailbox="to")
    replies = check(server, [
        ("CREATE to", entry("CREATE", mailbox="to")),
        *[(("APPEND INBOX ", MESSAGE),
           entry("APPEND", mailbox="INBOX"))] * 3,
        ("SELECT INBOX", None),
        ("COPY 1 to", entry("COPY", **names, messages=1)),
        ("MOVE 1:2 to", entry("MOVE", **names, messages=2)),
        (f"STATUS {box} (MESSAGES)", entry("STATUS", mailbox=box)),
    ])
    assert b"(MESSAGES 2)" in replies[-1].untagged[0]
