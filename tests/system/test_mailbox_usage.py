# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""mailbox-usage: from log lines to each user's mailboxes."""

import bz2
import csv
import ctypes
import gzip
import io
import json
import locale
import lzma
import os
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
from datetime import datetime, timezone

import pytest

from accesslog import MARK, PLUGIN, accesses, lines
from audit import name_bytes, unescape, write
from dovecot import IS_24, User
from imap import literal
from manual import blocks, configuration
from test_library_install import library
from test_log_events import EXPORTER, exported, start
from test_log_forging import FORGERIES, mutf7, normalized
from usage import TOOL, encode, mailboxes, run, summary

PREFIX = "Nov 24 22:59:{:02} imap(ann)<4600><chB0qQ1hyqN/AAAB>: Info: " + MARK
GOOD = [
    'cmd=SELECT mailbox="a" reply=OK',
    'cmd=LIST ref="" pattern="*" listed=15247 hidden=4 reply=OK',
    'cmd="UID COPY" source_mailbox="a" mailbox="b" messages=2 reply=OK',
    'cmd=LIST ref="" pattern="*" listed=10 reply=OK',
    'cmd=LIST ref="" pattern="%" pattern="x*" listed=3 cut=yes',
    'cmd=STATUS mailbox="a" reply=NO',
    'cmd=STATUS mailbox="iNbOx" reply=OK',
    'cmd=STATUS mailbox="INBOX" reply=OK',
    'cmd=STATUS reply=BAD',
    'cmd=STATUS mailbox="xx" mailbox_bytes=10000 reply=NO',
]
FIRST = PREFIX.format(0) + GOOD[0]
LOG = "".join(PREFIX.format(i) + text + "\n" for i, text in enumerate(GOOD))
OTHERS = """\
Nov 24 22:59:25 imap-login: Info: Login: user=<ann>, method=PLAIN, mpid=4600
Nov 24 22:59:25 imap(ann)<4600><chB0qQ1hyqN/AAAB>: Info: Disconnected: \
Logged out
"""
LIBC = ctypes.CDLL(None)
locale.setlocale(locale.LC_CTYPE, "C.UTF-8")
# what the files of these tests are dated, unless said otherwise
DATE = datetime(2026, 11, 25, tzinfo=timezone.utc).timestamp()


@pytest.fixture
def log(tmp_path):
    """log(data) returns the path of a file, with its date."""
    def write(data, date=DATE, name="log"):
        path = tmp_path / name
        path.write_bytes(encode(data))
        os.utime(path, (date, date))
        return path
    return write


def times(*seconds):
    return [f"2026-11-24T22:59:{s:02}+00:00" for s in seconds]


def test_the_summary(log):
    result = summary(log(LOG + OTHERS))
    assert (result["version"], result["lines"], result["not_understood"],
            result["passed_over"], result["more_names"]) == \
        (1, len(GOOD), 0, 0, 0)
    user, = result["users"]
    assert user["user"] == "ann"
    stamps = times(*range(len(GOOD)))
    assert user["mailboxes"] == [
        {"mailbox": "INBOX", "ok": 2, "no": 0, "bad": 0, "cut": 0,
         "commands": {"STATUS": 2}, "first": stamps[6], "last": stamps[7]},
        # what failed is no use
        {"mailbox": "a", "ok": 2, "no": 1, "bad": 0, "cut": 0,
         "commands": {"SELECT": 1, "UID COPY": 1},
         "first": stamps[0], "last": stamps[2]},
        {"mailbox": "b", "ok": 1, "no": 0, "bad": 0, "cut": 0,
         "commands": {"UID COPY": 1}, "first": stamps[2], "last": stamps[2]},
    ]
    assert user["in_vain"] == [
        {"mailbox": "xx", "name_bytes": 10000, "ok": 0, "no": 1, "bad": 0,
         "cut": 0, "commands": {"STATUS": 1},
         "first": stamps[9], "last": stamps[9]},
    ]
    assert user["lists"] == [
        {"cmd": "LIST", "ref": "", "patterns": ["%", "x*"], "ok": 0, "no": 0,
         "bad": 0, "cut": 1, "largest": None,
         "first": stamps[4], "last": stamps[4]},
        {"cmd": "LIST", "ref": "", "patterns": ["*"], "ok": 2, "no": 0,
         "bad": 0, "cut": 0, "largest": 15247,
         "first": stamps[1], "last": stamps[3]},
    ]


def test_messages_that_were_copied_before_it_failed_are_a_use():
    text = 'cmd=COPY source_mailbox="a" mailbox="b" messages=%d reply=NO\n'
    for messages, kind in ((0, "in_vain"), (3, "mailboxes")):
        user, = summary(input=PREFIX.format(0) + text % messages)["users"]
        assert [box["mailbox"] for box in user[kind]] == ["a", "b"]
        assert {box["no"] for box in user[kind]} == {1}


def test_whose_mailbox_a_url_named():
    lines = "".join(
        PREFIX.format(0) + f'cmd=URLFETCH mailbox="{box}" owner="{owner}" '
        "reply=OK\n" for box, owner in (("a", "ann"), ("a", "bob")))
    boxes = summary(input=lines)["users"][0]["mailboxes"]
    assert [(box["mailbox"], box.get("owner")) for box in boxes] == \
        [("a", None), ("a", "bob")]
    assert "a (of bob)" in run(input=lines).stdout.decode()


