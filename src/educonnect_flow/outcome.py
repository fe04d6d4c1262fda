"""What a host gets: the outcome of every call, and the count of a limit."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, Generic

from attrs import field, frozen

from educonnect_flow._secrecy import Confidential, hidden
from educonnect_flow.reasons import Refusal


@frozen(slots=False)
class View(Confidential):
    """The base of all views: what the page of a state may show."""


if TYPE_CHECKING:
    from typing_extensions import TypeVar  # for checkers, which bring it: a plain ``Outcome`` is one of any journey

    S_co = TypeVar("S_co", bound=Enum, default=Any, covariant=True)
    V_co = TypeVar("V_co", bound=View, default=Any, covariant=True)
else:
    from typing import TypeVar

    S_co = TypeVar("S_co", bound=Enum, covariant=True)
    V_co = TypeVar("V_co", bound=View, covariant=True)


@frozen(kw_only=True, slots=False)
class Outcome(Confidential, Generic[S_co, V_co]):
    """The state of the run, and the result of the event."""

    handle: str = field(converter=hidden, repr=False)
    """The handle for the next call: keep only the newest, in a session or a signed cookie."""
    journey: str
    """The name of the run's journey."""
    state: S_co
    """A member of the journey's states; of the activation's: a ``State``."""
    accepted: bool
    refusals: tuple[Refusal, ...]
    """Why the event was refused; empty when it was accepted."""
    view: V_co
    """What the page of the state may show, one class per state.

    A type checker knows it by the state: after ``out.state is State.ACTIVATED``, ``out.view`` is an ``ActivatedView``.
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
    """Until when it refuses (aware, UTC); ``None`` when it does not.  For a national limit: only when all of its parts
    refuse; the latest of their times."""
