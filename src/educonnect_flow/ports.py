"""Everything outside, as Protocols and frozen records.  A host writes any of them itself.

Each Protocol has an async twin whose methods are awaited; ``AsyncActivationFlow`` takes either.  The
largest is the store, which has a contract test: ``educonnect_flow.testing.StoreContract``.

Long because all ports are here, each with its asynchronous twin.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Protocol

from attrs import field, frozen

from educonnect_flow._prompt import HumanPrompt
from educonnect_flow._secrecy import Confidential, hidden
from educonnect_flow.errors import SmsRejected, SmsUnavailable
from educonnect_flow.people import Guardian
from educonnect_flow.records import AuditEntry, Commit, CommitResult, Lease, Leased, Loaded, Record, Ref, Settled
from educonnect_flow.tally import Tally

__all__ = [
    "AsyncBreachList", "AsyncDirectory", "AsyncHumanCheck", "AsyncPasswordHasher", "AsyncSms", "AsyncStore",
    "BreachList", "Clock", "Directory", "HumanCheck", "HumanPrompt", "Message", "PasswordHasher", "Sms",
    "SmsRejected", "SmsUnavailable", "Store", "utc_now",
]  # fmt: skip


class Clock(Protocol):
    """The time, from outside."""

    def __call__(self) -> datetime:
        """Now: aware, in any zone; the library works in UTC."""
        ...


def utc_now() -> datetime:
    """The system's clock: the default."""
    return datetime.now(UTC)


class Directory(Protocol):
    """The guardians in the schools' records."""

    def find(self, mobile: str) -> Sequence[Guardian]:
        """Every guardian with this *mobile* (E.164); empty when unknown, after the same time."""
        ...

    def guardians(self, ids: Sequence[str]) -> Sequence[Guardian]:
        """The guardians with these *ids*, each with all their pupils, once for each of their mobiles.

        Ids that are unknown, or known no more, are left out; an id that is asked for twice counts once.
        """
        ...


class AsyncDirectory(Protocol):
    """``Directory``, awaited."""

    async def find(self, mobile: str) -> Sequence[Guardian]:
        """See ``Directory.find``."""
        ...

    async def guardians(self, ids: Sequence[str]) -> Sequence[Guardian]:
        """See ``Directory.guardians``."""
        ...


@frozen(kw_only=True, slots=False)
class Message(Confidential):
    """One SMS."""

    id: str
    """The same on a retry: a gateway that knows ids sends it once."""
    to: str = field(converter=hidden, repr=False)
    """E.164."""
    text: str = field(converter=hidden, repr=False)


class Sms(Protocol):
    """A gateway."""

    def send(self, message: Message) -> None:
        """Take *message* over.

        :raises SmsRejected: it will never be sent.
        :raises SmsUnavailable: try again; so does any other exception.
        """
        ...


class AsyncSms(Protocol):
    """``Sms``, awaited."""

    async def send(self, message: Message) -> None:
        """See ``Sms.send``."""
        ...


class PasswordHasher(Protocol):
    """A slow, salted hash.  Called outside any lock and any transaction."""

    def hash(self, text: str) -> str:
        """A hash of *text* that holds its own salt and parameters."""
        ...

    def verify(self, hash: str, text: str) -> bool:
        """Whether *text* gave *hash*."""
        ...


class AsyncPasswordHasher(Protocol):
    """``PasswordHasher``, awaited."""

    async def hash(self, text: str) -> str:
        """See ``PasswordHasher.hash``."""
        ...

    async def verify(self, hash: str, text: str) -> bool:
        """See ``PasswordHasher.verify``."""
        ...


class BreachList(Protocol):
    """Passwords that were published (NIST SP 800-63B-4, 3.1.1.2; ASVS 5.0, 6.2.12)."""

    def holds(self, password: str) -> bool:
        """Whether *password*, in NFC and of bounded length, is on the list."""
        ...


class AsyncBreachList(Protocol):
    """``BreachList``, awaited."""

    async def holds(self, password: str) -> bool:
        """See ``BreachList.holds``."""
        ...


class HumanCheck(Protocol):
    """Distinguishes people from programs."""

    def issue(self) -> HumanPrompt:
        """A new prompt."""
        ...

    def show(self, id: str) -> HumanPrompt | None:
        """A prompt that was issued, again; ``None`` when it is used or expired."""
        ...

    def passes(self, id: str, answer: str) -> bool:
        """Whether *answer* is right.  Only the first call for a prompt can be true."""
        ...


class AsyncHumanCheck(Protocol):
    """``HumanCheck``, awaited."""

    async def issue(self) -> HumanPrompt:
        """See ``HumanCheck.issue``."""
        ...

    async def show(self, id: str) -> HumanPrompt | None:
        """See ``HumanCheck.show``."""
        ...

    async def passes(self, id: str, answer: str) -> bool:
        """See ``HumanCheck.passes``."""
        ...


