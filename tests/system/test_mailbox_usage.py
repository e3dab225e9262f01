"""contrib/mailbox-usage: from log lines to each user's mailboxes."""

import bz2
import csv
import gzip
import io
import json
import lzma
import os
import re
import subprocess
import sys

import pytest

from accesslog import MARK, PLUGIN, accesses, lines
from dovecot import User
from imap import literal
from test_log_forging import FORGERIES, mutf7

TOOL = os.path.join(os.path.dirname(__file__), "..", "..", "contrib",
                    "mailbox-usage")
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
LOG = "".join(PREFIX.format(i) + text + "\n" for i, text in enumerate(GOOD))
OTHERS = """\
Nov 24 22:59:25 imap-login: Info: Login: user=<ann>, method=PLAIN, mpid=4600
Nov 24 22:59:25 imap(ann)<4600><chB0qQ1hyqN/AAAB>: Info: Disconnected: \
Logged out
Nov 24 22:59:25 imap-login: Info: user=<imap(bob)<1><x>: Info: mailbox_access: \
cmd=SELECT mailbox="forged" reply=OK>
Nov 24 22:59:25 imap(ann)<4600><x>: Error: Mailbox imap(bob)<1><x>: Info: \
mailbox_access: cmd=SELECT mailbox="forged" reply=OK
"""


def run(*args, input=b"", status=0):
    if isinstance(input, str):
        input = input.encode(errors="surrogateescape")
    result = subprocess.run([sys.executable, TOOL, *args], input=input,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            env={"LC_ALL": "C", "PATH": os.environ["PATH"]})
    assert result.returncode == status, result.stderr
    if status == 0:
        assert result.stderr == b""
    return result


def summary(*args, input=b"", status=0):
    return json.loads(run("--json", *args, input=input, status=status).stdout)


def mailboxes(result):
    return {user["user"]: {box["mailbox"]: box["commands"]
                           for box in user["mailboxes"]}
            for user in result["users"]}


def test_the_summary():
    result = summary(input=LOG + OTHERS)
    assert (result["version"], result["lines"], result["malformed"]) == \
        (1, len(GOOD), 0)
    user, = result["users"]
    assert user["user"] == "ann"
    times = [f"--11-24T22:59:0{i}" for i in range(len(GOOD))]
    assert user["mailboxes"] == [
        {"mailbox": "INBOX", "count": 2, "commands": {"STATUS": 2},
         "first": times[6], "last": times[7]},
        {"mailbox": "a", "count": 3, "first": times[0], "last": times[5],
         "commands": {"SELECT": 1, "STATUS": 1, "UID COPY": 1}},
        {"mailbox": "b", "count": 1, "commands": {"UID COPY": 1},
         "first": times[2], "last": times[2]},
        {"mailbox": "xx", "count": 1, "commands": {"STATUS": 1},
         "first": times[9], "last": times[9]},
    ]
    assert user["lists"] == [
        {"cmd": "LIST", "ref": "", "patterns": ["%", "x*"], "count": 1,
         "largest": 3, "first": times[4], "last": times[4]},
        {"cmd": "LIST", "ref": "", "patterns": ["*"], "count": 2,
         "largest": 15247, "first": times[1], "last": times[3]},
    ]


def test_table_and_csv():
    table = run(input=LOG).stdout.decode().splitlines()
    assert len(table) == 7
    assert table[0].split() == ["user", "kind", "name", "count", "largest",
                                "commands", "first", "last"]
    assert table[2].split()[:4] == ["ann", "mailbox", "a", "3"]
    assert table[6].split()[:5] == ["ann", "list", '""', '"*"', "2"]
    rows = list(csv.reader(io.StringIO(run("--csv",
                                           input=LOG).stdout.decode())))
    assert rows[0] == table[0].split()
    assert rows[2] == ["ann", "mailbox", "a", "3", "",
                       "SELECT:1 STATUS:1 UID COPY:1", "--11-24T22:59:00",
                       "--11-24T22:59:05"]
    assert rows[6][2:6] == ['"" "*"', "2", "15247", "LIST:2"]


def journal(entries):
    """Returns the journal's export of messages."""
    out = b""
    for i, message in enumerate(entries):
        out += (b"__CURSOR=s=1;i=%d\n__REALTIME_TIMESTAMP=%d\nPRIORITY=6\n"
                b"_COMM=dovecot\n" % (i, 1795561165000000 + i * 1000000))
        data = message.encode(errors="surrogateescape")
        if data.isascii():
            out += b"MESSAGE=" + data + b"\n"
        else:
            out += b"MESSAGE\n" + len(data).to_bytes(8, "little") + data + b"\n"
        out += b"_PID=1\n\n"
    return out


