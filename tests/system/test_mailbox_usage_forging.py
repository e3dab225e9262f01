# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""mailbox-usage over lines that strangers had a part in, and over lines of the
plugin in forms that nobody foresaw: the first never count, the second never go
in silence."""

import json
import os
import random
import re

import pytest

from accesslog import MARK
from manual import blocks
from test_mailbox_usage import FORMS, INFO, LOG, MESSAGE
from usage import IGNORED, run, summary

TOP = os.path.join(os.path.dirname(__file__), "..", "..")
TEXT = 'cmd=SELECT mailbox="forged" reply=OK'
FORGED = f"imap(bob)<1><x>: {MARK}{TEXT}"
FORGED_INFO = f"imap(bob)<1><x>: Info: {MARK}{TEXT}"
EVENT = json.dumps({"event": "imap_mailbox_access", "fields": {
    "cmd_name": "SELECT", "user": "bob", "mailbox": "forged", "reply": "OK"}})
STAMPS = ["", "Nov 24 22:59:25 ", "2026-11-24T22:59:25+01:00 ",
          "2026-11-24 22:59:25 ", "<22>Nov 24 22:59:25 ", "1795561165 "]
HEADS = ["", "mx ", "dovecot: ", "dovecot[1]: ", "mx dovecot: ",
         "mx dovecot[1]: ", "imap-login: Info: ", "stats: Info: ",
         "mx dovecot: message repeated 3 times: [ ",
         "<22>1 2026-11-24T22:59:25Z mx dovecot - - - "]
TEXTS = [FORGED, FORGED_INFO, MARK + TEXT, EVENT, "stats: " + EVENT]
ENDS = ["", "]", ">", '"', ">, method=PLAIN", "'", "}"]


def others():
    """Returns the lines of tests/usage/others: @ is a stranger's text."""
    with open(os.path.join(TOP, "tests", "usage", "others")) as f:
        return [line.rstrip("\n") for line in f
                if line.strip() and not line.startswith("#")]


def write(template, text):
    if "[origin" in template:
        # who writes structured data escapes it
        data = re.sub(r'(["\\\]])', r"\\\1", text)
        template = template.replace('x="@"', f'x="{data}"'.replace("@", " at "))
    return template.replace("@", text.replace("@", " at "))


PREFIXES = {"%{protocol}(%{user})<%{process:pid}><%{session}>: ":
            "imap({})<1><x>: ", "%{session} %s(%u): ": "x imap({}): ",
            "%{hostname} %s(%u): ": "mx imap({}): ", "%u(%s): ": "{}(imap): "}


def check_nothing_counts(lines):
    """Each of them also after a line that counts."""
    data = "other\n" + "\n".join(lines) + "\n" + LOG + "\n".join(lines) + "\n"
    result = json.loads(run("--json", input=data, status=None).stdout)
    assert [user["user"] for user in result["users"]] == ["ann"]
    assert result["lines"] == LOG.count("\n")
    assert "forged" not in json.dumps(result)
    return result


def test_there_are_others():
    lines = others()
    assert len(lines) > 30
    for program in ("postfix/", "sm-mta", "exim", "sshd", "imap-login"):
        assert any(program in line for line in lines)


def test_a_stranger_s_text_never_counts():
    texts = [stamp + head + text + end for stamp in STAMPS for head in HEADS
             for text in TEXTS for end in ENDS]
    check_nothing_counts([write(template, text) for template in others()
                          for text in texts])


def recognized():
    """Returns lines with a stranger's text that a tag or a beginning tells
    from the plugin's: those of Dovecot's own, and those of other programs."""
    lines = [write(template, text) for template in others()
             if re.match(r"\S+ +\d+ \S+ (mx |imap|lmtp)", template)
             for text in (FORGED, FORGED_INFO, MARK + TEXT)]
    foreign = [line for line in lines if re.match(r".* mx (?!dovecot)", line)]
    own = [line for line in lines if line not in foreign]
    assert len(own) > 20 and len(foreign) > 40
    return own, foreign