class Store(Protocol):
    """Runs, answered requests, records, outbox, counters and the audit trail.  It knows no journey.

    Every method raises ``StoreUnavailable``, in bounded time, when it
    cannot answer; a commit that raised may or may not have taken effect, and is repeated by its
    ``request_id``.  Handles come as digests only.
    """

    def load(self, handle: str, requests: Sequence[str] = (), refs: Sequence[Ref] = ()) -> Loaded | None:
        """The run whose current handle, or the one before, has the digest *handle*.

        With it, as of the same moment, the answer to one of *requests* (keys of ``Answered``) if there is one; and the
        records that the run wants or *refs* name, as of that moment or later.
        """
        ...

    def find(self, refs: Sequence[Ref]) -> tuple[Record, ...]:
        """The records that *refs* name, by kind and key, each once."""
        ...

    def commit(self, commit: Commit) -> CommitResult:
        """Make all of *commit* durable, or nothing.

        In this order: ``STALE`` unless the run's version is the one before (compare-and-set); ``BARRED`` unless every
        limit allows it; ``CONFLICT`` unless, record by record, its unique names are free or its own and its version is
        the one before.  All is compared with what was there before this commit: a name does not pass from one record
        to another in it, and a limit that it names twice is judged alike both times.
        """
        ...

    def lease(self, lease: Lease) -> Leased | None:
        """The waiting message that is due the longest: until the lease ends no other relay gets it."""
        ...

    def settle(self, message: str, audit: AuditEntry | None = None, lease: Lease | None = None) -> Settled:
        """Delete a finished message, and write *audit* in the same transaction; writes nothing when the message is gone
        already.  With a *lease*, the next message is leased in the same call.
        """
        ...

    def release(self, message: str, attempts: int, due_at: datetime) -> None:
        """A message could not be handed over: it is due again at *due_at*.  Does nothing when its
        ``attempts`` differ, because then another relay has leased it since.
        """
        ...

    def spend(self, key: str, now: datetime, until: datetime) -> bool:
        """Mark *key* as used until *until*; true for one call only, also when several come at once."""
        ...

    def spent(self, key: str, now: datetime) -> bool:
        """Whether *key* is used already."""
        ...

    def tally(self, kind: str, key: str) -> Tally:
        """What is counted under *key* of *kind*; ``EMPTY`` when nothing is."""
        ...

    def purge(self, now: datetime, limit: int) -> int:
        """Delete up to *limit* runs whose ``purge_at`` has come, with their requests and messages; and records that
        have expired, counters and spent keys that say nothing any more.  Other records and the audit trail stay.
        Returns how many runs.
        """
        ...

    def trail(self, run: str) -> tuple[AuditEntry, ...]:
        """The audit entries of a run, oldest first."""
        ...

    def entries(self, after: int, limit: int) -> tuple[tuple[int, AuditEntry], ...]:
        """Up to *limit* audit entries of all runs, each with its number, from the first whose number is above
        *after* on.  Numbers grow; once one was given out, none below it appears any more.
        """
        ...

    def close(self) -> None:
        """Close files and connections.  The store is not used afterwards."""
        ...


class AsyncStore(Protocol):
    """``Store``, awaited."""

    async def load(self, handle: str, requests: Sequence[str] = (), refs: Sequence[Ref] = ()) -> Loaded | None:
        """See ``Store.load``."""
        ...

    async def find(self, refs: Sequence[Ref]) -> tuple[Record, ...]:
        """See ``Store.find``."""
        ...

    async def commit(self, commit: Commit) -> CommitResult:
        """See ``Store.commit``."""
        ...

    async def lease(self, lease: Lease) -> Leased | None:
        """See ``Store.lease``."""
        ...

    async def settle(self, message: str, audit: AuditEntry | None = None, lease: Lease | None = None) -> Settled:
        """See ``Store.settle``."""
        ...

    async def release(self, message: str, attempts: int, due_at: datetime) -> None:
        """See ``Store.release``."""
        ...

    async def spend(self, key: str, now: datetime, until: datetime) -> bool:
        """See ``Store.spend``."""
        ...

    async def spent(self, key: str, now: datetime) -> bool:
        """See ``Store.spent``."""
        ...

    async def tally(self, kind: str, key: str) -> Tally:
        """See ``Store.tally``."""
        ...

    async def purge(self, now: datetime, limit: int) -> int:
        """See ``Store.purge``."""
        ...

    async def trail(self, run: str) -> tuple[AuditEntry, ...]:
        """See ``Store.trail``."""
        ...

    async def entries(self, after: int, limit: int) -> tuple[tuple[int, AuditEntry], ...]:
        """See ``Store.entries``."""
        ...

    async def close(self) -> None:
        """See ``Store.close``."""
        ...
