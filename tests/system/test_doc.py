# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""The man pages have what the code has, and nothing else: options, columns,
settings, commands, keys of lines and of JSON, fields of the event, exit
statuses."""

import glob
import json
import os
import re
import subprocess

import pytest

import readme
from dovecot import PREFIX
from manual import listed, sections
from test_mailbox_usage_audit import END, LINE, text as audit_text
from usage import summary

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
DOC = os.path.join(os.environ["MBA_STAGE"] + PREFIX,
                   "share/doc/dovecot-mailbox-audit")
NAMES = "lib/base/state-names.c"
OPTION = re.compile(r"(?<![\w-])(-\w|--[a-z][a-z0-9-]*)(?![\w-])")


def code(*paths):
    """Returns the text of our own sources; a path may have a wildcard."""
    found = [name for path in paths
             for name in sorted(glob.glob(os.path.join(TOP, path)))]
    assert len(found) >= len(paths)
    return "".join(open(name).read() for name in found)


def schema(name):
    with open(f"{DOC}/{name}.schema.json") as f:
        return json.load(f)


def table(path, name):
    """Returns the words of a table in our sources, None for NULL; name is the
    table's, or that of a function around it."""
    body = re.search(r"\] = \{([^{}]*)\};", code(path).split(name, 1)[1])[1]
    return {word or None for word in
            re.findall(r'"([^"]+)"|\bNULL\b', body)}


def documented(text):
    """Returns the options that have a paragraph of their own."""
    heads = re.findall(r"^\.TP\n(.*)$", text, flags=re.M)
    return {option for head in heads for option in OPTION.findall(head)}


def documented_words(text):
    """Returns the words that have a paragraph of their own."""
    heads = re.findall(r"^\.TP\n\.BR? (.*)$", text, flags=re.M)
    return {word for head in heads for word in re.findall(r"[a-z]+", head)}


def helped(*command, program="mailbox-audit"):
    """Returns the options at the beginnings of the lines of --help."""
    text = subprocess.run([program, *command, "--help"], check=True,
                          stdout=subprocess.PIPE).stdout.decode()
    heads = re.findall(r"^ +(-.*?)(?:  |$)", text, flags=re.M)
    return {option for head in heads for option in OPTION.findall(head)}


@pytest.mark.parametrize("command", ["report", "match"])
def test_options_of_the_utility(command):
    page = sections("mailbox-audit.1")
    options = helped(command)
    assert options == documented(page[f"OPTIONS OF {command.upper()}"])
    assert {"--help", "-h"} < options
    # the whole page speaks of no option that isn't there
    every = helped("report") | helped("match") | {"--version", "-V"}
    for title, text in page.items():
        assert set(OPTION.findall(text)) <= every | {"--inodes", "-s", "-B1"}


@pytest.mark.parametrize("option", ["--format", "--layout", "--type"])
def test_values_of_the_utility(option):
    """Those that it knows, as it says of another one."""
    result = subprocess.run(["mailbox-audit", "report", "--index-root", "/x",
                             "--mail-root", "/x", option, "x"],
                            stderr=subprocess.PIPE)
    known = re.search(r"known are ([^)]*)\)", result.stderr.decode())[1]
    text = re.search(rf"^\.BI {option} .*\n((?:.*\n)+?)\.TP$",
                     sections("mailbox-audit.1")["OPTIONS OF REPORT"], re.M)[1]
    assert set(known.split(", ")) <= set(re.findall(r"[\w+]+", text))


def usage_of(server, *command):
    """Returns what doveadm says to a wrong command. Before 2.3.18 it said that
    on standard output."""
    result = server.doveadm(*command, check=False)
    return (result.stdout + result.stderr).decode()


