# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""mailbox-usage --audit: what a real log and a real audit tell together."""

import csv
import dataclasses
import gzip
import io
import json
import os
import time

import pytest

import corpus
from accesslog import PLUGIN, lines
from audit import MESSAGE, json_lines, name_bytes, write, write_home
from configurations import shared
from differential import pick, UID
from dovecot import Location, Namespace
from imap import literal
from test_log_forging import FORGERIES, mutf7, normalized
from usage import run, summary

LOCATION = Location("mbox", "~/mail", inbox="mail/%u", index="index/%u")
ARCHIVE = Namespace("archive", "Archive/", location=Location(
    "sdbox", "~/archive", index="index/%u-archive"))
ALIAS = Namespace("alias", "Alias/", settings={"list": False})
# longer than the log has room for
LONG = "/".join(char * 200 for char in "abcdef")
NEVER = ("never opened", "what was before its index began isn't known")


def log_path(server):
    return os.path.join(server.dir, "log")


def audited(server, tmp_path, *options):
    """Returns the path of the audit's lines."""
    out = server.doveadm("mailbox-audit", *(options or ["-A"]), "--entries",
                         "--json").stdout
    json_lines(out)
    path = tmp_path / "audit.json"
    path.write_bytes(out)
    return path


def rows(result, user):
    found, = [u for u in result["users"] if u["user"] == user]
    return {row["mailbox"]: row for row in found["mailboxes"]}


def verdicts(result, user):
    return {name: (row["verdict"], row["reason"].split(";")[0])
            for name, row in rows(result, user).items()}


def next_second():
    now = int(time.time())
    while int(time.time()) == now:
        time.sleep(0.01)


def before(server):
    """What was done before the log that is read begins."""
    for user in ("alice", "bob"):
        with server.imap(user) as imap:
            for name in ("filled", "asked", "used", "examined", "old",
                         "Archive/2019", "Archive/2020"):
                imap.ok(f"CREATE {name}")
                corpus.append(imap, name, 2)
            corpus.selected(imap, "old")
    with server.imap("alice") as imap:
        corpus.append(imap, "INBOX", 2)


def after(server):
    """What is in the log."""
    write_home(server, "alice", "mail/junk", b"hello\n")
    nothing = write_home(server, "alice", "mail/nothing", b"hello\n")
    with server.imap("alice") as imap:
        imap.list()
        os.unlink(nothing)
        imap.ok("STATUS asked (MESSAGES)")
        corpus.selected(imap, "Alias/used")
        corpus.selected(imap, "Archive/2019")
        corpus.commands(imap, "EXAMINE examined", "UNSELECT", "CREATE gone",
                        "DELETE gone")
        imap.cmd("SELECT nothing")
    # nothing of this is in the log
    server.deliver("bob", corpus.message(1))
    with server.imap("bob") as imap:
        corpus.selected(imap, "INBOX", "STORE 1 +FLAGS (\\Flagged)")
    with server.imap("carol") as imap:
        imap.ok("CREATE box")


@pytest.fixture
def served(dovecot, tmp_path):
    """Returns a server, the log of after(), and when that began."""
    server = dovecot(location=LOCATION, namespaces=[ARCHIVE, ALIAS],
                     users=["alice", "bob", "carol"], plugins=PLUGIN)
    for user in server.users:
        os.makedirs(server.users[user].home + "/mail")
        server.chown(user, server.users[user].home)
    before(server)
    lines(server)
    size = os.path.getsize(log_path(server))
    next_second()
    begin = int(time.time())
    after(server)
    lines(server)
    log = tmp_path / "log"
    with open(log_path(server), "rb") as stream:
        # a line before it: the first one may be the end of another
        stream.seek(size)
        log.write_bytes(b"other\n" + stream.read())
    return server, log, begin


