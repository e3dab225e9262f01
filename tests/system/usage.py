# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""Runs mailbox-usage."""

import json
import os
import re
import shutil
import subprocess

TOOL = shutil.which("mailbox-usage")
# nothing, or what --ignore-others tells
IGNORED = r"(?:mailbox-usage: (\d+) lines of other programs .* ignored\n)?"
ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC", "PATH": os.environ["PATH"]}


def encode(data):
    return data.encode(errors="surrogateescape") if isinstance(data, str) \
        else data


def run(*args, input=b"", status=0):
    """Runs it with an input: text, bytes or an open file."""
    given = {"stdin": input} if hasattr(input, "fileno") else \
        {"input": encode(input)}
    result = subprocess.run([TOOL, *args], **given,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            env=ENVIRONMENT)
    assert status in (None, result.returncode), result.stderr
    if status == 0:
        assert re.fullmatch(IGNORED, result.stderr.decode())
    return result


def summary(*args, input=b"", status=0):
    return json.loads(run("--json", *args, input=input, status=status).stdout)


def mailboxes(result):
    return {user["user"]: {box["mailbox"]: box["commands"]
                           for box in user["mailboxes"]}
            for user in result["users"]}
