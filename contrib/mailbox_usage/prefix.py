# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""Dovecot's mail_log_prefix, as the configuration has it, as a pattern."""

import re

DEFAULT = "%s(%u)<%{pid}><%{session}>: "
VARIABLE = re.compile(r"%-?\d*(?:\.\d+)?[A-Z]*(?:([a-z%])|\{([^}]*)\})")
USERS = {"u": "user", "n": "username", "d": "domain"}
# Nothing that could be the end of one prefix and the beginning of another, nor
# reach from a line's beginning over a daemon's tag into a stranger's text.
VALUES = {"service": r"\w[\w-]*", "pid": r"\d+",
          "user": r"(?:(?!: )[^()<>])*?", "username": r"(?:(?!: )[^()<>@])*?",
          "domain": r"[^\s()<>@]*?", "session": r"[^\s()<>]*?"}
OTHER = r"[^\s()<>\"=]*?"


def variable(match):
    """Returns a variable's name, without modifiers: %Lu is %u, and
    %{user | lower} is %{user}."""
    short, long = match.groups()
    if short is not None:
        return {"s": "service", "p": "pid", **USERS}.get(short, short)
    name = long.split("|")[0].split(":")[-1].strip()
    return {"protocol": "service"}.get(name, name)


def groups(name, seen):
    """Returns the pattern of a variable."""
    pattern = VALUES.get(name, OTHER)
    if name in seen or name not in ("service", "user", "username", "domain"):
        return f"(?:{pattern})"
    seen.add(name)
    return f"(?P<{name}>{pattern})"


def compile_prefix(text):
    """Returns a regular expression. Raises ValueError if it couldn't tell whose
    line it is."""
    # as in the configuration, perhaps with its quotes
    if len(text) > 1 and text[0] == text[-1] == '"':
        text = text[1:-1]
    pattern = ""
    pos = 0
    seen = set()
    for match in VARIABLE.finditer(text):
        pattern += re.escape(text[pos:match.start()])
        name = variable(match)
        pattern += "%" if name == "%" else groups(name, seen)
        pos = match.end()
    pattern += re.escape(text[pos:])
    if not seen & {"user", "username"}:
        raise ValueError("no %u, %n or %{user} in it: whose lines are they?")
    return re.compile(pattern)


def user(match):
    """Returns the user of a match."""
    found = match.groupdict()
    if found.get("user") is not None:
        return found["user"]
    domain = found.get("domain")
    return found["username"] + (f"@{domain}" if domain else "")