def test_the_verdict_on_each_mailbox(served, tmp_path):
    server, log, begin = served
    result = summary("--audit", audited(server, tmp_path), log)
    assert verdicts(result, "alice") == {
        "INBOX": ("unknown", "the log leaves out SELECT and EXAMINE of INBOX, "
                  "unless imap_mailbox_log_inbox is set"),
        "Archive/2019": ("in use", "the log"),
        "Archive/2020": NEVER,
        "asked": NEVER,
        "examined": ("in use", "the log"),
        "filled": NEVER,
        "gone": ("unknown", "not in the audit: deleted or renamed since, "
                 "without an index, of a namespace that wasn't audited, or not "
                 "selected"),
        "junk": ("no mailbox", "what is there is no mailbox"),
        "nothing": ("no mailbox", "nothing is there"),
        "old": ("no proof since", "its index: first-recent-uid"),
        "used": ("in use", "the log"),
    }
    boxes = rows(result, "alice")
    assert "; by the log only asked for: STATUS;" in boxes["asked"]["reason"]
    assert boxes["asked"]["last_by_log"] is None
    assert boxes["examined"]["last_by_index"] is None
    assert {boxes[name]["messages"] for name in
            ("filled", "old", "used", "Archive/2019", "INBOX")} == {2}
    assert boxes["used"]["commands"] == {"SELECT": 1}
    assert boxes["old"]["since"] == boxes["old"]["last_by_index"] < \
        time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(begin)) <= \
        result["log_begins"] <= boxes["used"]["last_by_log"]
    inbox = rows(result, "bob")["INBOX"]
    assert (inbox["verdict"], inbox["reason"], inbox["last_by_log"]) == \
        ("in use", f"its index: {inbox['proof']}", None)
    assert inbox["last_by_index"] >= result["log_begins"]
    assert verdicts(result, "carol")["box"] == ("in use", "the log")


def test_users_in_one_and_not_in_the_other(served, tmp_path):
    server, log, _ = served
    path = audited(server, tmp_path, "-u", "bob")
    result = summary("--audit", path, log)
    assert [(u["user"], u["in_log"], u["in_audit"]) for u in result["users"]] \
        == [("alice", True, False), ("bob", False, True),
            ("carol", True, False)]
    box = rows(result, "carol")["box"]
    assert (box["verdict"], box["reason"]) == \
        ("unknown", "the audit doesn't have the user")
    assert box["last_by_log"] is not None and box["messages"] is None
    assert verdicts(result, "bob")["used"][0] == "never opened"
    # without a log no proof is of its time
    alone = summary("--audit", path, input="")
    assert verdicts(alone, "bob")["old"][0] == "no proof since"
    assert verdicts(alone, "bob")["INBOX"][0] == "unknown"


@pytest.mark.parametrize("audited_as, alike", [
    ("Carol", True), ("carol@example.org", True), ("CAROL@EXAMPLE.ORG", True),
    ("carola", False), ("alice@example.org", False), ("carol", False)])
def test_users_of_other_names(audited_as, alike, served, tmp_path):
    """Else their mailboxes would be told to be without use."""
    server, log, _ = served
    path = audited(server, tmp_path)
    path.write_bytes(path.read_bytes().replace(
        b'"user":"carol"', b'"user":"%s"' % audited_as.encode()))
    result = run("--audit", path, log, "--json", status=int(alike))
    assert result.stderr.decode() == ("" if not alike else
        "mailbox-usage: 1 users of the log may be others of the audit (in "
        "brackets), who have verdicts without that use: "
        f"carol ({audited_as})\n")


def test_table_and_csv_say_the_same(served, tmp_path):
    server, log, _ = served
    path = audited(server, tmp_path)
    result = summary("--audit", path, log)
    table = list(csv.DictReader(io.StringIO(
        run("--csv", "--audit", path, log).stdout.decode())))
    expected = [
        {"user": user["user"], "mailbox": row["mailbox"],
         "messages": "" if row["messages"] is None else str(row["messages"]),
         "log": row["last_by_log"] or "", "index": row["last_by_index"] or "",
         **{key: row[key] or "" for key in ("verdict", "since", "reason")}}
        for user in result["users"] for row in user["mailboxes"]]
    assert table == expected
    text = run("--audit", path, log).stdout.decode().splitlines()
    assert text[0].split() == list(expected[0])
    assert [" ".join(line.split()) for line in text[1:]] == \
        [" ".join(" ".join(row.values()).split()) for row in expected]


