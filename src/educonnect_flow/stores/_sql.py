"""What the SQL stores share: the columns of each table, and the records that a row is written from and read into.

Every SQL store has the same tables with the same columns: ``SqliteStore`` and ``PostgresStore`` in tables of their own,
``DjangoStore`` in those of its models.  Times are whole microseconds since 1970, UTC.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from educonnect_flow._text import encode
from educonnect_flow.reasons import dump_refusals, load_refusals
from educonnect_flow.records import (
    Answered,
    AuditEntry,
    Body,
    Commit,
    Leased,
    Loaded,
    Outgoing,
    Record,
    RecordChange,
    Ref,
    StoredRun,
)
from educonnect_flow.tally import micros, moment

COUNTERS = 20
"""Counters, spent keys and records that a purge deletes at most, for each run that it may: far more than one leaves."""

RUN = ("id", "journey", "owner", "version", "handle", "previous", "rotated_by", "purge_at", "wanted", "body")
ANSWERED = ("run", "key", "fingerprint", "version", "accepted", "refusals", "body")
MESSAGE = ("id", "run", "journey", "owner", "due_at", "attempts", "created_at", "expires_at", "decoy", "body")
LEASED = ("id", "run", "journey", "expires_at", "decoy", "body", "attempts")
RECORD = ("kind", "key", "owner", "version", "body", "expires_at")
NAME = ("kind", "name", "key", "sole")
TALLY = ("key", "body", "forgotten_at")
AUDIT = (
    "run", "journey", "at", "event", "row", "source", "dest", "reasons", "denied", "mobile", "origin",
)  # fmt: skip
"""Without the number, which the database draws."""


def names(columns: Iterable[str], of: str = "") -> str:
    """*columns* as a list in SQL, each of the table *of*."""
    return ", ".join(f"{of}.{column}" if of else column for column in columns)


# --- to rows ---------------------------------------------------------------------------------------


def refs(wanted: Sequence[Ref]) -> str:
    """References as JSON: ``[[kind, key, name], …]``."""
    return encode(wanted) if wanted else "[]"


def run_values(commit: Commit) -> dict[str, Any]:
    """A new run; what a later commit changes is among it."""
    run = commit.run
    return {
        "id": run.id,
        "journey": run.journey,
        "owner": run.owner,
        "version": run.version,
        "handle": commit.handle,
        "previous": None,
        "rotated_by": None,
        "purge_at": micros(commit.purge_at),
        "wanted": refs(run.wanted),
        "body": run.body.text,
    }


def answered_values(commit: Commit, answered: Answered) -> dict[str, Any]:
    """The request that *commit* answers."""
    return {
        "run": commit.run.id,
        "key": answered.key,
        "fingerprint": answered.fingerprint,
        "version": answered.version,
        "accepted": answered.accepted,
        "refusals": dump_refusals(answered.refusals),
        "body": answered.body.text,
    }


def message_values(out: Outgoing) -> dict[str, Any]:
    """A message that waits."""
    return {
        "id": out.id,
        "run": out.run,
        "journey": out.journey,
        "owner": out.owner,
        "due_at": micros(out.due_at),
        "attempts": 0,
        "created_at": micros(out.created_at),
        "expires_at": micros(out.expires_at),
        "decoy": out.decoy,
        "body": out.body,
    }


def record_values(record: Record) -> dict[str, Any]:
    """A record."""
    return {
        "kind": record.kind,
        "key": record.key,
        "owner": record.owner,
        "version": record.version,
        "body": record.body,
        "expires_at": None if record.expires_at is None else micros(record.expires_at),
    }


def names_of(change: RecordChange) -> list[tuple[str, bool]]:
    """Every name of a record once, and whether it is unique."""
    found = dict.fromkeys(change.names, False) | dict.fromkeys(change.unique, True)
    return sorted(found.items())


def in_order(records: tuple[RecordChange, ...]) -> tuple[RecordChange, ...]:
    """*records* in the order in which they are locked: the same in every transaction, to prevent deadlocks."""
    return tuple(sorted(records, key=lambda change: (change.record.kind, change.record.key)))


def audit_values(entry: AuditEntry) -> dict[str, Any]:
    """An entry of the audit trail; the columns that hold several texts are lists still."""
    return {
        "run": entry.run,
        "journey": entry.journey,
        "at": micros(entry.at),
        "event": entry.event,
        "row": entry.row,
        "source": entry.source,
        "dest": entry.dest,
        "reasons": list(entry.reasons),
        "denied": list(entry.denied),
        "mobile": entry.mobile,
        "origin": entry.origin,
    }


# --- from rows -------------------------------------------------------------------------------------


def loaded(row: Sequence[Any]) -> Loaded:
    """A row of the run and of its answered request, where there is one."""
    identity, journey, owner, version, wanted, body, current, rotated_by, *rest = row
    key, fingerprint, then, accepted, refusals, body_then = rest
    run = StoredRun(
        id=identity, journey=journey, owner=owner, version=version, wanted=_refs(wanted), body=Body(body)
    )  # fmt: skip
    answered = None
    if key is not None:
        answered = Answered(
            key=key,
            fingerprint=fingerprint,
            version=then,
            accepted=bool(accepted),
            refusals=load_refusals(refusals),
            body=Body(body_then),
        )
    return Loaded(run=run, current=bool(current), rotated_by=rotated_by, answered=answered, records=())


def _refs(text: str) -> tuple[Ref, ...]:
    return () if text == "[]" else tuple(Ref(*ref) for ref in json.loads(text))


def read_records(found: Iterable[Sequence[Any]]) -> tuple[Record, ...]:
    """Rows of ``RECORD``, by kind and key, each once."""
    records = {}
    for kind, key, owner, version, body, expires_at in found:
        until = None if expires_at is None else moment(expires_at)
        records[kind, key] = Record(kind=kind, key=key, owner=owner, version=version, body=body, expires_at=until)
    return tuple([records[of] for of in sorted(records)])


def leased(row: Sequence[Any]) -> Leased:
    """A row of ``LEASED``."""
    identity, run, journey, expires_at, decoy, body, attempts = row
    return Leased(
        id=identity,
        run=run,
        journey=journey,
        expires_at=moment(expires_at),
        decoy=bool(decoy),
        body=body,
        attempts=attempts,
    )


def entries(rows: Iterable[Sequence[Any]]) -> tuple[tuple[int, AuditEntry], ...]:
    """Rows of the number and ``AUDIT``, each with its number."""
    return tuple((row[0], _entry(row[1:])) for row in rows)


def trail(rows: Iterable[Sequence[Any]]) -> tuple[AuditEntry, ...]:
    """Rows of ``AUDIT``."""
    return tuple(map(_entry, rows))


def _entry(row: Sequence[Any]) -> AuditEntry:
    run, journey, at, event, name, source, dest, reasons, denied, mobile, origin = row
    return AuditEntry(
        at=moment(at),
        run=run,
        journey=journey,
        event=event,
        row=name,
        source=source,
        dest=dest,
        reasons=_many(reasons),
        denied=_many(denied),
        mobile=mobile,
        origin=origin,
    )


def _many(column: Any) -> tuple[str, ...]:
    """A column that holds several texts: an array, or JSON."""
    return tuple(json.loads(column) if isinstance(column, str) else column)
