"""Gateways: for a terminal, for tests, and real ones through Apprise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from educonnect_flow.lazy import later
from educonnect_flow.sms.console import ConsoleSms
from educonnect_flow.sms.recording import RecordingSms

if TYPE_CHECKING:
    from educonnect_flow.sms.apprise import AppriseSms

__all__ = ["AppriseSms", "ConsoleSms", "RecordingSms"]

# With its extra.
__getattr__ = later(__name__, {"AppriseSms": "apprise"})