def test_table_and_csv(log):
    path = log(LOG)
    table = run(path).stdout.decode().splitlines()
    assert len(table) == 7
    assert table[0].split() == ["user", "kind", "name", "ok", "no", "bad",
                                "cut", "largest", "commands", "first", "last"]
    assert table[2].split()[:7] == ["ann", "mailbox", "a", "2", "1", "0", "0"]
    assert table[4].split()[:6] == ["ann", "in", "vain", "xx...", "(10000",
                                    "bytes)"]
    assert table[6].split()[:5] == ["ann", "list", '""', '"*"', "2"]
    rows = list(csv.reader(io.StringIO(run("--csv", path).stdout.decode())))
    assert rows[0] == table[0].split()
    assert rows[2] == ["ann", "mailbox", "a", "2", "1", "0", "0", "",
                       "SELECT:1 UID COPY:1", *times(0, 2)]
    assert rows[6][2:9] == ['"" "*"', "2", "0", "0", "0", "15247", "LIST"]


def test_columns_by_what_a_terminal_shows():
    """Wide characters, combining ones, and those that it would obey."""
    names = ["plain", "\u65e5\u672c\u8a9e", "e\u0301te\u0301",
             "\\u{202e}\\x1b", "\u0e01\u0e33\u0e31", "\u1100\u1161\u11a8"]
    lines = "".join(PREFIX.format(0) + f'cmd=SELECT mailbox="{name}" reply=OK\n'
                    for name in names)
    table = run(input=lines).stdout.decode().splitlines()
    ends = [re.match(r"(.*?) +1   0    0    0 ", line) for line in table[1:]]
    widths = {sum(wcwidth(char) for char in line.split("SELECT:1")[0])
              for line in table[1:]}
    assert all(ends) and len(widths) == 1, table


def wcwidth(char):
    """The C library's opinion."""
    return LIBC.wcwidth(ctypes.c_wchar(char))


@pytest.mark.parametrize("name", ["log", "log.gz", "log.bz2", "log.xz",
                                  "log.zst"])
def test_compressed(log, name):
    if name.endswith(".zst") and shutil.which("zstd") is None:
        pytest.skip("not installed: zstd")
    data = (LOG + OTHERS).encode()
    pack = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress,
            ".zst": lambda text: subprocess.run(
                ["zstd", "-qc"], input=text, check=True,
                stdout=subprocess.PIPE).stdout}.get(name[3:], lambda text: text)
    path = log(pack(data), name=name)
    expected = summary(log(data, name="plain"))
    assert summary(path) == expected
    with open(path, "rb") as stream:
        assert summary("-", input=stream) == expected
    # cut, as while it is being written
    if name != "log":
        result = run(log(pack(data)[:-9], name="cut"), status=2)
        assert result.stderr.startswith(b"mailbox-usage: ")
        assert b"Traceback" not in result.stderr


@pytest.mark.parametrize("data", [
    LOG.encode("utf-16"), LOG.encode("utf-16-le"), LOG.encode("utf-16-be"),
    (FIRST + "\n").encode("utf-16-be"), LOG.encode("utf-32-le"),
    b"\x1f\x9dxxxx", b"\x04\x22\x4d\x18xxx", b"PK\x03\x04xxx", b"LZIP\1",
    b"7z\xbc\xaf\x27\x1c", b"LPKSHHRHxxx"])
def test_what_it_is_not_is_an_error(data):
    result = run(input=data, status=2)
    assert b"unknown compression or encoding" in result.stderr


def test_two_files_and_an_empty_one(log):
    both = summary(log(LOG), log(gzip.compress(LOG.encode()), name="log.gz"))
    assert both["lines"] == 2 * len(GOOD)
    assert summary(log("", name="empty"))["users"] == []


def test_after_a_byte_order_mark(log):
    assert summary(log("\ufeff" + LOG)) == summary(log(LOG, name="plain"))


