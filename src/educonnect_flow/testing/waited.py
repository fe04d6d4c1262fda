"""An asynchronous port for synchronous tests."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

LONGEST = 120.0
"""Seconds that a call may take before the test fails."""


@contextmanager
def waited(port: object) -> Iterator[Any]:
    """*port* with each method called from any thread and awaited, all in one event loop of a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="educonnect_flow waited")
    thread.start()
    try:
        yield _Waited(port, loop)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


class _Waited:
    def __init__(self, port: object, loop: asyncio.AbstractEventLoop) -> None:
        self._port = port
        self._loop = loop

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._port, name)

        async def called(*args: Any) -> Any:
            result = method(*args)
            return await result if inspect.isawaitable(result) else result

        return lambda *args: asyncio.run_coroutine_threadsafe(called(*args), self._loop).result(LONGEST)
