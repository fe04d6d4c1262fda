"""A store in one SQLite file: the embedded default."""

from __future__ import annotations

import json
import os
import random
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any
from weakref import WeakSet

from educonnect_flow.activation import snapshot
from educonnect_flow.activation.products import Account
from educonnect_flow.errors import StoreUnavailable
from educonnect_flow.machinery import tally
from educonnect_flow.machinery.tally import EMPTY, Limit, Tally, micros, moment
from educonnect_flow.machinery.text import encode
from educonnect_flow.reasons import dump_refusals
from educonnect_flow.records import DONE, STALE, AuditEntry, Claimed, Commit, Loaded, Receipt, Standing
from educonnect_flow.stores import rows
from educonnect_flow.stores.rows import COUNTERS

# Times are whole microseconds since 1970, UTC.
_TABLES = """
CREATE TABLE activation (
    id TEXT PRIMARY KEY, version INTEGER NOT NULL, handle TEXT NOT NULL UNIQUE, previous TEXT UNIQUE,
    rotated_by TEXT, purge_at INTEGER NOT NULL, body TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX activation_purge ON activation (purge_at);
CREATE TABLE answered (
    activation TEXT NOT NULL, key TEXT NOT NULL, fingerprint TEXT NOT NULL, version INTEGER NOT NULL,
    accepted INTEGER NOT NULL, refusals TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (activation, key)
) WITHOUT ROWID;
CREATE TABLE outbox (
    id TEXT PRIMARY KEY, activation TEXT NOT NULL, due_at INTEGER NOT NULL, attempts INTEGER NOT NULL,
    nonce TEXT NOT NULL, mobile TEXT NOT NULL, created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL,
    decoy INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX outbox_due ON outbox (due_at);
CREATE INDEX outbox_activation ON outbox (activation);
CREATE TABLE tally (
    key TEXT PRIMARY KEY, body TEXT NOT NULL, forgotten_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX tally_forgotten ON tally (forgotten_at);
CREATE TABLE account (
    identifier TEXT PRIMARY KEY, base TEXT NOT NULL, guardians TEXT NOT NULL, confirmed TEXT NOT NULL,
    denied TEXT NOT NULL, password_hash TEXT NOT NULL, created_at INTEGER NOT NULL, activation TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE holder (guardian TEXT PRIMARY KEY, identifier TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE base (base TEXT PRIMARY KEY, issued INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE audit (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, activation TEXT NOT NULL, at INTEGER NOT NULL, event TEXT NOT NULL,
    row TEXT, source TEXT NOT NULL, dest TEXT NOT NULL, reasons TEXT NOT NULL, denied TEXT NOT NULL
);
CREATE INDEX audit_activation ON audit (activation);
"""

_SECOND = """
CREATE TABLE spent (key TEXT PRIMARY KEY, until INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX spent_until ON spent (until);
ALTER TABLE audit ADD COLUMN mobile TEXT;
ALTER TABLE audit ADD COLUMN origin TEXT;
"""

_STEPS = (_TABLES, _SECOND)
"""What makes each version of the tables out of the one before; a step that was released is never changed."""

SCHEMA = len(_STEPS)
"""The version of the tables, kept in ``PRAGMA user_version``."""

_LOAD = """
SELECT version, body, handle = :handle, rotated_by FROM activation WHERE handle = :handle OR previous = :handle
"""
# Both in one statement, so that they are of one moment.
_LOAD_WITH_REQUEST = """
SELECT a.version, a.body, a.handle = :handle, a.rotated_by,
    r.key, r.fingerprint, r.version, r.accepted, r.refusals, r.body
FROM activation a LEFT JOIN answered r ON r.activation = a.id AND r.key = :request
WHERE a.handle = :handle OR a.previous = :handle
"""

# Several threads share a connection, one at a time, and each transaction is begun by hand.
_SHARED: dict[str, Any] = {"isolation_level": None, "check_same_thread": False}


