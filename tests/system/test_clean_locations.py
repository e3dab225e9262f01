# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""Clean where indexes stand below the index root that aren't a user's own, by
all that it is told: whatever they are, none of them goes."""

import pytest

from audit import MESSAGE, entries, json_lines, report
from cleaning import JUNK, clean, fill, removed, utility
from dovecot import Location
from imap import literal
from oracle import snapshot

# all that clean can take
USED = ["--used", "--used-age", "0", "--force"]
# a user's own location, and what another namespace has below its index root
BLOCKS = {
    "mbox": (Location("mbox", "~", inbox="mail/%u", index="index/%u"), "mbox"),
    "mdbox": (Location("maildir", "~/Maildir", layout="fs", index="index/%u"),
              "mdbox"),
    "mbox below maildir": (Location("maildir", "~/Maildir", layout="fs",
                                    index="index/%u"), "mbox"),
}
NAMESPACE = {
    "2.3": """
protocol imap {
  namespace more {
    prefix = More/
    separator = /
    location = DRIVER:@DIR@/control/%u:INDEX=@DIR@/index/%u/more
  }
}
""",
    "2.4": """
protocol imap {
  namespace more {
    prefix = More/
    separator = /
    mail_driver = DRIVER
    mail_path = @DIR@/control/%{user}
    mail_inbox_path =
    mail_index_path = @DIR@/index/%{user}/more
  }
}
"""}


@pytest.mark.parametrize("which", BLOCKS)
def test_a_namespace_in_a_protocol_block(dovecot, which):
    """doveadm doesn't see it, nor does the utility."""
    location, driver = BLOCKS[which]
    server = dovecot(location=location, extra={
        version: text.replace("DRIVER", driver)
        for version, text in NAMESPACE.items()})
    fill(server)
    with server.imap("alice") as imap:
        for box in ("More/work/plan", "More/list"):
            imap.ok("CREATE", box)
            imap.ok("APPEND", box, literal(MESSAGE))
            imap.ok("SELECT", box)
            imap.ok("STORE 1 +FLAGS (\\Flagged keyword)")
    server.restart()
    more = server.path("index/alice/more")
    before = snapshot(more)
    audit = entries(json_lines(server.doveadm(
        "mailbox-audit", "-u", "alice", "-e", "-j").stdout))
    theirs = {entry["path"]: (entry["state"], entry["reason"])
              for entry in audit.values() if entry["path"].startswith("more/")}
    assert len(theirs) == 2
    assert set(theirs.values()) == {("unknown", "other-root")}
    done = utility(server, "-a", "0", "-e", "-j", *USED, "--dry-run")
    assert done.returncode == 0, done
    assert set(entries(json_lines(done.stdout))) == set(JUNK)
    lines = clean(server, "alice", *USED)
    assert removed(lines) == set(JUNK)
    assert report(lines)["complete"]
    assert snapshot(more) == before
    with server.imap("alice") as imap:
        imap.ok("SELECT More/work/plan")
        found = imap.ok("FETCH 1 FLAGS").untagged
    assert b"\\Flagged" in found[0] and b"keyword" in found[0]
