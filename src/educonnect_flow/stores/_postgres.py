"""The store for hosts that outgrow one machine: PostgreSQL through psycopg 3 and its pool (extra ``postgres``).

Two classes, one for each kind of flow; what they ask is in ``postgres_queries``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

import psycopg
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from educonnect_flow._postgres_pool import async_connections, connections, unbounded
from educonnect_flow.errors import StoreUnavailable
from educonnect_flow.records import AuditEntry, Commit, CommitResult, Lease, Leased, Loaded, Record, Ref, Settled
from educonnect_flow.stores._postgres_queries import TRIES, Queries, Query, unavailable
from educonnect_flow.stores._postgres_schema import create, versions
from educonnect_flow.tally import Tally

T = TypeVar("T")


class PostgresStore:
    """Any number of machines over one PostgreSQL (14 or newer).

    Every call is one round trip.  What was answered survives a crash of the server; it survives the loss of the
    server when a synchronous standby takes over (``synchronous_commit = on`` and ``synchronous_standby_names`` set).
    Deleted rows stay in the files until the server's vacuum, and in its write-ahead log and backups for as long as
    those are kept.

    :param conninfo: as libpq takes it.
    :param schema: the schema that holds the tables; made when missing.
    :param pool: connections at most.
    :param timeout: seconds, for a connection out of the pool and for each statement; no call takes longer than twice
        that and a little.
    :raises StoreUnavailable: when the server cannot be reached, or holds a newer schema.
    """

    def __init__(self, conninfo: str, *, schema: str = "educonnect_flow", pool: int = 10, timeout: float = 5.0) -> None:
        self._schema, self._queries = schema, Queries(f"{schema}.")
        made = create(schema)
        self._pool = connections(conninfo, pool, timeout)
        try:
            self._pool.open()
            with self._pool.connection() as connection:
                newest = all(connection.execute(query).fetchone() == (True,) for query in versions(schema))
            if not newest:  # it may take long, and others wait for it
                with psycopg.connect(conninfo, **unbounded(timeout)) as own:
                    own.execute(made)
        except (psycopg.Error, PoolTimeout) as error:
            self._pool.close()
            raise unavailable(error) from error

    def __repr__(self) -> str:
        return f"PostgresStore(schema={self._schema!r})"

    def _run(self, query: Query[T]) -> T:
        try:
            with self._pool.connection() as connection:
                cursor = connection.execute(query.sql, query.values)
                return query.read(cursor.fetchall() if cursor.description is not None else [])
        except (psycopg.Error, PoolTimeout) as error:
            raise unavailable(error) from error

    def load(self, handle: str, requests: Sequence[str] = (), refs: Sequence[Ref] = ()) -> Loaded | None:
        """See ``Store``."""
        return self._run(self._queries.load(handle, requests, refs))

    def find(self, refs: Sequence[Ref]) -> tuple[Record, ...]:
        """See ``Store``."""
        return self._run(self._queries.find(refs))

    def commit(self, commit: Commit) -> CommitResult:
        """See ``Store``."""
        query = self._queries.commit(commit)
        for _ in range(TRIES):
            try:
                with self._pool.connection() as connection:
                    return query.read(connection.execute(query.sql, query.values).fetchall())
            except psycopg.errors.UniqueViolation:
                continue  # another commit came first at the same instant: now the function finds what it wrote
            except (psycopg.Error, PoolTimeout) as error:
                raise unavailable(error) from error
        raise StoreUnavailable("PostgreSQL: too many others write the same at once")

    def lease(self, lease: Lease) -> Leased | None:
        """See ``Store``."""
        return self._run(self._queries.lease(lease))

    def settle(self, message: str, audit: AuditEntry | None = None, lease: Lease | None = None) -> Settled:
        """See ``Store``."""
        return self._run(self._queries.settle(message, audit, lease))

    def release(self, message: str, attempts: int, due_at: datetime) -> None:
        """See ``Store``."""
        self._run(self._queries.release(message, attempts, due_at))

    def spend(self, key: str, now: datetime, until: datetime) -> bool:
        """See ``Store``."""
        return self._run(self._queries.spend(key, now, until))

    def spent(self, key: str, now: datetime) -> bool:
        """See ``Store``."""
        return self._run(self._queries.spent(key, now))

    def tally(self, kind: str, key: str) -> Tally:
        """See ``Store``."""
        return self._run(self._queries.tally(kind, key))

    def purge(self, now: datetime, limit: int) -> int:
        """See ``Store``."""
        return self._run(self._queries.purge(now, limit))

    def trail(self, run: str) -> tuple[AuditEntry, ...]:
        """See ``Store``."""
        return self._run(self._queries.trail(run))

    def entries(self, after: int, limit: int) -> tuple[tuple[int, AuditEntry], ...]:
        """See ``Store``."""
        return self._run(self._queries.entries(after, limit))

    def close(self) -> None:
        """See ``Store``."""
        self._pool.close()


class AsyncPostgresStore:
    """``PostgresStore``, awaited; same parameters.  Connects, and makes the schema, at the first call."""

    def __init__(self, conninfo: str, *, schema: str = "educonnect_flow", pool: int = 10, timeout: float = 5.0) -> None:
        self._schema, self._queries = schema, Queries(f"{schema}.")
        self._create, self._conninfo, self._timeout = create(schema), conninfo, timeout
        self._made = partial(async_connections, conninfo, pool, timeout)
        self._pool: AsyncConnectionPool[Any] | None = None
        self._opening: asyncio.Task[AsyncConnectionPool[Any]] | None = None

    def __repr__(self) -> str:
        return f"AsyncPostgresStore(schema={self._schema!r})"

    async def _opened(self) -> AsyncConnectionPool[Any]:
        """The pool.  However many come first, it is opened once, and all wait for that."""
        if self._pool is None:
            opening = self._opening = self._opening or asyncio.create_task(self._open())
            try:
                self._pool = await asyncio.shield(opening)
            finally:
                if self._opening is opening and opening.done():
                    self._opening = None
        return self._pool

    async def _open(self) -> AsyncConnectionPool[Any]:
        pool = self._made()
        try:
            await pool.open()
            async with pool.connection() as connection:
                newest = True
                for query in versions(self._schema):
                    newest = newest and await (await connection.execute(query)).fetchone() == (True,)
            if not newest:  # as in PostgresStore
                async with await psycopg.AsyncConnection.connect(self._conninfo, **unbounded(self._timeout)) as own:
                    await own.execute(self._create)
        except BaseException:
            await pool.close()
            raise
        return pool

    async def _asked(self, query: Query[T]) -> T:
        pool = await self._opened()
        async with pool.connection() as connection:
            cursor = await connection.execute(query.sql, query.values)
            return query.read(await cursor.fetchall() if cursor.description is not None else [])

    async def _run(self, query: Query[T]) -> T:
        # A cancelled caller stops waiting, but the statement continues: see _until.
        try:
            return await asyncio.shield(self._asked(query))
        except (psycopg.Error, PoolTimeout) as error:
            raise unavailable(error) from error

    async def load(self, handle: str, requests: Sequence[str] = (), refs: Sequence[Ref] = ()) -> Loaded | None:
        """See ``Store``."""
        return await self._run(self._queries.load(handle, requests, refs))

    async def find(self, refs: Sequence[Ref]) -> tuple[Record, ...]:
        """See ``Store``."""
        return await self._run(self._queries.find(refs))

    async def commit(self, commit: Commit) -> CommitResult:
        """See ``Store``."""
        query = self._queries.commit(commit)
        for _ in range(TRIES):
            try:
                return await asyncio.shield(self._asked(query))
            except psycopg.errors.UniqueViolation:
                continue  # as in PostgresStore
            except (psycopg.Error, PoolTimeout) as error:
                raise unavailable(error) from error
        raise StoreUnavailable("PostgreSQL: too many others write the same at once")

    async def lease(self, lease: Lease) -> Leased | None:
        """See ``Store``."""
        return await self._run(self._queries.lease(lease))

    async def settle(self, message: str, audit: AuditEntry | None = None, lease: Lease | None = None) -> Settled:
        """See ``Store``."""
        return await self._run(self._queries.settle(message, audit, lease))

    async def release(self, message: str, attempts: int, due_at: datetime) -> None:
        """See ``Store``."""
        await self._run(self._queries.release(message, attempts, due_at))

    async def spend(self, key: str, now: datetime, until: datetime) -> bool:
        """See ``Store``."""
        return await self._run(self._queries.spend(key, now, until))

    async def spent(self, key: str, now: datetime) -> bool:
        """See ``Store``."""
        return await self._run(self._queries.spent(key, now))

    async def tally(self, kind: str, key: str) -> Tally:
        """See ``Store``."""
        return await self._run(self._queries.tally(kind, key))

    async def purge(self, now: datetime, limit: int) -> int:
        """See ``Store``."""
        return await self._run(self._queries.purge(now, limit))

    async def trail(self, run: str) -> tuple[AuditEntry, ...]:
        """See ``Store``."""
        return await self._run(self._queries.trail(run))

    async def entries(self, after: int, limit: int) -> tuple[tuple[int, AuditEntry], ...]:
        """See ``Store``."""
        return await self._run(self._queries.entries(after, limit))

    async def close(self) -> None:
        """See ``Store``."""
        if self._pool is not None:
            await self._pool.close()
