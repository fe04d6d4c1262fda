"""A store on the host's own database: the statements of the other SQL stores, over Django's connection."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, Error, IntegrityError, connections, transaction

from educonnect_flow.errors import StoreUnavailable, WrongUse
from educonnect_flow.records import AuditEntry, Commit, CommitResult, Lease, Leased, Loaded, Record, Ref, Settled
from educonnect_flow.stores._postgres_queries import TRIES, Queries, Query
from educonnect_flow.stores._sqlite_queries import Execute, Refused, SqliteQueries
from educonnect_flow.tally import Tally

T = TypeVar("T")

PREFIX = "educonnect_flow_"
"""Of the tables of the models, and of the functions that a migration makes on PostgreSQL."""


UNIQUE = "23505"
"""What PostgreSQL says when a unique constraint is violated."""


class DjangoStore:
    """Everything in the tables of ``educonnect_flow.contrib.django.models``; on SQLite or PostgreSQL.

    Every commit is a transaction of its own: within another one it is refused (``WrongUse``), for nothing may be
    answered before it is durable.  Only the database can limit the duration of a call: on PostgreSQL set
    ``connect_timeout`` and ``statement_timeout`` in ``OPTIONS``.  On SQLite deleted data is overwritten only with
    ``"init_command": "PRAGMA secure_delete=ON"``.

    :param using: the alias in ``DATABASES``.
    """

    def __init__(self, using: str = DEFAULT_DB_ALIAS) -> None:
        self._using = using
        self._sqlite, self._postgres = SqliteQueries(PREFIX, "%s"), Queries(PREFIX)

    def __repr__(self) -> str:
        return f"DjangoStore({self._using!r})"

    # --- the connection ----------------------------------------------------------------------------

    @property
    def _on_postgres(self) -> bool:
        return bool(connections[self._using].vendor == "postgresql")

    @contextmanager
    def _cursor(self) -> Iterator[Any]:
        try:
            with connections[self._using].cursor() as cursor:
                yield cursor
        except IntegrityError:
            raise  # for the caller
        except Error as error:
            connections[self._using].close_if_unusable_or_obsolete()  # the next call opens another
            kind = type(error.__cause__ or error).__name__
            # PostgreSQL quotes values in the text of an error.
            text = kind if self._on_postgres else f"{kind}: {error}"
            raise StoreUnavailable(f"{self._using}: {text}") from error

    @contextmanager
    def _committing(self, *, begin: bool) -> Iterator[None]:
        """What is written within is committed at the end, and not by another transaction around it.

        :param begin: several statements are one transaction; else there is only one, which commits itself.
        """
        connection = connections[self._using]
        by_hand = connection.connection is not None and not connection.autocommit and not connection.in_atomic_block
        if by_hand or not connection.settings_dict["AUTOCOMMIT"]:
            raise WrongUse(
                "DjangoStore commits by itself: it needs AUTOCOMMIT in DATABASES, and no set_autocommit(False)"
            )
        if not begin and not connection.in_atomic_block:
            yield
            return
        with ExitStack() as stack:
            try:
                stack.enter_context(transaction.atomic(using=self._using, durable=True))
            except RuntimeError as error:
                raise WrongUse(
                    "DjangoStore commits by itself, and cannot within another transaction: with ATOMIC_REQUESTS, mark "
                    "your view with transaction.non_atomic_requests"
                ) from error
            yield

    @contextmanager
    def _reading(self) -> Iterator[Execute]:
        with self._cursor() as cursor:
            yield _executing(cursor)

    @contextmanager
    def _writing(self) -> Iterator[Execute]:
        with self._cursor() as cursor, self._committing(begin=True):
            yield _executing(cursor)

    def _ask(self, query: Query[T]) -> T:
        with self._cursor() as cursor:
            cursor.execute(query.sql, query.values)
            return query.read(cursor.fetchall() if cursor.description is not None else [])

    def _do(self, query: Query[T]) -> T:
        with self._committing(begin=False):
            return self._ask(query)

    def close(self) -> None:
        """See ``Store``: the connection of this thread; Django keeps those of the others."""
        connections[self._using].close()

    # --- runs and records --------------------------------------------------------------------------

    def load(self, handle: str, requests: Sequence[str] = (), refs: Sequence[Ref] = ()) -> Loaded | None:
        """See ``Store``."""
        if self._on_postgres:
            return self._ask(self._postgres.load(handle, requests, refs))
        with self._reading() as execute:
            return self._sqlite.load(execute, handle, requests, refs)

    def find(self, refs: Sequence[Ref]) -> tuple[Record, ...]:
        """See ``Store``."""
        if self._on_postgres:
            return self._ask(self._postgres.find(refs))
        with self._reading() as execute:
            return self._sqlite.find(execute, refs)

    def commit(self, commit: Commit) -> CommitResult:
        """See ``Store``."""
        if self._on_postgres:
            return self._repeated(lambda: self._do(self._postgres.commit(commit)))
        try:
            with self._writing() as execute:
                return self._sqlite.commit(execute, commit)
        except Refused as refused:
            return refused.receipt
        except IntegrityError as error:
            raise StoreUnavailable(f"{self._using}: {type(error).__name__}") from error

    def _repeated(self, commit: Callable[[], CommitResult]) -> CommitResult:
        for _ in range(TRIES):
            try:
                return commit()
            except IntegrityError as error:
                if getattr(error.__cause__, "sqlstate", UNIQUE) != UNIQUE:
                    raise StoreUnavailable(f"{self._using}: {type(error.__cause__).__name__}") from error
                continue  # another commit was first, in the same instant: now the function finds what it wrote
        raise StoreUnavailable(f"{self._using}: too many others write the same at once")

    # --- the outbox --------------------------------------------------------------------------------

    def lease(self, lease: Lease) -> Leased | None:
        """See ``Store``."""
        if self._on_postgres:
            return self._do(self._postgres.lease(lease))
        with self._reading() as execute:
            if not self._sqlite.is_due(execute, lease.now):
                return None
        with self._writing() as execute:
            return self._sqlite.lease(execute, lease)

    def settle(self, message: str, audit: AuditEntry | None = None, lease: Lease | None = None) -> Settled:
        """See ``Store``."""
        if self._on_postgres:
            return self._do(self._postgres.settle(message, audit, lease))
        with self._writing() as execute:
            return self._sqlite.settle(execute, message, audit, lease)

    def release(self, message: str, attempts: int, due_at: datetime) -> None:
        """See ``Store``."""
        if self._on_postgres:
            self._do(self._postgres.release(message, attempts, due_at))
            return
        with self._writing() as execute:
            self._sqlite.release(execute, message, attempts, due_at)

    # --- counters ----------------------------------------------------------------------------------

    def spend(self, key: str, now: datetime, until: datetime) -> bool:
        """See ``Store``."""
        if self._on_postgres:
            return self._do(self._postgres.spend(key, now, until))
        with self._writing() as execute:
            return self._sqlite.spend(execute, key, now, until)

    def spent(self, key: str, now: datetime) -> bool:
        """See ``Store``."""
        if self._on_postgres:
            return self._ask(self._postgres.spent(key, now))
        with self._reading() as execute:
            return self._sqlite.spent(execute, key, now)

    def tally(self, kind: str, key: str) -> Tally:
        """See ``Store``."""
        if self._on_postgres:
            return self._ask(self._postgres.tally(kind, key))
        with self._reading() as execute:
            return self._sqlite.tally(execute, kind, key)

    # --- retention and the audit trail -------------------------------------------------------------

    def purge(self, now: datetime, limit: int) -> int:
        """See ``Store``."""
        if self._on_postgres:
            return self._do(self._postgres.purge(now, limit))
        with self._writing() as execute:
            return self._sqlite.purge(execute, now, limit)

    def trail(self, run: str) -> tuple[AuditEntry, ...]:
        """See ``Store``."""
        if self._on_postgres:
            return self._ask(self._postgres.trail(run))
        with self._reading() as execute:
            return self._sqlite.trail(execute, run)

    def entries(self, after: int, limit: int) -> tuple[tuple[int, AuditEntry], ...]:
        """See ``Store``."""
        if self._on_postgres:  # under a lock, which a transaction around it would keep
            return self._do(self._postgres.entries(after, limit))
        with self._reading() as execute:
            return self._sqlite.entries(execute, after, limit)


def _executing(cursor: Any) -> Execute:
    def execute(query: str, values: Sequence[Any]) -> Any:
        cursor.execute(query, values)
        return cursor

    return execute
