"""A gateway that remembers: for tests."""

from __future__ import annotations

from educonnect_flow.ports import Message


class RecordingSms:
    """Keep each message in ``sent``, oldest first."""

    def __init__(self) -> None:
        self.sent: list[Message] = []

    def send(self, message: Message) -> None:
        """See ``Sms``."""
        self.sent.append(message)
