"""What is submitted: the base of all events, and the one that only the engine fires."""

from __future__ import annotations

from attrs import frozen

from educonnect_flow._secrecy import Confidential


@frozen(slots=False)
class Event(Confidential):
    """The base of all events."""


class Lapse(Event):
    """A run has ended by time or by the number of its events.  The library fires it; a host cannot."""

    __slots__ = ()
