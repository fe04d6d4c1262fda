"""The pages of the journey, and what is kept between two of them."""

from __future__ import annotations

from enum import Enum
from typing import Any, ClassVar

from attrs import frozen

from educonnect_flow.activation.snapshot import CodeRun
from educonnect_flow.engine.run import Kept


class State(Enum):
    """A page, or an end."""

    __hash__ = object.__hash__  # as of the activation's

    IDENTITY = "identity"
    """Names, mobile, human check"""
    CODE = "code"
    """« Un code de sécurité a été envoyé »"""
    SHOWN = "shown"
    """The identifiers of that name."""
    NOT_ACTIVATED = "not_activated"
    """There is no account yet.  Said only after the code."""
    LOCKED = "locked"
    """Too many failures, for a time."""
    EXPIRED = "expired"
    """Idle for too long: start again."""


@frozen(kw_only=True, slots=False)
class ForgottenIdentifier(CodeRun):
    """One run between two events."""

    journey: ClassVar[str] = "FORGOTTEN_IDENTIFIER"
    states: ClassVar[type[State]] = State

    identifiers: tuple[str, ...] = ()
    """``SHOWN``: of the accounts that were found."""

    def dump_fields(self, kept: Kept) -> None:
        """See ``Run``."""
        super().dump_fields(kept)
        if self.identifiers:
            kept["identifiers"] = self.identifiers

    @classmethod
    def load_fields(cls, kept: Kept) -> dict[str, Any]:
        """See ``Run``."""
        return {**super().load_fields(kept), "identifiers": tuple(kept.get("identifiers", ()))}