def test_names_are_the_same_in_log_and_audit(dovecot, tmp_path):
    """Each name that the server takes, escaped by the log in its way and by
    the audit in its own: all are found, and none is another's."""
    server = dovecot(location=corpus.FORMATS["sdbox"], users=["alice"],
                     plugins=PLUGIN)
    taken = set()
    with server.imap("alice") as imap:
        for name in FORGERIES + ["\\xe4", "A", "INBOX/x", LONG]:
            # what holds no more than other mailboxes has no index
            if imap.cmd("CREATE", literal(mutf7(name))).ok:
                assert imap.cmd("APPEND", literal(mutf7(name)),
                                literal(corpus.message(1))).ok
                taken.add(normalized(name).encode())
    assert {b"\\x41\\u{41}\\\"", b"A", LONG.encode()} <= taken
    assert len(taken) > 10
    lines(server)
    result = summary("--audit", audited(server, tmp_path), log_path(server))
    found = {name_bytes(row, "mailbox"): row
             for row in rows(result, "alice").values()
             if row["mailbox"] != "INBOX"}
    assert {name for name, row in found.items()
            if row["verdict"] == "in use"} == taken
    assert all(row["state"] == "mailbox" and row["messages"] == 1
               for name, row in found.items() if name in taken)
    assert all(row["verdict"] != "unknown" for row in found.values())


def test_names_that_are_no_mutf7(dovecot, tmp_path):
    """Clients see them with an escape character."""
    server = dovecot(location=dataclasses.replace(
        LOCATION, options={"BROKENCHAR": "^"}), users=["alice"],
        plugins=PLUGIN)
    home = server.users["alice"].home
    os.mkdir(home + "/mail")
    for name in (b"a&b", b"\xe4", b"plain"):
        write(os.path.join(os.fsencode(home), b"mail", name), MESSAGE)
    server.chown("alice", home)
    with server.imap("alice") as imap:
        names = imap.list()
        for name in names:
            assert imap.cmd("SELECT", literal(name)).ok, name
    assert len(names) == 4
    lines(server)
    result = summary("--audit", audited(server, tmp_path), log_path(server))
    found = rows(result, "alice")
    del found["INBOX"]
    assert [(row["verdict"], row["state"]) for row in found.values()] == \
        [("in use", "mailbox")] * 3


NAMESPACE = {"prefix": "", "aliases": [], "totals": {"entries": 1}}
END = {"version": 1, "user": "ann", "complete": True,
       "namespaces": [NAMESPACE]}
ENTRY = {"mailbox": "a", "state": "mailbox", "evidence": "read",
         "last_used": 1700000000, "proof": "change", "since": None,
         "not_opened_since": None, "messages": 7}
LINE = {"version": 1, "user": "ann", "namespace": "", "entry": ENTRY}


def text(*objects):
    return "".join(json.dumps(data) + "\n" for data in objects).encode()


