# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""Table, CSV and JSON: of a Summary, and of other reports."""

import csv
import json
import re
import unicodedata
from collections import namedtuple

from .summary import REPLIES

# What a terminal obeys or nobody sees: the table of lib/base/hidden-chars.h,
# and surrogates, which stand for bytes that aren't UTF-8. What Python calls
# printable depends on its version.
HIDDEN = [(0x00, 0x1f), (0x7f, 0x9f), (0xa0, 0xa0), (0xad, 0xad),
          (0x34f, 0x34f), (0x61c, 0x61c), (0x115f, 0x1160), (0x17b4, 0x17b5),
          (0x180b, 0x180f), (0x2000, 0x200f), (0x2028, 0x202f),
          (0x205f, 0x206f), (0x3000, 0x3000), (0x3164, 0x3164),
          (0xd800, 0xf8ff), (0xfe00, 0xfe0f), (0xfeff, 0xfeff),
          (0xffa0, 0xffa0), (0xfff0, 0xffff), (0x1d173, 0x1d17a),
          (0xe0000, 0x10ffff)]
ESCAPED = re.compile(r"[\\%s]" % "".join(
    f"{chr(first)}-{chr(last)}" for first, last in HIDDEN))

# what formulas begin with
FORMULA = ("=", "+", "-", "@")

# rows, the first of which names the columns; which of these hold numbers; and
# the same for JSON
Report = namedtuple("Report", "rows numbers data")


def escape(match):
    return "".join(f"\\x{byte:02x}" for byte in
                   match[0].encode(errors="surrogateescape"))


def shown(text):
    """Returns a name with nothing in it that a terminal obeys, nor invisible.
    A backslash is escaped too: \\xNN is always a byte."""
    return ESCAPED.sub(escape, text)


def char_width(char):
    # Hangul vowels and final consonants stand in the letter before them
    if unicodedata.category(char) in ("Mn", "Me") or \
            0x1160 <= ord(char) <= 0x11ff:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def width(text):
    """Returns how many columns a shown text takes on a terminal."""
    return sum(map(char_width, text))


def name_json(name):
    """Returns a name for JSON, as the audit writes it: different names are
    different strings."""
    text = shown(name)
    return {"mailbox": text, "escaped": True} if text != name else \
        {"mailbox": text}


def mailbox_json(box, usage):
    name, size, owner = box
    extra = {"name_bytes": size, "owner": owner and shown(owner)}
    return {**name_json(name),
            **{key: value for key, value in extra.items() if value is not None},
            **usage.report()}


def list_json(form, usage):
    command, ref, patterns = form
    report = usage.report()
    del report["commands"]
    return {"cmd": command, "ref": shown(ref),
            "patterns": [shown(pattern) for pattern in patterns],
            "largest": usage.largest, **report}


def sort_key(box):
    return tuple(str(part) for part in box)


def users_json(summary):
    report = []
    for name, user in sorted(summary.users.items()):
        boxes = sorted(user.mailboxes.items(), key=lambda b: sort_key(b[0]))
        report.append({
            "user": shown(name),
            "mailboxes": [mailbox_json(*b) for b in boxes if b[1].is_used],
            "in_vain": [mailbox_json(*b) for b in boxes if not b[1].is_used],
            "lists": [list_json(*form) for form in sorted(user.lists.items())],
        })
    return report


def counts_json(summary):
    return {"lines": summary.lines, "not_understood": summary.not_understood,
            "passed_over": summary.passed_over, "more_names": summary.more}


def box_name(box):
    name, size, owner = box
    text = shown(name)
    if size is not None:
        text += f"... ({size} bytes)"
    return text if owner is None else f"{text} (of {shown(owner)})"


def form_name(form):
    return " ".join('"' + shown(text).replace('"', '\\x22') + '"'
                    for text in (form[1], *form[2]))


def row(user, kind, name, usage, commands):
    report = usage.report()
    return [shown(user), kind, name, *(report[reply] for reply in REPLIES),
            "" if usage.largest is None or kind != "list" else usage.largest,
            commands or " ".join(f"{command}:{count}" for command, count
                                 in report["commands"].items()),
            report["first"] or "", report["last"] or ""]


def rows(summary):
    """Yields a row for each mailbox and each form of LIST of each user."""
    yield ["user", "kind", "name", *REPLIES, "largest", "commands", "first",
           "last"]
    for name, user in sorted(summary.users.items()):
        boxes = sorted(user.mailboxes.items(), key=lambda b: sort_key(b[0]))
        for kind, used in (("mailbox", True), ("in vain", False)):
            for box, usage in boxes:
                if usage.is_used == used:
                    yield row(name, kind, box_name(box), usage, None)
        for form, usage in sorted(user.lists.items()):
            yield row(name, "list", form_name(form), usage, form[0])


def report(summary):
    """Returns the Report of a Summary."""
    data = {"version": 1, **counts_json(summary), "users": users_json(summary)}
    return Report(list(rows(summary)), {*REPLIES, "largest"}, data)


def print_json(report, out):
    json.dump(report.data, out, indent=1)
    out.write("\n")


def csv_cell(cell):
    """Returns a cell that no spreadsheet takes for a formula: who may name a
    mailbox would let it do as he likes."""
    text = str(cell)
    return f"\\x{ord(text[0]):02x}{text[1:]}" if text[:1] in FORMULA else cell


def print_csv(report, out):
    csv.writer(out, lineterminator="\n").writerows(
        map(csv_cell, line) for line in report.rows)


def print_table(report, out):
    table = [[str(cell) for cell in line] for line in report.rows]
    widths = [max(map(width, column)) for column in zip(*table)]
    for line in table:
        cells = []
        for name, cell, size in zip(table[0], line, widths):
            blanks = " " * (size - width(cell))
            number = name in report.numbers
            cells.append(blanks + cell if number else cell + blanks)
        out.write("  ".join(cells).rstrip() + "\n")
