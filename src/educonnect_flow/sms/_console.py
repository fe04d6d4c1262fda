"""A gateway that prints: for a developer's terminal only, since it shows the code and the number."""

from __future__ import annotations

import sys
from typing import TextIO

from educonnect_flow.ports import Message


class ConsoleSms:
    """Print each message to *stream* (default: the standard output as it is at that time)."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream

    def send(self, message: Message) -> None:
        """See ``Sms``."""
        lines = "\n".join(f"  | {line}" for line in message.text.splitlines())
        print(f"  SMS → {message.to}\n{lines}", file=self._stream or sys.stdout, flush=True)
