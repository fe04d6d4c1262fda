"""What an activation gives out: messages to be sent, and in the end an account."""

from __future__ import annotations

from datetime import datetime

from attrs import field, frozen

from educonnect_flow.machinery.secrecy import Confidential
from educonnect_flow.people import SealedMobile


@frozen(kw_only=True, slots=False)
class Outgoing(Confidential):
    """A code to be sent: what the outbox keeps.  The code is derived when the relay sends it."""

    id: str
    activation: str
    nonce: str
    mobile: SealedMobile = field(repr=False)
    created_at: datetime
    expires_at: datetime
    """When the code is over, and the message with it."""
    decoy: bool
    """Written for somebody unknown: the relay drops it."""


@frozen(kw_only=True, slots=False)
class Account(Confidential):
    """What an activation comes to."""

    identifier: str
    base: str
    guardians: tuple[str, ...]
    """Ids of the directory's records; no two accounts share one."""
    confirmed: tuple[str, ...]
    """Ids of the pupils confirmed."""
    denied: tuple[str, ...]
    """Ids of the pupils denied: for the school to look at."""
    password_hash: str = field(repr=False)
    created_at: datetime
    activation: str
