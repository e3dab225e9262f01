# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""A client can't make the server work for nothing: what it sends a thousand
times in one command costs the plugins a thousand times as much, not the square
of it. callgrind counts."""

import shutil

import pytest

import work
from accesslog import PLUGIN
from filter import with_filter
from imap import literal

FEW, MANY = 250, 1000


def many(form, n, between=" "):
    return between.join(form.format(i) for i in range(n))


def notify(groups):
    return f"NOTIFY SET {groups}"


EVENTS = "(MessageNew MessageExpunge)"
LONG = {
    "patterns": lambda n: f'LIST "" ({many("p{}", n)})',
    "the same pattern": lambda n: f'LIST "" ({many("%/", n)})',
    "patterns of LSUB": lambda n: f'LSUB "" {many("%", n, "/")}',
    "percents": lambda n: f'LIST "" "{many("%", n, "")}"',
    "levels of percents": lambda n: f'LIST "" "{many("%", n, "/")}"',
    "stars": lambda n: f'LIST "" "{many("*a", n, "")}"',
    "a deep reference": lambda n: f'LIST "{many("a/", n, "")}" *',
    "a deep pattern": lambda n: f'LIST "" "{many("a", n, "/")}/*"',
    "a deep name": lambda n: f'STATUS "{many("a", n, "/")}" (MESSAGES)',
    "what to select": lambda n: f'LIST ({many("REMOTE", n)}) "" x',
    "what to return": lambda n: f'LIST "" x RETURN ({many("CHILDREN", n)})',
    "STATUS to return":
        lambda n: f'LIST "" x RETURN (STATUS ({many("MESSAGES", n)}))',
    "NOTIFY": lambda n: notify(f'(mailboxes ({many("p{}", n)}) {EVENTS})'),
    "NOTIFY that is refused":
        lambda n: notify(f'(mailboxes ({many("p{}", n)}) (MessageNew))'),
    "subtrees": lambda n: notify(f'(subtree ({many("p{}", n)}) {EVENTS})'),
    "NOTIFY's groups":
        lambda n: notify(many("(mailboxes p{} " + EVENTS + ")", n)),
    "GETMETADATA": lambda n: f'GETMETADATA INBOX ({many("/private/{}", n)})',
    "SETMETADATA":
        lambda n: f'SETMETADATA INBOX ({many("/private/{} x", n)})',
    "URLs": lambda n: f'URLFETCH {many("imap://alice@localhost/p{}", n)}',
    "a long URL":
        lambda n: f'URLFETCH imap://alice@localhost/{many("%41", n, "")}',
    "a long name": lambda n: ("STATUS", literal("x" * n), "(MESSAGES)"),
    "a name that is no mUTF-7":
        lambda n: ("STATUS", literal(b"\xe4" * n), "(MESSAGES)"),
    "a name in mUTF-7":
        lambda n: ("STATUS", literal("&AOQ-" * n), "(MESSAGES)"),
}


def measure(dovecot, description):
    """Returns what each kind of command takes, with a few and with many."""
    server = dovecot(extra=work.IMAP, **description)
    commands = [command(n) for command in LONG.values() for n in (FEW, MANY)]
    counts = work.instructions(server, "alice", ['LIST "" *', *commands])[1:]
    return dict(zip(LONG, zip(counts[::2], counts[1::2])))


STOCK = {"settings": {"imap_metadata": True, "imap_urlauth_host": "localhost"}}
WITH = {
    "imap_mailbox_log": {**STOCK, "plugins": PLUGIN},
    "mailbox_filter": with_filter(
        STOCK, ".* public_html *.old a*b*c*d* /a/**/b /**/x/**/y"),
}


@pytest.mark.skipif(shutil.which("valgrind") is None,
                    reason="valgrind isn't installed")
@pytest.mark.parametrize("plugin", WITH)
def test_the_work_grows_with_the_command(dovecot, plugin):
    stock = measure(dovecot, STOCK)
    counts = measure(dovecot, WITH[plugin])
    # what the plugin itself does: the rest differs by a little each time
    own = {kind: [count - before for count, before
                  in zip(counts[kind], stock[kind])] for kind in LONG}
    assert {kind: (own[kind], stock[kind]) for kind in LONG
            if own[kind][1] > 6 * max(0, own[kind][0]) +
            0.2 * stock[kind][1] + 100000} == {}
