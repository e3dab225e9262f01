# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""What contrib/demo shows, in the mount namespace where Dovecot sees the
plugins. The private Dovecot is that of the system tests."""

import os
import shlex
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "tests", "system"))
from dovecot import Dovecot, IS_24, Location   # noqa: E402
import readme                                  # noqa: E402

MAIL = b"""From ann@example.org Thu Nov  9 22:33:52 2023
From: ann@example.org
Subject: hello

Hello!

"""
MAILBOXES = ["Archive/%d" % year for year in range(2000, 2024)] + \
    ["lists/list%d" % i for i in range(30)] + \
    ["Drafts", "Sent", "Spam", "Trash", "to do", "travel"]
# directories of a home that hold no mail, and how many files are in each
JUNK = {".git/objects": 400, ".cache/browser": 300, ".local/share": 100,
        "src/project": 60, "Documents": 40, "photos": 100}

# how lines of configuration begin that load the filter: they set nothing
LOADS = ("mail_plugins", "mailbox_filter = yes")


def fill_home(server, user):
    home = server.users[user].home
    files = {name: MAIL for name in MAILBOXES}
    for directory, count in JUNK.items():
        for i in range(count):
            files[f"{directory}/file{i}"] = b"no mail\n"
    for i in range(200):
        files[f"../../www/{user}/page{i}.html"] = b"<html></html>\n"
    for name, data in files.items():
        path = os.path.join(home, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(data)
    www = os.path.join(server.dir, "www", user)
    os.symlink(www, os.path.join(home, "public_html"))
    server.chown(user, home)
    server.chown(user, www)


def say(text):
    print(f"\n{text}\n")


def show(server, *command, lines=None):
    """Shows a command and its output, or the first lines of it. Dovecot's own
    commands get the private configuration."""
    print("  # " + shlex.join(command).replace(server.dir, ""))
    argv = list(command)
    if argv[0] == "doveadm":
        argv[1:1] = ["-c", server.config]
    out = subprocess.run(argv, stdout=subprocess.PIPE, check=True).stdout
    found = out.decode().splitlines()
    for line in found[:lines]:
        print("  " + line.replace(server.dir, ""))
    if lines is not None and len(found) > lines:
        print(f"  ... ({len(found) - lines} more)")
    print()


def send_list(server, user):
    with server.imap(user) as imap:
        names = imap.list("", "*")
    print(f'  C: a1 LIST "" "*"\n  S: {len(names)} names\n')


def show_settings(lines):
    for line in lines:
        print("  " + line)
    print()


def demo(server):
    index_root = server.path("index/%u", "ann")
    say("Mail is kept in people's homes, INBOX and indexes elsewhere:")
    show_settings(line.replace(server.dir, "") for line in
                  server.location_lines(server.location, "mail_location"))
    say(f"Ann's home has {len(MAILBOXES)} mailboxes and many other files. No "
        "client has logged in yet:")
    show(server, "doveadm", "mailbox-audit", "-u", "ann")
    say("Her client asks what mailboxes there are:")
    send_list(server, "ann")
    say("Dovecot has made an index directory for every file:")
    show(server, "doveadm", "mailbox-audit", "-u", "ann")
    show(server, "du", "--inodes", "-s", index_root)
    say("The same for a script, as one JSON line:")
    show(server, "doveadm", "mailbox-audit", "-u", "ann", "--json")
    say("Those that the rules of mailbox_filter would not have prevented, by "
        "the utility\nthat needs no Dovecot:")
    show(server, "mailbox-audit", "report", "--index-root", index_root,
         "--mail-root", server.users["ann"].home,
         "--inbox", server.path("mail/%u", "ann"),
         "--state", "bogus", "--visible", lines=5)
    say("Which rule hides a name, and which names stay?")
    show(server, "mailbox-audit", "match", "-v", ".git/objects/file1",
         "public_html/page1.html", "Archive/2019")
    settings = readme.settings("2.4" if IS_24 else "2.3")
    prevent(server, settings)
    clean(server)
    say("To have that on a server of your own, put this at the end of its "
        "configuration:\nthe two lines that tell mailbox_filter what to hide, "
        "and those that load it.")
    show_settings(settings.splitlines())


def prevent(server, settings):
    say("Now with the plugins mailbox_filter and imap_mailbox_log, and these "
        "settings:")
    show_settings(line.strip() for line in settings.splitlines()
                  if " = " in line and not line.strip().startswith(LOADS))
    server.stop()
    server.plugins = {"imap": ["imap_mailbox_log"]}
    server.extra = settings
    server.start()
    send_list(server, "ann")
    say("The server's log says of the LIST how many names it showed; hidden= "
        "is how many\nmore it would have shown, but nothing below them: .git "
        "is one.")
    for line in server.log_lines("mailbox_access: "):
        print("  " + line)


def clean(server):
    say("The index directories of before are still there. Those that belong to "
        "no mailbox\ngo; mail is never touched. (What changed within the last "
        "hour is kept unless\n--min-age says otherwise.)")
    server.restart()
    show(server, "doveadm", "mailbox-audit", "clean", "-u", "ann",
         "--min-age", "0")
    say("Her client asks again, and none of them comes back:")
    send_list(server, "ann")
    show(server, "doveadm", "mailbox-audit", "-u", "ann")


def main():
    version = subprocess.run(["dovecot", "--version"], check=True,
                             stdout=subprocess.PIPE).stdout.decode().strip()
    print(f"Starting a throwaway Dovecot {version} on loopback ...")
    server = Dovecot(location=Location("mbox", "~", inbox="mail/%u",
                                       index="index/%u"), users=["ann"])
    try:
        fill_home(server, "ann")
        server.start()
        demo(server)
    finally:
        server.remove()


main()
