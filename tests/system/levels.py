# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""The levels of a name: how a layout writes them on disk, and how clients see
them. Made from the levels, so that a test knows a name without decoding any.

    naming = Naming("maildir++", storage_escape="+")
    naming.path(["Work", "plan.old"])      # b".Work.plan+2eold"
    naming.shown(["Work", "plan.old"], "/")         # "Work/plan.old"
    description.update(naming.description(location))
"""

from dovecot import IS_24, Location, VERSION
from filter import mutf7


class Naming:
    """layout is "fs", "maildir++" or "index". The escape characters are those
    of names on disk (listescape) and of names that clients see (BROKENCHAR)."""

    def __init__(self, layout, storage_escape=None, visible_escape=None,
                 utf8=False):
        self.layout = layout
        self.storage_escape = storage_escape
        self.visible_escape = visible_escape
        self.utf8 = utf8
        self.sep = "." if layout == "maildir++" else "/"

    def description(self, location):
        """Returns what sets it, for Dovecot()."""
        options = dict(location.options)
        if self.visible_escape:
            options["BROKENCHAR"] = self.visible_escape
        if self.utf8:
            options["UTF-8"] = True
        described = {"location": Location(
            **{**vars(location), "options": options})}
        if self.storage_escape and IS_24:
            described["settings"] = {
                "mailbox_list_storage_escape_char": self.storage_escape}
        elif self.storage_escape:
            described["plugins"] = {"": ["listescape"]}
            described["plugin_settings"] = {
                "listescape_char": self.storage_escape}
        return described

    def holds(self, level, sep):
        """Returns whether such a level can be, where clients separate levels
        by sep, and whether clients can tell it from two levels. sep is "" where
        no client looks."""
        if self.layout == "index":
            # only clients make them: who can't write a level can't have it
            return sep not in level or \
                bool(self.storage_escape and self.visible_escape)
        if self.storage_escape and not self.visible_escape and \
                sep != "" and sep in level and VERSION >= (2, 4, 5):
            # LIST takes the name for that of two levels, which isn't escaped,
            # and renames it on disk ("a+2eb" is "b" then), as it does with
            # names that older versions escaped in another way
            return False
        if self.sep in level or "/" in level:
            return bool(self.storage_escape) and \
                ("/" not in level or sep != "/" or bool(self.visible_escape))
        return True

    def is_ambiguous(self, sep):
        """Returns whether clients can't tell a level that holds sep from two
        levels."""
        return sep != "/" and not self.visible_escape and \
            bool(sep != self.sep or self.storage_escape)

    def level(self, level):
        """Returns a level as it is on disk. What isn't valid mUTF-7 may be
        given as bytes."""
        if isinstance(level, str):
            level = (level if self.utf8 else mutf7(level)).encode()
        special = self.storage_escape and \
            (self.storage_escape + "/" + self.sep).encode()
        if not special:
            return level
        return b"".join(self.storage_escape.encode() + b"%02x" % c
                        if c in special else bytes([c]) for c in level)

    def path(self, levels):
        """Returns a mailbox's path below the root of all."""
        parts = [self.level(level) for level in levels]
        return b"." + b".".join(parts) if self.sep == "." else b"/".join(parts)

    def shown(self, levels, sep):
        """Returns the name that clients see, in UTF-8."""
        if self.visible_escape:
            special = self.visible_escape + sep
            levels = ["".join(f"{self.visible_escape}{ord(c):02x}"
                              if c in special else c for c in level)
                      for level in levels]
        return sep.join(levels)