@pytest.mark.parametrize("data, why", [
    (b"", b"empty"),
    (b"{", b"line 1: no line of the audit's"),
    (b"\xff\n", b"line 1: "),
    (b"[]\n", b"line 1: "),
    (text(LINE), b"it is cut"),
    (text(LINE)[:-9], b"line 1: "),
    (text(END), b"--entries"),
    (text({**END, "user": None}), b"--user"),
    (text({**END, "version": 2}), b"version 1"),
    (text({"version": 1, "user": "ann", "complete": True, "totals": {}}),
     b"it has totals"),
    (text(LINE, {**END, "namespaces": [{"prefix": ""}]}), b"line 2: "),
    (text({**LINE, "entry": {**ENTRY, "mailbox": "\\x4"}}), b"escape"),
    (text({**LINE, "entry": {**ENTRY, "mailbox": "\ud800"}}), b"no text"),
    (text({**LINE, "entry": {**ENTRY, "last_used": 1 << 60}}), b"last_used"),
    (text({**LINE, "entry": {**ENTRY, "messages": "7"}}), b"messages"),
    (text({**LINE, "entry": {**ENTRY, "state": None}}), b"state"),
])
def test_what_is_not_the_audit_s_is_an_error(tmp_path, data, why):
    path = tmp_path / "audit"
    path.write_bytes(data)
    result = run("--json", "--audit", path, status=2)
    assert result.stderr.startswith(f"mailbox-usage: {path}: ".encode())
    assert why in result.stderr and result.stderr.count(b"\n") == 1
    assert result.stdout == b""


def test_an_audit_with_errors_is_told(tmp_path):
    path = tmp_path / "audit.gz"
    path.write_bytes(gzip.compress(text(LINE, {**END, "complete": False})))
    result = run("--json", "--audit", path, status=1)
    assert b"the audit had errors with 1 users" in result.stderr
    assert rows(json.loads(result.stdout), "ann")["a"]["messages"] == 7


@pytest.mark.parametrize("complete", [(True, False), (False, True)])
def test_one_of_several_audits_with_errors_is_told(tmp_path, complete):
    path = tmp_path / "audit"
    path.write_bytes(text(*(line for each in complete for line in
                            (LINE, {**END, "complete": each}))))
    result = run("--audit", path, status=1)
    assert b"the audit had errors with 1 users" in result.stderr


def test_a_second_audit_that_is_cut_is_an_error(tmp_path):
    path = tmp_path / "audit"
    path.write_bytes(text(LINE, END, LINE))
    assert b"it is cut" in run("--audit", path, status=2).stderr


def test_a_private_namespace_below_a_public_one(tmp_path):
    """Whose mailbox it is the longest prefix tells."""
    path = tmp_path / "audit"
    names = ["Public/a", "Public/mine/b", "Public/mine"]
    public, private = ({**NAMESPACE, "prefix": prefix, "type": kind}
                       for prefix, kind in (("Public/", "public"),
                                            ("Public/mine/", "private")))
    path.write_bytes(text(
        *({**LINE, "entry": {**ENTRY, "mailbox": name}} for name in names),
        {**END, "namespaces": [public, private]}))
    log = "".join(
        "Nov 24 22:59:25 imap(bob)<1><x>: Info: mailbox_access: cmd=SELECT "
        f'mailbox="{name}" reply=OK\n' for name in names)
    rows_of = verdicts(summary("--audit", path, input=log), "ann")
    others = ("in use", "the log: other users")
    assert [rows_of[name] == others for name in names] == [True, False, True]


def test_what_neither_knows_is_unknown(tmp_path):
    """Also of an audit whose entries have no evidence."""
    path = tmp_path / "audit"
    bare = {"mailbox": "bare", "state": "mailbox"}
    dark = {**ENTRY, "mailbox": "dark", "state": "unknown", "last_used": None,
            "proof": None, "reason": "symlink", "evidence": "never-opened"}
    dated = {**ENTRY, "mailbox": "dated", "last_used": None, "proof": None,
             "evidence": "never-opened", "since": 1600000000,
             "not_opened_since": 1650000000}
    undated = {**dated, "mailbox": "undated", "since": None,
               "not_opened_since": None}
    path.write_bytes(text(*({**LINE, "entry": entry} for entry in
                            (bare, dark, dated, undated)), END))
    result = summary("--audit", path)
    assert verdicts(result, "ann") == {
        "bare": ("unknown", "its index doesn't tell"),
        "dark": ("unknown", "the audit can't tell: symlink"),
        "dated": NEVER,
        "undated": ("unknown", "its index doesn't tell")}
    dated = rows(result, "ann")["dated"]
    assert dated["since"].startswith("2020-09-13")
    assert "nobody selected since 2022-04-15" in dated["reason"]


