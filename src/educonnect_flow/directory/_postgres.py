"""School records in PostgreSQL (extra ``postgres``; ``records`` to import into it)."""

from __future__ import annotations

import itertools
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg_pool import AsyncConnectionPool

from educonnect_flow._postgres_pool import async_connections, checked_schema, connections
from educonnect_flow.directory._tables import (
    ADDED,
    DROPPED,
    FIND,
    FORGET,
    GUARDIANS,
    RECORDS,
    TABLES,
    asked_for,
    guardians_of,
)
from educonnect_flow.people import Guardian, Relation

if TYPE_CHECKING:
    from educonnect_flow.directory.report import Report
    from educonnect_flow.exports.reading import Export
    from educonnect_flow.validators import Validators


def _terms(schema: str) -> Mapping[str, str]:
    return {"s": f"{checked_schema(schema)}.", "clustered": "", "random": "replace(gen_random_uuid()::text, '-', '')"}


_AMONG = "= ANY(?)"


def _marked(sql: str) -> Any:
    """*sql* with psycopg's marks; it holds no other ``%`` and no other ``?``."""
    return sql.replace("%", "%%").replace("?", "%s")


class PostgresDirectory:
    """``SqliteDirectory`` for many machines: guardians found by mobile in one indexed look-up.

    Readers see a school's records as they were, or as they are after an import: never half of it.

    :param conninfo: as libpq takes it.
    :param schema: the schema that holds the tables; made when missing.
    :param pool: connections at most.
    :param timeout: seconds, for a connection out of the pool and for each look-up; an import takes as long as it takes.
    :raises psycopg.Error: here and in each method, when the server does not answer; a flow makes ``PortUnavailable`` of
        it.
    """

    def __init__(
        self, conninfo: str, *, schema: str = "educonnect_records", pool: int = 10, timeout: float = 5.0
    ) -> None:
        self._schema = schema
        self._conninfo = conninfo
        terms = _terms(schema)
        self._find = _marked(FIND.format(**terms))
        self._guardians = _marked(GUARDIANS.format(**terms, among=_AMONG))
        with psycopg.connect(conninfo, connect_timeout=max(2, round(timeout))) as connection:
            # Many may open it at once; an index has its name within the schema.
            connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"{schema}:create",))
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}".encode())
            row = connection.execute("SELECT to_regclass(%s) IS NULL", (f"{schema}.guardian_id",)).fetchone()
            if row is not None and row[0]:  # not made yet, or by an earlier version; else nothing is locked
                for table, column, what in ADDED:
                    connection.execute(
                        f"ALTER TABLE IF EXISTS {schema}.{table} ADD COLUMN IF NOT EXISTS {column} {what}".encode()
                    )
                for statement in (DROPPED, *TABLES):
                    connection.execute(statement.format(**terms).encode())
        self._pool = connections(conninfo, pool, timeout)
        self._pool.open()

    def __repr__(self) -> str:
        return f"PostgresDirectory(schema={self._schema!r})"

    def find(self, mobile: str) -> tuple[Guardian, ...]:
        """See ``Directory``."""
        if "\x00" in mobile:  # which no text of PostgreSQL holds
            return ()
        with self._pool.connection() as connection:
            return guardians_of(connection.execute(self._find, (mobile,)).fetchall())

    def guardians(self, ids: Sequence[str]) -> tuple[Guardian, ...]:
        """See ``Directory``."""
        with self._pool.connection() as connection:
            return guardians_of(connection.execute(self._guardians, (asked_for(ids),)).fetchall())

    def replace(
        self,
        export: Export,
        *,
        relation: Relation | None = None,
        today: date | None = None,
        dry_run: bool = False,
        validators: Validators | None = None,
        anyway: bool = False,
    ) -> Report:
        """See ``SqliteDirectory.replace``.

        :raises ExportError: nothing is changed.
        """
        from educonnect_flow.directory._records import imported

        with psycopg.connect(self._conninfo, autocommit=True) as connection:
            rows = _Rows(connection, _terms(self._schema))

            @contextmanager
            def placing() -> Iterator[None]:
                with connection.transaction():
                    # One at a time: two schools at once would give one new parent two ids.
                    rows.execute("SELECT pg_advisory_xact_lock(hashtextextended(?, 0))", (f"{self._schema}:import",))
                    yield

            report = imported(
                export, rows, placing, relation=relation, today=today, dry_run=dry_run, validators=validators,
                anyway=anyway,
            )  # fmt: skip
            if not dry_run:  # a look-up before the server's own next turn would be planned for empty tables
                for table in RECORDS:
                    connection.execute(f"ANALYZE {self._schema}.{table}".encode())
            return report

    def forget(self, before: date) -> int:
        """See ``SqliteDirectory.forget``."""
        day = before.isoformat()
        with psycopg.connect(self._conninfo) as connection:
            statements = [_marked(sql.format(**_terms(self._schema))) for sql in FORGET]
            return sum(connection.execute(sql, (day, day)).rowcount for sql in statements)

    def close(self) -> None:
        """Give back the connections."""
        self._pool.close()


