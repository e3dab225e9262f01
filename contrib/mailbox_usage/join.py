# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""The log's summary and the audit's entries, joined by user and mailbox. The
log knows each use by IMAP, from where it begins; an index proves that there was
one, and never that there was none. What both together don't tell is unknown."""

from collections import namedtuple

from .summary import Usage
from .times import iso

# entry and usage are None where the audit or the log don't have the mailbox
Row = namedtuple("Row", "box entry usage verdict since reason")

GONE = {"missing": "nothing is there",
        "not-mailbox": "what is there is no mailbox"}
# by the index's evidence, where it has no proof
UNPROVEN = {
    "untouched": ("no proof since", "the index holds nothing"),
    "empty": ("no proof since", "it never had a message"),
    "never-opened": ("never opened",
                     "what was before its index began isn't known"),
}
NO_USER = "the audit doesn't have the user"
NO_ENTRY = "not in the audit: deleted or renamed since, without an index, of " \
    "a namespace that wasn't audited, or not selected"
INBOX = "the log leaves out SELECT and EXAMINE of INBOX, unless " \
    "imap_mailbox_log_inbox is set"
OTHERS = "the log: other users"
CUT = "its name is cut in the log"


def find_cut(account, box):
    """Returns the name of which the log has only the beginning and the length,
    None if that isn't one."""
    begin, size, _ = box
    found = [name for name in account.entries if name.startswith(begin) and
             len(name.encode(errors="surrogateescape")) == size]
    return found[0] if len(found) == 1 else None


def find(account, box):
    """Returns the box of the audit's name for one of the log."""
    if account is None:
        return box
    if box[1] is None:
        return (account.name(box[0]), None, None)
    begin = account.name(box[0])
    grown = len(begin.encode(errors="surrogateescape")) - \
        len(box[0].encode(errors="surrogateescape"))
    name = find_cut(account, (begin, box[1] + grown, None))
    return box if name is None else (name, None, None)


def usages(summary, accounts):
    """Returns {user: {box: Usage}}. What a URL named is its owner's."""
    users = {}
    for user, account in summary.users.items():
        for box, usage in account.mailboxes.items():
            owner = user if box[2] is None else box[2]
            mine = users.setdefault(owner, {})
            place = find(accounts.get(owner), (*box[:2], None))
            mine.setdefault(place, Usage()).merge(usage, None)
    return users


def judge_index(name, entry):
    """Returns verdict, since and reason of a mailbox that nobody used since the
    log began."""
    if entry["state"] != "mailbox":
        return "unknown", None, f"the audit can't tell: {entry['reason']}"
    if name == "INBOX":
        return "unknown", None, INBOX
    if entry["last_used"] is not None:
        return "no proof since", entry["last_used"], \
            f"its index: {entry['proof']}"
    verdict, reason = UNPROVEN.get(entry["evidence"], (None, None))
    if verdict is None or entry["since"] is None:
        return "unknown", None, "its index doesn't tell"
    return verdict, entry["since"], reason


def judge(box, entry, usage, others, begin, audited):
    """Returns verdict, since and reason. others is whether the log has other
    users use it."""
    if entry is None:
        return "unknown", None, NO_USER if not audited else \
            NO_ENTRY if box[1] is None else CUT
    if entry["state"] in GONE:
        return "no mailbox", None, GONE[entry["state"]]
    if usage is not None and usage.opened.commands:
        return "in use", None, "the log"
    if others:
        return "in use", None, OTHERS
    if entry["last_used"] is not None and begin is not None and \
            entry["last_used"] >= begin:
        return "in use", None, f"its index: {entry['proof']}"
    verdict, since, reason = judge_index(box[0], entry)
    if usage is not None and usage.is_used:
        reason += "; by the log only asked for: " + \
            " ".join(usage.used.report()["commands"])
    if entry["not_opened_since"] is not None:
        reason += "; messages that nobody selected since " + \
            iso(entry["not_opened_since"])
    return verdict, since, reason


def split_user(user):
    """Returns a user's name and domain, if he has one, in any case."""
    name, _, domain = user.casefold().partition("@")
    return name, domain


def other_spellings(summary, accounts):
    """Returns pairs of a user of the log alone and one of the audit alone whose
    names differ but in case, or in a domain that one of them doesn't have."""
    logged, audited = set(summary.users), set(accounts)
    by_name = {}
    for user in sorted(audited - logged):
        name, domain = split_user(user)
        by_name.setdefault(name, []).append((user, domain))
    pairs = []
    for user in sorted(logged - audited):
        name, domain = split_user(user)
        pairs += [(user, other) for other, theirs in by_name.get(name, [])
                  if domain == theirs or "" in (domain, theirs)]
    return pairs


def by_box(entries):
    return {(name, None, None): entry for name, entry in entries.items()}


def sort_key(box):
    return (box[0], box[1] or 0)


def public_uses(users, public):
    """Returns {box: users} of public mailboxes that the log has them use."""
    found = {}
    for user, boxes in users.items():
        for box, usage in boxes.items():
            if box in public and usage.opened.commands:
                found.setdefault(box, set()).add(user)
    return found


def join_user(account, used, others, public, begin):
    """Returns the Rows of a user: the audit's mailboxes, and what else was
    used. others are the boxes that the log has other users use, public the
    entries of those that are everybody's."""
    entries = {} if account is None else by_box(account.entries)
    boxes = set(entries) | {b for b, usage in used.items() if usage.is_used}
    rows = []
    for box in sorted(boxes, key=sort_key):
        entry, usage = entries.get(box, public.get(box)), used.get(box)
        rows.append(Row(box, entry, usage,
                        *judge(box, entry, usage, box in others, begin,
                               account is not None)))
    return rows


def join(summary, accounts):
    """Returns {user: [Row]} of all users of either."""
    users = usages(summary, accounts)
    begin = summary.span.first
    public = {}
    for account in accounts.values():
        public.update(by_box(account.public_entries()))
    uses = public_uses(users, public)
    return {user: join_user(
                accounts.get(user), users.get(user, {}),
                {box for box, who in uses.items() if who - {user}}, public,
                begin)
            for user in sorted({*users, *accounts, *summary.users})}
