"""One event on its way through the table: what it may see, and what it wants to change.

An attempt is the machine's model.  It lives for one event; the activation it started from is never
changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Generic, Self, TypeVar

from attrs import define, field, frozen

from educonnect_flow.activation.events import Event
from educonnect_flow.activation.products import Account, Outgoing
from educonnect_flow.activation.snapshot import Activation
from educonnect_flow.activation.states import State
from educonnect_flow.machinery.secrecy import Confidential
from educonnect_flow.machinery.table import Row
from educonnect_flow.machinery.tally import Limit
from educonnect_flow.people import E164, Guardian, MobileKey, Pupil, SealedMobile
from educonnect_flow.reasons import Refusal
from educonnect_flow.settings import Settings
from educonnect_flow.validators import Validators


@frozen(kw_only=True, eq=False, slots=False, repr=False)
class Facts(Confidential):
    """What was loaded from outside for one event: the decision sees nothing else.

    Each event has its own class, without defaults: what was forgotten cannot read as "all is well".  This one is for
    the events that need nothing.
    """


NO_FACTS = Facts()


@frozen(kw_only=True, eq=False, slots=False, repr=False)
class CountedFacts(Facts):
    """What limits are counted by."""

    mobile_keys: tuple[MobileKey, ...]
    """By each of the host's keys, the newest first: while several are in use, all are counted under."""
    prefix: str
    """The range of numbers that the mobile is counted in."""
    barred: Mapping[str, datetime]
    """By kind of limit: what the store refused to count further, and until when."""


@frozen(kw_only=True, eq=False, slots=False, repr=False)
class IssueFacts(CountedFacts):
    """For ``ResendCode``: what one more code is made of."""

    nonce: str
    message: str
    """Id of the message to write, should one be."""


@frozen(kw_only=True, eq=False, slots=False, repr=False)
class FoundFacts(IssueFacts):
    """For an identity form that is right as such, and whose human check was passed."""

    mobile: E164
    sealed: SealedMobile
    masked: str
    candidates: tuple[Guardian, ...]
    """Records of the directory with this mobile."""


@frozen(kw_only=True, eq=False, slots=False, repr=False)
class ClaimFacts(Facts):
    """For ``ClaimIdentity``."""

    form: tuple[Refusal, ...]
    """What is wrong with the form itself, before anything outside was asked."""
    human: bool | None
    """Whether the human check was passed; ``None`` when it was not asked."""
    found: FoundFacts | None
    """``None`` when nothing was looked for, because the claim is refused already."""


@frozen(kw_only=True, eq=False, slots=False, repr=False)
class CodeFacts(CountedFacts):
    """For ``SubmitCode``."""

    expected: str
    """The code that opens."""
    candidates: tuple[Guardian, ...]
    """The records that matched the claim and are there now."""
    active: bool
    """Whether one of the guardians has an account already."""


@frozen(kw_only=True, eq=False, slots=False, repr=False)
class PupilsFacts(CountedFacts):
    """For ``ConfirmPupils``."""

    pupils: tuple[Pupil, ...]
    """Those that the page shows, as the records have them now."""
    gone: frozenset[str]
    """Ids of those that the page shows and the records no longer have."""


@frozen(kw_only=True, eq=False, slots=False, repr=False)
class JudgedBy(Facts):
    """What a password is judged by, beside itself."""

    mobile: E164
    base: str
    """The identifier to be, without its digits."""
    breached: bool
    """Whether the password was published, as far as the host's list knows."""


@frozen(kw_only=True, eq=False, slots=False, repr=False)
class ReadyFacts(JudgedBy):
    """For a password that can be judged at all."""

    guardians: tuple[str, ...]
    """Ids of the records that matched the claim and are there now."""
    gone: frozenset[str]
    """Ids of confirmed pupils that the records no longer have."""
    identifier: str
    """A free identifier, if still free at the commit."""
    active: bool
    """Whether the store found an account of one of the guardians."""


@frozen(kw_only=True, eq=False, slots=False, repr=False)
class PasswordFacts(Facts):
    """For ``ChoosePassword``."""

    ready: ReadyFacts | None
    """``None`` when nothing was looked for, because the password is refused on its form."""


E = TypeVar("E", bound=Event)
F = TypeVar("F", bound=Facts)


@define(eq=False, repr=False)
class Attempt(Generic[E, F]):
    """See the module.  Guards read it and note refusals; effects note changes."""

    state: State
    """The machine writes the new one here."""
    activation: Activation
    event: E
    facts: F
    now: datetime
    settings: Settings
    validators: Validators
    row: Row[State, Attempt[Any, Any]] | None = None
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

    def verdict(self, name: str, ask: Callable[[Self], tuple[Refusal, ...]]) -> tuple[Refusal, ...]:
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
