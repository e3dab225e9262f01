# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""What the output shows of the log joined with the audit."""

from .join import join
from .output import Report, box_name, counts_json, name_json, shown
from .times import iso

HEADER = ["user", "mailbox", "messages", "log", "index", "verdict", "since",
          "reason"]


def by_log(row):
    """Returns when the log has somebody use the mailbox last."""
    return None if row.usage is None else iso(row.usage.opened.span.last)


def entry_value(row, key):
    return None if row.entry is None else row.entry[key]


def row_json(row):
    name, size, _ = row.box
    cut = {} if size is None else {"name_bytes": size}
    commands = {} if row.usage is None else \
        row.usage.used.report()["commands"]
    entry = {key: entry_value(row, key)
             for key in ("state", "messages", "evidence", "proof")}
    return {**name_json(name), **cut, **entry,
            "last_by_log": by_log(row), "commands": commands,
            "last_by_index": iso(entry_value(row, "last_used")),
            "verdict": row.verdict, "since": iso(row.since),
            "reason": row.reason}


def cells(user, row):
    messages = entry_value(row, "messages")
    return [shown(user), box_name(row.box),
            "" if messages is None else messages, by_log(row) or "",
            iso(entry_value(row, "last_used")) or "", row.verdict,
            iso(row.since) or "", row.reason]


def report(summary, accounts):
    """Returns the Report."""
    users = join(summary, accounts)
    rows = [HEADER] + [cells(user, row)
                       for user, found in users.items() for row in found]
    data = {"version": 1, **counts_json(summary),
            "log_begins": iso(summary.span.first), "users": [
                {"user": shown(user), "in_log": user in summary.users,
                 "in_audit": user in accounts,
                 "mailboxes": [row_json(row) for row in found]}
                for user, found in users.items()]}
    return Report(rows, {"messages"}, data)
