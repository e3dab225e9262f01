# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""mailbox-audit match: which names the rules hide, and which rule it was, in
the manner of git check-ignore."""

import os
import re
import subprocess

import pytest

GIT_ENV = dict(os.environ, GIT_CONFIG_NOSYSTEM="1",
               GIT_CONFIG_GLOBAL="/dev/null")
RULES = b"""# what clients need not see
.*
!.keep
*.bak
/public_html
lists/**/old
deep/*/x
trailing/
"""
NAMES = [".git", ".git/config", ".keep", ".keep/.inner", "a.bak", "a.bak/b",
         "public_html", "sub/public_html", "lists/old", "lists/a/b/old",
         "deep/1/x", "deep/1/2/x", "trailing", "plain", "plain/box"]


def match(*args, **more):
    return subprocess.run(["mailbox-audit", "match", *args], timeout=60,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, **more)


@pytest.fixture
def rules(tmp_path):
    """The path of a file with rules: a .gitignore in a repository."""
    subprocess.run(["git", "init", "-q", tmp_path], check=True, env=GIT_ENV)
    path = tmp_path / ".gitignore"
    path.write_bytes(RULES)
    return str(path)


def git(rules, *args):
    return subprocess.run(["git", "check-ignore", "--no-index", *args],
                          cwd=os.path.dirname(rules), env=GIT_ENV,
                          stdout=subprocess.PIPE)


def test_prints_the_hidden_names_as_git_does(rules):
    own = match("--rules", rules, *NAMES)
    theirs = git(rules, *NAMES)
    assert own.stdout == theirs.stdout != b""
    assert own.returncode == theirs.returncode == 0
    assert own.stderr == b""
    for name in NAMES:
        assert match("--rules", rules, name).returncode == \
            git(rules, name).returncode


def test_verbose_names_the_rule_as_git_does(rules):
    """But for the column, and the whole path of the file."""
    expected = git(rules, "-v", *NAMES).stdout.decode()
    assert ".gitignore:3:!.keep\t.keep\n" in expected
    for option in ("-v", "--verbose"):
        own = match("--rules", rules, option, *NAMES).stdout.decode()
        lines = []
        for line in own.splitlines():
            rule, name = line.split("\t")
            source, number, column, text = rule.split(":")
            assert source == rules and column == "1"
            lines.append(f".gitignore:{number}:{text}\t{name}\n")
        assert "".join(lines) == expected


def test_names_that_no_rule_matches_are_shown_as_git_does(rules):
    """But for the column's colon, and the whole path of the file."""
    expected = git(rules, "-v", "-n", *NAMES).stdout.decode()
    for options in (["-v", "-n"], ["--verbose", "--non-matching"], ["-vn"]):
        own = match("--rules", rules, *options, *NAMES)
        shown = re.sub(r":1:(?=.*\t)", ":", own.stdout.decode())
        shown = shown.replace(rules, ".gitignore").replace(":::\t", "::\t")
        assert shown == expected
        assert own.returncode == 0
    assert "::\tplain\n" in expected and "::\tpublic_html" not in expected
    # what is shown so isn't hidden
    result = match("-vn", "plain")
    assert (result.returncode, result.stdout) == (1, b":::\tplain\n")


def test_a_name_that_only_a_rule_shows_is_not_hidden(rules):
    result = match("--rules", rules, "-v", ".keep")
    assert result.stdout.endswith(b":3:1:!.keep\t.keep\n")
    assert result.returncode == 1
    result = match("--rules", rules, ".keep")
    assert result.stdout == b"" and result.returncode == 1


def test_rules_of_the_command_line(rules):
    assert match(".x", "public_html", "x").stdout == b".x\npublic_html\n"
    assert match("-v", "x/.y").stdout == b"default:1:1:.*\tx/.y\n"
    assert match("-v", "public_html/x").stdout == \
        b"default:1:4:public_html\tpublic_html/x\n"
    assert match("--rule", "a b*", "-v", "a", "bc", ".x").stdout == \
        b"--rule:1:1:a\ta\n--rule:1:3:b*\tbc\n"
    # several are added in their order
    assert match("--rules", rules, "--rule", "!*.bak", "x.bak").returncode == 1
    assert match("--rule", "!*.bak", "--rules", rules, "x.bak").returncode == 0
    # none is none
    for options in (["--rule", ""], ["--rules", "/dev/null"]):
        assert match(*options, ".x").returncode == 1


def test_rules_separated_by_commas_are_refused():
    """They would be one rule that hides nothing."""
    for words, column in ((".*,public_html", 3), (".*, public_html", 3),
                          ("a b[c,d]", 6), ("a ,", 3), (r"a\\,b", 4)):
        result = match("--rule", words, "x")
        assert result.returncode == os.EX_CONFIG
        assert result.stderr.decode().startswith(
            f"mailbox-audit: match: --rule:1:{column}: blanks separate rules "
            "(a comma of a name needs a backslash): ")
    assert match("--rule", r"a\,b [\,]", "a,b", ",", "a").stdout == b"a,b\n,\n"


def test_a_comma_in_a_file_is_a_byte(tmp_path):
    path = tmp_path / "rules"
    path.write_text("a,b\nc\\,d\n")
    assert match("--rules", path, "a,b", "c,d", "a").stdout == b"a,b\nc,d\n"


def test_levels_are_joined_by_slashes(rules):
    """Whatever the server's separator is."""
    assert match("--rule", "lists/x .* c^d", "lists.x", "lists/x", "a/.b",
                 "a.b", "c^d").stdout == b"lists/x\na/.b\nc^d\n"
    # one within a level, and other bytes as they are printed
    assert match("--rule", "a[/]b", "a\\x2fb", "a/b", "a\\x2fb/c").stdout == \
        b"a\\x2fb\na\\x2fb/c\n"
    assert match("--rule", "\\\\*", "\\x5cx2f", "\\x2f", "\\").stdout == \
        b"\\x5cx2f\n\\x5c\n"
    # one that ends with it holds others
    assert match("--rule", "dir/", "dir", "dir/").stdout == b"dir/\n"


@pytest.mark.parametrize("rules, error", [
    ("x\n" * 10001, ":10001: more than 10000 rules"),
    ("#\n" * 1024 * 512 + "#", ":524289: the file is larger than 1048576 "
     "bytes"),
    ("x\na//b", ":2:3: a level is empty: a//b")], ids=["count", "size", "rule"])
@pytest.mark.parametrize("command", [
    ["match", "x"], ["report", "--index-root", "/", "--mail-root", "/"]],
    ids=["match", "report"])
def test_rules_that_are_refused(command, rules, error, tmp_path):
    path = tmp_path / "rules"
    path.write_text(rules)
    result = subprocess.run(["mailbox-audit", command[0], "--rules", path,
                             *command[1:]], stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE)
    assert result.stderr.decode() == \
        f"mailbox-audit: {command[0]}: {path}{error}\n"
    assert result.returncode == os.EX_CONFIG and result.stdout == b""


def test_odd_names():
    for name, shown in [("\n", "\\x0a"), ("a\nb", "a\\x0ab"),
                        ("\x1b[31m", "\\x1b[31m"), ("\\", "\\x5c"),
                        ("\udcff", "\\xff"), ("\u00e4", "\u00e4"),
                        ("a b\t", "a b\\x09"), ("x" * 100000, "x" * 100000)]:
        result = match("--rule", "*", "-v", name)
        assert result.stdout.decode() == f"--rule:1:1:*\t{shown}\n"
        assert result.returncode == 0
    # a name like an option
    assert match("--rule", "-*", "--", "-x", "--help").stdout == \
        b"-x\n--help\n"
    # INBOX and what has no name are never hidden
    for name in ("INBOX", "", "/"):
        assert match("--rule", "*", name).returncode == 1
    # rules are shown no other way than names
    assert match("--rule", "\\\\\x1b*", "-v", "\\\x1bx").stdout == \
        b"--rule:1:1:\\x5c\\x5c\\x1b*\t\\x5c\\x1bx\n"


@pytest.mark.parametrize("args", [
    [], ["-v"], ["-n", "x"], ["--nonsense", "x"], ["--separator", ".", "x"],
    ["--verbose=1", "x"]],
    ids=repr)
def test_usage_errors(args):
    result = match(*args)
    assert result.returncode == os.EX_USAGE
    assert result.stdout == b""
    lines = result.stderr.decode().splitlines()
    assert all(line.startswith("mailbox-audit: match: ") for line in lines)
    assert lines[1:] == ["mailbox-audit: match: mailbox-audit match --help "
                         "shows how it is used"]
