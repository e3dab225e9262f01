# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""A mount namespace for one test.

    with own_mounts():
        bind(directory, PREFIX + "/lib/dovecot/modules")

What is mounted in it is seen by this process and by those that it starts, and
is gone afterwards."""

import contextlib
import ctypes
import os
import subprocess

CLONE_NEWNS = 0x20000
libc = ctypes.CDLL(None, use_errno=True)


def call(function, *args):
    if function(*args) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


@contextlib.contextmanager
def own_mounts():
    before, root, cwd = [os.open(path, os.O_RDONLY)
                         for path in ("/proc/self/ns/mnt", "/", ".")]
    call(libc.unshare, CLONE_NEWNS)
    try:
        subprocess.run(["mount", "--make-rprivate", "/"], check=True)
        yield
    finally:
        call(libc.setns, before, CLONE_NEWNS)
        # that led out of a chroot
        os.fchdir(root)
        os.chroot(".")
        os.fchdir(cwd)
        for fd in (before, root, cwd):
            os.close(fd)


def bind(source, target):
    subprocess.run(["mount", "--bind", source, target], check=True)
