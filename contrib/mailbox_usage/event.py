# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""The plugin's event, as an exporter of Dovecot writes it in JSON."""

import json
import re

from .access import COMMAND, Access, Malformed, unescape
from .times import Stamp

NAME = "imap_mailbox_access"
MARK = f'"{NAME}"'
# the event's field of a line's key
FIELDS = {"mailbox": "mailbox", "new_mailbox": "new_mailbox",
          "source_mailbox": "source_mailbox", "ref": "reference",
          "pattern": "patterns", "owner": "owner", "listed": "listed",
          "messages": "messages", "more": "more", "reply": "reply",
          "cut": "cut"}
NUMBERS = {"listed", "messages", "more"}
# before Dovecot 2.3.18 a list is a string of them, in FIELD_list
QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"(?: (?=")|$)', re.S)


def load(text):
    """Returns an object's dict, None if text is none."""
    try:
        data = json.loads(text)
        if "\\ud" in text.lower():
            # half a character can't be printed
            json.dumps(data, ensure_ascii=False).encode(
                errors="surrogateescape")
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def unquote(text):
    """Returns the names that stand in quotes."""
    found = []
    pos = 0
    while pos < len(text):
        match = QUOTED.match(text, pos)
        if match is None:
            # Dovecot cuts long strings
            raise Malformed("a list of names that is cut")
        found.append(unescape(match[1]))
        pos = match.end()
    return found


def values(fields, key):
    value = fields.get(FIELDS[key], [])
    if FIELDS[key] + "_list" in fields:
        value = unquote(str(fields[FIELDS[key] + "_list"]))
    kind = int if key in NUMBERS else str
    found = value if isinstance(value, list) else [value]
    if not all(isinstance(v, kind) for v in found):
        raise Malformed(f"unexpected {FIELDS[key]}")
    return found


def parse(data):
    """Returns (user, Stamp, Access) of an event's dict."""
    fields = data.get("fields")
    if not isinstance(fields, dict) or \
            not all(isinstance(fields.get(key), str)
                    for key in ("cmd_name", "user")):
        raise Malformed("an event without its fields")
    if COMMAND.fullmatch(fields["cmd_name"]) is None:
        raise Malformed("unexpected cmd_name")
    pairs = [("cmd", fields["cmd_name"])]
    pairs += [(key, value) for key in FIELDS for value in values(fields, key)]
    if fields.get("reply", "OK") not in ("OK", "NO", "BAD") or \
            ("reply" in fields) == ("cut" in fields):
        raise Malformed("an event without a reply")
    time = data.get("end_time", data.get("start_time"))
    return fields["user"], \
        None if time is None else Stamp.parse(str(time)), Access(pairs)
