# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""What each way to come upon a mailbox leaves in its index, and what the audit
takes for use: in four formats, of an index that isn't there yet (cold), of one
just made (warm), and of one made three weeks ago (aged).

Each action has users of its own, one for each state of the indexes, whose mails
and indexes are a copy of the state's. The audit looks at all of them before and
after."""

import os
import re
import shutil
import time
from collections import namedtuple

import pytest

import corpus
from audit import json_lines
from clock import DAY, past
from dovecot import Dovecot, IS_24
from filter import DETAIL, deliver, fill_mbox, forget_indexes, \
    forget_list_index

DRIVERS = ["mbox", "maildir", "sdbox", "mdbox"]
STATES = ["cold", "warm", "aged"]
AGE = 20 * DAY
# of few an EXPUNGE makes Dovecot 2.4 make the cache anew
MESSAGES = 10
LEVELS = ["untouched", "empty", "never-opened", "opened", "changed", "read"]

QUOTA_23 = {"quota": "count:User quota", "quota_vsizes": "yes"}
QUOTA_24 = """
quota "User quota" {
  quota_driver = count
}
"""


def by_imap(*commands):
    """An action of commands for each mailbox, @ in their place."""
    def action(server, user, boxes):
        with server.imap(user) as imap:
            for box in boxes:
                for command in commands:
                    imap.ok(command.replace("@", box))
    return action


def by_doveadm(*args):
    def action(server, user, boxes):
        words = [[arg.replace("@", box) for arg in args] for box in boxes]
        # those that name no mailbox are asked once
        for word in [word for i, word in enumerate(words)
                     if word not in words[:i]]:
            server.doveadm(*word[:2], "-u", user, *word[2:])
    return action


def by_delivery(how):
    def action(server, user, boxes):
        for box in boxes:
            deliver(server, how, user, box)
    return action


def backup(server, user, boxes):
    server.doveadm("backup", "-u", user,
                   "sdbox:" + server.path("~/copy", user))


NO_USE = {
    "LIST": by_imap('LIST "" *'),
    "LIST-STATUS": by_imap(
        'LIST "" * RETURN (STATUS (MESSAGES RECENT UNSEEN UIDNEXT))'),
    "LSUB": by_imap('LSUB "" *', "SUBSCRIBE @"),
    "STATUS": by_imap("STATUS @ (MESSAGES RECENT UNSEEN)",
                      "STATUS @ (HIGHESTMODSEQ)", "STATUS @ (SIZE)"),
    "NOTIFY": by_imap("NOTIFY SET STATUS (mailboxes @ "
                      "(MessageNew MessageExpunge FlagChange))", "NOOP"),
    "EXAMINE": by_imap("EXAMINE @", "UNSELECT"),
    "LMTP": by_delivery("lmtp"),
    "lda": by_delivery("lda"),
    "APPEND": by_delivery("imap"),
    "doveadm backup": backup,
    "doveadm quota recalc": by_doveadm("quota", "recalc"),
    "doveadm mailbox list": by_doveadm("mailbox", "list"),
    "doveadm mailbox status": by_doveadm("mailbox", "status", "all", "@"),
    "doveadm search": by_doveadm("search", "mailbox", "@", "text", "body"),
    "doveadm fetch": by_doveadm("fetch", "hdr text date.saved", "mailbox",
                                "@"),
}
# With the level and the proofs that it has to leave in each state: in a mailbox
# with new mail, and in one without.
Use = namedtuple("Use", "action new used")
RECENT = {"cold": ("opened", {"first-recent-uid"}),
          "warm": ("opened", {"first-recent-uid"})}
CHANGED = {state: ("changed", {"change"}) for state in STATES}
# Dovecot 2.4 may make the cache anew afterwards: the change isn't the last
# thing in the log, and the new mail has the later date
EXPUNGED = {**CHANGED, "aged": ("changed", {"change", "first-recent-uid"})}
READ = ("read", {"cache-field"})
THREADED = {"first-recent-uid", "thread"}
USE = {
    # without new mail it leaves nothing
    "SELECT": Use(by_imap("SELECT @", "UNSELECT"),
                  {**RECENT, "aged": ("opened", {"first-recent-uid"})}, {}),
    "FETCH": Use(by_imap("SELECT @", "FETCH 1:* (ENVELOPE)", "UNSELECT"),
                 {**RECENT, "aged": READ}, {"aged": READ}),
    "STORE": Use(by_imap("SELECT @", "STORE 1 +FLAGS (\\Flagged)",
                         "UNSELECT"), CHANGED, CHANGED),
    "STORE keyword": Use(by_imap("SELECT @", "STORE 1 +FLAGS (word)",
                                 "UNSELECT"), CHANGED, CHANGED),
    "EXPUNGE": Use(by_imap("SELECT @", "STORE 1 +FLAGS (\\Deleted)",
                           "EXPUNGE", "UNSELECT"), EXPUNGED, CHANGED),
    "THREAD": Use(by_imap("SELECT @", "THREAD REFERENCES UTF-8 ALL",
                          "UNSELECT"),
                  {"cold": ("opened", THREADED), "warm": ("opened", THREADED),
                   "aged": ("read", {"cache-field", "thread"})},
                  {"warm": ("changed", {"thread"}),
                   "aged": ("read", {"cache-field", "thread"})}),
}


def user_of(state, action):
    return f"{state}-" + re.sub(r"\W", "", action).lower()


def trees(server, user):
    return [server.path(path, user) for path in ("~", "index/%u", "mail/%u")]


def fill(server, user):
    """A mailbox that nobody has selected, and one that somebody has used."""
    with server.imap(user) as imap:
        for box in ("never", "used"):
            imap.ok(f"CREATE {box}")
            corpus.append(imap, box, MESSAGES)
        imap.ok('LIST "" * RETURN (STATUS (MESSAGES UNSEEN))')
        corpus.selected(imap, "used", "FETCH 1:* (ENVELOPE FLAGS)",
                        "STORE 2 +FLAGS (\\Flagged)")


def fill_cold(server, user):
    """Mails without an index; a dbox's index is part of its mails."""
    if server.location.driver == "mbox":
        fill_mbox(server, user, ["never"], root="~/mail")
        return
    with server.imap(user) as imap:
        imap.ok("CREATE never")
        corpus.append(imap, "never", 3)
    if server.location.driver == "maildir":
        forget_indexes(server, user)
        os.unlink(server.path("~/Maildir/.never/dovecot-uidlist", user))
        return
    forget_list_index(server, user)
    for top, _, names in os.walk(server.path("index/%u", user)):
        for name in names:
            if name == "dovecot.index.cache":
                os.unlink(os.path.join(top, name))


