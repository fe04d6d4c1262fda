"""What SQLite is asked: by ``SqliteStore`` over its own connection, by ``DjangoStore`` over Django's.

Long because all of the port is here, a method for each of its calls.  Each takes ``execute``, which runs a statement
with its values and returns the cursor.  Those that write are called within a transaction, and write first: SQLite
refuses a write in a transaction that read before another one wrote.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any

from educonnect_flow import tally
from educonnect_flow._secrecy import replace_fields
from educonnect_flow._text import encode
from educonnect_flow.records import (
    DONE,
    STALE,
    AuditEntry,
    Commit,
    CommitResult,
    CommitStatus,
    Conflict,
    Lease,
    Leased,
    Loaded,
    Record,
    RecordChange,
    Ref,
    Settled,
)
from educonnect_flow.stores import _sql as sql
from educonnect_flow.stores._sql import COUNTERS, names
from educonnect_flow.tally import EMPTY, Limit, Tally, micros, moment

Execute = Callable[[str, Sequence[Any]], Any]


MOST_REFS = 100
"""Of one statement: SQLite joins 500 at most."""


class Refused(Exception):
    """A commit that is refused: its transaction is to be rolled back."""

    def __init__(self, receipt: CommitResult) -> None:
        self.receipt = receipt


class SqliteQueries:
    """The statements over tables whose names begin with *prefix*.

    :param mark: the placeholder of a value: ``?``, or ``%s`` through Django.
    """

    def __init__(self, prefix: str = "", mark: str = "?") -> None:
        known: dict[str, str] = {}

        def made(text: str) -> str:
            query = known.get(text)
            if query is None:
                query = known[text] = text.replace("{p}", prefix).replace("?", mark)
            return query

        def insert(table: str, columns: Sequence[str], more: str = "") -> str:
            return made(f"INSERT INTO {{p}}{table} ({names(columns)}) VALUES ({_marks(columns)}){more}")

        self._made = made
        columns = names(sql.RECORD, "c")
        self._by_key = f"SELECT {columns} FROM {{p}}record c WHERE c.kind = ? AND c.key = ?"
        # In this order, so that the table of records is never read through.
        self._by_name = (
            f"SELECT {columns} FROM {{p}}name n CROSS JOIN {{p}}record c ON c.kind = n.kind AND c.key = n.key"
            " WHERE n.kind = ? AND n.name = ?"
        )
        self._loads: dict[int, str] = {}
        self._insert_run = insert("run", sql.RUN, " ON CONFLICT (id) DO NOTHING")
        changed = "version = ?, owner = ?, purge_at = ?, wanted = ?, body = ?"
        which = "WHERE id = ? AND version = ?"
        self._update_run = made(f"UPDATE {{p}}run SET {changed} {which}")
        self._rotate_run = made(f"UPDATE {{p}}run SET {changed}, previous = handle, handle = ?, rotated_by = ? {which}")
        self._forget_run = made(f"UPDATE {{p}}run SET {changed}, previous = NULL, rotated_by = NULL {which}")
        self._insert_answered = insert("answered", sql.ANSWERED)
        self._insert_message = insert("message", sql.MESSAGE)
        self._insert_record = insert("record", sql.RECORD, " ON CONFLICT (kind, key) DO NOTHING")

    # --- runs --------------------------------------------------------------------------------------

    def load(self, execute: Execute, handle: str, requests: Sequence[str], refs: Sequence[Ref]) -> Loaded | None:
        """See ``Store``."""
        query = self._loads.get(len(requests))
        if query is None:
            query = self._loads[len(requests)] = self._load(len(requests))
        row = execute(query, (handle, handle, handle, *requests)).fetchone()
        if row is None:
            return None
        loaded = sql.loaded(row)
        wanted = (*loaded.run.wanted, *refs)
        return replace_fields(loaded, {"records": self.find(execute, wanted)}) if wanted else loaded

    def _load(self, requests: int) -> str:
        """The run with its answered request: one statement, so that both are from the same snapshot."""
        answered, join = ", ".join(["NULL"] * len(sql.ANSWERED[1:])), ""
        if requests:
            answered = names(sql.ANSWERED[1:], "a")
            join = f" LEFT JOIN {{p}}answered a ON a.run = r.id AND a.key IN ({_marks(range(requests))})"
        columns = names(("id", "journey", "owner", "version", "wanted", "body"), "r")
        # Two look-ups: an OR of both takes twice as long.
        found = " UNION ALL ".join(f"SELECT * FROM {{p}}run WHERE {column} = ?" for column in ("handle", "previous"))
        return self._made(f"SELECT {columns}, r.handle = ?, r.rotated_by, {answered} FROM ({found}) r{join} LIMIT 1")

    def find(self, execute: Execute, refs: Sequence[Ref]) -> tuple[Record, ...]:
        """See ``Store``."""
        found: list[Sequence[Any]] = []
        for start in range(0, len(refs), MOST_REFS):
            queries, values = [], []
            for kind, key, name in refs[start : start + MOST_REFS]:
                if key is not None:
                    queries.append(self._by_key)
                    values += [kind, key]
                if name is not None:
                    queries.append(self._by_name)
                    values += [kind, name]
            if queries:
                found += execute(self._made(" UNION ALL ".join(queries)), values).fetchall()
        return sql.read_records(found)

    def commit(self, execute: Execute, commit: Commit) -> CommitResult:
        """See ``Store``.

        :raises Refused: when the transaction is to be rolled back.
        """
        self._write_run(execute, commit)
        if commit.limits:
            self._write_limits(execute, commit.limits, micros(commit.at))
        if len(commit.records) > 1:  # before any of them gives a name up
            for change in sql.in_order(commit.records):
                self._check_names(execute, change)
        for change in sql.in_order(commit.records):
            self._write_record(execute, change)
        if commit.cancel_messages:
            execute(self._made("DELETE FROM {p}message WHERE run = ?"), (commit.run.id,))
        if commit.cancel_owner_messages is not None:
            execute(self._made("DELETE FROM {p}message WHERE owner = ?"), (commit.cancel_owner_messages,))
        for out in commit.messages:
            execute(self._insert_message, _MESSAGE(sql.message_values(out)))
        if commit.audit:
            self._note(execute, commit.audit)
        return DONE

    def _write_run(self, execute: Execute, commit: Commit) -> None:
        run, answered, values = commit.run, commit.answered, sql.run_values(commit)
        changed = _CHANGED(values)
        which = (run.id, run.version - 1)
        if run.version == 1:
            done = execute(self._insert_run, _RUN(values))
        elif commit.handle is not None:
            by = None if answered is None else answered.key
            done = execute(self._rotate_run, (*changed, commit.handle, by, *which))
        else:
            done = execute(self._forget_run if commit.forget else self._update_run, (*changed, *which))
        if done.rowcount != 1:
            raise Refused(STALE)
        if answered is not None:
            execute(self._insert_answered, _ANSWERED(sql.answered_values(commit, answered)))

    def _write_limits(self, execute: Execute, limits: tuple[Limit, ...], now: int) -> None:
        keys = tuple([f"{limit.kind}:{limit.key}" for limit in limits])
        query = self._made(f"SELECT key, body FROM {{p}}tally WHERE key IN ({_marks(keys)})")
        found = execute(query, keys).fetchall()
        tallies = {key: Tally.load(body) for key, body in found}
        for key, limit in zip(keys, limits, strict=True):
            until = tally.barred(tallies.get(key, EMPTY), limit, now)
            if until is not None:
                raise Refused(CommitResult(CommitStatus.BARRED, limit, moment(until)))
        counted = {}
        for key, limit in zip(keys, limits, strict=True):
            if limit.adds:
                after = tallies[key] = tally.hit(tallies.get(key, EMPTY), limit, now)
                counted[key] = (after.dump(), tally.forgotten_at(after, limit))
        if counted:
            update = " ON CONFLICT (key) DO UPDATE SET body = excluded.body, forgotten_at = excluded.forgotten_at"
            self._insert(execute, "tally", sql.TALLY, [(key, *values) for key, values in counted.items()], update)

    def _write_record(self, execute: Execute, change: RecordChange) -> None:
        record = change.record
        kind, key = record.kind, record.key
        if record.version != 1:
            execute(self._made("DELETE FROM {p}name WHERE kind = ? AND key = ?"), (kind, key))
        named = [] if change.delete else [(kind, name, key, sole) for name, sole in sql.names_of(change)]
        if named and self._insert(execute, "name", sql.NAME, named, " ON CONFLICT DO NOTHING") != len(named):
            self._check_names(execute, change)
        if record.version == 1:
            done = execute(self._insert_record, _RECORD(sql.record_values(record)))
        elif change.delete:
            query = self._made("DELETE FROM {p}record WHERE kind = ? AND key = ? AND version = ?")
            done = execute(query, (kind, key, record.version - 1))
        else:
            query = self._made(
                "UPDATE {p}record SET version = ?, owner = ?, body = ?, expires_at = ?"
                " WHERE kind = ? AND key = ? AND version = ?"
            )
            done = execute(query, (*_RECORD_CHANGED(sql.record_values(record)), kind, key, record.version - 1))
        if done.rowcount != 1:
            raise Refused(CommitResult(CommitStatus.CONFLICT, conflict=Conflict(kind, key, None)))

    def _check_names(self, execute: Execute, change: RecordChange) -> None:
        if change.delete or not change.unique:
            return
        kind, key = change.record.kind, change.record.key
        query = self._made(
            f"SELECT name FROM {{p}}name WHERE kind = ? AND sole AND key <> ? AND name IN ({_marks(change.unique)})"
        )
        taken = {name for (name,) in execute(query, (kind, key, *change.unique)).fetchall()}
        for name in change.unique:
            if name in taken:
                raise Refused(CommitResult(CommitStatus.CONFLICT, conflict=Conflict(kind, key, name)))

    # --- the audit trail ---------------------------------------------------------------------------

    def _note(self, execute: Execute, entries: Iterable[AuditEntry]) -> None:
        rows = []
        for entry in entries:
            values = sql.audit_values(entry)
            for several in ("reasons", "denied"):
                values[several] = encode(values[several]) if values[several] else "[]"
            rows.append(_AUDIT(values))
        self._insert(execute, "audit", sql.AUDIT, rows)

    def _insert(
        self, execute: Execute, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], more: str = ""
    ) -> int:
        """Insert *rows* in one statement; how many were."""
        marks = ", ".join([f"({_marks(columns)})"] * len(rows))
        query = self._made(f"INSERT INTO {{p}}{table} ({names(columns)}) VALUES {marks}{more}")
        inserted: int = execute(query, [value for row in rows for value in row]).rowcount
        return inserted

    def trail(self, execute: Execute, run: str) -> tuple[AuditEntry, ...]:
        """See ``Store``."""
        query = self._made(f"SELECT {names(sql.AUDIT)} FROM {{p}}audit WHERE run = ? ORDER BY seq")
        return sql.trail(execute(query, (run,)).fetchall())

    def entries(self, execute: Execute, after: int, limit: int) -> tuple[tuple[int, AuditEntry], ...]:
        """See ``Store``."""
        query = self._made(f"SELECT seq, {names(sql.AUDIT)} FROM {{p}}audit WHERE seq > ? ORDER BY seq LIMIT ?")
        return sql.entries(execute(query, (after, limit)).fetchall())

    # --- the outbox --------------------------------------------------------------------------------

    def is_due(self, execute: Execute, now: datetime) -> bool:
        """Whether a message waits.  An idle relay asks often, and must not queue with those that write."""
        query = self._made("SELECT 1 FROM {p}message WHERE due_at <= ? LIMIT 1")
        return execute(query, (micros(now),)).fetchone() is not None

    def lease(self, execute: Execute, lease: Lease) -> Leased | None:
        """See ``Store``."""
        query = self._made(
            "UPDATE {p}message SET due_at = ?, attempts = attempts + 1 WHERE id ="
            " (SELECT id FROM {p}message WHERE due_at <= ? ORDER BY due_at LIMIT 1)"
            f" RETURNING {names(sql.LEASED)}"
        )
        row = execute(query, (micros(lease.until), micros(lease.now))).fetchone()
        return None if row is None else sql.leased(row)

    def settle(self, execute: Execute, message: str, audit: AuditEntry | None, lease: Lease | None) -> Settled:
        """See ``Store``."""
        gone = execute(self._made("DELETE FROM {p}message WHERE id = ?"), (message,)).rowcount > 0
        if gone and audit is not None:
            self._note(execute, (audit,))
        return Settled(gone=gone, leased=self.lease(execute, lease) if lease is not None else None)

    def release(self, execute: Execute, message: str, attempts: int, due_at: datetime) -> None:
        """See ``Store``."""
        query = self._made("UPDATE {p}message SET due_at = ? WHERE id = ? AND attempts = ?")
        execute(query, (micros(due_at), message, attempts))

    # --- counters ----------------------------------------------------------------------------------

    def spend(self, execute: Execute, key: str, now: datetime, until: datetime) -> bool:
        """See ``Store``."""
        query = self._made(
            "INSERT INTO {p}spent (key, until) VALUES (?, ?)"
            " ON CONFLICT (key) DO UPDATE SET until = excluded.until WHERE until <= ?"
        )
        return bool(execute(query, (key, micros(until), micros(now))).rowcount == 1)

    def spent(self, execute: Execute, key: str, now: datetime) -> bool:
        """See ``Store``."""
        query = self._made("SELECT 1 FROM {p}spent WHERE key = ? AND until > ?")
        return execute(query, (key, micros(now))).fetchone() is not None

    def tally(self, execute: Execute, kind: str, key: str) -> Tally:
        """See ``Store``."""
        row = execute(self._made("SELECT body FROM {p}tally WHERE key = ?"), (f"{kind}:{key}",)).fetchone()
        return EMPTY if row is None else Tally.load(row[0])

    # --- retention ---------------------------------------------------------------------------------

    def purge(self, execute: Execute, now: datetime, limit: int) -> int:
        """See ``Store``."""
        at, most = micros(now), COUNTERS * limit
        for table, key, bound in (("tally", "key", "forgotten_at"), ("spent", "key", "until")):
            some = f"SELECT {key} FROM {{p}}{table} WHERE {bound} <= ? LIMIT ?"
            execute(self._made(f"DELETE FROM {{p}}{table} WHERE {key} IN ({some})"), (at, most))
        some = "SELECT kind, key FROM {p}record WHERE expires_at <= ? LIMIT ?"
        query = self._made(f"DELETE FROM {{p}}record WHERE (kind, key) IN ({some}) RETURNING kind, key")
        for values in execute(query, (at, most)).fetchall():
            execute(self._made("DELETE FROM {p}name WHERE kind = ? AND key = ?"), values)
        some = "SELECT id FROM {p}run WHERE purge_at <= ? ORDER BY purge_at LIMIT ?"
        gone = execute(self._made(f"DELETE FROM {{p}}run WHERE id IN ({some}) RETURNING id"), (at, limit)).fetchall()
        ended = encode([identity for (identity,) in gone])
        for table in ("answered", "message"):
            query = self._made(f"DELETE FROM {{p}}{table} WHERE run IN (SELECT value FROM json_each(?))")
            execute(query, (ended,))
        return len(gone)


def _marks(values: Iterable[Any]) -> str:
    return ", ".join("?" for _ in values)


_RUN, _ANSWERED, _MESSAGE = itemgetter(*sql.RUN), itemgetter(*sql.ANSWERED), itemgetter(*sql.MESSAGE)
_RECORD, _AUDIT = itemgetter(*sql.RECORD), itemgetter(*sql.AUDIT)
_CHANGED = itemgetter("version", "owner", "purge_at", "wanted", "body")
_RECORD_CHANGED = itemgetter("version", "owner", "body", "expires_at")
