# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""The settings of mailbox_filter: where rules come from, what happens when they
are wrong, and what the log says about them."""

import os
import re
import subprocess
import tempfile

import pytest

from dovecot import IS_24, Location, User
from filter import MESSAGE, deliver, fill_mbox, forget_indexes, files, \
    with_filter
from imap import Closed
from manual import plain, source

LOCATION = Location("mbox", "~", inbox="mail/%u", index="index/%u")
NAMES = ["mail", "a.old", "junk-1", ".profile", "public_html/index",
         "Work/junk-2", "Work/plan"]
DEFAULT = {"INBOX", "mail", "a.old", "junk-1", "Work", "Work/junk-2",
           "Work/plan"}
ALL = DEFAULT | {".profile", "public_html", "public_html/index"}


@pytest.fixture
def start(dovecot):
    def start(rules=None, description=None, **settings):
        server = dovecot(**with_filter(
            {"location": LOCATION, **(description or {})}, rules, **settings))
        for user in server.users:
            fill_mbox(server, user, NAMES)
        return server
    return start


@pytest.fixture
def rules_file():
    """rules_file(text) writes a file that users can read; returns its path."""
    with tempfile.TemporaryDirectory(prefix="mba-") as directory:
        os.chmod(directory, 0o755)
        path = directory + "/rules"

        def write(text, mode=0o644):
            with open(path, "w") as f:
                f.write(text)
            os.chmod(path, mode)
            return path

        yield write


def listed(server, user="alice"):
    with server.imap(user) as imap:
        return {name.decode() for name in imap.list()}


def refused(server, user="alice"):
    """Returns the session's errors in the log after a login that has to end
    it."""
    with pytest.raises((Closed, OSError, RuntimeError)):
        imap = server.imap(user)
        reply = imap.cmd('LIST "" "*"')
        imap.close()
        assert not reply.starting("LIST")
        assert not reply.ok
        raise Closed(reply)
    # the process may write them after the client is gone
    return server.log_lines("Error: ", service="imap")


def test_default_rules_when_nothing_is_set(start):
    assert listed(start()) == DEFAULT


def test_rules_in_the_configuration(start):
    assert listed(start("junk-* /*.old")) == ALL - {"junk-1", "Work/junk-2",
                                                    "a.old"}


def test_rules_that_need_quotes(start, rules_file):
    def setting(line):
        return start(description={"extra": {
            "2.3": f"plugin {{\n{line}\n}}\n", "2.4": line + "\n"}})

    servers = [setting(r'mailbox_filter = ".* #*# $X.BIN a\\ b"'),
               start(mailbox_filter_file=rules_file(
                   ".*\n\\#*#\n$X.BIN\na b\n")),
               setting("mailbox_filter = .* #*#")]
    shown = []
    for server in servers:
        fill_mbox(server, "alice", ["#mail#", "sharp#", "$X.BIN", "a b", "b"])
        shown.append(listed(server) - ALL)
    assert shown == [{"sharp#", "b"}, {"sharp#", "b"},
                     {"sharp#", "b", "#mail#", "$X.BIN", "a b"}]


def test_no_rules(start):
    assert listed(start("")) == ALL


def test_rules_in_a_file(start, rules_file):
    path = rules_file("# ours\n\n/junk-*\n.*\n!.profile\n")
    assert listed(start(mailbox_filter_file=path)) == ALL - {"junk-1"}


def test_rules_of_the_configuration_come_last(start, rules_file):
    path = rules_file("junk-*\n*.old\n")
    server = start("!junk-2 public_html", mailbox_filter_file=path)
    assert listed(server) == ALL - {"junk-1", "a.old", "public_html",
                                    "public_html/index"}


def test_an_edited_file_counts_for_the_next_session(start, rules_file):
    path = rules_file("junk-*\n")
    server = start(mailbox_filter_file=path)
    assert listed(server) == ALL - {"junk-1", "Work/junk-2"}
    rules_file("/junk-*\n")
    assert listed(server) == ALL - {"junk-1"}


def test_rules_of_one_user_from_the_userdb(start):
    server = start(description={"users": [
        "alice", User("bob", fields={"mailbox_filter": "*.old\t/Work"}),
        User("carol", fields={"mailbox_filter_non_mailboxes": "yes"})]})
    fill_mbox(server, "carol", ["text"], b"no mailbox\n")
    fill_mbox(server, "bob", ["text"], b"no mailbox\n")
    assert listed(server) == DEFAULT
    assert listed(server, "bob") == (ALL | {"text"}) - {
        "a.old", "Work", "Work/junk-2", "Work/plan"}
    assert listed(server, "carol") == DEFAULT


def test_rules_of_one_protocol(start):
    extra = """protocol imap {
  plugin {
    mailbox_filter = junk-*
  }
}
"""
    inner = extra.replace("  plugin {\n", "").replace("  }\n", "")
    server = start("*.old", description={"extra": {"2.3": extra,
                                                   "2.4": inner}})
    assert listed(server) == ALL - {"junk-1", "Work/junk-2"}
    # lmtp has the others
    forget_indexes(server, "alice")
    server.deliver("alice", MESSAGE)
    left = {path for path in files(server.path("index/alice"))}
    assert ".imap/junk-1" in left and ".imap/a.old" not in left


def test_a_bad_rule_stops_the_session(start):
    wrong = "junk-* [a /ok"
    # 2.4 would refuse the configuration
    server = start(description={"users": [User("alice", fields={
        "mailbox_filter": wrong.replace(" ", "\t")})]}) if IS_24 else \
        start(wrong)
    error, = refused(server)
    assert "mailbox_filter:1:8" in error and "[a" in error
    with pytest.raises(RuntimeError, match="LMTP"):
        server.deliver("alice", MESSAGE)
    # it does nothing in doveadm
    server.doveadm("mailbox", "list", "-u", "alice")


def test_a_bad_rule_in_a_file_stops_the_session(start, rules_file):
    path = rules_file("# ours\njunk-*\n  a//b\n")
    error, = refused(start(mailbox_filter_file=path))
    assert path + ":3:" in error and "a//b" in error


def test_a_bad_rule_of_one_user_stops_only_his_session(start):
    server = start(description={"users": [
        "alice", User("bob", fields={"mailbox_filter": "a//b"})]})
    error, = refused(server, "bob")
    assert "User bob: mailbox_filter: mailbox_filter:1:" in error
    assert "a//b" in error
    assert listed(server) == DEFAULT


def test_a_file_that_cannot_be_read_stops_the_session(start, rules_file):
    path = rules_file("junk-*\n", mode=0)
    error, = refused(start(mailbox_filter_file=path))
    assert path in error and "Permission denied" in error
    error, = refused(start(mailbox_filter_file=path + ".missing"))
    assert path + ".missing" in error and "No such file" in error


def test_mail_waits_while_rules_are_wrong(start, rules_file):
    """It's neither lost nor sent back: the mail server tries again."""
    bad = User("alice", fields={"mailbox_filter": "a//b"})
    for server in (start(description={"users": [bad]}),
                   start(mailbox_filter_file=rules_file("", mode=0))):
        with pytest.raises(RuntimeError, match="LMTP: b'451"):
            deliver(server, "lmtp", "alice")
        with pytest.raises(subprocess.CalledProcessError) as error:
            deliver(server, "lda", "alice")
        assert error.value.returncode == os.EX_TEMPFAIL
        server.log_lines("Fatal: User alice: mailbox_filter: ", service="lda")
        # it's no crash
        server.forget_log()


