# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""Decides what a line is: a use that counts, a line of others, or one with the
plugin's mark that isn't understood. It counts only if everything before the
session's prefix is a time stamp and what a log daemon puts there, with
Dovecot's tag: a stranger's text stands later in the lines of other programs,
and of Dovecot's own."""

import json
import re
import shlex

from . import access, event, prefix
from .access import MARK, Malformed
from .header import split, split_stamp
from .times import NoTime, Stamp

LEVEL = re.compile("(?:Debug|Info|Warning|Error|Fatal|Panic): ")
# services that the plugin isn't loaded into
OTHER_SERVICE = re.compile(
    r"(?:[a-z0-9]+-login|imap-\w+|auth|auth-worker|anvil|stats|old-stats|"
    r"master|log|config|dict|dict-async|dict-expire|indexer|indexer-worker|"
    r"replicator|aggregator|director|ipc|ssl-params|doveadm|lmtp|lda|pop3|"
    r"submission|managesieve|quota-status|welcome)"
    rf"(?:\([^()]*\))?(?:<[^<>]*>)*: (?P<level>{LEVEL.pattern})?")
REPEATED = re.compile(r"message repeated (\d{1,9}) times: \[ ?(.*)\]", re.S)
LAST_REPEATED = re.compile(r"(?:\S+ )?last message repeated \d+ times?")
STATS = re.compile(r"stats: (?:Info: )?(?=\{)")
BLOB = re.compile(r"\[[\d.]+[BKMG] blob data\]")
# a prefix of one word, whichever it is; "H=(" is Exim's
SOME_PREFIX = re.compile(rf"(?:[^\s=]{{1,400}} ?)?(?:Info: )?{MARK.rstrip()}")
OWN = re.compile(rf"(?:Info: )?{MARK.rstrip()}")
PROGRAM = re.compile(r"(?P<tag>[\w./@+-]+)(?:\[\d+\])?: ")
UNKNOWN = "unknown beginning; see --help"
OTHERS = "another program's text, or its wrapping; see --help"


def has_mark(text):
    """Returns whether a line may be the plugin's, also if its end is gone."""
    return MARK.rstrip() in text or event.MARK in text


