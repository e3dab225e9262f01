# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""clean's command lines: what they take and what they refuse, locally, through
a server and over HTTP; and whose ids the utility has."""

import fcntl
import os
import re
import shutil
import signal
import subprocess

import pytest

from audit import (DESCRIPTION, default_location, fill_home,
                   json_lines, location_options, many_entries, report, write,
                   write_home)
from cleaning import (JUNK, clean, fill, kept, make_junk, removed,
                      stop_at, utility)
from dovecot import Location, Namespace, OPTION_SETTINGS
from oracle import snapshot
from terminal import terminal

CLEAN = ["mailbox-audit", "clean"]


def test_a_dry_run_tells_the_same(dovecot):
    server = dovecot(**DESCRIPTION)
    fill_home(server, "alice")
    server.restart()
    for options in ([], ["-e"], ["-j"], ["-e", "-j"]):
        make_junk(server, "alice", JUNK)
        before = snapshot(server.path("home"), server.path("index"))
        command = [*CLEAN, "-u", "alice", "-a", "0", *options]
        dry = server.doveadm(*command, "--dry-run").stdout
        assert snapshot(server.path("home"), server.path("index")) == before
        remote = server.doveadm(*command, "-n", "-S", server.socket).stdout
        assert remote == dry
        wet = server.doveadm(*command).stdout
        assert b"removed" in wet
        # in a table the words stand in columns of the same width
        assert dry.replace(b"would-remove", b"removed").split() == wet.split()


@pytest.mark.parametrize("options", [[], ["-e"], ["-t"], ["-j"], ["-t", "-j"]],
                         ids=" ".join)
def test_an_index_in_memory(dovecot, options):
    """There is nothing to clean."""
    server = dovecot(location=Location("mbox", "~/mail", index="MEMORY"))
    result = server.doveadm(*CLEAN, "-A", *options)
    assert result.returncode == 0 and not result.stderr, result
    if "-j" in options:
        for report in json_lines(result.stdout):
            assert report["complete"]


def test_every_way_cleans(dovecot):
    server = dovecot(users=["alice"])
    fill(server)
    expected = server.doveadm(*CLEAN, "-u", "alice", "-a", "0", "-e",
                              "-j").stdout
    assert removed(json_lines(expected)) == set(JUNK)
    for address in (server.socket, server.tcp):
        make_junk(server, "alice", JUNK)
        assert server.doveadm(*CLEAN, "-u", "alice", "-a", "0", "-e", "-j",
                              "-S", address).stdout == expected
    make_junk(server, "alice", JUNK)
    answer = server.http([["mailboxAuditClean", {
        "user": "alice", "minAge": "0", "entries": True, "json": True}, "t"]])
    assert b"".join(row["report"].encode() + b"\n"
                    for row in answer[0][1]) == expected
    make_junk(server, "alice", JUNK)
    result = utility(server, "-u", "alice", "-a", "0", "-e", "-j")
    assert (result.returncode, result.stdout) == (0, expected)
    assert removed(clean(server, "alice")) == set()


USAGE = {
    "--force needs --used": ["-f"],
    "--used-age needs --used": ["-g", "1d"],
    "--force is for one user": ["-A", "-U", "-f"],
    "--namespace is for one user": ["-A", "-N", "Archive/"],
    "clean removes only entries": ["-s", "mailbox"],
    "clean removes only": ["-s", "missing,unknown"],
    "Unknown state": ["-s", "nonsense"],
}
BAD_TIMES = ["", "-1", "1", "1x", "h", "1h 2", "999999999999999999999d"]


def check_refused(server, words, options, way):
    before = snapshot(server.path("home"), server.path("index"))
    user = [] if "-A" in options else ["-u", "alice"]
    if way == "utility":
        result = utility(server, *user, *options)
    else:
        result = server.doveadm(*CLEAN, *user, *options, *(
            ["-S", server.socket] if way == "socket" else []), check=False)
    assert result.returncode == os.EX_USAGE, (options, result)
    assert words.encode() in result.stderr
    assert result.stdout == b"" or b"removed" not in result.stdout
    assert snapshot(server.path("home"), server.path("index")) == before


def test_usage_errors(dovecot):
    server = dovecot(users=["alice"])
    fill(server)
    for way in ("local", "socket", "utility"):
        for words, options in USAGE.items():
            if way != "utility" or "-A" not in options:
                check_refused(server, words, options, way)
        for value in BAD_TIMES:
            check_refused(server, "", ["-a", value], way)
            check_refused(server, "", ["-U", "-g", value], way)
    for parameters in ({"force": True}, {"state": "mailbox"},
                       {"minAge": "1x"}, {"usedAge": "1d"}):
        assert server.http([["mailboxAuditClean", {
            "user": "alice", **parameters}, "t"]]) == \
            [["error", {"type": "exitCode", "exitCode": os.EX_USAGE}, "t"]]
    assert server.http([["mailboxAuditClean", {
        "allUsers": True, "used": True, "force": True}, "t"]])[0][0] == "error"
    assert removed(clean(server, "alice")) == set(JUNK)


def test_force_is_for_one_user(dovecot):
    """Named, and not found by a wildcard or in a file."""
    server = dovecot(users=["alice"])
    fill(server)
    names = server.path("private/names")
    write(names, b"alice\n")
    for who in (["-A"], ["-F", names], ["-u", "alic?"], ["-u", "*"]):
        for option in (["-U", "-f"], ["-N", ""]):
            result = server.doveadm(*CLEAN, *who, *option, check=False)
            assert result.returncode == os.EX_USAGE
            assert b"is for one user, named with -u" in result.stderr
            assert b"removed" not in result.stdout
    for who in ({"allUsers": True}, {"user": "*"}):
        answer = server.http([["mailboxAuditClean", {
            **who, "used": True, "force": True, "minAge": "0"}, "t"]])
        assert answer[0][0] == "error"
    assert removed(clean(server, "alice", "-U", "-f", "-N", "")) == set(JUNK)


def test_what_to_take(dovecot):
    server = dovecot(users=["alice"])
    fill(server)
    write_home(server, "alice", "notes", b"hello\n")
    make_junk(server, "alice", ["notes"])
    assert removed(clean(server, "alice", "-n", "-s", "missing")) == set()
    lines = clean(server, "alice", "-s", "not-mailbox")
    assert removed(lines) == {"notes"}
    # what is younger than an hour
    result = server.doveadm(*CLEAN, "-u", "alice", "-e", "-j")
    assert kept(json_lines(result.stdout)) == dict.fromkeys(JUNK, "recent")
    assert removed(clean(server, "alice", "-s", "missing")) == set(JUNK)
    # a used one
    with server.imap("alice") as imap:
        imap.ok("SELECT box")
    server.restart()
    os.unlink(server.users["alice"].home + "/box")
    assert kept(clean(server, "alice")) == {"box": "used"}
    assert kept(clean(server, "alice", "-U")) == {"box": "recent"}
    assert removed(clean(server, "alice", "-U", "-g", "0")) == {"box"}


def test_the_mails_of_another_user(dovecot):
    """All used entries look bogus: with --used nothing goes, but for who says
    that it is right, for one user."""
    server = dovecot(users=["alice", "bob"])
    fill(server)
    fill(server, "bob")
    home, away = server.users["alice"].home, server.path("private/away")
    os.rename(home, away)
    os.mkdir(home, 0o755)
    write_home(server, "alice", "elsewhere", b"hello\n")
    before = snapshot(server.path("index"))
    command = [*CLEAN, "-a", "0", "-g", "0", "-U", "-e", "-j"]
    for who in (["-u", "alice"], ["-A"]):
        result = server.doveadm(*command, "-n", *who, check=False)
        assert result.returncode == os.EX_TEMPFAIL
        assert b"are these the right mails?" in result.stderr
    assert snapshot(server.path("index")) == before
    # the others go on
    result = server.doveadm(*command, "-A", check=False)
    lines = json_lines(result.stdout)
    of = {user: removed([line for line in lines if line["user"] == user])
          for user in ("alice", "bob")}
    assert of == {"alice": set(), "bob": set(JUNK)}
    assert removed(clean(server, "alice", "-U", "-g", "0", "-f")) >= \
        {"box", *JUNK}


def test_mails_that_arent_there_and_no_entries(dovecot):
    """Who never logged in has nothing that could be removed: no failure."""
    server = dovecot(location=default_location(mail="~/mail"),
                     users=["alice", "bob"])
    os.makedirs(server.path("index/bob/.imap"))
    server.chown("bob", server.path("index/bob"))
    result = server.doveadm(*CLEAN, "-A", "-j")
    lines = json_lines(result.stdout)
    assert [line["complete"] for line in lines] == [True, True]
    assert [line["namespaces"][0]["clean"]["refused"] for line in lines] == \
        [None, None]
    # that alice has no index root needs no saying
    assert server.doveadm(*CLEAN, "-A").stderr == b""


@pytest.mark.parametrize("how", ["missing", "empty", "unreadable",
                                 "lost+found", "below"])
def test_mails_that_arent_there(dovecot, how):
    server = dovecot(location=default_location(mail="~/mail"),
                     users=["alice", "bob"])
    for user in server.users:
        os.mkdir(server.users[user].home + "/mail")
        server.chown(user, server.users[user].home)
        fill(server, user)
    mail = server.users["alice"].home + "/mail"
    if how == "below":
        os.rename(mail + "/Work", server.path("private/Work"))
        os.mkdir(mail + "/Work")
    elif how == "unreadable":
        os.chown(mail, 0, 0)
        os.chmod(mail, 0o700)
    else:
        os.rename(mail, server.path("private/mail"))
        if how != "missing":
            os.mkdir(mail)
        if how == "lost+found":
            os.mkdir(mail + "/lost+found")
    before = snapshot(server.path("index/%u", "alice"))
    result = server.doveadm(*CLEAN, "-A", "-a", "0", "-U", "-g", "0", "-e",
                            "-j", check=False)
    lines = json_lines(result.stdout)
    mine = [line for line in lines if line["user"] == "alice"]
    others = [line for line in lines if line["user"] == "bob"]
    assert removed(others) == set(JUNK)
    if how == "below":
        assert result.returncode == 0
        assert removed(mine) == {"gone1", "gone3"}
        assert report(mine)["namespaces"][0]["states"]["unknown"][
            "entries"] == 2
    else:
        assert removed(mine) == set()
        assert result.returncode == os.EX_TEMPFAIL
        assert mail.encode() in result.stderr
        assert snapshot(server.path("index/%u", "alice")) == before


def test_two_at_once(dovecot):
    """The second one is told, and it is no failure."""
    server = dovecot(users=["alice"])
    fill(server)
    fd = os.open(server.path("index/%u", "alice"), os.O_RDONLY)
    fcntl.flock(fd, fcntl.LOCK_EX)
    lines = clean(server, "alice")
    assert kept(lines) == dict.fromkeys(JUNK, "refused")
    sentence = report(lines)["namespaces"][0]["clean"]["refused"]
    assert sentence == "Another clean works on the index root"
    for options in ([], ["-t"], ["-j"], ["-t", "-j"]):
        result = server.doveadm(*CLEAN, "-u", "alice", "-a", "0", *options)
        assert sentence.encode() in result.stderr
        assert b"Error" not in result.stderr
    os.close(fd)
    assert removed(clean(server, "alice")) == set(JUNK)


def test_two_real_ones_at_once(dovecot):
    """The second one while the first one is about to remove an entry."""
    server = dovecot(users=["alice"])
    fill(server)
    first, pid = stop_at("unlinkat", ["doveadm", "-c", server.config, *CLEAN,
                                      "-u", "alice", "-a", "0", "-e", "-j"])
    before = snapshot(server.path("index"))
    second = server.doveadm(*CLEAN, "-A", "-a", "0")
    assert b"Another clean works on the index root" in second.stderr
    assert b"Error" not in second.stderr
    assert snapshot(server.path("index")) == before
    os.kill(pid, signal.SIGCONT)
    stdout, stderr = first.communicate()
    assert (first.returncode, stderr) == (0, b"")
    assert removed(json_lines(stdout)) == set(JUNK)


def test_an_index_root_of_two_namespaces(dovecot):
    server = dovecot(namespaces=[Namespace("other", "Other/", location=Location(
        "mbox", "~/other", index="index/%u",
        options={"LISTINDEX": "index/%u/other.list"}))])
    write_home(server, "alice", "other/file", b"hello\n")
    fill(server)
    before = snapshot(server.path("index"))
    for options in ([], ["-U", "-g", "0"], ["-N", "Other/"]):
        lines = json_lines(server.doveadm(*CLEAN, "-u", "alice", "-a", "0",
                                          "-j", *options).stdout)
        for namespace in report(lines)["namespaces"]:
            assert namespace["clean"]["refused"] == "Another namespace has " \
                "other mails with the same index root"
    assert snapshot(server.path("index")) == before


SHARED = {
    "2.3": """