def test_debug_tells_the_rules_in_force(start, rules_file):
    path = rules_file("junk-*\n")
    server = start("*.old", {"settings": {"mail_debug": "yes"}},
                   mailbox_filter_file=path)
    listed(server)
    # only the lines of this session
    line, = server.log_lines("mailbox_filter", "Debug", "imap(alice)", "junk-*")
    assert path in line and "*.old" in line


def test_debug_tells_of_the_default(start):
    debugs = re.findall("(mail_debug|log_debug) = (\\S+)[,)]",
                        plain(source("mailbox_filter.7")))
    assert {key for key, _ in debugs} == {"mail_debug", "log_debug"}
    for key, value in debugs:
        server = start(description={"settings": {key: value}})
        listed(server)
        assert len(server.log_lines("public_html", "Debug", "default")) == 1


CONFIGURED = """
namespace inbox {
  mailbox .drafts {
    auto = create
    special_use = \\Drafts
  }
  mailbox public_html/sent {
    special_use = \\Sent
  }
  mailbox junk-0 {
    auto = no
  }
  mailbox Archive {
    auto = subscribe
  }
  mailbox junk-* {
    special_use = \\Junk
  }
}
"""


@pytest.mark.parametrize("list_index", ["yes", "no"])
def test_mailboxes_of_the_configuration_stay_visible(start, list_index):
    server = start(".* public_html junk-*", {
        "extra": CONFIGURED, "settings": {"mailbox_list_index": list_index}})
    fill_mbox(server, "alice", ["public_html/sent", "public_html/other",
                                "junk-0"])
    for _ in range(2):
        with server.imap("alice") as imap:
            for _ in range(2):
                names = imap.list()
                assert {name.decode() for name in names} == \
                    ALL - {"junk-1", "Work/junk-2", ".profile",
                           "public_html/index"} | \
                    {".drafts", "Archive", "public_html/sent"}
            assert b"\\HasChildren" in names[b"public_html"]
            assert imap.list("", ".drafts").keys() == {b".drafts"}
            assert imap.list("", "public_html/%").keys() == \
                {b"public_html/sent"}
    warnings = server.log_lines("Warning", "imap(alice)")
    for name in (".drafts", "public_html/sent"):
        # once a session
        assert len([w for w in warnings if name in w]) == 2, name
    assert not any("mailbox junk-" in w or "Archive" in w for w in warnings)


