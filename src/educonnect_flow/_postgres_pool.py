"""Connections to PostgreSQL through psycopg 3 and its pool (extra ``postgres``), for stores and directories."""

from __future__ import annotations

import re
import time
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg_pool import AsyncConnectionPool, ConnectionPool

T = TypeVar("T")

_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")

GRACE = 1.0
"""Seconds beyond ``timeout`` after which a server that says nothing at all is given up."""


_ISOLATION = "-c default_transaction_isolation=read\\ committed"


def _options(timeout: float) -> dict[str, Any]:
    """How every connection is made: the server lets nothing wait for longer than *timeout* seconds."""
    milliseconds = int(timeout * 1000)
    return {
        "autocommit": True,
        "connect_timeout": max(2, round(timeout)),
        "options": f"-c statement_timeout={milliseconds} -c lock_timeout={milliseconds} {_ISOLATION}",
    }


class _Silent(psycopg.OperationalError):
    """No answer in time; or, whoever waited waits no longer."""


def _until(step: PQGen[T], end: float) -> PQGen[T]:
    """*step* of a conversation with the server, given up at *end*.

    The server's own time-out does not end a commit's wait for its standby, and no time-out of a server that cannot be
    reached arrives.  The connection is then closed and not cancelled: a commit that is cancelled while it waits is
    shown to others without its standby having it.
    """
    try:
        wanted = next(step)
        while True:
            ready = yield wanted
            if not ready and time.monotonic() >= end:
                raise _Silent("no answer in time")
            wanted = step.send(ready)
    except StopIteration as over:
        value: T = over.value
        return value


class _Connection(psycopg.Connection[Any]):
    longest: float

    def wait(self, gen: PQGen[T], *args: Any, **kwargs: Any) -> T:
        try:
            return super().wait(_until(gen, time.monotonic() + self.longest), *args, **kwargs)
        except _Silent:
            self.close()
            raise


class _AsyncConnection(psycopg.AsyncConnection[Any]):
    longest: float

    async def wait(self, gen: PQGen[T], *args: Any, **kwargs: Any) -> T:
        try:
            return await super().wait(_until(gen, time.monotonic() + self.longest), *args, **kwargs)
        except _Silent:
            await self.close()
            raise


def connections(conninfo: str, size: int, timeout: float) -> ConnectionPool[Any]:
    """A pool, not open yet: at most *size* connections, of which no call takes longer than twice *timeout* seconds and
    a little.
    """
    return ConnectionPool(
        conninfo,
        connection_class=type("_Connection", (_Connection,), {"longest": timeout + GRACE}),
        kwargs=_options(timeout),
        min_size=1,
        max_size=size,
        timeout=timeout,
        open=False,
    )


def async_connections(conninfo: str, size: int, timeout: float) -> AsyncConnectionPool[Any]:
    """``connections``, awaited; to be made in the event loop."""
    return AsyncConnectionPool(
        conninfo,
        connection_class=type("_AsyncConnection", (_AsyncConnection,), {"longest": timeout + GRACE}),
        kwargs=_options(timeout),
        min_size=1,
        max_size=size,
        timeout=timeout,
        open=False,
    )


def unbounded(timeout: float) -> dict[str, Any]:
    """How a connection is made on which a statement may take as long as it needs: to bring tables up to date."""
    return {**_options(timeout), "options": _ISOLATION}


def checked_schema(schema: str) -> str:
    """*schema*, when it is a name that needs no quotes.

    :raises ValueError: when it is not.
    """
    if not _NAME.fullmatch(schema):
        raise ValueError("schema must be a plain lower-case name")
    return schema
