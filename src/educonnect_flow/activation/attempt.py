"""One event on its way through the table: what it may see, and what it wants to change.

An attempt is the machine's model.  It lives for one event; the activation it started from is never
changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from attrs import define, field, frozen

from educonnect_flow.activation.products import Account, Outgoing
from educonnect_flow.activation.snapshot import Activation
from educonnect_flow.activation.states import State
from educonnect_flow.machinery.secrecy import Confidential
from educonnect_flow.machinery.table import Row
from educonnect_flow.machinery.tally import Limit
from educonnect_flow.people import Guardian, Pupil
from educonnect_flow.reasons import Refusal
from educonnect_flow.settings import Settings
from educonnect_flow.validators import Validators


@frozen(kw_only=True, eq=False, slots=False, repr=False)
class Facts(Confidential):
    """What was gathered outside for one event: the decision sees nothing else.

    Each field is filled only for the events that need it.
    """

    form: tuple[Refusal, ...] = ()
    """What is wrong with the identity form itself, before anything outside was asked."""
    mobile: str = ""
    """E.164 of the claim that stands."""
    mobile_keys: tuple[str, ...] = ()
    """Keyed hashes of the mobile, by each of the host's keys: while several are in use, all are counted under."""
    prefix: str = ""
    """The range of numbers that the mobile is counted in."""
    sealed: str = ""
    masked: str = ""
    human: bool | None = None
    """Whether the human check was passed; ``None`` when it was not asked."""
    candidates: tuple[Guardian, ...] = ()
    """Records of the directory with the claimed mobile; or, later, those that matched."""
    nonce: str = ""
    message: str = ""
    """Id of the message to write, should one be."""
    expected: str = ""
    """The code that opens."""
    active: bool = False
    """Whether one of the guardians has an account already."""
    pupils: tuple[Pupil, ...] = ()
    """Those that the page shows, from the directory, with their birth dates."""
    gone: frozenset[str] = frozenset()
    """Ids of pupils that the page shows, or that were confirmed, and the directory no longer has."""
    identifier: str = ""
    """A free identifier, if still free at the commit."""
    base: str = ""
    """The identifier without its digits."""
    breached: bool = False
    """Whether the password was published, as far as the host's list knows."""
    barred: Mapping[str, datetime] = field(factory=dict)
    """By kind of limit: what the store refused to count further, and until when."""


@define(eq=False, repr=False)
class Attempt:
    """See the module.  Guards read it and note refusals; effects note changes."""

    state: State
    """The machine writes the new one here."""
    activation: Activation
    event: Any
    facts: Facts
    now: datetime
    settings: Settings
    validators: Validators
    row: Row[State, Attempt] | None = None
    refusals: list[Refusal] = field(factory=list)
    changes: dict[str, Any] = field(factory=dict)
    """Fields of the next snapshot."""
    limits: list[Limit] = field(factory=list)
    outgoing: Outgoing | None = None
    void: bool = False
    """Messages of this activation that still wait are not to be sent."""
    account: Account | None = None
    denied: tuple[str, ...] = ()
    rotate: bool = False
    prompt: bool = False
    """A new prompt of the human check is needed."""
    _verdicts: dict[str, tuple[Refusal, ...]] = field(factory=dict)

    def verdict(self, name: str, ask: Callable[[Attempt], tuple[Refusal, ...]]) -> tuple[Refusal, ...]:
        """What *ask* says, asked once however many rows want to know; its refusals are noted."""
        known = self._verdicts.get(name)
        if known is None:
            known = self._verdicts[name] = ask(self)
            self.refusals.extend(known)
        return known


def pupils_of(guardians: tuple[Guardian, ...]) -> dict[str, Pupil]:
    """All pupils of *guardians* by id, each once, in order."""
    pupils: dict[str, Pupil] = {}
    for guardian in guardians:
        for pupil in guardian.pupils:
            pupils.setdefault(pupil.id, pupil)
    return pupils