def test_deliveries_warn_of_nothing(start):
    """A line with each mail would be too much: IMAP sessions warn."""
    server = start(".* junk-*", {
        "extra": CONFIGURED,
        "settings": {"mailbox_list_index_very_dirty_syncs": "yes"}})
    for how in ("lmtp", "lda"):
        deliver(server, how, "alice")
    assert "mailbox_filter" not in server.log()
    listed(server)
    server.log_lines("Warning: ", "mailbox_filter", service="imap", count=2)


def test_very_dirty_syncs_are_warned_of(start):
    """The refresh isn't pruned then, since what it leaves out would be lost to
    those who trust the index; LIST is filtered all the same."""
    server = start(description={"settings": {
        "mailbox_list_index_very_dirty_syncs": "yes"}})
    for _ in range(2):
        with server.imap("alice") as imap:
            for _ in range(2):
                assert {n.decode() for n in imap.list()} == DEFAULT
            assert imap.list("", "public_html/*") == {}
    assert len(server.log_lines("mailbox_list_index_very_dirty_syncs",
                                "Warning", "imap(alice)", count=2)) == 2
    assert {".imap/.profile", "public_html/.imap/index"} <= \
        files(server.path("index/alice"))


def test_names_outside_the_mail_root_are_not_filtered(dovecot):
    description = {"location": LOCATION,
                   "settings": {"mail_full_filesystem_access": "yes",
                                # it doesn't hold names outside
                                "mailbox_list_index": "no"}}
    plain = dovecot(**description)
    server = dovecot(**with_filter(description))
    answers = []
    for each in (plain, server):
        fill_mbox(each, "alice", NAMES)
        os.mkdir(each.dir + "/outside")
        fill_mbox(each, "alice", [".hidden", "public_html/x", "box"],
                  root="outside")
        with each.imap("alice") as imap:
            answers.append({name.replace(each.dir.encode(), b""): flags
                            for pattern in ("*", "%", "public_html/*")
                            for name, flags in imap.list(
                                each.dir + "/outside/", pattern).items()})
            assert {n.decode() for n in imap.list()} == \
                (DEFAULT if each is server else ALL)
    assert answers[0] == answers[1]
    assert b"/outside/.hidden" in answers[0]
