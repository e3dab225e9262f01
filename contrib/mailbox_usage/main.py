# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""The command line of mailbox-usage."""

import argparse
import os
import signal
import sys

from . import audit, files, join, joined, output, prefix
from .reader import Reader
from .summary import Summary
from .times import Years

DESCRIPTION = """Sums up what Dovecot's plugin imap_mailbox_log wrote: for each
user the mailboxes used, by which commands, how often, first and last time;
those only asked for in vain; and what LIST was asked for, with the largest
number of names that it returned."""
EPILOG = """Understood are Dovecot's own log files, what syslog writes (RFC
3164, RFC 5424, ISO 8601 time stamps), journalctl's formats short, short-iso,
short-precise, short-unix, export and json, and the plugin's event as an
exporter's JSON; also compressed (.gz .bz2 .xz .zst). A line counts only if
nothing but a time stamp, a host and Dovecot's tag stand before the session's
prefix. Lines of the plugin in any other form are counted as not understood and
shown: give --tag where Dovecot has an instance_name, --prefix where it has a
mail_log_prefix of its own; take away what a container or a log collector puts
before or after each line (docker logs without --timestamps, kubectl logs
without --prefix), or read the journal with -o export. So are lines of other
programs with the plugin's mark in them, which may be the plugin's in an unknown
wrapping, or what a stranger sent to Postfix: once you know that none of them is
Dovecot's, give --ignore-others. Exit status: 0, 1 if a line was not understood,
or the audit had errors or may have users by other names, 2 if a file can't be
read, or the summary not be written."""


class Parser(argparse.ArgumentParser):
    def error(self, message):
        """What it quotes may hold anything."""
        super().error(output.shown(message))


def parse_args():
    parser = Parser(
        prog="mailbox-usage", description=DESCRIPTION, epilog=EPILOG,
        add_help=False)
    parser.add_argument("-h", "--help", action="store_true",
                        help="show this and end")
    parser.add_argument("file", nargs="*",
                        help="a log; - or none is standard input")
    parser.add_argument("--tag", action="append", metavar="NAME",
                        help="Dovecot's name in syslog, its instance_name; may "
                        "be given several times (default: dovecot)")
    parser.add_argument("--ignore-others", action="store_true",
                        help="lines of programs that no --tag names, with the "
                        "plugin's mark in them, are no fault: they are told, "
                        "but don't change the exit status")
    parser.add_argument("--prefix", default=prefix.DEFAULT, metavar="TEXT",
                        help="mail_log_prefix as the configuration has it "
                        "(default: Dovecot's own)")
    parser.add_argument("--audit", metavar="FILE",
                        help="join with the lines of doveadm mailbox-audit -A "
                        "--entries --json: each mailbox with its messages, the "
                        "last use by the log and by its index, and a verdict")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", dest="write", action="store_const",
                      const=output.print_json, default=output.print_table,
                      help="print a JSON object instead of a table")
    form.add_argument("--csv", dest="write", action="store_const",
                      const=output.print_csv, help="print CSV")
    args = parser.parse_args()
    if args.help:
        sys.exit(write(lambda out: out.write(parser.format_help())))
    args.tag = args.tag or ["dovecot"]
    try:
        args.form = prefix.compile_prefix(args.prefix)
    except ValueError as error:
        parser.error(f"--prefix: {error}")
    return args


def complain(text):
    print(f"mailbox-usage: {text}", file=sys.stderr)


def complain_of(path, error):
    """Says why a file can't be used. Its name may hold anything."""
    reason = getattr(error, "strerror", None) or error
    complain(f"{output.shown(path)}: {reason}")


def read(path, args, summary):
    """Adds a file to the summary. Returns 0, 2 if it couldn't be read to its
    end."""
    lines, events, years = Summary(), Summary(), Years()
    reader = Reader(args, lines, events, years)
    status = 0
    try:
        if path == "-":
            # sys.stdin is None where it is closed
            with open(0, "rb", closefd=False) as stream:
                file_date = files.date(stream)
                files.read(stream, reader)
        else:
            with open(path, "rb") as stream:
                file_date = files.date(stream)
                files.read(stream, reader)
    except files.ERRORS as error:
        complain_of(path, error)
        status = 2
    if lines.lines > 0:
        # a log with both has each access twice
        events = Summary()
    name_year = years.name(file_date) if years.newest else None
    summary.merge(lines, name_year)
    summary.merge(events, name_year)
    return status


def report(summary):
    """Says what isn't in the summary. Returns 1 if a line wasn't understood."""
    if summary.more > 0:
        complain(f"the plugin left {summary.more} names out of its lines, for "
                 "their length: they are not counted")
    if summary.foreign > 0:
        complain(f"{summary.foreign} lines of other programs have the "
                 "plugin's mark in their text, and are ignored")
    if summary.not_understood == 0:
        return 0
    complain(f"{summary.not_understood} lines were not understood, and are not "
             "counted:")
    for why, text in sum(summary.examples, []):
        print(f"  {output.shown(why)}: {text!a}", file=sys.stderr)
    return 1


def write(print_to):
    """Lets a function print. Returns 0, 2 if that couldn't be written."""
    # a closed pipe ends it as it ends other programs
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        with open(1, "w", encoding="utf-8", errors="backslashreplace",
                  closefd=False) as out:
            print_to(out)
    except OSError as error:
        complain_of("standard output", error)
        return 2
    return 0


def load_audit(path):
    """Returns the audit's accounts, and 1 if one of them isn't complete. Ends
    the program if the file isn't the audit's."""
    try:
        accounts = audit.load(path)
    except (*files.ERRORS, audit.Invalid) as error:
        complain_of(path, error)
        sys.exit(2)
    parts = [output.shown(name) for name, account in sorted(accounts.items())
             if not account.complete]
    if parts:
        complain(f"{output.shown(path)}: the audit had errors with "
                 f"{len(parts)} users, and may not have all of their "
                 f"mailboxes: {' '.join(parts[:3])}")
    return accounts, int(bool(parts))


def complain_of_spellings(pairs):
    """Says which users' use may stand under another name. Returns 1 if there
    are any."""
    if pairs:
        names = " ".join(f"{output.shown(user)} ({output.shown(other)})"
                         for user, other in pairs[:3])
        complain(f"{len(pairs)} users of the log may be others of the audit "
                 f"(in brackets), who have verdicts without that use: {names}")
    return int(bool(pairs))


def main():
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    # where it is closed, print() would take standard output
    sys.stderr = sys.stderr or open(os.devnull, "w")
    args = parse_args()
    summary = Summary()
    accounts, status = (None, 0) if args.audit is None else \
        load_audit(args.audit)
    for path in args.file or ["-"]:
        status = max(status, read(path, args, summary))
    found = output.report(summary) if accounts is None else \
        joined.report(summary, accounts)
    if accounts is not None:
        status = max(status, complain_of_spellings(
            join.other_spellings(summary, accounts)))
    status = max(status, write(lambda out: args.write(found, out)))
    return max(status, report(summary))
