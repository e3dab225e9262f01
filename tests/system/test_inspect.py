# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""mailbox-audit inspect against "doveadm dump" and "doveadm mailbox status", on
index files of each kind that a real Dovecot makes; and that to look changes
nothing."""

import json
import os
import re
import subprocess

import jsonschema
import pytest

import corpus
import dump
from audit import write_home
from dovecot import PREFIX, VERSION, Location, Namespace

with open(os.path.join(os.environ["MBA_STAGE"] + PREFIX, "share/doc",
                       "dovecot-mailbox-audit/inspect.schema.json")) as f:
    VALIDATOR = jsonschema.Draft202012Validator(json.load(f))
# what a format keeps
EXTENSIONS = {
    "mbox": ["mbox", "header-md5"], "maildir": ["maildir"],
    "sdbox": ["dbox-hdr"], "mdbox": ["mdbox-hdr", "mdbox", "map", "ref"],
    "layout-index": ["dbox-hdr", "box-name"],
}


def inspect(*argv, status=0):
    result = subprocess.run(["mailbox-audit", "inspect", *argv],
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, timeout=600)
    assert result.returncode == status, result
    return result


def inspect_json(*argv, status=0):
    """Returns {index: its line}, each checked against the schema."""
    lines = [json.loads(line) for line in
             inspect("--json", "--verify", *argv,
                     status=status).stdout.splitlines()]
    for line in lines:
        VALIDATOR.validate(line)
    return {line["index"]: line for line in lines}


def dumped(server, kind, path):
    """Returns what doveadm dump says, None if it fails."""
    result = server.doveadm("dump", "-t", kind, path, check=False)
    return result.stdout.decode() if result.returncode == 0 else None


def check_index(text, line):
    theirs, state = dump.index(text), line["state"]
    for key in dump.HEADER.values():
        if key != "version":
            assert (state[key] or 0) == theirs[key], key
    assert state["day_first_uid"] == theirs["day_first_uid"]
    assert state["keywords"] == theirs["keywords"]
    assert len(state["extensions"]) == len(theirs["extensions"])
    for ours, ext in zip(state["extensions"], theirs["extensions"]):
        assert {**ext, "header": None} == \
            {key: None if key == "header" else ours[key] for key in ext}
        if ext["name"] == "modseq":
            # Dovecot changes it in memory
            assert state["modseq"] == ext["header"]["highest_modseq"]
        else:
            check_ext_header(ours["header"], ext["header"])
    if line["files"]["cache"] is not None:
        check_cache(theirs["cache"], line["files"]["cache"])
    return theirs


def check_ext_header(ours, theirs):
    """What doveadm dump shows of a header as a number or a GUID."""
    for name, value in theirs.items():
        if isinstance(value, int) or re.fullmatch("[0-9a-f]{32}", str(value)):
            name = name.replace("highest uid", "highest_uid")
            name = name.replace("message count", "message_count")
            if ours is not None and name in ours:
                assert ours[name] == value, name


def check_cache(theirs, ours):
    for key, value in theirs.items():
        if key != "fields":
            assert ours[key] == value, key
    assert len(ours["fields"]) == len(theirs["fields"])
    for field, their in zip(ours["fields"], theirs["fields"]):
        assert field["name"] == their["name"]
        assert field["type"] == their["type"]
        assert field["decision"] == their["decision"]
        used = field["last_used"] or 0
        assert used - used % 60 == their["last_used_minute"]


def check_log(text, log):
    theirs = dump.log(text)
    for key in theirs.keys() - {"transactions"}:
        assert log[key] == theirs[key], key
    assert {t["type"]: [t["internal"], t["external"], t["dsync"]]
            for t in log["transactions"]} == theirs["transactions"]


def check_files(server, directory, prefix, line):
    """Returns the kinds of files that were compared."""
    compared = set()
    path = directory if prefix == "dovecot.index" else \
        os.path.join(directory, prefix)
    text = dumped(server, "index", path)
    if text is not None:
        check_index(text, line)
        compared.add("index")
        if line["files"]["cache"] is not None:
            compared.add("cache")
    for kind, suffix in [("log", ".log"), ("log2", ".log.2")]:
        if line["files"][kind] is None:
            continue
        text = dumped(server, "log", os.path.join(directory, prefix + suffix))
        assert text is not None
        check_log(text, line["files"][kind])
        compared.add(kind)
    return compared


def snapshot(root):
    """Everything about each file and directory but its name."""
    result = {}
    for directory, _, files in os.walk(root):
        for name in [".", *files]:
            st = os.lstat(os.path.join(directory, name))
            result[os.path.join(directory, name)] = (
                st.st_ino, st.st_size, st.st_atime_ns, st.st_mtime_ns,
                st.st_ctime_ns, st.st_nlink)
    return result


def check_dumps(server):
    """Returns the kinds of files that were compared, and the extensions that
    were in them."""
    compared = set()
    for directory, prefix in corpus.indexes(server, "alice"):
        before = snapshot(directory)
        line = inspect_json(directory)[prefix]
        assert snapshot(directory) == before
        assert line["result"] == "ok" and line["problem"] is None, line
        assert line["violations"] == [], line
        compared |= check_files(server, directory, prefix, line)
        compared |= {ext["name"] for ext in line["state"]["extensions"]}
    return compared


def statuses(server):
    """What doveadm says: {mailbox: {item: number}}."""
    text = server.doveadm("-f", "tab", "mailbox", "status", "-u", "alice",
                          "messages unseen uidnext uidvalidity guid",
                          "*").stdout.decode()
    title, *rows = [row.split("\t") for row in text.splitlines()]
    return {row[0]: dict(zip(title[1:], row[1:])) for row in rows}


def test_a_list_of_names_that_shrinks(dovecot):
    """Dovecot doesn't shrink it, unless the padding hides that it does."""
    server = dovecot(**corpus.description("mdbox"))
    path = server.path("index/%u/dovecot.list.index", "alice")
    first, second = "x" * 20, "y" * 25
    for command in (f"CREATE {first}", f"CREATE {second}", f"DELETE {second}"):
        with server.imap("alice") as imap:
            corpus.commands(imap, command, 'LIST "" "*"')
        server.restart()
        line = inspect_json(path)["dovecot.list.index"]
        theirs = check_index(dumped(server, "index", path), line)
        (size,) = [ext["header_size"] for ext in theirs["extensions"]
                   if ext["name"] == "list"]
        # Dovecot wants powers of two first
        assert size % 8 != 0


