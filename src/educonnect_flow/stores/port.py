"""The port that keeps everything: small, and with a contract test (``educonnect_flow.testing``)."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from educonnect_flow.records import Account, AuditEntry, Claimed, Commit, Loaded, Receipt


class Store(Protocol):
    """Snapshots, answered requests, outbox, counters, accounts and the audit trail.

    Every method raises :class:`~educonnect_flow.errors.StoreUnavailable`, in bounded time, when it
    cannot answer; a commit that raised may or may not have taken effect, and is repeated by its
    ``request_id``.  Handles come as digests only.
    """

    def load(self, handle: str, request: str | None = None) -> Loaded | None:
        """The activation whose current handle, or the one before, has the digest *handle*; with it, in one
        consistent reading, the answer to *request* (the key of :class:`Answered`) if there is one."""
        ...

    def commit(self, commit: Commit) -> Receipt:
        """Make all of *commit* durable, or nothing.

        In this order: ``STALE`` unless the version stands (compare-and-set); ``BARRED`` unless every limit
        allows it; ``ACTIVE`` if a guardian of the account has one; ``IDENTIFIER_TAKEN`` if the identifier is.
        """
        ...

    def active(self, guardians: tuple[str, ...]) -> bool:
        """Whether any of *guardians* has an account."""
        ...

    def issued(self, base: str) -> int:
        """How many accounts have an identifier of this *base*.  Costs the same however many."""
        ...

    def account(self, identifier: str) -> Account | None:
        """The account of *identifier*."""
        ...

    def claim(self, now: datetime, lease_until: datetime) -> Claimed | None:
        """The waiting message that is due the longest, leased until *lease_until*: until then no other claim gets it."""
        ...

    def settle(self, message: str) -> None:
        """A message is done with.  Forgets what it said; does nothing when it is settled or void already."""
        ...

    def release(self, message: str, due_at: datetime) -> None:
        """A message could not be handed over: it is due again at *due_at*."""
        ...

    def purge(self, now: datetime, limit: int) -> int:
        """Delete up to *limit* activations whose ``purge_at`` has come, with their requests and messages, and
        counters that say nothing any more.  Accounts and the audit trail stay.  Returns how many activations."""
        ...

    def trail(self, activation: str) -> tuple[AuditEntry, ...]:
        """The audit entries of an activation, oldest first."""
        ...

    def close(self) -> None:
        """Give back files and connections.  The store is not used after."""
        ...


class AsyncStore(Protocol):
    """:class:`Store`, awaited."""

    async def load(self, handle: str, request: str | None = None) -> Loaded | None:
        """See :meth:`Store.load`."""
        ...

    async def commit(self, commit: Commit) -> Receipt:
        """See :meth:`Store.commit`."""
        ...

    async def active(self, guardians: tuple[str, ...]) -> bool:
        """See :meth:`Store.active`."""
        ...

    async def issued(self, base: str) -> int:
        """See :meth:`Store.issued`."""
        ...

    async def account(self, identifier: str) -> Account | None:
        """See :meth:`Store.account`."""
        ...

    async def claim(self, now: datetime, lease_until: datetime) -> Claimed | None:
        """See :meth:`Store.claim`."""
        ...

    async def settle(self, message: str) -> None:
        """See :meth:`Store.settle`."""
        ...

    async def release(self, message: str, due_at: datetime) -> None:
        """See :meth:`Store.release`."""
        ...

    async def purge(self, now: datetime, limit: int) -> int:
        """See :meth:`Store.purge`."""
        ...

    async def trail(self, activation: str) -> tuple[AuditEntry, ...]:
        """See :meth:`Store.trail`."""
        ...

    async def close(self) -> None:
        """See :meth:`Store.close`."""
        ...
