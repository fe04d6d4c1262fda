"""A store in one SQLite file: the embedded default."""

from __future__ import annotations

import os
import random
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

from educonnect_flow._sqlite_file import SqliteFile, begun
from educonnect_flow.errors import StoreUnavailable
from educonnect_flow.records import AuditEntry, Commit, CommitResult, Lease, Leased, Loaded, Record, Ref, Settled
from educonnect_flow.stores._sqlite_queries import Refused, SqliteQueries
from educonnect_flow.stores._sqlite_schema import SCHEMA, STEPS
from educonnect_flow.tally import Tally

T = TypeVar("T")

# Several threads share a connection, one at a time, and each transaction is begun by hand.
_SHARED: dict[str, Any] = {"isolation_level": None, "check_same_thread": False}


class SqliteStore(SqliteFile):
    """One file, for any number of threads and a few processes of one machine.

    Write-ahead log with ``synchronous=FULL``: what was answered survives the end of the process and a loss of
    power, as far as the disk keeps its word.  Deleted data is overwritten (``secure_delete``).  It does not
    survive the loss of the file: a file has no standby.

    SQLite lets one writer in at a time; its own busy handler backs off to 100 ms and can starve a process for
    seconds.  So the threads of a process queue for a lock, and processes ask again after less than a millisecond.

    :param path: the file; made when missing.  Its folder must exist.
    :param timeout: seconds to wait for other writers before
        ``StoreUnavailable``.
    :raises StoreUnavailable: when the file cannot be opened, is no such file, or was written by a newer version.
    """

    def __init__(self, path: str | os.PathLike[str], *, timeout: float = 10.0) -> None:
        if os.fspath(path) == ":memory:":
            raise ValueError("SqliteStore needs a file; for a store in memory take MemoryStore")
        self._path = Path(path).absolute()
        self._timeout = timeout
        self._write_lock, self._read_lock = Lock(), Lock()
        self._writer: sqlite3.Connection | None = None
        self._reader: sqlite3.Connection | None = None
        self._closed = False
        self._queries = SqliteQueries()
        with self._transaction():
            pass
        super().__init__(self._write_lock, self._read_lock)

    def __repr__(self) -> str:
        return f"SqliteStore({self._path.name!r})"

    # --- connections -------------------------------------------------------------------------------

    def _open_writer(self) -> sqlite3.Connection:
        """The writer's connection, under its lock: opened when there is none, and the tables made."""
        if self._writer is None:
            if self._closed:
                raise StoreUnavailable(f"{self._path.name} is closed")
            try:
                os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))  # readable by this user only
                writer = sqlite3.connect(self._path, timeout=0.0, **_SHARED)
                try:
                    self._patiently(lambda: self._prepare(writer), time.monotonic() + self._timeout)
                except BaseException:
                    writer.close()
                    raise
            except (sqlite3.Error, OSError, StoreUnavailable) as error:
                raise StoreUnavailable(f"cannot open {self._path.name}: {error}") from error
            self._writer = writer
        return self._writer

    def _open_reader(self) -> sqlite3.Connection:
        """The reader's connection, under its lock."""
        if self._reader is None:
            if self._closed:
                raise StoreUnavailable(f"{self._path.name} is closed")
            self._reader = sqlite3.connect(self._path, timeout=self._timeout, **_SHARED)
        return self._reader

    def _prepare(self, db: sqlite3.Connection) -> None:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        db.execute("PRAGMA secure_delete=ON")
        with begun(db):
            (version,) = db.execute("PRAGMA user_version").fetchone()
            if version > SCHEMA:
                raise StoreUnavailable(f"it has tables of version {version}; this library knows up to {SCHEMA}")
            if version < SCHEMA:
                for statement in ";\n".join(STEPS[version:]).split(";\n"):
                    db.execute(statement)
                db.execute(f"PRAGMA user_version={SCHEMA}")

    def _patiently(self, step: Callable[[], object], end: float) -> None:
        """Do *step* as soon as no other process writes, and until *end*."""
        while True:
            try:
                step()
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                    raise
                time.sleep(random.uniform(0.0001, 0.001))  # noqa: S311 - a jitter
            else:
                return

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """The writer's connection, for this thread alone."""
        if not self._write_lock.acquire(timeout=self._timeout):
            raise StoreUnavailable("too many writers wait for the file")
        try:
            yield self._open_writer()
        except sqlite3.Error as error:
            raise StoreUnavailable(f"{self._path.name}: {error}") from error
        finally:
            self._write_lock.release()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        end = time.monotonic() + self._timeout
        with self._writing() as db, begun(db, lambda: self._patiently(lambda: db.execute("BEGIN IMMEDIATE"), end)):
            yield db

    def _read(self, ask: Callable[[Callable[[str, Sequence[Any]], Any]], T]) -> T:
        # Prefer the writer's connection, whose cache is warm; use the reader's only during a write.
        lock, opened = self._write_lock, self._open_writer
        if not lock.acquire(blocking=False):
            lock, opened = self._read_lock, self._open_reader
            lock.acquire()
        try:
            return ask(opened().execute)
        except sqlite3.Error as error:
            raise StoreUnavailable(f"{self._path.name}: {error}") from error
        finally:
            lock.release()

    def _disconnect(self) -> None:
        """See ``SqliteFile``."""
        for connection in (self._reader, self._writer):
            if connection is not None:
                connection.close()
        self._reader = self._writer = None

    def close(self) -> None:
        """See ``Store``."""
        with self._write_lock, self._read_lock:
            self._closed = True
            self._disconnect()

    # --- what is asked -----------------------------------------------------------------------------

    def load(self, handle: str, requests: Sequence[str] = (), refs: Sequence[Ref] = ()) -> Loaded | None:
        """See ``Store``."""
        return self._read(lambda execute: self._queries.load(execute, handle, requests, refs))

    def find(self, refs: Sequence[Ref]) -> tuple[Record, ...]:
        """See ``Store``."""
        return self._read(lambda execute: self._queries.find(execute, refs))

    def commit(self, commit: Commit) -> CommitResult:
        """See ``Store``."""
        try:
            with self._transaction() as db:
                return self._queries.commit(db.execute, commit)
        except Refused as refused:
            return refused.receipt

    def lease(self, lease: Lease) -> Leased | None:
        """See ``Store``."""
        if not self._read(lambda execute: self._queries.is_due(execute, lease.now)):
            return None
        with self._transaction() as db:
            return self._queries.lease(db.execute, lease)

    def settle(self, message: str, audit: AuditEntry | None = None, lease: Lease | None = None) -> Settled:
        """See ``Store``."""
        with self._transaction() as db:
            return self._queries.settle(db.execute, message, audit, lease)

    def release(self, message: str, attempts: int, due_at: datetime) -> None:
        """See ``Store``."""
        with self._transaction() as db:
            self._queries.release(db.execute, message, attempts, due_at)

    def spend(self, key: str, now: datetime, until: datetime) -> bool:
        """See ``Store``."""
        with self._transaction() as db:
            return self._queries.spend(db.execute, key, now, until)

    def spent(self, key: str, now: datetime) -> bool:
        """See ``Store``."""
        return self._read(lambda execute: self._queries.spent(execute, key, now))

    def tally(self, kind: str, key: str) -> Tally:
        """See ``Store``."""
        return self._read(lambda execute: self._queries.tally(execute, kind, key))

    def purge(self, now: datetime, limit: int) -> int:
        """See ``Store``."""
        with self._transaction() as db:
            gone = self._queries.purge(db.execute, now, limit)
        # Deleted data must not stay in the log; a concurrent reader only delays this.
        with self._writing() as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return gone

    def trail(self, run: str) -> tuple[AuditEntry, ...]:
        """See ``Store``."""
        return self._read(lambda execute: self._queries.trail(execute, run))

    def entries(self, after: int, limit: int) -> tuple[tuple[int, AuditEntry], ...]:
        """See ``Store``."""
        return self._read(lambda execute: self._queries.entries(execute, after, limit))
