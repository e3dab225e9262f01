"""Configurations as people publish them (configurations.py), on stock Dovecot
and with the plugins (differential.py)."""

import pytest

from accesslog import accesses
from audit import mutf7
from configurations import CONFIGURATIONS
from differential import Pair, listed_name
from imap import quote
from oracle import audit, BOGUS, make_atimes_old, snapshot


@pytest.fixture(scope="module", params=CONFIGURATIONS, ids=lambda c: c.name)
def pair(request):
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


@pytest.mark.parametrize("user", ["bob", "alice"])
def test_the_access_log_has_each_command(pair, user):
    steps = [step for step in pair.steps(user)
             if step.parts != ("EXAMINE", b'"INBOX"')]
    found = accesses(pair.ours, user=user)
    assert len(found) == len(steps)
    for line, step in zip(found, steps):
        expected = logged(step)
        got = {key: line.get(key) for key in expected}
        if "mailbox" in got:
            got["mailbox"] = quote(mutf7(got["mailbox"]))
        assert got == expected, step.parts


# reasons for a state that can't be told, and what they may be about
UNKNOWN = {
    "symlink": lambda pair, name: name == b"elsewhere",
    "compressed": lambda pair, name: name.endswith(b".gz"),
    "not-judged": lambda pair, name: "ITERINDEX" in
    pair.configuration.location.options,
}


def opens(imap, name):
    """Whether Dovecot opens a mailbox, None if it fails."""
    reply = imap.cmd("EXAMINE", quote(name))
    return None if b"[SERVERBUG]" in reply.tagged else reply.ok


@pytest.mark.parametrize("which", ["ours", "stock"])
@pytest.mark.parametrize("user", ["bob", "alice"])
def test_the_audit_agrees_with_du_and_select(pair, user, which):
    """And leaves no trace."""
    pair.steps(user)
    pair.wait()
    server = getattr(pair, which)
    tops = pair.tops(server)
    make_atimes_old(*tops)
    before = snapshot(*tops)
    server.doveadm("mailbox-audit", "-u", user, "-e", "-j")
    assert snapshot(*tops) == before
    # du and the test's own look leave traces
    report = audit(server, user, same=False, nested=pair.roots(server, user))
    has_rules = user == "alice" or which == "stock"
    with pair.stock.imap(user) as imap:
        for entry in report.entries.values():
            if entry["name"] is None:
                continue
            name = mutf7(entry["name"].decode())
            if entry["state"] == "unknown":
                assert UNKNOWN[entry["reason"]](pair, name), name
            else:
                is_mailbox = entry["state"] not in BOGUS
                assert opens(imap, name) in (is_mailbox, None), entry
            assert (entry["hidden_by"] is not None) == \
                (has_rules and pair.is_hidden(name)), entry
    assert len(report.entries) > 5 or \
        pair.configuration.location.index == "MEMORY"
