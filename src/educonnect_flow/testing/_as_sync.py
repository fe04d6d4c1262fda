"""An asynchronous port for synchronous tests."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from educonnect_flow.aio import loop_in_thread

LONGEST = 120.0
"""Seconds that a call may take before the test fails."""


@contextmanager
def as_sync(port: object) -> Iterator[Any]:
    """*port* with each method called from any thread and awaited, all in one event loop of a thread of its own."""
    with loop_in_thread("educonnect_flow waited") as wait:
        yield _Waited(port, wait)


class _Waited:
    def __init__(self, port: object, wait: Callable[..., Any]) -> None:
        self._port = port
        self._wait = wait

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._port, name)

        async def called(*args: Any) -> Any:
            result = method(*args)
            return await result if inspect.isawaitable(result) else result

        return lambda *args: self._wait(called(*args), LONGEST)