def test_options_of_clean(dovecot):
    page = sections("mailbox-audit-clean.1")
    options = documented(page["OPTIONS"])
    location = helped("report") - {"--hidden", "-H", "--visible", "-V",
                                    "--unused-for", "-O", "--jobs", "-J",
                                    "--rule", "--rules"}
    assert helped("clean") == options | location
    usage = usage_of(dovecot(), "mailbox-audit", "clean", "-A", "-f")
    usage = [line for line in usage.splitlines() if "[-n|" in line][0]
    own = set(OPTION.findall(usage.split("[-n|")[1])) | {"-n"}
    assert own == (options | {"-N", "--namespace"}) - \
        {"-u", "--user", "--lock-method"}
    reasons = documented_words(page["WHY ENTRIES ARE KEPT"])
    assert reasons == table(NAMES, "kept_names") - {None}


def test_options_of_inspect():
    page = sections("mailbox-audit-inspect.1")
    assert helped("inspect") == documented(page["OPTIONS"])
    words = set(re.findall(r"[a-z-]+", page["USE"]))
    assert table(NAMES, "evidence_names") - {"unknown"} <= words
    assert proofs() <= words


def test_commands_of_the_utility():
    text = subprocess.run(["mailbox-audit", "--help"], check=True,
                          stdout=subprocess.PIPE).stdout.decode()
    commands = re.findall(r"^  (\w+) ", text, flags=re.M)
    synopsis = sections("mailbox-audit.1")["SYNOPSIS"]
    assert commands + ["help"] == re.findall(r"mailbox-audit (\w+)", synopsis)


def test_options_of_the_doveadm_command(dovecot):
    usage = usage_of(dovecot(), "mailbox-audit", "-A", "-H", "-V")
    usage = [line for line in usage.splitlines() if "[-e|" in line][0]
    page = sections("doveadm-mailbox-audit.1")
    own = set(OPTION.findall(usage.split("[-e|")[1])) | {"-e"}
    assert own == documented(page["OPTIONS"])
    short = {option for option in own if len(option) == 2}
    common = {"-u", "-A", "-F", "-S", "-D", "-f"}
    assert set(OPTION.findall(page["SYNOPSIS"])) == short | common


def test_options_of_mailbox_usage():
    page = sections("mailbox-usage.1")
    assert helped(program="mailbox-usage") == documented(page["OPTIONS"])
    every = set(OPTION.findall(page["SYNOPSIS"]))
    assert every == documented(page["OPTIONS"]) - {"-h", "--help"}


@pytest.mark.parametrize("name, command", [
    ("sums", []), ("--entries", ["-e"]), ("--totals", ["-t"]),
    ("clean", ["clean"]), ("clean --entries", ["clean", "-e"]),
    ("clean --totals", ["clean", "-t"])], ids=str)
def test_columns_of_the_doveadm_command(dovecot, name, command):
    out = dovecot(users=["alice"]).doveadm(
        "-f", "tab", "mailbox-audit", *command, "-u", "no*").stdout
    page = sections("doveadm-mailbox-audit.1")["FORMATS"]
    names = re.search(rf"^\.TP\n\.B {name}\n((?:[a-z].*\n)+)", page, re.M)
    columns = names.group(1).replace(",", "").split()
    # that of the name is doveadm's own
    if columns[0] != "username":
        columns.insert(0, "username")
    assert out.decode().lower().split() == columns


def test_states_and_reasons_are_explained():
    page = sections("mailbox-audit.1")["STATES"]
    words = set(re.findall(r"[a-z-]+", page))
    known = set().union(*(table(NAMES, kind + "_names")
                          for kind in ("state", "reason", "other")))
    assert len(known) > 20
    assert known - {None} | {"bogus", "untouched"} <= words


# what a message says, and the words that the manuals have for it
REFUSED = {
    "a level is empty": "an empty level",
    "the rule is empty": "an empty one|an empty rule",
    "'[' isn't closed": "isn't closed within its level",
    "the brackets match nothing": "brackets (that no byte is in|without a "
                                  "byte that they match)",
    "unknown character class": "an unknown class",
    "nothing follows '\\'": "with nothing after it",
    "NUL byte": "a NUL byte|has a NUL byte",
}
CASES = os.path.join(os.path.dirname(__file__), "../rules/invalid")


@pytest.mark.parametrize("manual", ["lib/mailbox-audit.h",
                                    "doc/mailbox_filter.7",
                                    "tool/mailbox-audit.1"])
