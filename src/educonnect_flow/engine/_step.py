"""One event on its way through a table: what it may see, what it changes, and the decision that it comes to.

A context is the machine's model.  It lives for one event; the run that it started from is never changed.
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
    """What was loaded from outside for one event: the decision sees nothing else.

    Each event has its own class, without defaults: what was forgotten cannot read as "all is well".  This one is for
    the events that need nothing.
    """


NO_FACTS = Facts()


@frozen(kw_only=True, slots=False)
class Draft(Confidential):
    """A change of a record, before what is slow is done: a hash that its body holds is still to be made."""

    kind: str
    key: str = field(repr=False)
    owner: str = field(repr=False)
    version: int
    """One above the one that must be there; 1: none must be there."""
    body: Mapping[str, Any] = field(repr=False)
    """A JSON object."""
    hashed: str | None = None
    """The field of the body that takes the hash of the event's secret text; ``None``: none does."""
    unique: tuple[str, ...] = field(default=(), repr=False)
    names: tuple[str, ...] = field(default=(), repr=False)
    expires_at: datetime | None = None


R = TypeVar("R", bound=Run)
E = TypeVar("E", bound=Event)
F = TypeVar("F", bound=Facts)


@define(eq=False, repr=False)
class StepContext(Generic[R, E, F]):
    """See the module.  Guards read it and note refusals; effects note changes."""

    state: Any
    """The machine writes the new one here."""
    run: R
    event: E
    facts: F
    now: datetime
    settings: Settings
    validators: Validators
    row: Row[Any, Any] | None = None
    refusals: list[Refusal] = field(factory=list)
    changes: dict[str, Any] = field(factory=dict)
    """Fields of the next run."""
    limits: list[Limit] = field(factory=list)
    messages: list[Outgoing] = field(factory=list)
    cancel_messages: bool = False
    """Messages of this run that still wait are not to be sent."""
    records: list[Draft] = field(factory=list)
    cancel_owner_messages: str | None = None
    """Messages of this owner that still wait are not to be sent."""
    denied: tuple[str, ...] = ()
    """Ids of pupils denied, for the school."""
    rotate: bool = False
    """The parent gets a new handle."""
    prompt: bool = False
    """A new prompt of the human check is needed."""
    _verdicts: dict[str, tuple[Refusal, ...]] = field(factory=dict)

    def verdict(self, name: str, ask: Callable[[Self], tuple[Refusal, ...]]) -> tuple[Refusal, ...]:
        """What *ask* says, asked once however many rows want to know; its refusals are noted."""
        known = self._verdicts.get(name)
        if known is None:
            known = self._verdicts[name] = ask(self)
            self.refusals.extend(known)
        return known


@frozen(kw_only=True, eq=False, slots=False, repr=False)
class Decision(Confidential, Generic[R]):
    """What an event comes to, once committed."""

    run: R
    """The next one."""
    accepted: bool
    refusals: tuple[Refusal, ...]
    """Empty when accepted."""
    row: str | None
    """The name of the row taken; ``None`` for an event out of its state."""
    event: str
    """The name of the event's class; ``Lapse`` when time decided instead."""
    audited: bool
    """False for an event out of its state: the observer hears of it, the trail does not keep it."""
    limits: tuple[Limit, ...] = ()
    messages: tuple[Outgoing, ...] = ()
    cancel_messages: bool = False
    records: tuple[Draft, ...] = ()
    cancel_owner_messages: str | None = None
    denied: tuple[str, ...] = ()
    rotate: bool = False
    prompt: bool = False
