"""The pages of the activation, and the data of its run."""

from __future__ import annotations

from enum import Enum
from typing import ClassVar

from attrs import frozen

from educonnect_flow.steps.identity import from_format_1
from educonnect_flow.steps.password import PasswordRun
from educonnect_flow.steps.pupils import PupilsRun


class State(Enum):
    """A page of the guide, or a final page."""

    __hash__ = object.__hash__  # Enum's own is written in Python and slow; every event looks up states

    PROFILE = "profile"
    """« Je sélectionne mon profil »"""
    SIGN_IN = "sign_in"
    """« Je me connecte avec mon compte » with « Je n'ai pas de compte »"""
    IDENTITY = "identity"
    """« Je confirme mon identité »: names, mobile, human check"""
    CODE = "code"
    """« Un code de sécurité a été envoyé »"""
    PUPILS = "pupils"
    """« Je confirme être le représentant légal de l'élève suivant »"""
    PASSWORD = "password"  # noqa: S105 - a page's name
    """« Je choisis mon nouveau mot de passe »"""
    ACTIVATED = "activated"
    """« Votre compte a été activé avec succès »"""
    ALREADY_ACTIVE = "already_active"
    """The parent has an account already: sign in, or recover it.  Shown only after the code."""
    NOT_ELIGIBLE = "not_eligible"
    """« L'activation est réservée aux responsables des élèves »"""
    REFUSED = "refused"
    """No pupil to confirm, or none confirmed: contact the school."""
    LOCKED = "locked"
    """Too many failures: locked for a time."""
    EXPIRED = "expired"
    """Idle for too long: start over."""


FINAL = frozenset(
    {State.ACTIVATED, State.ALREADY_ACTIVE, State.NOT_ELIGIBLE, State.REFUSED, State.LOCKED, State.EXPIRED}
)


@frozen(kw_only=True, slots=False)
class Activation(PupilsRun, PasswordRun):
    """One activation between two events."""

    journey: ClassVar[str] = "ACTIVATION"
    states: ClassVar[type[State]] = State
    upcasts = (from_format_1,)

    identifier: str | None = None
