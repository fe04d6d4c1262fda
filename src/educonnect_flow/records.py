"""What a store keeps and is asked: frozen records, the same for every store."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import NamedTuple

from attrs import field, frozen

from educonnect_flow.activation.products import Account, Outgoing
from educonnect_flow.activation.snapshot import Activation
from educonnect_flow.machinery.secrecy import Confidential
from educonnect_flow.machinery.tally import Limit
from educonnect_flow.reasons import Refusal


@frozen(kw_only=True, slots=False)
class AuditEntry:
    """One transition or refusal.  Append-only; holds no personal data and no secret."""

    at: datetime
    activation: str
    event: str
    """The name of the event's class."""
    row: str | None
    """The name of the row taken; ``None`` when nothing moved."""
    source: str
    """The state before, by value."""
    dest: str
    reasons: tuple[str, ...] = ()
    """Why it was refused, by value."""
    denied: tuple[str, ...] = ()
    """Ids of pupils that a guardian says are not theirs, for the school."""
    mobile: str | None = field(default=None, repr=False)
    """Keyed hash of the mobile claimed, once there is a claim: to see what belongs together."""
    origin: str | None = field(default=None, repr=False)
    """Keyed hashes of where the request came from, where the host says."""


@frozen(kw_only=True, slots=False)
class Answered(Confidential):
    """A request that was answered: what is needed to give the same answer again."""

    key: str
    """Keyed hash of the ``request_id``; unique within the activation."""
    fingerprint: str = field(repr=False)
    """Keyed hash of the event; of a password's, a slow one."""
    activation: Activation
    """As it stood after the answer."""
    accepted: bool
    refusals: tuple[Refusal, ...]


@frozen(kw_only=True, eq=False, slots=False, repr=False)
class Loaded(Confidential):
    """What a handle leads to."""

    activation: Activation
    current: bool
    """False when the handle is the one before: it then only serves to repeat the request that replaced it."""
    rotated_by: str | None
    """Key of the request that replaced the handle before."""
    answered: Answered | None
    """The request asked for, when it was answered."""


@frozen(kw_only=True, eq=False, slots=False, repr=False)
class Commit(Confidential):
    """Everything that one event changes: all of it in one transaction, or nothing."""

    activation: Activation
    """The next snapshot; its ``version`` is one above the one that must still stand, and 1 for a new one."""
    purge_at: datetime
    """From when on ``Store.purge`` may delete it."""
    handle: str | None = None
    """Digest of a new handle: of the first, or of the one that replaces the current, which becomes the one before."""
    forget: bool = False
    """The handle before is unknown from now on."""
    answered: Answered | None = None
    limits: tuple[Limit, ...] = ()
    outgoing: Outgoing | None = None
    void: bool = False
    """The activation's messages that still wait are not to be sent (one written by this commit is)."""
    account: Account | None = None
    audit: AuditEntry | None = None


class Standing(Enum):
    """What became of a commit."""

    DONE = "done"
    STALE = "stale"
    """Another commit came first: load again, decide again."""
    BARRED = "barred"
    """A limit does not allow it."""
    IDENTIFIER_TAKEN = "identifier_taken"
    """Another account has the identifier."""
    ACTIVE = "active"
    """One of the account's guardians has an account already."""


class Receipt(NamedTuple):
    """The store's answer to a commit.  Unless it is ``DONE``, nothing at all was changed."""

    standing: Standing
    limit: Limit | None = None
    """``BARRED``: the first limit that refused."""
    until: datetime | None = None
    """``BARRED``: when it will allow it again."""


DONE = Receipt(Standing.DONE)
STALE = Receipt(Standing.STALE)


@frozen(kw_only=True, eq=False, repr=False, slots=False)
class Claimed(Confidential):
    """A message under a relay's lease."""

    outgoing: Outgoing
    attempts: int
    """How often it was claimed, this time included."""
