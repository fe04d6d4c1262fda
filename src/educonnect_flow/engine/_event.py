"""The base class of all events, and the event that only the engine fires."""

from __future__ import annotations

from attrs import frozen

from educonnect_flow._secrecy import Confidential


@frozen(slots=False)
class Event(Confidential):
    """The base class of all events."""


class Lapse(Event):
    """A run has expired, by time or by the number of its events.  The library fires it; a host cannot submit it."""

    __slots__ = ()