class AsyncPostgresDirectory:
    """``PostgresDirectory``'s look-ups, awaited; the tables are those of a ``PostgresDirectory`` of the same schema.

    :param conninfo: as libpq takes it.
    """

    def __init__(
        self, conninfo: str, *, schema: str = "educonnect_records", pool: int = 10, timeout: float = 5.0
    ) -> None:
        self._schema = schema
        self._find = _marked(FIND.format(**_terms(schema)))
        self._guardians = _marked(GUARDIANS.format(**_terms(schema), among=_AMONG))
        self._made = partial(async_connections, conninfo, pool, timeout)
        self._pool: AsyncConnectionPool[Any] | None = None

    def __repr__(self) -> str:
        return f"AsyncPostgresDirectory(schema={self._schema!r})"

    async def find(self, mobile: str) -> tuple[Guardian, ...]:
        """See ``Directory``."""
        return () if "\x00" in mobile else await self._rows(self._find, mobile)

    async def guardians(self, ids: Sequence[str]) -> tuple[Guardian, ...]:
        """See ``Directory``."""
        return await self._rows(self._guardians, asked_for(ids))

    async def _rows(self, sql: Any, value: object) -> tuple[Guardian, ...]:
        if self._pool is None:
            self._pool = self._made()
        await self._pool.open()  # once, however many come first
        async with self._pool.connection() as connection:
            return guardians_of(await (await connection.execute(sql, (value,))).fetchall())

    async def close(self) -> None:
        """Give back the connections."""
        if self._pool is not None:
            await self._pool.close()


class _Rows:
    def __init__(self, connection: psycopg.Connection[Any], terms: Mapping[str, str]) -> None:
        self.terms: Mapping[str, str] = terms
        self._connection = connection
        self._names = (f"rows{number}" for number in itertools.count())

    def execute(self, sql: str, values: Sequence[Any] = ()) -> None:
        self._connection.execute(_marked(sql), values)

    def load(self, table: str, rows: Sequence[Sequence[Any]]) -> None:
        with self._connection.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN".encode()) as copy:
            for row in rows:
                copy.write_row(row)

    def first(self, sql: str, values: Sequence[Any] = ()) -> tuple[Any, ...] | None:
        return self._connection.execute(_marked(sql), values).fetchone()

    def rows(self, sql: str, values: Sequence[Any] = ()) -> Generator[tuple[Any, ...]]:
        with self._connection.cursor(next(self._names)) as cursor:
            cursor.itersize = 2_000
            yield from cursor.execute(_marked(sql), values)

    def loaded(self) -> None:
        for table in ("i_person", "i_number", "i_pupil", "i_link"):
            self._connection.execute(f"ANALYZE {table}".encode())
