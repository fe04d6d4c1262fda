"""What PostgreSQL is asked: one statement per call, and how to read its answer.

``PostgresStore`` and ``AsyncPostgresStore`` ask it over connections of their own, ``DjangoStore`` over Django's.  A commit
is one call of a function in the database: one round trip, one transaction.  What it refuses it refuses before it writes
anything.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Generic, NamedTuple, TypeVar

from educonnect_flow._secrecy import replace_fields
from educonnect_flow._text import encode
from educonnect_flow.errors import StoreUnavailable
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

T = TypeVar("T")

TRIES = 5
"""Of one commit that ran into a unique constraint.  The first try after it finds what the other one wrote."""


class Query(NamedTuple, Generic[T]):
    """A statement, its values, and what its rows mean."""

    sql: str
    values: Sequence[Any]
    read: Callable[[list[tuple[Any, ...]]], T]


def _nothing(_: list[tuple[Any, ...]]) -> None:
    return None


class Queries:
    """The statements over tables whose names begin with *prefix*: a schema with its dot, or part of a name."""

    def __init__(self, prefix: str) -> None:
        t = self._t = prefix
        columns = names(sql.RECORD, "o")
        of = f"(SELECT {columns} FROM {t}record o WHERE o.kind = {{kind}} AND o.key = {{key}} OFFSET 0) c"
        # A look-up for each reference (OFFSET keeps the planner from joining): the tables are never read through.
        self._records = (
            f"FROM (SELECT c.* FROM jsonb_array_elements({{w}}) w"
            f" CROSS JOIN LATERAL {of.format(kind='w ->> 0', key='w ->> 1')}"
            f" UNION ALL SELECT c.* FROM jsonb_array_elements({{w}}) w CROSS JOIN LATERAL"
            f" (SELECT i.kind, i.key FROM {t}name i WHERE i.kind = w ->> 0 AND i.name = w ->> 2 OFFSET 0) n"
            f" CROSS JOIN LATERAL {of.format(kind='n.kind', key='n.key')}) c"
        )
        records = self._records.replace("{w}", "(r.wanted::jsonb || %s::jsonb)")
        self._load = (
            f"SELECT {names(('id', 'journey', 'owner', 'version', 'wanted', 'body'), 'r')}, r.handle = %s, r.rotated_by,"
            f" {names(sql.ANSWERED[1:], 'a')}, CASE WHEN r.wanted || %s = '[][]' THEN NULL ELSE"
            f" (SELECT json_agg(json_build_array({names(sql.RECORD, 'c')}))::text {records}) END"
            f" FROM {t}run r LEFT JOIN {t}answered a ON a.run = r.id AND a.key = ANY(%s)"
            " WHERE r.handle = %s OR r.previous = %s LIMIT 1"
        )
        self._find = f"SELECT {names(sql.RECORD, 'c')} {self._records.replace('{w}', '%s::jsonb')}"
        self._audit = f"{names(sql.AUDIT)} FROM {t}"

    def load(self, handle: str, requests: Sequence[str], refs: Sequence[Ref]) -> Query[Loaded | None]:
        """See ``Store``."""

        def read(found: list[tuple[Any, ...]]) -> Loaded | None:
            if not found:
                return None
            *row, records = found[0]
            loaded = sql.loaded(row)
            return (
                loaded
                if records is None
                else replace_fields(loaded, {"records": sql.read_records(json.loads(records))})
            )

        given = sql.refs(refs)
        return Query(self._load, (handle, given, given, given, list(requests), handle, handle), read)

    def find(self, refs: Sequence[Ref]) -> Query[tuple[Record, ...]]:
        """See ``Store``."""
        given = sql.refs(refs)
        return Query(self._find, (given, given), sql.read_records)

    def commit(self, commit: Commit) -> Query[CommitResult]:
        """See ``Store``."""
        records = sql.in_order(commit.records)

        def read(found: list[tuple[Any, ...]]) -> CommitResult:
            standing, which, until, name = found[0]
            if standing == "done":
                return DONE
            if standing == "barred":
                return CommitResult(CommitStatus.BARRED, commit.limits[which], moment(until))
            if standing == "conflict":
                record = records[which].record
                return CommitResult(CommitStatus.CONFLICT, conflict=Conflict(record.kind, record.key, name))
            return STALE

        values = sql.run_values(commit)
        answered = commit.answered
        del values["body"]  # said once, for the run and for the answer
        values |= {
            "at": micros(commit.at),
            "forget": commit.forget,
            "void": commit.cancel_messages,
            "cancel_owner_messages": commit.cancel_owner_messages,
            "answered": None if answered is None else _but(sql.answered_values(commit, answered), "body"),
            "limits": [_limit(limit) for limit in commit.limits],
            "records": [_record(change) for change in records],
            "messages": [sql.message_values(out) for out in commit.messages],
            "audit": [sql.audit_values(entry) for entry in commit.audit],
        }
        query = f"SELECT standing, which, until, of_name FROM {self._t}commit(%s::jsonb, %s)"
        return Query(query, (encode(values), commit.run.body.text), read)

    def lease(self, lease: Lease) -> Query[Leased | None]:
        """See ``Store``."""

        def read(found: list[tuple[Any, ...]]) -> Leased | None:
            return sql.leased(found[0]) if found else None

        query = (
            f"UPDATE {self._t}message SET due_at = %s, attempts = attempts + 1 WHERE id = ("
            f"SELECT id FROM {self._t}message WHERE due_at <= %s ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED)"
            f" RETURNING {names(sql.LEASED)}"
        )
        return Query(query, (micros(lease.until), micros(lease.now)), read)

    def settle(self, message: str, audit: AuditEntry | None, lease: Lease | None) -> Query[Settled]:
        """See ``Store``."""

        def read(found: list[tuple[Any, ...]]) -> Settled:
            gone, row = found[0]
            return Settled(gone=gone, leased=None if row is None else sql.leased(json.loads(row)))

        values = (
            message,
            None if audit is None else encode(sql.audit_values(audit)),
            None if lease is None else micros(lease.until),
            None if lease is None else micros(lease.now),
        )
        query = f"SELECT gone, leased::text FROM {self._t}settle(%s, %s::jsonb, %s::bigint, %s::bigint)"
        return Query(query, values, read)

    def release(self, message: str, attempts: int, due_at: datetime) -> Query[None]:
        """See ``Store``."""
        query = f"UPDATE {self._t}message SET due_at = %s WHERE id = %s AND attempts = %s"
        return Query(query, (micros(due_at), message, attempts), _nothing)

    def spend(self, key: str, now: datetime, until: datetime) -> Query[bool]:
        """See ``Store``."""
        query = (
            f"INSERT INTO {self._t}spent AS s (key, until) VALUES (%s, %s)"
            " ON CONFLICT (key) DO UPDATE SET until = excluded.until WHERE s.until <= %s RETURNING 1"
        )
        return Query(query, (key, micros(until), micros(now)), bool)

    def spent(self, key: str, now: datetime) -> Query[bool]:
        """See ``Store``."""
        return Query(f"SELECT 1 FROM {self._t}spent WHERE key = %s AND until > %s", (key, micros(now)), bool)

    def tally(self, kind: str, key: str) -> Query[Tally]:
        """See ``Store``."""

        def read(found: list[tuple[Any, ...]]) -> Tally:
            return Tally.load(found[0][0]) if found else EMPTY

        return Query(f"SELECT body FROM {self._t}tally WHERE key = %s", (f"{kind}:{key}",), read)

    def purge(self, now: datetime, limit: int) -> Query[int]:
        """See ``Store``."""
        query = f"SELECT {self._t}purge(%s, %s, %s)"
        return Query(query, (micros(now), limit, COUNTERS * limit), lambda found: int(found[0][0]))

    def trail(self, run: str) -> Query[tuple[AuditEntry, ...]]:
        """See ``Store``."""
        return Query(f"SELECT {self._audit}audit WHERE run = %s ORDER BY seq", (run,), sql.trail)

    def entries(self, after: int, limit: int) -> Query[tuple[tuple[int, AuditEntry], ...]]:
        """See ``Store``."""
        return Query(f"SELECT seq, {self._audit}entries(%s, %s) ORDER BY seq", (after, limit), sql.entries)


def unavailable(error: Exception) -> StoreUnavailable:
    """What the host sees of an *error* of the database: its kind, and not its text, which may quote values."""
    return StoreUnavailable(f"PostgreSQL: {type(error).__name__}")


def _limit(limit: Limit) -> dict[str, Any]:
    return {
        "key": f"{limit.kind}:{limit.key}",
        "cap": limit.cap,
        "window": _micros(limit.window),
        "lock": None if limit.lock is None else _micros(limit.lock),
        "adds": limit.adds,
    }


def _record(change: RecordChange) -> dict[str, Any]:
    gone = change.delete
    return sql.record_values(change.record) | {
        "unique": [] if gone else change.unique,
        "names": [] if gone else sql.names_of(change),
        "delete": gone,
    }


def _but(values: dict[str, Any], column: str) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name != column}


def _micros(length: timedelta) -> int:
    return length // timedelta(microseconds=1)
