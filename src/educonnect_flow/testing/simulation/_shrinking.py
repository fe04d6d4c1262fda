"""A trace made short: choices are left out for as long as the same promise is broken."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def shortened(trace: list[T], broken: Callable[[list[T]], bool], seconds: float = 20.0) -> list[T]:
    """The shortest trace found within *seconds* that is still *broken*: halves are left out first, then ever smaller
    parts (Zeller's ddmin), until no single choice can be.
    """
    end, size = time.monotonic() + seconds, max(1, len(trace) // 2)
    while trace:
        at, shorter = len(trace), False
        while at > 0 and time.monotonic() < end:
            start = max(0, at - size)
            candidate = trace[:start] + trace[at:]
            if broken(candidate):
                trace, shorter = candidate, True
            at = start
        if time.monotonic() >= end or (size == 1 and not shorter):
            return trace
        size = max(1, size // 2)
    return trace