def test_dovecot_s_other_lines_are_passed_over():
    own, _ = recognized()
    found = run("--json", input=LOG + "\n".join(own) + "\n")
    result = json.loads(found.stdout)
    assert (result["not_understood"], result["passed_over"]) == (0, len(own))
    assert found.stderr == b""


def test_other_programs_lines_are_told():
    """They may be the plugin's in an unknown wrapping. Who knows that they
    aren't says so, and no stranger can make a nightly job fail any more."""
    _, foreign = recognized()
    text = LOG + "\n".join(foreign) + "\n"
    found = run("--json", input=text, status=1)
    result = json.loads(found.stdout)
    assert (result["not_understood"], result["passed_over"]) == \
        (len(foreign), 0)
    told = found.stderr.decode().splitlines()
    assert told[0].startswith(f"mailbox-usage: {len(foreign)} lines were not ")
    assert [line.split(": '")[0] for line in told[1:]] == \
        ["  another program's text, or its wrapping; see --help"] * 3
    for text in (text, "\n".join(foreign) + "\n"):
        found = run("--json", "--ignore-others", input=text)
        result = json.loads(found.stdout)
        assert (result["not_understood"], result["passed_over"]) == \
            (0, len(foreign))
        assert re.fullmatch(IGNORED, found.stderr.decode())[1] == \
            str(len(foreign))


def test_who_knows_the_others_is_still_told_of_dovecot_s():
    """And a flood of one kind doesn't hide the other."""
    _, foreign = recognized()
    odd = f"Nov 24 22:59:25 mx dovecot[7]: imap-ann: {MARK}{TEXT}"
    text = "\n".join([*foreign, odd, odd]) + "\n"
    found = run("--json", "--ignore-others", input=text, status=1)
    assert json.loads(found.stdout)["not_understood"] == 2
    for args in ([], ["--ignore-others"]):
        found = run(*args, input=text, status=1)
        assert found.stderr.decode().count(repr(odd)) == 2


@pytest.mark.parametrize("text", [FORGED, FORGED_INFO])
@pytest.mark.parametrize("head", [
    "<22>1 2026-11-24T22:59:25Z mx {} 7 - - ",
    "<22>1 2026-11-24T22:59:25Z mx {} 7 - [a x=\"\"] \ufeff",
    "Nov 24 22:59:25 mx {}[7]: ", "2026-11-24T22:59:25+01:00 mx {}: "])
def test_all_of_another_program_s_message_never_counts(head, text):
    """It is told: the program may be a Dovecot with a name of its own."""
    line = head.format("postfix/smtpd") + text + "\n"
    result = summary(input=LOG + line, status=1)
    assert "forged" not in json.dumps(result)
    assert result["not_understood"] == 1
    result = summary("--ignore-others", input=LOG + line)
    assert "forged" not in json.dumps(result)
    line = head.format("dovecot") + text + "\n"
    assert "forged" in json.dumps(summary(input=line))


@pytest.mark.parametrize("head", [
    "journal: Nov 24 22:59:25 mx dovecot: ", "rsyslogd: dovecot: ",
    "systemd-journald[1]: dovecot[7]: "])
def test_what_another_daemon_passed_on_is_told(head):
    """Also where other lines count; but not others of Dovecot's."""
    line = f"Nov 24 22:59:25 relay {head}"
    result = summary(input=LOG + line + MESSAGE + "\n", status=1)
    assert result["not_understood"] == 1
    other = f"{line}imap-login: Login: user=<{FORGED}>\n"
    assert summary(input=LOG + other)["passed_over"] == 1


@pytest.mark.parametrize("prefix", PREFIXES)
def test_no_prefix_reaches_into_a_stranger_s_text(prefix):
    """The configuration's own prefix may begin with any variable."""
    ann, bob = (PREFIXES[prefix].format(user) for user in ("ann", "bob"))
    forged = "\n".join(write(template, f"{head}{bob}{level}{MARK}{TEXT}")
                       for template in others() for head in ("", "GET ", "x: ")
                       for level in ("", "Info: "))
    own = f"Nov 24 22:59:25 {ann}Info: {MARK}{TEXT}\n" \
        f"Nov 24 22:59:25 mx dovecot[7]: {ann}{MARK}{TEXT}\n"
    result = json.loads(run("--json", "--prefix", prefix, input=own + forged,
                            status=None).stdout)
    assert [user["user"] for user in result["users"]] == ["ann"]
    assert result["lines"] == 2


