# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""What the tests of mailbox_filter share: a server with the plugin beside one
without, homes with hidden names in them, what the rules hide, deliveries, and
the system calls of the server's processes.

    plain = dovecot(**description)
    server = dovecot(**with_filter(description, rules="junk-*"))
    fill_mbox(server, "alice", [...])
    create(server, "alice", location, [...])      # in any format
    shown = visible([...], "junk-*")
    deliver(server, "lda", "alice", "junk-1")
"""

import os
import re
import shutil
import subprocess

from dovecot import Location, PREFIX, VERSION
from imap import literal, quote

# each format, with its indexes apart from the mail
FORMATS = {
    "mbox": Location("mbox", "~", inbox="mail/%u", index="index/%u"),
    "maildir++": Location("maildir", "~/Maildir", index="index/%u"),
    "maildir-fs": Location("maildir", "~/Maildir", index="index/%u",
                           layout="fs"),
    "sdbox": Location("sdbox", "~/sdbox", index="index/%u"),
    "mdbox": Location("mdbox", "~/mdbox", index="index/%u"),
}
MESSAGE = b"From: a@example.org\nSubject: hello\n\nbody\n"
MBOX = b"From a@example.org Thu Jan  1 00:00:00 2026\n" + MESSAGE + b"\n"
# For LIST (SUBSCRIBED) RETURN (CHILDREN) the plugin asks the disk, where stock
# Dovecot asks the mailbox list index, which knows other flags.
ASKS_DISK = VERSION >= (2, 4, 5)
# the rules in force when nothing is set
DEFAULT_RULES = ".* public_html"


def with_filter(description, rules=None, protocols=("imap", "lmtp", "lda"),
                **settings):
    """Returns the description of the same server with the plugin. rules None
    leaves mailbox_filter unset; settings are further ones of the plugin."""
    plugins = {protocol: list(names) for protocol, names
               in description.get("plugins", {}).items()}
    for protocol in protocols:
        plugins.setdefault(protocol, []).append("mailbox_filter")
    plugin_settings = {**description.get("plugin_settings", {}), **settings}
    if rules is not None:
        plugin_settings["mailbox_filter"] = rules
    return {**description, "plugins": plugins,
            "plugin_settings": plugin_settings}


def program(name):
    """Returns the path of one of Dovecot's programs that isn't in $PATH."""
    for directory in ("lib", "libexec"):
        path = os.path.join(PREFIX, directory, "dovecot", name)
        if os.path.exists(path):
            return path
    raise FileNotFoundError(name)


# what the rules hide

def hidden(names, rules=DEFAULT_RULES, sep="/"):
    """Returns the set of those names that the rules hide. A name that is a
    directory on disk ends with the separator."""
    if not names:
        return set()
    given = {name.replace(sep, "/"): name for name in names}
    result = subprocess.run(["mailbox-audit", "match", "--rule", rules, "--",
                             *given], stdout=subprocess.PIPE)
    assert result.returncode in (0, 1)
    return {given[name] for name in result.stdout.decode().splitlines()}


def visible(names, rules=DEFAULT_RULES, sep="/"):
    """Returns the names that the rules don't hide, in their order."""
    gone = hidden(names, rules, sep)
    return [name for name in names if name not in gone]


def parents(name, sep="/"):
    """Returns the names above a name, the topmost first."""
    parts = name.split(sep)
    return [sep.join(parts[:i]) for i in range(1, len(parts))]


# homes

def mutf7(name):
    """Returns a name as it stands on disk."""
    name = re.sub(r"&", "&-", name)
    return re.sub(r"[^\x20-\x7e]+", lambda m: "&" + m.group().encode(
        "utf-7").decode()[1:].rstrip("-").replace("/", ",") + "-", name)


def fill_mbox(server, user, names, content=MBOX, root="~"):
    """Writes an mbox for each name below the root; a name that ends with a
    slash becomes a directory. Both times of a file are the same: what is
    made as a second ends would be \\Marked otherwise."""
    root = server.path(root, user)
    for name in names:
        path = os.path.join(root, mutf7(name))
        if name.endswith("/"):
            os.makedirs(path, exist_ok=True)
        else:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as f:
                f.write(content)
            os.utime(path)
    server.chown(user, root)


