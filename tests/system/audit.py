# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""What tests of the audit share: homes to audit, the audit's two commands, and
reports read back, each JSON line checked against its schema. What a report has
to say is told by oracle.py.

    server = dovecot(**DESCRIPTION)
    fill_home(server, "alice")       # mailboxes, junk, and a LIST over them
    lines = json_lines(server.doveadm("mailbox-audit", "-u", "alice",
                                      "--entries", "--json").stdout)
    entries(lines)["notes"]["state"]           # "not-mailbox"
    report(lines)["namespaces"][0]["totals"]
    utility(server, "alice", "--entries").stdout    # mailbox-audit report
"""

import base64
import contextlib
import dataclasses
import json
import os
import re
import shutil
import subprocess
import tempfile
import time

import jsonschema

from dovecot import IS_24, Location, Namespace, PREFIX, VERSION
from imap import literal, quote

FROM = b"From sender@example.org Thu Nov  9 22:33:52 2023\n"
MESSAGE = FROM + b"From: sender@example.org\nSubject: hello\n\nbody\n\n"
LOG_HEADER_SIZE = 40
SCHEMA = os.path.join(os.environ["MBA_STAGE"] + PREFIX, "share/doc",
                      "dovecot-mailbox-audit/report.schema.json")
ARCHIVE = Namespace("archive", "Archive/", location=Location(
    "mbox", "~/archive", index="index/%u-archive"))
DESCRIPTION = {
    "location": Location("mbox", "~", inbox="mail/%u", index="index/%u"),
    "namespaces": [ARCHIVE],
    "users": ["alice", "bob", "carol"],
}

# Files of alice's home and of what follows from them: the name that clients
# see, the state, the rule of the default ones that hides it.
FILES = {
    "lists/dovecot": MESSAGE,
    "sent mail": MESSAGE,
    "notes": b"hello\n",
    "gone": b"hello\n",
    ".git/config": b"[core]\n",
    "public_html/index.html": b"<html>\n",
    "archive/2019": MESSAGE,
    "archive/.cache/x": b"x\n",
}
EXPECTED = {
    "lists/dovecot": ("mailbox", None),
    "sent mail": ("mailbox", None),
    "notes": ("not-mailbox", None),
    "gone": ("missing", None),
    "elsewhere": ("unknown", None),
    ".git/config": ("not-mailbox", ".*"),
    "public_html/index.html": ("not-mailbox", "public_html"),
    "archive/2019": ("mailbox", None),
    "archive/.cache/x": ("not-mailbox", ".*"),
    "Archive/2019": ("mailbox", None),
    "Archive/.cache/x": ("not-mailbox", ".*"),
}


def write(path, data=b""):
    with open(path, "wb") as f:
        f.write(data)


def write_home(server, user, name, data):
    """Writes a file below a user's home, with its directories."""
    home = server.users[user].home
    path = os.path.join(home, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    write(path, data)
    server.chown(user, home)
    return path


def fill_home(server, user):
    """Fills a home with FILES, and sends the LIST that leaves entries."""
    home = server.users[user].home
    for name, data in FILES.items():
        write_home(server, user, name, data)
    # the file server that this link leads to isn't mounted later on
    target = os.path.join(server.dir, "target-" + user)
    write(target, b"hello\n")
    os.symlink(target, os.path.join(home, "elsewhere"))
    server.chown(user, home)
    with server.imap(user) as imap:
        imap.list()
        imap.list("Archive/")
    os.unlink(target)
    os.unlink(os.path.join(home, "gone"))


def make_log(directory, size=LOG_HEADER_SIZE):
    """Makes an entry as LIST leaves it, where no client can cause one."""
    os.makedirs(directory, exist_ok=True)
    write(os.path.join(os.fsencode(directory), b"dovecot.index.log"),
          b"\1" * size)


def make_entries(server, user, count, root=None):
    """Makes an index root as a LIST of count files leaves it; none of the
    files exists."""
    root = root or server.path("index/%u", user)
    header = bytes(LOG_HEADER_SIZE)
    for i in range(count):
        if i % 1000 == 0:
            top = os.path.join(root, f"dir{i // 1000}", ".imap")
            os.makedirs(top)
            fd = os.open(top, os.O_RDONLY | os.O_DIRECTORY)
        name = f"file{i}"
        os.mkdir(name, dir_fd=fd)
        log = os.open(name + "/dovecot.index.log", os.O_WRONLY | os.O_CREAT,
                      0o600, dir_fd=fd)
        os.write(log, header)
        os.close(log)
        if i % 1000 == 999 or i == count - 1:
            os.close(fd)
    server.chown(user, root)


@contextlib.contextmanager
def many_entries(user, count):
    """The path of a directory, in memory where it can be, with an index root
    for a user: entries without a file, of mailboxes "goneN"."""
    top = tempfile.mkdtemp(prefix="mba-", dir="/dev/shm" if
                           os.path.ismount("/dev/shm") else "/tmp")
    os.chmod(top, 0o755)
    os.makedirs(f"{top}/{user}/.imap")
    fd = os.open(f"{top}/{user}/.imap", os.O_RDONLY)
    for i in range(count):
        os.mkdir(f"gone{i}", dir_fd=fd)
    try:
        yield top
    finally:
        for i in range(count):
            os.rmdir(f"gone{i}", dir_fd=fd)
        os.close(fd)
        shutil.rmtree(top)


def default_location(**changes):
    fields = dict(driver="mbox", mail="~", inbox="mail/%u", index="index/%u")
    return Location(**{**fields, **changes})


# --- mailboxes in every format

# Every format and layout; locations() has each with INDEX= and without.
FORMATS = {
    "mbox": Location("mbox", "~/mail", inbox="mail/%u"),
    "mbox-inbox-below": Location("mbox", "~/mail", inbox="~/mail/in/box"),
    "mbox-maildir++": Location("mbox", "~/mail", inbox="mail/%u",
                               layout="maildir++"),
    "mbox-maildir++-inbox-below": Location("mbox", "~/mail",
                                           inbox="~/mail/in/box",
                                           layout="maildir++"),
    "mbox-dirname": Location("mbox", "~/mail", dirname="MBX"),
    "mbox-fulldirname": Location("mbox", "~/mail", fulldirname="X"),
    "mbox-mailboxdir": Location("mbox", "~/mail", inbox="mail/%u",
                                mailbox_dir="mb"),
    "mbox-control": Location("mbox", "~/mail", inbox="mail/%u",
                             control="control/%u"),
    "maildir": Location("maildir", "~/Maildir"),
    "maildir-inbox": Location("maildir", "~/Maildir", inbox="~/Maildir/.in"),
    "maildir-control": Location("maildir", "~/Maildir",
                                control="control/%u"),
    "maildir-fs": Location("maildir", "~/Maildir", layout="fs"),
    "maildir-fs-dirname": Location("maildir", "~/Maildir", layout="fs",
                                   dirname="MD"),
    "maildir-fs-fulldirname": Location("maildir", "~/Maildir", layout="fs",
                                       fulldirname="X"),
    "maildir-fs-mailboxdir": Location("maildir", "~/Maildir", layout="fs",
                                      mailbox_dir="mb"),
    "sdbox": Location("sdbox", "~/sdbox"),
    "sdbox-dirname": Location("sdbox", "~/sdbox", dirname="D",
                              mailbox_dir="boxes"),
    "sdbox-fulldirname": Location("sdbox", "~/sdbox", fulldirname="X"),
    "sdbox-control": Location("sdbox", "~/sdbox", control="control/%u"),
    "mdbox": Location("mdbox", "~/mdbox"),
    "mdbox-fulldirname": Location("mdbox", "~/mdbox", fulldirname="X"),
}
BOXES = ["foo", "foo/bar", "a b/c", "Zürich/Käse & Brot", "über"]
GONE = "gone/box"


def locations():
    """Returns {name: location}, both ways."""
    found = {}
    for name, loc in FORMATS.items():
        found[name] = dataclasses.replace(loc, index="index/%u")
        found[name + "-in-place"] = loc
    return found


LOCATIONS = locations()


def fill_boxes(server):
    """Makes mailboxes with mail in them; returns the names that work."""
    loc = server.location
    os.makedirs(server.path(loc.mail, "alice"), exist_ok=True)
    if loc.inbox is not None and loc.driver == "mbox":
        inbox = server.path(loc.inbox, "alice")
        os.makedirs(os.path.dirname(inbox), exist_ok=True)
    server.chown("alice", server.users["alice"].home)
    with server.imap("alice") as imap:
        for box in BOXES + [GONE]:
            # mbox can't hold a mailbox below a mailbox
            if imap.cmd("CREATE", imap_name(box)).ok:
                imap.ok("APPEND", imap_name(box), literal(MESSAGE))
        # Maildir with MAILBOXDIR= doesn't create one
        imap.cmd("APPEND INBOX", literal(MESSAGE))
        imap.list()
        return [box for box in ["INBOX"] + BOXES + [GONE]
                if imap.cmd("STATUS", imap_name(box), "(MESSAGES)").ok]


def mutf7(name):
    """Returns a name as it is on disk and in IMAP."""
    parts = []
    for part in re.findall(r"[ -~]+|[^ -~]+", name):
        if re.match("[ -~]", part):
            parts.append(part.encode().replace(b"&", b"&-"))
        else:
            data = base64.b64encode(part.encode("utf-16-be"))
            parts.append(b"&" + data.rstrip(b"=").replace(b"/", b",") + b"-")
    return b"".join(parts)


def imap_name(name):
    """Returns a name as an IMAP argument."""
    return quote(mutf7(name))


# --- the commands

def as_user_argv(server, user, *argv):
    """Returns a command that runs another one with a user's ids."""
    ids = server.users[user]
    return ["setpriv", f"--reuid={ids.uid}", f"--regid={ids.gid}",
            "--clear-groups", *argv]


def as_user(server, user, *argv, nofile=None, prefix=()):
    """Runs a command with a user's ids, with few descriptors if nofile is set,
    under the command of prefix."""
    limit = [] if nofile is None else ["prlimit", f"--nofile={nofile}"]
    return subprocess.run(
        [*limit, *as_user_argv(server, user, *prefix, *argv)],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, timeout=300)


OPTION_NAMES = {"BROKENCHAR": "--broken-char", "UTF-8": "--utf8",
                "ITERINDEX": "--iter-index",
                "SUBSCRIPTIONS": "--subscriptions"}


# before 2.3.18 doveadm -A -S ends at the first user that fails
SERVER_GOES_ON = VERSION >= (2, 3, 18)
# 2.4.2 made FULLDIRNAME= of what was DIRNAME=
ALWAYS_FULL = VERSION >= (2, 4, 2)


def dirname_options(server, loc):
    full = ALWAYS_FULL and \
        not server.settings.get("mailbox_directory_name_legacy")
    if loc.fulldirname is not None:
        return ["--full-dirname", loc.fulldirname]
    if loc.dirname is not None:
        return ["--full-dirname" if full else "--dirname", loc.dirname]
    if full and loc.driver in ("sdbox", "mdbox"):
        return ["--full-dirname", "dbox-Mails"]
    return []


def location_options(server, user, loc, prefix="", separator="/"):
    """Returns the utility's options for a location."""
    def path(value):
        return server.path(value, user)

    options = ["--format", loc.driver, "--mail-root", path(loc.mail),
               "--index-root", path(loc.index or loc.mail),
               "--prefix", prefix, "--separator", separator]
    options += dirname_options(server, loc)
    if loc.layout is not None:
        options += ["--layout", loc.layout]
    if loc.mailbox_dir is not None:
        options += ["--mailbox-dir", loc.mailbox_dir]
    if loc.inbox is not None:
        options += ["--inbox", path(loc.inbox)]
    elif IS_24 and loc.driver == "maildir":
        # also with a directory name or MAILBOXDIR=
        options += ["--inbox", path(loc.mail)]
    if loc.control is not None:
        options += ["--control", path(loc.control)]
    if server.settings.get("mail_full_filesystem_access"):
        options.append("--full-access")
    for key, value in loc.options.items():
        if key in OPTION_NAMES:
            options.append(OPTION_NAMES[key])
            if value is not True:
                options.append(value)
        elif key == "LISTINDEX":
            options += ["--list-index", path(value), "--exclude",
                        os.path.dirname(path(value))]
        elif key != "NO-NOSELECT":
            options += ["--exclude", path(value)]
    return options


def utility(server, user, *args, check=True, **kwargs):
    """Runs mailbox-audit report on the server's location as a user; kwargs
    are as_user()'s."""
    options = location_options(server, user, server.location, server.prefix,
                               server.separator)
    result = as_user(server, user, "mailbox-audit", "report", "-u", user,
                     *options, *args, **kwargs)
    if check:
        assert result.returncode == 0, result
    return result


# --- reports

def strict(schema):
    """Returns a schema that knows all properties: what is written is what the
    schema describes, while readers ignore what they don't know."""
    if isinstance(schema, list):
        return [strict(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    more = {"additionalProperties": False} if "type" in schema and \
        "properties" in schema else {}
    return {**{key: strict(part) for key, part in schema.items()}, **more}


with open(SCHEMA) as schema_file:
    LOOSE_SCHEMA = json.load(schema_file)
VALIDATOR = jsonschema.Draft202012Validator(strict(LOOSE_SCHEMA))


def json_lines(stdout):
    """Returns the lines of --json, decoded."""
    assert stdout == b"" or stdout.endswith(b"\n")
    lines = [json.loads(line) for line in stdout.split(b"\n")[:-1]]
    for line in lines:
        VALIDATOR.validate(line)
    return lines


def entries(lines):
    """Returns {name: entry} of the lines of one user."""
    found = {}
    for line in lines:
        if "entry" in line:
            name = line["entry"]["mailbox"]
            assert name not in found
            found[name] = line["entry"]
    return found


def report(lines):
    """Returns the report of one user, which is the last line."""
    assert [("entry" in line) for line in lines].index(False) == \
        len(lines) - 1
    return lines[-1]


def row(line):
    """Returns what scripts are told of an entry's line."""
    entry = line["entry"]
    mtime, used = (
        time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(stamp))
        if stamp is not None else "-"
        for stamp in (entry["mtime"], entry["last_used"]))
    return [line["namespace"] or "-", entry["state"], entry["reason"] or "-",
            "yes" if entry["untouched"] else "no", str(entry["inodes"]),
            str(entry["bytes"]), mtime, entry["evidence"], used,
            entry["hidden_by"] or "-", entry["mailbox"] or "-", entry["path"]]


def summary_rows(namespace):
    """Returns what scripts are told of a namespace of a report, but for the
    hidden columns' values of each state, which a report only has as a sum; and
    the messages, which stand after those."""
    prefix = namespace["prefix"] or "-"
    counts = {**namespace["states"], **namespace["other"]}
    counts = {name: count for name, count in counts.items()
              if count["inodes"] > 0}
    counts["total"] = namespace["totals"]
    if namespace["unproven"]["entries"] > 0:
        counts["unproven"] = namespace["unproven"]
    return [([prefix, name, str(count.get("entries", 0)),
              str(count["inodes"]), str(count["bytes"])],
             str(count.get("messages", "-")))
            for name, count in counts.items()]


def size(count):
    """Returns bytes as people see them."""
    if count < 1000:
        return f"{count} B"
    for power, unit in enumerate(("kB", "MB", "GB", "TB")):
        tenths = (count + 50 * 1000 ** power) // (100 * 1000 ** power)
        if tenths < 10000:
            return f"{tenths // 10}.{tenths % 10} {unit}"
    raise ValueError(count)


def people_row(values):
    """Returns what a table shows of row()'s values."""
    (_, state, reason, untouched, _, count, mtime, _, _, rule, mailbox,
     path) = values
    return [state if reason == "-" else f"{state} ({reason})",
            size(int(count)), "no" if untouched == "yes" else "yes",
            mtime[:10], rule, path if mailbox == "-" else mailbox]


def people_summary(values):
    """Returns what a table shows of a summary's values."""
    prefix, state, entries_count, inodes, count, hidden, _, _, messages = values
    return [state, entries_count, inodes, size(int(count)), hidden, messages,
            prefix]


def unescape(text):
    """Returns the bytes of a name with \\xNN in it."""
    parts = re.split(r"\\x([0-9a-f]{2})", text)
    parts[1::2] = [chr(int(part, 16)) for part in parts[1::2]]
    return b"".join(p.encode() if i % 2 == 0 else bytes([ord(p)])
                    for i, p in enumerate(parts))


def name_bytes(obj, key):
    value = obj[key]
    if value is None:
        return None
    assert obj.get("escaped") or "\\" not in value
    return unescape(value)
