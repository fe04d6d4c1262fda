"""The journeys, each a value that the engine runs.  Each is loaded when it is first used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from educonnect_flow.lazy import later

if TYPE_CHECKING:
    from educonnect_flow.journeys.activation import ACTIVATION

__all__ = ["ACTIVATION"]

__getattr__ = later(__name__, {"ACTIVATION": "activation"})