MESSAGE = f"imap(ann)<4600><chB0qQ1hyqN/AAAB>: {MARK}{GOOD[0]}"
INFO = MESSAGE.replace(MARK, "Info: " + MARK)
SYSLOG = "Nov 24 22:59:25 mx dovecot"
FOURTH = "Nov  4 22:59:25 mx dovecot"
FORMS = {
    "Dovecot's own": f"Nov 24 22:59:25 {INFO}",
    "its day with a 0": f"Nov 04 22:59:25 {INFO}",
    "with a year": f"2026-11-24 22:59:25 {INFO}",
    "with a zone": f"2026-11-24T22:59:25+0100 {INFO}",
    "with a blank before the zone": f"2026-11-24 22:59:25 +01:00 {INFO}",
    "with slashes": f"2026/11/24 22:59:25 {INFO}",
    "with the year behind": f"Nov 24 2026 22:59:25 {INFO}",
    "with seconds since 1970": f"1795561165 {INFO}",
    "with microseconds": f"2026-11-24 22:59:25.123456 {INFO}",
    "RFC 3164": f"{SYSLOG}: {MESSAGE}",
    "RFC 3164 on the 4th": f"{FOURTH}: {MESSAGE}",
    "RFC 3164 with a process": "Nov 24 22:59:25 mx.a-b.org dovecot[7]: "
        + MESSAGE,
    "RFC 3164 with an address": "Nov 24 22:59:25 2001:db8::1 dovecot: "
        + MESSAGE,
    "RFC 3164 with PRI": f"<22>{SYSLOG}: {MESSAGE}",
    "RFC 5424": f"<22>1 2026-11-24T22:59:25.003Z mx dovecot 7 - - {MESSAGE}",
    "RFC 5424 with data": "<22>1 2026-11-24T22:59:25+01:00 mx dovecot - ID1 "
        f'[a@1 x="\\"\\]" y=""][b] {MESSAGE}',
    "RFC 5424 in UTF-8": "<22>1 2026-11-24T22:59:25Z mx dovecot - - - "
        f"\ufeff{MESSAGE}",
    "RFC 5424 without a time": f"<22>1 - mx dovecot - - - {MESSAGE}",
    "rsyslog": f"2026-11-24T22:59:25.123456+01:00 mx dovecot: {MESSAGE}",
    "journalctl -o short-iso": "2026-11-24T22:59:25+0100 mx dovecot[7]: "
        + MESSAGE,
    "journalctl -o short-precise": "Nov 24 22:59:25.123456 mx dovecot[7]: "
        + MESSAGE,
    "journalctl -o short-unix": "1795561165.123456 mx dovecot[7]: " + MESSAGE,
    "its standard error": f"{SYSLOG}[7]: Nov 24 22:59:25 {INFO}",
    "journalctl -o json": json.dumps({
        "__REALTIME_TIMESTAMP": "1795561165000000", "MESSAGE": MESSAGE,
        "SYSLOG_IDENTIFIER": "dovecot"}),
    "journalctl -o json, as bytes": json.dumps({
        "__REALTIME_TIMESTAMP": "1795561165000000",
        "MESSAGE": list(MESSAGE.encode()), "SYSLOG_IDENTIFIER": "dovecot"}),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_line(log, form):
    line = FORMS[form] + "\n"
    for data in (line.rstrip("\n"), "other\r\n" + line.rstrip("\n") + "\r\n"):
        result = summary(log(data))
        box, = result["users"][0]["mailboxes"]
        assert (result["lines"], box["mailbox"], box["ok"]) == (1, "a", 1)
        if form == "RFC 5424 without a time":
            assert box["first"] is None
        else:
            assert re.fullmatch(r"2026-11-[02]4T2[123]:59:25\+00:00",
                                box["first"])


def test_repeated_lines(log):
    head = "Nov 24 22:59:25 mx dovecot: "
    lines = head + MESSAGE + "\n" + head + f"message repeated 3 times: [ " \
        f"{MESSAGE}]\n"
    result = summary(log(lines))
    assert result["lines"] == 4
    assert result["users"][0]["mailboxes"][0]["ok"] == 4
    # rsyslog cuts what is repeated at 800 bytes
    cut = head + f"message repeated 3 times: [ {MESSAGE[:70]}]\n"
    assert summary(log(cut), status=1)["not_understood"] == 1
    # others don't say what is repeated
    for last in ("mx last message repeated 2 times",
                 "mx dovecot: last message repeated 2 times"):
        old = head + MESSAGE + f"\nNov 24 22:59:26 {last}\n"
        result = summary(log(old), status=1)
        assert (result["lines"], result["not_understood"]) == (1, 1)


def test_what_others_repeated():
    """A line of others stands between the plugin's and the repetition."""
    lines = ["mx dovecot: " + MESSAGE, "mx postfix/smtpd[1]: connect",
             "mx last message repeated 2 times"]
    text = "".join(f"Nov 24 22:59:25 {line}\n" for line in lines)
    assert summary(input=text)["lines"] == 1


def test_a_log_without_times(log):
    """But the first line may be the end of one that was cut."""
    result = summary(log("other\n" + INFO + "\n"))
    assert result["users"][0]["mailboxes"][0]["first"] is None
    assert summary(log(INFO + "\n"), status=1)["lines"] == 0


def journal(entries, tag=b"dovecot"):
    """Returns the journal's export of messages."""
    out = b""
    for i, message in enumerate(entries):
        out += (b"__CURSOR=s=1;i=%d\n__REALTIME_TIMESTAMP=%d\nPRIORITY=6\n"
                b"SYSLOG_IDENTIFIER=%s\n"
                % (i, 1795561165000000 + i * 1000000, tag))
        data = encode(message)
        if data.isascii():
            out += b"MESSAGE=" + data + b"\n"
        else:
            out += b"MESSAGE\n" + len(data).to_bytes(8, "little") + data + b"\n"
        out += b"_PID=1\n\n"
    return out


def test_the_journal(log):
    messages = [f"imap(ann)<1><x>: {MARK}{text}" for text in GOOD]
    umlaut = f'imap(ann)<1><x>: {MARK}cmd=SELECT mailbox="\u00e4" reply=OK'
    result = summary(input=journal(messages + ["other", umlaut]))
    assert (result["lines"], result["not_understood"]) == (len(GOOD) + 1, 0)
    boxes = {b["mailbox"]: b for b in result["users"][0]["mailboxes"]}
    assert mailboxes(summary(input=LOG))["ann"].items() <= \
        mailboxes(result)["ann"].items()
    assert boxes["\u00e4"]["first"] == "2026-11-24T22:59:36+00:00"
    cut = journal([umlaut])[:-20]
    error = run(input=cut, status=2).stderr
    assert error == b"mailbox-usage: -: the journal is cut\n"


def test_a_journal_of_one_huge_line(log):
    """It is compressed: a small file may hold more than the memory."""
    data = gzip.compress(b"__CURSOR=" + bytes(300 << 20), 1)
    result = subprocess.run(["sh", "-c", 'ulimit -v 250000; exec "$0" "$1"',
                             TOOL, log(data)], stdout=subprocess.DEVNULL,
                            stderr=subprocess.PIPE)
    assert (result.returncode, result.stderr) == (0, b"")


def test_the_journal_of_others():
    """A stranger's text may be all of another program's message."""
    entries = journal([MESSAGE], b"postfix/smtpd")
    result = summary(input=entries, status=1)
    assert (result["lines"], result["not_understood"]) == (0, 1)
    assert summary("--tag", "postfix/smtpd", input=entries)["lines"] == 1


@pytest.mark.parametrize("line", [
    '{"__REALTIME_TIMESTAMP":"1","SYSLOG_IDENTIFIER":"dovecot","MESSAGE":null}',
    "Nov 24 22:59:25 mx dovecot[7]: [1.2K blob data]"])
def test_what_journalctl_left_out_is_told(line):
    assert summary(input=line + "\n", status=1)["not_understood"] == 1


@pytest.mark.parametrize("entry", [
    '{"__REALTIME_TIMESTAMP":"1","SYSLOG_IDENTIFIER":"dovecot","MESSAGE":'
    f"{json.dumps([MESSAGE, MESSAGE])}}}\n",
    "__REALTIME_TIMESTAMP=1\nSYSLOG_IDENTIFIER=dovecot\n" +
    f"MESSAGE={MESSAGE}\n" * 2 + "\n",
    "__REALTIME_TIMESTAMP=1\nSYSLOG_IDENTIFIER=dovecot\n" +
    f"MESSAGE={MESSAGE}\n" * 3000 + "\n"], ids=["json", "export", "many"])
def test_an_entry_with_several_texts_is_told(entry):
    result = summary(input=entry, status=1)
    assert (result["lines"], result["not_understood"]) == (0, 1)


@pytest.mark.parametrize("entry", [
    '{"__REALTIME_TIMESTAMP":"1","SYSLOG_IDENTIFIER":null,"MESSAGE":'
    f"{json.dumps(INFO)}}}\n",
    "__REALTIME_TIMESTAMP=1\n" + "SYSLOG_IDENTIFIER=dovecot\n" * 2 +
    f"MESSAGE={INFO}\n\n", f"__REALTIME_TIMESTAMP=1\nMESSAGE={INFO}\n\n"],
    ids=["too long", "several", "none"])
def test_an_entry_without_a_tag_is_another_program_s(entry):
    """Unless --tag has what the message says."""
    result = run("--json", input=entry, status=1)
    assert json.loads(result.stdout)["lines"] == 0
    tag, = re.findall("--tag (.*) if it is Dovecot's",
                      result.stderr.decode())
    assert summary("--tag", *shlex.split(tag), input=entry)["lines"] == 1


EVENT = {"event": "imap_mailbox_access", "hostname": "mx", "categories": [],
         "start_time": "2026-11-24T22:59:24.000000Z",
         "end_time": "2026-11-24T22:59:25.000000Z",
         "fields": {"cmd_name": "LIST", "user": "ann", "reference": "",
                    "patterns": ["*", "x"], "listed": 5, "reply": "OK",
                    "duration": 1000}}


def test_the_events_of_an_exporter(log):
    copy = {**EVENT, "fields": {
        "cmd_name": "COPY", "user": "ann", "mailbox": "b", "more": 2,
        "source_mailbox": "a", "messages": 1, "reply": "OK"}}
    lines = "".join(json.dumps(event) + "\n" for event in (EVENT, copy))
    error = run("--json", log(lines), status=None)
    assert error.returncode == 0 and b"left 2 names out" in error.stderr
    result = json.loads(error.stdout)
    user, = result["users"]
    assert (result["lines"], result["more_names"]) == (2, 2)
    assert [b["mailbox"] for b in user["mailboxes"]] == ["a", "b"]
    assert user["lists"][0]["largest"] == 5
    assert user["lists"][0]["first"] == "2026-11-24T22:59:25+00:00"
    # Dovecot 2.3 writes them into the log, which has the line as well
    both = "Nov 24 22:59:25 stats: Info: " + json.dumps(EVENT) + "\n"
    assert summary(log(both))["lines"] == 1
    assert summary(log(LOG + both)) == summary(log(LOG, name="plain"))
    # and splits it where it is long
    assert summary(log(both[:200] + "\n"), status=1)["not_understood"] == 1


def exported_names(**fields):
    """Returns the mailboxes of an exporter's event."""
    line = json.dumps({**EVENT, "fields": {
        "cmd_name": "NOTIFY", "user": "ann", "reply": "OK", **fields}})
    user, = summary(input=line + "\n")["users"]
    return [box["mailbox"] for box in user["mailboxes"]]


def test_a_list_before_dovecot_2_3_18():
    """It is a string, and a mailbox that looks like one is none."""
    assert exported_names(mailbox_list='"a \\"b" "c\\\\" "\u00e4"') == \
        ["a \"b", "c\\x5c", "\u00e4"]
    assert exported_names(mailbox_list='"a"') == ["a"]
    assert exported_names(mailbox='"a" "b"') == ['"a" "b"']


@pytest.mark.parametrize("fields", [
    {"cmd_name": "NOTIFY", "user": "ann", "reply": "OK", "mailbox_list": joined}
    for joined in ('"a" "b...', '"a" ', '"a""b"', '"a" b', "a", '"\\q"', 1)] + [
    {"cmd_name": "LIST", "reply": "OK"}, {"user": "ann", "reply": "OK"},
    {"cmd_name": "LIST", "user": "ann"}, None,
    {"cmd_name": "LIST", "user": "ann", "reply": "YES"},
    {"cmd_name": "A\x1b[2J", "user": "ann", "reply": "OK"},
    {"cmd_name": "LIST", "user": "ann", "reply": "OK", "listed": "5"}])
def test_an_event_that_is_not_whole(fields):
    line = json.dumps({**EVENT, "fields": fields}) + "\n"
    assert summary(input=line, status=1)["not_understood"] == 1


def first_and_last(path):
    box, = summary(path)["users"][0]["mailboxes"]
    return box["first"], box["last"]


def test_times_are_instants(log):
    """Text would order them the other way."""
    lines = [f"{stamp} mx dovecot: {MESSAGE}\n" for stamp in
             ("2026-11-24T23:30:00+01:00", "2026-11-24T22:45:00Z")]
    for text in (lines, lines[::-1]):
        assert first_and_last(log("".join(text))) == \
            ("2026-11-24T22:30:00+00:00", "2026-11-24T22:45:00+00:00")


def test_years_by_order_and_the_file_s_date(log):
    def dated(*stamps, date):
        when = datetime.fromisoformat(date).timestamp()
        return [time and time[:10] for time in first_and_last(log("".join(
            f"{stamp} mx dovecot: {MESSAGE}\n" for stamp in stamps), when))]
    new_year = ("Dec 31 23:59:59", "Jan  1 00:00:01")
    assert dated(*new_year, date="2026-01-02T00:00:00+00:00") == \
        ["2025-12-31", "2026-01-01"]
    # an old log that nobody wrote since
    assert dated(*new_year, date="2027-12-30T00:00:00+00:00") == \
        ["2026-12-31", "2027-01-01"]
    # put together in the order of their names, the newest first
    assert dated("Jan  1 00:00:01", "Dec 31 23:59:59",
                 date="2026-01-02T00:00:00+00:00") == \
        ["2025-12-31", "2026-01-01"]
    # a day later than the file, where the log's clock is in another zone
    assert dated("Jan  1 05:00:00", date="2025-12-31T23:00:00+00:00") == \
        ["2026-01-01"] * 2
    assert dated("Jan  3 05:00:00", date="2025-12-31T23:00:00+00:00") == \
        ["2025-01-03"] * 2
    assert dated("Feb 29 05:00:00", date="2027-03-01T00:00:00+00:00") == \
        ["2024-02-29"] * 2
    assert dated("Feb 29 05:00:00", "Mar  1 00:00:00",
                 date="2027-03-01T12:00:00+00:00") == \
        ["2024-02-29", "2027-03-01"]


def test_a_file_without_a_date():
    """Not each file system can say so."""
    with tempfile.NamedTemporaryFile(dir="/dev/shm") as file:
        file.write(LOG.encode())
        file.flush()
        for date in (1 << 38, -(1 << 38)):
            os.utime(file.name, (date, date))
            if os.stat(file.name).st_mtime != date:
                pytest.skip("/dev/shm doesn't keep such a date")
            assert summary(file.name)["lines"] == len(GOOD)


def test_lines_of_others_tell_the_year(log):
    text = f"Mar  1 00:00:00 mx dovecot: {MESSAGE}\n" \
        "Jun  1 00:00:00 mx cron: x\nOct  1 00:00:00 mx cron: x\n" \
        "Jan  5 00:00:00 mx cron: x\n" \
        f"Apr  1 00:00:00 mx dovecot: {MESSAGE}\n"
    date = datetime(2026, 4, 2, tzinfo=timezone.utc).timestamp()
    assert first_and_last(log(text, date)) == \
        ("2025-03-01T00:00:00+00:00", "2026-04-01T00:00:00+00:00")


@pytest.mark.parametrize("stamp", [
    "Nov 31 22:59:25", "Nov 24 25:59:25", "2026-13-24T22:59:25Z",
    "2026-11-24 22:61:25", "2026-11-24T22:59:25+99:00"])
def test_no_such_time(stamp):
    for line in (f"{stamp} {INFO}", f"{stamp} mx dovecot: {MESSAGE}"):
        result = summary(input="other\n" + line + "\n", status=1)
        assert (result["lines"], result["not_understood"]) == (0, 1)


@pytest.mark.parametrize("prefix, written, user", [
    ("%s(%u): ", "imap(ann): ", "ann"),
    ('"%s(%u): "', "imap(ann): ", "ann"),
    ("%Us[%p] %Lu/%r: ", "IMAP[12] ann/192.0.2.1: ", "ann"),
    ("%{service}(%{user | lower})<%{process:pid}>: ", "imap(ann)<7>: ", "ann"),
    ("%n@%d %{session}: ", "ann@example.org abc+/1: ", "ann@example.org"),
    ("%n %s: ", "ann imap: ", "ann"),
    ("100%% %-20.20u: ", "100% ann@x: ", "ann@x"),
])
def test_another_prefix(prefix, written, user):
    for head in ("Nov 24 22:59:25 ", "Nov 24 22:59:25 mx dovecot: "):
        info = "" if "dovecot" in head else "Info: "
        line = f"{head}{written}{info}{MARK}{GOOD[0]}\n"
        result = summary("--prefix", prefix, input=line)
        assert [u["user"] for u in result["users"]] == [user]
        other = f"{head}{written}{info}text {line}"
        assert summary("--prefix", prefix, input=other)["passed_over"] == 1
        # without it nothing is guessed, nor dropped
        result = summary(input=line, status=1)
        assert (result["lines"], result["not_understood"]) == (0, 1)


def test_a_prefix_without_a_user():
    assert b"whose lines" in run("--prefix", "%s: ", status=2).stderr


def test_a_tag_of_its_own():
    line = f"Nov 24 22:59:25 mx mail-2[7]: {MESSAGE}\n"
    assert summary("--tag", "mail-2", input=line)["lines"] == 1
    both = line + line.replace("mail-2", "dovecot")
    assert summary("--tag", "mail-2", "--tag", "dovecot",
                   input=both)["lines"] == 2
    result = run("--json", input=line, status=1)
    assert b"--tag mail-2" in result.stderr
    line = f"Nov 24 22:59:25 mx mail-2[7]: a b {MESSAGE}\n"
    result = run("--json", input=line, status=1)
    assert b"another program's text, or its wrapping; see --help" in \
        result.stderr


def test_a_container_s_tag():
    """Docker's drivers name the container where syslog has the program."""
    line = f"Nov 24 22:59:25 mx 3f4e5c6d7e8f[7]: Nov 24 22:59:25 {INFO}\n"
    result = run("--json", input=LOG + line, status=1)
    assert b"--tag 3f4e5c6d7e8f" in result.stderr
    both = ["--tag", "dovecot", "--tag", "3f4e5c6d7e8f"]
    assert summary(*both, input=LOG + line)["lines"] == len(GOOD) + 1


@pytest.mark.parametrize("line", [
    f"mx mail-2[7]: imap(ann smith)<1><x>: {MARK}{GOOD[0]}",
    f"mx dovecot[7]: imap-ann: {MARK}{GOOD[0]}"])
def test_another_tag_or_prefix_is_told(line):
    """Also where other lines count."""
    text = f"{LOG}Nov 24 22:59:25 {line}\n"
    assert summary(input=text, status=1)["not_understood"] == 1


@pytest.mark.parametrize("line", [
    f"9999-12-31T23:59:59-12:00 mx dovecot: {MESSAGE}",
    f"0001-01-01T00:00:00+12:00 mx dovecot: {MESSAGE}",
    *(json.dumps({"__REALTIME_TIMESTAMP": time, "MESSAGE": MESSAGE,
                  "SYSLOG_IDENTIFIER": "dovecot"})
      for time in ("9" * 20, float("inf"))),
    json.dumps({"event": "imap_mailbox_access", "fields": {
        "cmd_name": "SELECT", "user": "ann", "mailbox": "\ud800",
        "reply": "OK"}})])
def test_what_no_server_writes_is_told(line):
    result = summary(input=LOG + line + "\n", status=1)
    assert (result["lines"], result["not_understood"]) == (len(GOOD), 1)


@pytest.mark.parametrize("text", [
    'cmd=LIST ref="" pattern="*" listed=' + "9" * 5000 + " reply=OK",
    'cmd=SELECT mailbox="a',
    'cmd=SELECT mailbox="a"',
    'cmd=SELECT mailbox="a" reply=',
    'cmd=SELECT mailbox="a" reply=OKAY',
    'cmd=SELECT mailbox=a reply=OK',
    'cmd=SELECT mailbox="a" reply=OK ',
    'cmd=SELECT mailbox="a" reply=OK x',
    'cmd=SELECT mailbox="a" reply=OK cut=yes',
    'cmd=SELECT mailbox="a" reply=OK reply=NO',
    'cmd=SELECT cmd=LIST mailbox="a" reply=OK',
    'cmd="A\\x1b[2J" mailbox="a" reply=OK',
    'cmd=SELECT mailbox_bytes=2000 reply=OK',
    'cmd=RENAME mailbox="a" new_mailbox_bytes=2000 reply=OK',
    'cmd=SELECT mailbox="a\\q" reply=OK',
    'cmd=SELECT mailbox="\\u{110000}" reply=OK',
    'cmd=SELECT mailbox="\\u{d800}" reply=OK',
    'cmd=SELECT unknown="a" reply=OK',
    'cmd=LIST ref="" pattern="*" listed=many reply=OK',
    'cmd=LIST ref="" pattern="*" listed="5" reply=OK',
    'mailbox="a" reply=OK',
    '',
])
def test_malformed_lines_are_counted_and_told(text):
    log = LOG + PREFIX.format(30) + text + "\n" + LOG
    result = run("--json", input=log, status=1)
    assert b"1 lines were not understood" in result.stderr
    data = json.loads(result.stdout)
    assert (data["lines"], data["not_understood"]) == (2 * len(GOOD), 1)


def test_a_line_cut_anywhere_is_never_guessed():
    line = LOG.splitlines()[2]
    # as long as the mark is there
    parts = [line[:i] for i in range(len(line))] + \
        [line[i:] for i in range(1, len(line))]
    parts = [part for part in parts if MARK.rstrip() in part]
    whole = line.index("imap(ann)")
    for part in parts[::9] + [line[whole:]]:
        # the first line of a file may begin anywhere
        data = summary(input=part + "\n", status=1)
        assert (data["lines"], data["not_understood"]) == (0, 1), part
    data = summary(input="\n".join(["other", *parts]) + "\n", status=1)
    assert data["lines"] == parts.count(line[whole:]) == 1
    assert data["not_understood"] == len(parts) - 1


def test_a_line_that_is_too_long():
    head = "Nov 24 22:59:25 mx postfix/smtpd[1]: warning: "
    long = head + "x" * ((1 << 24) - len(head)) + FORMS["Dovecot's own"]
    result = summary(input=long + "\n" + LOG, status=1)
    assert (result["lines"], result["not_understood"]) == (len(GOOD), 1)


def test_the_longest_line_is_read_in_time():
    """In the processor's: it doesn't grow with the square of the length."""
    text = PREFIX.format(1) + f'cmd=SELECT mailbox="{"a" * 3000000}" reply=OK'
    result = subprocess.run(["sh", "-c", 'ulimit -t 30; exec "$0"', TOOL],
                            input=text.encode(), stdout=subprocess.DEVNULL)
    assert result.returncode == 0


def test_what_a_terminal_would_obey():
    text = PREFIX.format(1) + 'cmd=SELECT mailbox="\\x1b[2J\\u{202e}\\xff' + \
        '\\u{fe0f}\\\\" reply=OK\n'
    for form in (), ("--csv",):
        out = run(*form, input=text).stdout.decode()
        assert "\\x1b[2J\\xe2\\x80\\xae\\xff\\xef\\xb8\\x8f\\x5c" in out
        assert out.isascii() and out.replace("\n", "").isprintable()


def test_every_character_is_escaped_as_in_the_audit():
    """Whatever Python thinks of it, some hundred characters a name."""
    chars = [chr(c) for c in (*range(1, 0xd800), *range(0xe000, 0x110000))]
    names = ["".join(chars[i::10000]) for i in range(10000)]
    text = "".join(PREFIX.format(1) + 'cmd=SELECT mailbox="%s" reply=OK\n' % (
        re.sub(r'[\0-\x1f"\\]', lambda m: f"\\x{ord(m[0]):02x}", name))
        for name in names)
    escape = ctypes.CDLL(library()).mba_escape
    escape.restype = ctypes.c_char_p
    found = mailboxes(summary(input=text))["ann"]
    assert found.keys() == {escape(name.encode()).decode() for name in names}


@pytest.mark.parametrize("field", [
    b"SYSLOG_IDENTIFIER=a\x1b[2J\nMESSAGE=" + MESSAGE.encode(),
    b"SYSLOG_IDENTIFIER=dovecot\nMESSAGE=stats: " + json.dumps(
        {**EVENT, "end_time": "\x1b[2J"}, ensure_ascii=False).encode()])
def test_what_a_terminal_would_obey_in_what_is_told(field):
    """Of its tag, and of a time, whoever writes into the journal may choose
    every byte."""
    entry = b"__REALTIME_TIMESTAMP=1\n" + field + b"\n\n"
    error = run(input=entry, status=1).stderr.decode()
    assert "\\x1b[2J" in error
    assert error.isascii() and error.replace("\n", "").isprintable()


def test_what_a_spreadsheet_would_take_for_a_formula():
    names = ["=1+1", "+1", "-1", "@SUM(1)", "a=1", "1-1"]
    text = "".join(PREFIX.format(1) + f'cmd=SELECT mailbox="{name}" reply=OK\n'
                   for name in names)
    cells = [row[2] for row in csv.reader(io.StringIO(
        run("--csv", input=text).stdout.decode()))][1:]
    assert sorted(cells) == sorted(["\\x3d1+1", "\\x2b1", "\\x2d1",
                                    "\\x40SUM(1)", "a=1", "1-1"])
    # a table is none
    assert "  =1+1  " in run(input=text).stdout.decode()
    user = "-u"
    text = PREFIX.format(1).replace("ann", user) + "cmd=SELECT " + \
        'mailbox="a" reply=OK\n'
    assert run("--csv", input=text).stdout.splitlines()[1].startswith(
        b"\\x2du,mailbox,a,")


def test_a_closed_pipe_ends_quietly(log):
    path = log("".join(PREFIX.format(i % 60) +
                       f'cmd=SELECT mailbox="{i:0100}" reply=OK\n'
                       for i in range(2000)))
    with subprocess.Popen([TOOL, path], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == -signal.SIGPIPE


@pytest.mark.parametrize("redirection", ["<&-", "</dev/null >&-",
                                         "</dev/null >/dev/full",
                                         "--help >/dev/full", "-h >&-"])
def test_what_cannot_be_read_or_written_is_an_error(redirection):
    result = subprocess.run(["sh", "-c", f'"$0" {redirection}', TOOL],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert result.returncode == 2
    assert result.stderr.startswith(b"mailbox-usage: ")
    assert result.stderr.count(b"\n") == 1


def test_a_closed_standard_error_is_not_standard_output():
    result = subprocess.run(["sh", "-c", '"$0" --json 2>&-', TOOL],
                            input=(FIRST[:-1] + "\n").encode(),
                            stdout=subprocess.PIPE)
    assert result.returncode == 1
    assert json.loads(result.stdout)["not_understood"] == 1


def test_it_runs_in_a_checkout_too(log):
    top = os.path.join(os.path.dirname(__file__), "..", "..")
    result = subprocess.run([top + "/contrib/mailbox-usage", log(LOG)],
                            stdout=subprocess.PIPE, check=True)
    assert result.stdout.count(b"\n") == 7
    assert not os.path.exists(top + "/contrib/mailbox_usage/__pycache__")


def test_errors_and_help(tmp_path):
    for options in ([], ["--audit"]):
        # a name that a terminal obeys
        result = run(*options, tmp_path / "no\x1b[31m\nne", status=2)
        assert result.stderr.decode() == \
            f"mailbox-usage: {tmp_path}/no\\x1b[31m\\x0ane: " \
            "No such file or directory\n"
    # an empty variable of a script's is no missing option
    for options in ([""], ["--audit", ""]):
        assert run(*options, status=2).stderr == \
            b"mailbox-usage: : No such file or directory\n"
    out = run("--help").stdout.decode()
    assert "--json" in out and "--csv" in out and "journal" in out
    for options in (["--no\x1b[31m"], ["--prefix", "%u\x1b[31m%1n"],
                    ["--json=\x1b[31m"]):
        error = run(*options, status=None)
        assert b"\x1b" not in error.stderr
    assert b"arguments: --no\\x1b[31m\n" in run("--no\x1b[31m",
                                                 status=2).stderr


def test_what_a_real_server_wrote(dovecot):
    """Every name of every session, through the log, and back; written as the
    audit writes it: a byte and what only looks like its escape differ."""
    server = dovecot(plugins=PLUGIN, users=["alice", User("bob.b@example.org")])
    sent = FORGERIES + ["\\xe4"]
    for user in server.users:
        with server.imap(user) as imap:
            for name in sent:
                imap.cmd("STATUS", literal(mutf7(name)), "(MESSAGES)")
                imap.cmd("LIST", literal(mutf7(name)), "*")
            imap.cmd("STATUS", literal(b"\xe4"), "(MESSAGES)")
    logged = accesses(server)
    result = summary(os.path.join(server.dir, "log"))
    assert result["lines"] == len(logged) == len(lines(server))
    assert (result["not_understood"], result["passed_over"]) == (0, 0)
    names = {"INBOX" if n.upper() == "INBOX" else normalized(n) for n in sent}
    for user in result["users"]:
        boxes = user["mailboxes"] + user["in_vain"]
        assert {name_bytes(b, "mailbox") for b in boxes} == \
            {n.encode() for n in names} | {b"\xe4"}
        assert len({b["mailbox"] for b in boxes}) == len(names) + 1
        assert all(("\\" in b["mailbox"]) == ("escaped" in b) for b in boxes)
        assert {unescape(form["ref"]) for form in user["lists"]} == \
            {n.encode() for n in sent}
    assert [u["user"] for u in result["users"]] == sorted(server.users)


def test_what_a_real_server_wrote_with_another_prefix(dovecot):
    prefix = '"%{service}: %{user}: "' if IS_24 else '"%s: %u: "'
    server = dovecot(plugins=PLUGIN, settings={"mail_log_prefix": prefix})
    with server.imap("alice") as imap:
        imap.ok('LIST "" *')
        imap.ok("STATUS INBOX (MESSAGES)")
    assert len(accesses(server, 2)) == 2
    path = os.path.join(server.dir, "log")
    user, = summary("--prefix", prefix, path)["users"]
    assert user["user"] == "alice"
    assert [box["mailbox"] for box in user["mailboxes"]] == ["INBOX"]
    assert summary(path, status=1)["not_understood"] == 2


MASTERS = {"2.3": """
passdb {
  driver = passwd-file
  args = @DIR@/masters
  master = yes
}
""", "2.4": """
passdb masters {
  driver = passwd-file
  passwd_file_path = @DIR@/masters
  master = yes
}
"""}


def test_master_users_are_left_out_as_the_manual_says(dovecot):
    page, title = "mailbox-usage.1", "MASTER USERS"
    more = configuration(page, title) + "auth_master_user_separator = *\n"
    server = dovecot(plugins=PLUGIN, extra={
        version: text + more for version, text in MASTERS.items()})
    write(server.path("masters"), b"admin:{PLAIN}pass\n")
    names = {"alice*admin": "scanned", "alice": 'a" <admin>: '}
    for login, name in names.items():
        with server.imap(login) as imap:
            imap.ok("CREATE", literal(name))
    assert len(accesses(server, 2)) == 2
    log = os.path.join(server.dir, "log")
    command = blocks(page, title)[-1].strip()
    command = command.replace("/var/log/dovecot.log", log)
    result = subprocess.run(["sh", "-c", command + " --json"],
                            stdout=subprocess.PIPE, check=True)
    user, = json.loads(result.stdout)["users"]
    assert [box["mailbox"] for box in user["mailboxes"]] == [names["alice"]]
    # without grep they are hers, too
    user, = summary("--prefix", command.split("'")[-2], log)["users"]
    assert user["user"] == "alice"
    assert {box["mailbox"] for box in user["mailboxes"]} == \
        set(names.values())


def without_times(result):
    """Returns the users of a summary: the event ends when its line is
    written."""
    for user in result["users"]:
        for usage in user["mailboxes"] + user["in_vain"] + user["lists"]:
            del usage["first"], usage["last"]
    return result["users"]


def test_what_a_real_exporter_wrote(dovecot, log):
    server = start(dovecot, EXPORTER)
    os.chmod(server.dir, 0o1777)
    with server.imap("alice") as imap:
        imap.ok("CREATE a")
        imap.ok("RENAME a &AOQ-")
        imap.ok("SELECT INBOX")
        imap.ok('LIST "" (a "%" "*")')
        imap.cmd("STATUS missing (MESSAGES)")
        imap.cmd('STATUS "x')
        # two names, and one that looks like two
        imap.ok("NOTIFY SET (mailboxes (a b) (MessageNew MessageExpunge))")
        imap.cmd("STATUS", literal('"a" "b"'), "(MESSAGES)")
    count = len(lines(server))
    exported(server, count)
    whole = os.path.join(server.dir, "log")
    if IS_24:
        events = os.path.join(server.dir, "mailbox-access.json")
    else:
        with open(whole) as f:
            events = log("".join(l for l in f if " stats: Info: {" in l))
    assert summary(events)["lines"] == count
    assert without_times(summary(events)) == without_times(summary(whole))
    assert summary(whole)["lines"] == count