namespace shared {
  type = shared
  prefix = shared/%%u/
  location = mbox:%%h:KEY=INDEX_ROOT
}
""",
    "2.4": """
namespace shared {
  type = shared
  prefix = shared/$user/
  mail_driver = mbox
  mail_path = %{owner_home}
  KEY = INDEX_ROOT
}
"""}
OF_ANOTHER = "Another namespace has other mails with the same index root"
# Where the indexes are that bob's mailboxes have for alice, or hers for bob,
# and why her own are not cleaned then.
TEMPLATES = {
    "@DIR@/index/USER/shared/OWNER": ("shared/bob", None),
    "@DIR@/index/USER/OWNER": ("bob", OF_ANOTHER),
    "@DIR@/index/USER/of-OWNER-": ("of-bob-", OF_ANOTHER),
    "@DIR@/index/OWNER/shared/USER": ("shared/bob", None),
    "@DIR@/index/OWNER/USER": ("bob", OF_ANOTHER),
    "@DIR@/index/OWNER/shared": ("shared", None),
    # directories by a part of the name
    "@DIR@/index/USER/shared/LETTER/OWNER": ("shared/o/bob", None),
}
# where private flags and caches may stand apart from other indexes
KEYS = {"INDEX": "mail_index_path", "INDEXPVT": OPTION_SETTINGS["INDEXPVT"],
        "INDEXCACHE": OPTION_SETTINGS["INDEXCACHE"]}


def shared_namespace(index_root, key="INDEX"):
    texts = {"2.3": SHARED["2.3"].replace("KEY", key),
             "2.4": SHARED["2.4"].replace("KEY", KEYS[key])}
    if key != "INDEX":
        # 2.4 would have the user's own for those of others
        texts["2.3"] = texts["2.3"].replace(
            "%%h:", "%%h:INDEX=@DIR@/index/OWNER:")
        texts["2.4"] = texts["2.4"].replace(
            "_home}\n", "_home}\n  mail_index_path = @DIR@/index/OWNER\n")
    return {"2.3": texts["2.3"].replace("INDEX_ROOT", index_root).replace(
                "USER", "%u").replace("OWNER", "%%u").replace(
                "LETTER", "%%1.1u"),
            "2.4": texts["2.4"].replace("INDEX_ROOT", index_root).replace(
                "USER", "%{user}").replace("OWNER", "%{owner_user}").replace(
                "LETTER", "%{owner_user | substr(1, 1)}")}


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("index_root", TEMPLATES)
def test_indexes_of_what_is_shared(dovecot, index_root, key):
    """They stand below the user's own, and are no mailbox of his."""
    below, refused = TEMPLATES[index_root]
    server = dovecot(users=["alice", "bob"],
                     extra=shared_namespace(index_root, key))
    fill(server)
    root = server.path("index/alice")
    theirs = f"{root}/{below}/.imap/box"
    os.makedirs(os.path.dirname(theirs))
    shutil.copytree(root + "/.imap/box", theirs)
    server.chown("alice", root)
    before = snapshot(theirs)
    lines = clean(server, "alice", "-U", "-g", "0")
    assert snapshot(theirs) == before
    namespace, = report(lines)["namespaces"]
    assert namespace["clean"]["refused"] == refused
    assert removed(lines) == (set() if refused else set(JUNK))


