# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""What each user did with each mailbox. A command that failed is no use of it:
it is counted apart."""

from .times import iso

REPLIES = ("ok", "no", "bad", "cut")
EXAMPLES = 3
# what clients ask of every mailbox, by themselves
ASKING = {"GETACL", "GETMETADATA", "GETQUOTAROOT", "LISTRIGHTS", "MYRIGHTS",
          "STATUS", "SUBSCRIBE", "UNSUBSCRIBE"}


class Span:
    """The first and the last of some times: instants, and those that wait for
    their year."""

    def __init__(self):
        self.first = self.last = None
        self.early = self.late = None

    def add(self, instant, key):
        if key is not None:
            self.early = min(self.early or key, key)
            self.late = max(self.late or key, key)
        elif instant is not None:
            self.first = instant if self.first is None \
                else min(self.first, instant)
            self.last = instant if self.last is None \
                else max(self.last, instant)

    def merge(self, other, name_year):
        self.add(other.first, None)
        self.add(other.last, None)
        if other.early is not None:
            self.add(name_year(other.early), None)
            self.add(name_year(other.late), None)


class Tally:
    """Commands of a kind, how often each, and when."""

    def __init__(self):
        self.commands = {}
        self.span = Span()

    def add(self, command, instant, key, times):
        self.commands[command] = self.commands.get(command, 0) + times
        self.span.add(instant, key)

    def merge(self, other, name_year):
        for command, count in other.commands.items():
            self.commands[command] = self.commands.get(command, 0) + count
        self.span.merge(other.span, name_year)

    def report(self):
        commands = sorted(self.commands.items(),
                          key=lambda item: (-item[1], item[0]))
        return {"commands": dict(commands), "first": iso(self.span.first),
                "last": iso(self.span.last)}


class Usage:
    """What one mailbox, or one form of LIST, was used for."""

    def __init__(self):
        self.replies = dict.fromkeys(REPLIES, 0)
        self.used = Tally()
        self.failed = Tally()
        # of used, what is more than a question
        self.opened = Tally()
        self.largest = None

    def add(self, use, instant, key, times):
        self.replies[use.reply] += times
        tally = self.used if use.used else self.failed
        tally.add(use.command, instant, key, times)
        if use.used and use.command not in ASKING:
            self.opened.add(use.command, instant, key, times)
        if use.reply == "ok":
            self.list(use.listed)

    def list(self, count):
        if count is not None:
            self.largest = max(self.largest or 0, count)

    def merge(self, other, name_year):
        for reply, count in other.replies.items():
            self.replies[reply] += count
        self.used.merge(other.used, name_year)
        self.failed.merge(other.failed, name_year)
        self.opened.merge(other.opened, name_year)
        self.list(other.largest)

    @property
    def is_used(self):
        return bool(self.used.commands)

    def report(self):
        tally = self.used if self.is_used else self.failed
        return {**self.replies, **tally.report()}


class User:
    """mailboxes by (name, bytes, owner), lists by (command, ref, patterns)."""

    def __init__(self):
        self.mailboxes = {}
        self.lists = {}


class Summary:
    def __init__(self):
        self.users = {}
        self.lines = 0
        # when lines that counted were written, whatever came of their commands
        self.span = Span()
        # names that the plugin had no room for
        self.more = 0
        self.not_understood = 0
        # the first of Dovecot's, and those of other programs: who floods one
        # of them doesn't hide the others
        self.examples = ([], [])
        # lines of others with the plugin's mark in their text
        self.passed_over = 0
        # of these, those of other programs
        self.foreign = 0

    def add(self, name, use, instant, key, times):
        user = self.users.setdefault(name, User())
        self.lines += times
        self.span.add(instant, key)
        self.more += use.more * times
        for box in use.mailboxes:
            # the owner of a URL may be the user
            box = box if box[2] != name else (*box[:2], None)
            user.mailboxes.setdefault(box, Usage()).add(use, instant, key,
                                                        times)
        if use.ref is not None:
            form = (use.command, use.ref, use.patterns)
            user.lists.setdefault(form, Usage()).add(use, instant, key, times)

    def reject(self, why, text, foreign=False):
        self.not_understood += 1
        self.example(foreign, why, text[:200])

    def example(self, foreign, why, text):
        if len(self.examples[foreign]) < EXAMPLES:
            self.examples[foreign].append((why, text))

    def merge(self, other, name_year):
        """Adds what another summary has; name_year gives years to its times."""
        self.lines += other.lines
        self.span.merge(other.span, name_year)
        self.more += other.more
        self.not_understood += other.not_understood
        self.passed_over += other.passed_over
        self.foreign += other.foreign
        for foreign in (False, True):
            for example in other.examples[foreign]:
                self.example(foreign, *example)
        for name, user in other.users.items():
            mine = self.users.setdefault(name, User())
            for kind in ("mailboxes", "lists"):
                usages = getattr(mine, kind)
                for key, usage in getattr(user, kind).items():
                    usages.setdefault(key, Usage()).merge(usage, name_year)