def test_sessions_that_make_a_keyword_at_once(dovecot):
    """It is one, whatever the case: both names are in the log."""
    server = dovecot(**corpus.description("mdbox"))
    with server.imap("alice") as one, server.imap("alice") as other:
        corpus.commands(one, "CREATE box")
        corpus.append(one, "box", 5)
        for imap in (one, other):
            corpus.commands(imap, "SELECT box")
        corpus.commands(one, "STORE 1 +FLAGS (Work)")
        corpus.commands(other, "STORE 2 +FLAGS (wORK other)")
    server.stop()
    server.write_config()
    (directory,) = [directory for directory, _ in
                    corpus.indexes(server, "alice")
                    if corpus.level(directory) == "box"]
    with open(directory + "/dovecot.index.log", "rb") as f:
        log = f.read()
    assert b"Work" in log and b"wORK" in log
    line = inspect_json(directory)["dovecot.index"]
    check_index(dumped(server, "index", directory), line)
    assert line["state"]["keywords"] == ["Work", "other"]


def test_virtual_mailboxes(dovecot):
    index = "index/%u/virtual"
    server = dovecot(
        **corpus.description("mdbox"), plugins={"": ["virtual"]},
        namespaces=[Namespace("virtual", "virtual/", location=Location(
            "virtual", "~/virtual", index=index))])
    write_home(server, "alice", "virtual/all/dovecot-virtual", b"*\n  all\n")
    with server.imap("alice") as imap:
        for name in ("one", "two"):
            corpus.commands(imap, "CREATE " + name)
            corpus.append(imap, name, 5)
        corpus.selected(imap, "virtual/all", "STORE 3 +FLAGS (\\Seen)",
                        "SORT (SUBJECT) UTF-8 ALL", "FETCH 1:* ENVELOPE")
        corpus.selected(imap, "one", "STORE 1 +FLAGS (\\Deleted keyword)",
                        "EXPUNGE")
        corpus.selected(imap, "virtual/all", "STORE 4 +FLAGS (\\Deleted)",
                        "EXPUNGE")
    guid = server.doveadm("-f", "flow", "mailbox", "status", "-u", "alice",
                          "guid", "virtual/all").stdout.decode()
    server.stop()
    server.write_config()
    compared = check_dumps(server)
    assert {"virtual", "virtual-guid", "sort-s"} <= compared
    directory = server.path(index + "/all", "alice")
    state = inspect_json(directory)["dovecot.index"]["state"]
    headers = {ext["name"]: ext["header"] for ext in state["extensions"]}
    # a mail of "one" and one of what is left
    assert state["messages"] == 8
    # INBOX is in it, too
    assert headers["virtual"]["mailbox_count"] == 3
    assert guid.strip().endswith(
        "guid=" + headers["virtual-guid"]["mailbox_guid"])
    assert headers["virtual-guid"]["mailbox_guid"] in "\n".join(
        check_lines(directory))


def check_list(server):
    server.start()
    theirs = statuses(server)
    listed = set(server.doveadm("mailbox", "list", "-u",
                                "alice").stdout.decode().splitlines())
    with server.imap("alice") as imap:
        named = {name.decode(): flags
                 for name, flags in imap.list("", "*").items()}
    server.stop()
    (mailboxes,) = [inspect_json(os.path.join(directory, prefix))[prefix]
                    ["mailboxes"]
                    for directory, prefix in corpus.indexes(server, "alice")
                    if prefix == "dovecot.list.index"]
    ours = {m["name"]: m for m in mailboxes
            if not {"nonexistent", "noselect"} & set(m["flags"])}
    assert set(ours) == set(theirs)
    # both also list levels that are no mailboxes
    assert listed == set(named)
    assert set(ours) == {
        name for name, flags in named.items()
        if not {b"\\noselect", b"\\nonexistent"} & {f.lower() for f in flags}}
    for name, status in theirs.items():
        if name == "INBOX":
            # the list doesn't know
            assert ours[name]["messages"] is None
            continue
        assert ours[name]["messages"] == int(status["messages"]), name
        assert ours[name]["unseen"] == int(status["unseen"]), name
        assert ours[name]["next_uid"] == int(status["uidnext"]), name
        assert ours[name]["uid_validity"] == int(status["uidvalidity"]), name
        assert ours[name]["guid"] == status["guid"], name


