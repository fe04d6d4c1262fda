"""One event in a table: what its guards and effects may see, what they change, and the resulting decision.

A context is the machine's model.  It exists for one event; the run that it started from is never changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Generic, Self, TypeVar

from attrs import define, field, frozen

from educonnect_flow._secrecy import Confidential
from educonnect_flow.engine._event import Event
from educonnect_flow.engine._run import Run
from educonnect_flow.engine._table import Row
from educonnect_flow.reasons import Refusal
from educonnect_flow.records import Outgoing
from educonnect_flow.settings import Settings
from educonnect_flow.tally import Limit
from educonnect_flow.validators import Validators


@frozen(kw_only=True, eq=False, slots=False, repr=False)
class Facts(Confidential):
    """What the ports answered for one event; the decision sees nothing else from outside.

    Each event has its own class, without defaults, so that a missing value cannot be mistaken for a good one.  This
    class is for events that need nothing.
    """


NO_FACTS = Facts()


@frozen(kw_only=True, slots=False)
class Draft(Confidential):
    """A change of a record whose password hash, if any, is not made yet."""

    kind: str
    key: str = field(repr=False)
    owner: str = field(repr=False)
    version: int
    """The new version: the stored one plus 1; 1 for a new record."""
    body: Mapping[str, Any] = field(repr=False)
    """A JSON object."""
    hashed: str | None = None
    """The field of the body that receives the hash of the event's secret text; ``None``: no field."""
    unique: tuple[str, ...] = field(default=(), repr=False)
    names: tuple[str, ...] = field(default=(), repr=False)
    expires_at: datetime | None = None


R = TypeVar("R", bound=Run)
E = TypeVar("E", bound=Event)
F = TypeVar("F", bound=Facts)


@define(eq=False, repr=False)
class StepContext(Generic[R, E, F]):
    """See the module.  Guards read it and add refusals; effects add changes."""

    state: Any
    """The current state; the machine writes the new one here."""
    run: R
    event: E
    facts: F
    now: datetime
    settings: Settings
    validators: Validators
    row: Row[Any, Any] | None = None
    refusals: list[Refusal] = field(factory=list)
    changes: dict[str, Any] = field(factory=dict)
    """Changed fields of the run, by name."""
    limits: list[Limit] = field(factory=list)
    messages: list[Outgoing] = field(factory=list)
    cancel_messages: bool = False
    """Delete the waiting messages of this run."""
    records: list[Draft] = field(factory=list)
    cancel_owner_messages: str | None = None
    """Delete the waiting messages of this owner."""
    denied: tuple[str, ...] = ()
    """Ids of denied pupils, for the school."""
    rotate: bool = False
    """The parent gets a new handle."""
    prompt: bool = False
    """A new prompt of the human check is needed."""
    _verdicts: dict[str, tuple[Refusal, ...]] = field(factory=dict)

    def verdict(self, name: str, ask: Callable[[Self], tuple[Refusal, ...]]) -> tuple[Refusal, ...]:
        """The verdict of *ask*, called once for all rows; its refusals are added to the context."""
        known = self._verdicts.get(name)
        if known is None:
            known = self._verdicts[name] = ask(self)
            self.refusals.extend(known)
        return known


@frozen(kw_only=True, eq=False, slots=False, repr=False)
class Decision(Confidential, Generic[R]):
    """The result of an event, to be committed."""

    run: R
    """The new run."""
    accepted: bool
    refusals: tuple[Refusal, ...]
    """Empty when accepted."""
    row: str | None
    """The name of the row taken; ``None`` for an event that the state does not accept."""
    event: str
    """The name of the event's class; ``Lapse`` when the run had expired."""
    audited: bool
    """False for an event that the state does not accept: it goes to the observer, and not into the audit trail."""
    limits: tuple[Limit, ...] = ()
    messages: tuple[Outgoing, ...] = ()
    cancel_messages: bool = False
    records: tuple[Draft, ...] = ()
    cancel_owner_messages: str | None = None
    denied: tuple[str, ...] = ()
    rotate: bool = False
    prompt: bool = False
