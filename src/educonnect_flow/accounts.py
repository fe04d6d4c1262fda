"""An account: what the activation makes, and how it is kept as a record."""

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
"""Of the record."""

FORMAT = 1
"""Of the record's body."""

HASH = "password_hash"
"""The field of the body that the engine fills in, once the password is hashed."""


@frozen(kw_only=True, slots=False)
class Account(Confidential):
    """What an activation comes to."""

    identifier: str
    guardians: tuple[str, ...]
    """Ids of the directory's records; no two accounts share one."""
    confirmed: tuple[str, ...]
    """Ids of the pupils confirmed."""
    denied: tuple[str, ...]
    """Ids of the pupils denied: for the school to look at."""
    password_hash: str = field(repr=False)
    created_at: datetime
    run: str
    """Id of the run that made it."""

    def body(self) -> dict[str, Any]:
        """The body of its record, to be encoded; the time in microseconds since 1970, UTC."""
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
    """The name that the account of *guardian* has: no two accounts have it."""
    return f"guardian:{guardian}"


def of_guardians(guardians: tuple[str, ...]) -> tuple[Ref, ...]:
    """Where the accounts of *guardians* are found; for a stranger one that leads nowhere, which costs as much."""
    return tuple([Ref(KIND, name=guardian_name(guardian)) for guardian in guardians or ("",)])


def of_identifier(identifier: str) -> Ref:
    """Where the account of *identifier* is found."""
    return Ref(KIND, key=identifier)


def read_account(record: Record) -> Account:
    """The account that *record* keeps.

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
    """How many identifiers have this *stem*: counted for as long as they may be in use, and without a bound."""
    return Limit("identifiers", stem, sys.maxsize, _CENTURY, adds=adds)
