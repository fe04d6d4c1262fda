"""What a store keeps and is asked: frozen records, the same for every store.  None of them knows a journey."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import Enum
from typing import Any, NamedTuple, TypeVar

from attrs import field, frozen

from educonnect_flow._secrecy import Confidential
from educonnect_flow.reasons import Refusal
from educonnect_flow.tally import Limit

T = TypeVar("T")


@frozen(kw_only=True, slots=False)
class AuditEntry:
    """One transition or refusal.  Append-only; holds no personal data and no secret."""

    at: datetime
    run: str
    journey: str
    """The name of the run's journey."""
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


class Body(Confidential):
    """A run as a store keeps it: text, which the store does not read.

    The text is made when it is first asked for, and the value is read when it is first asked for.  So a store in memory
    does neither, and a run that is kept twice is written once.
    """

    __slots__ = ("_dump", "_text", "_value")

    def __init__(self, text: str | None, value: Any = None, dump: Callable[[Any], str] | None = None) -> None:
        """Give the text, or the value with what makes its text."""
        self._text, self._value, self._dump = text, value, dump

    @property
    def text(self) -> str:
        """What is kept."""
        if self._text is None:
            assert self._dump is not None  # without a text there is a value
            self._text = self._dump(self._value)
        return self._text

    def value(self, load: Callable[[str], T]) -> T:
        """What is meant; *load* reads the text where that was not done."""
        if self._value is None:
            self._value = load(self.text)
        value: T = self._value
        return value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Body) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return "Body(…)"


class Ref(NamedTuple):
    """How records are looked for: those of *kind* that have the key, or the name.  One of both is given."""

    kind: str
    key: str | None = None
    name: str | None = None


@frozen(kw_only=True, slots=False)
class StoredRun(Confidential):
    """One parent's way through a journey, as a store keeps it."""

    id: str
    journey: str
    """The name of the journey; the store does not know what it means."""
    owner: str
    """The account that the run is about; empty when there is none."""
    version: int
    """Raised by one with every commit; 1 for a new one."""
    wanted: tuple[Ref, ...]
    """Records that ``Store.load`` reads with the run."""
    body: Body = field(repr=False)


@frozen(kw_only=True, slots=False)
class Record(Confidential):
    """What outlives a run: an account, a session.  The store reads none of it."""

    kind: str
    key: str = field(repr=False)
    """Unique within the kind."""
    owner: str = field(repr=False)
    """The account that the record belongs to: its key."""
    version: int
    """Raised by one with every change; 1 for a new one."""
    body: str = field(repr=False)
    expires_at: datetime | None = None
    """From when on ``Store.purge`` may delete it; ``None``: never."""


@frozen(kw_only=True, slots=False)
class RecordChange(Confidential):
    """A record as it is to be, with all its names."""

    record: Record
    """Its ``version`` is one above the one that must be there; 1: none must be there."""
    unique: tuple[str, ...] = field(default=(), repr=False)
    """Names that no other record of the kind may have as a unique name, such as ``guardian:17``."""
    names: tuple[str, ...] = field(default=(), repr=False)
    """Other names by which it is found."""
    delete: bool = False
    """The record of the version before is deleted, with its names; the rest is not looked at."""

    def __attrs_post_init__(self) -> None:
        """:raises ValueError: when a record is to be deleted that was never there."""
        if self.delete and self.record.version == 1:
            raise ValueError("only a record that is there can be deleted")


@frozen(kw_only=True, slots=False)
class Outgoing(Confidential):
    """A message to be sent: what the outbox keeps."""

    id: str
    run: str
    journey: str
    owner: str
    """As of the run; empty when the message must outlive the end of the account's runs."""
    created_at: datetime
    due_at: datetime
    """When it may leave."""
    expires_at: datetime
    """When it expires: then it is dropped; aware, UTC."""
    decoy: bool
    """Written for an unknown parent: the relay drops it."""
    body: str = field(repr=False)
    """What the message is made of when it leaves; the store does not read it."""


@frozen(kw_only=True, slots=False)
class Answered(Confidential):
    """A request that was answered: what is needed to give the same answer again."""

    key: str
    """Keyed hash of the ``request_id``; unique within the run."""
    fingerprint: str = field(repr=False)
    """Keyed hash of the event; of a password's, a slow one."""
    version: int
    """The run's after the answer."""
    accepted: bool
    refusals: tuple[Refusal, ...]
    body: Body = field(repr=False)
    """The run's after the answer."""


