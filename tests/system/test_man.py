# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""The man pages are well-formed, and what they and README name is there. That
they say what is so is for test_doc.py."""

import os
import re
import shutil
import subprocess

import pytest

import readme
from manual import pages, plain, source, split

PAGES = pages()


def run(*argv):
    """Returns what a program prints, if it has nothing to complain of."""
    result = subprocess.run(argv, stdin=subprocess.DEVNULL,
                            capture_output=True,
                            env={**os.environ, "LC_ALL": "C.UTF-8",
                                 "MANWIDTH": "80", "PAGER": "cat"})
    assert (result.returncode, result.stderr) == (0, b""), result
    return result.stdout.decode()


def test_all_are_there():
    assert PAGES.keys() == {
        "doveadm-mailbox-audit.1", "imap_mailbox_log.7", "mailbox-audit.1",
        "mailbox-audit-clean.1", "mailbox-audit-inspect.1",
        "mailbox-audit-migrate.7", "mailbox-usage.1", "mailbox_filter.7"}
    for name, path in PAGES.items():
        assert path.split("/")[-2] == "man" + name[-1]


@pytest.mark.parametrize("name", PAGES)
def test_mandoc_has_nothing_to_say(name):
    if shutil.which("mandoc") is None:
        pytest.skip("not installed: mandoc")
    assert run("mandoc", "-T", "lint", PAGES[name]) == ""


@pytest.mark.parametrize("name", PAGES)
def test_man_has_no_warnings(name):
    if shutil.which("man") is None:
        pytest.skip("not installed: man-db")
    text = run("man", "--warnings", "-E", "UTF-8", "-l", PAGES[name])
    title = re.match(r"(\S+) ", text)[1]
    assert title.lower() == f"{name[:-2]}({name[-1]})"


@pytest.mark.parametrize("name", PAGES)
def test_what_it_refers_to_is_there(name):
    """Our own pages; others are the system's."""
    text = plain(source(name))
    own = re.findall(r"\b([\w-]*mailbox[\w-]*) ?\((\d)\)", text)
    assert own
    for page, section in own:
        assert f"{page}.{section}" in PAGES, (page, section)
    listed = re.findall(r"^\.BR (\S+) \((\d)\)", plain(
        split(source(name))["SEE ALSO"]), flags=re.M)
    assert len(listed) > 1 and (name[:-2], name[-1]) not in listed


def test_readme_names_all():
    section = readme.sections()["Where to read on"]
    named = re.findall(r"\bman (?:(\d) )?([\w-]+)", section)
    assert {f"{page}.{number or 1}" for number, page in named} == PAGES.keys()
