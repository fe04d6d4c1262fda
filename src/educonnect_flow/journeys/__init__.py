"""The journeys, each a value that the engine runs.  Each is imported when it is first used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from educonnect_flow._lazy import lazy_exports

if TYPE_CHECKING:
    from educonnect_flow.engine._journey import Journey
    from educonnect_flow.journeys.activation import ACTIVATION
    from educonnect_flow.journeys.forgotten_identifier import FORGOTTEN_IDENTIFIER

__all__ = ["ACTIVATION", "FORGOTTEN_IDENTIFIER"]

NAMES = tuple(__all__)
"""Of the journeys of the library."""

_MODULES = {name: name.lower() for name in __all__}

__getattr__ = lazy_exports(__name__, _MODULES)


def journey_named(name: str) -> Journey[Any]:
    """The library's journey named *name*; this imports it.

    :raises ValueError: when there is none.
    """
    if name not in _MODULES:
        raise ValueError(f"there is no journey {name!r}")
    journey: Journey[Any] = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    return journey


def all_journeys() -> tuple[Journey[Any], ...]:
    """All journeys of the library; this imports them."""
    return tuple(map(journey_named, _MODULES))
