"""What a parent can do: one class per button.  Values are taken as typed; the validators judge them.

A wrong *type* is refused at once with ``WrongUse``; a wrong *value*
is a refusal of the flow.  No repr shows what a parent typed, and none of these can be pickled.
"""

from __future__ import annotations

from enum import Enum
from typing import Any

from attrs import field, frozen

from educonnect_flow.engine.event import Event
from educonnect_flow.machinery.secrecy import hidden, hidden_or_none
from educonnect_flow.people import PupilAnswer
from educonnect_flow.typed import frozen_sequence, of, sequence


def _typed() -> Any:
    """A field of what a parent typed: text that no repr shows."""
    return field(converter=hidden, validator=of(str), repr=False)


class Profile(Enum):
    """The two profiles of the first page."""

    GUARDIAN = "guardian"
    """« Responsable d'élève »"""
    PUPIL = "pupil"
    """« Élève »"""


@frozen(slots=False)
class ChooseProfile(Event):
    """A profile was chosen on the first page."""

    profile: Profile = field(validator=of(Profile))


class StartActivation(Event):
    """« Je n'ai pas de compte »"""

    __slots__ = ()


@frozen(kw_only=True, slots=False)
class ClaimIdentity(Event):
    """The identity form: names, mobile and the answer to the human check."""

    family_name: str = _typed()
    """Birth or usage name."""
    given_name: str = _typed()
    mobile: str = _typed()
    """As typed: ``06 12 34 56 78``, ``+262 692 12 34 56``."""
    human_check: str | None = field(default=None, converter=hidden_or_none, validator=of(str, type(None)), repr=False)
    """The answer to the prompt of the view; ``None`` when none was asked."""


@frozen(slots=False)
class SubmitCode(Event):
    """The code received by SMS, as typed."""

    code: str = _typed()


class ResendCode(Event):
    """« Renvoyer le SMS »"""

    __slots__ = ()


class GoBack(Event):
    """« Précédent »"""

    __slots__ = ()


@frozen(slots=False)
class ConfirmPupils(Event):
    """The answers for the pupils: exactly one for each that the page shows."""

    answers: tuple[PupilAnswer, ...] = field(converter=frozen_sequence, validator=sequence(PupilAnswer))


@frozen(kw_only=True, slots=False)
class ChoosePassword(Event):
    """The password and its confirmation, exactly as typed."""

    password: str = _typed()
    confirmation: str = _typed()


PUBLIC: tuple[type[Event], ...] = (
    ChooseProfile,
    StartActivation,
    ClaimIdentity,
    SubmitCode,
    ResendCode,
    ConfirmPupils,
    ChoosePassword,
    GoBack,
)
"""The events that a host may submit, in the order of the pages."""
