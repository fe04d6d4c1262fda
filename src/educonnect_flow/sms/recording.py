"""A gateway that remembers: for tests."""

from __future__ import annotations

from educonnect_flow.ports import Message


class RecordingSms:
    """Keep each message in :attr:`sent`, oldest first."""

    def __init__(self) -> None:
        self.sent: list[Message] = []

    def send(self, message: Message) -> None:
        """See :class:`~educonnect_flow.ports.Sms`."""
        self.sent.append(message)
