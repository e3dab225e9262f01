# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""LIST with mailbox_filter, against stock Dovecot and against a home from which
the hidden names were moved away: system calls, processor time, wall time."""

import contextlib
import random
import shutil
import sys
import time

from dovecot import Dovecot, Location
import home
import measure

TURNS = int(sys.argv[1]) if len(sys.argv) > 1 else 20
LIST = 'LIST "" "*"'


def start(stack, hidden, plugin, settings):
    """Returns a server with a home that no client has seen yet."""
    server = Dovecot(location=Location("mbox", "~", inbox="mail/%u",
                                       index="index/%u"), users=["ann"],
                     plugins={"imap": ["mailbox_filter"]} if plugin else {},
                     plugin_settings=settings)
    stack.callback(server.remove)
    home.make_home(server, "ann", hidden)
    server.start()
    return server


def forget_indexes(server):
    server.stop()
    shutil.rmtree(server.path("index/%u", "ann"))
    server.start()


def timed_list(server):
    with server.imap("ann") as imap:
        begin = time.monotonic()
        names = len(imap.ok(LIST).starting("LIST"))
        return time.monotonic() - begin, names


def calls(name, server):
    counts = []
    for _ in range(2):
        process = measure.ImapProcess(server, "ann")
        count, reply = process.count_calls(LIST)
        counts.append(count)
        process.close()
    print(f"{name:42} {len(reply.starting('LIST')):6} names, system calls:"
          f" first LIST {counts[0]:9,}, second {counts[1]:9,}")


def times(name, server):
    forget_indexes(server)
    first, names = timed_list(server)
    later = min(timed_list(server)[0] for _ in range(5))
    print(f"{name:42} {names:6} names, seconds: first LIST {first:8.3f},"
          f" second {later:8.3f}")


def cpu(servers):
    """With nothing to hide, in turns."""
    with contextlib.ExitStack() as stack:
        processes = {}
        for name, server in servers.items():
            processes[name] = process = measure.ImapProcess(server, "ann")
            stack.callback(process.close)
            process.imap.ok(LIST)
        measure.show_ratios(
            "processor time of a LIST, nothing to hide",
            measure.in_turns(processes, lambda p: p.imap.ok(LIST), TURNS))


def first_cpu(servers):
    """Of the first LIST that a process answers, on a warm index."""
    spent = {name: [] for name in servers}
    for _ in range(TURNS):
        # a process leaves the machine in a state that the next one meets
        for name, server in random.sample(list(servers.items()), len(servers)):
            process = measure.ImapProcess(server, "ann")
            begin = process.cpu_seconds()
            process.imap.ok(LIST)
            spent[name].append(process.cpu_seconds() - begin)
            process.close()
    measure.show_ratios(
        "processor time of a process's first LIST, nothing to hide", spent)


# what is compared: whether the home has the hidden names, whether the plugin is
# loaded, and its settings
SERVERS = {
    "stock": (True, False, {}),
    "mailbox_filter, default rules": (True, True, {}),
    "stock, hidden names moved away": (False, False, {}),
    "stock, moved away, again": (False, False, {}),
    "mailbox_filter, nothing to hide": (False, True, {}),
    "mailbox_filter, nothing to hide, again": (False, True, {}),
    "mailbox_filter, non_mailboxes, no rules": (
        True, True, {"mailbox_filter": "",
                     "mailbox_filter_non_mailboxes": True}),
    "mailbox_filter, non_mailboxes, rules": (
        True, True, {"mailbox_filter_non_mailboxes": True}),
}
# each comes twice: what its figures differ by is chance
NOTHING_TO_HIDE = ["stock, hidden names moved away",
                   "stock, moved away, again",
                   "mailbox_filter, nothing to hide",
                   "mailbox_filter, nothing to hide, again"]


def main():
    with contextlib.ExitStack() as stack:
        servers = {}
        for name, (hidden, plugin, settings) in SERVERS.items():
            servers[name] = start(stack, hidden, plugin, settings)
        for name, server in servers.items():
            calls(name, server)
        for name, server in servers.items():
            times(name, server)
        chosen = {name: servers[name] for name in NOTHING_TO_HIDE}
        cpu(chosen)
        first_cpu(chosen)


main()
