# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""A server with Debian's own configuration, and people with mail in their
homes."""

import contextlib
import ctypes
import fcntl
import glob
import imaplib
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import time

from reloading import reload

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
MAILBOXES = ["Archive/2019", "Sent", ".mail/old"]
# the dot files are those that useradd makes
JUNK = [".git/objects/%d" % i for i in range(20)] + \
    [".profile", ".bashrc", ".bash_logout", "src/main.c", "notes.txt"]


def running():
    """Returns (pid, name) of all processes: there is but one Dovecot."""
    found = []
    for path in glob.glob("/proc/[0-9]*/comm"):
        with contextlib.suppress(OSError), open(path) as f:
            found.append((int(path.split("/")[2]), f.read().strip()))
    return found


def run(command, **more):
    """A reload is over afterwards."""
    with reload(running) if "doveadm reload" in command else \
            contextlib.nullcontext():
        return subprocess.run(["bash", "-euo", "pipefail", "-c", command],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, **more)


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


def wait_for_greeting(process):
    while process.poll() is None:
        try:
            imaplib.IMAP4("127.0.0.1").shutdown()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("Dovecot doesn't start")


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


def make_server(people):
    """Makes its configuration and its users."""
    with open(LOCAL_CONF, "w") as f:
        f.write(before())
    os.makedirs("/var/local/dovecot")
    os.chmod("/var/local/dovecot", 0o1777)
    for user in people:
        make_user(user)


def audit(user):
    """Returns {state: entries}."""
    out = run(f"doveadm mailbox-audit -u {user} --json", check=True).stdout
    namespace, = json.loads(out)["namespaces"]
    return {state: count["entries"]
            for state, count in namespace["states"].items()}


def installed():
    """Returns all files of the system's but logs and users'."""
    return {os.path.join(top, name) for tree in ("/etc", "/usr")
            for top, dirs, names in os.walk(tree) for name in dirs + names}
