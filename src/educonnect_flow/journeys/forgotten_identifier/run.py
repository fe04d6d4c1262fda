"""The pages of the journey, and the data of its run."""

from __future__ import annotations

from enum import Enum
from typing import ClassVar

from attrs import frozen

from educonnect_flow.engine._run import TEXTS, saved
from educonnect_flow.steps.identity import IdentityRun, from_format_1


class State(Enum):
    """A page, or a final page."""

    __hash__ = object.__hash__  # as in the activation's

    IDENTITY = "identity"
    """Names, mobile, human check"""
    CODE = "code"
    """« Un code de sécurité a été envoyé »"""
    SHOWN = "shown"
    """The identifiers of that name."""
    NOT_ACTIVATED = "not_activated"
    """There is no account yet.  Shown only after the code."""
    LOCKED = "locked"
    """Too many failures: locked for a time."""
    EXPIRED = "expired"
    """Idle for too long: start again."""


@frozen(kw_only=True, slots=False)
class ForgottenIdentifier(IdentityRun):
    """One run between two events."""

    journey: ClassVar[str] = "FORGOTTEN_IDENTIFIER"
    states: ClassVar[type[State]] = State
    upcasts = (from_format_1,)

    identifiers: tuple[str, ...] = saved((), TEXTS, repr=False)
    """``SHOWN``: the identifiers of the accounts that were found."""
