"""Gateways: for a terminal, for tests, and real ones through Apprise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from educonnect_flow.sms.console import ConsoleSms
from educonnect_flow.sms.recording import RecordingSms

if TYPE_CHECKING:
    from educonnect_flow.sms.apprise import AppriseSms

__all__ = ["AppriseSms", "ConsoleSms", "RecordingSms"]


def __getattr__(name: str) -> Any:
    if name == "AppriseSms":  # with its extra
        from educonnect_flow.sms.apprise import AppriseSms

        return AppriseSms
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
