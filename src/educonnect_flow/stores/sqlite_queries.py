"""What SQLite is asked, whoever holds the connection: ``SqliteStore`` its own, ``DjangoStore`` Django's.

Each function takes ``execute``, which runs a statement with its values and returns the cursor.  Those that write are
called within a transaction, and write first: a transaction that has read is turned away when another one writes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from educonnect_flow.machinery import tally
from educonnect_flow.machinery.tally import EMPTY, Limit, Tally, micros, moment
from educonnect_flow.machinery.text import encode
from educonnect_flow.records import (
    DONE,
    STALE,
    AuditEntry,
    Commit,
    Conflict,
    Lease,
    Leased,
    Loaded,
    Receipt,
    Record,
    RecordChange,
    Ref,
    Settled,
    Standing,
)
from educonnect_flow.stores import sql
from educonnect_flow.stores.sql import COUNTERS, names

Execute = Callable[[str, Sequence[Any]], Any]


class Refused(Exception):
    """A commit that is refused: its transaction is to be rolled back."""

    def __init__(self, receipt: Receipt) -> None:
        self.receipt = receipt


class SqliteQueries:
    """The statements over tables whose names begin with *prefix*.

    :param mark: what stands for a value: ``?``, or ``%s`` through Django.
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
        ref, key, name = (f"json_extract(w.value, '$[{at}]')" for at in range(3))
        # {{w}}: the references, as rows of JSON.
        self._records = (
            f"FROM {{p}}record c WHERE (c.kind, c.key) IN (SELECT {ref}, {key} FROM {{w}} w"
            f" UNION SELECT n.kind, n.key FROM {{w}} w JOIN {{p}}name n ON n.kind = {ref} AND n.name = {name})"
        )
        self._find = made(f"SELECT {names(sql.RECORD, 'c')} {self._records}".replace("{w}", "json_each(?)"))
        self._loads: dict[int, str] = {}
        self._insert_run = insert("run", sql.RUN, " ON CONFLICT (id) DO NOTHING")
        changed = "version = ?, owner = ?, purge_at = ?, wanted = ?, body = ?"
        which = "WHERE id = ? AND version = ?"
        self._update_run = made(f"UPDATE {{p}}run SET {changed} {which}")
        self._rotate_run = made(f"UPDATE {{p}}run SET {changed}, previous = handle, handle = ?, rotated_by = ? {which}")
        self._forget_run = made(f"UPDATE {{p}}run SET {changed}, previous = NULL, rotated_by = NULL {which}")
        self._insert_answered = insert("answered", sql.ANSWERED)
        self._insert_message = insert("message", sql.MESSAGE)
        self._insert_audit = insert("audit", sql.AUDIT)
        self._insert_record = insert("record", sql.RECORD, " ON CONFLICT (kind, key) DO NOTHING")
        self._insert_name = insert("name", sql.NAME)
        self._put_tally = insert(
            "tally",
            sql.TALLY,
            " ON CONFLICT (key) DO UPDATE SET body = excluded.body, forgotten_at = excluded.forgotten_at",
        )

    # --- runs --------------------------------------------------------------------------------------

    def load(self, execute: Execute, handle: str, requests: Sequence[str], refs: Sequence[Ref]) -> Loaded | None:
        """See ``Store``.  One statement, so that all is of one moment."""
        query = self._loads.get(len(requests))
        if query is None:
            query = self._loads[len(requests)] = self._load(len(requests))
        given = sql.refs(refs)
        row = execute(query, (handle, given, given, given, *requests, handle, handle)).fetchone()
        return None if row is None else sql.loaded(row)

    def _load(self, requests: int) -> str:
        both = "(SELECT value FROM json_each(r.wanted) UNION ALL SELECT value FROM json_each(?))"
        records = f"(SELECT json_group_array(json_array({names(sql.RECORD, 'c')})) {self._records})"
        return self._made(
            f"SELECT {names(('id', 'journey', 'owner', 'version', 'wanted', 'body'), 'r')}, r.handle = ?, r.rotated_by,"
            f" {names(sql.ANSWERED[1:], 'a')},"
            f" CASE WHEN r.wanted || ? = '[][]' THEN NULL ELSE {records.replace('{w}', both)} END"
            f" FROM {{p}}run r LEFT JOIN {{p}}answered a ON a.run = r.id AND a.key IN ({_marks(range(requests))})"
            " WHERE r.handle = ? OR r.previous = ? LIMIT 1"
        )

    def find(self, execute: Execute, refs: Sequence[Ref]) -> tuple[Record, ...]:
        """See ``Store``."""
        given = sql.refs(refs)
        return sql.read_records(execute(self._find, (given, given)).fetchall())

    def commit(self, execute: Execute, commit: Commit) -> Receipt:
        """See ``Store``.

        :raises Refused: when the transaction is to be rolled back.
        """
        self._write_run(execute, commit)
        if commit.limits:
            self._write_limits(execute, commit.limits, micros(commit.at))
        for change in sql.in_order(commit.records):
            self._write_record(execute, change)
        if commit.void:
            execute(self._made("DELETE FROM {p}message WHERE run = ?"), (commit.run.id,))
        if commit.end_owner is not None:
            execute(self._made("DELETE FROM {p}message WHERE owner = ?"), (commit.end_owner,))
        for out in commit.messages:
            execute(self._insert_message, _values(sql.message_values(out), sql.MESSAGE))
        for entry in commit.audit:
            self._note(execute, entry)
        return DONE

    def _write_run(self, execute: Execute, commit: Commit) -> None:
        run, answered, values = commit.run, commit.answered, sql.run_values(commit)
        changed = _values(values, ("version", "owner", "purge_at", "wanted", "body"))
        which = (run.id, run.version - 1)
        if run.version == 1:
            done = execute(self._insert_run, _values(values, sql.RUN))
        elif commit.handle is not None:
            by = None if answered is None else answered.key
            done = execute(self._rotate_run, (*changed, commit.handle, by, *which))
        else:
            done = execute(self._forget_run if commit.forget else self._update_run, (*changed, *which))
        if done.rowcount != 1:
            raise Refused(STALE)
        if answered is not None:
            execute(self._insert_answered, _values(sql.answered_values(commit, answered), sql.ANSWERED))

    def _write_limits(self, execute: Execute, limits: tuple[Limit, ...], now: int) -> None:
        keys = tuple([f"{limit.kind}:{limit.key}" for limit in limits])
        query = self._made(f"SELECT key, body FROM {{p}}tally WHERE key IN ({_marks(keys)})")
        known = dict(execute(query, keys).fetchall())
        counted = []
        for key, limit in zip(keys, limits, strict=True):
            before = Tally.load(known[key]) if key in known else EMPTY
            until = tally.barred(before, limit, now)
            if until is not None:
                raise Refused(Receipt(Standing.BARRED, limit, moment(until)))
            if limit.adds:
                after = tally.hit(before, limit, now)
                known[key] = body = after.dump()
                counted.append((key, body, tally.forgotten_at(after, limit)))
        for values in counted:
            execute(self._put_tally, values)

    def _write_record(self, execute: Execute, change: RecordChange) -> None:
        record = change.record
        kind, key = record.kind, record.key
        self._check_names(execute, change)
        if record.version == 1:
            done = execute(self._insert_record, _values(sql.record_values(record), sql.RECORD))
        elif change.delete:
            query = self._made("DELETE FROM {p}record WHERE kind = ? AND key = ? AND version = ?")
            done = execute(query, (kind, key, record.version - 1))
        else:
            query = self._made(
                "UPDATE {p}record SET version = ?, owner = ?, body = ?, expires_at = ?"
                " WHERE kind = ? AND key = ? AND version = ?"
            )
            values = _values(sql.record_values(record), ("version", "owner", "body", "expires_at"))
            done = execute(query, (*values, kind, key, record.version - 1))
        if done.rowcount != 1:
            raise Refused(Receipt(Standing.CONFLICT, conflict=Conflict(kind, key, None)))
        if record.version != 1:
            execute(self._made("DELETE FROM {p}name WHERE kind = ? AND key = ?"), (kind, key))
        if not change.delete:
            for name, sole in sql.names_of(change):
                execute(self._insert_name, (kind, name, key, sole))

    def _check_names(self, execute: Execute, change: RecordChange) -> None:
        if not change.unique or change.delete:
            return
        kind, key = change.record.kind, change.record.key
        query = self._made(
            f"SELECT name FROM {{p}}name WHERE kind = ? AND sole AND key <> ? AND name IN ({_marks(change.unique)})"
        )
        taken = {name for (name,) in execute(query, (kind, key, *change.unique)).fetchall()}
        for name in change.unique:
            if name in taken:
                raise Refused(Receipt(Standing.CONFLICT, conflict=Conflict(kind, key, name)))

    # --- the audit trail ---------------------------------------------------------------------------

    def _note(self, execute: Execute, entry: AuditEntry) -> None:
        values = sql.audit_values(entry)
        values |= {"reasons": encode(values["reasons"]), "denied": encode(values["denied"])}
        execute(self._insert_audit, _values(values, sql.AUDIT))

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
            self._note(execute, audit)
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


def _values(values: dict[str, Any], columns: Iterable[str]) -> tuple[Any, ...]:
    return tuple([values[column] for column in columns])
