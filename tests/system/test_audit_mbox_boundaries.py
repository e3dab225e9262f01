# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""Where the audit's probe ends to read, and where the name of an mbox says that
it is compressed: what it calls a mailbox Dovecot opens, what it calls none
Dovecot refuses."""

import bz2
import gzip
import lzma
import os

import pytest

from audit import default_location, make_log, MESSAGE, utility, write
from dovecot import IS_24
from imap import quote
from oracle import audit, check_states

DATE = b" Thu Nov  9 22:33:52 2023"
FROM = b"From a@example.org" + DATE
BODY = MESSAGE.split(b"\n", 1)[1]
# Dovecot's buffer
SIZE = 8192
AROUND = [SIZE + i for i in (-2, -1, 0, 1, 2)]
TWICE = [2 * SIZE + i for i in (-1, 0, 1)]


def long_lines():
    """A From_ line that goes on to a file's end, or to a newline."""
    for size in [100, *AROUND, 9000, *TWICE, 100000]:
        for fill in (b"x", b"\r", b"x\r"):
            data = (FROM + b" " + fill * size)[:size]
            name = f"{size}-{fill.hex()}"
            yield name, data
            for at in [50, *(n - 1 for n in AROUND + TWICE), size - 1]:
                if at < size:
                    yield (f"{name}-{at}",
                           data[:at] + b"\n" + data[at + 1:])


def cut_dates():
    """A date that ends before, at or after the buffer's end."""
    for end in range(SIZE - 30, SIZE + 5):
        start = b"From " + b"a" * (end - 5 - len(DATE)) + DATE
        for tail in (b"", b"\n", b"\r\n", b"\n" + BODY, b" x\n",
                     b" " + b"y" * SIZE, b"\r" * SIZE):
            yield f"date-{end}-{len(tail)}-{tail[:2].hex()}", start + tail


def no_dates():
    for size in AROUND:
        yield f"no-date-{size}", (b"From " + b"a" * size)[:size]
        yield f"no-from-{size}", (b"hello\r" * size)[:size]


def fill(server, files):
    """Makes files with an entry for each."""
    home, root = server.users["alice"].home, server.path("index/%u", "alice")
    for name, data in files.items():
        os.makedirs(os.path.dirname(f"{home}/{name}"), exist_ok=True)
        write(f"{home}/{name}", data)
        directory, base = os.path.split(name)
        make_log(os.path.join(root, directory, ".imap", base))
    for path in (home, root):
        server.chown("alice", path)


def states(report):
    return {e["name"].decode(): (e["state"], e["reason"])
            for e in report.entries.values()}


def test_lines_at_the_buffer_s_end(dovecot):
    server = dovecot(location=default_location())
    files = dict([*long_lines(), *cut_dates(), *no_dates()])
    assert len(files) > 400
    fill(server, files)
    report = audit(server)
    found = states(report)
    assert found[f"{SIZE}-0d"] == ("not-mailbox", None)
    assert found[f"{SIZE + 1}-0d"] == ("unknown", "long-line")
    assert found[f"{SIZE + 1}-0d-{SIZE}"] == ("unknown", "long-line")
    assert found[f"{SIZE + 1}-0d-{SIZE - 1}"] == ("mailbox", None)
    # with Dovecot's EXAMINE of all that aren't unknown
    check_states(server, report)


COMPRESSION = "mail_compress" if IS_24 else "zlib"
EXTENSIONS = ["gz", "bz2", "xz", "lz4", "zstd", "zst", "Z", "deflate", "GZ"]
CONTENTS = {
    "plain": MESSAGE,
    "empty": b"",
    "gzip": gzip.compress(MESSAGE),
    "bzip2": bz2.compress(MESSAGE),
    "xz": lzma.compress(MESSAGE),
    "gzipped-text": gzip.compress(b"hello\n"),
    "gzip-cut": gzip.compress(MESSAGE)[:20],
    # Dovecot's own lz4 crashes on text
    "two-bytes": b"xx",
}
MAGIC_OF = {"gzip": "gz", "gzipped-text": "gz", "gzip-cut": "gz",
            "bzip2": "bz2", "xz": "xz"}


def compressed_names():
    files = {}
    for ext in EXTENSIONS:
        for directory in ("", "sub/"):
            files[f"{directory}.{ext}"] = MESSAGE
            for what, data in CONTENTS.items():
                files[f"{directory}{what}.{ext}"] = data
    return files


def can_not_be_told(name):
    what, ext = os.path.basename(name).rsplit(".", 1)
    return MAGIC_OF.get(what) == ext


def is_plain_xz(name):
    """Whether a name is one by which not all versions tell."""
    return name.endswith(".xz") and name != ".xz" and \
        not can_not_be_told(name)


def opened(server, names):
    with server.imap("alice") as imap:
        return {n for n in names if imap.cmd("EXAMINE", quote(n)).ok}


@pytest.mark.parametrize("plugins", [None, {"": [COMPRESSION]}])
def test_names_of_compressed_mailboxes(dovecot, plugins):
    """doveadm knows that the plugin is loaded, if it loads it as well; the
    utility is told."""
    server = dovecot(location=default_location(), plugins=plugins)
    files = compressed_names()
    fill(server, files)
    report = audit(server, same=False)
    found = states(report)
    assert found.keys() == files.keys()
    told = {n for n in found if not can_not_be_told(n)}
    if plugins is not None:
        maybe = {n for n in told if is_plain_xz(n)
                 and files[n] in (MESSAGE, b"")}
        assert {found[n] for n in maybe} == {("unknown", "compressed")}
        told -= maybe
    # with the plugin Dovecot crashes on these
    names = {n for n in told if not n.endswith(".lz4") or
             files[n] in (MESSAGE, b"")}
    assert {found[n][1] for n in told} == {None}
    assert {n for n in names if found[n][0] == "mailbox"} == \
        opened(server, names)
    assert all(found[n] == ("unknown", "compressed") for n in found
               if can_not_be_told(n))
    option = [] if plugins is None else ["--compression"]
    assert utility(server, "alice", "-e", "-j", *option).stdout == \
        server.doveadm("mailbox-audit", "-u", "alice", "-e", "-j").stdout
