# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""Configurations as people publish them (configurations.py), on stock Dovecot
and with the plugins (differential.py)."""

import re

import pytest

from audit import mutf7, unescape
from configurations import CONFIGURATIONS
from differential import listed_name, Pair
from dovecot import VERSION
from imap import quote
from oracle import audit, BOGUS, has_utility, make_atimes_old, snapshot


NOT_245 = {
    "acl-global": "Dovecot has no acl_global_path",
    "sdbox-iterindex": "stock Dovecot takes the index's dbox-Mails for a child",
}


@pytest.fixture(scope="module", params=CONFIGURATIONS, ids=lambda c: c.name)
def pair(request):
    if VERSION >= (2, 4, 5) and request.param.name in NOT_245:
        pytest.skip(NOT_245[request.param.name])
    pair = Pair(request.param)
    yield pair
    assert pair.close() == []


def test_nothing_differs_where_nothing_is_hidden(pair):
    for step in pair.steps("bob"):
        assert pair.difference("bob", step) == ([], []), step.parts
    assert len(pair.names("bob")) > 5


def test_list_is_stocks_without_the_hidden_names(pair):
    for step in pair.steps("alice"):
        assert pair.difference("alice", step) == ([], []), step.parts
    assert any(map(pair.is_hidden, pair.names("alice")))


def logged(step):
    """Returns what the log must tell of a command."""
    cmd, *args = b" ".join(p.encode() if isinstance(p, str) else p
                           for p in step.parts).split(b" ", 1)
    line = {"cmd": cmd.decode(), "reply": step.ours.status}
    if line["cmd"] in ("LIST", "LSUB", "XLIST"):
        line["listed"] = sum(listed_name(u) is not None and
                             not u.startswith(b"* STATUS")
                             for u in step.ours.untagged)
    else:
        line["mailbox"] = step.parts[1]
    return line


def access_lines(pair, user):
    """Returns a user's steps, each with its line of the log."""
    steps = [step for step in pair.steps(user)
             if step.parts != ("EXAMINE", b'"INBOX"')]
    found = pair.accesses(user)
    assert len(found) == len(steps)
    return zip(steps, found)


@pytest.mark.parametrize("user", ["bob", "alice"])
def test_the_access_log_has_each_command(pair, user):
    for step, line in access_lines(pair, user):
        expected = logged(step)
        got = {key: line.get(key) for key in expected}
        if "mailbox" in got:
            got["mailbox"] = quote(mutf7(got["mailbox"]))
        assert got == expected, step.parts


def test_hidden_is_what_list_would_have_shown(pair):
    """The topmost hidden names of those that stock Dovecot lists."""
    hidden = [(line["hidden"], len(pair.topmost_hidden(step.stock)))
              for step, line in access_lines(pair, "alice")
              if step.parts == ('LIST "" "*"',)]
    assert len(hidden) == 2 and all(got == count for got, count in hidden)


def complaints(server):
    """Returns what the log says of errors, each once."""
    return {re.sub(r".*?(Error|Warning|Panic|Fatal): |/tmp/mba-[^/]*|"
                   r"\buidvalidity\.\w+|\d{4,}", "", line)
            for line in server.log().splitlines()
            if re.search("(Error|Panic|Fatal): |"
                         "Warning: (?!mailbox_filter: )", line)}


def test_the_log_has_no_more_errors(pair):
    for user in ("bob", "alice"):
        pair.steps(user)
    pair.wait()
    assert complaints(pair.ours) - complaints(pair.stock) == set()


# reasons for a state that can't be told, and what they may be about
UNKNOWN = {
    "symlink": lambda pair, name: name == b"elsewhere",
    "compressed": lambda pair, name: name.endswith(b"gz"),
    "not-judged": lambda pair, name: "ITERINDEX" in
    pair.configuration.location.options or
    (pair.configuration.location.layout == "index" and
     pair.configuration.location.driver in ("sdbox", "mdbox") and
     pair.configuration.location.index is not None),
}


def opens(imap, name):
    """Whether Dovecot opens a mailbox, None if it fails."""
    reply = imap.cmd("EXAMINE", quote(name))
    return None if b"[SERVERBUG]" in reply.tagged else reply.ok


def utility_options(pair, server, user):
    """Returns what the utility has to be told of the configuration."""
    conf = pair.configuration
    options = [f"--exclude={path}"
               for path in pair.shared_roots(server, user)]
    options += [f"--keep={name.replace(conf.separator, '/')}"
                for name in conf.mailboxes
                if pair.is_named(pair.visible(name))]
    if conf.escape is not None:
        options.append(f"--escape-char={conf.escape}")
    return options


@pytest.mark.parametrize("which", ["ours", "stock"])
@pytest.mark.parametrize("user", ["bob", "alice"])
def test_the_audit_agrees_with_du_and_select(pair, user, which):
    """And leaves no trace."""
    pair.steps(user)
    pair.wait()
    server = getattr(pair, which)
    has_rules = user == "alice" or which == "stock"
    same = has_rules and has_utility(server) and \
        pair.configuration.chroot is None and \
        pair.configuration.remote is None
    # what others own has to be named
    named = [["-N", space.prefix] for space in pair.spaces
             if space.type != "private"]
    tops = pair.tops(server)
    make_atimes_old(*tops)
    before = snapshot(*tops)
    for args in [[], *named]:
        server.doveadm("mailbox-audit", "-u", user, "-e", "-j", *args)
    assert snapshot(*tops) == before
    # du and the test's own look leave traces
    reports = [audit(server, user, *args, same=same and args == [],
                     nested=pair.roots(server, user),
                     options=utility_options(pair, server, user),
                     chroot=pair.chroot(server)) for args in [[], *named]]
    if pair.configuration.location.index != "MEMORY":
        assert all(len(report.entries) > 2 for report in reports)
    found = [entry for report in reports for entry in report.entries.values()]
    listed = [unescape(name["mailbox"]).decode() for report in reports
              for ns in report.namespaces
              for name in (ns["names"]["list_index"] or {"names": []})["names"]]
    with pair.stock.imap(user) as imap:
        assert [name for name in listed if opens(imap, mutf7(name))] == []
        for entry in found:
            if entry["name"] is None:
                continue
            name = mutf7(entry["name"].decode())
            if entry["state"] == "unknown":
                assert UNKNOWN[entry["reason"]](pair, name), name
            else:
                is_mailbox = entry["state"] not in BOGUS
                assert opens(imap, name) in (is_mailbox, None) or \
                    not pair.is_meant(name, entry["namespace"]), entry
            assert (entry["hidden_by"] is not None) == \
                (has_rules and
                 pair.is_hidden_in(name, entry["namespace"])), entry


def test_the_plugins_come_and_go(pair):
    """Indexes that stock Dovecot filled tell no hidden name; where the filter
    was, all names are back."""
    lists = list(pair.lists())
    before = pair.steps("alice")[-len(lists):]
    # two namespaces at one place share a list index: whether this one is told
    # depends on which of them came first
    unsure = {mutf7(space.prefix + "INBOX") for space in pair.spaces[1:]}
    pair.swap()
    for step, earlier in zip(pair.session("alice", lists), before):
        names = [set(map(listed_name, reply.untagged)) - unsure
                 for reply in (step.stock, earlier.stock)]
        assert names[0] == names[1], step.parts
        assert pair.difference("alice", step) == ([], []), step.parts
