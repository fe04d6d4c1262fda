"""What a check is, and what is known of each run and message: all of it out of the port calls."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from educonnect_flow.engine._journey import Journey
from educonnect_flow.engine._run import loaded
from educonnect_flow.records import AuditEntry, Commit, Lease, Leased, Outgoing
from educonnect_flow.testing.simulation._tasks import Call, Task
from educonnect_flow.validators.mobile import e164

if TYPE_CHECKING:
    from educonnect_flow.testing.simulation._world import World


class Violation(AssertionError):
    """Something that must always hold does not."""

    def __init__(self, promise: str, text: str) -> None:
        super().__init__(f"{promise}: {text}")
        self.text = text
        self.promise = promise
        """An id of the docs' page of promises, or of a host's own."""


class Letter:
    """A message of the outbox."""

    __slots__ = (
        "attempts", "id", "leased_until", "log", "mobile", "nonce", "out", "rejected", "settled", "taken", "texts",
    )  # fmt: skip

    def __init__(self, out: Outgoing, log: Log) -> None:
        self.id, self.out, self.log, self.mobile = out.id, out, log, log.mobile
        self.nonce: str | None = json.loads(out.body).get("nonce")
        """Of its code."""
        self.texts: set[str] = set()
        """Of what the gateway was handed."""
        self.taken = self.rejected = self.settled = False
        self.attempts = 0
        self.leased_until: datetime | None = None

    @property
    def stale(self) -> bool:
        """Whether its code opens nothing any more: another was issued, the page was left, or the run has ended."""
        challenge = getattr(self.log.run, "challenge", None)
        ended = self.log.ended and self.log.run.state.name != "EXPIRED"
        return self.nonce is not None and (ended or challenge is None or challenge.nonce != self.nonce)


class Log:
    """A run: what was committed of it."""

    def __init__(self, journey: Journey[Any]) -> None:
        self.journey = journey
        self.run: Any = None
        """The newest committed."""
        self.before: Any = None
        """The one before that."""
        self.accepted = False
        """Whether the newest commit took an accepted row."""
        self.entry: AuditEntry | None = None
        """Of the newest commit; ``None`` when it was not audited."""
        self.handle = self.former = ""
        """Digests: of the handle, and of the one before."""
        self.rotated_by: str | None = None
        """The id of the request that replaced the handle before."""
        self.forgotten = self.purged = False
        """Whether the handle before was revoked; whether a purge was right to delete the run."""
        self.purge_at: Any = None
        self.mobile: str | None = None
        """That was claimed, as it was typed and in E.164."""
        self.letters: list[str] = []
        """Ids of its messages, in order."""
        self.states: list[Any] = []
        """After each commit."""
        self.submits = 0
        """Commits of submits."""
        self.changed = True
        """Since it was looked at in the store."""

    @property
    def ended(self) -> bool:
        """Whether it is in a final state."""
        return self.run.state in self.journey.table.final

    def take(self, task: Task, commit: Commit) -> None:
        """Keep what *commit* says."""
        self.submits += task.kind == "submit"
        self.before, self.run = self.run, loaded(self.journey.run, commit.run)
        self.states.append(self.run.state)
        self.entry = commit.audit[-1] if commit.audit else None
        row = self.journey.table.named.get(self.entry.row or "") if self.entry is not None else None
        self.accepted = row is not None and row.accepted
        if commit.handle is not None:
            self.former, self.handle = self.handle, commit.handle
            self.rotated_by = task.request.id if task.request is not None else None
        self.forgotten = self.forgotten or commit.forget
        self.purge_at, self.changed = commit.purge_at, True
        mobile, before = getattr(task.event, "mobile", None), getattr(self.before, "sent_to", None)
        if mobile is not None and self.new("sent_to") not in {None, before}:
            self.mobile = _e164(mobile)

    def new(self, field: str) -> Any:
        """The value of *field*, of runs that have it."""
        return getattr(self.run, field, None)


_known: dict[str, str | None] = {}


def _e164(typed: str) -> str | None:
    if typed not in _known:
        _known[typed] = e164(typed)
    return _known[typed]


class Check:
    """Something that must always hold.  Override what you need; ``fail`` when it does not.

    A check lives as long as its world.
    """

    promises: ClassVar[str]
    """Ids, with spaces between; ``fail`` means the first unless it names another."""

    def __init__(self, world: World) -> None:
        self.world = world

    def fail(self, text: str, promise: str | None = None) -> NoReturn:
        """:raises Violation: always."""
        raise Violation(promise or self.promises.split()[0], text)

    def committed(self, task: Task, commit: Commit, log: Log) -> None:
        """A commit took effect."""

    def answered(self, task: Task, outcome: Any, error: Exception | None) -> None:
        """A call of a parent came back, with an outcome or an error."""

    def leased(self, task: Task, lease: Lease, letter: Letter, leased: Leased) -> None:
        """A relay has a message."""

    def sent(self, task: Task, call: Call, letter: Letter) -> None:
        """A gateway was handed a message."""

    def settled(self, task: Task, letter: Letter) -> None:
        """A message was settled that was not settled before."""

    def whole(self) -> None:
        """From time to time, and at the end: anything may be asked of the world and its store."""

    def ended(self) -> None:
        """Every call has ended, the gateway was there, and relays have handed over what waited."""


Checks = tuple[Callable[["World"], Check], ...]


def overridden(checks: list[Check], name: str) -> tuple[Any, ...]:
    """The methods called *name* of those that have their own."""
    return tuple(getattr(check, name) for check in checks if getattr(type(check), name) is not getattr(Check, name))