class SqliteStore:
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
        with self._transaction():
            pass
        _STORES.add(self)

    def __repr__(self) -> str:
        return f"SqliteStore({self._path.name!r})"

    # --- connections -------------------------------------------------------------------------------

    def _open_writer(self) -> sqlite3.Connection:
        """The writer's connection, under its lock: opened when there is none, and the tables made."""
        if self._writer is None:
            if self._closed:
                raise StoreUnavailable(f"{self._path.name} is closed")
            try:
                os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))  # for nobody else's eyes
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
        with _begun(db, lambda: db.execute("BEGIN IMMEDIATE")):
            (version,) = db.execute("PRAGMA user_version").fetchone()
            if version > SCHEMA:
                raise StoreUnavailable(f"it has tables of version {version}; this library knows up to {SCHEMA}")
            if version < SCHEMA:
                for statement in ";\n".join(_STEPS[version:]).split(";\n"):
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
        with self._writing() as db, _begun(db, lambda: self._patiently(lambda: db.execute("BEGIN IMMEDIATE"), end)):
            yield db

    def _row(self, query: str, *values: Any) -> Any:
        found = self._rows(query, *values)
        return found[0] if found else None

    def _rows(self, query: str, *values: Any) -> list[Any]:
        return self._fetched(query, values)

    def _fetched(self, query: str, values: Sequence[Any] | Mapping[str, Any]) -> list[Any]:
        # The writer's cache is warm and the reader's never is: the reader is for while somebody writes.
        lock, opened = self._write_lock, self._open_writer
        if not lock.acquire(blocking=False):
            lock, opened = self._read_lock, self._open_reader
            lock.acquire()
        try:
            found: list[Any] = opened().execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise StoreUnavailable(f"{self._path.name}: {error}") from error
        finally:
            lock.release()
        return found

    def _disconnect(self) -> None:
        """Close both connections, under both locks; the next call opens them again."""
        for connection in (self._reader, self._writer):
            if connection is not None:
                connection.close()
        self._reader = self._writer = None

    def close(self) -> None:
        """See ``Store``."""
        with self._write_lock, self._read_lock:
            self._closed = True
            self._disconnect()

    # --- activations -------------------------------------------------------------------------------

    def load(self, handle: str, request: str | None = None) -> Loaded | None:
        """See ``Store``."""
        query = _LOAD if request is None else _LOAD_WITH_REQUEST
        found = self._fetched(query, {"handle": handle, "request": request})
        return rows.loaded(found[0]) if found else None

    def commit(self, commit: Commit) -> Receipt:
        """See ``Store``."""
        body = snapshot.dump(commit.activation)
        try:
            with self._transaction() as db:
                self._write_snapshot(db, commit, body)
                self._write_limits(db, commit.limits, micros(commit.activation.seen_at))
                if commit.account is not None:
                    self._write_account(db, commit.account)
                self._write_messages(db, commit)
                if commit.audit is not None:
                    self._write_audit(db, commit.audit)
        except _Refused as refused:
            return refused.receipt
        return DONE

    def _write_snapshot(self, db: sqlite3.Connection, commit: Commit, body: str) -> None:
        a, answered, purge_at = commit.activation, commit.answered, micros(commit.purge_at)
        if a.version == 1:
            done = db.execute(
                "INSERT INTO activation VALUES (?, 1, ?, NULL, NULL, ?, ?) ON CONFLICT (id) DO NOTHING",
                (a.id, commit.handle, purge_at, body),
            )
        elif commit.handle is None:
            done = db.execute(
                "UPDATE activation SET version = ?, purge_at = ?, body = ? WHERE id = ? AND version = ?",
                (a.version, purge_at, body, a.id, a.version - 1),
            )
        else:
            done = db.execute(
                "UPDATE activation SET version = ?, purge_at = ?, body = ?, previous = handle, handle = ?,"
                " rotated_by = ? WHERE id = ? AND version = ?",
                (a.version, purge_at, body, commit.handle, answered and answered.key, a.id, a.version - 1),
            )
        if done.rowcount != 1:
            raise _Refused(STALE)
        if commit.forget:
            db.execute("UPDATE activation SET previous = NULL, rotated_by = NULL WHERE id = ?", (a.id,))
        if answered is not None:
            refusals = dump_refusals(answered.refusals)
            db.execute(
                "INSERT INTO answered VALUES (?, ?, ?, ?, ?, ?, ?)",
                (a.id, answered.key, answered.fingerprint, a.version, answered.accepted, refusals, body),
            )

    def _write_limits(self, db: sqlite3.Connection, limits: tuple[Limit, ...], now: int) -> None:
        counted = []
        for limit in limits:
            key = f"{limit.kind}:{limit.key}"
            row = db.execute("SELECT body FROM tally WHERE key = ?", (key,)).fetchone()
            before = EMPTY if row is None else Tally.load(row[0])
            until = tally.barred(before, limit, now)
            if until is not None:
                raise _Refused(Receipt(Standing.BARRED, limit, moment(until)))
            if limit.adds:
                after = tally.hit(before, limit, now)
                counted.append((key, after.dump(), tally.forgotten_at(after, limit)))
        if counted:
            db.executemany("INSERT OR REPLACE INTO tally VALUES (?, ?, ?)", counted)

    def _write_account(self, db: sqlite3.Connection, account: Account) -> None:
        for guardian in account.guardians:
            done = db.execute("INSERT INTO holder VALUES (?, ?) ON CONFLICT DO NOTHING", (guardian, account.identifier))
            if done.rowcount != 1:
                raise _Refused(Receipt(Standing.ACTIVE))
        done = db.execute(
            "INSERT INTO account VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (
                account.identifier,
                account.base,
                encode(account.guardians),
                encode(account.confirmed),
                encode(account.denied),
                account.password_hash,
                micros(account.created_at),
                account.activation,
            ),
        )
        if done.rowcount != 1:
            raise _Refused(Receipt(Standing.IDENTIFIER_TAKEN))
        db.execute(
            "INSERT INTO base VALUES (?, 1) ON CONFLICT (base) DO UPDATE SET issued = issued + 1", (account.base,)
        )

    def _write_messages(self, db: sqlite3.Connection, commit: Commit) -> None:
        if commit.void:
            db.execute("DELETE FROM outbox WHERE activation = ?", (commit.activation.id,))
        out = commit.outgoing
        if out is not None:
            created_at, expires_at = micros(out.created_at), micros(out.expires_at)
            db.execute(
                "INSERT INTO outbox VALUES (?, ?, ?, 0, ?, ?, ?, ?, ?)",
                (out.id, out.activation, created_at, out.nonce, out.mobile, created_at, expires_at, out.decoy),
            )

    def _write_audit(self, db: sqlite3.Connection, entry: AuditEntry) -> None:
        db.execute(
            "INSERT INTO audit (activation, at, event, row, source, dest, reasons, denied, mobile, origin)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                entry.activation,
                micros(entry.at),
                entry.event,
                entry.row,
                entry.source,
                entry.dest,
                encode(entry.reasons) if entry.reasons else "[]",
                encode(entry.denied) if entry.denied else "[]",
                entry.mobile,
                entry.origin,
            ),
        )

    def trail(self, activation: str) -> tuple[AuditEntry, ...]:
        """See ``Store``."""
        found = self._rows(f"SELECT {rows.ENTRY} FROM audit WHERE activation = ? ORDER BY seq", activation)  # noqa: S608 - names of columns
        return rows.trail(found, json.loads)

    def entries(self, after: int, limit: int) -> tuple[tuple[int, AuditEntry], ...]:
        """See ``Store``."""
        found = self._rows(f"SELECT {rows.ENTRY} FROM audit WHERE seq > ? ORDER BY seq LIMIT ?", after, limit)  # noqa: S608 - names of columns
        return rows.entries(found, json.loads)

    # --- accounts ----------------------------------------------------------------------------------

    def active(self, guardians: tuple[str, ...]) -> bool:
        """See ``Store``."""
        marks = ",".join("?" * len(guardians))
        return self._row(f"SELECT 1 FROM holder WHERE guardian IN ({marks}) LIMIT 1", *guardians) is not None  # noqa: S608 - marks only

    def issued(self, base: str) -> int:
        """See ``Store``."""
        row = self._row("SELECT issued FROM base WHERE base = ?", base)
        return 0 if row is None else int(row[0])

    def account(self, identifier: str) -> Account | None:
        """See ``Store``."""
        row = self._row(f"SELECT {rows.ACCOUNT} FROM account WHERE identifier = ?", identifier)  # noqa: S608 - names of columns
        return None if row is None else rows.account(row, json.loads)

    # --- the outbox --------------------------------------------------------------------------------

    def claim(self, now: datetime, lease_until: datetime) -> Claimed | None:
        """See ``Store``."""
        due = "SELECT id FROM outbox WHERE due_at <= ? ORDER BY due_at LIMIT 1"
        if self._row(due, micros(now)) is None:
            return None  # an idle relay asks often: it must not queue with the writers
        with self._transaction() as db:
            row = db.execute(
                f"UPDATE outbox SET due_at = ?, attempts = attempts + 1 WHERE id = ({due}) RETURNING {rows.CLAIMED}",  # noqa: S608 - no values in it
                (micros(lease_until), micros(now)),
            ).fetchone()
        return None if row is None else rows.claimed(row)

    def settle(self, message: str, audit: AuditEntry | None = None) -> bool:
        """See ``Store``."""
        with self._transaction() as db:
            gone = db.execute("DELETE FROM outbox WHERE id = ?", (message,)).rowcount > 0
            if gone and audit is not None:
                self._write_audit(db, audit)
        return gone

    def release(self, message: str, attempts: int, due_at: datetime) -> None:
        """See ``Store``."""
        with self._transaction() as db:
            db.execute(
                "UPDATE outbox SET due_at = ? WHERE id = ? AND attempts = ?", (micros(due_at), message, attempts)
            )

    # --- counters ----------------------------------------------------------------------------------

    def spend(self, key: str, now: datetime, until: datetime) -> bool:
        """See ``Store``."""
        with self._transaction() as db:
            done = db.execute(
                "INSERT INTO spent VALUES (?, ?)"
                " ON CONFLICT (key) DO UPDATE SET until = excluded.until WHERE spent.until <= ?",
                (key, micros(until), micros(now)),
            )
        return done.rowcount == 1

    def spent(self, key: str, now: datetime) -> bool:
        """See ``Store``."""
        return self._row("SELECT 1 FROM spent WHERE key = ? AND until > ?", key, micros(now)) is not None

    def tally(self, kind: str, key: str) -> Tally:
        """See ``Store``."""
        row = self._row("SELECT body FROM tally WHERE key = ?", f"{kind}:{key}")
        return EMPTY if row is None else Tally.load(row[0])

    # --- retention ---------------------------------------------------------------------------------

    def purge(self, now: datetime, limit: int) -> int:
        """See ``Store``."""
        with self._transaction() as db:
            over = db.execute(
                "SELECT id FROM activation WHERE purge_at <= ? ORDER BY purge_at LIMIT ?", (micros(now), limit)
            ).fetchall()
            db.executemany("DELETE FROM activation WHERE id = ?", over)
            db.executemany("DELETE FROM answered WHERE activation = ?", over)
            db.executemany("DELETE FROM outbox WHERE activation = ?", over)
            db.execute(
                "DELETE FROM tally WHERE key IN (SELECT key FROM tally WHERE forgotten_at <= ? LIMIT ?)",
                (micros(now), COUNTERS * limit),
            )
            db.execute(
                "DELETE FROM spent WHERE key IN (SELECT key FROM spent WHERE until <= ? LIMIT ?)",
                (micros(now), COUNTERS * limit),
            )
        # What was deleted must not live on in the log; a reader in its way only puts that off.
        with self._writing() as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return len(over)


@contextmanager
def _begun(db: sqlite3.Connection, begin: Callable[[], object]) -> Iterator[None]:
    """A transaction: committed at the end, rolled back whatever comes in between, a signal included."""
    try:
        begin()
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


# SQLite's locks are the process's: a forked child that used its parent's connections, or only held them open, would
# lose what it writes.  So every store lets go of its file before a fork, and opens it again when it is used.
_STORES: WeakSet[SqliteStore] = WeakSet()
_FORKING: list[SqliteStore] = []


def _before_fork() -> None:
    _FORKING.extend(_STORES)
    for store in _FORKING:
        store._write_lock.acquire()
        store._read_lock.acquire()
        store._disconnect()


def _after_fork() -> None:
    for store in _FORKING:
        store._read_lock.release()
        store._write_lock.release()
    _FORKING.clear()


if hasattr(os, "register_at_fork"):  # pragma: no branch - not on Windows, which does not fork
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork)


class _Refused(Exception):
    def __init__(self, receipt: Receipt) -> None:
        self.receipt = receipt
