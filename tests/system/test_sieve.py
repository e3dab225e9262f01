# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""Deliveries by Sieve scripts, over LMTP, on stock Dovecot and with the
filter. The steps are the cases of Pigeonhole's own test suite that have to do
with mailboxes (tests/extensions/mailbox, metadata, special-use, imap4flags,
tests/execute), there run within its testsuite program; here each is done with
visible and with hidden mailboxes. {n} begins their names."""

import os
import re

import pytest

from differential import Both, pick
from filter import FORMATS, files, with_filter
from imap import parse_list, quote

EXTRA = Both("""
plugin {
  sieve = file:@DIR@/control/%u.sieve
  sieve_extensions = +mboxmetadata +servermetadata +special-use
}
mail_attribute_dict = file:@DIR@/control/%u.attributes
protocol imap {
  imap_metadata = yes
}
""", """
sieve_script personal {
  driver = file
  path = @DIR@/control/%{user}.sieve
}
sieve_extensions {
  mboxmetadata = yes
  servermetadata = yes
  special-use = yes
}
mail_attribute {
  dict file {
    path = @DIR@/control/%{user}.attributes
  }
}
protocol imap {
  imap_metadata = yes
}
""")
MAILBOXES = """
namespace inbox {
  mailbox Junk {
    auto = create
    special_use = \\Junk
  }
  mailbox public_html/sent {
    special_use = \\Sent
  }
}
"""
REQUIRE = ["fileinto", "mailbox", "mboxmetadata", "servermetadata",
           "special-use", "imap4flags", "variables", "encoded-character"]
MESSAGE = b"From: a@example.org\nTo: b@frop.example.org\nSubject: %s\n\nFrop\n"

# an IMAP command, a test (a delivery to yes or no tells what came of it), or
# actions
STEPS = [
    'mailboxexists "{n}frop"', "CREATE {n}frop", "CREATE {n}friep",
    'mailboxexists ["{n}frop", "{n}friep", "{n}frml"]', "CREATE {n}frml",
    'mailboxexists ["{n}frop"]',
    'mailboxexists ["{n}frop", "{n}friep", "{n}frml"]',
    'mailboxexists "{n}created"', 'fileinto :create "{n}created";',
    'mailboxexists "{n}created"', 'fileinto "{n}created";',
    'fileinto :create "{n}deep/er/still";', 'mailboxexists "{n}deep/er"',
    'mailboxexists "{n}deep"',
    'fileinto :create "{n}Folder"; fileinto :create "{n}Folder";',
    'fileinto "{n}Folder"; fileinto "{n}frop"; keep; fileinto "INBOX";',
    'fileinto "{n}FROP";', 'fileinto :create "{n}foo//somedomain/org";',
    'set "mailbox" "${{hex:ff}}rop"; fileinto "{n}${{mailbox}}";',
    'set "m" "${{hex:ff}}rop"; if mailboxexists "{n}${{m}}" {{ discard; }}',
    'setflag "$label1 \\\\answered"; fileinto :create "{n}FolderA"; '
    'setflag "$label2"; fileinto :create "{n}FolderB"; '
    'fileinto :create :flags "\\\\seen \\\\draft" "{n}FolderC";',
    'specialuse_exists "\\\\Sent"', 'specialuse_exists "INBOX" "\\\\Sent"',
    'specialuse_exists "\\\\Junk"', 'specialuse_exists "{n}frop" "\\\\Junk"',
    'fileinto :specialuse "\\\\Junk" "{n}frop";',
    'fileinto :specialuse "\\\\Sent" "{n}frop";',
    'fileinto :create :specialuse "\\\\Sent" "{n}frop";',
    'specialuse_exists "\\\\Sent"',
    'fileinto :create :specialuse "\\\\Drafts" "{n}drafts";',
    'metadataexists "{n}frop" "/private/frop"',
    'SETMETADATA {n}frop (/private/frop "FROP!")',
    'metadataexists "{n}frop" "/private/frop"',
    'metadataexists "{n}frop" ["/private/frop", "/private/friep"]',
    'metadata :is "{n}frop" "/private/frop" "FROP!"',
    'metadata :is "{n}nothing" "/private/frop" "FROP!"',
    'servermetadataexists "/private/frop"',
    "RENAME {n}Folder {n}Renamed", 'fileinto "{n}Folder";',
    'fileinto "{n}Renamed";', "DELETE {n}created",
    'mailboxexists "{n}created"', 'fileinto "{n}created";',
    'fileinto :create "{n}created";',
]
# who delivers to which mailboxes
USERS = {"ann": "", "bob": "public_html/"}


def script(step, number):
    require = ", ".join(f'"{name}"' for name in REQUIRE)
    if not step.endswith((";", "}")):
        step = (f'if {step} {{ fileinto :create "yes/{number}"; }} '
                f'else {{ fileinto :create "no/{number}"; }}')
    return f"require [{require}];\n{step}\n"


def take(server, user, prefix):
    """Does the steps; returns what the IMAP commands answered."""
    path = server.path(f"control/{user}.sieve")
    replies = []
    for number, step in enumerate(STEPS):
        step = step.format(n=prefix)
        if step.split()[0].isupper():
            with server.imap(user) as imap:
                replies.append((step, imap.cmd(step).status))
            continue
        with open(path, "w") as f:
            f.write(script(step, number))
        server.chown(user, path)
        server.deliver(user, MESSAGE % str(number).encode())
        # within a second a changed script may not look newer
        for name in os.listdir(server.path("control")):
            if name.endswith(".svbin"):
                os.unlink(server.path("control/" + name))
    return replies


def listed(imap):
    lines = [line for pattern in ("LIST", "LSUB")
             for line in imap.ok(f'{pattern} "" "*"').starting(pattern)]
    return {parse_list(line.replace(b"* LSUB", b"* LIST", 1))[1]
            for line in lines}


def statuses(server, user, names):
    with server.imap(user) as imap:
        return {name: [re.sub(rb"UIDVALIDITY \d+", b"", line)
                       for line in imap.cmd(
                           "STATUS", quote(name),
                           "(MESSAGES UNSEEN UIDNEXT)").untagged] +
                sorted(re.findall(rb"FLAGS \(.*?\)", b"".join(
                    imap.cmd("EXAMINE", quote(name)).untagged +
                    imap.cmd("FETCH 1:* FLAGS").untagged)))
                for name in sorted(names)}


def mail_files(server, user, location):
    """Returns the files on the mail side, names of messages without what
    differs."""
    root = server.path(location.mail, user)
    return sorted(re.sub(r"(^|/)(\d+\.[^/]*|u\.\d+|m\.\d+)$|"
                         r"dovecot-uidvalidity\.\w+$", r"\1N", name)
                  for name in files(root))


def complaints(server):
    return {re.sub(r".*?(Error|Warning|Panic|Fatal): |/tmp/mba-[^/]*|"
                   r"<[^>]*>|\d+", "", line)
            for line in server.log().splitlines()
            if re.search("(Error|Panic|Fatal): ", line)}


# the configuration names the mailbox
VISIBLE = {b"public_html", b"public_html/sent"}


def is_hidden(name):
    return b"public_html" in name.split(b"/") and name not in VISIBLE


@pytest.mark.parametrize("name", FORMATS)
def test_deliveries_are_stocks(dovecot, name):
    location = FORMATS[name]
    description = dict(location=location, users=list(USERS),
                       plugins={"lmtp": ["sieve"]},
                       extra=pick(EXTRA) + MAILBOXES)
    plain, server = (dovecot(**description),
                     dovecot(**with_filter(description)))
    for user, prefix in USERS.items():
        assert take(server, user, prefix) == take(plain, user, prefix)
        with plain.imap(user) as stock, server.imap(user) as imap:
            names = listed(stock)
            shown = listed(imap)
        # in Maildir++ a parent needn't be there itself
        assert shown | VISIBLE == {n for n in names
                                   if not is_hidden(n)} | VISIBLE
        found = statuses(plain, user, names)
        assert statuses(server, user, names) == found
        assert mail_files(server, user, location) == \
            mail_files(plain, user, location)
        assert sum(n.startswith(b"yes/") for n in names) > 5
    assert complaints(server) == complaints(plain)
