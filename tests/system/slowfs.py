# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""A slow file server (tests/slowfs), compiled where it is first needed:

    with slow(home, delay=1000, errors=20, seed=3) as server:
        server.path           # shows what is in home, slowly
    server.answers            # how many there were
    server.at_once            # and how many at once, at the most
"""

import contextlib
import functools
import glob
import os
import shutil
import subprocess
import tempfile
import time

import pytest

SOURCES = glob.glob(os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                 "..", "slowfs", "*.c"))


@functools.lru_cache(maxsize=None)
def program():
    """Returns the path of the compiled program. Skips the test that asks for
    it where there can't be one."""
    if not os.path.exists("/dev/fuse"):
        pytest.skip("there is no /dev/fuse")
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "fuse3"],
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if flags.returncode != 0:
        pytest.skip("libfuse3-dev isn't installed")
    top = tempfile.mkdtemp(prefix="mba-", dir="/tmp")
    path = os.path.join(os.environ["MBA_STAGE"], "slowfs")
    try:
        # several processes may run tests
        subprocess.run(["cc", "-Wall", "-Wextra", "-Werror", "-O2", "-o",
                        top + "/slowfs", *SOURCES,
                        *flags.stdout.decode().split()], check=True)
        shutil.copy(top + "/slowfs", f"{path}.{os.getpid()}")
        os.rename(f"{path}.{os.getpid()}", path)
    finally:
        shutil.rmtree(top)
    return path


class Slow:
    path = process = None
    answers = at_once = 0


@contextlib.contextmanager
def slow(source, at=None, nocache=False, fold=False, **options):
    """Shows a directory slowly, to everybody, with the permissions that it
    has; at is a directory to show it in."""
    server = Slow()
    words = [f"{key}={value}" for key, value in options.items()]
    with tempfile.TemporaryDirectory(prefix="mba-", dir="/tmp") as top:
        os.chmod(top, 0o755)
        server.path = at or os.path.join(top, "mail")
        os.makedirs(server.path, exist_ok=True)
        words += ["nocache"] if nocache else []
        words += ["fold"] if fold else []
        process = server.process = subprocess.Popen([
            program(), source, server.path, "-f", "-o",
            ",".join(["allow_other", "default_permissions", "count=" + top +
                      "/count", *words])])
        try:
            while not os.path.ismount(server.path):
                assert process.poll() is None
                time.sleep(0.01)
            yield server
        finally:
            subprocess.run(["umount", server.path], check=False)
            process.wait()
        # a test may have killed it
        if process.returncode == 0:
            with open(top + "/count", encoding="ascii") as file:
                server.answers, server.at_once = map(int, file.read().split())
