# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""A file's lines, whatever it is compressed with, and the journal's entries."""

import bz2
import codecs
import contextlib
import gzip
import io
import lzma
import os
import re
import shutil
import stat
import subprocess
import threading
import time
import zlib

from . import event
from .header import STAMP
from .times import LATEST, NoTime, Stamp

# how a file begins, and what opens it or what it is
OPENERS = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\0": lzma.open}
ZSTD = b"\x28\xb5\x2f\xfd"
UNKNOWN = {
    b"\x1f\x9d": "compress", b"\x1f\xa0": "compress", b"\x5d\0\0": "lzma",
    b"\x04\x22\x4d\x18": "lz4", b"\x02\x21\x4c\x18": "lz4", b"LZIP": "lzip",
    b"\x89LZO": "lzop", b"PK\x03\x04": "zip", b"7z\xbc\xaf": "7-Zip",
    b"\xff\xfe": "UTF-16 or UTF-32", b"\xfe\xff": "UTF-16",
    b"\0\0\xfe\xff": "UTF-32",
    b"LPKSHHRH": "a file of the journal's own (use journalctl -o export)",
}
# longer ones are no line of the plugin's, nor of an exporter
LINE_MAX = 1 << 24
WORD = b"mailbox_access"
WIDE = re.compile(rb"\0{1,3}".join(re.escape(bytes([c])) for c in WORD))
JOURNAL = (b"__CURSOR=", b"__REALTIME_TIMESTAMP=")
# what the reader asks of an entry
FIELDS = (b"MESSAGE", b"SYSLOG_IDENTIFIER", b"__REALTIME_TIMESTAMP")
# the journal's JSON has text that isn't plain as a list of bytes, and too much
# of it not at all
NO_TEXT = re.compile(rb'"MESSAGE" ?: ?(?:\[|null)')
ENTRY = re.compile(rb'"MESSAGE" ?: ?')
INTERESTING = (b" blob data]", b" last message repeated ")


class Unreadable(Exception):
    """A file that isn't understood."""


ERRORS = (OSError, EOFError, lzma.LZMAError, zlib.error, Unreadable)


def unzstd(stream):
    """Returns a stream's data, decompressed by the program: Python has no
    module for it."""
    try:
        process = subprocess.Popen(["zstd", "-dcq"], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL)
    except FileNotFoundError:
        raise Unreadable("compressed with zstd, which isn't installed") \
            from None
    feeder = threading.Thread(target=feed, args=(stream, process.stdin),
                              daemon=True)
    feeder.start()
    return Unzstd(process, feeder)


def feed(stream, pipe):
    with contextlib.suppress(BrokenPipeError), pipe:
        shutil.copyfileobj(stream, pipe)


class Unzstd(io.RawIOBase):
    """What zstd writes; at its end, whether it could read all."""

    def __init__(self, process, feeder):
        super().__init__()
        self.process = process
        self.feeder = feeder

    def readable(self):
        return True

    def readinto(self, buffer):
        count = self.process.stdout.readinto(buffer)
        if count == 0:
            self.feeder.join()
            if self.process.wait() != 0:
                raise Unreadable("zstd could not decompress it")
        return count


def opened(stream):
    """Returns a stream's text, decompressed."""
    head = stream.peek(8)[:8]
    for magic, what in UNKNOWN.items():
        if head.startswith(magic):
            raise Unreadable(f"unknown compression or encoding: {what}")
    if head.startswith(ZSTD):
        return io.BufferedReader(unzstd(stream))
    for magic, opener in OPENERS.items():
        if head.startswith(magic):
            return io.BufferedReader(opener(stream))
    return stream


def date(stream):
    """Returns when a file was written last, now if it isn't one. A file system
    may say what is no date."""
    try:
        status = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return time.time()
    return min(max(status.st_mtime, 0), LATEST) \
        if stat.S_ISREG(status.st_mode) else time.time()


def split_lines(stream, reader):
    """Yields lines without their ends. One that is too long is told of."""
    while line := stream.readline(LINE_MAX):
        if len(line) < LINE_MAX or line.endswith(b"\n"):
            yield line.rstrip(b"\r\n")
            continue
        reader.lines.reject("too long a line", line[:200].decode(
            errors="replace"))
        while line and not line.endswith(b"\n"):
            line = stream.readline(LINE_MAX)


def read_text(stream, reader):
    last = None
    for number, line in enumerate(split_lines(stream, reader)):
        if number == 0 and line.startswith(codecs.BOM_UTF8):
            line = line[len(codecs.BOM_UTF8):]
        if WORD in line or any(word in line for word in INTERESTING):
            text = line.decode(errors="surrogateescape")
            if not read_entry(line, text, reader):
                reader.line(text, first=number == 0)
        elif NO_TEXT.search(line):
            read_entry(line, line.decode(errors="surrogateescape"), reader)
        elif b"\0" in line and WIDE.search(line):
            raise Unreadable("unknown compression or encoding: UTF-16 or "
                             "UTF-32")
        else:
            reader.counted = False
            if line[:6] != last:
                # other lines tell when a year begins
                observe(line, reader)
        last = line[:6]


def observe(line, reader):
    match = STAMP.match(line[:64].decode(errors="replace"))
    with contextlib.suppress(NoTime):
        stamp = match and Stamp.parse(match[0][:-1])
        if stamp and stamp.yearless:
            reader.years.place(stamp)


def read_entry(line, text, reader):
    """Reads an entry of journalctl -o json; returns False if it is none."""
    if not line.startswith(b"{") or not ENTRY.search(line):
        return False
    data = event.load(text)
    if data is None or "__REALTIME_TIMESTAMP" not in data:
        return False
    message = data.get("MESSAGE")
    if isinstance(message, list):
        with contextlib.suppress(ValueError, TypeError):
            data["MESSAGE"] = bytes(message).decode(errors="surrogateescape")
    reader.journal(data)
    return True


def read_value(stream, size):
    """Returns a journal's value; of a huge one, a part."""
    value = b""
    while size > 0:
        data = stream.read(min(size, 1 << 16))
        if not data:
            raise EOFError("the journal is cut")
        if len(value) < LINE_MAX:
            value += data
        size -= len(data)
    stream.read(1)
    return value


def journal_lines(stream):
    """Yields lines; of a huge one, a part."""
    while line := stream.readline(LINE_MAX):
        yield line
        while len(line) == LINE_MAX and not line.endswith(b"\n"):
            line = stream.readline(LINE_MAX)


def read_journal(stream, reader):
    """Reads journalctl -o export. An entry is lines of FIELD=value, ended by an
    empty line. Values that aren't text follow a line with FIELD alone, after
    their size. A field may come more than once: two tell of it."""
    fields = {}
    for line in journal_lines(stream):
        key, equals, value = line.rstrip(b"\n").partition(b"=")
        if line == b"\n":
            journal_entry(fields, reader)
            fields = {}
            continue
        if not equals:
            value = read_value(stream, int.from_bytes(stream.read(8), "little"))
        if key in FIELDS and len(fields.get(key, [])) < 2:
            fields.setdefault(key, []).append(
                value.decode(errors="surrogateescape"))
    if fields:
        journal_entry(fields, reader)


def journal_entry(fields, reader):
    reader.journal({key.decode(): found[0] if len(found) == 1 else found
                    for key, found in fields.items()})


def read(stream, reader):
    """Reads a file, whatever it is."""
    plain = opened(stream)
    head = plain.peek(32)
    if head.startswith(JOURNAL):
        read_journal(plain, reader)
    else:
        read_text(plain, reader)
