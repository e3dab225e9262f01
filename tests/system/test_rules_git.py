# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""Name rules are gitignore's language: git itself decides as the cases of
tests/rules expect, and as the library does for rules drawn at random."""

import ctypes
import os
import random
import re
import subprocess

import pytest

from dovecot import PREFIX

pytestmark = pytest.mark.any_dovecot
CASES = os.path.join(os.path.dirname(__file__), "..", "rules", "valid")
# of enum mba_match
MATCH_HIDDEN = 1
GIT_ENV = dict(os.environ, GIT_CONFIG_NOSYSTEM="1",
               GIT_CONFIG_GLOBAL="/dev/null")


class Case:
    """A file with rules, and lines "hide|show LINE|- NAME[/]"."""

    def __init__(self, name):
        with open(os.path.join(CASES, name), "rb") as file:
            head, rest = file.read().split(b"rules:\n", 1)
        self.rules, names = rest.split(b"names:\n", 1)
        self.git = re.search(rb"^git: no, .", head, re.M) is None
        self.expected = {}
        for line in names.splitlines():
            action, number, text = line.split(b" ", 2)
            text = re.sub(rb"\\x([0-9a-f]{2})",
                          lambda m: bytes([int(m[1], 16)]), text)
            self.expected[text] = (action == b"hide",
                                   0 if number == b"-" else int(number))


def cases_for_git():
    return [name for name in sorted(os.listdir(CASES)) if Case(name).git]


class WorkTree:
    """A git repository with files and, where they end in '/', directories."""

    def __init__(self, path, names):
        self.path = os.fsencode(path)
        self.names = sorted(names)
        subprocess.run(["git", "init", "-q", path], check=True, env=GIT_ENV)
        for name in self.names:
            full = os.path.join(self.path, name)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            if not name.endswith(b"/"):
                with open(full, "wb"):
                    pass

    def decide(self, rules):
        """Returns for each name if it's hidden, and the line that decided.
        git sees itself what is a directory."""
        paths = [name.rstrip(b"/") for name in self.names]
        with open(self.path + b"/.gitignore", "wb") as file:
            file.write(rules)
        out = subprocess.run(
            ["git", "check-ignore", "-v", "-n", "-z", "--no-index", "--stdin"],
            cwd=self.path, env=GIT_ENV, stdout=subprocess.PIPE,
            input=b"\0".join(paths) + b"\0").stdout
        fields = out.split(b"\0")[:-1]
        assert fields[3::4] == paths
        return {name: (line != b"" and not pattern.startswith(b"!"),
                       int(line or 0))
                for line, pattern, name in zip(fields[1::4], fields[2::4],
                                               self.names)}


@pytest.mark.parametrize("name", cases_for_git())
def test_git_decides_as_the_case_expects(name, tmp_path):
    case = Case(name)
    assert WorkTree(tmp_path, case.expected).decide(case.rules) == \
        case.expected


class Rule(ctypes.Structure):
    _fields_ = [("text", ctypes.c_char_p), ("source", ctypes.c_char_p),
                ("line", ctypes.c_uint), ("column", ctypes.c_uint)]


class Library:
    def __init__(self):
        self.lib = ctypes.CDLL(PREFIX + "/lib/libmailboxaudit.so")
        self.lib.mba_rules_new.restype = ctypes.c_void_p
        self.lib.mba_rules_match.argtypes = [
            ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_size_t,
            ctypes.c_int, ctypes.c_void_p,
            ctypes.POINTER(ctypes.POINTER(Rule))]

    def read(self, path):
        """Returns the rules of a file, or the line that is refused."""
        rules = ctypes.c_void_p(self.lib.mba_rules_new())
        error = ctypes.c_char_p()
        if self.lib.mba_rules_add_file(rules, path, ctypes.byref(error)) < 0:
            return int(error.value[len(path):].split(b":")[1])
        return rules

    def decide(self, path, names):
        """Returns the same as git for a file with rules. The lines that are
        refused are emptied."""
        while isinstance(rules := self.read(path), int):
            with open(path, "rb") as file:
                lines = file.read().split(b"\n")
            lines[rules - 1] = b""
            with open(path, "wb") as file:
                file.write(b"\n".join(lines))
        rule = ctypes.POINTER(Rule)()
        decisions = {}
        for name in names:
            bare = name.rstrip(b"/")
            match = self.lib.mba_rules_match(
                rules, bare.replace(b"/", b"\0"), len(bare), 0, name != bare,
                None, ctypes.byref(rule))
            decisions[name] = (match == MATCH_HIDDEN,
                               rule.contents.line if rule else 0)
        self.lib.mba_rules_free(ctypes.byref(rules))
        return decisions


def compare(tree, library, rules):
    """Returns for how many names a rule decides; git and the library must
    agree. What the library refuses git never matches: without such a rule the
    decisions are the same."""
    by_git = tree.decide(rules)
    ours = library.decide(tree.path + b"/.gitignore", tree.names)
    assert ours == by_git, rules
    return sum(line > 0 for _, line in ours.values())


@pytest.mark.parametrize("rules", [
    b"a", b"a\r", b"a\nb\r", b"a\r\nb", b"a \r", b"a\r\r", b"a\r ", b"a\\\r",
    b"a\\ \r", b"a\\", b"\r", b"\n\r", b"#a\r", b"!\r", b"/\r", b"a/\r",
    b"*\n!a\r", b"a  \n!b ", b"\xef\xbb\xbfa\r", b"\xef\xbb\xbf#a\nb",
    b"\xef\xbb\xbf", b"a\t", b"a\t\r", b" a", b""], ids=repr)
def test_git_reads_a_file_as_the_library(rules, tmp_path):
    names = [b"a", b"b", b"a ", b"b ", b"a\r", b"a\t", b" a", b"\r", b"#a",
             b"c/", b"c/a/"]
    compare(WorkTree(tmp_path, names), Library(), rules)


NAME_PARTS = ["a", "b", "ab", "x.y", "a-b", "abab", ".a", "b.", "aab", "A",
              "]", "[", "!a", "#b", "a b", "z\\", "\xff", "a\xe4", "\x01"]
RULE_TOKENS = ["a", "b", "a", "b", "*", "?", "**", "[ab]", "[!a]", "[^b]",
               "[a-b]", "[]a]", "[[:alpha:]]", "[!]a]", "\\a", "\\*", ".",
               "-", "x.y", "ab", "[a/]", "[--b]", "[a-]", "[[:x]", "[\\]a]",
               "***", " ", "\\ ", "A", "[%-.]", "[[:punct:]a]", "#", "!",
               "[b-a]", "[!b-a]", "[x-ab]", "\xff", "[\x80-\xff]", "[!\xe4]",
               "[[:cntrl:]]"]
# some of what is refused
BROKEN_TOKENS = ["[", "[a", "[!", "[]", "[a\\]", "[[:a:]]", "[![:foo:]a]",
                 "[!\x01-\xff]", "\\", "//"]


def random_names(rand):
    """Returns paths that can be in one tree, its directories with a '/'."""
    paths = {"/".join(rand.choices(NAME_PARTS, k=rand.randint(1, 5)))
             for _ in range(60)}
    dirs = {path[:m.start()] for path in paths
            for m in re.finditer("/", path)}
    return {name.encode("latin-1") for name in
            (paths - dirs) | {name + "/" for name in dirs}}


def random_level(rand):
    kind = rand.random()
    if kind < 0.25:
        return "**"
    if kind < 0.4:
        return rand.choice(NAME_PARTS[:10])
    tokens = rand.choices(RULE_TOKENS, k=rand.randint(1, 4))
    if kind > 0.98:
        tokens.insert(rand.randint(0, len(tokens)),
                      rand.choice(BROKEN_TOKENS))
    return "".join(tokens)


def random_rule(rand):
    while True:
        parts = [random_level(rand)
                 for _ in range(rand.choice([1, 1, 2, 2, 3, 4]))]
        rule = "!" if rand.random() < 0.2 else ""
        rule += "/" if rand.random() < 0.3 else ""
        rule += rand.choice(["/"] * 6 + ["\\/"]).join(parts)
        rule += "/" if rand.random() < 0.2 else ""
        # see rules/valid/double-star-after-letter
        if re.search(r"[^/*]\*\*", rule) is None:
            return rule


@pytest.mark.parametrize("seed", range(5))
def test_git_decides_as_the_library_for_random_rules(seed, tmp_path):
    rand = random.Random(seed)
    tree = WorkTree(tmp_path, random_names(rand))
    library = Library()
    decided = 0
    for _ in range(200):
        rules = "".join(random_rule(rand) + "\n"
                        for _ in range(rand.randint(1, 6)))
        decided += compare(tree, library, rules.encode("latin-1"))
    assert decided > 1000
