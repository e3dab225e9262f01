# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""A Dovecot that lives in the past, so that its indexes are old.

    server = Dovecot(...)              # not started
    with past(server, 20 * DAY):
        ...                            # it runs, and it is 20 days ago
    server.start()                     # it is now

What was written meanwhile below the index roots is as old as Dovecot thought.
Mails keep the times that Dovecot saw: it would take them for changed.
"""

import contextlib
import glob
import os

from dovecot import IS_24

DAY = 24 * 60 * 60


def environment(seconds):
    """Returns the variables of a program for which it is so long ago."""
    library, = glob.glob("/usr/lib/*/faketime/libfaketime.so.1")
    # only that clock, and no file's times: not all versions could do it
    return {"LD_PRELOAD": library, "FAKETIME": f"-{seconds}",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1"}


def age(top, seconds):
    """Makes the files of a tree older."""
    for directory, dirs, files in os.walk(top):
        for name in dirs + files:
            path = os.path.join(directory, name)
            status = os.stat(path)
            os.utime(path, ns=(status.st_atime_ns,
                               status.st_mtime_ns - seconds * 10 ** 9))


@contextlib.contextmanager
def past(server, seconds):
    extra = server.extra
    variables = environment(seconds)
    if IS_24:
        lines = ["import_environment {",
                 *(f"  {key} = {value}" for key, value in variables.items()),
                 "}"]
    else:
        lines = ["import_environment = TZ " + " ".join(
            f"{key}={value}" for key, value in variables.items())]
    text = extra.get("2.4" if IS_24 else "2.3", "") \
        if isinstance(extra, dict) else extra
    server.extra = "\n".join([text, *lines])
    server.start()
    try:
        yield
    finally:
        server.stop()
        server.extra = extra
    age(server.path("index"), seconds)