def test_a_template_that_is_empty_for_the_user(dovecot):
    """Nothing of it is his then."""
    extra = shared_namespace("REST", "INDEXPVT")
    server = dovecot(users=["alice", "bob"], extra={
        "2.3": extra["2.3"].replace("REST", "%10.9u"),
        "2.4": extra["2.4"].replace(
            "REST", "%{user | if('eq', 'alice', '', 'x')}")})
    fill(server)
    assert removed(clean(server, "alice", "-U", "-g", "0")) == set(JUNK)


def test_a_template_that_is_empty_for_others(dovecot):
    """What the user has of theirs is known all the same."""
    extra = shared_namespace("REST")
    root = "@DIR@/index/alice/shared"
    server = dovecot(users=["alice", "bob"], extra={
        "2.3": extra["2.3"].replace(
            ":INDEX=REST", "%{if;%u;eq;alice;\\:INDEX=" + root + ";}"),
        "2.4": extra["2.4"].replace(
            "REST", "%{user | if('eq', 'alice', '" + root + "', '')}")})
    fill(server)
    theirs = server.path("index/alice/shared/.imap/box")
    os.makedirs(os.path.dirname(theirs))
    shutil.copytree(server.path("index/alice/.imap/box"), theirs)
    server.chown("alice", server.path("index/alice"))
    before = snapshot(theirs)
    assert removed(clean(server, "alice", "-U", "-g", "0")) == set(JUNK)
    assert snapshot(theirs) == before


