"""An account, which the activation creates, and its form as a record."""

from __future__ import annotations

import json
import sys
from datetime import datetime, timedelta
from typing import Any

from attrs import field, frozen

from educonnect_flow._secrecy import Confidential
from educonnect_flow.records import Record, Ref
from educonnect_flow.tally import Limit, micros, moment

KIND = "account"
"""The kind of the record."""

FORMAT = 1
"""The format version of the record's body."""

HASH = "password_hash"
"""The field of the body that the engine sets to the hash of the password."""


@frozen(kw_only=True, slots=False)
class Account(Confidential):
    """A parent's account."""

    identifier: str
    guardians: tuple[str, ...]
    """Ids of the guardians in the directory; no two accounts share one."""
    confirmed: tuple[str, ...]
    """Ids of the confirmed pupils."""
    denied: tuple[str, ...]
    """Ids of the denied pupils: for the school to check."""
    password_hash: str = field(repr=False)
    created_at: datetime
    run: str
    """Id of the run that created it."""

    def body(self) -> dict[str, Any]:
        """The body of its record, before JSON encoding; the time in microseconds since 1970, UTC."""
        return {
            "format": FORMAT,
            "guardians": self.guardians,
            "confirmed": self.confirmed,
            "denied": self.denied,
            HASH: self.password_hash,
            "created_at": micros(self.created_at),
            "run": self.run,
        }

    def unique(self) -> tuple[str, ...]:
        """The unique names of its record."""
        return tuple(map(guardian_name, self.guardians))


def guardian_name(guardian: str) -> str:
    """The unique name of the account of *guardian*."""
    return f"guardian:{guardian}"


def of_guardians(guardians: tuple[str, ...]) -> tuple[Ref, ...]:
    """References to the accounts of *guardians*; for an unknown parent one that finds nothing, at the same cost."""
    return tuple([Ref(KIND, name=guardian_name(guardian)) for guardian in guardians or ("",)])


def of_identifier(identifier: str) -> Ref:
    """The reference to the account with *identifier*."""
    return Ref(KIND, key=identifier)


def read_account(record: Record) -> Account:
    """The account in *record*.

    :raises ValueError: when it was written by a newer version of the library.
    """
    body: dict[str, Any] = json.loads(record.body)
    if body["format"] > FORMAT:
        raise ValueError(f"a stored account has format {body['format']}; this library reads up to {FORMAT}")
    return Account(
        identifier=record.key,
        guardians=tuple(body["guardians"]),
        confirmed=tuple(body["confirmed"]),
        denied=tuple(body["denied"]),
        password_hash=body[HASH],
        created_at=moment(body["created_at"]),
        run=body["run"],
    )


_CENTURY = timedelta(days=36_525)


def identifiers(stem: str, adds: int = 1) -> Limit:
    """The counter of the identifiers with this *stem*: kept for a century, without a bound."""
    return Limit("identifiers", stem, sys.maxsize, _CENTURY, adds=adds)