def generated(source, count):
    """Returns texts of pieces that a line may be made of, and of nothing."""
    pieces = STAMPS + HEADS + TEXTS + ENDS + [
        " ", ": ", ">: ", "(", ")", "<", "\\", "\t", "imap(ann)<1><y>: ",
        "Info: ", "\u00e4", "\udcff", "\0", "=", "dovecot", "x" * 300]
    return ["".join(source.choices(pieces, k=source.randint(1, 6)))
            for _ in range(count)]


def test_generated_texts_never_count():
    source = random.Random(1)
    check_nothing_counts([write(template, text) for template in others()
                          for text in generated(source, 500)])


WRAPPINGS = ["dovecot-1  | ", "2026-11-24T22:59:25.1Z stdout F ",
             "[pod/mail-0/dovecot] ", "host ", "E1124 22:59:25 ",
             '{"log":"', "<22>", "info: ", 'level=info msg="', "[12.345] mx ",
             "Tue 2026-11-24 22:59:25 CET ", "Nov 24 22:59:25 dovecot: ",
             "@400000004c91b044077a9e94 ", "Nov 24 22:59:25 [dovecot] ",
             "a Nov 24 22:59:25 mx dovecot: ", " ", "\t", "\ufeff\ufeff",
             "Nov  4 22:59:25 mx dovecot imap: ", "24.11.2026 22:59:25 ",
             "Nov 24 22:59:25 relay fluentd[1]: mail.info: ",
             'Nov 24 22:59:25 relay vector: {"host":"mx","message":"',
             "Nov 24 22:59:25 relay app[7]: Tue Nov 24 22:59:25 2026 mail: ",
             "<22>1 2026-11-24T22:59:25Z relay promtail - - - [mail/1] "]
SUFFIXES = ["", '"}', '\\n","stream":"stdout"}', " (k=v)", " ", ";", "\0"]


def test_an_unknown_wrapping_is_never_lost():
    source = random.Random(2)
    pieces = WRAPPINGS + STAMPS + ["".join(source.choices(
        "".join(map(chr, range(33, 127))), k=5)) for _ in range(50)]
    lines = []
    for _ in range(5000):
        head = "".join(source.choices(pieces, k=source.randint(1, 3)))
        lines.append(head + source.choice([MESSAGE, INFO]) +
                     source.choice(SUFFIXES))
    result = summary(input="other\n" + "\n".join(lines) + "\n", status=1)
    assert result["lines"] + result["not_understood"] == len(lines)
    assert result["passed_over"] == 0
    assert result["not_understood"] > len(lines) / 2


def test_a_wrapping_is_told():
    lines = [wrapping + line for wrapping in WRAPPINGS
             for line in (INFO, MESSAGE)
             if "dovecot: " not in wrapping or line is MESSAGE]
    result = run("--json", input="other\n" + "\n".join(lines) + "\n", status=1)
    assert b"%d lines were not understood" % len(lines) in result.stderr
    assert json.loads(result.stdout)["lines"] == 0


def documented():
    """Returns the manual's expressions for a line's beginning."""
    found = [line for block in blocks("imap_mailbox_log.7", "THE LINE")
             for line in block.splitlines() if line.startswith("^")]
    assert len(found) == 2
    return [re.compile(text) for text in found]


def test_the_manual_s_expressions():
    own, syslog = documented()
    assert own.match(FORMS["Dovecot's own"])[1] == "ann"
    for form in ("RFC 3164", "RFC 3164 with a process", "rsyslog",
                 "journalctl -o short-precise", "journalctl -o short-iso"):
        assert syslog.match(FORMS[form])[1] == "ann", form
    source = random.Random(3)
    for template in others():
        for text in generated(source, 300) + TEXTS:
            line = write(template, text)
            assert not own.match(line) and not syslog.match(line), line
