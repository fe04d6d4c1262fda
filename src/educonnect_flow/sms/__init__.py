"""Gateways: for a terminal, for tests, and real ones through Apprise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from educonnect_flow._lazy import lazy_exports
from educonnect_flow.sms._console import ConsoleSms
from educonnect_flow.sms._recording import RecordingSms

if TYPE_CHECKING:
    from educonnect_flow.sms._apprise import AppriseSms

__all__ = ["AppriseSms", "ConsoleSms", "RecordingSms"]

# With its extra.
__getattr__ = lazy_exports(__name__, {"AppriseSms": "_apprise"})
