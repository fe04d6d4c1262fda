"""What a host gets back: the outcome of every call, and what is counted against a budget."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from attrs import field, frozen

from educonnect_flow.machinery.secrecy import Confidential, hidden
from educonnect_flow.reasons import Refusal


@frozen(kw_only=True, slots=False)
class Outcome(Confidential):
    """Where the parent stands, and what became of the event."""

    handle: str = field(converter=hidden, repr=False)
    """What the next call is made with: keep the newest (in a session, a signed cookie), and only there."""
    journey: str
    """The name of the run's journey."""
    state: Any
    """A member of the journey's states; of the activation's: a ``State``."""
    accepted: bool
    refusals: tuple[Refusal, ...]
    """Why not; empty when accepted."""
    view: Any
    """What the page of the state may show: a ``View``, one class per state.

    Typed as ``Any`` so that ``out.view.identifier`` needs no cast where the state is known.
    """
    permitted: tuple[type[Any], ...]
    """The events that the state accepts."""


@frozen(kw_only=True)
class Budget:
    """What is counted against one limit, for a host's alarms."""

    kind: str
    """The name of the setting."""
    used: int
    """Within the window."""
    cap: int | None
    """``None``: there is no bound, and nothing is counted."""
    barred_until: datetime | None
    """Until when it refuses; ``None`` when it does not.  Of a national one: when the last of its parts is free again,
    and only when all refuse."""
