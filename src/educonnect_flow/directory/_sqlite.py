"""School records in one SQLite file (extra ``records`` to import into it)."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from datetime import date
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from educonnect_flow._sqlite_file import SqliteFile, begun
from educonnect_flow.people import Guardian, Relation

if TYPE_CHECKING:
    from educonnect_flow.directory.report import Report
    from educonnect_flow.exports.reading import Export
    from educonnect_flow.validators import Validators

_TERMS: Mapping[str, str] = {"s": "", "clustered": " WITHOUT ROWID", "random": "lower(hex(randomblob(16)))"}


class SqliteDirectory(SqliteFile):
    """Guardians found by mobile in one indexed look-up, in a file of their own.

    Readers see a school's records as they were, or as they are after an import: never half of it.

    :param path: the file; made when missing.
    :param timeout: seconds that an import waits for another.
    :raises sqlite3.Error: here and in each method, when the file cannot be opened, read or written; a flow makes
        ``PortUnavailable`` of it.
    """

    def __init__(self, path: str | os.PathLike[str], *, timeout: float = 60.0) -> None:
        from educonnect_flow.directory._tables import FIND, GUARDIANS

        self._path = Path(path).absolute()
        self._timeout = timeout
        self._lock = Lock()
        self._find = FIND.format(s="")
        self._guardians = GUARDIANS.format(s="", among="IN (SELECT value FROM json_each(?))")
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))  # for nobody else's eyes
        with closing(self._connected()) as db:
            db.execute("PRAGMA journal_mode=WAL")
            _make(db)
        self._reader: sqlite3.Connection | None = self._connected()
        self._closed = False
        super().__init__(self._lock)

    def __repr__(self) -> str:
        return f"SqliteDirectory({self._path.name!r})"

    def _connected(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=self._timeout, isolation_level=None, check_same_thread=False)

    def find(self, mobile: str) -> tuple[Guardian, ...]:
        """See ``Directory``."""
        from educonnect_flow.directory._tables import guardians_of

        return guardians_of(self._read(self._find, mobile))

    def guardians(self, ids: Sequence[str]) -> tuple[Guardian, ...]:
        """See ``Directory``."""
        from educonnect_flow.directory._tables import asked_for, guardians_of

        return guardians_of(self._read(self._guardians, json.dumps(asked_for(ids))))

    def _read(self, sql: str, value: str) -> list[Any]:
        with self._lock:
            if self._reader is None:
                if self._closed:
                    raise sqlite3.ProgrammingError(f"{self._path.name} is closed")
                self._reader = self._connected()
            return self._reader.execute(sql, (value,)).fetchall()

    def _disconnect(self) -> None:
        """See ``SqliteFile``."""
        if self._reader is not None:
            self._reader.close()
        self._reader = None

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
        """Put *export* in the place of its schools' records, in one transaction; what was found.

        :param relation: for a format that does not say what a person is to a pupil; without it such links are refused.
        :param today: who left by then is left out; default: the day of the machine.
        :param dry_run: only say what would be found.
        :param validators: the host's, as its flow has them: numbers are taken by the same rule.
        :param anyway: replace records of a newer export, and a school's records by less than half as many guardians.
        :raises ExportError: nothing is changed.
        """
        from educonnect_flow.directory._records import imported

        with closing(self._connected()) as db:
            db.execute("PRAGMA temp_store=FILE")
            db.execute("PRAGMA cache_size=-16000")  # KiB: an index of ids that were drawn is written all over
            return imported(
                export, _Rows(db), lambda: begun(db), relation=relation, today=today, dry_run=dry_run,
                validators=validators, anyway=anyway,
            )  # fmt: skip

    def forget(self, before: date) -> int:
        """Forget the ids of guardians whom no school has, and none has had since *before*; how many entries went.

        Whoever comes back after that is somebody new, without the account of then.
        """
        from educonnect_flow.directory._tables import FORGET

        day = before.isoformat()
        with closing(self._connected()) as db, begun(db):
            return sum(db.execute(sql.format(**_TERMS), (day, day)).rowcount for sql in FORGET)

    def close(self) -> None:
        """Give back the file."""
        with self._lock:
            self._closed = True
            self._disconnect()


def _make(db: sqlite3.Connection) -> None:
    """Make the tables, or bring up those of an earlier version."""
    from educonnect_flow.directory._tables import ADDED, DROPPED, TABLES, VERSION

    if db.execute("PRAGMA user_version").fetchone()[0] >= VERSION:  # so no process waits for a running import
        return
    with begun(db):
        for table, column, what in ADDED:
            there = [name for _, name, *_ in db.execute(f"PRAGMA table_info({table})")]
            if there and column not in there:
                db.execute(f"ALTER TABLE {table} ADD COLUMN {column} {what}")
        db.execute(DROPPED.format(**_TERMS))
        for statement in TABLES:
            db.execute(statement.format(**_TERMS))
        db.execute(f"PRAGMA user_version = {VERSION}")


class _Rows:
    terms: Mapping[str, str] = _TERMS

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def execute(self, sql: str, values: Sequence[Any] = ()) -> None:
        self._db.execute(sql, values)

    def load(self, table: str, rows: Sequence[Sequence[Any]]) -> None:
        if not rows:
            return
        began = not self._db.in_transaction
        if began:
            self._db.execute("BEGIN")  # temporary tables only: nobody waits for it
        marks = ", ".join("?" * len(rows[0]))
        self._db.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)
        if began:
            self._db.execute("COMMIT")

    def first(self, sql: str, values: Sequence[Any] = ()) -> tuple[Any, ...] | None:
        found: tuple[Any, ...] | None = self._db.execute(sql, values).fetchone()
        return found

    def rows(self, sql: str, values: Sequence[Any] = ()) -> Generator[tuple[Any, ...]]:
        yield from self._db.execute(sql, values)

    def loaded(self) -> None:
        """SQLite plans by the keys."""
