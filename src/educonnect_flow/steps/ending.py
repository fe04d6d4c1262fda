"""How a run goes back a page, and how it ends by time: the part of every journey."""

from __future__ import annotations

from typing import Any

from educonnect_flow.engine.event import Event
from educonnect_flow.engine.step import Attempt
from educonnect_flow.outcome import View
from educonnect_flow.reasons import Reason, Refusal


class GoBack(Event):
    """« Précédent »"""

    __slots__ = ()


def lapse(attempt: Attempt[Any, Any, Any]) -> None:
    """Idle or open for too long, or after too many events."""
    attempt.changes["prompt"] = None
    attempt.refusals.append(Refusal(Reason.IDLE))


class ExpiredView(View):
    """``EXPIRED``: start again."""

    __slots__ = ()