@pytest.mark.parametrize("first", ['mailbox="b" reply=NO', "reply=BAD"])
def test_the_log_begins_with_its_first_line(tmp_path, first):
    """Whatever came of that command: an index's proof of the day after is one
    of use since then."""
    path = tmp_path / "audit"
    path.write_bytes(text(LINE, END))
    log = "".join(f"2023-11-{day}T22:13:20Z mx dovecot: imap(ann)<1><x>: "
                  f"mailbox_access: cmd=STATUS {rest}\n" for day, rest in
                  ((13, first), (15, 'mailbox="c" reply=OK')))
    result = summary("--audit", path, input=log)
    assert result["log_begins"] == "2023-11-13T22:13:20+00:00"
    assert verdicts(result, "ann")["a"] == ("in use", "its index: change")


def test_what_a_url_named_is_its_owner_s(tmp_path):
    path = tmp_path / "audit"
    path.write_bytes(text(LINE, END))
    log = "Nov 24 22:59:25 imap(bob)<1><x>: Info: mailbox_access: " \
        'cmd=URLFETCH mailbox="a" owner="ann" reply=OK\n'
    result = summary("--audit", path, input="other\n" + log)
    assert verdicts(result, "ann") == {"a": ("in use", "the log")}
    assert rows(result, "bob") == {}


PUBLIC = Namespace("public", "Public/", type="public", location=Location(
    "sdbox", "public", index="index-public"))


def test_a_prefix_a_domain_and_a_public_namespace(dovecot, tmp_path):
    user = "ann@example.org"
    server = dovecot(location=corpus.FORMATS["sdbox"], prefix="INBOX/",
                     namespaces=[PUBLIC], users=[user], plugins=PLUGIN)
    for name in ("public", "index-public"):
        os.mkdir(server.path(name))
        server.chown(user, server.path(name))
    with server.imap(user) as imap:
        for name in ("INBOX/used", "INBOX/filled", "Public/used",
                     "Public/filled"):
            imap.ok(f"CREATE {name}")
            corpus.append(imap, name, 1)
    lines(server)
    size = os.path.getsize(log_path(server))
    next_second()
    with server.imap(user) as imap:
        for name in ("INBOX/used", "Public/used"):
            corpus.selected(imap, name)
    lines(server)
    log = tmp_path / "log"
    with open(log_path(server), "rb") as stream:
        stream.seek(size)
        log.write_bytes(b"other\n" + stream.read())
    result = summary("--audit", audited(server, tmp_path), log)
    # nobody asked for the public namespace
    found = verdicts(result, user)
    assert found.pop("Public/used")[1].startswith("not in the audit")
    assert found == {"INBOX/used": ("in use", "the log"),
                     "INBOX/filled": NEVER}
    # whoever wants it has to name it
    result = summary("--audit", audited(server, tmp_path, "-u", user, "-N",
                                        "Public/"), log)
    found = verdicts(result, user)
    assert found.pop("INBOX/used")[1].startswith("not in the audit")
    assert found == {"Public/used": ("in use", "the log"),
                     "Public/filled": NEVER}


def log_since(server, tmp_path, size):
    """Returns a log that begins with what came after its first bytes."""
    lines(server)
    log = tmp_path / "log"
    with open(log_path(server), "rb") as stream:
        stream.seek(size)
        log.write_bytes(b"other\n" + stream.read())
    return log


def audited_too(server, tmp_path, *runs):
    """Returns the path of the lines of several audits."""
    path = tmp_path / "audits.json"
    path.write_bytes(b"".join(audited(server, tmp_path, *run).read_bytes()
                              for run in runs))
    return path


