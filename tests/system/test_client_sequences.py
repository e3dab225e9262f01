# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""What clients send to find out which mailboxes there are, to stock Dovecot and
with the plugins: differential.py. Written after the clients' sources and logs
that people published. {p} is the first namespace's prefix, {s} its separator.
"""

import pytest

from configurations import CONFIGURATIONS
from differential import listed_name, Pair

# each client's commands, in their order
CLIENTS = {
    # with LIST-EXTENDED and SPECIAL-USE, and without
    "thunderbird": [
        "NAMESPACE", 'LIST (SUBSCRIBED) "" "*" RETURN (SPECIAL-USE)',
        'LIST "" "INBOX"', 'LIST (SUBSCRIBED) "" "{p}*" RETURN (SPECIAL-USE)',
        'LIST (SUBSCRIBED) "" "{p}*{s}%" RETURN (SPECIAL-USE)',
        'STATUS "{p}Sent" (UIDNEXT MESSAGES UNSEEN RECENT)',
        'LIST "" "{p}Trash"', 'SELECT "{p}Sent"', "CLOSE"],
    "thunderbird-subscribe": [
        'LIST "" "{p}%" RETURN (SPECIAL-USE)',
        'LIST "" "{p}Work{s}%" RETURN (SPECIAL-USE)',
        'LIST "" "{p}public_html{s}%" RETURN (SPECIAL-USE)',
        'LIST "" "{p}%{s}%" RETURN (SPECIAL-USE)',
        'SUBSCRIBE "{p}Work{s}plan"', 'LSUB "" "*"', 'LSUB "" "{p}%"',
        'LSUB "" "{p}%{s}%"', 'XLIST "" "%"'],
    "k-9": [
        'LIST "" ""', "NAMESPACE", 'LIST "" "*" RETURN (SPECIAL-USE)',
        'LIST "" "*"', 'LSUB "" "*"', 'LIST "" "{p}*"',
        'STATUS "INBOX" (MESSAGES)', 'STATUS "{p}Work{s}plan" (UIDVALIDITY)',
        'SELECT "{p}Work{s}plan"', "UID SEARCH 1:* NOT DELETED"],
    "apple-mail": [
        'LIST "" ""', 'LIST "" "*" RETURN (CHILDREN SPECIAL-USE)',
        'LIST "" "%"', 'LIST "" "*"', 'LSUB "" "*"',
        'LIST "" "*" RETURN (STATUS (MESSAGES UIDNEXT UIDVALIDITY UNSEEN))',
        'STATUS "{p}Sent" (MESSAGES UIDNEXT UIDVALIDITY UNSEEN '
        "HIGHESTMODSEQ)", 'SELECT "{p}Sent" (CONDSTORE)'],
    "outlook": [
        'LIST "" ""', 'LIST "" "INBOX"', 'LSUB "" "*"', 'LIST "" "%"',
        'LIST "" "{p}%"', 'LIST "" "{p}Work{s}%"', 'LSUB "" "{p}*"',
        'LIST "" "{p}Sent"', 'STATUS "{p}Sent" (UNSEEN UIDNEXT UIDVALIDITY)',
        'LIST "{p}" "%"', 'LIST "{p}Work{s}" "*"', 'XLIST "" "*"'],
    "mutt": [
        'LIST "" ""', 'LIST "" "%"', 'LIST "" "{p}Work"',
        'LIST "" "{p}Work{s}%"', 'LSUB "" "%"', 'LSUB "" "{p}Work{s}%"',
        'LSUB "" "*"', 'LIST "" "{p}"', 'LIST "{p}" "Work{s}%"',
        'STATUS "{p}Sent" (UIDNEXT UIDVALIDITY UNSEEN RECENT MESSAGES)',
        'SELECT "{p}Sent"', 'LIST "" "{p}public_html{s}%"'],
    "mbsync": [
        "NAMESPACE", 'LIST "" "{p}*"', 'LIST "" INBOX', 'LIST "" INBOX*',
        'LIST "" "*"', 'SELECT "{p}Sent"', 'SELECT "INBOX"'],
    "offlineimap": [
        'LIST "" "*"', 'LIST "{p}" "*"', 'LSUB "{p}" "*"',
        'SELECT "{p}Work{s}plan"', "UID SEARCH 1:*", 'EXAMINE "{p}Sent"'],
    "roundcube": [
        'LIST "" ""', 'LIST "" "*" RETURN (SUBSCRIBED)',
        'LIST "" "*" RETURN (SPECIAL-USE SUBSCRIBED)',
        'LIST (SPECIAL-USE) "" "*" RETURN (SPECIAL-USE)',
        'LIST (SUBSCRIBED) "" "*"', 'LSUB "" "*"',
        'LIST (SUBSCRIBED) "" "*" RETURN (STATUS (MESSAGES UNSEEN))',
        'LIST "" "{p}Sent" RETURN (SUBSCRIBED STATUS (MESSAGES UNSEEN))',
        'STATUS "{p}Sent" (UNSEEN MESSAGES)'],
    "evolution": [
        "NAMESPACE", 'LIST "" "{p}*" RETURN (CHILDREN SUBSCRIBED)',
        'LIST "" "*" RETURN (CHILDREN SUBSCRIBED SPECIAL-USE)',
        'LIST "" "INBOX" RETURN (CHILDREN SUBSCRIBED)', 'LSUB "" "{p}*"',
        'LIST "" "{p}%"', 'LIST "" "{p}%{s}%"'],
    "mailkit": [
        'LIST "" "INBOX" RETURN (SUBSCRIBED CHILDREN)',
        'LIST (SPECIAL-USE) "" "*" RETURN (SUBSCRIBED CHILDREN)',
        'LIST "" "{p}%" RETURN (SUBSCRIBED CHILDREN)',
        'LIST (SUBSCRIBED) "" "{p}%" RETURN (CHILDREN)',
        'LIST (SUBSCRIBED) "" "*" RETURN (CHILDREN STATUS (MESSAGES RECENT '
        "UIDNEXT UNSEEN HIGHESTMODSEQ))",
        'LIST "" "{p}*" RETURN (SUBSCRIBED CHILDREN STATUS (HIGHESTMODSEQ))',
        'LIST "" "{p}Work{s}%" RETURN (SUBSCRIBED CHILDREN SPECIAL-USE)'],
    "javamail": [
        'LIST "" ""', 'LIST "" "{p}%"', 'LIST "" "{p}Work"',
        'LIST "" "{p}Work{s}%"', 'LSUB "" "{p}%"', 'LSUB "" "{p}Work{s}*"',
        'LIST "{p}Work{s}" "%"', 'LIST "" "*%"', 'LIST "" "%*"'],
    "pine": [
        'LIST "" "{p}"', 'LIST "{p}" "%"', 'LIST "" "{p}%"',
        'LIST "" "{p}Work{s}"', 'LIST "{p}Work{s}" "%"', 'LSUB "{p}" "%"',
        'LIST "" "{p}S%"', 'LIST "" "{p}*e*"', 'LIST "{p}.git{s}" "%"'],
    "squirrelmail": [
        'LSUB "" "*"', 'LIST "" "INBOX"', 'LIST "" "{p}Work"', 'LIST "" "*"',
        'LIST "" "{p}.git"', 'LIST "" "{p}public_html"', 'LIST "" "{p}*{s}"'],
    # the scripts list, listext, mutf7, nil and subscribe, where they only ask
    "imaptest": [
        'LIST "" ""', 'LIST "" {p}Work{s}%', 'LIST "" {p}Work{s}%{s}%',
        'LIST "" {p}Work{s}*', "LIST {p}Work{s} *", 'LIST "" {p}Work{s}*plan',
        'LIST "" {p}Work{s}*pl*', 'LIST "" {p}%k{s}%', 'LIST "" {p}%k{s}%n',
        'LIST "" {p}%o*n', 'LIST "" INBOX', 'LIST () "" ""', 'LIST "" ("")',
        'LIST "" "" RETURN ()', 'LIST "" ({p}Work{s}*n {p}Sent)',
        'LIST (imaptest) "" ""', 'LIST (RECURSIVEMATCH) "" ""',
        'LIST (RECURSIVEMATCH REMOTE) "" ""', 'LIST "" "" RETURN (imaptest)',
        'LIST (REMOTE) "" %', 'LIST (SUBSCRIBED) "" {p}*',
        'LIST (SUBSCRIBED RECURSIVEMATCH) "" {p}Work% RETURN (CHILDREN)',
        'LIST "" {p}% RETURN (CHILDREN SUBSCRIBED)',
        'LIST (SUBSCRIBED RECURSIVEMATCH) "" {p}*n',
        'LIST (SUBSCRIBED RECURSIVEMATCH) "" ({p}Work)',
        'LIST (SUBSCRIBED RECURSIVEMATCH) "" ({p}Work {p}Work{s}plan)',
        'LIST "" ({p}public_html {p}public_html{s}index)',
        'LIST "" ({p}Work {p}Work{s}plan)', 'LIST "" {p}k&AOQ-se{s}%',
        'LIST "" {p}k&AOQ-*', 'LIST "" {p}k&', 'LIST NIL %', 'LSUB "" *',
        'LSUB "" %', 'LIST "" "{p}Work{s}%" RETURN (CHILDREN REMOTE)'],
}
SERVERS = ["department-home", "home-separator-dot-escape", "cpanel",
           "arch-fs", "mdbox-alt", "sdbox-layout-index"]


@pytest.fixture(scope="module", params=SERVERS)
def pair(request):
    configuration, = [c for c in CONFIGURATIONS if c.name == request.param]
    pair = Pair(configuration)
    # before the first LIST of a client, too: with an empty list index
    for user in ("alice", "bob"):
        pair.recorded[user] = []
        pair.session(user, [('LIST "" "*"',)])
    yield pair
    assert pair.close() == []


def commands(pair, client):
    conf = pair.configuration
    for text in CLIENTS[client]:
        yield (text.replace("{p}", conf.prefix).replace("{s}",
                                                        conf.separator),)


@pytest.mark.parametrize("client", CLIENTS)
def test_what_a_client_sees(pair, client):
    """It sees stock's answers without the hidden names; where nothing is
    hidden, it sees just them. The log has them all."""
    for user in ("bob", "alice"):
        steps = pair.session(user, list(commands(pair, client)))
        for step in steps:
            assert pair.difference(user, step) == ([], []), (user, step.parts)
        lists = [step for step in steps if step.parts[0].startswith(
            ("LIST", "XLIST", "LSUB")) and step.ours.status != "BAD"]
        logged = [line for line in pair.accesses(user)
                  if line["cmd"] in ("LIST", "XLIST", "LSUB") and
                  line["reply"] != "BAD"][-len(lists):]
        assert [line["listed"] for line in logged] == [
            sum(listed_name(line) is not None and
                not line.startswith(b"* STATUS")
                for line in step.ours.untagged) for step in lists]
