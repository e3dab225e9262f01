# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""Nothing that a client sends can forge a line, or be mistaken for another
name."""

import base64
import re
import unicodedata

from accesslog import MARK, PLUGIN, accesses, lines
from dovecot import Location, VERSION
from imap import literal

FORGERIES = [
    'a" reply=OK',
    'a" reply=OK\\',
    "a\\",
    'a\\" listed=5',
    " reply=OK",
    "a reply=OK mailbox=b",
    "\r\nNov 24 22:59:25 imap(bob)<1><x>: Info: mailbox_access: cmd=SELECT",
    "a\nb", "a\rb", "a\tb", "\x01\x1f\x7f",
    "\x1b[2J\x1b]0;title\x07",
    "\x80\x85\x9b31m\x9f",
    "\u202egnp.txt\u202c", "\u2066a\u2069\u200f",
    "a\u200bb", "a\u2028b\u2029", "\ufeffa", "a\u00ad", "\u00a0\u3000",
    "\U000e0041\U000e007f", "\U000f0000", "\ue000", "\ufffd\ufff9",
    "\u00e4\u6c34\U0001f4ec", "e\u0301",
    "%s%n%99999d", "$(id)`id`", "a=b", "'", "\\x41\\u{41}\\\"", "",
    "mailbox_access: cmd=LIST",
]


def mutf7(name):
    """Returns a name as a client sends it."""
    def encode(match):
        data = base64.b64encode(match.group().encode("utf-16-be"))
        return "&" + data.rstrip(b"=").decode().replace("/", ",") + "-"
    return re.sub("[^ -~]+", encode, name.replace("&", "&-")).encode()


def normalized(name):
    """Returns a mailbox's name as Dovecot takes it."""
    return unicodedata.normalize("NFC", name) if VERSION >= (2, 4, 3) else name


def status(imap, name):
    """A name over quoted string and literal alike goes to STATUS, which takes
    any."""
    return imap.cmd("STATUS", literal(name), "(MESSAGES)")


def test_names_parse_back_to_the_very_name(dovecot):
    server = dovecot(plugins=PLUGIN)
    with server.imap("alice") as imap:
        for name in FORGERIES:
            status(imap, mutf7(name))
            imap.cmd("RENAME", literal(mutf7(name)), literal(mutf7(name + "2")))
            imap.cmd("LIST", literal(mutf7(name)), literal(mutf7(name + "%")))
    found = accesses(server)
    names = [normalized(name) for name in FORGERIES]
    assert [e["mailbox"] for e in found[::3]] == names
    assert [(e["mailbox"], e["new_mailbox"]) for e in found[1::3]] == \
        [(n, n + "2") for n in names]
    assert [(e["ref"], e["pattern"]) for e in found[2::3]] == \
        [(n, n + "%") for n in FORGERIES]
    assert len(found) == 3 * len(FORGERIES)
    for line in lines(server):
        assert re.match(r"\w+ \d+ [\d:]+ imap\(alice\)<\d+><[^>]+>: Info: " +
                        MARK + "cmd=(STATUS|RENAME|LIST) ", line)
        assert line.isprintable()


def test_names_that_are_no_mutf7_are_shown_as_they_came(dovecot):
    """For Dovecot that is also what encodes a NUL."""
    server = dovecot(plugins=PLUGIN)
    sent = [b"\xff\xfe", b"\xe4", b"\xc3\xa4", b"\xe2\x80\xae", b"&", b"a&b",
            b"&AOQ", b"a&AAA-b", b"&AAA-", b"a\xc3", b"\x1b[2J\xff",
            b'"\\\xff', b"\n\xff"]
    with server.imap("alice") as imap:
        for name in sent:
            status(imap, name)
    shown = [line.split(MARK)[1] for line in lines(server)]
    assert all(line.isascii() for line in shown)
    names = [e["mailbox"].encode(errors="surrogateescape")
             for e in accesses(server)]
    assert names == sent
    assert shown[5] == 'cmd=STATUS mailbox="a\\x26b" reply=NO'
    assert shown[2] == 'cmd=STATUS mailbox="\\xc3\\xa4" reply=NO'


def test_long_names_are_cut_at_a_character(dovecot):
    server = dovecot(plugins=PLUGIN)
    sent = ["x" * 1000, "x" * 1001, "x" * 10000, "\u00e4" * 5000,
            "x" + "\u6c34" * 3000, "\x1b" * 10000, '"' * 10000]
    with server.imap("alice") as imap:
        for name in sent:
            status(imap, mutf7(name))
    for line, entry, name in zip(lines(server), accesses(server), sent):
        shown = entry["mailbox"]
        assert name.startswith(shown)
        size = len(name.encode())
        escaped = re.search(r'mailbox="(.*)"', line).group(1).encode()
        if shown == name:
            assert size <= 1000 and "mailbox_bytes" not in entry
        else:
            assert entry["mailbox_bytes"] == size > 1000
            assert 990 < len(escaped) <= 1000
        assert entry["reply"] == "NO"
    assert accesses(server)[0]["mailbox"] == sent[0]
    assert len(accesses(server)) == len(sent)


def test_many_long_names_stay_one_line(dovecot):
    """Dovecot would split a line of more than 4,096 bytes."""
    server = dovecot(plugins=PLUGIN)
    patterns = [f"{i}" + "\u202e" * 300 for i in range(20)]
    with server.imap("alice") as imap:
        imap.cmd('LIST ""', "(" + " ".join(mutf7(p).decode() for p in patterns)
                 + ")")
        imap.cmd("RENAME", literal("a" * 5000), literal("b" * 5000))
    lists, rename = accesses(server)
    shown = lists["pattern"]
    assert all(p.startswith(s) for p, s in zip(patterns, shown))
    assert lists["more"] == len(patterns) - len(shown) > 0
    assert (lists["listed"], lists["reply"]) == (0, "OK")
    assert rename["mailbox_bytes"] == rename["new_mailbox_bytes"] == 5000
    for line in lines(server):
        assert len(line.encode()) < 4096
    assert server.log().count(MARK) == 2


def test_a_stored_name_is_escaped_as_well(dovecot):
    """The selected mailbox's name comes from the disk."""
    server = dovecot(plugins=PLUGIN, location=Location(
        "maildir", "~/Maildir", layout="fs", index="index/%u"))
    name = 'x" reply=NO \u202e'
    with server.imap("alice") as imap:
        imap.ok("CREATE", literal(mutf7(name)))
        imap.ok("SELECT", literal(mutf7(name)))
        imap.cmd("COPY 1:* INBOX")
    assert accesses(server)[-1] == {
        "cmd": "COPY", "source_mailbox": name, "mailbox": "INBOX",
        "messages": 0, "reply": accesses(server)[-1]["reply"]}


def test_a_user_name_cannot_forge_a_line(dovecot):
    """What imap-login logs of a failed login doesn't begin as a line does."""
    server = dovecot(plugins=PLUGIN)
    forged = f"imap(bob)<1><x>: Info: {MARK}cmd=SELECT mailbox=b reply=OK"
    imap = server.imap()
    imap.cmd(f'LOGIN "{forged}" x')
    imap.close()
    found = server.log_lines(MARK)
    assert found
    for line in found:
        assert "user=<" in line.split("imap(bob)")[0]
