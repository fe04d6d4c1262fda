"""What the events of the activation need from outside: one class of facts for each event."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from attrs import frozen

from educonnect_flow.engine.step import Facts
from educonnect_flow.people import E164, Guardian, MobileKey, Pupil, SealedMobile
from educonnect_flow.reasons import Refusal


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
    identifiers: tuple[str, ...]
    """Of the accounts that the guardians have already."""


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


def pupils_of(guardians: tuple[Guardian, ...]) -> dict[str, Pupil]:
    """All pupils of *guardians* by id, each once, in order."""
    pupils: dict[str, Pupil] = {}
    for guardian in guardians:
        for pupil in guardian.pupils:
            pupils.setdefault(pupil.id, pupil)
    return pupils