class Reader:
    """Reads the lines of one file into a Summary of its lines and one of its
    events."""

    def __init__(self, args, lines, events, years):
        self.form = args.form
        self.tags = args.tag
        self.ignore_others = args.ignore_others
        self.lines = lines
        self.events = events
        self.years = years
        self.counted = False

    def line(self, text, first=False):
        """Reads a line of text."""
        counted, self.counted = self.counted, False
        try:
            header = split(text)
            if header.stamp is None and header.tag is None:
                self.bare(text, first)
            elif header.tag is not None and self.is_own(header.rest):
                # the prefix begins as a host and a tag would
                self.message(header.stamp, None, header.rest, text)
            elif counted and header.tag in (None, *self.tags) and \
                    LAST_REPEATED.fullmatch(header.message):
                self.lines.reject("repeats a line, but doesn't say which",
                                  text)
            else:
                self.message(header.stamp, header.tag, header.message, text)
        except NoTime:
            self.reject("no such time", text)
        except Malformed as error:
            self.reject(str(error), text)

    def is_own(self, message):
        match = self.form.match(message)
        return match is not None and \
            LEVEL.match(message, match.end()) is not None

    def reject(self, why, text):
        if has_mark(text):
            self.lines.reject(why, text)

    def bare(self, text, first):
        """A line without a time stamp: of a file without any, an exporter's, or
        the end of a line that was cut."""
        if text.startswith("{"):
            self.object(text)
        elif first:
            self.reject("the file begins within a line, or its lines have no "
                        "time", text)
        else:
            self.message(None, None, text, text)

    def object(self, text):
        data = event.load(text)
        if data is None or data.get("event") != event.NAME:
            self.reject(UNKNOWN, text)
        else:
            self.exported(data)

    def exported(self, data):
        user, stamp, use = event.parse(data)
        self.count(self.events, user, stamp, use)

    def count(self, summary, user, stamp, use, times=1):
        key = None
        if stamp is not None and stamp.yearless is not None:
            key = self.years.place(stamp)
        summary.add(user, use, stamp and stamp.instant, key, times)
        self.counted = True

    def message(self, stamp, tag, message, text):
        """Reads a program's message; the tag is None if it stands in a file of
        Dovecot's own."""
        times = 1
        repeated = REPEATED.fullmatch(message)
        if tag is not None and repeated is not None:
            times, message = int(repeated[1]), repeated[2]
        if tag is not None and tag not in self.tags:
            self.foreign(tag, message, text)
            return
        if tag is not None and BLOB.fullmatch(message):
            self.lines.reject("journalctl left the text out; use -o export",
                              text)
            return
        if tag is not None and self.form.match(message) is None:
            # of its standard error
            message = split_stamp(message)[1]
        self.dovecot(stamp, tag is not None, message, text, times)

    def dovecot(self, stamp, syslog, message, text, times):
        """Reads a message of Dovecot. In its own files Info comes with its
        level, in syslog without."""
        match = self.form.match(message)
        if match is not None and \
                match.groupdict().get("service", "imap").lower() == "imap":
            rest = message[match.end():]
            if rest.startswith("Info: "):
                rest = rest[len("Info: "):]
            elif not syslog:
                match = None
            if match is not None and rest.startswith(MARK):
                use = access.parse(rest[len(MARK):])
                self.count(self.lines, prefix.user(match), stamp, use, times)
                return
        stats = STATS.match(message)
        if stats is not None and event.MARK in message:
            data = event.load(message[stats.end():])
            if data is None:
                # Dovecot 2.3 splits a long line
                self.events.reject("an event that isn't whole", text)
            elif data.get("event") == event.NAME:
                self.exported(data)
        elif self.is_other(message, syslog):
            self.pass_over(text)
        else:
            self.reject(UNKNOWN, text)

    def is_other(self, message, syslog):
        """Returns whether a message is another one of Dovecot: its mark is
        somebody's text."""
        match = self.form.match(message)
        if match is not None:
            level = LEVEL.match(message, match.end())
            end = match.end() if level is None else level.end()
            return (syslog or level is not None) and \
                not message.startswith(MARK.rstrip(), end)
        match = OTHER_SERVICE.match(message)
        return match is not None and \
            (syslog or match["level"] is not None) and \
            not message.startswith(MARK.rstrip(), match.end())

    def passed_on(self, message):
        """Returns Dovecot's message within another daemon's, None if there is
        none."""
        inner = split(message)
        if inner.tag in self.tags:
            return inner.message
        match = PROGRAM.match(message)
        return message[match.end():] \
            if match is not None and match["tag"] in self.tags else None

    def foreign(self, tag, message, text):
        """A line of another program, unless that is a Dovecot with a name of
        its own, perhaps what a container wrote to its standard error."""
        if not has_mark(text):
            return
        inner = self.passed_on(message)
        if inner is not None and self.is_other(inner, True):
            self.pass_over(text)
        elif self.ignore_others:
            self.pass_over(text)
            self.lines.foreign += 1
        else:
            why = UNKNOWN if inner is not None else \
                f"another tag; --tag {shlex.quote(tag)} if it is Dovecot's" \
                if self.is_own_or_alike(split_stamp(message)[1]) else OTHERS
            self.lines.reject(why, text, foreign=True)

    def is_own_or_alike(self, message):
        match = self.form.match(message)
        return match is not None and OWN.match(message, match.end()) or \
            SOME_PREFIX.match(message) or \
            STATS.match(message) and event.MARK in message

    def pass_over(self, text):
        if has_mark(text):
            self.lines.passed_over += 1

    def journal(self, fields):
        """Reads an entry of the journal, a dict of its fields."""
        message = fields.get("MESSAGE")
        tag = fields.get("SYSLOG_IDENTIFIER", "")
        if not isinstance(tag, str):
            # several, or one that is too long for journalctl
            tag = json.dumps(tag)
        if not isinstance(message, str):
            if tag in self.tags and message is None:
                self.lines.reject("journalctl left the text out; use --all",
                                  f"{tag}: (no text)")
            elif tag in self.tags:
                self.lines.reject("an entry with several texts",
                                  f"{tag}: {message}")
            return
        try:
            self.message(journal_time(fields), tag, message, message)
        except (Malformed, NoTime) as error:
            self.reject(str(error), message)


def journal_time(fields):
    try:
        usecs = int(fields["__REALTIME_TIMESTAMP"])
    except (KeyError, ValueError, TypeError, OverflowError):
        raise NoTime("no such time") from None
    return Stamp(usecs // 10**6)
