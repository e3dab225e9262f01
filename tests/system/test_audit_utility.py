# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""mailbox-audit report: the answers of doveadm mailbox-audit without Dovecot,
and what a command line has to get right besides."""

import os
import re
import subprocess
import tempfile

import jsonschema
import pytest

from audit import (LOOSE_SCHEMA, MESSAGE, VALIDATOR, default_location,
                   entries, fill_home, json_lines, location_options, make_log,
                   many_entries, report, utility, write)
from terminal import terminal

INDEX = os.path.join(os.path.dirname(__file__), "../index/empty-mdbox")
COMMAND = ["mailbox-audit", "report"]


def run(*argv, **more):
    return subprocess.run(argv, stdin=subprocess.DEVNULL, timeout=120,
                          stdout=more.pop("stdout", subprocess.PIPE),
                          stderr=subprocess.PIPE, **more)


@pytest.fixture
def tree():
    """Options for two roots with an entry of each kind, where every user comes
    to."""
    with tempfile.TemporaryDirectory(prefix="mba-", dir="/tmp") as top:
        os.chmod(top, 0o755)
        mail, index = top + "/mail", top + "/index"
        os.mkdir(mail)
        write(mail + "/box", MESSAGE)
        write(mail + "/notes", b"hello\n")
        write(mail + "/.hidden", b"hello\n")
        for name in ("box", "notes", ".hidden", "gone"):
            make_log(f"{index}/.imap/{name}")
        yield ["--index-root", index, "--mail-root", mail]


def states(tree, *options):
    result = run(*COMMAND, *tree, "-e", "-j", *options)
    assert result.returncode == 0, result
    return {name: (e["state"], e["hidden_by"])
            for name, e in entries(json_lines(result.stdout)).items()}


def test_the_same_as_doveadm(dovecot):
    server = dovecot(location=default_location(), users=["alice"])
    # Dovecot may not have made the directory by then
    fill_home(server, "alice")
    for options in ([], ["-e"], ["-e", "-s", "bogus"], ["-e", "-H"],
                    ["-e", "-V", "-s", "missing,unknown"], ["-s", "missing"],
                    ["-t"], ["-V"]):
        assert utility(server, "alice", "-j", *options).stdout == \
            server.doveadm("mailbox-audit", "-u", "alice", "-j",
                           *options).stdout
        # the tables too
        assert utility(server, "alice", *options).stdout == \
            server.doveadm("mailbox-audit", "-u", "alice", *options).stdout


def test_rules(tree, tmp_path):
    rules = str(tmp_path / "rules")
    write(rules, b"notes\n")
    everything = {"box": ("mailbox", None), "notes": ("not-mailbox", None),
                  ".hidden": ("not-mailbox", None), "gone": ("missing", None)}
    for options, hidden in [
            ([], {".hidden": ".*"}),
            (["--rule", "bo* gone"], {"box": "bo*", "gone": "gone"}),
            (["--rules", rules], {"notes": "notes"}),
            (["--rules", rules, "--rule", "!notes box"], {"box": "box"}),
            (["--rule", "!notes box", "--rules", rules],
             {"notes": "notes", "box": "box"}),
            (["--rule", ""], {}), (["--rules", "/dev/null"], {})]:
        assert states(tree, *options) == {
            name: (state, hidden.get(name))
            for name, (state, _) in everything.items()}


@pytest.mark.parametrize("options, words", [
    (["--rule", "fine [a"], "--rule:1:6: '[' isn't closed: [a"),
    (["--rules", "RULES"], "RULES:2:3: '[' isn't closed: x/[a"),
    (["--rules", "/nonexistent"],
     "open(/nonexistent) failed: No such file or directory"),
    (["--rules", "/"], "/: not a regular file"),
])
def test_rules_that_cant_be_had(tree, tmp_path, options, words):
    rules = str(tmp_path / "rules")
    write(rules, b"# comment\nx/[a\n")
    options = [o.replace("RULES", rules) for o in options]
    for command in ([*COMMAND, *tree], ["mailbox-audit", "match", "name"]):
        name = command[1]
        result = run(*command, *options)
        assert result.returncode == os.EX_CONFIG
        assert result.stdout == b""
        assert result.stderr.decode() == \
            f"mailbox-audit: {name}: {words.replace('RULES', rules)}\n"


# \udcff is a byte that is no UTF-8
USAGE_ERRORS = [
    ["--nonsense"], ["extra"], ["--json=1"], ["--state"], ["-s", "nonsense"],
    ["-s", ""], ["-H", "-V"], ["-t", "-e"], ["-t", "-s", "bogus"],
    ["-t", "-H"], ["--totals", "--visible"], ["--separator", ""],
    ["--separator", "ab"],
    ["--escape-char", ""], ["--broken-char", "%%"],
    ["--format", "maidlir"], ["--format", ""], ["--format", "mbox,maildir"],
    ["--format", "\udcff"], ["--layout", "maildir"], ["--type", "nonsense"],
    ["--type", "\udcff"], ["--index-root", "relative"],
    ["--index-root", ""], ["--mail-root", "."], ["--inbox", "relative"],
    ["--control", ""], ["--exclude", "relative"], ["--exclude", ""],
    ["--format", "\x1b[31m"], ["-s", "\n\x1b[31m"],
    ["--type", "\x7f\x9b31m\u202e"],
    ["--\x1b[31m"], ["-\x1b"], ["-\udcff"], ["--json=\x1b[31m"], ["--e"],
]


@pytest.mark.parametrize("options", USAGE_ERRORS, ids=repr)
def test_usage_errors(tree, options):
    result = run(*COMMAND, *tree, *options)
    assert result.returncode == os.EX_USAGE
    assert result.stdout == b""
    lines = result.stderr.decode(errors="replace").splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("mailbox-audit: report: ")
    assert lines[1] == "mailbox-audit: report: mailbox-audit report --help " \
        "shows how it is used"
    assert not set("\x1b\x7f\x9b\u202e") & set(lines[0])


@pytest.mark.parametrize("options, words", [
    (["--index-root", "relative"],
     "--index-root has to be an absolute path: relative"),
    (["--mail-root", ""], "--mail-root has to be an absolute path: "),
    (["--inbox", "./in"], "--inbox has to be an absolute path: ./in"),
    (["--control", "c"], "--control has to be an absolute path: c"),
    (["--exclude", "/x", "--exclude", "x"],
     "--exclude has to be an absolute path: x"),
    (["--separator", "\xe9"], "--separator has to be one byte: \xe9"),
    (["--broken-char", ""], "--broken-char has to be one byte: "),
    (["--rule=x", "-ex"], "Unknown option: -x"),
    (["--unknown=x"], "Unknown or ambiguous option: --unknown=x"),
    (["--json=x"], "This option takes no argument: --json=x"),
    (["-es"], "An argument is required after -es"),
    (["--jobs"], "An argument is required after --jobs"),
], ids=repr)
def test_usage_errors_name_what_is_wrong(tree, options, words):
    error = run(*COMMAND, *tree, *options).stderr.decode()
    assert error.splitlines()[0] == f"mailbox-audit: report: {words}"


@pytest.mark.parametrize("command", ["clean", "match", "inspect"])
def test_options_of_all_commands_are_escaped(command):
    """A mailbox may have a name that begins with "-"."""
    result = run("mailbox-audit", command, "--\x1b[31m")
    assert result.returncode == os.EX_USAGE
    assert b"option: --\\x1b[31m\n" in result.stderr


def test_usage_errors_of_the_whole():
    for argv in (["mailbox-audit"], ["mailbox-audit", "nonsense"],
                 ["mailbox-audit", "help", "nonsense"],
                 ["mailbox-audit", ""], ["mailbox-audit", "\x1b[31m"],
                 ["mailbox-audit", "report"],
                 ["mailbox-audit", "report", "--index-root", "/x"]):
        result = run(*argv)
        assert result.returncode == os.EX_USAGE
        assert result.stdout == b"" and b"--help" in result.stderr
        assert b"\x1b" not in result.stderr


def test_help_and_version():
    for argv in (["--help"], ["-h"], ["report", "--help"], ["report", "-h"],
                 ["match", "--help"], ["match", "-h"], ["clean", "--help"],
                 ["clean", "-h"], ["help"], ["help", "report"],
                 ["help", "clean"], ["help", "match"], ["help", "help"],
                 ["--version"], ["-V"]):
        result = run("mailbox-audit", *argv)
        assert result.returncode == 0 and result.stderr == b""
        assert all(len(line) <= 80 for line in result.stdout.splitlines())
        helped = run("mailbox-audit", *argv[1:], "--help").stdout
        if argv[0] == "help" and argv != ["help", "help"]:
            assert result.stdout == helped
    assert re.fullmatch(rb"dovecot-mailbox-audit \d+\.\d+\.\d+\n",
                        result.stdout)


def test_the_last_of_an_option_counts(tree):
    assert states(["--index-root", "/nonexistent", *tree], "--dirname", "x",
                  "--dirname", "") == states(tree)
    assert states(tree, "--full-dirname", "x", "--dirname", "") == states(tree)
    assert states(tree, "-s", "missing", "-s", "mailbox") == {
        "box": ("mailbox", None)}


def test_odd_values(tree, tmp_path):
    """They crash nothing, and the report stays JSON in UTF-8."""
    odd = "\udcff\x1b[31m\n\"\\" + "x" * 100000
    result = run(*COMMAND, *tree, "-e", "-j", "--prefix", odd, "-u", odd,
                 "--rule", "a" * 100000, "--dirname", "", "--subscriptions",
                 odd)
    assert result.returncode in (0, os.EX_IOERR)
    lines = json_lines(result.stdout)
    assert len(lines) == 5
    assert b"\x1b" not in result.stdout + result.stderr
    result = run(*COMMAND, *tree, "-e", "--prefix", odd, "-u", odd)
    assert result.returncode == 0
    assert b"\x1b" not in result.stdout
    long_path = "/" + "x" * 100000
    result = run(*COMMAND, "--mail-root", "/", "--index-root", long_path, "-j")
    assert result.returncode == os.EX_IOERR
    assert b"File name too long" in result.stderr
    assert not report(json_lines(result.stdout))["complete"]


def test_names_with_escapes(tree):
    index = tree[1]
    name = "\x1b[31m\n\u202e\x9b"
    make_log(f"{index}/.imap/{name}")
    out = run(*COMMAND, *tree, "-e").stdout
    assert b"\\x1b[31m\\x0a" in out and b"\\xc2\\x9b" in out
    assert len(out.splitlines()) == 6
    out = run(*COMMAND, *tree, "-e", "-j").stdout
    assert b"\x1b" not in out and len(out.splitlines()) == 6
    assert ".imap/\\x1b[31m\\x0a\\xe2\\x80\\xae\\xc2\\x9b" in \
        [e["path"] for e in entries(json_lines(out)).values()]


def test_a_missing_index_root_is_told(tree):
    """Nothing to count is no error: the user never logged in. But a path that
    was typed may be wrong."""
    for path in ("/nonexistent/x", tree[3] + "/box/below-a-file"):
        result = run(*COMMAND, *tree, "--index-root", path, "-j")
        assert result.returncode == 0
        totals = report(json_lines(result.stdout))["namespaces"][0]["totals"]
        assert totals == {"entries": 0, "inodes": 0, "bytes": 0}
        assert f"{path} doesn't exist" in result.stderr.decode()


def test_an_inbox_elsewhere_is_hinted_at(tree):
    """It is missing below the mail root; only then, and only where nobody said
    where it is, there is a hint."""
    hint = (b"mailbox-audit: report: INBOX is missing: if it isn't below the "
            b"mail root, --inbox PATH tells where it is\n")
    make_log(tree[1] + "/.imap/INBOX")
    for options in ([], ["-j"], ["-e"], ["-e", "-s", "missing"]):
        result = run(*COMMAND, *tree, *options)
        assert (result.returncode, result.stderr) == (0, hint)
    for inbox in (tree[3] + "/box", tree[3] + "/elsewhere", ""):
        assert run(*COMMAND, *tree, "--inbox", inbox).stderr == b""
    write(tree[3] + "/inbox", MESSAGE)
    assert run(*COMMAND, *tree).stderr == b""


def test_what_cant_be_read(tree):
    """Not as root, who reads everything."""
    closed = tree[1] + "/closed"
    os.mkdir(closed, 0o700)
    result = run("setpriv", "--reuid=20001", "--clear-groups", *COMMAND, *tree,
                 "-j")
    assert result.returncode == os.EX_IOERR
    assert result.stderr.decode() == \
        f"mailbox-audit: report: open({closed}) failed: Permission denied\n"
    assert not report(json_lines(result.stdout))["complete"]


@pytest.mark.parametrize("argv", [
    ["report", "-e"], ["report", "-j"], ["report"], ["report", "-h"],
    ["match", ".x"], ["match", "-h"], ["-h"], ["--version"], ["report", "-t"],
    ["help", "report"], ["inspect"], ["inspect", "-j"], ["inspect", "--help"]],
    ids=" ".join)
def test_output_that_cant_be_written(tree, argv):
    options = {"report": tree, "inspect": [INDEX]}.get(argv[0], [])
    with open("/dev/full", "w") as full:
        result = run("mailbox-audit", *argv, *options, stdout=full)
    assert result.returncode == os.EX_IOERR
    name = {"-h": "", "--version": "", "help": "report: "}.get(
        argv[0], argv[0] + ": ")
    assert result.stderr.decode() == f"mailbox-audit: {name}" \
        "write(stdout) failed: No space left on device\n"
    result = run("sh", "-c", 'exec "$@" >&-', "sh", "mailbox-audit", *argv,
                 *options)
    assert result.returncode == os.EX_IOERR
    assert b"write(stdout) failed: " in result.stderr


@pytest.mark.parametrize("argv", [
    ["report", "-e"], ["report", "-e", "-j"], ["match", "-v", "-n"],
    ["inspect"], ["inspect", "-j"]], ids=" ".join)
def test_the_first_write_that_fails_is_told(tree, argv):
    """What is written later may fail for another reason, or not at all."""
    options = {"report": tree, "match": ["x" * 99] * 99,
               "inspect": [INDEX] * 99}[argv[0]]
    with many_entries("ann", 99) as top, open("/dev/full", "w") as full:
        if argv[0] == "report":
            options = [*options, "--index-root", top + "/ann"]
        result = run("mailbox-audit", *argv, *options, stdout=full)
    assert result.returncode == os.EX_IOERR
    assert result.stderr.decode() == f"mailbox-audit: {argv[0]}: " \
        "write(stdout) failed: No space left on device\n"


def test_output_that_cant_be_written_of_what_is_broken(tmp_path):
    """Then what there is to say isn't all there."""
    (tmp_path / "dovecot.index").write_bytes(b"none")
    command = ["mailbox-audit", "inspect", str(tmp_path), "/nonexistent"]
    assert run(*command).returncode == os.EX_NOINPUT
    with open("/dev/full", "w") as full:
        assert run(*command, stdout=full).returncode == os.EX_IOERR


