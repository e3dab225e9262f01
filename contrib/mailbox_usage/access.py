# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""The message of a line, after its prefix: cmd=SELECT mailbox="a" reply=OK.
Every byte of it has to be as the plugin writes it."""

import re

MARK = "mailbox_access: "
PAIR = re.compile(r'(\w+)=(?:"((?:[^"\\]|\\.)*)"|([\w-]+))(?: (?=\w)|$)')
COMMAND = re.compile("[A-Z]+(?: [A-Z]+)?")
ESCAPE = re.compile(r'\\(?:x([0-9a-f]{2})|u\{([0-9a-f]{1,6})\}|(["\\]))')
NAMES = {"mailbox", "new_mailbox", "source_mailbox", "subtree", "ref",
         "pattern", "owner", "quota_root"}
BYTES = {name + "_bytes" for name in NAMES}
NUMBERS = {"listed", "hidden", "messages", "more"} | BYTES
WORDS = {"reply": {"OK", "NO", "BAD"}, "cut": {"yes"}}
USED = {"mailbox", "new_mailbox", "source_mailbox"}


class Malformed(Exception):
    """A line of the plugin that isn't whole."""


class Access:
    """One command. Names are text; bytes that aren't UTF-8 are surrogates."""

    def __init__(self, pairs):
        fields = dict(pairs)
        self.command = fields["cmd"]
        # ok, no, bad or cut
        self.reply = fields.get("reply", "cut").lower()
        self.listed = fields.get("listed")
        self.more = fields.get("more", 0)
        self.ref = fields.get("ref")
        self.patterns = tuple(v for k, v in pairs if k == "pattern")
        # COPY and MOVE may have moved some messages before they failed
        self.used = self.reply == "ok" or fields.get("messages", 0) > 0
        self.mailboxes = mailboxes(pairs)


def mailboxes(pairs):
    """Returns the mailboxes of a command as (name, bytes, owner): of a name
    that was too long for the line, only the beginning is there, and its
    length; the owner is whose mailbox a URL named."""
    found = []
    for key, value in pairs:
        if key in USED:
            # INBOX is one mailbox in any case
            name = "INBOX" if value.upper() == "INBOX" else value
            found.append((name, None, None))
        elif key in BYTES and key[:-len("_bytes")] in USED:
            found[-1] = (found[-1][0], value, None)
        elif key == "owner" and found:
            found[-1] = (*found[-1][:2], value)
    return set(found)


def unescape(text):
    """Returns the name that stands in quotes."""
    data = bytearray()
    pos = 0
    while pos < len(text):
        match = ESCAPE.match(text, pos)
        if match is None and text[pos] == "\\":
            raise Malformed("unknown escape")
        if match is None:
            data += text[pos].encode(errors="surrogateescape")
            pos += 1
            continue
        byte, char, plain = match.groups()
        try:
            data += bytes([int(byte, 16)]) if byte else \
                (plain or chr(int(char, 16))).encode()
        except (ValueError, OverflowError):
            raise Malformed("no character") from None
        pos = match.end()
    return data.decode(errors="surrogateescape")


def parse_value(key, quoted, bare):
    value = unescape(quoted) if bare is None else bare
    if key in NAMES:
        good = quoted is not None
    elif key in NUMBERS:
        good = bare is not None and re.fullmatch("[0-9]{1,19}", bare)
    elif key == "cmd":
        good = COMMAND.fullmatch(value)
    else:
        good = value in WORDS.get(key, ())
    if not good:
        raise Malformed(f"unexpected {key}")
    return int(value) if key in NUMBERS else value


def parse(text):
    """Returns the Access of a message's text after the mark."""
    pairs = []
    pos = 0
    while pos < len(text):
        match = PAIR.match(text, pos)
        if match is None:
            raise Malformed("not key=value")
        key, quoted, bare = match.groups()
        if key in BYTES and (not pairs or pairs[-1][0] + "_bytes" != key):
            raise Malformed("a length without its name")
        pairs.append((key, parse_value(key, quoted, bare)))
        pos = match.end()
    keys = [key for key, _ in pairs]
    # a line that was cut has lost its end
    if keys[:1] != ["cmd"] or keys[-1] not in WORDS or \
            sum(key in WORDS for key in keys) != 1 or keys.count("cmd") != 1:
        raise Malformed("incomplete")
    return Access(pairs)