def copy(server, template, user):
    for source, target in zip(trees(server, template), trees(server, user)):
        if os.path.isdir(source):
            shutil.copytree(source, target, dirs_exist_ok=True)
        elif os.path.exists(source):
            shutil.copy2(source, target)
        if os.path.exists(target):
            server.chown(user, target)


def audit(server):
    """Returns {user: {mailbox: entry}}."""
    found = {}
    for line in json_lines(server.doveadm("mailbox-audit", "-A", "--entries",
                                          "--json").stdout):
        if "entry" in line:
            boxes = found.setdefault(line["user"], {})
            boxes[line["entry"]["mailbox"]] = line["entry"]
    return found


def check_no_use(before, after):
    """What was done is no use: nothing more is proven than before."""
    old = before or {"evidence": "never-opened", "last_used": None}
    assert LEVELS.index(after["evidence"]) <= LEVELS.index(old["evidence"])
    assert (after["last_used"] or 0) <= (old["last_used"] or 0)
    assert (after["proof"] is None) == (after["last_used"] is None)


def check_use(expected, begin, end, after):
    """It was use: proven by the right thing, and dated by a day at most too
    early, and not too late."""
    level, proofs = expected
    assert (after["evidence"], after["proof"] in proofs) == (level, True)
    # a day may have 25 hours
    assert begin - 25 * 60 * 60 <= after["last_used"] <= end
    # nobody opened it since then
    assert (after["not_opened_since"] or begin) >= begin


class Matrix:
    """The states of a format's mailboxes, a user for each, and users for each
    action, with what the audit has of them before and after."""

    def __init__(self, driver):
        self.actions = {**NO_USE, **{name: use.action
                                     for name, use in USE.items()}}
        users = [user_of(state, name) for state in STATES
                 for name in self.actions]
        self.server = Dovecot(
            location=corpus.FORMATS[driver], users=STATES + users,
            settings=DETAIL, plugins={"doveadm": ["quota"]},
            plugin_settings={} if IS_24 else QUOTA_23,
            extra=QUOTA_24 if IS_24 else "")
        self.begin = self.before = self.after = None

    def run(self):
        self.fill()
        self.before = audit(self.server)
        for state in STATES:
            for name, action in self.actions.items():
                action(self.server, user_of(state, name), boxes(state))
        self.after = audit(self.server)
        self.end = int(time.time())

    def fill(self):
        server = self.server
        if server.location.driver == "mbox":
            for user in STATES:
                os.mkdir(server.path("~/mail", user))
                server.chown(user, server.path("~", user))
        with past(server, AGE):
            fill(server, "aged")
        server.start()
        self.begin = int(time.time())
        deliver(server, "lmtp", "aged", "never")
        deliver(server, "lmtp", "aged", "never")
        # once in a week Dovecot looks for old temporary files, and notes it
        # after whatever the session did
        with server.imap("aged") as imap:
            corpus.commands(imap, "EXAMINE never", "UNSELECT", "EXAMINE used",
                            "UNSELECT")
        fill(server, "warm")
        fill_cold(server, "cold")
        for state in STATES:
            for name in self.actions:
                copy(server, state, user_of(state, name))

    def entry(self, found, state, name, box):
        return found.get(user_of(state, name), {}).get(box)

    def check(self, state, name, box):
        before = self.entry(self.before, state, name, box)
        after = self.entry(self.after, state, name, box)
        use = USE.get(name)
        expected = use and (use.new if box == "never" else use.used).get(state)
        if expected is not None:
            check_use(expected, self.begin, self.end, after)
        elif after is not None:
            check_no_use(before, after)


def boxes(state):
    return ["never"] if state == "cold" else ["never", "used"]


@pytest.mark.parametrize("driver", DRIVERS)
def test_what_each_action_leaves(driver):
    matrix = Matrix(driver)
    wrong = []
    try:
        matrix.run()
        assert matrix.server.crashes() == []
        for state in STATES:
            for name in matrix.actions:
                for box in boxes(state):
                    try:
                        matrix.check(state, name, box)
                    except AssertionError as error:
                        wrong.append((state, name, box, str(error)))
    finally:
        matrix.server.remove()
    assert wrong == []
