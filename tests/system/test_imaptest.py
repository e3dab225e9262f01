# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""What the scripts of imaptest (src/tests: list, listext, subscribe, mutf7,
move, notify, uidvalidity-rename) do with mailboxes, in the sessions in which
they do it: below a visible name stock Dovecot's replies must come, below a
hidden one the same but for LIST. {m} is that name; scripts that only ask are in
test_client_sequences.py.
"""

import contextlib

import pytest

from differential import clean, difference, listed_name
from filter import FORMATS, with_filter

# a number is the session's
SCRIPTS = {
    "list": [
        "1 CREATE {m}/", "1 CREATE {m}/test", '2 LIST "" {m}/%',
        "2 CREATE {m}/test2", '1 LIST "" {m}/%', "3 CREATE {m}/test3/",
        "2 CREATE {m}/test3/test4/", "2 CREATE {m}/test3/test4/test5",
        '2 LIST "" {m}/%', '3 LIST "" {m}/%', '2 LIST "" {m}/%/%',
        '3 LIST "" {m}/*', "3 LIST {m}/ *", '2 LIST "" {m}/*test4',
        '2 LIST "" {m}/*test*', '2 LIST "" {m}/%3/%', '2 LIST "" {m}/%3/%4',
        '2 LIST "" {m}/%t*4', "2 DELETE {m}/test2", '1 LIST "" {m}/*',
        '1 LIST "" INBOX', '3 LIST "" *', "1 DELETE {m}/test3",
        '3 LIST "" *'],
    "listext": [
        "CREATE {m}/", "CREATE {m}/test1", "CREATE {m}/test2/",
        "CREATE {m}/test2/test1", "CREATE {m}/test3",
        "CREATE {m}/test4/test5", "CREATE {m}/test4/test52",
        "CREATE {m}/test6", "CREATE {m}/test7/test7",
        "CREATE {m}/test8/test8", "CREATE {m}/test8/test9",
        "SUBSCRIBE {m}/test1", "SUBSCRIBE {m}/test2/test1",
        "SUBSCRIBE {m}/test6", "SUBSCRIBE {m}/test7/test7",
        "SUBSCRIBE {m}/test8/test8", "SUBSCRIBE {m}/test8/test9",
        "DELETE {m}/test6", 'LIST "" ({m}/*2 {m}/test3)',
        'LIST (SUBSCRIBED) "" {m}/*',
        'LIST (SUBSCRIBED RECURSIVEMATCH) "" {m}/test2%',
        'LIST "" {m}/% RETURN (CHILDREN SUBSCRIBED)',
        'LIST (SUBSCRIBED RECURSIVEMATCH) "" {m}*test7',
        'LIST (SUBSCRIBED RECURSIVEMATCH) "" {m}*test8',
        'LIST (SUBSCRIBED RECURSIVEMATCH) "" ({m}/test2)',
        'LIST (SUBSCRIBED RECURSIVEMATCH) "" ({m}/test2 {m}/test2/test1)',
        'LIST "" ({m}/test7 {m}/test7/test7)', 'LIST "" *'],
    "subscribe": [
        "1 UNSUBSCRIBE {m}/test", "1 UNSUBSCRIBE {m}/test2",
        "1 UNSUBSCRIBE {m}/test2/test", "1 UNSUBSCRIBE {m}/test3/test3",
        "1 CREATE {m}/", "1 CREATE {m}/test", "1 CREATE {m}/test2/",
        "1 CREATE {m}/test3/", "1 CREATE {m}/test2/test",
        "1 CREATE {m}/test3/test3", "1 CREATE {m}/test2",
        "1 SUBSCRIBE {m}/test", "1 SUBSCRIBE {m}/test2/test",
        "1 SUBSCRIBE {m}/test3/test3", '2 LSUB "" {m}/%', '2 LSUB "" *test',
        "1 UNSUBSCRIBE {m}/test", '2 LSUB "" {m}/%',
        "1 UNSUBSCRIBE {m}/test2/test", '2 LSUB "" {m}/*',
        "1 UNSUBSCRIBE {m}/test3/test3", '2 LSUB "" {m}/%',
        '2 LIST "" *'],
    "mutf7": [
        'CREATE "{m}/p&AOQA5A-"', 'LIST "" "{m}/p&AOQA5A-"',
        'STATUS "{m}/p&AOQA5A-" (MESSAGES)'],
    "move": [
        "CREATE {m}/a", "CREATE {m}/b", "APPEND {m}/a {{4+}}\r\nx\r\n",
        "APPEND {m}/a {{4+}}\r\nx\r\n", "APPEND {m}/a {{4+}}\r\nx\r\n",
        "SELECT {m}/b", "SELECT {m}/a", "FETCH 1:* UID", "MOVE 1 {m}/b",
        "SELECT {m}/b", "SELECT {m}/a", "UID MOVE 2 {m}/b", "MOVE 1 {m}/a",
        'LIST "" *'],
    "notify": [
        "CREATE {m}/a", "APPEND {m}/a {{4+}}\r\nx\r\n",
        "NOTIFY SET STATUS (mailboxes {m}/a (MessageNew MessageExpunge))",
        "NOTIFY SET STATUS (mailboxes {m}/a (MessageNew MessageExpunge "
        "FlagChange))",
        "NOTIFY SET (mailboxes {m}/a (MessageNew MessageExpunge FlagChange))",
        "NOOP"],
    "uidvalidity-rename": [
        "1 CREATE {m}/a", "2 CREATE {m}/b", "1 APPEND {m}/a {{4+}}\r\nx\r\n",
        "2 APPEND {m}/b {{4+}}\r\nx\r\n",
        "1 STATUS {m}/a (UIDVALIDITY UIDNEXT)", "1 RENAME {m}/a {m}/c",
        "2 RENAME {m}/b {m}/a", "1 STATUS {m}/a (UIDVALIDITY UIDNEXT)",
        '2 LIST "" *', "1 DELETE {m}/c", '2 LIST "" *'],
}
# who does it below which name
USERS = {"ann": "work", "bob": "junk-work"}


def replies(server, user, script):
    """Does what a script does; returns the commands with their replies."""
    done = []
    with contextlib.ExitStack() as stack:
        sessions = {}
        for step in script:
            number, command = step.split(" ", 1) if step[0].isdigit() else \
                ("1", step)
            if number not in sessions:
                sessions[number] = stack.enter_context(server.imap(user))
            command = command.format(m=USERS[user])
            done.append((command, sessions[number].cmd(command)))
    return done


def expected(command, reply):
    """Returns the lines of stock's reply that must come."""
    is_filtered = command.startswith("LIST") and \
        not command.startswith("LIST (SUBSCRIBED")
    return [clean(line) for line in [*reply.untagged, reply.tagged]
            if not (is_filtered and
                    (listed_name(line) or b"").startswith(b"junk-"))]


@pytest.mark.parametrize("name", FORMATS)
def test_scripts_find_what_they_find_on_stock(dovecot, name):
    """Each begins where the one before it left."""
    description = dict(location=FORMATS[name], users=list(USERS))
    plain, server = (dovecot(**description),
                     dovecot(**with_filter(description, "junk-*")))
    for user in USERS:
        for title, script in SCRIPTS.items():
            for (command, stock), (_, ours) in zip(
                    replies(plain, user, script),
                    replies(server, user, script)):
                got = [clean(line) for line in [*ours.untagged, ours.tagged]]
                assert difference(got, expected(command, stock)) == ([], []), \
                    (user, title, command)
    assert server.crashes() == []
