# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""The event imap_mailbox_access in exporters, as in imap_mailbox_log(7), and
what Dovecot's own event keeps."""

import json
import os
import time

from accesslog import PLUGIN, accesses
from dovecot import IS_24, VERSION
from imap import literal
from manual import configuration
from waiting import wait_for

# 2.3 splits what it logs at 4,096 bytes; the arguments are there three times
LONG = 5000 if IS_24 else 500
# the sessions' processes run as the users
STATS = """
service stats {
  unix_listener stats-writer {
    mode = 0666
  }
}
"""


EXPORTER = configuration("imap_mailbox_log.7",
                         "AN EXPORTER: EVERY ACCESS AS JSON")


def exported(server, count):
    """Returns the events that the exporter of the manual wrote."""
    def whole_lines():
        if IS_24:
            path = os.path.join(server.dir, "mailbox-access.json")
            text = open(path).read() if os.path.exists(path) else ""
            return text.split("\n")[:-1]
        text = "".join(l.split("stats: Info: ")[1] for l in
                       server.log().splitlines() if "stats: Info: " in l)
        return text.replace('}{"event"', '}\n{"event"').splitlines()

    lines = wait_for(whole_lines, lambda lines: len(lines) >= count)
    assert len(lines) == count
    return [json.loads(line) for line in lines]


def field_of(name, values):
    """Returns the field of an event that holds values of a line. Before Dovecot
    2.3.18 events have no lists."""
    return {name: values} if VERSION >= (2, 3, 18) else \
        {name + "_list": " ".join(f'"{value}"' for value in values)}


def start(dovecot, text, **kwargs):
    text = text.replace("/var/log/dovecot/", "@DIR@/")
    return dovecot(plugins=PLUGIN, extra=STATS + text, **kwargs)


def test_an_exporter_writes_json(dovecot):
    server = start(dovecot, EXPORTER)
    os.chmod(server.dir, 0o1777)
    name = '\u00e4"\\\u202e'
    with server.imap("alice") as imap:
        imap.ok("CREATE &AOQ-box")
        imap.ok("RENAME &AOQ-box new")
        imap.ok("APPEND new", literal("Subject: a\r\n\r\n"))
        imap.ok("SELECT new")
        imap.ok("COPY 1 INBOX")
        imap.ok('LIST (SUBSCRIBED) "r" (a "&AOQ-*")')
        imap.cmd("STATUS &invalid (MESSAGES)")
        imap.cmd("STATUS", literal('&AOQ-"\\&IC4-'), "(MESSAGES)")
        imap.cmd("STATUS", "x" * LONG, "(MESSAGES)")
        imap.ok("NOTIFY SET (mailboxes (a b) (MessageNew MessageExpunge))")
    events = exported(server, 10)
    assert {e["event"] for e in events} == {"imap_mailbox_access"}
    fields = [e["fields"] for e in events]
    for f in fields:
        assert f["user"] == "alice" and f["session"]
        assert f["tagged_reply"].startswith(f["reply"])
        assert f["net_in_bytes" if IS_24 else "bytes_in"] > 0
    own = ["cmd_name", "mailbox", "new_mailbox", "source_mailbox", "reference",
           "patterns", "listed", "messages", "reply", "cut", "mailbox_list",
           "patterns_list"]
    assert [{k: f[k] for k in own if k in f} for f in fields] == [
        {"cmd_name": "CREATE", "mailbox": "\u00e4box", "reply": "OK"},
        {"cmd_name": "RENAME", "mailbox": "\u00e4box", "new_mailbox": "new",
         "reply": "OK"},
        {"cmd_name": "APPEND", "mailbox": "new", "reply": "OK"},
        {"cmd_name": "SELECT", "mailbox": "new", "reply": "OK"},
        {"cmd_name": "COPY", "source_mailbox": "new", "mailbox": "INBOX",
         "messages": 1, "reply": "OK"},
        {"cmd_name": "LIST", "reference": "r", "listed": 0, "reply": "OK",
         **field_of("patterns", ["a", "\u00e4*"])},
        {"cmd_name": "STATUS", "mailbox": "\\x26invalid", "reply": "NO"},
        {"cmd_name": "STATUS", "mailbox": name, "reply": "NO"},
        {"cmd_name": "STATUS", "mailbox": "x" * LONG, "reply": "NO"},
        {"cmd_name": "NOTIFY", "reply": "OK",
         **field_of("mailbox", ["a", "b"])},
    ]


