"""Gateways for a terminal and for tests."""

from educonnect_flow.sms.console import ConsoleSms
from educonnect_flow.sms.recording import RecordingSms

__all__ = ["ConsoleSms", "RecordingSms"]