def test_every_kind_of_input(tmp_path):
    data = (LOG + OTHERS).encode()
    expected = summary(input=data)
    for name, text in (("log", data), ("log.gz", gzip.compress(data)),
                       ("log.bz2", bz2.compress(data)),
                       ("log.xz", lzma.compress(data))):
        (tmp_path / name).write_bytes(text)
        assert summary(tmp_path / name) == expected
        assert summary("-", input=text) == expected
    both = summary(tmp_path / "log", tmp_path / "log.gz")
    assert both["lines"] == 2 * len(GOOD)
    syslog = re.sub(r"imap(-login)?[(:](?=.*: )", lambda m: "host dovecot: " +
                    m.group(), LOG).replace("Info: ", "")
    assert summary(input=syslog) == expected
    (tmp_path / "empty").write_bytes(b"")
    assert summary(tmp_path / "empty")["users"] == []


def test_times_with_years():
    for stamp in ("2026-11-24T22:59:25.123456+01:00 host dovecot: ",
                  "2026-11-24T22:59:25+01:00 host dovecot[7]: ",
                  "2026-11-24 22:59:25 "):
        text = LOG.splitlines()[0].replace("Nov 24 22:59:00 ", stamp)
        box = summary(input=text + "\n")["users"][0]["mailboxes"][0]
        assert box["first"].startswith("2026-11-24T22:59:25")


def test_the_journal():
    messages = [f'imap(ann)<1><x>: {MARK}{text}' for text in GOOD]
    umlaut = f'imap(ann)<1><x>: {MARK}cmd=SELECT mailbox="\u00e4" reply=OK'
    result = summary(input=journal(messages + ["other", umlaut]))
    assert (result["lines"], result["malformed"]) == (len(GOOD) + 1, 0)
    boxes = {b["mailbox"]: b for b in result["users"][0]["mailboxes"]}
    assert mailboxes(summary(input=LOG))["ann"].items() <= \
        mailboxes(result)["ann"].items()
    assert boxes["\u00e4"]["first"] == "2026-11-24T22:59:36+00:00"
    cut = journal([umlaut])[:-20]
    error = run(input=cut, status=2).stderr
    assert error == b"mailbox-usage: -: the journal is cut\n"


@pytest.mark.parametrize("text", [
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
    assert b"1 malformed lines, left out:" in result.stderr
    data = json.loads(result.stdout)
    assert (data["lines"], data["malformed"]) == (2 * len(GOOD), 1)


def test_a_line_cut_anywhere_is_never_guessed():
    line = LOG.splitlines()[2]
    # only the stamp may be gone, and the user is still known
    whole = line.index("imap(ann)")
    parts = [line[:i] for i in range(len(line))] + \
        [line[i:] for i in range(whole + 1, len(line))]
    data = summary(input="\n".join(parts) + "\n", status=1)
    assert (data["lines"], data["users"]) == (0, [])
    assert data["malformed"] == sum(MARK in part for part in parts)


def test_what_a_terminal_would_obey():
    text = PREFIX.format(1) + 'cmd=SELECT mailbox="\\x1b[2J\\u{202e}\\xff" ' + \
        "reply=OK\n"
    out = run(input=text).stdout.decode()
    assert "\x1b" not in out and "\u202e" not in out
    assert "\\x1b[2J\\u202e\\xff" in out


def test_errors_and_help(tmp_path):
    result = run(tmp_path / "none", status=2)
    assert result.stderr.startswith(
        f"mailbox-usage: {tmp_path}/none: [Errno 2] ".encode())
    (tmp_path / "bad.gz").write_bytes(gzip.compress(LOG.encode())[:-9])
    run(tmp_path / "bad.gz", status=2)
    out = run("--help").stdout.decode()
    assert "--json" in out and "--csv" in out and "journal" in out
    run("--nonsense", status=2)


def test_what_a_real_server_wrote(dovecot):
    """Every name of every session, through the log, and back."""
    server = dovecot(plugins=PLUGIN, users=["alice", User("bob.b@example.org")])
    for user in server.users:
        with server.imap(user) as imap:
            for name in FORGERIES:
                imap.cmd("STATUS", literal(mutf7(name)), "(MESSAGES)")
                imap.cmd("LIST", literal(mutf7(name)), "*")
            imap.cmd("STATUS", literal(b"\xe4"), "(MESSAGES)")
    logged = accesses(server)
    result = summary(os.path.join(server.dir, "log"))
    assert result["lines"] == len(logged) == len(lines(server))
    assert result["malformed"] == 0
    names = {"INBOX" if n.upper() == "INBOX" else n for n in FORGERIES}
    for user in result["users"]:
        assert {b["mailbox"] for b in user["mailboxes"]} == names | {"\\xe4"}
        assert {form["ref"] for form in user["lists"]} == set(FORGERIES)
    assert [u["user"] for u in result["users"]] == sorted(server.users)