def test_the_event_has_the_names_of_the_line(dovecot):
    """Not all of them: each is compared with all that are there."""
    server = start(dovecot, EXPORTER)
    os.chmod(server.dir, 0o1777)
    names = [f"p{i}" for i in range(1000)]
    with server.imap("alice") as imap:
        imap.ok('LIST "" (%s)' % " ".join(names))
        imap.cmd("NOTIFY SET (mailboxes (%s) (MessageNew))" % " ".join(names))
    for event, line, field, key in zip(
            exported(server, 2), accesses(server), ("patterns", "mailbox"),
            ("pattern", "mailbox")):
        assert line[key] == names[:len(line[key])]
        (field, expected), = field_of(field, line[key]).items()
        if isinstance(expected, str):
            # Dovecot's exporter cuts it
            expected = expected[:1000] + "..."
        assert event["fields"][field] == expected
        assert event["fields"]["more"] == line["more"] == \
            len(names) - len(line[key]) > 0


def test_a_cut_list_has_its_fields(dovecot):
    server = start(dovecot, EXPORTER)
    os.chmod(server.dir, 0o1777)
    imap = server.imap("alice")
    imap.raw(b"x APPEND INBOX {100}\r\n")
    imap.line()
    time.sleep(0.1)
    imap.close()
    event, = exported(server, 1)
    assert event["fields"]["duration"] >= 100000
    assert event["fields"]["cut"] == "yes"
    assert event["fields"]["mailbox"] == "INBOX"
    assert "reply" not in event["fields"]


FINISHED = {"2.3": """
event_exporter finished {
  format = json
  format_args = time-unix
  transport = log
}
metric finished {
  exporter = finished
  filter = event=imap_command_finished
}
""", "2.4": """
event_exporter finished {
  driver = log
  format = json
  time_format = unix
}
metric finished {
  exporter = finished
  filter = event=imap_command_finished
}
"""}
SESSION = ['CREATE box', 'LIST "" *', 'LIST "" ""', 'LSUB "" *', 'SELECT box',
           'STATUS INBOX (MESSAGES)', 'COPY 1 INBOX', 'NOOP', 'STATUS "x',
           'CREATE a', 'RENAME a b', 'UID COPY 1 x', 'FETCH 1 FLAGS']
# what no two sessions have in common
VOLATILE = {"last_run_time", "running_usecs", "lock_wait_usecs", "duration",
            "session", "tagged_reply", "local_port", "remote_port",
            "net_in_bytes", "net_out_bytes", "bytes_in", "bytes_out"}


def received(reply):
    """Returns how many bytes a command's replies are."""
    return sum(len(line) + 2 for line in reply.untagged + [reply.tagged])


def finished(dovecot, plugins):
    """Returns the fields of Dovecot's own events for a session, and by how many
    bytes in they differ from what was sent, and whether all bytes out were
    counted: they aren't where the reply waits for a sync."""
    server = dovecot(plugins=plugins, extra=STATS + FINISHED[
        "2.4" if IS_24 else "2.3"])
    bytes_in, bytes_out = ("net_in_bytes", "net_out_bytes") if IS_24 else \
        ("bytes_in", "bytes_out")
    with server.imap("alice") as imap:
        replies = [imap.cmd(command) for command in SESSION]
    lines = server.log_lines("imap_command_finished", count=len(SESSION) + 1)
    events = [json.loads(l[l.index("{"):])["fields"] for l in lines]
    server.stop()
    count = [(e[bytes_in] - len(command), e[bytes_out] == received(reply))
             for e, command, reply in zip(events, SESSION, replies)]
    return [{k: v for k, v in e.items() if k not in VOLATILE}
            for e in events], count


def test_dovecot_s_own_event_stays_as_it_was(dovecot):
    """Its fields, the bytes in and out among them."""
    without = finished(dovecot, {})
    assert len(without[0]) == len(SESSION) + 1
    assert sum(exact for _, exact in without[1]) > len(SESSION) / 2
    assert finished(dovecot, PLUGIN) == without
