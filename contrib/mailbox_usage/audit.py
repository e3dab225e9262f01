# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""The audit's JSON lines, of doveadm mailbox-audit -A --entries --json: each
user's entries, by the name of their mailbox."""

import json
import re

from . import files

# years that a date can have
TIME_MAX = 1 << 37
ESCAPE = re.compile(r"\\(?:x([0-9a-f]{2}))?")
TEXTS = ("mailbox", "state", "reason", "evidence", "proof")
NUMBERS = ("messages", "last_used", "since", "not_opened_since")


class Invalid(Exception):
    """No line of the audit's."""


class Account:
    """What the audit tells of a user."""

    def __init__(self):
        self.entries = {}
        # the prefix that the audit's names have, by each that a client may use
        self.prefixes = {}
        # of public namespaces
        self.public = set()
        # whether each audit's last line is there, and tells of no error
        self.ended = False
        self.complete = True

    def name(self, logged):
        """Returns the audit's name of a mailbox that a client named."""
        if logged in self.entries:
            return logged
        fitting = [p for p in self.prefixes if logged.startswith(p)]
        if not fitting:
            return logged
        prefix = max(fitting, key=len)
        return self.prefixes[prefix] + logged[len(prefix):]

    def public_entries(self):
        """Returns those that are everybody's, by name."""
        prefixes = set(self.prefixes.values())
        return {name: entry for name, entry in self.entries.items()
                if max(filter(name.startswith, prefixes), key=len,
                       default=None) in self.public}


def unescape(text):
    """Returns a name whose bytes may stand as \\xNN, as access.unescape does:
    bytes that aren't UTF-8 are surrogates."""
    parts = ESCAPE.split(text)
    if None in parts[1::2]:
        raise Invalid("unknown escape")
    try:
        return b"".join(
            bytes([int(part, 16)]) if i % 2 else part.encode()
            for i, part in enumerate(parts)).decode(errors="surrogateescape")
    except UnicodeEncodeError:
        raise Invalid("a name that is no text") from None


def typed(fields, key, kind):
    if not isinstance(fields.get(key), kind):
        raise Invalid(f"unexpected {key}")
    return fields[key]


def read_entry(entry):
    """Returns what is told of a mailbox, None if that isn't known."""
    for key in TEXTS:
        if not isinstance(entry.get(key), (str, type(None))):
            raise Invalid(f"unexpected {key}")
    for key in NUMBERS:
        value = entry.get(key)
        if value is not None and \
                (type(value) is not int or not 0 <= value < TIME_MAX):
            raise Invalid(f"unexpected {key}")
    typed(entry, "state", str)
    return {key: entry.get(key) for key in TEXTS + NUMBERS}


def read_end(account, line):
    """Reads a user's last line. Returns how many entries it counts."""
    account.ended = True
    account.complete = typed(line, "complete", bool) and account.complete
    count = 0
    for namespace in typed(line, "namespaces", list):
        prefix = unescape(typed(namespace, "prefix", str))
        for alias in [prefix, *map(unescape, typed(namespace, "aliases",
                                                   list))]:
            account.prefixes[alias] = prefix
        if namespace.get("type") == "public":
            account.public.add(prefix)
        count += typed(typed(namespace, "totals", dict), "entries", int)
    return count


def read_line(accounts, line):
    """Returns how many entries a user's last line counts."""
    if line.get("version") != 1:
        raise Invalid("no line of the audit's, of version 1")
    if line.get("user") is None:
        raise Invalid("it names no user: see --user of mailbox-audit")
    account = accounts.setdefault(unescape(typed(line, "user", str)),
                                  Account())
    if "totals" in line:
        raise Invalid("it has totals, and no entries")
    if "entry" not in line:
        return read_end(account, line)
    account.ended = False
    entry = read_entry(typed(line, "entry", dict))
    if entry["mailbox"] is not None:
        account.entries[unescape(entry["mailbox"])] = entry
    return 0


def load(path):
    """Returns each user's Account. What isn't the audit's is Invalid."""
    accounts = {}
    counted = 0
    with open(path, "rb") as stream:
        for number, text in enumerate(files.opened(stream), 1):
            try:
                counted += read_line(accounts, json.loads(text))
            except (ValueError, RecursionError, TypeError, AttributeError):
                raise Invalid(f"line {number}: no line of the audit's") \
                    from None
            except Invalid as error:
                raise Invalid(f"line {number}: {error}") from None
    if not accounts:
        raise Invalid("it is empty")
    cut = [name for name, account in accounts.items() if not account.ended]
    if cut:
        raise Invalid(f"it is cut: {cut[0]!a} has no last line")
    if counted > 0 and not any(a.entries for a in accounts.values()):
        raise Invalid("it has no entries: give the audit --entries")
    return accounts
