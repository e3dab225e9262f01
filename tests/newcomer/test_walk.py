# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""README's commands as they are printed, on a server with Debian's own
configuration and mail in people's homes. Between all steps people work."""

import ctypes
import fcntl
import imaplib
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import time

import pytest

import readme

SOURCE = os.path.dirname(os.path.abspath(readme.PATH))
TREE = "/root/dovecot-mailbox-audit"
LOCAL_CONF = "/etc/dovecot/local.conf"
LOG = "/var/log/dovecot.log"
MAIL = """From ann@example.org Thu Nov  9 22:33:52 2023
From: ann@example.org
Subject: hello

Hello!

"""
# what the administrator had: mail in homes, indexes on a disk of their own
HOMES = {
    "2.3": "mail_location = mbox:~:INBOX=/var/mail/%u:"
           "INDEX=/var/local/dovecot/%u\n",
    "2.4": "mail_driver = mbox\nmail_path = %{home}\n"
           "mail_inbox_path = /var/mail/%{user}\n"
           "mail_index_path = /var/local/dovecot/%{user}\n"}
# has never logged in before the filter is there
NEW = "carol"
FULL = "The disk with the indexes is full"
MAILBOXES = ["Archive/2019", "Sent", ".mail/old"]
# the dot files are those that useradd makes
JUNK = [".git/objects/%d" % i for i in range(20)] + \
    [".profile", ".bashrc", ".bash_logout", "src/main.c", "notes.txt"]


def run(command, **more):
    return subprocess.run(["bash", "-euo", "pipefail", "-c", command],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, **more)


def commands(title):
    return readme.commands(title, version())


def as_printed(title, word):
    """Runs the first command of a section of README that has a word in it.
    Returns its output."""
    command = [c for c in commands(title) if word in c][0]
    result = run(command)
    assert result.returncode == 0, (command, result)
    return result.stdout.decode()


class Client:
    """A session, with Python's client."""

    def __init__(self, user):
        self.imap = imaplib.IMAP4("127.0.0.1")
        self.imap.login(user, "secret")

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.imap.logout()

    def ask(self, command, *args):
        status, data = getattr(self.imap, command)(*args)
        assert status == "OK", (command, args, data)
        return data

    def names(self):
        lines = self.ask("list", '""', '"*"')
        return {line.decode().rsplit(" ", 1)[1].strip('"') for line in lines}


def names_of(user):
    with Client(user) as client:
        return client.names()


def wait_for(event):
    """Waits until it is true, after a reload."""
    for _ in range(600):
        if event():
            return
        time.sleep(0.1)
    assert event()


def people_work(people=("ann", "bob")):
    """INBOX and the mailboxes in homes can be used; Dovecot has nothing to
    complain of."""
    with open(LOG) as log:
        log.seek(0, os.SEEK_END)
        for user in people:
            with Client(user) as client:
                for box in ["INBOX", *MAILBOXES]:
                    assert client.ask("select", box) == [b"1"]
                    assert b"Hello!" in client.ask("fetch", "1",
                                                   "BODY[]")[0][1]
        # not the reload's own warning
        assert not re.search(r"(Error|Panic|Fatal|imap.*Warning): .*",
                             log.read())


def make_user(name):
    run(f"useradd -m -s /bin/bash {name}; echo {name}:secret | chpasswd",
        check=True)
    home = f"/home/{name}"
    for path, data in [*((box, MAIL) for box in MAILBOXES),
                       *((junk, "no mail\n") for junk in JUNK)]:
        os.makedirs(os.path.dirname(f"{home}/{path}"), exist_ok=True)
        with open(f"{home}/{path}", "w") as f:
            f.write(data)
    with open(f"/var/mail/{name}", "w") as f:
        f.write(MAIL)
    shutil.chown(f"/var/mail/{name}", name, "mail")
    os.chmod(f"/var/mail/{name}", 0o660)
    run(f"chown -R {name}: {home}", check=True)


def enter_network():
    """From here on there is only a loopback interface, and nobody else's
    ports."""
    assert ctypes.CDLL(None, use_errno=True).unshare(0x40000000) == 0
    with socket.socket() as sock:
        fcntl.ioctl(sock, 0x8914, struct.pack("16sh14x", b"lo", 1))


def version():
    return re.match(r"\d+\.\d+", run("dovecot --version").stdout.decode())[0]


def before():
    """Returns the configuration that the administrator had."""
    return HOMES[version()] + f"log_path = {LOG}\n"


def audit(user):
    """Returns {state: entries}."""
    out = run(f"doveadm mailbox-audit -u {user} --json", check=True).stdout
    namespace, = json.loads(out)["namespaces"]
    return {state: count["entries"]
            for state, count in namespace["states"].items()}


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
    with open(LOCAL_CONF, "w") as f:
        f.write(before())
    os.makedirs("/var/local/dovecot")
    os.chmod("/var/local/dovecot", 0o1777)
    for user in ("ann", "bob", NEW):
        make_user(user)
    process = subprocess.Popen(["dovecot", "-F"], stdin=subprocess.DEVNULL)
    wait_for_greeting(process)
    yield
    process.terminate()
    process.wait()


def wait_for_greeting(process):
    while process.poll() is None:
        try:
            imaplib.IMAP4("127.0.0.1").shutdown()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("Dovecot doesn't start")


def test_before():
    """The problem is there: an index directory for each file."""
    for user in ("ann", "bob"):
        assert set(JUNK) | {"Sent"} <= names_of(user)
        assert os.path.isdir(
            f"/var/local/dovecot/{user}/.git/objects/.imap/0")
    people_work()


def installed():
    """Returns all files of the system's but logs and users'."""
    return {os.path.join(top, name) for tree in ("/etc", "/usr")
            for top, dirs, names in os.walk(tree) for name in dirs + names}


BEFORE = set()


def test_install():
    BEFORE.update(installed())
    for command in commands("Install"):
        if "apt-get" not in command:
            result = run(command, cwd=TREE)
            assert result.returncode == 0, (command, result)
    # Dovecot 2.4 may not have come so far
    wait_for(lambda: run("doveadm mailbox-audit -u ann").returncode == 0)
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
    # new sessions get it when Dovecot has come so far
    wait_for(lambda: not set(JUNK) & names_of("ann"))
    names = names_of("ann")
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
    # sessions of before the reload may still come
    wait_for(lambda: set(JUNK) <= names_of("ann"))
    people_work()