def test_rules_that_are_refused_are_listed(manual):
    text = " ".join(code(manual).replace("\n *", "\n").split())
    reasons = {"NUL byte"}
    for name in os.listdir(CASES):
        with open(os.path.join(CASES, name), errors="surrogateescape") as f:
            reasons.add(f.readline().split(": ")[1].rstrip("\n"))
    assert reasons == REFUSED.keys()
    for words in REFUSED.values():
        assert re.search(words, text), words


@pytest.mark.parametrize("page, module", [
    ("mailbox_filter.7", "mailbox-filter"),
    ("imap_mailbox_log.7", "imap-mailbox-log")])
def test_settings_of_the_plugins(page, module):
    found = re.findall(r"^\tDEF\(\w+, (\w+)\),$",
                       code(f"settings-plugin/{module}-settings.c"), re.M)
    assert len(found) > 1 and listed(page, "SETTINGS") == found


LOG = "imap_mailbox_log.7"


def test_commands_of_the_access_log():
    found = re.findall(r'^\tCMD\("([A-Z ]+)"',
                       code("imap-plugin/access-commands.c"), re.M)
    assert len(found) > 30
    names = listed(LOG, "COMMANDS")
    assert len(names) == len(set(names))
    assert set(names) == {name.replace("UID ", "") for name in found}


def test_keys_and_fields_of_the_access_log():
    text = code("imap-plugin/access-write.c")
    names = re.findall(r'= \{ "(\w+)", "(\w+)" \}', text)
    assert len(names) == 8
    others = re.findall(r'" ?(\w+)=(?:%|")', text)
    assert {"cmd", "listed", "reply"} < set(others)
    keys = listed(LOG, "THE LINE")
    assert len(keys) == len(set(keys))
    assert set(keys) == {key for key, _ in names} | set(others)
    fields = re.findall(r'event_add_\w+\(event, "(\w+)"', text)
    found = listed(LOG, "THE EVENT")
    assert len(found) == len(set(found))
    assert set(found) == {field for _, field in names} | set(fields)


def properties(schema):
    """Returns all names of properties in a schema."""
    if isinstance(schema, list):
        return set().union(*map(properties, schema))
    if not isinstance(schema, dict):
        return set()
    names = schema.get("properties", {})
    return set(names).union(*map(properties, schema.values()))


def figures(text):
    """Returns the figures of names, inodes and answers, which have a comma."""
    return set(re.findall(r"\d+,\d{3}\b(?! bytes)", text))


@pytest.mark.parametrize("text", [
    lambda: readme.text().split("\nTwo commands\n")[0],
    lambda: sections("mailbox_filter.7")["FILES THAT ARE NO MAILBOXES"]],
    ids=["README", "mailbox_filter.7"])
def test_figures_are_those_that_were_measured(text):
    found = figures(text())
    assert found and found <= figures(code("tests/bench/README"))


def test_keys_of_the_report():
    """That all that is written is in the schema, audit.py checks with every
    report. The rest are names of states and the like."""
    found = set(re.findall(r'set\(\w+, "(\w+)"', code("lib/report/*.c")))
    found |= set(re.findall(r'"(escaped)"', code("lib/base/json.h")))
    names = set().union(*(table(NAMES, kind + "_names")
                          for kind in ("state", "kept", "other")))
    assert properties(schema("report")) == found | names - {None}


def test_keys_of_inspect():
    path = "lib/inspect/inspect-json.c"
    found = set(re.findall(r'set\(json, "(\w+)"', code(path)))
    assert len(found) > 50
    # which are not set as the others
    assert properties(schema("inspect")) == \
        found | table(path, "keys") | {"escaped", "mailboxes"}


def proofs():
    """Returns what proves that a mailbox was used."""
    found = re.findall(r'MBA_EVIDENCE_\w+,\s*"([a-z-]+)"',
                       code("lib/index/index-evidence.c"))
    assert len(found) == 5
    return set(found)