def test_progress_on_a_terminal_only(tree, tmp_path):
    count = 10000
    progress = re.compile(rb"\r(\d+) inodes, (\d+) entries\x1b\[K")
    with many_entries("ann", count) as top, \
            open(tmp_path / "out", "wb") as out:
        command = [*COMMAND, *tree, "--index-root", top + "/ann"]
        text = terminal([*command, "-j"], stdout=out)
        counts = [int(inodes) for inodes, _ in progress.findall(text)]
        assert counts and counts == sorted(counts)
        assert counts[-1] <= count + 2
        # and nothing of it stays
        assert progress.sub(b"", text) == b"\r\x1b[K"
        for quiet in ("-q", "--quiet"):
            assert terminal([*command, "-j", quiet], stdout=out) == b""
        # one that would show what clears the line
        assert terminal(["env", "TERM=dumb", *command, "-j"],
                        stdout=out) == b""
        # rows on the same terminal stand on lines of their own
        text = terminal([*command, "-e"])
        rows = progress.sub(b"", text).replace(b"\r\x1b[K", b"")
        assert rows.replace(b"\r\n", b"\n") == run(*command, "-e").stdout
        assert run(*command).stderr == b""


def test_location_options_are_doveadms(dovecot):
    """Beyond those that the formats' tests take: what the namespace has."""
    server = dovecot(location=default_location(), prefix="mail.",
                     separator=".")
    fill_home(server, "alice")
    with server.imap("alice") as imap:
        imap.list("", "mail.*")
    options = location_options(server, "alice", server.location,
                               server.prefix, server.separator)
    assert "--prefix" in options and "--separator" in options
    assert utility(server, "alice", "-e", "-j").stdout == \
        server.doveadm("mailbox-audit", "-u", "alice", "-e", "-j").stdout


def test_readers_ignore_what_they_do_not_know(tree):
    """The schema of doc/ allows properties that come later; what is written
    now has none but those it describes."""
    lines = json_lines(run(*COMMAND, *tree, "--entries", "--json").stdout)
    loose = jsonschema.Draft202012Validator(LOOSE_SCHEMA)
    for line in lines:
        for obj in [line, line.get("entry"), *line.get("namespaces", ())]:
            if obj is None:
                continue
            obj["later"] = 1
            loose.validate(line)
            with pytest.raises(jsonschema.ValidationError):
                VALIDATOR.validate(line)
            del obj["later"]
