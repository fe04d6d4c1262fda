"""Work in a forked child."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

LONGEST = 60.0
"""Seconds after which a child is ended."""


def fork(work: Callable[[], bool]) -> int:
    """Fork and do *work* in the child, whose process id is returned."""
    pid = os.fork()
    if pid == 0:  # pragma: no cover - the child
        status = 2
        try:
            status = 0 if work() else 1
        finally:
            os._exit(status)
    return pid


def status_of(pid: int) -> int:
    """Wait for a child, and return its exit status: 0 when its work returned True; negative when it was ended."""
    end, done, status = time.monotonic() + LONGEST, 0, 0
    while not done:
        done, status = os.waitpid(pid, os.WNOHANG)
        if not done and time.monotonic() > end:
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.005)
    return os.waitstatus_to_exitcode(status)


def in_child(work: Callable[[], bool]) -> int:
    """Do *work* in a forked child, and return its exit status: see ``status_of``."""
    return status_of(fork(work))