def check_evidence(server):
    """What was done with each mailbox is what its name says; a day later there
    would be more."""
    levels = {}
    for directory, prefix in corpus.indexes(server, "alice"):
        # a file stands for its index, also one that isn't there
        line = inspect_json(os.path.join(directory, prefix))[prefix]
        name = corpus.mailbox_name(directory, line)
        if prefix == "dovecot.index":
            levels[name] = line["evidence"]["level"]
        else:
            assert line["evidence"] is None
    if server.location.driver == "mbox":
        assert levels["listed"] == "never-opened"
    elif server.location.driver == "maildir":
        assert levels["listed"] == "untouched"
    expected = {"empty": "empty", "status": "never-opened",
                "select": "opened", "sorted": "opened", "threaded": "opened",
                "keywords": "changed", "expunged": "changed",
                "condstore": "changed", "qresync": "changed",
                "many": "changed"}
    assert {name: levels[name] for name in expected} == expected


# a file for each message takes its time
@pytest.mark.parametrize("driver, many", [
    ("mbox", 3000), ("mdbox", 3000), ("maildir", 300), ("sdbox", 300),
    ("layout-index", 300)])
def test_the_same_as_doveadm(driver, many, dovecot):
    server = dovecot(**corpus.description(driver))
    corpus.fill(server, "alice", many)
    # nobody writes from now on; doveadm dump needs the configuration alone
    server.stop()
    server.write_config()
    compared = check_dumps(server)
    missing = {"index", "log", "log2", "cache", "keywords", "modseq", "list",
               "msgs", "sort-f", *EXTENSIONS[driver]} - compared
    assert not missing
    check_evidence(server)
    check_list(server)


def check_lines(path):
    """Returns the lines, each of which fits but for paths."""
    lines = inspect(path).stdout.decode().splitlines()
    for line in lines:
        # a label doesn't touch what it is for
        assert line[17] == " " and line[18] != " ", line
        assert len(line) <= 80 or path in line, line
    return lines


@pytest.mark.parametrize("driver", ["mbox", "maildir", "sdbox", "mdbox"])
def test_text_of_an_ordinary_mailbox(driver, dovecot):
    server = dovecot(**corpus.description(driver))
    corpus.fill(server, "alice", 300)
    directories = {corpus.level(d).lstrip("."): d
                   for d, _ in corpus.indexes(server, "alice")}
    # a screen, also with an index file and an older log
    text = check_lines(directories["fetched"])
    many = check_lines(directories["many"])
    # from 2.4.2 on it tells of each mail in dbox whether it has an attachment
    keywords = VERSION >= (2, 4, 2) and driver in ("sdbox", "mdbox")
    assert len(text) <= 20 + 2 * keywords and len(many) <= 24 + keywords
    assert {"index file", "log made", "older log made", "cache"} <= \
        {line[:18].strip() for line in many}
    assert "  unopened since" in "\n".join(check_lines(directories["status"]))
    words = dict(re.findall(r"^(\S.{16}) (.*)$", "\n".join(text), re.M))
    words = {label.strip(): value for label, value in words.items()}
    assert words["messages"] == "5: 1 seen, 0 deleted, 0 recent"
    assert "(changed)" in words["use"]
    assert re.search(r"Z, \d+\), number 2$", words["log made"])
    assert words.get("keywords") == ("$HasNoAttachment" if keywords else None)
    # the list may go on in the next line
    assert re.search(r"^  wished\+done +append:0\+\d+\s+flag-update:1\+\d+\s+" +
                     r"keyword-update:0\+\d+\s+" * keywords +
                     r"bookkeeping:\d+\+\d+\s+by-clients:1$",
                     "\n".join(text), re.M)
    # the line before is two, where a busy machine takes seconds for all this
    # and mdbox's save date is the newest proof
    (since,) = [line for line in text if line.startswith("  nothing before")]
    assert re.search(r" (seconds?|minutes?) ago \(\d+-\d+-\d+T.*Z, \d+\)$",
                     since)
    # a file stands for its index
    path = directories["fetched"] + "/dovecot.index"
    for suffix in ("", ".log", ".cache"):
        if os.path.exists(path + suffix):
            again = inspect(path + suffix).stdout.decode().splitlines()
            # but for the seconds
            assert again[0] == text[0] and len(again) == len(text)


def test_paths_without_an_index(tmp_path):
    assert b"failed: No such file" in inspect(str(tmp_path / "x"),
                                              status=66).stderr
    assert b"holds no index" in inspect(str(tmp_path), status=66).stderr
    assert b"No path is given" in inspect(status=64).stderr