def words_of(parts, key):
    """Returns the words that a key of a schema may have."""
    if isinstance(parts, list):
        return set().union(*(words_of(part, key) for part in parts))
    if not isinstance(parts, dict):
        return set()
    own = parts[key].get("enum", []) if isinstance(parts.get(key), dict) else []
    return set(own).union(*(words_of(part, key) for part in parts.values()))


CACHE = "lib/index/index-cache.c"


@pytest.mark.parametrize("name, key, words", [
    *(("report", kind, lambda kind=kind: table(NAMES, kind + "_names"))
      for kind in ("state", "reason", "kept", "evidence")),
    ("report", "proof", lambda: proofs() | {None}),
    ("inspect", "level", lambda: table(NAMES, "evidence_names")),
    ("inspect", "proof", lambda: proofs() | {None}),
    ("inspect", "result",
     lambda: table("lib/inspect/inspect-names.c",
                                          "inspect_result_name")),
    ("inspect", "type", lambda: table(CACHE, "index_cache_type_name") |
     {"unknown"}),
    ("inspect", "decision", lambda: table(CACHE, "index_cache_decision_name") |
     {"unknown"})])
def test_words_of_the_schemas(name, key, words):
    assert words_of(schema(name), key) == words()


def keys(data):
    """Returns all keys, but not those of commands, which are their names."""
    if isinstance(data, list):
        return set().union(*map(keys, data))
    if not isinstance(data, dict):
        return set()
    return set(data).union(*(keys(value) for key, value in data.items()
                             if key != "commands"))


def test_keys_of_mailbox_usage(tmp_path):
    log = "".join(
        f"Nov 24 22:59:25 imap(ann)<1><x>: Info: mailbox_access: {line}\n"
        for line in ('cmd=SELECT mailbox="a\\xff" reply=OK',
                     'cmd=SELECT mailbox="b" mailbox_bytes=2000 reply=OK',
                     'cmd=URLFETCH mailbox="c" owner="bob" reply=OK',
                     'cmd=LIST ref="" pattern="*" listed=1 reply=OK'))
    path = tmp_path / "audit"
    path.write_bytes(audit_text(LINE, END))
    found = keys(summary(input=log)) | \
        keys(summary("--audit", path, input=log))
    names = listed("mailbox-usage.1", "JSON")
    assert len(names) == len(set(names)) and set(names) == found


def statuses(*paths):
    """Returns the exit statuses that sources name."""
    names = set(re.findall(r"\b(?:DOVEADM_)?EX_(\w+)", code(*paths)))
    own = {"NOTFOUND": os.EX_NOHOST, "NOTPOSSIBLE": os.EX_DATAERR}
    return {own[name] if name in own else getattr(os, "EX_" + name)
            for name in names}


# what each subcommand has for itself
OWN = {"mailbox-audit.1": ["tool/cmd-report.c", "tool/cmd-match.c"],
       "mailbox-audit-clean.1": ["tool/cmd-clean.c"],
       "mailbox-audit-inspect.1": ["tool/cmd-inspect.c"]}


def test_exit_statuses_of_the_utility():
    """1 has no name there."""
    found = {page: {int(word) for word in listed(page, "EXIT STATUS")}
             for page in OWN}
    for page, paths in OWN.items():
        assert statuses(*paths) | {os.EX_USAGE, os.EX_IOERR} <= found[page]
    assert set().union(*found.values()) == statuses("tool/*.c") | {1}
    # it takes no rules
    assert not {1, os.EX_CONFIG} & found["mailbox-audit-clean.1"]


def test_exit_statuses_of_the_doveadm_command():
    found = {int(word) for word in listed("doveadm-mailbox-audit.1",
                                          "EXIT STATUS")}
    # doveadm itself knows the users
    assert found == statuses("doveadm-plugin/*.c") | {0, os.EX_NOUSER}


def test_exit_statuses_of_mailbox_usage():
    found = listed("mailbox-usage.1", "EXIT STATUS")
    assert found == ["0", "1", "2"]
    text = code("contrib/mailbox_usage/main.py")
    assert set(re.findall(r"(?:return|status = |exit\(|, )(\d)\b", text)) == \
        set(found)
