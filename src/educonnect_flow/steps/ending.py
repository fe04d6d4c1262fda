"""The event back, and the expiry: in every journey."""

from __future__ import annotations

from typing import Any

from educonnect_flow.engine._event import Event
from educonnect_flow.engine._step import StepContext
from educonnect_flow.outcome import View
from educonnect_flow.reasons import Reason, Refusal


class GoBack(Event):
    """« Précédent »"""

    __slots__ = ()


def expire(context: StepContext[Any, Any, Any]) -> None:
    """The run was idle or open for too long, or had too many events."""
    context.changes["prompt"] = None
    context.refusals.append(Refusal(Reason.IDLE))


class ExpiredView(View):
    """``EXPIRED``: start again."""

    __slots__ = ()
