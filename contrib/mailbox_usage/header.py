# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""What a log daemon puts before a program's message: each form has to match
from the line's first byte to the message's."""

import re

from .times import PATTERN, Stamp

# a host or relay ends with no colon: "imap-login: " is none
SYSLOG = re.compile(r"[\w.:/@%-]*[\w./@%-] (?P<tag>\(?[\w./@+-]+\)?)"
                    r"(?:\[\d+\])?: ")
PRIORITY = re.compile(r"<\d{1,3}>")
STAMP = re.compile(rf"(?:{PATTERN}) ")
RFC5424 = re.compile(
    rf"(?:<\d{{1,3}}>)?1 (?P<stamp>{PATTERN}|-) \S+ (?P<tag>\S+) \S+ \S+ "
    r'(?:-|(?:\[[^\s=\]"]+(?: [^\s=\]"]+="(?:[^"\\\]]|\\.)*")*\])+)'
    "(?: \ufeff?|$)")


class Header:
    """stamp is a Stamp or None, tag is None for Dovecot's own file; rest is
    what follows the stamp, the message with its host and tag: a file of
    Dovecot's own may have these words there. RFC 5424 leaves no such doubt, and
    no rest."""

    def __init__(self, stamp, tag, message, rest=None):
        self.stamp = stamp
        self.tag = tag
        self.message = message
        self.rest = message if rest is None else rest


def split_stamp(text):
    """Returns a message's stamp and what follows it."""
    match = STAMP.match(text)
    if match is None:
        return None, text
    return Stamp.parse(match[0][:-1]), text[match.end():]


def split(line):
    """Returns a line's Header. What matches no form is all message."""
    match = RFC5424.match(line)
    if match is not None:
        stamp = None if match["stamp"] == "-" else Stamp.parse(match["stamp"])
        return Header(stamp, match["tag"], line[match.end():], "")
    priority = PRIORITY.match(line)
    stamp, rest = split_stamp(line[priority.end():] if priority else line)
    syslog = SYSLOG.match(rest) if stamp else None
    if syslog is not None:
        return Header(stamp, syslog["tag"], rest[syslog.end():], rest)
    return Header(None, None, line) if priority else Header(stamp, None, rest)