def test_others_use_the_owners_indexes(dovecot):
    """That keeps nobody from cleaning his own."""
    server = dovecot(users=["alice", "bob"],
                     extra=shared_namespace("@DIR@/index/OWNER"))
    fill(server)
    lines = clean(server, "alice", "-U", "-g", "0")
    assert removed(lines) == set(JUNK)
    namespace, = report(lines)["namespaces"]
    assert namespace["aliases"] == []


def test_others_use_the_owners_indexes_for_other_mails(dovecot):
    extra = shared_namespace("@DIR@/index/OWNER")
    server = dovecot(users=["alice", "bob"], extra={
        "2.3": extra["2.3"].replace("%%h", "%%h/shared"),
        "2.4": extra["2.4"].replace("_home}", "_home}/shared")})
    fill(server)
    lines = clean(server, "alice", "-U", "-g", "0")
    namespace, = report(lines)["namespaces"]
    assert namespace["clean"]["refused"] == OF_ANOTHER
    assert removed(lines) == set()


def test_a_template_that_cant_be_expanded(dovecot):
    """Where the indexes of others are can't be told: nothing of the user is
    removed, and doveadm's status tells."""
    extra = shared_namespace("@DIR@/index/USER/NONSENSE")
    # 2.4 expands a template with the user as its owner when he logs in
    server = dovecot(users=["beef"], extra={
        "2.3": extra["2.3"].replace("NONSENSE", "%%{nonsense}"),
        "2.4": extra["2.4"].replace("NONSENSE", "%{owner_user | unhexlify | "
                                    "hexlify}")})
    fill(server, "beef")
    before = snapshot(server.path("index"))
    for words in (["clean", "-a", "0", "-e"], []):
        result = server.doveadm("mailbox-audit", *words, "-u", "beef", "-j",
                                check=False)
        assert result.returncode == os.EX_CONFIG, result
        line, = json_lines(result.stdout)
        assert line["namespaces"] == []
        assert line["errors"][0]["error"].startswith('Namespace "shared/')
        assert line["errors"][0]["error"].encode() in result.stderr
        assert result.stderr.count(b"Error: ") == 1
    assert snapshot(server.path("index")) == before


