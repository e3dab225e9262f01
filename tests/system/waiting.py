# SPDX-License-Identifier: MIT
# Copyright (c) 2026 dovecot-mailbox-audit authors

"""Waiting for what comes by itself, on a machine as busy as it may be.

    assert wait_for(lambda: os.path.exists(path))
    lines = wait_for(lambda: found(), lambda lines: len(lines) == 3)
"""

import time

# Seconds, for what takes less than one: whoever waits for so long in vain has
# found an error.
PATIENCE = 120


def wait_for(ask, enough=bool, patience=PATIENCE):
    """Asks until the answer is enough; returns it, or the last one if that
    never happens."""
    end = time.monotonic() + patience
    while not enough(answer := ask()) and time.monotonic() < end:
        time.sleep(0.02)
    return answer
