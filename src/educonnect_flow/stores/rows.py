"""Rows of the SQL stores, and the records they stand for: the columns in one order for both."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from educonnect_flow.activation import snapshot
from educonnect_flow.activation.products import Account, Outgoing
from educonnect_flow.machinery.tally import moment
from educonnect_flow.reasons import load_refusals
from educonnect_flow.records import Answered, AuditEntry, Claimed, Loaded

Many = Callable[[Any], Iterable[str]]
"""How a column that holds several texts is read."""

COUNTERS = 20
"""Counters and spent keys that a purge deletes at most, for each activation that it may: far more than one leaves."""

ACCOUNT = "identifier, base, guardians, confirmed, denied, password_hash, created_at, activation"
CLAIMED = "id, activation, attempts, nonce, mobile, created_at, expires_at, decoy"
ENTRY = "seq, activation, at, event, row, source, dest, reasons, denied, mobile, origin"


def loaded(row: Sequence[Any]) -> Loaded:
    """A row of the activation, with those of its answered request where one was asked for."""
    version, body, current, rotated_by, *request = row
    answered = None
    if request and request[0] is not None:
        key, fingerprint, then, accepted, refusals, body_then = request
        answered = Answered(
            key=key,
            fingerprint=fingerprint,
            activation=snapshot.load(body_then, then),
            accepted=bool(accepted),
            refusals=load_refusals(refusals),
        )
    return Loaded(
        activation=snapshot.load(body, version), current=bool(current), rotated_by=rotated_by, answered=answered
    )


def account(row: Sequence[Any], many: Many) -> Account:
    """A row of ``ACCOUNT``."""
    identifier, base, guardians, confirmed, denied, password_hash, created_at, activation = row
    return Account(
        identifier=identifier,
        base=base,
        guardians=tuple(many(guardians)),
        confirmed=tuple(many(confirmed)),
        denied=tuple(many(denied)),
        password_hash=password_hash,
        created_at=moment(created_at),
        activation=activation,
    )


def claimed(row: Sequence[Any]) -> Claimed:
    """A row of ``CLAIMED``."""
    identity, activation, attempts, nonce, mobile, created_at, expires_at, decoy = row
    outgoing = Outgoing(
        id=identity,
        activation=activation,
        nonce=nonce,
        mobile=mobile,
        created_at=moment(created_at),
        expires_at=moment(expires_at),
        decoy=bool(decoy),
    )
    return Claimed(outgoing=outgoing, attempts=attempts)


def entries(rows: Iterable[Sequence[Any]], many: Many) -> tuple[tuple[int, AuditEntry], ...]:
    """Rows of ``ENTRY``, each with its number."""
    return tuple((row[0], _entry(row, many)) for row in rows)


def trail(rows: Iterable[Sequence[Any]], many: Many) -> tuple[AuditEntry, ...]:
    """Rows of ``ENTRY``."""
    return tuple(_entry(row, many) for row in rows)


def _entry(row: Sequence[Any], many: Many) -> AuditEntry:
    _, activation, at, event, name, source, dest, reasons, denied, mobile, origin = row
    return AuditEntry(
        at=moment(at),
        activation=activation,
        event=event,
        row=name,
        source=source,
        dest=dest,
        reasons=tuple(many(reasons)),
        denied=tuple(many(denied)),
        mobile=mobile,
        origin=origin,
    )