def test_a_public_mailbox_is_everybody_s(dovecot, tmp_path):
    """Who uses it is told of each user, that it is used of all."""
    server = dovecot(location=corpus.FORMATS["sdbox"], namespaces=[PUBLIC],
                     users=[], plugins=PLUGIN)
    for user in ("ann", "bob", "eve"):
        server.add_user(user, UID)
    for name in ("public", "index-public"):
        os.mkdir(server.path(name))
        server.chown("ann", server.path(name))
    with server.imap("ann") as imap:
        for name in ("Public/bobs", "Public/both", "Public/nobodys", "own"):
            imap.ok(f"CREATE {name}")
            corpus.append(imap, name, 1)
    lines(server)
    size = os.path.getsize(log_path(server))
    next_second()
    for user, names in (("ann", ["Public/both"]),
                        ("bob", ["Public/both", "Public/bobs"])):
        with server.imap(user) as imap:
            for name in names:
                corpus.commands(imap, f"EXAMINE {name}", "UNSELECT")
    with server.imap("bob") as imap:
        imap.ok("STATUS Public/nobodys (MESSAGES)")
    log = log_since(server, tmp_path, size)
    path = audited_too(server, tmp_path, ["-A"],
                       ["-u", "ann", "-N", "Public/"])
    result = summary("--audit", path, log)
    own = ("in use", "the log")
    assert verdicts(result, "ann") == {
        "own": NEVER, "Public/both": own, "Public/nobodys": NEVER,
        "Public/bobs": ("in use", "the log: other users")}
    assert verdicts(result, "bob") == {
        "Public/both": own, "Public/bobs": own, "Public/nobodys": NEVER}
    assert verdicts(result, "eve") == {}
    bobs = rows(result, "ann")["Public/bobs"]
    assert bobs["last_by_log"] is None and bobs["commands"] == {}
    assert rows(result, "bob")["Public/bobs"]["messages"] == 1
    # also if it is audited as somebody who doesn't use it
    path = audited(server, tmp_path, "-u", "eve", "-N", "Public/")
    result = summary("--audit", path, log)
    assert verdicts(result, "eve") == {
        "Public/both": ("in use", "the log: other users"),
        "Public/bobs": ("in use", "the log: other users"),
        "Public/nobodys": NEVER}


def test_a_shared_mailbox_is_its_user_s(dovecot, tmp_path):
    """By the name that he gave it; what its owner's row says comes from the
    index."""
    extra = shared("Shared/", "/Maildir", ":INDEX=~/Maildir/Shared/%%u",
                   "mail_index_path = ~/Maildir/Shared/%{owner_user}")
    server = dovecot(location=Location("maildir", "~/Maildir"), users=[],
                     plugins={"": ["acl"],
                              "imap": ["imap_acl", "imap_mailbox_log"]},
                     extra=pick(extra))
    for user in ("ann", "bob"):
        server.add_user(user, UID)
    with server.imap("ann") as imap:
        for name in ("box", "other"):
            imap.ok(f"CREATE {name}")
            corpus.append(imap, name, 1)
            imap.ok(f"SETACL {name} bob lrs")
    lines(server)
    size = os.path.getsize(log_path(server))
    next_second()
    with server.imap("bob") as imap:
        corpus.selected(imap, "Shared/ann/box")
    log = log_since(server, tmp_path, size)
    path = audited(server, tmp_path)
    result = summary("--audit", path, log)
    found = verdicts(result, "bob")
    assert found["Shared/ann/box"][1].startswith("not in the audit")
    assert {name: verdict for name, (verdict, _) in
            verdicts(result, "ann").items() if name != "INBOX"} == {
                "box": "never opened", "other": "never opened"}
    path = audited_too(server, tmp_path, ["-A"],
                       ["-u", "bob", "-N", "Shared/ann/"])
    result = summary("--audit", path, log)
    assert verdicts(result, "bob")["Shared/ann/box"] == ("in use", "the log")
    assert rows(result, "bob")["Shared/ann/box"]["messages"] == 1
