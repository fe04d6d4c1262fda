"""The first two pages: « Je sélectionne mon profil » and « Je me connecte », with « Je n'ai pas de compte »."""

from __future__ import annotations

from enum import Enum
from typing import Any

from attrs import field, frozen

from educonnect_flow._typed import of
from educonnect_flow.engine._event import Event
from educonnect_flow.engine._step import StepContext
from educonnect_flow.outcome import View


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


def is_guardian(context: StepContext[Any, ChooseProfile, Any]) -> bool:
    """« Responsable d'élève »"""
    return context.event.profile is Profile.GUARDIAN


class ProfileView(View):
    """``PROFILE``: two buttons."""

    __slots__ = ()


class SignInView(View):
    """``SIGN_IN``: « Je n'ai pas de compte »."""

    __slots__ = ()


class NotEligibleView(View):
    """``NOT_ELIGIBLE``: the activation is for guardians."""

    __slots__ = ()