def create(server, user, location, names):
    """Makes mailboxes without the plugin; an mbox holds a message."""
    if location.driver == "mbox":
        fill_mbox(server, user, names, root=location.mail)
    else:
        server.doveadm("mailbox", "create", "-u", user, *names)


def forget_list_index(server, user, root="index/%u"):
    """Removes the mailbox list index: the next command finds it cold."""
    for top, _, names in os.walk(server.path(root, user)):
        for name in names:
            if name.startswith("dovecot.list.index"):
                os.unlink(os.path.join(top, name))


def forget_indexes(server, user, root="index/%u"):
    """Removes everything below the index root."""
    shutil.rmtree(server.path(root, user), ignore_errors=True)


def list_index(server, user, root="index/%u"):
    """Returns {name on disk: (uid, guid)} of the mailbox list index's
    records."""
    path, = {os.path.join(top, "dovecot.list.index")
             for top, _, names in os.walk(server.path(root, user))
             if any(n.startswith("dovecot.list.index") for n in names)}
    out = server.doveadm("dump", "-t", "index", path).stdout.decode()
    head, *records = out.split("\nRECORD: ")
    names = dict(re.findall(r"(?m)^ - (\d+) : (.*)$", head))
    nodes = {}
    for record in records:
        uid = re.search(r"uid=(\d+)", record).group(1)
        nodes[uid] = re.findall(r"(?:name_id|parent_uid|guid) +=? *(\w+)",
                                record)

    def name(uid):
        name_id, parent, _ = nodes[uid]
        return (name(parent) + "/" if parent != "0" else "") + names[name_id]

    return {name(uid): (int(uid), nodes[uid][2]) for uid in nodes}


def files(root):
    """Returns the paths of all that is below a directory, relative to it."""
    return {os.path.relpath(os.path.join(top, name), root)
            for top, dirs, names in os.walk(root) for name in dirs + names}


# deliveries

# LMTP saves to the mailbox that an address names
DETAIL = {"recipient_delimiter": "+", "lmtp_save_to_detail_mailbox": "yes"}


def deliver(server, how, user, mailbox="INBOX", prefix=()):
    """Has a message saved to a mailbox, by "lmtp" (with the settings DETAIL if
    it isn't INBOX), "lda" or another "imap" session. prefix is a command to run
    lda under."""
    if how == "lmtp":
        server.deliver(user + ("" if mailbox == "INBOX" else "+" + mailbox),
                       MESSAGE)
    elif how == "lda":
        subprocess.run([*prefix, program("dovecot-lda"), "-c", server.config,
                        "-d", user, "-m", mailbox], input=MESSAGE, check=True)
    else:
        with server.imap(user) as imap:
            imap.ok("APPEND", quote(mailbox), literal(MESSAGE))


# system calls

def strace(calls, path):
    """Returns the command that writes a program's calls to a file, the paths of
    descriptors with them."""
    return [shutil.which("strace"), "-f", "-y", "--seccomp-bpf",
            "-e", "trace=" + calls, "-o", path, "-A"]


def traced(description, calls="%file", services=("imap",)):
    """Returns the description of a server that runs services under strace."""
    extra = description.get("extra", "") + "".join(f"""
service {name} {{
  executable = {" ".join(strace(calls, "@DIR@/trace." + name))} -D \\
    {program(name)}
}}
""" for name in services)
    return {**description, "extra": extra}


def trace(server):
    """Returns each process's calls, once all have ended."""
    server.stop()
    processes = {}
    for name in os.listdir(server.dir):
        if name.startswith("trace."):
            with open(os.path.join(server.dir, name), errors="replace") as f:
                for line in f:
                    pid, call = line.rstrip("\n").split(maxsplit=1)
                    processes.setdefault((name, pid), []).append(call)
    return list(processes.values())
