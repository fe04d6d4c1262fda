"""What a host gets back from every call."""

from __future__ import annotations

from typing import Any

from attrs import field, frozen

from educonnect_flow.activation.events import Event
from educonnect_flow.activation.states import State
from educonnect_flow.machinery.secrecy import Confidential
from educonnect_flow.reasons import Refusal


@frozen(kw_only=True, slots=False)
class Outcome(Confidential):
    """Where the parent stands, and what became of the event."""

    handle: str = field(repr=False)
    """What the next call is made with: keep the newest (in a session, a signed cookie), and only there."""
    state: State
    accepted: bool
    refusals: tuple[Refusal, ...]
    """Why not; empty when accepted."""
    view: Any
    """What the page of the state may show: a ``View``, one class per state.

    Typed as ``Any`` so that ``out.view.identifier`` needs no cast where the state is known.
    """
    permitted: tuple[type[Event], ...]
    """The events that the state accepts."""
