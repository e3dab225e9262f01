# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""README's commands as they are printed, on a server with Debian's own
configuration and mail in people's homes. Between all steps people work."""

import os
import re
import shutil
import subprocess

import pytest

import readme
from people import (JUNK, LOCAL_CONF, MAILBOXES, audit, before, enter_network,
                    installed, make_server, names_of, people_work, run, version,
                    wait_for_greeting)

SOURCE = os.path.dirname(os.path.abspath(readme.PATH))
TREE = "/root/dovecot-mailbox-audit"
# has never logged in before the filter is there
NEW = "carol"
FULL = "The disk with the indexes is full"


def commands(title):
    return readme.commands(title, version())


def as_printed(title, word):
    """Runs the first command of a section of README that has a word in it.
    Returns its output."""
    command = [c for c in commands(title) if word in c][0]
    result = run(command)
    assert result.returncode == 0, (command, result)
    return result.stdout.decode()


def install(steps):
    """Nothing is started by it: the network isn't ours yet."""
    policy = "/usr/sbin/policy-rc.d"
    with open(policy, "w") as f:
        f.write("#!/bin/sh\nexit 101\n")
    os.chmod(policy, 0o755)
    os.environ["DEBIAN_FRONTEND"] = "noninteractive"
    for command in steps:
        run(command, check=True)
    os.remove(policy)


@pytest.fixture(scope="module", autouse=True)
def server():
    """A Dovecot as it was before: Debian's, and two people with mail."""
    shutil.copytree(SOURCE, TREE, symlinks=True)
    os.chdir(TREE)
    install(["apt-get -y install dovecot-imapd dovecot-lmtpd",
             *(command.replace("apt-get", "apt-get -y")
               # there is no Dovecot yet
               for command in readme.commands("Install", None)
               if command.startswith("apt-get "))])
    enter_network()
    make_server(["ann", "bob", NEW])
    process = subprocess.Popen(["dovecot", "-F"], stdin=subprocess.DEVNULL)
    wait_for_greeting(process)
    yield
    process.terminate()
    process.wait()


def test_before():
    """The problem is there: an index directory for each file."""
    for user in ("ann", "bob"):
        assert set(JUNK) | {"Sent"} <= names_of(user)
        assert os.path.isdir(
            f"/var/local/dovecot/{user}/.git/objects/.imap/0")
    people_work()


BEFORE = set()


def test_install():
    BEFORE.update(installed())
    for command in commands("Install"):
        if "apt-get" not in command:
            result = run(command, cwd=TREE)
            assert result.returncode == 0, (command, result)
    assert run("doveadm mailbox-audit -u ann").returncode == 0
    people_work()


def test_look():
    out = as_printed(FULL, "--totals")
    assert re.findall(r"^(ann|bob|carol) +(\d+) .* (\d+)\n", out,
                      flags=re.M) == [("ann", str(len(JUNK)), "0"),
                                      ("bob", str(len(JUNK)), "0"),
                                      (NEW, "0", "0")]
    out = as_printed(FULL, "--hidden")
    assert re.findall(r" (\S+)\n", out)[1:] == [".mail/old"] * 2
    # 2.4's LIST removed those that were there before
    run("su ann -c 'mkdir -p ~/empty/below'", check=True)
    out = as_printed(FULL, "mailbox list")
    assert os.path.isdir("/home/ann/empty/below")
    assert re.findall(r"(\d+) \S+:(\S+)\t(.*)", out) == [
        ("1", ".*", ".bash_logout"), ("1", ".*", ".bashrc"),
        # with the directories
        ("22", ".*", ".git"), ("2", ".*", ".mail"), ("1", ".*", ".profile")]
    people_work()


def test_switch_on():
    with open(LOCAL_CONF, "a") as f:
        f.write(readme.settings(version()))
    as_printed(FULL, "doveadm reload")
    names = names_of("ann")
    assert not set(JUNK) & names
    assert names >= {"INBOX", "Archive/2019", "Sent"}
    assert ".mail/old" not in names
    people_work()


def test_prevented():
    """Somebody whose first LIST this is gets no index directory but those of
    mailboxes, and keeps the empty directories of the home."""
    run(f"su {NEW} -c 'mkdir -p ~/empty/below'", check=True)
    assert names_of(NEW) >= {"INBOX", "Archive/2019", "Sent"}
    people_work(["ann", "bob", NEW])
    states = audit(NEW)
    assert states["mailbox"] == 1 + len(MAILBOXES)
    assert states["not-mailbox"] == states["missing"] == 0
    assert os.path.isdir(f"/home/{NEW}/empty/below")


def test_clean():
    before = audit("ann")
    assert before["not-mailbox"] == len(JUNK)
    for command in commands(FULL):
        if " clean " in command:
            assert run(command).returncode == 0
            # all that was made within the last hour is kept
            assert audit("ann") == before
            people_work()
            assert run(command + " --min-age 0").returncode == 0
    assert audit("ann") == {**before, "not-mailbox": 0}
    people_work()


def test_daily_use():
    """The other commands that README shows."""
    for command in commands("Daily use"):
        result = run(command)
        assert result.returncode == 0 and result.stdout != b"", \
            (command, result)
    people_work()


def test_check_your_settings():
    """What is right is fine; what is wrong is told before anybody is locked
    out."""
    checks = [c for c in commands("Check your settings")
              if "reload" not in c]
    for command in checks:
        assert run(command).returncode == 0, command
    with open(LOCAL_CONF) as f:
        right = f.read()
    with open(LOCAL_CONF, "w") as f:
        f.write(right.replace(".* public_html", ".* public_html[ x"))
    assert any(b"public_html[" in run(command).stderr for command in checks)
    people_work()
    with open(LOCAL_CONF, "w") as f:
        f.write(right)


def test_upgrade_and_remove():
    *remove, install_again, reload = commands("Upgrade and remove")
    for command in (install_again, reload):
        assert run(command, cwd=TREE).returncode == 0, command
    people_work()
    with open(LOCAL_CONF, "w") as f:
        f.write(before())
    for command in remove:
        result = run(command, cwd=TREE)
        assert result.returncode == 0, (command, result)
        people_work()
    assert installed() == BEFORE
    assert set(JUNK) <= names_of("ann")
    people_work()
