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
"""Seconds after ``timeout`` until a connection to a silent server is closed."""


_ISOLATION = "-c default_transaction_isolation=read\\ committed"


def _options(timeout: float) -> dict[str, Any]:
    """The parameters of every connection: the server ends a statement or a wait for a lock after *timeout* seconds."""
    milliseconds = int(timeout * 1000)
    return {
        "autocommit": True,
        "connect_timeout": max(2, round(timeout)),
        "options": f"-c statement_timeout={milliseconds} -c lock_timeout={milliseconds} {_ISOLATION}",
    }


class _Silent(psycopg.OperationalError):
    """The server did not answer within the time limit, or the caller was cancelled."""


def _until(step: PQGen[T], end: float) -> PQGen[T]:
    """Run *step* of the protocol, until the time *end* at most.

    The server's own time-out does not end a commit's wait for its standby, and the time-out of an unreachable server
    never arrives.  The connection is then closed, not cancelled: a commit that is cancelled during this wait becomes
    visible although the standby does not have it.
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
    """A pool, not open yet, of at most *size* connections.  No call takes much longer than twice *timeout* seconds."""
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
    """The async twin of ``connections``; call it in the event loop."""
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
    """The parameters of a connection without time limits, for migrations of the tables."""
    return {**_options(timeout), "options": _ISOLATION}


def checked_schema(schema: str) -> str:
    """Return *schema*.

    :raises ValueError: when it is not a name that needs no quotes.
    """
    if not _NAME.fullmatch(schema):
        raise ValueError("schema must be a plain lower-case name")
    return schema