@frozen(kw_only=True, eq=False, slots=False, repr=False)
class Loaded(Confidential):
    """What a handle leads to."""

    run: StoredRun
    current: bool
    """False for the previous handle, which may only repeat the request that replaced it."""
    rotated_by: str | None
    """Key of the request that replaced the previous handle."""
    answered: Answered | None
    """The request asked for, when it was answered."""
    records: tuple[Record, ...]
    """Those that the run wants and those asked for, by kind and key, each once."""


@frozen(kw_only=True, eq=False, slots=False, repr=False)
class Commit(Confidential):
    """Everything that one event changes: all of it in one transaction, or nothing."""

    run: StoredRun
    """The next snapshot; its ``version`` is one above the one that must be there, and 1 for a new one."""
    at: datetime
    """When it is made: limits are counted at this time."""
    purge_at: datetime
    """From when on ``Store.purge`` may delete the run."""
    handle: str | None = None
    """Digest of a new handle: of the first, or of the one that replaces the current, which becomes the one before."""
    forget: bool = False
    """Revoke the previous handle."""
    answered: Answered | None = None
    """The request that this commit answers; its body is the run's."""
    limits: tuple[Limit, ...] = ()
    records: tuple[RecordChange, ...] = ()
    messages: tuple[Outgoing, ...] = ()
    cancel_messages: bool = False
    """The run's messages that still wait are not to be sent (those written by this commit are)."""
    cancel_owner_messages: str | None = None
    """The messages of this owner that still wait are not to be sent either, whichever run wrote them (those written by
    this commit are)."""
    audit: tuple[AuditEntry, ...] = ()

    def __attrs_post_init__(self) -> None:
        """:raises ValueError: when it changes a record twice, gives a unique name to two records, or ends no owner."""
        if self.cancel_owner_messages == "":
            raise ValueError("cancel_owner_messages must name an owner")
        if len(self.records) > 1:
            kept = [change for change in self.records if not change.delete]
            named = [(change.record.kind, name) for change in kept for name in set(change.unique)]
            of = [(change.record.kind, change.record.key) for change in self.records]
            if len(set(of)) < len(of) or len(set(named)) < len(named):
                raise ValueError("a commit changes each record once, and gives a unique name to one of them")


class CommitStatus(Enum):
    """The result of a commit."""

    DONE = "done"
    STALE = "stale"
    """Another commit of the run came first: load again, decide again."""
    BARRED = "barred"
    """A limit does not allow it."""
    CONFLICT = "conflict"
    """A record is not of the version before, or another record has one of its unique names."""


class Conflict(NamedTuple):
    """Which record of a commit has a conflict."""

    kind: str
    key: str
    name: str | None
    """The unique name that another record has; ``None`` when it is the version."""


class CommitResult(NamedTuple):
    """The store's answer to a commit.  Unless it is ``DONE``, nothing at all was changed."""

    status: CommitStatus
    limit: Limit | None = None
    """``BARRED``: the first limit that refused."""
    until: datetime | None = None
    """``BARRED``: when it will allow it again."""
    conflict: Conflict | None = None
    """``CONFLICT``: the first that was met."""


DONE = CommitResult(CommitStatus.DONE)
STALE = CommitResult(CommitStatus.STALE)


class Lease(NamedTuple):
    """What a relay asks for: the message that is due the longest, for itself alone for a time."""

    now: datetime
    until: datetime


@frozen(kw_only=True, slots=False)
class Leased(Confidential):
    """A message under a relay's lease: what the relay needs of it."""

    id: str
    run: str
    journey: str
    expires_at: datetime
    decoy: bool
    body: str = field(repr=False)
    attempts: int
    """How often it was leased, this time included."""


@frozen(kw_only=True, eq=False, repr=False, slots=False)
class Settled(Confidential):
    """What became of a message that was to be settled, and the next."""

    gone: bool
    """Whether it was there: false when it was settled or void already."""
    leased: Leased | None
    """The next message, when a lease was asked for and one is due."""