def test_progress_on_a_terminal_only(dovecot, tmp_path):
    """And on lines of its own, which are cleared."""
    with many_entries("alice", 10_000) as top:
        server = dovecot(location=default_location(index=top + "/%u"))
        write_home(server, "alice", "file", b"x\n")
        check_progress(server, str(tmp_path / "out"))


def check_progress(server, path):
    command = [*CLEAN, "-u", "alice", "-n", "-a", "0"]
    progress = re.compile(rb"\ralice: (\d+) inodes, (\d+) entries\x1b\[K")
    for more in ([], ["-e"], ["-e", "-j"]):
        with open(path, "wb+") as out:
            text = terminal(["doveadm", "-c", server.config, *command, *more],
                            stdout=out)
            out.seek(0)
            rows = out.read()
        assert progress.search(text)
        assert progress.sub(b"", text).replace(b"\r\x1b[K", b"") == b""
        done = server.doveadm(*command, *more)
        assert (done.stdout, done.stderr) == (rows, b"")
        assert b"inodes, " not in rows


def test_the_utility_takes_the_users_ids(dovecot, tmp_path):
    """Before it looks at anything of the user's."""
    server = dovecot(users=["alice"])
    fill(server)
    options = location_options(server, "alice", server.location)

    def run(*more, prefix=()):
        return subprocess.run([*prefix, *CLEAN, *options, "-a", "0", *more],
                              stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=60)

    before = snapshot(server.path("index"))
    result = run()
    assert result.returncode == os.EX_USAGE
    assert b"As root --user is required" in result.stderr
    for user, status in (("root", os.EX_NOPERM),
                         ("no-such-user", os.EX_NOUSER)):
        assert run("--user", user).returncode == status
    assert snapshot(server.path("index")) == before
    trace = str(tmp_path / "trace")
    result = run("--user", "daemon", prefix=["strace", "-f", "-o", trace])
    with open(trace) as f:
        calls = f.read().splitlines()
    names = [call.split(None, 1)[1] for call in calls]
    ids = [next(i for i, call in enumerate(names) if call.startswith(name))
           for name in ("setgroups(", "setgid(", "setuid(")]
    looks = [i for i, call in enumerate(names) if server.dir in call and
             not call.startswith("execve(")]
    assert ids == sorted(ids) and ids[-1] < looks[0]
    # daemon may not even enter alice's home
    assert result.returncode == os.EX_IOERR
    assert snapshot(server.path("index")) == before
